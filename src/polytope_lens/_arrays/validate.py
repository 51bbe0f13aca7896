"""Checks of shape, dtype and finiteness that all speak with one voice."""

from __future__ import annotations

import os
import reprlib
import sys
from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from functools import cache
from math import inf, isfinite, nan
from numbers import Number
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from polytope_lens.errors import DimensionError, IndexingError, OptionError, PolytopeLensError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from polytope_lens._types import Matrix


WORD = 2**63 - 1
"""The greatest integer in 64 bits."""
MOST_WORKERS = 64
"""More threads or processes are not started, however many are asked for."""
LONGEST = 60
"""Characters of an argument that a message quotes."""
NORMS = (1.0, 2.0, inf)
"""Those in which distances are measured."""
T = TypeVar("T")
R = TypeVar("R")


def shown(value: object) -> str:
    """What an argument is, in a few words for one sentence."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape:
        return f"{_with_article(type(value).__name__)} of shape {tuple(map(int, shape))}"
    if isinstance(value, np.generic | Fraction | Decimal):
        return str(value)
    try:
        told = " ".join(reprlib.repr(value).split())
    except Exception:  # whatever objects of others do when they are asked for their text
        told = ""
    return told if told and len(told) <= LONGEST and not told.startswith("<") else _with_article(type(value).__name__)


def _with_article(kind: str) -> str:
    return f"{'an' if kind[:1].lower() in 'aeiou' else 'a'} {kind}"


def float_array(
    value: ArrayLike, *, name: str, ndim: int, error: type[PolytopeLensError] = DimensionError
) -> NDArray[np.float64]:
    """Convert to a read-only, finite float64 array with `ndim` axes, or raise `error` in one sentence.

    Integers, narrower floats, tensors of torch, fractions and decimals convert without loss; what would be rounded is
    refused, since the result would not be the caller's number any more.
    """
    refuse_masks(value, name=name, error=error)
    try:
        raw = as_array(value)
    except ValueError as cause:
        raise error(f"{name} should be a {ndim}-D array of numbers, but its rows differ in length.") from cause
    except Exception as cause:  # of torch, pandas and others
        raise error(f"{name} should be a {ndim}-D array of numbers, but received {shown(value)}: {cause}") from cause
    if raw.dtype.kind == "O" and all(isinstance(v, Number) for v in raw.ravel()):
        raw = _from_exact(raw, name, error)
    if raw.dtype.kind not in "buif":
        raise error(f"{name} should be a {ndim}-D array of real numbers, but received dtype {raw.dtype}.")
    if raw.ndim != ndim:
        raise error(f"{name} should be a {ndim}-D array, but received an array of shape {raw.shape}.")
    array = np.array(raw, dtype=np.float64, order="C")
    bad = ~np.isfinite(array)
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        raise error(
            f"{name} should be finite, but entry {list(where)} is {raw[where]}. Remove NaN and infinite values first."
        )
    if raw.dtype.kind in "ui" or raw.dtype.itemsize > 8:
        changed = array.astype(raw.dtype) != raw
        if changed.any():
            where = tuple(int(i) for i in np.argwhere(changed)[0])
            raise error(_would_round(name, where, raw[where]))
    array.flags.writeable = False
    return array


def as_array(value: Any) -> NDArray[Any]:
    """What NumPy makes of an argument; tensors of torch are taken off their graph and device, bfloat16 widened."""
    if isinstance(value, list | tuple) and any(map(_is_tensor, value)):
        return np.asarray([as_array(part) for part in value])
    if not _is_tensor(value):
        return np.asarray(value)
    plain = value.detach()
    if value.layout != sys.modules["torch"].strided:
        plain = plain.to_dense()
    plain = plain.cpu().resolve_conj().resolve_neg()
    try:
        return np.asarray(plain.numpy())
    except TypeError:  # of bfloat16 and narrower floats
        return np.asarray(plain.double().numpy())


def _is_tensor(value: object) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _from_exact(raw: NDArray[np.object_], name: str, error: type[PolytopeLensError]) -> NDArray[np.float64]:
    """Fractions, decimals and large integers as floats; refused where they are none."""
    floats = np.empty(raw.shape)
    for where in np.ndindex(raw.shape):
        exact: Any = raw[where]
        try:
            floats[where] = rounded = float(exact)
            is_same = not isfinite(rounded) or Fraction(rounded) == Fraction(exact)
        except (OverflowError, TypeError):  # of complex numbers, too
            is_same = False
        if not is_same:
            raise error(_would_round(name, where, exact))
    return floats


def _would_round(name: str, where: tuple[int, ...], value: object) -> str:
    return (
        f"{name} should fit float64 without rounding, but entry {list(where)} is {shown(value)}. "
        "Round it yourself, so that it is clear which number is meant."
    )


def refuse_masks(value: Any, *, name: str, error: type[PolytopeLensError] = DimensionError) -> None:
    """Refuse arrays with masked entries, also in lists: elsewhere they would count as what lies behind the mask."""
    if isinstance(value, list | tuple):
        for entry in value:
            if isinstance(entry, list | tuple | np.ma.MaskedArray):
                refuse_masks(entry, name=name, error=error)
    elif isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        n_masked = int(np.ma.getmaskarray(value).sum())
        raise error(
            f"{name} should have no masked entries, but {n_masked} of {value.size} are masked. Fill them first, with "
            "numpy.ma.filled, or leave them out."
        )


def values_array(value: ArrayLike, *, name: str, ndim: int) -> NDArray[np.float64] | NDArray[np.int64]:
    """Convert to a read-only array: integers, the numbers of categories, to int64; everything else as `float_array`."""
    array = float_array(value, name=name, ndim=ndim)
    if as_array(value).dtype.kind not in "ui":
        return array
    if array.size and array.min() < 0:
        raise DimensionError(
            f"{name} of integers should hold the numbers of categories, counted from 0, but holds {int(array.min())}. "
            "For values that are no categories use floats."
        )
    numbers = array.astype(np.int64)
    numbers.flags.writeable = False
    return numbers


def matrix(value: Any, *, name: str, error: type[PolytopeLensError] = DimensionError) -> Matrix:
    """A dense matrix as by `float_array`; a sparse one as a read-only, finite CSR array of float64 without zeros."""
    if not hasattr(value, "tocsr"):
        return float_array(value, name=name, ndim=2, error=error)
    from scipy.sparse import csr_array

    rows = csr_array(value, copy=True)
    rows.sum_duplicates()
    data = float_array(rows.data, name=f"the entries of {name}", ndim=1, error=error)
    rows = csr_array((data.copy(), rows.indices, rows.indptr), shape=rows.shape)
    rows.eliminate_zeros()
    for array in (rows.data, rows.indices, rows.indptr):
        array.flags.writeable = False
    return rows


def points(value: ArrayLike, dim: int, *, what: str) -> NDArray[np.float64]:
    """Points as rows, shape (n, dim); a single point becomes one row."""
    array = float_array(value, name=f"the points given to {what}", ndim=1 if n_axes(value) == 1 else 2)
    if array.shape[-1] != dim:
        raise DimensionError(
            f"{what} needs points with {dim} coordinates, the input dimension, "
            f"but received an array of shape {array.shape}."
        )
    return array.reshape(-1, dim)


def point(value: ArrayLike, dim: int, *, what: str) -> NDArray[np.float64]:
    """One point, shape (dim,)."""
    array = float_array(value, name=f"the point given to {what}", ndim=1)
    if array.shape[0] != dim:
        raise DimensionError(
            f"{what} needs one point with {dim} coordinates, the input dimension, "
            f"but received an array of shape {array.shape}."
        )
    return array


def n_axes(value: Any) -> int:
    """How many axes the array has that an argument is; 0 if it is none, to be refused."""
    try:
        return as_array(value).ndim
    except Exception:  # rows that differ in length, and whatever else there is
        return 0


def is_one(value: ArrayLike) -> bool:
    """Whether an argument is one point, and not one in each row; what is neither is taken for one, to be refused."""
    return n_axes(value) != 2


def is_whole(value: object) -> bool:
    """Whether an argument is a whole number, of Python or NumPy, and not a truth value."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def count(value: int, *, name: str, least: int = 1, most: int = WORD) -> int:
    """Return `value` if it is a whole number from `least` to `most`."""
    if not is_whole(value) or not least <= value <= most:
        end = f" and at most {most}" if most < WORD or (is_whole(value) and value > most) else ""
        raise OptionError(f"{name} should be a whole number of at least {least}{end}, but received {shown(value)}.")
    return int(value)


def workers(value: int) -> int:
    """Return `value`, a number of threads or processes, or `MOST_WORKERS` if it is more: the results are the same."""
    return min(count(value, name="`workers`"), MOST_WORKERS)


def size(value: int, *, name: str, each: int, least: int = 1) -> int:
    """Return `value` if it is a whole number of things, of so many float64 numbers each, that memory can hold."""
    n = count(value, name=name, least=least)
    needed, there = 8 * n * each, memory_of_machine()
    if needed > there:
        raise OptionError(
            f"{name} is {n}, which takes {needed / 2**30:.0f} GB; this machine has {there / 2**30:.0f} GB. "
            "Ask for fewer at a time."
        )
    return n


@cache
def memory_of_machine() -> int:
    """Bytes of memory of this machine; where it does not tell, more than any has."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return 2**46


def seed(value: int) -> int:
    """Return `value` if NumPy and torch take it as the seed of a random generator."""
    return count(value, name="`seed`", least=0)


def number(value: float, *, name: str, positive: bool = False) -> float:
    """Return `value` as a float if it is a finite number, and more than 0 where it should be."""
    kind = "a positive number" if positive else "a finite number"
    is_number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    try:
        exact = float(value) if is_number else nan
    except OverflowError:  # of an integer beyond the range of floats
        exact = inf
    if not isfinite(exact) or (positive and exact <= 0):
        raise OptionError(f"{name} should be {kind}, but received {shown(value)}.")
    return exact


def tolerance(value: float) -> float:
    """Return a greatest deviation that is asked for as a float if it is a finite number and not negative."""
    exact = number(value, name="`eps`")
    if exact < 0:
        raise OptionError(f"`eps` is a greatest deviation and should be at least 0, but received {shown(value)}.")
    return exact


def norm(value: float, name: str = "`norm`") -> float:
    """Return `value` as 1.0, 2.0 or inf if it is one of these: the norms in which distances are measured."""
    is_number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not is_number or value not in NORMS:
        raise OptionError(f"{name} should be 1, 2 or inf (numpy.inf), but received {shown(value)}.")
    return float(value)


def picked(index: Any, n: int, *, told: str, part: str) -> int | NDArray[np.int64]:
    """Places counted from the first of n things: of one, or those that a slice or an array picks.

    Raises
    ------
    IndexingError
        Begins with what is `told`, such as "the partition has 7 regions"; each thing is a `part`, such as "region".
    """
    if isinstance(index, slice):
        try:
            return np.arange(n)[index]
        except (TypeError, ValueError) as cause:
            raise IndexingError(f"{told}, but the slice {shown(index)} is none of whole numbers.") from cause
    if is_whole(index):
        return int(_within(np.array([index]), n, told, part)[0])
    if isinstance(index, np.ndarray | list) and n_axes(index) == 1:
        array = np.asarray(index)
        if array.dtype == bool and len(array) == n:
            return np.flatnonzero(array)
        if array.dtype.kind in "iu" or not len(array):
            return _within(array.astype(np.int64), n, told, part)
    raise IndexingError(
        f"{told}, picked by a number, a slice, or an array of numbers or of {n} bools, but received {shown(index)}."
    )


def _within(index: NDArray[np.int64], n: int, told: str, part: str) -> NDArray[np.int64]:
    for i in index.tolist():
        if not -n <= i < n:
            raise IndexingError(f"{told}, but {part} {shown(i)} was asked for.")
    return index % n


def flag(value: bool, *, name: str) -> bool:
    """Return `value` if it is True or False."""
    if not isinstance(value, bool | np.bool_):
        raise OptionError(f"{name} should be True or False, but received {shown(value)}.")
    return bool(value)


def option(value: str, *, name: str, allowed: Iterable[str]) -> str:
    """Return `value` if it is one of `allowed`."""
    allowed = tuple(allowed)
    if not isinstance(value, str) or value not in allowed:
        raise OptionError(f"{name} should be one of {', '.join(map(repr, allowed))}, but received {shown(value)}.")
    return value


def instance(value: Any, kind: type[T], *, name: str, advice: str = "") -> T:
    """Return `value` if it is an instance of a class; `advice`, a sentence, says how to come by one."""
    if not isinstance(value, kind):
        end = f" {advice}" if advice else ""
        raise OptionError(f"{name} should be a {kind.__name__}, but received {type(value).__name__}.{end}")
    return value


def text(value: str, *, name: str) -> str:
    """Return `value` if it is a string."""
    if not isinstance(value, str):
        raise OptionError(f"{name} should be a text, but received {shown(value)}.")
    return value


def path(value: str | os.PathLike[str], *, name: str) -> Path:
    """Return `value` as a path if it is one."""
    is_path = isinstance(value, str) or (isinstance(value, os.PathLike) and isinstance(os.fspath(value), str))
    if not is_path or not os.fspath(value) or "\0" in os.fspath(value):
        raise OptionError(f"{name} should be a path, but received {shown(value)}.")
    return Path(value)


def sequence(value: Iterable[Any], *, name: str) -> tuple[Any, ...]:
    """Return what a list, a tuple, an array or another iterable but a text holds."""
    if isinstance(value, str | bytes) or not isinstance(value, Iterable) or getattr(value, "ndim", 1) == 0:
        raise OptionError(f"{name} should be a list or a tuple, but received {shown(value)}.")
    return tuple(value)


def function(value: Callable[..., R] | None, *, name: str) -> Callable[..., R] | None:
    """Return `value` if it is None or can be called."""
    if value is not None and not callable(value):
        raise OptionError(f"{name} should be a function or None, but received {shown(value)}.")
    return value

"""Checks of shape, dtype and finiteness that all speak with one voice."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from math import inf, isfinite, nan
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
NORMS = (1.0, 2.0, inf)
"""Those in which distances are measured."""
T = TypeVar("T")
R = TypeVar("R")


def float_array(
    value: ArrayLike, *, name: str, ndim: int, error: type[PolytopeLensError] = DimensionError
) -> NDArray[np.float64]:
    """Convert to a read-only, finite float64 array with `ndim` axes, or raise `error` in one sentence.

    Integers and narrower floats convert without loss; wider ones (longdouble, big integers) are refused when they
    would be rounded, since the result would not be the caller's number any more.
    """
    refuse_masks(value, name=name, error=error)
    try:
        raw = np.asarray(value)
    except ValueError as cause:
        raise error(f"{name} should be a {ndim}-D array of numbers, but its rows differ in length.") from cause
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
            raise error(
                f"{name} should fit float64 without rounding, but entry {list(where)} is {raw[where]}. "
                "Round it yourself, so that it is clear which network is meant."
            )
    array.flags.writeable = False
    return array


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
    if np.asarray(value).dtype.kind not in "ui":
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
    try:
        ndim = 1 if np.ndim(value) == 1 else 2
    except ValueError:  # rows that differ in length
        ndim = 2
    array = float_array(value, name=f"the points given to {what}", ndim=ndim)
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


def is_one(value: ArrayLike) -> bool:
    """Whether an argument is one point, and not one in each row; what is neither is taken for one, to be refused."""
    try:
        return np.ndim(value) != 2
    except ValueError:  # rows that differ in length
        return True


def index(value: int, n: int, *, what: str) -> int:
    """Return the number of one of n things, counted from the first, if there is such a one.

    Raises
    ------
    IndexError, OptionError
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise OptionError(f"the index of one of {n} {what} should be a whole number or a slice, but is {value!r}.")
    if not -n <= value < n:
        raise IndexError(f"there are {n} {what}, but number {value} was asked for.")
    return int(value) % n


def count(value: int, *, name: str, least: int = 1, most: int = WORD) -> int:
    """Return `value` if it is a whole number from `least` to `most`."""
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not is_whole or not least <= value <= most:
        end = f" and at most {most}" if most < WORD or (is_whole and value > most) else ""
        raise OptionError(f"{name} should be a whole number of at least {least}{end}, but received {value!r}.")
    return int(value)


def workers(value: int) -> int:
    """Return `value`, a number of threads or processes, or `MOST_WORKERS` if it is more: the results are the same."""
    return min(count(value, name="`workers`"), MOST_WORKERS)


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
        raise OptionError(f"{name} should be {kind}, but received {value!r}.")
    return exact


def norm(value: float) -> float:
    """Return `value` as 1.0, 2.0 or inf if it is one of these: the norms in which distances are measured."""
    is_number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not is_number or float(value) not in NORMS:
        raise OptionError(f"`norm` should be 1, 2 or inf (numpy.inf), but received {value!r}.")
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
            raise IndexingError(f"{told}, but the slice {index!r} is none of whole numbers.") from cause
    if isinstance(index, int | np.integer) and not isinstance(index, bool):
        return int(_within(np.array([index]), n, told, part)[0])
    if isinstance(index, np.ndarray | list) and np.ndim(index) == 1:
        array = np.asarray(index)
        if array.dtype == bool and len(array) == n:
            return np.flatnonzero(array)
        if array.dtype.kind in "iu" or not len(array):
            return _within(array.astype(np.int64), n, told, part)
    raise IndexingError(
        f"{told}, picked by a number, a slice, or an array of numbers or of {n} bools, but received {index!r}."
    )


def _within(index: NDArray[np.int64], n: int, told: str, part: str) -> NDArray[np.int64]:
    for i in index.tolist():
        if not -n <= i < n:
            raise IndexingError(f"{told}, but {part} {i} was asked for.")
    return index % n


def option(value: str, *, name: str, allowed: Iterable[str]) -> str:
    """Return `value` if it is one of `allowed`."""
    allowed = tuple(allowed)
    if not isinstance(value, str) or value not in allowed:
        raise OptionError(f"{name} should be one of {', '.join(map(repr, allowed))}, but received {value!r}.")
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
        raise OptionError(f"{name} should be a text, but received {value!r}.")
    return value


def path(value: str | os.PathLike[str], *, name: str) -> Path:
    """Return `value` as a path if it is one."""
    if not isinstance(value, str | os.PathLike) or not os.fspath(value):
        raise OptionError(f"{name} should be a path, but received {value!r}.")
    return Path(value)


def sequence(value: Iterable[Any], *, name: str) -> tuple[Any, ...]:
    """Return what a list, a tuple, an array or another iterable but a text holds."""
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise OptionError(f"{name} should be a list or a tuple, but received {value!r}.")
    return tuple(value)


def function(value: Callable[..., R] | None, *, name: str) -> Callable[..., R] | None:
    """Return `value` if it is None or can be called."""
    if value is not None and not callable(value):
        raise OptionError(f"{name} should be a function or None, but received {value!r}.")
    return value

"""Checks of shape, dtype and finiteness that all speak with one voice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens.errors import DimensionError, OptionError, PolytopeLensError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

    from polytope_lens.network.network import Matrix


def float_array(
    value: ArrayLike, *, name: str, ndim: int, error: type[PolytopeLensError] = DimensionError
) -> NDArray[np.float64]:
    """Convert to a read-only, finite float64 array with `ndim` axes, or raise `error` in one sentence.

    Integers and narrower floats convert without loss; wider ones (longdouble, big integers) are refused when they
    would be rounded, since the result would not be the caller's number any more.
    """
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
    raw = np.asarray(value)
    array = float_array(raw, name=f"the points given to {what}", ndim=1 if raw.ndim == 1 else 2)
    if array.ndim == 1:
        array = array[None, :]
    if array.shape[1] != dim:
        raise DimensionError(
            f"{what} needs points with {dim} coordinates, the input dimension, "
            f"but received an array of shape {raw.shape}."
        )
    return array


def point(value: ArrayLike, dim: int, *, what: str) -> NDArray[np.float64]:
    """One point, shape (dim,)."""
    array = float_array(value, name=f"the point given to {what}", ndim=1)
    if array.shape[0] != dim:
        raise DimensionError(
            f"{what} needs one point with {dim} coordinates, the input dimension, "
            f"but received an array of shape {array.shape}."
        )
    return array


def count(value: int, *, name: str, least: int = 1) -> int:
    """Return `value` if it is a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise OptionError(f"{name} should be a whole number of at least {least}, but received {value!r}.")
    return int(value)


def number(value: float, *, name: str, positive: bool = False) -> float:
    """Return `value` as a float if it is a finite number, and more than 0 where it should be."""
    kind = "a positive number" if positive else "a finite number"
    is_number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not is_number or not np.isfinite(value) or (positive and value <= 0):
        raise OptionError(f"{name} should be {kind}, but received {value!r}.")
    return float(value)


def option(value: str, *, name: str, allowed: Iterable[str]) -> str:
    """Return `value` if it is one of `allowed`."""
    allowed = tuple(allowed)
    if value not in allowed:
        raise OptionError(f"{name} should be one of {', '.join(map(repr, allowed))}, but received {value!r}.")
    return value

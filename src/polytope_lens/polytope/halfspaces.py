"""The halfspaces of a polytope as integers, as fractions and as floats.

A polytope is given by floats, ``A @ x <= b``, or by rows ``[a, c]`` of whole numbers, which say ``a . x + c <= 0``, and
a positive scale for each: the numbers meant are the integers divided by it. Either is made of the other when it is
asked for. Floats become integers without loss; integers become floats by one rounding of each number.
"""

from __future__ import annotations

import sys
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from flint import fmpq, fmpz

from polytope_lens._arrays import validate
from polytope_lens._kept import kept
from polytope_lens.arithmetic.rational import (
    common_exponent,
    fraction,
    integer_rows,
    nearest_float,
    rationals,
    scaled_quotient,
)
from polytope_lens.errors import DimensionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from polytope_lens._types import Floats
    from polytope_lens.polytope.polytope import Polytope

LARGEST, SMALLEST = sys.float_info.max, sys.float_info.min


class IntegerRows(NamedTuple):
    """Rows ``[a, c]`` of ``a . x + c <= 0``, each a positive whole number, its scale, times what it stands for."""

    rows: list[list[fmpz]]
    scales: list[fmpz]


# ------------------------------------------------------------------------------------------- from what a user gives


def given(A: ArrayLike, b: ArrayLike) -> tuple[Floats, Floats] | IntegerRows:
    """Check normals (m, d) and offsets (m,): floats where floats hold every number, else integers.

    Raises
    ------
    DimensionError
    """
    names = "the normals A of a polytope", "the offsets b of a polytope"
    arrays = [numbers(value, name, ndim) for value, name, ndim in zip((A, b), names, (2, 1), strict=True)]
    if arrays[0].shape[0] != arrays[1].shape[0]:
        raise DimensionError(
            f"a polytope with A of shape {arrays[0].shape} needs b of shape ({arrays[0].shape[0]},), but received "
            f"{arrays[1].shape}."
        )
    if any(array.dtype == object for array in arrays):
        if not all(map(_fit_floats, arrays)):
            return of_fractions(*arrays)
        arrays = [array.astype(np.float64) for array in arrays]
    normals, offsets = (validate.float_array(v, name=n, ndim=v.ndim) for v, n in zip(arrays, names, strict=True))
    return normals, offsets


def of_fractions(A: NDArray[Any], b: NDArray[Any]) -> IntegerRows:
    """Rows of ``A @ x <= b`` as integers, each times its least common denominator."""
    rows, scales = [], []
    for normal, bound in zip(A, b, strict=True):
        row = [fraction(v) for v in (*normal, -bound)]
        scale = lcm(*(v.denominator for v in row))
        rows.append([fmpz(v.numerator * (scale // v.denominator)) for v in row])
        scales.append(fmpz(scale))
    return IntegerRows(rows, scales)


def numbers(value: ArrayLike, name: str, ndim: int) -> NDArray[Any]:
    """An array of floats that hold what was given, or else of fractions.

    Raises
    ------
    DimensionError
    """
    validate.refuse_masks(value, name=name)
    try:
        raw = validate.as_array(value)
    except Exception:
        return validate.float_array(value, name=name, ndim=ndim)  # says what is wrong
    if raw.dtype != object and not _are_wide(raw):
        return validate.float_array(value, name=name, ndim=ndim)
    if raw.ndim != ndim:
        raise DimensionError(f"{name} should be a {ndim}-D array, but received an array of shape {raw.shape}.")
    exact = np.empty(raw.shape, dtype=object)
    for place, entry in np.ndenumerate(raw):
        try:
            exact[place] = fraction(entry)
        except (AttributeError, TypeError, ValueError, OverflowError) as cause:
            raise DimensionError(
                f"{name} should be finite numbers, floats, integers or fractions, "
                f"but entry {list(place)} is {validate.shown(entry)}."
            ) from cause
    return exact


def _fit_floats(values: NDArray[Any]) -> bool:
    """Whether floats hold all of some fractions or floats."""
    try:
        return all(Fraction(float(v)) == v for v in values.flat)
    except OverflowError:
        return False


def _are_wide(values: NDArray[Any]) -> bool:
    """Whether some integers, or floats of more than 64 bits, do not fit float64."""
    if values.dtype.kind not in "iuf" or (values.dtype.kind == "f" and values.dtype.itemsize <= 8):
        return False
    with np.errstate(invalid="ignore"):
        return bool((values.astype(np.float64).astype(values.dtype) != values).any())


# ---------------------------------------------------------------------------------------------------- of a polytope


@kept
def exact_rows(poly: Polytope) -> IntegerRows:
    """The halfspaces in integers; nothing is rounded."""
    if poly._integers is not None:
        return poly._integers
    table = np.column_stack([poly.A, -poly.b])
    return IntegerRows(integer_rows(table), [fmpz(1) << common_exponent(row) for row in table])


@kept
def quotients(poly: Polytope) -> Floats:
    """Rows ``[a, c]`` divided by their scales, (m, d + 1), each number rounded once; infinite beyond the floats."""
    if poly._floats is not None:
        return np.column_stack([poly.A, -poly.b])
    found = [scaled_quotient(row, scale) for row, scale in zip(*exact_rows(poly), strict=True)]
    return np.array(found, dtype=np.float64).reshape(len(found), poly.dim + 1)


@kept
def rounded(poly: Polytope) -> tuple[Floats, Floats]:
    """``A`` and ``b`` as floats: those given, or each number rounded once.

    A row whose largest number no float can hold, or only with fewer digits, is first multiplied by a power of two,
    which leaves its halfspace as it is.
    """
    if poly._floats is not None:
        return poly._floats
    table = quotients(poly).copy()
    size = np.abs(table).max(axis=1, initial=0.0)
    for i in np.flatnonzero(~((size >= SMALLEST) & (size <= LARGEST))).tolist():
        row = exact_rows(poly).rows[i]
        largest = max(map(abs, row))
        if largest:
            unit = fmpz(1) << (int(largest).bit_length() - 1)
            table[i] = [nearest_float(fmpq(v, unit)) for v in row]
    A, b = np.ascontiguousarray(table[:, :-1]), 0.0 - table[:, -1]
    A.flags.writeable = b.flags.writeable = False
    return A, b


@kept
def fractions(poly: Polytope) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """``A`` and ``b`` as arrays of `fractions.Fraction`; nothing is rounded."""
    values = np.empty((len(exact_rows(poly).rows), poly.dim + 1), dtype=object)
    for i, (row, scale) in enumerate(zip(*exact_rows(poly), strict=True)):
        values[i] = [Fraction(int(v), int(scale)) for v in row]
    A, b = values[:, :-1], -values[:, -1]
    A.flags.writeable = b.flags.writeable = False
    return A, b


@kept
def has_float_rows(poly: Polytope) -> bool:
    """Whether floats hold every halfspace: ``A @ x <= b`` in floats is the polytope itself, row by row."""
    if poly._floats is not None:
        return True
    A, b = rounded(poly)
    for row, a, offset in zip(exact_rows(poly).rows, A, b, strict=True):
        near = rationals([*a, -offset])
        k = max(range(len(row)), key=lambda i: abs(row[i]))
        if any(fmpq(row[k]) * v != near[k] * w for v, w in zip(near, row, strict=True)):
            return False
    return True


@kept
def proper(poly: Polytope) -> list[list[fmpz]]:
    """The rows that depend on x."""
    return [row for row in exact_rows(poly).rows if any(row[:-1])]


@kept
def is_contradicted(poly: Polytope) -> bool:
    """Whether a row without a normal says that there is no point at all."""
    return any(row[-1] > 0 for row in exact_rows(poly).rows if not any(row[:-1]))


def slacks(poly: Polytope, point: Sequence[fmpq]) -> list[fmpq]:
    """``-(a . x + c)`` of each row at a point."""
    return [-sum((a * x for a, x in zip(row, point, strict=False)), fmpq(row[-1])) for row in exact_rows(poly).rows]


def holds(poly: Polytope, point: Sequence[fmpq]) -> bool:
    """Whether a point satisfies all rows; exact."""
    return all(slack >= 0 for slack in slacks(poly, point))


@kept
def holds_hint(poly: Polytope) -> bool:
    """Whether the polytope has a hint, and that is a point of it; exact."""
    return poly._hint is not None and bool(np.isfinite(poly._hint).all()) and holds(poly, rationals(poly._hint))

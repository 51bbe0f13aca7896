"""Which floats lie in a polytope with exact rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from flint import fmpq

from polytope_lens._arrays import validate
from polytope_lens._kept import kept
from polytope_lens.arithmetic.rational import nearest_float, rationals
from polytope_lens.arithmetic.signs import UNDERFLOW_GUARD, UNIT_ROUNDOFF, summation_bound
from polytope_lens.errors import DimensionError
from polytope_lens.polytope.halfspaces import holds, numbers, proper

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from polytope_lens._types import Bools, Floats, Fractions
    from polytope_lens.polytope.polytope import Polytope


LEAST = 2.0**-1074


@kept
def float_rows(poly: Polytope) -> Floats:
    """Rows ``[a, c]`` that depend on x, (m, d + 1), divided by the greatest entry of a and rounded once."""
    rows = [[nearest_float(fmpq(v, max(map(abs, row[:-1])))) for v in row] for row in proper(poly)]
    return np.array(rows, dtype=np.float64).reshape(len(rows), poly.dim + 1)


def given_points(X: ArrayLike, dim: int, *, what: str) -> Floats | Fractions:
    """Points as rows, (n, dim): floats, or fractions where these are given; a single point becomes one row.

    Raises
    ------
    DimensionError
    """
    ndim = 1 if validate.n_axes(X) == 1 else 2
    points = numbers(X, f"the points given to {what}", ndim)
    if points.shape[-1] != dim:
        raise DimensionError(
            f"{what} needs points with {dim} coordinates, the input dimension, but received an array of shape "
            f"{points.shape}."
        )
    return points.reshape(-1, dim)


def given_point(x: ArrayLike, dim: int, *, what: str) -> list[fmpq]:
    """One point of floats, integers or fractions.

    Raises
    ------
    DimensionError
    """
    point = numbers(x, f"the point given to {what}", 1)
    if len(point) != dim:
        raise DimensionError(
            f"{what} needs one point with {dim} coordinates, the input dimension, but received an array of shape "
            f"{point.shape}."
        )
    return _rationals(point)


def _rationals(point: NDArray[Any]) -> list[fmpq]:
    return [fmpq(v.numerator, v.denominator) for v in point] if point.dtype == object else rationals(point)


def inside_mask(poly: Polytope, X: Floats | Fractions) -> Bools:
    """Whether each point lies in the closed polytope, (n, d) -> (n,) bool; exact.

    Floats with a bound on their error decide nearly all, fractions the rest.
    """
    if X.dtype == object:
        return np.array([holds(poly, _rationals(x)) for x in X], dtype=bool)
    A, b = poly.A, poly.b
    unit = summation_bound(poly.dim + 1) + 2 * UNIT_ROUNDOFF
    with np.errstate(over="ignore", invalid="ignore"):
        value = X @ A.T - b
        # Numbers of rows are rounded, those near zero to multiples of the least float.
        beneath = UNDERFLOW_GUARD + LEAST * np.abs(X).sum(axis=1, keepdims=True)
        bound = unit * (np.abs(X) @ np.abs(A).T + np.abs(b)) + beneath
        inside = np.array((value < -bound).all(axis=1))
        outside = (value > bound).any(axis=1)
    for i in np.flatnonzero(~(inside | outside)):
        inside[i] = holds(poly, rationals(X[i]))
    return inside

"""Which floats lie in a polytope with exact rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq

from polytope_lens._kept import kept
from polytope_lens.arithmetic.rational import nearest_float, rationals
from polytope_lens.arithmetic.signs import UNDERFLOW_GUARD, UNIT_ROUNDOFF, summation_bound
from polytope_lens.polytope.halfspaces import holds, proper

if TYPE_CHECKING:
    from polytope_lens._types import Bools, Floats
    from polytope_lens.polytope.polytope import Polytope


LEAST = 2.0**-1074


@kept
def float_rows(poly: Polytope) -> Floats:
    """Rows ``[a, c]`` that depend on x, (m, d + 1), divided by the greatest entry of a and rounded once."""
    rows = [[nearest_float(fmpq(v, max(map(abs, row[:-1])))) for v in row] for row in proper(poly)]
    return np.array(rows, dtype=np.float64).reshape(len(rows), poly.dim + 1)


def inside_mask(poly: Polytope, X: Floats) -> Bools:
    """Whether each point lies in the closed polytope, (n, d) -> (n,) bool; exact.

    Floats with a bound on their error decide nearly all, fractions the rest.
    """
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

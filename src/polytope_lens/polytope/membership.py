"""Which floats lie in a polytope with exact rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq

from polytope_lens.arithmetic.rational import nearest_float, rationals
from polytope_lens.arithmetic.signs import UNDERFLOW_GUARD, UNIT_ROUNDOFF, summation_bound

if TYPE_CHECKING:
    from polytope_lens._types import Bools, Floats
    from polytope_lens.polytope.body import Body


def float_rows(body: Body) -> Floats:
    """Rows ``[a, c]`` that depend on x, (m, d + 1), divided by the greatest entry of a and rounded once."""
    rows = [[nearest_float(fmpq(v, max(map(abs, row[:-1])))) for v in row] for row in body.proper]
    return np.array(rows, dtype=np.float64).reshape(len(rows), body.dim + 1)


def inside_mask(body: Body, X: Floats) -> Bools:
    """Whether each point lies in the closed polytope, (n, d) -> (n,) bool; exact.

    Floats with a bound on their error decide nearly all, fractions the rest.
    """
    if body.is_contradicted:
        return np.zeros(len(X), dtype=bool)
    rows = float_rows(body)
    unit = summation_bound(body.dim + 1) + 2 * UNIT_ROUNDOFF
    with np.errstate(over="ignore", invalid="ignore"):
        value = X @ rows[:, :-1].T + rows[:, -1]
        bound = unit * (np.abs(X) @ np.abs(rows[:, :-1]).T + np.abs(rows[:, -1])) + UNDERFLOW_GUARD
        inside = np.array((value < -bound).all(axis=1))
        outside = (value > bound).any(axis=1)
    for i in np.flatnonzero(~(inside | outside)):
        inside[i] = body.contain(rationals(X[i]))
    return inside

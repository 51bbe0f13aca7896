"""A point deep inside a polyhedron, as a fraction and as floats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq

from polytope_lens.arithmetic.rational import dot, nearest_float, rationals
from polytope_lens.lp.rational_simplex import Halfspace, maximize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flint import fmpz

    Rows = Sequence[Sequence[fmpz]]

ZERO, ONE = fmpq(0), fmpq(1)
# Rounding to a normal float moves a number by at most half of this share of it.
ROUNDING = fmpq(1, 2**52)
LARGEST = float(np.finfo(np.float64).max)


def float_inside(rows: Rows, dim: int) -> list[float] | None:
    """Floats of a point strictly inside ``{x in R^dim : a . x + c <= 0}``; None if there is none inside at all.

    Parameters
    ----------
    rows : integer rows ``[a, c]``
    dim : int

    Notes
    -----
    Exactness: strictly inside wherever the set holds a point together with all others whose coordinates differ from its
    own by a share of 2^-52 at most, and wherever its middle rounds to a float inside. Where neither is so, it is the
    middle, rounded, which may lie on the boundary or as far outside as rounding takes it.
    Cost: at most four exact linear programs, with up to 2 d + 2 variables.
    """
    center = middle(rows, dim)
    if center is None:
        return None
    rounded = _nearest_floats(center)
    if is_inside(rows, rounded):
        return rounded
    robust = middle(rows, dim, ROUNDING)
    return rounded if robust is None else _nearest_floats(robust)


def _nearest_floats(point: Sequence[fmpq]) -> list[float]:
    """Each coordinate rounded once, to the largest float at most."""
    return [min(max(nearest_float(v), -LARGEST), LARGEST) for v in point]


def is_inside(rows: Rows, x: Sequence[float]) -> bool:
    """Whether finite floats lie strictly inside all rows but those of zeros, which must not be positive; exact."""
    at = [*rationals(x), ONE]
    return all(dot([fmpq(v) for v in row], at) < 0 if any(row[:-1]) else row[-1] <= 0 for row in rows)


def middle(rows: Rows, dim: int, margin: fmpq = ZERO) -> list[fmpq] | None:
    """A rational point of ``{x in R^dim : a . x + c <= 0}`` that is deep inside for its size; None if none is inside.

    Parameters
    ----------
    rows : integer rows ``[a, c]``
    dim : int
    margin : nonnegative fraction
        Points count as inside only if all others are, whose coordinates differ from theirs by this share at most.

    Notes
    -----
    The set is seen as a cone ``{(y, t) : a . y + c t <= 0}``, x = y / t, cut off at |y_k| <= 1, t <= 1. The first
    program finds the greatest depth: the least slack, with rows scaled to a greatest entry of 1. The second finds the
    point with the greatest t, hence no farther away than need be, that has half of this depth.
    """
    cone = [row for row in rows if any(row[:-1])]
    if any(row[-1] > 0 for row in rows if not any(row[:-1])):
        return None
    if not cone:
        return [ZERO] * dim
    sizes = [fmpq(max(abs(v) for v in row[:-1])) for row in cone]
    # Variables are y, t and, where there is a margin, bounds on |y|.
    normals = [[fmpq(v) / size for v in row] for row, size in zip(cone, sizes, strict=True)]
    bounds: list[Halfspace] = []
    if margin:
        normals = [[*row, *(margin * abs(v) for v in row[:-1])] for row in normals]
        for k in range(dim):
            for turn in (ONE, -ONE):
                row = [ZERO] * (2 * dim + 1)
                row[k], row[dim + 1 + k] = turn, -ONE
                bounds.append(Halfspace(row, ZERO))
    n = 2 * dim + 1 if margin else dim + 1
    lower, upper = [-ONE] * dim + [ZERO] * (n - dim), [ONE] * n
    lifted = [Halfspace([*row, ONE], ZERO) for row in normals]
    lifted += [Halfspace([*bound.normal, ZERO], ZERO) for bound in bounds]
    deepest = maximize([ZERO] * n + [ONE], lifted, [*lower, ZERO], [*upper, ONE])
    if deepest is None or deepest.value <= 0:
        return None
    halfway = [Halfspace(row, -deepest.value / 2) for row in normals]
    nearest = maximize([fmpq(int(k == dim)) for k in range(n)], [*halfway, *bounds], lower, upper)
    assert nearest is not None  # the deepest point is one of these
    *y, t = nearest.point[: dim + 1]
    return [v / t for v in y] if t > 0 else None

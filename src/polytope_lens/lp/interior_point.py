"""Points strictly inside polyhedra, as fractions and as floats.

All come from one linear program: every row gets the same slack, measured with the row's greatest entry in place of its
length, and the slack is made as large as it can be (`deepest`). Where a box around the polyhedron is known, that
happens in the box; elsewhere in the cone ``{(y, t) : a . y + c t <= 0}``, which stands for the polyhedron by x = y / t,
cut off at |y_k| <= 1 and 0 <= t <= 1, where nothing is unbounded. If no slack is positive, nothing is strictly inside,
and the program's multipliers are the proof (`contradiction`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq

from polytope_lens.arithmetic.rational import dot, integers, nearest_float, rationals
from polytope_lens.lp.rational_simplex import Halfspace, maximize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flint import fmpz

    from polytope_lens.lp.rational_simplex import Optimum, Vector

    Rows = Sequence[Sequence[fmpz]]

ZERO, ONE = fmpq(0), fmpq(1)
# Rounding to a normal float moves a number by at most half of this share of it.
ROUNDING = fmpq(1, 2**52)
LARGEST = float(np.finfo(np.float64).max)


def deepest(
    rows: Sequence[Halfspace],
    sizes: Sequence[fmpq],
    lower: Vector,
    upper: Vector,
    slack: tuple[fmpq, fmpq],
    others: Sequence[Halfspace] = (),
) -> Optimum | None:
    """The greatest number in a range that, times its size, all rows can have as their slack at a point of a box.

    Parameters
    ----------
    rows, sizes : halfspaces, and a nonnegative number for each
    lower, upper : corners of the box
    slack : the range; None is returned where not even its least number will do
    others : further halfspaces, without slack

    Returns
    -------
    Optimum
        Of the program whose last variable is that number; ``value`` is the greatest one.
    """
    lifted = [Halfspace([*row.normal, size], row.offset) for row, size in zip(rows, sizes, strict=True)]
    lifted += [Halfspace([*row.normal, ZERO], row.offset) for row in others]
    return maximize([ZERO] * len(lower) + [ONE], lifted, [*lower, slack[0]], [*upper, slack[1]])


def inside_box(rows: Sequence[Halfspace], lower: Vector, upper: Vector) -> list[fmpq] | None:
    """A point strictly inside all rows and the box, with the greatest least slack; None if there is none.

    Rows ``0 <= 0`` are no constraint.
    """
    d = len(lower)
    axes = [[fmpq(int(i == k)) for i in range(d)] for k in range(d)]
    sides = [Halfspace(axis, upper[k]) for k, axis in enumerate(axes)]
    sides += [Halfspace([-v for v in axis], -lower[k]) for k, axis in enumerate(axes)]
    sizes = [max(map(abs, row.normal)) for row in rows] + [ONE] * len(sides)
    widest = min(u - lo for u, lo in zip(upper, lower, strict=True))
    best = deepest([*rows, *sides], sizes, lower, upper, (-widest, widest))
    # The slack may need to go below -widest to become feasible: then there is no interior point either.
    return best.point[:d] if best is not None and best.value > 0 else None


def inside(rows: Rows, dim: int, on: Rows = ()) -> list[fmpq] | None:
    """Coordinates ``[y, t]``, t > 0, of a point y / t strictly inside all rows and on some hyperplanes, or None.

    Parameters
    ----------
    rows : integer rows ``[a, c]`` of ``a . x + c <= 0``
        Rows of zeros are no constraint.
    dim : int
    on : integer rows ``[a, c]`` of ``a . x + c = 0``
    """
    cone = [Halfspace([fmpq(v) for v in row], ZERO) for row in rows]
    # And t is as large as the slack at least.
    cone.append(Halfspace([ZERO] * dim + [-ONE], ZERO))
    sizes = [fmpq(max((abs(v) for v in row[:-1]), default=0)) for row in rows] + [ONE]
    planes = [Halfspace([fmpq(turn * v) for v in row], ZERO) for row in on for turn in (1, -1)]
    best = deepest(cone, sizes, [-ONE] * dim + [ZERO], [ONE] * (dim + 1), (ZERO, ONE), planes)
    return best.point[: dim + 1] if best is not None and best.value > 0 else None


def contradiction(rows: Rows) -> list[tuple[int, fmpz]] | None:
    """Rows and positive integers, for which ``sum y (a . x + c)`` is a number >= 0: nothing is strictly inside.

    None if something is. Rows are integers ``[a, c]`` of ``a . x + c <= 0``, some of them with a normal.
    """
    for q, row in enumerate(rows):
        if not any(row[:-1]) and row[-1] > 0:
            return [(q, ONE.p)]
    d = len(rows[0]) - 1
    size = [max(map(abs, row[:-1])) for row in rows]
    listed = [q for q in range(len(rows)) if size[q]]
    # A box beyond all that matters, so that none of its sides has a multiplier
    reach = max(fmpq(abs(rows[q][-1]), size[q]) for q in listed) + d + 3
    halfspaces = [Halfspace([fmpq(v) for v in rows[q][:-1]], fmpq(-rows[q][-1])) for q in listed]
    sizes = [fmpq(size[q]) for q in listed]
    best = deepest(halfspaces, sizes, [-reach] * d, [reach] * d, (-reach, reach))
    if best is None or best.value > 0:
        return None
    pairs = [(q, y) for q, y in zip(best.basis, best.multipliers, strict=True) if y > 0]
    weights = integers([y for _, y in pairs])
    return [(listed[q - 2 * d - 2], y) for (q, _), y in zip(pairs, weights, strict=True)]


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
    center = deep_point(rows, dim)
    if center is None:
        return None
    rounded = _nearest_floats(center)
    if is_inside(rows, rounded):
        return rounded
    robust = deep_point(rows, dim, ROUNDING)
    return rounded if robust is None else _nearest_floats(robust)


def _nearest_floats(point: Sequence[fmpq]) -> list[float]:
    """Each coordinate rounded once, to the largest float at most."""
    return [min(max(nearest_float(v), -LARGEST), LARGEST) for v in point]


def is_inside(rows: Rows, x: Sequence[float]) -> bool:
    """Whether finite floats lie strictly inside all rows but those of zeros, which must not be positive; exact."""
    at = [*rationals(x), ONE]
    return all(dot([fmpq(v) for v in row], at) < 0 if any(row[:-1]) else row[-1] <= 0 for row in rows)


def deep_point(rows: Rows, dim: int, margin: fmpq = ZERO) -> list[fmpq] | None:
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
    deep = deepest([Halfspace(row, ZERO) for row in normals], [ONE] * len(normals), lower, upper, (ZERO, ONE), bounds)
    if deep is None or deep.value <= 0:
        return None
    halfway = [Halfspace(row, -deep.value / 2) for row in normals]
    nearest = maximize([fmpq(int(k == dim)) for k in range(n)], [*halfway, *bounds], lower, upper)
    assert nearest is not None  # the deepest point is one of these
    *y, t = nearest.point[: dim + 1]
    return [v / t for v in y] if t > 0 else None

"""The points of polytopes that are nearest to the origin, in rational arithmetic: the judge of float proposals."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq, fmpq_mat

from polytope_lens.arithmetic.rational import dot
from polytope_lens.lp.rational_simplex import Halfspace, maximize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens._types import Floats

    Vector = list[fmpq]

ZERO, ONE = fmpq(0), fmpq(1)
# Coordinates below this share of the greatest one, or that near to it, are proposed to be zero, or to be equal to it.
CLOSE = 2.0**-30


@dataclass(frozen=True, slots=True)
class ExactNearest:
    """A nearest point, and its distance, or with norm 2 the square of that."""

    point: Vector
    power: fmpq


def exact_nearest(
    rows: Sequence[Halfspace], dim: int, norm: float, multipliers: Floats | None = None, near: Floats | None = None
) -> ExactNearest | None:
    """Point of ``{w : normal . w <= offset}`` that is nearest to the origin; None if the polytope is empty.

    Parameters
    ----------
    rows : sequence of Halfspace
    dim : int
    norm : 1, 2 or inf
    multipliers, near : (m,) and (dim,) arrays, optional
        Proposed multipliers of the rows and a proposed point, from floats; they change the cost, not the answer.

    Notes
    -----
    Exact. The rows with positive multipliers are taken to hold with equality, and of the coordinates those that are 0
    (norm 1) or the greatest ones (norm inf) to be so; that leaves a square system. Its solution is accepted if it and
    the multipliers that belong to it satisfy all conditions of optimality. Cost: for p such rows, p^3 + m dim
    operations. Otherwise a dual method starts from nothing: that of Goldfarb and Idnani 1983 for norm 2, linear
    programs for the others.
    """
    if multipliers is not None and near is not None and np.isfinite(near).all():
        active = np.flatnonzero(multipliers > 0).tolist()
        proposed = _from_active(rows, active, near, norm)
        if proposed is not None:
            return proposed
    return _project(rows, dim) if norm == 2 else _by_programs(rows, dim, norm)


def power_of(point: Sequence[fmpq], norm: float) -> fmpq:
    """Distance of a point from the origin; its square with norm 2."""
    if norm == 2:
        return dot(point, point)
    sizes = [abs(v) for v in point]
    return max(sizes, default=ZERO) if norm == inf else sum(sizes, ZERO)


def _violated(rows: Sequence[Halfspace], point: Vector) -> int:
    """The first row that a point violates, or -1."""
    return next((q for q, row in enumerate(rows) if dot(row.normal, point) > row.offset), -1)


def _from_active(rows: Sequence[Halfspace], active: list[int], near: Floats, norm: float) -> ExactNearest | None:
    """The nearest point of the rows in `active`, if they and the shape of `near` make it the nearest one of all."""
    dim = len(near)
    normals = [rows[q].normal for q in active]
    offsets = [[rows[q].offset] for q in active]
    if not active:
        point, multipliers = [ZERO] * dim, []
    elif norm == 2:
        matrix = fmpq_mat([list(row) for row in normals])
        try:
            dual = (matrix * matrix.transpose()).solve(fmpq_mat([[-row[0]] for row in offsets]))
        except ZeroDivisionError:
            return None
        multipliers = dual.entries()
        point = [-v for v in (matrix.transpose() * dual).entries()]
    else:
        columns, target = _frame(near, norm)
        if len(columns) != len(active):
            return None
        # In the coordinates of the face of the ball that `near` lies in.
        reduced = fmpq_mat([[sum((s * row[k] for k, s in column), ZERO) for column in columns] for row in normals])
        try:
            inside = reduced.solve(fmpq_mat(offsets)).entries()
            multipliers = reduced.transpose().solve(fmpq_mat([[-v] for v in target])).entries()
        except ZeroDivisionError:
            return None
        point = [ZERO] * dim
        for value, column in zip(inside, columns, strict=True):
            for k, s in column:
                point[k] = s * value
    if any(v < 0 for v in multipliers) or _violated(rows, point) >= 0:
        return None
    power = power_of(point, norm)
    if norm != 2 and not _is_dual_optimal(normals, multipliers, offsets, power, dim, norm):
        return None
    return ExactNearest(point, power)


def _frame(near: Floats, norm: float) -> tuple[list[list[tuple[int, int]]], list[int]]:
    """Coordinates on the face of a ball that a point lies in, as signed sums of axes, and how the norm depends on them.

    Norm 1: the coordinates that are not 0. Norm inf: those that are not the greatest ones, and last the size of these.
    """
    size = np.abs(near)
    signs = np.where(near > 0, 1, -1).tolist()
    if norm == 1:
        support = np.flatnonzero(size > CLOSE * size.max(initial=0.0)).tolist()
        return [[(k, 1)] for k in support], [signs[k] for k in support]
    top = size >= (1 - CLOSE) * size.max(initial=0.0)
    free = np.flatnonzero(~top).tolist()
    greatest = [(k, signs[k]) for k in np.flatnonzero(top).tolist()]
    return [*([(k, 1)] for k in free), greatest], [0] * len(free) + [1]


def _is_dual_optimal(
    normals: list[Sequence[fmpq]], multipliers: Vector, offsets: list[Vector], power: fmpq, dim: int, norm: float
) -> bool:
    """Whether nonnegative multipliers prove that no point is nearer: by their value, with a dual norm of 1 at most."""
    total = [dot([row[k] for row in normals], multipliers) for k in range(dim)]
    value = -dot([row[0] for row in offsets], multipliers)
    return bool(value == power and power_of(total, 1.0 if norm == inf else inf) <= 1)


def _project(rows: Sequence[Halfspace], dim: int) -> ExactNearest | None:
    """The method of Goldfarb and Idnani: violated rows come in one by one, rows of negative multipliers leave."""
    point, active, dual = [ZERO] * dim, list[int](), list[fmpq]()
    while (q := _violated(rows, point)) >= 0:
        entering, added = list(rows[q].normal), ZERO
        while True:
            normals = [list(rows[i].normal) for i in active]
            shares = _shares(normals, entering)
            rest = [v - dot(shares, [row[k] for row in normals]) for k, v in enumerate(entering)]
            excess, length = dot(entering, point) - rows[q].offset, dot(rest, rest)
            step, leaving = min(((dual[i] / v, i) for i, v in enumerate(shares) if v > 0), default=(ZERO, -1))
            if length and (leaving < 0 or excess <= step * length):
                step, leaving = excess / length, -1
            elif leaving < 0:
                return None
            point = [v - step * r for v, r in zip(point, rest, strict=True)]
            dual = [v - step * s for v, s in zip(dual, shares, strict=True)]
            added += step
            if leaving < 0:
                break
            del active[leaving], dual[leaving]
        active.append(q)
        dual.append(added)
    return ExactNearest(point, dot(point, point))


def _shares(normals: list[list[fmpq]], target: list[fmpq]) -> Vector:
    """The combination of independent vectors that is nearest to another one."""
    if not normals:
        return []
    matrix = fmpq_mat(normals)
    gram = matrix * matrix.transpose()
    return gram.solve(matrix * fmpq_mat([[v] for v in target])).entries()


def _by_programs(rows: Sequence[Halfspace], dim: int, norm: float) -> ExactNearest | None:
    """The nearest point in the norms 1 and inf: a program for how far out to look, then one for the point."""
    cone = [Halfspace([*row.normal, -row.offset], ZERO) for row in rows]
    some = maximize([ZERO] * dim + [ONE], cone, [-ONE] * dim + [ZERO], [ONE] * (dim + 1))
    if some is None or some.value <= 0:
        return None
    reach = max((abs(v) for v in some.point[:dim]), default=ZERO) / some.value + 1
    n = 2 * dim if norm == 1 else dim + 1
    if norm == 1:
        # Positive and negative parts.
        lifted = [Halfspace([*row.normal, *(-v for v in row.normal)], row.offset) for row in rows]
        objective, lower, upper = [-ONE] * n, [ZERO] * n, [dim * reach] * n
    else:
        lifted = [Halfspace([*row.normal, ZERO], row.offset) for row in rows]
        for k in range(dim):
            axis = [fmpq(int(i == k)) for i in range(dim)]
            lifted += [Halfspace([*axis, -ONE], ZERO), Halfspace([*(-v for v in axis), -ONE], ZERO)]
        objective, lower, upper = [ZERO] * dim + [-ONE], [-reach] * dim + [ZERO], [reach] * n
    best = maximize(objective, lifted, lower, upper)
    assert best is not None  # `some` is such a point
    point = best.point[:dim]
    if norm == 1:
        point = [u - v for u, v in zip(point, best.point[dim:], strict=True)]
    return ExactNearest(point, power_of(point, norm))

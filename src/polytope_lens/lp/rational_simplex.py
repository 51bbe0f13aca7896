"""Linear programs in rational arithmetic: the judge that the float kernel's proposals go to.

A dual simplex method over a box: the corner of the box that is best for the objective is dual feasible, and every
pivot admits one violated halfspace. Bland's rule on both choices makes it finite in the presence of ties.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import mul
from typing import TYPE_CHECKING

from flint import fmpq, fmpq_mat

from polytope_lens.arithmetic.rational import dot, integers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flint import fmpz

    Vector = Sequence[fmpq]


ONE = fmpq(1)


@dataclass(frozen=True, slots=True)
class Halfspace:
    """``normal . x <= offset``."""

    normal: Vector
    offset: fmpq


@dataclass(frozen=True, slots=True)
class Optimum:
    """A vertex at which the maximum is attained.

    ``basis`` are the d halfspaces that meet in ``point``: index 0 ... d-1 upper sides of the box, d ... 2d-1 lower
    sides, then the rows in their order. ``multipliers`` belong to them and are nonnegative.
    """

    value: fmpq
    point: list[fmpq]
    basis: list[int]
    multipliers: list[fmpq]


def maximize(
    objective: Vector,
    rows: Sequence[Halfspace],
    lower: Vector,
    upper: Vector,
    *,
    start: Sequence[int] | None = None,
) -> Optimum | None:
    """Maximum of ``objective . x`` over the box and the rows, or None where they have no common point.

    `start` may name a basis that is likely to be optimal, numbered as in `Optimum`; it changes the cost, not the
    answer. Exact. Cost: d^2 + m d rational operations per pivot.
    """
    d = len(objective)
    proposed = None if start is None else _dual_feasible(objective, rows, lower, upper, start)
    if proposed is not None and start is not None:
        basis = list(start)
        inverse, dual, point = proposed
    else:
        basis = [k if objective[k] >= 0 else d + k for k in range(d)]
        dual = [abs(c) for c in objective]
        inverse = [[fmpq(0)] * d for _ in range(d)]
        for k in range(d):
            inverse[k][k] = fmpq(1 if basis[k] < d else -1)
        point = [upper[k] if basis[k] < d else lower[k] for k in range(d)]
    whole: list[list[fmpz]] = []
    while True:
        entering, normal, gap = _first_violated(point, rows, whole, lower, upper)
        if entering < 0:
            return Optimum(dot(objective, point), point, basis, dual)
        alpha = _product(normal, inverse)
        # A program that does not end at once looks at its rows again and again, which takes a quarter in integers.
        whole = whole or [integers([*row.normal, -row.offset]) for row in rows]
        ratios = [(dual[i] / alpha[i], basis[i], i) for i in range(d) if alpha[i] > 0]
        if not ratios:
            return None
        step, _, leaving = min(ratios)
        for i in range(d):
            if i != leaving:
                dual[i] -= step * alpha[i]
        dual[leaving] = step
        basis[leaving] = entering
        # Much of an inverse is zero: a side of the box in the basis is one number.
        others = [(i, a) for i, a in enumerate(alpha) if a and i != leaving]
        for k, row in enumerate(inverse):
            if row[leaving]:
                new = row[leaving] / alpha[leaving]
                for i, a in others:
                    row[i] -= a * new
                row[leaving] = new
                point[k] += gap * new


def _product(vector: Vector, matrix: Sequence[Vector]) -> list[fmpq]:
    """``vector @ matrix`` of square matrices, much of which is zero."""
    found = [fmpq(0)] * len(vector)
    for factor, row in zip(vector, matrix, strict=True):
        if factor:
            for i, v in enumerate(row):
                if v:
                    found[i] += factor * v
    return found


def _dual_feasible(
    objective: Vector, rows: Sequence[Halfspace], lower: Vector, upper: Vector, basis: Sequence[int]
) -> tuple[list[list[fmpq]], list[fmpq], list[fmpq]] | None:
    """Inverse, multipliers and vertex of a basis, or None if it is singular or a multiplier is negative."""
    d = len(objective)
    normals, offsets = [], []
    for q in basis:
        if q < 2 * d:
            normals.append([fmpq((1 if q < d else -1) * int(i == q % d)) for i in range(d)])
            offsets.append(upper[q] if q < d else -lower[q - d])
        elif q < 2 * d + len(rows):
            normals.append(list(rows[q - 2 * d].normal))
            offsets.append(rows[q - 2 * d].offset)
        else:
            return None
    try:
        inverse = fmpq_mat(normals).inv()
    except ZeroDivisionError:
        return None
    dual = (fmpq_mat([list(objective)]) * inverse).entries()
    if any(y < 0 for y in dual):
        return None
    return inverse.tolist(), dual, (inverse * fmpq_mat([[v] for v in offsets])).entries()


def _first_violated(
    point: Vector, rows: Sequence[Halfspace], whole: Sequence[Sequence[fmpz]], lower: Vector, upper: Vector
) -> tuple[int, list[fmpq], fmpq]:
    """Least index of a violated halfspace with its normal and (negative) slack, or -1.

    `whole` are the rows ``[a, -b]`` times whatever makes them integers, if they are known.
    """
    d = len(point)
    for k in range(d):
        if point[k] > upper[k]:
            return k, [fmpq(int(i == k)) for i in range(d)], upper[k] - point[k]
    for k in range(d):
        if point[k] < lower[k]:
            return d + k, [fmpq(-int(i == k)) for i in range(d)], point[k] - lower[k]
    if whole:
        at = integers([*point, ONE])
        violated = (q for q, row in enumerate(whole) if sum(map(mul, row, at)) > 0)
    else:
        violated = (q for q, row in enumerate(rows) if dot(row.normal, point) > row.offset)
    if (q := next(violated, -1)) < 0:
        return -1, [], fmpq(0)
    return 2 * d + q, list(rows[q].normal), rows[q].offset - dot(rows[q].normal, point)

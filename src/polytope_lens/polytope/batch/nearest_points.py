"""The points of polytopes that are nearest to the origin, by quadratic programs in floats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._compiled.jit import inlined, jit
from polytope_lens.lp.pivoting import VIOLATED

if TYPE_CHECKING:
    from polytope_lens._types import Floats


# Less than this share of a length is no new direction; it steers the method and decides nothing.
PARALLEL = 2.0**-20
# Changes of the active rows, for each dimension, after which the method gives up.
EXHAUSTED = 20


def nearest_points(
    normals: Floats, slack: Floats, d: int | None = None, limit: float = np.inf
) -> tuple[Floats, Floats]:
    """Distances from the origin to n polytopes ``{w : normals @ w <= slack}``, and multipliers of their rows.

    Parameters
    ----------
    normals, slack : (n, m, d) and (n, m) arrays
    d : int, optional
        Only the first d numbers of each row are its normal.
    limit : float
        Of polytopes that are farther away, only that they are is of interest; what is said of them is that of some of
        their halfspaces which are.

    Returns
    -------
    distance, multipliers : (n,) and (n, m) arrays
        Rounded. The nearest point is ``-multipliers @ normals``, with multipliers >= 0. Where the method gives up, the
        distance is that of some of the halfspaces, hence too small. It does so for an empty polytope; the multipliers
        are then those of a combination ``multipliers @ normals`` of about 0, ``multipliers @ slack < 0``, which shows
        that it is empty.

    Notes
    -----
    Cost: a product of the normals with a vector for each row that takes part, which are d at most in the end.
    """
    n, m, width = normals.shape
    d = width if d is None else d
    multipliers, distance = np.zeros((n, m)), np.zeros(n)
    columns, lengths = np.zeros((d, m)), np.zeros(m)
    w, dual, turn, unit = np.zeros((4, d))
    basis, triangle = np.zeros((2, d, d))
    active, excess = np.zeros(d, dtype=np.int64), np.zeros(m)
    rows = np.ascontiguousarray(normals), np.ascontiguousarray(slack)
    work = columns, lengths, w, active, dual, basis, triangle, turn, unit, excess
    project(*rows, multipliers, distance, *work, limit * limit)
    return distance, multipliers


@jit
def project(
    normals: Any, slack: Any, multipliers: Any, distance: Any, columns: Any, length: Any, w: Any, active: Any,
    dual: Any, basis: Any, triangle: Any, turn: Any, unit: Any, excess_of: Any,
    most: float,
) -> None:  # pragma: no cover - compiled  # fmt: skip
    """A dual method: violated rows are taken in one by one, those whose multipliers would turn negative are let go.

    The normals of the active rows are kept as orthonormal vectors times a triangle. All rows are gone through column by
    column, many at once, which compiled code does several times as fast.
    Source: Goldfarb and Idnani 1983, *A numerically stable dual method for solving strictly convex quadratic programs*.
    """
    d, m = columns.shape
    for r in range(normals.shape[0]):
        rows, free = normals[r], slack[r]
        for q in range(m):
            multipliers[r, q] = 0.0
            square = 0.0
            for k in range(d):
                columns[k, q] = rows[q, k]
                square += rows[q, k] * rows[q, k]
            length[q] = square**0.5
        for k in range(d):
            w[k] = 0.0
        count, changes = 0, 0
        while changes < EXHAUSTED * (d + 1):
            # The row that is violated most, by its length.
            worst, entering, size = 0.0, -1, 0.0
            reach = 0.0
            for q in range(m):
                excess_of[q] = -free[q]
            for k in range(d):
                at = w[k]
                reach += abs(at)
                for q in range(m):
                    excess_of[q] += columns[k, q] * at
            for q in range(m):
                excess = excess_of[q]
                if (
                    excess > worst * length[q]
                    and length[q] > 0.0
                    and excess > VIOLATED * (length[q] * reach + abs(free[q]))
                ):
                    worst = excess / length[q]
                    entering = q
                    size = length[q]
            if entering < 0:
                break
            for i in range(count):
                if active[i] == entering:
                    entering = -1
            if entering < 0:
                break
            added, entered = 0.0, False
            while not entered and changes < EXHAUSTED * (d + 1):
                changes += 1
                # What the entering normal has in common with the active ones, and the rest of it.
                for k in range(d):
                    unit[k] = rows[entering, k] / size
                for i in range(count):
                    turn[i] = 0.0
                # Twice, so that the rest is at right angles to them also where it is small.
                for _ in range(2):
                    for i in range(count):
                        share = 0.0
                        for k in range(d):
                            share += basis[i, k] * unit[k]
                        for k in range(d):
                            unit[k] -= share * basis[i, k]
                        turn[i] += share
                rest = 0.0
                for k in range(d):
                    rest += unit[k] * unit[k]
                # As a combination of the active normals.
                for i in range(count - 1, -1, -1):
                    dual[i] = turn[i]
                    for j in range(i + 1, count):
                        dual[i] -= triangle[i, j] * dual[j]
                    dual[i] /= triangle[i, i]
                step, leaving = 1e300, -1
                for i in range(count):
                    if dual[i] > 0.0 and multipliers[r, active[i]] < step * dual[i]:
                        step = multipliers[r, active[i]] / dual[i]
                        leaving = i
                if rest > PARALLEL * PARALLEL and count < d:
                    excess = -free[entering]
                    for k in range(d):
                        excess += rows[entering, k] * w[k]
                    full = excess / size / rest
                    if full <= step:
                        step = full
                        leaving = -1
                        entered = True
                if not entered and leaving < 0:
                    # The entering normal and nonnegative multiples of active ones add up to nothing.
                    for i in range(count):
                        multipliers[r, active[i]] = max(-dual[i], 0.0)
                    multipliers[r, entering] = 1.0 / size
                    changes = EXHAUSTED * (d + 1)
                    break
                for k in range(d):
                    w[k] -= step * unit[k]
                for i in range(count):
                    multipliers[r, active[i]] = max(multipliers[r, active[i]] - step * dual[i], 0.0)
                added += step
                if entered:
                    root = rest**0.5
                    for k in range(d):
                        basis[count, k] = unit[k] / root
                    for i in range(count):
                        triangle[i, count] = turn[i]
                    triangle[count, count] = root
                    active[count] = entering
                    multipliers[r, entering] = added
                    count += 1
                    square = 0.0
                    for k in range(d):
                        square += w[k] * w[k]
                    if square > most:
                        changes = EXHAUSTED * (d + 1)
                else:
                    multipliers[r, active[leaving]] = 0.0
                    for i in range(leaving, count - 1):
                        active[i] = active[i + 1]
                    count -= 1
                    _let_go(leaving, count, basis, triangle)
        total = 0.0
        for k in range(d):
            total += w[k] * w[k]
        distance[r] = total**0.5
        # So far they belonged to normals of length 1.
        for i in range(count):
            square = 0.0
            for k in range(d):
                square += rows[active[i], k] * rows[active[i], k]
            multipliers[r, active[i]] /= square**0.5


@inlined
def _let_go(leaving: int, count: int, basis: Any, triangle: Any) -> None:  # pragma: no cover - compiled
    """Leave out a normal, so that `count` remain: rows are rotated until the triangle is one again (Givens)."""
    d = basis.shape[1]
    for j in range(leaving, count):
        for i in range(j + 2):
            triangle[i, j] = triangle[i, j + 1]
    for i in range(leaving, count):
        a, b = triangle[i, i], triangle[i + 1, i]
        size = (a * a + b * b) ** 0.5
        c, s = a / size, b / size
        triangle[i, i] = size
        triangle[i + 1, i] = 0.0
        for j in range(i + 1, count):
            a, b = triangle[i, j], triangle[i + 1, j]
            triangle[i, j] = c * a + s * b
            triangle[i + 1, j] = c * b - s * a
        for k in range(d):
            a, b = basis[i, k], basis[i + 1, k]
            basis[i, k] = c * a + s * b
            basis[i + 1, k] = c * b - s * a

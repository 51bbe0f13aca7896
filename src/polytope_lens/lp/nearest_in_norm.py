"""The points of polytopes that are nearest to the origin in the norms 1 and inf, by linear programs in floats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._compiled.jit import inlined, jit
from polytope_lens.lp.highs import propose_maximum
from polytope_lens.lp.pivoting import EXHAUSTED, TINY_PIVOT, VIOLATED

if TYPE_CHECKING:
    from polytope_lens._types import Floats


# A matrix of rows of length 1 with such a pivot is not inverted.
SINGULAR = 2.0**-60


def nearest_in_norm(
    normals: Floats, slack: Floats, norm: float, *, hasty: bool = False
) -> tuple[Floats, Floats] | None:
    """Point of ``{w : normals @ w <= slack}`` that is nearest to the origin, and multipliers of the rows.

    Parameters
    ----------
    normals, slack : (m, d) and (m,) arrays
    norm : 1 or inf
    hasty : bool
        Whether to give up where HiGHS would have to be asked, which may take seconds.

    Returns
    -------
    w, multipliers : (d,) and (m,) arrays, or None where floats find none
        Rounded. The multipliers are nonnegative, and ``-multipliers @ slack`` is the distance: no point is nearer than
        that divided by the dual norm of ``multipliers @ normals``, which is about 1.

    Notes
    -----
    A dual simplex method. Of the d conditions that define a vertex, most say that a coordinate is 0 (norm 1), or is one
    of the greatest (norm inf); only the p rows that take part are kept as a matrix. Cost of a pivot: m d + p^3. Where
    it gives up, HiGHS is asked.
    """
    m, d = normals.shape
    length = np.linalg.norm(normals, axis=1)
    used = np.flatnonzero(length > 0)
    with np.errstate(all="ignore"):
        distance = -slack[used] / length[used]
    multipliers = np.zeros(m)
    if not used.size or not np.isfinite(distance).all():
        return None
    farthest = int(distance.argmax())
    unit = float(distance[farthest])
    if unit <= 0:
        return np.zeros(d), multipliers
    # Lengths are measured in units of the distance of the farthest hyperplane.
    rows, offset = normals[used] / length[used, None], -distance / unit
    n, w, dual = min(len(used), d + 1), np.zeros(d), np.zeros(len(used))
    sets = np.zeros(n + 1, dtype=np.int64), np.zeros(n + 1, dtype=np.int64), np.zeros(d, dtype=np.int8)
    work = np.zeros(d), np.zeros((n + 1, n + 1)), np.zeros((n + 1, n + 1)), np.zeros(n + 1), np.zeros(n + 1)
    if not _descend(rows, offset, norm == np.inf, farthest, *sets, w, dual, *work, np.zeros(d), np.zeros(d)):
        found = None if hasty else _propose(rows, offset, norm)
        if found is None:
            return None
        w, dual = found
    multipliers[used] = np.maximum(dual, 0.0) / length[used]
    return w * unit, multipliers


def _propose(rows: Floats, offset: Floats, norm: float) -> tuple[Floats, Floats] | None:
    """The same by HiGHS: with positive and negative parts of w for norm 1, with a bound on all of them for norm inf."""
    m, d = rows.shape
    if norm == 1:
        ball, lifted, objective = -np.eye(2 * d), np.column_stack([rows, -rows]), np.full(2 * d, -1.0)
    else:
        sides = np.vstack([np.eye(d), -np.eye(d)])
        ball, lifted = np.column_stack([sides, np.full(2 * d, -1.0)]), np.column_stack([rows, np.zeros(m)])
        objective = -np.eye(d + 1)[-1]
    found = propose_maximum(objective, np.vstack([ball, lifted]), np.concatenate([np.zeros(len(ball)), offset]))
    if found is None:
        return None
    point, dual = found
    return (point[:d] - point[d:] if norm == 1 else point[:d]), dual[len(ball) :]


@jit
def _descend(
    rows: Any, offset: Any, is_inf: Any, farthest: Any, active: Any, free: Any, is_free: Any, w: Any, multipliers: Any,
    sign: Any, matrix: Any, inverse: Any, dual: Any, change: Any, reduced: Any, gain: Any,
) -> bool:  # pragma: no cover - compiled  # fmt: skip
    """From a point that is the nearest one of too few rows; each pivot admits the condition that is violated most.

    Norm inf: coordinates that are not free are ``sign * t``, with t the distance, and ``sign`` the signs of these.
    Norm 1: those that are not free are 0, and ``sign`` has the signs of those that are. Stationary are the free ones,
    and t; ``reduced = dual @ rows[active]`` is their part in it, and ``gain`` how fast that changes.
    """
    m, d = rows.shape
    p, f = 0, 0
    if is_inf:
        active[0] = farthest
        p = 1
        for k in range(d):
            sign[k] = -1.0 if rows[farthest, k] > 0.0 else 1.0
    for _ in range(EXHAUSTED):
        n = f + 1 if is_inf else f
        if n != p or not _invert(rows, is_inf, active, free, is_free, sign, p, f, matrix, inverse):
            return False
        for k in range(d):
            w[k] = 0.0
            reduced[k] = 0.0
        t = 0.0
        for j in range(n):
            value = 0.0
            for i in range(p):
                value += inverse[j, i] * offset[active[i]]
            if j < f:
                w[free[j]] = value
            else:
                t = value
        for i in range(p):
            value = -inverse[f, i] if is_inf else 0.0
            if not is_inf:
                for j in range(f):
                    value -= sign[free[j]] * inverse[j, i]
            dual[i] = max(value, 0.0)
            for k in range(d):
                reduced[k] += dual[i] * rows[active[i], k]
        if is_inf:
            for k in range(d):
                if is_free[k] == 0:
                    w[k] = sign[k] * t
        # The condition that is violated most: a row, or one on a free coordinate.
        worst, entering, side = VIOLATED, -1, -1
        for q in range(m):
            excess = -offset[q]
            for k in range(d):
                excess += rows[q, k] * w[k]
            if excess > worst:
                worst = excess
                entering = q
        for j in range(f):
            excess = abs(w[free[j]]) - t if is_inf else -sign[free[j]] * w[free[j]]
            if excess > worst:
                worst = excess
                side = j
        if entering < 0 and side < 0:
            for i in range(p):
                multipliers[active[i]] = dual[i]
            return True
        # How the multipliers change with that of the entering condition.
        turn = 0.0
        if side >= 0:
            turn = 1.0 if (w[free[side]] > 0.0) == is_inf else -1.0
            if not is_inf:
                turn = -sign[free[side]]
        total = 0.0
        if side < 0 and is_inf:
            for k in range(d):
                if is_free[k] == 0:
                    total += sign[k] * rows[entering, k]
        for k in range(d):
            gain[k] = rows[entering, k] if side < 0 else 0.0
        for i in range(p):
            value = 0.0
            if side >= 0:
                value = -turn * inverse[side, i]
                if is_inf:
                    value += inverse[f, i]
            else:
                for j in range(f):
                    value -= rows[entering, free[j]] * inverse[j, i]
                if is_inf:
                    value -= total * inverse[f, i]
            change[i] = value
            for k in range(d):
                gain[k] += value * rows[active[i], k]
        # Of several that leave at once, the one with the greatest pivot.
        step, leaving, coordinate, pivot = 1e300, -1, -1, 0.0
        for i in range(p):
            rate = -change[i]
            if rate > TINY_PIVOT and (dual[i] < step * rate or (dual[i] == step * rate and rate > pivot)):
                step = dual[i] / rate
                leaving = i
                pivot = rate
        for k in range(d):
            if is_free[k] == 0:
                rate = sign[k] * gain[k] if is_inf else abs(gain[k])
                if rate > TINY_PIVOT:
                    if is_inf:
                        room = max(-sign[k] * reduced[k], 0.0)
                    else:
                        room = max(1.0 - reduced[k] if gain[k] > 0.0 else 1.0 + reduced[k], 0.0)
                    if room < step * rate or (room == step * rate and rate > pivot):
                        step = room / rate
                        leaving = -1
                        coordinate = k
                        pivot = rate
        if side >= 0 and not is_inf and step >= 2.0:
            # Through zero and on to the other sign.
            sign[free[side]] = -sign[free[side]]
            continue
        if leaving < 0 and coordinate < 0:
            return False
        if side >= 0:
            k = free[side]
            is_free[k] = 0
            if is_inf:
                sign[k] = turn
            free[side] = free[f - 1]
            f -= 1
        if leaving >= 0:
            active[leaving] = active[p - 1]
            p -= 1
        else:
            if not is_inf:
                sign[coordinate] = -1.0 if gain[coordinate] > 0.0 else 1.0
            is_free[coordinate] = 1
            free[f] = coordinate
            f += 1
        if side < 0:
            active[p] = entering
            p += 1
        if p >= matrix.shape[0]:
            return False
    return False


@inlined
def _invert(
    rows: Any, is_inf: Any, active: Any, free: Any, is_free: Any, sign: Any, p: Any, f: Any, matrix: Any, inverse: Any
) -> bool:  # pragma: no cover - compiled
    """The active rows in the coordinates that are free, and t; inverted with partial pivoting."""
    for i in range(p):
        for j in range(f):
            matrix[i, j] = rows[active[i], free[j]]
        if is_inf:
            total = 0.0
            for k in range(rows.shape[1]):
                if is_free[k] == 0:
                    total += sign[k] * rows[active[i], k]
            matrix[i, f] = total
        for j in range(p):
            inverse[i, j] = 1.0 if i == j else 0.0
    for c in range(p):
        best = c
        for i in range(c + 1, p):
            if abs(matrix[i, c]) > abs(matrix[best, c]):
                best = i
        pivot = matrix[best, c]
        if abs(pivot) < SINGULAR:
            return False
        for j in range(p):
            matrix[c, j], matrix[best, j] = matrix[best, j], matrix[c, j]
            inverse[c, j], inverse[best, j] = inverse[best, j], inverse[c, j]
        for j in range(p):
            matrix[c, j] /= pivot
            inverse[c, j] /= pivot
        for i in range(p):
            share = matrix[i, c]
            if i != c and share != 0.0:
                for j in range(p):
                    matrix[i, j] -= share * matrix[c, j]
                    inverse[i, j] -= share * inverse[c, j]
    return True

"""A walk along the edges of a polytope to the vertex that is farthest in the direction of a row.

It is a primal simplex method, so it may go on from where the walk for another row ended. The polytope is seen from a
point inside, ``h . v <= 1`` as in `redundancy`. Where the walk meets a row that is not known to be a facet, the
point a little farther along the edge violates this row alone, unless others are met there, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._compiled.jit import inlined
from polytope_lens.lp.pivoting import EXHAUSTED, PATIENCE, TINY_PIVOT, exchange, times
from polytope_lens.polytope.batch.ray_shooting import shoot
from polytope_lens.polytope.batch.statuses import CONSTANT, OPEN, REDUNDANT

if TYPE_CHECKING:
    from polytope_lens._types import Floats, Ints


class Climb(NamedTuple):
    """Where the walk is: ``v``, the rows or sides of the box that meet there, their inverse, and ``h . v`` of all rows.

    Below 0, the basis holds sides of the box, -1 - k; and below -d, -1 - d - k for a coordinate that has not been moved
    yet: the walk starts in the middle. The rest is room for sums.
    """

    basis: Ints
    inverse: Floats
    v: Floats
    value: Floats
    gain: Floats
    size: Floats
    way: Floats
    rate: Floats
    speed: Floats


def room(m: int, d: int) -> Climb:
    """Workspace for polytopes of m rows in d coordinates."""
    return Climb(
        np.zeros(d, np.int64), np.zeros((d, d)), np.zeros(d), np.zeros(m), *np.zeros((3, d)), *np.zeros((2, m))
    )


@inlined
def start(climb: Climb) -> None:  # pragma: no cover - compiled
    """Go back to the middle."""
    d = climb.v.shape[0]
    for k in range(d):
        climb.basis[k] = -1 - d - k
        climb.v[k] = 0.0
        for i in range(d):
            climb.inverse[k, i] = 1.0 if i == k else 0.0
    for p in range(climb.value.shape[0]):
        climb.value[p] = 0.0


@inlined
def climb_towards(
    rows: Any,
    columns: Any,
    slack_bound: Any,
    length: Any,
    doubt: Any,
    extent: Any,
    far: float,
    known: Any,
    aims: Any,
    q: int,
    multiplier: Any,
    climb: Climb,
) -> Any:  # pragma: no cover - compiled
    """Whether the walk arrived at the farthest vertex in the direction of row q; its multipliers are then filled in.

    It ends before if row q is met and proved to be a facet.
    """
    m, d = rows.shape
    basis, inverse, v, value, gain, size, way, rate = (
        climb.basis, climb.inverse, climb.v, climb.value, climb.gain, climb.size, climb.way, climb.rate
    )  # fmt: skip
    own = 0.0
    for k in range(d):
        own += rows[q, k] * rows[q, k]
    for pivots in range(EXHAUSTED):
        # The edge on which the row grows fastest.
        for i in range(d):
            gain[i] = 0.0
            size[i] = 0.0
        for k in range(d):
            entry = rows[q, k]
            for i in range(d):
                gain[i] += entry * inverse[k, i]
                size[i] += inverse[k, i] * inverse[k, i]
        best, leaving = 0.0, -1
        for i in range(d):
            if gain[i] < 0.0 or basis[i] < -d:
                square = gain[i] * gain[i]
                if square > best * size[i] and square > TINY_PIVOT * TINY_PIVOT * own * size[i]:
                    best = square / size[i]
                    leaving = i
                    if pivots > PATIENCE + d:
                        break
        if leaving < 0:
            for i in range(d):
                multiplier[i] = max(gain[i], 0.0)
                if basis[i] == q:
                    return False
            return True
        turn = 1.0 if gain[leaving] > 0.0 else -1.0
        widest = 0.0
        for k in range(d):
            way[k] = turn * inverse[k, leaving]
            widest = max(widest, abs(way[k]))
        times(columns, way, rate)
        # What is met first, and next: all times, then the least, which is quicker than to decide row by row.
        time = climb.speed
        for p in range(m):
            is_met = rate[p] > TINY_PIVOT * length[p] * widest
            time[p] = max(1.0 - value[p], 0.0) / (rate[p] if is_met else 1.0) if is_met else np.inf
        step, following, entering = np.inf, np.inf, -1
        for p in range(m):
            t = time[p]
            if t < following and known[p] != CONSTANT and known[p] != REDUNDANT:
                if t < step:
                    following = step
                    step = t
                    entering = p
                else:
                    following = t
        for k in range(d):
            if abs(way[k]) > TINY_PIVOT * widest:
                wall = 2.0 * extent[k] if extent[k] < np.inf else far
                t = max(wall - v[k] if way[k] > 0.0 else wall + v[k], 0.0) / abs(way[k])
                if t < step:
                    following = step
                    step = t
                    entering = m + k
                elif t < following:
                    following = t
        if not step < np.inf:
            return False
        if entering < m and known[entering] == OPEN:
            beyond = 0.5 * (step + following) if following < 2.0 * step else 1.5 * step
            for k in range(d):
                gain[k] = v[k] + beyond * way[k]
            shoot(columns, slack_bound, length, doubt, known, aims, gain, climb.speed)
        for k in range(d):
            v[k] += step * way[k]
        for p in range(m):
            value[p] += step * rate[p]
        for i in range(d):
            gain[i] = 0.0
        if entering < m:
            for k in range(d):
                entry = rows[entering, k]
                for i in range(d):
                    gain[i] += entry * inverse[k, i]
            basis[leaving] = entering
        else:
            k = entering - m
            for i in range(d):
                gain[i] = inverse[k, i] if way[k] > 0.0 else -inverse[k, i]
            basis[leaving] = -1 - k
        if gain[leaving] == 0.0:
            return False
        exchange(inverse, gain, leaving)
        if known[q] != OPEN:
            return False
    return False

"""The walks and proofs of `redundancy` for one polytope, ``h . v <= 1``, its coordinates brought to one scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._compiled.jit import inlined, jit
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.lp.pivoting import EXHAUSTED, PATIENCE, TINY_PIVOT, VIOLATED, exchange
from polytope_lens.polytope.batch.edge_walk import Climb, climb_towards, start
from polytope_lens.polytope.batch.ray_shooting import shoot
from polytope_lens.polytope.batch.statuses import FACET, OPEN, REDUNDANT

if TYPE_CHECKING:
    from polytope_lens._types import Floats, Ints

# Farthest points are looked for in a box of this size where the polytope has no known extent, then in a larger one; the
# nearest rows are at distance about 1. It limits proposals, not answers. Its sides are nearer in coordinates that the
# row depends less on, by a factor of THIN at most, so that the first ray goes about along the row.
FAR, FARTHER = 2.0**24, 2.0**44
THIN = 2.0**-10
# Rays on which a row is looked for.
ATTEMPTS = 5


class RedundancyWork(NamedTuple):
    """The walk at hand: rows that meet in a vertex ``v`` (below 0: sides of the box), their multipliers and inverse.

    The rest is room for sums.
    """

    basis: Ints
    multiplier: Floats
    inverse: Floats
    v: Floats
    aim: Floats
    alpha: Floats
    size: Floats
    charge: Floats
    total: Floats
    rest: Floats
    speed: Floats


def redundancy_work(m: int, d: int) -> RedundancyWork:
    """Room for a walk among m rows in d coordinates."""
    v, aim, alpha, size, charge, total, rest = np.zeros((7, d))
    return RedundancyWork(
        np.zeros(d, np.int64), np.zeros(d), np.zeros((d, d)), v, aim, alpha, size, charge, total, rest, np.zeros(m)
    )


@jit
def prove_one(
    rows: Any,
    columns: Any,
    length: Any,
    doubt: Any,
    scale: Any,
    bound: Any,
    slack_bound: Any,
    extent: Any,
    central: Any,
    aims: Any,
    known: Any,
    work: RedundancyWork,
    climb: Climb,
) -> None:  # pragma: no cover - compiled
    """Decide the open rows of one polytope, scaled."""
    start(climb)
    for q in range(rows.shape[0]):
        if known[q] == OPEN and climb_towards(
            rows, columns, slack_bound, length, doubt, extent, FAR, known, aims, q, work.multiplier, climb
        ):
            for i in range(rows.shape[1]):
                work.basis[i] = climb.basis[i]
                for k in range(rows.shape[1]):
                    work.inverse[k, i] = climb.inverse[k, i]
            if _is_implied(rows, bound, slack_bound, extent, central, q, work):
                known[q] = REDUNDANT
    far, news = FAR, True
    while news:
        # Again in the larger box, and then while new facets may help with rows passed by.
        news = far < FARTHER
        for q in range(rows.shape[0]):
            if known[q] != OPEN:
                continue
            while True:
                arrived, found = _walk(
                    rows, columns, slack_bound, length, doubt, scale, extent, far, known, aims, q, work
                )
                news = news or found
                if not arrived:
                    break
                if _is_implied(rows, bound, slack_bound, extent, central, q, work):
                    known[q] = REDUNDANT
                    break
                if not _new_facet(rows, columns, slack_bound, length, doubt, known, aims, q, work):
                    break
                news = True
                if known[q] != OPEN:
                    break
        far = FARTHER


@inlined
def _walk(
    rows: Any,
    columns: Any,
    slack_bound: Any,
    length: Any,
    doubt: Any,
    scale: Any,
    extent: Any,
    far: float,
    known: Any,
    aims: Any,
    q: int,
    work: RedundancyWork,
) -> Any:  # pragma: no cover - compiled
    """Walk to the vertex of the facets found so far that is farthest in the direction of row q: a dual simplex method.

    It starts at a corner of the box and takes in the facet that is farthest violated. Facets that are met first on the
    way to one of its stops are noted, and it ends if row q is one of them. Returns whether it arrived at the vertex,
    and whether it found facets.
    """
    d = rows.shape[1]
    basis, multiplier, inverse, v, alpha, size = (
        work.basis, work.multiplier, work.inverse, work.v, work.alpha, work.size
    )  # fmt: skip
    greatest = UNDERFLOW_GUARD
    for k in range(d):
        greatest = max(greatest, abs(rows[q, k]))
    for k in range(d):
        turn = 1.0 if rows[q, k] >= 0.0 else -1.0
        basis[k] = -1 - k
        multiplier[k] = abs(rows[q, k])
        v[k] = turn * (2.0 * extent[k] if extent[k] < np.inf else far * max(multiplier[k] / greatest, THIN))
        for i in range(d):
            inverse[k, i] = turn if i == k else 0.0
    news = False
    for pivots in range(EXHAUSTED):
        hit = shoot(columns, slack_bound, length, doubt, known, aims, v, work.speed)
        if hit == q:
            return False, True
        news = news or hit >= 0
        entering, excess, farthest = -1, 0.0, 0.0
        for p in range(rows.shape[0]):
            if known[p] == FACET and (work.speed[p] - 1.0) * scale[p] > farthest:
                value, terms = -1.0, 1.0
                for k in range(d):
                    value += rows[p, k] * v[k]
                    terms += abs(rows[p, k] * v[k])
                if value > VIOLATED * terms:
                    excess = value
                    farthest = (work.speed[p] - 1.0) * scale[p]
                    entering = p
                    if pivots > PATIENCE + d:
                        break
        if entering < 0:
            return True, news
        for i in range(d):
            alpha[i] = 0.0
            size[i] = 0.0
        for k in range(d):
            entry = rows[entering, k]
            for i in range(d):
                term = entry * inverse[k, i]
                alpha[i] += term
                size[i] += abs(term)
        leaving, step = -1, np.inf
        for i in range(d):
            if alpha[i] > TINY_PIVOT * size[i]:
                ratio = multiplier[i] / alpha[i]
                if ratio < step or (pivots > PATIENCE + d and ratio == step and basis[i] < basis[leaving]):
                    step = ratio
                    leaving = i
        if leaving < 0:
            return False, news
        for i in range(d):
            multiplier[i] -= step * alpha[i]
        multiplier[leaving] = step
        basis[leaving] = entering
        exchange(inverse, alpha, leaving)
        for k in range(d):
            v[k] -= excess * inverse[k, leaving]
    return False, news


@inlined
def _is_implied(
    rows: Any, bound: Any, slack_bound: Any, extent: Any, central: Any, q: int, work: RedundancyWork
) -> Any:  # pragma: no cover - compiled
    """Whether the multipliers at hand prove that row q is implied and no facet.

    What their combination leaves over is charged at the extent of the polytope (Neumaier and Shcherbina 2004, *Safe
    bounds in linear and mixed-integer linear programming*). Where that is too much, or infinite, nothing may be left
    over: the exact multipliers are then enclosed (Rump 2010, *Verification methods*, section 10) and must be positive.
    They need not add up to less than 1 if all rows concerned pass through one point.
    """
    d = rows.shape[1]
    basis, multiplier, rest, size, charge = work.basis, work.multiplier, work.rest, work.size, work.charge
    unit = (d + 4) * UNIT_ROUNDOFF
    total, right, is_cone, complete = 0.0, 0.0, central[q] and d > 1, True
    for k in range(d):
        rest[k], size[k], charge[k] = rows[q, k], abs(rows[q, k]), bound[q, k]
    for i in range(d):
        if basis[i] < 0 or not multiplier[i] > 0.0:
            multiplier[i] = 0.0
            complete = False
            continue
        total += multiplier[i]
        is_cone = is_cone and central[basis[i]]
        right += multiplier[i] * slack_bound[basis[i]]
        for k in range(d):
            term = multiplier[i] * rows[basis[i], k]
            rest[k] -= term
            size[k] += abs(term)
            charge[k] += multiplier[i] * bound[basis[i], k]
    gap = 1.0 - total - slack_bound[q] - right * BOUND_SLACK - 2 * unit * (1.0 + total)
    if not gap > 0.0 and not is_cone:
        return False
    charged, bounded = 0.0, True
    for k in range(d):
        rest[k] = (abs(rest[k]) + unit * size[k] + charge[k]) * BOUND_SLACK + UNDERFLOW_GUARD
        charged += rest[k] * extent[k]
        bounded = bounded and extent[k] < np.inf
    if bounded and gap > charged * BOUND_SLACK:
        return True
    if not complete:
        return False
    distance = _multiplier_error(rows, bound, work)
    for i in range(d):
        if not multiplier[i] > distance:
            return False
        gap -= distance * (1.0 + slack_bound[basis[i]]) * BOUND_SLACK
    return is_cone or gap > unit


@inlined
def _multiplier_error(rows: Any, bound: Any, work: RedundancyWork) -> Any:  # pragma: no cover - compiled
    """A bound on how far the multipliers at hand are from those that leave nothing over; infinite if there is none.

    Where ``|I - inverse @ B| <= c < 1``, in the norm of row sums, it is ``|inverse @ rest| / (1 - c)``.
    """
    d = rows.shape[1]
    basis, inverse = work.basis, work.inverse
    entry, size, charge, row_sum = work.alpha, work.size, work.charge, work.total
    unit = (d + 4) * UNIT_ROUNDOFF
    for i in range(d):
        row_sum[i] = 0.0
    for j in range(d):
        p = basis[j]
        for i in range(d):
            entry[i], size[i], charge[i] = 1.0 if i == j else 0.0, 1.0, 0.0
        for k in range(d):
            value, doubt = rows[p, k], bound[p, k]
            for i in range(d):
                term = inverse[k, i] * value
                entry[i] -= term
                size[i] += abs(term)
                charge[i] += abs(inverse[k, i]) * doubt
        for i in range(d):
            row_sum[i] += abs(entry[i]) + unit * size[i] + charge[i]
    contraction, distance = 0.0, UNDERFLOW_GUARD
    for i in range(d):
        entry[i] = 0.0
    for k in range(d):
        for i in range(d):
            entry[i] += abs(inverse[k, i]) * work.rest[k]
    for i in range(d):
        if not (row_sum[i] < 0.5 and entry[i] < np.inf):
            return np.inf
        contraction = max(contraction, row_sum[i] * BOUND_SLACK)
        distance = max(distance, entry[i] * BOUND_SLACK)
    return distance / (1.0 - contraction) * BOUND_SLACK


@inlined
def _new_facet(
    rows: Any,
    columns: Any,
    slack_bound: Any,
    length: Any,
    doubt: Any,
    known: Any,
    aims: Any,
    q: int,
    work: RedundancyWork,
) -> Any:  # pragma: no cover - compiled
    """Whether an open row is proved to be the first on a ray near the vertex at hand; it is then marked."""
    d = rows.shape[1]
    for k in range(d):
        work.aim[k] = work.v[k]
    for attempt in range(ATTEMPTS):
        for k in range(d):
            # Where the ray to the vertex meets several rows at once, others may not: that along row q, and tilted ones.
            tilt = 2.0 ** (-3 * attempt) * (((k + 1) * (attempt + 1) * 0.618) % 1.0 - 0.5)
            work.v[k] = rows[q, k] if attempt == 1 else work.aim[k] * (1.0 + (tilt if attempt > 1 else 0.0))
        if shoot(columns, slack_bound, length, doubt, known, aims, work.v, work.speed) >= 0:
            return True
    return False

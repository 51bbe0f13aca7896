"""Which rows of many small polytopes are facets, in floats, wherever floats can prove it.

A polytope is seen from a point inside it: its rows are ``h . v <= 1``, where v runs from that point (the polar rows).
The floats h come with bounds on their error, and so do the right-hand sides.

- A row is a facet if some point violates it and satisfies all others strictly: on the way to that point, it is the only
  one that is met. So no other row defines the same facet.
- A row is none if it is a combination of others with nonnegative multipliers that add up to less than 1. Then it does
  not even touch the polytope. Where all rows pass through one point, as those of networks without biases do, they add
  up to 1; then two of them must be positive.

Proposals for both come from one walk along the edges of the polytope (:mod:`.edge_walk`), from row to row: each facet
that it meets shows itself a little farther along the edge, and where it ends without having met the row, its
multipliers say that the row is implied. What that leaves open is tried again by Clarkson's method (1994, *More output-
sensitive geometric algorithms*, section 3): the farthest point of the facets found so far in the direction of a row is
either a proof that the row is implied, or the aim of a ray that meets a new facet first. Facets far out are looked for
by quadratic programs. What cannot be proved, above all ties, is left open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._compiled.jit import inlined, jit, pays
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.lp.pivoting import EXHAUSTED, PATIENCE, TINY_PIVOT, VIOLATED, exchange
from polytope_lens.polytope.batch import large
from polytope_lens.polytope.batch.edge_walk import Climb, climb_towards, room, start
from polytope_lens.polytope.batch.nearest_points import nearest_points, project
from polytope_lens.polytope.batch.outer_polytope import narrow
from polytope_lens.polytope.batch.ray_shooting import shoot
from polytope_lens.polytope.batch.statuses import FACET, OPEN, REDUNDANT

if TYPE_CHECKING:
    from polytope_lens._types import Bools, Floats, Ints, Statuses


# Farthest points are looked for in a box of this size where the polytope has no known extent, then in a larger one; the
# nearest rows are at distance about 1. It limits proposals, not answers. Its sides are nearer in coordinates that the
# row depends less on, by a factor of THIN at most, so that the first ray goes about along the row.
FAR, FARTHER = 2.0**24, 2.0**44
THIN = 2.0**-10
# Rays on which a row is looked for.
ATTEMPTS = 5
# Polytopes with so many numbers are left to :mod:`.large`; what it leaves open is not walked to in those of so many.
LARGE, VAST = 2**15, 2**17
# What a row takes in rational arithmetic, in seconds, and in addition for each number of its polytope; roughly.
RATIONAL_ROW, RATIONAL_NUMBER = 1e-3, 1e-6


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


def prove_redundancy(
    polar: Floats,
    error: Floats,
    slack_error: Floats,
    extent: Floats,
    central: Bools,
    status: Statuses,
    aims: Floats | None = None,
    *,
    hasty: bool = False,
    walked: bool = False,
) -> None:
    """Decide the open rows of n polytopes, as far as floats can.

    Parameters
    ----------
    polar : (n, m, d) array
        Rows h of ``{v : h . v <= 1}``.
    error : (n, m, d) array
        Bound on the error of each number of `polar`.
    slack_error : (n, m) array
        Bound on the error of each right-hand side.
    extent : (n, d) array
        Bound on ``|v_k|`` in each polytope; infinite where there is none.
    central : (n, m) bool array
        Which rows are known to pass through one common point, in each polytope.
    status : (n, m) int8 array
        OPEN, CONSTANT for rows to pass over, or what is known already; FACET and REDUNDANT are filled in, where proved.
    aims : (n, m, d) array, optional
        For each row found to be a facet, a point beyond it that violates no other row is filled in.
    hasty : bool
        Whether to do without compiled code, and to leave rows open for which it is needed.
    walked : bool
        Whether walks have left open what is open, as those of :func:`.prove_seen`.

    Notes
    -----
    Cost: some products of the matrix of rows with a vector for each row, about 7 with 10 coordinates and 64 rows.
    """
    n, m, d = polar.shape
    if not m:
        return
    # A power of two for each coordinate, so that the greatest entry is about 1; exact, but for numbers that underflow.
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        greatest = np.where(np.isfinite(polar), np.abs(polar), 0.0).max(axis=1)
        exponent = np.where(greatest > 0, np.frexp(greatest)[1], 0)[:, None, :]
        scaled = np.ldexp(polar, -exponent)
        bound = np.ldexp(error, -exponent) + UNDERFLOW_GUARD * ((polar != 0) | (error != 0))
        reach = np.ldexp(extent, exponent[:, 0, :]) * BOUND_SLACK + UNDERFLOW_GUARD
    known = status.copy(order="C")
    points = np.empty((n, 0, d)) if aims is None else np.zeros(polar.shape)
    if m * d < LARGE and not hasty:
        _prove_scaled(scaled, bound, slack_error, reach, central, known, points, walked)
    else:
        for r in range(n):
            one = large.Polar(scaled[r], bound[r], slack_error[r], reach[r], central[r])
            _prove_large(one, known[r], points[r], hasty)
    if aims is not None:
        fresh = (known == FACET) & (status != FACET)
        with np.errstate(over="ignore", under="ignore"):
            aims[fresh] = np.ldexp(points, -exponent)[fresh]
    status[...] = known


def pays_to_walk(m: int, d: int) -> bool:
    """Whether to walk for m rows in d coordinates, which rational arithmetic could decide, see :func:`.jit.pays`."""
    return pays((_prove,), m * (RATIONAL_ROW + RATIONAL_NUMBER * m * d))


def _prove_large(polar: large.Polar, status: Statuses, aims: Floats, hasty: bool) -> None:
    """Rows of one large polytope: from outside, by aiming, then by quadratic programs and by walking."""
    narrow(polar, status, aims)
    small = large.reduced(polar, status)
    some, known = polar.part(small.rows, small.coordinates), status[small.rows]
    points = aims[np.ix_(small.rows, small.coordinates)] if len(aims) else np.empty((0, len(small.coordinates)))
    large.aim(some, known, points)
    m, d = some.rows.shape
    if not hasty:
        if m * d >= LARGE:
            large.solve(some, known, points)
        if m * d < VAST and (known == OPEN).any():
            _prove_scaled(
                some.rows[None], some.error[None], some.slack_error[None], some.extent[None], some.central[None],
                known[None], points[None],
            )  # fmt: skip
    large.put_back(polar, small, known, status, aims, points)


def redundancy_work(m: int, d: int) -> RedundancyWork:
    """Room for a walk among m rows in d coordinates."""
    v, aim, alpha, size, charge, total, rest = np.zeros((7, d))
    return RedundancyWork(
        np.zeros(d, np.int64), np.zeros(d), np.zeros((d, d)), v, aim, alpha, size, charge, total, rest, np.zeros(m)
    )


def _prove_scaled(
    rows: Floats, error: Floats, slack_error: Floats, extent: Floats, central: Bools, known: Statuses, aims: Floats,
    walked: bool = False,
) -> None:  # fmt: skip
    """Rows of small polytopes, scaled: by walking, and by rays to infinity."""
    _, m, d = rows.shape
    # One layout for all, so that there is one compiled version.
    columns = np.ascontiguousarray(rows.transpose(0, 2, 1))
    length, doubt = np.abs(rows).sum(axis=2), error.sum(axis=2)
    with np.errstate(divide="ignore", over="ignore", under="ignore", invalid="ignore"):
        # Distances beyond a row are its excess times this.
        scale = 1.0 / np.sqrt(np.einsum("nmk,nmk->nm", rows, rows))
    arrays = (rows, columns, length, doubt, scale, error, slack_error, extent, central, aims)
    if not walked:
        _prove(*map(np.ascontiguousarray, arrays), known, redundancy_work(m, d), room(m, d))
    _prove_at_infinity(rows, columns, slack_error, length, doubt, extent, aims, known)


def _prove_at_infinity(
    rows: Floats,
    columns: Floats,
    slack_error: Floats,
    length: Floats,
    doubt: Floats,
    extent: Floats,
    aims: Floats,
    known: Statuses,
) -> None:
    """Find facets that lie too far out for walks: open rows that are met by a ray that no other row meets.

    Such are the rows of neurons with tiny weights, in unbounded polytopes. The ray is along the shortest vector with a
    scalar product of at least 1 with the row, and of at most -1 with all others, rows taken at length 1.
    """
    r, q = np.nonzero((known == OPEN) & ~np.isfinite(extent).all(axis=1, keepdims=True))
    if not r.size or not pays((project, _shoot), len(r) * RATIONAL_ROW):
        return
    with np.errstate(all="ignore"):
        size = np.sqrt(np.einsum("nmk,nmk->nm", rows[r], rows[r]))
        unit = np.nan_to_num(rows[r] / size[:, :, None], posinf=0.0, neginf=0.0)
    unit[np.arange(len(r)), q] *= -1.0
    _, multipliers = nearest_points(unit, np.full(size.shape, -1.0))
    rays = -np.einsum("nm,nmk->nk", multipliers, unit)
    _shoot(columns, slack_error, length, doubt, aims, known, r, rays, np.zeros(rows.shape[1]))


@jit
def _shoot(
    columns: Any, slack_error: Any, length: Any, doubt: Any, aims: Any, known: Any, at: Any, rays: Any, speed: Any
) -> None:  # pragma: no cover - compiled
    for i in range(len(at)):
        r = at[i]
        shoot(columns[r], slack_error[r], length[r], doubt[r], known[r], aims[r], rays[i], speed)


@jit
def _prove(
    polar: Any,
    columns: Any,
    length: Any,
    doubt: Any,
    scale: Any,
    error: Any,
    slack_error: Any,
    extent: Any,
    central: Any,
    aims: Any,
    status: Any,
    work: RedundancyWork,
    climb: Climb,
) -> None:  # pragma: no cover - compiled
    for r in range(polar.shape[0]):
        prove_one(
            polar[r], columns[r], length[r], doubt[r], scale[r], error[r], slack_error[r], extent[r], central[r],
            aims[r], status[r], work, climb,
        )  # fmt: skip


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

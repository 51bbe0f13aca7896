"""Which rows of many small polytopes are facets, in floats, wherever floats can prove it.

A polytope is seen from a point inside it: its rows are ``h . v <= 1``, where v runs from that point (the polar rows).
The floats h come with bounds on their error, and so do the right-hand sides.

- A row is a facet if some point violates it and satisfies all others strictly: on the way to that point, it is the only
  one that is met. So no other row defines the same facet.
- A row is none if it is a combination of others with nonnegative multipliers that add up to less than 1. Then it does
  not even touch the polytope. Where all rows pass through one point, as those of networks without biases do, they add
  up to 1; then two of them must be positive.

Clarkson's method (1994, *More output-sensitive geometric algorithms*, section 3) proposes both: the farthest point of
the facets found so far in the direction of a row is either a proof that the row is implied, or the aim of a ray that
meets a new facet first. What cannot be proved, above all ties, is left open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._jit import inlined, jit
from polytope_lens.exact.signs import UNDERFLOW_GUARD, UNIT_ROUNDOFF

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]
    Statuses = NDArray[np.int8]

# What is known of a row. IMPLIED ones are no facets; FLAT ones say nothing about x.
OPEN, FACET, IMPLIED, FLAT = 0, 1, 2, 3
# Bounds are sums of positive terms: each addition errs by a factor 1 + 2**-53, and there are less than 2**20.
BOUND_SLACK = 1 + 2.0**-30
# Farthest points are looked for in a box of this size where the polytope has no known extent, then in one of the second
# size; the nearest rows are at distance about 1. It limits proposals, not answers.
FAR, FARTHER = 2.0**24, 2.0**44
# A sum that is less than this part of its terms' sizes steers no walk; it takes part in proofs all the same.
FLAT_PIVOT, FLAT_GAP = 2.0**-36, 2.0**-40
# After so many pivots a walk takes Bland's rule, which cannot cycle; after the second number it gives up.
PATIENCE, EXHAUSTED = 30, 1000
# Rays on which a row is looked for.
ATTEMPTS = 5


class Work(NamedTuple):
    """The walk at hand: rows that meet in a vertex ``v`` (below 0: sides of the box), their multipliers and inverse."""

    basis: Ints
    multiplier: Floats
    inverse: Floats
    v: Floats
    aim: Floats
    alpha: Floats
    rest: Floats
    found: Ints


def prove_facets(
    polar: Floats, error: Floats, slack_error: Floats, extent: Floats, central: Bools, status: Statuses
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
        OPEN, FLAT for rows to pass over, or what is known already; FACET and IMPLIED are filled in, where proved.

    Notes
    -----
    Cost: about one small linear program for each row, of 1 to 10 microseconds in few dimensions.
    """
    _, m, d = polar.shape
    if not m:
        return
    # A power of two for each coordinate, so that the greatest entry is about 1; exact, but for numbers that underflow.
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        greatest = np.where(np.isfinite(polar), np.abs(polar), 0.0).max(axis=1)
        exponent = np.where(greatest > 0, np.frexp(greatest)[1], 0)[:, None, :]
        scaled = np.ldexp(polar, -exponent)
        bound = np.ldexp(error, -exponent) + UNDERFLOW_GUARD * ((polar != 0) | (error != 0))
        reach = np.ldexp(extent, exponent[:, 0, :]) * BOUND_SLACK + UNDERFLOW_GUARD
    work = Work(
        np.zeros(d, np.int64),
        np.zeros(d),
        np.zeros((d, d)),
        np.zeros(d),
        np.zeros(d),
        np.zeros(d),
        np.zeros(d),
        np.zeros(m, np.int64),
    )
    # One layout for all, so that there is one compiled version.
    known = np.ascontiguousarray(status)
    _prove(*map(np.ascontiguousarray, (scaled, bound, slack_error, reach, central)), known, work)
    status[...] = known


@jit
def _prove(
    polar: Any, error: Any, slack_error: Any, extent: Any, central: Any, status: Any, work: Work
) -> None:  # pragma: no cover - compiled
    for r in range(polar.shape[0]):
        rows, bound, slack_bound, known = polar[r], error[r], slack_error[r], status[r]
        n_found = 0
        for q in range(rows.shape[0]):
            if known[q] == FACET:
                work.found[n_found] = q
                n_found += 1
        before, far = -1, FAR
        while n_found > before:
            # Again in the larger box, and then while new facets may help with rows passed by.
            before = n_found if far > FAR else -1
            for q in range(rows.shape[0]):
                while known[q] == OPEN:
                    if not _farthest(rows, extent[r], far, q, n_found, work):
                        break
                    if _is_implied(rows, bound, slack_bound, extent[r], central[r], q, work):
                        known[q] = IMPLIED
                        break
                    hit = _new_facet(rows, bound, slack_bound, known, q, work)
                    if hit < 0:
                        break
                    known[hit] = FACET
                    work.found[n_found] = hit
                    n_found += 1
            far = FARTHER


@inlined
def _farthest(
    rows: Any, extent: Any, far: float, q: int, n_found: int, work: Work
) -> Any:  # pragma: no cover - compiled
    """Walk to the vertex of the facets found so far that is farthest in the direction of row q: a dual simplex method.

    It starts at a corner of the box and takes in the row that is violated most.
    """
    d = rows.shape[1]
    basis, multiplier, inverse, v, alpha = work.basis, work.multiplier, work.inverse, work.v, work.alpha
    for k in range(d):
        turn = 1.0 if rows[q, k] >= 0.0 else -1.0
        basis[k] = -1 - k
        multiplier[k] = abs(rows[q, k])
        v[k] = turn * (2.0 * extent[k] if extent[k] < np.inf else far)
        for i in range(d):
            inverse[k, i] = turn if i == k else 0.0
    for pivots in range(EXHAUSTED):
        entering, excess = -1, 0.0
        for i in range(n_found):
            p = work.found[i]
            value, size = -1.0, 1.0
            for k in range(d):
                value += rows[p, k] * v[k]
                size += abs(rows[p, k] * v[k])
            if value > excess and value > FLAT_GAP * size:
                excess = value
                entering = p
                if pivots > PATIENCE:
                    break
        if entering < 0:
            return True
        leaving, step = -1, np.inf
        for i in range(d):
            alpha[i], size = 0.0, 0.0
            for k in range(d):
                alpha[i] += rows[entering, k] * inverse[k, i]
                size += abs(rows[entering, k] * inverse[k, i])
            if alpha[i] > FLAT_PIVOT * size:
                ratio = multiplier[i] / alpha[i]
                if ratio < step or (pivots > PATIENCE and ratio == step and basis[i] < basis[leaving]):
                    step = ratio
                    leaving = i
        if leaving < 0:
            return False
        for i in range(d):
            if i != leaving:
                multiplier[i] -= step * alpha[i]
        multiplier[leaving] = step
        basis[leaving] = entering
        for k in range(d):
            new = inverse[k, leaving] / alpha[leaving]
            for i in range(d):
                if i != leaving:
                    inverse[k, i] -= alpha[i] * new
            inverse[k, leaving] = new
            v[k] -= excess * new
    return False


@inlined
def _is_implied(
    rows: Any, bound: Any, slack_bound: Any, extent: Any, central: Any, q: int, work: Work
) -> Any:  # pragma: no cover - compiled
    """Whether the multipliers at hand prove that row q is implied and no facet.

    What their combination leaves over is charged at the extent of the polytope (Neumaier and Shcherbina 2004, *Safe
    bounds in linear and mixed-integer linear programming*). Where that is too much, or infinite, nothing may be left
    over: the exact multipliers are then enclosed (Rump 2010, *Verification methods*, section 10) and must be positive.
    They need not add up to less than 1 if all rows concerned pass through one point.
    """
    d = rows.shape[1]
    basis, multiplier, inverse, rest = work.basis, work.multiplier, work.inverse, work.rest
    unit = (d + 4) * UNIT_ROUNDOFF
    total, right, is_cone = 0.0, 0.0, central[q] and d > 1
    for i in range(d):
        if basis[i] < 0 or not multiplier[i] > 0.0:
            multiplier[i] = 0.0
            continue
        total += multiplier[i]
        is_cone = is_cone and central[basis[i]]
        right += multiplier[i] * slack_bound[basis[i]]
    gap = 1.0 - total - slack_bound[q] - right * BOUND_SLACK - 2 * unit * (1.0 + total)
    if not gap > 0.0 and not is_cone:
        return False
    charge, bounded = 0.0, True
    for k in range(d):
        left, size, inherited = rows[q, k], abs(rows[q, k]), bound[q, k]
        for i in range(d):
            if multiplier[i] > 0.0:
                term = multiplier[i] * rows[basis[i], k]
                left -= term
                size += abs(term)
                inherited += multiplier[i] * bound[basis[i], k]
        rest[k] = (abs(left) + unit * size + inherited) * BOUND_SLACK + UNDERFLOW_GUARD
        charge += rest[k] * extent[k]
        bounded = bounded and extent[k] < np.inf
    if bounded and gap > charge * BOUND_SLACK:
        return True
    contraction, distance = 0.0, UNDERFLOW_GUARD
    for i in range(d):
        if basis[i] < 0:
            return False
        row_sum, moved = 0.0, 0.0
        for j in range(d):
            entry, size, inherited = 1.0 if i == j else 0.0, 1.0, 0.0
            for k in range(d):
                term = inverse[k, i] * rows[basis[j], k]
                entry -= term
                size += abs(term)
                inherited += abs(inverse[k, i]) * bound[basis[j], k]
            row_sum += abs(entry) + unit * size + inherited
        for k in range(d):
            moved += abs(inverse[k, i]) * rest[k]
        if not (row_sum < 0.5 and moved < np.inf):
            return False
        contraction = max(contraction, row_sum * BOUND_SLACK)
        distance = max(distance, moved * BOUND_SLACK)
    distance = distance / (1.0 - contraction) * BOUND_SLACK
    for i in range(d):
        if not multiplier[i] > distance:
            return False
        gap -= distance * (1.0 + slack_bound[basis[i]]) * BOUND_SLACK
    return is_cone or gap > unit


@inlined
def _new_facet(
    rows: Any, bound: Any, slack_bound: Any, known: Any, q: int, work: Work
) -> Any:  # pragma: no cover - compiled
    """An open row that is proved to be the first on a ray: through the vertex at hand, or nearby; or -1."""
    d = rows.shape[1]
    for k in range(d):
        work.aim[k] = work.v[k]
    for attempt in range(ATTEMPTS):
        for k in range(d):
            # Where the ray to the vertex meets several rows at once, others may not: that along row q, and tilted ones.
            tilt = 2.0 ** (-3 * attempt) * (((k + 1) * (attempt + 1) * 0.618) % 1.0 - 0.5)
            work.v[k] = rows[q, k] if attempt == 1 else work.aim[k] * (1.0 + (tilt if attempt > 1 else 0.0))
        hit = _first_hit(rows, bound, slack_bound, known, work)
        if hit >= 0 and known[hit] == OPEN:
            return hit
    return -1


@inlined
def _first_hit(rows: Any, bound: Any, slack_bound: Any, known: Any, work: Work) -> int:  # pragma: no cover - compiled
    """The row that a ray through the vertex at hand meets first, if proved to be met before all others; or -1."""
    m, d = rows.shape
    v = work.v
    unit = (d + 4) * UNIT_ROUNDOFF
    best, second, hit = 0.0, 0.0, -1
    for q in range(m):
        if known[q] == FLAT:
            continue
        speed = 0.0
        for k in range(d):
            speed += rows[q, k] * v[k]
        if speed > best:
            second = best
            best = speed
            hit = q
        elif speed > second:
            second = speed
    if hit < 0:
        return -1
    # A point between the first row met and the second.
    t = 2.0 / (best + second)
    for k in range(d):
        v[k] *= t
    for q in range(m):
        if known[q] == FLAT:
            continue
        value, size, charge = 0.0, 1.0, slack_bound[q]
        for k in range(d):
            term = rows[q, k] * v[k]
            value += term
            size += abs(term)
            charge += bound[q, k] * abs(v[k])
        charge = (charge + unit * size) * BOUND_SLACK + UNDERFLOW_GUARD
        if q == hit:
            if not value - 1.0 > charge:
                return -1
        elif not 1.0 - value > charge:
            return -1
    return hit

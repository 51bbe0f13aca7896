"""The affine function that is nearest to given values at points, in the maximum norm, for many groups of points.

An exchange method, which is the simplex method for the dual program: d + 2 points are fitted with one deviation, in
turn above and below as their affine dependence says; the point that deviates most takes the place of one of them, and
the deviation grows until no point deviates more. It is a lower bound on what any affine function has to deviate on
these points, and the greatest deviation of all points an upper one.

Source: Stiefel 1958, *Numerical methods of Tschebyscheff approximation*, in *On Numerical Approximation*, Madison.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from polytope_lens._compiled.jit import inlined, jit
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.lp.pivoting import TINY_PIVOT, VIOLATED

if TYPE_CHECKING:
    from polytope_lens._types import Floats, Ints

# Exchanges after which a fit is left as it is.
MOST_STEPS = 200


class KnownValues(NamedTuple):
    """Points with values: (n, d), and (out, n); bounds on how far each is from the exact one, (n,) and (out, n)."""

    points: Floats
    doubt: Floats
    values: Floats
    value_doubt: Floats


class Groups(NamedTuple):
    """Ragged lists of points: group i has those in ``members[indptr[i]:indptr[i + 1]]``."""

    members: Ints
    indptr: Ints


class Enough(NamedTuple):
    """When a fit may end early: the deviation is proved to be at most `below`, or has to be more than `above`."""

    below: float
    above: float


class Fits(NamedTuple):
    """What is found for each of n groups.

    Parameters
    ----------
    worst : (n,) array
        Greatest deviation of the fitted functions from the exact values at the exact points: a proved upper bound.
    level : (n,) array
        About the least deviation that any affine function has on the points of `reference`; no proof.
    output, reference : (n,) and (n, d + 2) int arrays
        Of the output with the greatest level, and the points that show it.
    maps : (n, out, d + 1) array
        The functions, about the first point of the group: ``A (x - first) + b``.
    """

    worst: Floats
    level: Floats
    output: Ints
    reference: Ints
    maps: Floats


class FitWork(NamedTuple):
    """Room for one fit: (d + 2, d + 3), then (d + 2,) each, then (d, d); for a proof, (d + 1, d + 1) too."""

    system: Floats
    weights: Floats
    entering: Floats
    signs: Floats
    solution: Floats
    chosen: Ints
    axes: Floats
    inverse: Floats


@jit
def fit_groups(
    samples: KnownValues, groups: Groups, enough: Enough, fits: Fits, work: FitWork
) -> None:  # pragma: no cover - compiled
    """Fit each group, output by output."""
    for g in range(groups.indptr.shape[0] - 1):
        fits.worst[g] = 0.0
        fits.level[g] = -1.0
        for output in range(samples.values.shape[0]):
            _fit(samples, groups, g, output, enough, fits, work)
            if fits.level[g] > enough.above:
                break


@inlined
def _coordinate(samples: KnownValues, origin: int, i: int, k: int) -> Any:  # pragma: no cover - compiled
    """Of a point with a last coordinate 1, as seen from the first point of the group."""
    if k == samples.points.shape[1]:
        return 1.0
    return samples.points[i, k] - samples.points[origin, k]


@inlined
def _solve(system: Any, n: int, solution: Any) -> Any:  # pragma: no cover - compiled
    """Solve n equations in place, the right-hand sides in the last column; whether there was a pivot for each."""
    for k in range(n):
        best = k
        for i in range(k + 1, n):
            if abs(system[i, k]) > abs(system[best, k]):
                best = i
        if system[best, k] == 0.0:
            return False
        if best != k:
            for j in range(k, n + 1):
                system[k, j], system[best, j] = system[best, j], system[k, j]
        for i in range(k + 1, n):
            factor = system[i, k] / system[k, k]
            if factor != 0.0:
                for j in range(k, n + 1):
                    system[i, j] -= factor * system[k, j]
    for step in range(n):
        k = n - 1 - step
        total = system[k, n]
        for j in range(k + 1, n):
            total -= system[k, j] * solution[j]
        solution[k] = total / system[k, k]
    return True


@inlined
def _first_points(samples: KnownValues, groups: Groups, g: int, work: FitWork) -> Any:  # pragma: no cover - compiled
    """Choose d + 1 points, each the farthest from the span of those before; how many there are."""
    d = samples.points.shape[1]
    start, stop = groups.indptr[g], groups.indptr[g + 1]
    origin = groups.members[start]
    work.chosen[0] = origin
    for n in range(d):
        farthest, best = 0.0, -1
        for place in range(start, stop):
            i = groups.members[place]
            size = 0.0
            for k in range(d):
                size += _coordinate(samples, origin, i, k) ** 2
            for a in range(n):
                along = 0.0
                for k in range(d):
                    along += _coordinate(samples, origin, i, k) * work.axes[a, k]
                size -= along * along
            if size > farthest:
                farthest, best = size, i
        if best < 0:
            return n + 1
        work.chosen[n + 1] = best
        for k in range(d):
            work.axes[n, k] = _coordinate(samples, origin, best, k)
        for _ in range(2):
            for a in range(n):
                along = 0.0
                for k in range(d):
                    along += work.axes[n, k] * work.axes[a, k]
                for k in range(d):
                    work.axes[n, k] -= along * work.axes[a, k]
        length = 0.0
        for k in range(d):
            length += work.axes[n, k] ** 2
        if length == 0.0:
            return n + 1
        for k in range(d):
            work.axes[n, k] /= length**0.5
    return d + 1


@inlined
def _farthest(
    samples: KnownValues, groups: Groups, g: int, output: int, solution: Any
) -> Any:  # pragma: no cover - compiled
    """The point that deviates most from an affine function, by how much, and what is proved of all."""
    d = samples.points.shape[1]
    start, stop = groups.indptr[g], groups.indptr[g + 1]
    origin = groups.members[start]
    slope = 0.0
    for k in range(d):
        slope += abs(solution[k])
    unit = (2 * d + 8) * UNIT_ROUNDOFF
    most, entering, proved = -1.0, -1, 0.0
    for place in range(start, stop):
        i = groups.members[place]
        rest = samples.values[output, i] - solution[d]
        size = abs(samples.values[output, i]) + abs(solution[d])
        for k in range(d):
            x = _coordinate(samples, origin, i, k)
            rest -= solution[k] * x
            size += abs(solution[k] * x)
        if abs(rest) > most:
            most, entering = abs(rest), i
        bound = (
            abs(rest)
            + (unit * size + samples.value_doubt[output, i] + slope * (samples.doubt[i] + samples.doubt[origin]))
            * BOUND_SLACK
        )
        # Of numbers out of range, nothing is known.
        proved = max(proved, bound) if bound < float("inf") else float("inf")
    return most, entering, proved * (1.0 + 4.0 * UNIT_ROUNDOFF) + UNDERFLOW_GUARD


@inlined
def _fit(
    samples: KnownValues, groups: Groups, g: int, output: int, enough: Enough, fits: Fits, work: FitWork
) -> None:  # pragma: no cover - compiled
    d = samples.points.shape[1]
    m = d + 2
    origin = groups.members[groups.indptr[g]]
    n = _first_points(samples, groups, g, work)
    for k in range(m):
        work.solution[k] = 0.0
    if n == d + 1:
        for i in range(d + 1):
            for k in range(d + 1):
                work.system[i, k] = _coordinate(samples, origin, work.chosen[i], k)
            work.system[i, d + 1] = samples.values[output, work.chosen[i]]
        if not _solve(work.system, d + 1, work.solution):
            n = 0
    if n < d + 1:
        for k in range(d):
            work.solution[k] = 0.0
        work.solution[d] = samples.values[output, origin]
    most, entering, proved = _farthest(samples, groups, g, output, work.solution)
    level, known, lowest = 0.0, False, proved
    for k in range(d + 1):
        fits.maps[g, output, k] = work.solution[k]
    if n == d + 1 and proved > enough.below and _is_new(work.chosen, d + 1, entering):
        # The affine dependence of the first d + 2 points
        for k in range(d + 1):
            for i in range(d + 1):
                work.system[k, i] = _coordinate(samples, origin, work.chosen[i], k)
            work.system[k, d + 1] = _coordinate(samples, origin, entering, k)
        known = _solve(work.system, d + 1, work.weights)
        work.weights[d + 1] = -1.0
        work.chosen[d + 1] = entering
        total = 0.0
        for i in range(m):
            total += work.weights[i] * samples.values[output, work.chosen[i]]
        for i in range(m):
            work.signs[i] = 1.0 if (work.weights[i] > 0.0) == (total > 0.0) else -1.0
    step = 0
    while known and step < MOST_STEPS:
        step += 1
        # The function that deviates by the same amount at all of them, and how they depend on each other
        for i in range(m):
            for k in range(d + 1):
                work.system[i, k] = _coordinate(samples, origin, work.chosen[i], k)
            work.system[i, d + 1] = work.signs[i]
            work.system[i, m] = samples.values[output, work.chosen[i]]
        if not _solve(work.system, m, work.solution):
            break
        level = work.solution[d + 1]
        most, entering, proved = _farthest(samples, groups, g, output, work.solution)
        if proved < lowest:
            lowest = proved
            for k in range(d + 1):
                fits.maps[g, output, k] = work.solution[k]
        if lowest <= enough.below or level > enough.above or most <= level * (1.0 + VIOLATED):
            break
        if not _is_new(work.chosen, m, entering):
            break
        rest = samples.values[output, entering] - work.solution[d]
        for k in range(d):
            rest -= work.solution[k] * _coordinate(samples, origin, entering, k)
        sign = 1.0 if rest > 0.0 else -1.0
        for k in range(m):
            for i in range(m):
                work.system[k, i] = work.signs[i] * _coordinate(samples, origin, work.chosen[i], k) if k <= d else 1.0
            work.system[k, m] = 0.0 if k <= d else 1.0
        if not _solve(work.system, m, work.weights):
            break
        for k in range(m):
            for i in range(m):
                work.system[k, i] = work.signs[i] * _coordinate(samples, origin, work.chosen[i], k) if k <= d else 1.0
            work.system[k, m] = sign * _coordinate(samples, origin, entering, k) if k <= d else 1.0
        if not _solve(work.system, m, work.entering):
            break
        least, leaving = float("inf"), -1
        for i in range(m):
            if work.entering[i] > TINY_PIVOT:
                ratio = max(work.weights[i], 0.0) / work.entering[i]
                if ratio < least:
                    least, leaving = ratio, i
        if leaving < 0:
            break
        work.chosen[leaving] = entering
        work.signs[leaving] = sign
    fits.worst[g] = max(fits.worst[g], lowest)
    if level > fits.level[g]:
        fits.level[g] = level
        fits.output[g] = output
        for i in range(m):
            fits.reference[g, i] = work.chosen[i] if known else -1


@inlined
def _is_new(chosen: Any, n: int, entering: int) -> Any:  # pragma: no cover - compiled
    found = True
    for i in range(n):
        found = found and chosen[i] != entering
    return found


@jit
def prove_levels(
    samples: KnownValues, reference: Ints, output: Ints, level: Floats, work: FitWork
) -> None:  # pragma: no cover - compiled
    """Lower bounds on how much affine functions deviate at d + 2 points each; see `proved_levels`."""
    for n in range(reference.shape[0]):
        level[n] = 0.0
        if reference[n, reference.shape[1] - 1] >= 0:
            level[n] = max(_proved_level(samples, reference[n], output[n], work), 0.0)


@inlined
def _dependence(samples: KnownValues, reference: Any, lone: int, work: FitWork) -> Any:  # pragma: no cover - compiled
    """The points but one fill `system`, and that one in terms of them `weights`; whether that can be done."""
    d = samples.points.shape[1]
    for k in range(d + 1):
        at = 0
        for i in range(d + 2):
            x = _coordinate(samples, reference[0], reference[i], k)
            if i == lone:
                work.system[k, d + 1] = x
            else:
                work.system[k, at] = x
                at += 1
    return _solve(work.system, d + 1, work.weights)


@inlined
def _proved_level(
    samples: KnownValues, reference: Any, output: int, work: FitWork
) -> Any:  # pragma: no cover - compiled
    d = samples.points.shape[1]
    m = d + 2
    unit = (2 * d + 12) * UNIT_ROUNDOFF
    lone = m - 1
    if not _dependence(samples, reference, lone, work):
        return 0.0
    # All but the one whose weight is greatest are farthest from lying in a plane.
    greatest, other = 1.0, lone
    for i in range(m - 1):
        if abs(work.weights[i]) > greatest:
            greatest, other = abs(work.weights[i]), i
    if other != lone:
        lone = other
        if not _dependence(samples, reference, lone, work):
            return 0.0
    size = 1.0
    for i in range(m - 1):
        size += abs(work.weights[i])
    # How the points depend on each other, in their own order
    for step in range(m):
        i = m - 1 - step
        if i > lone:
            work.entering[i] = work.weights[i - 1] / size
        elif i < lone:
            work.entering[i] = work.weights[i] / size
    work.entering[lone] = -1.0 / size
    # The affine function that has their values at all points but one
    at = 0
    for i in range(m):
        if i != lone:
            for k in range(d + 1):
                work.system[at, k] = _coordinate(samples, reference[0], reference[i], k)
            work.system[at, d + 1] = samples.values[output, reference[i]]
            at += 1
    if not _solve(work.system, d + 1, work.solution):
        return 0.0
    slope = 0.0
    for k in range(d):
        slope += abs(work.solution[k])
    total, doubt, rest_most = 0.0, 0.0, 0.0
    for i in range(m):
        p = reference[i]
        rest = samples.values[output, p] - work.solution[d]
        terms = abs(samples.values[output, p]) + abs(work.solution[d])
        for k in range(d):
            product = work.solution[k] * _coordinate(samples, reference[0], p, k)
            rest -= product
            terms += abs(product)
        spread = unit * terms + samples.value_doubt[output, p] + slope * _moved(samples, reference, p)
        total += work.entering[i] * rest
        doubt += abs(work.entering[i]) * (spread + unit * abs(rest))
        rest_most = max(rest_most, abs(rest) + spread)
    # What the weights leave over
    left, moved = 0.0, 0.0
    for i in range(m):
        moved += abs(work.entering[i]) * _moved(samples, reference, reference[i])
    for k in range(d + 1):
        rest, terms = 0.0, 0.0
        for i in range(m):
            product = work.entering[i] * _coordinate(samples, reference[0], reference[i], k)
            rest += product
            terms += abs(product)
        left += abs(rest) + unit * terms + (moved if k < d else 0.0)
    norm = _inverse_norm(samples, reference, lone, work)
    lever = left * norm * BOUND_SLACK
    found = abs(total) - (doubt + lever * rest_most) * BOUND_SLACK
    # The sizes of the weights add up to 1 but for rounding.
    found = found / (1.0 + unit + lever) * (1.0 - unit) - UNDERFLOW_GUARD
    return found if found > 0.0 and found < float("inf") else 0.0


@inlined
def _moved(samples: KnownValues, reference: Any, p: int) -> Any:  # pragma: no cover - compiled
    """How far a point may be from the exact one as both are seen from the first point, the difference rounded."""
    far = 0.0
    for k in range(samples.points.shape[1]):
        far = max(far, abs(_coordinate(samples, reference[0], p, k)))
    return (samples.doubt[p] + samples.doubt[reference[0]] + UNIT_ROUNDOFF * far) * BOUND_SLACK


@inlined
def _inverse_norm(samples: KnownValues, reference: Any, lone: int, work: FitWork) -> Any:  # pragma: no cover - compiled
    """A bound on the greatest coefficient of an affine function that is at most 1 at all points but one.

    It is the norm of the inverse of their matrix M, at most ``|N| / (1 - |1 - N M|)`` for any N.
    """
    d = samples.points.shape[1]
    for column in range(d + 1):
        at = 0
        for i in range(d + 2):
            if i != lone:
                for k in range(d + 1):
                    work.system[at, k] = _coordinate(samples, reference[0], reference[i], k)
                work.system[at, d + 1] = 1.0 if at == column else 0.0
                at += 1
        if not _solve(work.system, d + 1, work.solution):
            return float("inf")
        for k in range(d + 1):
            work.inverse[k, column] = work.solution[k]
    unit = (2 * d + 12) * UNIT_ROUNDOFF
    norm, off = 0.0, 0.0
    for k in range(d + 1):
        size, apart, spread = 0.0, 0.0, 0.0
        for column in range(d + 1):
            total, terms = 0.0, 0.0
            at = 0
            for i in range(d + 2):
                if i != lone:
                    product = work.inverse[k, at] * _coordinate(samples, reference[0], reference[i], column)
                    total += product
                    terms += abs(product)
                    if column < d:
                        spread += abs(work.inverse[k, at]) * _moved(samples, reference, reference[i])
                    at += 1
            apart += abs(total - (1.0 if k == column else 0.0)) + unit * (terms + 1.0)
            size += abs(work.inverse[k, column])
        norm = max(norm, size)
        off = max(off, apart + spread)
    gap = 1.0 - off * BOUND_SLACK
    return norm / gap * BOUND_SLACK if gap > 0.0 else float("inf")

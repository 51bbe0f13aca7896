"""Walking along the edges of one cell, and proofs from where a walk ends.

The functions take the state of `split`, whose walk at hand is a vertex, the halfspaces that meet in it (its
basis), and the inverse of their normals. Where a cell has no vertex yet, coordinates stand in for halfspaces:
-1 - k in a basis says that the walk may leave in both directions of coordinate k, and then never comes back to it.

Unbounded cells. Rows, and bounds on their errors, are forms in ``[u; t]``: an error E holds where ``|u_k| <= reach[k]``
and t = 1, is a bound on the sum of the sizes of the errors of all entries, each times its reach, and so is ``spread(u)
E`` at any u. A charge on a sum of rows is such a bound, too. Where the cell is bounded by the box, the charge is paid
with the constant that is left; elsewhere with the multipliers (`_absorbs`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._compiled.bits import NOTHING, ONE, lowest_bit
from polytope_lens._compiled.jit import jit
from polytope_lens._compiled.simd import (
    LANES,
    add,
    divide,
    exceeding,
    fill,
    first_of,
    larger,
    least,
    load,
    multiply,
    multiply_add,
    size,
    store,
)
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.lp.pivoting import TINY_PIVOT

if TYPE_CHECKING:
    from polytope_lens.engines._kernels.packed_network import PackedNetwork

# Outcomes of a walk along edges
OPTIMAL, CROSSED, LOST = 0, 1, 2
LOWEST = np.uint64(255)
# A multiplier above minus this part of its row is no reason to leave a vertex: walks start near their ends.
TINY_DUAL = 2.0**-33
# Bland's rule, and the end, come later than in `pivoting`: what a walk gives up is asked in rational arithmetic.
PATIENCE, EXHAUSTED = 60, 2000


@jit
def refactor(s: Any, f: int) -> None:  # pragma: no cover - compiled
    """Inverse and vertex of a frame's basis from scratch, by Gauss-Jordan elimination with row pivoting."""
    k = s.frames.vertex.shape[1]
    a = s.walk.tableau
    for i in range(k):
        q = s.frames.basis[f, i]
        s.walk.after[i] = s.halfspaces.offset[q] if q >= 0 else s.frames.vertex[f, -1 - q]
        for j in range(k):
            a[i, j] = s.halfspaces.normal[j, q] if q >= 0 else (1.0 if j == -1 - q else 0.0)
            a[i, k + j] = 1.0 if i == j else 0.0
    for j in range(k):
        best = j
        for i in range(j + 1, k):
            if abs(a[i, j]) > abs(a[best, j]):
                best = i
        if best != j:
            for q in range(2 * k):
                a[j, q], a[best, q] = a[best, q], a[j, q]
        pivot = a[j, j]
        for q in range(2 * k):
            a[j, q] /= pivot
        for i in range(k):
            if i != j and a[i, j] != 0.0:
                factor = a[i, j]
                for q in range(2 * k):
                    a[i, q] -= factor * a[j, q]
    for i in range(k):
        total = 0.0
        for j in range(k):
            s.frames.inverse[f, i, j] = a[i, k + j]
            total += a[i, k + j] * s.walk.after[j]
        s.frames.vertex[f, i] = total


@jit
def start_walk(s: Any, f: int) -> None:  # pragma: no cover - compiled
    """Start the walk at hand from a frame's vertex."""
    for i in range(s.walk.vertex.shape[0]):
        s.walk.vertex[i] = s.frames.vertex[f, i]
        s.walk.basis[i] = s.frames.basis[f, i]
        for at in range(0, s.walk.inverse.shape[1], LANES):
            store(s.walk.inverse, (i, at), load(s.frames.inverse, (f, i, at)))


@jit
def _times_inverse(s: Any, row: Any, factor: float, to: Any) -> None:  # pragma: no cover - compiled
    """A row times the inverse at hand and a factor: how much the row grows along each edge."""
    for at in range(0, to.shape[0], LANES):
        sums = fill(0.0)
        for j in range(row.shape[0]):
            sums = multiply_add(load(s.walk.inverse, (j, at)), fill(factor * row[j]), sums)
        store(to, (at,), sums)


@jit
def value_at(row: Any, j: int, point: Any) -> Any:  # pragma: no cover - compiled
    k = point.shape[0]
    total = row[k, j]
    for i in range(k):
        total += row[i, j] * point[i]
    return total


@jit
def spread(net: PackedNetwork, point: Any) -> Any:  # pragma: no cover - compiled
    """How far beyond the reach of the error bounds a point is; 1 within."""
    most = 1.0
    for i in range(point.shape[0]):
        most = max(most, abs(point[i]) / net.reach[i] * BOUND_SLACK)
    return most


@jit
def descend(
    s: Any, n_rows: int, offset: float, side: float, cross: bool, beyond: float
) -> int:  # pragma: no cover - compiled
    """Walk along edges so that ``side * (gradient . u + offset)`` falls, until it is below ``-beyond`` or least.

    With `cross`, the walk ends on the hyperplane, which takes the place ``n_rows`` in the basis, and `after` holds the
    far end of the edge that was crossed, or a point well behind if it has none; without, it stops at the vertex before.
    """
    k = s.walk.vertex.shape[0]
    value = offset
    for i in range(k):
        value += s.walk.gradient[i] * s.walk.vertex[i]
    for pivots in range(EXHAUSTED):
        leaving = _falling_fastest(s, side)
        if pivots >= PATIENCE or not s.chart.is_bounded:
            leaving = _falling(s, pivots < PATIENCE)
        if leaving < 0:
            return OPTIMAL
        slope = side * s.walk.growth[leaving]
        if side * slope > 0.0:  # along a coordinate, whose direction is of no account
            slope = -slope
            for j in range(k):
                s.walk.inverse[j, leaving] = -s.walk.inverse[j, leaving]
        step, entering = _nearest(s, n_rows, leaving)
        following = value + step * slope
        if side * following < -beyond:
            if not cross:
                return CROSSED
            t = value / -slope
            if entering < 0:
                step = 2.0 * abs(t) + s.chart.unit
            for j in range(k):
                s.walk.after[j] = s.walk.vertex[j] - step * s.walk.inverse[j, leaving]
                s.walk.vertex[j] -= t * s.walk.inverse[j, leaving]
            _exchange(s, leaving, n_rows, s.walk.gradient)
            return CROSSED
        if entering < 0:
            return LOST
        for j in range(k):
            s.walk.vertex[j] -= step * s.walk.inverse[j, leaving]
        value = following
        for j in range(k):
            s.walk.entering[j] = s.halfspaces.normal[j, entering]
        _exchange(s, leaving, entering, s.walk.entering)
    return LOST


@jit
def _falling_fastest(s: Any, side: float) -> int:  # pragma: no cover - compiled
    """The edge along which the value falls fastest, -1 for none, if no coordinate stands in for a halfspace.

    How much it grows along each edge is written down.
    """
    best, leaving = -TINY_DUAL, -1
    for at in range(0, s.walk.growth.shape[0], LANES):
        growth = fill(0.0)
        for j in range(s.walk.gradient.shape[0]):
            growth = multiply_add(load(s.walk.inverse, (j, at)), fill(-side * s.walk.gradient[j]), growth)
        store(s.walk.growth, (at,), growth)
        lowest = least(growth)
        if lowest < best:
            best = lowest
            leaving = at + lowest_bit(~exceeding(growth, fill(lowest)))
    return leaving


@jit
def _falling(s: Any, fastest: bool) -> int:  # pragma: no cover - compiled
    """The same, or that of the halfspace that comes first; coordinates are left in both directions."""
    best, leaving = -TINY_DUAL, -1
    for i in range(s.walk.vertex.shape[0]):
        y = s.walk.growth[i]
        if s.walk.basis[i] < 0:
            y = -abs(y)
        if y < best:
            if fastest:
                best = y
                leaving = i
            elif leaving < 0 or s.walk.basis[i] < s.walk.basis[leaving]:
                leaving = i
    return leaving


# The same again for whoever asks seldom: with a third caller, `descend` is no longer compiled into the two that ask all
# the time, and `split` takes 4 % longer.
descend_seldom = jit(descend.py_func)


@jit
def _nearest(s: Any, n_rows: int, leaving: int) -> Any:  # pragma: no cover - compiled
    """How far an edge goes, and which of the first `n_rows` halfspaces ends it; -1 for none.

    Each lane keeps the nearest that it has seen as a fraction, slack over pace, and compares without dividing.
    """
    k = s.walk.vertex.shape[0]
    normals, offsets, inverse, vertex = s.halfspaces.normal, s.halfspaces.offset, s.walk.inverse, s.walk.vertex
    nothing = fill(0.0)
    least_slack, most_pace, where, place = fill(1.0), nothing, nothing, nothing
    for at in range(0, n_rows, LANES):
        pace, slack = nothing, load(offsets, (at,))
        for j in range(k):
            normal = load(normals, (j, at))
            pace = multiply_add(normal, fill(-inverse[j, leaving]), pace)
            slack = multiply_add(normal, fill(-vertex[j]), slack)
        slack = larger(slack, nothing, slack, nothing)
        pace = first_of(n_rows - at, larger(pace, fill(TINY_PIVOT), pace, nothing))
        mine, best = multiply(slack, most_pace), multiply(least_slack, pace)
        least_slack, most_pace = larger(best, mine, slack, least_slack), larger(best, mine, pace, most_pace)
        where = larger(best, mine, place, where)
        place = add(place, fill(float(LANES)))
    steps = divide(least_slack, most_pace)
    step, nearest = least(steps), -1
    if not step < np.inf:
        return np.inf, -1
    store(s.walk.octet, (0,), where)
    rest = LOWEST & ~exceeding(steps, fill(step))
    while rest != NOTHING:
        lane = lowest_bit(rest)
        rest &= rest - ONE
        row = int(s.walk.octet[lane]) + lane
        if nearest < 0 or row < nearest:
            nearest = row
    for i in range(k):
        if s.walk.basis[i] == nearest:
            return _nearest_other(s, n_rows, leaving)
    return step, nearest


@jit
def _nearest_other(s: Any, n_rows: int, leaving: int) -> Any:  # pragma: no cover - compiled
    """The same where rounding says that a halfspace of the basis ends the edge: one by one, without these."""
    k = s.walk.vertex.shape[0]
    step, nearest = np.inf, -1
    for row in range(n_rows):
        pace, slack, is_active = 0.0, s.halfspaces.offset[row], False
        for j in range(k):
            pace -= s.halfspaces.normal[j, row] * s.walk.inverse[j, leaving]
            slack -= s.halfspaces.normal[j, row] * s.walk.vertex[j]
            is_active = is_active or s.walk.basis[j] == row
        if not is_active and pace > TINY_PIVOT and max(slack, 0.0) < step * pace:
            step, nearest = max(slack, 0.0) / pace, row
    return step, nearest


@jit
def _exchange(s: Any, leaving: int, entering: int, normal: Any) -> None:  # pragma: no cover - compiled
    """Put halfspace `entering`, with this normal, in place `leaving` of the basis and update the inverse."""
    _times_inverse(s, normal, 1.0, s.walk.growth)
    pivot = s.walk.growth[leaving]
    for j in range(normal.shape[0]):
        own = s.walk.inverse[j, leaving] / pivot
        for at in range(0, s.walk.growth.shape[0], LANES):
            others = multiply_add(load(s.walk.growth, (at,)), fill(-own), load(s.walk.inverse, (j, at)))
            store(s.walk.inverse, (j, at), others)
        s.walk.inverse[j, leaving] = own
    s.walk.basis[leaving] = entering


@jit
def surely_misses(
    net: PackedNetwork, s: Any, row: Any, j: int, sure: float, side: float, central: bool
) -> Any:  # pragma: no cover - compiled
    """Whether the multipliers at the vertex at hand prove ``side * z > 0`` on the whole cell."""
    for i in range(s.walk.vertex.shape[0]):
        if s.walk.basis[i] < 0:
            return False
    bound, charge = combine(net, s, row, j, sure, side)
    if s.chart.is_bounded and bound > charge:
        return True
    return (central or bound > charge) and _absorbs(net, s, bound, charge, central)


@jit
def combine(
    net: PackedNetwork, s: Any, row: Any, j: int, sure: float, side: float
) -> tuple[float, float]:  # pragma: no cover - compiled
    """What the multipliers at the vertex at hand make of ``side * z``: a constant below it, and the charge on that.

    In a bounded cell ``side * z`` is at least their difference.
    """
    k = s.walk.vertex.shape[0]
    for q in range(k):
        s.walk.entering[q] = row[q, j]
    _times_inverse(s, s.walk.entering, -side, s.walk.growth)
    for i in range(k):
        s.walk.multiplier[i] = max(s.walk.growth[i], 0.0)
    bound = side * row[k, j]
    total_size = abs(row[k, j])
    charge = sure
    for i in range(k):
        y = s.walk.multiplier[i]
        bound -= y * s.halfspaces.offset[s.walk.basis[i]]
        total_size += y * abs(s.halfspaces.offset[s.walk.basis[i]])
        charge += y * s.halfspaces.error[s.walk.basis[i]]
    for q in range(k):
        rest = side * row[q, j]
        total = abs(row[q, j])
        for i in range(k):
            term = s.walk.multiplier[i] * s.halfspaces.normal[q, s.walk.basis[i]]
            rest += term
            total += abs(term)
        charge += abs(rest) * net.reach[q]
        total_size += total * net.reach[q]
    return bound, charge * BOUND_SLACK + (2 * k + 8) * UNIT_ROUNDOFF * total_size + UNDERFLOW_GUARD


@jit
def _absorbs(
    net: PackedNetwork, s: Any, bound: float, charge: float, central: bool
) -> bool:  # pragma: no cover - compiled
    """Whether slightly different multipliers, all positive, leave nothing over.

    With N the exact normals of the basis, V their inverse in floats and r what is left over, at most `charge`, the
    multipliers have to change by d with N^T d = r. From d = V^T r + (1 - V^T N^T) d follows |d| <= |V^T r| + q max |d|,
    q being the row's sum of |1 - V^T N^T| (Rump 2010, *Verification methods*, section 10). A row through the origin
    and a basis of such rows leave no constant over, either, and need none.
    """
    k = s.walk.vertex.shape[0]
    farthest = 0.0
    for i in range(k):
        far, total_size = 0.0, 0.0
        for q in range(k):
            far = max(far, abs(s.walk.inverse[q, i]) / net.reach[q])
            total_size += abs(s.walk.inverse[q, i])
        total = 2 * k * (k + 4) * UNIT_ROUNDOFF * (1.0 + total_size)
        for j in range(k):
            entry = 1.0 if i == j else 0.0
            for q in range(k):
                entry -= s.walk.inverse[q, i] * s.halfspaces.normal[q, s.walk.basis[j]]
            total += abs(entry) + s.halfspaces.error[s.walk.basis[j]] * far
        s.walk.far[i] = far * charge * BOUND_SLACK
        s.walk.doubt[i] = total * BOUND_SLACK
        if not s.walk.doubt[i] < 0.5:
            return False
        farthest = max(farthest, 2.0 * s.walk.far[i])
    left = charge
    for i in range(k):
        change = (s.walk.far[i] + s.walk.doubt[i] * farthest) * BOUND_SLACK
        if not s.walk.multiplier[i] > change:
            return False
        left += change * (abs(s.halfspaces.offset[s.walk.basis[i]]) + s.halfspaces.error[s.walk.basis[i]])
        central = central and s.halfspaces.central[s.walk.basis[i]] == 1
    return central or bound > left * BOUND_SLACK


@jit
def surely_inside(net: PackedNetwork, s: Any, n_rows: int, point: Any) -> bool:  # pragma: no cover - compiled
    """Whether a point is proved to lie strictly inside the first `n_rows` halfspaces."""
    k = point.shape[0]
    scale, rounding = spread(net, point), (k + 4) * UNIT_ROUNDOFF
    normals, offsets, errors = s.halfspaces.normal, s.halfspaces.offset, s.halfspaces.error
    for at in range(0, n_rows, LANES):
        slack = load(offsets, (at,))
        sizes = size(slack)
        for i in range(k):
            normal = load(normals, (i, at))
            slack = multiply_add(normal, fill(-point[i]), slack)
            sizes = multiply_add(size(normal), fill(abs(point[i])), sizes)
        bound = multiply_add(sizes, fill(rounding), multiply(load(errors, (at,)), fill(scale)))
        wanted = LOWEST if n_rows - at >= LANES else (ONE << np.uint64(n_rows - at)) - ONE
        if exceeding(slack, bound) & wanted != wanted:
            return False
    return True


@jit
def nearest_row(s: Any, n_rows: int, point: Any) -> tuple[float, int]:  # pragma: no cover - compiled
    """Distance of a point from the nearest of the first `n_rows` hyperplanes, as far as it is inside, and which."""
    least, nearest = np.inf, -1
    normals, offsets = s.halfspaces.normal, s.halfspaces.offset
    for at in range(0, n_rows, LANES):
        slack = load(offsets, (at,))
        for i in range(point.shape[0]):
            slack = multiply_add(load(normals, (i, at)), fill(-point[i]), slack)
        store(s.walk.octet, (0,), slack)
        for lane in range(min(LANES, n_rows - at)):
            if s.walk.octet[lane] < least:
                least = s.walk.octet[lane]
                nearest = at + lane
    return least, nearest

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
from polytope_lens._compiled.simd import LANES, exceeding, fill, load, multiply, multiply_add, size, store
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
        for j in range(s.walk.vertex.shape[0]):
            s.walk.inverse[i, j] = s.frames.inverse[f, i, j]


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
        best, leaving = -TINY_DUAL, -1
        for i in range(k):
            y = 0.0
            for j in range(k):
                y -= side * s.walk.gradient[j] * s.walk.inverse[j, i]
            if s.walk.basis[i] < 0:
                y = -abs(y)
            if y < best:
                if pivots < PATIENCE:
                    best = y
                    leaving = i
                elif leaving < 0 or s.walk.basis[i] < s.walk.basis[leaving]:
                    leaving = i
        if leaving < 0:
            return OPTIMAL
        slope = 0.0
        for j in range(k):
            slope -= s.walk.gradient[j] * s.walk.inverse[j, leaving]
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
            _exchange(s, leaving, n_rows, -slope, s.walk.gradient)
            return CROSSED
        if entering < 0:
            return LOST
        for j in range(k):
            s.walk.vertex[j] -= step * s.walk.inverse[j, leaving]
        value = following
        a = 0.0
        for j in range(k):
            s.walk.entering[j] = s.halfspaces.normal[j, entering]
            a += s.walk.entering[j] * s.walk.inverse[j, leaving]
        _exchange(s, leaving, entering, a, s.walk.entering)
    return LOST


# The same again for whoever asks seldom: with a third caller, `descend` is no longer compiled into the two that ask all
# the time, and `split` takes 4 % longer.
descend_seldom = jit(descend.py_func)


@jit
def _nearest(s: Any, n_rows: int, leaving: int) -> tuple[float, int]:  # pragma: no cover - compiled
    """How far an edge goes, and which of the first `n_rows` halfspaces ends it; -1 for none."""
    k = s.walk.vertex.shape[0]
    normals, offsets, basis, inverse, vertex = (
        s.halfspaces.normal, s.halfspaces.offset, s.walk.basis, s.walk.inverse, s.walk.vertex
    )  # fmt: skip
    step, nearest = np.inf, -1
    for at in range(0, n_rows, LANES):
        pace, slack = fill(0.0), load(offsets, (at,))
        for j in range(k):
            normal = load(normals, (j, at))
            pace = multiply_add(normal, fill(-inverse[j, leaving]), pace)
            slack = multiply_add(normal, fill(-vertex[j]), slack)
        # Those that it comes nearer to, and of these the ones that it meets before all so far.
        rest = exceeding(pace, fill(TINY_PIVOT)) & exceeding(multiply(pace, fill(step)), slack)
        rest &= LOWEST if n_rows - at >= LANES else (ONE << np.uint64(n_rows - at)) - ONE
        if rest != NOTHING:
            store(s.walk.octets, (0, 0), pace)
            store(s.walk.octets, (1, 0), slack)
        while rest != NOTHING:
            lane = lowest_bit(rest)
            rest &= rest - ONE
            t = max(s.walk.octets[1, lane], 0.0) / s.walk.octets[0, lane]
            if t < step:
                is_active = False
                for i in range(k):
                    if basis[i] == at + lane:
                        is_active = True
                if not is_active:
                    step = t
                    nearest = at + lane
    return step, nearest


@jit
def _exchange(s: Any, leaving: int, entering: int, pivot: float, normal: Any) -> None:  # pragma: no cover
    """Put halfspace `entering` in place `leaving` of the basis and update the inverse."""
    k = s.walk.vertex.shape[0]
    for j in range(k):
        s.walk.inverse[j, leaving] /= pivot
    for i in range(k):
        if i != leaving:
            factor = 0.0
            for j in range(k):
                factor += normal[j] * s.walk.inverse[j, i]
            if factor != 0.0:
                for j in range(k):
                    s.walk.inverse[j, i] -= factor * s.walk.inverse[j, leaving]
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
    for i in range(k):
        y = 0.0
        for q in range(k):
            y -= side * row[q, j] * s.walk.inverse[q, i]
        s.walk.multiplier[i] = max(y, 0.0)
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
        store(s.walk.octets, (0, 0), slack)
        for lane in range(min(LANES, n_rows - at)):
            if s.walk.octets[0, lane] < least:
                least = s.walk.octets[0, lane]
                nearest = at + lane
    return least, nearest

"""Walking along the edges of one cell, and proofs from where a walk ends.

The functions take the state of :mod:`.split`, whose walk at hand is a vertex ``v``, the halfspaces ``b`` that meet in
it, and the inverse ``inv`` of their normals. Where a cell has no vertex yet, coordinates stand in for halfspaces:
-1 - k in a basis says that the walk may leave in both directions of coordinate k, and then never comes back to it.

Unbounded cells. Rows, and bounds on their errors, are forms in ``[u; t]``: an error E holds where ``|u_k| <= reach[k]``
and t = 1, is a bound on the sum of the sizes of the errors of all entries, each times its reach, and so is ``spread(u)
E`` at any u. A charge on a sum of rows is such a bound, too. Where the cell is bounded by the box, the charge is paid
with the constant that is left; elsewhere with the multipliers (:func:`_absorbs`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._compiled.jit import inlined
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF

if TYPE_CHECKING:
    from polytope_lens.engines._kernels.packed_network import FlatNetwork

# Outcomes of a walk along edges
OPTIMAL, CROSSED, LOST = 0, 1, 2
# Below these a number steers no walk. They choose among pivots and decide nothing: proofs come after.
FLAT_DUAL = 2.0**-33
FLAT_PIVOT = 2.0**-36
# After this many pivots a walk takes Bland's rule, which cannot cycle; after the second number it gives up.
PATIENCE, EXHAUSTED = 60, 2000


@inlined
def refactor(s: Any, f: int) -> None:  # pragma: no cover - compiled
    """Inverse and vertex of a frame's basis from scratch, by Gauss-Jordan elimination with row pivoting."""
    k = s.vertex.shape[1]
    a = s.tableau
    for i in range(k):
        q = s.basis[f, i]
        s.after[i] = s.offset[q] if q >= 0 else s.vertex[f, -1 - q]
        for j in range(k):
            a[i, j] = s.normal[q, j] if q >= 0 else (1.0 if j == -1 - q else 0.0)
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
            s.inverse[f, i, j] = a[i, k + j]
            total += a[i, k + j] * s.after[j]
        s.vertex[f, i] = total


@inlined
def load(s: Any, f: int) -> None:  # pragma: no cover - compiled
    """Start the walk at hand from a frame's vertex."""
    for i in range(s.v.shape[0]):
        s.v[i] = s.vertex[f, i]
        s.b[i] = s.basis[f, i]
        for j in range(s.v.shape[0]):
            s.inv[i, j] = s.inverse[f, i, j]


@inlined
def value_at(row: Any, j: int, point: Any) -> Any:  # pragma: no cover - compiled
    k = point.shape[0]
    total = row[k, j]
    for i in range(k):
        total += row[i, j] * point[i]
    return total


@inlined
def spread(net: FlatNetwork, point: Any) -> Any:  # pragma: no cover - compiled
    """How far beyond the reach of the error bounds a point is; 1 within."""
    most = 1.0
    for i in range(point.shape[0]):
        most = max(most, abs(point[i]) / net.reach[i] * BOUND_SLACK)
    return most


@inlined
def descend(
    s: Any, n_rows: int, offset: float, side: float, cross: bool, beyond: float
) -> int:  # pragma: no cover - compiled
    """Walk along edges so that ``side * (gradient . u + offset)`` falls, until it is below ``-beyond`` or least.

    With `cross`, the walk ends on the hyperplane, which takes the place ``n_rows`` in the basis, and `after` holds the
    far end of the edge that was crossed, or a point well behind if it has none; without, it stops at the vertex before.
    """
    k = s.v.shape[0]
    value = offset
    for i in range(k):
        value += s.gradient[i] * s.v[i]
    for pivots in range(EXHAUSTED):
        best, leaving = -FLAT_DUAL, -1
        for i in range(k):
            y = 0.0
            for j in range(k):
                y -= side * s.gradient[j] * s.inv[j, i]
            if s.b[i] < 0:
                y = -abs(y)
            if y < best:
                if pivots < PATIENCE:
                    best = y
                    leaving = i
                elif leaving < 0 or s.b[i] < s.b[leaving]:
                    leaving = i
        if leaving < 0:
            return OPTIMAL
        slope = 0.0
        for j in range(k):
            slope -= s.gradient[j] * s.inv[j, leaving]
        if side * slope > 0.0:  # along a coordinate, whose direction is of no account
            slope = -slope
            for j in range(k):
                s.inv[j, leaving] = -s.inv[j, leaving]
        step, entering = np.inf, -1
        for q in range(n_rows):
            a = 0.0
            for j in range(k):
                a -= s.normal[q, j] * s.inv[j, leaving]
            if a > FLAT_PIVOT:
                active = False
                for i in range(k):
                    if s.b[i] == q:
                        active = True
                if active:
                    continue
                slack = s.offset[q]
                for j in range(k):
                    slack -= s.normal[q, j] * s.v[j]
                t = max(slack, 0.0) / a
                if t < step:
                    step = t
                    entering = q
        following = value + step * slope
        if side * following < -beyond:
            if not cross:
                return CROSSED
            t = value / -slope
            if entering < 0:
                step = 2.0 * abs(t) + s.unit[0]
            for j in range(k):
                s.after[j] = s.v[j] - step * s.inv[j, leaving]
                s.v[j] -= t * s.inv[j, leaving]
            _exchange(s, leaving, n_rows, -slope, s.gradient)
            return CROSSED
        if entering < 0:
            return LOST
        for j in range(k):
            s.v[j] -= step * s.inv[j, leaving]
        value = following
        a = 0.0
        for j in range(k):
            a += s.normal[entering, j] * s.inv[j, leaving]
        _exchange(s, leaving, entering, a, s.normal[entering])
    return LOST


@inlined
def _exchange(s: Any, leaving: int, entering: int, pivot: float, normal: Any) -> None:  # pragma: no cover
    """Put halfspace `entering` in place `leaving` of the basis and update the inverse."""
    k = s.v.shape[0]
    for j in range(k):
        s.inv[j, leaving] /= pivot
    for i in range(k):
        if i != leaving:
            factor = 0.0
            for j in range(k):
                factor += normal[j] * s.inv[j, i]
            if factor != 0.0:
                for j in range(k):
                    s.inv[j, i] -= factor * s.inv[j, leaving]
    s.b[leaving] = entering


@inlined
def surely_misses(
    net: FlatNetwork, s: Any, row: Any, j: int, sure: float, side: float, central: bool
) -> Any:  # pragma: no cover - compiled
    """Whether the multipliers at the vertex at hand prove ``side * z > 0`` on the whole cell."""
    k = s.v.shape[0]
    for i in range(k):
        if s.b[i] < 0:
            return False
        y = 0.0
        for q in range(k):
            y -= side * row[q, j] * s.inv[q, i]
        s.multiplier[i] = max(y, 0.0)
    bound = side * row[k, j]
    size = abs(row[k, j])
    charge = sure
    for i in range(k):
        y = s.multiplier[i]
        bound -= y * s.offset[s.b[i]]
        size += y * abs(s.offset[s.b[i]])
        charge += y * s.row_error[s.b[i]]
    for q in range(k):
        rest = side * row[q, j]
        total = abs(row[q, j])
        for i in range(k):
            term = s.multiplier[i] * s.normal[s.b[i], q]
            rest += term
            total += abs(term)
        charge += abs(rest) * net.reach[q]
        size += total * net.reach[q]
    charge = charge * BOUND_SLACK + (2 * k + 8) * UNIT_ROUNDOFF * size + UNDERFLOW_GUARD
    if s.bounded[0] == 1 and bound > charge:
        return True
    return (central or bound > charge) and _absorbs(net, s, bound, charge, central)


@inlined
def _absorbs(
    net: FlatNetwork, s: Any, bound: float, charge: float, central: bool
) -> bool:  # pragma: no cover - compiled
    """Whether slightly different multipliers, all positive, leave nothing over.

    With N the exact normals of the basis, V their inverse in floats and r what is left over, at most `charge`, the
    multipliers have to change by d with N^T d = r. From d = V^T r + (1 - V^T N^T) d follows |d| <= |V^T r| + q max |d|,
    q being the row's sum of |1 - V^T N^T| (Rump 2010, *Verification methods*, section 10). A row through the origin
    and a basis of such rows leave no constant over, either, and need none.
    """
    k = s.v.shape[0]
    farthest = 0.0
    for i in range(k):
        far, size = 0.0, 0.0
        for q in range(k):
            far = max(far, abs(s.inv[q, i]) / net.reach[q])
            size += abs(s.inv[q, i])
        total = 2 * k * (k + 4) * UNIT_ROUNDOFF * (1.0 + size)
        for j in range(k):
            entry = 1.0 if i == j else 0.0
            for q in range(k):
                entry -= s.inv[q, i] * s.normal[s.b[j], q]
            total += abs(entry) + s.row_error[s.b[j]] * far
        s.far[i] = far * charge * BOUND_SLACK
        s.doubt[i] = total * BOUND_SLACK
        if not s.doubt[i] < 0.5:
            return False
        farthest = max(farthest, 2.0 * s.far[i])
    left = charge
    for i in range(k):
        change = (s.far[i] + s.doubt[i] * farthest) * BOUND_SLACK
        if not s.multiplier[i] > change:
            return False
        left += change * (abs(s.offset[s.b[i]]) + s.row_error[s.b[i]])
        central = central and s.central[s.b[i]] == 1
    return central or bound > left * BOUND_SLACK


@inlined
def surely_inside(net: FlatNetwork, s: Any, n_rows: int, point: Any) -> bool:  # pragma: no cover - compiled
    """Whether a point is proved to lie strictly inside the first `n_rows` halfspaces."""
    k = point.shape[0]
    scale = spread(net, point)
    for q in range(n_rows):
        slack = s.offset[q]
        size = abs(s.offset[q])
        for i in range(k):
            term = s.normal[q, i] * point[i]
            slack -= term
            size += abs(term)
        if not slack > s.row_error[q] * scale + (k + 4) * UNIT_ROUNDOFF * size:
            return False
    return True


@inlined
def least_slack(s: Any, n_rows: int, point: Any) -> float:  # pragma: no cover - compiled
    least = np.inf
    for q in range(n_rows):
        slack = s.offset[q]
        for i in range(point.shape[0]):
            slack -= s.normal[q, i] * point[i]
        least = min(least, slack)
    return least

"""Ties, decided in integers.

Where hyperplanes meet by design (zero biases, lattices, weights that are small integers), a neuron often vanishes on a
face of a cell that it does not cut: most multipliers of the proof are exactly zero, which no bound on rounding tells
from slightly less. But then the rows are small integers, up to a power of two for each, and by Cramer's rule so
are the multipliers, times a determinant. Floats find them, rounded; what proves them is the identity

    D side z = - sum_i Y_i h_i + rest    with integers D > 0, Y >= 0 and a constant rest >= 0

between integers below 2^53, which floats add and multiply without error. The cell lies where all h_i <= 0.

Rows that are not small integers are still exact in the first layer. There, neurons that occur twice, or with parallel
hyperplanes, are told by products of two floats each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._compiled.jit import jit
from polytope_lens.arithmetic.double_double import times

if TYPE_CHECKING:
    from polytope_lens.engines._kernels.split_state import SplitState

# Sums of magnitudes, computed in floats, below which all partial sums are integers that floats hold.
MOST = 2.0**52
# Products in this range are the sum of two floats, without under- or overflow on the way.
SMALL, LARGE = 2.0**-900, 2.0**900
LESS, EQUAL, GREATER, UNKNOWN = -1, 0, 1, 2


@jit
def keep_exact(s: SplitState, at: int, layer: int, row: Any, j: int) -> None:  # pragma: no cover - compiled
    """Store the halfspace on which a neuron is off as it is, if its row is exact."""
    s.halfspaces.scale[at] = s.layers.scale[layer, j]
    for i in range(s.walk.vertex.shape[0] + 1):
        s.halfspaces.exact[at, i] = row[i, j] if _is_exact(s, layer, j) else np.nan


@jit
def _is_exact(s: SplitState, layer: int, j: int) -> Any:  # pragma: no cover - compiled
    """Whether the row of a neuron is not rounded: the first layer's never are."""
    return layer == 0 or s.layers.scale[layer, j] > 0.0


@jit
def keeps_sign_exactly(
    s: SplitState, n_rows: int, layer: int, row: Any, j: int, side: float
) -> Any:  # pragma: no cover - compiled
    """Whether the basis at hand, or a parallel halfspace, proves ``side * z >= 0`` on the cell; z has a gradient."""
    return _adds_up(s, layer, row, j, side) or (_is_exact(s, layer, j) and _is_behind(s, n_rows, row, j, side))


@jit
def _is_behind(s: SplitState, n_rows: int, row: Any, j: int, side: float) -> Any:  # pragma: no cover - compiled
    """Whether a halfspace with a parallel hyperplane proves it: exact products of two floats, compared.

    With normals a of the row and b of the halfspace, ``side * a = - y b`` for some y > 0 if all ``a_q b_p = a_p b_q``
    and ``side * a_p b_p < 0``; then ``side * z >= 0`` where ``side * c >= - y e``, c and e being the constants.
    """
    k, p = s.walk.vertex.shape[0], 0
    for i in range(k):
        if abs(row[i, j]) > abs(row[p, j]):
            p = i
    for at in range(n_rows):
        turn = -1.0 if s.halfspaces.turned[at] == 1 else 1.0
        pivot = turn * s.halfspaces.exact[at, p]
        if side * row[p, j] * pivot < 0.0:
            is_parallel = True
            for q in range(k):
                if compared(row[q, j], pivot, row[p, j], turn * s.halfspaces.exact[at, q]) != EQUAL:
                    is_parallel = False
                    break
            if is_parallel:
                order = compared(side * row[k, j], abs(pivot), -turn * s.halfspaces.exact[at, k], abs(row[p, j]))
                if order in (EQUAL, GREATER):
                    return True
    return False


@jit
def compared(a: float, b: float, c: float, d: float) -> int:  # pragma: no cover - compiled
    """How ``a b`` compares with ``c d``, both without rounding; UNKNOWN near the ends of the range of floats."""
    left, left_rest = times(a, 0.0, b)
    right, right_rest = times(c, 0.0, d)
    if not (_is_in_range(a, b, left) and _is_in_range(c, d, right)):
        return UNKNOWN
    if left != right:
        return GREATER if left > right else LESS
    if left_rest != right_rest:
        return GREATER if left_rest > right_rest else LESS
    return EQUAL


@jit
def _is_in_range(a: float, b: float, product: float) -> Any:  # pragma: no cover - compiled
    """Whether neither a product nor what rounding takes from it is lost; NaN is not."""
    if a == 0.0 or b == 0.0:
        return abs(a) + abs(b) < LARGE
    return abs(a) < LARGE and abs(b) < LARGE and SMALL < abs(product) < LARGE


@jit
def _adds_up(s: SplitState, layer: int, row: Any, j: int, side: float) -> Any:  # pragma: no cover - compiled
    """Whether the basis at hand proves it, in integers."""
    scale = s.layers.scale[layer, j]
    if not scale > 0.0:
        return False
    k = s.walk.vertex.shape[0]
    determinant = _solve(s, row, j, side * scale)
    if not 0.5 < determinant < MOST:
        return False
    times = np.rint(determinant)
    for i in range(k):
        y = np.rint(s.walk.multiplier[i] * determinant)
        # Coordinates that stand in for halfspaces bound nothing.
        if not y >= 0.0 or (s.walk.basis[i] < 0 and y != 0.0):
            return False
        s.walk.multiplier[i] = y
    for q in range(k + 1):
        rest = times * side * scale * row[q, j]
        total = abs(rest)
        for i in range(k):
            at = s.walk.basis[i]
            if at >= 0 and s.walk.multiplier[i] != 0.0:
                term = s.walk.multiplier[i] * _entry(s, at, q)
                rest += term
                total += abs(term)
        if not total < MOST or (rest != 0.0 if q < k else rest < 0.0):
            return False
    return True


@jit
def _entry(s: SplitState, at: int, q: int) -> Any:  # pragma: no cover - compiled
    """Of the integer row of a halfspace, turned the way it is."""
    scaled = s.halfspaces.exact[at, q] * s.halfspaces.scale[at]
    return -scaled if s.halfspaces.turned[at] == 1 else scaled


@jit
def _solve(s: SplitState, row: Any, j: int, factor: float) -> float:  # pragma: no cover - compiled
    """Multipliers that add the basis up to ``-factor`` times a row, rounded; returns the size of its determinant."""
    k = s.walk.vertex.shape[0]
    a, y = s.walk.tableau, s.walk.multiplier
    for i in range(k):
        at = s.walk.basis[i]
        for q in range(k):
            if at >= 0:
                a[q, i] = _entry(s, at, q)
            else:
                a[q, i] = 1.0 if q == -1 - at else 0.0
    for q in range(k):
        y[q] = -factor * row[q, j]
    determinant = 1.0
    for i in range(k):
        best = i
        for q in range(i + 1, k):
            if abs(a[q, i]) > abs(a[best, i]):
                best = q
        pivot = a[best, i]
        if not abs(pivot) > 0.0:
            return 0.0
        determinant *= abs(pivot)
        if best != i:
            y[i], y[best] = y[best], y[i]
            for p in range(i, k):
                a[i, p], a[best, p] = a[best, p], a[i, p]
        for q in range(i + 1, k):
            share = a[q, i] / pivot
            if share != 0.0:
                for p in range(i + 1, k):
                    a[q, p] -= share * a[i, p]
                y[q] -= share * y[i]
    for i in range(k - 1, -1, -1):
        for p in range(i + 1, k):
            y[i] -= a[i, p] * y[p]
        y[i] /= a[i, i]
    return determinant

"""Ties, decided in integers.

Where hyperplanes meet by design (zero biases, lattices, weights that are small integers), a neuron often vanishes on a
face of a cell that it does not cut: most multipliers of the proof are exactly zero, which no bound on rounding tells
from slightly less. But then the rows are small integers, up to a power of two for each layer, and by Cramer's rule so
are the multipliers, times a determinant. Floats find them, rounded; what proves them is the identity

    D side z = - sum_i Y_i h_i + rest    with integers D > 0, Y >= 0 and a constant rest >= 0

between integers below 2^53, which floats add and multiply without error. The cell lies where all h_i <= 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._compiled.jit import jit

if TYPE_CHECKING:
    from polytope_lens.engines._kernels.split_state import SplitState

# Sums of magnitudes, computed in floats, below which all partial sums are integers that floats hold.
MOST = 2.0**52


@jit
def keep_whole(s: SplitState, at: int, layer: int, row: Any, j: int) -> None:  # pragma: no cover - compiled
    """Store the halfspace on which a neuron is off in integers; as NaN, if it has none."""
    k, scale = s.walk.vertex.shape[0], s.layers.scale[layer]
    for i in range(k + 1):
        s.halfspaces.whole[at, i] = row[i, j] * scale if scale > 0.0 else np.nan


@jit
def keeps_sign_exactly(s: SplitState, layer: int, row: Any, j: int, side: float) -> Any:  # pragma: no cover - compiled
    """Whether the basis at hand proves ``side * z >= 0`` on the whole cell; the row has a gradient."""
    scale = s.layers.scale[layer]
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
    return -s.halfspaces.whole[at, q] if s.halfspaces.turned[at] == 1 else s.halfspaces.whole[at, q]


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

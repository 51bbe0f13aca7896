"""Double-double arithmetic: the second rung.

A double-double is the unevaluated sum of two floats, ``high`` the float nearest to it. Bounds, with u = 2**-53, from
Joldes, Muller and Popescu 2017, *Tight and rigorous error bounds for basic building blocks of double-word arithmetic*:
a sum of two (algorithm 6) errs by at most 3 u^2 + 13 u^3 relatively, a product with a float (algorithm 7) by 2 u^2.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from polytope_lens._compiled.jit import inlined, jit
from polytope_lens.arithmetic.signs import UNDERFLOW_GUARD, UNIT_ROUNDOFF

# Both bounds above, rounded up, with room for the rounding of the magnitudes they are multiplied by.
DOUBLE_ROUNDING = 4 * UNIT_ROUNDOFF**2
SPLITTER = 2.0**27 + 1


@inlined
def times(high: float, low: float, factor: float) -> tuple[float, float]:  # pragma: no cover - compiled
    """Double-double times float; the product of the high parts is made exact by splitting both (Dekker 1971)."""
    product = high * factor
    t = SPLITTER * high
    h1 = t - (t - high)
    h2 = high - h1
    t = SPLITTER * factor
    f1 = t - (t - factor)
    f2 = factor - f1
    rest = ((h1 * f1 - product) + h1 * f2 + h2 * f1) + h2 * f2
    rest += low * factor
    total = product + rest
    return total, rest - (total - product)


@inlined
def plus(ah: float, al: float, bh: float, bl: float) -> tuple[float, float]:  # pragma: no cover - compiled
    """Sum of two double-doubles."""
    s = ah + bh
    v = s - ah
    e = (ah - (s - v)) + (bh - v)
    t = al + bl
    v = t - al
    f = (al - (t - v)) + (bl - v)
    e += t
    h = s + e
    e = e - (h - s) + f
    total = h + e
    return total, e - (total - h)


@jit
def affine(
    weight: Any, bias: Any, slope: Any, high: Any, low: Any, error: Any, to_high: Any, to_low: Any, to_error: Any
) -> None:  # pragma: no cover - compiled
    """``weight @ (slope * z) + bias`` for n vectors z, with bounds on the error.

    ``slope``, ``high``, ``low``, ``error`` are (n, m): z is ``high + low`` within ``error``. Results are (n, width).
    Five times as fast where `weight` is stored column by column.
    """
    for p in range(high.shape[0]):
        for q in range(weight.shape[0]):
            to_high[p, q] = bias[q]
            to_low[p, q] = 0.0
            to_error[p, q] = UNDERFLOW_GUARD
        for j in range(weight.shape[1]):
            if slope[p, j] == 0.0:
                continue
            zh, zl = times(high[p, j], low[p, j], slope[p, j])
            inherited = error[p, j] * abs(slope[p, j]) + 2 * DOUBLE_ROUNDING * abs(zh) + UNDERFLOW_GUARD
            for q in range(weight.shape[0]):
                ph, pl = times(zh, zl, weight[q, j])
                sh, sl = plus(to_high[p, q], to_low[p, q], ph, pl)
                to_high[p, q] = sh
                to_low[p, q] = sl
                to_error[p, q] += abs(weight[q, j]) * inherited + DOUBLE_ROUNDING * abs(sh)
        for q in range(weight.shape[0]):
            to_error[p, q] *= 1 + 2.0**-30


@inlined
def _zero(
    ph: float, pl: float, pe: float, rh: float, rl: float, re: float
) -> tuple[float, float, float]:  # pragma: no cover - compiled
    """Where an affine function on [0, 1] is zero, as a double-double and its error, from its values at both ends.

    With values p and r within e of the exact ones, ``t = p / (p - r)`` errs by at most ``e / (|p - r| - e)``, where e
    is the sum of both errors. The quotient is a float and one correction, whose rounding is within 32 u^2.
    """
    dh, dl = plus(ph, pl, -rh, -rl)
    t = ph / dh
    qh, ql = times(dh, dl, t)
    rest, _ = plus(ph, pl, -qh, -ql)
    correction = rest / dh
    high = t + correction
    low = correction - (high - t)
    e = (pe + re) * (1 + 2.0**-30)
    gap = abs(dh) * (1 - 2.0**-30) - e
    opposite = (ph > 0.0 and rh < 0.0) or (ph < 0.0 and rh > 0.0)
    bound = (e + UNDERFLOW_GUARD) / gap + 8 * DOUBLE_ROUNDING * t + UNDERFLOW_GUARD
    # The second condition fails where anything overflowed on the way.
    known = opposite and 0.0 <= high <= 1.0 and gap > 0.0 and bound < np.inf
    return high, low, (bound if known else np.inf)


@jit
def zeros_of(
    high: Any, low: Any, error: Any, piece: Any, neuron: Any, to_high: Any, to_low: Any, to_error: Any
) -> None:  # pragma: no cover - compiled
    """The same as `zeros_between` for functions whose values at both ends, each (2, n, width), are known."""
    for i in range(len(piece)):
        k, q = piece[i], neuron[i]
        to_high[i], to_low[i], to_error[i] = _zero(
            high[0, k, q], low[0, k, q], error[0, k, q], high[1, k, q], low[1, k, q], error[1, k, q]
        )


@jit
def zeros_between(
    weight: Any, bias: Any, slope: Any, high: Any, low: Any, error: Any, piece: Any, neuron: Any,
    to_high: Any, to_low: Any, to_error: Any,
) -> None:  # pragma: no cover - compiled  # fmt: skip
    """Where affine functions on [0, 1] of opposite signs at its ends are zero, with bounds on the error.

    Function i has the values ``weight[q] @ (slope[k] * z) + bias[q]`` for ``k, q = piece[i], neuron[i]``, with z the
    vectors k of ``high + low`` (2, n, m), within ``error``, at 0 and at 1. An infinite error: nothing is known.
    """
    for i in range(len(piece)):
        k, q = piece[i], neuron[i]
        ph, pl, pe = bias[q], 0.0, UNDERFLOW_GUARD
        rh, rl, re = bias[q], 0.0, UNDERFLOW_GUARD
        for j in range(weight.shape[1]):
            s, w = slope[k, j], weight[q, j]
            if s == 0.0 or w == 0.0:
                continue
            zh, zl = times(high[0, k, j], low[0, k, j], s)
            pe += abs(w) * (error[0, k, j] * abs(s) + 2 * DOUBLE_ROUNDING * abs(zh) + UNDERFLOW_GUARD)
            zh, zl = times(zh, zl, w)
            ph, pl = plus(ph, pl, zh, zl)
            pe += DOUBLE_ROUNDING * abs(ph)
            zh, zl = times(high[1, k, j], low[1, k, j], s)
            re += abs(w) * (error[1, k, j] * abs(s) + 2 * DOUBLE_ROUNDING * abs(zh) + UNDERFLOW_GUARD)
            zh, zl = times(zh, zl, w)
            rh, rl = plus(rh, rl, zh, zl)
            re += DOUBLE_ROUNDING * abs(rh)
        to_high[i], to_low[i], to_error[i] = _zero(ph, pl, pe, rh, rl, re)

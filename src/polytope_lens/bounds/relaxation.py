"""Lines above and below an activation, between bounds on its pre-activation.

An activation f has the slopes p below 0 and q above. Let it be convex (p <= q; otherwise -f is) and its argument z be
in [l, u] with l < 0 < u. Below lies any line through 0 with a slope from p to q. Above lies a line with any slope s if
its constant term is at least ``f(z) - s z`` at both ends, ``(p - s) l`` and ``(q - s) u``: a convex function is
greatest at an end. The best s is that of the chord; with an infinite end it is the slope there, and the other end says
how high the line lies. Each of these two numbers takes two roundings, so a factor of ``1 + 4 u`` makes the larger one
safe, and whatever the rounding of s, the line is proved for the float that it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens.arithmetic.signs import UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.exact.forward import quiet

if TYPE_CHECKING:
    from polytope_lens._types import Floats
    from polytope_lens.network.network import Layer


class Relaxation(NamedTuple):
    """Lines ``slope * z + offset`` around the activations of a layer, in each of n sets of inputs; (n, width) each.

    Exact for the floats that they are, where z is within the bounds that they were made for. Constant terms are
    infinite where no line is known. `steepest` is the greatest size of a slope of the activation there.
    """

    lower_slope: Floats
    lower_offset: Floats
    upper_slope: Floats
    upper_offset: Floats
    steepest: Floats


def relax(layer: Layer, low: Floats, high: Floats, lean: Floats | None = None) -> Relaxation:
    """Lines around the activations of a layer whose pre-activations are between `low` and `high`.

    Parameters
    ----------
    layer : Layer
    low, high : (n, width) arrays
        Proved bounds; infinite where there are none. A sign is known where `low` is at least 0, or `high` at most 0.
    lean : (n, width) array, optional
        Which slope the line through 0 has where the sign is not known: 0 for the negative side's, 1 for the positive
        side's, and all between. By default that of the side that is longer.

    Examples
    --------
    >>> from polytope_lens.network.network import piecewise_layer
    >>> lines = relax(piecewise_layer([[1.0]], [0.0]), np.array([[-1.0]]), np.array([[3.0]]))
    >>> lines.upper_slope.tolist(), lines.upper_offset.round(12).tolist(), lines.lower_slope.tolist()
    ([[0.75]], [[0.75]], [[1.0]])
    """
    return lines_around(layer.negative_slope, layer.positive_slope, low, high, lean)


def lines_around(p: Floats, q: Floats, low: Floats, high: Floats, lean: Floats | None = None) -> Relaxation:
    """The same around activations with the slopes p below 0 and q above, (width,) or (n, width)."""
    with quiet(), np.errstate(divide="ignore"):
        on, off = low >= 0, high <= 0
        known = on | off | (p == q)
        own = np.where(on, q, p)
        lean = np.where(high > -low, 1.0, 0.0) if lean is None else lean
        through = np.clip(p + lean * (q - p), np.minimum(p, q), np.maximum(p, q))
        convex = p <= q
        chord = (q * high - p * low) / (high - low)
        chord = np.where(low == -np.inf, p, np.where(high == np.inf, q, chord))
        ends = np.maximum(_times(np.where(convex, p - chord, chord - p), low), _times(np.abs(q - chord), high))
        offset = np.maximum(ends, 0.0) * (1 + 4 * UNIT_ROUNDOFF) + UNDERFLOW_GUARD
        # Without either end there is no such line.
        offset = np.where((low == -np.inf) & (high == np.inf) | ~np.isfinite(chord), np.inf, offset)
        chord = np.where(np.isfinite(chord), chord, 0.0)
        above = np.where(known, own, np.where(convex, chord, through))
        below = np.where(known, own, np.where(convex, through, chord))
        steepest = np.where(known, np.abs(own), np.maximum(np.abs(p), np.abs(q)))
        return Relaxation(
            below,
            np.where(known | convex, 0.0, -offset),
            above,
            np.where(known | ~convex, 0.0, offset),
            steepest,
        )


def _times(slope: Floats, end: Floats) -> Floats:
    """A product in which nothing times infinity is nothing."""
    return np.where(slope == 0, 0.0, slope * end)

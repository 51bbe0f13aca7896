"""Lines around activations on the cells of a property's proof, as its checker draws them, and which ones are best.

One line goes through 0, with any slope between those of the activation: by default that of the longer side. An upper
bound on a sum of outputs is a function of these slopes: on the way back from the outputs each line multiplies a
coefficient, and the affine function that is left is greatest at a corner of the box. With that corner carried forward
through the lines, the derivative by a slope is its coefficient times the value that comes to the line. So slopes take
some steps down, in floats: whoever uses them proves what comes of them. Source: Xu, Zhang, Wang, Wang, Jana, Lin and
Hsieh 2021, *Fast and complete: enabling complete neural network verification with rapid and massively parallel
incomplete verifiers*.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens.bounds.relaxation import Relaxation
from polytope_lens.exact.forward import quiet
from polytope_lens.network.twins import NO_FANS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Floats
    from polytope_lens.network.network import Layer
    from polytope_lens.network.twins import Fans

# Chords have slopes of so many bits, as in the checker; lines through 0 have so many parts of the way between slopes.
SLOPE_BITS, LEANS = 12, 256
# Nearer than this to a whole number, a share in these bits is rounded down in fractions.
DOUBTFUL = 2.0**-20
# How far lines may be from the checker's, in shares of an activation's slopes, unless these are multiples of 1 / SHORT
SHORT, ROUNDED = 2.0**20, 2.0**-49
# Steps of slopes, how long the first one is in parts of that way, and how soon they are shorter.
STEPS, FIRST, SHORTER = 20, 0.3, 0.5
# How far below 0 a bound is low enough, how near to 0 it must come, in shares of the first one, and after which step.
ENOUGH, NEAR, SOON = 2.0**-6, 0.75, 8


class BoxSums(NamedTuple):
    """Sums of outputs, pre-activations, inputs and constants, m of them, each on a box of its own."""

    outputs: Floats  # (m, M)
    hidden: list[Floats]  # (m, width) for each hidden layer: of its pre-activations
    inputs: Floats  # (m, d)
    constant: Floats  # (m,)
    lower: Floats  # (m, d)
    upper: Floats


def lines_between(
    layer: Layer, low: Floats, high: Floats, lean: Floats | None = None, fans: Fans | None = None
) -> Relaxation:
    """Lines around the activations of a layer, as the checker draws them, or just beyond where these are rounded.

    `lean` (n, width) from 0 to 1 is exact. `fans` are the neurons that stand for what they give more than twins.
    """
    lines = _lines(layer.negative_slope, layer.positive_slope, low, high, lean)
    if fans is not None and len(fans.place):
        for array, own in zip(lines, fan_lines(layer, low, high, fans, _lines), strict=True):
            array[:, fans.place] = own
    return lines


def is_one_slope(low: NDArray[Any], high: NDArray[Any], fans: Fans) -> tuple[Bools, Bools]:
    """Where (n, f) the neurons of fans and their twins are both at least 0, and where both are at most 0."""
    with quiet():
        on = low[:, fans.twin] * fans.times + low[:, fans.place] >= 0
        off = high[:, fans.twin] * fans.times + high[:, fans.place] <= 0
    return on & (low[:, fans.twin] >= 0), off & (high[:, fans.twin] <= 0)


def fan_lines(
    layer: Layer, low: Floats, high: Floats, fans: Fans, drawn: Callable[[Floats, Floats, Floats, Floats], Relaxation]
) -> Relaxation:
    """Lines around delta times whatever slope: that above for the greatest slope, that below for the least.

    `drawn` makes lines around activations with the slopes p below 0 and q above, between bounds.
    """
    p, q = layer.negative_slope[fans.place], layer.positive_slope[fans.place]
    on, off = is_one_slope(low, high, fans)
    least, most = (np.where(on, q, np.where(off, p, pick(p, q))) for pick in (np.minimum, np.maximum))
    low, high = low[:, fans.place], high[:, fans.place]
    above, below = drawn(least, most, low, high), drawn(most, least, low, high)
    steepest = np.maximum(above.steepest, below.steepest)
    return Relaxation(below.lower_slope, below.lower_offset, above.upper_slope, above.upper_offset, steepest)


def _lines(p: Floats, q: Floats, low: Floats, high: Floats, lean: Floats | None = None) -> Relaxation:
    """Lines around activations with the slopes p below 0 and q above."""
    with quiet(), np.errstate(divide="ignore"):
        known = (low >= 0) | (high <= 0) | (p == q)
        own = np.where(low >= 0, q, np.where(high <= 0, p, q))
        is_bounded = np.isfinite(low) & np.isfinite(high)
        share = _shares_above(low, high, is_bounded & ~known)
        chord = p + (q - p) * np.where(is_bounded, share, 0.0)
        through = p + (q - p) * (default_leans(low, high) if lean is None else lean)
        above = np.where(known, own, np.where(p < q, chord, through))
        below = np.where(known, own, np.where(p < q, through, chord))
        # The checker rounds nothing, and nothing is rounded here of slopes with few bits, such as 0 and 1.
        is_short = (np.rint(p * SHORT) == p * SHORT) & (np.rint(q * SHORT) == q * SHORT)
        apart = np.where(is_short, 0.0, ROUNDED * (np.abs(p) + np.abs(q))) * np.maximum(-low, high)
        top = np.maximum(0.0, np.maximum((p - above) * low, (q - above) * high)) + apart
        bottom = np.minimum(0.0, np.minimum((p - below) * low, (q - below) * high)) - apart
        top = np.where(known, 0.0, np.where(is_bounded, top, np.inf))
        bottom = np.where(known, 0.0, np.where(is_bounded, bottom, -np.inf))
    steepest = np.where(known, np.abs(own), np.maximum(np.abs(p), np.abs(q)))
    return Relaxation(below, bottom, above, top, steepest)


def _shares_above(low: Floats, high: Floats, asked: Bools) -> Floats:
    """What share of intervals is above 0, rounded down to SLOPE_BITS bits: exactly, where that is asked."""
    parts = high / (high - low) * 2.0**SLOPE_BITS
    share = np.floor(parts)
    for i in zip(*np.nonzero(asked & (np.abs(parts - np.rint(parts)) < DOUBTFUL)), strict=True):
        above, below = Fraction(high[i]), -Fraction(low[i])
        share[i] = (above * 2**SLOPE_BITS) // (above + below)
    return np.asarray(share / 2.0**SLOPE_BITS)


def default_leans(low: Floats, high: Floats) -> Floats:
    """Those of lines through 0 about which a log says nothing."""
    return np.where(high > -low, 1.0, 0.0)


def may_bend(layer: Layer, low: Floats, high: Floats, fans: Fans) -> Bools:
    """Which neurons have lines through 0 that may have other slopes."""
    bends = np.asarray((low < 0) & (high > 0) & (layer.negative_slope != layer.positive_slope))
    bends[:, fans.place] = False
    return bends


def gaps(layer: Layer, low: Floats, high: Floats) -> Floats:
    """How far apart the lines around activations are: nothing where a sign is known or nothing bends."""
    bend = layer.positive_slope - layer.negative_slope
    with quiet(), np.errstate(divide="ignore"):
        gap = np.abs(bend) * high * -low / (high - low)
    return np.where((low >= 0) | (high <= 0) | (bend == 0), 0.0, np.where(np.isfinite(gap), gap, np.inf))


def better_leans(
    stages: Sequence[Layer], sums: BoxSums, low: Sequence[Floats], high: Sequence[Floats],
    fans: Sequence[Fans] | None = None,
) -> tuple[list[Floats], Bools]:  # fmt: skip
    """Slopes of lines through 0 that make upper bounds on sums lower: 0 is the slope below 0, and 1 that above.

    Parameters
    ----------
    stages : sequence of Layer
        The hidden layers, and the outputs as one more.
    sums : BoxSums
    low, high : sequences of (m, width) arrays
        Bounds on the pre-activations of each hidden layer.
    fans : sequence of Fans, optional
        Those of each hidden layer, whose lines have no other slopes.

    Returns
    -------
    leans : list of (m, width) arrays
        Those of the lowest bound that was seen, rounded to few digits; nothing is proved.
    is_near : (m,) array
        Whether bounds came below 0, or so near that others of these slopes may.

    Notes
    -----
    Steps end where a bound is below 0, or did not come near to it soon: 0 is what closes a case.
    """
    layers = stages[:-1]
    fans = [NO_FANS] * len(layers) if fans is None else fans
    m = len(sums.inputs)
    leans = [default_leans(*pair) for pair in zip(low, high, strict=True)]
    best, first, left = np.full(m, np.inf), np.full(m, np.inf), np.arange(m)
    best_leans, now = [lean.copy() for lean in leans], _Descent.of(layers, sums, low, high, leans, fans)
    for step in range(STEPS):
        lines = [*map(_leaning, layers, now.lines, now.bends, now.leans)]
        top, derivatives = _slopes_down(stages, now.sums, lines, now.bends)
        is_best = top < best[left]
        best[left[is_best]] = top[is_best]
        if step == 0:
            first = np.maximum(top, 0.0)
        for kept, lean in zip(best_leans, now.leans, strict=True):
            kept[left[is_best]] = lean[is_best]
        length = FIRST / (1 + SHORTER * step)
        leans = [
            np.round(np.clip(lean - length * np.sign(down), 0, 1) * LEANS) / LEANS
            for lean, down in zip(now.leans, derivatives, strict=True)
        ]
        goes_on = (best[left] > -ENOUGH * first[left]) & ((step < SOON) | (best[left] < NEAR * first[left]))
        now = now._replace(leans=leans)
        if not goes_on.all():
            left, now = left[goes_on], now.at(goes_on)
            if not len(left):
                break
    return best_leans, best < NEAR * first


class _Descent(NamedTuple):
    """Sums whose slopes take steps, with lines by layer, where these bend, and slopes now."""

    sums: BoxSums
    lines: list[Relaxation]
    bends: list[Bools]
    leans: list[Floats]

    @classmethod
    def of(
        cls, layers: Sequence[Layer], sums: BoxSums, low: Sequence[Floats], high: Sequence[Floats],
        leans: list[Floats], fans: Sequence[Fans],
    ) -> _Descent:  # fmt: skip
        """Those between these bounds."""
        given = list(zip(layers, low, high, fans, strict=True))
        lines = [lines_between(layer, bottom, top, None, some) for layer, bottom, top, some in given]
        return cls(sums, lines, [may_bend(*one) for one in given], leans)

    def at(self, index: Bools) -> _Descent:
        """Some of them."""
        outputs, hidden, *others = self.sums
        return _Descent(
            BoxSums(outputs[index], [part[index] for part in hidden], *(part[index] for part in others)),
            [Relaxation._make(part[index] for part in line) for line in self.lines],
            [part[index] for part in self.bends],
            [part[index] for part in self.leans],
        )


def _leaning(layer: Layer, line: Relaxation, bends: Bools, lean: Floats) -> Relaxation:
    """The same lines, but those through 0 have other slopes."""
    p, q = layer.negative_slope, layer.positive_slope
    through = p + (q - p) * lean
    return line._replace(
        lower_slope=np.where(bends & (p < q), through, line.lower_slope),
        upper_slope=np.where(bends & (p > q), through, line.upper_slope),
    )


def _slopes_down(
    stages: Sequence[Layer], sums: BoxSums, lines: Sequence[Relaxation], bends: Sequence[Bools]
) -> tuple[Floats, list[Floats]]:
    """Upper bounds on sums in their boxes, and their derivatives by leans, for each layer."""
    chosen: list[tuple[Floats, Floats, Floats]] = []
    with quiet():
        constant = sums.constant + sums.outputs @ stages[-1].bias
        value = sums.outputs @ stages[-1].factor()
        for layer, line, more in zip(stages[-2::-1], lines[::-1], sums.hidden[::-1], strict=True):
            slope = np.where(value > 0, line.upper_slope, line.lower_slope)
            offset = np.where(value > 0, line.upper_offset, line.lower_offset)
            chosen.append((value, slope, offset))
            constant = constant + np.where(value == 0, 0.0, value * offset).sum(axis=1)
            value = value * slope + more
            constant = constant + value @ layer.bias
            value = value @ layer.factor()
        value = value + sums.inputs
        x = np.where(value > 0, sums.upper, sums.lower)
        constant = constant + (value * x).sum(axis=1)
        found: list[Floats] = []
        for layer, bent, (value, slope, offset) in zip(stages[:-1], bends, chosen[::-1], strict=True):
            z = x @ layer.factor().T + layer.bias
            rise = layer.positive_slope - layer.negative_slope
            found.append(np.where(bent & (value * rise < 0), value * rise * z, 0.0))
            x = slope * z + offset
    return np.where(np.isnan(constant), np.inf, constant), found

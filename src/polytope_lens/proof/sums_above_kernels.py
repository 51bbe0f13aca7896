"""Upper bounds, in floats, on the sums of terms that the checker of proof logs bounds in integers.

`checker.highest` puts lines in the place of activations on the way back from a sum to the inputs. Here the same is done
in floats for many sums at once, with a bound on how far the result is from that in integers, however it is rounded: so
where float plus bound is at most 0, the number in integers is. docs/proofs.md derives the bounds ("In floats").

All that is known of errors is shared by the sums of a call: `most` is the size of each neuron's greatest coefficient,
`doubt` how far any of its coefficients may be from the true one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from polytope_lens._compiled.jit import inlined, jit
from polytope_lens._compiled.simd import LANES, fill, load, multiply_add, store

if TYPE_CHECKING:
    from polytope_lens._types import Floats, Ints

# Half the distance from 1 to the next float.
U = 2.0**-53
# Bounds are computed in floats, too: sums of less than 2**20 positive terms, each of which errs by a factor 1 + 2**-53.
SLACK = 1 + 2.0**-30
# Added wherever products may have become too small for floats.
TINY = 2.0**-1000
# Coefficients and bounds that exceed this are left to integers, so that no product of two of them overflows.
HUGE = 2.0**300
# The checker's chords have slopes of so many bits.
STEPS = 4096
# Bounds are whole numbers, less than this, over a power of two, so that the quotient of two of them is exact.
MOST_UNITS = 2.0**50

# What a neuron's activation is replaced by: nothing, since it is zero; lines; or it has no bounds and may bend.
ZERO, LINES, UNKNOWN = 0, 1, 2


class StageArrays(NamedTuple):
    """The layers of a network, S of them with the outputs, as arrays; N neurons in all.

    Parameters
    ----------
    width : (S + 1,) array
        Numbers of inputs and of each layer's neurons.
    first : (S + 1,) array
        Where a layer's neurons begin among all.
    weight_start, stride : (S,) arrays
        Where its weights begin in `weight`, and how far apart rows are, a multiple of eight.
    weight : (...,) array
    bias, negative, positive : (N,) arrays
        Biases and slopes.
    twin : (N,) int array
        For those that stand for what they give more than so many times a twin: which neuron that is; else -1.
    times : (N,) array
        So many times, powers of two.
    grain : (S,) array
        One over the power of two that makes a layer's weights whole numbers, times that of the slopes before it.
    """

    width: Ints
    first: Ints
    weight_start: Ints
    stride: Ints
    weight: Floats
    bias: Floats
    negative: Floats
    positive: Floats
    twin: Ints
    times: Floats
    grain: Floats


class LineArrays(NamedTuple):
    """Lines around activations in a cell: slope and constant term of the one above and of the one below, (N,) each.

    `steep` and `far` are at least as great as the sizes of the true slopes and constant terms, which are within
    `slope_doubt` and `offset_doubt` of the floats. `kind` is `ZERO`, `LINES` or `UNKNOWN`.
    """

    kind: Ints
    above: Floats
    top: Floats
    below: Floats
    bottom: Floats
    steep: Floats
    far: Floats
    slope_doubt: Floats
    offset_doubt: Floats


class SumRows(NamedTuple):
    """Sums to bound, at most m at a time: terms of the last layer, pre-activations of any, inputs, a constant.

    Parameters
    ----------
    value, other : (m, widest) arrays
        Coefficients of the last layer's values; room.
    constant : (m,) array
    x : (m, d) array
        Coefficients of inputs.
    start : (m + 1,) array
        Where each sum's coefficients of single pre-activations begin in the next three.
    stage, neuron : (...,) int arrays
    factor : (...,) array
    bound : (m,) array
        The result.
    most, doubt, seen : (widest,) arrays
        Room.
    live : (widest,) int array
        Room.
    """

    value: Floats
    other: Floats
    constant: Floats
    x: Floats
    start: Ints
    stage: Ints
    neuron: Ints
    factor: Floats
    bound: Floats
    most: Floats
    doubt: Floats
    seen: Floats
    live: Ints


@jit
def draw(
    stages: StageArrays, lines: LineArrays, low: Any, high: Any, lean: Any, units: Any, which: Any
) -> Any:  # pragma: no cover - compiled
    """Draw lines around the activations of some layers between bounds; whether that worked.

    Bounds (N,) are whole numbers over `units` of their layer, or infinite where they are not known; where no lean is
    given, it is -1. `which` has the first layer and the last one.
    """
    drawn = True
    for at in range(which[0], which[1] + 1):
        drawn = _draw_layer(stages, lines, at, low, high, lean, units[at]) and drawn
    return drawn


@inlined
def _draw_layer(
    stages: StageArrays, lines: LineArrays, at: int, low: Any, high: Any, lean: Any, units: float
) -> Any:  # pragma: no cover - compiled
    drawn = True
    for j in range(stages.first[at], stages.first[at + 1]):
        p, q, i = stages.negative[j], stages.positive[j], stages.twin[j]
        if i < 0:
            drawn = _draw_line(lines, j, p, q, low[j], high[j], lean[j], units) and drawn
            continue
        # Products with powers of two are exact, and a sum of two floats has the sign of the true one.
        if low[i] >= 0.0 and stages.times[j] * low[i] + low[j] >= 0.0:
            p = q
        elif high[i] <= 0.0 and stages.times[j] * high[i] + high[j] <= 0.0:
            q = p
        drawn = _draw_line(lines, j, max(p, q), min(p, q), low[j], high[j], -1, units) and drawn
        kind, below, bottom = lines.kind[j], lines.below[j], lines.bottom[j]
        steep, far = lines.steep[j], lines.far[j]
        drawn = _draw_line(lines, j, min(p, q), max(p, q), low[j], high[j], -1, units) and drawn
        lines.kind[j], lines.below[j], lines.bottom[j] = max(kind, lines.kind[j]), below, bottom
        lines.steep[j], lines.far[j] = max(steep, lines.steep[j]), max(far, lines.far[j])
    return drawn


@inlined
def _draw_line(
    lines: LineArrays, j: int, p: float, q: float, low: float, high: float, lean: int, units: float
) -> Any:  # pragma: no cover - compiled
    """Lines around an activation with the slopes p below 0 and q above; whether that worked."""
    lines.slope_doubt[j] = lines.offset_doubt[j] = lines.top[j] = lines.bottom[j] = lines.far[j] = 0.0
    lines.kind[j] = LINES
    if p == q or low >= 0.0 or high <= 0.0:
        own = q if p == q or low >= 0.0 else p
        lines.above[j] = lines.below[j] = own
        lines.steep[j] = abs(own)
        if own == 0.0:
            lines.kind[j] = ZERO
        return True
    over, under = high * units, -low * units
    if over > HUGE or under > HUGE:
        lines.kind[j] = UNKNOWN
        return True
    if over >= MOST_UNITS or under >= MOST_UNITS:
        return False
    share = (int(over) * STEPS) // (int(over) + int(under))
    chord = p + (q - p) * (share / STEPS)
    through = q if high > -low else p
    if lean >= 0:
        through = p + (q - p) * (lean / STEPS)
    s, t = (chord, through) if p < q else (through, chord)
    lines.above[j], lines.below[j] = s, t
    lines.top[j] = max(0.0, (p - s) * low, (q - s) * high)
    lines.bottom[j] = min(0.0, (p - t) * low, (q - t) * high)
    slopes = abs(p) + abs(q)
    lines.slope_doubt[j] = 4 * U * slopes + TINY
    lines.steep[j] = (max(abs(s), abs(t)) + lines.slope_doubt[j]) * SLACK
    farthest = max(high, -low)
    lines.offset_doubt[j] = 8 * U * slopes * farthest + TINY * (1 + farthest)
    lines.far[j] = (max(lines.top[j], -lines.bottom[j]) + lines.offset_doubt[j]) * SLACK
    return True


@jit
def bound_sums(
    stages: StageArrays, lines: LineArrays, sums: SumRows, asked: Any, grain_of_sums: Any, lower: Any, upper: Any
) -> Any:  # pragma: no cover - compiled
    """Bound m sums, whose terms are of layer `last` and those before, in a box; whether that worked.

    `asked` has m and `last`. Coefficients and constants are floats nearest to the true ones, which are multiples of
    ``grain_of_sums[0]``: this tells how much it is what integers round up.
    """
    m, last, grain = asked[0], asked[1], grain_of_sums[0]
    doubt = 0.0  # of constants
    n = stages.width[last + 1]
    for j in range(n):
        sums.doubt[j] = 0.0
        sums.most[j] = _size_of_column(sums.value, m, j)
        if sums.most[j] > 0.0:
            sums.doubt[j] = 2 * U * sums.most[j] + TINY
    doubt += 2 * U * _size_of(sums.constant, m) + TINY
    at, value, other = last, sums.value, sums.other
    while True:
        if sums.start[m] > 0:
            _add_neurons(sums, value, m, at, n)
        doubt = _add_biases(stages, sums, value, m, at, n, doubt)
        width = stages.width[at]
        if not _multiply(stages, sums, value, other, m, at, n) or not doubt < HUGE:
            return False
        value, other = other, value
        if at == 0:
            return _highest(sums, value, m, width, doubt, lower, upper)
        at -= 1
        n = width
        doubt = _replace(stages, lines, sums, value, m, at, n, doubt)
        if doubt < 0.0:
            return False
        grain *= stages.grain[at + 1] / STEPS
        doubt += grain + TINY


@inlined
def _size_of(values: Any, m: int) -> Any:  # pragma: no cover - compiled
    most = 0.0
    for i in range(m):
        most = max(most, abs(values[i]))
    return most


@inlined
def _size_of_column(values: Any, m: int, j: int) -> Any:  # pragma: no cover - compiled
    most = 0.0
    for i in range(m):
        most = max(most, abs(values[i, j]))
    return most


@inlined
def _add_neurons(sums: SumRows, value: Any, m: int, at: int, n: int) -> None:  # pragma: no cover - compiled
    """Add coefficients of single pre-activations of a layer; each addition errs by half a unit of its result."""
    for i in range(m):
        for e in range(sums.start[i], sums.start[i + 1]):
            if sums.stage[e] == at:
                j = sums.neuron[e]
                before = abs(value[i, j])
                value[i, j] += sums.factor[e]
                sums.doubt[j] += 4 * U * (before + abs(value[i, j]) + sums.most[j]) + TINY
                sums.most[j] = max(sums.most[j], abs(value[i, j]))


@inlined
def _add_biases(
    stages: StageArrays, sums: SumRows, value: Any, m: int, at: int, n: int, doubt: float
) -> Any:  # pragma: no cover - compiled
    """Add biases times coefficients to the constants; how far these may then be from the true ones."""
    first, size, inherited = stages.first[at], _size_of(sums.constant, m), 0.0
    for j in range(n):
        bias = abs(stages.bias[first + j])
        size += sums.most[j] * bias
        inherited += sums.doubt[j] * bias
    for i in range(m):
        total = sums.constant[i]
        for j in range(n):
            total += value[i, j] * stages.bias[first + j]
        sums.constant[i] = total
    return (doubt + inherited + (n + 4) * U * size) * SLACK + TINY


@inlined
def _multiply(
    stages: StageArrays, sums: SumRows, value: Any, other: Any, m: int, at: int, n: int
) -> Any:  # pragma: no cover - compiled
    """Coefficients of what a layer sees, with `most` and `doubt`; whether all are in range."""
    n_live = 0
    for j in range(n):
        if sums.most[j] > 0.0 or sums.doubt[j] > 0.0:
            sums.live[n_live] = j
            n_live += 1
    start, stride, width = stages.weight_start[at], stages.stride[at], stages.width[at]
    unit = (n_live + 4) * U
    for j in range(n_live):
        # From here on by place among those that are live: what one coefficient can add to the doubts of the next.
        place = sums.live[j]
        sums.seen[j] = sums.doubt[place] + unit * sums.most[place]
    for k in range(0, stride, LANES):
        i = 0
        while i + 4 <= m:
            a = b = c = d = fill(0.0)
            for e in range(n_live):
                j = sums.live[e]
                weight = load(stages.weight, (start + j * stride + k,))
                a = multiply_add(weight, fill(value[i, j]), a)
                b = multiply_add(weight, fill(value[i + 1, j]), b)
                c = multiply_add(weight, fill(value[i + 2, j]), c)
                d = multiply_add(weight, fill(value[i + 3, j]), d)
            store(other, (i, k), a)
            store(other, (i + 1, k), b)
            store(other, (i + 2, k), c)
            store(other, (i + 3, k), d)
            i += 4
        while i < m:
            a = fill(0.0)
            for e in range(n_live):
                j = sums.live[e]
                a = multiply_add(load(stages.weight, (start + j * stride + k,)), fill(value[i, j]), a)
            store(other, (i, k), a)
            i += 1
    for k in range(width):
        sums.doubt[k] = 0.0
        sums.most[k] = 0.0
    for e in range(n_live):
        row = start + sums.live[e] * stride
        for k in range(width):
            weight = abs(stages.weight[row + k])
            sums.doubt[k] += sums.seen[e] * weight
            if weight > 0.0:
                sums.doubt[k] += TINY
    in_range = True
    for k in range(width):
        sums.doubt[k] *= SLACK
        sums.most[k] = _size_of_column(other, m, k)
        in_range = in_range and sums.doubt[k] < HUGE and sums.most[k] < HUGE
    return in_range


@inlined
def _replace(
    stages: StageArrays, lines: LineArrays, sums: SumRows, value: Any, m: int, at: int, n: int, doubt: float
) -> Any:  # pragma: no cover - compiled
    """Put lines in the place of a layer's activations; the constants' doubt, or -1 if a neuron is unknown."""
    first, inherited, size = stages.first[at], 0.0, _size_of(sums.constant, m)
    for k in range(n):
        j = first + k
        if lines.kind[j] == ZERO or sums.doubt[k] == 0.0:
            # Without any doubt, all coefficients are zero.
            sums.most[k] = sums.doubt[k] = 0.0
            for i in range(m):
                value[i, k] = 0.0
            continue
        if lines.kind[j] == UNKNOWN:
            return -1.0
        most, share = sums.most[k], sums.doubt[k]
        inherited += share * lines.far[j] + most * lines.offset_doubt[j]
        size += most * lines.far[j]
        sums.doubt[k] = (share * lines.steep[j] + most * (lines.slope_doubt[j] + U * lines.steep[j])) * SLACK + TINY
        sums.most[k] = 0.0
        above, top, below, bottom = lines.above[j], lines.top[j], lines.below[j], lines.bottom[j]
        for i in range(m):
            v = value[i, k]
            if v > 0.0:
                sums.constant[i] += v * top
                value[i, k] = v * above
            else:
                sums.constant[i] += v * bottom
                value[i, k] = v * below
            sums.most[k] = max(sums.most[k], abs(value[i, k]))
    return (doubt + inherited + (n + 4) * U * size) * SLACK + TINY


@inlined
def _highest(
    sums: SumRows, value: Any, m: int, d: int, doubt: float, lower: Any, upper: Any
) -> Any:  # pragma: no cover - compiled
    """Upper bounds on the sums, affine functions of the inputs by now, in a box."""
    size, inherited = _size_of(sums.constant, m), 0.0
    for k in range(d):
        reach = max(abs(lower[k]), abs(upper[k]))
        given = 0.0
        for i in range(m):
            given = max(given, abs(sums.x[i, k]))
        inherited += (sums.doubt[k] + 4 * U * (given + sums.most[k])) * reach
        size += (sums.most[k] + given) * reach
    doubt = (doubt + inherited + (d + 4) * U * size) * SLACK + TINY
    for i in range(m):
        total = sums.constant[i]
        for k in range(d):
            slope = value[i, k] + sums.x[i, k]
            total += max(slope * upper[k], slope * lower[k])
        sums.bound[i] = total + doubt
    return doubt < HUGE

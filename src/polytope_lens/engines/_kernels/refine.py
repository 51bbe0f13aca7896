"""The second rung: rows of a layer recomputed in double-double arithmetic, along the path that the walk has taken.

Worst-case bounds on running sums of floats grow by a factor per layer, and after some ten layers of ordinary networks
they say nothing, although the geometry is not hard. Rows recomputed with twice the digits and rounded once have the
error of that rounding again. The recomputation goes layer by layer under the bits of the cell at hand, and layers that
this cell shares with the one before it are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._compiled.jit import inlined, jit
from polytope_lens._compiled.simd import (
    LANES,
    add,
    fill,
    fused,
    load,
    multiply,
    multiply_add,
    padded,
    size,
    store,
    subtract,
)
from polytope_lens._compiled.structures import far
from polytope_lens.arithmetic.double_double import DOUBLE_ROUNDING, plus, times
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.engines._kernels.packed_network import is_on

if TYPE_CHECKING:
    from polytope_lens._types import Floats, Ints
    from polytope_lens.engines._kernels.packed_network import PackedNetwork


class Refined(NamedTuple):
    """Rows of each layer as double-doubles, and for which cell they hold."""

    high: Floats  # (L + 1, k + 1, width)
    low: Floats
    error: Floats  # (L + 1, width): bound over the box, as for all rows
    current: Ints  # (L + 2,): the number of the cell in which each layer last began; last, how many there were
    known: Ints  # (L + 1,): the number of the cell for which `high` and `low` hold
    live: Ints  # (width,): neurons that the next layer's rows are sums of, with
    factor: Floats  # (2, k + 1, width): high and low parts of their rows times their slopes, and
    handed: Floats  # (width,): the errors that these hand on


def start(first: Floats, n_layers: int, widest: int) -> Refined:
    """Nothing known but the first layer's rows (k + 1, n), which are exact."""
    k1, widest = len(first), padded(widest)
    state = Refined(
        np.zeros((n_layers, k1, widest)),
        np.zeros((n_layers, k1, widest)),
        np.zeros((n_layers, widest)),
        np.zeros(n_layers + 1, dtype=np.int64),
        np.full(n_layers, -1, dtype=np.int64),
        np.zeros(widest, dtype=np.int64),
        np.zeros((2, k1, widest)),
        np.zeros(widest),
    )
    state.high[0, :, : first.shape[1]] = first
    return state


@inlined
def begin(r: Refined, layer: int) -> None:  # pragma: no cover - compiled
    """A layer begins in a new cell."""
    r.current[r.current.shape[0] - 1] += 1
    r.current[layer] = r.current[r.current.shape[0] - 1]


@inlined
def is_refined(r: Refined, layer: int) -> bool:  # pragma: no cover - compiled
    """Whether the rows of a layer have been recomputed for the cell at hand."""
    return bool(r.known[layer] == r.current[layer])


@inlined
def close_refined(
    net: PackedNetwork, r: Refined, bits: Any, layer: int, out: Any, sure: Any
) -> None:  # pragma: no cover
    """Recompute the rows of a layer and round them to `out`, with what makes a value `sure`."""
    _refine(far(net), far(r), bits, layer)
    n, k1 = net.width[layer], out.shape[0]
    evaluation = (k1 + 4) * UNIT_ROUNDOFF
    for q in range(n):
        sure[q] = 0.0
    for k in range(k1):
        reach = net.reach[k]
        for q in range(n):
            x = r.high[layer, k, q]
            out[k, q] = x
            sure[q] += abs(x) * reach
    for q in range(n):
        sure[q] = r.error[layer, q] * BOUND_SLACK + evaluation * sure[q] + UNDERFLOW_GUARD


@jit
def _refine(net: PackedNetwork, r: Refined, bits: Any, layer: int) -> None:  # pragma: no cover - compiled
    base = layer
    while base > 0 and r.known[base] != r.current[base]:
        base -= 1
    for before in range(base, layer):
        _next_layer(net, r, bits, before)


@inlined
def _next_layer(net: PackedNetwork, r: Refined, bits: Any, before: int) -> None:  # pragma: no cover - compiled
    """Rows of a layer from those of the one before, as compensated sums.

    The high parts are added, and what rounding leaves of each product and sum, which is exact, goes to the low parts
    (Ogita, Rump, and Oishi 2005, *Accurate sum and dot product*, Algorithm 5.3). With T the sum of the sizes of n terms
    and u the unit roundoff, the low parts are at most (n + 2) u T, so their own rounding costs less than
    (n + 4)^2 u^2 T in all, a product's by the slope included.
    """
    layer, k1 = before + 1, r.high.shape[1]
    n, stride = net.width[layer], net.stride[layer]
    column, first, bias = net.weight_start[layer], net.neuron_start[before], net.neuron_start[layer]
    weights, reach, high, low, error = net.weights, net.reach, r.high, r.low, r.error
    rounding = ((net.width[before] + 4) * UNIT_ROUNDOFF) ** 2
    size_of_one = 0.0
    for k in range(k1):
        size_of_one += abs(net.tau[k]) * reach[k]
    for at in range(0, n, LANES):
        biases = load(net.bias, (bias + at,))
        for k in range(k1):
            store(high, (layer, k, at), multiply(biases, fill(net.tau[k])))
            store(low, (layer, k, at), fill(0.0))
        store(error, (layer, at), multiply_add(size(biases), fill(rounding * size_of_one), fill(UNDERFLOW_GUARD)))
    n_live = 0
    for j in range(net.width[before]):
        bit = net.bit[first + j]
        on = bit < 0 or is_on(bits, bit)
        slope = net.positive[first + j] if on else net.negative[first + j]
        if slope == 0.0:
            continue
        if net.sparse_at[layer] >= 0:
            _add_sparse(net, r, layer, j, slope)
            continue
        magnitude = 0.0
        for k in range(k1):
            zh, zl = high[before, k, j], low[before, k, j]
            if slope != 1.0:
                zh, zl = times(zh, zl, slope)
            magnitude += abs(zh) * reach[k]
            r.factor[0, k, n_live], r.factor[1, k, n_live] = zh, zl
        # What it has inherited, and its roundings.
        inherited = r.error[before, j] * abs(slope)
        r.handed[n_live] = (inherited + (rounding + DOUBLE_ROUNDING) * magnitude + UNDERFLOW_GUARD) * BOUND_SLACK
        r.live[n_live] = j
        n_live += 1
    if net.sparse_at[layer] < 0:
        for at in range(0, stride, LANES):
            _add_all(weights, r, column + at, stride, n_live, layer, at)
    r.known[layer] = r.current[layer]


@inlined
def _add_all(
    weights: Any, r: Refined, column: int, stride: int, n_live: int, layer: int, at: int
) -> None:  # pragma: no cover - compiled
    """Add all neurons that are not zero to eight rows."""
    high, low, error, live, factor = r.high, r.low, r.error, r.live, r.factor
    for k in range(high.shape[1]):
        sums, rest = load(high, (layer, k, at)), fill(0.0)
        for i in range(n_live):
            weight, zh = load(weights, (column + live[i] * stride,)), factor[0, k, i]
            product = multiply(fill(zh), weight)
            # Exact, as product and sum have one rounding each; what the product lacks, with the other sign.
            excess = fused(fill(-zh), weight, product)
            total = add(sums, product)
            there = subtract(total, sums)
            lost = add(subtract(sums, subtract(total, there)), subtract(product, there))
            rest = add(rest, add(lost, subtract(multiply(fill(factor[1, k, i]), weight), excess)))
            sums = total
        # The high parts are to be the sums, rounded, so that the low ones are what is left (Knuth 1969).
        total = add(sums, rest)
        there = subtract(total, sums)
        store(high, (layer, k, at), total)
        store(low, (layer, k, at), add(subtract(sums, subtract(total, there)), subtract(rest, there)))
    bound = load(error, (layer, at))
    for i in range(n_live):
        bound = multiply_add(size(load(weights, (column + live[i] * stride,))), fill(r.handed[i]), bound)
    store(error, (layer, at), bound)


@inlined
def _add_sparse(
    net: PackedNetwork, r: Refined, layer: int, j: int, slope: float
) -> None:  # pragma: no cover - compiled
    """The same for a neuron whose column of weights is sparse."""
    before, k1, at = layer - 1, r.high.shape[1], net.sparse_at[layer]
    high, low, error = r.high, r.low, r.error
    magnitude = 0.0
    for k in range(k1):
        zh, zl = times(high[before, k, j], low[before, k, j], slope)
        magnitude += abs(zh) * net.reach[k]
        for i in range(net.sparse_start[at + j], net.sparse_start[at + j + 1]):
            q = net.sparse_rows[i]
            ph, pl = times(zh, zl, net.sparse_weights[i])
            sh, sl = plus(high[layer, k, q], low[layer, k, q], ph, pl)
            high[layer, k, q] = sh
            low[layer, k, q] = sl
            error[layer, q] += abs(sh) * (DOUBLE_ROUNDING * net.reach[k])
    inherited = error[before, j] * abs(slope)
    handed = (inherited + 2 * DOUBLE_ROUNDING * magnitude + UNDERFLOW_GUARD) * BOUND_SLACK
    for i in range(net.sparse_start[at + j], net.sparse_start[at + j + 1]):
        error[layer, net.sparse_rows[i]] += abs(net.sparse_weights[i]) * handed

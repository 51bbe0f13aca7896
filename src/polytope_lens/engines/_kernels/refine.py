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
    load,
    multiply,
    multiply_add,
    padded,
    size,
    store,
    subtract,
)
from polytope_lens._compiled.structures import far
from polytope_lens.arithmetic.double_double import DOUBLE_ROUNDING, SPLITTER, plus, times
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


def start(first: Floats, n_layers: int, widest: int) -> Refined:
    """Nothing known but the first layer's rows (k + 1, n), which are exact."""
    k1, widest = len(first), padded(widest)
    state = Refined(
        np.zeros((n_layers, k1, widest)),
        np.zeros((n_layers, k1, widest)),
        np.zeros((n_layers, widest)),
        np.zeros(n_layers + 1, dtype=np.int64),
        np.full(n_layers, -1, dtype=np.int64),
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
    layer, k1 = before + 1, r.high.shape[1]
    n, stride = net.width[layer], net.stride[layer]
    column, first, bias = net.weight_start[layer], net.neuron_start[before], net.neuron_start[layer]
    weights, reach, high, low, error = net.weights, net.reach, r.high, r.low, r.error
    for k in range(k1):
        for q in range(n):
            high[layer, k, q] = net.bias[bias + q] * net.tau[k]
            low[layer, k, q] = 0.0
    for q in range(n):
        error[layer, q] = UNDERFLOW_GUARD
    for j in range(net.width[before]):
        bit = net.bit[first + j]
        on = bit < 0 or is_on(bits, bit)
        slope = net.positive[first + j] if on else net.negative[first + j]
        if slope == 0.0:
            continue
        if net.sparse_at[layer] >= 0:
            _add_sparse(net, r, layer, j, slope)
            continue
        start_of_column = column + j * stride
        magnitude = 0.0
        for k in range(k1):
            zh, zl = times(high[before, k, j], low[before, k, j], slope)
            magnitude += abs(zh) * reach[k]
            share = fill(DOUBLE_ROUNDING * reach[k])
            for at in range(0, stride, LANES):
                ph, pl = _times_octet(zh, zl, load(weights, (start_of_column + at,)))
                sh, sl = _plus_octets(load(high, (layer, k, at)), load(low, (layer, k, at)), ph, pl)
                store(high, (layer, k, at), sh)
                store(low, (layer, k, at), sl)
                store(error, (layer, at), multiply_add(size(sh), share, load(error, (layer, at))))
        # Two products: by the slope, then by the weight.
        inherited = r.error[before, j] * abs(slope)
        handed = fill((inherited + 2 * DOUBLE_ROUNDING * magnitude + UNDERFLOW_GUARD) * BOUND_SLACK)
        for at in range(0, stride, LANES):
            weight = size(load(weights, (start_of_column + at,)))
            store(error, (layer, at), multiply_add(weight, handed, load(error, (layer, at))))
    r.known[layer] = r.current[layer]


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


@inlined
def _times_octet(high: float, low: float, factor: Any) -> tuple[Any, Any]:  # pragma: no cover - compiled
    """A double-double times each of eight floats; see :func:`.double_double.times`."""
    t = SPLITTER * high
    top = t - (t - high)
    h1, h2 = fill(top), fill(high - top)
    product = multiply(fill(high), factor)
    u = multiply(fill(SPLITTER), factor)
    f1 = subtract(u, subtract(u, factor))
    f2 = subtract(factor, f1)
    rest = add(add(subtract(multiply(h1, f1), product), multiply(h1, f2)), multiply(h2, f1))
    rest = add(add(rest, multiply(h2, f2)), multiply(fill(low), factor))
    total = add(product, rest)
    return total, subtract(rest, subtract(total, product))


@inlined
def _plus_octets(ah: Any, al: Any, bh: Any, bl: Any) -> tuple[Any, Any]:  # pragma: no cover - compiled
    """Sums of eight pairs of double-doubles; see :func:`.double_double.plus`."""
    s = add(ah, bh)
    v = subtract(s, ah)
    e = add(subtract(ah, subtract(s, v)), subtract(bh, v))
    t = add(al, bl)
    v = subtract(t, al)
    f = add(subtract(al, subtract(t, v)), subtract(bl, v))
    e = add(e, t)
    h = add(s, e)
    e = add(subtract(e, subtract(h, s)), f)
    total = add(h, e)
    return total, subtract(e, subtract(total, h))

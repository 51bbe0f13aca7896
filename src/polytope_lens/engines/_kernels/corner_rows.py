"""Rows of a layer on a cell known by its corners, and those of the next, as neurons are decided.

The bounds are those of `packed_network`, with one for all additions to a row instead of one for each: a sum of n
terms and a bias, in any order, errs by at most ``(n + 2) u`` times the sum of their absolute values (Higham 2002,
section 3.1). So a neuron hands on, for each unit of weight, its own error and that share of its magnitude: `carry`. A
bound on the error of a row is its last entry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polytope_lens._compiled.bits import NOTHING, ONE, lowest_bit
from polytope_lens._compiled.jit import inlined
from polytope_lens._compiled.simd import LANES, fill, load, multiply, multiply_add, size, store
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.engines._kernels.packed_network import REFINE_AT, is_blockwise
from polytope_lens.engines._kernels.refine import close_refined

if TYPE_CHECKING:
    from polytope_lens.engines._kernels.packed_network import PackedNetwork


@inlined
def close_rows(net: PackedNetwork, s: Any, f: int, layer: int) -> None:  # pragma: no cover - compiled
    """Rows of a layer as tried on a cell, with the bounds that go with them; `carry` holds magnitudes first."""
    rows, out, sure, spread, carry, reach = (
        s.frames.rows, s.layers.rows, s.layers.sure, s.layers.spread, s.layers.carry, net.reach
    )  # fmt: skip
    d = out.shape[1] - 1
    evaluation, rounding = (d + 4) * UNIT_ROUNDOFF, (net.width[layer] + 4) * UNIT_ROUNDOFF
    largest, worst = 0.0, 0.0
    for at in range(0, net.stride[layer], LANES):
        error = fill(UNDERFLOW_GUARD)
        if layer > 0:  # the first layer's are exact, and in their place from the start
            for k in range(d + 1):
                store(out, (layer, k, at), load(rows, (f, k, at)))
            error = multiply_add(load(rows, (f, d + 1, at)), fill(BOUND_SLACK), error)
        magnitude = _magnitude(out, reach, layer, d, at)
        store(sure, (layer, at), multiply_add(magnitude, fill(evaluation), error))
        store(carry, (layer, at), magnitude)
    if layer > 0:
        for q in range(net.width[layer]):
            largest = max(largest, carry[layer, q])
            worst = max(worst, rows[f, d + 1, q])
    if worst > REFINE_AT * UNIT_ROUNDOFF * largest:
        close_refined(net, s.refined, s.bits, layer, out[layer], sure[layer])
    for at in range(0, net.stride[layer], LANES):
        total = fill(0.0)
        for k in range(d):
            total = multiply_add(size(load(out, (layer, k, at))), fill(BOUND_SLACK), total)
        store(spread, (layer, at), total)
        handed = multiply_add(_magnitude(out, reach, layer, d, at), fill(rounding), load(sure, (layer, at)))
        store(carry, (layer, at), multiply_add(handed, fill(BOUND_SLACK), fill(0.0)))


@inlined
def _magnitude(out: Any, reach: Any, layer: int, d: int, at: int) -> Any:  # pragma: no cover - compiled
    """Greatest possible sum of the absolute values of a row's terms, for eight rows."""
    total = size(load(out, (layer, d, at)))
    for k in range(d):
        total = multiply_add(size(load(out, (layer, k, at))), fill(reach[k]), total)
    return total


@inlined
def start_rows(net: PackedNetwork, s: Any, f: int, layer: int) -> None:  # pragma: no cover - compiled
    """Rows of the next layer before any neuron has been added: its bias times the form that is 1 on the input space."""
    rows, bias, tau, reach = s.frames.rows, net.bias, net.tau, net.reach
    d = rows.shape[1] - 2
    first = net.neuron_start[layer + 1]
    form = 0.0
    for k in range(d + 1):
        form += abs(tau[k]) * reach[k]
    form *= (net.width[layer] + 4) * UNIT_ROUNDOFF
    for at in range(0, net.width[layer + 1], LANES):
        biases = load(bias, (first + at,))
        for k in range(d + 1):
            store(rows, (f, k, at), multiply(biases, fill(tau[k])))
        store(rows, (f, d + 1, at), multiply(size(biases), fill(form)))


@inlined
def add_neurons(
    net: PackedNetwork, s: Any, f: int, layer: int, word: int, on: Any, off: Any
) -> None:  # pragma: no cover
    """Add the neurons of a word that have been decided to the next layer's rows of a cell."""
    if is_blockwise(net):
        return
    if net.sparse_at[layer + 1] < 0:
        _add_all(net, s, f, layer, word, on, net.positive)
        if net.leaks[layer]:
            _add_all(net, s, f, layer, word, off, net.negative)
        return
    first = net.neuron_start[layer]
    while on != NOTHING:
        q = 64 * word + lowest_bit(on)
        on &= on - ONE
        add_one(net, s, f, layer, q, net.positive[first + q])
    if net.leaks[layer]:
        while off != NOTHING:
            q = 64 * word + lowest_bit(off)
            off &= off - ONE
            add_one(net, s, f, layer, q, net.negative[first + q])


@inlined
def _add_all(
    net: PackedNetwork, s: Any, f: int, layer: int, word: int, which: Any, slopes: Any
) -> None:  # pragma: no cover - compiled
    """The same with dense weights, in the same order, eight rows at a time, which stay in registers meanwhile."""
    if which == NOTHING:
        return
    rows, source, carry, weights = s.frames.rows, s.layers.rows, s.layers.carry, net.weights
    stride, first, d = net.stride[layer + 1], net.neuron_start[layer], source.shape[1] - 1
    for at in range(0, stride, LANES):
        x, y, z = load(rows, (f, 0, at)), load(rows, (f, 1, at)), load(rows, (f, 2, at))
        last, error = load(rows, (f, d, at)), load(rows, (f, d + 1, at))
        column, rest = net.weight_start[layer + 1] + at, which
        while rest != NOTHING:
            q = 64 * word + lowest_bit(rest)
            rest &= rest - ONE
            slope = slopes[first + q]
            if slope != 0.0:
                weight = load(weights, (column + q * stride,))
                x = multiply_add(weight, fill(slope * source[layer, 0, q]), x)
                y = multiply_add(weight, fill(slope * source[layer, 1, q]), y)
                z = multiply_add(weight, fill(slope * source[layer, 2, q]), z)
                if d > 2:
                    last = multiply_add(weight, fill(slope * source[layer, d, q]), last)
                error = multiply_add(size(weight), fill(abs(slope) * carry[layer, q]), error)
        store(rows, (f, 0, at), x)
        store(rows, (f, 1, at), y)
        store(rows, (f, 2, at), z)
        if d > 2:
            store(rows, (f, d, at), last)
        store(rows, (f, d + 1, at), error)


@inlined
def add_one(net: PackedNetwork, s: Any, f: int, layer: int, q: int, slope: float) -> None:  # pragma: no cover
    """Add a decided neuron to the next layer's rows of a cell: ``rows[f] += slope * W[:, q] * z_q``."""
    if slope == 0.0:
        return
    stride = net.stride[layer + 1]
    rows, weights, source = s.frames.rows, net.weights, s.layers.rows
    d = source.shape[1] - 1
    sparse = net.sparse_at[layer + 1]
    if sparse >= 0:
        handed = abs(slope) * s.layers.carry[layer, q]
        for i in range(net.sparse_start[sparse + q], net.sparse_start[sparse + q + 1]):
            r, w = net.sparse_rows[i], net.sparse_weights[i]
            for k in range(d + 1):
                rows[f, k, r] += w * (slope * source[layer, k, q])
            rows[f, d + 1, r] += abs(w) * handed
        return
    error = fill(abs(slope) * s.layers.carry[layer, q])
    column = net.weight_start[layer + 1] + q * stride
    for at in range(0, stride, LANES):
        weight = load(weights, (column + at,))
        for k in range(d + 1):
            factor = fill(slope * source[layer, k, q])
            store(rows, (f, k, at), multiply_add(weight, factor, load(rows, (f, k, at))))
        store(rows, (f, d + 1, at), multiply_add(size(weight), error, load(rows, (f, d + 1, at))))

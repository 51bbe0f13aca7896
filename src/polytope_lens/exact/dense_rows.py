"""Affine rows of many patterns at once, as `bounded_rows` finds them, in one compiled step for each pattern.

For networks whose weights are all written out. A layer's rows under one pattern stay in the processor's caches, and
neurons that are off are passed over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._compiled.jit import inlined, jit, pays
from polytope_lens._compiled.simd import LANES, fill, load, multiply_add, padded, store
from polytope_lens._kept import kept
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF, summation_bound
from polytope_lens.exact.forward import SMALLEST
from polytope_lens.network.network import has_sparse_layers, most_terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.network.network import Network

# What a number of a row takes in products of whole matrices, in seconds, for each neuron of a layer; roughly.
SECONDS_EACH = 2e-9


class DenseLayers(NamedTuple):
    """The hidden layers of a network, one after the other.

    `weight` holds them row by row; `lost` is what a neuron's products may lose by underflow, `unit` the bound of its
    layer's sums. Layer l has the neurons ``starts[l]:starts[l + 1]``, and weights from ``at[l]`` on.
    """

    weight: Floats
    bias: Floats
    negative: Floats
    positive: Floats
    cuts: Bools
    lost: Floats
    unit: Floats
    starts: Ints
    at: Ints


@kept
def dense_layers(network: Network) -> DenseLayers:
    """What the kernel reads of a network; found once."""
    layers = network.layers
    weights = [layer.dense_weight() for layer in layers]
    lost = [SMALLEST * np.abs(weight).sum(axis=1) + UNDERFLOW_GUARD for weight in weights]
    return DenseLayers(
        _end_to_end([weight.ravel() for weight in weights]),
        _end_to_end([layer.bias for layer in layers]),
        _end_to_end([layer.negative_slope for layer in layers]),
        _end_to_end([layer.positive_slope for layer in layers]),
        _end_to_end([layer.cuts for layer in layers]).astype(bool),
        _end_to_end(lost),
        np.array([summation_bound(most_terms(weight) + 1) for weight in weights]),
        np.cumsum([0, *(layer.width for layer in layers)]),
        np.cumsum([0, *(weight.size for weight in weights)]),
    )


def _end_to_end(arrays: Sequence[NDArray[Any]]) -> Floats:
    return np.concatenate([np.empty(0), *arrays])


def pays_for_rows(network: Network, n: int) -> bool:
    """Whether to ask `dense_rows` for the rows of n patterns, see `jit.pays`."""
    if has_sparse_layers(network):
        return False
    return pays(
        (_rows,), n * SECONDS_EACH * network.n_neurons * (network.input_dim + 1) * max(network.widths, default=0)
    )


def dense_rows(network: Network, bits: Bools, walls: Floats, *, bounded: bool = True) -> tuple[Floats, Floats]:
    """Rows ``a . x + c <= 0`` under n patterns, (n, n_neurons + k, d + 1), and bounds on their error, if wanted.

    Parameters
    ----------
    bits : (n, n_neurons) bool array
    walls : (k, d + 1) array
        Rows that come after those of the neurons, without errors.
    bounded : bool
        Whether to find bounds, which take half of the time.

    Notes
    -----
    Bounds are those of `forward`. A row that a slope of zero multiplies is zero.
    """
    n, width = len(bits), network.input_dim + 1
    found = np.empty((n, bits.shape[1] + len(walls), width))
    found[:, bits.shape[1] :] = walls
    error = np.zeros(found.shape if bounded else (0, 0, 0))
    most, wide = max(network.input_dim, *network.widths, 1), padded(width)
    value, doubt, row, row_doubt = (np.zeros((most, wide)) for _ in range(4))
    # Copied, since code for arrays that must not be written to would be compiled once more.
    layers, of_bits = dense_layers(network), np.array(bits, order="C")
    active, is_used = np.zeros(most, dtype=np.int64), np.zeros(width, dtype=bool)
    _rows(layers, of_bits, found, error, value, doubt, row, row_doubt, active, is_used)
    return found, error


@jit
def _rows(
    net: DenseLayers, bits: Any, found: Any, error: Any, value: Any, doubt: Any, row: Any, row_doubt: Any, active: Any,
    is_used: Any,
) -> None:  # pragma: no cover - compiled  # fmt: skip
    width, bounded = found.shape[2], error.shape[0] > 0
    last = width - 1
    for r in range(bits.shape[0]):
        bit = 0
        for layer in range(net.unit.shape[0]):
            first, n_neurons = net.starts[layer], net.starts[layer + 1] - net.starts[layer]
            following = net.unit[layer + 1] if layer + 1 < net.unit.shape[0] else 0.0
            if layer == 0:
                for i in range(n_neurons):
                    for k in range(last):
                        row[i, k] = net.weight[i * last + k]
                        row_doubt[i, k] = 0.0
                    row[i, last], row_doubt[i, last] = net.bias[i], 0.0
            else:
                _pass_on(net, layer, bounded, value, doubt, row, row_doubt, active, is_used)
            for i in range(n_neurons):
                is_on = True
                if net.cuts[first + i]:
                    is_on = bits[r, bit]
                    turn = -1.0 if is_on else 1.0
                    for k in range(width):
                        found[r, bit, k] = turn * row[i, k]
                    if bounded:
                        for k in range(width):
                            error[r, bit, k] = row_doubt[i, k]
                    bit += 1
                slope = net.positive[first + i] if is_on else net.negative[first + i]
                active[i] = slope != 0.0
                if not active[i]:
                    continue
                for k in range(width):
                    value[i, k] = slope * row[i, k]
                if bounded:
                    is_exact = abs(slope) == 1.0
                    for k in range(width):
                        e = abs(slope) * row_doubt[i, k]
                        if not is_exact and (row[i, k] != 0.0 or row_doubt[i, k] != 0.0):
                            e = (e + UNIT_ROUNDOFF * abs(value[i, k])) * BOUND_SLACK + UNDERFLOW_GUARD
                        doubt[i, k] = abs(value[i, k]) * following + e


@inlined
def _pass_on(
    net: DenseLayers, layer: int, bounded: bool, value: Any, doubt: Any, row: Any, row_doubt: Any, active: Any,
    is_used: Any,
) -> None:  # pragma: no cover - compiled  # fmt: skip
    """The rows of a layer from the values of the one before, two neurons at a time, and their bounds, if wanted."""
    first, n_neurons = net.starts[layer], net.starts[layer + 1] - net.starts[layer]
    n_in = net.starts[layer] - net.starts[layer - 1]
    n_active, width, unit = 0, is_used.shape[0], net.unit[layer]
    for j in range(n_in):
        if active[j]:
            active[n_active] = j
            n_active += 1
    if bounded:
        for k in range(width):
            is_used[k] = False
        for a in range(n_active):
            j = active[a]
            for k in range(width):
                is_used[k] |= value[j, k] != 0.0 or doubt[j, k] != 0.0
    for i in range(0, n_neurons, 2):
        other = min(i + 1, n_neurons - 1)
        weights, of_other = net.at[layer] + i * n_in, net.at[layer] + other * n_in
        for k in range(0, value.shape[1], LANES):
            total, bound, total_of_other, bound_of_other = fill(0.0), fill(0.0), fill(0.0), fill(0.0)
            for a in range(n_active):
                j = active[a]
                w, v, numbers = net.weight[weights + j], net.weight[of_other + j], load(value, (j, k))
                total = multiply_add(fill(w), numbers, total)
                total_of_other = multiply_add(fill(v), numbers, total_of_other)
                if bounded:
                    doubts = load(doubt, (j, k))
                    bound = multiply_add(fill(abs(w)), doubts, bound)
                    bound_of_other = multiply_add(fill(abs(v)), doubts, bound_of_other)
            store(row, (i, k), total)
            store(row, (other, k), total_of_other)
            store(row_doubt, (i, k), bound)
            store(row_doubt, (other, k), bound_of_other)
    for i in range(n_neurons):
        row[i, width - 1] += net.bias[first + i]
        if not bounded:
            continue
        weights = net.at[layer] + i * n_in
        for k in range(width):
            is_nothing = row_doubt[i, k] == 0.0
            if is_nothing and is_used[k]:
                # Products of two numbers that are not zero may have underflowed.
                for a in range(n_active):
                    j = active[a]
                    if net.weight[weights + j] != 0.0 and (value[j, k] != 0.0 or doubt[j, k] != 0.0):
                        is_nothing = False
            if not is_nothing:
                if k == width - 1:
                    row_doubt[i, k] += unit * abs(net.bias[first + i])
                row_doubt[i, k] = row_doubt[i, k] * (1.0 + 3.0 * unit) + net.lost[first + i]

"""Affine rows of many patterns at once, as `bounded_rows` finds them, in one compiled step for each pattern.

For networks whose weights are all written out. A layer's rows under one pattern stay in the processor's caches, and
neurons that are off are passed over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._compiled.jit import jit, pays
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
    _rows(layers, of_bits, found, error, value, doubt, row, row_doubt, np.zeros(most, dtype=np.int64))
    return found, error


@jit
def _rows(
    net: DenseLayers, bits: Any, found: Any, error: Any, value: Any, doubt: Any, row: Any, row_doubt: Any, active: Any
) -> None:  # pragma: no cover - compiled
    width, wide, bounded = found.shape[2], value.shape[1], error.shape[0] > 0
    last = width - 1
    for r in range(bits.shape[0]):
        bit = 0
        for layer in range(net.unit.shape[0]):
            first, n_neurons = net.starts[layer], net.starts[layer + 1] - net.starts[layer]
            n_in = (net.at[layer + 1] - net.at[layer]) // n_neurons if n_neurons else 0
            unit = net.unit[layer]
            n_active = 0
            if layer > 0:
                for j in range(n_in):
                    if active[j]:
                        active[n_active] = j
                        n_active += 1
            for i in range(n_neurons):
                weights = net.at[layer] + i * n_in
                if layer == 0:
                    for k in range(last):
                        row[i, k] = net.weight[weights + k]
                        row_doubt[i, k] = 0.0
                    row[i, last], row_doubt[i, last] = net.bias[first + i], 0.0
                else:
                    for k in range(0, wide, LANES):
                        total, bound = fill(0.0), fill(0.0)
                        for a in range(n_active):
                            j = active[a]
                            w = net.weight[weights + j]
                            total = multiply_add(fill(w), load(value, (j, k)), total)
                            if bounded:
                                bound = multiply_add(fill(abs(w)), load(doubt, (j, k)), bound)
                        store(row, (i, k), total)
                        store(row_doubt, (i, k), bound)
                    for k in range(width):
                        is_nothing = row_doubt[i, k] == 0.0
                        if bounded and is_nothing:
                            # Products of two numbers that are not zero may have underflowed.
                            for a in range(n_active):
                                j = active[a]
                                if net.weight[weights + j] != 0.0 and (value[j, k] != 0.0 or doubt[j, k] != 0.0):
                                    is_nothing = False
                        if k == last:
                            row[i, k] += net.bias[first + i]
                        if bounded and not is_nothing:
                            if k == last:
                                row_doubt[i, k] += unit * abs(net.bias[first + i])
                            row_doubt[i, k] = row_doubt[i, k] * (1.0 + 3.0 * unit) + net.lost[first + i]
            following = net.unit[layer + 1] if layer + 1 < net.unit.shape[0] else 0.0
            for i in range(n_neurons):
                is_on = True
                if net.cuts[first + i]:
                    is_on = bits[r, bit]
                    for k in range(width):
                        found[r, bit, k] = -row[i, k] if is_on else row[i, k]
                    if bounded:
                        for k in range(width):
                            error[r, bit, k] = row_doubt[i, k]
                    bit += 1
                slope = net.positive[first + i] if is_on else net.negative[first + i]
                active[i] = slope != 0.0
                is_exact = slope == 0.0 or abs(slope) == 1.0
                for k in range(width):
                    v, e = slope * row[i, k], abs(slope) * row_doubt[i, k]
                    if not is_exact and (row[i, k] != 0.0 or row_doubt[i, k] != 0.0):
                        e = (e + UNIT_ROUNDOFF * abs(v)) * BOUND_SLACK + UNDERFLOW_GUARD
                    value[i, k] = v
                    doubt[i, k] = abs(v) * following + e

"""Rows of pre-activations on a cell of a count's log, layer by layer, with bounds on their errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from polytope_lens._compiled.jit import inlined
from polytope_lens._compiled.simd import LANES, fill, load, multiply_add, size, store
from polytope_lens.proof.sums_above_kernels import HUGE, SLACK, TINY, U

if TYPE_CHECKING:
    from polytope_lens._types import Floats, Ints

OFF, ON = 0, 1
# At least as much is passed on of the doubt of a number that may not be zero, so that no product of it becomes zero.
LEAST_DOUBT = 2.0**-400


class ForwardArrays(NamedTuple):
    """Layers of neurons as arrays, of L layers.

    Parameters
    ----------
    width : (L + 1,) array
        What the first layer sees, then numbers of neurons.
    first : (L + 1,) array
        Where a layer's neurons begin among all, at multiples of eight.
    weight_start : (L,) array
        Where its weights begin: first those of what it sees first.
    weight : (...,) array
    bias, negative, positive, cuts : (N,) arrays
        `cuts` is 1 for neurons that cut.
    """

    width: Ints
    first: Ints
    weight_start: Ints
    weight: Floats
    bias: Floats
    negative: Floats
    positive: Floats
    cuts: Ints


@inlined
def add_layer(
    net: ForwardArrays, z: Any, doubt: Any, on: Any, seen: Any, layer: int
) -> Any:  # pragma: no cover - compiled
    """Compute a layer's rows from those of the layer before, whose neurons are `ON` or `OFF`; whether all are in range.

    Parameters
    ----------
    z : (L, d + 1, widest) array
        The rows of each layer, one column for each neuron.
    doubt : (L, widest) array
        How far all numbers of a row may be from the true ones; 0 only if they are the true ones.
    on : (L, widest) int array
    seen : (d + 3, widest) array
        Room.
    """
    d, n_live = z.shape[1] - 1, 0
    before, start, stride = net.first[layer - 1], net.weight_start[layer], net.first[layer + 1] - net.first[layer]
    for i in range(net.width[layer]):
        slope = net.negative[before + i] if on[layer - 1, i] == OFF else net.positive[before + i]
        most = 0.0
        for k in range(d + 1):
            v = slope * z[layer - 1, k, i]
            seen[k, n_live] = v
            most = max(most, abs(v))
        if slope == 0.0 or (most == 0.0 and doubt[layer - 1, i] == 0.0):
            continue  # nothing is left out because it is small: the next product may be zero though no factor is
        inherited = abs(slope) * doubt[layer - 1, i]
        # What it adds to the doubts of rows is this times the weight.
        seen[d + 1, n_live] = (inherited + (net.width[layer] + 4) * U * most) * SLACK + LEAST_DOUBT
        seen[d + 2, n_live] = start + i * stride
        n_live += 1
    own = net.first[layer]
    for j in range(0, stride, LANES):
        for k in range(d + 1):
            total = load(net.bias, (own + j,)) if k == d else fill(0.0)
            for e in range(n_live):
                weight = load(net.weight, (int(seen[d + 2, e]) + j,))
                total = multiply_add(weight, fill(seen[k, e]), total)
            store(z, (layer, k, j), total)
        total = fill(0.0)
        for e in range(n_live):
            weight = load(net.weight, (int(seen[d + 2, e]) + j,))
            total = multiply_add(size(weight), fill(seen[d + 1, e]), total)
        store(doubt, (layer, j), total)
    in_range = True
    for j in range(net.width[layer + 1]):
        if doubt[layer, j] > 0.0:
            bias = abs(net.bias[own + j])
            doubt[layer, j] = (doubt[layer, j] + (net.width[layer] + 4) * U * bias) * SLACK + TINY
        total_size = doubt[layer, j]
        for k in range(d + 1):
            total_size += abs(z[layer, k, j])
        in_range = in_range and total_size < HUGE
    return in_range

"""Rows of pre-activations on a cell of a count's log, layer by layer, with bounds on their errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._compiled.bits import NOTHING, ONE
from polytope_lens._compiled.jit import inlined
from polytope_lens._compiled.simd import LANES, add, exceeding, fill, load, multiply_add, size, store
from polytope_lens.proof.sums_above_kernels import HUGE, SLACK, TINY, U

if TYPE_CHECKING:
    from polytope_lens._types import Floats, Ints

OFF, ON = 0, 1
BYTE = np.uint64(255)
# What is kept of a neuron that is seen: where its weights begin, what it adds to the doubts of rows is this times a
# weight, and its row, of which so many numbers are multiplied together.
PLACE, DOUBT, FIRST = range(3)
TOGETHER = 3
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


def rows_of_room(dim: int) -> int:
    """How many numbers are kept of each neuron that a layer sees."""
    return FIRST + TOGETHER * -(-(dim + 1) // TOGETHER)


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
    seen : (rows_of_room(d), widest) array
        Room.
    """
    d, n_live = z.shape[1] - 1, 0
    before, start, stride = net.first[layer - 1], net.weight_start[layer], net.first[layer + 1] - net.first[layer]
    for i in range(net.width[layer]):
        slope = net.negative[before + i] if on[layer - 1, i] == OFF else net.positive[before + i]
        most = 0.0
        for k in range(d + 1):
            v = slope * z[layer - 1, k, i]
            seen[FIRST + k, n_live] = v
            most = max(most, abs(v))
        inherited = abs(slope) * doubt[layer - 1, i]
        seen[PLACE, n_live] = start + i * stride
        seen[DOUBT, n_live] = (inherited + (net.width[layer] + 4) * U * most) * SLACK + LEAST_DOUBT
        # Nothing is left out because it is small: the next product may be zero though no factor is.
        n_live += int((slope != 0.0) & ((most != 0.0) | (doubt[layer - 1, i] != 0.0)))
    own = net.first[layer]
    for j in range(0, stride, LANES):
        # Sums side by side do not wait for each other.
        for k in range(0, d + 1, TOGETHER):
            at = FIRST + k
            total = a = b = c = fill(0.0)
            for e in range(n_live):
                weight = load(net.weight, (int(seen[PLACE, e]) + j,))
                total = multiply_add(size(weight), fill(seen[DOUBT, e]), total)
                a = multiply_add(weight, fill(seen[at, e]), a)
                b = multiply_add(weight, fill(seen[at + 1, e]), b)
                c = multiply_add(weight, fill(seen[at + 2, e]), c)
            store(doubt, (layer, j), total)
            store(z, (layer, k, j), a)
            if k + 1 <= d:
                store(z, (layer, k + 1, j), b)
            if k + 2 <= d:
                store(z, (layer, k + 2, j), c)
        store(z, (layer, d, j), add(load(z, (layer, d, j)), load(net.bias, (own + j,))))
    return _complete(net, z, doubt, layer)


@inlined
def _complete(net: ForwardArrays, z: Any, doubt: Any, layer: int) -> Any:  # pragma: no cover - compiled
    """Add what biases add to the doubts of a layer's rows, but for those that are exact; whether all are in range."""
    own, known = net.first[layer], fill((net.width[layer] + 4) * U)
    for j in range(0, net.first[layer + 1] - own, LANES):
        total = load(doubt, (layer, j))
        is_open = exceeding(total, fill(0.0)) & BYTE
        total = multiply_add(known, size(load(net.bias, (own + j,))), total)
        total = multiply_add(total, fill(SLACK), fill(TINY))
        store(doubt, (layer, j), total)
        if is_open != BYTE:
            for lane in range(LANES):
                if (is_open >> np.uint64(lane)) & ONE == NOTHING:
                    doubt[layer, j + lane] = 0.0
        for k in range(z.shape[1]):
            total = add(total, size(load(z, (layer, k, j))))
        if exceeding(total, fill(HUGE)) != NOTHING:
            return False
    return True

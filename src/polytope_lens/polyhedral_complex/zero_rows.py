"""Which neurons are zero on all of a region: exact, and mostly by one number for each cell and neuron.

The row ``[a, c]`` of a neuron depends on the bits of the layers before its own. So rows are looked at once for each
cell that these layers cut; and a row is not zero if its value ``a . x + c`` at a point x, the same for all, is not.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays.batches import batches
from polytope_lens.exact.bounded_rows import bounded_rows
from polytope_lens.exact.forward import AnyPattern, quiet
from polytope_lens.exact.rows import ExactRows
from polytope_lens.network.network import bit_starts, slopes, steeper_slopes

if TYPE_CHECKING:
    from polytope_lens._types import Bools
    from polytope_lens.network.network import Network
    from polytope_lens.partition.partition import Partition


# Numbers in each array of one batch: they stay in the processor's cache.
AT_ONCE = 2**17


def zero_mask(partition: Partition) -> Bools:
    """Which neurons are zero on all of each region, (n_regions, n_neurons) bool; exact.

    Notes
    -----
    Cost: about that of a forward pass of one point for each cell; microseconds for each cell of which that says too
    little, as in deep networks, and some tenths of a millisecond for each row that may be zero even so.
    """
    network, bits = partition.network, partition.patterns()
    zero = np.zeros(bits.shape, dtype=bool)
    if network.layers:
        source = ExactRows(network)
        for at in batches(len(bits), max(network.widths), AT_ONCE):
            _mark(network, source, bits[at], zero[at])
    return zero


def _mark(network: Network, source: ExactRows, bits: Bools, zero: Bools) -> None:
    """Mark the neurons that are zero on some regions, in ascending order."""
    starts = bit_starts(network).tolist()
    point = np.random.default_rng(0).uniform(0.5, 1.0, network.input_dim)
    value, size = point[:, None], AnyPattern.of(point)
    is_new = np.zeros(len(bits), dtype=bool)
    is_new[0] = True
    # Whether any neuron is passed on, for each cell
    passes = np.ones(1, dtype=bool)
    for index, layer in enumerate(network.layers):
        first, cell = np.flatnonzero(is_new), np.cumsum(is_new) - 1
        with quiet():
            value = layer.weight @ value + layer.bias[:, None]
            size = size.times(layer.weight, layer.bias)
            doubtful = ~(np.abs(value) > size.error()[:, None])[layer.cuts]
        of_layer = slice(starts[index], starts[index + 1])
        if doubtful.any():
            doubtful &= passes | (layer.bias[layer.cuts] == 0)[:, None]
            _decide(network, source, bits[first], index, doubtful, passes)
            zero[:, of_layer] = doubtful[:, cell].T & ~bits[:, of_layer]
        if index + 1 < len(network.layers):
            is_new[1:] |= (bits[1:, of_layer] != bits[:-1, of_layer]).any(axis=1)
            first = np.flatnonzero(is_new)
            slope = slopes([layer], bits[first, of_layer])[0].T
            passes = (slope != 0).any(axis=0)
            with quiet():
                value = slope * value[:, cell[first]]
                size = size.activated(steeper_slopes(layer))


def _decide(network: Network, source: ExactRows, bits: Bools, index: int, doubtful: Bools, passes: Bools) -> None:
    """Leave only those rows marked that are zero: of neurons of a layer that cut, in the cells of some regions.

    In cells where nothing is passed on, no row depends on the inputs, and constants have been looked at.
    """
    cuts = np.flatnonzero(network.layers[index].cuts)
    again = np.flatnonzero(doubtful.any(axis=0) & passes)
    for at in batches(len(again), max(network.widths) * (network.input_dim + 1), AT_ONCE):
        rows, error = next(islice(bounded_rows(network, bits[again[at]]), index, None))
        doubtful[:, again[at]] &= ~(np.abs(rows[cuts]) > error[cuts]).any(axis=2)
    for neuron, cell in np.argwhere(doubtful & passes).tolist():
        doubtful[neuron, cell] = not any(source.rows(index, bits[cell])[cuts[neuron]])

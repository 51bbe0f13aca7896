"""In which order the regions of a domain in space are drawn, so that none covers one in front of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays.batches import batches
from polytope_lens.network.network import slopes

if TYPE_CHECKING:
    from polytope_lens._types import Bools, Floats
    from polytope_lens.partition.partition import Partition


def nearer_sides(partition: Partition, eye: Floats) -> Bools:
    """For each region and each neuron, whether the region lies on the eye's side of it, (n_regions, n_neurons).

    Rows in ascending order, the first neuron first, are an order from back to front.

    Parameters
    ----------
    partition : Partition
        Not on a flat: see `within`.
    eye : (d + 1,) array
        ``[x, 1]``, or ``[x, 0]`` for parallel rays that come from there.

    Notes
    -----
    Regions with the same bits up to some neuron share a convex cell, on which the neuron is one affine function: its
    plane separates those with bit 0 from those with bit 1, so the ones beyond it, seen from the eye, cover none of the
    ones before it. So neurons are the planes of a binary space partition (Fuchs, Kedem and Naylor 1980), and a region's
    way down the tree is its pattern.
    Exactness: rounded; a plane that nearly holds the eye is seen from its edge, and hides nothing.
    Cost: a product of matrices for each layer.
    """
    network = partition.network
    found = np.empty((len(partition), network.n_neurons), dtype=bool)
    patterns = partition.patterns()
    for at in batches(len(partition), 8 * sum(layer.width for layer in network.layers)):
        bits, sides = patterns[at], []
        values = np.tile(eye[:-1], (len(bits), 1))
        for layer, slope in zip(network.layers, slopes(network.layers, bits), strict=True):
            before = np.asarray((layer.weight @ values.T).T) + eye[-1] * layer.bias
            sides.append(before[:, layer.cuts] > 0)
            values = before * slope
        found[at] = np.concatenate(sides, axis=1) == bits if sides else bits
    return found


def back_to_front(sides: Bools) -> Floats:
    """Place of each row in ascending order, equal ones in one place, (n,)."""
    if not sides.shape[1]:
        return np.zeros(len(sides))
    _, place = np.unique(np.packbits(sides, axis=1), axis=0, return_inverse=True)
    return np.asarray(place.reshape(-1), dtype=np.float64)

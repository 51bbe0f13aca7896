"""Hamming distances of patterns against what is really crossed on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens.errors import DimensionError
from polytope_lens.network.network import layer_of_bit
from polytope_lens.network.pattern import flips
from polytope_lens.path.sweep import trace

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from polytope_lens._types import Bools, Ints
    from polytope_lens.network.network import Network


@dataclass(frozen=True, slots=True, eq=False)
class Crossings:
    """What n straight segments cross.

    Parameters
    ----------
    hamming : (n, L) int array
        Neurons of each layer that differ between the first and the last region on the way.
    flips : (n, L) int array
        How often neurons of each layer flip; one that flips and flips back counts twice.
    crossings : (n,) int array
        How often the region changes. Neurons that flip at the same point do so in one crossing.
    """

    hamming: Ints
    flips: Ints
    crossings: Ints

    def __len__(self) -> int:
        return len(self.crossings)

    @property
    def is_monotone(self) -> Bools:
        """Segments on which no neuron flips back, (n,): the Hamming distance is the number of flips there."""
        return np.asarray((self.hamming == self.flips).all(axis=1))

    def __repr__(self) -> str:
        n = len(self)
        return (
            f"Crossings({n} segments, {int(self.crossings.sum())} crossings, {int(self.flips.sum())} flips, Hamming "
            f"distances {int(self.hamming.sum())} in total, {int(self.is_monotone.sum())} monotone)"
        )


def crossings(network: Network, X: ArrayLike, Y: ArrayLike) -> Crossings:
    """Compare the Hamming distance of patterns with the number of flips on the straight way between points.

    Parameters
    ----------
    network : Network
    X, Y : (n, d) arrays, or (d,) for one segment
        Starts and ends; one point on either side goes with all of the other.

    Raises
    ------
    DimensionError

    Notes
    -----
    Exact. The Hamming distance is a lower bound on the number of flips, of the same parity, and equal to it where no
    neuron flips back; in the first layer none does. Ends on a boundary count to the region in which the segment goes
    on, and neurons that vanish on a piece of it as in `Path`, so that both directions give the same.
    Cost: that of `sweep.trace` for each segment.

    Examples
    --------
    A tent: its second layer is on around its top only.

    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1], [1]], [[1, -2]], [[1]]], [[0, -1], [-0.5], [0]])
    >>> lens.crossings([[-1], [0.1]], [[3], [0.2]])
    Crossings(2 segments, 4 crossings, 4 flips, Hamming distances 2 in total, 1 monotone)
    """
    d = network.input_dim
    starts, ends = (validate.points(points, d, what="`crossings`") for points in (X, Y))
    if len(starts) != len(ends) and 1 not in (len(starts), len(ends)):
        raise DimensionError(
            f"`crossings` needs as many starts as ends, or one of either, but received {len(starts)} and {len(ends)}."
        )
    n = max(len(starts), len(ends)) if len(starts) and len(ends) else 0
    starts, ends = np.broadcast_to(starts, (n, d)), np.broadcast_to(ends, (n, d))
    layer = layer_of_bit(network)
    hamming, flipped = (np.zeros((n, len(network.layers)), dtype=np.int64) for _ in range(2))
    count = np.zeros(n, dtype=np.int64)
    for i in range(n):
        patterns = trace(network, np.stack([starts[i], ends[i]])).packed_patterns
        np.add.at(hamming[i], layer[flips(patterns[[0, -1]])[1]], 1)
        np.add.at(flipped[i], layer[flips(patterns)[1]], 1)
        count[i] = len(patterns) - 1
    return Crossings(hamming, flipped, count)

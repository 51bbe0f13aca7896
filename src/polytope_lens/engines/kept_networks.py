"""Networks as kernels want them, kept with the network: making them takes longer than counting the regions of many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._kept import answers
from polytope_lens.engines._kernels.packed_network import PackedNetwork, packed

if TYPE_CHECKING:
    from polytope_lens._types import Floats
    from polytope_lens.network.network import Network

# Weights of networks that are kept: a quarter of a megabyte.
MOST_WEIGHTS = 2**15


def kept_packed(
    network: Network, chart: Floats, reach: Floats, *, want_maps: bool, blockwise: bool = False
) -> PackedNetwork:
    """What `packed` makes, from what was made for another chart of the same network if that was small."""
    known = answers(network)
    key = (packed, want_maps, blockwise)
    if key not in known:
        net = packed(network, chart, reach, want_maps=want_maps, blockwise=blockwise)
        if net.weights.size + net.blocks.weights.size + net.sparse_weights.size <= MOST_WEIGHTS:
            known[key] = net
        return net
    kept: PackedNetwork = known[key]
    return kept._replace(tau=np.ascontiguousarray(chart[-1]), reach=np.append(reach, 1.0))

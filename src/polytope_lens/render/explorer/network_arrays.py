"""A network as the page knows it: its layers as they are, so that the page can prove signs itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens.errors import InvalidNetworkError
from polytope_lens.io.arrays import narrowed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens._types import Matrix
    from polytope_lens.network.network import Network

# Weights of a network that are written into a page: 32 MB in float64.
MOST_WEIGHTS = 2**22


def network_arrays(network: Network) -> dict[str, NDArray[Any]]:
    """Weights, biases, slopes and which neurons cut, of each layer; the outputs are the last.

    Exact: floats are kept in 32 bits only where that rounds none of an array. Sparse weights stay sparse.

    Raises
    ------
    InvalidNetworkError
        More weights than a page should carry.
    """
    matrices = [*(layer.weight for layer in network.layers), network.output_weight]
    if (n_weights := sum(map(_n_stored, matrices))) > MOST_WEIGHTS:
        raise InvalidNetworkError(
            f"an explorer carries the network along, up to {MOST_WEIGHTS} weights, but this one has {n_weights}. Draw "
            "it with `partition.plot()`."
        )
    found: dict[str, NDArray[Any]] = {}
    for index, layer in enumerate(network.layers):
        found[f"bias{index}"] = narrowed(layer.bias)
        found[f"negative_slope{index}"] = narrowed(layer.negative_slope)
        found[f"positive_slope{index}"] = narrowed(layer.positive_slope)
        found[f"cuts{index}"] = layer.cuts.astype(np.uint8)
    found[f"bias{len(network.layers)}"] = narrowed(network.output_bias)
    for index, matrix in enumerate(matrices):
        if isinstance(matrix, np.ndarray):
            found[f"weight{index}"] = narrowed(matrix)
        else:
            found[f"weight{index}"] = narrowed(matrix.data)
            found[f"indices{index}"] = matrix.indices.astype(np.int32)
            found[f"indptr{index}"] = matrix.indptr.astype(np.int32)
    return found


def _n_stored(matrix: Matrix) -> int:
    return int(matrix.size if isinstance(matrix, np.ndarray) else matrix.nnz)

"""How much an output varies over a domain, and how much its gradient does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.flat_domain import asked_on_flat
from polytope_lens.network.scalar import check_output
from polytope_lens.polyhedral_complex.facet_table import facet_sizes, neighbor_pairs, shared_facets
from polytope_lens.polyhedral_complex.requirements import require_complete, require_mesh

if TYPE_CHECKING:
    from polytope_lens.partition.partition import Partition


@asked_on_flat
def total_variation(partition: Partition, output: int = 0) -> float:
    """Integral of the gradient's length over a bounded domain: the sum over regions of slope times volume; rounded.

    The output is continuous, so there are no jumps to add. On the line it is the way up and down.

    Parameters
    ----------
    partition : Partition
    output : int
        Which one; negative ones count from the last.

    Raises
    ------
    UnboundedPolytopeError, DimensionError, PartialPartitionError, OptionError

    Notes
    -----
    From rounded volumes and maps. Cost: one pass.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[3, 4]]], [[0, 0], [0]])
    >>> lens.partition(Box([-1, -1], [1, 1])).function.total_variation()  # slopes 0, 3, 4 and 5
    12.0
    """
    output = check_output(partition.network, output, name="`output`")
    require_complete(partition, "`total_variation`")
    slopes = np.linalg.norm(partition.maps[:, output, :-1], axis=1)
    return float(slopes @ partition.volumes())


@asked_on_flat
def gradient_variation(partition: Partition, output: int = 0) -> float:
    """Total variation of the gradient: over facets inside the domain, its jump times the facet's size; rounded.

    On the line it is the sum of all changes of slope. In the plane jumps are weighted by the lengths of edges, in space
    by the areas of faces; they are at right angles to them. It is zero only for an affine output.

    Parameters
    ----------
    partition : Partition
    output : int
        Which one; negative ones count from the last.

    Raises
    ------
    UnboundedPolytopeError, DimensionError, PartialPartitionError, OptionError

    Notes
    -----
    From rounded corners and maps. Cost: one pass over the mesh; on the line that of `adjacency`.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[3, 4]]], [[0, 0], [0]])
    >>> lens.partition(Box([-1, -1], [1, 1])).function.gradient_variation()  # each jump on a line of length 2
    14.0
    """
    output = check_output(partition.network, output, name="`output`")
    require_complete(partition, "`gradient_variation`")
    gradients = partition.maps[:, output, :-1]
    if partition.network.input_dim == 1:
        pairs = neighbor_pairs(partition, np.arange(len(partition)))
        return float(np.abs(gradients[pairs[:, 0]] - gradients[pairs[:, 1]]).sum())
    mesh = require_mesh(partition)
    shared = shared_facets(partition, mesh)
    inner = shared.regions[:, 1] >= 0
    first, second = shared.regions[inner].T
    jumps = np.linalg.norm(gradients[first] - gradients[second], axis=1)
    return float(jumps @ facet_sizes(mesh, shared)[inner])

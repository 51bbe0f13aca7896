"""How large the regions of a partition are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.flat_domain import asked_on_flat
from polytope_lens.mesh import planar_mesh, polyhedral_mesh
from polytope_lens.polyhedral_complex.mesh_vertices import rounded_vertices
from polytope_lens.polyhedral_complex.requirements import require_complete, require_planar_mesh, require_polyhedral_mesh

if TYPE_CHECKING:
    from polytope_lens._types import Floats
    from polytope_lens.partition.partition import Partition


@asked_on_flat
def volumes(partition: Partition) -> Floats:
    """Length of each region on the line, area in the plane, volume in space and beyond, (n_regions,); rounded.

    Parameters
    ----------
    partition : Partition

    Raises
    ------
    UnboundedPolytopeError, PartialPartitionError
    IntractableError
        A region of so many dimensions or corners that its volume would take minutes.

    Notes
    -----
    From rounded corners in bounded domains of the plane and of space, with one pass over the mesh. Elsewhere each is
    computed exactly and rounded once; that takes a fraction of a millisecond for each region on the line, and
    milliseconds to seconds in four dimensions and more.
    """
    dim = partition.network.input_dim
    if dim == 1:
        ends = np.array([rounded_vertices(partition, i)[:, 0] for i in range(len(partition))])
        return np.asarray(ends[:, 1] - ends[:, 0])
    if dim == 3:
        return polyhedral_mesh.volumes(require_polyhedral_mesh(partition))
    if dim == 2:
        return planar_mesh.areas(require_planar_mesh(partition))
    require_complete(partition, "`volumes`")
    return np.array([region.volume() for region in partition])

"""The regions of a partition of space as the page knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._arrays.ragged import list_of
from polytope_lens.polyhedral_complex.requirements import require_polyhedral_mesh
from polytope_lens.render.explorer.region_arrays import flips_owner_alone, region_arrays

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens.partition.partition import Partition


def solid_arrays(partition: Partition) -> dict[str, NDArray[Any]]:
    """Vertices, faces with their owners and the regions beside them, patterns, values at vertices and slopes.

    ``crossings`` are faces across which not the owner alone flips.

    Raises
    ------
    DimensionError, UnboundedPolytopeError, PartialPartitionError, OptionError
        There are no polyhedra.
    DomainError
        Coordinates beyond what a page can draw.
    """
    mesh = require_polyhedral_mesh(partition)
    sides = mesh.regions.astype(np.int64)
    inner = np.flatnonzero(mesh.owners >= 0)
    is_simple = flips_owner_alone(mesh.owners[inner].astype(np.int64), sides[inner], partition.packed_patterns)
    region_at = np.empty(len(mesh.points), dtype=np.int64)
    region_at[mesh.corners] = sides[list_of(mesh.corner_indptr), 0]
    return {
        "sizes": np.diff(mesh.corner_indptr).astype(np.int32),
        "corners": mesh.corners.astype(np.int32),
        "face_regions": mesh.regions.astype(np.int32),
        "owners": mesh.owners.astype(np.int32),
        "crossings": inner[~is_simple].astype(np.int32),
        **region_arrays(partition, mesh.points, region_at, sides[inner][is_simple]),
    }

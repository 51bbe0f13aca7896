"""The regions of a planar partition as the page knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._arrays.ragged import following, list_of
from polytope_lens.polyhedral_complex.requirements import require_planar_mesh
from polytope_lens.render.explorer.region_arrays import flips_owner_alone, region_arrays

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens._types import Ints
    from polytope_lens.mesh.planar_mesh import PlanarMesh
    from polytope_lens.partition.partition import Partition


def planar_arrays(partition: Partition) -> dict[str, NDArray[Any]]:
    """Corners, edges and their owners, patterns, values at corners and slopes.

    Edges between two regions have their owner in the first of them; ``other_owners`` are pairs of an entry of the
    second one and another owner, where it has that. ``crossings`` are entries across which not the owner alone flips.

    Raises
    ------
    DimensionError, UnboundedPolytopeError, PartialPartitionError, OptionError
        There are no polygons.
    DomainError
        Coordinates beyond what a page can draw.
    """
    mesh = require_planar_mesh(partition)
    region, twins = list_of(mesh.indptr), edge_twins(mesh)
    inner = np.flatnonzero(twins >= 0)
    sides = np.column_stack([region[inner], region[twins[inner]]])
    is_simple = flips_owner_alone(mesh.owners[inner], sides, partition.packed_patterns)
    is_second = (twins >= 0) & (twins < np.arange(len(twins)))
    others = np.flatnonzero(is_second & (mesh.owners != mesh.owners[twins]))
    region_at = np.empty(len(mesh.points), dtype=np.int64)
    region_at[mesh.corners] = region
    return {
        "sizes": np.diff(mesh.indptr).astype(np.int32),
        "corners": mesh.corners.astype(np.int32),
        "owners": mesh.owners[~is_second].astype(np.int32),
        "other_owners": np.column_stack([others, mesh.owners[others]]).astype(np.int32),
        "crossings": inner[~is_simple].astype(np.int32),
        **region_arrays(partition, mesh.points, region_at, sides[is_simple]),
    }


def edge_twins(mesh: PlanarMesh) -> Ints:
    """For each entry of ``mesh.corners`` the entry of the same edge in the region on its other side; -1 for none."""
    ends = np.stack([mesh.corners, mesh.corners[following(mesh.indptr)]])
    keys = ends.min(axis=0) * len(mesh.points) + ends.max(axis=0)
    order = np.argsort(keys, kind="stable")
    pairs = np.flatnonzero(keys[order[1:]] == keys[order[:-1]])
    found = np.full(len(keys), -1)
    found[order[pairs]], found[order[pairs + 1]] = order[pairs + 1], order[pairs]
    return found

"""What a question needs of a partition: every region, or the corners; and what to do where it has not got them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polytope_lens.domain import is_bounded
from polytope_lens.errors import (
    DimensionError,
    OptionError,
    PartialPartitionError,
    PolytopeLensError,
    Status,
    UnboundedPolytopeError,
)
from polytope_lens.flat_domain import within
from polytope_lens.mesh.planar_mesh import PlanarMesh
from polytope_lens.mesh.polyhedral_mesh import PolyhedralMesh

if TYPE_CHECKING:
    from polytope_lens.partition.partition import Partition


def require_complete(partition: Partition, purpose: str) -> None:
    """Refuse a question about all regions of the domain if some may be missing.

    Raises
    ------
    PartialPartitionError
    """
    if not partition.is_complete:
        raise PartialPartitionError(
            f"{purpose} needs every region of the domain, but this partition lists {len(partition)} of them. "
            f"{partition.explain()}"
        )


def require_mesh(partition: Partition) -> PlanarMesh | PolyhedralMesh:
    """The mesh of either kind, or an error that says why there is none.

    Raises
    ------
    DimensionError, UnboundedPolytopeError, PartialPartitionError, OptionError
    """
    in_space = within(partition).network.input_dim == 3
    return require_polyhedral_mesh(partition) if in_space else require_planar_mesh(partition)


def require_planar_mesh(partition: Partition) -> PlanarMesh:
    """The corners of polygons, or an error that says why there are none.

    Raises
    ------
    DimensionError, UnboundedPolytopeError, PartialPartitionError, OptionError
    """
    if isinstance(partition.mesh, PlanarMesh):
        return partition.mesh
    raise _no_mesh(partition, "polygons", 2, "a plane")


def require_polyhedral_mesh(partition: Partition) -> PolyhedralMesh:
    """The vertices and faces in space, or an error that says why there are none.

    Raises
    ------
    DimensionError, UnboundedPolytopeError, PartialPartitionError, OptionError
    """
    if isinstance(partition.mesh, PolyhedralMesh):
        return partition.mesh
    raise _no_mesh(partition, "polyhedra", 3, "a flat of three dimensions")


def _no_mesh(partition: Partition, what: str, dim: int, flat: str) -> PolytopeLensError:
    """Why there is no mesh of polygons or polyhedra."""
    if (n_free := within(partition).network.input_dim) != dim:
        has = f"this one has {n_free}" if partition.on_flat is None else f"this domain leaves {n_free} free"
        return DimensionError(
            f"{what} exist for networks with {dim} inputs; {has}. Fix inputs by equal bounds of the box, "
            f"restrict it to {flat} (`Lens.slice`), or ask single regions for their polytope."
        )
    if partition.status is not Status.PREIMAGE:
        require_complete(partition, f"a mesh of {what}")
    if is_bounded(partition.domain):
        return OptionError(
            f"the partition was made without a mesh, so its {what} are not known. Make it with `mesh=True`."
        )
    return UnboundedPolytopeError(
        f"the domain is unbounded, so its outer regions are no {what}. Choose a bounded domain, for example "
        f"`Box({[-1] * dim}, {[1] * dim})`."
    )

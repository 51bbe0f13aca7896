"""A partition in space as plain arrays: the faces of its polyhedra, and what colours them. Needs no drawing library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._arrays.ragged import list_of
from polytope_lens.errors import OptionError
from polytope_lens.flat_domain import within
from polytope_lens.io import obj, ply
from polytope_lens.network.network import layer_of_bit
from polytope_lens.network.scalar import check_output
from polytope_lens.polyhedral_complex.requirements import require_polyhedral_mesh
from polytope_lens.render.scene import pattern_colors

if TYPE_CHECKING:
    from polytope_lens._types import Floats, Ints
    from polytope_lens.partition.partition import Partition


@dataclass(frozen=True, slots=True, eq=False)
class Solids:
    """The polyhedra of a partition one by one: nothing is shared between regions.

    Parameters
    ----------
    points : (n_points, 3) array
    indptr : (n_faces + 1,) int array
    corners : int array
        Face j has the points ``corners[indptr[j]:indptr[j + 1]]``, counter-clockwise as seen from outside.
    regions : (n_faces,) int array
        Ascending.
    layers : (n_faces,) int array
        Layer of the neuron whose face it is; -1 for sides of the domain.
    values : (n_faces,) array
        An output of the network in the middle of the face, before anything was moved.
    """

    points: Floats
    indptr: Ints
    corners: Ints
    regions: Ints
    layers: Ints
    values: Floats

    def rings(self) -> list[Floats]:
        """The corners of each face."""
        return np.split(self.points[self.corners], self.indptr[1:-1])


def to_obj(partition: Partition, *, shrink: float = 1.0) -> str:
    """The polyhedra as a Wavefront OBJ file, one object for each region; see `obj.to_obj`.

    Parameters
    ----------
    partition : Partition
    shrink : float
        Each solid is scaled about a point inside by this factor; 1 leaves them where they are.
    """
    found = solids(partition, shrink=shrink)
    return obj.to_obj(found.points, found.indptr, found.corners, found.regions)


def to_ply(partition: Partition, *, shrink: float = 1.0) -> str:
    """The polyhedra as a PLY file: faces with their region, their layer and the colour of the region's pattern.

    See `ply.to_ply`; the layer of a side of the domain is -1.

    Parameters
    ----------
    partition : Partition
    shrink : float
        Each solid is scaled about a point inside by this factor; 1 leaves them where they are.
    """
    found = solids(partition, shrink=shrink)
    numbers = {"region": found.regions, "layer": found.layers}
    colors = pattern_colors(partition)[found.regions]
    return ply.to_ply(found.points, found.indptr, found.corners, numbers, colors)


def solids(partition: Partition, *, shrink: float = 1.0, output: int = 0) -> Solids:
    """The polyhedra of a partition, each scaled about its witness by `shrink`.

    Raises
    ------
    OptionError
        `shrink` is not between 0 and 1, or there is no such output.
    DimensionError, UnboundedPolytopeError, PartialPartitionError
    """
    mesh = require_polyhedral_mesh(partition)
    output = check_output(partition.network, output)
    if not 0 < shrink <= 1:
        raise OptionError(
            f"`shrink` should be more than 0 and at most 1, which leaves regions as they are; "
            f"received {validate.shown(shrink)}."
        )
    regions = list_of(mesh.face_indptr)
    indptr, shared = mesh.rings()
    own, corners = np.unique(regions[list_of(indptr)] * len(mesh.points) + shared, return_inverse=True)
    region_of, point = np.divmod(own, len(mesh.points))
    centers = within(partition).witnesses[region_of]
    middles = np.add.reduceat(mesh.points[shared], indptr[:-1], axis=0) / np.diff(indptr)[:, None]
    maps = within(partition).maps[regions, output]
    return Solids(
        centers + shrink * (mesh.points[point] - centers) if shrink < 1 else mesh.points[point],
        indptr,
        corners,
        regions,
        np.append(layer_of_bit(partition.network), -1)[np.maximum(mesh.owners, -1)][mesh.faces],
        np.einsum("nk,nk->n", maps[:, :-1], middles) + maps[:, -1],
    )

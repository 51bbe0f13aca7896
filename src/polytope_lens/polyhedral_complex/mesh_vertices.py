"""Corners of the regions of a partition."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq

from polytope_lens.arithmetic.rational import fractions, nearest_float
from polytope_lens.arithmetic.signs import UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.cells.inequalities import exact_system
from polytope_lens.domain import is_bounded
from polytope_lens.errors import UnboundedPolytopeError
from polytope_lens.exact.owner_rows import OwnerRows, integer_sides
from polytope_lens.exact.rows import ExactRows
from polytope_lens.flat_domain import asked_for_points
from polytope_lens.mesh.planar_mesh import PlanarMesh
from polytope_lens.network.pattern import unpack
from polytope_lens.polyhedral_complex.requirements import (
    require_mesh,
    require_planar_mesh,
    require_polyhedral_mesh,
)
from polytope_lens.polytope.double_description import meeting_point
from polytope_lens.polytope.polygon import crossing

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from polytope_lens._types import Floats, Fractions, Ints
    from polytope_lens.exact.owner_rows import Row
    from polytope_lens.mesh.polyhedral_mesh import PolyhedralMesh
    from polytope_lens.partition.partition import Partition
    from polytope_lens.region import Region


# A corner that may be off by more than this share of the mesh, and by more roundings than these, is computed exactly.
SHARE, ROUNDINGS = 2.0**-16, 64


def with_known_corners(partition: Partition) -> Partition:
    """The same partition, in whose mesh corners of which floats tell little are the exact ones, rounded once.

    Notes
    -----
    So it is where numbers are so small or large, or planes so nearly parallel, that no float pass has a useful bound.
    Cost: a look at the bounds; milliseconds for each region with such a corner.
    """
    mesh = partition.mesh
    if mesh is None or not len(mesh.points):
        return partition
    if mesh.error.max() <= SHARE * _half_width(mesh.points):
        return partition
    known = np.isfinite(mesh.points).all(axis=1)
    least = 2 * SHARE * _half_width(mesh.points[known]) if known.any() else 0.0
    with np.errstate(over="ignore"):
        rounding = np.abs(mesh.points).sum(axis=1) * (ROUNDINGS * UNIT_ROUNDOFF)
    doubtful = ~known | (mesh.error > np.maximum(rounding, least))
    if not doubtful.any():
        return partition
    points, error = mesh.points.copy(), mesh.error.copy()
    regions, corners = mesh.incidences()
    corners_of = rational_corners(partition)
    for region in np.unique(regions[doubtful[corners]]).tolist():
        for point, corner in zip(point_numbers(mesh, region).tolist(), corners_of(region), strict=True):
            if doubtful[point]:
                points[point], doubtful[point] = [nearest_float(v) for v in corner], False
                error[point] = 2 * UNIT_ROUNDOFF * np.abs(points[point]).sum() + UNDERFLOW_GUARD
        if not doubtful.any():
            break
    return replace(partition, mesh=replace(mesh, points=points, error=error))


def _half_width(points: Floats) -> float:
    """Half of the largest side of the box around some points; the whole may be beyond floats."""
    return max(float(column.max()) / 2 - float(column.min()) / 2 for column in points.T)


def point_numbers(mesh: PlanarMesh | PolyhedralMesh, region: int) -> Ints:
    """Which points of a mesh the corners of a region are, in the order of `Partition.vertices`."""
    return mesh.corners[mesh.entries(region)] if isinstance(mesh, PlanarMesh) else mesh.points_of(region)


@asked_for_points
def exact_vertices(partition: Partition, index: int) -> Fractions:
    """Corners of a region as fractions, (n, d), in the order of `Partition.vertices`.

    Raises
    ------
    DimensionError, UnboundedPolytopeError

    Notes
    -----
    In the plane a corner is where the lines of two neurons (or sides of the domain) cross, whose owners the mesh names;
    in space, where the planes of the faces around it meet. Cost: an integer matrix product per layer; beyond, that of
    the region's facets and of `Region.vertices`.
    """
    if _has_no_mesh(partition):
        return partition[index].vertices(exact=True)
    corners = rational_vertices(partition, index)
    return fractions([v for corner in corners for v in corner]).reshape(len(corners), partition.network.input_dim)


def rational_vertices(partition: Partition, index: int) -> list[tuple[fmpq, ...]]:
    """The same corners as flint's fractions."""
    return rational_corners(partition)(index)


def rational_corners(partition: Partition) -> Callable[[int], list[tuple[fmpq, ...]]]:
    """A function that gives the corners of any region; faster for many regions than `rational_vertices`."""
    dim = partition.network.input_dim
    if dim == 1:
        return lambda index: _ends(partition[index])
    return FacePlanes(partition).corners if dim == 3 else EdgeLines(partition).corners


class _MeshOwners:
    """Rows ``[a, c]`` of the owners of edges and faces of a mesh, on the regions beside them."""

    def __init__(self, partition: Partition) -> None:
        self._patterns, self._network = partition.packed_patterns, partition.network
        self._owners = OwnerRows(self._network, ExactRows(self._network), integer_sides(partition.domain))

    def bits(self, region: int) -> NDArray[np.bool_]:
        """Pattern of a region."""
        return np.asarray(unpack(self._patterns[region : region + 1], self._network.n_neurons)[0])

    def row(self, owner: int, region: int) -> Row:
        """The row of an owner on a region, in integers."""
        return self._owners.row(owner, self.bits(region))


class EdgeLines:
    """The lines of the edges of a mesh in integers, and where they meet; entries are those of `PlanarMesh`."""

    def __init__(self, partition: Partition) -> None:
        self._mesh, self._rows = require_planar_mesh(partition), _MeshOwners(partition)

    def bits(self, entry: int) -> NDArray[np.bool_]:
        """Pattern of the region of an entry."""
        return self._rows.bits(self._region(entry))

    def line(self, entry: int) -> Row:
        """The line ``a x + b y + c = 0`` of an edge."""
        return self._rows.row(int(self._mesh.owners[entry]), self._region(entry))

    def corner(self, entry: int) -> tuple[fmpq, fmpq]:
        """Where an edge starts."""
        at = self._mesh.entries(self._region(entry))
        return crossing(self.line(entry - 1 if entry > at.start else at.stop - 1), self.line(entry))

    def corners(self, region: int) -> list[tuple[fmpq, ...]]:
        """Corners of a region."""
        at = self._mesh.entries(region)
        lines = [self.line(entry) for entry in range(at.start, at.stop)]
        return [crossing(lines[k - 1], line) for k, line in enumerate(lines)]

    def _region(self, entry: int) -> int:
        return int(np.searchsorted(self._mesh.indptr, entry, side="right")) - 1


class FacePlanes:
    """The planes of the faces of a mesh in integers, and where they meet."""

    def __init__(self, partition: Partition) -> None:
        self._mesh, self._rows = require_polyhedral_mesh(partition), _MeshOwners(partition)

    def corners(self, region: int) -> list[tuple[fmpq, ...]]:
        """Vertices of a region, in the order of `PolyhedralMesh.points_of`."""
        planes: dict[int, list[Row]] = {point: [] for point in self._mesh.points_of(region).tolist()}
        for face in self._mesh.faces_of(region).tolist():
            # The owner is that of the first region; on the second it may vanish, if others do so on the face too.
            plane = self._rows.row(int(self._mesh.owners[face]), int(self._mesh.regions[face, 0]))
            for point in self._mesh.corners_of(face).tolist():
                planes[point].append(plane)
        vertices = [meeting_point(rows) for rows in planes.values()]
        return [tuple(fmpq(v, vertex[-1]) for v in vertex[:-1]) for vertex in vertices]


def _has_no_mesh(partition: Partition) -> bool:
    """Whether corners are those of each region's own polytope: beyond space, and where a mesh was not wanted."""
    dim = partition.network.input_dim
    return dim > 3 or (dim > 1 and partition.mesh is None and partition.is_complete and is_bounded(partition.domain))


@asked_for_points
def rounded_vertices(partition: Partition, index: int) -> Floats:
    """The same corners as floats, (n, d): those of the mesh, elsewhere each rounded once."""
    if partition.network.input_dim == 1:
        return exact_vertices(partition, index).astype(np.float64)
    if _has_no_mesh(partition):
        return partition[index].vertices()
    mesh = require_mesh(partition)
    return mesh.points[point_numbers(mesh, index)]


def _ends(region: Region) -> list[tuple[fmpq, ...]]:
    """Lower and upper end of a region on the line."""
    rows = exact_system(region).rows
    upper = [fmpq(-c, a) for a, c in rows if a > 0]
    lower = [fmpq(-c, a) for a, c in rows if a < 0]
    if not (upper and lower):
        raise UnboundedPolytopeError(
            "the region is a ray or the whole line and has no two ends. Choose a bounded domain, for example "
            "`Box([-1], [1])`."
        )
    return [(max(lower),), (min(upper),)]

"""Corners of the regions of a partition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq

from polytope_lens.errors import DimensionError, UnboundedPolytopeError
from polytope_lens.exact.rational import fraction, integer_matrix, integer_rows, nearest_float
from polytope_lens.exact.rows import ExactRows
from polytope_lens.network import bit_places
from polytope_lens.polytope.double_description import meeting_point
from polytope_lens.polytope.planar import by_angle, crossing
from polytope_lens.query.inequalities import exact_system, facet_groups

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction

    from flint import fmpz
    from numpy.typing import NDArray

    from polytope_lens.partition import Partition
    from polytope_lens.region import Region

    Floats = NDArray[np.float64]


def exact_vertices(partition: Partition, index: int) -> list[tuple[Fraction, ...]]:
    """Corners of a region on the line, in the plane or in space, in the order of :meth:`.Partition.vertices`; exact.

    Notes
    -----
    In the plane a corner is where the lines of two neurons (or sides of the domain) cross, whose owners the mesh names;
    in space, where the planes of the faces around it meet. Cost: an integer matrix product per layer.

    Raises
    ------
    DimensionError, UnboundedPolytopeError
    """
    return [tuple(fraction(v) for v in corner) for corner in rational_vertices(partition, index)]


def rational_vertices(partition: Partition, index: int) -> list[tuple[fmpq, ...]]:
    """The same corners as flint's fractions."""
    if partition.network.input_dim == 1:
        return [(end,) for end in _ends(partition[index])]
    if partition.network.input_dim == 3:
        return _exact_in_space(partition, index)
    mesh = partition.planar_mesh()
    row_of = _rows_of_owners(partition, index)
    lines = [row_of(owner) for owner in mesh.owners[mesh.entries(index)].tolist()]
    return [crossing(lines[k - 1], line) for k, line in enumerate(lines)]


def _exact_in_space(partition: Partition, index: int) -> list[tuple[fmpq, ...]]:
    mesh = partition.polyhedral_mesh()
    planes: dict[int, list[list[fmpz]]] = {int(point): [] for point in mesh.points_of(index)}
    for face in mesh.faces_of(index).tolist():
        first = int(mesh.regions[face, 0])
        # The owner is that of the first region; on the second it may vanish, if others do so on the face too.
        plane = _rows_of_owners(partition, first)(int(mesh.owners[face]))
        for point in mesh.corners_of(face).tolist():
            planes[point].append(plane)
    vertices = [meeting_point(rows) for rows in planes.values()]
    return [tuple(fmpq(v, vertex[-1]) for v in vertex[:-1]) for vertex in vertices]


def _rows_of_owners(partition: Partition, index: int) -> Callable[[int], list[fmpz]]:
    """A function that gives the integer row ``[a, c]`` of an owner: of a neuron on a region, or of a side."""
    domain = partition.domain
    assert domain is not None  # meshes are of bounded domains
    source = ExactRows(partition.network, integer_matrix(np.eye(domain.dim + 1)))
    places, bits = bit_places(partition.network), partition[index].pattern.array
    sides = integer_rows(np.column_stack([domain.A, -domain.b]))

    def row(owner: int) -> list[fmpz]:
        if owner < 0:
            return sides[-1 - owner]
        layer, neuron = places[owner]
        return source.rows(layer, bits)[neuron]

    return row


def region_corners(region: Region) -> Floats:
    """Corners of a bounded region of the plane, counter-clockwise, (n, 2): the exact ones, each rounded once.

    Raises
    ------
    DimensionError, UnboundedPolytopeError
    """
    if region.network.input_dim != 2:
        raise DimensionError(
            f"corners in order exist in the plane; this region lives in R^{region.network.input_dim}. Restrict the "
            "network to a plane first."
        )
    if not region.is_bounded:
        raise UnboundedPolytopeError("the region is unbounded, so its corners do not close up. Clip it to a box.")
    system, (_, groups) = exact_system(region), facet_groups(region)
    lines = [system.rows[members[0]] for members in groups.values()]
    lines = [lines[q] for q in by_angle(lines, range(len(lines)))]
    corners = [crossing(lines[k - 1], line) for k, line in enumerate(lines)]
    return np.array([[nearest_float(x), nearest_float(y)] for x, y in corners])


def rounded_vertices(partition: Partition, index: int) -> Floats:
    """The same corners as floats, (n, d): those of the mesh, on the line each rounded once."""
    if partition.network.input_dim == 1:
        return np.array(exact_vertices(partition, index), dtype=np.float64)
    if partition.network.input_dim == 3:
        solid = partition.polyhedral_mesh()
        return solid.points[solid.points_of(index)]
    mesh = partition.planar_mesh()
    return mesh.points[mesh.corners[mesh.entries(index)]]


def _ends(region: Region) -> tuple[fmpq, fmpq]:
    """Lower and upper end of a region on the line."""
    rows = exact_system(region).rows
    upper = [fmpq(-c, a) for a, c in rows if a > 0]
    lower = [fmpq(-c, a) for a, c in rows if a < 0]
    if not (upper and lower):
        raise UnboundedPolytopeError(
            "the region is a ray or the whole line and has no two ends. Choose a bounded domain, for example "
            "`Box([-1], [1])`."
        )
    return max(lower), min(upper)

"""Corners of the regions of a partition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq

from polytope_lens.errors import DimensionError, UnboundedPolytopeError
from polytope_lens.exact.rational import fraction, integer_matrix, integer_rows, nearest_float
from polytope_lens.exact.rows import ExactRows
from polytope_lens.network import bit_places
from polytope_lens.polytope.planar import by_angle, crossing
from polytope_lens.query.inequalities import exact_system, facet_groups

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray

    from polytope_lens.partition import Partition
    from polytope_lens.region import Region

    Floats = NDArray[np.float64]


def exact_vertices(partition: Partition, index: int) -> list[tuple[Fraction, ...]]:
    """Corners of a region on the line or in the plane, in the order of :meth:`.Partition.vertices`; exact.

    Notes
    -----
    In the plane a corner is where the lines of two neurons (or sides of the domain) cross, whose owners the mesh names.
    Cost: an integer matrix product per layer.

    Raises
    ------
    DimensionError, UnboundedPolytopeError
    """
    if partition.network.input_dim == 1:
        return [(end,) for end in _ends(partition[index])]
    mesh, domain = partition.planar_mesh(), partition.domain
    assert domain is not None  # meshes are of bounded domains
    source = ExactRows(partition.network, integer_matrix(np.eye(3)))
    places, bits = bit_places(partition.network), partition[index].pattern.array
    sides = integer_rows(np.column_stack([domain.A, -domain.b]))
    lines = []
    for owner in mesh.owners[mesh.entries(index)].tolist():
        layer, neuron = places[owner] if owner >= 0 else (0, 0)
        lines.append(source.rows(layer, bits)[neuron] if owner >= 0 else sides[-1 - owner])
    corners = [crossing(lines[k - 1], line) for k, line in enumerate(lines)]
    return [(fraction(x), fraction(y)) for x, y in corners]


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
    """The same corners as floats, (n, d): in the plane those of the mesh, on the line each rounded once."""
    if partition.network.input_dim == 1:
        return np.array(exact_vertices(partition, index), dtype=np.float64)
    mesh = partition.planar_mesh()
    return mesh.points[mesh.corners[mesh.entries(index)]]


def _ends(region: Region) -> tuple[Fraction, Fraction]:
    """Lower and upper end of a region on the line."""
    rows = exact_system(region).rows
    upper = [fmpq(-c, a) for a, c in rows if a > 0]
    lower = [fmpq(-c, a) for a, c in rows if a < 0]
    if not (upper and lower):
        raise UnboundedPolytopeError(
            "the region is a ray or the whole line and has no two ends. Choose a bounded domain, for example "
            "`Box([-1], [1])`."
        )
    return fraction(max(lower)), fraction(min(upper))

"""How large and how long the regions of a planar partition are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays.ragged import following
from polytope_lens.mesh.planar_mesh import areas

if TYPE_CHECKING:
    from polytope_lens._types import Floats
    from polytope_lens.mesh.planar_mesh import PlanarMesh


@dataclass(frozen=True, slots=True, eq=False)
class PolygonShapes:
    """Measures of convex polygons, (n_regions,) each; rounded.

    Parameters
    ----------
    area, perimeter : arrays
    diameter : array
        Greatest distance of two points.
    width : array
        Least distance of two parallel lines with the polygon between them.
    """

    area: Floats
    perimeter: Floats
    diameter: Floats
    width: Floats

    @property
    def elongation(self) -> Floats:
        """Diameter over width: 1.15 for an equilateral triangle, 1.41 for a square, large for slivers."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.diameter / self.width


def polygon_shapes(mesh: PlanarMesh) -> PolygonShapes:
    """Area, perimeter, diameter and width of each region, from the rounded corners.

    Notes
    -----
    The diameter is that of two corners, and the width is attained with one of the lines along an edge (Houle and
    Toussaint 1988, *Computing the width of a set*). Cost: the square of each polygon's number of corners, a
    microsecond for each region.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1.0, 0.0]], [[1.0]]], [[-3.0], [0.0]])
    >>> shapes = polygon_shapes(lens.partition(Box([0, 0], [6, 4])).mesh)
    >>> shapes.perimeter, shapes.diameter, shapes.width
    (array([14., 14.]), array([5., 5.]), array([3., 3.]))
    """
    starts, sizes = mesh.indptr[:-1], np.diff(mesh.indptr)
    corner = mesh.points[mesh.corners]
    nearest = following(mesh.indptr)
    edge = corner[nearest] - corner
    length = np.hypot(edge[:, 0], edge[:, 1])
    with np.errstate(divide="ignore", invalid="ignore"):
        inward = np.column_stack([-edge[:, 1], edge[:, 0]]) / length[:, None]
    reach, height = length.copy(), np.zeros(len(corner))
    # Each corner meets those after it, one step farther around its polygon each time.
    entry, other = np.arange(len(corner)), nearest
    left = np.repeat(sizes, sizes) - 2
    while True:
        keep = left > 0
        entry, other, left = entry[keep], nearest[other[keep]], left[keep] - 1
        if not len(entry):
            break
        apart = corner[other] - corner[entry]
        reach[entry] = np.maximum(reach[entry], np.hypot(apart[:, 0], apart[:, 1]))
        height[entry] = np.maximum(height[entry], (apart * inward[entry]).sum(axis=1))
    height[length == 0] = np.inf  # an edge shorter than floats are apart has no direction
    width = np.minimum.reduceat(height, starts)
    return PolygonShapes(
        areas(mesh),
        np.add.reduceat(length, starts),
        np.maximum.reduceat(reach, starts),
        np.where(np.isfinite(width), width, 0.0),
    )

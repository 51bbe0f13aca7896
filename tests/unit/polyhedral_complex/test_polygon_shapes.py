"""Shapes of polygons, known and by shapely."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from families import golden
from polytope_lens import Box, Lens, Polytope
from polytope_lens.polyhedral_complex.polygon_shapes import polygon_shapes

PLANE = Lens(golden((2, 8, 8), 2)).partition(Box([-1, -2], [1, 2]))


def test_shapes_of_polygons_against_shapely():
    shapes, polygons = polygon_shapes(PLANE.mesh), PLANE.polygons()
    assert np.allclose(shapes.area, shapely.area(polygons), rtol=1e-9)
    assert np.allclose(shapes.perimeter, shapely.length(polygons), rtol=1e-12)
    # The farthest point from a corner is a corner.
    for polygon, longest in zip(polygons, shapes.diameter, strict=True):
        farthest = shapely.hausdorff_distance(polygon, shapely.points(polygon.exterior.coords))
        assert longest == pytest.approx(farthest.max(), rel=1e-12)
    # Among all directions none is narrower, and one nearly as narrow.
    angles = np.linspace(0, np.pi, 2001)
    for polygon, width, longest in zip(polygons, shapes.width, shapes.diameter, strict=True):
        extents = np.ptp(np.array(polygon.exterior.coords) @ np.array([np.cos(angles), np.sin(angles)]), axis=0)
        assert extents.min() * (1 + 1e-12) >= width >= extents.min() - longest * np.pi / 2000
    assert (shapes.elongation >= 2 / 3**0.5 - 1e-12).all()


def test_shapes_that_are_known():
    square = polygon_shapes(Lens.from_arrays([[[1.0, 2.0]]], [[0.0]]).partition(Box([0, 0], [2, 2])).mesh)
    assert (square.area, square.perimeter, square.width) == (4, 8, 2)
    assert square.elongation == pytest.approx(2**0.5)
    triangle = Polytope([[0, -1], [3**0.5, 1], [-(3**0.5), 1]], [0, 3**0.5, 3**0.5])
    sides = polygon_shapes(Lens.from_arrays([[[1.0, 2.0]]], [[0.0]]).partition(triangle).mesh)
    assert sides.diameter == pytest.approx(2) and sides.elongation == pytest.approx(2 / 3**0.5)
    thin = Lens.from_arrays([[[1, 0], [1, 0]], [[1, 1]]], [[-0.5, -0.5 - 2.0**-52], [0]])
    shapes = polygon_shapes(thin.partition(Box([0, 0], [1, 1])).mesh)
    assert shapes.elongation.max() > 1e15 and not np.isnan(shapes.elongation).any()

"""Corners stored once."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import shapely

from polytope_lens._arrays.key_table import joined
from polytope_lens.errors import ConsistencyError
from polytope_lens.mesh.planar_mesh import Corners, MeshBuilder, areas, polygons

# Two unit squares side by side; the shared corners have floats that differ within their bounds.
XY = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [1 + 1e-12, 0], [2, 0], [2, 1], [1, 1 - 1e-12]])
ERROR = np.array([0, 2e-12, 1e-15, 0, 1e-13, 0, 0, 2e-12])
KEYS = np.array([7, 3, 9, 1, 3, 5, 8, 9], dtype=np.uint64)
INDPTR = np.array([0, 4, 8])
OWNERS = np.array([-1, 0, -3, -4, -1, -2, -3, 0])
CROWDED = np.zeros(8, dtype=bool)


def from_keyed_corners(xy, error, keys, indptr, owners, crowded):
    """The mesh of polygons that are added one by one."""
    builder = MeshBuilder()
    for start, stop in pairwise(indptr):
        own = slice(start, stop)
        corner = np.column_stack([xy, error])[own]
        builder.add(Corners(*joined(keys[own], corner), owners[own], crowded[own], np.array([0, stop - start])))
    return builder.mesh()


MESH = from_keyed_corners(XY, ERROR, KEYS, INDPTR, OWNERS, CROWDED)


def test_points_are_numbered_as_the_regions_mention_them():
    assert MESH.corners.tolist() == [0, 1, 2, 3, 1, 4, 5, 2]
    assert MESH.points[[0, 3, 4, 5]].tolist() == [[0, 0], [0, 1], [2, 0], [2, 1]]


def test_each_point_takes_the_floats_with_the_least_error():
    assert MESH.points[1].tolist() == [1 + 1e-12, 0]
    assert MESH.error[1] == 1e-13
    assert MESH.points[2].tolist() == [1, 1]
    assert MESH.error[2] == 1e-15


def test_floats_of_one_point_that_disagree_are_a_defect():
    with pytest.raises(ConsistencyError, match="disagree about a corner"):
        from_keyed_corners(XY, ERROR / 4, KEYS, INDPTR, OWNERS, CROWDED)


def test_polygons_share_corners_to_the_last_bit():
    made = polygons(MESH)
    assert shapely.coverage_is_valid(made)
    assert shapely.get_coordinates(made[0]).tolist() == MESH.points[[0, 1, 2, 3, 0]].tolist()
    assert shapely.get_coordinates(made[1]).tolist() == MESH.points[[1, 4, 5, 2, 1]].tolist()
    assert np.allclose(areas(MESH), [1, 1])


def test_areas_far_from_the_origin_do_not_cancel():
    moved = replace(MESH, points=MESH.points + 2.0**40)
    triangle = from_keyed_corners(
        np.array([[0, 0], [2.0**-8, 0], [0, 2.0**-8]]) + 2.0**40,
        np.zeros(3),
        np.arange(3, dtype=np.uint64),
        np.array([0, 3]),
        np.zeros(3, dtype=np.int64),
        np.zeros(3, dtype=bool),
    )
    assert areas(triangle).tolist() == [2.0**-17]
    assert np.allclose(areas(moved), [1, 1])


def test_meshes_are_read_only_and_short_in_print():
    with pytest.raises(ValueError, match="read-only"):
        MESH.points[0, 0] = 1
    assert repr(MESH) == "PlanarMesh(2 polygons, 6 points)"

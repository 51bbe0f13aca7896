"""Laws of planar meshes find what was broken on purpose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from broken import inner_corner, planar
from families import max_of_two, seven_lines
from polytope_lens import Box, Lens, Polytope
from polytope_lens.mesh.planar_mesh import PlanarMesh
from polytope_lens.testing import (
    assert_corners_true,
    assert_valid_coverage,
)


def test_a_corner_that_one_region_has_and_the_other_has_not_is_noticed():
    mesh = planar().mesh
    q = inner_corner(planar())
    points = np.vstack([mesh.points, mesh.points[q] + 1e-9])
    corners = mesh.corners.copy()
    corners[np.flatnonzero(corners == q)[0]] = len(mesh.points)
    split = replace(mesh, points=points, error=np.append(mesh.error, 1e-8), corners=corners)
    broken = replace(planar(), mesh=split)
    assert_corners_true(broken)
    with pytest.raises(AssertionError, match="an edge joins two regions"):
        assert_valid_coverage(broken)


def test_owners_of_other_edges_are_noticed():
    mesh = planar().mesh
    broken = replace(planar(), mesh=replace(mesh, owners=np.roll(mesh.owners, 1)))
    with pytest.raises(AssertionError, match="exact corners come in the order of the floats: those of region 0"):
        assert_corners_true(broken)


def test_right_ones_pass_in_any_shape():
    triangle = Polytope([[-1, 0], [0, -1], [1, 1]], [2, 2, 2])
    for network, domain in ((seven_lines(), Box([-1, -2], [3, 1])), (max_of_two(), triangle)):
        partition = Lens(network).partition(domain)
        assert_corners_true(partition)
        assert_valid_coverage(partition)


def test_error_bounds_that_are_too_small_are_noticed():
    third = Lens.from_arrays([[[3, 1]], [[1]]], [[-1], [0]]).partition(Box([0, 0], [1, 1]))
    mesh = third.mesh
    assert mesh.error.max() > 0
    assert_corners_true(third)
    with pytest.raises(AssertionError, match=r"corners are true: those of region \d"):
        assert_corners_true(replace(third, mesh=replace(mesh, error=np.zeros_like(mesh.error))))


def test_a_polygon_that_turns_the_other_way_is_noticed():
    mesh = planar().mesh
    corners = mesh.corners.copy()
    first = slice(*mesh.indptr[:2].tolist())
    corners[first] = corners[first][::-1]
    with pytest.raises(AssertionError, match="corners are true: those of region 0"):
        assert_corners_true(replace(planar(), mesh=replace(mesh, corners=corners)))
    with pytest.raises(AssertionError, match="an edge has one region on each side"):
        assert_valid_coverage(replace(planar(), mesh=replace(mesh, corners=corners)))


def test_a_corner_too_few_is_noticed():
    mesh = planar().mesh
    kept = np.arange(len(mesh.corners)) != mesh.indptr[1] - 1
    fewer = PlanarMesh(
        mesh.points, mesh.error, mesh.indptr - (mesh.indptr > 0), mesh.corners[kept], mesh.owners[kept],
        mesh.crowded[kept],
    )  # fmt: skip
    n = int(mesh.indptr[1])
    with pytest.raises(AssertionError, match=rf"region 0 \(.*\) has {n} corners, but the mesh has {n - 1}"):
        assert_corners_true(replace(planar(), mesh=fewer))

"""Laws of meshes in space find what was broken on purpose."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from families import cross_polytope, golden
from polytope_lens import Box, Lens
from polytope_lens.testing import assert_solids_true


@cache
def solid():
    return Lens(golden((3, 3, 2), 1)).partition(Box([-2] * 3, [2] * 3))


def broken(**changes):
    return replace(solid(), mesh=replace(solid().mesh, **changes))


def inner_point():
    return int(np.flatnonzero((np.abs(solid().mesh.points) < 2).any(axis=1))[0])


def test_right_ones_pass():
    assert_solids_true(solid())
    assert_solids_true(Lens(cross_polytope(3)).partition(Box([-1] * 3, [1] * 3)))
    assert_solids_true(Lens.from_arrays([[[1, 2, 3]]], [[0]]).partition(Box([0] * 3, [1] * 3)))


@pytest.mark.parametrize("by", [[1e-6, 0, 0], [0, 0, -1]])
def test_a_moved_corner_is_noticed(by):
    points = solid().mesh.points.copy()
    points[inner_point()] += by
    with pytest.raises(AssertionError, match="vertices are near the exact ones: one of region"):
        assert_solids_true(broken(points=points))


def test_an_error_bound_that_is_too_small_is_noticed():
    mesh = solid().mesh
    (rounded,) = np.flatnonzero(mesh.error == mesh.error.max())[:1]
    error = mesh.error.copy()
    error[rounded] = 0
    assert mesh.error[rounded] > 0
    with pytest.raises(AssertionError, match=r"vertices are near the exact ones: .* within 0\.0"):
        assert_solids_true(broken(error=error))


def test_a_face_that_is_turned_over_is_noticed():
    mesh = solid().mesh
    corners = mesh.corners.copy()
    face = slice(*mesh.corner_indptr[:2].tolist())
    corners[face] = corners[face][::-1]
    with pytest.raises(AssertionError, match=r"faces are true: face 0 of region"):
        assert_solids_true(broken(corners=corners))


def test_a_face_whose_corners_cross_over_is_noticed():
    mesh = solid().mesh
    (start,) = mesh.corner_indptr[:-1][np.diff(mesh.corner_indptr) >= 4][:1]
    corners = mesh.corners.copy()
    corners[[start, start + 1]] = corners[[start + 1, start]]
    with pytest.raises(AssertionError, match="faces are true"):
        assert_solids_true(broken(corners=corners))


def test_a_flipped_bit_is_noticed():
    patterns = solid().packed_patterns.copy()
    patterns[0, 0] ^= np.uint64(1 << 63)
    with pytest.raises(AssertionError, match="vertices are true: those of region 0"):
        assert_solids_true(replace(solid(), packed_patterns=patterns))

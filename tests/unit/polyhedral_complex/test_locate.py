from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from families import golden
from polytope_lens import Box, Lens, Polytope
from polytope_lens.errors import ConsistencyError, DimensionError, OutsideDomainError

LENS = Lens(golden((2, 4, 4), 1))
BOX = Box([-5, -5], [5, 5])
PARTITION = LENS.partition(BOX)
THREE_LINES = Lens.from_arrays([[[1, 0], [0, 1], [-1, -1]], [[1, 1, 1]]], [[0, 0, 0], [0]])


def test_witnesses_are_located_in_their_regions():
    assert PARTITION.locate(PARTITION.witnesses).tolist() == list(range(len(PARTITION)))
    assert PARTITION.locate(PARTITION.witnesses[3]).tolist() == [3]


def test_corners_are_located_in_a_region_that_has_them():
    for k, point in enumerate(PARTITION.mesh.points):
        if BOX.contains(point[None])[0]:
            i = int(PARTITION.locate(point)[0])
            near = np.abs(PARTITION.vertices(i) - point).max(axis=1) <= 1e-9
            assert near.any(), k


def test_a_boundary_point_goes_towards_the_middle_of_the_domain_and_then_along_the_axes():
    around = THREE_LINES.partition(Box([-1, -1], [1, 1]))
    assert str(around[int(around.locate([0, 0])[0])].pattern) == "110"
    left = THREE_LINES.partition(Box([-1, 0.5 - 1], [0, 0.5]))
    for x in ([0, 0], [0, 0.25], [-1, 0], [0, 0.5], [-0.25, 0.25]):
        i = int(left.locate(x)[0])
        assert left[i].polytope.contains([x]).all()


def test_corners_of_the_domain_belong_to_regions_inside_it():
    corners = [[-5, -5], [5, -5], [5, 5], [-5, 5]]
    for x, i in zip(corners, PARTITION.locate(corners), strict=True):
        assert (np.abs(PARTITION.vertices(int(i)) - x).max(axis=1) == 0).any()


def test_points_outside_are_refused_by_number():
    with pytest.raises(
        OutsideDomainError, match=r"2 of the 3 points lie outside .*; the first is point 1 at \[6.0, 0.0\]"
    ):
        PARTITION.locate([[0, 0], [6, 0], [0, 7]])
    with pytest.raises(OutsideDomainError):
        PARTITION.locate([5 + 1e-15, 0])


def test_unbounded_domains_have_no_outside():
    whole = LENS.partition(None)
    found = whole.locate([[1e300, -1e300], [0, 0], [-1e9, 1e-300]])
    bits = LENS.patterns([[1e300, -1e300], [0, 0], [-1e9, 1e-300]])
    assert (whole.patterns()[found] == bits).all()
    half = LENS.partition(Polytope([[1, 0]], [0]))
    with pytest.raises(OutsideDomainError, match="1 of the 1 points"):
        half.locate([1e-300, 0])


def test_wrong_shapes_are_refused():
    with pytest.raises(DimensionError, match="`locate` needs points with 2 coordinates"):
        PARTITION.locate([[1, 2, 3]])
    with pytest.raises(DimensionError, match="finite"):
        PARTITION.locate([np.nan, 0])


def test_a_partition_that_lacks_a_region_says_so():
    broken = replace(PARTITION, packed_patterns=PARTITION.packed_patterns[1:])
    with pytest.raises(ConsistencyError, match="does not list"):
        broken.locate(PARTITION.witnesses[0])


def test_no_points_no_answers():
    assert PARTITION.locate(np.zeros((0, 2))).tolist() == []

"""Polygons that are subdivided: degenerate networks, corners as they are, and sizes at the ends of the range."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from families import golden
from polytope_lens import Box, Lens, Polytope
from polytope_lens.testing import assert_corners_true, assert_same_regions, assert_valid_coverage, networks


@settings(max_examples=40)
@given(network=networks(2, max_depth=3, max_width=3, weights="integer"))
def test_regions_and_corners_are_those_of_clipped_polygons(network):
    found = Lens(network).partition(Box([-2, -1], [1, 2]), "subdivide")
    corners = [(Fraction(x), Fraction(y)) for x, y in ((-2, -1), (1, -1), (1, 2), (-2, 2))]
    assert set(map(tuple, found.patterns().tolist())) == reference.planar_patterns(network, corners)
    assert_corners_true(found)
    assert_valid_coverage(found)


@given(exponent=st.integers(-300, 300), shift=st.sampled_from([0, 1]))
def test_powers_of_two_in_front_of_rows_change_nothing(exponent, shift):
    """Rows of a first layer may be scaled; lines and regions stay, and corners to the last bit."""
    plain = golden((2, 5), 3)
    layer = plain.layers[0]
    scale = 2.0 ** np.where(np.arange(5) % 2 == shift, exponent, 0)[:, None]
    scaled = Lens.from_arrays([layer.weight * scale, np.ones((1, 5))], [layer.bias * scale[:, 0], [0]])
    box = Box([-3, -3], [3, 3])
    one, other = (lens.partition(box, "subdivide") for lens in (Lens(plain), scaled))
    assert (one.packed_patterns == other.packed_patterns).all()
    assert (one.mesh.corners == other.mesh.corners).all()
    np.testing.assert_allclose(one.mesh.points, other.mesh.points, atol=1e-12)


@pytest.mark.parametrize(
    "domain",
    [
        Polytope([[-1, 0], [0, -1], [1, 1]], [2, 2, 2]),
        Polytope([[1, 0], [-1, 0], [1, 0], [0, 1], [0, -1], [0, 0]], [1, 1, 3, 1, 1, 5]),
        Polytope([[-1, 0], [0, -1]], [2, 2]),
        None,
    ],
    ids=["triangle", "with redundant rows", "quadrant", "plane"],
)
def test_domains_of_all_kinds(domain):
    lens = Lens(golden((2, 4, 4), 1))
    assert_same_regions(lens.partition(domain, "subdivide"), lens.partition(domain, "brute"))


def test_without_neurons_the_domain_is_the_only_polygon():
    found = Lens.from_arrays([[[1, 2]]], [[3]]).partition(Box([0, 0], [1, 2]), "subdivide")
    assert len(found) == 1
    assert found.mesh.points.tolist() == found.vertices(0).tolist() and found.volumes().tolist() == [2]

"""What a region answers."""

from __future__ import annotations

import numpy as np
import pytest

from families import cross_polytope, golden, max_of_two
from polytope_lens import Box, Lens
from polytope_lens.domain import Box as Domain
from polytope_lens.network.network import from_arrays


def test_the_map_is_the_network_on_the_region():
    lens = Lens(golden((2, 8, 8), 2, 0.1))
    region = lens.at([0.3, -0.7])
    inside = region.point + np.linspace(-1e-3, 1e-3, 5)[:, None] * [1, -2]
    assert np.allclose(region.affine_map(inside), lens(inside))
    product = np.eye(3)
    for weight, slope in zip(lens.network.augmented_weights(), [*region.activation_matrices(), np.eye(2)], strict=True):
        product = slope @ weight @ product
    assert np.allclose(region.augmented_map(), product)
    assert region.augmented_map()[-1].tolist() == [0, 0, 1]


def test_the_polytope_of_a_cross_polytope_is_one():
    region = Lens(cross_polytope(3)).at([0.1, 0.2, 0.3])
    poly = region.polytope
    assert poly.contains(region.point[None]).all()
    normals = poly.A / np.abs(poly.A).max(axis=1, keepdims=True)
    assert sorted(normals.tolist()) == [[-1, 0, 0], [0, -1, 0], [0, 0, -1], [1, 1, 1]]


def test_regions_are_whole_unless_they_come_from_a_domain():
    lens = Lens(max_of_two())
    assert not lens.at([1, 2]).polytope.is_bounded
    partition = lens.partition(Box([0, 0], [1, 1]))
    for region in partition:
        assert region.polytope.is_bounded
        assert isinstance(region.domain, Domain)


def test_each_hyperplane_is_one_row_of_the_polytope():
    lens = Lens.from_arrays([[[1, 2], [2, 4], [-3, -6]], [[1, 1, 1]]], [[1, 2, -3], [0]])
    assert lens.at([0, 0]).polytope.A.shape == (1, 2)
    deep = Lens.from_arrays([[[0.1, 0.7]], [[3], [9], [-27]], [[1, 1, 1]]], [[0.3], [-1, -3, 9], [0]])
    assert deep.at([0, 0]).polytope.A.shape == (2, 2)


@pytest.mark.parametrize(("x", "text"), [([1, 2], "pattern 0100"), ([2, 1], "pattern 1100")])
def test_printing(x, text):
    network = from_arrays([[[1, -1], [0, 1]], [[0, 0], [1, 1]], [[1, 1]]], [[0, 0], [-1, -10], [0]])
    region = Lens(network).at(x)
    shown = str(region.pattern).replace(" ", "")
    assert text == f"pattern {shown}"
    assert repr(region) == f"Region(R^2, pattern {region.pattern})"
    assert str(region).splitlines()[0] == repr(region)


def test_long_patterns_print_in_hexadecimal():
    region = Lens(from_arrays([np.ones((101, 1)), np.ones((1, 101))], [np.arange(101.0) - 50, [0]])).at([0.5])
    assert repr(region) == f"Region(R^1, pattern 0x{region.pattern.hex})"

"""What a region answers."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from families import cross_polytope, golden, max_of_two
from polytope_lens import Box, Lens, Polytope
from polytope_lens.domain import Box as Domain
from polytope_lens.errors import DomainError
from polytope_lens.network.network import Network, from_arrays
from polytope_lens.testing import networks


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


# ------------------------------------------------------------------------------------------------------- equality


@given(network=networks(st.integers(1, 3)), data=st.data())
def test_regions_are_equal_if_they_are_the_same_region_of_the_same_network(network, data):
    box = Box(-np.ones(network.input_dim), np.ones(network.input_dim))
    one, other = Lens(network).partition(box), Lens(pickle.loads(pickle.dumps(network))).partition(box)
    assert one.network is not other.network
    i, j = (data.draw(st.integers(0, len(one) - 1)) for _ in range(2))
    assert (one[i] == other[j]) == (i == j) == (one[i].polytope == other[j].polytope)
    assert hash(one[i]) == hash(other[i])
    assert len({*one, *other}) == len(one)
    assert Lens(network).at(one[i].point, box) == one[i]
    assert (Lens(network).at(one[i].point) == one[i]) is False  # not clipped


def test_regions_of_other_networks_are_others():
    network = golden((2, 4, 4), 1)
    x = [0.3, -0.2]
    bias = network.layers[0].bias.copy()
    bias[0] = np.nextafter(bias[0], np.inf)
    region = Lens(network).at(x)
    first, *rest = network.layers
    changed = [
        replace(network, layers=(replace(first, bias=bias), *rest)),
        replace(network, layers=(replace(first, negative_slope=np.full(4, 0.5)), *rest)),
        replace(network, output_weight=2 * network.output_weight),
    ]
    for other in changed:
        assert Lens(other).at(x) != region and other != network
    assert region != "region" and network != "network"
    assert Lens(network).at(x, Box([-1, -1], [1, 1])) == Lens(network).at(x, Box([-1, -1], [1, 1]))
    assert Lens(network).at(x, Box([-1, -1], [1, 1])) != Lens(network).at(x, Box([-1, -1], [1, 2]))
    triangle, again = Polytope([[-1, 0], [0, -1], [1, 1]], [1, 1, 1]), Polytope([[2, 2], [0, -1], [-3, 0]], [2, 1, 3])
    assert Lens(network).at(x, triangle) == Lens(network).at(x, again)


def test_networks_are_equal_by_content():
    network = golden((2, 4, 4), 1)
    first = network.layers[0]
    thin = replace(network, layers=(replace(first, weight=sparse.csr_array(first.weight)), *network.layers[1:]))
    assert thin == network and hash(thin) == hash(network)
    zero = from_arrays([[[0.0, 1.0]], [[1.0]]], [[0.0], [-0.0]])
    assert zero == from_arrays([[[-0.0, 1.0]], [[1.0]]], [[-0.0], [0.0]])
    assert zero != from_arrays([[[1.0, 0.0]], [[1.0]]], [[0.0], [0.0]])
    assert Network((), [[1.0, 2.0]], [0.0]) != Network((), [[1.0], [2.0]], [0.0, 0.0])


def test_what_is_found_is_kept_and_not_copied():
    region = Lens(golden((3, 6, 6), 1)).at([0.3, -0.2, 0.1])
    assert region.polytope is region.polytope
    assert region.inequalities().is_facet is region.inequalities(exact=True).is_facet
    for again in (copy.copy(region), copy.deepcopy(region), pickle.loads(pickle.dumps(region))):
        assert again == region and again.polytope is not region.polytope and again.polytope == region.polytope
    with pytest.raises(ValueError, match="read-only"):
        region.polytope.A[0, 0] = 1.0


def test_a_domain_needs_rows_that_floats_hold():
    rng = np.random.default_rng(0)
    shapes = (4, 2), (4, 4), (1, 4)
    lens = Lens.from_arrays(
        [rng.standard_normal(shape) for shape in shapes], [rng.standard_normal(n) for n, _ in shapes]
    )
    # One that the second layer bounds.
    cells = (region.polytope for region in lens.partition())
    cell = next(cell for cell in cells if any(owner[0] == 1 for owners in cell.owners for owner in owners))
    with pytest.raises(DomainError, match=r"Round it yourself, `Polytope\(P.A, P.b\)`"):
        lens.partition(cell)
    assert len(lens.partition(Polytope(cell.A, cell.b))) >= 1
    half = Polytope([[3, 0], [-3, 0], [0, 6], [0, -6]], np.array([1, 1, 2, 2]) * 2**60)
    assert lens.count(half).total == lens.count(Polytope(half.A, half.b)).total


def test_corners_of_a_region_lie_in_it_as_fractions_and_points_beyond_do_not():
    region = Lens(golden((2, 8, 8), 2)).at([0.3, -0.7], Box([-1, -1], [1, 1]))
    corners = region.vertices(exact=True)
    assert region.contains(corners).all() and region.contains(corners[0]).tolist() == [True]
    center = region.polytope.centroid(exact=True)
    assert region.contains([center]).all()
    assert not region.contains(corners + Fraction(1, 2**300) * (corners - center)).any()
    floats = np.vstack([region.vertices(), region.point[None], [[5, 5]]])
    exact = np.array([[Fraction(v) for v in row] for row in floats.tolist()], dtype=object)
    assert region.contains(exact).tolist() == region.contains(floats).tolist()


def test_regions_of_streams_unpack_their_patterns_when_asked():
    """Unpacking all of them took most of a stream's time."""
    lens, box = Lens(golden((2, 70, 3), 2, 0.1)), Box([-1, -1], [1, 1])
    partition = lens.partition(box)
    for found in (list(lens.regions(box)), list(partition), [partition[i] for i in range(len(partition))]):
        assert not any(vars(region)["pattern"] for region in found)
        sent = pickle.loads(pickle.dumps(found[3]))
        assert not vars(sent)["pattern"] and sent.pattern == found[3].pattern
        assert [region.pattern.array.tolist() for region in found] == partition.patterns().tolist()
        assert all(lens.at(region.point, box) == region for region in found)
        assert found[3].pattern is found[3].pattern

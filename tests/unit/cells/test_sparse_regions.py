"""Inequalities and nearest boundaries of networks with sparse layers, also of those too large to be written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array, issparse

from families import sparsely
from polytope_lens import Box, Lens
from polytope_lens.cli import main
from polytope_lens.errors import InvalidNetworkError, OptionError, OutsideDomainError
from polytope_lens.network import network as net
from polytope_lens.network.network import from_arrays
from polytope_lens.polytope.membership import inside_mask
from polytope_lens.testing.strategies import networks


@pytest.fixture
def too_large(monkeypatch):
    """Only weights of outputs are written out, and no ranks are asked for."""
    monkeypatch.setattr(net, "MOST_DENSE_ENTRIES", 12)
    monkeypatch.setattr("polytope_lens.network.layer_recursions.LARGEST_RANKED", 12)


@settings(max_examples=40, deadline=None)
@given(network=networks(max_depth=3), data=st.data(), clipped=st.booleans())
def test_rows_are_those_of_the_dense_network(network, data, clipped):
    d = network.input_dim
    domain = Box([-4.0] * d, [4.0] * d) if clipped else None
    x = np.array(data.draw(st.lists(st.floats(-3, 3), min_size=d, max_size=d)))
    expected = Lens(network).at(x, domain).inequalities()
    found = Lens(sparsely(network)).at(x, domain).inequalities(facets=False)
    assert issparse(found.A) == bool(network.layers)
    assert found.is_facet is None
    assert np.array_equal(found.layer, expected.layer)
    assert np.array_equal(found.neuron, expected.neuron)
    slack = found.error[:, None] * 1.0000001
    assert (np.abs(csr_array(found.A).toarray() - expected.A) <= slack + 2.0**-52 * np.abs(expected.A)).all()
    assert (np.abs(found.b - expected.b) <= slack[:, 0] + 2.0**-52 * np.abs(expected.b)).all()


@settings(max_examples=40, deadline=None)
@given(network=networks(max_depth=3), data=st.data(), norm=st.sampled_from([1, 2, np.inf]))
def test_nearest_boundaries_are_those_of_the_dense_network(network, data, norm):
    d = network.input_dim
    x = np.array(data.draw(st.lists(st.floats(-3, 3), min_size=d, max_size=d)))
    dense, sparse = Lens(network).at(x), Lens(sparsely(network)).at(x)
    expected, found = dense.nearest_boundary(norm=norm), sparse.nearest_boundary(norm=norm)
    assert found.distance == expected.distance
    assert found.owners == expected.owners
    assert np.array_equal(found.point, expected.point)
    # Of all layers' facets, found with the facets, it is the nearest.
    layers = range(-1, len(network.layers))
    assert expected.distance == min(dense.nearest_boundary(layer=layer, norm=norm).distance for layer in layers)
    outside = [neighbor.point for neighbor in dense.neighbors() if not dense.contains(neighbor.point)]
    for point in outside[:2]:
        with pytest.raises(OutsideDomainError, match="received one outside"):
            sparse.nearest_boundary(point, norm=norm)


@settings(max_examples=40, deadline=None)
@given(network=networks(max_depth=3), data=st.data(), clipped=st.booleans())
def test_which_points_lie_in_a_region_takes_no_facets(network, data, clipped):
    """Against the facets, for points of all kinds: of other regions, on boundaries, beside the domain."""
    d = network.input_dim
    domain = Box([-1.0] * d, [1.0] * d) if clipped else None
    number = st.one_of(st.integers(-2, 2).map(float), st.floats(-2, 2))
    points = np.array(data.draw(st.lists(st.lists(number, min_size=d, max_size=d), min_size=2, max_size=6)))
    region = Lens(network).at(np.clip(points[0], -1, 1), domain)
    expected = inside_mask(region.polytope, points)
    assert np.array_equal(region.contains(points), expected)
    assert np.array_equal(Lens(sparsely(network)).at(region.point, domain).contains(points), expected)
    assert region.contains(region.point).all()


def test_facets_are_only_known_where_they_were_asked_for():
    system = Lens.from_arrays([[[1.0, 0.0], [2.0, 0.0]], [[1.0, 1.0]]], [[0.0, 1.0], [0.0]]).at([1, 1]).inequalities
    assert repr(system(facets=False)) == "Inequalities(2 rows in R^2)"
    assert repr(system()) == "Inequalities(2 rows in R^2, 1 of them facets)"
    assert len(str(system(facets=False)).splitlines()) == 2
    assert system().facets().error.tolist() == [0.0]
    with pytest.raises(OptionError, match="asked for with facets=False"):
        system(facets=False).facets()


def test_what_needs_no_facets_works_where_weights_are_too_large(too_large):
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal((6, 3)), rng.standard_normal((5, 6)), rng.standard_normal((2, 5))]
    biases = [rng.standard_normal(len(weight)) for weight in weights]
    lens, dense = Lens(sparsely(from_arrays(weights, biases))), Lens.from_arrays(weights, biases)
    region, same = lens.at([0.3, 0.1, -0.2]), dense.at([0.3, 0.1, -0.2])
    assert region.nearest_boundary().distance == same.nearest_boundary().distance
    assert np.allclose(region.affine_map.A, same.affine_map.A, rtol=1e-12)
    assert region.inequalities(facets=False).format() == same.inequalities(facets=False).format()
    assert region.contains([[0.3, 0.1, -0.2], [9, 9, 9]]).tolist() == [True, False]
    assert lens.region_count_bounds().upper == dense.region_count_bounds().upper
    x, y = [0.3, 0.1, -0.2], [-3, 2, 1]
    assert np.allclose(lens.integrated_gradients(x, y), dense.integrated_gradients(x, y), rtol=1e-12)
    with pytest.raises(InvalidNetworkError, match="Its diagonal is in"):
        region.activation_matrices()
    assert str(region).splitlines()[1:] == same.inequalities(facets=False).format().splitlines()
    # Of a network that nobody has written out: the integers of the last few are kept for equal ones.
    region = Lens(sparsely(from_arrays(weights, [2 * bias for bias in biases]))).at([0.3, 0.1, -0.2])
    for ask in (region.inequalities, lambda: region.inequalities(exact=True), lambda: region.polytope):
        with pytest.raises(InvalidNetworkError, match=r"inequalities\(facets=False\)"):
            ask()
    on_boundary = Lens(sparsely(from_arrays([[[1.0, 0.0], [0.0, 0.0]], [[1.0, 1.0]]], [[0.0, 0.0], [0.0]]))).at([0, 1])
    assert on_boundary.vanishing().tolist() == [[0, 0], [0, 1]]
    assert on_boundary.vanishing(everywhere=True).tolist() == [[0, 1]]


def test_the_command_line_prints_the_nearest_of_them(monkeypatch, capsys):
    network = sparsely(from_arrays([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0]]], [[0.0, 0.5], [0.0]]))
    monkeypatch.setattr(net, "MOST_DENSE_ENTRIES", 0)
    monkeypatch.setattr("polytope_lens.cli.point_commands.lens_of", lambda arguments: Lens(network))
    monkeypatch.setattr("polytope_lens.cli.point_commands.MOST_BITS", 1)
    assert main(["at", "net.npz", "1", "2"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("pattern of 2 bits, 2 of them on\n2 inequalities A @ x <= b:\n")
    assert "layer 0, neuron 0    distance 1" in printed
    assert main(["at", "net.npz", "1", "2", "--json"]) != 0
    assert "here are 2 with 2 numbers" in capsys.readouterr().err

"""Affine maps, and those of patterns, beside plain fractions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from families import sparsely
from polytope_lens._arrays.batches import batches
from polytope_lens.errors import DimensionError
from polytope_lens.network import affine
from polytope_lens.network.affine import AffineMap, affine_maps, augmented_map, preactivation_maps
from polytope_lens.network.network import Network, from_arrays, pass_through_layer, piecewise_layer
from polytope_lens.network.pattern import pack
from polytope_lens.testing import networks

F = AffineMap([[1, 2], [0, -1], [3, 0]], [1, 0, -1])


def test_values_at_points_and_rows_of_points():
    assert F([1, 1]).tolist() == [4, -1, 2]
    assert F([[1, 1], [0, 0]]).tolist() == [[4, -1, 2], [1, 0, -1]]


def test_the_augmented_matrix_does_the_same():
    assert (F.augmented @ [1, 1, 1]).tolist() == [4, -1, 2, 1]
    assert F.augmented[-1].tolist() == [0, 0, 1]


def test_maps_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        F.A[0, 0] = 5


def test_shapes_must_fit():
    with pytest.raises(DimensionError, match=r"needs b of shape \(1,\), but received \(2,\)"):
        AffineMap([[1, 2]], [1, 2])
    with pytest.raises(DimensionError, match="needs points with 2 coordinates"):
        F([1, 2, 3])
    with pytest.raises(DimensionError, match="finite"):
        AffineMap([[np.nan]], [0])


def test_repr_says_from_where_to_where():
    assert repr(F) == "AffineMap(R^2 -> R^3)"


@given(network=networks(2), data=st.data())
def test_preactivation_maps_are_those_of_the_pattern(network, data):
    bits = np.array(
        data.draw(st.lists(st.booleans(), min_size=network.n_neurons, max_size=network.n_neurons)), dtype=bool
    )
    expected = reference.affine_rows(network, bits.tolist())[:-1]
    for rows, exact in zip(preactivation_maps(network, bits), expected, strict=True):
        assert np.allclose(rows, np.array(exact, dtype=float), rtol=1e-9, atol=1e-9)


def some_patterns(network, data):
    row = st.lists(st.booleans(), min_size=network.n_neurons, max_size=network.n_neurons)
    return np.array(data.draw(st.lists(row, min_size=1, max_size=5)), dtype=bool)


@given(network=networks(2, output_dim=st.integers(1, 3)), data=st.data())
def test_maps_of_patterns_are_those_of_fractions(network, data):
    bits = some_patterns(network, data)
    maps = affine_maps(network, pack(bits))
    for row, found in zip(bits, maps, strict=True):
        exact = np.array(reference.affine_rows(network, row.tolist())[-1], dtype=float)
        assert np.allclose(found, exact, rtol=1e-9, atol=1e-9)
        product = augmented_map(network, row)
        assert np.allclose(product[:-1], exact, rtol=1e-9, atol=1e-9)
        assert product[-1].tolist() == [0.0] * network.input_dim + [1.0]


@given(network=networks(3), data=st.data())
def test_maps_do_not_depend_on_how_weights_are_kept(network, data):
    bits = some_patterns(network, data)
    dense, sparse = (affine_maps(net, pack(bits)) for net in (network, sparsely(network)))
    assert np.allclose(dense, sparse, rtol=1e-12, atol=1e-12)


def test_batches_of_maps_follow_each_other(monkeypatch):
    network = Network(
        (piecewise_layer([[1, 2], [3, 5]], [1, 2]), pass_through_layer([[2, 1]], [3])), [[1], [4], [-1]], [0, 1, 2]
    )
    patterns = pack(np.array([[a, b] for a in (False, True) for b in (False, True)] * 2))
    expected = affine_maps(network, patterns)
    # Neuron by neuron: 2 relu(x + 2 y + 1) + relu(3 x + 5 y + 2) + 3, and from it the outputs.
    assert expected[1].tolist() == [[3, 5, 5], [12, 20, 21], [-3, -5, -3]]
    monkeypatch.setattr(affine, "batches", lambda n, each: batches(n, each, most=1))
    assert np.array_equal(affine_maps(network, patterns), expected)


def test_the_map_of_an_affine_network_is_itself():
    network = from_arrays([[[2, 3]]], [[1]])
    assert affine_maps(network, np.zeros((1, 1), np.uint64)).tolist() == [[[2, 3, 1]]]
    assert preactivation_maps(network, np.zeros(0, dtype=bool)) == []

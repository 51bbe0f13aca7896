"""Rows in floats are as near to the exact ones as they claim."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from families import golden, random_deep
from polytope_lens.exact.bounded_rows import bounded_rows
from polytope_lens.network.network import Network, from_arrays, piecewise_layer
from polytope_lens.testing import networks


@settings(max_examples=60)
@given(
    network=networks(st.integers(1, 3), weights="any") | networks(2, weights="wild", max_depth=2),
    seed=st.integers(0, 2**32),
)
def test_errors_are_within_their_bounds(network, seed):
    bits = np.random.default_rng(seed).random((3, network.n_neurons)) < 0.5
    found = list(bounded_rows(network, bits))
    assert [rows.shape for rows, _ in found] == [(n, len(bits), network.input_dim + 1) for n in network.widths]
    for i, pattern in enumerate(bits):
        exact = reference.affine_rows(network, pattern.tolist())
        for layer, (rows, error) in enumerate(found):
            for j in range(rows.shape[0]):
                for k in range(rows.shape[2]):
                    assert reference.within(rows[j, i, k], error[j, i, k], exact[layer][j][k])


def test_numbers_without_error_are_exact():
    network = golden((2, 3, 3), 1)
    bits = np.array(list(product((False, True), repeat=6)))
    (first, none), (second, error) = bounded_rows(network, bits)
    assert (first[:, 0] == np.column_stack([network.layers[0].weight, network.layers[0].bias])).all()
    assert not none.any()
    # Where all of the first layer is off, the second is its bias.
    off = ~bits[:, :3].any(axis=1)
    assert (second[:, off, :-1] == 0).all() and (error[:, off, :-1] == 0).all()
    assert (error[:, ~off, :-1] > 0).any()


def test_products_that_underflow_are_not_taken_for_zero():
    network = from_arrays([[[1e-200, 1.0]], [[1e-200]], [[1.0]]], [[0], [0], [0]])
    _, (rows, error) = bounded_rows(network, np.array([[True, True]]))
    assert rows[0, 0].tolist() == [0, 1e-200, 0]
    assert error[0, 0, 0] >= 1e-320
    assert error[0, 0, 2] == 0


def test_bounds_are_useful():
    network = random_deep((3, 8, 8, 8), 0, 0.0)
    bits = np.random.default_rng(0).random((20, 24)) < 0.5
    for rows, error in bounded_rows(network, bits):
        assert (error <= 1e-12 * np.abs(rows).max()).all()


def test_rows_in_other_coordinates():
    """Those of the first layer's values are those of a network that begins with the second."""
    network = random_deep((3, 2, 4), 1, 0.25)
    bits = np.array([[True, False, True, False, True, True], [False] * 6])
    first = np.zeros((2, 2, 3))
    first[0, :, 0] = first[1, :, 1] = 1.0
    *_, (rows, error) = bounded_rows(network, bits, first)
    identity = Network(
        (piecewise_layer(np.eye(2), [0, 0], negative_slope=0.25), network.layers[1]), np.ones((1, 4)), [0]
    )
    for i, pattern in enumerate(bits):
        exact = reference.affine_rows(identity, pattern.tolist())[1]
        for j, k in product(range(4), range(3)):
            assert reference.within(rows[j, i, k], error[j, i, k], exact[j][k])

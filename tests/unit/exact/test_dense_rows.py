"""Rows in one compiled step: those of `bounded_rows`, as near to the exact ones as they claim."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from polytope_lens.exact.bounded_rows import bounded_rows
from polytope_lens.exact.dense_rows import dense_rows, pays_for_rows
from polytope_lens.network.network import from_arrays, has_sparse_layers
from polytope_lens.testing import networks


@settings(max_examples=60)
@given(
    network=networks(st.integers(1, 3), weights="any") | networks(2, weights="wild", max_depth=2),
    seed=st.integers(0, 2**32),
)
def test_errors_are_within_their_bounds(network, seed):
    assert not has_sparse_layers(network)
    bits = np.random.default_rng(seed).random((3, network.n_neurons)) < 0.5
    wall = np.arange(network.input_dim + 1.0)
    rows, error = dense_rows(network, bits, wall[None])
    rounded, none = dense_rows(network, bits, wall[None], bounded=False)
    assert rows.shape == error.shape == (3, network.n_neurons + 1, network.input_dim + 1) and not none.size
    assert (rows[:, -1] == wall).all() and not error[:, -1].any()
    np.testing.assert_array_equal(rounded, rows)
    for i, pattern in enumerate(bits):
        layers = zip(network.layers, reference.affine_rows(network, pattern.tolist()), strict=False)
        exact = [row for layer, found in layers for row, cuts in zip(found, layer.cuts, strict=True) if cuts]
        for j, (row, on) in enumerate(zip(exact, pattern, strict=True)):
            assert all(reference.within(rows[i, j, k], error[i, j, k], -v if on else v) for k, v in enumerate(row))
    # What is known to be zero there, is here.
    nothing = np.empty((0, 3, network.input_dim + 1))
    others = [nothing] + [
        error[layer.cuts] for layer, (_, error) in zip(network.layers, bounded_rows(network, bits), strict=True)
    ]
    exact_there = np.concatenate(others).transpose(1, 0, 2) == 0
    assert (error[:, :-1][exact_there] == 0).all()


def test_products_that_underflow_are_not_taken_for_zero():
    network = from_arrays([[[1e-200, 1.0]], [[1e-200]], [[1.0]]], [[0], [0], [0]])
    rows, error = dense_rows(network, np.array([[True, True]]), np.empty((0, 3)))
    assert (-rows[0, 1]).tolist() == [0, 1e-200, 0]
    assert error[0, 1, 0] >= 1e-320
    assert error[0, 1, 2] == 0


def test_a_network_without_neurons_has_the_walls_only():
    network = from_arrays([[[1.0, 2.0]]], [[0.0]])
    rows, _ = dense_rows(network, np.empty((2, 0), dtype=bool), np.array([[1.0, 0.0, 3.0]]))
    assert rows.tolist() == [[[1.0, 0.0, 3.0]]] * 2
    assert pays_for_rows(network, 1) in (True, False)

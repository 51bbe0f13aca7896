"""Zeros proved by cancellation are zeros, and those of maxima and minima of shared values are found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from polytope_lens.exact.cancellation import cancels
from polytope_lens.exact.point_signs import _exact_signs, point_signs
from polytope_lens.importers import graph, tournament
from polytope_lens.importers.layering import schedule
from polytope_lens.network.network import from_arrays
from polytope_lens.testing import networks


def lattice(seed, functions=6, groups=5, picks=4):
    """The greatest of least values of shared affine functions, whose weights are float32."""
    rng = np.random.default_rng(seed)
    weight, bias = (rng.standard_normal(s).astype(np.float32).astype(float) for s in ((2, functions), functions))
    z = graph.matmul(graph.source((2,)), weight, bias, "linear")
    least = [
        tournament.reduce_extreme(
            graph.gather([z], rng.integers(functions, size=(1, picks))), [1], keep=False, label="min", least=True
        )
        for _ in range(groups)
    ]
    joined = graph.concatenate(least, 0)
    return schedule(tournament.reduce_extreme(joined, [0], keep=False, label="max", least=False), 2).network


@pytest.mark.parametrize("seed", range(6))
def test_games_between_equals_are_found(seed):
    network = lattice(seed)
    X = np.random.default_rng(seed).uniform(-2, 2, (40, 2))
    exact = np.array([_exact_signs(network, x) for x in X])
    assert (exact == 0).any()
    assert cancels(network, exact).all()
    assert np.array_equal(point_signs(network, X), exact)
    # What is no zero is not proved to be one.
    for i, j in np.argwhere(exact != 0)[:: max(exact.size // 100, 1)]:
        wrong = exact[i].copy()
        wrong[j] = 0
        assert not cancels(network, wrong[None])[0]


@given(network=networks(st.integers(1, 3)), data=st.data())
def test_what_is_proved_is_so(network, data):
    x = np.array(data.draw(st.lists(st.integers(-4, 4), min_size=network.input_dim, max_size=network.input_dim))) / 4
    signs = np.array(reference.evaluate(network, x)[0], dtype=np.int8)
    for j in range(len(signs)):
        asked = signs.copy()
        asked[j] = 0
        if cancels(network, asked[None])[0]:
            assert signs[j] == 0


def test_sums_that_floats_cannot_hold_are_not_proved():
    # 1 + 2**-60 - 1 - 2**-60 of one neuron: zero, but a sum on the way is rounded.
    weights = [[[1.0]], [[1.0], [2.0**-60], [1.0], [2.0**-60]], [[1.0, 1.0, -1.0, -1.0]], [[1.0]]]
    biases = [[1.0], [0.0] * 4, [0.0], [0.0]]
    network = from_arrays(weights, biases)
    signs = _exact_signs(network, np.array([1.0]))
    assert signs.tolist() == [1, 1, 1, 1, 1, 0]
    assert not cancels(network, signs[None])[0]
    weights[1][1][0] = weights[1][3][0] = 0.5
    network = from_arrays(weights, biases)
    assert cancels(network, _exact_signs(network, np.array([1.0]))[None])[0]


def test_no_points_no_layers():
    network = from_arrays([[[1.0]]], [[0.0]])
    assert cancels(network, np.zeros((3, 0), dtype=np.int8)).tolist() == [True] * 3
    assert cancels(lattice(0), np.zeros((0, lattice(0).n_neurons), dtype=np.int8)).shape == (0,)

"""Largest and least values: no neuron for a game of two that are the same."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.errors import InvalidNetworkError
from polytope_lens.exact.point_signs import point_signs
from polytope_lens.importers import graph, tournament
from polytope_lens.importers.layering import schedule
from polytope_lens.network.network import evaluate

RNG = np.random.default_rng(0)
W, B = RNG.standard_normal((3, 6)), RNG.standard_normal(6)
X = RNG.standard_normal((50, 3))
VALUES = X @ W + B


def test_windows_in_the_padding_have_no_largest_value():
    with pytest.raises(InvalidNetworkError, match="takes the largest of no values"):
        tournament.largest(graph.source((2,)), np.array([[-1, -1]]), (1,), "pool")


@pytest.mark.parametrize("least", [False, True])
@pytest.mark.parametrize("sign", [1, -1])
def test_values_that_stand_several_times_play_once(least, sign):
    for _ in range(20):
        picks = RNG.integers(6, size=(4, RNG.integers(1, 9)))
        z = graph.matmul(graph.source((3,)), W, B, "linear")
        picked = graph.scale(graph.gather([z], picks), sign)
        found = tournament.reduce_extreme(picked, [1], keep=False, label="max", least=least)
        network = schedule(found, 3).network
        expected = (np.min if least else np.max)(sign * VALUES[:, picks], axis=2)
        np.testing.assert_allclose(evaluate(network, X), expected, rtol=1e-12, atol=1e-12)
        games = {tuple(sorted(set(row))) for row in picks.tolist()}
        assert network.n_neurons <= sum(len(game) - 1 for game in games)
        assert not (point_signs(network, X) == 0).all(axis=0).any()


def test_sums_that_are_the_same_are_one_value():
    z = graph.matmul(graph.source((3,)), W, B, "linear")
    a, b = (graph.gather([z], np.array([i])) for i in (0, 1))
    pair = graph.concatenate([graph.add([a, b]), graph.add([b, a])], 0)
    found = tournament.reduce_extreme(pair, [0], keep=False, label="max", least=False)
    assert schedule(found, 3).network.n_neurons == 0

"""Estimates beside exact numbers, and boundaries between classes, of the study of local complexity."""

from __future__ import annotations

import numpy as np
import pytest

from digits import digits, perceptron, train
from local_complexity import N_DIRECTIONS, around_the_change, network, of_point, on_hull, points_of
from polytope_lens import Lens


@pytest.fixture(scope="module")
def trained():
    ((_, lens),) = train(perceptron((64, 16, 16, 10), 0, init="default"), digits(), [300], loss="squares")
    return lens


def test_an_estimate_is_at_most_what_the_hull_and_the_ball_meet(trained):
    for place, X in points_of(digits(), 2).items():
        for i, x in enumerate(X):
            told = of_point(trained, x, 0.1, i)
            assert told["hull_open"] == told["ball_open"] == 0, place
            assert told["estimate"] <= told["hull"] <= told["ball"]


def test_one_layer_is_estimated_without_error():
    rng = np.random.default_rng(0)
    lens = Lens.from_arrays([rng.standard_normal((40, 64)), np.ones((1, 40))], [rng.standard_normal(40), [0]])
    for radius in (0.1, 0.5):
        estimate, hull, still_open = on_hull(lens, np.zeros(64), radius, 0)
        assert (estimate, 0) == (hull, still_open)
        # The ball is met by hyperplanes as near as its radius.
        near = np.abs(lens.network.layers[0].bias) < radius * np.linalg.norm(lens.network.layers[0].weight, axis=1)
        assert of_point(lens, np.zeros(64), radius, 0)["ball"] == near.sum() >= hull
    assert N_DIRECTIONS < 64


def test_around_the_change():
    # Outputs x and 1 / 2; boundaries of neurons at 0.05, 0.45 and 0.95.
    lens = Lens.from_arrays([[[1]] * 4, [[1, 0, 0, 0], [0, 0, 0, 0]]], [[1, -0.05, -0.45, -0.95], [-1, 0.42]])
    changed, elsewhere = around_the_change(lens, np.array([0.0]), np.array([1.0]))
    assert changed.tolist() == pytest.approx([1, 0.1]) and elsewhere.tolist() == pytest.approx([2, 0.9])


def test_a_factor_of_all_weights():
    one, four = (Lens(network(scale, 0)).network for scale in (1.0, 4.0))
    assert (four.layers[0].bias == 4 * one.layers[0].bias).all()

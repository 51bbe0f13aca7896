"""Regions of planes and lines through images, of the study of Hanin and Rolnick."""

from __future__ import annotations

from math import comb

import numpy as np

from digits import accuracy, digits, perceptron, train
from hanin_rolnick import bias_rows, distance_rows, initial_rows, met, planes, shape, slope
from polytope_lens import Lens


def test_one_layer_is_an_arrangement_of_lines():
    rows = {row["depth"]: row for row in initial_rows((24,), 1)}
    # 24 lines and points in general position.
    assert rows[1]["plane"] == 1 + 24 + comb(24, 2) and rows[1]["line"] == 25
    assert all(row["plane"] > row["window"] and row["line"] > row["segment"] for row in rows.values())
    # Theorem 5's scale, without its constant.
    assert all(row["plane"] < 2 * 24**2 / 2 for row in rows.values())


def test_the_whole_plane_does_not_depend_on_the_scale_of_biases():
    rows = bias_rows(1)
    by_scale = {row["bias"]: row for row in rows}
    counts = {by_scale[bias]["plane"] for bias in (1e-3, 1e-2, 1e-1, 1.0)}
    assert len(counts) == 1 and 4000 < counts.pop() < 6000
    # Without biases all planes through the origin meet cones.
    assert by_scale[0.0]["plane"] < 3 * 96
    assert by_scale[1.0]["window"] < by_scale[1e-3]["window"]


def test_distances_times_neurons():
    rows = distance_rows((24, 96), 1, 5)
    assert all(0.2 < row["times_neurons"] < 2 for row in rows)
    assert np.isclose(slope([1, 2, 4], [1, 0.5, 0.25]), -1)


def test_planes_and_training_are_the_same_each_time():
    (origin, x, y), *_ = planes(2, 3)
    assert not origin.any() and (x != y).any()
    lenses = [dict(train(perceptron(shape(12, 2), 0, bias=1e-3), digits(), [0, 300])) for _ in range(2)]
    one, two = (lens[300] for lens in lenses)
    assert (one.network.output_weight == two.network.output_weight).all()
    assert met(lenses[0][0], 0, 1) == met(lenses[1][0], 0, 1)
    X, y_true = digits().X, digits().y
    assert accuracy(one, X, y_true) > accuracy(lenses[0][0], X, y_true)
    assert isinstance(one, Lens)

"""Templates, centroids and nearest boundaries of the study of Balestriero and Baraniuk."""

from __future__ import annotations

import numpy as np
import pytest

from balestriero_baraniuk import cosine, is_power_cell, layers, mean_angle, rows_of, templates
from digits import digits, perceptron, train
from polytope_lens import Lens


@pytest.fixture(scope="module")
def trained():
    ((_, lens),) = train(perceptron((64, 16, 16, 10), 0, init="default"), digits(), [300])
    return lens


def test_templates_and_offset_make_the_answer(trained):
    for x, digit in zip(digits().X_test[:5], digits().y_test[:5], strict=True):
        region = trained.at(x)
        A, b = region.affine_map.A, region.affine_map.b
        assert np.allclose(A @ x + b, trained(x))
        told = templates(region, x, int(digit))
        assert -1 <= told["true"] <= 1 and 0 <= told["offset_share"] <= 1
        assert told["matched"] == (told["true"] > told["rival"])


def test_a_matched_filter():
    lens = Lens.from_arrays([np.eye(3), [[2, 0, 0], [0, 3, 0]]], [np.ones(3), np.zeros(2)])
    told = templates(lens.at([1.0, 0.0, 0.0]), np.array([1.0, 0.0, 0.0]), 0)
    # About the mean, the templates are (1, -1.5, 0) and its negative.
    assert np.isclose(told["true"], 1 / 3.25**0.5) and np.isclose(told["rival"], -told["true"])
    assert (told["by_slope"], told["angle"]) == (1.0, 0.0)
    assert mean_angle(np.array([[1.0, 0.0], [1.0, 1.0]])) == pytest.approx(0.5**0.5)
    assert cosine(np.zeros(2), np.ones(2)) == 0


def test_layers_are_those_of_the_region(trained):
    x = digits().X_test[3]
    region = trained.at(x)
    found = layers(region, x)
    assert min(one["distance"] for one in found) == region.nearest_boundary(x).distance
    assert np.isclose(found[0]["centroid_distance"], np.linalg.norm(region.power_cells()[0].centroid - x))
    assert is_power_cell(trained, region, digits().X_test[:20])


def test_rows_and_the_penalty():
    rows = {penalty: rows_of(2, penalty, (400,))[0][-1] for penalty in (0.0, 1.0)}
    assert rows[1.0]["angle_of_last_rows"] < rows[0.0]["angle_of_last_rows"]
    assert all(row["accuracy"] > 0.8 for row in rows.values())

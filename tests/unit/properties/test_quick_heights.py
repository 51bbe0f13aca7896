"""Guesses in single precision against the bounds that are proved."""

from __future__ import annotations

import numpy as np
import pytest

from families import random_deep
from polytope_lens import Property
from polytope_lens.bounds.linear_bounds import highest_in_box, rows_above
from polytope_lens.bounds.relaxation import Relaxation
from polytope_lens.network.network import Network
from polytope_lens.properties.box_bounds import joined
from polytope_lens.properties.cell_bounds import CellBounds
from polytope_lens.properties.quick_heights import QuickHeights


@pytest.mark.parametrize("slope", [0.0, 0.1, -1.0])
def test_guesses_are_close_to_what_is_proved(slope):
    network = Network(
        random_deep((3, 6, 5), 2, slope).layers, np.array([[1.0] * 5, [1, -1, 2, 0, 0.5]]), np.array([0, 1.0])
    )
    case = Property.of((["-1"] * 3, ["1"] * 3), ([[-1, 0]], [3])).cases[0]
    bounds = CellBounds(network, [case])
    lower, upper = np.array([[-1, -0.5, 0.25], [-0.5, -1, -1]]), np.array([[0, 0.5, 0.75], [0.5, 0, 1]])
    sums = np.array([[1.0, 0, 0, 0, 0, 7.0], [0, 1, 0, 0.5, 0, 9.0]])
    cells, lines, _, rows = joined_pair(bounds, lower, upper)
    low, high = ([ends[:, here] for here in bounds.at] for ends in (cells.low, cells.high))
    asked, which = np.full((2, 2), True), np.arange(2)
    quick = QuickHeights(bounds.stages)
    found = quick.heights(lower, upper, low, high, np.tile(sums, (2, 1, 1)), asked, rows, which)
    for i in range(2):
        own = [Relaxation._make(part[[i]] for part in line) for line in lines]
        total = sum(max(exact_top(bounds, row, cells.at(which[[i]]), own), 0.0) for row in sums)
        assert found[i] == pytest.approx(total, rel=0.02)
    # In a part, rows of the whole say more than its bounds alone.
    inside = quick.heights(lower / 2, upper / 2, low, high, np.tile(sums, (2, 1, 1)), asked, rows, which)
    alone = quick.heights(lower / 2, upper / 2, low, high, np.tile(sums, (2, 1, 1)), asked, rows * np.nan, which)
    assert (inside <= alone + 1e-5).all() and (inside < alone - 1e-3).any()


def joined_pair(bounds, lower, upper):
    """A look at two boxes."""
    return bounds.narrowed(joined(bounds.whole(*corners) for corners in zip(lower, upper, strict=True)))


def exact_top(bounds, row, cells, lines):
    """The upper bound on a sum of outputs and inputs that `CellBounds` has."""
    above, doubt = rows_above(bounds.network, len(bounds.hidden), row[None, None, :2], lines)
    return highest_in_box(above + row[2:], doubt, cells.lower, cells.upper)[0, 0]


def test_without_neurons_that_bend_the_value_is_that_of_the_map():
    network = random_deep((2, 3), 1, 1.0)
    weight = network.output_weight @ network.layers[0].weight
    bias = network.output_weight @ network.layers[0].bias + network.output_bias
    bounds = CellBounds(network, [])
    found = QuickHeights(bounds.stages).heights(
        np.zeros((1, 2)),
        np.ones((1, 2)),
        [np.full((1, 3), -np.inf)],
        [np.full((1, 3), np.inf)],
        np.array([[[1.0, 0, 0, 50.0]]]),
        np.array([[True]]),
        np.full((2, 1, 3, 3), np.nan, dtype=np.float32),
        np.array([0]),
    )
    assert found[0] == pytest.approx(50 + bias[0] + np.maximum(weight, 0).sum(), rel=1e-5)

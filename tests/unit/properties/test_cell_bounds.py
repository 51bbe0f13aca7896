"""Bounds and lines in floats against values at points, and against the lines that the checker draws."""

from __future__ import annotations

import numpy as np
import pytest

from families import random_deep
from polytope_lens import Property
from polytope_lens.network.network import evaluate, piecewise_layer
from polytope_lens.proof import checker
from polytope_lens.properties.cell_bounds import CellBounds, lines_between
from polytope_lens.properties.property import Constraint

NETWORK = random_deep((3, 6, 5), 2, 0.1)
CASE = Property.of((["-1"] * 3, ["1"] * 3), ([[-1, 0]], [-100])).cases[0]


@pytest.mark.parametrize("slope", [0.0, 0.1, -1.0, 1.5, 1.0])
def test_lines_are_those_of_the_checker(slope):
    layer = piecewise_layer(np.eye(1), np.zeros(1), negative_slope=slope)
    reader = checker.Layer([[slope, 1.0, 1.0, 1.0, 0.0]])
    unit = reader.unit << checker.SLOPE_BITS
    rng = np.random.default_rng(0)
    for low, high in [(-1, 3), (-7, 7), (2, 5), (-5, 0), (0, 0), *np.sort(rng.integers(-999, 999, (50, 2))).tolist()]:
        found = lines_between(layer, np.array([[low / 8]]), np.array([[high / 8]]))
        s, up, t, down = checker.lines(*reader.slopes[0], low, high, None)
        assert (found.upper_slope[0, 0], found.lower_slope[0, 0]) == pytest.approx((s / unit, t / unit), rel=1e-15)
        offsets = found.upper_offset[0, 0] * 8, found.lower_offset[0, 0] * 8
        assert offsets == pytest.approx((up / unit, down / unit), rel=1e-12, abs=1e-12)


def test_without_bounds_there_are_no_lines():
    layer = piecewise_layer(np.eye(1), np.zeros(1))
    found = lines_between(layer, np.array([[-np.inf]]), np.array([[np.inf]]))
    assert np.isinf(found.upper_offset).all() and checker.lines(0, 1, None, None, None) is None


def test_bounds_hold_and_are_short():
    bounds = CellBounds(NETWORK, [CASE])
    lower, upper = np.array([-1, -0.5, 0.25]), np.array([0, 0.5, 0.75])
    cells, _, _ = bounds.narrowed(bounds.whole(lower, upper))
    X = np.random.default_rng(0).uniform(lower, upper, (500, 3))
    hidden = []
    for layer in NETWORK.layers:
        z = X @ layer.weight.T + layer.bias
        hidden.append(z)
        X = np.where(z > 0, layer.positive_slope, layer.negative_slope) * z
    z = np.concatenate(hidden, axis=1)
    assert (cells.low[0] <= z.min(axis=0)).all() and (z.max(axis=0) <= cells.high[0]).all()
    for index, here in enumerate(bounds.at):
        whole = cells.low[0, here] * 2.0 ** cells.bits[0, index]
        assert (whole[np.isfinite(whole)] == np.round(whole[np.isfinite(whole)])).all()


def test_what_is_closed_has_no_violation_and_what_is_violated_is_not_closed():
    lower, upper = np.full(3, -1.0), np.full(3, 1.0)
    y = evaluate(NETWORK, np.random.default_rng(0).uniform(lower, upper, (2000, 3)))[:, 0].max()
    for bound, is_closed in ((1000, True), (y, False)):
        case = tuple(c._replace(bound=-bound) if c.outputs else c for c in CASE)
        bounds = CellBounds(NETWORK, [case])
        cells, lines, _ = bounds.narrowed(bounds.whole(lower, upper))
        closing = bounds.closing(cells, lines, np.array([[True]]))
        assert closing.is_closed[0, 0] == is_closed


def test_rows_of_a_case_are_those_that_its_box_does_not_say():
    strict = Constraint(((0, 1),), (), 1, strict=True)
    bounds = CellBounds(NETWORK, [(*CASE, strict)])
    assert bounds.cases[0].places == [len(CASE) - 1, len(CASE)]

"""Lines around activations against those that the checker draws, and slopes that make bounds lower."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from families import random_deep
from polytope_lens.bounds.linear_bounds import highest_in_box, rows_above
from polytope_lens.network.network import Network, pass_through_layer, piecewise_layer
from polytope_lens.proof import checker
from polytope_lens.properties.cell_lines import LEANS, BoxSums, better_leans, default_leans, lines_between


@pytest.mark.parametrize("slope", [0.0, 0.1, -1.0, 1.5, 1.0])
def test_lines_are_those_of_the_checker(slope):
    layer = piecewise_layer(np.eye(1), np.zeros(1), negative_slope=slope)
    reader = checker.Layer([[slope, 1.0, 1.0, 1.0, 0.0]])
    rng = np.random.default_rng(0)
    for low, high in [(-1, 3), (-7, 7), (2, 5), (-5, 0), (0, 0), *np.sort(rng.integers(-999, 999, (50, 2))).tolist()]:
        for lean in (None, 0, 1 << 12, int(rng.integers(1 << 12))):
            assert_same(layer, reader, low, high, lean)


def assert_same(layer, reader, low, high, lean):
    """The lines, and what the checker draws, in eighths."""
    unit = reader.unit << checker.SLOPE_BITS
    given = None if lean is None else np.array([[lean / 4096]])
    found = lines_between(layer, np.array([[low / 8]]), np.array([[high / 8]]), given)
    s, up, t, down = checker.lines(*reader.slopes[0], low, high, lean)
    assert (found.upper_slope[0, 0], found.lower_slope[0, 0]) == pytest.approx((s / unit, t / unit), rel=1e-15)
    offsets = found.upper_offset[0, 0] * 8, found.lower_offset[0, 0] * 8
    assert offsets == pytest.approx((up / unit, down / unit), rel=1e-12, abs=1e-11)


def test_without_bounds_there_are_no_lines():
    layer = piecewise_layer(np.eye(1), np.zeros(1))
    found = lines_between(layer, np.array([[-np.inf]]), np.array([[np.inf]]))
    assert np.isinf(found.upper_offset).all() and checker.lines(0, 1, None, None, None) is None


@pytest.mark.parametrize("slope", [0.0, 0.1, -1.0, 1.5])
def test_better_slopes_make_bounds_lower_and_never_higher(slope):
    layers, m = random_deep((3, 8, 8, 6), 2, slope).layers, 40
    network = Network(layers, np.random.default_rng(1).standard_normal((2, 6)), np.zeros(2))
    stages = (*network.layers, pass_through_layer(network.output_weight, network.output_bias))
    whole = Network(stages, np.zeros((1, 2)), np.zeros(1))
    rng = np.random.default_rng(0)
    lower = rng.uniform(-1, 0, (m, 3))
    upper = lower + rng.uniform(0.2, 1, (m, 3))
    lines, low, high = [], [], []
    for index, layer in enumerate(network.layers):
        both = np.broadcast_to(
            np.concatenate([np.eye(layer.width), -np.eye(layer.width)]), (m, 2 * layer.width, layer.width)
        )
        top = highest_in_box(*rows_above(whole, index, both, lines), lower, upper)
        low.append(-top[:, layer.width :])
        high.append(top[:, : layer.width])
        lines.append(lines_between(layer, low[-1], high[-1]))
    outputs = rng.standard_normal((m, 2))
    hidden = [np.zeros(end.shape) for end in low]
    # Far above 0 steps end soon; just above 0 they go on until they are below
    sums = BoxSums(outputs, hidden, np.zeros((m, 3)), np.full(m, 1e6), lower, upper)
    _, is_near = better_leans(stages, sums, low, high)
    assert not is_near.any()
    begun = highest_in_box(*rows_above(whole, len(lines), outputs[:, None], lines), lower, upper)[:, 0]
    leans, is_near = better_leans(stages, sums._replace(constant=1e-6 - begun), low, high)
    assert is_near.sum() > m / 2
    better = [lines_between(*given) for given in zip(network.layers, low, high, leans, strict=True)]
    before, after = (
        highest_in_box(*rows_above(whole, len(lines), outputs[:, None], some), lower, upper)[:, 0]
        for some in (lines, better)
    )
    assert (after <= before + 1e-9).all() and (after < before - 1e-3).mean() > 0.5
    assert all(((lean >= 0) & (lean <= 1) & (lean * LEANS % 1 == 0)).all() for lean in leans)


def test_without_bounds_slopes_stay_as_they_are():
    stages = (piecewise_layer(np.eye(2), np.zeros(2)), pass_through_layer([[1.0, -1.0]], [0.0]))
    ends = [np.full((1, 2), -np.inf)], [np.full((1, 2), np.inf)]
    zero = np.zeros((1, 2))
    sums = BoxSums(np.ones((1, 1)), [zero], zero, np.zeros(1), zero, np.ones((1, 2)))
    assert (better_leans(stages, sums, *ends)[0][0] == default_leans(ends[0][0], ends[1][0])).all()


@pytest.mark.parametrize("slope", [0.1, 0.01, -1.0, 3.7])
def test_rounded_lines_lie_beyond_those_of_the_checker(slope):
    """Also where an interval is a little below 0, so that the chord has a small slope, or none in 53 bits."""
    layer = piecewise_layer(np.eye(1), np.zeros(1), negative_slope=slope)
    reader = checker.Layer([[slope, 1.0, 1.0, 1.0, 0.0]])
    unit = reader.unit << checker.SLOPE_BITS
    for low, high in [(-1, 55930881), (-1, 2**80), (-(2**70), 2**10), (-3, 4093), (-7, 2**53)]:
        found = lines_between(layer, np.array([[float(low)]]), np.array([[float(high)]]))
        s, up, t, down = (Fraction(v, unit) for v in checker.lines(*reader.slopes[0], low, high, None))
        above, top, below, bottom = (
            Fraction(float(part[0, 0]))
            for part in (found.upper_slope, found.upper_offset, found.lower_slope, found.lower_offset)
        )
        for z in (low, high):
            assert s * z + up <= above * z + top and below * z + bottom <= t * z + down

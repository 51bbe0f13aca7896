"""Pieces of segments against plain fractions, and every rung alone."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from polytope_lens import Box
from polytope_lens.arithmetic.double_double import zeros_between
from polytope_lens.network.network import from_arrays
from polytope_lens.path import breakpoints as knots
from polytope_lens.path import sweep
from polytope_lens.testing import networks, points_in

TAME = st.floats(-8, 8)
CANCELLING = st.sampled_from([1.0, -1.0, 3.0, 1 / 3, -1 / 3, 0.1, -0.3, 1 + 2.0**-52, -1.0 + 2.0**-53, 0.0])
WILD = st.floats(-1e100, 1e100)


def as_fractions(exact):
    return [Fraction(int(t.p), int(t.q)) for t in exact]


def assert_as_in_fractions(network, start, stop):
    places, patterns = reference.crossed(network, start, stop)
    points = np.array([start, stop], dtype=float)
    found = sweep.trace(network, points)
    assert [tuple(bits) for bits in found.bits.tolist()] == patterns
    assert found.breakpoints.tolist() == [float(t) for t in places]
    assert as_fractions(sweep.exact_breakpoints(network, points, found)) == places


@given(network=networks(st.integers(1, 3)), data=st.data())
def test_segments_cross_what_they_cross_in_fractions(network, data):
    d = network.input_dim
    start, stop = data.draw(points_in(Box(-2 * np.ones(d), 2 * np.ones(d)), 2).filter(lambda X: (X[0] != X[1]).any()))
    assert_as_in_fractions(network, start, stop)


@given(network=networks(2, weights="integer", max_depth=4), data=st.data())
def test_segments_along_boundaries(network, data):
    """From one point of the grid to another: through many vertices of the complex, and often inside a hyperplane."""
    corner = st.tuples(st.integers(-2, 2), st.integers(-2, 2))
    start = data.draw(corner)
    assert_as_in_fractions(network, start, data.draw(corner.filter(lambda x: x != start)))


@given(network=networks(2, weights="wild", max_depth=2), data=st.data())
def test_segments_through_wild_networks(network, data):
    coordinate = st.floats(allow_nan=False, allow_infinity=False)
    start = data.draw(st.tuples(coordinate, coordinate))
    assert_as_in_fractions(network, start, data.draw(st.tuples(coordinate, coordinate).filter(lambda x: x != start)))


@pytest.mark.parametrize("name", ["UNDERFLOW_GUARD", "POOR"])
@given(network=networks(st.integers(1, 3), max_depth=2), data=st.data())
def test_integers_alone_give_the_same_answer(name, network, data):
    """With bounds that prove nothing; or with no crossing known well enough, but their order still in floats."""
    d = network.input_dim
    X = data.draw(points_in(Box(-np.ones(d), np.ones(d)), 2))
    expected = sweep.trace(network, X)
    with pytest.MonkeyPatch.context() as patch:
        if name == "POOR":
            patch.setattr(knots, name, 0.0)
        else:
            patch.setattr(sweep, name, 1e300)
            patch.setattr(knots, name, 1e300)
        found = sweep.trace(network, X)
    for one, other in zip(vars_of(expected), vars_of(found), strict=True):
        assert one.tolist() == other.tolist()


def vars_of(found):
    return found.breakpoints, found.segments, found.bits


def test_generic_networks_need_no_integers(monkeypatch):
    rng = np.random.default_rng(0)
    widths = (200, 64, 64, 64, 10)
    weights = [rng.standard_normal((n, m)) * np.sqrt(2 / m) for m, n in pairwise(widths)]
    network = from_arrays(weights, [0.1 * rng.standard_normal(n) for n in widths[1:]])
    monkeypatch.setattr(knots, "ExactRows", None)
    found = sweep.trace(network, rng.standard_normal((2, 200)))
    assert len(found.breakpoints) > 80
    assert (np.diff(found.breakpoints) > 0).all()


HALF = from_arrays([[[1, 0], [1, -1]], [[1, 1]]], [[-0.5, -0.5], [0]])


def test_breakpoints_closer_than_floats():
    """Two crossings 2^-80 apart round to one float; the patterns keep their order, the fractions tell them apart."""
    points = np.array([[0, 2.0**-80], [1, 2.0**-80]])
    found = sweep.trace(HALF, points)
    assert found.breakpoints.tolist() == [0.5, 0.5]
    assert found.bits.tolist() == [[False, False], [True, False], [True, True]]
    exact = as_fractions(sweep.exact_breakpoints(HALF, points, found))
    assert exact == [Fraction(1, 2), Fraction(1, 2) + Fraction(1, 2**80)]
    assert_as_in_fractions(HALF, *points)
    assert_as_in_fractions(HALF, *points[::-1])


@pytest.mark.parametrize("gap", [2.0**-53, 2.0**-54, 3 * 2.0**-54, 2.0**-54 + 2.0**-106, 2.0**-160, -(2.0**-54)])
def test_breakpoints_are_the_nearest_floats(gap):
    assert_as_in_fractions(HALF, [0, gap], [1, gap])


def test_breakpoints_next_to_the_ends():
    """Strictly inside the segment, though the nearest float to one of them is 1."""
    network = from_arrays([[[1, 0], [1, -1], [1, 1]], [[1, 1, 1]]], [[0, 0, -1], [0]])
    assert_as_in_fractions(network, [0, 2.0**-60], [1, 2.0**-60])
    assert sweep.trace(network, np.array([[0, 2.0**-60], [1, 2.0**-60]])).breakpoints.tolist() == [2.0**-60, 1.0]


def along(network, *points):
    found = sweep.trace(network, np.array(points, dtype=float))
    patterns = ["".join("1" if bit else "0" for bit in bits) for bits in found.bits.tolist()]
    return found.breakpoints.tolist(), patterns


CROSS = from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])


@pytest.mark.parametrize(
    ("points", "breakpoints", "patterns"),
    [
        # both at once; both at an end; along one axis, beside it in the direction of the other
        ([[-1, -1], [1, 1]], [0.5], ["00", "11"]),
        ([[-1, -1], [0, 0]], [], ["00"]),
        ([[0, 0], [-1, 1]], [], ["01"]),
        ([[-1, 0], [1, 0]], [0.5], ["01", "11"]),
        ([[0, 3], [0, -1]], [0.75], ["11", "10"]),
        # a path that is a point goes where `at` goes
        ([[0, 0], [0, 0]], [], ["11"]),
        ([[-1, 0], [-1, 0], [-1, 0]], [], ["01"]),
        # around a corner in a region, on a boundary that is crossed there, and on one that is touched
        ([[1, 1], [2, 2], [1, 3]], [], ["11"]),
        ([[1, 1], [0, 1], [-1, 2]], [1.0], ["11", "01"]),
        ([[1, 1], [0, 1], [1, 2]], [], ["11"]),
        ([[1, 1], [-1, 1], [-1, -1]], [0.5, 1.5], ["11", "01", "00"]),
        ([[1, 1], [2, 2], [3, 3], [3, 2], [-1, 2]], [3.75], ["11", "01"]),
        # back and forth, and with a rest in between
        ([[1, 1], [-1, 1], [1, 1]], [0.5, 1.5], ["11", "01", "11"]),
        ([[1, 1], [0, 1], [0, 1], [-1, 1]], [1.0], ["11", "01"]),
        ([[1, 1], [1, 1], [-1, 1]], [1.5], ["11", "01"]),
    ],
    ids=str,
)
def test_a_cross_of_two_lines(points, breakpoints, patterns):
    assert along(CROSS, *points) == (breakpoints, patterns)
    found = sweep.trace(CROSS, np.array(points, dtype=float))
    exact = sweep.exact_breakpoints(CROSS, np.array(points, dtype=float), found)
    assert as_fractions(exact) == [Fraction(t) for t in breakpoints]


def test_a_neuron_that_touches_zero_does_not_flip():
    """The second layer is |x|: zero between the two pieces, positive on both."""
    network = from_arrays([[[1], [-1]], [[1, 1]], [[1]]], [[0, 0], [0], [0]])
    assert along(network, [-1], [1]) == ([0.5], ["011", "101"])


def test_a_neuron_that_vanishes_on_a_stretch_is_off_there():
    network = from_arrays([[[1]], [[1]], [[1]]], [[-0.5], [0], [0]])
    assert along(network, [0], [1]) == ([0.5], ["00", "11"])


def test_equal_neurons_flip_together():
    network = from_arrays([[[3], [-6], [3]], [[1, 1, 1]]], [[-1, 2, -1], [0]])
    assert along(network, [0], [1]) == ([float(Fraction(1, 3))], ["010", "101"])


def test_a_vanishing_neuron_may_flip_with_others():
    """relu(x - y) - relu(x + y) vanishes along y = 0, and is -2y beside it where x > 0."""
    network = from_arrays([[[1, -1], [1, 1]], [[-1, 1]], [[1]]], [[0, 0], [0], [0]])
    assert along(network, [-1, 0], [1, 0]) == ([0.5], ["000", "111"])


@pytest.mark.parametrize(("weight", "pattern"), [([1, -1], "1"), ([-1, 1], "0")], ids=str)
def test_the_first_axis_decides_beside_a_boundary(weight, pattern):
    network = from_arrays([[weight], [[1]]], [[0], [0]])
    assert along(network, [0, 0], [1, 1]) == along(network, [1, 1], [0, 0]) == ([], [pattern])
    assert along(network, [0, 0], [0, 0]) == ([], ["1" if weight[0] > 0 else "0"])


@pytest.mark.parametrize("seed", range(8))
def test_signs_that_rounding_would_get_wrong(seed):
    """Pre-activations at the start and at a kink that are nothing but the rounding of a bias."""
    rng = np.random.default_rng(seed)
    start, stop = rng.standard_normal((2, 5))
    first, second = rng.standard_normal((6, 5)), rng.standard_normal((6, 6))
    bias = -(first @ start)
    bias[0] = -(first[0] @ (start + stop) / 2)
    hidden = np.maximum(first @ (start + stop) / 2 + bias, 0)
    network = from_arrays([first, second, np.ones((1, 6))], [bias, -(second @ hidden), [0]])
    assert_as_in_fractions(network, start, stop)


def test_networks_that_cut_nothing():
    affine = from_arrays([[[1, 2]]], [[0]])
    assert along(affine, [0, 0], [1, 1]) == ([], [""])
    assert along(affine, [0, 0], [0, 0]) == ([], [""])


@pytest.mark.parametrize("numbers", [TAME, CANCELLING, WILD], ids=["tame", "cancelling", "wild"])
@given(data=st.data(), width=st.integers(1, 4))
def test_zeros_err_by_no_more_than_they_say(numbers, data, width):
    vector = st.lists(numbers, min_size=width, max_size=width)
    weight, slope, at_start, at_stop = (np.array([data.draw(vector)]) for _ in range(4))
    bias, which = np.array([data.draw(numbers)]), np.zeros(1, dtype=np.int64)
    values = np.stack([at_start, at_stop])
    zero = tuple(np.empty(1) for _ in range(3))
    zeros_between(weight, bias, slope, values, 0 * values, 0 * values, which, which, *zero)
    high, low, error = (float(array[0]) for array in zero)
    if np.isfinite(error):
        row = [w * s for w, s in zip(*map(reference.fractions, (weight[0], slope[0])), strict=True)]
        p, q = (reference.dot(row, reference.fractions(z[0])) + Fraction(float(bias[0])) for z in values)
        assert p * q < 0
        assert abs(p / (p - q) - Fraction(high) - Fraction(low)) <= Fraction(error)

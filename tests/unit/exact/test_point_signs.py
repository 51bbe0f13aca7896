"""Signs at points, and the region just beside a point."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpz
from hypothesis import given
from hypothesis import strategies as st

import reference
from polytope_lens.arithmetic.rational import integers, rationals
from polytope_lens.domain import Box
from polytope_lens.exact.point_signs import BLOCK, halfspace_signs, interior_mask, pattern_beside, point_signs
from polytope_lens.network.network import from_arrays
from polytope_lens.testing import networks, points_in

SMALL = st.integers(-4, 4).map(lambda n: n / 2)
WILD = st.floats(allow_nan=False, allow_infinity=False)
AXES = [[fmpz(1), fmpz(0)], [fmpz(0), fmpz(1)]]


def beside(network, x, directions=AXES):
    return pattern_beside(network, integers(rationals([*x, 1.0])), directions).tolist()


@given(network=networks(st.integers(1, 3)), data=st.data())
def test_signs_at_points_are_those_of_fractions(network, data):
    d = network.input_dim
    X = data.draw(points_in(Box(-np.ones(d), np.ones(d)), 4))
    assert point_signs(network, X).tolist() == [reference.evaluate(network, x)[0] for x in X]


@given(network=networks(2, weights="wild", max_depth=2), data=st.data())
def test_signs_of_wild_networks_are_those_of_fractions(network, data):
    coordinate = st.floats(allow_nan=False, allow_infinity=False)
    X = np.array(data.draw(st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=3)))
    assert point_signs(network, X).tolist() == [reference.evaluate(network, x)[0] for x in X]


def test_zeros_on_hyperplanes_are_zeros():
    third = 1 / 3
    network = from_arrays([[[3.0, -1.0], [1.0, 1.0]], [[1.0, -2.0]], [[1.0]]], [[0.0, -1.0], [0.0], [0.0]])
    # 3 * (1/3) rounds to 1, but is not: the first neuron is below zero at (1/3, 1) and zero at (1, 3).
    assert 3 * Fraction(third) < 1 == 3 * third
    X = np.array([[third, 1.0], [1.0, 3.0], [0.5, 0.5], [2.0**-60, -(2.0**-60)]])
    assert point_signs(network, X)[:, :2].tolist() == [[-1, 1], [0, 1], [1, 0], [1, -1]]


def test_signs_beyond_the_range_of_floats():
    network = from_arrays([[[1e300]], [[1e300]], [[1.0]]], [[-1e300], [-1e300], [0.0]])
    X = np.array([[1e300], [1.0], [1 + 2.0**-52], [-1e300]])
    assert point_signs(network, X).tolist() == [[1, 1], [0, -1], [1, 1], [-1, -1]]


def test_no_points_and_no_layers():
    network = from_arrays([[[1.0, 2.0]]], [[0.0]])
    assert point_signs(network, np.zeros((3, 2))).shape == (3, 0)
    deeper = from_arrays([[[1.0, 2.0]], [[1.0]]], [[0.0], [0.0]])
    assert point_signs(deeper, np.zeros((0, 2))).shape == (0, 1)


def test_many_points_are_looked_at_block_by_block():
    network = from_arrays([[[3.0, -1.0], [1.0, 1.0]], [[1.0, -2.0]], [[1.0]]], [[0.0, -1.0], [0.0], [0.0]])
    X = np.random.default_rng(0).integers(-4, 5, (2 * BLOCK + 3, 2)).astype(float)
    assert (point_signs(network, X) == np.concatenate([point_signs(network, x[None]) for x in X])).all()


def test_sums_of_zeros_are_zero_without_exact_arithmetic(monkeypatch):
    """A pruned neuron, and one behind a layer that is off."""
    monkeypatch.setattr("polytope_lens.exact.point_signs._exact_signs", None)
    network = from_arrays([[[0.0, 0.0], [1.0, 0.25]], [[1.0, 1.0], [0.0, 1.0]], [[1.0, 1.0]]], [[0, 0], [0, 1], [0]])
    assert point_signs(network, np.array([[0.1, 0.3], [-0.1, -0.3]])).tolist() == [[0, 1, 1, 1], [0, -1, 0, 1]]


@pytest.mark.parametrize("leak", [0.0, 5e-324])
def test_products_that_underflow_are_not_taken_for_zero(leak):
    network = from_arrays([[[1e-200]], [[1e-200]], [[1.0]]], [[0.0], [0.0], [0.0]], negative_slope=leak)
    assert point_signs(network, np.array([[1.0], [-1.0], [0.0]])).tolist() == [[1, 1], [-1, -(leak > 0)], [0, 0]]


def test_points_inside_have_no_zeros_but_those_of_the_region():
    # Layer 1: |x|, and nothing.
    network = from_arrays([[[1, 0], [-1, 0]], [[1, 1], [0, 0]], [[1, 1]]], [[0, 0], [0, 0], [0]])
    signs = point_signs(network, np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]))
    assert signs.tolist() == [[1, -1, 1, 0], [0, 0, 0, 0], [-1, 1, 1, 0]]
    assert interior_mask(network, signs).tolist() == [True, False, True]


THREE_LINES = from_arrays([[[1, 0], [0, 1], [-1, -1]], [[1, 1, 1]]], [[0, 0, 0], [0]])


def test_beside_a_point_where_the_signs_themselves_are_no_region():
    # x <= 0, y <= 0 and -x - y <= 0 hold together at the origin only: pattern 000 is no region.
    assert (point_signs(THREE_LINES, np.zeros((1, 2))) > 0).tolist() == [[False, False, False]]
    assert beside(THREE_LINES, (0, 0)) == [True, True, False]


@pytest.mark.parametrize(
    ("directions", "expected"),
    [
        ([[1, 0], [0, 1]], [True, True, False]),
        ([[1, 0], [0, -1]], [True, False, False]),
        ([[0, -1], [1, 0]], [True, False, True]),
        ([[1, -1], [1, 0]], [True, False, False]),
        ([[1, -1], [-1, 0]], [True, False, True]),
        ([[-2, 1], [0, 1]], [False, True, True]),
    ],
)
def test_the_first_direction_decides_and_the_next_breaks_ties(directions, expected):
    assert beside(THREE_LINES, (0, 0), [[fmpz(v) for v in direction] for direction in directions]) == expected


def test_beside_a_point_behind_a_fold():
    # Layer 1 sees |x| through two neurons and vanishes along x = 0: beside it, |x| > 0.
    network = from_arrays([[[1, 0], [-1, 0]], [[1, 1]], [[1]]], [[0, 0], [0], [0]])
    assert beside(network, (0, 5)) == [True, False, True]


def test_a_neuron_that_vanishes_around_the_point_is_off():
    network = from_arrays([[[1, 0]], [[1]], [[1]]], [[-1], [0], [0]])
    assert beside(network, (0, 0)) == [False, False]


@given(network=networks(2, max_depth=2), data=st.data())
def test_beside_a_point_lies_a_region_that_it_touches(network, data):
    """Close to the point, the curve that the directions define runs through the interior of the region."""
    x = data.draw(points_in(Box([-1, -1], [1, 1]), 1))[0]
    bits = beside(network, x)
    rows = [row for layer in reference.affine_rows(network, bits)[:-1] for row in layer]
    cutting = [cuts for layer in network.layers for cuts in layer.cuts]
    step = Fraction(1, 2**5000)  # the numbers of a point may be as small as floats go
    near = [*(c + e for c, e in zip(reference.fractions(x), (step, step * step), strict=True)), 1]
    on = iter(bits)
    for row, cuts in zip(rows, cutting, strict=True):
        if cuts:
            value = reference.dot(row, near)
            assert (value > 0) == next(on)
            assert value != 0 or not any(row)


@pytest.mark.parametrize("numbers", [SMALL, WILD], ids=["small", "wild"])
@given(data=st.data())
def test_signs_of_halfspaces_are_those_of_fractions(numbers, data):
    d = data.draw(st.integers(1, 3))
    table = data.draw(st.lists(st.lists(numbers, min_size=d + 1, max_size=d + 1), min_size=1, max_size=4).map(np.array))
    X = data.draw(st.lists(st.lists(numbers, min_size=d, max_size=d), min_size=1, max_size=4).map(np.array))
    A, b = table[:, :-1], table[:, -1]
    for x, row in zip(X, halfspace_signs(A, b, X), strict=True):
        for a, offset, found in zip(A, b, row, strict=True):
            value = reference.dot(reference.fractions(a), reference.fractions(x)) - Fraction(float(offset))
            assert found == reference.sign(value)

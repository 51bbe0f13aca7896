"""What a forward pass says about its own error is true, also of numbers at the ends of the range of floats."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

import reference
from families import sparsely
from polytope_lens.exact.forward import activated, affine, outputs, product_bound, quiet, scaled
from polytope_lens.network.network import Layer
from polytope_lens.testing import boxes, networks, points_in

SMALL = st.integers(-6, 6).map(lambda n: n / 3)
WILD = st.floats(allow_nan=False, allow_infinity=False)
TINY = st.sampled_from([0.0, 2.0**-1074, 2.0**-1040, -(2.0**-600), 2.0**600, 0.1])
NUMBERS = pytest.mark.parametrize("numbers", [SMALL, WILD, TINY], ids=["small", "wild", "tiny"])


def table(numbers, rows, columns):
    return st.lists(st.lists(numbers, min_size=columns, max_size=columns), min_size=rows, max_size=rows).map(
        lambda found: np.array(found).reshape(rows, columns)
    )


def is_within(value, bound, exact):
    """Whether an exact number is within a bound of a float; bounds that are not finite claim nothing."""
    if not np.isfinite(value) or not np.isfinite(bound):
        return True
    return abs(Fraction(float(value)) - exact) <= Fraction(float(bound))


@NUMBERS
@given(data=st.data())
def test_sums_are_within_their_bounds(numbers, data):
    n, m, p = (data.draw(st.integers(1, 4)) for _ in range(3))
    weight, value = data.draw(table(numbers, n, m)), data.draw(table(numbers, m, p))
    bias, error = data.draw(table(numbers, n, 1))[:, 0], np.abs(data.draw(table(numbers, m, p)))
    # Whatever is within the error may be meant: here the number that is farthest above or below.
    turn = data.draw(table(st.sampled_from([-1, 0, 1]), m, p))
    constants = slice(data.draw(st.integers(0, p - 1)), None, 2)
    for matrix in (weight, csr_array(weight)):
        with quiet():
            found, bound = affine(matrix, bias, value, error, constants)
        for i in range(n):
            for k in range(p):
                meant = [Fraction(value[j, k]) + int(turn[j, k]) * Fraction(error[j, k]) for j in range(m)]
                exact = reference.dot(reference.fractions(weight[i]), meant)
                if k in range(p)[constants]:
                    exact += Fraction(bias[i])
                assert is_within(found[i, k], bound[i, k], exact)
                if bound[i, k] == 0:
                    assert found[i, k] == exact


def test_sums_of_nothing_are_exact_and_products_that_underflow_are_no_nothing():
    value, error = np.array([[0.0, 2.0**-700, 1.0]]), np.array([[0.0, 0.0, 2.0**-60]])
    found, bound = affine(np.array([[2.0**-700], [0.0]]), np.array([0.1, 0.3]), value, error)
    assert found[:, 0].tolist() == [0.1, 0.3] and (bound[:, 0] == 0).all()
    assert bound[0, 1] > 0 and bound[0, 2] > 0
    assert (found[1] == 0.3).all() and (bound[1] == 0).all()


@NUMBERS
@given(data=st.data())
def test_scaled_numbers_are_within_their_bounds(numbers, data):
    slope, value = data.draw(table(numbers, 1, 4)), data.draw(table(numbers, 1, 4))
    error, turn = np.abs(data.draw(table(numbers, 1, 4))), data.draw(table(st.sampled_from([-1, 0, 1]), 1, 4))
    with quiet():
        found, bound = scaled(slope, value, error)
    for k in range(4):
        meant = Fraction(slope[0, k]) * (Fraction(value[0, k]) + int(turn[0, k]) * Fraction(error[0, k]))
        assert is_within(found[0, k], bound[0, k], meant)


def test_slopes_of_relus_round_nothing():
    found, bound = scaled(np.array([0.0, 1.0, -1.0, 0.5]), np.full(4, 0.1), np.zeros(4))
    assert found.tolist() == [0, 0.1, -0.1, 0.05]
    assert (bound[:3] == 0).all() and bound[3] > 0


@NUMBERS
@given(data=st.data())
def test_activations_are_within_their_bounds(numbers, data):
    low, high, value = (data.draw(table(numbers, 4, 1))[:, 0] for _ in range(3))
    error, turn = np.abs(data.draw(table(numbers, 4, 1)))[:, 0], data.draw(table(st.sampled_from([-1, 1]), 4, 1))[:, 0]
    layer = Layer(np.eye(4), np.zeros(4), low, high, np.ones(4, dtype=bool))
    with quiet():
        found, bound = activated(layer, value[:, None], error[:, None])
    for j in range(4):
        meant = Fraction(value[j]) + int(turn[j]) * Fraction(error[j])
        exact = Fraction(high[j] if meant > 0 else low[j]) * meant
        assert is_within(found[j, 0], bound[j, 0], exact)


def test_signs_need_not_agree():
    layer = Layer([[1.0]], [0.0], [0.0], [1.0], [True])
    value, error = np.array([[-1.0, 1.0]]), np.array([[0.5, 0.5]])
    assert activated(layer, value, error)[1].tolist() == [[0.0, pytest.approx(0.5)]]
    assert activated(layer, value, error, signs_agree=False)[1].tolist() == [[pytest.approx(0.5)] * 2]


@settings(max_examples=80)
@given(network=networks(st.integers(1, 3), max_depth=3, max_width=4, output_dim=2), data=st.data())
def test_outputs_are_within_their_bounds(network, data):
    d = network.input_dim
    X = data.draw(points_in(data.draw(boxes(d)), 2))
    error = np.array([[0.0] * d, [0.125] * d])
    moved = [[Fraction(x) + Fraction(i, 8) for x in point] for i, point in enumerate(X.tolist())]
    for net in (network, sparsely(network)):
        for agree in (True, False):
            value, bound = outputs(net, X, error, signs_agree=agree)
            for point, row, limits in zip(moved, value, bound, strict=True):
                exact = reference.evaluate(network, point)[1]
                assert all(is_within(*found) for found in zip(row, limits, exact, strict=True))


@given(
    terms=st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), st.floats(0, 1)), min_size=1, max_size=30),
    constant=st.floats(-1e3, 1e3),
)
def test_bounds_of_other_products_hold(terms, constant):
    left, right, error = (np.array(column) for column in zip(*terms, strict=True))
    size = np.abs(left) @ np.abs(right) + abs(constant)
    bound = product_bound(error @ np.abs(right), size, len(terms))
    exact = sum(((Fraction(a) + Fraction(e)) * Fraction(b) for a, b, e in terms), Fraction(constant))
    assert is_within(left @ right + constant, bound, exact)

"""Rows of a region in bulk, each number rounded once: bit by bit beside fractions."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polytope_lens.arithmetic.rational import scaled_quotient
from polytope_lens.exact import sliced
from polytope_lens.exact.rows import ExactRows
from polytope_lens.exact.sliced import known_rows, product, rounded_rows
from polytope_lens.exact.sparse import DoubleDoubles
from polytope_lens.network.network import from_arrays
from polytope_lens.testing.strategies import networks


def one_by_one(network, bits):
    """The same rows from integers, each number divided by the scale and rounded once."""
    source = ExactRows(network)
    for index in range(len(network.layers)):
        rows, scale = source.scaled_rows(index, bits)
        yield np.array([scaled_quotient(row, scale) for row in rows])


def assert_rounded_once(network, bits):
    for found, expected in zip(rounded_rows(network, bits), one_by_one(network, bits), strict=True):
        assert found.tolist() == expected.tolist()


def random_network(sizes, seed, scale=1.0, dtype=np.float64, **options):
    rng = np.random.default_rng(seed)
    weights = [(scale * rng.standard_normal((n, m))).astype(dtype).astype(float) for m, n in pairwise(sizes)]
    biases = [rng.standard_normal(n).astype(dtype).astype(float) for n in sizes[1:]]
    return from_arrays(weights, biases, **options)


@pytest.fixture(autouse=True)
def _no_network_is_small(monkeypatch):
    monkeypatch.setattr(sliced, "SMALL", 0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1.0, 2.0**-80, 2.0**90])
@pytest.mark.parametrize("sizes", [(3, 7, 7, 1), (20, 12, 9, 9, 9, 2), (150, 40, 30, 1)])
def test_each_number_is_rounded_once(sizes, scale, dtype):
    if scale == 1.0 or dtype is np.float64:
        network = random_network(sizes, 1, scale, dtype)
        rng = np.random.default_rng(5)
        for share in (0.5, 1.0, 0.0):
            assert_rounded_once(network, rng.random(network.n_neurons) < share)


@pytest.mark.parametrize("slope", [0.25, 0.01, -1.0])
def test_slopes_that_round(slope):
    network = random_network((8, 10, 10, 10, 1), 2, negative_slope=slope)
    assert_rounded_once(network, np.random.default_rng(0).random(30) < 0.5)


def test_numbers_out_of_range_and_ties():
    # Products underflow, overflow, and cancel to nothing; sums lie half way between two floats.
    tiny, huge, half = 2.0**-600, 2.0**600, 1 + 2.0**-52
    first = [[tiny, 1, 0], [huge, -1, 1], [1, 1, 1], [half, 2.0**-53, 0]]
    second = [[tiny, 0, 1, 0], [huge, 1, 0, 0], [1, 0, -1, 1], [0, 0, 0, half], [1, 0, -tiny, 0]]
    network = from_arrays([first, second, np.ones((1, 5))], [[0, 1, -1, 0], [0, 0, 1, 0, 2.0**-1074], [0]])
    for k in range(2**4):
        bits = np.array([k >> i & 1 for i in range(9)], dtype=bool)
        assert_rounded_once(network, bits)


@given(data=st.data())
@settings(max_examples=80, deadline=None)
def test_degenerate_networks(data):
    network = data.draw(networks(input_dim=st.integers(1, 3)))
    bits = np.array(data.draw(st.lists(st.booleans(), min_size=network.n_neurons, max_size=network.n_neurons)), bool)
    assert_rounded_once(network, bits)


def test_what_is_said_to_be_known_is():
    network = random_network((30, 20, 20, 20, 1), 3)
    bits = np.random.default_rng(1).random(60) < 0.5
    for (found, known), expected in zip(known_rows(network, bits), one_by_one(network, bits), strict=True):
        assert (found == expected)[known].all()
        assert known.mean() > 0.99


@pytest.mark.parametrize("spread", [0, 40, 300])
def test_the_error_of_a_product_is_bounded(spread):
    rng = np.random.default_rng(spread)
    left = np.ldexp(rng.standard_normal((3, 6)), rng.integers(-spread, spread + 1, (3, 6)))
    right = np.ldexp(rng.standard_normal((6, 4)), rng.integers(-spread, spread + 1, (6, 4)))
    low, doubt = left * 2.0**-55, np.abs(right) * 2.0**-90
    found = product(left, low, DoubleDoubles(right, right * 2.0**-54, doubt))
    for i in range(3):
        for j in range(4):
            exact, slack = Fraction(0), Fraction(0)
            for k in range(6):
                factor = Fraction(left[i, k]) + Fraction(low[i, k])
                exact += factor * (Fraction(right[k, j]) + Fraction(right[k, j] * 2.0**-54))
                slack += abs(factor) * Fraction(doubt[k, j])
            if np.isfinite(found.error[i, j]):
                distance = abs(Fraction(found.high[i, j]) + Fraction(found.low[i, j]) - exact)
                assert distance + slack <= Fraction(found.error[i, j])
    assert np.isfinite(found.error).all() or spread == 300


def test_few_bits_leave_no_error():
    rng = np.random.default_rng(0)
    left, right = rng.integers(-8, 9, (4, 5)).astype(float), rng.integers(-8, 9, (5, 3)).astype(float)
    nothing = np.zeros_like(right)
    found = product(left, np.zeros_like(left), DoubleDoubles(right, nothing, nothing))
    assert (found.high == left @ right).all()
    assert not found.error.any()

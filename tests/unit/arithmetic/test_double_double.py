"""The second rung: results lie within the bounds that it states."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytope_lens.arithmetic.double_double import affine

TAME = st.floats(-8, 8)
CANCELLING = st.sampled_from([1.0, -1.0, 3.0, 1 / 3, -1 / 3, 0.1, -0.3, 1 + 2.0**-52, -1.0 + 2.0**-53, 0.0])
WILD = st.floats(-1e100, 1e100)


@pytest.mark.parametrize("numbers", [TAME, CANCELLING, WILD], ids=["tame", "cancelling", "wild"])
@given(data=st.data(), depth=st.integers(1, 3), width=st.integers(1, 4))
def test_affine_maps_err_by_no_more_than_they_say(numbers, data, depth, width):
    vector = st.lists(numbers, min_size=width, max_size=width)
    exact = [Fraction(v) for v in data.draw(vector)]
    high, low, error = np.array([[float(v) for v in exact]]), np.zeros((1, width)), np.zeros((1, width))
    for _ in range(depth):
        weight = np.asfortranarray(data.draw(st.lists(vector, min_size=width, max_size=width)))
        bias, slope = np.array(data.draw(vector)), np.array([data.draw(vector)])
        bias.flags.writeable = False  # as those of layers are, for which the kernel is compiled
        new = tuple(np.empty((1, width)) for _ in range(3))
        affine(weight, bias, slope, high, low, error, *new)
        high, low, error = new
        bent = [Fraction(float(s)) * z for s, z in zip(slope[0], exact, strict=True)]
        exact = [
            sum((Fraction(float(w)) * z for w, z in zip(row, bent, strict=True)), Fraction(float(b)))
            for row, b in zip(weight, bias, strict=True)
        ]
        for q in range(width):
            if np.isfinite(error[0, q]):
                assert abs(Fraction(high[0, q]) + Fraction(low[0, q]) - exact[q]) <= Fraction(error[0, q])
                assert high[0, q] == high[0, q] + low[0, q]


def test_twice_the_digits_of_a_float():
    """1/3 as a float plus its rounding error, times 3, minus 1: zero to 32 digits."""
    third = 1 / 3
    rest = float(Fraction(1, 3) - Fraction(third))
    high, low, error = (np.empty((1, 1)) for _ in range(3))
    affine(
        np.array([[3.0]]), np.array([-1.0]), np.ones((1, 1)),
        np.array([[third]]), np.array([[rest]]), np.zeros((1, 1)), high, low, error,
    )  # fmt: skip
    assert abs(high[0, 0]) < 2.0**-105
    assert error[0, 0] < 2.0**-100


def test_beyond_the_range_nothing_is_claimed():
    high, low, error = (np.empty((1, 1)) for _ in range(3))
    huge = np.array([[1e300]])
    affine(huge, np.zeros(1), np.ones((1, 1)), huge, np.zeros((1, 1)), np.zeros((1, 1)), high, low, error)
    assert not error[0, 0] < np.inf

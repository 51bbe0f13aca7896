"""When sums of products of floats are exact."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from polytope_lens.arithmetic.fineness import leaves_room, reciprocal_of_lowest_bit

NUMBERS = st.one_of(
    st.integers(-(2**53), 2**53).map(float), st.floats(-1e6, 1e6), st.integers(-8, 8).map(lambda n: n / 4)
)


@given(value=st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False))
def test_the_lowest_bit_divides_a_number_an_odd_number_of_times(value):
    with np.errstate(over="ignore"):
        found = float(reciprocal_of_lowest_bit(np.array([value]))[0])
    if value == 0:
        assert found == 0
    elif np.isfinite(found):
        times = Fraction(value) * Fraction(found)
        assert times.denominator == 1
        assert times.numerator % 2 == 1


@given(pairs=st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=6))
def test_sums_with_room_are_exact_in_any_order(pairs):
    a, b = np.array(pairs).T
    with np.errstate(all="ignore"):
        room = leaves_room(np.abs(a) @ np.abs(b), reciprocal_of_lowest_bit(a) @ reciprocal_of_lowest_bit(b))
    if room:
        exact = sum(Fraction(x) * Fraction(y) for x, y in zip(a, b, strict=True))
        for order in (slice(None), slice(None, None, -1)):
            assert Fraction(float(np.cumsum((a * b)[order])[-1])) == exact

from __future__ import annotations

from fractions import Fraction
from math import inf, nextafter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytope_lens.arithmetic.roots import enclose, enclose_root, nearest_root

positive = st.fractions(min_value=0, max_value=10**30)


@given(positive)
def test_roots_lie_between_neighbouring_floats(square):
    low, high = enclose_root(square)
    assert Fraction(low) ** 2 <= square <= Fraction(high) ** 2
    assert high == low or nextafter(low, inf) == high


@given(positive)
def test_the_nearest_float_is_one_of_them_and_no_farther_than_the_other(square):
    found, ends = nearest_root(square), enclose_root(square)
    assert found in ends
    middle = sum(map(Fraction, ends)) / 2
    assert (found == ends[1]) == (ends[0] == ends[1] or middle**2 < square)


@given(st.floats(min_value=2.0**-500, max_value=2.0**500))
def test_roots_that_are_floats_are_found(root):
    assert enclose_root(Fraction(root) ** 2) == (root, root)


@pytest.mark.parametrize("tiny", [Fraction(1, 2**900), Fraction(3, 10**300)])
def test_small_squares(tiny):
    low, high = enclose_root(tiny)
    assert 0 < Fraction(low) ** 2 <= tiny <= Fraction(high) ** 2


def test_enclose():
    third = Fraction(1, 3)
    low, high = enclose(third, third)
    assert Fraction(low) < third < Fraction(high) == Fraction(nextafter(low, inf))
    assert enclose(Fraction(0), Fraction(3, 2)) == (0.0, 1.5)


def test_roots_beyond_the_largest_float_are_infinite():
    assert nearest_root(Fraction(2) ** 2050) == inf

"""Floats as fractions and back."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq, fmpz
from hypothesis import given
from hypothesis import strategies as st

import reference
from polytope_lens.arithmetic.rational import (
    common_exponent,
    dot,
    fractions,
    integer_matrix,
    integer_rows,
    integers,
    nearest_float,
    rational,
    rationals,
    read_fraction,
    scaled_quotient,
    sign,
    written,
)

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
TABLES = st.lists(st.lists(FLOATS, min_size=3, max_size=3), min_size=1, max_size=3).map(np.array)


def as_fraction(value):
    return Fraction(int(value.p), int(value.q)) if isinstance(value, fmpq) else Fraction(int(value))


@given(value=FLOATS)
def test_floats_are_fractions_and_back(value):
    assert as_fraction(rational(value)) == Fraction(value)
    assert nearest_float(rational(value)) == value


@given(values=TABLES)
def test_rows_of_integers_are_the_rows_times_a_power_of_two(values):
    matrix = integer_matrix(values)
    scale = 2 ** common_exponent(values)
    assert [[int(v) for v in row] for row in matrix.tolist()] == [[Fraction(v) * scale for v in row] for row in values]
    for row, floats in zip(integer_rows(values), values, strict=True):
        own = 2 ** common_exponent(floats)
        assert [int(v) for v in row] == [Fraction(v) * own for v in floats]


def test_the_power_of_two_is_the_least():
    assert common_exponent(np.array([[0.0, 3.0]])) == 0
    assert common_exponent(np.array([0.75, 8.0])) == 2
    assert common_exponent(np.array([5e-324])) == 1074
    assert common_exponent(np.array([0.5]), np.array([0.125])) == 3
    assert common_exponent(np.zeros((0, 2))) == 0


@given(p=st.integers(-(2**200), 2**200), q=st.integers(1, 2**200))
def test_fractions_are_rounded_once(p, q):
    assert nearest_float(fmpq(p, q)) == p / q


@pytest.mark.parametrize("k", range(3))
def test_halves_of_a_unit_round_to_even(k):
    exact = Fraction(1) + Fraction(k, 2**52) + Fraction(1, 2**53)
    assert nearest_float(fmpq(exact.numerator, exact.denominator)) == 1 + (k + k % 2) * 2.0**-52


def test_out_of_range_is_infinite_and_tiny_is_subnormal():
    assert nearest_float(fmpq(10**400)) == np.inf
    assert nearest_float(fmpq(-(10**400), 3)) == -np.inf
    assert nearest_float(fmpq(1, 2**1074)) == 5e-324
    assert nearest_float(fmpq(1, 2**1076)) == 0.0


@given(values=st.lists(st.fractions(max_denominator=1000), min_size=1, max_size=4))
def test_common_denominators_keep_the_ratios_and_the_signs(values):
    found = [int(v) for v in integers([fmpq(v.numerator, v.denominator) for v in values])]
    factor = next((Fraction(a) / b for a, b in zip(found, values, strict=True) if b), Fraction(1))
    assert factor > 0
    assert [b * factor for b in values] == found


@given(left=st.lists(FLOATS, min_size=3, max_size=3), right=st.lists(FLOATS, min_size=3, max_size=3))
def test_scalar_products_are_exact(left, right):
    expected = reference.dot(reference.fractions(left), reference.fractions(right))
    found = dot(rationals(left), rationals(right))
    assert as_fraction(found) == expected
    assert sign(found) == reference.sign(expected)


def test_quotients_of_rows_are_rounded_each_once():
    assert scaled_quotient([fmpz(1), fmpz(-2), fmpz(0)], fmpz(3)).tolist() == [1 / 3, -2 / 3, 0.0]


@given(value=st.fractions())
def test_fractions_are_written_and_read(value):
    assert written(value) == str(value)
    assert read_fraction(written(value)) == value


def test_arrays_of_numbers_keep_their_shape_as_fractions():
    found = fractions(np.array([[fmpq(1, 3), fmpq(2)]], dtype=object))
    assert found.shape == (1, 2) and found.tolist() == [[Fraction(1, 3), 2]]
    assert all(isinstance(v, Fraction) for v in found.ravel())
    assert fractions([fmpq(1, 2), Fraction(3)]).tolist() == [Fraction(1, 2), 3]
    assert fractions([]).shape == (0,) and fractions([]).dtype == object


def test_fractions_may_be_long_but_nothing_else():
    long = Fraction(-(7**6000), 2**20000)
    assert read_fraction(written(long)) == long
    for text in ("", "1/", "1.5", "1e9", " 1", "+1", "1/-2", "1_0", "\u0663"):
        with pytest.raises(ValueError, match="is no fraction"):
            read_fraction(text)
    with pytest.raises(ZeroDivisionError):
        read_fraction("1/0")

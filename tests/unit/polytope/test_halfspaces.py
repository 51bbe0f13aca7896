"""Rows as integers, as fractions and as floats: nothing is lost on the way, and one rounding at the end."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytope_lens import Polytope
from polytope_lens.errors import DimensionError
from polytope_lens.io.row_text import row_names
from polytope_lens.polytope.halfspaces import exact_rows, has_float_rows, quotients
from polytope_lens.polytope.polytope import of_integers
from reference import tuples

# Numbers that need all digits, and sizes that need exponents.
ODD = Polytope([[-1, 0, 0], [0.1, 1 / 3, -2e-30], [1e30, 0, -5.0], [0, 0, 1]], [0, 1e-7, 1e22, 3])
NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.fractions(max_denominator=10**6),
)


def objects(rows):
    table = np.empty((len(rows), len(rows[0])), dtype=object)
    for i, row in enumerate(rows):
        table[i] = row
    return table


@given(rows=st.lists(st.lists(NUMBERS, min_size=3, max_size=3), min_size=1, max_size=4))
def test_what_is_given_is_what_is_meant(rows):
    table = objects(rows)
    poly = Polytope(table[:, :-1], table[:, -1])
    A, b = poly.fractions()
    assert A.tolist() == [[Fraction(v) for v in row[:-1]] for row in rows]
    assert b.tolist() == [Fraction(row[-1]) for row in rows]
    for row, exact, scale in zip(rows, *exact_rows(poly), strict=True):
        assert scale > 0
        assert [Fraction(int(v), int(scale)) for v in exact] == [*map(Fraction, row[:-1]), -Fraction(row[-1])]


@given(rows=st.lists(st.lists(NUMBERS, min_size=3, max_size=3), min_size=1, max_size=4))
def test_floats_are_the_rows_rounded_once_but_for_a_power_of_two(rows):
    table = objects(rows)
    poly = Polytope(table[:, :-1], table[:, -1])
    for row, a, b in zip(rows, poly.A, poly.b, strict=True):
        exact, floats = [Fraction(v) for v in row], [*a.tolist(), float(b)]
        largest = max(map(abs, exact))
        if not largest or Fraction(2) ** -1022 <= largest < Fraction(2) ** 1023:
            assert floats == [float(v) for v in exact]
        elif floats != exact:
            k = max(range(3), key=lambda i: abs(exact[i]))
            unit = Fraction(2) ** round(log2(abs(Fraction(floats[k]) / exact[k])))
            assert floats == [float(unit * v) for v in exact]


def test_floats_are_taken_as_they_are():
    A, b = ODD.fractions()
    assert A.tolist() == [[Fraction(v) for v in row] for row in ODD.A.tolist()] and b.tolist() == ODD.b.tolist()
    again = Polytope(A, b)
    assert Polytope([[5e-324]], [0]) == Polytope.from_json(Polytope([[5e-324]], [0]).export.json())
    assert Polytope.from_json(Polytope([[5e-324]], [0]).export.json()).A.tolist() == [[5e-324]]
    assert np.array_equal(again.A, ODD.A) and np.array_equal(again.b, ODD.b)
    assert row_names(ODD) == ["row_0", "row_1", "row_2", "row_3"]
    assert len(Polytope(np.zeros((0, 2)), []).rows) == 0 == len(Polytope(np.zeros((0, 2), dtype=object), []).owners)


@pytest.mark.parametrize(
    "one", [1, True, np.float32(1), np.int8(1), np.longdouble(1), Fraction(1), Decimal(1)], ids=repr
)
def test_numbers_of_all_kinds(one):
    poly = Polytope(objects([[one, 2]]), objects([[one]])[0])
    assert poly.rows == [[1, 2, -1]] and poly == Polytope([[1.0, 2.0]], [1.0])


def test_integers_and_long_floats_that_no_float_holds():
    assert Polytope([[2**53 + 1]], [2**62 + 1]).rows == [[2**53 + 1, -(2**62) - 1]]
    assert Polytope(np.array([[2**64 - 1]], dtype=np.uint64), [1]).rows == [[2**64 - 1, -1]]
    third = np.longdouble(1) / 3
    assert Polytope(np.array([[third]]), [1]).fractions()[0][0, 0] == Fraction(*third.as_integer_ratio())
    assert tuples(Polytope([[2**2000]], [2**2001]).vertices(exact=True)) == [(2,)]


@pytest.mark.parametrize(
    ("A", "b", "says"),
    [
        (objects([[Fraction(1), "1"]]), [1], r"entry \[0, 1\] is '1'"),
        (objects([[Fraction(1), float("nan")]]), [1], r"entry \[0, 1\] is nan"),
        (objects([[Fraction(1), float("inf")]]), [1], r"entry \[0, 1\] is inf"),
        (objects([[1, 2]]), [Decimal("NaN")], r"offsets b .* entry \[0\]"),
        (objects([[1, None]]), [1], r"entry \[0, 1\] is None"),
        (objects([[1, 2]])[0], [1], r"should be a 2-D array, but received an array of shape \(2,\)"),
        (objects([[1, 2]]), [1, 2], r"needs b of shape \(1,\), but received \(2,\)"),
        ([[1, 2], [3]], [1, 2], "rows differ in length"),
        ([["1"]], [1], "real numbers"),
        ([[1j]], [1], "real numbers"),
        ([[np.longdouble("nan")]], [1], "finite"),
    ],
)
def test_what_is_no_polytope_is_refused(A, b, says):
    with pytest.raises(DimensionError, match=says):
        Polytope(A, b)


def test_owners_are_one_list_for_each_row():
    poly = Polytope([[1, 0], [0, 1]], [1, 1], owners=[[(0, 3)], [(-1, 2), (1, 0)]])
    assert poly.owners == (((0, 3),), ((-1, 2), (1, 0)))
    assert Polytope(np.eye(2), [1, 1]).owners == ((), ())
    with pytest.raises(DimensionError, match="2 rows needs owners for each, but received 1"):
        Polytope(np.eye(2), [1, 1], owners=[[(0, 3)]])


def test_rows_are_read_only_and_the_callers_arrays_stay_theirs():
    given = objects([[Fraction(1), Fraction(2)]])
    poly = Polytope(given, [Fraction(1, 3)])
    given[0, 0] = 5
    assert poly.rows == [[3, 6, -1]]
    for array in (*poly.fractions(), poly.A, poly.b, quotients(poly)):
        assert not array.flags.writeable


def test_rows_beyond_the_range_of_floats_are_scaled():
    big, small = Fraction(2) ** 2000, Fraction(1, 3 * 2**1100)
    poly = Polytope(objects([[big, -3 * big], [small, 3 * small], [1, 1]]), [big / 2, 0, 1])
    A, b = poly.A, poly.b
    assert A[0, 1] / A[0, 0] == -3 and b[0] / A[0, 0] == 0.5
    assert A[1, 1] / A[1, 0] == pytest.approx(3, rel=1e-15)
    assert A[2].tolist() == [1, 1]
    assert np.isinf(quotients(poly)[0]).all() and np.isfinite(quotients(poly)[1:]).all()


@pytest.mark.parametrize(
    ("rows", "answer"),
    [
        ([[1, 2, 3]], True),
        ([[2**60, 2**61, 0]], True),
        ([[3 * 2**60, 2**61, 1]], True),
        ([[2**60 + 1, 1, 0]], False),
        ([[0, 0, 1]], True),
        ([[0, 0, 0]], True),
        ([[3 * 2**3000, 2**3000, 0]], True),
        ([[2**3000, 1, 0]], False),
    ],
)
def test_whether_floats_hold_the_rows(rows, answer):
    table = objects(rows)
    poly = Polytope(table[:, :-1], -table[:, -1])
    assert has_float_rows(poly) == answer
    assert (poly == Polytope(poly.A, poly.b)) == answer or poly.is_empty


def test_integers_may_stand_for_fractions():
    from flint import fmpz

    poly = of_integers([[fmpz(1), fmpz(-2)]], 1, scales=[fmpz(3)])
    assert poly.fractions()[0].tolist() == [[Fraction(1, 3)]] and poly.A.tolist() == [[1 / 3]]
    assert poly.b.tolist() == [2 / 3] and poly == Polytope([[1]], [2])

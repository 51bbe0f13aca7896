"""What is asked, in exact numbers, and what is refused."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from polytope_lens import Box, Polytope, Property
from polytope_lens.errors import DimensionError, DomainError, IntractableError, OptionError
from polytope_lens.properties.property import MOST_CASES, Constraint, ExactBox, checked_property, exact_number, terms

HALF = Fraction(1, 2)


def test_a_case_for_each_pair_of_domain_and_target():
    asked = Property.of([Box([0], [1]), (["2.5"], [3])], [([[1, 0]], [0]), ([[0, 1]], [1]), Polytope([[1, 1]], [2])])
    assert repr(asked) == "Property(R^1 -> R^2, 6 cases)"
    assert asked.boxes()[0] == ExactBox((Fraction(0),), (Fraction(1),))
    assert asked.boxes()[3] == ExactBox((Fraction(5, 2),), (Fraction(3),))
    assert asked.violated_case([Fraction(1)], [Fraction(1), Fraction(1)]) == 1
    assert asked.violated_case([Fraction(5, 2)], [HALF, 3 * HALF]) == 5
    assert asked.violated_case([Fraction(2)], [Fraction(0), Fraction(0)]) is None


def test_decimals_are_what_they_spell():
    (box,) = Property.of((["0.1", 0.1], ["1/3", np.float32(0.5)]), ([[1]], [0])).boxes()
    assert box.lower == (Fraction(1, 10), Fraction(0.1))
    assert box.upper == (Fraction(1, 3), HALF)


def test_strict_constraints_do_not_hold_where_they_touch():
    for strict in (False, True):
        row = Constraint(((0, Fraction(1)),), ((1, Fraction(-2)),), HALF, strict)
        assert row.is_satisfied([Fraction(1)], [Fraction(9), Fraction(1, 4)]) is not strict
        assert row.is_satisfied([Fraction(1)], [Fraction(9), HALF])
        assert row.side is None
    assert terms([Fraction(0), HALF]) == ((1, HALF),)


def test_the_tightest_bounds_count_and_contradictions_are_left_out():
    one, two = Fraction(1), Fraction(2)
    sides = [Constraint(((0, one),), (), one), Constraint(((0, two),), (), one), Constraint(((0, -one),), (), two)]
    assert checked_property(1, 1, [tuple(sides)]).boxes() == [ExactBox((Fraction(-2),), (HALF,))]
    nowhere = (*sides, Constraint(((0, -one),), (), -one))
    assert len(checked_property(1, 1, [tuple(sides), nowhere]).cases) == 1


@pytest.mark.parametrize(
    ("domain", "target", "error", "told"),
    [
        (Box([0], [1]), ([[1, 2]], [0, 1]), DimensionError, "shapes (1, 2) and (2,)"),
        (Box([0], [1]), [], OptionError, "empty list"),
        (Box([0], [1]), [[1, 0]], OptionError, "pair (C, c)"),
        (Box([0], [1]), "y > 0", OptionError, "pair (C, c)"),
        ([Box([0], [1]), Box([0, 0], [1, 1])], ([[1]], [0]), DimensionError, "domains"),
        (Box([0], [1]), [([[1]], [0]), ([[1, 0]], [0])], DimensionError, "targets"),
        (([0, 0], [1]), ([[1]], [0]), DimensionError, "received 2 and 1"),
        (None, ([[1]], [0]), DomainError, "received None"),
        (([1], [0]), ([[1]], [0]), DomainError, "input 0 would be at least 1.0 and at most 0.0"),
        (Polytope([[1.0]], [0]), ([[1]], [0]), DomainError, "input 0 has no least value"),
        ((["zero"], [1]), ([[1]], [0]), DomainError, "zero"),
        (([0], [float("inf")]), ([[1]], [0]), DomainError, "finite"),
        (Box([0], [1]), ([[float("nan")]], [0]), DomainError, "finite"),
    ],
)
def test_refusals(domain, target, error, told):
    with pytest.raises(error) as refusal:
        Property.of(domain, target)
    assert told in str(refusal.value)


def test_too_many_cases_are_refused():
    with pytest.raises(IntractableError, match="10001 cases"):
        checked_property(1, 1, [()] * (MOST_CASES + 1))


def test_numbers_that_are_none():
    for value in (None, "1e", "", [1], complex(1)):
        with pytest.raises(DomainError, match="it should be"):
            exact_number(value, "it")

"""Regions that may violate a property, and the exact decision about each."""

from __future__ import annotations

from fractions import Fraction

import pytest

from polytope_lens import Lens, Property
from polytope_lens.properties.cells_in_target import point_of_region, suspects
from polytope_lens.properties.counterexample import exact_outputs
from polytope_lens.properties.problem import problems
from polytope_lens.properties.property import Constraint, checked_property

# max(x, y), y >= 0, y <= 0 in the order of bits
MAXIMUM = Lens.from_arrays([[[1, -1], [0, 1], [0, -1]], [[1, 1, -1]]], [[0, 0, 0], [0]]).network


def asked_about(row, bound, box=([0, 0], [1, 1])):
    (problem,) = problems(MAXIMUM, Property.of(box, ([row], [bound])))
    return problem


def found_in(problem):
    steps = list(suspects(problem, problem.lower, problem.upper))
    return [(bits, case) for step in steps for bits, in_case in zip(step.bits, step.in_case, strict=True)
            for case in in_case.nonzero()[0].tolist()], sum(step.n_regions for step in steps)  # fmt: skip


def test_regions_that_touch_are_asked_and_others_not():
    touched, _ = found_in(asked_about([-1], -1))
    assert len(touched) == 2  # both halves of the square touch max = 1
    for bits, case in touched:
        (point) = point_of_region(asked_about([-1], -1), bits, case)
        assert max(point) == 1
    assert found_in(asked_about([-1], "-1.00001"))[0] == []


def test_what_the_lowered_rows_let_through_is_decided_exactly():
    problem = asked_about([-1], Fraction(-(10**12) - 1, 10**12))
    asked, _ = found_in(problem)
    assert len(asked) == 2
    assert [point_of_region(problem, bits, case) for bits, case in asked] == [None, None]


def test_the_exact_box_decides_and_not_the_one_around_it():
    for bound, is_there in (("-0.7", True), ("-0.70000000000000000001", False)):
        problem = asked_about([-1], bound, ([0, 0], ["0.7", "0.7"]))
        points = [point_of_region(problem, bits, case) for bits, case in found_in(problem)[0]]
        assert any(point is not None for point in points) == is_there


@pytest.mark.parametrize("strict", [False, True])
def test_points_are_as_deep_as_there_is_room(strict):
    one = Fraction(1)
    sides = [Constraint(((k, s * one),), (), b * one) for k in range(2) for s, b in ((1, 1), (-1, 0))]
    case = (*sides, Constraint((), ((0, -one),), -one / 2, strict), Constraint((), ((0, one),), one))
    (problem,) = problems(MAXIMUM, checked_property(2, 1, [case]))
    asked, _ = found_in(problem)
    for bits, number in asked:
        point = point_of_region(problem, bits, number)
        (y,) = exact_outputs(MAXIMUM, point)
        assert Fraction(1, 2) < y <= 1
    flat = (*sides, Constraint((), ((0, -one),), -one, strict))
    (problem,) = problems(MAXIMUM, checked_property(2, 1, [flat]))
    points = [point_of_region(problem, bits, number) for bits, number in found_in(problem)[0]]
    assert all((point is None) == strict for point in points)


def test_rows_that_are_constant():
    zero = Lens.from_arrays([[[1.0, 0.0]], [[0.0]]], [[0.0], [0.0]]).network
    for bound, strict, is_there in ((0, False, True), (0, True, False), (-1, False, False), (1, True, True)):
        row = Constraint((), ((0, Fraction(1)),), Fraction(bound), strict)
        sides = [Constraint(((k, Fraction(s)),), (), Fraction(1)) for k in range(2) for s in (1, -1)]
        (problem,) = problems(zero, checked_property(2, 1, [(*sides, row)]))
        points = [point_of_region(problem, bits, case) for bits, case in found_in(problem)[0]]
        assert any(point is not None for point in points) == is_there

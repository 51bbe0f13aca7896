"""Rational linear programs: optima proved by their multipliers, values compared with SciPy and with brute force."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

import reference
from polytope_lens.arithmetic.rational import rational, rationals
from polytope_lens.lp.rational_simplex import Halfspace, maximize


def as_fraction(value):
    return Fraction(int(value.p), int(value.q))


def solve(c, A, b, lower, upper, **options):
    rows = [Halfspace(rationals(a), rational(offset)) for a, offset in zip(A, b, strict=True)]
    return maximize(rationals(c), rows, rationals(lower), rationals(upper), **options)


def all_rows(A, b, lower, upper):
    """Rows ``[a, c]`` of ``a . x + c <= 0``, numbered as a basis numbers them."""
    d = len(lower)
    table = [([float(i == k) for i in range(d)], upper[k]) for k in range(d)]
    table += [([-float(i == k) for i in range(d)], -lower[k]) for k in range(d)]
    table += list(zip(A, b, strict=True))
    return [[*reference.fractions(a), -Fraction(float(offset))] for a, offset in table]


def assert_proved(found, c, rows):
    """The point is feasible, and nonnegative multipliers of the basis add up to the objective: weak duality."""
    point = [as_fraction(v) for v in found.point]
    assert all(reference.dot(row, [*point, Fraction(1)]) <= 0 for row in rows)
    multipliers = [as_fraction(y) for y in found.multipliers]
    assert all(y >= 0 for y in multipliers)
    assert len(set(found.basis)) == len(found.basis) == len(point)
    basis = [rows[q] for q in found.basis]
    for k, wanted in enumerate(reference.fractions(c)):
        assert sum(y * row[k] for y, row in zip(multipliers, basis, strict=True)) == wanted
    bound = -sum(y * row[-1] for y, row in zip(multipliers, basis, strict=True))
    assert as_fraction(found.value) == bound == reference.dot(reference.fractions(c), point)


SMALL = st.integers(-2, 2).map(float)


@st.composite
def programs(draw, numbers):
    d = draw(st.integers(1, 3))
    vector = st.lists(numbers, min_size=d, max_size=d)
    m = draw(st.integers(0, 5))
    A = np.array([draw(vector) for _ in range(m)]).reshape(m, d)
    b = np.array([draw(numbers) for _ in range(m)])
    return (
        np.array(draw(vector)),
        A,
        b,
        np.full(d, -1.0),
        np.array([draw(st.sampled_from((1.0, 2.0))) for _ in range(d)]),
    )


@pytest.mark.parametrize("numbers", [SMALL, st.floats(-4, 4)], ids=["degenerate", "floats"])
@given(data=st.data())
def test_optima_are_proved_and_infeasible_programs_have_no_vertex(numbers, data):
    program = data.draw(programs(numbers))
    rows = all_rows(*program[1:])
    corners = reference.vertices(rows)
    found = solve(*program)
    assert (found is None) == (not corners)
    if found is not None:
        assert_proved(found, program[0], rows)
        c = reference.fractions(program[0])
        assert as_fraction(found.value) == max(reference.dot(c, x) for x in corners)


@given(program=programs(SMALL), data=st.data())
def test_a_proposed_basis_changes_nothing_but_the_cost(program, data):
    d, total = len(program[0]), 2 * len(program[0]) + len(program[1])
    start = data.draw(st.lists(st.integers(0, total + 1), min_size=d, max_size=d))
    plain, started = solve(*program), solve(*program, start=start)
    assert (plain is None) == (started is None)
    if plain is not None and started is not None:
        assert started.value == plain.value
        assert_proved(started, program[0], all_rows(*program[1:]))


@pytest.mark.parametrize("seed", range(20))
def test_random_programs_agree_with_scipy(seed):
    rng = np.random.default_rng(seed)
    d, m = int(rng.integers(1, 6)), int(rng.integers(0, 15))
    c, A = rng.standard_normal(d), rng.standard_normal((m, d))
    b = rng.standard_normal(m) + 1
    found = solve(c, A, b, np.full(d, -3.0), np.full(d, 2.0))
    judge = linprog(-c, A_ub=A if m else None, b_ub=b if m else None, bounds=[(-3, 2)] * d)
    assert judge.status in (0, 2)
    assert (found is None) == (judge.status == 2)
    if found is not None:
        assert np.isclose(float(as_fraction(found.value)), -judge.fun)


def test_ties_do_not_cycle():
    # Ten constraints through the origin of R^3, which is optimal: every pivot is degenerate.
    rng = np.random.default_rng(3)
    A = np.vstack([rng.integers(-2, 3, (10, 3)), np.eye(3)])
    found = solve(np.ones(3), A, np.zeros(13), np.full(3, -1.0), np.ones(3))
    assert found is not None
    assert_proved(found, np.ones(3), all_rows(A, np.zeros(13), np.full(3, -1.0), np.ones(3)))
    assert found.value == 0


def test_infeasible_by_the_least_subnormal():
    assert solve([0.0], [[1.0], [-1.0]], [0.0, -5e-324], [-1.0], [1.0]) is None
    found = solve([0.0], [[1.0], [-1.0]], [0.0, 0.0], [-1.0], [1.0])
    assert found is not None
    assert found.point == [0]


def test_a_row_that_cannot_hold_and_one_that_always_does():
    assert solve([1.0], [[0.0]], [-1.0], [-1.0], [1.0]) is None
    found = solve([1.0], [[0.0]], [0.0], [-1.0], [1.0])
    assert found is not None
    assert found.value == 1


def test_the_value_may_be_any_fraction():
    found = solve([1.0, 0.0], [[3.0, 1.0], [-1.0, -3.0]], [1.0, 1.0], [-5.0, -5.0], [5.0, 5.0])
    assert found is not None
    assert found.value == fmpq(1, 2)
    assert [as_fraction(v) for v in found.point] == [Fraction(1, 2), Fraction(-1, 2)]

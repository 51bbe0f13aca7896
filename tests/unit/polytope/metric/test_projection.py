"""Nearest points: optimality in fractions, known ones, SciPy's linear programs; two methods."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import reference
from polytope_lens import Polytope
from polytope_lens.arithmetic.rational import fraction, rationals
from polytope_lens.errors import DimensionError, DomainError, OptionError
from polytope_lens.lp.rational_nearest import exact_nearest
from polytope_lens.lp.rational_simplex import Halfspace
from polytope_lens.polytope.metric.projection import _proposed, _rows_at, nearest_point
from solids import cube, fraction_rows, polytopes, scattered, simplex, sliver


def brute_force(rows, x):
    """The nearest point of all those that are nearest on the flat of some rows and satisfy the others."""
    d, best = len(x), None
    for k in range(d + 1):
        for chosen in combinations([row for row in rows if any(row[:-1])], k):
            # [I A^T; A 0] [y, w] = [x, b]
            system = [
                [Fraction(int(i == j)) for j in range(d)] + [row[i] for row in chosen] + [-x[i]] for i in range(d)
            ] + [row[:-1] + [Fraction(0)] * k + [row[-1]] for row in chosen]
            solved = reference.solve(system)
            if solved is None:
                continue
            y = solved[:d]
            if all(reference.dot(row, [*y, Fraction(1)]) <= 0 for row in rows):
                square = sum((u - v) ** 2 for u, v in zip(x, y, strict=True))
                if best is None or square < best[0]:
                    best = square, tuple(y)
    return best


def slowly(poly, x):
    """The nearest point without any help of floats."""
    rows, slack = _rows_at(poly, rationals(x))
    way = exact_nearest(list(map(Halfspace, rows, slack)), poly.dim, 2).point
    return [fraction(u + v) for u, v in zip(rationals(x), way, strict=True)]


@settings(max_examples=50)
@given(data=st.data(), d=st.integers(1, 3))
def test_projections_are_those_of_brute_force(data, d):
    poly = data.draw(polytopes(d, most=5))
    x = data.draw(st.lists(st.integers(-9, 9).map(lambda v: v / 2), min_size=d, max_size=d))
    best = brute_force(fraction_rows(poly), reference.fractions(x))
    if best is None:
        with pytest.raises(DomainError, match="empty polytope"):
            poly.project(x)
        return
    square, y = best
    assert poly.project(x, exact=True).tolist() == list(y)
    assert poly.project(x).tolist() == [float(v) for v in y]
    assert poly.distance(x) == pytest.approx(float(square) ** 0.5, rel=1e-15)
    if square:
        assert slowly(poly, x) == list(y)
    assert (poly.distance(x) == 0) == poly.contains(x).all()


@pytest.mark.parametrize(("d", "m"), [(2, 10), (5, 20), (10, 20)])
def test_floats_and_fractions_agree_and_floats_suffice(d, m):
    poly = scattered(d, m)
    for x in 3 * np.random.default_rng(d).standard_normal((5, d)):
        rows, slack = _rows_at(poly, rationals(x))
        active = [q for q, v in enumerate(_proposed(rows, slack, 2)[0]) if v > 0]
        point = slowly(poly, x)
        assert all(reference.dot(fraction_rows(poly)[q], [*point, Fraction(1)]) == 0 for q in active)
        assert list(map(fraction, nearest_point(poly, rationals(x)).point)) == point


@settings(max_examples=60)
@given(data=st.data(), d=st.integers(1, 3))
def test_other_norms_agree_with_scipy(data, d):
    poly = data.draw(polytopes(d, most=5))
    assume(not poly.is_empty)
    x = np.array(data.draw(st.lists(st.integers(-9, 9).map(lambda v: v / 2), min_size=d, max_size=d)))
    zero, unit = np.zeros((len(poly.b), d)), np.eye(d)
    by_one = linprog(
        np.r_[np.zeros(d), np.ones(d)],
        np.block([[poly.A, zero], [unit, -unit], [-unit, -unit]]), np.r_[poly.b, x, -x], bounds=(None, None),
    )  # fmt: skip
    ones = np.ones((d, 1))
    by_most = linprog(
        np.r_[np.zeros(d), 1],
        np.block([[poly.A, zero[:, :1]], [unit, -ones], [-unit, -ones]]), np.r_[poly.b, x, -x], bounds=(None, None),
    )  # fmt: skip
    for norm, program in ((1, by_one), (np.inf, by_most)):
        assert poly.distance(x, norm=norm) == pytest.approx(program.fun, abs=1e-9)
        found = nearest_point(poly, rationals(x), norm)
        y = [fraction(v) for v in found.point]
        assert all(reference.dot(row, [*y, Fraction(1)]) <= 0 for row in fraction_rows(poly))
        parts = [abs(u - Fraction(float(v))) for u, v in zip(y, x, strict=True)]
        assert (sum(parts) if norm == 1 else max(parts)) == fraction(found.size)


def test_known_ones():
    assert cube(2).project([2, 0.25]).tolist() == [1, 0.25]
    assert cube(2).project([[2, 0.25], [0.5, 0.5]]).tolist() == [[1, 0.25], [0.5, 0.5]]
    assert cube(2).project([[3, 2], [0.5, 0.5]], exact=True).tolist() == [[1, 1], [Fraction(1, 2)] * 2]
    assert cube(2).project(np.zeros((0, 2)), exact=True).shape == (0, 2)
    assert cube(2).distance([[4, 5], [0.5, 0.5]]).tolist() == [5, 0]
    assert [cube(2).distance([4, 5], norm=norm) for norm in (1, 2, np.inf)] == [7, 5, 4]
    assert simplex(3).project([1, 1, 1], exact=True).tolist() == [Fraction(1, 3)] * 3
    # A point of a line in the plane, which is flat and unbounded.
    assert Polytope([[1, 1], [-1, -1]], [1, -1]).project([3, 0], exact=True).tolist() == [2, -1]


@pytest.mark.parametrize("width", [1e-12, 1e-300])
def test_slivers(width):
    poly = sliver(2, width)
    y = poly.project([1, 0.5], exact=True)
    assert y[0] == Fraction(width)
    assert all(reference.dot(row, [*y, Fraction(1)]) <= 0 for row in fraction_rows(poly))


def test_refusals():
    with pytest.raises(OptionError, match="`norm` should be 1, 2 or inf"):
        cube(2).distance([2, 2], norm=3)
    with pytest.raises(OptionError, match="`norm` should be 1, 2 or inf"):
        cube(2).distance([2, 2], norm=True)
    with pytest.raises(DimensionError, match="`project` needs one point with 2 coordinates"):
        cube(2).project([1, 2, 3])
    with pytest.raises(DomainError, match="empty"):
        Polytope([[0.0], [1.0]], [-1, 1]).distance([3])

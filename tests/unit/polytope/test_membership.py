"""Membership, beside the boundary and at the ends of the range of floats."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from polytope_lens import Lens
from polytope_lens.polytope import Polytope
from polytope_lens.polytope.membership import float_rows, inside_mask
from solids import fraction_rows, polytopes


@given(
    a=st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=2),
    x=st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=2),
    ulps=st.integers(-3, 3),
)
def test_membership_is_exact_beside_the_boundary(a, x, ulps):
    b = float(np.dot(a, x))
    for _ in range(abs(ulps)):
        b = float(np.nextafter(b, np.inf if ulps > 0 else -np.inf))
    inside = reference.dot(reference.fractions(a), reference.fractions(x)) <= Fraction(b)
    assert Polytope([a], [b]).contains([x]).tolist() == [inside]


def test_membership_survives_overflow_and_underflow():
    poly = Polytope([[1e300, -1e300], [1e-300, 0]], [0, 1e-320])
    X = [[1e300, 1e300], [1e300, np.nextafter(1e300, 0)], [1e-30, 1e-30], [0, 0], [9e-21, 1]]
    assert poly.contains(X).tolist() == [False, False, True, True, True]
    assert poly.contains([1e-19, 1]).tolist() == [False]


def test_membership_of_regions_is_about_their_exact_rows():
    """The boundary 3 x = 0.1 passes between two floats; rounded to x = 0.1 / 3 it would not."""
    lens = Lens.from_arrays([[[3.0]], [[1.0]]], [[-0.1], [0]])
    root = 0.1 / 3
    beside = np.array([[np.nextafter(root, 0)], [root], [np.nextafter(root, 1)]])
    left, right = lens.at([0.0]), lens.at([1.0])
    assert (left.contains(beside) != right.contains(beside)).all()
    assert inside_mask(left.polytope, beside).tolist() == (~lens.patterns(beside)[:, 0]).tolist()


@settings(max_examples=80)
@given(data=st.data(), d=st.integers(1, 3))
def test_points_of_a_grid_are_told_as_in_fractions(data, d):
    """Small integers put many of them on the boundary."""
    poly = data.draw(polytopes(d))
    X = np.array(data.draw(st.lists(st.tuples(*[st.integers(-4, 4)] * d), min_size=1, max_size=6)), dtype=float) / 2
    rows = fraction_rows(poly)
    expected = [all(reference.dot(row, [*reference.fractions(x), Fraction(1)]) <= 0 for row in rows) for x in X]
    assert inside_mask(poly, X).tolist() == expected


@given(data=st.data(), d=st.integers(1, 3))
def test_rows_as_floats_have_a_greatest_entry_of_one(data, d):
    poly = data.draw(polytopes(d))
    rows = [row for row in fraction_rows(poly) if any(row[:-1])]
    expected = [[float(v / max(map(abs, row[:-1]))) for v in row] for row in rows]
    assert float_rows(poly).tolist() == expected


def test_rows_that_hold_everywhere_or_nowhere():
    X = np.zeros((2, 2))
    assert inside_mask(Polytope(np.zeros((0, 2)), []), X).all()
    assert inside_mask(Polytope([[0, 0]], [0]), X).all()
    assert not inside_mask(Polytope([[0, 0]], [-1e-300]), X).any()
    assert float_rows(Polytope([[0, 0]], [1])).shape == (0, 3)

"""Membership, emptiness, boundedness, facets, corners and extent, against fractions and against SciPy."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.spatial import ConvexHull, HalfspaceIntersection

import reference
from polytope_lens.domain import Box
from polytope_lens.errors import DimensionError, DomainError, UnboundedPolytopeError
from polytope_lens.polytope import Polytope
from polytope_lens.polytope.feasibility import interior_point
from solids import bounded_polytopes, fraction_rows

STRIP = Polytope([[1, 0], [-1, 0]], [1, 1])
TRIANGLE = Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, 1])
# name, polytope, is_empty, has_interior, is_bounded
CASES = {
    "triangle": (TRIANGLE, False, True, True),
    "infinite strip": (STRIP, False, True, False),
    "half-plane": (Polytope([[1, 2]], [3]), False, True, False),
    "half-strip": (Polytope([[1, 0], [-1, 0], [0, 1]], [1, 1, 0]), False, True, False),
    "slanted strip": (Polytope([[1, 3], [-2, -6]], [1, 5]), False, True, False),
    "line": (Polytope([[1, 0], [-1, 0]], [1, -1]), False, False, False),
    "segment": (Polytope([[1, 0], [-1, 0], [0, 1], [0, -1]], [1, -1, 1, 1]), False, False, True),
    "point": (Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, 0]), False, False, True),
    "empty by 2^-52": (Polytope([[1, 0], [-1, 0]], [1, -1 - 2.0**-52]), True, False, True),
    "empty by the least subnormal": (Polytope([[1, 0], [-1, 0]], [0, -5e-324]), True, False, True),
    "2^-52 thin": (Polytope([[1, 0], [-1, 0], [0, 1], [0, -1]], [1 + 2.0**-52, -1, 1, 1]), False, True, True),
    "empty triangle": (Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, -1e-300]), True, False, True),
    "cone": (Polytope([[-1, 0], [1, -1]], [0, 0]), False, True, False),
    "ray": (Polytope([[-1, 0], [0, 1], [0, -1]], [0, 0, 0]), False, False, False),
    "whole plane": (Polytope(np.zeros((0, 2)), []), False, True, False),
    "a row 0 <= 0": (Polytope([[0, 0], *TRIANGLE.A], [0, *TRIANGLE.b]), False, True, True),
    "a row 0 <= 1": (Polytope([[0, 0]], [1]), False, True, False),
    "a row 0 <= -1": (Polytope([[0, 0]], [-1e-300]), True, False, True),
    "tiny numbers": (Polytope([[1e-300, 0], [-1e-300, 0]], [1e-300, 0]), False, True, False),
    "huge and tiny": (Polytope([[1e300, 1e-300], [-1, 0], [0, -1]], [1, 0, 0]), False, True, True),
    "interval": (Polytope([[2], [-2]], [1, 1]), False, True, True),
    "ray on the line": (Polytope([[2]], [1]), False, True, False),
    "simplex in R^4": (Polytope(np.vstack([-np.eye(4), np.ones((1, 4))]), [0, 0, 0, 0, 1]), False, True, True),
    "prism in R^4": (Polytope(np.eye(4)[:2], [1, 1]), False, True, False),
}


@pytest.mark.parametrize("name", CASES)
def test_emptiness_interior_and_boundedness(name):
    poly, is_empty, has_interior, is_bounded = CASES[name]
    assert (poly.is_empty, poly.has_interior, poly.is_bounded) == (is_empty, has_interior, is_bounded)


@pytest.mark.parametrize("name", CASES)
def test_interior_points_satisfy_all_inequalities_strictly(name):
    poly, _, has_interior, _ = CASES[name]
    found = interior_point(poly)
    assert (found is not None) == has_interior
    if found is not None:
        x = [Fraction(int(v.p), int(v.q)) for v in found]
        for a, b in zip(poly.A, poly.b, strict=True):
            assert reference.dot(reference.fractions(a), x) < Fraction(b) or not a.any()


@given(data=st.data(), d=st.integers(1, 3))
def test_facets_are_the_rows_that_hold_d_independent_vertices(data, d):
    poly = data.draw(bounded_polytopes(d))
    assume(poly.has_interior)
    assert poly.facets().tolist() == reference.facet_mask(fraction_rows(poly))


@given(data=st.data(), d=st.integers(1, 3))
def test_emptiness_is_to_have_no_vertex(data, d):
    poly = data.draw(bounded_polytopes(d))
    assert poly.is_bounded
    corners = reference.vertices(fraction_rows(poly))
    assert poly.is_empty == (not corners)
    flat = reference.rank([[a - b for a, b in zip(x, corners[0], strict=True)] for x in corners[1:]]) if corners else -1
    assert poly.has_interior == (flat == d)


@given(data=st.data(), d=st.integers(1, 3))
def test_the_bounding_box_is_the_smallest_one_of_floats(data, d):
    poly = data.draw(bounded_polytopes(d))
    corners = reference.vertices(fraction_rows(poly))
    assume(corners)
    lower, upper = poly.bounding_box()
    for k in range(d):
        least, most = min(x[k] for x in corners), max(x[k] for x in corners)
        assert Fraction(lower[k]) <= least < Fraction(np.nextafter(lower[k], np.inf))
        assert Fraction(np.nextafter(upper[k], -np.inf)) < most <= Fraction(upper[k])


@given(data=st.data())
def test_corners_of_polygons_are_exact_and_counter_clockwise(data):
    poly = data.draw(bounded_polytopes(2))
    assume(poly.has_interior)
    corners = poly.vertices()
    exact = reference.vertices(fraction_rows(poly))
    assert sorted(map(tuple, corners.tolist())) == sorted(tuple(float(v) for v in x) for x in exact)
    edges = np.roll(corners, -1, axis=0) - corners
    turns = edges[:, 0] * np.roll(edges, -1, axis=0)[:, 1] - edges[:, 1] * np.roll(edges, -1, axis=0)[:, 0]
    assert (turns > 0).all()
    hull = ConvexHull(corners)
    assert len(hull.vertices) == len(corners)
    assert np.isclose(hull.volume, poly.to_shapely().area)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("d", [2, 3, 5])
def test_generic_facets_agree_with_scipy(d, seed):
    rng = np.random.default_rng([d, seed])
    A = rng.standard_normal((5 * d, d))
    b = rng.random(5 * d) + 0.1
    A, b = np.vstack([A, np.eye(d), -np.eye(d)]), np.concatenate([b, np.full(2 * d, 3.0)])
    cut = HalfspaceIntersection(np.column_stack([A, -b]), np.zeros(d))
    poly = Polytope(A, b)
    assert sorted(np.flatnonzero(poly.facets())) == sorted(set(np.concatenate(cut.dual_facets)))
    lower, upper = poly.bounding_box()
    assert np.allclose(lower, cut.intersections.min(axis=0))
    assert np.allclose(upper, cut.intersections.max(axis=0))
    if d == 2:
        assert np.allclose(
            sorted(map(tuple, poly.vertices())), sorted(map(tuple, np.unique(cut.intersections.round(12), axis=0)))
        )


def test_where_highs_calls_a_gap_of_5e_8_feasible_we_do_not():
    A, b = np.array([[1.0, 0], [-1, 0]]), np.array([0, -5e-8])
    assert linprog([0, 0], A_ub=A, b_ub=b, bounds=(None, None)).status == 0
    assert Polytope(A, b).is_empty


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


def test_rows_of_one_facet_are_all_marked_and_zero_rows_are_none():
    poly = Polytope([[1, 0], [2, 0], [0, 0], [-1, 0], [1, 0], [0, 1], [0, -1]], [1, 2, 0, 1, 3, 1, 1])
    assert poly.facets().tolist() == [True, True, False, True, False, True, True]


def test_facets_of_unbounded_polytopes():
    assert Polytope([[-1, 0], [0, -1], [-1, -1]], [0, 0, 0]).facets().tolist() == [True, True, False]
    assert Polytope([[-1, 0], [-1, 0]], [0, 1]).facets().tolist() == [True, False]
    assert Polytope([[1, 1]], [0]).facets().tolist() == [True]


def test_a_row_that_touches_in_a_corner_is_no_facet():
    square = Box([0, 0], [1, 1]).to_polytope()
    assert Polytope([*square.A, [1, 1]], [*square.b, 2]).facets().tolist() == [True] * 4 + [False]
    nudged = Polytope([*square.A, [1, 1]], [*square.b, np.nextafter(2, 0)])
    assert nudged.facets().tolist() == [True] * 5
    assert len(nudged.vertices()) == 5


def test_bounding_boxes_are_infinite_where_polytopes_are():
    lower, upper = STRIP.bounding_box()
    assert (lower.tolist(), upper.tolist()) == ([-1, -np.inf], [1, np.inf])
    lower, upper = Polytope([[1, 3], [-2, -6]], [1, 5]).bounding_box()
    assert (lower.tolist(), upper.tolist()) == ([-np.inf] * 2, [np.inf] * 2)
    lower, upper = Polytope([[-1, 0], [0, -1], [0, 1]], [0.5, 0, 0]).bounding_box()
    assert (lower.tolist(), upper.tolist()) == ([-0.5, 0], [np.inf, 0])


def test_bounding_boxes_are_rounded_outward():
    lower, upper = Polytope([[3], [-3]], [1, 1]).bounding_box()
    assert Fraction(upper[0]) > Fraction(1, 3) > Fraction(np.nextafter(upper[0], 0))
    assert lower == -upper


def test_questions_without_answer_say_why():
    with pytest.raises(DomainError, match="empty polytope"):
        Polytope([[1], [-1]], [0, -1]).bounding_box()
    with pytest.raises(UnboundedPolytopeError, match="Clip it to a box"):
        STRIP.to_shapely()
    with pytest.raises(DomainError, match="empty or flat"):
        Polytope([[1, 0], [-1, 0]], [0, 0]).to_shapely()
    with pytest.raises(DimensionError, match=r"lives in R\^3"):
        Polytope(np.eye(3), np.ones(3)).to_shapely()


def test_malformed_polytopes_are_refused():
    with pytest.raises(DimensionError, match=r"needs b of shape \(2,\), but received \(1,\)"):
        Polytope(np.eye(2), [1])
    with pytest.raises(DimensionError, match="finite"):
        Polytope([[np.inf]], [1])
    with pytest.raises(DimensionError, match="needs points with 2 coordinates"):
        TRIANGLE.contains([[1, 2, 3]])


def test_repr():
    assert repr(TRIANGLE) == "Polytope(3 inequalities in R^2)"

"""Volumes and centroids: known ones, laws, SciPy's hulls."""

from __future__ import annotations

from fractions import Fraction
from math import factorial

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull, Delaunay

from polytope_lens import Polytope
from polytope_lens.errors import DomainError, IntractableError, UnboundedPolytopeError
from solids import bounded_polytopes, cross_polytope, cube, scattered, simplex, sliver


@pytest.mark.parametrize("d", range(1, 7))
def test_known_volumes_and_centroids(d):
    assert cube(d).volume(exact=True) == 1
    assert simplex(d).volume(exact=True) == Fraction(1, factorial(d))
    assert cross_polytope(d).volume(exact=True) == Fraction(2**d, factorial(d))
    assert simplex(d).centroid(exact=True).tolist() == [Fraction(1, d + 1)] * d
    assert cross_polytope(d).centroid().tolist() == [0] * d


@pytest.mark.parametrize("width", [1e-12, 1e-200])
@pytest.mark.parametrize("d", [2, 3, 5])
def test_slivers(d, width):
    assert sliver(d, width).volume(exact=True) == Fraction(width)
    assert sliver(d, width).volume() == width


@settings(max_examples=60)
@given(data=st.data(), d=st.integers(1, 3))
def test_parts_on_both_sides_of_a_row_add_up(data, d):
    poly = data.draw(bounded_polytopes(d))
    assume(not poly.is_empty)
    cut = np.array(data.draw(st.lists(st.integers(-2, 2).map(float), min_size=d + 1, max_size=d + 1)))
    assume(cut[:-1].any())
    whole, moment = poly.volume(exact=True), [0] * d
    parts = 0
    for sign in (1, -1):
        half = Polytope([*poly.A, sign * cut[:-1]], [*poly.b, sign * cut[-1]])
        if not half.is_empty:
            size = half.volume(exact=True)
            parts += size
            moment = [m + size * c for m, c in zip(moment, half.centroid(exact=True), strict=True)]
    assert parts == whole
    if whole:
        assert [m / whole for m in moment] == poly.centroid(exact=True).tolist()


@pytest.mark.parametrize(("d", "m"), [(2, 20), (3, 25), (4, 12), (5, 6), (6, 2)])
def test_generic_ones_agree_with_scipy(d, m):
    poly = scattered(d, m)
    hull = ConvexHull(poly.vertices())
    assert poly.volume() == pytest.approx(hull.volume, rel=1e-9)
    parts = Delaunay(poly.vertices())
    corners = parts.points[parts.simplices]
    sizes = np.abs(np.linalg.det(corners[:, 1:] - corners[:, :1]))
    assert poly.centroid() == pytest.approx(sizes @ corners.mean(axis=1) / sizes.sum(), rel=1e-6, abs=1e-9)


def test_flat_ones_have_a_centroid_and_no_volume():
    triangle = Polytope([[-1, 0, 0], [0, -1, 0], [0, 0, -1], [1, 1, 1], [-1, -1, -1]], [0, 0, 0, 3, -3])
    assert triangle.volume(exact=True) == 0
    assert triangle.centroid(exact=True).tolist() == [1, 1, 1]
    upright = Polytope([[1, 0], [-1, 0], [0, 1], [0, -1]], [2, -2, 3, 1])
    assert upright.centroid(exact=True).tolist() == [2, 1]
    point = Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, 0])
    assert (point.volume(), point.centroid().tolist()) == (0, [0, 0])


def test_what_has_no_volume_says_why():
    with pytest.raises(UnboundedPolytopeError, match=r"contains the ray \[0.0, 1.0\]"):
        Polytope([[1, 0], [-1, 0], [0, -1]], [1, 0, 0]).volume()
    with pytest.raises(UnboundedPolytopeError, match="ray"):
        Polytope([[1, 0], [-1, 0]], [1, 0]).centroid()
    with pytest.raises(DomainError, match="empty"):
        Polytope([[1], [-1]], [0, -1]).volume()
    with pytest.raises(IntractableError, match=r"lives in R\^9.*estimate_volume"):
        cube(9).volume()


def test_one_may_insist():
    # A prism: the product of a square and a simplex in nine dimensions.
    flat = simplex(7)
    A = np.zeros((12, 9))
    A[:8, :7], A[8:10, 7:], A[10:, 7:] = flat.A, np.eye(2), -np.eye(2)
    poly = Polytope(A, [*flat.b, 1, 1, 0, 0])
    assert poly.volume(exact=True) == Fraction(1, factorial(7))


@pytest.mark.parametrize("ask", [lambda P: P.volume(), lambda P: P.centroid()])
def test_many_dimensions_are_no_reason_where_there_is_no_volume(ask):
    rows = np.random.default_rng(0).standard_normal((5, 14))
    with pytest.raises(UnboundedPolytopeError, match="contains the ray"):
        ask(Polytope(rows, np.ones(5)))
    corner = np.vstack([-np.eye(14), rows])
    with pytest.raises(UnboundedPolytopeError, match="contains the ray"):
        ask(Polytope(corner, np.ones(19)))
    with pytest.raises(DomainError, match="an empty polytope has no"):
        ask(Polytope(np.vstack([corner, np.eye(14)]), np.append(np.ones(19), np.full(14, -3.0))))


def test_what_a_refusal_advises_can_be_done():
    cube = Polytope(np.vstack([np.eye(9), -np.eye(9)]), np.ones(18))
    with pytest.raises(IntractableError, match=r"`estimate_volume\(\)` or the mean of `sample\(n\)`; .* `exact=True`"):
        cube.volume()
    assert cube.estimate_volume().value == pytest.approx(2.0**9, rel=0.3)
    assert cube.sample(5).shape == (5, 9)

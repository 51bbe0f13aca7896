"""Corners in order, against fractions, hulls and shapely."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpz
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

import reference
from polytope_lens.errors import DimensionError, DomainError, UnboundedPolytopeError
from polytope_lens.polytope import Polytope
from polytope_lens.polytope.polygon import by_angle, exact_vertices
from solids import bounded_polytopes, fraction_rows


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


@given(lines=st.lists(st.tuples(*[st.integers(-3, 3)] * 3).filter(lambda row: any(row[:2])), min_size=1, max_size=8))
def test_rows_are_sorted_by_angle_each_angle_once(lines):
    """By the arc tangent, which tells angles of so small integers apart."""
    rows = [[fmpz(v) for v in row] for row in lines]
    ordered = by_angle(rows, range(len(rows)))
    angles = [np.arctan2(b, a) % (2 * np.pi) for a, b, _ in lines]
    found = [angles[q] for q in ordered]
    assert (np.diff(found) > 1e-9).all()
    assert len(found) == len({round(angle, 9) for angle in angles})


@given(data=st.data())
def test_each_edge_starts_at_its_corner(data):
    poly = data.draw(bounded_polytopes(2))
    assume(poly.has_interior)
    edges, corners = exact_vertices(poly)
    rows = fraction_rows(poly)
    points = [(Fraction(int(x.p), int(x.q)), Fraction(int(y.p), int(y.q)), Fraction(1)) for x, y in corners]
    for i, row in enumerate(edges):
        assert reference.dot(rows[row], points[i]) == reference.dot(rows[row], points[(i + 1) % len(points)]) == 0
    assert sorted(point[:2] for point in points) == reference.vertices(rows)


def test_what_is_no_polygon_is_refused():
    with pytest.raises(UnboundedPolytopeError, match="Clip it to a box"):
        Polytope([[1, 0], [-1, 0]], [1, 1]).to_shapely()
    with pytest.raises(DomainError, match="empty or flat"):
        Polytope([[1, 0], [-1, 0]], [0, 0]).to_shapely()
    with pytest.raises(DimensionError, match=r"lives in R\^3"):
        Polytope(np.eye(3), np.ones(3)).to_shapely()

"""Convex hulls of points, against the polytopes that these are the vertices of."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq

from polytope_lens import Polytope
from polytope_lens.polytope.convex_hull import convex_hull


def hull(points):
    return convex_hull([[fmpq(*Fraction(v).as_integer_ratio()) for v in point] for point in points])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_hulls_of_vertices_are_the_same_set(seed, d):
    rng = np.random.default_rng([seed, d])
    rows = np.vstack([np.eye(d), -np.eye(d), rng.integers(-2, 3, (3, d))])
    poly = Polytope(rows, rng.integers(0, 4, len(rows)))
    corners = poly.vertices(exact=True)
    inner = corners.sum(axis=0) / len(corners)
    found = hull([*corners.tolist(), inner.tolist()])
    assert found == poly
    assert found.contains(corners).all()


def test_flat_hulls():
    point = hull([[Fraction(1, 3), 2, 0]])
    assert point.vertices(exact=True).tolist() == [[Fraction(1, 3), 2, 0]]
    segment = hull([[0, 0, 1], [2, 4, 1], [1, 2, 1]])
    assert segment.vertices().tolist() == [[0, 0, 1], [2, 4, 1]]
    assert not segment.has_interior
    square = hull([[0, 0, 0], [1, 0, 1], [0, 1, 1], [1, 1, 2]])
    assert len(square.vertices()) == 4
    origin = hull([[0, 0], [0, 0]])
    assert origin.vertices().tolist() == [[0, 0]]

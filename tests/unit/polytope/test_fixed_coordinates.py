"""Polytopes that fix coordinates, asked in the others."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from polytope_lens import Box, Polytope
from polytope_lens.errors import DomainError
from polytope_lens.polytope.fixed_coordinates import fixed_coordinates

# In space: the triangle with corners (0, 0), (1, 0), (0, 2), at height 1/3; rows in any order, the first one useless.
A = [[0, 0, 5], [-1, 0, 0], [0, 0, 3], [2, 1, 3], [0, -1, 0], [0, 0, -3]]
b = [9, 0, 1, 3, 0, -1]
TRIANGLE = Polytope(A, b)


def test_what_is_fixed_and_what_is_left():
    found = fixed_coordinates(TRIANGLE)
    assert found.free == [0, 1] and found.values == {2: fmpq(1, 3)}
    assert len(found.rest.rows) == len(TRIANGLE.rows) and found.rest == Polytope([[-1, 0], [0, -1], [2, 1]], [0, 0, 2])
    assert found.embed([fmpq(5), fmpq(6)]) == [5, 6, fmpq(1, 3)] and found.directed([5, 6]) == [5, 6, 0]
    for other in (
        Polytope([[1, 0], [0, 1]], [1, 1]),
        Polytope([[1, 1], [-1, -1]], [1, -1]),  # flat, but no coordinate is fixed
        Polytope([[1], [-1]], [1, -1]),  # nothing is left
        Polytope([[1, 0], [-1, 0]], [1, -2]),
    ):
        assert fixed_coordinates(other) is None


def test_vertices_and_the_rows_that_hold_them():
    third = Fraction(1, 3)
    vertices = [tuple(corner) for corner in TRIANGLE.vertices(exact=True)]
    assert vertices == [(0, 0, third), (0, 2, third), (1, 0, third)]
    assert TRIANGLE.incidences().astype(int).tolist() == [
        [0, 1, 1, 0, 1, 1],
        [0, 1, 1, 1, 0, 1],
        [0, 0, 1, 1, 1, 1],
    ]
    strip = Polytope([[0, 1], [0, -1], [-1, 0]], [1, -1, 4])
    assert [tuple(corner) for corner in strip.vertices(exact=True)] == [(-4, 1)]
    assert [tuple(ray) for ray in strip.rays(exact=True).rays] == [(1, 0)]
    line = Polytope([[0, 1], [0, -1]], [1, -1])
    assert len(line.vertices()) == 0 and not line.is_bounded
    empty = Polytope([[0, 1], [0, -1], [1, 0], [-1, 0]], [1, -1, 0, -1])
    assert empty.is_empty
    with pytest.raises(DomainError, match="empty polytope"):
        empty.vertices()


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_nearest_points_are_those_of_the_whole_space(data):
    sides = st.sampled_from([(-1.0, 1.0), (0.0, 0.5), (0.25, 0.25), (-2.0, -2.0)])
    lower, upper = np.array([data.draw(sides) for _ in range(3)]).T
    box = Polytope(np.vstack([np.eye(3), -np.eye(3)]), np.concatenate([upper, -lower]))
    x = np.array(data.draw(st.lists(st.sampled_from([-3.0, -1.0, 0.0, 0.25, 2.0]), min_size=3, max_size=3)))
    way = x - np.clip(x, lower, upper)
    assert box.project(x).tolist() == np.clip(x, lower, upper).tolist()
    for norm in (1, 2, np.inf):
        assert box.distance(x, norm=norm) == pytest.approx(np.linalg.norm(way, norm))
    corners = set(product(*zip(lower.tolist(), upper.tolist(), strict=True)))
    assert set(map(tuple, box.vertices().tolist())) == corners


def test_many_fixed_coordinates_cost_little():
    d = 300
    lower = np.linspace(-1, 1, d)
    upper = lower.copy()
    upper[[7, 150]] += 1
    flat = Box(lower, upper).to_polytope()
    assert flat.vertices().shape == (4, d) and flat.distance(lower + 1.0, norm=np.inf) == 1.0

"""Vertices by double description: known polytopes, and all choices of d rows."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from flint import fmpz, fmpz_mat
from hypothesis import given
from hypothesis import strategies as st

from polytope_lens import Box, Polytope
from polytope_lens.arithmetic.rational import integer_rows
from polytope_lens.polytope.double_description import bounded_vertices


def sides(lower, upper):
    box = Box(lower, upper)
    return integer_rows(np.column_stack([box.A, -box.b]))


def points(vertices):
    return sorted(tuple(Fraction(int(x), int(v.coordinates[-1])) for x in v.coordinates[:-1]) for v in vertices)


@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_a_box_has_its_corners(d):
    found = bounded_vertices(sides([-0.5] * d, [2.0] * d))
    assert len(found) == 2**d
    assert all(len(vertex.tight) == d for vertex in found)
    assert set(sum(points(found), ())) == {Fraction(-1, 2), Fraction(2)}


def test_the_tip_of_a_pyramid_lies_on_four_sides():
    rows = [[1, 0, 1, -1], [-1, 0, 1, -1], [0, 1, 1, -1], [0, -1, 1, -1]]
    found = bounded_vertices(sides([-1, -1, 0], [1, 1, 4]) + [[fmpz(v) for v in row] for row in rows])
    assert points(found) == [(-1, -1, 0), (-1, 1, 0), (0, 0, 1), (1, -1, 0), (1, 1, 0)]
    (tip,) = [vertex for vertex in found if vertex.coordinates[2] > 0]
    assert tip.tight == {6, 7, 8, 9}


@given(data=st.data(), d=st.integers(1, 3))
def test_vertices_are_the_feasible_crossings_of_d_rows(data, d):
    small = st.integers(-2, 2)
    more = data.draw(st.lists(st.lists(small, min_size=d + 1, max_size=d + 1), max_size=4))
    box = sides([-1] * d, [1] * d)
    rows = [[fmpz(v) for v in row] for row in more]
    A, b = (
        np.array(more, dtype=float).reshape(-1, d + 1)[:, :-1],
        -np.array(more, dtype=float).reshape(-1, d + 1)[:, -1],
    )
    if not Polytope(np.vstack([A, np.eye(d), -np.eye(d)]), np.concatenate([b, np.ones(2 * d)])).has_interior:
        return
    expected = {}
    for chosen in combinations(box + rows, d):
        kernel, nullity = fmpz_mat(list(chosen)).nullspace()
        if nullity == 1 and kernel[d, 0] != 0:
            x = tuple(Fraction(int(kernel[k, 0]), int(kernel[d, 0])) for k in range(d))
            values = [sum(int(a) * v for a, v in zip(row, (*x, 1), strict=True)) for row in box + rows]
            if max(values) <= 0:
                expected[x] = {i for i, v in enumerate(values) if v == 0 and any((box + rows)[i][:-1])}
    found = bounded_vertices(box + rows)
    assert points(found) == sorted(expected)
    for vertex in found:
        assert vertex.tight == expected[points([vertex])[0]]

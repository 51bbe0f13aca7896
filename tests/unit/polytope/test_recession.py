"""Extreme rays and lines, against every way to choose rows that might meet in one."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from flint import fmpz, fmpz_mat
from hypothesis import given, settings
from hypothesis import strategies as st

from polytope_lens import Box, Polytope
from polytope_lens.errors import DomainError
from polytope_lens.polytope.recession import cone_of_rows, is_trivial_cone
from reference import tuples


def integer(rows):
    return [[fmpz(int(v)) for v in row] for row in rows]


def rank(rows, d):
    return fmpz_mat(integer(rows)).rank() if len(rows) else 0


def kernel_vector(rows, d):
    """The direction in which d - 1 independent rows vanish, primitive, by cofactors; None if they are dependent."""
    minors = []
    for k in range(d):
        columns = [[int(v) for i, v in enumerate(row) if i != k] for row in rows]
        minors.append((-1) ** k * (int(fmpz_mat(integer(columns)).det()) if columns[0:1] != [[]] and columns else 1))
    if not any(minors):
        return None
    divisor = int(np.gcd.reduce([abs(v) for v in minors]))
    return tuple(v // divisor for v in minors)


def rays_by_brute_force(rows, lines, d):
    """Of the part of the cone that is at right angles to the lines."""
    rows = [*rows, *lines, *([-v for v in line] for line in lines)]
    found = set()
    for some in combinations(rows, d - 1):
        vector = kernel_vector(some, d)
        for ray in () if vector is None else (vector, tuple(-v for v in vector)):
            if all(sum(a * y for a, y in zip(row, ray, strict=True)) <= 0 for row in rows):
                found.add(ray)
    return found


@settings(max_examples=150)
@given(d=st.integers(1, 4), data=st.data())
def test_rays_and_lines_are_those_of_brute_force(d, data):
    rows = data.draw(st.lists(st.lists(st.integers(-3, 3), min_size=d, max_size=d), max_size=8))
    cone = cone_of_rows(integer(rows), d)
    assert len(cone.lines) == d - rank(rows, d) == rank(cone.lines, d)
    for line in cone.lines:
        assert all(sum(a * y for a, y in zip(row, line, strict=True)) == 0 for row in rows)
    assert len(set(cone.rays)) == len(cone.rays)
    assert set(cone.rays) == rays_by_brute_force(rows, cone.lines, d)
    assert is_trivial_cone(integer(rows), d) == (not cone.rays and not cone.lines)
    rounded, exact = cone.cone(d), cone.cone(d, exact=True)
    assert (tuples(exact.rays), tuples(exact.lines)) == (cone.rays, cone.lines)
    assert rounded.rays.shape == (len(cone.rays), d) and rounded.lines.shape == (len(cone.lines), d)
    assert rounded.is_trivial == exact.is_trivial == is_trivial_cone(integer(rows), d)
    assert np.allclose(np.linalg.norm(np.vstack([rounded.rays, rounded.lines]), axis=1), 1)


def test_a_wedge_comes_counter_clockwise():
    assert Polytope([[-1, 0], [1, -3]], [5, 1]).rays(exact=True).rays.tolist() == [[3, 1], [0, 1]]
    assert Polytope([[1, 0], [0, 1]], [5, 1]).rays(exact=True).rays.tolist() == [[-1, 0], [0, -1]]
    assert np.allclose(Polytope([[-1, 0], [1, -3]], [0, 0]).rays().rays[0], np.array([3, 1]) / np.sqrt(10))


@pytest.mark.parametrize(
    ("A", "rays", "lines"),
    [
        ([[1, 0], [-1, 0]], [], [(0, 1)]),
        ([[1, 0], [-1, 0], [0, 1]], [(0, -1)], []),
        ([[1, 1]], [(-1, -1)], [(-1, 1)]),
        (np.zeros((0, 2)), [], [(1, 0), (0, 1)]),
        (np.zeros((1, 2)), [], [(1, 0), (0, 1)]),
        ([[1, 0], [0, 1], [-1, -1]], [], []),
    ],
    ids=["strip", "half strip", "half-plane", "plane", "row of zeros", "triangle"],
)
def test_in_the_plane(A, rays, lines):
    polytope = Polytope(A, np.ones(len(A)))
    cone = polytope.rays(exact=True)
    assert (tuples(cone.rays), tuples(cone.lines)) == (rays, lines)
    assert cone.is_trivial == polytope.rays().is_trivial == polytope.is_bounded
    assert repr(polytope.rays()) == f"RecessionCone({len(rays)} rays, {len(lines)} lines)"


@pytest.mark.parametrize("d", [1, 2, 3, 5])
def test_boxes_have_none_and_orthants_the_axes(d):
    assert Box([-1] * d, [1] * d).to_polytope().rays().is_trivial
    axes = Polytope(-np.eye(d), np.zeros(d)).rays()
    assert (axes.rays == np.eye(d)[::-1]).all() or d == 2
    assert len(axes.rays) == d and not len(axes.lines)


def test_a_strip_is_told_from_a_wedge_however_thin():
    wedge = Polytope([[1, 0], [-1, 2.0**-1000]], [1, 1]).rays(exact=True)
    assert (wedge.rays.tolist(), wedge.lines.tolist()) == ([[-1, -(2**1000)], [0, -1]], [])
    assert Polytope([[1, 0], [-1, 0]], [1, 1]).rays(exact=True).lines.tolist() == [[0, 1]]


def test_the_empty_polytope_has_no_rays():
    with pytest.raises(DomainError, match="empty polytope has no rays"):
        Polytope([[1, 0], [-1, 0]], [-1, 0]).rays()

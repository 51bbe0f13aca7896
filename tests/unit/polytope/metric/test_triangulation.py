"""Simplices that fit together."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import reference
from polytope_lens import Polytope
from polytope_lens.errors import IntractableError
from polytope_lens.polytope.generators import generators
from polytope_lens.polytope.metric.triangulation import triangulate
from solids import bounded_polytopes, cube, fraction_rows


def test_simplices_of_a_cube_fit_together():
    found = generators(cube(3))
    parts = triangulate(found)
    assert sum(parts.sizes) == 1
    # A facet of a simplex belongs to two of them, or lies in a facet of the cube.
    seen: dict[frozenset, int] = {}
    for simplex_ in parts.simplices:
        for left_out in simplex_:
            facet = frozenset(simplex_) - {left_out}
            seen[facet] = seen.get(facet, 0) + 1
    for facet, times in seen.items():
        on_boundary = found.tight[sorted(facet)].all(axis=0).any()
        assert times == (1 if on_boundary else 2)


@settings(max_examples=60)
@given(data=st.data(), d=st.integers(1, 3))
def test_no_two_simplices_hold_a_point_and_none_is_missed(data, d):
    """By barycentric coordinates in fractions: a generic point lies in one simplex inside, and in none outside."""
    poly = data.draw(bounded_polytopes(d))
    assume(poly.has_interior)
    found = generators(poly)
    parts = triangulate(found)
    assert parts.dim == d and min(parts.sizes) > 0
    corners = [[Fraction(v, p[-1]) for v in p[:-1]] for p in found.vertices]
    # Prime denominators keep it off the walls, which are planes through a few small fractions.
    x = [Fraction(data.draw(st.integers(-3000, 3000).filter(lambda n, p=p: n % p)), p) for p in (1009, 1013, 1019)[:d]]
    holders = 0
    for simplex_ in parts.simplices:
        square = [[corners[i][k] for i in simplex_] for k in range(d)] + [[Fraction(1)] * (d + 1)]
        shares = reference.solve([[*row, -v] for row, v in zip(square, [*x, Fraction(1)], strict=True)])
        assert shares is not None
        holders += all(v >= 0 for v in shares)
    inside = all(reference.dot(row, [*x, Fraction(1)]) <= 0 for row in fraction_rows(poly))
    assert holders == inside


def test_sizes_of_flat_ones_are_shares():
    """A square in space, upright and slanted: two halves, and no volume where a coordinate is left out."""
    upright = Polytope([*np.eye(3), *-np.eye(3)], [1, 1, 0, 0, 0, 0])
    slanted = Polytope([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [1, 1, 1], [-1, -1, -1]], [1, 0, 1, 0, 0, 0])
    for flat in (upright, slanted):
        parts = triangulate(generators(flat))
        assert parts.dim == 2
        assert parts.sizes[0] == parts.sizes[1] > 0
    point = triangulate(generators(Polytope([[1], [-1]], [2, -2])))
    assert (point.dim, point.simplices, point.sizes) == (0, [(0,)], [1])


def test_too_many_simplices_are_refused():
    assert len(triangulate(generators(cube(4))).simplices) == 24
    assert len(triangulate(generators(cube(4)), 24).simplices) == 24
    with pytest.raises(IntractableError, match="more than 23 simplices"):
        triangulate(generators(cube(4)), 23)

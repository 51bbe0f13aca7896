"""Facets, against fractions and against SciPy; malformed ones, and how they print."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.spatial import HalfspaceIntersection

import reference
from polytope_lens.domain import Box
from polytope_lens.errors import DimensionError
from polytope_lens.polytope import Polytope
from solids import bounded_polytopes, fraction_rows


@given(data=st.data(), d=st.integers(1, 3))
def test_facets_are_the_rows_that_hold_d_independent_vertices(data, d):
    poly = data.draw(bounded_polytopes(d))
    assume(poly.has_interior)
    assert poly.facets().tolist() == reference.facet_mask(fraction_rows(poly))


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


def test_malformed_polytopes_are_refused():
    with pytest.raises(DimensionError, match=r"needs b of shape \(2,\), but received \(1,\)"):
        Polytope(np.eye(2), [1])
    with pytest.raises(DimensionError, match="finite"):
        Polytope([[np.inf]], [1])
    with pytest.raises(DimensionError, match="needs points with 2 coordinates"):
        Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, 1]).contains([[1, 2, 3]])


def test_repr():
    assert repr(Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, 1])) == "Polytope(3 inequalities in R^2)"


def test_rows_can_be_written_to_without_changing_the_polytope():
    square = Polytope([[1, 0], [-1, 0], [0, 1], [0, -1]], [1, 1, 1, 1])
    square.rows[0][0] = 100
    assert square.rows[0] == [1, 0, -1]
    assert square.volume() == 4


def test_bounds_of_zero_have_no_sign():
    assert repr(Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, 1]).bounding_box()[0].tolist()) == "[0.0, 0.0]"
    assert repr(Polytope([[1], [-1]], [0, 1]).bounding_box()[1].tolist()) == "[0.0]"

"""Vertices of polytopes of all kinds, against all choices of d rows, cddlib and SciPy."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import comb

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.spatial import HalfspaceIntersection

import reference
from polytope_lens import Lens, Polytope
from polytope_lens.errors import DomainError, IntractableError
from polytope_lens.polytope.generators import generators
from reference import tuples
from solids import cross_polytope, cube, fraction_rows, polytopes, scattered, simplex, sliver

# github.com/cddlib/cddlib/issues/67: two sides are nearly parallel, and float arithmetic loses two of five corners.
ISSUE_67 = np.array(
    [
        [-0.5367662906646729, 0.9292178750038147, 0.36953237652778625],
        [0.39611172676086426, 0.058287363499403, -0.9982998371124268],
        [-0.17240175604820251, -0.0582873672246933, 0.9982998371124268],
        [-0.45, 1, 0],
        [0.45, 0, -1],
        [-0.35, 0, 1],
    ]
)


def as_floats(rows):
    return sorted(tuple(float(v) for v in row) for row in rows)


@pytest.mark.parametrize("d", range(1, 7))
def test_cubes_simplices_and_cross_polytopes(d):
    assert sorted(tuples(cube(d).vertices(exact=True))) == sorted(np.ndindex((2,) * d))
    corners = tuples(simplex(d).vertices(exact=True))
    assert sorted(corners) == sorted([(0,) * d, *(tuple(int(i == k) for i in range(d)) for k in range(d))])
    tips = cross_polytope(d)
    assert sorted(tuples(tips.vertices(exact=True))) == sorted(
        tuple(s * (i == k) for i in range(d)) for k in range(d) for s in (-1, 1)
    )
    assert tips.incidences().sum(axis=1).tolist() == [2 ** (d - 1)] * (2 * d)


def test_no_corner_is_lost_where_float_arithmetic_loses_two():
    poly = Polytope(-ISSUE_67[:, 1:], ISSUE_67[:, 0])
    assert len(poly.vertices()) == 5
    assert sorted(tuples(poly.vertices(exact=True))) == sorted(reference.vertices(fraction_rows(poly)))


def test_float_cddlib_does_lose_them():
    cdd = pytest.importorskip("cdd")
    found = cdd.copy_generators(
        cdd.polyhedron_from_matrix(cdd.matrix_from_array(ISSUE_67, rep_type=cdd.RepType.INEQUALITY))
    )
    assert len(found.array) == 3


@settings(max_examples=150)
@given(data=st.data(), d=st.integers(1, 3))
def test_vertices_are_the_feasible_crossings_of_d_rows(data, d):
    poly = data.draw(polytopes(d))
    assume(not poly.is_empty)
    rows = fraction_rows(poly)
    found = tuples(poly.vertices(exact=True))
    expected = reference.vertices(rows)
    assert sorted(found) == sorted(expected)
    assert poly.vertices().tolist() == [[float(v) for v in x] for x in found]
    assert len(found) == 0 or not poly.rays().lines.size
    assert poly.incidences().tolist() == [
        [any(row[:-1]) and reference.dot(row[:-1], x) + row[-1] == 0 for row in rows] for x in found
    ]
    if d != 2:
        assert found == sorted(found)


@settings(max_examples=100)
@given(data=st.data(), d=st.integers(1, 3))
def test_rays_of_the_same_cone_are_those_of_the_recession_cone(data, d):
    poly = data.draw(polytopes(d))
    assume(not poly.is_empty)
    found = generators(poly)
    cone = poly.rays(exact=True)
    assert found.has_line == bool(len(cone.lines))
    assert found.has_line or sorted(found.rays) == sorted(tuples(cone.rays))


@settings(max_examples=100)
@given(data=st.data())
def test_polygons_turn_to_the_left(data):
    poly = data.draw(polytopes(2))
    assume(not poly.is_empty)
    corners, cone = tuples(poly.vertices(exact=True)), poly.rays(exact=True)
    steps = [(q[0] - p[0], q[1] - p[1]) for p, q in zip(corners, corners[1:] + corners[:1], strict=True)]
    if len(cone.rays) and corners:
        # The boundary comes in along the last ray and leaves along the first one.
        first, last = cone.rays[0], cone.rays[-1]
        steps = [(-last[0], -last[1]), *steps[:-1], first]
    turns = [a * d - b * c for (a, b), (c, d) in pairwise(steps if len(cone.rays) else steps + steps[:1])]
    if poly.has_interior:
        assert all(turn > 0 for turn in turns)


def test_the_first_corner_of_a_polygon_is_the_lowest_of_the_rightmost():
    assert cube(2).vertices().tolist() == [[1, 0], [1, 1], [0, 1], [0, 0]]


@pytest.mark.parametrize("width", [1e-12, 1e-30, 1e-300, 5e-324])
@pytest.mark.parametrize("d", [2, 3, 4])
def test_slivers_keep_all_their_corners(d, width):
    found = tuples(sliver(d, width).vertices(exact=True))
    expected = {
        (x, *(Fraction(side) - x / 2 for side in sides))
        for x in (Fraction(0), Fraction(width))
        for sides in np.ndindex((2,) * (d - 1))
    }
    assert set(found) == expected
    assert len(found) == 2**d


@pytest.mark.parametrize(("d", "m"), [(2, 30), (3, 30), (4, 20), (5, 12), (6, 8)])
def test_generic_vertices_agree_with_scipy_and_cddlib(d, m):
    poly = scattered(d, m)
    expected = HalfspaceIntersection(np.column_stack([poly.A, -poly.b]), np.zeros(d)).intersections
    found = poly.vertices()
    distance = np.abs(found[:, None] - expected[None]).max(axis=2)
    assert distance.min(axis=1).max() < 1e-8
    assert distance.min(axis=0).max() < 1e-8
    assert poly.incidences().sum(axis=1).tolist() == [d] * len(found)
    cdd = pytest.importorskip("cdd")
    matrix = cdd.matrix_from_array(np.column_stack([poly.b, -poly.A]), rep_type=cdd.RepType.INEQUALITY)
    assert len(cdd.copy_generators(cdd.polyhedron_from_matrix(matrix)).array) == len(found)


@pytest.mark.parametrize("d", [2, 4, 5, 6])
def test_cyclic_polytopes_have_the_most_facets_that_there_can_be(d):
    """The polar of points on the moment curve; McMullen's upper bound theorem is met with equality."""
    n = d + 4
    t = np.arange(n) - (n - 1) / 2
    points = t[:, None] ** np.arange(1, d + 1)
    # A translation by a point inside, times n, keeps them whole numbers.
    poly = Polytope(n * points - points.sum(axis=0), np.ones(n))
    half = d // 2
    expected = comb(n - half, half) + comb(n - half - 1, half - 1) if d % 2 == 0 else 2 * comb(n - half - 1, half)
    assert len(poly.vertices(exact=True)) == expected


def test_flat_and_unbounded_ones():
    segment = Polytope([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], [1, 0, 0, 0, 2, -2])
    assert segment.vertices().tolist() == [[0, 0, 2], [1, 0, 2]]
    point = Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, 0])
    assert point.vertices().tolist() == [[0, 0]]
    strip = Polytope([[1, 0], [-1, 0]], [1, 1])
    assert strip.vertices().shape == (0, 2)
    assert strip.vertices(exact=True).shape == (0, 2)
    assert strip.incidences().shape == (0, 2)
    half_strip = Polytope([[1, 0], [-1, 0], [0, -1]], [1, 0, 0])
    assert half_strip.vertices().tolist() == [[0, 0], [1, 0]]
    assert Polytope(np.zeros((0, 3)), []).vertices().shape == (0, 3)
    with pytest.raises(DomainError, match="empty polytope has no vertices"):
        Polytope([[1, 0], [-1, 0]], [0, -1]).vertices()
    with pytest.raises(DomainError, match="empty polytope"):
        Polytope([[1, 0], [-1, 0], [0, 1], [0, -1]], [0, -5e-324, 1, 1]).vertices()
    with pytest.raises(DomainError, match="empty polytope"):
        Polytope([[0, 0], [1, 1]], [-1, 0]).vertices()


def test_too_many_rays_are_noticed_on_the_way():
    with pytest.raises(IntractableError, match="more than 100"):
        generators(cube(7), most=100)
    with pytest.raises(IntractableError, match=r"vertices of a polytope with 14 different rows in R\^7"):
        cube(7).vertices(max_vertices=100)
    assert len(cube(7).vertices(max_vertices=None)) == 128


def test_regions_have_the_corners_of_their_exact_rows():
    """Three lines meet in one point for the network, and in three points once their rows are rounded."""
    weights = [[[1.0, 0.0], [0.0, 1.0]], [[0.1, 0.2], [0.3, -0.7]], [[1.0, 1.0]]]
    region = Lens.from_arrays(weights, [[0, 0], [0, 0], [0]]).at([1.0, 0.25])
    assert tuples(region.vertices(exact=True)) == [(0, 0)]
    corners = set(tuples(region.vertices(exact=True)))
    system = region.inequalities(exact=True)
    assert all(system.contains(x) for x in corners)


def test_rows_that_say_the_same_are_all_marked():
    poly = Polytope([[2, 0], [-1, 0], [1, 0], [0, 1], [0, -1], [0, 0]], [2, 0, 1, 1, 0, 0])
    corners = poly.vertices()
    expected = np.isclose(corners @ poly.A.T, poly.b) & np.array([True] * 5 + [False])
    assert (poly.incidences() == expected).all()


def test_order_does_not_depend_on_the_order_of_rows():
    poly = scattered(3, 12)
    order = np.random.default_rng(0).permutation(len(poly.b))
    again = generators(Polytope(poly.A[order], poly.b[order]))
    assert tuples(again.fractions(3)) == tuples(poly.vertices(exact=True))
    assert (again.tight == poly.incidences()[:, order]).all()


def test_vertices_ascend_by_exact_coordinates_also_where_floats_are_the_same():
    # The first coordinates of three corners differ by less than floats can tell.
    tiny = Fraction(1, 2**80)
    tilted = Polytope([[1, tiny], [-1, -tiny], [0, 1], [0, -1]], [1, 0, 1, 1])
    found = [tuple(vertex) for vertex in tilted.vertices(exact=True)]
    assert len(set(found)) == 4
    box = Polytope([[1, tiny, 0], [-1, -tiny, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], [1, 0, 1, 1, 1, 0])
    found = [tuple(vertex) for vertex in box.vertices(exact=True)]
    assert len(found) == 8
    assert found == sorted(found)

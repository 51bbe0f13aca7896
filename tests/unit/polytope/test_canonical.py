"""Polytopes are equal if they are the same set, whatever rows say so; unequal if any point tells them apart."""

from __future__ import annotations

import copy
import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from families import golden
from polytope_lens import Box, Lens, Polytope
from polytope_lens.polytope.canonical import canonical
from polytope_lens.testing import networks
from reference import tuples
from solids import bounded_polytopes, cube, polytopes, simplex

FACTORS = st.sampled_from((1, 2, 3, Fraction(1, 3), Fraction(7, 5), 2**70, Fraction(1, 2**70)))
SPACE = Polytope(np.zeros((0, 2)), [])
EMPTY = Polytope([[1, 0], [-1, 0]], [0, -1])


def retold(data, poly):
    """The same set: rows permuted and multiplied, and others added that follow from them."""
    A, b = (array.tolist() for array in poly.fractions())
    rows = [[*row, bound] for row, bound in zip(A, b, strict=True)]
    for _ in range(data.draw(st.integers(0, 3))):
        weights = data.draw(st.lists(st.integers(0, 2), min_size=len(rows), max_size=len(rows)))
        added = [sum(w * row[k] for w, row in zip(weights, rows, strict=True)) for k in range(poly.dim + 1)]
        added[-1] += data.draw(st.integers(0, 2))
        rows.append(added)
    rows = data.draw(st.permutations(rows))
    factors = data.draw(st.lists(FACTORS, min_size=len(rows), max_size=len(rows)))
    rows = [[factor * v for v in row] for factor, row in zip(factors, rows, strict=True)]
    table = np.empty((len(rows), poly.dim + 1), dtype=object)
    for i, row in enumerate(rows):
        table[i] = row
    return Polytope(table[:, :-1], table[:, -1])


@given(data=st.data(), d=st.integers(1, 3))
def test_the_same_set_told_otherwise_is_equal(data, d):
    poly = data.draw(st.one_of(polytopes(d), bounded_polytopes(d)))
    other = retold(data, poly)
    assert poly == other and hash(poly) == hash(other)
    assert len({poly, other}) == 1


@given(data=st.data(), d=st.integers(1, 2))
def test_sets_are_equal_if_and_only_if_they_hold_each_other(data, d):
    """By vertices and rays of either against the rows of the other."""
    one, other = data.draw(bounded_polytopes(d)), data.draw(bounded_polytopes(d))
    if one.is_empty or other.is_empty:
        assert (one == other) == (one.is_empty and other.is_empty)
        return
    holds = [
        all(
            sum(a * x for a, x in zip(row, point, strict=True)) <= bound
            for point in p.vertices(exact=True)
            for row, bound in zip(*q.fractions(), strict=True)
        )
        for p, q in ((one, other), (other, one))
    ]
    assert (one == other) == all(holds)


@given(data=st.data(), d=st.integers(1, 3), up=st.booleans())
def test_a_facet_that_moves_by_one_ulp_makes_another_set(data, d, up):
    poly = data.draw(bounded_polytopes(d))
    assume(poly.has_interior)
    q = data.draw(st.sampled_from(np.flatnonzero(poly.facets()).tolist()))
    # Several rows may say the same.
    same_facet = [i for i, row in enumerate(poly.rows) if _parallel(row, poly.rows[q])]
    b = poly.b.copy()
    b[same_facet] = np.nextafter(b[same_facet], np.inf if up else -np.inf)
    moved = Polytope(poly.A, b)
    assert moved != poly
    assert not (moved.is_empty and poly.is_empty)


def _parallel(one, other):
    return all(p * b == q * a for (p, a) in zip(one, other, strict=True) for (q, b) in zip(one, other, strict=True))


@given(data=st.data(), d=st.integers(2, 3))
def test_flat_ones_have_equations(data, d):
    poly = data.draw(bounded_polytopes(d))
    row = data.draw(st.lists(st.integers(-2, 2), min_size=d, max_size=d).filter(any))
    offset = data.draw(st.integers(-2, 2))
    flat = Polytope(np.vstack([poly.A, [row], np.negative([row])]), [*poly.b, offset, -offset])
    other = retold(data, flat)
    assert flat == other and hash(flat) == hash(other)
    form = canonical(flat)
    if flat.is_empty:
        assert form.equations is None
        return
    points = tuples(flat.vertices(exact=True))
    rank = np.linalg.matrix_rank(np.array([[float(v) for v in p] for p in points]) - np.array(points[0], dtype=float))
    assert len(form.equations) == d - rank
    for equation in form.equations:
        assert all(sum(a * x for a, x in zip(equation, (*p, 1), strict=True)) == 0 for p in points)
    # Each facet holds as many vertices as span it.
    for facet in form.facets:
        on = [p for p in points if sum(a * x for a, x in zip(facet, (*p, 1), strict=True)) == 0]
        assert len(on) >= max(1, rank)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (SPACE, Polytope([[0, 0]], [1]), True),
        (SPACE, Polytope(np.zeros((0, 3)), []), False),
        (SPACE, EMPTY, False),
        (EMPTY, Polytope([[0, 0]], [-1]), True),
        (EMPTY, Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, -1e-300]), True),
        (EMPTY, Polytope([[1], [-1]], [0, -1]), False),
        (Polytope([[1, 0], [-1, 0]], [0, 0]), Polytope([[2, 0], [-3, 0], [1, 0]], [0, 0, 5]), True),
        # Two equations for the line x = y, z = 0 in space.
        (
            Polytope([[1, -1, 0], [-1, 1, 0], [0, 0, 1], [0, 0, -1]], [0] * 4),
            Polytope([[1, -1, 1], [-1, 1, -1], [0, 0, 3], [0, 0, -1]], [0] * 4),
            True,
        ),
        # A point, as a flat and as the tip of a cone.
        (Polytope([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), Polytope([[-1, 0], [0, -1], [1, 1]], [0] * 3), True),
        (cube(3), simplex(3), False),
        (cube(2), Box([0, 0], [1, 1]).to_polytope(), True),
        (Polytope([[1]], [1]), Polytope([[1]], [np.nextafter(1, 2)]), False),
        (Polytope([[3]], [1]), Polytope([[1]], [Fraction(1, 3)]), True),
        (Polytope([[3]], [1]), Polytope([[1]], [1 / 3]), False),
    ],
)
def test_cases(one, other, same):
    assert (one == other) is same
    assert (one != other) is not same
    assert not same or hash(one) == hash(other)


def test_other_things_are_no_polytopes():
    assert cube(2) != Box([0, 0], [1, 1])
    assert cube(2) != "cube"


@given(network=networks(st.integers(1, 3)), data=st.data())
def test_copies_of_regions_polytopes_are_equal(network, data):
    box = Box([-1] * network.input_dim, [1] * network.input_dim)
    partition = Lens(network).partition(box)
    region = partition[data.draw(st.integers(0, len(partition) - 1))]
    poly = region.polytope
    assert poly is region.polytope
    for again in (copy.copy(poly), copy.deepcopy(poly), pickle.loads(pickle.dumps(poly))):
        assert again == poly and again.owners == poly.owners and (again.A == poly.A).all()
    assert poly == region.inequalities(exact=True).to_polytope()
    assert poly == Polytope.from_json(poly.export.json()) == Polytope.from_ine(poly.export.ine())


def test_rounding_makes_another_set_where_it_rounds():
    region = Lens(golden((2, 4, 4, 4), 1)).at([0.3, -0.2])
    poly = region.polytope
    rounded = Polytope(poly.A, poly.b)
    assert (rounded.A == poly.A).all() and (rounded.b == poly.b).all()
    exact = all(Fraction(v) == w for v, w in zip(poly.A.ravel(), poly.fractions()[0].ravel(), strict=True))
    assert (rounded == poly) == exact


def test_the_same_rows_need_no_search_for_facets():
    """A thousand rows in fifty dimensions, of which a search would take minutes."""
    rng = np.random.default_rng(0)
    A, b = rng.standard_normal((1000, 50)), np.ones(1000)
    order = rng.permutation(1000)
    assert Polytope(A, b) == Polytope(4 * A[order], 4 * b[order])

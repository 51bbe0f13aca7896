"""Which rows are facets: exact, with floats in front or without."""

from __future__ import annotations

import numpy as np
import pytest
from flint import fmpz
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from polytope_lens import Polytope
from polytope_lens.arithmetic.rational import integer_rows, rationals
from polytope_lens.arithmetic.rational import integers as whole
from polytope_lens.errors import DomainError
from polytope_lens.polytope import facets
from polytope_lens.polytope.batch.statuses import FACET, OPEN, REDUNDANT
from polytope_lens.polytope.facets import (
    distinct,
    exact_facet_mask,
    facets_of_distinct,
    homogeneous,
    primitive,
    proved_statuses,
    rows_are_independent,
)
from solids import fraction_rows


def integers(rows):
    return [[fmpz(v) for v in row] for row in rows]


# x <= 1, y <= 1, x >= 0, y >= 0, 2 x <= 2, x + y <= 2 through a corner, and x + y <= 3.
ROWS = [[1, 0, -1], [0, 1, -1], [-1, 0, 0], [0, -1, 0], [2, 0, -2], [1, 1, -2], [1, 1, -3]]
MASK = [True, True, True, True, True, False, False]


@pytest.mark.parametrize("inside", [None, [1, 1, 2], [0, 0, 1], [5, 5, 1]])
def test_with_a_point_inside_on_the_boundary_outside_or_without(inside):
    inside = None if inside is None else [fmpz(v) for v in inside]
    assert exact_facet_mask(integers(ROWS), inside).tolist() == MASK


def test_what_is_known_is_not_asked_again():
    known = [OPEN] * len(ROWS)
    known[0], known[5] = FACET, REDUNDANT
    assert exact_facet_mask(integers(ROWS), None, known).tolist() == MASK
    # It is believed.
    known[6] = FACET
    assert exact_facet_mask(integers(ROWS), None, known)[6]


def test_rows_of_one_halfspace_are_put_together():
    assert primitive([fmpz(4), fmpz(-6), fmpz(0)]) == (2, -3, 0)
    assert distinct(integers([[2, 0, -2], [0, 0, -1], [1, 0, -1], [-1, 0, 1]])) == {(1, 0, -1): [0, 2], (-1, 0, 1): [3]}


def test_numbers_of_distinct_rows():
    rows = integers(ROWS[:4] + ROWS[5:])
    assert facets_of_distinct(rows) == {0, 1, 2, 3}
    assert facets_of_distinct(rows, None, [True] * 6) == set(range(6))
    assert facets_of_distinct(integers([[1, 0, 0, -1], [0, 1, 0, -1]])) == {0, 1}
    assert facets_of_distinct([]) == set()


def test_without_interior_there_are_none():
    with pytest.raises(DomainError, match="without interior"):
        exact_facet_mask(integers([[1, 0], [-1, 0]]))


@given(data=st.data())
@settings(max_examples=80, deadline=None)
def test_floats_in_front_change_nothing(data):
    d, m = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 9))
    entry = st.integers(-3, 3)
    normals = data.draw(st.lists(st.lists(entry, min_size=d, max_size=d), min_size=m, max_size=m))
    rows = integers([[*normal, -data.draw(st.integers(1, 4))] for normal in normals])
    inside = [fmpz(0)] * d + [fmpz(1)]
    mask = exact_facet_mask(rows, inside)
    chosen = list(distinct(rows).values())
    first = [rows[members[0]] for members in chosen]
    known = np.zeros(len(first), dtype=np.int8)
    for hasty in (False, True):
        status = proved_statuses(first, inside, np.full(d, np.inf), known, hasty=hasty) if first else known
        expected = np.where([mask[members[0]] for members in chosen], FACET, REDUNDANT)
        assert ((status == expected) | (status == OPEN)).all()
    poly = Polytope([row[:-1] for row in map(list, rows)], [-row[-1] for row in rows])
    assert poly.facets().tolist() == mask.tolist()


@pytest.mark.parametrize("d", [3, 8])
def test_rationals_and_float_proposals_beyond_a_few_coordinates_agree(monkeypatch, d):
    rng = np.random.default_rng(d)
    rows = integer_rows(np.column_stack([rng.standard_normal((3 * d, d)), -rng.uniform(0.1, 1, 3 * d)]))
    answers = []
    for limit in (0, 20):
        monkeypatch.setattr(facets, "EXACT_DIMENSION", limit)
        answers.append(exact_facet_mask(rows).tolist())
    assert answers[0] == answers[1]
    assert any(answers[0])


def test_floats_prove_nothing_from_a_point_on_the_boundary():
    first = integers(ROWS[:4])
    status = proved_statuses(first, [fmpz(0), fmpz(0), fmpz(1)], np.full(2, np.inf), np.zeros(4, dtype=np.int8))
    assert status.tolist() == [OPEN] * 4


def test_independent_rows():
    assert rows_are_independent(np.eye(3)[:2])
    assert rows_are_independent(np.zeros((0, 3)))
    assert not rows_are_independent(np.ones((2, 3)))
    assert not rows_are_independent(np.eye(3)[[0, 1, 2, 0]])
    assert not rows_are_independent(np.array([[0.0, 0.0]]))
    assert not rows_are_independent(np.array([[1.0, 0.0], [1.0, 2.0**-52]]))
    assert rows_are_independent(np.array([[1e-100, 0.0], [0.0, 1e100]]))


def test_beside_the_reference():
    rng = np.random.default_rng(4)
    for _ in range(5):
        A = np.vstack([rng.integers(-3, 4, (8, 3)), np.eye(3, dtype=int), -np.eye(3, dtype=int)])
        b = np.append(rng.integers(1, 5, 8), [3] * 6)
        poly = Polytope(A, b)
        assert poly.facets().tolist() == reference.facet_mask(fraction_rows(poly))


@pytest.mark.parametrize("d", [3, 9])
def test_of_a_polytope_floats_and_rationals_say_the_same(monkeypatch, d):
    rng = np.random.default_rng(d)
    A, b = rng.standard_normal((4 * d, d)), rng.uniform(0.1, 1, 4 * d)
    found = Polytope(A, b).facets().tolist()
    # Of rows through a corner, and of some that say the same.
    corner = np.vstack([np.eye(d), -np.eye(d), np.ones((1, d)), 2 * np.eye(d)[:1]])
    ties = Polytope(corner, [1] * (2 * d) + [d, 2]).facets().tolist()
    assert ties == [True] * (2 * d) + [False, True]
    monkeypatch.setattr(facets, "pays_to_walk", lambda *_: False)
    assert Polytope(A, b).facets().tolist() == found
    assert Polytope(corner, [1] * (2 * d) + [d, 2]).facets().tolist() == ties


def test_homogeneous_coordinates():
    assert homogeneous(np.array([0.5, -0.25])) == whole(rationals([0.5, -0.25, 1]))
    assert homogeneous(np.array([np.inf])) is None

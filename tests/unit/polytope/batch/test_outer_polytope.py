"""Many rows in few coordinates, seen from outside, beside all of them decided in rationals."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.arithmetic.rational import integer_rows
from polytope_lens.polytope.batch import outer_polytope
from polytope_lens.polytope.batch.large import Polar
from polytope_lens.polytope.batch.outer_polytope import narrow
from polytope_lens.polytope.batch.statuses import CONSTANT, FACET, OPEN, REDUNDANT
from polytope_lens.polytope.facets import facets_of_distinct, homogeneous


def polar_of(rows, extent=np.inf, error=0.0):
    rows = np.asarray(rows, dtype=np.float64)
    m, d = rows.shape
    return Polar(rows, np.full((m, d), error), np.full(m, error), np.full(d, extent), np.zeros(m, dtype=bool))


def many(seed, m, d):
    """Rows at distances from about 1 to 100, the nearest ones few."""
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((m, d))
    return rows / np.linalg.norm(rows, axis=1)[:, None] / np.exp(rng.uniform(0, 5, m))[:, None]


def by_rationals(rows):
    return facets_of_distinct(integer_rows(np.column_stack([rows, -np.ones(len(rows))])), homogeneous(0.0 * rows[0]))


@pytest.mark.parametrize("d", [1, 2, 3, 5])
@pytest.mark.parametrize("extent", [np.inf, 200.0])
def test_nearly_all_is_decided_as_rationals_do(monkeypatch, d, extent):
    monkeypatch.setattr(outer_polytope, "MANY", 50)
    rows = many(d, 300, d)
    known, aims = np.full(len(rows), OPEN, dtype=np.int8), np.zeros(rows.shape)
    narrow(polar_of(rows, extent), known, aims)
    facets = by_rationals(rows)
    assert set(np.flatnonzero(known == FACET).tolist()) <= set(facets)
    assert not set(np.flatnonzero(known == REDUNDANT).tolist()) & set(facets)
    assert (known == OPEN).sum() <= 3
    for q in np.flatnonzero(known == FACET):
        beyond = rows @ aims[q] > 1
        assert beyond.sum() == 1
        assert beyond[q]


def test_rows_that_say_nothing_stay_and_few_rows_are_left_to_others(monkeypatch):
    rows = many(1, 100, 2)
    known = np.full(len(rows), OPEN, dtype=np.int8)
    narrow(polar_of(rows), known, np.empty((0, 2)))
    assert (known == OPEN).all()
    monkeypatch.setattr(outer_polytope, "MANY", 50)
    rows[7], known[7] = 0.0, CONSTANT
    narrow(polar_of(rows), known, np.empty((0, 2)))
    assert known[7] == CONSTANT
    assert (known == REDUNDANT).sum() > 50


@pytest.mark.parametrize(("name", "value"), [("MOST_CORNERS", 1), ("ROUNDS", 1)])
def test_what_takes_too_long_is_left_open_but_not_what_was_proved(monkeypatch, name, value):
    monkeypatch.setattr(outer_polytope, "MANY", 50)
    monkeypatch.setattr(outer_polytope, name, value)
    rows = many(2, 300, 3)
    known = np.full(len(rows), OPEN, dtype=np.int8)
    narrow(polar_of(rows), known, np.empty((0, 3)))
    assert not (known == REDUNDANT).any()
    assert set(np.flatnonzero(known == FACET).tolist()) <= set(by_rationals(rows))


def test_unbounded_polytopes_and_doubtful_numbers(monkeypatch):
    monkeypatch.setattr(outer_polytope, "MANY", 50)
    rows = many(3, 300, 3)
    rows[:, 0] = np.abs(rows[:, 0])  # a whole cone of ways out
    known = np.full(len(rows), OPEN, dtype=np.int8)
    narrow(polar_of(rows), known, np.empty((0, 3)))
    facets = set(by_rationals(rows))
    assert set(np.flatnonzero(known == FACET).tolist()) <= facets
    assert not set(np.flatnonzero(known == REDUNDANT).tolist()) & facets
    vague = np.full(len(rows), OPEN, dtype=np.int8)
    narrow(polar_of(rows, error=0.5), vague, np.empty((0, 3)))
    assert (vague == OPEN).all()

"""Facets of one large polytope: by aiming at them, and by quadratic programs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from polytope_lens.errors import IntractableError
from polytope_lens.polytope.batch import large, redundancy
from polytope_lens.polytope.batch.large import Polar, aim, are_implied, are_met_first, put_back, reduced, solve
from polytope_lens.polytope.batch.statuses import CONSTANT, FACET, OPEN, REDUNDANT


def implied(polar, q, basis):
    return bool(are_implied(polar, np.array([q]), np.asarray(basis))[0])


def polar_of(rows, error=0.0, slack_error=0.0, extent=np.inf, central=False):
    rows = np.array(rows, dtype=float)
    m, d = rows.shape
    bounds = np.full(rows.shape, error), np.full(m, slack_error), np.full(d, extent)
    return Polar(rows, *bounds, np.full(m, central))


def random_polar(m, d, seed, spread=1.0):
    rng = np.random.default_rng(seed)
    return polar_of(rng.standard_normal((m, d)) * np.exp(spread * rng.standard_normal((m, 1))))


def is_facet(rows, q):
    """Whether some point violates row q of ``h . v <= 1`` and no other; by a linear program in floats."""
    others = np.delete(rows, q, axis=0)
    found = linprog(-rows[q], A_ub=np.vstack([others, rows[q]]), b_ub=[*np.ones(len(others)), 2], bounds=(None, None))
    return -found.fun > 1 + 1e-9


def assert_true(polar, known, points):
    for q in range(len(known)):
        if known[q] == FACET:
            speed = polar.rows @ points[q]
            assert speed[q] > 1
            assert (np.delete(speed, q) < 1).all()
        elif known[q] == REDUNDANT:
            assert not is_facet(polar.rows, q)


@pytest.mark.parametrize(("m", "d"), [(12, 20), (30, 20), (60, 12)])
@pytest.mark.parametrize("spread", [0.1, 1.0, 4.0])
def test_what_is_marked_is_true_and_nearly_all_is(m, d, spread):
    polar = random_polar(m, d, m + d, spread)
    known, points = np.zeros(m, dtype=np.int8), np.zeros((m, d))
    aim(polar, known, points)
    assert_true(polar, known, points)
    after_aiming = (known == OPEN).sum()
    solve(polar, known, points)
    assert_true(polar, known, points)
    assert (known == OPEN).sum() <= min(after_aiming, m // 10)


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_rows_of_small_numbers_are_never_marked_wrongly(data):
    m, d = data.draw(st.integers(1, 8)), data.draw(st.integers(1, 4))
    entry = st.integers(-2, 2)
    rows = np.array(data.draw(st.lists(st.lists(entry, min_size=d, max_size=d), min_size=m, max_size=m)), dtype=float)
    known = np.where(rows.any(axis=1), OPEN, CONSTANT).astype(np.int8)
    polar, points = polar_of(rows), np.zeros((m, d))
    aim(polar, known, points)
    solve(polar, known, points)
    assert_true(polar, known, points)


def test_equal_rows_and_ties_stay_open():
    square = [[1, 0], [-1, 0], [0, 1], [0, -1]]
    for extra in ([1, 0], [0.5, 0.5]):
        known, points = np.zeros(5, dtype=np.int8), np.zeros((5, 2))
        polar = polar_of([*square, extra])
        aim(polar, known, points)
        solve(polar, known, points)
        assert known[4] == OPEN
        assert (known[[1, 3]] == FACET).all()


def test_a_coordinate_that_one_row_alone_depends_on_is_left_out_with_it():
    # The third row depends on z alone of all; without it, the second depends on y alone.
    polar = polar_of([[1, 0, 0], [1, 2, 0], [3, 1, 1], [-1, 0, 0]])
    status = np.zeros(4, dtype=np.int8)
    small = reduced(polar, status)
    assert small.rows.tolist() == [0, 3]
    assert small.coordinates.tolist() == [0]
    assert sorted(small.alone) == [(1, 1), (2, 2)]
    aims = np.zeros((4, 3))
    known = np.array([FACET, OPEN], dtype=np.int8)
    put_back(polar, small, known, status, aims, np.array([[1.5], [0.0]]))
    assert status.tolist() == [FACET, FACET, FACET, OPEN]
    assert_true(polar, np.where(status == OPEN, CONSTANT, status), aims)


def test_a_coordinate_whose_one_entry_may_be_zero_stays():
    polar = polar_of([[1, 2.0**-60], [-1, 0]], error=2.0**-59)
    assert not reduced(polar, np.zeros(2, dtype=np.int8)).alone


def test_flat_rows_are_in_nobodys_way():
    polar = polar_of([[1, 0], [0, 1], [5, 5]])
    known = np.array([OPEN, OPEN, CONSTANT], dtype=np.int8)
    aim(polar, known, np.zeros((3, 2)))
    assert known.tolist() == [FACET, FACET, CONSTANT]


def test_first_hits_are_proved_with_the_errors():
    rows = [[1, 0], [0, 1]]
    way, hit = np.array([[1, 0.9]]), np.array([0])
    assert are_met_first(polar_of(rows), way, hit)[0].tolist() == [True]
    assert are_met_first(polar_of(rows), way, np.array([1]))[0].tolist() == [False]
    assert are_met_first(polar_of(rows, error=0.02), way, hit)[0].tolist() == [True]
    assert are_met_first(polar_of(rows, error=0.04), way, hit)[0].tolist() == [False]
    assert are_met_first(polar_of(rows, slack_error=0.06), way, hit)[0].tolist() == [False]


def test_a_row_is_implied_by_others_with_the_errors():
    rows = [[1, 0], [0, 1], [0.4, 0.5]]
    basis = np.array([0, 1])
    assert implied(polar_of(rows), 2, basis)
    assert not implied(polar_of(rows, slack_error=0.06), 2, basis)
    assert not implied(polar_of(rows, error=0.2), 2, basis)
    assert not implied(polar_of(rows), 2, basis[:1])
    # What touches is implied only where all pass through one point, with positive multipliers.
    touching = [[1, 0], [0, 1], [0.5, 0.5]]
    assert not implied(polar_of(touching), 2, basis)
    assert implied(polar_of(touching, central=True), 2, basis)
    assert not implied(polar_of([[1, 0], [0, 1], [1, 0]], central=True), 2, basis)
    assert not implied(polar_of([[1, 0], [1, 0], [0.4, 0.5]]), 2, basis)


@pytest.mark.parametrize("hasty", [False, True])
def test_large_and_small_polytopes_have_the_same_facets(monkeypatch, hasty):
    polar = random_polar(40, 9, 1)
    answers = []
    for limit in (redundancy.LARGE, 0):
        monkeypatch.setattr(redundancy, "LARGE", limit)
        status, aims = np.zeros((1, 40), dtype=np.int8), np.zeros((1, 40, 9))
        batch = [array[None] for array in polar]
        redundancy.prove_redundancy(*batch, status, aims=aims, hasty=hasty and limit == 0)
        assert_true(polar, status[0], aims[0])
        answers.append(status[0])
    small, big = answers
    assert (small != OPEN).all()
    assert ((big == small) | (big == OPEN)).all()
    assert hasty or (big == small).all()


def test_numbers_out_of_range_are_left_open():
    polar = polar_of([[np.inf, 0], [0, 1]])
    known = np.zeros(2, dtype=np.int8)
    aim(polar, known, np.zeros((2, 2)))
    assert known.tolist() == [OPEN, OPEN]
    assert large._whitened(np.array([[np.nan]])) is None


def test_more_rows_than_products_fit_are_refused(monkeypatch):
    monkeypatch.setattr(large, "MOST_ROWS", 3)
    with pytest.raises(IntractableError, match=r"which of 4 inequalities in 2 dimensions are facets .*facets=False"):
        aim(polar_of(np.eye(2).repeat(2, axis=0)), np.full(4, OPEN, dtype=np.int8), np.empty((0, 2)))

"""Facets proved in floats: never wrong, seldom open."""

from __future__ import annotations

import numpy as np
import pytest
from flint import fmpz
from hypothesis import given, settings
from hypothesis import strategies as st

from polytope_lens.arithmetic.rational import integer_rows
from polytope_lens.polytope.batch.redundancy import prove_redundancy
from polytope_lens.polytope.batch.statuses import CONSTANT, FACET, NOT_ASKED, OPEN, REDUNDANT
from polytope_lens.polytope.facets import exact_facet_mask, proved_statuses


def origin(d):
    return [fmpz(0)] * d + [fmpz(1)]


def statuses(rows, extent=np.inf, error=0.0, slack_error=0.0):
    """Of ``h . v <= 1``; no row is central."""
    rows = np.array(rows, dtype=float)
    status = np.zeros((1, len(rows)), dtype=np.int8)
    prove_redundancy(
        rows[None],
        np.full((1, *rows.shape), error),
        np.full((1, len(rows)), slack_error),
        np.full((1, rows.shape[1]), extent),
        np.zeros((1, len(rows)), dtype=bool),
        status,
    )
    return status[0].tolist()


SQUARE = [[1, 0], [-1, 0], [0, 1], [0, -1]]


@pytest.mark.parametrize("extent", [1.0, 100.0, np.inf])
def test_a_square_and_a_line_that_misses_it(extent):
    assert statuses([*SQUARE, [0.25, 0.5]], extent) == [FACET] * 4 + [REDUNDANT]
    assert statuses([*SQUARE, [0.75, 0.5]], extent) == [FACET] * 5


def test_a_line_parallel_to_a_side_is_a_tie_only_where_nothing_bounds_it():
    strip = [[1, 0], [-1, 0], [0.5, 0]]
    assert statuses(strip, 10.0) == [FACET, FACET, REDUNDANT]
    assert statuses(strip) == [FACET, FACET, OPEN]


def test_ties_stay_open():
    # Through a corner; the same side twice.
    assert statuses([*SQUARE, [0.5, 0.5]], 1.0) == [FACET] * 4 + [OPEN]
    assert statuses([*SQUARE, [1, 0]], 1.0)[0] == statuses([*SQUARE, [1, 0]], 1.0)[4] == OPEN


def test_errors_are_taken_seriously():
    near = [*SQUARE, [0.49, 0.5]]
    assert statuses(near, 1.0, error=1e-3)[4] == REDUNDANT
    assert statuses(near, 1.0, error=6e-3)[4] == OPEN
    assert statuses(near, 2.0, slack_error=1e-3)[4] == REDUNDANT
    assert statuses(near, 2.0, slack_error=6e-3)[4] == OPEN
    assert statuses([*SQUARE, [0.51, 0.5]], 1.0, error=6e-3)[4] == OPEN
    assert statuses([*SQUARE, [0.51, 0.5]], 1.0, error=1e-3)[4] == FACET


def test_multipliers_must_be_positive_for_all_rows_within_the_error():
    # Below the quadrant x, y <= 1, unless its slope turns negative.
    low = [[1, 0], [0, 1], [0.5, 1e-6]]
    assert statuses(low, error=1e-9)[2] == REDUNDANT
    assert statuses(low, error=1e-3)[2] == OPEN


def test_a_row_must_be_met_first_for_all_right_hand_sides():
    rows, status = np.array([[[1.0], [0.1]]]), np.zeros((1, 2), dtype=np.int8)
    for error, expected in ((0.5, [FACET, REDUNDANT]), (20.0, [OPEN, OPEN])):
        found = status.copy()
        right = np.array([[error, 0.0]])
        prove_redundancy(rows, np.zeros_like(rows), right, np.full((1, 1), np.inf), np.zeros((1, 2), dtype=bool), found)
        assert found.tolist() == [expected]


def test_a_multiple_of_a_facet_is_not_implied_though_both_pass_through_one_point():
    status = np.array([[FACET, OPEN]], dtype=np.int8)
    rows, zeros = np.ones((1, 2, 1)), np.zeros((1, 2))
    prove_redundancy(rows, np.zeros_like(rows), zeros, np.full((1, 1), np.inf), zeros == 0, status)
    assert status.tolist() == [[FACET, OPEN]]


def test_what_is_known_stays():
    status = np.array([[CONSTANT, FACET, OPEN, REDUNDANT]], dtype=np.int8)
    rows = np.array([[[np.nan, 0], [1, 0], [0, 1], [0, 2]]], dtype=float)
    zeros = np.zeros((1, 4))
    prove_redundancy(rows, np.zeros_like(rows), zeros, np.full((1, 2), np.inf), zeros > 0, status)
    # The last row lies before the third: who says that it is implied is believed, but it stands in the way.
    assert status.tolist() == [[CONSTANT, FACET, OPEN, REDUNDANT]]


def test_rows_that_are_no_numbers_prove_nothing():
    for bad in (np.nan, np.inf):
        assert statuses([*SQUARE, [bad, 0]], 1.0) == [OPEN] * 5
    assert statuses(np.zeros((0, 3))) == []


@settings(max_examples=150)
@given(data=st.data(), d=st.integers(1, 4), extent=st.sampled_from([np.inf, 64.0]))
def test_proofs_agree_with_rational_arithmetic(data, d, extent):
    """Small integers, so that ties are common; a box keeps the set within its extent."""
    entry = st.lists(st.integers(-3, 3), min_size=d, max_size=d).filter(any)
    drawn = data.draw(st.lists(st.tuples(entry, st.integers(1, 6)), min_size=1, max_size=9))
    rows = [[*map(fmpz, a), fmpz(-c)] for a, c in drawn]
    if np.isfinite(extent):
        rows += [[*(fmpz(s * (i == k)) for i in range(d)), fmpz(-64)] for k in range(d) for s in (1, -1)]
    rows = [list(row) for row in dict.fromkeys(map(tuple, rows))]
    found = proved_statuses(rows, origin(d), np.full(d, extent), np.zeros(len(rows), dtype=np.int8))
    truth = exact_facet_mask(rows)
    assert truth[found == FACET].all()
    assert not truth[found == REDUNDANT].any()
    assert (exact_facet_mask(rows, origin(d), found.tolist()) == truth).all()


@settings(max_examples=100)
@given(data=st.data(), d=st.integers(2, 4))
def test_proofs_about_cones_agree_with_rational_arithmetic(data, d):
    """All rows pass through the origin, and the point inside is the first axis."""
    entry = st.lists(st.integers(-4, 4), min_size=d - 1, max_size=d - 1)
    drawn = data.draw(st.lists(st.tuples(st.integers(1, 4), entry), min_size=1, max_size=9))
    rows = [[fmpz(-first), *map(fmpz, rest), fmpz(0)] for first, rest in drawn]
    inside = [fmpz(1)] + [fmpz(0)] * (d - 1) + [fmpz(1)]
    found = proved_statuses(rows, inside, np.full(d, np.inf), np.zeros(len(rows), dtype=np.int8))
    truth = exact_facet_mask(rows)
    assert truth[found == FACET].all()
    assert not truth[found == REDUNDANT].any()


@pytest.mark.parametrize("d", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("kind", ["bounded", "unbounded", "cone"])
def test_generic_polytopes_are_decided(d, kind):
    rng = np.random.default_rng([d, len(kind)])
    inside = origin(d)
    for _ in range(10):
        normals = rng.standard_normal((3 * d + 4, d))
        offsets = rng.uniform(0.5, 4, len(normals))
        extent = np.full(d, np.inf)
        if kind == "bounded":
            normals = np.vstack([normals, np.eye(d), -np.eye(d)])
            offsets = np.append(offsets, np.full(2 * d, 4.0))
            extent = np.full(d, 4.0)
        elif kind == "unbounded":
            normals[:, 0] = np.abs(normals[:, 0])
        elif d > 1:
            normals[:, 0], offsets = -np.abs(normals[:, 0]), np.zeros(len(normals))
            inside = [fmpz(1)] + [fmpz(0)] * (d - 1) + [fmpz(1)]
        rows = integer_rows(np.column_stack([normals, -offsets]))
        found = proved_statuses(rows, inside, extent, np.zeros(len(rows), dtype=np.int8))
        assert OPEN not in found
        if d <= 3:
            assert ((found == FACET) == exact_facet_mask(rows)).all()


@pytest.mark.parametrize("error", [1e-9, 1e-3, 0.05])
def test_proofs_hold_for_all_rows_within_the_error(error):
    rng = np.random.default_rng(5)
    proved = 0
    for _ in range(15):
        rows = np.vstack([rng.standard_normal((8, 2)), np.eye(2) / 4, -np.eye(2) / 4])
        found = np.array(statuses(rows, 4.5, error=error, slack_error=error))
        proved += (found != OPEN).sum()
        for _ in range(10):
            moved = rows + rng.choice([-error, error], rows.shape)
            right = 1 + rng.choice([-error, error], len(rows))
            truth = exact_facet_mask(integer_rows(np.column_stack([moved, -right])))
            assert truth[found == FACET].all() and not truth[found == REDUNDANT].any()
    assert proved > {1e-9: 170, 1e-3: 160, 0.05: 60}[error]


def test_points_that_are_not_inside_prove_nothing():
    rows = [[fmpz(1), fmpz(0)], [fmpz(-1), fmpz(-1)]]
    assert proved_statuses(rows, origin(1), np.array([np.inf]), np.zeros(2, dtype=np.int8)).tolist() == [OPEN, OPEN]


def test_rows_that_are_not_asked_bound_like_any_other():
    """Whatever is asked, the answer is that of all rows, or none."""
    rng = np.random.default_rng(11)
    for _ in range(20):
        rows = rng.standard_normal((12, 3))
        whole = np.array(statuses(rows, extent=50.0))
        asked = rng.random(12) < 0.3
        status = np.where(asked, OPEN, NOT_ASKED).astype(np.int8)[None]
        none = np.zeros((1, 12))
        prove_redundancy(
            rows[None], np.zeros((1, 12, 3)), none, np.full((1, 3), 50.0), np.zeros((1, 12), dtype=bool), status
        )
        assert (status[0, ~asked] == NOT_ASKED).all()
        known = asked & (status[0] != OPEN)
        assert (status[0, known] == whole[known]).all()
        assert known.sum() >= 0.8 * asked.sum()

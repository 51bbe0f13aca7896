"""Boundedness proved in floats: never wrong, open only where it is a tie."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polytope_lens.arithmetic.rational import integer_rows
from polytope_lens.polytope.batch.boundedness import BOUNDED, OPEN, UNBOUNDED, prove_bounded
from polytope_lens.polytope.recession import is_trivial_cone


def status(rows, error=0.0):
    rows = np.array(rows, dtype=float)
    return int(prove_bounded(rows[None], np.full((1, *rows.shape), error))[0])


def test_triangles_and_wedges():
    assert status([[1, 0], [0, 1], [-1, -1]]) == BOUNDED
    assert status([[1, 0], [0, 1], [0, 0], [1, 1]]) == UNBOUNDED
    assert status([[1, 0], [0, 1], [-1, -1e-9]]) == BOUNDED
    assert status([[1, 0], [0, 1], [-1, 1e-9]]) == UNBOUNDED
    assert status(np.zeros((0, 3))) == UNBOUNDED


def test_strips_are_ties():
    assert status([[1, 0], [-1, 0]]) == OPEN
    assert status([[1, 0], [-1, 0], [0, 1]]) == OPEN


def test_errors_are_taken_seriously():
    for wedge in ([[1, 0], [0, 1], [-1, -0.25]], [[1, 0], [0, 1], [-1, 0.25]]):
        assert status(wedge, 0.01) != OPEN
        assert status(wedge, 0.3) == OPEN
    # Zeros that may be none say nothing of unboundedness.
    assert status([[1, 0], [0, 0]], 1e-9) == OPEN
    assert status([[1, 0], [0, 1], [-1, -1], [0, 0]], 1e-9) == BOUNDED


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_out_of_range_prove_nothing(bad):
    assert status([[1, 0], [0, 1], [bad, -1]]) == OPEN
    assert status([[1, 0], [0, 1], [-1, -1]], bad) == OPEN


@settings(max_examples=200)
@given(d=st.integers(1, 4), data=st.data())
def test_what_is_proved_is_true(d, data):
    numbers = data.draw(st.sampled_from([st.integers(-2, 2).map(float), st.floats(-1, 1)]))
    rows = data.draw(st.lists(st.lists(numbers, min_size=d, max_size=d), max_size=9))
    array = np.array(rows).reshape(len(rows), d)
    found = int(prove_bounded(array[None], np.zeros((1, *array.shape)))[0])
    if found != OPEN:
        assert (found == BOUNDED) == is_trivial_cone(integer_rows(array), d)


@pytest.mark.parametrize("d", [2, 3, 5])
def test_random_polytopes_leave_nothing_open(d):
    rows = np.random.default_rng(d).standard_normal((300, 2 * d + 1, d))
    found = prove_bounded(rows, np.zeros(rows.shape))
    assert set(found.tolist()) == {BOUNDED, UNBOUNDED}

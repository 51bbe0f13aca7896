"""Nearest points in the norms 1 and inf in floats: optimal by their multipliers, and by linear programs of SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from polytope_lens.lp import nearest_in_norm as module
from polytope_lens.lp.nearest_in_norm import nearest_in_norm

DUAL = {1: np.inf, np.inf: 1}
NORMS = pytest.mark.parametrize("norm", list(DUAL))


def distance(A, s, norm):
    """Of the origin from ``A w <= s`` by one program in w and in sizes of its coordinates; None if it is empty."""
    m, d = A.shape
    n = d if norm == 1 else 1
    size = np.eye(d) if norm == 1 else np.ones((d, 1))
    rows = np.block([[A, np.zeros((m, n))], [np.eye(d), -size], [-np.eye(d), -size]])
    bounds = [(None, None)] * d + [(0, None)] * n
    found = linprog(np.r_[np.zeros(d), np.ones(n)], rows, np.r_[s, np.zeros(2 * d)], bounds=bounds)
    return found.fun if found.status == 0 else None


def assert_optimal(A, s, norm, found):
    """The point is feasible, and nonnegative multipliers prove that no point is nearer: weak duality, in floats."""
    w, multipliers = found
    size = np.linalg.norm(A, axis=1) * max(1.0, np.linalg.norm(w))
    assert (A @ w <= s + 1e-9 * size).all()
    assert (multipliers >= 0).all()
    nearest = np.linalg.norm(w, norm)
    assert -multipliers @ s == pytest.approx(nearest, abs=1e-9)
    if nearest > 0:
        assert np.linalg.norm(multipliers @ A, DUAL[norm]) == pytest.approx(1)
    return nearest


@NORMS
@pytest.mark.parametrize(("m", "d"), [(1, 1), (4, 2), (30, 3), (20, 10), (12, 20)])
def test_generic_polytopes_with_rows_of_many_lengths(m, d, norm):
    for seed in range(6):
        rng = np.random.default_rng([m, d, seed])
        A = rng.standard_normal((m, d)) * 2.0 ** rng.integers(-3, 4, size=(m, 1))
        s = A @ (2 * rng.standard_normal(d)) + rng.exponential(size=m)
        nearest = assert_optimal(A, s, norm, nearest_in_norm(A, s, norm))
        assert nearest == pytest.approx(distance(A, s, norm), rel=1e-7, abs=1e-9)


@NORMS
@given(rows=st.lists(st.tuples(*[st.integers(-3, 3)] * 3), min_size=1, max_size=6))
def test_small_integers(rows, norm):
    """Duplicates, parallels, zeros, empty and flat polytopes."""
    A, s = np.array(rows, dtype=float)[:, :2], np.array(rows, dtype=float)[:, 2]
    expected = distance(A[A.any(axis=1)], s[A.any(axis=1)], norm) if A.any() else None
    found = nearest_in_norm(A, s, norm)
    if expected is None:
        assert found is None or A.any()  # where nothing is, a proposal may be anything
    else:
        used = A.any(axis=1)
        assert found is not None and not found[1][~used].any()
        assert assert_optimal(A[used], s[used], norm, (found[0], found[1][used])) == pytest.approx(expected, abs=1e-9)


@NORMS
def test_another_program_is_asked_where_pivots_give_up(norm, monkeypatch):
    rng = np.random.default_rng(0)
    A = rng.standard_normal((9, 4))
    s = A @ np.full(4, 2.0) + rng.random(9)
    plain = nearest_in_norm(A, s, norm)
    assert np.linalg.norm(plain[0], norm) > 0.5
    monkeypatch.setattr(module, "_descend", lambda *_: False)
    found = nearest_in_norm(A, s, norm)
    assert assert_optimal(A, s, norm, found) == pytest.approx(np.linalg.norm(plain[0], norm), rel=1e-9)
    # Nothing is between these two planes.
    assert nearest_in_norm(np.array([[1.0, 0], [-1, 0]]), np.array([-1.0, -1]), norm) is None


@NORMS
def test_the_origin_itself_and_no_rows_at_all(norm):
    w, multipliers = nearest_in_norm(np.eye(3), np.array([0.0, 1, 2]), norm)
    assert not w.any() and not multipliers.any()
    assert nearest_in_norm(np.zeros((2, 3)), np.ones(2), norm) is None
    assert nearest_in_norm(np.eye(3), np.array([np.inf, 0, 0]), norm) is None

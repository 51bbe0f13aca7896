"""Nearest points in fractions, against programs of others, with proposals of any kind and without."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given
from hypothesis import strategies as st

from polytope_lens.arithmetic.rational import fraction, rational, rationals
from polytope_lens.lp.nearest_in_norm import nearest_in_norm
from polytope_lens.lp.rational_nearest import _by_programs, _from_active, _project, exact_nearest, power_of
from polytope_lens.lp.rational_simplex import Halfspace
from polytope_lens.polytope.batch.nearest_points import nearest_points

NORMS = [1, 2, np.inf]


def halfspaces(A, s):
    return [Halfspace(rationals(row), rational(v)) for row, v in zip(A, s, strict=True)]


def float_nearest(A, s, norm):
    if norm != 2:
        return nearest_in_norm(A, s, norm)
    _, multipliers = nearest_points(A[None], s[None])
    return -multipliers[0] @ A, multipliers[0]


def polytope(m, d, seed):
    """One with interior, whose rows have many lengths."""
    rng = np.random.default_rng([m, d, seed])
    A = rng.standard_normal((m, d)) * 2.0 ** rng.integers(-3, 4, size=(m, 1))
    return A, A @ (2 * rng.standard_normal(d)) + rng.exponential(size=m)


def solved(A, s, norm):
    cp = pytest.importorskip("cvxpy")
    w = cp.Variable(A.shape[1])
    return cp.Problem(cp.Minimize(cp.norm(w, norm)), [A @ w <= s]).solve(solver=cp.CLARABEL)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(("m", "d"), [(1, 1), (4, 2), (30, 3), (20, 10), (12, 20)])
def test_against_cvxpy(m, d, norm):
    for seed in range(3):
        A, s = polytope(m, d, seed)
        w, multipliers = float_nearest(A, s, norm)
        exact = exact_nearest(halfspaces(A, s), d, norm, multipliers, w)
        distance = float(fraction(exact.power)) ** (0.5 if norm == 2 else 1)
        assert distance == pytest.approx(solved(A, s, norm), abs=1e-6)
        assert distance == pytest.approx(np.linalg.norm(w, norm), rel=1e-9)
        if norm == 2:
            assert np.allclose([float(fraction(v)) for v in exact.point], w)


@pytest.mark.parametrize("norm", NORMS)
def test_proposals_are_accepted_and_agree_with_the_method_that_starts_from_nothing(norm):
    for seed in range(8):
        A, s = polytope(7, 3, seed)
        rows = halfspaces(A, s)
        w, multipliers = float_nearest(A, s, norm)
        quick = _from_active(rows, np.flatnonzero(multipliers > 0).tolist(), w, norm)
        slow = _project(rows, 3) if norm == 2 else _by_programs(rows, 3, norm)
        assert quick is not None
        assert quick.power == slow.power == exact_nearest(rows, 3, norm).power
        assert quick.point == slow.point or norm != 2


@pytest.mark.parametrize("norm", NORMS)
def test_wrong_proposals_change_nothing(norm):
    A, s = polytope(7, 3, 1)
    rows = halfspaces(A, s)
    want = exact_nearest(rows, 3, norm).power
    rng = np.random.default_rng(0)
    for _ in range(10):
        multipliers = rng.integers(0, 2, size=7).astype(float)
        assert exact_nearest(rows, 3, norm, multipliers, rng.standard_normal(3)).power == want
    assert exact_nearest(rows, 3, norm, np.ones(7), np.full(3, np.nan)).power == want


integers = st.integers(-3, 3)


@pytest.mark.parametrize("norm", NORMS)
@given(rows=st.lists(st.tuples(integers, integers, integers), min_size=1, max_size=6))
def test_small_integers(rows, norm):
    """Duplicates, parallels, zeros, empty and flat polytopes."""
    A, s = np.array(rows, dtype=float)[:, :2], np.array(rows, dtype=float)[:, 2]
    exact = exact_nearest(halfspaces(A, s), 2, norm)
    found = float_nearest(A, s, norm) if norm == 2 or exact is not None else None
    reference = solved(A, s, norm)
    assert (exact is None) == (reference == np.inf)
    if exact is not None:
        power = float(fraction(exact.power))
        assert power ** (0.5 if norm == 2 else 1) == pytest.approx(reference, abs=1e-6)
        assert exact.power == power_of(exact.point, norm)
        assert all(row[0] * exact.point[0] + row[1] * exact.point[1] <= row[2] for row in rows)
        if found is not None:
            w, multipliers = found
            assert exact_nearest(halfspaces(A, s), 2, norm, multipliers, w).power == exact.power
    elif A.any(axis=1).all():
        # The multipliers show that it is empty.
        _, multipliers = found if found is not None else (None, nearest_points(A[None], s[None])[1][0])
        assert np.abs(multipliers @ A).max() < 1e-9 < -multipliers @ s


def test_a_square_by_hand():
    """The corner (1, 1) of a quadrant."""
    rows = [Halfspace([fmpq(-1), fmpq(0)], fmpq(-1)), Halfspace([fmpq(0), fmpq(-1)], fmpq(-1))]
    powers = [exact_nearest(rows, 2, norm).power for norm in NORMS]
    assert [fraction(v) for v in powers] == [Fraction(2), Fraction(2), Fraction(1)]
    assert exact_nearest([], 2, 2).power == 0
    assert exact_nearest([Halfspace([fmpq(0), fmpq(0)], fmpq(-1))], 2, np.inf) is None

"""Proposed multipliers: they add up to the objective, and bound it as well as an exact program does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytope_lens.arithmetic.rational import rational, rationals
from polytope_lens.lp.float_simplex import propose_multipliers
from polytope_lens.lp.rational_simplex import Halfspace, maximize


def boxed(d, rows, size=3.0):
    """Rows of length 1, the sides of a box first."""
    rows = np.array(rows, dtype=float).reshape(-1, d + 1)
    rows = rows[rows[:, :-1].any(axis=1)]
    rows = rows / np.linalg.norm(rows[:, :-1], axis=1, keepdims=True)
    normal = np.vstack([np.eye(d), -np.eye(d), rows[:, :-1]])
    return normal, np.concatenate([np.full(2 * d, size), rows[:, -1]])


def optimum(objective, normal, offset):
    d = len(objective)
    rows = [Halfspace(rationals(a), rational(b)) for a, b in zip(normal[2 * d :], offset[2 * d :], strict=True)]
    best = maximize(rationals(objective), rows, rationals(-offset[d : 2 * d]), rationals(offset[:d]))
    return None if best is None else float(best.value.p) / float(best.value.q)


def assert_bound(objective, normal, offset):
    """What is proposed, and None where there is nothing, are right up to rounding."""
    found, best = propose_multipliers(objective, normal, offset), optimum(objective, normal, offset)
    if best is None:
        assert found is None
        return
    rows, multipliers = found
    assert len(set(rows.tolist())) == len(rows) == len(objective)
    assert (multipliers >= 0).all()
    np.testing.assert_allclose(multipliers @ normal[rows], objective, atol=1e-9)
    assert multipliers @ offset[rows] == pytest.approx(best, abs=1e-7)


@pytest.mark.parametrize(("m", "d"), [(0, 2), (5, 1), (8, 2), (20, 3), (15, 6)])
def test_generic_programs(m, d):
    for seed in range(6):
        rng = np.random.default_rng([m, d, seed])
        rows = np.column_stack([rng.standard_normal((m, d)), rng.random(m)])
        assert_bound(rng.standard_normal(d), *boxed(d, rows))


@given(data=st.data(), d=st.integers(1, 3))
def test_small_integers(data, d):
    """Ties of all kinds; programs that are infeasible are so by a margin that floats see."""
    vector = st.lists(st.integers(-2, 2), min_size=d + 1, max_size=d + 1)
    rows = data.draw(st.lists(vector, max_size=5))
    assert_bound(np.array(data.draw(vector)[:-1], dtype=float), *boxed(d, rows))


def test_nothing_to_maximize_takes_no_rows():
    rows, multipliers = propose_multipliers(np.zeros(2), *boxed(2, [[1, 1, 1]]))
    assert not multipliers.any() and len(rows) == 2


def test_a_contradiction_has_no_bound():
    assert propose_multipliers(np.ones(2), *boxed(2, [[1, 0, -1], [-1, 0, -1]])) is None

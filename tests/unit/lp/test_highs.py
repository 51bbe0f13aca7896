"""What HiGHS proposes is near the optimum that fractions prove."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.arithmetic.rational import rational, rationals
from polytope_lens.lp.highs import propose_maximum
from polytope_lens.lp.rational_simplex import Halfspace, maximize


@pytest.mark.parametrize(("m", "d"), [(3, 1), (8, 2), (20, 4)])
def test_points_and_multipliers_are_nearly_optimal(m, d):
    for seed in range(5):
        rng = np.random.default_rng([m, d, seed])
        sides = np.vstack([np.eye(d), -np.eye(d)])
        A = np.vstack([rng.standard_normal((m, d)), sides])
        b = np.concatenate([rng.random(m), np.full(2 * d, 2.0)])
        objective = rng.standard_normal(d)
        x, multipliers = propose_maximum(objective, A, b)
        rows = [Halfspace(rationals(a), rational(v)) for a, v in zip(A[:m], b[:m], strict=True)]
        best = maximize(rationals(objective), rows, rationals(np.full(d, -2.0)), rationals(np.full(d, 2.0)))
        assert objective @ x == pytest.approx(float(best.value.p) / float(best.value.q), abs=1e-7)
        assert (A @ x <= b + 1e-7).all()
        assert (multipliers >= -1e-9).all()
        np.testing.assert_allclose(multipliers @ A, objective, atol=1e-7)
        assert multipliers @ b == pytest.approx(objective @ x, abs=1e-7)


def test_nothing_is_proposed_where_there_is_no_maximum():
    half = np.array([[1.0, 0.0]])
    assert propose_maximum(np.array([0.0, 1.0]), half, np.ones(1)) is None
    assert propose_maximum(np.array([1.0, 0.0]), np.vstack([half, -half]), np.array([-1.0, -1.0])) is None
    x, multipliers = propose_maximum(np.array([1.0, 0.0]), half, np.ones(1))
    assert x[0] == pytest.approx(1) and multipliers == pytest.approx([1])

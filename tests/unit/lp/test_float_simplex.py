"""Multipliers in floats are proposals: as good as rationals say, and never trusted."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from polytope_lens.arithmetic.rational import rational, rationals
from polytope_lens.lp.float_simplex import propose_multipliers
from polytope_lens.lp.rational_simplex import Halfspace, maximize


def program(seed, d, m):
    """A row to be bounded over a box and m halfspaces that hold its middle."""
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((m, d))
    rows /= np.linalg.norm(rows, axis=1)[:, None]
    normal = np.vstack([np.eye(d), -np.eye(d), rows])
    return rng.standard_normal(d), normal, np.concatenate([np.ones(2 * d), rng.uniform(0.1, 1.0, m)])


@given(seed=st.integers(0, 10**6), d=st.integers(1, 6), m=st.integers(0, 12))
def test_the_bound_is_the_optimum(seed, d, m):
    objective, normal, offset = program(seed, d, m)
    found = propose_multipliers(objective, normal, offset)
    assert found is not None
    rows, multipliers = found
    assert (multipliers >= 0).all()
    assert np.allclose(multipliers @ normal[rows], objective)
    halfspaces = [Halfspace(rationals(a), rational(b)) for a, b in zip(normal[2 * d :], offset[2 * d :], strict=True)]
    best = maximize(rationals(objective), halfspaces, rationals(-np.ones(d)), rationals(np.ones(d)))
    assert abs(multipliers @ offset[rows] - float(best.value.p) / float(best.value.q)) < 1e-9


def test_where_there_is_no_point_floats_propose_nothing():
    normal = np.array([[1.0], [-1.0], [1.0], [-1.0]])
    assert propose_multipliers(np.ones(1), normal, np.array([1.0, 1.0, -0.5, -0.5])) is None

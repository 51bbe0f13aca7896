"""Nearest points in floats for the norms 1 and inf; against other programs in `test_rational_nearest.py`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from polytope_lens.lp import nearest_in_norm as module
from polytope_lens.lp.nearest_in_norm import nearest_in_norm

DUAL = {1: np.inf, np.inf: 1}
norms = pytest.mark.parametrize("norm", [1, np.inf])


@norms
def test_where_the_origin_is_inside_it_is_the_nearest(norm):
    w, multipliers = nearest_in_norm(np.vstack([np.eye(3), -np.eye(3)]), np.ones(6), norm)
    assert not w.any()
    assert not multipliers.any()


@norms
@pytest.mark.parametrize("dim", [1, 2, 5])
def test_beyond_one_hyperplane_the_dual_norm_tells_the_distance(norm, dim):
    row = np.arange(1.0, dim + 1)
    w, multipliers = nearest_in_norm(-row[None], np.array([-3.0]), norm)
    assert np.linalg.norm(w, norm) == pytest.approx(3 / np.linalg.norm(row, DUAL[norm]))
    assert multipliers[0] == pytest.approx(1 / np.linalg.norm(row, DUAL[norm]))


@norms
@given(seed=st.integers(0, 10**6), m=st.integers(1, 12), d=st.integers(1, 8))
def test_multipliers_prove_that_nothing_is_nearer(norm, seed, m, d):
    rng = np.random.default_rng(seed)
    normals = rng.standard_normal((m, d))
    slack = normals @ rng.standard_normal(d) + rng.exponential(size=m)
    found = nearest_in_norm(normals, slack, norm)
    assume(found is not None)
    w, multipliers = found
    distance = np.linalg.norm(w, norm)
    assert (multipliers >= 0).all()
    assert (normals @ w <= slack + 1e-9).all()
    assert -multipliers @ slack == pytest.approx(distance, abs=1e-9)
    if distance > 0:
        assert np.linalg.norm(multipliers @ normals, DUAL[norm]) == pytest.approx(1)


@norms
def test_where_the_method_gives_up_another_is_asked(norm, monkeypatch):
    normals, slack = -np.eye(3), np.array([-1.0, -2.0, -3.0])
    wanted = nearest_in_norm(normals, slack, norm)
    monkeypatch.setattr(module, "_descend", lambda *_: False)
    w, multipliers = nearest_in_norm(normals, slack, norm)
    assert np.linalg.norm(w, norm) == pytest.approx(np.linalg.norm(wanted[0], norm))
    assert -multipliers @ slack == pytest.approx(-wanted[1] @ slack)


@norms
def test_an_empty_polytope_has_no_nearest_point(norm):
    assert nearest_in_norm(np.array([[1.0], [-1.0]]), np.array([-1.0, -1.0]), norm) is None

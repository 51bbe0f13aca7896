"""Steps of the walks along edges, one by one, against plain sums."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from polytope_lens._compiled.jit import jit
from polytope_lens._compiled.simd import LANES, padded
from polytope_lens.engines._kernels.simplex import _exchange, _falling_fastest, _nearest
from polytope_lens.lp.pivoting import TINY_PIVOT


class Rows(NamedTuple):
    normal: object
    offset: object


class Walk(NamedTuple):
    vertex: object
    basis: object
    inverse: object
    growth: object
    gradient: object
    octet: object


class State(NamedTuple):
    halfspaces: Rows
    walk: Walk


@jit
def nearest(s, n_rows, leaving):
    return _nearest(s, n_rows, leaving)


@jit
def falling(s, side):
    return _falling_fastest(s, side)


@jit
def exchange(s, leaving, entering, normal):
    _exchange(s, leaving, entering, normal)


def random_state(rng, k, n_rows):
    """Rows with whatever behind the last one, in whole octets."""
    normals = rng.normal(size=(k, padded(n_rows + 1)))
    offsets = rng.normal(size=padded(n_rows + 1)) ** 2
    inverse = np.zeros((k, padded(k)))
    inverse[:, :k] = rng.normal(size=(k, k))
    walk = Walk(
        rng.normal(size=k) * 0.1,
        rng.permutation(n_rows)[:k].astype(np.int64),
        inverse,
        np.zeros(padded(k)),
        rng.normal(size=k),
        np.zeros(LANES),
    )
    return State(Rows(normals, offsets), walk)


def expected(s, n_rows, leaving):
    pace = -s.walk.inverse[:, leaving] @ s.halfspaces.normal[:, :n_rows]
    slack = np.maximum(s.halfspaces.offset[:n_rows] - s.walk.vertex @ s.halfspaces.normal[:, :n_rows], 0.0)
    steps = np.where(pace > TINY_PIVOT, slack / np.where(pace > TINY_PIVOT, pace, 1.0), np.inf)
    steps[s.walk.basis] = np.inf
    return steps.min(), int(steps.argmin()) if np.isfinite(steps).any() else -1


@pytest.mark.parametrize("k", [2, 5, 8, 11])
def test_the_nearest_row_that_an_edge_meets_is_none_of_its_basis(k):
    rng, of_basis = np.random.default_rng(k), 0
    for _ in range(200):
        n_rows = int(rng.integers(k, 30))
        s, leaving = random_state(rng, k, n_rows), int(rng.integers(k))
        step, row = expected(s, n_rows, leaving)
        found = nearest(s, n_rows, leaving)
        assert found[1] == row
        assert found[0] == pytest.approx(step, rel=1e-12)
        of_basis += expected(s._replace(walk=s.walk._replace(basis=s.walk.basis[:0])), n_rows, leaving)[1] != row
    assert of_basis  # the slow way was gone, too


def test_of_rows_that_are_met_together_the_first_one_counts():
    s = random_state(np.random.default_rng(0), 3, 20)
    s.halfspaces.normal[:, 5:20] = s.halfspaces.normal[:, [4]]
    s.halfspaces.offset[4:20] = 0.0
    s.walk.basis[:] = [0, 1, 2]
    s.walk.vertex[:] = 0.0
    s.walk.inverse[:, 0] = -s.halfspaces.normal[:, 4]
    assert nearest(s, 20, 0) == (0.0, 4)


@pytest.mark.parametrize("k", [2, 5, 8, 11])
def test_the_edge_along_which_a_value_falls_fastest(k):
    rng = np.random.default_rng(k)
    for side in (1.0, -1.0):
        for _ in range(50):
            s = random_state(rng, k, 20)
            growth = -side * (s.walk.gradient @ s.walk.inverse[:, :k])
            found = falling(s, side)
            assert found == (growth.argmin() if growth.min() < 0 else -1)
            assert np.allclose(s.walk.growth[:k], growth, rtol=0, atol=1e-12)


@pytest.mark.parametrize("k", [2, 5, 8, 11])
def test_an_exchange_keeps_the_inverse_of_the_basis(k):
    rng = np.random.default_rng(k)
    for _ in range(50):
        s = random_state(rng, k, 20)
        basis = s.halfspaces.normal[:, s.walk.basis].T
        s.walk.inverse[:, :k] = np.linalg.inv(basis)
        leaving, entering = int(rng.integers(k)), 20
        exchange(s, leaving, entering, np.ascontiguousarray(s.halfspaces.normal[:, entering]))
        basis[leaving] = s.halfspaces.normal[:, entering]
        assert s.walk.basis[leaving] == entering
        assert np.allclose(s.walk.inverse[:, :k], np.linalg.inv(basis), rtol=1e-6, atol=1e-6)
        assert not s.walk.inverse[:, k:].any()

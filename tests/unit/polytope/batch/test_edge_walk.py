"""The walk along edges: its farthest vertices are those of a solver for linear programs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from polytope_lens._compiled.jit import jit
from polytope_lens.polytope.batch.edge_walk import climb_towards, room, start
from polytope_lens.polytope.batch.statuses import CONSTANT, FACET, OPEN, REDUNDANT


@jit
def _climb(rows, columns, zeros, length, extent, far, known, aims, targets, arrived, multipliers, ends, bases, climb):
    start(climb)
    for i in range(len(targets)):
        if known[targets[i]] == OPEN:
            arrived[i] = climb_towards(
                rows, columns, zeros, length, zeros, extent, far, known, aims, targets[i], multipliers[i], climb
            )
        for k in range(rows.shape[1]):
            ends[i, k] = climb.v[k]
            bases[i, k] = climb.basis[k]


def climb(rows, known, extent=np.inf, far=2.0**24):
    """Walk from the middle towards each open row in turn."""
    m, d = rows.shape
    targets = np.flatnonzero(known == OPEN)
    n = len(targets)
    arrived, multipliers, ends = np.zeros(n, dtype=bool), np.zeros((n, d)), np.zeros((n, d))
    bases, aims = np.zeros((n, d), dtype=np.int64), np.zeros((m, d))
    _climb(
        rows, np.ascontiguousarray(rows.T), np.zeros(m), np.abs(rows).sum(axis=1), np.full(d, extent), far, known, aims,
        targets, arrived, multipliers, ends, bases, room(m, d),
    )  # fmt: skip
    return targets, arrived, multipliers, ends, bases, aims


@pytest.mark.parametrize(("m", "d"), [(6, 1), (9, 2), (40, 4), (60, 10), (30, 20)])
def test_ends_are_farthest_or_rows_are_proved(m, d):
    rows = np.random.default_rng([m, d]).standard_normal((m, d)) * np.logspace(0, -1, m)[:, None]
    known = np.zeros(m, dtype=np.int8)
    targets, arrived, multipliers, ends, bases, aims = climb(rows, known)
    assert (rows @ ends.T <= 1 + 1e-9).all()
    for q in np.flatnonzero(known == FACET):
        values = rows @ aims[q]
        assert values[q] > 1
        assert (np.delete(values, q) < 1).all()
    assert arrived.any() == (known == OPEN).any()
    for i, q in enumerate(targets):
        assert arrived[i] == (known[q] == OPEN)
        if arrived[i]:
            best = linprog(-rows[q], A_ub=rows, b_ub=np.ones(m), bounds=(-(2.0**24), 2.0**24))
            assert np.isclose(rows[q] @ ends[i], -best.fun)
            of_rows = bases[i] >= 0
            if of_rows.all():
                assert np.allclose(multipliers[i] @ rows[bases[i]], rows[q])


def test_rows_that_are_known_to_say_nothing_do_not_stop_the_walk():
    rows = np.array([[1.0], [0.5], [4.0], [-1.0]])
    known = np.array([OPEN, REDUNDANT, CONSTANT, FACET], dtype=np.int8)
    climb(rows, known)
    assert known.tolist() == [FACET, REDUNDANT, CONSTANT, FACET]


def test_a_tie_ends_the_walk_without_a_proof():
    rows = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    known = np.zeros(3, dtype=np.int8)
    targets, *_ = climb(rows, known)
    assert known.tolist() == [OPEN, OPEN, FACET]
    assert targets.tolist() == [0, 1, 2]


def test_the_box_ends_the_walk_where_no_row_does():
    rows = np.array([[1.0, 0.0], [0.0, 2.0**-40]])
    known = np.zeros(2, dtype=np.int8)
    _, arrived, _, ends, _, _ = climb(rows, known, far=8.0)
    assert known.tolist() == [FACET, OPEN]
    assert arrived.tolist() == [False, True]
    assert ends[1, 1] == 8.0
    known[:] = OPEN
    _, _, _, ends, _, _ = climb(rows, known, extent=3.0)
    assert ends[1, 1] == 6.0

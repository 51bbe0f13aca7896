"""Multiples of neurons with signs against a search over many."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.properties.sign_multipliers import SignRows, best_multiples


@pytest.mark.parametrize("seed", range(5))
def test_no_other_multiple_is_better(seed):
    rng = np.random.default_rng(seed)
    n, k, m, d = 3, 5, 2, 3
    rows, given = rng.standard_normal((n, k, d + 1)), rng.standard_normal((n, m, d + 1))
    given[:, :, -1] = rng.uniform(0, 0.5, (n, m))  # at some points of the box it is at least 0
    lower = rng.uniform(-1, 0, (n, d))
    upper = lower + rng.uniform(0.5, 1, (n, d))
    is_given = np.array([[True, True], [True, False], [False, False]])
    found = best_multiples(rows, [SignRows(np.array([4, 7]), given, is_given)], lower, upper)
    assert np.isinf(found.top[2]).all() and (found.place[1][np.isfinite(found.top[1])] == 4).all()
    assert (found.over == np.round(found.over)).all() and (np.frexp(found.under)[0] == 0.5).all()
    for i in range(2):
        for j in range(k):
            values = [
                highest(rows[i, j] + t * given[i, q], lower[i], upper[i])
                for t in np.geomspace(1e-4, 1e4, 4000)
                for q in np.flatnonzero(is_given[i])
            ]
            plain = highest(rows[i, j], lower[i], upper[i])
            if np.isfinite(found.top[i, j]):
                q = [4, 7].index(found.place[i, j])
                row = rows[i, j] + found.over[i, j] / found.under[i, j] * given[i, q]
                assert found.top[i, j] == pytest.approx(highest(row, lower[i], upper[i]))
            assert min(plain, found.top[i, j]) <= min(values) + 0.02 * (1 + abs(min(values)))


def highest(row, lower, upper):
    return np.maximum(row[:-1] * lower, row[:-1] * upper).sum() + row[-1]

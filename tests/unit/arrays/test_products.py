"""Matrices, each times a vector of its own."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens._arrays.products import times_each


@pytest.mark.parametrize(("n", "m", "k"), [(3, 5, 4), (0, 5, 4), (3, 0, 4), (3, 5, 0), (1, 1, 1)])
def test_each_matrix_gets_its_own_vector(n, m, k):
    rng = np.random.default_rng(n + m + k)
    rows, vectors = rng.integers(-9, 10, (n, m, k + 1)).astype(float), rng.integers(-9, 10, (n, k)).astype(float)
    found = times_each(rows[:, :, :-1], vectors)
    assert found.shape == (n, m)
    np.testing.assert_array_equal(found, np.einsum("nmk,nk->nm", rows[:, :, :-1], vectors))
    turned = np.ascontiguousarray(rows[:, :, :-1].transpose(0, 2, 1)).transpose(0, 2, 1)
    np.testing.assert_array_equal(times_each(turned, vectors), found)

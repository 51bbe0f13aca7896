"""Combinations of rows that contradict each other in a box."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.properties.best_combination import BITS, best_combination


def test_a_contradiction_is_a_combination_above_0():
    """x <= 1/2 and x >= 3/4: once and once; what is not needed is left out."""
    rows, others = np.array([[1.0, -0.5], [1.0, -5.0]]), np.array([[-2.0, 1.5]])
    found = best_combination(rows, np.ones(2), others, np.array([-1.0]), np.array([1.0]))
    assert found.tolist() == [2**BITS, 0, 2 ** (BITS - 1)]
    assert best_combination(rows[:1], np.ones(1), others[:0], np.array([-1.0]), np.array([1.0])).tolist() == [2**BITS]


@pytest.mark.parametrize("tiny", [2.0**-1070, 2.0**-950])
def test_multipliers_of_rows_that_hardly_differ_from_0_are_finite(tiny):
    rows, others = np.array([[1.0, -0.5]]), np.array([[-tiny, 0.75 * tiny]])  # x <= 1/2, and x >= 3/4
    found = best_combination(rows, np.ones(1), others, np.array([-1.0]), np.array([1.0]))
    assert np.isfinite(found).all() and found.any()

"""The compiled fits: :mod:`.test_affine_fits` holds each against other roads; here is that they end."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.function.affine_fits import fit
from polytope_lens.function.affine_fits_kernels import MOST_STEPS, Groups, KnownValues


@pytest.mark.parametrize("d", [1, 2, 3, 6])
def test_many_equal_points_and_values_come_to_an_end(d):
    """Exchanges that change nothing could go round in circles; then the best function so far is the answer."""
    rng = np.random.default_rng(d)
    for _ in range(20):
        points = rng.integers(0, 2, (40, d)).astype(float)
        values = rng.integers(0, 2, (1, 40)).astype(float)
        samples = KnownValues(points, np.zeros(40), values, np.zeros((1, 40)))
        found = fit(samples, Groups(np.arange(40), np.array([0, 40])))
        assert found.worst[0] <= 1.0 + 1e-9
        assert found.level[0] <= found.worst[0] + 1e-9
    assert MOST_STEPS > 0

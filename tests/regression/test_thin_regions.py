"""Regions too thin to hold a float in their middle: their witness was NaN, and asking them for anything crashed."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens import Box, Lens


@pytest.mark.parametrize("engine", ["split", "subdivide", "brute"])
def test_three_parallel_lines_closer_than_floats(engine):
    gap = 2.0**-52
    normals, biases = [[1, -3], [1, -3], [1.5, -4.5]], [0.1, 0.1 + gap / 8, 0.15 + 2 * gap]
    partition = Lens.from_arrays([normals, [[1, 1, 1]]], [biases, [0]]).partition(Box([-1, -1], [1, 1]), engine)
    assert len(partition) == 4
    assert np.isfinite(partition.witnesses).all()
    assert [int(region.inequalities().is_facet.sum()) for region in partition] == [4, 4, 4, 4]
    assert sorted(len(region.neighbors()) for region in partition) == [1, 1, 2, 2]

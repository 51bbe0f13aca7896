"""Tiny and huge weights, whose squares vanish or overflow: the same answers by all roads, and no warning."""

from __future__ import annotations

import numpy as np
import pytest

from families import SCALES, of_any_size
from polytope_lens import Box, Lens


@pytest.mark.parametrize("dim", [1, 2, 3, 4])
@pytest.mark.parametrize("scales", SCALES)
@pytest.mark.parametrize("is_bounded", [True, False])
def test_one_region_and_many_agree(dim, scales, is_bounded):
    rng = np.random.default_rng([dim, len(scales), is_bounded])
    for _ in range(2 if dim < 3 else 1):
        lens = Lens(of_any_size(dim, scales, rng))
        partition = lens.partition(Box([-1] * dim, [1] * dim) if is_bounded else None)
        adjacency, balls, bounded = partition.adjacency(), partition.chebyshev_balls(), partition.bounded_mask()
        place = {region.pattern: i for i, region in enumerate(partition)}
        for i, region in enumerate(partition):
            across = sorted(place[other.pattern] for other in region.neighbors())
            assert across == adjacency[[i]].indices.tolist()
            assert region.is_bounded == bounded[i]
            ball = region.chebyshev_ball()
            assert balls.radii[i] <= ball.bound
            assert region.inequalities().is_facet.tolist() == region.inequalities(exact=True).is_facet.tolist()

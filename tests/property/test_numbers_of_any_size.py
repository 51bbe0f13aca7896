"""Tiny and huge weights, whose squares vanish or overflow: the same answers by all roads, and no warning."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from families import SCALES, of_any_size
from polytope_lens import Box, Lens, Polytope


def holds_ball(region, center, radius):
    """Whether a ball lies in a region, in fractions."""
    system = region.inequalities(exact=True, facets=False)
    for a, b in zip(system.A.tolist(), system.b.tolist(), strict=True):
        slack = b - sum(v * Fraction(x) for v, x in zip(a, center.tolist(), strict=True))
        if slack < 0 or slack**2 < Fraction(radius) ** 2 * sum(v * v for v in a):
            return False
    return True


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
            for center, radius in ((ball.center, ball.radius), (balls.centers[i], balls.radii[i])):
                assert radius in (0, np.inf) or holds_ball(region, center, float(radius))
            assert region.inequalities().is_facet.tolist() == region.inequalities(exact=True).is_facet.tolist()


def test_balls_keep_clear_of_rows_that_no_float_holds():
    # The products of these weights are below all floats, and so is the row of neuron (1, 0), but not its hyperplane.
    tiny = 2.0**-1022
    lens = Lens.from_arrays([[[0, 2 * tiny, -tiny]], [[-tiny], [tiny]], [[1, 1]]], [[1], [tiny, 0], [0]])
    partition = lens.partition(Polytope(np.vstack([np.eye(3), -np.eye(3)]), np.ones(6)))
    balls = partition.chebyshev_balls()
    for region, center, radius in zip(partition, balls.centers, balls.radii.tolist(), strict=True):
        assert radius in (0, np.inf) or holds_ball(region, center, radius)

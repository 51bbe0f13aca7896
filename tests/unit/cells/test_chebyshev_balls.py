"""Balls of whole partitions: proofs in fractions, and one region at a time."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import reference
from polytope_lens import Box, Lens, Polytope
from polytope_lens.cells import chebyshev_balls
from polytope_lens.cells.chebyshev_balls import Balls
from polytope_lens.errors import IndexingError
from polytope_lens.polytope.metric.ball import BallStatus

TRIANGLE = Polytope([[-1, 0], [0, -1], [1, 1]], [1, 1, 1])


def random_lens(widths, seed=0, scale=1.0):
    rng = np.random.default_rng([*widths, seed])
    weights = [rng.standard_normal((n, m)) * scale for m, n in zip(widths, [*widths[1:], 1], strict=True)]
    return Lens.from_arrays(weights, [rng.standard_normal(len(weight)) for weight in weights])


@pytest.mark.parametrize(
    ("widths", "domain"),
    [
        ((1, 5, 5), None),
        ((2, 6, 6), Box([-1, -1], [1, 1])),
        ((2, 6, 6), None),
        ((2, 5, 3, 3), TRIANGLE),
        ((3, 5, 4), None),
        ((3, 6), Box([-1] * 3, [1] * 3)),
        ((5, 4, 3), None),
    ],
)
def test_each_ball_is_inside_and_none_is_larger(widths, domain):
    partition = random_lens(widths).partition(domain)
    found = partition.chebyshev_balls()
    assert len(found) == len(partition)
    for region, center, radius in zip(partition, found.centers, found.radii, strict=True):
        one = region.chebyshev_ball()
        assert radius == pytest.approx(one.bound, rel=1e-7)
        if np.isfinite(radius):
            system = region.inequalities(exact=True)
            x, r = reference.fractions(center), Fraction(float(radius))
            for row, b in zip(system.A, system.b, strict=True):
                slack = b - reference.dot(row, x)
                assert slack >= 0
                assert r * r * reference.dot(row, row) <= slack * slack


def test_balls_are_picked_one_by_one_and_in_parts():
    found = random_lens((2, 6, 6)).partition().chebyshev_balls()
    assert len(list(found)) == len(found)
    for i, ball in enumerate(found):
        assert (ball.center == found.centers[i]).all() and ball.radius == found.radii[i] and ball.bound == np.inf
        assert ball.status is (BallStatus.UNBOUNDED if np.isinf(ball.radius) else BallStatus.LARGEST)
    assert (found[2:5].radii == found.radii[2:5]).all() and (found[[-1]].centers == found.centers[-1:]).all()
    assert len(found[found.radii > 0.1]) == (found.radii > 0.1).sum()
    assert Balls(np.zeros((1, 2)), np.zeros(1))[0].status is BallStatus.TOO_THIN
    with pytest.raises(IndexingError, match=f"balls of {len(found)} regions"):
        found[len(found)]


def test_regions_that_float_bounds_cannot_tell():
    """Ties, and rows whose sums cancel: their regions are asked in exact rows."""
    rng = np.random.default_rng(0)
    big = 2.0**40
    weights = [[[1, 0], [1, 2.0**-40], [0, 1]], [[big, -big, 0], [0, 1, 1]], [[1, 1]]]
    lens = Lens.from_arrays(weights, [rng.standard_normal(3) / 8, rng.standard_normal(2), [0]])
    partition = lens.partition(Box([-1, -1], [1, 1]))
    found = partition.chebyshev_balls()
    for region, radius in zip(partition, found.radii, strict=True):
        one = region.chebyshev_ball()
        assert radius <= one.bound
        assert radius > 0 or one.radius == 0
    assert "balls, radii from" in repr(found)


def test_polygons_are_asked_by_their_edges_and_agree_with_rows():
    partition = random_lens((2, 12, 12)).partition(Box([3, -1], [5, 2]))
    assert partition.mesh is not None
    centers, radii = chebyshev_balls._from_edges(partition.mesh, partition.witnesses)
    by_rows = chebyshev_balls._from_rows(partition, np.arange(len(partition)))[1]
    told = radii > 0
    assert told.mean() > 0.9
    assert radii[told] == pytest.approx(by_rows[told], rel=1e-7)
    for region, center, radius in zip(partition, centers, radii, strict=True):
        system = region.inequalities(exact=True).facets()
        x, r = reference.fractions(center), Fraction(float(radius))
        for row, b in zip(system.A, system.b, strict=True) if radius else ():
            slack = b - reference.dot(row, x)
            assert slack >= 0
            assert r * r * reference.dot(row, row) <= slack * slack


def test_balls_shrink_with_the_domain():
    lens = random_lens((2, 6, 6))
    for side in (1.0, 2.0**-30):
        domain = Box([0, 0], [side, side])
        assert (lens.partition(domain).chebyshev_balls().radii <= side / 2).all()

"""Balls of whole partitions: proofs in fractions, and one region at a time."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import reference
from families import golden, stack
from polytope_lens import Box, Lens, Polytope
from polytope_lens.cells.chebyshev_balls import ball_by_itself, balls_from_rows
from polytope_lens.polyhedral_complex import largest_balls

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
    centers, radii = largest_balls._from_edges(partition.mesh, partition.witnesses)
    by_rows = balls_from_rows(partition, np.arange(len(partition)))[1]
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


def test_exact_corners_tell_what_floats_cannot():
    """As the edges do, and in a deep network each ball is as large as the one that is proved."""
    partition = random_lens((2, 12, 12)).partition(Box([3, -1], [5, 2]))
    every = np.arange(len(partition))
    centers, radii = largest_balls._from_exact_corners(partition, every)
    assert radii == pytest.approx(balls_from_rows(partition, every)[1], rel=1e-6)
    deep = Lens(golden((2, *[12] * 20, 1), 3)).partition(Box([-1, -1], [1, 1]))
    open_ones = np.flatnonzero(largest_balls._from_edges(deep.mesh, deep.witnesses)[1] == 0)
    assert len(open_ones)
    centers, radii = largest_balls._from_exact_corners(deep, open_ones)
    assert (radii > 0).mean() > 0.9
    for i, center, radius in zip(open_ones[:20].tolist(), centers, radii, strict=False):
        assert radius == pytest.approx(deep[i].chebyshev_ball().radius, rel=1e-6) or radius == 0
        system = deep[i].inequalities(exact=True).facets()
        x, r = reference.fractions(center), Fraction(float(radius))
        for row, b in zip(system.A, system.b, strict=True) if radius else ():
            slack = b - reference.dot(row, x)
            assert slack >= 0 and r * r * reference.dot(row, row) <= slack * slack


@pytest.mark.parametrize("seed", [1, 9, 49, 1077])
def test_rows_whose_numbers_differ_by_powers_of_ten(seed):
    """Where floats may take a ball of any size for a small one, regions are asked by themselves."""
    rng = np.random.default_rng(seed)
    weight = rng.standard_normal((4, 3)) * 10.0 ** rng.integers(-12, 13, (4, 3))
    lens = Lens(stack((weight, rng.standard_normal(4) * 10.0 ** rng.integers(-12, 13, 4))))
    for domain in (None, Box([-1] * 3, [1] * 3)):
        partition = lens.partition(domain)
        found = partition.chebyshev_balls()
        for region, radius in zip(partition, found.radii.tolist(), strict=True):
            known = ball_by_itself(region)[1]
            assert radius == known or radius == pytest.approx(known, rel=1e-6)

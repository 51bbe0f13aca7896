"""Regions fill their domain exactly: volumes, moments and points, all from the exact rows of each."""

from __future__ import annotations

from fractions import Fraction
from math import factorial

import numpy as np
import pytest

import families
from polytope_lens import Box, Lens, Polytope
from reference import tuples

SIMPLEX = Polytope(np.vstack([-np.eye(3), np.ones((1, 3))]), [0.5, 0.5, 0.5, 1])


def random_lens(widths, seed=0):
    rng = np.random.default_rng([*widths, seed])
    weights = [rng.standard_normal((n, m)) for m, n in zip(widths, [*widths[1:], 1], strict=True)]
    return Lens.from_arrays(weights, [rng.standard_normal(len(weight)) for weight in weights])


@pytest.mark.parametrize(
    ("widths", "domain"),
    [
        ((1, 4, 4), Box([-1], [2])),
        ((2, 6, 6), Box([-1, -1], [1, 2])),
        ((3, 4, 4), SIMPLEX),
        ((4, 3, 2), Box([-1] * 4, [1] * 4)),
    ],
)
def test_volumes_and_centers_of_mass_add_up_without_any_rounding(widths, domain):
    partition = random_lens(widths).partition(domain)
    assert len(partition) > 4
    whole = domain if isinstance(domain, Polytope) else domain.to_polytope()
    volumes = [region.volume(exact=True) for region in partition]
    centers = [region.polytope.centroid(exact=True) for region in partition]
    assert sum(volumes) == whole.volume(exact=True)
    moment = tuple(sum(v * c[k] for v, c in zip(volumes, centers, strict=True)) for k in range(widths[0]))
    assert [m / sum(volumes) for m in moment] == whole.centroid(exact=True).tolist()
    assert min(volumes) > 0


@pytest.mark.parametrize("d", [2, 3, 4])
def test_the_parts_of_a_cross_polytope(d):
    """The inner region of each orthant is a simplex."""
    region = Lens(families.cross_polytope(d)).at(np.full(d, 0.1))
    assert region.volume(exact=True) == Fraction(1, factorial(d))
    assert len(region.vertices()) == d + 1
    assert region.chebyshev_ball().radius == pytest.approx(1 / (d + np.sqrt(d)), rel=1e-12)


def test_random_points_lie_in_the_region_they_were_drawn_from():
    lens = random_lens((3, 5, 4))
    partition = lens.partition(Box([-1] * 3, [1] * 3))
    for index, region in enumerate(partition):
        points = region.sample(20, seed=index)
        assert region.contains(points).all()
        assert (partition.locate(points) == index).all()


def test_corners_in_the_plane_are_those_of_the_mesh():
    partition = random_lens((2, 6, 5)).partition(Box([-1, -1], [1, 1]))
    for index, region in enumerate(partition):
        assert sorted(tuples(region.vertices(exact=True))) == sorted(tuples(partition.vertices(index, exact=True)))


def test_a_region_of_rows_that_no_float_holds():
    """Between the two boundaries lies a third of 2^-60: the exact rows know, rounded ones need not."""
    lens = Lens.from_arrays([[[3.0], [3.0]], [[1.0, 1.0]]], [[-1.0, -1.0 - 2.0**-52], [0]])
    middle = next(region for region in lens.partition(Box([0], [1])) if region.pattern.bits == (True, False))
    assert middle.volume(exact=True) == Fraction(2.0**-52) / 3
    assert tuples(middle.vertices(exact=True)) == [(Fraction(1, 3),), (Fraction(1, 3) + Fraction(2.0**-52) / 3,)]

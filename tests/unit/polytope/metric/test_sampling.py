"""Random points and estimates: where they lie, how they spread, and what they refuse."""

from __future__ import annotations

from math import factorial

import numpy as np
import pytest
from scipy import stats

from polytope_lens import Polytope
from polytope_lens.errors import DomainError, OptionError, UnboundedPolytopeError
from polytope_lens.polytope.metric.sampling import walk
from solids import cross_polytope, cube, scattered, simplex, sliver


@pytest.mark.parametrize("poly", [cube(1), cube(3), simplex(2), simplex(4), cross_polytope(3), scattered(3, 6)])
def test_points_are_inside_and_everywhere_alike(poly):
    points = poly.sample(4000, seed=1)
    assert points.shape == (4000, poly.dim)
    assert poly.contains(points).all()
    # Each half of the polytope has its share of the points.
    for k in range(poly.dim):
        unit = np.eye(poly.dim)[k]
        middle = float(poly.centroid()[k])
        share = Polytope([*poly.A, unit], [*poly.b, middle]).volume() / poly.volume()
        below = int((points[:, k] <= middle).sum())
        assert stats.binomtest(below, 4000, share).pvalue > 1e-4


def test_the_first_coordinate_has_the_right_distribution():
    points = simplex(3).sample(3000, seed=2)
    assert stats.kstest(points[:, 0], lambda t: 1 - (1 - t) ** 3).pvalue > 1e-3
    walked = walk(simplex(3), 3000, np.random.default_rng(0))
    assert stats.kstest(walked[::10, 0], lambda t: 1 - (1 - t) ** 3).pvalue > 1e-3


def test_equal_seeds_give_equal_points():
    assert (cube(2).sample(5, seed=7) == cube(2).sample(5, seed=7)).all()
    assert (cube(2).sample(5, seed=7) != cube(2).sample(5, seed=8)).any()
    assert cube(2).sample(0).shape == (0, 2)


def test_in_many_dimensions_points_walk():
    points = cube(10).sample(640, seed=0)
    assert cube(10).contains(points).all()
    assert points.mean(axis=0) == pytest.approx(np.full(10, 0.5), abs=0.1)


@pytest.mark.parametrize("width", [1e-12, 1e-300])
def test_points_in_slivers(width):
    points = sliver(2, width).sample(50)
    assert sliver(2, width).contains(points).all()


@pytest.mark.parametrize(("poly", "volume"), [
    (cube(3), 1), (simplex(4), 1 / factorial(4)), (cube(10), 1), (sliver(3, 2.0**-40), 2.0**-40),
])  # fmt: skip
def test_estimates_are_within_a_few_standard_errors(poly, volume):
    found = poly.estimate_volume(4000)
    assert found.n_samples >= 4000
    assert 0 < found.standard_error < 0.2 * volume
    assert abs(found.value - volume) < 5 * found.standard_error


def test_refusals():
    with pytest.raises(UnboundedPolytopeError, match="ray"):
        Polytope([[1, 0], [-1, 0]], [1, 0]).sample(3)
    with pytest.raises(UnboundedPolytopeError, match="ray"):
        Polytope(np.eye(9), np.ones(9)).sample(3)
    with pytest.raises(UnboundedPolytopeError, match="ray"):
        Polytope([[1, 0]], [1]).estimate_volume()
    for flat in (Polytope([[1, 0], [-1, 0], [0, 1], [0, -1]], [1, -1, 1, 1]), Polytope([[1], [-1]], [0, 0])):
        for question in (lambda flat=flat: flat.sample(3), lambda flat=flat: flat.estimate_volume()):
            with pytest.raises(DomainError, match="without interior"):
                question()
    # From 1 + 2^-50 / 7 to 1 + 2^-51 / 3; the float after 1 is 1 + 2^-52.
    between_floats = Polytope([[3], [-7]], [3 + 2.0**-51, -7 - 2.0**-50])
    assert between_floats.has_interior
    with pytest.raises(DomainError, match="too thin for floats"):
        between_floats.sample(3)
    with pytest.raises(OptionError, match="number of points"):
        cube(2).sample(-1)
    with pytest.raises(DomainError, match="empty"):
        Polytope([[1], [-1]], [0, -1]).sample(1)

"""What is near the training points."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from polytope_lens.errors import OptionError
from polytope_lens.experiments.findings.gathering import (
    Contrast,
    gathering,
    homes,
    length_near_circle,
    length_near_points,
)
from polytope_lens.render.scene import boundary_segments


@pytest.mark.parametrize("radius", [0.01, 0.1, 0.6])
def test_lengths_are_those_that_shapely_clips(radius):
    rng = np.random.default_rng(2)
    segments = rng.uniform(-1, 1, (50, 2, 2)) * rng.choice([1, 0.05], 50)[:, None, None]
    segments[7, 1] = segments[7, 0]
    points = rng.uniform(-1, 1, (30, 2))
    discs = shapely.union_all(shapely.buffer(shapely.points(points), radius, quad_segs=500))
    clipped = shapely.length(shapely.intersection(shapely.linestrings(segments), discs)).sum()
    assert length_near_points(segments, points, radius) == pytest.approx(clipped, rel=1e-4, abs=1e-9)
    rings = shapely.buffer(shapely.Point(0.1, 0.2), 0.5 + radius, quad_segs=500)
    if radius < 0.5:
        rings = rings - shapely.buffer(shapely.Point(0.1, 0.2), 0.5 - radius, quad_segs=500)
    clipped = shapely.length(shapely.intersection(shapely.linestrings(segments), rings)).sum()
    assert length_near_circle(segments, 0.5, radius, (0.1, 0.2)) == pytest.approx(clipped, rel=1e-4)


def test_nothing_near_is_nothing():
    assert length_near_points(np.zeros((1, 2, 2)), np.zeros((1, 2)), 1.0) == 0
    assert length_near_points(np.array([[[0.0, 0], [1, 0]]]), np.array([[5.0, 5]]), 1.0) == 0


def test_homes_are_the_regions_of_the_points(found):
    points = np.random.default_rng(3).uniform(-1, 1, (200, 2))
    at = homes(found, points)
    held = shapely.contains(found.polygons()[:, None], shapely.points(points)).argmax(axis=0)
    assert at.n_polytopes == len(set(held.tolist()))
    assert at.n_alone == sum((held == i).sum() == 1 for i in held)
    assert np.allclose(at.area, found.volumes()[held])
    assert at.area.mean() > found.volumes().mean()


def test_boundaries_gather_where_they_are_and_not_elsewhere(found):
    rng = np.random.default_rng(4)
    others = [rng.uniform(-1, 1, (40, 2)) for _ in range(19)]
    segments = boundary_segments(found).segments
    on = segments.mean(axis=1)[rng.choice(len(segments), 40)]
    assert gathering(found, on, others, 0.02).ratio > 3 and gathering(found, on, others, 0.02).p == 0.05
    chance = gathering(found, rng.uniform(-1, 1, (40, 2)), others, 0.02)
    assert 0.5 < np.mean(chance.others) < 1.5 and chance.p > 0.05


def test_the_density_of_everything_is_the_mean(found):
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, 9)] * 2), axis=-1).reshape(-1, 2)
    assert gathering(found, grid, [grid], 0.5).value == pytest.approx(1)


def test_contrasts_count_both_sides():
    assert Contrast(5.0, (1.0, 2.0, 1.5)).p == 0.25
    assert Contrast(1.5, (1.0, 2.0, 1.5)).p == 1
    assert Contrast(3.0, (1.0, 2.0)).ratio == 2


def test_bad_input(found):
    with pytest.raises(OptionError, match="received none"):
        gathering(found, [[0, 0]], [], 0.1)
    with pytest.raises(OptionError, match="positive"):
        gathering(found, [[0, 0]], [[[0, 0]]], 0)

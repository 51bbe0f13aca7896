"""Pixels drawn from an image."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.errors import DimensionError, OptionError
from polytope_lens.experiments import (
    categories,
    lookup,
    moons,
    pixel_coordinates,
    ring,
    sample,
)
from polytope_lens.training import Samples

torch = pytest.importorskip("torch")


def test_samples_of_categories_keep_their_numbers():
    image = categories(moons(64), 3).astype(np.uint16)
    samples = sample(image, 100, 50)
    assert samples.is_categorical
    assert samples.train_values.dtype == samples.validation_values.dtype == np.int64
    assert np.array_equal(samples.train_values, lookup(image, samples.train_points))
    assert np.array_equal(lookup(image, pixel_coordinates(64)).reshape(64, 64), image)
    assert not sample(moons(64), 100, 50).is_categorical
    with pytest.raises(DimensionError, match="values of one kind"):
        Samples(np.zeros((1, 2)), np.zeros(1, dtype=int), np.zeros((1, 2)), np.zeros(1))
    with pytest.raises(DimensionError, match="counted from 0, but holds -1"):
        Samples(np.zeros((1, 2)), [-1], np.zeros((1, 2)), [1])


def test_samples_are_different_pixels_with_their_values():
    image = np.random.default_rng(0).random((20, 20))
    samples = sample(image, n_train=300, n_validation=100, seed=4)
    points = np.vstack([samples.train_points, samples.validation_points])
    values = np.concatenate([samples.train_values, samples.validation_values])
    assert samples.train_points.shape == (300, 2)
    assert samples.validation_values.shape == (100,)
    assert np.array_equal(lookup(image, points), values)
    assert {tuple(point) for point in points} == {tuple(point) for point in pixel_coordinates(20)}
    assert not samples.train_points.flags.writeable


def test_the_seed_decides_the_samples():
    image = ring(64)
    first, again, other = (sample(image, 50, 10, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.train_points, again.train_points)
    assert not np.array_equal(first.train_points, other.train_points)


def test_impossible_samples_are_refused():
    with pytest.raises(OptionError, match=r"the image has 16 pixels, but 10 \+ 7 = 17 different ones"):
        sample(ring(4), 10, 7)
    with pytest.raises(OptionError, match="n_train should be at least 1"):
        sample(ring(4), 0, 7)
    with pytest.raises(DimensionError, match="one value per point"):
        Samples(np.zeros((3, 2)), np.zeros(2), np.zeros((1, 2)), np.zeros(1))

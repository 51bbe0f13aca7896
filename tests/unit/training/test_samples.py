"""Points with values of one kind, and of shapes that fit."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.errors import DimensionError, OptionError
from polytope_lens.training.samples import Samples, check_samples
from refusals import NO_OBJECTS, refuses


def test_arrays_are_kept_and_cannot_be_written_to():
    points = np.arange(6.0).reshape(3, 2)
    samples = Samples(points, [0.5, 1, 0], points[:1], [0.25])
    points[0] = 9
    assert samples.train_points.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert repr(samples) == "Samples(3 for training, 1 for validation)"
    assert not samples.is_categorical
    with pytest.raises(ValueError, match="read-only"):
        samples.train_values[0] = 1


def test_integers_are_categories():
    samples = Samples([[0.0]], np.array([2], dtype=np.uint8), np.zeros((0, 1)), np.zeros(0, dtype=np.int32))
    assert samples.is_categorical
    assert samples.train_values.dtype == samples.validation_values.dtype == np.int64


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ((np.zeros((3, 2)), np.zeros(2), np.zeros((1, 2)), np.zeros(1)), "one value per point"),
        ((np.zeros((3, 2)), np.zeros(3), np.zeros((1, 3)), np.zeros(1)), "the same number of coordinates everywhere"),
        ((np.zeros((1, 2)), [1], np.zeros((1, 2)), [1.0]), "values of one kind"),
        ((np.zeros((1, 2)), [-1], np.zeros((1, 2)), [1]), "counted from 0, but holds -1"),
        ((np.zeros(2), [1], np.zeros((1, 2)), [1]), "train_points should be a 2-D array"),
        ((np.full((1, 2), np.nan), [1], np.zeros((1, 2)), [1]), "train_points should be finite"),
    ],
)
def test_what_does_not_fit_is_refused(arrays, says):
    with pytest.raises(DimensionError, match=says):
        Samples(*arrays)


def test_validation_may_be_left_out():
    for y in ([0, 1], [[0], [1]], np.array([0.5, 1.5]), np.array([[0.5], [1.5]])):
        samples = Samples([[0.0, 0.5], [1.0, 0.25]], y if not isinstance(y, list) else np.array(y))
        assert samples.validation_points.shape == (0, 2)
        assert samples.validation_values.dtype == samples.train_values.dtype
        assert samples.train_values.shape == (2,)
    assert repr(samples) == "Samples(2 for training, 0 for validation)"
    with pytest.raises(DimensionError, match="validation_values are missing"):
        Samples([[0.0]], [1], [[1.0]])
    with pytest.raises(DimensionError, match="train_values are missing"):
        Samples([[0.0]], None)


def test_tensors_are_samples():
    torch = pytest.importorskip("torch")
    X, y = torch.rand(5, 2), torch.randint(0, 2, (5,))
    assert Samples(X, y).is_categorical
    assert not Samples(X, X[:, :1]).is_categorical
    assert Samples(X, X[:, :1]).train_values.tolist() == X[:, 0].tolist()


def test_samples_are_samples_or_none():
    assert check_samples(None) is None
    refuses(lambda samples: check_samples(samples), "samples", NO_OBJECTS, "`samples` should be a Samples")
    with pytest.raises(OptionError, match=r"Say `Samples\(X, y\)`, or"):
        check_samples((np.zeros((1, 2)), np.zeros(1)))

"""What is an image to be learnt, and what is not."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.errors import DimensionError, OptionError
from polytope_lens.experiments import (
    sample,
)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((0, 0)), r"at least one pixel, but has shape \(0, 0\)"),
        (np.zeros((4, 4, 3)), r"one grey value per pixel, but has shape \(4, 4, 3\): 3 channels"),
        (np.zeros((4, 4, 4), dtype=np.uint8), "4 channels"),
        (np.zeros((2, 4, 4, 3)), r"at least one pixel, but has shape \(2, 4, 4, 3\)"),
        (np.zeros(16), r"at least one pixel, but has shape \(16,\)"),
        ([[0.0], [0.0, 1.0]], "rows differ in length"),
        ([["a"]], "real numbers, but received dtype"),
        ([[np.nan]], "should be finite"),
        ([[-3]], "counted from 0, but holds -3"),
    ],
    ids=str,
)
def test_what_is_no_grey_image_is_refused(image, message):
    with pytest.raises(DimensionError, match=message):
        sample(image, 1, 0)


def test_bytes_are_asked_what_they_mean():
    image = np.full((4, 4), 255, dtype=np.uint8)
    with pytest.raises(OptionError, match="image / 255"):
        sample(image, 5, 1)
    assert sample(image / 255, 5, 1).train_values.tolist() == [1.0] * 5

"""An image to be learnt, as a function on the square [-1, 1]^2.

An image is an array (size, size) of floats from 0, black, to 1, white; or of integers, the numbers of categories,
counted from 0. It covers the square: x grows to the right with the column, and y grows upwards, so row 0 is the
uppermost, at y = +1. The pixel in row r and column c is the square of side 2 / size around its centre
``x = (2 c + 1) / size - 1``, ``y = 1 - (2 r + 1) / size``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens.errors import DimensionError, OptionError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from polytope_lens._types import Floats, Ints


def check_image(image: ArrayLike) -> Floats | Ints:
    """Return `image` as a read-only square array of float64; one of integers as int64.

    Raises
    ------
    DimensionError
        No pixels; not a square; colours; negative integers; numbers that are not finite or not real.
    OptionError
        Bytes, which could be either.
    """
    validate.refuse_masks(image, name="an image")
    try:
        raw = validate.as_array(image)
    except ValueError as error:
        raise DimensionError("an image should be a square of pixels, but its rows differ in length.") from error
    except Exception as error:  # of torch, pandas and others
        raise DimensionError(f"an image should be a square of pixels, but received {validate.shown(image)}.") from error
    if raw.ndim == 3 and raw.shape[-1] in (1, 2, 3, 4):
        raise DimensionError(
            f"an image should have one grey value per pixel, but has shape {raw.shape}: {raw.shape[-1]} channels. Take "
            "one of them, image[..., 0], or their mean, image[..., :3].mean(axis=2); `from_file` reads files in grey."
        )
    if raw.ndim != 2 or raw.shape[0] != raw.shape[1] or not raw.size:
        raise DimensionError(f"an image should be a square of at least one pixel, but has shape {raw.shape}.")
    if raw.dtype == np.uint8:
        raise OptionError(
            "an image of bytes may hold grey values or the numbers of categories. Say which: image / 255 for grey "
            "values from 0 to 1, image.astype(int) for categories."
        )
    return validate.values_array(raw, name="an image", ndim=2)

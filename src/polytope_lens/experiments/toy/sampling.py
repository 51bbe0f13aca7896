"""Training and validation points: pixels drawn from a target image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.errors import OptionError
from polytope_lens.experiments.toy.images import pixel_coordinates
from polytope_lens.training.samples import Samples
from polytope_lens.training.target_image import check_image

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def sample(image: ArrayLike, n_train: int = 5000, n_validation: int = 1000, seed: int = 0) -> Samples:
    """Draw pixels of an image, all different, for training and for validation.

    Parameters
    ----------
    image : (size, size) array
        A target, such as `ring` returns, or one of `categories`; the points are the centres of its pixels in [-1, 1]^2.
    n_train, n_validation : int
    seed : int
        The same seed draws the same pixels; with the same sum of `n_train` and `n_validation` also in the same order.

    Returns
    -------
    Samples

    Raises
    ------
    OptionError
        More samples than pixels, no training sample, a negative number.
    DimensionError
        An image that is empty, no square, or in colours.

    Examples
    --------
    >>> sample(np.eye(4), n_train=10, n_validation=6)
    Samples(10 for training, 6 for validation)
    """
    pixels = check_image(image)
    if n_train < 1 or n_validation < 0:
        raise OptionError(
            f"n_train should be at least 1 and n_validation at least 0, but received {n_train} and {n_validation}."
        )
    wanted = n_train + n_validation
    if wanted > pixels.size:
        raise OptionError(
            f"the image has {pixels.size} pixels, but {n_train} + {n_validation} = {wanted} different ones were asked "
            "for. Choose a larger image or fewer samples."
        )
    chosen = np.random.default_rng(seed).choice(pixels.size, wanted, replace=False)
    points, values = pixel_coordinates(len(pixels))[chosen], pixels.ravel()[chosen]
    return Samples(points[:n_train], values[:n_train], points[n_train:], values[n_train:])

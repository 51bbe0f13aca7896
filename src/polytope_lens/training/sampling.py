"""Training and validation points: pixels drawn from a target image."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from polytope_lens import _validate
from polytope_lens.errors import DimensionError, OptionError
from polytope_lens.training.images import check_image, pixel_coordinates

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from polytope_lens._types import Floats, Ints

    Values: TypeAlias = Floats | Ints


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Points with the values wanted there.

    Parameters
    ----------
    train_points : (n, d) array
    train_values : (n,) array
        Of floats; or of integers, which then are the numbers of categories, counted from 0.
    validation_points : (m, d) array
    validation_values : (m,) array
        Of the same kind.

    Raises
    ------
    DimensionError
        Shapes that do not fit each other, values of two kinds, negative categories.
    """

    train_points: Floats
    train_values: Values
    validation_points: Floats
    validation_values: Values

    def __post_init__(self) -> None:
        for field in fields(self):
            given, name = getattr(self, field.name), field.name
            is_points = name.endswith("points")
            array = (
                _validate.float_array(given, name=name, ndim=2)
                if is_points
                else _validate.values_array(given, name=name, ndim=1)
            )
            object.__setattr__(self, name, array)
        for points, values in (
            (self.train_points, self.train_values),
            (self.validation_points, self.validation_values),
        ):
            if len(points) != len(values) or points.shape[1] != self.train_points.shape[1]:
                raise DimensionError(
                    "samples need one value per point and the same number of coordinates everywhere, but received "
                    f"points of shape {points.shape} with values of shape {values.shape}."
                )

        if self.train_values.dtype != self.validation_values.dtype:
            raise DimensionError(
                "samples need values of one kind, floats or the numbers of categories, but received "
                f"{self.train_values.dtype} for training and {self.validation_values.dtype} for validation."
            )

    @property
    def is_categorical(self) -> bool:
        """Whether the values are the numbers of categories."""
        return self.train_values.dtype.kind == "i"

    def __repr__(self) -> str:
        return f"Samples({len(self.train_points)} for training, {len(self.validation_points)} for validation)"


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

"""What a network is trained on: points, and the values wanted there."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, TypeAlias

from polytope_lens._arrays import validate
from polytope_lens.errors import DimensionError

if TYPE_CHECKING:
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
                validate.float_array(given, name=name, ndim=2)
                if is_points
                else validate.values_array(given, name=name, ndim=1)
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

"""What a network is trained on: points, and the values wanted there."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeAlias

from polytope_lens._arrays import validate
from polytope_lens.errors import DimensionError

if TYPE_CHECKING:
    from polytope_lens._types import Floats, Ints

    Values: TypeAlias = Floats | Ints

LEFT_OUT: Any = None
"""What validation samples are before there is an array of none."""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Points with the values wanted there.

    Parameters
    ----------
    train_points : (n, d) array
    train_values : (n,) array
        Of floats; or of integers, which then are the numbers of categories, counted from 0. A column (n, 1) will do.
    validation_points : (m, d) array, optional
    validation_values : (m,) array, optional
        Of the same kind. Both or neither: without them there is no validation loss.

    Raises
    ------
    DimensionError
        Shapes that do not fit each other, values of two kinds, negative categories, validation points without values.

    Examples
    --------
    >>> Samples([[0.0, 0.5], [1.0, 0.25]], [0, 1])
    Samples(2 for training, 0 for validation)
    """

    train_points: Floats
    train_values: Values
    validation_points: Floats = LEFT_OUT
    validation_values: Values = LEFT_OUT

    def __post_init__(self) -> None:
        missing = [field.name for field in fields(self) if getattr(self, field.name) is None]
        if missing == ["validation_points", "validation_values"]:
            object.__setattr__(self, "validation_points", validate.as_array(self.train_points)[:0])
            object.__setattr__(self, "validation_values", validate.as_array(self.train_values)[:0])
        elif missing:
            raise DimensionError(
                f"samples need both points and values, but {missing[0]} are missing. Give them, or leave out the "
                "validation points and values."
            )
        for field in fields(self):
            given, name = getattr(self, field.name), field.name
            is_points = name.endswith("points")
            array = (
                validate.float_array(given, name=name, ndim=2)
                if is_points
                else validate.values_array(_flat(given), name=name, ndim=1)
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


def _flat(values: Any) -> Any:
    """Values in one column, as loops of torch have them, without it."""
    shape: tuple[int, ...] = getattr(values, "shape", ())
    return values[:, 0] if len(shape) == 2 and shape[1] == 1 else values


def check_samples(samples: Samples | None) -> Samples | None:
    """Return `samples` if they are some, or None.

    Raises
    ------
    OptionError
    """
    if samples is not None:
        advice = "Say `Samples(X, y)`, or `Samples(X, y, validation_points, validation_values)`."
        validate.instance(samples, Samples, name="`samples`", advice=advice)
    return samples

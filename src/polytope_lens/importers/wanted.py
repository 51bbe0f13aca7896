"""Which inputs of a model a lens looks at, of which shape, and which outputs: what users say, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens.errors import DimensionError, OptionError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Shape: TypeAlias = "int | Sequence[int]"
InputShape: TypeAlias = "Shape | Mapping[str, Shape]"
Inputs: TypeAlias = "str | Sequence[str] | Mapping[str, ArrayLike]"
Outputs: TypeAlias = "str | int | Sequence[str | int]"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a model is looked at.

    Parameters
    ----------
    shape : tuple of int, or None
        Shape of one sample, where the model has one input.
    shapes : dict of str to tuple of int
        Those of several inputs.
    free : tuple of str, or None
        The inputs that are looked at, in this order.
    fixed : dict of str to anything
        Values of other inputs.
    outputs : tuple of str, or None
        The outputs that are looked at, in this order. A place among several is written as a number.
    """

    shape: tuple[int, ...] | None = None
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    free: tuple[str, ...] | None = None
    fixed: Mapping[str, Any] = field(default_factory=dict)
    outputs: tuple[str, ...] | None = None

    def shape_of(self, name: str, *, alone: bool) -> tuple[int, ...] | None:
        """What was said about the shape of an input, which may be the only one."""
        return self.shapes.get(name, self.shape if alone else None)

    def check_names(self, inputs: Sequence[str]) -> None:
        """Refuse names that no input has.

        Raises
        ------
        OptionError
        """
        for option, names in (("inputs", (*(self.free or ()), *self.fixed)), ("input_shape", (*self.shapes,))):
            unknown = [name for name in names if name not in inputs]
            if unknown:
                raise OptionError(
                    f"`{option}` names {unknown[0]!r}, but the model's inputs are {', '.join(map(repr, inputs))}."
                )


def wanted(input_shape: Any = None, inputs: Any = None, outputs: Any = None) -> Wanted:
    """What of a model is looked at, from the options of a lens.

    Parameters
    ----------
    input_shape : sequence of int, int, or a mapping of names to these, optional
        Shape of one sample.
    inputs : str, sequence of str, or mapping of str to values, optional
        The inputs that are looked at, laid end to end; in a mapping, values of inputs that are fixed, and None for
        those that are looked at.
    outputs : str, int, or a sequence of these, optional

    Raises
    ------
    DimensionError
        What should be a shape is none.
    OptionError
        What should name inputs or outputs does not.

    Examples
    --------
    >>> wanted((3, 32, 32), outputs="scores")
    Wanted(shape=(3, 32, 32), shapes={}, free=None, fixed={}, outputs=('scores',))
    >>> wanted(inputs={"image": None, "gain": 2.0}).fixed
    {'gain': 2.0}
    """
    shapes: dict[str, tuple[int, ...]] = {}
    shape = None
    if isinstance(input_shape, Mapping):
        shapes = {str(name): _shape(value) for name, value in input_shape.items()}
    elif input_shape is not None:
        shape = _shape(input_shape)
    free: tuple[str, ...] | None = None
    fixed: dict[str, Any] = {}
    if isinstance(inputs, Mapping):
        names = _names(list(inputs), "inputs", str)
        fixed = {name: value for name, value in inputs.items() if value is not None}
        free = tuple(name for name in names if name not in fixed) or None
    elif inputs is not None:
        free = _names(inputs, "inputs", str)
    chosen = None if outputs is None else _names(outputs, "outputs", str | int)
    return Wanted(shape, shapes, free, fixed, chosen)


def _shape(value: Any) -> tuple[int, ...]:
    try:
        numbers = (value,) if isinstance(value, int | np.integer) else tuple(value)
    except TypeError:
        numbers = ()
    whole = all(map(validate.is_whole, numbers))
    if not numbers or not whole or not all(1 <= n <= validate.WORD for n in numbers):
        raise DimensionError(
            f"`input_shape` should be the shape of one sample, as (3, 32, 32), but received {validate.shown(value)}."
        )
    return tuple(int(n) for n in numbers)


def _names(value: Any, option: str, kinds: Any) -> tuple[str, ...]:
    listed = isinstance(value, Sequence) and not isinstance(value, bytes)
    names = [value] if isinstance(value, str | int) else list(value) if listed else []
    right = all(isinstance(name, kinds) and not isinstance(name, bool) and name != "" for name in names)
    right = right and all(0 <= name <= validate.WORD for name in names if isinstance(name, int))
    if not names or not right or len(set(map(str, names))) < len(names):
        examples = "as 'scores' or ['mean', 'scores']" if option == "outputs" else "as ['x', 'y'] or {'y': values}"
        told = validate.shown(value)
        raise OptionError(f"`{option}` should name {option} of the model, {examples}, but received {told}.")
    return tuple(str(name) for name in names)


def among(wanted: Sequence[str], found: Sequence[str]) -> str:
    """Which of several a lens looks at, for people; empty where there is no choice."""
    return "" if len(found) < 2 else ", ".join(wanted)

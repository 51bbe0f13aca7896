"""Which inputs of an ONNX graph are looked at, of which shape, and which leading axis holds the samples of a batch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens.errors import (
    DimensionError,
    InvalidNetworkError,
    OptionError,
    UnsupportedLayerError,
    require,
)
from polytope_lens.importers import graph

require("onnx", extra="onnx", purpose="reading an ONNX model")

import onnx  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polytope_lens.importers.wanted import Wanted

FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16)


@dataclass(frozen=True, slots=True)
class FreeInput:
    """One input that is looked at.

    Parameters
    ----------
    name : str
    sample : tuple of int
        Shape of one sample.
    batch : int, or None
        Size of the axis in front of it that holds the samples of a batch: 0 where the file leaves it open; None where
        there is none.
    guessed : bool
        Nobody said whether the leading axis belongs to the sample.
    """

    name: str
    sample: tuple[int, ...]
    batch: int | None
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class FreeInputs:
    """All inputs that are looked at, laid end to end."""

    entries: tuple[FreeInput, ...]

    @property
    def total(self) -> int:
        """Number of values in one sample of all inputs."""
        return sum(math.prod(entry.sample) for entry in self.entries)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one sample: of the only input, or of all laid end to end."""
        return self.entries[0].sample if len(self.entries) == 1 else (self.total,)

    @property
    def batch(self) -> int:
        """Number of samples that the graph has to be followed with."""
        return max((entry.batch or 1 for entry in self.entries), default=1)

    @property
    def open(self) -> bool:
        """Whether the file leaves the number of samples open."""
        return any(entry.batch == 0 for entry in self.entries)

    @property
    def has_batch_axis(self) -> bool:
        """Whether there is a batch axis in front."""
        return any(entry.batch is not None for entry in self.entries)

    def tensors(self, samples: int) -> dict[str, graph.Tensor]:
        """Each input for some samples, as a view of one source that holds one sample after the other."""
        source = graph.source((samples * self.total,))
        starts = np.arange(samples) * self.total
        found = {}
        for entry in self.entries:
            size = math.prod(entry.sample)
            lead = () if entry.batch is None else (samples,)
            index = (starts[: samples if lead else 1, None] + np.arange(size)).reshape(*lead, *entry.sample)
            found[entry.name] = graph.gather([source], index)
            starts = starts + size
        return found


def free_inputs(entries: Mapping[str, onnx.ValueInfoProto], asked: Wanted) -> FreeInputs:
    """The inputs that are looked at, among those that are used.

    Raises
    ------
    OptionError, UnsupportedLayerError
        Names that there are not; several inputs without a word about them; inputs that are no floats.
    DimensionError, InvalidNetworkError
        Shapes that do not fit the file's, or that nobody tells.
    """
    asked.check_names(list(entries))
    free = asked.free or tuple(name for name in entries if name not in asked.fixed)
    left = [name for name in entries if name not in free and name not in asked.fixed]
    listed = ", ".join(map(repr, entries))
    if left or not free:
        what = f"the input {left[0]!r} is neither looked at nor fixed" if left else "no input is left to look at"
        raise OptionError(f"{what}. Say `inputs` as a mapping: None for what is looked at, values for the others.")
    if len(free) > 1 and asked.free is None:
        raise UnsupportedLayerError(
            f"the model has {len(entries)} inputs: {listed}. Say which are looked at, as inputs={list(free)!r} for all "
            f"of them laid end to end, or fix the others: inputs={{{free[-1]!r}: values}}."
        )
    found = tuple(_free_input(entries[name], asked.shape_of(name, alone=len(free) == 1)) for name in free)
    sizes = {entry.batch or 1 for entry in found}
    if len(sizes) > 1:
        raise UnsupportedLayerError(
            f"the inputs {listed} have leading axes of different sizes, {sorted(sizes)}, so that one sample of all of "
            "them cannot be told from the file. Say `input_shape` as a mapping of names to shapes."
        )
    return FreeInputs(found)


def fixed_value(entry: onnx.ValueInfoProto, value: Any, samples: int) -> graph.Tensor | np.ndarray[Any, Any]:
    """A value of an input that is not looked at: as it is, or one sample of it for each of the samples.

    Raises
    ------
    OptionError
    """
    array = np.asarray(value)
    sizes = _sizes(entry)
    if array.dtype.kind not in "fiub":
        raise OptionError(f"`inputs` should fix {entry.name!r} to numbers, but received {value!r}.")
    if sizes is not None and array.ndim == len(sizes) - 1:
        array = np.broadcast_to(array, (samples, *array.shape))
    fits = sizes is None or (
        array.ndim == len(sizes) and all(n in (None, m) for n, m in zip(sizes, array.shape, strict=True))
    )
    if not fits:
        raise OptionError(f"`inputs` should fix {entry.name!r} to values of shape {_told(sizes)}, not {array.shape}.")
    if entry.type.tensor_type.elem_type not in FLOATS:
        return array.astype(onnx.helper.tensor_dtype_to_np_dtype(entry.type.tensor_type.elem_type))
    return graph.constant(array)


def _sizes(entry: onnx.ValueInfoProto) -> list[int | None] | None:
    """The sizes of an input's axes, None where they are open; None where not even their number is known."""
    kind = entry.type.tensor_type
    if not kind.HasField("shape"):
        return None
    return [d.dim_value if d.HasField("dim_value") and d.dim_value > 0 else None for d in kind.shape.dim]


def _free_input(entry: onnx.ValueInfoProto, given: Sequence[int] | None) -> FreeInput:
    if entry.type.tensor_type.elem_type not in FLOATS:
        raise UnsupportedLayerError(
            f"the input {entry.name!r} should hold floats, but is declared otherwise. Fix it: "
            f"inputs={{{entry.name!r}: values}}."
        )
    sizes = _sizes(entry)
    if sizes is None:
        if given is None:
            raise InvalidNetworkError("the file does not say the shape of its input. Say `input_shape`.")
        return FreeInput(entry.name, tuple(given), 0)
    leads = len(sizes) > 1
    if given is not None:
        whole = len(given) == len(sizes)
        sample = sizes if whole else sizes[1:]
        if len(given) != len(sample) or any(n not in (None, g) for n, g in zip(sample, given, strict=True)):
            told = _told(sizes[1:] if leads and sizes[0] in (None, 1) else sizes)
            raise DimensionError(f"one sample of the input has shape {told}, but `input_shape` is {tuple(given)}.")
        return FreeInput(entry.name, tuple(given), None if whole else sizes[0] or 0)
    has_batch = leads and sizes[0] in (None, 1)
    sample = sizes[1:] if has_batch else sizes
    known = tuple(n for n in sample if n is not None)
    if len(known) < len(sample):
        raise InvalidNetworkError(f"the file leaves the shape of its input open: {_told(sample)}. Say `input_shape`.")
    return FreeInput(entry.name, known, (sizes[0] or 0) if has_batch else None, leads and not has_batch)


def _told(sizes: Sequence[int | None] | None) -> tuple[int | str, ...]:
    return tuple("?" if n is None else n for n in sizes or ())

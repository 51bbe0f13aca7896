"""How a module is called: its free inputs, what the others are fixed to, and which of its outputs count."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens.errors import InvalidNetworkError, OptionError, UnsupportedLayerError, require
from polytope_lens.importers.wanted import told

require("torch", extra="torch", purpose="reading a PyTorch model")

import torch  # noqa: E402
from torch import nn  # noqa: E402

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens.importers.wanted import Wanted


@dataclass(frozen=True, slots=True)
class ModuleCall:
    """One way to call a module.

    Parameters
    ----------
    shapes : dict of str to tuple of int
        The free inputs and the shapes of one sample of each. The name "" stands for the first argument.
    fixed : dict of str to anything
        The other arguments, arrays as one sample of them.
    outputs : tuple of str, or None
        Which of several outputs, by their paths in what the module returns.
    """

    shapes: Mapping[str, tuple[int, ...]]
    fixed: Mapping[str, Any]
    outputs: tuple[str, ...] | None

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one sample: of the only input, or of all of them laid end to end."""
        shapes = list(self.shapes.values())
        return shapes[0] if len(shapes) == 1 else (sum(math.prod(shape) for shape in shapes),)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs, where they have been named."""
        return tuple(name for name in self.shapes if name)

    def run(self, model: nn.Module, batch: Any, carry: Callable[[NDArray[np.float64]], torch.Tensor]) -> Any:
        """What a module returns for samples, one in each row; `carry` makes tensors of numbers that are fixed."""
        named: dict[str, Any] = {}
        start = 0
        for name, shape in self.shapes.items():
            stop = start + math.prod(shape)
            named[name] = (batch if len(self.shapes) == 1 else batch[:, start:stop]).reshape(-1, *shape)
            start = stop
        for name, value in self.fixed.items():
            if not isinstance(value, np.ndarray):
                named[name] = value
                continue
            rows = np.broadcast_to(value, (len(batch), *value.shape))
            named[name] = carry(rows) if value.dtype.kind == "f" else torch.tensor(rows)
        first = (named.pop(""),) if "" in named else ()
        return model(*first, **named)

    def chosen(self, result: Any, where: str) -> dict[str, torch.Tensor]:
        """The outputs that count among those that a module returned, by their paths.

        Raises
        ------
        OptionError, UnsupportedLayerError
            There is no such output, or a choice has to be made.
        """
        found = dict(_tensors(result, ""))
        if self.outputs is None and len(found) == 1:
            return found
        listed = ", ".join(map(repr, found))
        if self.outputs is None:
            if not found:
                raise UnsupportedLayerError(f"{where} returns {type(result).__name__}, which holds no tensors.")
            first = next(iter(found))
            raise UnsupportedLayerError(
                f"{where} returns {len(found)} tensors: {listed}. Say which of them, as outputs={first!r}."
            )
        unknown = [name for name in self.outputs if name not in found]
        if unknown:
            raise OptionError(f"`outputs` names {unknown[0]!r}, but the tensors that {where} returns are: {listed}.")
        return {name: found[name] for name in self.outputs}


def module_call(model: nn.Module, wanted: Wanted) -> ModuleCall:
    """How a module should be called.

    Raises
    ------
    OptionError, InvalidNetworkError, UnsupportedLayerError
        Names that it does not have; shapes that are not known; several inputs, without a word about them.
    """
    names, required = _arguments(model)
    if not wanted.free and not wanted.fixed:
        if len(required) > 1:
            raise UnsupportedLayerError(
                f"{type(model).__name__} takes {len(required)} inputs: {', '.join(required)}. Say which are looked at, "
                f"as inputs={required!r} for all of them laid end to end, or fix the others: "
                f"inputs={{{required[-1]!r}: values}}."
            )
        name = (required or names or [""])[0]
        if wanted.shapes:
            wanted.check_names(names or [name])
        shape = wanted.shape_of(name, alone=True)
        return ModuleCall({"": _known_shape(model) if shape is None else shape}, {}, wanted.outputs)
    wanted.check_names(names)
    free = wanted.free or tuple(name for name in required if name not in wanted.fixed)
    missing = [name for name in required if name not in free and name not in wanted.fixed]
    if missing or not free:
        what = f"{missing[0]!r} is neither looked at nor fixed" if missing else "no input is left to look at"
        raise OptionError(f"{what}. Say `inputs` as a mapping: None for what is looked at, values for the others.")
    shapes: dict[str, tuple[int, ...]] = {}
    for name in free:
        shape = wanted.shape_of(name, alone=len(free) == 1)
        if shape is None and len(free) == 1:
            shape = _known_shape(model)
        if shape is None:
            raise InvalidNetworkError(
                f"the shape of one sample of the input {name!r} cannot be known. Say `input_shape` as a mapping: "
                f"{{{', '.join(f'{n!r}: (...)' for n in free)}}}."
            )
        shapes[name] = shape
    return ModuleCall(shapes, {name: _fixed(value) for name, value in wanted.fixed.items()}, wanted.outputs)


def named(call: ModuleCall, result: Any) -> tuple[str, ...]:
    """Names of the outputs that count, if there are others."""
    found = [name for name, _ in _tensors(result, "")]
    return tuple(filter(None, told(call.outputs or (), found).split(", ")))


def _arguments(model: nn.Module) -> tuple[list[str], list[str]]:
    """Names of a module's arguments, and of those that have to be given; none if it does not tell."""
    try:
        parameters = inspect.signature(model.forward).parameters.values()
    except (TypeError, ValueError):
        return [], []
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_ONLY)
    known = [p for p in parameters if p.kind in kinds]
    return [p.name for p in known], [p.name for p in known if p.default is inspect.Parameter.empty]


def _fixed(value: Any) -> Any:
    """Numbers as an array, floats in float64; anything else as it is."""
    if isinstance(value, torch.Tensor):
        return (value.detach().cpu().double() if value.is_floating_point() else value.detach().cpu()).numpy()
    if isinstance(value, np.ndarray | list | tuple):
        array = np.asarray(value)
        if array.dtype.kind in "fiub":
            return array.astype(np.float64) if array.dtype.kind == "f" else array
    return value


def _tensors(value: Any, path: str) -> list[tuple[str, torch.Tensor]]:
    """The tensors in what a module returned, by their paths: keys, fields and places joined by dots."""
    if isinstance(value, torch.Tensor):
        return [(path, value)]
    pairs: list[tuple[Any, Any]] = []
    if isinstance(value, Mapping):
        pairs = list(value.items())
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        pairs = [(name, getattr(value, name)) for name in value._fields]
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        pairs = list(enumerate(value))
    elif is_dataclass(value) and not isinstance(value, type):
        pairs = [(entry.name, getattr(value, entry.name)) for entry in fields(value)]
    return [found for key, entry in pairs for found in _tensors(entry, f"{path}.{key}" if path else str(key))]


def _known_shape(model: nn.Module) -> tuple[int, ...]:
    """Shape of a sample, as the first module with weights tells it."""
    for module in model.modules():
        if isinstance(module, nn.Linear) and module.in_features:
            return (module.in_features,)
        if isinstance(module, nn.BatchNorm1d):
            return (module.num_features,)
        if isinstance(module, nn.Unflatten) and module.dim == 1 and isinstance(module.unflattened_size, tuple):
            return (math.prod(int(n) for n in module.unflattened_size),)
        if module._parameters:
            break
    raise InvalidNetworkError(
        f"the shape of one sample cannot be known from {type(model).__name__}. Say `input_shape`, for example "
        "Lens(model, input_shape=(3, 32, 32))."
    )

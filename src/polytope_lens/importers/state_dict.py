"""Weights without a program, from a state_dict or a ``.safetensors`` file, and an architecture that says what they do.

An architecture is a list of steps. A step is the name of a layer, under which its tensors are stored (``"fc1"`` for
``fc1.weight`` and ``fc1.bias``), or an operation; with options it is a pair of a name and a dictionary:

>>> architecture = ["fc1", "relu", "fc2"]
>>> architecture = [("conv1", {"stride": 2, "padding": 1}), "relu", ("max_pool", {"kernel": 2}), "flatten", "fc"]

What kind of layer it is follows from its tensors: a running mean means batch normalisation, a weight with two axes a
linear layer, with more a convolution. One word, ``"relu"``, stands for all linear layers in the order of their numbers,
with that activation between them.
"""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens.errors import (
    FileFormatError,
    InvalidNetworkError,
    OptionError,
    require,
)
from polytope_lens.importers import graph, windows
from polytope_lens.importers.layering import Lowering, schedule
from polytope_lens.importers.registry import Table
from polytope_lens.io.files import read_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from os import PathLike

    from numpy.typing import NDArray

    Arrays: TypeAlias = Mapping[str, Any]
    Step: TypeAlias = str | tuple[str, Mapping[str, Any]]
    Architecture: TypeAlias = str | Sequence[Step]

STEPS = Table()
FLOATS = {"F64": np.float64, "F32": np.float32, "F16": np.float16}
INTEGERS = {"I64": np.int64, "I32": np.int32, "I16": np.int16, "I8": np.int8, "U8": np.uint8, "BOOL": np.bool_}


def load_safetensors(path: str | PathLike[str]) -> dict[str, NDArray[Any]]:
    """All tensors of a ``.safetensors`` file, without torch; bfloat16 becomes float32. Exact.

    Raises
    ------
    FileFormatError
        A missing, truncated or damaged file, or one with numbers of other kinds (float8).
    """
    safetensors = require("safetensors", extra="torch", purpose="reading a .safetensors file")
    path = Path(path)
    data = read_bytes(path)
    try:
        content = safetensors.deserialize(data)
    except Exception as error:  # safetensors has its own class, outside of its public names in some versions
        raise FileFormatError(f"{path} is damaged, or not a .safetensors file: {error}.") from error
    return {name: _decoded(path, name, entry) for name, entry in content}


def _decoded(path: Path, name: str, entry: Mapping[str, Any]) -> NDArray[Any]:
    kind, data = entry["dtype"], bytes(entry["data"])
    if kind == "BF16":
        # A bfloat16 is the upper half of a float32.
        wide = np.frombuffer(data, dtype="<u2").astype(np.uint32) << 16
        return wide.view(np.float32).reshape(entry["shape"])
    dtype = (FLOATS | INTEGERS).get(kind)
    if dtype is None:
        raise FileFormatError(f"{path}: tensor {name!r} holds numbers of kind {kind}. Supported: float64 to bfloat16.")
    return np.frombuffer(data, dtype=np.dtype(dtype).newbyteorder("<")).reshape(entry["shape"])


def lower(tensors: Arrays, architecture: Architecture, input_shape: Sequence[int] | None = None) -> Lowering:
    """Lower weights and an architecture, as described at the top of this module, to the canonical form; exact.

    Parameters
    ----------
    tensors : mapping of names to arrays
        A state_dict; torch tensors are read, too.
    architecture : str or sequence of steps
        Operations: relu, leaky_relu (``slope``), abs, relu6, clamp (``low``, ``high``), identity, flatten, max_pool and
        average_pool (``kernel``, ``stride``, ``padding``). Options of convolutions: ``stride``, ``padding``,
        ``dilation``, ``groups``; of batch normalisation: ``eps``.
    input_shape : sequence of int, optional
        Shape of one sample; needed unless the first layer is linear.

    Raises
    ------
    OptionError
        An unknown step or option.
    InvalidNetworkError
        Tensors that are missing, do not fit, or hold NaN.

    Examples
    --------
    >>> weights = {"0.weight": [[1.0, 0.0], [0.0, 1.0]], "0.bias": [0.0, 1.0], "2.weight": [[1.0, 1.0]]}
    >>> lower(weights, "relu").network
    Network(2 -> 2 -> 1, 2 neurons that cut, ReLU)
    """
    steps = [
        (step, {}) if isinstance(step, str) else (step[0], dict(step[1])) for step in _listed(tensors, architecture)
    ]
    used = {f"{name}.{kind}" for name, _ in steps for kind in ("weight", "bias", "running_mean", "running_var")}
    unused = [name for name in tensors if name not in used and not name.endswith("num_batches_tracked")]
    if unused:
        raise OptionError(
            f"the architecture does not use the tensors {', '.join(unused[:5])}. Name their layers in it."
        )
    shape = tuple(input_shape) if input_shape is not None else _first_shape(tensors, steps[0][0] if steps else "")
    tensor = graph.source((1, *shape))
    for name, options in steps:
        if f"{name}.running_mean" in tensors:
            tensor = _normalised(tensor, tensors, name, **_known(name, options, ("eps",)))
        elif f"{name}.weight" in tensors:
            tensor = _layer(tensor, tensors, name, options)
        elif name in STEPS:
            try:
                tensor = STEPS[name](tensor, **options)
            except TypeError as error:
                raise OptionError(f"step {name!r} does not take the options {options}.") from error
        else:
            raise OptionError(
                f"step {name!r} is neither a layer with a tensor {name}.weight nor an operation. Layers: "
                f"{', '.join(sorted({key.rpartition('.')[0] for key in tensors}))}. Operations: {', '.join(STEPS)}."
            )
    found = schedule(tensor, int(np.prod(shape, dtype=int)))
    return Lowering(found.network, shape, tensor.shape[1:], found.steps)


def _listed(tensors: Arrays, architecture: Architecture) -> Sequence[Step]:
    if not isinstance(architecture, str):
        return architecture
    if architecture not in STEPS:
        raise OptionError(
            f"one word of architecture names the activation between all linear layers, one of {', '.join(STEPS)}, but "
            f"is {architecture!r}. For other networks, name all steps in order."
        )
    layers = sorted((key.removesuffix(".weight") for key in tensors if key.endswith(".weight")), key=_natural)
    if any(np.ndim(tensors[f"{name}.weight"]) != 2 for name in layers) or not layers:
        raise OptionError("one word of architecture stands for linear layers only. Name all steps in order.")
    return [layers[0], *(step for pair in pairwise(layers) for step in (architecture, pair[1]))]


def _natural(name: str) -> list[tuple[int, str]]:
    """So that ``layer10`` comes after ``layer9``."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def _first_shape(tensors: Arrays, name: str) -> tuple[int, ...]:
    weight = tensors.get(f"{name}.weight")
    if weight is None or np.ndim(weight) != 2:
        raise InvalidNetworkError("the shape of one sample cannot be known from the first step. Say `input_shape`.")
    return (int(np.shape(weight)[1]),)


def _numbers(tensors: Arrays, key: str) -> NDArray[np.float64]:
    value = tensors.get(key)
    if value is None:
        raise InvalidNetworkError(f"tensor {key!r} is missing.")
    if hasattr(value, "detach"):
        value = value.detach().cpu().double().numpy()
    array = np.asarray(value)
    return validate.float_array(array, name=f"tensor {key!r}", ndim=array.ndim, error=InvalidNetworkError)


def _layer(tensor: graph.Tensor, tensors: Arrays, name: str, options: dict[str, Any]) -> graph.Tensor:
    weight = _numbers(tensors, f"{name}.weight")
    bias = _numbers(tensors, f"{name}.bias") if f"{name}.bias" in tensors else np.zeros(len(weight))
    if bias.shape != weight.shape[:1]:
        raise InvalidNetworkError(f"layer {name!r} has a weight of shape {weight.shape}, a bias of shape {bias.shape}.")
    if weight.ndim == 2:
        _known(name, options, ())
        if tensor.shape[-1] != weight.shape[1]:
            raise InvalidNetworkError(
                f"layer {name!r} takes {weight.shape[1]} values, but receives {tensor.shape[-1]}."
            )
        return graph.matmul(tensor, weight.T, bias, name)
    axes = weight.ndim - 2
    options = _known(name, options, ("stride", "padding", "dilation", "groups"))
    if len(tensor.shape) != axes + 2:
        raise InvalidNetworkError(f"layer {name!r} slides over {axes} axes, but a sample has shape {tensor.shape[1:]}.")
    sliding = _windows(weight.shape[2:], axes, options)
    return windows.convolution(tensor, weight, bias, sliding, options.get("groups", 1), f"layer {name!r}")


def _normalised(tensor: graph.Tensor, tensors: Arrays, name: str, eps: float = 1e-5) -> graph.Tensor:
    """``x * factor + shift``, both computed in float64, which rounds."""
    mean, variance = _numbers(tensors, f"{name}.running_mean"), _numbers(tensors, f"{name}.running_var")
    factor = 1.0 / graph.deviation(variance, eps, f"layer {name!r}")
    if f"{name}.weight" in tensors:
        factor = factor * _numbers(tensors, f"{name}.weight")
    shift = (_numbers(tensors, f"{name}.bias") if f"{name}.bias" in tensors else 0.0) - mean * factor
    return graph.channelwise(tensor, factor, shift, name)


def _known(name: str, options: dict[str, Any], allowed: tuple[str, ...]) -> dict[str, Any]:
    for key in options:
        if key not in allowed:
            told = ", ".join(allowed) or "none"
            raise OptionError(f"layer {name!r} has the option {key!r}. Options of such a layer: {told}.")
    return options


def _windows(kernel: Sequence[int], axes: int, options: Mapping[str, Any]) -> windows.Windows:
    def numbers(key: str, default: Any) -> Sequence[int]:
        value = options.get(key, default)
        return [value] * axes if isinstance(value, int) else list(value)

    padding = numbers("padding", 0)
    return windows.Windows(kernel, numbers("stride", 1), padding, padding, numbers("dilation", 1))


# ------------------------------------------------------------------------------------------------ operations


@STEPS("relu")
def _relu(tensor: graph.Tensor) -> graph.Tensor:
    return graph.relu(tensor, "relu")


@STEPS("leaky_relu")
def _leaky_relu(tensor: graph.Tensor, slope: float = 0.01) -> graph.Tensor:
    return graph.bend(tensor, slope, 1.0, "leaky_relu")


@STEPS("abs")
def _abs(tensor: graph.Tensor) -> graph.Tensor:
    return graph.bend(tensor, -1.0, 1.0, "abs")


@STEPS("relu6")
def _relu6(tensor: graph.Tensor) -> graph.Tensor:
    return graph.clamp(tensor, 0.0, 6.0, "relu6")


@STEPS("clamp")
def _clamp(tensor: graph.Tensor, low: float | None = -1.0, high: float | None = 1.0) -> graph.Tensor:
    return graph.clamp(tensor, low, high, "clamp")


@STEPS("identity")
def _identity(tensor: graph.Tensor) -> graph.Tensor:
    return tensor


@STEPS("flatten")
def _flatten(tensor: graph.Tensor) -> graph.Tensor:
    return graph.reshaped(tensor, (1, tensor.size))


@STEPS("max_pool")
def _max_pool(tensor: graph.Tensor, kernel: Any = 2, stride: Any = None, padding: Any = 0) -> graph.Tensor:
    return windows.max_pool(tensor, _pool(tensor, kernel, stride, padding), "max_pool")


@STEPS("average_pool")
def _average_pool(tensor: graph.Tensor, kernel: Any = 2, stride: Any = None, padding: Any = 0) -> graph.Tensor:
    return windows.average_pool(tensor, _pool(tensor, kernel, stride, padding), count_padding=True)


def _pool(tensor: graph.Tensor, kernel: Any, stride: Any, padding: Any) -> windows.Windows:
    axes = len(tensor.shape) - 2
    sizes = [kernel] * axes if isinstance(kernel, int) else list(kernel)
    return _windows(sizes, axes, {"stride": sizes if stride is None else stride, "padding": padding})

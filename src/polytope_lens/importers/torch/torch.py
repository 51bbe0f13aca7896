"""PyTorch models: lower a module to the canonical form, check that, and load a saved one safely."""

from __future__ import annotations

import copy
import math
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens.errors import (
    ConsistencyError,
    DimensionError,
    FileFormatError,
    InvalidNetworkError,
    UnsupportedLayerError,
)
from polytope_lens.importers.check import SelfCheck, check
from polytope_lens.importers.layering import Lowering, schedule
from polytope_lens.importers.torch.claims import check_archive, check_module, check_tensors
from polytope_lens.importers.torch.operations import MAPS
from polytope_lens.importers.torch.reshaping_operations import MOVES
from polytope_lens.importers.torch.trace import FLOAT_DTYPES, class_name, follow, plainly

import torch  # isort: skip
from torch import nn  # isort: skip
from torch.utils._python_dispatch import TorchDispatchMode  # isort: skip

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from os import PathLike

    from polytope_lens._types import Floats
    from polytope_lens.importers.torch.trace import StrippedOperation
    from polytope_lens.network.network import Network


# What a file may name without being trusted: modules that hold numbers and options, and run no code of their own.
LOADABLE = (
    *(nn.Sequential, nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d),
    *(nn.ConvTranspose3d, nn.ReLU, nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.ReLU6, nn.Hardtanh, nn.Hardsigmoid),
    *(nn.Threshold, nn.Softshrink, nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout),
    *(nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.Flatten, nn.Unflatten, nn.Softmax, nn.LogSoftmax, nn.Sigmoid),
    *(nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d, nn.AdaptiveAvgPool1d),
    *(nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d, nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d),
    *(nn.ZeroPad1d, nn.ZeroPad2d, nn.ConstantPad1d, nn.ConstantPad2d, nn.ReflectionPad1d, nn.ReflectionPad2d),
    *(nn.ReplicationPad1d, nn.ReplicationPad2d, nn.Upsample, nn.PixelShuffle, nn.PixelUnshuffle, nn.ChannelShuffle),
)


def lower(model: nn.Module, input_shape: Sequence[int] | None = None, *, path: str = "") -> Lowering:
    """Lower a module to the canonical form, exactly.

    Its forward pass is followed with a tensor that records what is done to it; so anything may be written in it that
    does not look at the numbers. Weights are not multiplied with each other, since that would round: where two affine
    maps follow each other, the first becomes a layer that only passes values on. Moving, adding, subtracting and
    scaling values is multiplied into the weights around it wherever that is exact.

    Parameters
    ----------
    model : nn.Module
        Of dtype float16, bfloat16, float32 or float64, on any device, with dropout and batch normalisation in eval
        mode. It is only read.
    input_shape : sequence of int, optional
        Shape of one sample, without the batch axis. Needed unless the first layer with weights tells it (a Linear or
        BatchNorm1d).
    path : str
        Where the module is in a larger one: comes first in the paths that errors name.

    Returns
    -------
    Lowering

    Raises
    ------
    UnsupportedLayerError
        What is not piecewise affine, jumps, or is not read by this release, named by the path of its module.
    InvalidNetworkError
        NaN or infinite weights; shapes that do not fit each other; an input shape that cannot be known.
    DimensionError
        `input_shape` is no shape.

    Notes
    -----
    Exactness: all supported dtypes convert to float64 without loss, so the result is the exact function that the
    weights describe. But means, hard sigmoids and quotients multiply by a reciprocal rounded to float64 (1/9, 1/6), and
    batch normalisation by a factor that is computed in float64, as torch does for a float64 model.
    A forward pass of the model itself rounds, in particular in float32.
    Cost: a copy of the weights; those of a convolution once for each output position, as a sparse matrix.

    Examples
    --------
    >>> lower(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))).network
    Network(2 -> 3 -> 1, 3 neurons that cut, ReLU)
    >>> lower(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 1)), (1, 4, 4)).network
    Network(16 -> 8 -> 1, 8 neurons that cut, ReLU)
    """
    return _lower(model, input_shape, path)[0]


def from_module(model: nn.Module, input_shape: Sequence[int] | None = None) -> Network:
    """The network of a module; see :func:`lower`."""
    return lower(model, input_shape).network


def lower_and_check(
    model: nn.Module, input_shape: Sequence[int] | None = None, *, path: str = ""
) -> tuple[Lowering, SelfCheck]:
    """Lower a module, and compare the result with the module; see :func:`lower` and :func:`self_check`.

    Raises
    ------
    ConsistencyError
        They disagree by far more than rounding can explain.
    """
    model = getattr(model, "_orig_mod", model)  # what torch.compile was given
    lowering, stripped = _lower(model, input_shape, path)
    found = _self_check(lowering.network, model, lowering.input_shape, stripped, 0)
    if not found.within_bound:
        raise ConsistencyError(
            f"the network read from {class_name(model)} differs from it by {found.deviation:.2g} on random points, far "
            f"more than rounding explains ({found.bound:.2g}). Does it mix the samples of a batch, or answer at random?"
        )
    return lowering, found


def self_check(
    network: Network, model: nn.Module, input_shape: Sequence[int] | None = None, seed: int = 0
) -> SelfCheck:
    """Compare a network with the model it came from.

    A float64 copy of the model, in eval mode, answers at thousands of normally distributed points whose scales run from
    0.01 to 100 (fewer for large networks). The model itself is only read: its mode, dtype, gradients and torch's random
    state stay as they are.

    Parameters
    ----------
    network : Network
        As `lower` made it from `model`.
    model : nn.Module
    input_shape : sequence of int, optional
        Shape of one sample; by default a vector.
    seed : int
        Of the points.

    Returns
    -------
    SelfCheck
        A deviation far above its `bound` shows a defect.

    Raises
    ------
    ConsistencyError
        The model has another number of outputs.

    Notes
    -----
    Exactness: sampled, so agreement is evidence and no proof; both sides round in float64.
    Cost: a forward pass of the points in float64 on either side, three of the network's.
    """
    return _self_check(network, model, (network.input_dim,) if input_shape is None else input_shape, None, seed)


class _Reference(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Runs a model without casts to narrower floats, and keeps what one operation was last applied to."""

    def __init__(self, operation: object) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.operation = operation
        self.found: torch.Tensor | None = None

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is torch.ops.aten._to_copy.default and kwargs.get("dtype") in FLOAT_DTYPES:
            kwargs = {**kwargs, "dtype": torch.float64}
        if func is self.operation:
            self.found = args[0]
        return func(*args, **kwargs)


def _answer(model: nn.Module, batch: torch.Tensor, stripped: StrippedOperation | None) -> torch.Tensor:
    """A model's output, or what went into the operation that was left out."""
    with plainly(batch.device), _Reference(None if stripped is None else stripped.operation) as mode:
        output: torch.Tensor = model(batch)
    return output if mode.found is None else mode.found


def _self_check(
    network: Network, model: nn.Module, input_shape: Sequence[int], stripped: StrippedOperation | None, seed: int
) -> SelfCheck:
    reference = copy.deepcopy(model).cpu().double().eval()

    def expected(points: Floats) -> Floats:
        batch = torch.from_numpy(points.copy()).reshape(-1, *input_shape)
        try:
            output = _answer(reference, batch, stripped)
        except RuntimeError:
            output = None
        if output is None or output.shape[:1] != batch.shape[:1]:
            # Some models are written for one sample.
            output = torch.stack([_answer(reference, sample[None], stripped).flatten() for sample in batch])
        return np.asarray(output.reshape(len(points), -1).numpy())

    with torch.random.fork_rng(devices=[]):
        return check(network, expected, seed)


def _lower(model: nn.Module, input_shape: Sequence[int] | None, path: str) -> tuple[Lowering, StrippedOperation | None]:
    if not isinstance(model, nn.Module):
        raise UnsupportedLayerError(f"the model should be a torch nn.Module, but is {class_name(model)}.")
    _check_numbers(model, path)
    shape = _given_shape(input_shape) if input_shape is not None else _known_shape(model)
    result, stripped = follow(model, shape, {**MOVES, **MAPS}, path)
    found = schedule(result, math.prod(shape))
    output_shape = result.shape[1:] if result.shape[:1] == (1,) else result.shape
    return Lowering(
        found.network, shape, output_shape, found.steps, None if stripped is None else stripped.name
    ), stripped


def _check_numbers(model: nn.Module, path: str) -> None:
    """Refuse modules whose weights are no real numbers, before any of their code runs."""
    for name, module in model.named_modules():
        where = ".".join(part for part in (path, name) if part)
        quoted = f'module "{where}"' if where else "the model"
        if "quantized" in type(module).__module__:
            raise UnsupportedLayerError(
                f"{quoted} is {class_name(module)}, a quantised module, whose rounding makes it no piecewise affine "
                "function. Pass the float model that it was converted from."
            )
        for kind, tensor in (*module._parameters.items(), *module._buffers.items()):
            if not isinstance(tensor, torch.Tensor):
                continue
            real = tensor.dtype in FLOAT_DTYPES or (kind in module._buffers and not tensor.is_complex())
            if not real or tensor.is_meta:
                raise UnsupportedLayerError(
                    f"the {kind} of {quoted} has dtype {tensor.dtype} on device {tensor.device}, but should hold real "
                    "numbers: float16, bfloat16, float32 or float64. Convert or load the model first (model.float())."
                )


def _given_shape(shape: Sequence[int] | int) -> tuple[int, ...]:
    numbers = (shape,) if isinstance(shape, int) else validate.sequence(shape, name="`input_shape`")
    if not all(
        isinstance(n, int | np.integer) and not isinstance(n, bool) and 1 <= n <= validate.WORD for n in numbers
    ):
        raise DimensionError(
            f"`input_shape` should be the shape of one sample, as (3, 32, 32), but received {validate.shown(shape)}."
        )
    return tuple(int(n) for n in numbers)


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
        f"the shape of one sample cannot be known from {class_name(model)}. Say `input_shape`, for example "
        "Lens(model, input_shape=(3, 32, 32))."
    )


def load_torch(path: str | PathLike[str]) -> nn.Sequential:
    """Load an ``nn.Sequential`` that ``torch.save(model, path)`` saved, without running code from the file.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    nn.Sequential
        In eval mode, on the CPU, and one that `lower` reads. A saved Linear comes back inside a Sequential.

    Raises
    ------
    FileFormatError
        A missing or damaged file; a state_dict; a file that refers to anything but the supported modules.
    UnsupportedLayerError, InvalidNetworkError
        As `lower` raises them.

    Notes
    -----
    The file is read by torch's restricted unpickler, which refuses every class and function that is not on a list: here
    the supported modules, and what torch itself allows (tensors and plain containers).
    """
    save_again = "Save the whole nn.Sequential with torch.save(model, path)."
    loaded = _loaded(Path(path))
    if isinstance(loaded, dict) and loaded and all(isinstance(value, torch.Tensor) for value in loaded.values()):
        raise FileFormatError(
            f"{path} holds a state_dict, which has weights but no activations: it does not say which network is meant. "
            f"{save_again} Or build the model, load the state_dict into it, and pass the model; or say `architecture`."
        )
    if isinstance(loaded, nn.Linear):
        loaded = nn.Sequential(loaded)
    if not isinstance(loaded, nn.Sequential):
        raise FileFormatError(f"{path} holds {class_name(loaded)} instead of an nn.Sequential. {save_again}")
    check_module(Path(path), loaded)
    try:
        loaded.eval()
        repr(loaded)
    except Exception as error:  # modules whose attributes were tampered with
        raise FileFormatError(f"{path} holds an nn.Sequential with damaged modules. {save_again}") from error
    return loaded


def load_weights(path: str | PathLike[str]) -> dict[str, torch.Tensor]:
    """Load a state_dict that ``torch.save(model.state_dict(), path)`` saved, without running code from the file.

    Raises
    ------
    FileFormatError
        A missing or damaged file; one that holds anything else.
    """
    loaded = _loaded(Path(path))
    if not isinstance(loaded, dict) or not all(isinstance(value, torch.Tensor) for value in loaded.values()):
        raise FileFormatError(f"{path} holds {class_name(loaded)} instead of a state_dict.")
    check_tensors(Path(path), loaded.values())
    return loaded


def with_weights(model: nn.Module, tensors: Mapping[str, Any]) -> nn.Module:
    """A copy of a module with weights of a state_dict, in eval mode and in float64 so that nothing is rounded.

    Raises
    ------
    InvalidNetworkError
        The weights are not those of the module.
    """
    copied = copy.deepcopy(model).double().eval()
    try:
        copied.load_state_dict({name: torch.as_tensor(np.array(value)) for name, value in tensors.items()})
    except RuntimeError as error:
        raise InvalidNetworkError(f"the weights are not those of {class_name(model)}: {error}") from error
    return copied


def _loaded(path: Path) -> Any:
    """What a file holds, read by the restricted unpickler."""
    check_archive(path)
    try:
        with warnings.catch_warnings(), torch.serialization.safe_globals([*LOADABLE]):
            warnings.simplefilter("ignore")  # about pickle protocols that the unpickler then refuses anyway
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file makes the unpickler raise nearly anything
        refused = re.search(r"GLOBAL (\S+)", str(error))
        if refused:
            # `from None`: torch's own text advises to load without restriction
            raise FileFormatError(
                f"{path} refers to {refused[1]}, which is not among the modules that are loaded without trust. It was "
                "refused, and nothing from the file was executed. If you trust the file, load it yourself with "
                "torch.load(path, weights_only=False), and pass the model."
            ) from None
        if "TorchScript" in str(error):
            raise FileFormatError(
                f"{path} holds TorchScript, which is a program. If you trust the file, load it yourself with "
                "torch.jit.load(path), and pass the model."
            ) from None
        raise FileFormatError(
            f"{path} is damaged, or not a model saved by torch.save in its present zip format. Save the whole "
            "nn.Sequential with torch.save(model, path)."
        ) from error

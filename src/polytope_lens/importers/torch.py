"""PyTorch models: lower an ``nn.Sequential`` to the canonical form, check that, and load a saved one safely."""

from __future__ import annotations

import copy
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from polytope_lens import _validate
from polytope_lens.errors import (
    ConsistencyError,
    FileFormatError,
    InvalidNetworkError,
    PolytopeLensError,
    UnsupportedLayerError,
    require,
)
from polytope_lens.network import Layer, Network, evaluate, pass_through_layer, piecewise_layer

require("torch", extra="torch", purpose="reading a PyTorch model")

import torch  # noqa: E402
from torch import nn  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike

    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Affine: TypeAlias = tuple[Floats, Floats]

SUPPORTED = (nn.Sequential, nn.Linear, nn.ReLU, nn.LeakyReLU, nn.Identity, nn.Dropout)
SUPPORTED_TEXT = "nn.Sequential of Linear, ReLU, LeakyReLU, Identity, and Dropout in eval mode"
FLOAT_DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
NOT_PIECEWISE_AFFINE = (
    # activations
    *(nn.CELU, nn.ELU, nn.GELU, nn.GLU, nn.Hardswish, nn.LogSigmoid, nn.LogSoftmax, nn.Mish, nn.SELU, nn.SiLU),
    *(nn.Sigmoid, nn.Softmax, nn.Softmax2d, nn.Softmin, nn.Softplus, nn.Softsign, nn.Tanh, nn.Tanhshrink),
    # normalisation by statistics of the input, products of inputs, attention, gates
    *(nn.GroupNorm, nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d, nn.LayerNorm, nn.LocalResponseNorm),
    *(nn.RMSNorm, nn.Bilinear, nn.MultiheadAttention, nn.Transformer, nn.TransformerEncoder, nn.TransformerDecoder),
    *(nn.TransformerEncoderLayer, nn.TransformerDecoderLayer, nn.LSTM, nn.LSTMCell, nn.GRU, nn.GRUCell),
)


def from_sequential(model: nn.Module) -> Network:
    """Lower an ``nn.Sequential`` to the canonical form.

    Two Linears in a row are not multiplied, since that would round: the first becomes a pass-through layer. An
    activation that follows no Linear becomes a layer with identity weight, and one at the very end is followed by an
    identity output. Identity, and Dropout in eval mode, vanish.

    Parameters
    ----------
    model : nn.Sequential or nn.Linear
        Of Linear, ReLU, LeakyReLU, Identity, Dropout (in eval mode) and further Sequentials, with weights of dtype
        float16, bfloat16, float32 or float64, on any device. It is only read.

    Returns
    -------
    Network
        With ``input_dim`` and ``output_dim`` of the first and the last Linear.

    Raises
    ------
    UnsupportedLayerError
        A module that is not supported, named by its path and class; Dropout in training mode; forward hooks; weights of
        another dtype.
    InvalidNetworkError
        NaN or infinite weights, Linears that do not fit each other, no Linear at all.

    Notes
    -----
    Exactness: all supported dtypes convert to float64 without loss, so the result is the exact function that the
    weights describe. A forward pass of the model itself rounds, in particular in float32, where the negative slope of a
    LeakyReLU is rounded too; here it is the float64 number ``module.negative_slope``.
    Cost: a copy of the weights.

    Examples
    --------
    >>> from_sequential(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)))
    Network(2 -> 3 -> 1, 3 neurons that cut, ReLU)
    """
    if not isinstance(model, nn.Linear) and not _is_sequential(model):
        raise UnsupportedLayerError(
            f"the model is {_class_name(model)}, but this release reads {SUPPORTED_TEXT}, or one Linear. "
            "If its forward pass runs such modules one after another, pass them as nn.Sequential(...)."
        )
    steps: list[Affine | float] = []
    width: int | None = None
    for path, module in _leaves(model, ""):
        step = _lower(path, module)
        if step is None:
            continue
        if isinstance(step, tuple):
            n_rows, n_columns = step[0].shape
            if width not in (None, n_columns):
                raise InvalidNetworkError(f"{_quoted(path)} takes {n_columns} values, but receives {width}.")
            width = n_rows
        steps.append(step)
    matrices = [step[0] for step in steps if isinstance(step, tuple)]
    if not matrices:
        raise InvalidNetworkError("the model holds no Linear, so its number of inputs is unknown. Add one to it.")
    return _assemble(steps, input_dim=matrices[0].shape[1])


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """How well a network agrees with the model it came from, on random points.

    Parameters
    ----------
    n_points : int
    deviation : float
        Largest absolute difference of any output at any of the points, both sides computed in float64.
    largest_output : float
        Largest absolute output of the model at these points: what `deviation` is to be compared with.
    """

    n_points: int
    deviation: float
    largest_output: float


def self_check(network: Network, model: nn.Module, seed: int = 0) -> SelfCheck:
    """Compare a network with the model it came from.

    A float64 copy of the model, in eval mode, answers at 256 normally distributed points whose scales run from 0.01 to
    100. The model itself is only read: its mode, dtype, gradients and torch's random state stay as they are.

    Parameters
    ----------
    network : Network
        As `from_sequential` made it from `model`.
    model : nn.Module
    seed : int
        Of the points.

    Returns
    -------
    SelfCheck
        A deviation far above rounding, that is above about 1e-13 times the largest output, shows a defect.

    Raises
    ------
    ConsistencyError
        The model has another number of outputs.

    Notes
    -----
    Exactness: sampled, so agreement is evidence and no proof; both sides round in float64.
    Cost: two forward passes of 256 points.
    """
    n_points = 256
    scales = np.logspace(-2, 2, n_points)
    points = np.random.default_rng(seed).standard_normal((n_points, network.input_dim)) * scales[:, None]
    reference = copy.deepcopy(model).cpu().double().eval()
    with torch.no_grad():
        expected = reference(torch.from_numpy(points)).numpy()
    values = evaluate(network, points)
    if values.shape != expected.shape:
        raise ConsistencyError(f"the model's output has shape {expected.shape}, the network's {values.shape}.")
    return SelfCheck(n_points, float(np.abs(values - expected).max()), float(np.abs(expected).max()))


def load_torch(path: str | PathLike[str]) -> nn.Sequential:
    """Load an ``nn.Sequential`` that ``torch.save(model, path)`` saved, without running code from the file.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    nn.Sequential
        In eval mode, on the CPU, and one that `from_sequential` reads. A saved Linear comes back inside a Sequential.

    Raises
    ------
    FileFormatError
        A missing or damaged file; a state_dict; a file that refers to anything but the supported modules.
    UnsupportedLayerError, InvalidNetworkError
        As `from_sequential` raises them.

    Notes
    -----
    The file is read by torch's restricted unpickler, which refuses every class and function that is not on a list: here
    the supported modules, and what torch itself allows (tensors and plain containers).
    """
    path = Path(path)
    save_again = "Save the whole nn.Sequential with torch.save(model, path)."
    try:
        with warnings.catch_warnings(), torch.serialization.safe_globals([*SUPPORTED]):
            warnings.simplefilter("ignore")  # about pickle protocols that the unpickler then refuses anyway
            loaded = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise FileFormatError(f"{path} cannot be read: {error.strerror or error}.") from error
    except Exception as error:  # a damaged file makes the unpickler raise nearly anything
        refused = re.search(r"GLOBAL (\S+)", str(error))
        if refused:
            # `from None`: torch's own text advises to load without restriction
            raise FileFormatError(
                f"{path} refers to {refused[1]}, which is not among the modules that this release reads. It was "
                f"refused, and nothing from the file was executed. Supported: {SUPPORTED_TEXT}."
            ) from None
        raise FileFormatError(
            f"{path} is damaged, or not a model saved by torch.save in its present zip format. {save_again}"
        ) from error
    if isinstance(loaded, dict) and loaded and all(isinstance(value, torch.Tensor) for value in loaded.values()):
        raise FileFormatError(
            f"{path} holds a state_dict, which has weights but no activations: it does not say which network is meant. "
            f"{save_again} Or build the model, load the state_dict into it, and pass the model."
        )
    if isinstance(loaded, nn.Linear):
        loaded = nn.Sequential(loaded)
    if not isinstance(loaded, nn.Sequential):
        raise FileFormatError(f"{path} holds {_class_name(loaded)} instead of an nn.Sequential. {save_again}")
    try:
        loaded.eval()
        from_sequential(loaded)
    except PolytopeLensError:
        raise
    except Exception as error:  # modules whose attributes were tampered with
        raise FileFormatError(f"{path} holds an nn.Sequential with damaged modules. {save_again}") from error
    return loaded


def _is_sequential(module: object) -> bool:
    """Whether the module just runs its children one after another; subclasses may, as long as they keep `forward`."""
    return isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward


def _leaves(module: nn.Module, path: str) -> Iterator[tuple[str, nn.Module]]:
    """Modules in the order of the forward pass, with paths; one that is used twice comes twice."""
    # a hook, or a `forward` set on the instance, may change what a module computes
    if module._forward_hooks or module._forward_pre_hooks or "forward" in vars(module):
        raise UnsupportedLayerError(
            f"{_quoted(path)} is {_class_name(module)} with forward hooks or a `forward` of its own, which may change "
            "what it computes. Remove it first (after pruning: torch.nn.utils.prune.remove), or pass a copy without it."
        )
    if not _is_sequential(module):
        yield path, module
        return
    for name, child in module._modules.items():
        if child is not None:
            yield from _leaves(child, f"{path}.{name}" if path else name)


def _lower(path: str, module: nn.Module) -> Affine | float | None:
    """One module as an affine map, as the negative slope of an activation, or as nothing."""
    kind = type(module)
    if isinstance(module, nn.Linear) and kind is nn.Linear:
        weight = _parameter(path, "weight", module.weight, ndim=2)
        bias = np.zeros(len(weight)) if module.bias is None else _parameter(path, "bias", module.bias, ndim=1)
        if bias.shape != weight.shape[:1]:
            raise InvalidNetworkError(
                f"{_quoted(path)} has a weight of shape {weight.shape}, but a bias of shape {bias.shape}."
            )
        return weight, bias
    if kind is nn.ReLU:
        return 0.0
    if isinstance(module, nn.LeakyReLU) and kind is nn.LeakyReLU:
        slope = float(module.negative_slope)
        if not np.isfinite(slope):
            raise InvalidNetworkError(
                f"{_quoted(path)} is LeakyReLU with a negative slope of {slope}, which is not finite."
            )
        return slope
    if kind is nn.Identity:
        return None
    if isinstance(module, nn.Dropout) and kind is nn.Dropout:
        if module.training and module.p > 0:
            raise UnsupportedLayerError(
                f"{_quoted(path)} is Dropout in training mode, which is random. Call model.eval() first."
            )
        return None
    reason = (
        "which is not piecewise affine, so the network has no polytopes"
        if isinstance(module, NOT_PIECEWISE_AFFINE)
        else "which this release does not read"
    )
    raise UnsupportedLayerError(
        f"{_quoted(path)} is {_class_name(module)}, {reason}. Supported: {SUPPORTED_TEXT}. "
        "Replace it and retrain, or pass a part of the model without it."
    )


def _parameter(path: str, name: str, tensor: torch.Tensor, *, ndim: int) -> Floats:
    """Read a weight or bias exactly."""
    if tensor.dtype not in FLOAT_DTYPES or tensor.is_meta:
        raise UnsupportedLayerError(
            f"the {name} of {_quoted(path)} has dtype {tensor.dtype} on device {tensor.device}, but should hold "
            "real numbers: float16, bfloat16, float32 or float64. Convert or load the model first (model.float())."
        )
    array = tensor.detach().cpu().to(torch.float64).to_dense().numpy()
    return _validate.float_array(array, name=f"the {name} of {_quoted(path)}", ndim=ndim, error=InvalidNetworkError)


def _assemble(steps: list[Affine | float], *, input_dim: int) -> Network:
    """Pair affine maps with the activations behind them."""
    layers: list[Layer] = []
    pending: Affine | None = None
    width = input_dim
    for step in steps:
        if isinstance(step, tuple):
            if pending is not None:
                layers.append(pass_through_layer(*pending))
            pending = step
            width = len(step[1])
        else:
            layers.append(piecewise_layer(*(pending or _identity(width)), negative_slope=step))
            pending = None
    return Network(tuple(layers), *(pending or _identity(width)))


def _identity(n: int) -> Affine:
    return np.eye(n), np.zeros(n)


def _quoted(path: str) -> str:
    return f'module "{path}"' if path else "the model"


def _class_name(value: object) -> str:
    """Class name; with its Python module unless the class is one of torch.nn or a builtin."""
    kind = type(value)
    if kind.__module__ == "builtins" or getattr(nn, kind.__name__, None) is kind:
        return kind.__name__
    return f"{kind.__module__}.{kind.__qualname__}"

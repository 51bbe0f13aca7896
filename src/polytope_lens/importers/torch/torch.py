"""PyTorch models: lower a module to the canonical form, and check that."""

from __future__ import annotations

import copy
import inspect
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from polytope_lens.errors import ConsistencyError, InvalidNetworkError, UnsupportedLayerError
from polytope_lens.importers import graph
from polytope_lens.importers.layering import Lowering, schedule
from polytope_lens.importers.torch.calls import ModuleCall, module_call
from polytope_lens.importers.torch.operations import MAPS
from polytope_lens.importers.torch.reference import compare
from polytope_lens.importers.torch.reshaping_operations import MOVES
from polytope_lens.importers.torch.trace import FLOAT_DTYPES, check_operations, class_name, follow
from polytope_lens.importers.wanted import Wanted, wanted

import torch  # isort: skip
from torch import nn  # isort: skip

if TYPE_CHECKING:
    from polytope_lens.importers import ends
    from polytope_lens.importers.check import SelfCheck
    from polytope_lens.importers.torch.trace import Followed
    from polytope_lens.importers.wanted import InputShape
    from polytope_lens.network.network import Network


# Weights times inputs up to which lowering takes no longer than looking at the names of operations first.
QUICK = 2**22


def lower(model: nn.Module, asked: Wanted | None = None, *, path: str = "") -> Lowering:
    """Lower a module to the canonical form, exactly.

    Its forward pass is followed with a tensor that records what is done to it; so anything may be written in it that
    does not look at the numbers. Weights are not multiplied with each other, since that would round: where two affine
    maps follow each other, the first becomes a layer that only passes values on. Moving, adding, subtracting and
    scaling values is multiplied into the weights around it wherever that is exact.

    Parameters
    ----------
    model : nn.Module or torch.export.ExportedProgram
        Of dtype float16, bfloat16, float32 or float64, on any device, with dropout and batch normalisation in eval
        mode. It is only read. What was compiled is read as it was written.
    asked : Wanted, optional
        The shape of one sample, without the batch axis: needed unless the first layer with weights tells it (a Linear
        or BatchNorm1d). Which arguments of `forward` are looked at, and which of the tensors that it returns.
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
    batch normalisation by a factor that is computed in float64, as torch does for a float64 model. Weights that
    are computed from others, as those of weight norm, are those that torch computes.
    A forward pass of the model itself rounds, in particular in float32.
    Cost: a copy of the weights; those of a convolution once for each output position, as a sparse matrix.

    Examples
    --------
    >>> lower(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))).network
    Network(2 -> 3 -> 1, 3 neurons that cut, ReLU)
    >>> lower(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 1)), wanted((1, 4, 4))).network
    Network(16 -> 8 -> 1, 8 neurons that cut, ReLU)
    """
    return _lower(model, asked or Wanted(), path)[0]


def from_module(model: nn.Module, input_shape: InputShape | None = None) -> Network:
    """The network of a module; see `lower`."""
    return lower(model, wanted(input_shape)).network


def lower_and_check(model: nn.Module, asked: Wanted | None = None, *, path: str = "") -> tuple[Lowering, SelfCheck]:
    """Lower a module, and compare the result with the module; see `lower` and `self_check`.

    Raises
    ------
    ConsistencyError
        They disagree by far more than rounding can explain.
    """
    lowering, call, model, ended = _lower(model, asked or Wanted(), path)
    found = compare(lowering.network, model, call, ended, 0)
    if not found.within_bound:
        raise ConsistencyError(
            f"the network read from {class_name(model)} differs from it by {found.deviation:.2g} on random points, far "
            f"more than rounding explains ({found.bound:.2g}). Does it mix the samples of a batch, or answer at random?"
        )
    return lowering, found


def self_check(network: Network, model: nn.Module, input_shape: InputShape | None = None, seed: int = 0) -> SelfCheck:
    """Compare a network with the model it came from.

    A copy of the model, in eval mode and computing in float64, answers at thousands of normally distributed points
    whose scales run from 0.01 to 100 (fewer for large networks). The model itself is only read.

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
    call = ModuleCall({"": (network.input_dim,) if input_shape is None else wanted(input_shape).shape or ()}, {}, None)
    return compare(network, copy.deepcopy(model).eval(), call, [None], seed)


def _lower(model: Any, asked: Wanted, path: str) -> tuple[Lowering, ModuleCall, nn.Module, list[ends.Ended | None]]:
    """A module's network; how it was called, what was called, and for each output the end that was left out."""
    model, asked = _as_module(model, asked)
    _check_numbers(model, path)
    call = module_call(model, asked)
    operations = {**MOVES, **MAPS}
    if sum(p.numel() for p in model.parameters()) * math.prod(call.input_shape) > QUICK:
        check_operations(model, call, operations, path)
    outputs, names = follow(model, call, operations, path)
    result = _joined(outputs)
    found = schedule(result, math.prod(call.input_shape))
    output_shape = result.shape[1:] if result.shape[:1] == (1,) else result.shape
    left_out = [output.left_out for output in outputs if output.left_out is not None]
    stripped = ", ".join(dict.fromkeys(entry.name for entry in left_out)) or None
    remarks = tuple(dict.fromkeys(entry.meaning for entry in left_out if entry.meaning))
    lowering = Lowering(
        found.network, call.input_shape, output_shape, found.steps, stripped, call.inputs, names, remarks
    )
    return lowering, call, model, [output.ended for output in outputs]


def _joined(outputs: list[Followed]) -> graph.Tensor:
    """One output, or several laid end to end."""
    tensors = [output.tensor for output in outputs]
    if len(tensors) == 1:
        return tensors[0]
    return graph.concatenate([graph.reshaped(tensor, (tensor.size,)) for tensor in tensors], 0)


def _as_module(model: Any, asked: Wanted) -> tuple[nn.Module, Wanted]:
    """A module, unwrapped from what torch.compile and torch.export make of one."""
    model = getattr(model, "_orig_mod", model)
    if type(model).__name__ == "ExportedProgram":
        signature = model.graph_signature.user_inputs
        shapes = {
            node.name: tuple(node.meta["val"].shape) for node in model.graph.nodes
            if node.op == "placeholder" and node.name in signature and hasattr(node.meta.get("val"), "shape")
        }  # fmt: skip
        if asked.shape is None and len(shapes) == 1:
            (shape,) = shapes.values()
            if len(shape) > 1 and all(isinstance(n, int) for n in shape[1:]):
                asked = replace(asked, shape=shape[1:])
        # What it asserts about its batch axis does not matter here.
        unguarded = "check_guards" in inspect.signature(model.module).parameters
        program = model.module(check_guards=False) if unguarded else model.module()
        model = torch.fx.GraphModule(program, program.graph)
    if not isinstance(model, nn.Module):
        raise UnsupportedLayerError(f"the model should be a torch nn.Module, but is {class_name(model)}.")
    return model, asked


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
            if nn.parameter.is_lazy(tensor):
                raise InvalidNetworkError(
                    f"{quoted} is lazy: it has no weights before its first call. Call the model once, with one sample "
                    "of its input, and pass it then."
                )
            if tensor.is_meta:
                raise InvalidNetworkError(
                    f"the {kind} of {quoted} is on the device meta, where tensors have no numbers. Give it some first: "
                    'model.to_empty(device="cpu"), then model.load_state_dict(...).'
                )
            real = tensor.dtype in FLOAT_DTYPES or (kind in module._buffers and not tensor.is_complex())
            if not real:
                raise UnsupportedLayerError(
                    f"the {kind} of {quoted} has dtype {tensor.dtype} on device {tensor.device}, but should hold real "
                    "numbers: float16, bfloat16, float32 or float64. Convert or load the model first (model.float())."
                )

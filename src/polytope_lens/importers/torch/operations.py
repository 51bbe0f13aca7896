"""Torch's operations that compute: affine maps, bends, and what may stand at the very end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from polytope_lens._deferred import sparse
from polytope_lens.errors import InvalidNetworkError
from polytope_lens.importers import comparisons, ends, graph, tournament, windows
from polytope_lens.importers.registry import Table
from polytope_lens.importers.torch.trace import (
    ModuleTrace,
    TensorStorage,
    TracedTensor,
    call,
    class_name,
)
from polytope_lens.importers.torch.unsupported import INCREASING, SOFTMAXES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from polytope_lens.importers.torch.trace import Call

MAPS = Table()


# ------------------------------------------------------------------------------------------------ affine maps


@MAPS("addmm", "mm", "mv", "dot", "bmm", "baddbmm", "addmv", "linear", "matmul")
def _product(trace: ModuleTrace, a: Call) -> Any:
    given = a.arguments
    if a.name == "linear":
        tensor, weight = trace.read(a.input), trace.numbers(a.weight).T
        product = _matrix_product(trace, tensor, weight)
        return product if a.bias is None else graph.add_bias(product, trace.read(a.bias))
    names = {
        "addmm": ("mat1", "mat2"), "mm": ("self", "mat2"), "mv": ("self", "vec"), "dot": ("self", "tensor"),
        "bmm": ("self", "mat2"), "baddbmm": ("batch1", "batch2"), "addmv": ("mat", "vec"), "matmul": ("self", "other"),
    }[a.name]  # fmt: skip
    left, right = (given[name] for name in names)
    if isinstance(left, TracedTensor) and trace.read(left).constant is None:
        product = _matrix_product(trace, trace.read(left), trace.numbers(right))
    else:
        product = _matrix_product(trace, graph.flipped(trace.read(right)), _flipped_array(trace.numbers(left)))
        product = graph.flipped(product) if left.ndim > 1 and right.ndim > 1 else product
    if "alpha" in given and given["alpha"] != 1:
        product = graph.scale(product, float(given["alpha"]))
    if "beta" not in given or given["beta"] == 0:
        return product
    bias = trace.read(a.self)
    return graph.add_bias(product, bias if given["beta"] == 1 else graph.scale(bias, float(given["beta"])))


def _matrix_product(trace: ModuleTrace, tensor: graph.Tensor, weight: NDArray[np.float64]) -> graph.Tensor:
    """``x @ weight`` for matrices, vectors, or one matrix for each entry of a first axis."""
    inner = weight.shape[-2] if weight.ndim > 1 else len(weight)
    if tensor.shape[-1] != inner:
        raise InvalidNetworkError(f"{trace.where} takes {inner} values, but receives {tensor.shape[-1]}.")
    if weight.ndim == 3:
        if (weight == weight[:1]).all():
            return graph.matmul(tensor, weight[0], 0.0, trace.label)
        return graph.batched_matmul(tensor, weight, trace.label)
    if weight.ndim == 1:
        return graph.reshaped(graph.matmul(tensor, weight[:, None], 0.0, trace.label), tensor.shape[:-1])
    return graph.matmul(tensor, weight, 0.0, trace.label)


def _flipped_array(array: NDArray[np.float64]) -> NDArray[np.float64]:
    return array.swapaxes(-1, -2) if array.ndim > 1 else array


@MAPS("convolution", "_convolution", "conv1d", "conv2d", "conv3d")
def _convolution(trace: ModuleTrace, a: Call) -> Any:
    tensor, weight = trace.read(a.input), trace.numbers(a.weight)
    bias = None if a.bias is None else trace.numbers(a.bias)
    axes = weight.ndim - 2
    kernel = weight.shape[2:]
    padding = _per_axis(a.padding, axes)
    sliding = windows.Windows(kernel, _per_axis(a.stride, axes), padding, padding, _per_axis(a.dilation, axes))
    label = trace.label
    single = len(tensor.shape) == axes + 1
    if single:
        tensor = graph.reshaped(tensor, (1, *tensor.shape))
    if a.arguments.get("transposed"):
        extra = _per_axis(a.output_padding, axes)
        found = windows.transposed_convolution(tensor, weight, bias, sliding, extra, a.groups, label)
    else:
        found = windows.convolution(tensor, weight, bias, sliding, a.groups, label)
    return graph.reshaped(found, found.shape[1:]) if single else found


@MAPS("native_batch_norm", "_native_batch_norm_legit_no_training", "_native_batch_norm_legit", "batch_norm",
            "cudnn_batch_norm", "miopen_batch_norm", "_batch_norm_no_update", "_batch_norm_with_update")  # fmt: skip
def _batch_norm(trace: ModuleTrace, a: Call) -> Any:
    """``x * scale + shift``; the two are computed in float64 as torch does for a float64 model, which rounds."""
    given = a.arguments
    if given.get("training") or given.get("running_mean") is None or a.name == "_batch_norm_with_update":
        raise trace.batch_statistics(knows_others=given.get("running_mean") is not None)
    tensor = trace.read(given["input"])
    mean, variance = trace.numbers(a.running_mean), trace.numbers(a.running_var)
    scale = 1.0 / graph.deviation(variance, float(given["eps"]), trace.where)
    if given["weight"] is not None:
        scale = scale * trace.numbers(given["weight"])
    shift = -mean * scale if given["bias"] is None else trace.numbers(given["bias"]) - mean * scale
    return graph.channelwise(tensor, scale, shift, trace.label), None, None


@MAPS("add", "sub", "rsub", "subtract")
def _sum(trace: ModuleTrace, a: Call) -> Any:
    alpha = float(a.arguments.get("alpha", 1))
    sign = alpha if a.name == "add" else -alpha
    stepped = _of_step(trace, a, lambda x, y: y + sign * x if a.name == "rsub" else x + sign * y)
    if stepped is not None:
        return stepped
    first, second = trace.read(a.self), trace.read(a.other)
    if a.name == "rsub":
        first, second = second, first
        if alpha != 1:
            second = graph.scale(second, alpha)
        return graph.add([first, second], [1, -1])
    if alpha not in (1, -1):
        second, alpha = graph.scale(second, alpha), 1
    return graph.add([first, second], [1, int(alpha) * (1 if a.name == "add" else -1)])


@MAPS("mul", "multiply")
def _times(trace: ModuleTrace, a: Call) -> Any:
    stepped = _of_step(trace, a, lambda x, y: x * y)
    if stepped is not None:
        return stepped
    values = [trace.value(side) for side in (a.self, a.other)]
    factor = next((value for value in values if isinstance(value, comparisons.Step)), None)
    if factor is not None:
        other = trace.read(a.other if factor is values[0] else a.self)
        return comparisons.product(factor, other, trace.label, trace.where)
    first, second = trace.read(a.self), trace.read(a.other)
    if first.constant is not None:
        first, second = second, first
    return graph.scale(first, trace.numbers(a.other) if second.constant is None else second.constant)


@MAPS("div", "divide", "true_divide")
def _quotient(trace: ModuleTrace, a: Call) -> Any:
    """A product with 1/c, which is rounded unless c is a power of two."""
    if a.arguments.get("rounding_mode") is not None:
        raise trace.unsupported("floor_divide")
    divisor = trace.read(a.other).constant
    if divisor is None:
        raise trace.unsupported("reciprocal")
    if not divisor.all():
        raise InvalidNetworkError(f"{trace.where} divides by zero.")
    return graph.scale(trace.read(a.self), 1.0 / divisor)


@MAPS("neg", "negative")
def _negative(trace: ModuleTrace, a: Call) -> Any:
    value = trace.value(a.self)
    if isinstance(value, comparisons.Step):
        return value.with_values(np.negative)
    return graph.scale(trace.read(a.self), -1.0)


@MAPS("pow")
def _power(trace: ModuleTrace, a: Call) -> Any:
    exponent = a.exponent
    if isinstance(exponent, int | float) and exponent == 1:
        return trace.read(a.self)
    raise trace.unsupported("pow")


@MAPS("addcmul")
def _addcmul(trace: ModuleTrace, a: Call) -> Any:
    first, second = trace.read(a.tensor1), trace.read(a.tensor2)
    if first.constant is not None:
        first, second = second, first
    if second.constant is None:
        trace.numbers(a.tensor2)
    return graph.add([trace.read(a.self), graph.scale(first, np.asarray(second.constant) * float(a.value))])


@MAPS("mean", "sum")
def _total(trace: ModuleTrace, a: Call) -> Any:
    axes = a.arguments.get("dim")
    axes = _axes(range(a.self.ndim) if axes is None or axes == [] else axes, a.self.ndim)
    keep = bool(a.arguments.get("keepdim"))
    return graph.reduce_sum(trace.read(a.self), axes, keep=keep, mean=a.name == "mean")


@MAPS("cumsum")
def _cumulative_sum(trace: ModuleTrace, a: Call) -> Any:
    return graph.cumulative(trace.read(a.self), a.dim)


@MAPS("avg_pool1d", "avg_pool2d", "avg_pool3d")
def _average_pool(trace: ModuleTrace, a: Call) -> Any:
    sliding = _pool_windows(a, int(a.name[-2]))
    divisor = a.arguments.get("divisor_override")
    return windows.average_pool(trace.read(a.self), sliding, count_padding=a.count_include_pad, divisor=divisor)


@MAPS("adaptive_avg_pool1d", "_adaptive_avg_pool2d", "_adaptive_avg_pool3d", "adaptive_avg_pool2d",
            "adaptive_avg_pool3d")  # fmt: skip
def _adaptive_average(trace: ModuleTrace, a: Call) -> Any:
    tensor, outputs = trace.read(a.self), tuple(a.output_size)
    places = windows.adaptive_places(tensor.shape[-len(outputs) :], outputs)
    counts = (places >= 0).sum(axis=1)
    return windows.averages(tensor, tensor.shape[: -len(outputs)], places, counts, outputs)


@MAPS("upsample_linear1d", "upsample_bilinear2d", "upsample_trilinear3d", "upsample_bicubic2d")
def _interpolation(trace: ModuleTrace, a: Call) -> Any:
    """A matrix for each channel, read off torch's own answers for unit vectors in float64."""
    tensor = trace.read(a.arguments["self" if "self" in a.arguments else "input"])
    lead, sizes = tensor.shape[:2], tensor.shape[2:]
    n = math.prod(sizes)
    outputs = trace.shape_of(a.func, a.arguments)[2:]
    graph.checked_weights(n * math.prod(outputs), trace.label)
    unit = torch.eye(n, dtype=torch.float64).reshape(n, 1, *sizes)
    name = "self" if "self" in a.arguments else "input"
    columns = call(a.func, {**a.arguments, name: unit}).reshape(n, -1).numpy()
    matrix = graph.block_diagonal(sparse.csr_array(columns.T), math.prod(lead))
    return graph.linear(tensor, matrix, (*lead, *outputs))


@MAPS("col2im")
def _fold(trace: ModuleTrace, a: Call) -> Any:
    """Sums of overlapping patches: each patch entry goes where `im2col` would have taken it from."""
    tensor = trace.read(a.self)
    channels = tensor.shape[-2] // math.prod(a.kernel_size)
    batch = tensor.shape[0] if len(tensor.shape) == 3 else 1
    shape = (batch, channels, *a.output_size)
    image = torch.from_numpy(graph.positions(shape) + 1.0)
    groups = torch.ops.aten.im2col(image, a.kernel_size, a.dilation, a.padding, a.stride).numpy().astype(np.int64)
    groups = groups.reshape(-1)
    inside = np.flatnonzero(groups)
    found = graph.sums(graph.gather([tensor], inside), groups[inside] - 1, shape)
    return found if len(tensor.shape) == 3 else graph.reshaped(found, shape[1:])


# ------------------------------------------------------------------------------------------------ bends


@MAPS("relu")
def _relu(trace: ModuleTrace, a: Call) -> Any:
    return graph.relu(trace.read(a.self), trace.label)


@MAPS("leaky_relu")
def _leaky_relu(trace: ModuleTrace, a: Call) -> Any:
    return _bent(trace, a, a.negative_slope, 1.0)


@MAPS("_prelu_kernel", "prelu")
def _prelu(trace: ModuleTrace, a: Call) -> Any:
    weight = trace.numbers(a.weight)
    if a.name == "prelu" and weight.size > 1:
        weight = weight.reshape(-1, *[1] * (a.self.ndim - 2))
    return _bent(trace, a, weight, 1.0)


@MAPS("rrelu_with_noise", "rrelu")
def _rrelu(trace: ModuleTrace, a: Call) -> Any:
    if a.training:
        raise trace.unsupported(a.name)
    return _bent(trace, a, (float(a.lower) + float(a.upper)) / 2, 1.0)


@MAPS("abs")
def _absolute(trace: ModuleTrace, a: Call) -> Any:
    return _bent(trace, a, -1.0, 1.0)


def _bent(trace: ModuleTrace, a: Call, negative: Any, positive: Any) -> graph.Tensor:
    slopes = np.asarray(negative, dtype=np.float64)
    if not np.isfinite(slopes).all():
        name = class_name(trace.stack[-1]) if trace.stack else a.name
        raise InvalidNetworkError(f"{trace.where} is {name} with a negative slope of {slopes}, which is not finite.")
    return graph.bend(trace.read(a.self), slopes, positive, trace.label)


@MAPS("hardtanh", "clamp", "clamp_min", "clamp_max", "clip", "relu6")
def _clamp(trace: ModuleTrace, a: Call) -> Any:
    low, high = {
        "hardtanh": ("min_val", "max_val"), "clamp": ("min", "max"), "clip": ("min", "max"),
        "clamp_min": ("min", None), "clamp_max": (None, "max"), "relu6": (0.0, 6.0),
    }[a.name]  # fmt: skip
    least, most = (a.arguments[name] if isinstance(name, str) else name for name in (low, high))
    tensor, label = trace.read(a.self), trace.label
    if not isinstance(least, torch.Tensor) and not isinstance(most, torch.Tensor):
        return graph.clamp(tensor, least, most, label)
    if least is not None:
        tensor = graph.maximum(tensor, trace.read(least), label)
    return tensor if most is None else graph.minimum(tensor, trace.read(most), label)


@MAPS("threshold")
def _threshold(trace: ModuleTrace, a: Call) -> Any:
    """``x`` above the threshold, else a value: continuous where the two are equal."""
    if a.threshold != a.value:
        raise trace.refusal(
            f"is Threshold, which jumps from {a.value} to {a.threshold}, so the network is not continuous"
        )
    return graph.clamp(trace.read(a.self), float(a.threshold), None, trace.label)


@MAPS("hardsigmoid")
def _hardsigmoid(trace: ModuleTrace, a: Call) -> Any:
    """``clamp(x + 3, 0, 6) / 6``, as the difference of two neurons times 1/6 rounded to float64."""
    return graph.scale(graph.clamp(graph.add([trace.read(a.self), graph.constant(3.0)]), 0, 6, trace.label), 1 / 6)


@MAPS("gt", "ge", "lt", "le", "greater", "greater_equal", "less", "less_equal")
def _comparison(trace: ModuleTrace, a: Call) -> Any:
    """Where the two are equal does not matter: only choices that are continuous there are read."""
    values = (1.0, 0.0) if a.name[0] == "g" else (0.0, 1.0)
    return comparisons.step(trace.read(a.self), trace.read(a.other), *values)


@MAPS("sign", "sgn")
def _sign(trace: ModuleTrace, a: Call) -> Any:
    return comparisons.step(trace.read(a.self), graph.constant(0.0), 1.0, -1.0)


@MAPS("heaviside")
def _heaviside(trace: ModuleTrace, a: Call) -> Any:
    return comparisons.step(trace.read(a.self), graph.constant(0.0))


@MAPS("logical_not", "bitwise_not")
def _not(trace: ModuleTrace, a: Call) -> Any:
    value = trace.value(a.self)
    if not isinstance(value, comparisons.Step):
        raise trace.unsupported("logical_not")
    return value.with_values(lambda v: np.asarray(v == 0, dtype=np.float64))


def _of_step(trace: ModuleTrace, a: Call, function: Callable[[Any, Any], Any]) -> comparisons.Step | None:
    """A function of two operands of which the one is a step and the other a constant; None elsewhere."""
    values = [trace.value(side) for side in (a.self, a.other)]
    known = [value.constant if isinstance(value, graph.Tensor) else None for value in values]
    first, second = values
    if isinstance(first, comparisons.Step) and known[1] is not None:
        return first.with_values(lambda numbers: function(numbers, known[1]))
    if isinstance(second, comparisons.Step) and known[0] is not None:
        return second.with_values(lambda numbers: function(known[0], numbers))
    return None


@MAPS("softshrink")
def _softshrink(trace: ModuleTrace, a: Call) -> Any:
    """``relu(x - c) - relu(-x - c)``."""
    tensor, c, label = trace.read(a.self), graph.constant(float(a.lambd)), trace.label
    parts = (graph.relu(graph.add([tensor, c], [sign, -1]), label) for sign in (1, -1))
    return graph.add([*parts], [1, -1])


@MAPS("maximum", "minimum", "fmax", "fmin")
def _extreme_of_two(trace: ModuleTrace, a: Call) -> Any:
    choose = graph.maximum if a.name in ("maximum", "fmax") else graph.minimum
    first, second = trace.read(a.self), trace.read(a.other)
    return choose(first, second, trace.label)


@MAPS("max", "min", "amax", "amin")
def _extreme(trace: ModuleTrace, a: Call) -> Any:
    if "other" in a.arguments:
        return _extreme_of_two(trace, type(a)(a.func, a.arguments, f"{a.name}imum", a.base))
    tensor = trace.read(a.self)
    axes = a.arguments.get("dim")
    with_places = "dim" in a.arguments and a.name in ("max", "min")
    axes = _axes(range(a.self.ndim) if axes is None or axes == [] else axes, a.self.ndim)
    keep = bool(a.arguments.get("keepdim"))
    least = a.name in ("min", "amin")
    found = tournament.reduce_extreme(tensor, axes, keep=keep, label=trace.label, least=least)
    return (found, _unusable(trace, "argmax")) if with_places else found


@MAPS("max_pool2d_with_indices", "max_pool3d_with_indices", "max_pool1d", "max_pool2d", "max_pool3d")
def _max_pool(trace: ModuleTrace, a: Call) -> Any:
    found = windows.max_pool(trace.read(a.self), _pool_windows(a, int(a.name[a.name.index("d") - 1])), trace.label)
    return (found, _unusable(trace, "argmax")) if "indices" in a.name else found


@MAPS("adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d")
def _adaptive_max(trace: ModuleTrace, a: Call) -> Any:
    tensor, outputs = trace.read(a.self), tuple(a.output_size)
    places = windows.adaptive_places(tensor.shape[-len(outputs) :], outputs)
    found = windows.largest_of(tensor, tensor.shape[: -len(outputs)], places, outputs, trace.label)
    return found, _unusable(trace, "argmax")


def _unusable(trace: ModuleTrace, name: str) -> TensorStorage:
    """A result that is refused as soon as it is used."""
    return TensorStorage(None, trace.unsupported(name))


# ------------------------------------------------------------------------------------------------ at the very end


@MAPS(*INCREASING)
def _increasing(trace: ModuleTrace, a: Call) -> Any:
    """Left out if nothing follows but moves."""
    if a.arguments.get("alpha", 1.0) <= 0:
        raise trace.unsupported(a.name)
    positive = a.name in ("sigmoid", "exp", "softplus")
    found = ends.increasing(trace.before_end(a.self), trace.label, trace.where, a.func, positive=positive)
    return (found, None) if a.name == "log_sigmoid_forward" else found


@MAPS("log")
def _logarithm(trace: ModuleTrace, a: Call) -> Any:
    """Of probabilities: it increases as well."""
    value = trace.before_end(a.self)
    if isinstance(value, graph.Tensor) or not value.end.positive:
        raise trace.unsupported(a.name)
    return ends.increasing(value, trace.label, trace.where, a.func)


@MAPS(*SOFTMAXES)
def _softmax(trace: ModuleTrace, a: Call) -> Any:
    """Left out if nothing follows but moves of whole groups."""
    value = trace.before_end(a.self)
    return ends.softmax(
        value, [a.dim % max(len(value.shape), 1)], trace.label, trace.where, a.func, positive="log" not in a.name
    )


@MAPS("argmax")
def _argmax(trace: ModuleTrace, a: Call) -> Any:
    """The label: what it is taken of is put out instead."""
    value = trace.before_end(a.self)
    axes = range(len(value.shape)) if a.dim is None else [a.dim % max(len(value.shape), 1)]
    return ends.largest(value, axes, keep=a.keepdim, name=trace.label, where=trace.where, operation=a.func)


# ------------------------------------------------------------------------------------------------ arguments


def _axes(axes: Sequence[int] | int, ndim: int) -> tuple[int, ...]:
    """Axes counted from the front; a number without axes takes any."""
    return tuple(axis % ndim for axis in ([axes] if isinstance(axes, int) else axes)) if ndim else ()


def _per_axis(value: Sequence[int] | int, axes: int) -> tuple[int, ...]:
    """One number for each axis; torch lets a single one stand for all."""
    numbers = (value,) if isinstance(value, int) else tuple(value)
    return numbers * axes if len(numbers) == 1 else numbers


def _pool_windows(a: Call, axes: int) -> windows.Windows:
    kernel = _per_axis(a.kernel_size, axes)
    stride = _per_axis(a.stride, axes) if a.stride else kernel
    padding = _per_axis(a.padding, axes)
    dilation = _per_axis(a.arguments.get("dilation", 1), axes)
    return windows.Windows(kernel, stride, padding, padding, dilation, a.ceil_mode)

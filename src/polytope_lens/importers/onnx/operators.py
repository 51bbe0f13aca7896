"""ONNX operators that compute: affine maps, bends, and what may stand at the very end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._deferred import sparse
from polytope_lens.errors import InvalidNetworkError, UnsupportedLayerError
from polytope_lens.importers import comparisons, ends, graph, tournament, windows
from polytope_lens.importers.onnx.node import INCREASING, SOFTMAXES
from polytope_lens.importers.registry import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polytope_lens.importers.onnx.node import Array, Node

MAPS = Table()


# ------------------------------------------------------------------------------------------------ affine maps


@MAPS("Gemm")
def _gemm(node: Node) -> Any:
    get = node.attributes.get
    a, b = node.inputs[0], node.inputs[1]
    if isinstance(a, graph.Tensor) and a.constant is None:
        left = graph.transposed(a, (1, 0)) if get("transA", 0) else a
        weight = node.numbers(1).T if get("transB", 0) else node.numbers(1)
        product = _matrix_product(node, left, weight)
    else:
        right = graph.transposed(b, (1, 0)) if get("transB", 0) else b
        weight = node.numbers(0).T if get("transA", 0) else node.numbers(0)
        product = graph.transposed(_matrix_product(node, graph.transposed(right, (1, 0)), weight.T), (1, 0))
    alpha, beta = get("alpha", 1.0), get("beta", 1.0)
    product = product if alpha == 1.0 else graph.scale(product, alpha)
    if not node.has(2) or beta == 0.0:
        return product
    return graph.add_bias(product, node.tensor(2) if beta == 1.0 else graph.scale(node.tensor(2), beta))


@MAPS("MatMul")
def _matmul(node: Node) -> Any:
    left, right = node.inputs
    if isinstance(left, graph.Tensor) and left.constant is None:
        return _stacked_product(node, left, node.numbers(1))
    weight, right = node.numbers(0), node.tensor(1)
    product = _stacked_product(node, graph.flipped(right), weight.swapaxes(-1, -2) if weight.ndim > 1 else weight)
    return graph.flipped(product) if weight.ndim > 1 and len(right.shape) > 1 else product


def _stacked_product(node: Node, tensor: graph.Tensor, weight: Array) -> graph.Tensor:
    """``x @ weight`` as numpy's matmul."""
    if weight.ndim == 1:
        product = _matrix_product(node, tensor, weight[:, None])
        return graph.reshaped(product, product.shape[:-1])
    if (
        weight.ndim == 2
        or not weight.shape[:-2]
        or (math.prod(weight.shape[:-2]) == 1 and len(tensor.shape) >= weight.ndim)
    ):
        return _matrix_product(node, tensor, weight.reshape(weight.shape[-2:]))
    lead = np.broadcast_shapes(tensor.shape[:-2], weight.shape[:-2])
    wide = graph.broadcast(tensor, (*lead, *tensor.shape[-2:]))
    graph.checked_weights(math.prod(lead) * math.prod(weight.shape[-2:]), node.where)
    weights = np.broadcast_to(weight, (*lead, *weight.shape[-2:])).reshape(-1, *weight.shape[-2:])
    _check_inner(node, tensor.shape[-1], weight.shape[-2])
    product = graph.batched_matmul(graph.reshaped(wide, (len(weights), *tensor.shape[-2:])), weights, node.label)
    return graph.reshaped(product, (*lead, *product.shape[1:]))


def _matrix_product(node: Node, tensor: graph.Tensor, weight: Array) -> graph.Tensor:
    _check_inner(node, tensor.shape[-1], weight.shape[0])
    return graph.matmul(tensor, weight, 0.0, node.label)


def _check_inner(node: Node, found: int, expected: int) -> None:
    if found != expected:
        raise InvalidNetworkError(f"{node.where} takes {expected} values, but receives {found}.")


@MAPS("Einsum")
def _einsum(node: Node) -> Any:
    """A sum of products of which one factor depends on the input: each product is a value, then these are added up."""
    if len(node.inputs) > 2:
        raise UnsupportedLayerError(f"{node.where} multiplies more than two tensors, which this release does not read.")
    place = next(i for i, value in enumerate(node.inputs) if isinstance(value, graph.Tensor))
    tensor = node.tensor(place)
    weight = node.numbers(1 - place) if len(node.inputs) == 2 else np.ones(())
    shapes = [tensor.shape, weight.shape] if place == 0 else [weight.shape, tensor.shape]
    labels, out = einsum_labels(node.attributes["equation"], [len(shape) for shape in shapes[: len(node.inputs)]])
    sizes: dict[str, int] = {}
    for names, shape in zip(labels, shapes, strict=False):
        for name, n in zip(names, shape, strict=True):
            if sizes.setdefault(name, n) != n:
                raise InvalidNetworkError(f"{node.where} has sizes {sizes[name]} and {n} for one index.")
    # All indices of the result, and those that are summed over, behind them.
    order = [*out, *(name for name in sizes if name not in out)]
    whole = tuple(sizes[name] for name in order)
    graph.checked_size(whole)
    own = labels[place]
    x = _spread(graph.positions(tensor.shape), own, order, whole)
    product = graph.gather([tensor], x)
    if len(node.inputs) == 2:
        factors = _spread(weight, labels[1 - place], order, whole).ravel()
        product = graph.affine(product, sparse.diags_array(factors, format="csr"), np.zeros(x.size), whole, node.label)
    axes = range(len(out), len(order))
    if not axes:
        return product
    return graph.reduce_sum(product, axes, keep=False, mean=False)


def _spread(array: Array, own: str, order: Sequence[str], shape: tuple[int, ...]) -> Array:
    """An array with indices of its own as one with others; an index that stands twice takes the diagonal."""
    grids = {name: np.arange(shape[i]).reshape(-1, *[1] * (len(shape) - 1 - i)) for i, name in enumerate(order)}
    picked = array[tuple(grids[name] for name in own)] if own else array
    return np.broadcast_to(picked, shape)


def einsum_labels(equation: str, ndims: Sequence[int]) -> tuple[list[str], str]:
    """The indices of each operand and of the result, one letter each; those that dots stand for are Greek.

    Raises
    ------
    InvalidNetworkError
    """
    left, arrow, right = equation.replace(" ", "").partition("->")
    operands = left.split(",")
    greek = "αβγδεζηθικλμνξοπ"
    if len(operands) != len(ndims):
        raise InvalidNetworkError(f"the equation {equation!r} has {len(operands)} terms for {len(ndims)} tensors.")
    labels, most = [], 0
    for term, ndim in zip(operands, ndims, strict=True):
        dots = ndim - len(term.replace("...", ""))
        if dots < 0 or dots > len(greek) or (dots and "..." not in term):
            raise InvalidNetworkError(f"the equation {equation!r} does not fit tensors with {list(ndims)} axes.")
        labels.append(term.replace("...", greek[len(greek) - dots :]))
        most = max(most, dots)
    if arrow:
        out = right.replace("...", greek[len(greek) - most :])
    else:
        joined = "".join(labels)
        single = sorted(c for c in set(joined) if joined.count(c) == 1 and c not in greek)
        out = greek[len(greek) - most :] + "".join(single)
    if not set(out) <= set("".join(labels)) or len(set(out)) < len(out):
        raise InvalidNetworkError(f"the result of the equation {equation!r} has indices that no tensor has, or twice.")
    return labels, out


@MAPS("Conv")
def _conv(node: Node) -> Any:
    weight = node.numbers(1)
    bias = node.numbers(2) if node.has(2) else None
    sliding = _windows(node, weight.shape[2:], node.tensor(0).shape[2:])
    return windows.convolution(node.tensor(0), weight, bias, sliding, node.attributes.get("group", 1), node.label)


@MAPS("ConvTranspose")
def _conv_transpose(node: Node) -> Any:
    tensor, weight = node.tensor(0), node.numbers(1)
    bias = node.numbers(2) if node.has(2) else None
    sizes, kernel = tensor.shape[2:], weight.shape[2:]
    axes, get = len(kernel), node.attributes.get
    stride, dilation = get("strides", [1] * axes), get("dilations", [1] * axes)
    extra, pads = get("output_padding", [0] * axes), list(get("pads", [0] * (2 * axes)))
    mode, wanted = get("auto_pad", "NOTSET"), get("output_shape")
    if mode in ("SAME_UPPER", "SAME_LOWER") and wanted is None:
        wanted = [n * s for n, s in zip(sizes, stride, strict=True)]
    if wanted is not None:
        full = [s * (n - 1) + e + (k - 1) * d + 1 for n, s, e, k, d in zip(
            sizes, stride, extra, kernel, dilation, strict=True)]  # fmt: skip
        total = [max(f - w, 0) for f, w in zip(full, wanted[-axes:], strict=True)]
        small, large = [t // 2 for t in total], [t - t // 2 for t in total]
        pads = [*small, *large] if mode == "SAME_UPPER" else [*large, *small]
    sliding = windows.Windows(kernel, stride, pads[:axes], pads[axes:], dilation)
    return windows.transposed_convolution(tensor, weight, bias, sliding, extra, get("group", 1), node.label)


@MAPS("BatchNormalization")
def _batch_normalization(node: Node) -> Any:
    """``x * factor + shift``; the two are computed in float64, which rounds."""
    if node.attributes.get("training_mode", 0) or node.n_outputs > 1:
        raise UnsupportedLayerError(f"{node.where} is in training mode. Export the model in eval mode.")
    tensor = node.tensor(0)
    gamma, beta, mean, variance = (node.numbers(i) for i in range(1, 5))
    eps = node.attributes.get("epsilon", np.float64(np.float32(1e-5)))
    factor = gamma / graph.deviation(variance, eps, node.where)
    return graph.channelwise(tensor, factor, beta - mean * factor, node.label)


@MAPS("Add", "Sub", "Sum")
def _add(node: Node) -> Any:
    stepped = _of_step(node, np.subtract if node.op == "Sub" else np.add)
    if stepped is not None:
        return stepped
    tensors = [node.tensor(i) for i in range(len(node.inputs))]
    if node.op == "Add":
        return graph.add_bias(*(tensors if tensors[0].constant is None else reversed(tensors)))
    return graph.add(tensors, [1, -1] if node.op == "Sub" else None)


@MAPS("Neg")
def _neg(node: Node) -> Any:
    value = node.value(0)
    if isinstance(value, comparisons.Step):
        return value.with_values(np.negative)
    return graph.scale(node.tensor(0), -1.0)


@MAPS("Mul")
def _mul(node: Node) -> Any:
    stepped = _of_step(node, np.multiply)
    if stepped is not None:
        return stepped
    for i in range(2):
        factor = node.value(i)
        if isinstance(factor, comparisons.Step):
            return comparisons.product(factor, node.tensor(1 - i), node.label, node.where)
    a, b = node.tensor(0), node.tensor(1)
    if b.constant is not None:
        return graph.scale(a, b.constant)
    if a.constant is not None:
        return graph.scale(b, a.constant)
    raise UnsupportedLayerError(
        f"{node.where} multiplies values that both depend on the model's input, so the network has no polytopes."
    )


@MAPS("Div")
def _div(node: Node) -> Any:
    """A product with 1/c, which is rounded unless c is a power of two."""
    stepped = _of_step(node, np.divide)
    if stepped is not None:
        return stepped
    divisor = node.numbers(1)
    if not divisor.all():
        raise InvalidNetworkError(f"{node.where} divides by zero.")
    return graph.scale(node.tensor(0), 1.0 / divisor)


@MAPS("Pow")
def _pow(node: Node) -> Any:
    if not (node.numbers(1) == 1.0).all():
        raise UnsupportedLayerError(f"{node.where} is not piecewise affine, so the network has no polytopes.")
    return graph.broadcast(node.tensor(0), np.broadcast_shapes(node.tensor(0).shape, node.numbers(1).shape))


@MAPS("Mean")
def _mean(node: Node) -> Any:
    n = len(node.inputs)
    return graph.scale(graph.add([node.tensor(i) for i in range(n)]), 1.0 / n)


@MAPS("ReduceMean", "ReduceSum", "ReduceL1", "ReduceMax", "ReduceMin", "GlobalAveragePool", "GlobalMaxPool")
def _reduce(node: Node) -> Any:
    tensor = node.tensor(0)
    ndim = len(tensor.shape)
    keep = bool(node.attributes.get("keepdims", 1))
    if node.op.startswith("Global"):
        axes: tuple[int, ...] = tuple(range(2, ndim))
    else:
        given = node.option("axes", 1)
        if given is None or len(given) == 0:
            if node.attributes.get("noop_with_empty_axes", 0):
                return tensor
            given = range(ndim)
        axes = tuple(sorted({int(axis) % ndim for axis in given}))
    if node.op == "ReduceL1":
        return graph.reduce_sum(graph.bend(tensor, -1.0, 1.0, node.label), axes, keep=keep, mean=False)
    if node.op.endswith(("Mean", "Sum", "AveragePool")):
        return graph.reduce_sum(tensor, axes, keep=keep, mean=not node.op.endswith("Sum"))
    return tournament.reduce_extreme(tensor, axes, keep=keep, label=node.label, least=node.op == "ReduceMin")


@MAPS("CumSum")
def _cumulative_sum(node: Node) -> Any:
    get, axis = node.attributes.get, int(node.integers(1).reshape(()))
    return graph.cumulative(
        node.tensor(0), axis, exclusive=bool(get("exclusive", 0)), backwards=bool(get("reverse", 0))
    )


@MAPS("AveragePool")
def _average_pool(node: Node) -> Any:
    sliding = _windows(node, node.attributes["kernel_shape"], node.tensor(0).shape[2:])
    return windows.average_pool(
        node.tensor(0), sliding, count_padding=bool(node.attributes.get("count_include_pad", 0))
    )


# ------------------------------------------------------------------------------------------------ bends


@MAPS("Relu")
def _relu(node: Node) -> Any:
    return graph.relu(node.tensor(0), node.label)


@MAPS("LeakyRelu")
def _leaky_relu(node: Node) -> Any:
    return graph.bend(node.tensor(0), node.attributes.get("alpha", float(np.float32(0.01))), 1.0, node.label)


@MAPS("PRelu")
def _prelu(node: Node) -> Any:
    return graph.bend(node.tensor(0), node.numbers(1), 1.0, node.label)


@MAPS("Abs")
def _abs(node: Node) -> Any:
    return graph.bend(node.tensor(0), -1.0, 1.0, node.label)


@MAPS("Clip")
def _clip(node: Node) -> Any:
    low, high = node.option("min", 1), node.option("max", 2)
    bounds = [None if v is None else float(np.asarray(v, dtype=np.float64).reshape(())) for v in (low, high)]
    return graph.clamp(node.tensor(0), bounds[0], bounds[1], node.label)


@MAPS("HardSigmoid")
def _hard_sigmoid(node: Node) -> Any:
    """``clamp(alpha x + beta, 0, 1)``."""
    alpha = node.attributes.get("alpha", float(np.float32(0.2)))
    beta = node.attributes.get("beta", 0.5)
    shifted = graph.add([graph.scale(node.tensor(0), alpha), graph.constant(beta)])
    return graph.clamp(shifted, 0.0, 1.0, node.label)


@MAPS("ThresholdedRelu")
def _thresholded_relu(node: Node) -> Any:
    """``x`` above alpha, else 0: continuous where alpha is 0."""
    if node.attributes.get("alpha", 1.0) != 0.0:
        raise UnsupportedLayerError(f"{node.where} jumps at its threshold, so the network is not continuous.")
    return graph.relu(node.tensor(0), node.label)


@MAPS("Shrink")
def _shrink(node: Node) -> Any:
    """``x - bias`` above lambd, ``x + bias`` below -lambd, 0 between: continuous where the two are equal."""
    bias, bound = node.attributes.get("bias", 0.0), node.attributes.get("lambd", 0.5)
    if bias != bound:
        raise UnsupportedLayerError(f"{node.where} jumps, so the network is not continuous.")
    tensor, c = node.tensor(0), graph.constant(bound)
    return graph.add([graph.relu(graph.add([tensor, c], [sign, -1]), node.label) for sign in (1, -1)], [1, -1])


@MAPS("Greater", "GreaterOrEqual", "Less", "LessOrEqual")
def _comparison(node: Node) -> Any:
    """Where the two are equal does not matter: only choices that are continuous there are read."""
    values = (1.0, 0.0) if node.op.startswith("Greater") else (0.0, 1.0)
    return comparisons.step(node.tensor(0), node.tensor(1), *values)


@MAPS("Sign")
def _sign(node: Node) -> Any:
    return comparisons.step(node.tensor(0), graph.constant(0.0), 1.0, -1.0)


@MAPS("Not")
def _not(node: Node) -> Any:
    value = node.value(0)
    if not isinstance(value, comparisons.Step):
        raise UnsupportedLayerError(f"{node.where} jumps, so the network is not continuous.")
    return value.with_values(lambda v: np.asarray(v == 0, dtype=np.float64))


def _of_step(node: Node, function: Callable[[Any, Any], Any]) -> comparisons.Step | None:
    """A function of two operands of which the one is a step and the other a constant; None elsewhere."""
    if len(node.inputs) != 2:
        return None
    first, second = node.value(0), node.value(1)
    if isinstance(first, comparisons.Step) and isinstance(second, graph.Tensor) and second.constant is not None:
        known = second.constant
        return first.with_values(lambda numbers: function(numbers, known))
    if isinstance(second, comparisons.Step) and isinstance(first, graph.Tensor) and first.constant is not None:
        other = first.constant
        return second.with_values(lambda numbers: function(other, numbers))
    return None


@MAPS("Max", "Min")
def _extreme(node: Node) -> Any:
    choose = graph.maximum if node.op == "Max" else graph.minimum
    tensors = [node.tensor(i) for i in range(len(node.inputs))]
    while len(tensors) > 1:
        pairs = [choose(a, b, node.label) for a, b in zip(tensors[::2], tensors[1::2], strict=False)]
        tensors = pairs + (tensors[-1:] if len(tensors) % 2 else [])
    return tensors[0]


@MAPS("MaxPool")
def _max_pool(node: Node) -> Any:
    if node.n_outputs > 1:
        raise UnsupportedLayerError(f"{node.where} returns places, which jump, so the network is not continuous.")
    sliding = _windows(node, node.attributes["kernel_shape"], node.tensor(0).shape[2:])
    return windows.max_pool(node.tensor(0), sliding, node.label)


# ------------------------------------------------------------------------------------------------ at the very end


@MAPS(*INCREASING)
def _increasing(node: Node) -> Any:
    """Left out if nothing follows but moves."""
    if node.attributes.get("alpha", 1.0) <= 0:
        raise UnsupportedLayerError(f"{node.where} is not piecewise affine, so the network has no polytopes.")
    return ends.increasing(
        node.before_end(), node.label, node.where, positive=node.op in ("Sigmoid", "Exp", "Softplus")
    )


@MAPS("Log")
def _logarithm(node: Node) -> Any:
    """Of probabilities: it increases as well."""
    value = node.before_end()
    if isinstance(value, graph.Tensor) or not value.end.positive:
        raise UnsupportedLayerError(f"{node.where} is not piecewise affine, so the network has no polytopes.")
    return ends.increasing(value, node.label, node.where)


@MAPS(*SOFTMAXES)
def _softmax(node: Node) -> Any:
    """Left out if nothing follows but moves of whole groups; before opset 13 over all axes from the given one on."""
    value = node.before_end()
    ndim = len(value.shape)
    axis = node.attributes.get("axis", 1 if node.opset < 13 else -1) % ndim
    axes = range(axis, ndim) if node.opset < 13 else [axis]
    return ends.softmax(value, axes, node.label, node.where, positive=node.op == "Softmax")


@MAPS("ArgMax")
def _argmax(node: Node) -> Any:
    """The label: what it is taken of is put out instead."""
    value = node.before_end()
    axes = [node.attributes.get("axis", 0) % len(value.shape)]
    keep = bool(node.attributes.get("keepdims", 1))
    return ends.largest(value, axes, keep=keep, name=node.label, where=node.where)


# ------------------------------------------------------------------------------------------------ attributes


def _windows(node: Node, kernel: Sequence[int], sizes: Sequence[int]) -> windows.Windows:
    axes, get = len(kernel), node.attributes.get
    if len(sizes) != axes:
        raise InvalidNetworkError(
            f"{node.where} slides over {axes} axes, but its input has {len(sizes)} to slide over."
        )
    stride, dilation = get("strides", [1] * axes), get("dilations", [1] * axes)
    pads = list(get("pads", [0] * (2 * axes)))
    mode = get("auto_pad", "NOTSET")
    if mode in ("SAME_UPPER", "SAME_LOWER"):
        total = [
            max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
            for n, s, k, d in zip(sizes, stride, kernel, dilation, strict=True)
        ]
        small, large = [t // 2 for t in total], [t - t // 2 for t in total]
        pads = [*small, *large] if mode == "SAME_UPPER" else [*large, *small]
    elif mode == "VALID":
        pads = [0] * (2 * axes)
    return windows.Windows(kernel, stride, pads[:axes], pads[axes:], dilation, bool(get("ceil_mode", 0)))

"""ONNX operators that move values around: places are computed by onnx's own reference implementation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._deferred import sparse
from polytope_lens.errors import UnsupportedLayerError
from polytope_lens.importers import comparisons, ends, graph
from polytope_lens.importers.onnx.node import PICKS
from polytope_lens.importers.registry import Table
from polytope_lens.importers.resize import resize_matrix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens.importers.onnx.node import Array, Node

MOVES = Table()


@MOVES(*PICKS)
def _picks(node: Node) -> Any:
    """Run onnx's own operator on the places of the values, counted from 1; 0 where it fills in zeros."""
    node.check_growth()
    value = node.value(0)
    places = graph.positions(value.shape) + 1
    others = [node.integers(i) if node.has(i) else None for i in range(1, len(node.inputs))]
    found = node.reference(node.proto, [places, *others], node.opset)
    indices = [np.asarray(index, dtype=np.int64) - 1 for index in found]
    return [
        value.picked(i) if isinstance(value, ends.Ended | comparisons.Step) else graph.gather([value], i)
        for i in indices
    ]


@MOVES("ScatterND", "ScatterElements")
def _scatter(node: Node) -> Any:
    """Values of the one tensor written over values of the other: onnx's own operator on places."""
    if node.attributes.get("reduction", "none") != "none":
        raise UnsupportedLayerError(f"{node.where} combines values, which this release does not read.")
    data, updates = node.tensor(0), node.tensor(2)
    places = [graph.positions(data.shape), node.integers(1), graph.positions(updates.shape, data.size)]
    (index,) = node.reference(node.proto, places, node.opset)
    return graph.gather([data, updates], np.asarray(index, dtype=np.int64))


@MOVES("Pad")
def _pad(node: Node) -> Any:
    tensor = node.tensor(0)
    pads = np.asarray(node.option("pads", 1)).astype(object).reshape(2, -1)
    axes = node.integers(3).tolist() if node.has(3) else range(len(tensor.shape))
    fill = float(node.numbers(2).reshape(())) if node.has(2) else float(node.attributes.get("value", 0.0))
    around = [(0, 0)] * len(tensor.shape)
    for axis, before, after in zip(axes, *pads, strict=True):
        around[axis] = (int(before), int(after))
    graph.checked_size([max(n + max(b, 0) + max(a, 0), 0) for n, (b, a) in zip(tensor.shape, around, strict=True)])
    places = graph.positions(tensor.shape) + 1
    # Negative numbers crop.
    places = places[tuple(slice(max(-b, 0), n - max(-a, 0)) for n, (b, a) in zip(tensor.shape, around, strict=True))]
    mode: Any = node.attributes.get("mode", "constant")
    index = np.pad(places, [(max(b, 0), max(a, 0)) for b, a in around], mode=mode)
    return graph.gather([tensor], index - 1, fill=fill)


@MOVES("Concat")
def _concat(node: Node) -> Any:
    axis = node.attributes["axis"]
    ended = [value for value in node.inputs if isinstance(value, ends.Ended)]
    if not ended:
        return graph.concatenate([node.tensor(i) for i in range(len(node.inputs))], axis)
    starts = np.cumsum([0, *(value.places.size for value in ended)])
    index = [graph.positions(v.shape, int(s)) for v, s in zip(ended, starts, strict=False)]
    joined = ends.joined(ended, np.concatenate(index, axis=axis)) if len(ended) == len(node.inputs) else None
    if joined is None:
        raise ends.refusal(ended[0].end, f"other values are joined to its result in {node.where}")
    return joined


@MOVES("Where")
def _where(node: Node) -> Any:
    compared = node.inputs[0]
    if isinstance(compared, comparisons.Step):
        return comparisons.chosen(compared, node.tensor(1), node.tensor(2), node.label, node.where)
    condition = node.integers(0).astype(bool)
    a, b = node.tensor(1), node.tensor(2)
    shape = np.broadcast_shapes(condition.shape, a.shape, b.shape)
    graph.checked_size(shape)
    places = [np.broadcast_to(graph.positions(t.shape, s), shape) for t, s in ((a, 0), (b, a.size))]
    return graph.gather([a, b], np.where(condition, *places))


@MOVES("Identity", "Dropout")
def _identity(node: Node) -> Any:
    if node.op == "Dropout" and node.has(2) and bool(np.all(node.integers(2))):
        raise UnsupportedLayerError(
            f"{node.where} is in training mode, which is random. Export the model in eval mode."
        )
    return [node.value(0), *[None] * (node.n_outputs - 1)]


@MOVES("Cast", "CastLike")
def _cast(node: Node) -> Any:
    value = node.value(0)
    label = isinstance(value, comparisons.Step) or (isinstance(value, ends.Ended) and value.end.takes_largest)
    if (
        node.op == "Cast" and not label and node.attributes["to"] not in (1, 10, 11, 16)
    ):  # float, float16, double, bfloat16
        raise UnsupportedLayerError(f"{node.where} converts to whole numbers, so the network is not continuous.")
    return value


@MOVES("Upsample")
def _upsample(node: Node) -> Any:
    scales = np.asarray(node.option("scales", 1), dtype=np.float64)
    return _resize_by(node, [math.floor(n * s) for n, s in zip(node.tensor(0).shape, scales, strict=True)], scales)


@MOVES("Resize")
def _resize(node: Node) -> Any:
    tensor = node.tensor(0)
    if node.opset < 11:
        scales = node.numbers(1)
        sizes = [math.floor(n * s) for n, s in zip(tensor.shape, scales, strict=True)]
        return _resize_by(node, sizes, scales)
    axes = [int(a) % len(tensor.shape) for a in node.attributes.get("axes", range(len(tensor.shape)))]
    if node.attributes.get("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise UnsupportedLayerError(f"{node.where} keeps the aspect ratio, which this release does not read.")
    sizes, all_scales = list(tensor.shape), [1.0] * len(tensor.shape)
    if node.has(3) and node.integers(3).size:
        for axis, n in zip(axes, node.integers(3).tolist(), strict=True):
            sizes[axis], all_scales[axis] = int(n), int(n) / tensor.shape[axis]
    else:
        for axis, scale in zip(axes, node.numbers(2).tolist(), strict=True):
            sizes[axis], all_scales[axis] = math.floor(tensor.shape[axis] * scale), scale
    return _resize_by(node, sizes, np.array(all_scales))


def _resize_by(node: Node, sizes: Sequence[int], scales: Array) -> graph.Tensor:
    """Interpolate along one axis after the other; the weights of positions in between are rounded to float64."""
    graph.checked_size(sizes)
    get = node.attributes.get
    old = node.opset < 11
    mode = get("mode", "nearest")
    transform = "asymmetric" if old else get("coordinate_transformation_mode", "half_pixel")
    rounding = "floor" if old else get("nearest_mode", "round_prefer_floor")
    if get("antialias", 0) or get("exclude_outside", 0) or mode not in ("nearest", "linear"):
        raise UnsupportedLayerError(f"{node.where} interpolates in mode {mode!r}, which this release does not read.")
    tensor = node.tensor(0)
    for axis, (n, m, scale) in enumerate(zip(tensor.shape, sizes, scales, strict=True)):
        if n == m and scale == 1.0:
            continue
        matrix = resize_matrix(n, m, float(scale), mode, transform, rounding)
        if matrix is None:
            raise UnsupportedLayerError(f"{node.where} resizes by {transform!r}, which this release does not read.")
        shape = (*tensor.shape[:axis], m, *tensor.shape[axis + 1 :])
        ahead, behind = math.prod(tensor.shape[:axis]), math.prod(tensor.shape[axis + 1 :])
        spread = sparse.kron(sparse.eye_array(ahead), sparse.kron(matrix, sparse.eye_array(behind)), format="csr")
        tensor = graph.linear(tensor, sparse.csr_array(spread), shape)
    return tensor

"""Operators of other domains: onnxruntime's fused forms of common ones, and those of classical machine learning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens.errors import UnsupportedLayerError
from polytope_lens.importers import ends, graph
from polytope_lens.importers.onnx.operators import MAPS

if TYPE_CHECKING:
    from collections.abc import Callable

    from polytope_lens.importers.onnx.node import Node

# By domain and name.
FUSED: dict[tuple[str, str], Callable[[Node], Any]] = {}


def _fused(domain: str, name: str) -> Callable[[Callable[[Node], Any]], Callable[[Node], Any]]:
    def register(function: Callable[[Node], Any]) -> Callable[[Node], Any]:
        FUSED[domain, name] = function
        return function

    return register


@_fused("com.microsoft", "FusedConv")
def _fused_conv(node: Node) -> Any:
    """A convolution, perhaps something added to it, and an activation."""
    found = MAPS["Conv"](node)
    if node.has(3):
        found = graph.add([found, node.tensor(3)])
    return _activated(node, found, list(node.attributes.get("activation_params", [])))


@_fused("com.microsoft", "FusedGemm")
def _fused_gemm(node: Node) -> Any:
    names = ("activation_alpha", "activation_beta", "activation_gamma")
    parameters = [node.attributes[name] for name in names if name in node.attributes]
    return _activated(node, MAPS["Gemm"](node), parameters)


@_fused("com.microsoft", "FusedMatMul")
def _fused_matmul(node: Node) -> Any:
    get = node.attributes.get
    if get("transBatchA", 0) or get("transBatchB", 0):
        raise UnsupportedLayerError(f"{node.where} transposes batches, which this release does not read.")
    left, right = node.inputs
    product = MAPS["MatMul"](
        node.taking(_turned(left) if get("transA", 0) else left, _turned(right) if get("transB", 0) else right)
    )
    alpha = get("alpha", 1.0)
    return product if alpha == 1.0 else graph.scale(product, alpha)


@_fused("ai.onnx.ml", "Scaler")
def _scaler(node: Node) -> Any:
    """``(x - offset) * scale``; the difference and the product are kept apart, so that neither is rounded."""
    tensor = node.tensor(0)
    offset, scale = (np.asarray(node.attributes.get(name, [default]), dtype=np.float64) for name, default in (
        ("offset", 0.0), ("scale", 1.0)))  # fmt: skip
    if offset.any():
        tensor = graph.add([tensor, graph.constant(offset)], [1, -1])
    return graph.scale(tensor, scale)


@_fused("ai.onnx.ml", "Normalizer")
def _normalizer(node: Node) -> Any:
    raise UnsupportedLayerError(f"{node.where} divides by a norm of its input, so the network has no polytopes.")


@_fused("ai.onnx.ml", "ZipMap")
def _zip_map(node: Node) -> Any:
    """Scores with the names of their classes: the scores."""
    return node.value(0)


def _activated(node: Node, tensor: graph.Tensor, parameters: list[float]) -> graph.Tensor | ends.Ended:
    """The activation that is fused to an operator, by its name."""
    name = node.attributes.get("activation", "")
    if name in ("", "Identity"):
        return tensor
    if name == "Relu":
        return graph.relu(tensor, node.label)
    if name == "LeakyRelu":
        return graph.bend(tensor, parameters[0] if parameters else float(np.float32(0.01)), 1.0, node.label)
    if name == "Clip":
        low, high = parameters[:2] if len(parameters) > 1 else (None, None)
        return graph.clamp(tensor, low, high, node.label)
    if name == "HardSigmoid":
        alpha, beta = parameters[:2] if len(parameters) > 1 else (float(np.float32(0.2)), 0.5)
        return graph.clamp(graph.add([graph.scale(tensor, alpha), graph.constant(beta)]), 0.0, 1.0, node.label)
    if name in ("Sigmoid", "Tanh"):
        return ends.increasing(tensor, f"{node.label}, {name}", node.where, positive=name == "Sigmoid")
    raise UnsupportedLayerError(f"{node.where} has the activation {name}, which is not read by this release.")


def _turned(value: Any) -> Any:
    """A tensor or an array with its last two axes exchanged."""
    return graph.flipped(value) if isinstance(value, graph.Tensor) else np.swapaxes(value, -1, -2)

"""What a node refuses, by its name and the reason."""

from __future__ import annotations

import pytest

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
from onnx import helper  # noqa: E402

from onnx_models import mlp, model_of  # noqa: E402
from polytope_lens.errors import (  # noqa: E402
    UnsupportedLayerError,
)
from polytope_lens.importers.onnx.onnx import lower  # noqa: E402


def test_a_softmax_in_the_middle_is_refused():
    model = mlp(last=[helper.make_node("Softmax", ["z"], ["p"], name="s"), helper.make_node("Neg", ["p"], ["y"])])
    with pytest.raises(UnsupportedLayerError, match=r"node 's' \(Softmax\) is not .*its result goes into node 'y'"):
        lower(model)


@pytest.mark.parametrize(
    ("op", "reason"),
    [
        ("Gelu", "is not piecewise affine, so the network has no polytopes"),
        ("Mish", "is not piecewise affine"),
        ("Sign", "jumps, so the network is not continuous"),
        ("Floor", "jumps"),
        ("ThresholdedRelu", "jumps at its threshold"),
        ("Shrink", "jumps"),
        ("TopK", "is not read by this release"),
        ("QuantizeLinear", "quantises.*Export the float model"),
        ("Dings", "is not read by this release"),
    ],
)
def test_other_operators_are_refused_by_node_and_reason(op, reason):
    model = mlp(last=[helper.make_node(op, ["z"], ["y"], name="bad")])
    with pytest.raises(UnsupportedLayerError, match=rf"^node 'bad' \({op}\) {reason}"):
        lower(model)


def test_products_of_values_and_operators_of_other_domains_are_refused():
    with pytest.raises(UnsupportedLayerError, match=r"node 'm' \(Mul\) multiplies values that both depend"):
        lower(mlp(last=[helper.make_node("Mul", ["z", "z"], ["y"], name="m")]))
    with pytest.raises(UnsupportedLayerError, match=r"node 'd' \(Div\) takes input 1 from values that depend"):
        lower(mlp(last=[helper.make_node("Div", ["z", "z"], ["y"], name="d")]))
    with pytest.raises(UnsupportedLayerError, match=r"of the domain 'com\.microsoft'"):
        lower(mlp(last=[helper.make_node("BiasGelu", ["z"], ["y"], domain="com.microsoft")]))


def test_graphs_inside_of_nodes_and_functions_are_refused():
    branch = helper.make_graph([], "branch", [], [])
    node = helper.make_node("If", ["x"], ["y"], name="if", then_branch=branch, else_branch=branch)
    with pytest.raises(UnsupportedLayerError, match=r"node 'if' \(If\) has graphs inside"):
        lower(model_of([node], (1, 2)))
    model = mlp()
    model.functions.add().name = "mine"
    with pytest.raises(UnsupportedLayerError, match=r"functions of its own \(mine\).*Inline"):
        lower(model)

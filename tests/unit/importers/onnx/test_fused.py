"""Operators of other domains, against onnxruntime where it has them."""

from __future__ import annotations

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
from onnx import helper  # noqa: E402

from onnx_models import answers, assert_same, floats, model_of  # noqa: E402
from polytope_lens.errors import UnsupportedLayerError  # noqa: E402
from polytope_lens.importers.onnx.onnx import lower  # noqa: E402

CONV = {"w": floats(2, 1, 2, 2), "b": floats(2)}


def fused(op, shape, constants, domain="com.microsoft", **attributes):
    node = helper.make_node(op, ["x", *constants], ["y"], name="n", domain=domain, **attributes)
    model = model_of([node], shape, constants)
    model.opset_import.append(helper.make_opsetid(domain, 1))
    return model


CASES = {
    "conv": ("FusedConv", (1, 1, 4, 4), CONV, {"activation": "Relu", "strides": [2, 2]}),
    "conv, leaky": ("FusedConv", (1, 1, 4, 4), CONV, {"activation": "LeakyRelu", "activation_params": [0.25]}),
    "conv, clip": ("FusedConv", (1, 1, 4, 4), CONV, {"activation": "Clip", "activation_params": [-0.5, 0.5]}),
    "conv, hard": ("FusedConv", (1, 1, 3, 3), CONV, {"activation": "HardSigmoid", "activation_params": [0.25, 0.5]}),
    "conv, sum": ("FusedConv", (1, 1, 3, 3), {**CONV, "z": floats(1, 2, 2, 2)}, {"activation": "Relu"}),
    "gemm": ("FusedGemm", (1, 3), {"w": floats(2, 3), "b": floats(2)}, {"activation": "Relu", "transB": 1}),
    "gemm, leaky": (
        "FusedGemm", (1, 3), {"w": floats(3, 2)}, {"activation": "LeakyRelu", "activation_alpha": 0.5, "alpha": 2.0}),
    "matmul": ("FusedMatMul", (2, 3), {"w": floats(4, 3)}, {"transB": 1, "alpha": 0.5}),
    "matmul, turned": ("FusedMatMul", (3, 2), {"w": floats(3, 4)}, {"transA": 1}),
}  # fmt: skip


@pytest.mark.parametrize("case", list(CASES))
def test_fused_forms(case):
    op, shape, constants, attributes = CASES[case]
    assert_same(fused(op, shape, constants, **attributes), shape)


@pytest.mark.parametrize("one", [False, True])
def test_scalers_subtract_and_multiply(one):
    offset, scale = ([0.5], [3.0]) if one else ([0.5, -1.0, 0.1], [2.0, 0.3, 1.0])
    lowering = assert_same(fused("Scaler", (1, 3), {}, "ai.onnx.ml", offset=offset, scale=scale), (1, 3))
    assert lowering.network.n_neurons == 0


@pytest.mark.parametrize("activation", ["Sigmoid", "Tanh"])
def test_fused_ends_are_left_out(activation):
    model = fused("FusedGemm", (1, 3), {"w": floats(3, 2)}, activation=activation)
    lowering = lower(model)
    assert lowering.stripped == f"n (FusedGemm), {activation}"
    x = floats(1, 3)
    logits = x.astype(float) @ lowering.network.output_weight.T
    expected = 1 / (1 + np.exp(-logits)) if activation == "Sigmoid" else np.tanh(logits)
    np.testing.assert_allclose(answers(model, x), expected, atol=1e-6)


REFUSED = {
    "of another activation": ("FusedGemm", "com.microsoft", {"activation": "Gelu"}, "has the activation Gelu"),
    "a norm": ("Normalizer", "ai.onnx.ml", {}, "divides by a norm"),
    "a fused smooth one": ("QuickGelu", "com.microsoft", {}, "of the domain 'com.microsoft'"),
    "a tree": ("TreeEnsembleRegressor", "ai.onnx.ml", {}, "of the domain 'ai.onnx.ml'"),
    "turned batches": ("FusedMatMul", "com.microsoft", {"transBatchA": 1}, "transposes batches"),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_others_are_refused_by_name(case):
    op, domain, attributes, reason = REFUSED[case]
    constants = {"w": floats(3, 2)} if op.startswith("Fused") else {}
    with pytest.raises(UnsupportedLayerError, match=rf"node 'n' \({op}\) .*{reason}"):
        lower(fused(op, (1, 3), constants, domain, **attributes))

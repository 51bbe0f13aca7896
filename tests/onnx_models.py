"""Small ONNX models, and what onnxruntime answers for them."""

from __future__ import annotations

import numpy as np
import onnxruntime as runtime
import pytest
from onnx import TensorProto, helper, numpy_helper

from polytope_lens.importers.onnx.onnx import lower
from polytope_lens.importers.wanted import wanted
from polytope_lens.network.network import evaluate

RNG = np.random.default_rng(0)


def model_of(nodes, shape, constants=None, *, opset=17, output="y"):
    initializers = [numpy_helper.from_array(np.asarray(v), name) for name, v in (constants or {}).items()]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    y = helper.make_tensor_value_info(output, TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "test", [x], [y], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def single(op, shape, constants=None, *, opset=17, **attributes):
    constants = constants or {}
    node = helper.make_node(op, ["x", *constants], ["y"], name="n", **attributes)
    return model_of([node], shape, constants, opset=opset)


def answers(model, points):
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    # As the file says: products with dequantised weights would be computed in integers.
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = runtime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": points})[0]


def runs(model, shape):
    """Whether onnxruntime answers, and with more than nothing."""
    try:
        return answers(model, np.zeros(shape, dtype=np.float32)).size > 0
    except Exception:  # onnxruntime has its own classes
        return False


def assert_same(model, shape, *, n=10, scale=2.0):
    """Values agree with onnxruntime's float32 within rounding, at one sample after the other."""
    lowering = lower(model, wanted(shape) if len(shape) > 1 and shape[0] > 1 else None)
    points = (np.random.default_rng(1).standard_normal((n, *shape)) * scale).astype(np.float32)
    expected = np.stack([answers(model, point) for point in points])
    values = evaluate(lowering.network, points.reshape(n, -1).astype(np.float64))
    assert np.prod(lowering.output_shape, dtype=int) == expected[0].size
    np.testing.assert_allclose(values, expected.reshape(n, -1), rtol=2e-5, atol=2e-5)
    return lowering


def floats(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def case(op, shape, constants=None, opset=17, **attributes):
    label = f"{op}-{opset}-{sorted(attributes)}"
    return pytest.param(op, shape, constants, opset, attributes, id=label)


def mlp(*, last=(), shape=("n", 2), output="y"):
    nodes = [
        helper.make_node("Gemm", ["x", "w", "b"], ["h"], name="first"),
        helper.make_node("Relu", ["h"], ["r"], name="act"),
        helper.make_node("Gemm", ["r", "v"], [output if not last else "z"], name="second"),
        *last,
    ]
    return model_of(nodes, shape, {"w": floats(2, 4), "b": floats(4), "v": floats(4, 3)}, output=output)

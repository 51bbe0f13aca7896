"""Operators that move values around, against onnxruntime."""

from __future__ import annotations

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
from onnx import helper, numpy_helper  # noqa: E402

from onnx_models import assert_same, case, floats, model_of, single  # noqa: E402

I64 = np.int64


def test_splitting_joining_and_choosing():
    nodes = [
        helper.make_node("Split", ["x"], ["a", "b"], axis=1),
        helper.make_node("Concat", ["b", "a", "c"], ["d"], axis=1),
        helper.make_node("Where", ["m", "d", "e"], ["y"]),
    ]
    constants = {"c": floats(1, 2), "m": np.array([[True, False, True, True, False, True]]), "e": floats(1)}
    assert_same(model_of(nodes, (1, 4), constants), (1, 4))


def test_shapes_are_computed_where_the_graph_computes_them():
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", "zero"], ["batch"], axis=0),
        helper.make_node("Unsqueeze", ["batch", "axes"], ["first"]),
        helper.make_node("Constant", [], ["rest"], value=numpy_helper.from_array(np.array([-1], I64))),
        helper.make_node("Concat", ["first", "rest"], ["target"], axis=0),
        helper.make_node("Reshape", ["x", "target"], ["flat"]),
        helper.make_node("Transpose", ["w"], ["t"], perm=[1, 0]),
        helper.make_node("MatMul", ["flat", "t"], ["product"]),
        helper.make_node("Add", ["product", "b"], ["z"]),
        helper.make_node("Relu", ["z"], ["y"]),
    ]
    constants = {"zero": np.array(0, I64), "axes": np.array([0], I64), "w": floats(2, 6), "b": floats(2)}
    lowering = assert_same(model_of(nodes, (1, 2, 3), constants), (1, 2, 3))
    assert lowering.network.widths == (2,)
    assert lowering.steps[0] == ("product (MatMul)", "y (Relu)")


I64 = np.int64
CASES = [
    case("Flatten", (1, 3, 4)),
    case("Flatten", (1, 3, 4), axis=2),
    case("Reshape", (1, 3, 4), {"s": np.array([0, -1], I64)}),
    case("Transpose", (1, 3, 4), perm=[0, 2, 1]),
    case("Transpose", (1, 3, 4)),
    case("Slice", (1, 5), opset=9, starts=[1], ends=[4], axes=[1]),
    case("Slice", (1, 5), {k: np.array([v], I64) for k, v in {"s": 4, "e": -9, "a": 1, "t": -2}.items()}),
    case("Gather", (1, 5), {"i": np.array([[0, 3], [3, -1]], I64)}, axis=1),
    case("GatherElements", (1, 5), {"i": np.array([[0, 3, 2]], I64)}, axis=1),
    case("GatherND", (1, 5), {"i": np.array([[0, 3], [0, 2]], I64)}),
    case("Squeeze", (1, 1, 3), opset=11, axes=[1]),
    case("Squeeze", (1, 1, 3), {"a": np.array([1], I64)}),
    case("Unsqueeze", (1, 3), opset=11, axes=[1]),
    case("Unsqueeze", (1, 3), {"a": np.array([0, 3], I64)}),
    case("Expand", (1, 1, 3), {"s": np.array([1, 2, 3], I64)}),
    case("Tile", (1, 3), {"r": np.array([1, 2], I64)}),
    case("Pad", (1, 3), opset=9, pads=[0, 1, 0, 2], value=1.5),
    case("Pad", (1, 3), {"p": np.array([0, 1, 0, 2], I64), "v": np.float32(1.5)}),
    case("Pad", (1, 3), {"p": np.array([0, 1, 0, -1], I64)}),
    case("Pad", (1, 3), {"p": np.array([0, 1, 0, 2], I64)}, mode="reflect"),
    case("Pad", (1, 3), {"p": np.array([0, 1, 0, 2], I64)}, mode="edge"),
    case("Pad", (1, 3), {"p": np.array([2, -1], I64), "v": np.float32(3), "a": np.array([1], I64)}, opset=18),
    case("Pad", (1, 3), {"p": np.array([0, 1, 0, 2], I64)}, opset=19, mode="wrap"),
    case("Trilu", (1, 3, 3), upper=0),
    case("DepthToSpace", (1, 4, 2, 2), blocksize=2),
    case("DepthToSpace", (1, 4, 2, 2), blocksize=2, mode="CRD"),
    case("SpaceToDepth", (1, 1, 4, 4), blocksize=2),
]  # fmt: skip


@pytest.mark.parametrize(("op", "shape", "constants", "opset", "attributes"), CASES)
def test_operators(op, shape, constants, opset, attributes):
    assert_same(single(op, shape, constants, opset=opset, **attributes), shape)

"""Resizing by a size and by a factor, against onnxruntime."""

from __future__ import annotations

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
from onnx import helper  # noqa: E402

from onnx_models import assert_same, case, model_of, single  # noqa: E402

I64 = np.int64


@pytest.mark.parametrize("transform", ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"])
@pytest.mark.parametrize(
    ("mode", "rounding"),
    [("linear", "floor"), *(("nearest", r) for r in ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil"))],
)
@pytest.mark.parametrize("sizes", [[1, 1, 5, 3], [1, 1, 1, 7], [1, 1, 4, 8]])
def test_resizing(mode, rounding, transform, sizes):
    node = helper.make_node(
        "Resize", ["x", "", "", "s"], ["y"], mode=mode, coordinate_transformation_mode=transform, nearest_mode=rounding
    )
    assert_same(model_of([node], (1, 1, 2, 4), {"s": np.array(sizes, I64)}), (1, 1, 2, 4))


def test_resizing_by_a_factor():
    node = helper.make_node("Resize", ["x", "", "s"], ["y"], mode="linear")
    assert_same(model_of([node], (1, 1, 2, 4), {"s": np.array([1, 1, 2, 1.5], np.float32)}), (1, 1, 2, 4))


I64 = np.int64
CASES = [
    case("Upsample", (1, 1, 2, 3), {"s": np.array([1, 1, 2, 2], np.float32)}, opset=9),
    case("Upsample", (1, 1, 2, 3), {"s": np.array([1, 1, 2, 2], np.float32)}, opset=9, mode="linear"),
]  # fmt: skip


@pytest.mark.parametrize(("op", "shape", "constants", "opset", "attributes"), CASES)
def test_operators(op, shape, constants, opset, attributes):
    assert_same(single(op, shape, constants, opset=opset, **attributes), shape)

"""Every ONNX operator against onnxruntime, over shapes, attributes and opsets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
from onnx import helper, numpy_helper  # noqa: E402

from onnx_models import assert_same, case, floats, mlp, model_of, runs, single  # noqa: E402
from polytope_lens import Lens  # noqa: E402
from polytope_lens.errors import UnsupportedLayerError  # noqa: E402
from polytope_lens.importers.onnx.onnx import lower  # noqa: E402

FEW = settings(max_examples=15, deadline=None)


small = st.integers(1, 3)


@st.composite
def sliding(draw, axes):
    """Attributes of convolutions and pools."""
    numbers = st.tuples(*[st.integers(1, 3)] * axes).map(list)
    options = {"strides": draw(numbers), "dilations": draw(numbers.map(lambda v: [min(n, 2) for n in v]))}
    mode = draw(st.sampled_from(["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"]))
    if mode == "NOTSET":
        return options | {"pads": draw(st.tuples(*[st.integers(0, 1)] * (2 * axes)).map(list))}
    if mode != "VALID":
        options["dilations"] = [1] * axes
    return options | {"auto_pad": mode}


@FEW
@given(data=st.data(), axes=st.integers(1, 3), group=st.integers(1, 2))
def test_convolutions(data, axes, group):
    kernel = data.draw(st.tuples(*[small] * axes))
    channels, out = group * data.draw(small), group * data.draw(small)
    shape = (1, channels, *data.draw(st.tuples(*[st.integers(2, 5)] * axes)))
    constants = {"w": floats(out, channels // group, *kernel), "b": floats(out)}
    model = single("Conv", shape, constants, group=group, **data.draw(sliding(axes)))
    assume(runs(model, shape))
    assert_same(model, shape)


@FEW
@given(data=st.data(), axes=st.integers(1, 2), group=st.integers(1, 2))
def test_transposed_convolutions(data, axes, group):
    kernel = data.draw(st.tuples(*[small] * axes))
    channels, out = group * data.draw(small), data.draw(small)
    shape = (1, channels, *data.draw(st.tuples(*[st.integers(1, 4)] * axes)))
    options = data.draw(sliding(axes))
    if "auto_pad" not in options:
        options["output_padding"] = [data.draw(st.integers(0, s - 1)) for s in options["strides"]]
    model = single("ConvTranspose", shape, {"w": floats(channels, out, *kernel)}, group=group, **options)
    assume(runs(model, shape))
    assert_same(model, shape)


@FEW
@given(data=st.data(), axes=st.integers(1, 3), op=st.sampled_from(["MaxPool", "AveragePool"]), ceil=st.booleans())
def test_pools(data, axes, op, ceil):
    kernel = data.draw(st.tuples(*[small] * axes))
    options = data.draw(sliding(axes)) | {"ceil_mode": int(ceil)}
    if op == "AveragePool":
        del options["dilations"]
        options["count_include_pad"] = data.draw(st.integers(0, 1))
        options["ceil_mode"] = 0  # onnxruntime counts padding beyond the end in its own way
    if "auto_pad" in options:
        options["ceil_mode"] = 0
    shape = (1, 2, *data.draw(st.tuples(*[st.integers(2, 5)] * axes)))
    model = single(op, shape, kernel_shape=list(kernel), **options)
    assume(runs(model, shape))
    assert_same(model, shape)


I64 = np.int64


CASES = [
    case("Relu", (1, 3)),
    case("LeakyRelu", (1, 3)),
    case("LeakyRelu", (1, 3), alpha=0.3),
    case("PRelu", (1, 3, 2), {"s": floats(3, 1)}),
    case("Abs", (1, 3)),
    case("Clip", (1, 3), opset=9, min=-0.5, max=1.0),
    case("Clip", (1, 3), opset=9),
    case("Clip", (1, 3), {"lo": np.float32(-0.5), "hi": np.float32(1)}),
    case("Clip", (1, 3), {"lo": np.float32(-0.5)}),
    case("HardSigmoid", (1, 3)),
    case("HardSigmoid", (1, 3), alpha=0.5, beta=0.25),
    case("ThresholdedRelu", (1, 3), alpha=0.0),
    case("Shrink", (1, 3), bias=0.5, lambd=0.5),
    case("Max", (1, 3), {"c": floats(3), "d": floats(1, 1)}),
    case("Min", (1, 3), {"c": floats(2, 3)}),
    case("Sum", (1, 3), {"c": floats(3), "d": floats(1)}),
    case("Mean", (1, 3), {"c": floats(3)}),
    case("Add", (1, 3), {"c": floats(2, 1, 3)}),
    case("Sub", (1, 3), {"c": floats(3)}),
    case("Mul", (1, 3), {"c": floats(3)}),
    case("Div", (1, 3), {"c": floats(3)}),
    case("Neg", (1, 3)),
    case("Pow", (1, 3), {"c": np.float32(1)}),
    case("Gemm", (1, 3), {"w": floats(3, 2)}),
    case("Gemm", (1, 3), {"w": floats(2, 3), "b": floats(2)}, transB=1, alpha=0.5, beta=2.0),
    case("Gemm", (3, 2), {"w": floats(3, 2), "b": floats(1, 2)}, transA=1),
    case("MatMul", (1, 3), {"w": floats(3, 2)}),
    case("MatMul", (1, 4, 3), {"w": floats(3, 2)}),
    case("MatMul", (1, 4, 3), {"w": floats(3)}),
    case("MatMul", (2, 4, 3), {"w": floats(2, 3, 2)}),
    case("MatMul", (4, 3), {"w": floats(2, 3, 2)}),
    case("Einsum", (1, 3), {"w": floats(3, 2)}, equation="bi,ij->bj"),
    case("Einsum", (1, 3), {"w": floats(2, 3)}, equation="...i,ji"),
    case("Einsum", (1, 2, 3), {"w": floats(2, 3, 4)}, equation="bhi, hij -> bhj"),
    case("Einsum", (1, 2, 3), {"w": floats(2, 4)}, equation="bhi,hj->bij"),
    case("Einsum", (1, 3, 3), equation="bii->bi"),
    case("Einsum", (1, 2, 3), equation="bij->bji"),
    case("Einsum", (1, 2, 3), equation="bij->b"),
    case("Einsum", (1, 2), {"w": floats(2, 3)}, equation="bi,ij->bi"),
    case("BatchNormalization", (1, 2, 3), {"g": floats(2), "b": floats(2), "m": floats(2), "v": floats(2) ** 2 + 0.5}),
    case("ReduceMean", (1, 3, 4), axes=[1], keepdims=0),
    case("ReduceMean", (1, 3, 4), {"axes": np.array([-1], I64)}, opset=18),
    case("ReduceSum", (1, 3, 4), {"axes": np.array([1, 2], I64)}, keepdims=0),
    case("ReduceSum", (1, 3, 4), opset=11, axes=[2]),
    case("ReduceSum", (1, 3, 4)),
    case("ReduceSum", (1, 3, 4), noop_with_empty_axes=1),
    case("ReduceMax", (1, 3, 4), axes=[2]),
    case("ReduceMin", (1, 3, 4), axes=[1, 2], keepdims=0),
    case("ReduceL1", (1, 3, 4), axes=[2]),
    case("CumSum", (1, 3, 4), {"a": np.array(1, I64)}),
    case("CumSum", (1, 3, 4), {"a": np.array(-1, I64)}, exclusive=1, reverse=1),
    case("GlobalAveragePool", (1, 2, 3, 3)),
    case("GlobalMaxPool", (1, 2, 3, 2)),
    case("Identity", (1, 3)),
    case("Dropout", (1, 3)),
    case("Cast", (1, 3), to=1),
    # Older ways of saying the same.
    case("BatchNormalization", (1, 2, 3), {n: np.abs(floats(2)) for n in "gbmv"}, 7),
    case("Slice", (1, 5), opset=7, starts=[-3], ends=[100], axes=[1]),
    case("Clip", (1, 5), opset=8, min=-0.5),
    case("Pad", (1, 1, 3, 3), opset=7, pads=[0, 0, 1, 1, 0, 0, 1, 1], value=2.0),
    case("Upsample", (1, 1, 3, 3), opset=7, scales=[1.0, 1.0, 2.0, 2.0]),
    case("Upsample", (1, 1, 3, 3), opset=8, scales=[1.0, 1.0, 2.0, 3.0], mode="linear"),
    case("MaxPool", (1, 1, 4, 4), opset=8, kernel_shape=[2, 2], strides=[2, 2]),
    case("Squeeze", (1, 3, 1), opset=8, axes=[2]),
    case("Dropout", (1, 3), opset=7, ratio=0.5),
    case("Max", (1, 3), {"c": floats(3)}, 8),
]  # fmt: skip


@pytest.mark.parametrize(("op", "shape", "constants", "opset", "attributes"), CASES)
def test_operators(op, shape, constants, opset, attributes):
    assert_same(single(op, shape, constants, opset=opset, **attributes), shape)


INT8 = np.array([[1, -2], [3, 4], [5, -6]], np.int8)
COMPUTED_WEIGHTS = {
    "dequantised": [helper.make_node("DequantizeLinear", ["q", "s", "o"], ["w"])],
    "dequantised by column": [helper.make_node("DequantizeLinear", ["q", "ss", "oo"], ["w"], axis=1)],
    "quantised and back": [
        helper.make_node("QuantizeLinear", ["f", "s", "o"], ["p"]),
        helper.make_node("DequantizeLinear", ["p", "s", "o"], ["w"]),
    ],
    "of one shape": [
        helper.make_node("ConstantOfShape", ["shape"], ["w"], value=numpy_helper.from_array(np.float32([0.5])))
    ],
    "triangular": [helper.make_node("Trilu", ["f"], ["w"])],
    "a sparse constant": [
        helper.make_node("Constant", [], ["w"], sparse_value=helper.make_sparse_tensor(
            numpy_helper.from_array(np.float32([1.5, 2]), "v"), numpy_helper.from_array(np.array([1, 4], I64), "i"),
            [3, 2]))
    ],
}  # fmt: skip


@pytest.mark.parametrize("case", list(COMPUTED_WEIGHTS))
@pytest.mark.parametrize("opset", [14, min(21, onnx.defs.onnx_opset_version())])
def test_weights_computed_from_constants(case, opset):
    constants = {
        "q": INT8, "s": np.float32(0.1), "o": np.int8(1), "ss": np.float32([0.1, 0.2]), "oo": np.array([0, 1], np.int8),
        "f": floats(3, 2), "shape": np.array([3, 2], I64),
    }  # fmt: skip
    # Nodes may stand in any order.
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Relu", ["h"], ["y"])]
    assert_same(model_of([*COMPUTED_WEIGHTS[case], *nodes], (1, 3), constants, opset=opset), (1, 3))
    shuffled = lower(model_of([*nodes[::-1], *COMPUTED_WEIGHTS[case][::-1]], (1, 3), constants, opset=opset))
    assert (
        shuffled.network == lower(model_of([*COMPUTED_WEIGHTS[case], *nodes], (1, 3), constants, opset=opset)).network
    )


SCATTERED = {
    "ScatterND": {"i": np.array([[0, 1]], I64), "u": floats(1)},
    "ScatterElements": {"i": np.array([[1, 0]], I64), "u": floats(1, 2)},
}


@pytest.mark.parametrize("op", list(SCATTERED))
def test_values_written_over_others(op):
    attributes = {"axis": 1} if op == "ScatterElements" else {}
    assert_same(single(op, (1, 3), SCATTERED[op], **attributes), (1, 3))


@pytest.mark.parametrize("op", ["Softmax", "LogSoftmax", "Sigmoid", "Tanh", "Softplus", "Exp", "Elu", "ArgMax"])
def test_what_stands_at_the_very_end_is_left_out_with_a_notice(op, tmp_path):
    model = mlp(last=[helper.make_node(op, ["z"], ["y"], name="end", **({"axis": 1} if op == "ArgMax" else {}))])
    onnx.save(model, tmp_path / "model.onnx")
    lens = Lens(tmp_path / "model.onnx")
    assert lens.lowering.stripped == f"end ({op})"
    assert f"without the end ({op}) at the end" in repr(lens)
    model.graph.output[0].name = "z"
    del model.graph.node[-1]
    assert np.array_equal(lens([[1.0, 2.0]]), Lens(model)([[1.0, 2.0]]))


def node(text, **attributes):
    """A node written as "output = Operator inputs"."""
    output, _, op, *inputs = text.split()
    return helper.make_node(op, inputs, [output], name=f"{op}-{output}", **attributes)


# Nodes behind z; None at the end: refused.
COMPARED = {
    "where": [node("c = Greater z zero"), node("s = Mul z slope"), node("y = Where c z s")],
    "where, less": [node("c = Less z zero"), node("s = Mul z slope"), node("y = Where c s z")],
    "where, not": [
        node("g = GreaterOrEqual z zero"), node("c = Not g"), node("y = Where c zero z")],
    "mask": [node("c = Greater z zero"), node("f = Cast c", to=1), node("y = Mul f z")],
    "mixed": [node("c = LessOrEqual z zero"), node("f = Cast c", to=1), node("s = Mul f slope"),
              node("t = Add s one"), node("y = Mul z t")],
    "sign": [node("s = Sign z"), node("y = Mul z s")],
    "constant mask": [node("y = Where mask z slope")],
    "a computed constant mask": [node("c = Greater row zero"), node("y = Where c z slope")],
    "a jump": [node("c = Greater z zero"), node("s = Add z one"), node("y = Where c z s"), None],
    "a count": [node("c = Greater z zero"), node("f = Cast c", to=1), node("y = ReduceSum f"), None],
    "a mask put out": [node("c = Greater z zero"), node("y = Cast c", to=1), None],
}  # fmt: skip


@pytest.mark.parametrize("case", list(COMPARED))
def test_comparisons_are_read_where_they_are_continuous(case):
    nodes = COMPARED[case]
    refused = nodes[-1] is None
    model = mlp(last=[entry for entry in nodes if entry is not None])
    constants = {"zero": 0.0, "slope": 0.25, "one": 1.0, "row": [1.0, -1.0, 2.0], "mask": np.array([True, False, True])}
    for name, value in constants.items():
        array = np.asarray(value, None if name == "mask" else np.float32)
        model.graph.initializer.append(numpy_helper.from_array(array, name))
    if refused:
        with pytest.raises(UnsupportedLayerError, match=r"jump|not continuous"):
            lower(model)
        return
    assert_same(model, (1, 2))

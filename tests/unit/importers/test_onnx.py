"""Every ONNX operator against onnxruntime, over shapes, attributes and opsets; and files that mean no good."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from polytope_lens import Lens  # noqa: E402
from polytope_lens.errors import (  # noqa: E402
    DimensionError,
    FileFormatError,
    InvalidNetworkError,
    PolytopeLensError,
    UnsupportedLayerError,
)
from polytope_lens.importers.onnx import load_onnx, lower  # noqa: E402
from polytope_lens.network.network import evaluate  # noqa: E402

FEW = settings(max_examples=15, deadline=None)
RNG = np.random.default_rng(0)
small = st.integers(1, 3)


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
    session = runtime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": points})[0]


def runs(model, shape):
    try:
        answers(model, np.zeros(shape, dtype=np.float32))
    except Exception:  # onnxruntime has its own classes
        return False
    return True


def assert_same(model, shape, *, n=10, scale=2.0):
    """Values agree with onnxruntime's float32 within rounding, at one sample after the other."""
    lowering = lower(model)
    points = (np.random.default_rng(1).standard_normal((n, *shape)) * scale).astype(np.float32)
    expected = np.stack([answers(model, point) for point in points])
    values = evaluate(lowering.network, points.reshape(n, -1).astype(np.float64))
    assert np.prod(lowering.output_shape, dtype=int) == expected[0].size
    np.testing.assert_allclose(values, expected.reshape(n, -1), rtol=2e-5, atol=2e-5)
    return lowering


def floats(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


# ------------------------------------------------------------------------------------------------ operators


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


def case(op, shape, constants=None, opset=17, **attributes):
    label = f"{op}-{opset}-{sorted(attributes)}"
    return pytest.param(op, shape, constants, opset, attributes, id=label)


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
    case("BatchNormalization", (1, 2, 3), {"g": floats(2), "b": floats(2), "m": floats(2), "v": floats(2) ** 2 + 0.5}),
    case("ReduceMean", (1, 3, 4), axes=[1], keepdims=0),
    case("ReduceMean", (1, 3, 4), {"axes": np.array([-1], I64)}, opset=18),
    case("ReduceSum", (1, 3, 4), {"axes": np.array([1, 2], I64)}, keepdims=0),
    case("ReduceSum", (1, 3, 4), opset=11, axes=[2]),
    case("ReduceSum", (1, 3, 4)),
    case("ReduceSum", (1, 3, 4), noop_with_empty_axes=1),
    case("ReduceMax", (1, 3, 4), axes=[2]),
    case("ReduceMin", (1, 3, 4), axes=[1, 2], keepdims=0),
    case("GlobalAveragePool", (1, 2, 3, 3)),
    case("GlobalMaxPool", (1, 2, 3, 2)),
    case("Identity", (1, 3)),
    case("Dropout", (1, 3)),
    case("Cast", (1, 3), to=1),
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
    case("Upsample", (1, 1, 2, 3), {"s": np.array([1, 1, 2, 2], np.float32)}, opset=9),
    case("Upsample", (1, 1, 2, 3), {"s": np.array([1, 1, 2, 2], np.float32)}, opset=9, mode="linear"),
]  # fmt: skip


@pytest.mark.parametrize(("op", "shape", "constants", "opset", "attributes"), CASES)
def test_operators(op, shape, constants, opset, attributes):
    assert_same(single(op, shape, constants, opset=opset, **attributes), shape)


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


def mlp(*, last=(), shape=("n", 2), output="y"):
    nodes = [
        helper.make_node("Gemm", ["x", "w", "b"], ["h"], name="first"),
        helper.make_node("Relu", ["h"], ["r"], name="act"),
        helper.make_node("Gemm", ["r", "v"], [output if not last else "z"], name="second"),
        *last,
    ]
    return model_of(nodes, shape, {"w": floats(2, 4), "b": floats(4), "v": floats(4, 3)}, output=output)


@pytest.mark.parametrize("op", ["Softmax", "LogSoftmax", "Sigmoid", "ArgMax"])
def test_what_stands_at_the_very_end_is_left_out_with_a_notice(op, tmp_path):
    model = mlp(last=[helper.make_node(op, ["z"], ["y"], name="end")])
    onnx.save(model, tmp_path / "model.onnx")
    lens = Lens(tmp_path / "model.onnx")
    assert lens.lowering.stripped == f"end ({op})"
    assert f"without the end ({op}) at the end" in repr(lens)
    model.graph.output[0].name = "z"
    del model.graph.node[-1]
    assert np.array_equal(lens([[1.0, 2.0]]), Lens(model)([[1.0, 2.0]]))


def test_a_softmax_in_the_middle_is_refused():
    model = mlp(last=[helper.make_node("Softmax", ["z"], ["p"], name="s"), helper.make_node("Neg", ["p"], ["y"])])
    with pytest.raises(UnsupportedLayerError, match=r"node 's' \(Softmax\) is not .*its result is used"):
        lower(model)


@pytest.mark.parametrize(
    ("op", "reason"),
    [
        ("Tanh", "is not piecewise affine, so the network has no polytopes"),
        ("Exp", "is not piecewise affine"),
        ("Sign", "jumps, so the network is not continuous"),
        ("Floor", "jumps"),
        ("ThresholdedRelu", "jumps at its threshold"),
        ("Shrink", "jumps"),
        ("CumSum", "is not read by this release"),
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
        lower(mlp(last=[helper.make_node("FusedGemm", ["z"], ["y"], domain="com.microsoft")]))


def test_shapes_are_asked_for_only_where_they_are_open():
    conv = helper.make_node("Conv", ["x", "w"], ["y"])
    model = model_of([conv], ("n", 1, "h", 4), {"w": floats(1, 1, 2, 2)})
    with pytest.raises(InvalidNetworkError, match=r"of its input open: \(1, '\?', 4\). Say `input_shape`"):
        lower(model)
    assert lower(model, (1, 3, 4)).network.input_dim == 12
    for wrong in [(3, 4), (2, 3, 4), (1, 3, 5)]:
        with pytest.raises(DimensionError, match="but `input_shape` is"):
            lower(model, wrong)
    vector = model_of([helper.make_node("Relu", ["x"], ["y"])], (3,))
    assert lower(vector).input_shape == (3,)
    grid = model_of([helper.make_node("Relu", ["x"], ["y"])], (1, 1, 1, 5))
    assert lower(grid).input_shape == (1, 1, 5)


@pytest.mark.parametrize("dtype", [np.float64, np.float16])
def test_other_float_dtypes(dtype):
    kind = {np.float64: TensorProto.DOUBLE, np.float16: TensorProto.FLOAT16}[dtype]
    weight = np.array([[0.1], [0.7]], dtype)
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    x, y = (helper.make_tensor_value_info(name, kind, None if name == "y" else [1, 2]) for name in "xy")
    graph = helper.make_graph([node], "g", [x], [y], [numpy_helper.from_array(weight, "w")])
    network = lower(helper.make_model(graph)).network
    assert np.array_equal(network.output_weight, weight.T.astype(np.float64))


def test_graphs_with_several_ends_are_refused():
    model = mlp()
    model.graph.output.append(helper.make_tensor_value_info("r", TensorProto.FLOAT, None))
    with pytest.raises(UnsupportedLayerError, match="has 1 inputs and 2 outputs"):
        lower(model)


@pytest.mark.parametrize("opset", [7, 999])
def test_other_opsets_are_refused(opset):
    model = mlp()
    model.opset_import[0].version = opset
    with pytest.raises(UnsupportedLayerError, match=rf"opset {opset}, and this release reads 9 to"):
        lower(model)


# ------------------------------------------------------------------------------------------------ hostile files


def test_missing_truncated_and_damaged_files_are_refused(tmp_path):
    with pytest.raises(FileFormatError, match="cannot be read: No such file"):
        load_onnx(tmp_path / "missing.onnx")
    data = mlp().SerializeToString()
    path = tmp_path / "model.onnx"
    for length in range(0, len(data), 7):
        path.write_bytes(data[:length])
        with pytest.raises(PolytopeLensError):
            load_onnx(path)
    rng = np.random.default_rng(0)
    outcomes = set()
    for _ in range(300):
        broken = bytearray(data)
        broken[rng.integers(len(broken))] = rng.integers(256)
        path.write_bytes(bytes(broken))
        try:
            outcomes.add(type(load_onnx(path)).__name__)
        except PolytopeLensError as error:
            outcomes.add(type(error).__name__)
    assert {"Lowering", "FileFormatError", "UnsupportedLayerError"} <= outcomes


def test_cycles_are_refused():
    nodes = [helper.make_node("Add", ["x", "b"], ["a"], name="one"), helper.make_node("Relu", ["a"], ["b"], name="two")]
    with pytest.raises(FileFormatError, match=r"node 'one' \(Add\) takes 'b', but the graph has a cycle"):
        lower(model_of(nodes, (1, 2), output="b"))
    with pytest.raises(FileFormatError, match="takes 'q', but nothing computes it"):
        lower(model_of([helper.make_node("Relu", ["q"], ["y"])], (1, 2)))
    with pytest.raises(FileFormatError, match="the output 'y' is not computed"):
        lower(model_of([helper.make_node("Relu", ["x"], ["z"])], (1, 2)))
    twice = [helper.make_node("Relu", ["x"], ["y"]), helper.make_node("Relu", ["x"], ["y"])]
    with pytest.raises(FileFormatError, match="which is there already"):
        lower(model_of(twice, (1, 2)))


@pytest.mark.parametrize("location", ["../secret.bin", "/etc/passwd", "sub/../../secret.bin", "link.bin"])
def test_external_data_outside_the_folder_are_not_opened(tmp_path, location):
    folder = tmp_path / "models"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(floats(2, 4).tobytes())
    (folder / "link.bin").symlink_to(tmp_path / "secret.bin")
    (folder / "model.onnx").write_bytes(with_external_data(location).SerializeToString())
    with pytest.raises(FileFormatError, match=r"outside the folder of the model. It was not opened"):
        load_onnx(folder / "model.onnx")


def with_external_data(location):
    model = mlp()
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", location
    return model


def test_external_data_beside_the_model_are_read(tmp_path):
    weight = floats(2, 4)
    (tmp_path / "w.bin").write_bytes(weight.tobytes())
    model = with_external_data("w.bin")
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    network = load_onnx(tmp_path / "model.onnx").network
    assert np.array_equal(network.layers[0].weight, weight.T)
    with pytest.raises(FileFormatError, match="load the model from its path"):
        lower(model)
    (tmp_path / "w.bin").write_bytes(b"short")
    with pytest.raises(FileFormatError, match="damaged"):
        load_onnx(tmp_path / "model.onnx")


HUGE = 10**6
BOMBS = {
    "expand": ([helper.make_node("Expand", ["x", "s"], ["y"])], {"s": np.array([HUGE, HUGE, 2], I64)}),
    "tile": ([helper.make_node("Tile", ["x", "s"], ["y"])], {"s": np.array([HUGE, HUGE], I64)}),
    "pad": ([helper.make_node("Pad", ["x", "s"], ["y"])], {"s": np.array([0, 0, HUGE, HUGE], I64)}),
    "constant": (
        [helper.make_node("ConstantOfShape", ["s"], ["c"]), helper.make_node("Add", ["x", "c"], ["y"])],
        {"s": np.array([HUGE, HUGE], I64)},
    ),
    "range": (
        [helper.make_node("Range", ["a", "s", "b"], ["c"]), helper.make_node("Add", ["x", "c"], ["y"])],
        {"a": np.array(0, I64), "s": np.array(HUGE**2, I64), "b": np.array(1, I64)},
    ),
    "resize": ([helper.make_node("Resize", ["x", "", "", "s"], ["y"])], {"s": np.array([HUGE, HUGE], I64)}),
    "outer": (
        [helper.make_node("Mul", ["a", "s"], ["c"]), helper.make_node("Add", ["x", "c"], ["y"])],
        {"a": np.ones((HUGE, 1), np.float32), "s": np.ones((1, HUGE), np.float32)},
    ),
}


@pytest.mark.parametrize("bomb", list(BOMBS))
def test_shapes_of_terabytes_are_refused_before_memory_is_asked_for(bomb):
    nodes, constants = BOMBS[bomb]
    with pytest.raises(InvalidNetworkError, match="far too many"):
        lower(model_of(nodes, (1, 2), constants))


def test_initializers_that_only_claim_to_be_large_are_refused():
    model = mlp()
    model.graph.initializer[0].dims[:] = [HUGE, HUGE]
    with pytest.raises(InvalidNetworkError, match="far too many"):
        lower(model)
    model.graph.initializer[0].dims[:] = [2, 5]
    with pytest.raises(FileFormatError, match="initializer 'w' is damaged"):
        lower(model)


def test_graphs_inside_of_nodes_and_functions_are_refused():
    branch = helper.make_graph([], "branch", [], [])
    node = helper.make_node("If", ["x"], ["y"], name="if", then_branch=branch, else_branch=branch)
    with pytest.raises(UnsupportedLayerError, match=r"node 'if' \(If\) has graphs inside"):
        lower(model_of([node], (1, 2)))
    model = mlp()
    model.functions.add().name = "mine"
    with pytest.raises(UnsupportedLayerError, match=r"functions of its own \(mine\).*Inline"):
        lower(model)


def test_weights_that_are_not_finite_are_refused():
    model = mlp()
    model.graph.initializer[1].CopyFrom(numpy_helper.from_array(np.array([1, np.nan, 0, 0], np.float32), "b"))
    with pytest.raises(InvalidNetworkError, match=r"input 2 of node 'first' \(Gemm\) should be finite"):
        lower(model)


def test_reading_onnx_needs_no_torch(tmp_path):
    onnx.save(mlp(), tmp_path / "model.onnx")
    code = (
        "import sys; from polytope_lens import Lens; "
        f"Lens({str(tmp_path / 'model.onnx')!r}); sys.exit('torch' in sys.modules or 'onnxruntime' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

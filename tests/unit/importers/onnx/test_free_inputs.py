"""Which inputs are looked at, and which leading axis is that of a batch."""

from __future__ import annotations

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from onnx_models import answers, floats, mlp, model_of  # noqa: E402
from polytope_lens import Lens  # noqa: E402
from polytope_lens.errors import DimensionError, OptionError, PolytopeLensError, UnsupportedLayerError  # noqa: E402

I64 = np.int64
node = helper.make_node


def batch_of_eight(*last, shape=(8, 3), n=4):
    nodes = [node("Gemm", ["x", "w", "b"], ["m"]), node("Relu", ["m"], ["y" if not last else "z"]), *last]
    constants = {"w": floats(3, n), "b": floats(n), "s": np.array([8, -1], I64), "first": np.array([0], I64)}
    return model_of(nodes, shape, constants)


BATCHES = {
    "plain": (batch_of_eight(), False),
    "a shape with the batch written out": (batch_of_eight(node("Reshape", ["z", "s"], ["y"])), False),
    "a softmax of each": (batch_of_eight(node("Softmax", ["z"], ["y"], axis=1)), False),
    "a mean over the batch": (batch_of_eight(node("ReduceMean", ["z"], ["y"], axes=[0], keepdims=0)), True),
    "transposed": (batch_of_eight(node("Transpose", ["z"], ["y"], perm=[1, 0])), True),
    "only the first": (batch_of_eight(node("Gather", ["z", "first"], ["y"])), True),
    "a softmax across": (batch_of_eight(node("Softmax", ["z"], ["y"], axis=0)), True),
    "a softmax of all": (batch_of_eight(node("Softmax", ["z"], ["y"], axis=0), shape=(8, 3)), True),
}


@pytest.mark.parametrize("case", list(BATCHES))
def test_one_sample_of_a_fixed_batch(case):
    model, mixes = BATCHES[case]
    if mixes:
        with pytest.raises(PolytopeLensError, match="mixes the 8 samples"):
            Lens(model, 3)
        return
    lens = Lens(model, 3)
    assert lens.network.bits_per_layer == (4,)
    assert (lens.lowering.input_shape, lens.lowering.output_shape) == ((3,), (4,))
    X = np.random.default_rng(0).standard_normal((8, 3)).astype(np.float32)
    got = lens(X.astype(float))
    if "softmax" in case:
        got = np.exp(got) / np.exp(got).sum(1, keepdims=True)
    np.testing.assert_allclose(got, answers(model, X), atol=1e-6)
    with pytest.raises(UnsupportedLayerError, match=r"Say `input_shape`: \(3,\) if .* \(8, 3\) if together"):
        Lens(model)
    assert Lens(model, (8, 3)).network.input_dim == 24


def test_a_leading_axis_that_is_mixed_belongs_to_the_sample():
    flat = model_of(
        [node("Flatten", ["x"], ["f"], axis=0), node("MatMul", ["f", "w"], ["y"])], (4, 3), {"w": floats(12, 2)}
    )
    assert Lens(flat).lowering.input_shape == (4, 3)
    product = model_of([node("MatMul", ["w", "x"], ["y"])], (4, 1), {"w": floats(2, 4)})
    assert Lens(product).network.input_dim == 4


OPEN = {
    "a mean": [node("ReduceMean", ["z"], ["m"], axes=[0]), node("Sub", ["z", "m"], ["y"])],
    "a softmax": [node("Softmax", ["z"], ["y"], axis=0)],
    "a label": [node("Softmax", ["z"], ["p"], axis=1), node("ArgMax", ["p"], ["y"], axis=0)],
    "a maximum": [node("ReduceMax", ["z"], ["y"], axes=[0], keepdims=0)],
    "a sum by einsum": [node("Einsum", ["z"], ["y"], equation="bi->i")],
    "a gram matrix": [node("Transpose", ["z"], ["t"]), node("MatMul", ["c", "z"], ["y"])],
}


@pytest.mark.parametrize("case", list(OPEN))
def test_models_that_mix_an_open_batch_are_refused(case):
    model = mlp(last=OPEN[case])
    model.graph.initializer.append(numpy_helper.from_array(np.ones((1, 1), np.float32), "c"))
    if case == "a gram matrix":
        assert Lens(model).network.output_dim == 3  # fits one sample only
        return
    with pytest.raises(UnsupportedLayerError, match="batch"):
        Lens(model)


APART = {
    "reshaped": [node("Reshape", ["z", "s"], ["y"])],
    "reshaped for one": [node("Reshape", ["z", "one"], ["y"])],
    "transposed and back": [node("Transpose", ["z"], ["t"]), node("Transpose", ["t"], ["y"])],
    "a softmax": [node("Softmax", ["z"], ["y"], axis=1)],
    "a label": [node("ArgMax", ["z"], ["y"], axis=1)],
    "taken apart": [node("Unsqueeze", ["z", "first"], ["u"]), node("Squeeze", ["u", "first"], ["y"])],
}


@pytest.mark.parametrize("case", list(APART))
def test_models_that_keep_an_open_batch_apart_are_read(case):
    model = mlp(last=APART[case])
    for name, value in {"s": [-1, 3], "one": [1, 3], "first": [0]}.items():
        model.graph.initializer.append(numpy_helper.from_array(np.array(value, I64), name))
    assert Lens(model).network.output_dim == 3


def sum_of_two(*, shapes=(["n", 2], ["n", 3]), kinds=(TensorProto.FLOAT, TensorProto.FLOAT)):
    nodes = [node("MatMul", ["a", "u"], ["p"]), node("Cast", ["b"], ["c"], to=1), node("MatMul", ["c", "v"], ["q"]),
             node("Add", ["p", "q"], ["s"]), node("Relu", ["s"], ["y"])]  # fmt: skip
    inputs = [helper.make_tensor_value_info(*entry) for entry in zip("ab", kinds, shapes, strict=True)]
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    weights = [numpy_helper.from_array(v, k) for k, v in {"u": U, "v": V}.items()]
    graph = helper.make_graph(nodes, "g", inputs, [y], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


U, V = floats(2, 4), floats(3, 4)
A, B = floats(6, 2).astype(float), floats(6, 3).astype(float)


def expected(a, b):
    return np.maximum(a @ U.astype(float) + b @ V.astype(float), 0)


def test_several_inputs():
    both = Lens(sum_of_two(), inputs=["a", "b"])
    np.testing.assert_allclose(both(np.hstack([A, B])), expected(A, B))
    assert (both.lowering.inputs, both.lowering.input_shape) == (("a", "b"), (5,))
    assert "inputs a, b" in repr(both)
    turned = Lens(sum_of_two(), inputs=("b", "a"))
    np.testing.assert_allclose(turned(np.hstack([B, A])), expected(A, B))
    one = Lens(sum_of_two(), inputs={"b": B[0]})
    np.testing.assert_allclose(one(A), expected(A, B[:1]))
    assert one.lowering.inputs == ("a",)
    row = Lens(sum_of_two(), inputs={"b": B[:1]})
    assert row.network == one.network
    eight = Lens(sum_of_two(shapes=([8, 2], [8, 3])), {"a": 2, "b": 3}, inputs=["a", "b"])
    assert eight.network == both.network
    whole = sum_of_two(kinds=(TensorProto.FLOAT, TensorProto.INT64))
    np.testing.assert_allclose(Lens(whole, inputs={"b": [1, 2, 3]})(A), expected(A, np.array([[1.0, 2, 3]])), rtol=1e-6)


def test_inputs_are_asked_for():
    with pytest.raises(
        UnsupportedLayerError, match=r"has 2 inputs: 'a', 'b'. Say which .* inputs=\['a', 'b'\] for all"
    ):
        Lens(sum_of_two())
    with pytest.raises(OptionError, match="the input 'b' is neither looked at nor fixed"):
        Lens(sum_of_two(), inputs="a")
    with pytest.raises(OptionError, match="`inputs` names 'c', but the model's inputs are 'a', 'b'"):
        Lens(sum_of_two(), inputs="c")
    with pytest.raises(OptionError, match="no input is left"):
        Lens(sum_of_two(), inputs={"a": A[0], "b": B[0]})
    with pytest.raises(OptionError, match=r"fix 'b' to values of shape \('\?', 3\), not \(1, 2\)"):
        Lens(sum_of_two(), inputs={"b": A[0]})
    with pytest.raises(OptionError, match="fix 'b' to numbers"):
        Lens(sum_of_two(), inputs={"b": "all"})
    with pytest.raises(UnsupportedLayerError, match="the input 'b' should hold floats"):
        Lens(sum_of_two(kinds=(TensorProto.FLOAT, TensorProto.INT64)), inputs=["a", "b"])
    with pytest.raises(UnsupportedLayerError, match=r"leading axes of different sizes, \[4, 8\]"):
        Lens(sum_of_two(shapes=([8, 2], [4, 3])), {"a": 2, "b": 3}, inputs=["a", "b"])
    with pytest.raises(DimensionError, match="one sample of the input has shape"):
        Lens(sum_of_two(), {"a": 2, "b": 4}, inputs=["a", "b"])

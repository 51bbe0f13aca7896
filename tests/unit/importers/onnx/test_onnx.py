"""ONNX files: shapes, dtypes, opsets, and files that mean no good."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from onnx_models import floats, mlp, model_of  # noqa: E402
from polytope_lens.errors import (  # noqa: E402
    DimensionError,
    FileFormatError,
    InvalidNetworkError,
    MissingFileError,
    PolytopeLensError,
    UnsupportedLayerError,
)
from polytope_lens.importers.onnx.onnx import load_onnx, lower  # noqa: E402
from polytope_lens.importers.wanted import wanted  # noqa: E402

I64 = np.int64


def test_shapes_are_asked_for_only_where_they_are_open():
    conv = helper.make_node("Conv", ["x", "w"], ["y"])
    model = model_of([conv], ("n", 1, "h", 4), {"w": floats(1, 1, 2, 2)})
    with pytest.raises(InvalidNetworkError, match=r"of its input open: \(1, '\?', 4\). Say `input_shape`"):
        lower(model)
    assert lower(model, wanted((1, 3, 4))).network.input_dim == 12
    for wrong in [(3, 4), (2, 3, 4), (1, 3, 5)]:
        with pytest.raises(DimensionError, match="but `input_shape` is"):
            lower(model, wanted(wrong))
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
    with pytest.raises(
        UnsupportedLayerError, match=r"has 2 outputs: 'y', 'r'. Say which are looked at, as outputs='y'"
    ):
        lower(model)


@pytest.mark.parametrize("opset", [6, 999])
def test_other_opsets_are_refused(opset):
    model = mlp()
    model.opset_import[0].version = opset
    with pytest.raises(UnsupportedLayerError, match=rf"opset {opset}, and this release reads 7 to"):
        lower(model)


def test_missing_truncated_and_damaged_files_are_refused(tmp_path):
    with pytest.raises(MissingFileError, match="cannot be read: there is no such file"):
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

"""Weights with a stated architecture, against torch modules with the same weights."""

from __future__ import annotations

import json
import struct
import subprocess
import sys

import numpy as np
import pytest

from polytope_lens import Lens
from polytope_lens.errors import FileFormatError, InvalidNetworkError, MissingFileError, OptionError
from polytope_lens.importers.state_dict import load_safetensors, lower

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")
from torch import nn  # noqa: E402

pytestmark = pytest.mark.usefixtures("seeded_torch")


def mlp():
    return nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2))


def convolutional():
    return nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1, stride=2), nn.BatchNorm2d(3), nn.LeakyReLU(0.2), nn.MaxPool2d(2, 1),
        nn.Conv2d(3, 4, 1, groups=1), nn.ReLU6(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(4, 2), nn.Hardtanh(),
    ).eval()  # fmt: skip


STEPS = [
    ("0", {"stride": 2, "padding": 1}), "1", ("leaky_relu", {"slope": 0.2}), ("max_pool", {"kernel": 2, "stride": 1}),
    "4", "relu6", ("average_pool", {"kernel": 2}), "flatten", "8", "clamp",
]  # fmt: skip


def same(lens, model, shape):
    points = np.random.default_rng(0).standard_normal((20, *shape))
    with torch.no_grad():
        expected = model.double()(torch.tensor(points)).numpy()
    np.testing.assert_allclose(lens(points.reshape(20, -1)), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_one_word_stands_for_a_perceptron(tmp_path, suffix):
    model, path = mlp(), tmp_path / f"weights{suffix}"
    (safetensors.save_file if suffix == ".safetensors" else torch.save)(model.state_dict(), path)
    lens = Lens(path, architecture="relu")
    assert lens.network.bits_per_layer == (5, 4)
    same(lens, model, (3,))
    same(Lens(path, architecture=["0", "relu", "2", "relu", "4"]), model, (3,))


def test_layers_are_taken_in_the_order_of_their_numbers():
    rng = np.random.default_rng(0)
    weights = {f"layers.{i}.weight": rng.standard_normal((i + 2, i + 1)) for i in reversed(range(12))}
    assert Lens(weights, architecture="abs").network.widths == tuple(range(2, 13))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_dtypes_convert_without_loss(tmp_path, dtype):
    model = mlp().to(dtype)
    safetensors.save_file(model.state_dict(), tmp_path / "w.safetensors")
    network = Lens(tmp_path / "w.safetensors", architecture="relu").network
    assert np.array_equal(network.layers[0].weight, model[0].weight.detach().double().numpy())


def test_steps_with_options(tmp_path):
    model = convolutional()
    with torch.no_grad():
        model[1].running_mean.normal_()
        model[1].running_var.uniform_(0.5, 2)
    safetensors.save_file(model.state_dict(), tmp_path / "w.safetensors")
    same(Lens(tmp_path / "w.safetensors", (2, 5, 5), architecture=STEPS), model, (2, 5, 5))


def test_a_torch_module_as_architecture(tmp_path):
    model, other = mlp(), mlp()
    safetensors.save_file(model.state_dict(), tmp_path / "w.safetensors")
    lens = Lens(tmp_path / "w.safetensors", architecture=other)
    assert lens.self_check.within_bound
    same(lens, model, (3,))
    with pytest.raises(InvalidNetworkError, match="the weights are not those of Sequential"):
        Lens(tmp_path / "w.safetensors", architecture=nn.Sequential(nn.Linear(3, 1)))


def test_safetensors_need_no_torch(tmp_path):
    safetensors.save_file(mlp().bfloat16().state_dict(), tmp_path / "w.safetensors")
    code = (
        "import sys; from polytope_lens import Lens; "
        f"Lens({str(tmp_path / 'w.safetensors')!r}, architecture='relu'); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_is_missing_or_unknown_is_told():
    weights = {"fc1.weight": np.ones((3, 2)), "fc2.weight": np.ones((1, 3))}
    with pytest.raises(OptionError, match=r"does not say what they do. Name the layers"):
        Lens(weights)
    with pytest.raises(OptionError, match=r"does not use the tensors fc2\.weight"):
        lower(weights, ["fc1"])
    with pytest.raises(OptionError, match=r"step 'gelu' is neither a layer .* nor an operation. Layers: fc1, fc2"):
        lower(weights, ["fc1", "gelu", "fc2"])
    with pytest.raises(OptionError, match=r"one of relu, .* but is 'tanh'"):
        lower(weights, "tanh")
    with pytest.raises(OptionError, match="'relu' does not take the options"):
        lower(weights, ["fc1", ("relu", {"slope": 1}), "fc2"])
    with pytest.raises(OptionError, match="layer 'fc1' has the option 'stride'"):
        lower(weights, [("fc1", {"stride": 1}), "fc2"])
    with pytest.raises(InvalidNetworkError, match="layer 'fc1' takes 2 values, but receives 3"):
        lower(weights, ["fc1", "fc2"], (3,))
    with pytest.raises(InvalidNetworkError, match=r"Say `input_shape`"):
        lower({"c.weight": np.ones((1, 1, 2, 2))}, ["c"])
    with pytest.raises(InvalidNetworkError, match=r"tensor 'fc1.weight' should be finite"):
        lower({"fc1.weight": [[np.nan]]}, ["fc1"])


def test_damaged_files_are_refused(tmp_path):
    path = tmp_path / "w.safetensors"
    with pytest.raises(MissingFileError, match="cannot be read: there is no such file"):
        load_safetensors(path)
    safetensors.save_file(mlp().state_dict(), path)
    data = path.read_bytes()
    for length in range(0, len(data), 53):
        path.write_bytes(data[:length])
        with pytest.raises(FileFormatError, match="is damaged, or not a"):
            load_safetensors(path)
    header = json.dumps({"w": {"dtype": "F32", "shape": [10**6, 10**6], "data_offsets": [0, 4]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + b"0000")
    with pytest.raises(FileFormatError, match="is damaged"):
        load_safetensors(path)
    path.write_bytes(struct.pack("<Q", 2**60) + b"{}")
    with pytest.raises(FileFormatError, match="is damaged"):
        load_safetensors(path)
    safetensors.save_file({"w": torch.zeros(2, dtype=torch.float8_e4m3fn)}, path)
    with pytest.raises(FileFormatError, match="holds numbers of kind F8"):
        load_safetensors(path)

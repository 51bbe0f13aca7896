"""Saved modules are loaded without running code from the file."""

from __future__ import annotations

import io
import os
import subprocess
import zipfile

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from polytope_lens.errors import (  # noqa: E402
    FileAccessError,
    FileFormatError,
    InvalidNetworkError,
    MissingFileError,
    UnsupportedLayerError,
)
from polytope_lens.importers.torch.saved import load_torch, load_weights  # noqa: E402
from polytope_lens.importers.torch.torch import from_module  # noqa: E402
from polytope_lens.network.network import evaluate  # noqa: E402

POINTS = np.random.default_rng(7).standard_normal((50, 2))


pytestmark = pytest.mark.usefixtures("seeded_torch")


def numbers(tensor):
    return tensor.detach().to(torch.float64).numpy()


def small_model():
    return nn.Sequential(nn.Linear(3, 8), nn.LeakyReLU(0.1), nn.Dropout(0.5), nn.Linear(8, 2))


def test_a_saved_sequential_comes_back(tmp_path):
    model = nn.Sequential(
        nn.Linear(2, 4), nn.Sequential(nn.LeakyReLU(0.2), nn.Identity()), nn.Dropout(), nn.Linear(4, 1)
    )
    torch.save(model, tmp_path / "model.pt")
    before = set(torch.serialization.get_safe_globals())
    loaded = load_torch(tmp_path / "model.pt")
    assert set(torch.serialization.get_safe_globals()) == before
    assert not any(module.training for module in loaded.modules())
    assert np.array_equal(evaluate(from_module(loaded), POINTS), evaluate(from_module(model.eval()), POINTS))
    assert torch.equal(loaded[0].weight, model[0].weight)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_a_saved_linear_comes_back_in_a_sequential(tmp_path, dtype):
    linear = nn.Linear(2, 3, dtype=dtype)
    torch.save(linear, tmp_path / "linear.pth")
    loaded = load_torch(str(tmp_path / "linear.pth"))
    assert type(loaded) is nn.Sequential
    assert torch.equal(loaded[0].weight, linear.weight)


def test_a_state_dict_is_refused_with_advice(tmp_path):
    torch.save(small_model().state_dict(), tmp_path / "weights.pt")
    with pytest.raises(
        FileFormatError, match=r"holds a state_dict, which has weights but no activations.*Or build the model"
    ):
        load_torch(tmp_path / "weights.pt")


@pytest.mark.parametrize(("thing", "name"), [({"epoch": 3}, "dict"), (torch.zeros(3), "Tensor"), ({}, "dict")])
def test_other_contents_are_refused(tmp_path, thing, name):
    torch.save(thing, tmp_path / "thing.pt")
    with pytest.raises(FileFormatError, match=rf"holds .*{name} instead of an nn\.Sequential\. Save the whole"):
        load_torch(tmp_path / "thing.pt")


class Bomb:
    """Unpickles by calling `function`."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


class TouchOnBuild(nn.ReLU):
    """A class that an unrestricted unpickler would import and build."""


@pytest.mark.parametrize("place", ["whole", "attribute", "state_dict", "child"])
@pytest.mark.parametrize("function", ["system", "mkdir", "eval", "run"])
def test_nothing_from_the_file_runs(tmp_path, place, function):
    mark = tmp_path / "mark"
    bomb, refused = {  # pickle's protocol 2 writes some modules by their older names
        "system": (Bomb(os.system, f"touch {mark}"), r"(posix|nt)\.system"),
        "mkdir": (Bomb(os.mkdir, str(mark)), r"(posix|nt)\.mkdir"),
        "eval": (Bomb(eval, f"open({str(mark)!r}, 'w').close()"), "eval"),
        "run": (Bomb(subprocess.check_call, ["touch", str(mark)]), r"(subprocess|commands)\.check_call"),
    }[function]
    model = nn.Sequential(nn.Linear(2, 1), nn.ReLU())
    content: object = model
    if place == "whole":
        content = bomb
    elif place == "attribute":
        model.note = bomb
    elif place == "state_dict":
        content = {"weight": torch.zeros(1), "bias": bomb}
    else:
        model._modules["2"] = bomb
    torch.save(content, tmp_path / "bomb.pt")
    with pytest.raises(FileFormatError, match=rf"refers to {refused}, .*nothing from the file was executed"):
        load_torch(tmp_path / "bomb.pt")
    assert not mark.exists()
    # the bomb is real: without the restriction it goes off
    torch.load(tmp_path / "bomb.pt", weights_only=False)
    assert mark.exists()


@pytest.mark.parametrize("module", [nn.GELU(), TouchOnBuild(), nn.LSTM(1, 1)], ids=lambda m: type(m).__name__)
def test_modules_off_the_list_are_refused_by_name(tmp_path, module):
    torch.save(nn.Sequential(nn.Linear(2, 2), module), tmp_path / "model.pt")
    name = type(module).__name__
    with pytest.raises(FileFormatError, match=rf"refers to \S+\.{name}, which is not among the modules"):
        load_torch(tmp_path / "model.pt")


def saved(tmp_path):
    path = tmp_path / "model.pt"
    torch.save(nn.Sequential(nn.Linear(2, 2), nn.ReLU()), path)
    return path


@pytest.mark.filterwarnings("ignore")
def test_torchscript_files_are_refused(tmp_path):
    torch.jit.save(torch.jit.trace(nn.Linear(2, 2), torch.zeros(1, 2)), tmp_path / "script.pt")
    with pytest.raises(FileFormatError, match=r"holds TorchScript, which is a program. If you trust"):
        load_torch(tmp_path / "script.pt")


def test_missing_files_and_directories_are_refused(tmp_path):
    with pytest.raises(MissingFileError, match=r"missing\.pt cannot be read: there is no such file"):
        load_torch(tmp_path / "missing.pt")
    with pytest.raises(FileAccessError, match="cannot be read: Is a directory"):
        load_torch(tmp_path)


def test_truncated_files_are_refused(tmp_path):
    path = saved(tmp_path)
    data = path.read_bytes()
    for length in range(0, len(data), 97):
        path.write_bytes(data[:length])
        with pytest.raises(FileFormatError, match="is damaged, or not a model"):
            load_torch(path)


@pytest.mark.parametrize("data", [b"", b"hello", b"\x80\x02}.", bytes(range(256)) * 8], ids=len)
def test_other_files_are_refused(tmp_path, data):
    path = tmp_path / "other.pt"
    path.write_bytes(data)
    with pytest.raises(FileFormatError, match="damaged, or not a model"):
        load_torch(path)


def test_other_ways_of_saving_are_refused(tmp_path):
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    torch.save(model, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    torch.save(model, tmp_path / "protocol.pt", pickle_protocol=4)
    for name in ("old.pt", "protocol.pt"):
        with pytest.raises(FileFormatError, match="damaged, or not a model"):
            load_torch(tmp_path / name)


def test_flipped_bytes_lead_to_one_of_our_errors_or_to_a_model(tmp_path):
    path = saved(tmp_path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    pickle_name = next(name for name in members if name.endswith("data.pkl"))
    rng = np.random.default_rng(0)
    outcomes = set()
    for _ in range(300):
        data = bytearray(members[pickle_name])
        data[rng.integers(len(data))] = rng.integers(256)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, bytes(data) if name == pickle_name else content)
        path.write_bytes(buffer.getvalue())
        try:
            outcomes.add(type(load_torch(path)).__name__)
        except (FileFormatError, UnsupportedLayerError, InvalidNetworkError) as error:
            outcomes.add(type(error).__name__)
    assert {"Sequential", "FileFormatError"} <= outcomes


def test_tampered_modules_are_refused(tmp_path):
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    model[0].__dict__["_parameters"] = {"weight": "no tensor", "bias": None}
    torch.save(model, tmp_path / "tampered.pt")
    with pytest.raises(FileFormatError, match="no plain array of numbers: str"):
        load_torch(tmp_path / "tampered.pt")
    endless = nn.Sequential(nn.Linear(2, 2))
    endless._modules["1"] = endless
    torch.save(endless, tmp_path / "endless.pt")
    with pytest.raises(FileFormatError, match="damaged modules"):
        load_torch(tmp_path / "endless.pt")


def test_weights_are_a_state_dict_or_refused(tmp_path):
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    torch.save(model.state_dict(), tmp_path / "weights.pt")
    assert load_weights(tmp_path / "weights.pt").keys() == model.state_dict().keys()
    for held, named in ([1.0], "list"), ({"0.weight": 3}, "dict"), (model, "Sequential"):
        torch.save(held, tmp_path / "other.pt")
        with pytest.raises(FileFormatError, match=rf"other\.pt holds .*{named}.* instead of a state_dict"):
            load_weights(tmp_path / "other.pt")
    with pytest.raises(MissingFileError, match="no such file"):
        load_weights(tmp_path / "missing.pt")

"""Whatever a user may hand over: which importer reads what, and what none reads."""

from __future__ import annotations

import sys

import pytest

from families import golden
from polytope_lens import Lens, Network
from polytope_lens.errors import (
    FileFormatError,
    MissingExtraError,
    OptionError,
    PolytopeLensError,
    UnsupportedLayerError,
)

LENS = Lens(golden((2, 4, 4), 1))


@pytest.mark.parametrize("model", [None, 3, [[1.0]], lambda x: x], ids=["None", "3", "list", "f"])
def test_things_that_are_no_model_are_refused(model):
    with pytest.raises(UnsupportedLayerError, match=r"a torch module, .*, or a path, but received"):
        Lens(model)


def test_files_of_other_kinds_are_refused(tmp_path):
    for name, reason in (
        ("model.pickle", r"cannot tell what '.*model.pickle' holds: a lens reads .onnx, .nnet \(both"),
        ("model.pt2", r"a program of torch.export.*load it yourself"),
        ("model", "cannot tell what"),
        ("model.tar.gz", "cannot tell what"),
    ):
        (tmp_path / name).write_bytes(b"?")
        with pytest.raises(FileFormatError, match=reason):
            Lens(tmp_path / name)


@pytest.mark.parametrize("suffix", ["", ".npz", ".onnx", ".pt", ".pth", ".safetensors", ".pickle", ".nnet"])
def test_a_missing_file_is_one_whatever_it_is_called(tmp_path, suffix):
    path = tmp_path / f"net{suffix}"
    with pytest.raises(FileNotFoundError, match="cannot be read: there is no such file") as missing:
        Lens(path)
    assert isinstance(missing.value, PolytopeLensError)
    path.mkdir()
    with pytest.raises(PolytopeLensError, match="cannot be read: Is a directory"):
        Lens(path)


def test_a_file_of_torch_without_torch_names_the_extra(tmp_path, monkeypatch):
    (tmp_path / "net.pt").touch()
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r'pip install "polytope-lens\[torch\]"'):
        Lens(tmp_path / "net.pt")


def test_torch_modules_that_are_not_piecewise_affine_are_named():
    torch = pytest.importorskip("torch")
    with pytest.raises(UnsupportedLayerError, match="GELU"):
        Lens(torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.GELU(), torch.nn.Linear(3, 1)))


def test_a_lens_of_a_network_keeps_it():
    assert isinstance(LENS.network, Network)
    assert Lens(LENS.network).network is LENS.network


@pytest.mark.parametrize(
    "options", [{"inputs": "x"}, {"outputs": 0}, {"inputs": {"x": 1.0}}, {"input_shape": {"x": 2}}]
)
def test_options_that_a_network_has_no_use_for_are_refused(options):
    with pytest.raises(OptionError, match=f"`{next(iter(options))}` has no use"):
        Lens(LENS.network, **options)

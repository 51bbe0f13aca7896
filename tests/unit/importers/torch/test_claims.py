"""Files of torch that claim more than they hold, or hold something else, are refused before anything is made of it."""

from __future__ import annotations

import resource
import warnings
import zipfile

import pytest

from polytope_lens import Lens
from polytope_lens.errors import FileFormatError, PolytopeLensError

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402


def mlp():
    return nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))


def saved(thing, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of sparse tensors, which are a trial
        torch.save(thing, tmp_path / "a.pt")
    return tmp_path / "a.pt"


def with_weight(tensor):
    model = mlp()
    model[0]._parameters["weight"] = tensor
    return model


def without(part):
    model = mlp()
    del model[0].__dict__[part]
    return model


TENSORS = {
    "stride 0": lambda: torch.zeros(1).as_strided((10**6, 10**6), (0, 0)),
    "stride 0 in one axis": lambda: torch.zeros(1, 2).expand(10**9, 2),
    "sparse": lambda: torch.eye(3).to_sparse(),
    "compressed rows": lambda: torch.eye(3)[:, :2].to_sparse_csr(),
    "on no device": lambda: torch.empty(3, 2, device="meta"),
    "quantised": lambda: torch.quantize_per_tensor(torch.ones(3, 2), 0.1, 0, torch.qint8),
    "nested": lambda: torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", TENSORS)
def test_tensors_that_are_more_or_other_than_they_hold_are_refused(name, tmp_path):
    tensor = TENSORS[name]()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for thing, architecture in ((with_weight(tensor), None), ({"0.weight": tensor}, "relu")):
        with pytest.raises(FileFormatError, match=r"a\.pt") as refused:
            Lens(saved(thing, tmp_path), architecture=architecture)
        assert "\n" not in str(refused.value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < before + 2**19


@pytest.mark.parametrize("part", ["_parameters", "_buffers", "_modules", "in_features", "training", "_forward_hooks"])
def test_modules_that_lack_a_part_are_refused_or_do_without(part, tmp_path):
    path = saved(without(part), tmp_path)
    try:
        found = Lens(path).network.widths
    except PolytopeLensError:
        return
    assert found == (3,)


def test_one_tensor_in_many_places_is_read(tmp_path):
    layer = nn.Linear(2, 2)
    assert Lens(saved(nn.Sequential(layer, nn.ReLU(), layer, nn.ReLU(), layer), tmp_path)).network.widths == (2, 2)


def test_files_that_unpack_to_far_more_are_refused(tmp_path):
    path = tmp_path / "bomb.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb/data.pkl", b"N.")
        archive.writestr("bomb/data/0", bytes(2**28 + 1))
    assert path.stat().st_size < 2**20
    with pytest.raises(FileFormatError, match=r"and claims 2\.68e\+08, more than 100 times as many"):
        Lens(path)


def test_the_old_format_is_refused(tmp_path):
    torch.save(mlp(), tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    with pytest.raises(FileFormatError, match="in its present zip format"):
        Lens(tmp_path / "old.pt")

"""Whatever a user may hand over: which importer reads what, and what none reads."""

from __future__ import annotations

import pytest

from families import golden
from polytope_lens import Lens, Network
from polytope_lens.errors import (
    FileFormatError,
    UnsupportedLayerError,
)

LENS = Lens(golden((2, 4, 4), 1))


@pytest.mark.parametrize("model", [None, 3, [[1.0]], lambda x: x], ids=["None", "3", "list", "f"])
def test_things_that_are_no_model_are_refused(model):
    with pytest.raises(UnsupportedLayerError, match=r"a torch module, .*, or a path, but received"):
        Lens(model)


def test_files_of_other_kinds_are_refused():
    with pytest.raises(FileFormatError, match=r"cannot tell what 'model.pickle' holds"):
        Lens("model.pickle")


def test_torch_modules_that_are_not_piecewise_affine_are_named():
    torch = pytest.importorskip("torch")
    with pytest.raises(UnsupportedLayerError, match="GELU"):
        Lens(torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.GELU(), torch.nn.Linear(3, 1)))


def test_a_lens_of_a_network_keeps_it():
    assert isinstance(LENS.network, Network)
    assert Lens(LENS.network).network is LENS.network

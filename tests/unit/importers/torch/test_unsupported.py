"""What is refused, by the path of the module and the reason."""

from __future__ import annotations

import re
from collections import OrderedDict

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from polytope_lens import Lens  # noqa: E402
from polytope_lens.errors import UnsupportedLayerError  # noqa: E402
from polytope_lens.importers.torch.torch import from_module  # noqa: E402
from torch_models import Does  # noqa: E402

pytestmark = pytest.mark.usefixtures("seeded_torch")


def test_batch_norm_in_training_mode_is_refused():
    with pytest.raises(UnsupportedLayerError, match=r'module "1" is BatchNorm1d that .*Call model\.eval\(\)'):
        Lens(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)))


def model_with(module):
    return nn.Sequential(OrderedDict(encoder=nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2), module)))


@pytest.mark.parametrize("module", [nn.GELU(), nn.LayerNorm(2), nn.SiLU()], ids=lambda m: type(m).__name__)
def test_smooth_modules_are_refused_by_path_and_name(module):
    name = type(module).__name__
    with pytest.raises(
        UnsupportedLayerError, match=rf'^module "encoder\.3" is {name}, which is not piecewise affine, so'
    ):
        from_module(model_with(module))


@pytest.mark.parametrize("module", [nn.Embedding(3, 2), nn.CosineSimilarity()], ids=lambda m: type(m).__name__)
def test_other_modules_are_refused_by_path(module):
    with pytest.raises(UnsupportedLayerError, match=r'module "encoder\.3"'):
        from_module(model_with(module))


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda x: x.exp() + 1, "calls exp, which is not piecewise affine"),
        (lambda x: x * x, "multiplies values that both depend on its input, which is not piecewise affine"),
        (lambda x: x / (x + 3), "calls reciprocal, which is not piecewise affine"),
        (lambda x: x**2, "calls pow, which is not piecewise affine"),
        (lambda x: (x > 0).float() @ torch.ones(2, 2), "calls gt, which jumps, so the network is not continuous"),
        (lambda x: x.round(), "calls round, which jumps"),
        (lambda x: x.long(), "converts to torch.int64, which rounds"),
        (lambda x: x.sort(1)[0], "calls sort, which this release does not read"),
        (lambda x: x.max(1).indices + 0.5, "calls argmax, which jumps"),
        (lambda x: x + torch.randn_like(x), "calls randn_like, which is random. Supported"),
        (lambda x: x if x[0, 0].item() else -x, "reads a computed number to decide what to do"),
        (lambda x: x if bool(x.sum()) else -x, "reads a computed number to decide what to do"),
        (lambda x: torch.zeros(1, 2).copy_(x), "writes values into a tensor made apart from its input"),
        (lambda x: x.softmax(1) + 1, "calls softmax, which is not piecewise affine"),
        (lambda x: x @ x.T, "multiplies values that both depend"),
    ],
)
def test_functions_are_refused_by_the_path_of_their_module(function, reason):
    with pytest.raises(UnsupportedLayerError, match=rf'^module "encoder\.3" \(.*Does\) {re.escape(reason)}'):
        from_module(model_with(Does(function)))


def test_dropout_in_training_mode_is_refused_unless_it_drops_nothing():
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5))
    with pytest.raises(UnsupportedLayerError, match=r'module "1" is Dropout in training mode.*Call model\.eval\(\)'):
        from_module(model)
    from_module(model.eval())
    from_module(nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.0)).train())


@pytest.mark.parametrize(
    "ending",
    [
        [nn.Flatten(), nn.Linear(8, 2), nn.GELU()],
        [nn.Softmax(1), nn.Linear(3, 2)],
        [nn.Flatten(), nn.LayerNorm(8)],
        [Does(lambda x: x.sigmoid() * 2)],
        [Does(lambda x: torch.fft.fft(x).real)],
    ],
    ids=str,
)
def test_names_alone_refuse_before_anything_is_computed(ending, monkeypatch):
    def never(*args, **options):
        raise AssertionError("was computed")

    monkeypatch.setattr("polytope_lens.importers.windows.convolution", never)
    monkeypatch.setattr("polytope_lens.importers.torch.torch.QUICK", 0)
    with pytest.raises(UnsupportedLayerError):
        Lens(nn.Sequential(nn.Conv2d(1, 2, 2), nn.ReLU(), *ending).eval(), (1, 3, 3))

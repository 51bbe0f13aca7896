"""A module's own answers, in float64, with what it does after an end that was left out."""

from __future__ import annotations

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn.utils import parametrizations  # noqa: E402

from polytope_lens import Lens  # noqa: E402
from polytope_lens.errors import ConsistencyError, PolytopeLensError  # noqa: E402
from torch_models import Does  # noqa: E402

pytestmark = pytest.mark.usefixtures("seeded_torch")


def ending(end, n=3):
    return Does(lambda x, *m: end(m[1](torch.relu(m[0](x)))), nn.Linear(2, 8), nn.Linear(8, n)).eval()


def logits_of(model, X):
    double = copy.deepcopy(model).double()
    with torch.no_grad():
        return double.modules_[1](torch.relu(double.modules_[0](torch.from_numpy(X)))).numpy()


X = np.random.default_rng(0).standard_normal((50, 2))

# What the model does at its end, how many logits it has, and what the outputs are in terms of these; None: refused.
ENDS = {
    "softmax": (lambda z: z.softmax(1), 3, lambda z: z),
    "log_softmax": (lambda z: z.log_softmax(-1), 3, lambda z: z),
    "log of softmax": (lambda z: z.softmax(1).log(), 3, lambda z: z),
    "softmin": (lambda z: nn.functional.softmin(z, 1), 3, lambda z: -z),
    "tanh": (lambda z: z.tanh(), 3, lambda z: z),
    "softplus": (lambda z: nn.functional.softplus(z)[:, 1:], 3, lambda z: z[:, 1:]),
    "log-sigmoid": (lambda z: nn.functional.logsigmoid(z), 3, lambda z: z),
    "elu": (lambda z: nn.functional.elu(z), 3, lambda z: z),
    "selu": (lambda z: nn.functional.selu(z), 3, lambda z: z),
    "sigmoid, one": (lambda z: z.sigmoid()[:, 1], 3, lambda z: z[:, 1:2]),
    "sigmoid, squeezed": (lambda z: z.sigmoid().squeeze(-1), 1, lambda z: z),
    "sigmoid, turned": (lambda z: z.view(-1, 2, 3).sigmoid().transpose(1, 2), 6, lambda z: z[:, [0, 3, 1, 4, 2, 5]]),
    "sigmoid, flipped": (lambda z: z.sigmoid().flip(1), 3, lambda z: z[:, ::-1]),
    "sigmoid, indexed": (lambda z: z.sigmoid()[:, [2, 0]], 3, lambda z: z[:, [2, 0]]),
    "sigmoid, taken apart": (lambda z: torch.stack(z.sigmoid().unbind(1)[::2], 1), 3, lambda z: z[:, ::2]),
    "softmax, some": (lambda z: z.softmax(1)[:, 1:], 3, lambda z: z[:, 1:]),
    "softmax, strides": (lambda z: z.softmax(1)[:, ::2].contiguous(), 4, lambda z: z[:, ::2]),
    "softmax, turned": (
        lambda z: z.view(-1, 2, 3).softmax(2).transpose(1, 2), 6, lambda z: z[:, [0, 3, 1, 4, 2, 5]]),
    "softmax, the one of two": (lambda z: z.softmax(1)[:, 1], 2, lambda z: z[:, 1:] - z[:, :1]),
    "log-softmax, narrowed": (lambda z: z.log_softmax(1).narrow(1, 0, 1), 2, lambda z: z[:, :1] - z[:, 1:]),
    "softmax in two rows, one of two": (
        lambda z: z.view(-1, 3, 2).softmax(2)[:, :, 1], 6, lambda z: z[:, 1::2] - z[:, ::2]),
    "argmax": (lambda z: z.argmax(1), 3, lambda z: z),
    "argmax of softmax": (lambda z: z.softmax(1).argmax(1, keepdim=True).float(), 3, lambda z: z),
    "argmax of several": (lambda z: z.view(-1, 2, 3).argmax(2), 6, lambda z: z),
    "max of softmax": (lambda z: z.softmax(1).max(1).values, 3, None),
    "softmax, one of three": (lambda z: z.softmax(1)[:, 1], 3, None),
    "softmax, split": (lambda z: z.softmax(1).split(1, 1)[2], 3, None),
    "softmax across the batch": (lambda z: z.softmax(0), 3, None),
    "argmax across the batch": (lambda z: z.argmax(0), 3, None),
    "one label of two": (lambda z: z.view(-1, 2, 3).argmax(2)[:, 1], 6, None),
    "sums": (lambda z: z.softmax(1).sum(1), 3, None),
    "a weighted sum": (lambda z: z.softmax(1) @ torch.ones(3, 1), 3, None),
    "padded": (lambda z: nn.functional.pad(z.sigmoid(), (0, 1)), 3, None),
    "joined with the logits": (lambda z: torch.cat([z.sigmoid(), z], 1), 3, None),
    "written into": (lambda z: z.sigmoid().clone().mul_(2), 3, None),
    "a filled part": (lambda z: z.sigmoid().masked_fill(torch.tensor([True, False, False]), 0.0), 3, None),
    "two ends": (lambda z: torch.cat([z.sigmoid(), z.tanh()], 1), 3, None),
    "an elu that falls": (lambda z: nn.functional.elu(z, alpha=-1.0), 3, None),
    "a log of logits": (lambda z: z.log(), 3, None),
    "cast to integers": (lambda z: z.sigmoid().long(), 3, None),
}  # fmt: skip


@pytest.mark.parametrize("case", list(ENDS))
def test_outputs_are_those_without_the_end_or_it_is_refused(case):
    end, n, expected = ENDS[case]
    model = ending(end, n)
    if expected is None:
        with pytest.raises(PolytopeLensError):
            Lens(model)
        return
    lens = Lens(model)
    want = expected(logits_of(model, X))
    assert lens.lowering.stripped
    assert "at the end" in repr(lens)
    assert lens.self_check.within_bound and lens.self_check.deviation < 1e-9
    np.testing.assert_allclose(lens(X), want, rtol=1e-12, atol=1e-12)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "wrap", [parametrizations.weight_norm, parametrizations.spectral_norm, nn.utils.weight_norm, nn.utils.spectral_norm]
)
def test_weights_made_of_others_are_those_that_torch_computes(wrap):
    model = nn.Sequential(wrap(nn.Linear(3, 4)), nn.ReLU(), nn.Linear(4, 1)).eval()
    lens = Lens(model)
    model(torch.zeros(1, 3))
    assert np.array_equal(lens.network.layers[0].weight, model[0].weight.detach().double().numpy())
    assert lens.self_check.within_bound


def test_compiled_modules_are_read_without_being_compiled():
    inner = nn.Sequential(nn.Linear(2, 3), nn.ReLU())

    def never(graph_module, inputs):
        raise AssertionError("was compiled")

    model = nn.Sequential(torch.compile(inner, backend=never), nn.Linear(3, 1))
    assert Lens(model).network.bits_per_layer == (3,)
    assert Lens(torch.compile(model, backend=never)).network.bits_per_layer == (3,)


def test_a_module_is_only_read():
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)).half()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    Lens(model)
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


class Fickle(nn.Module):
    """Answers otherwise from its third call on."""

    def __init__(self):
        super().__init__()
        self.first, self.calls = nn.Linear(2, 3), 0

    def forward(self, x):
        self.calls += 1
        end = self.first(x).sigmoid()
        return end if self.calls < 3 else end.flip(1)


def test_other_moves_after_the_end_are_found_out():
    with pytest.raises(ConsistencyError, match="does not do at its end what it did"):
        Lens(Fickle())

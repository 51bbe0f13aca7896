"""The network's outputs beside the module's."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from polytope_lens import Lens  # noqa: E402
from polytope_lens.errors import ConsistencyError  # noqa: E402
from polytope_lens.importers.torch.torch import from_module, lower_and_check, self_check  # noqa: E402
from polytope_lens.importers.wanted import wanted  # noqa: E402
from polytope_lens.network.network import Network  # noqa: E402
from torch_models import Does  # noqa: E402

pytestmark = pytest.mark.usefixtures("seeded_torch")


def test_models_that_mix_samples_are_found_out():
    with pytest.raises(ConsistencyError, match="mix the samples of a batch"):
        lower_and_check(Does(lambda x: x - x.mean(0)), wanted((3,)))


def small_model():
    return nn.Sequential(nn.Linear(3, 8), nn.LeakyReLU(0.1), nn.Dropout(0.5), nn.Linear(8, 2))


def test_self_check_sees_agreement():
    model = small_model().eval()
    check = self_check(from_module(model), model)
    assert check.n_points == 4096
    assert check.largest_output > 1
    assert check.deviation <= min(1e-13 * check.largest_output, check.bound)
    assert check.within_bound


def test_self_check_sees_a_small_difference():
    model = small_model().eval()
    network = from_module(model)
    nudged = Network(network.layers, network.output_weight, network.output_bias + 1e-6)
    check = self_check(nudged, model)
    assert 0.9e-6 < check.deviation < 1.1e-6
    assert not check.within_bound


def test_self_check_sees_another_number_of_outputs():
    model = small_model().eval()
    network = from_module(nn.Sequential(nn.Linear(3, 1)))
    with pytest.raises(ConsistencyError, match=r"2\)"):
        self_check(network, model)


def test_self_check_leaves_everything_as_it_was():
    model = small_model()
    network = from_module(model.eval())
    model.train()
    model(torch.ones(1, 3)).sum().backward()
    gradient = model[0].weight.grad.clone()
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.random.get_rng_state()
    first = self_check(network, model, seed=1)
    assert self_check(network, model, seed=1) == first
    assert self_check(network, model, seed=2) != first
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(module.training for module in model.modules())
    assert all(torch.equal(weights[name], value) for name, value in model.state_dict().items())
    assert all(parameter.dtype == torch.float32 and parameter.requires_grad for parameter in model.parameters())
    assert torch.equal(model[0].weight.grad, gradient)


def test_wide_outputs_are_compared_a_few_points_at_a_time(monkeypatch):
    """A layer of padding, without weights, has more outputs than 1024 points leave memory for."""
    monkeypatch.setattr("polytope_lens.importers.check.BUDGET", 3e8)
    seen = []

    class Padded(nn.Module):
        def forward(self, x):
            seen.append(len(x))
            return nn.functional.pad(x, (0, 2**19))

    assert Lens(Padded(), input_shape=(3,)).self_check.within_bound
    assert sum(seen[1:]) >= 16 and max(seen) <= 4

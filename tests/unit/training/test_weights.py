"""The network that a model is now, against the one that the importer reads."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.errors import InvalidNetworkError
from polytope_lens.experiments import mlp
from polytope_lens.network.network import Network
from trainings import same_network

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from polytope_lens.importers.torch.torch import from_module  # noqa: E402
from polytope_lens.training.weights import network_now  # noqa: E402


@pytest.mark.parametrize(
    "model",
    [
        mlp((2, 5, 4, 1)),
        mlp((2, 5, 4, 3), negative_slope=0.1),
        mlp((2, 1)),
        nn.Sequential(nn.Linear(2, 3), nn.LeakyReLU(1.0), nn.Linear(3, 3), nn.LeakyReLU(0.0), nn.Linear(3, 1)),
        mlp((2, 4, 1)).double(),
        mlp((2, 4, 1)).bfloat16(),
        nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 3), nn.Linear(3, 1), nn.ReLU()),
        nn.Sequential(nn.Linear(2, 3, bias=False), nn.ReLU(), nn.Linear(3, 1)),
        nn.utils.parametrizations.weight_norm(mlp((2, 4, 1))[0]),
        nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(2, 3)), nn.ReLU(), nn.Linear(3, 1)),
        nn.Sequential(nn.Linear(2, 3), nn.PReLU(), nn.Linear(3, 1)),
    ],
    ids=str,
)
def test_it_is_the_network_that_the_importer_reads(model):
    network = network_now(model)
    assert same_network(network, from_module(model))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2)  # what was copied does not change with the model
    assert not same_network(network, network_now(model))


def test_what_hooks_change_is_followed():
    model = mlp((2, 3, 1))
    model[0].register_forward_hook(lambda module, args, output: output * 2)
    assert np.array_equal(network_now(model).layers[0].weight, 2 * model[0].weight.detach().numpy())
    model = mlp((2, 3, 1))
    model.forward = lambda x: -nn.Sequential.forward(model, x)
    assert np.array_equal(network_now(model).output_weight, -model[2].weight.detach().numpy())


def test_it_is_read_as_in_eval_mode_and_stays_in_its_mode():
    model = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(0.5), nn.Linear(4, 1))
    model[3].eval()
    found = network_now(model)
    assert [module.training for module in model] == [True, True, True, False, True]
    assert same_network(found, from_module(model.eval()))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_make_no_network(bad):
    for model in (
        mlp((2, 4, 4, 1)),
        nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.PReLU(), nn.Linear(4, 1)),
    ):
        for tensor in (*model.parameters(), *(b for b in model.buffers() if b.is_floating_point())):
            kept = tensor.detach().clone()
            tensor.detach().view(-1)[-1] = bad
            assert network_now(model) is None
            tensor.detach().copy_(kept)
        assert isinstance(network_now(model), Network)


def test_weights_that_are_finite_and_no_network_are_refused():
    """Unlike those of a training that has diverged, which are None."""
    broken = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Linear(3, 1))
    broken[1].running_var.fill_(-1.0)
    with pytest.raises(InvalidNetworkError, match="divides by a variance that is not positive"):
        network_now(broken)
    with torch.no_grad():
        broken[0].weight[0, 0] = torch.nan
    assert network_now(broken) is None

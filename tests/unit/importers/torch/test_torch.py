"""Lowering modules exactly."""

from __future__ import annotations

import subprocess
import sys
from collections import OrderedDict

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from polytope_lens.errors import (  # noqa: E402
    UnsupportedLayerError,
)
from polytope_lens.importers.torch.torch import from_module, lower_and_check  # noqa: E402
from polytope_lens.network.network import evaluate  # noqa: E402
from torch_models import Does  # noqa: E402

pytestmark = pytest.mark.usefixtures("seeded_torch")


POINTS = np.random.default_rng(7).standard_normal((50, 2))


def numbers(tensor):
    return tensor.detach().to(torch.float64).numpy()


def outputs(model, points=POINTS):
    import copy

    with torch.no_grad():
        return copy.deepcopy(model).double().eval()(torch.from_numpy(points)).numpy()


def assert_agrees(model):
    network = from_module(model)
    points = np.random.default_rng(3).standard_normal((50, network.input_dim))
    np.testing.assert_allclose(evaluate(network, points), outputs(model, points), rtol=0, atol=1e-13)
    return network


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_weights_convert_without_loss(dtype):
    model = nn.Sequential(nn.Linear(2, 5), nn.ReLU(), nn.Linear(5, 3)).to(dtype)
    network = from_module(model)
    (layer,) = network.layers
    for array, tensor in (
        (layer.weight, model[0].weight),
        (layer.bias, model[0].bias),
        (network.output_weight, model[2].weight),
        (network.output_bias, model[2].bias),
    ):
        assert array.dtype == np.float64
        assert torch.equal(torch.from_numpy(array.copy()).to(dtype), tensor)
        assert np.array_equal(array, tensor.tolist())
    assert layer.negative_slope.tolist() == [0.0] * 5
    assert layer.positive_slope.tolist() == [1.0] * 5
    assert layer.cuts.all()


def test_nested_sequentials_with_every_supported_module_agree():
    model = nn.Sequential(
        OrderedDict(
            encoder=nn.Sequential(nn.Linear(2, 6, bias=False), nn.LeakyReLU(0.3), nn.Identity(), nn.Dropout(0.5)),
            core=nn.Sequential(nn.Sequential(nn.Linear(6, 4), nn.ReLU(inplace=True))),
            head=nn.Linear(4, 3),
        )
    ).eval()
    network = assert_agrees(model)
    assert network.widths == network.bits_per_layer == (6, 4)
    assert network.layers[0].negative_slope.tolist() == [0.3] * 6
    assert network.layers[0].bias.tolist() == [0.0] * 6


def test_one_activation_module_used_twice_counts_twice():
    act = nn.ReLU()
    linear = nn.Linear(2, 2)
    network = assert_agrees(nn.Sequential(linear, act, linear, act, nn.Linear(2, 1)))
    assert network.bits_per_layer == (2, 2)


def test_linears_in_a_row_are_carried_not_multiplied():
    model = nn.Sequential(nn.Linear(2, 3), nn.Identity(), nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2), nn.Linear(2, 1))
    network = assert_agrees(model)
    assert network.widths == (3, 4, 2)
    assert network.bits_per_layer == (0, 4, 0)
    assert np.array_equal(network.layers[0].weight, numbers(model[0].weight))
    assert np.array_equal(network.layers[1].weight, numbers(model[2].weight))
    assert network.layers[0].positive_slope.tolist() == network.layers[0].negative_slope.tolist() == [1.0] * 3


def test_activations_without_their_own_linear_get_identity_weights():
    model = nn.Sequential(nn.ReLU(), nn.Linear(2, 3), nn.LeakyReLU(0.1), nn.ReLU(), nn.LeakyReLU(0.5))
    network = assert_agrees(model)
    assert network.bits_per_layer == (2, 3, 3, 3)
    assert np.array_equal(network.layers[0].weight, np.eye(2))
    assert np.array_equal(network.layers[2].weight, np.eye(3))
    assert np.array_equal(network.output_weight, np.eye(3))
    assert network.output_bias.tolist() == [0.0] * 3


def test_a_bare_linear_is_an_affine_map():
    linear = nn.Linear(2, 3)
    network = from_module(linear)
    assert network.layers == ()
    assert np.array_equal(network.output_weight, numbers(linear.weight))


def test_a_subclass_that_keeps_forward_is_a_sequential():
    class Mlp(nn.Sequential):
        pass

    assert assert_agrees(Mlp(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))).widths == (3,)


def test_sparse_weights_are_read():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    dense = numbers(model[0].weight)
    model[0].weight = nn.Parameter(model[0].weight.detach().to_sparse())
    assert np.array_equal(from_module(model).layers[0].weight, dense)


def test_the_network_keeps_its_own_copy():
    model = nn.Sequential(nn.Linear(2, 2).double(), nn.ReLU())
    network = from_module(model)
    before = network.layers[0].weight.copy()
    with torch.no_grad():
        model[0].weight.fill_(9.0)
    assert np.array_equal(network.layers[0].weight, before)


@pytest.mark.parametrize("model", [nn.ModuleList([nn.Linear(2, 1)]), "model.pt"], ids=repr)
def test_other_models_are_refused_by_class(model):
    with pytest.raises(UnsupportedLayerError, match=rf"the model .*({type(model).__name__}|cannot be followed)"):
        from_module(model)


def test_compiled_models_are_read_as_what_was_compiled():
    compiled = Does(lambda x: 1 / 0)
    compiled._orig_mod = nn.Sequential(nn.Linear(2, 3), nn.ReLU())  # as torch.compile makes it
    lowering, check = lower_and_check(compiled)
    assert lowering.network.widths == (3,)
    assert check.within_bound


def test_the_package_and_training_import_without_torch():
    code = (
        "import sys, polytope_lens, polytope_lens.importers, polytope_lens.training; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""A forward pass is followed whatever it does: written in place, shared, computed, in any mode of torch."""

from __future__ import annotations

import copy
from collections import OrderedDict

import numpy as np
import pytest

torch = pytest.importorskip("torch")
import torch.nn.functional as F  # noqa: E402, N812
from torch import nn  # noqa: E402
from torch.nn.utils import parametrizations, prune  # noqa: E402

from polytope_lens import Lens  # noqa: E402
from polytope_lens.errors import InvalidNetworkError, PolytopeLensError, UnsupportedLayerError  # noqa: E402
from polytope_lens.importers.torch.torch import from_module, lower, lower_and_check  # noqa: E402
from polytope_lens.importers.wanted import wanted  # noqa: E402
from polytope_lens.network.network import evaluate  # noqa: E402
from torch_models import Does, assert_same  # noqa: E402

pytestmark = pytest.mark.usefixtures("seeded_torch")


def normalised(kind, channels):
    module = kind(channels)
    with torch.no_grad():
        module.running_mean.normal_()
        module.running_var.uniform_(0.5, 2)
        module.weight.normal_()
        module.bias.normal_()
    return module


def write_into_a_view(x):
    y = x.clone()
    y[:, 0] = 0.0
    y[:, 1:].relu_()
    y[:, 2] += 3 * x[:, 0]
    y.view(len(x), -1)[:, -1:].copy_(x[:, 0, :1])
    return y


def write_into_the_input(x):
    y = 2 * x
    x.mul_(-1).add_(1)
    return x + y


@pytest.mark.parametrize("function", [write_into_a_view, write_into_the_input])
def test_writing_in_place(function):
    assert_same(Does(lambda x: function(x.clone())), (3, 4))


class ResidualNet(nn.Module):
    """Modules used twice, skips by sums and by joins, a loop, a maximum at the end."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1)
        self.norm = normalised(nn.BatchNorm2d, 4)
        self.block = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(4, 4, 1))
        self.head = nn.Linear(8, 3)
        self.act = nn.LeakyReLU(0.1)

    def forward(self, x):
        x = torch.relu(self.norm(self.stem(x)))
        for _ in range(2):
            x = x + self.block(x)
        x = torch.cat([self.act(x), F.relu6(x)], dim=1)
        x = F.adaptive_avg_pool2d(F.max_pool2d(x, 2), 1).flatten(1)
        return self.head(self.act(x)).softmax(dim=-1)


def test_a_residual_network():
    torch.manual_seed(0)
    model = ResidualNet().eval()
    lens = Lens(model, input_shape=(1, 4, 4))
    assert lens.self_check.within_bound
    assert lens.self_check.deviation < lens.self_check.bound < 1e-8
    assert lens.lowering.stripped == "softmax"
    assert lens.lowering.output_shape == (3,)
    assert "softmax" in repr(lens)
    assert any("stem (Conv2d)" in steps for steps in lens.lowering.steps)
    points = np.random.default_rng(0).standard_normal((30, 16))
    with torch.no_grad():
        expected = copy.deepcopy(model).double()(torch.from_numpy(points).view(-1, 1, 4, 4)).numpy()
    logits = lens(points)
    np.testing.assert_allclose(np.exp(logits) / np.exp(logits).sum(1, keepdims=True), expected, rtol=1e-10)


def test_patterns_are_what_the_modules_see():
    """Bits of each layer, in order, are the signs at the inputs of the activation modules."""
    torch.manual_seed(1)
    model = nn.Sequential(
        nn.Conv2d(2, 3, 2), nn.ReLU(), nn.Conv2d(3, 2, 2, stride=2), nn.LeakyReLU(0.1), nn.Flatten(), nn.Linear(2, 5),
        normalised(nn.BatchNorm1d, 5), nn.PReLU(5), nn.Linear(5, 2),
    ).eval()  # fmt: skip
    lens = Lens(model, input_shape=(2, 4, 4))
    points = np.random.default_rng(2).standard_normal((200, 32))
    seen = []
    reference = copy.deepcopy(model).double()
    for module in reference:
        if isinstance(module, nn.ReLU | nn.LeakyReLU | nn.PReLU):
            module.register_forward_pre_hook(lambda module, args: seen.append(args[0].flatten(1)))
    with torch.no_grad():
        reference(torch.from_numpy(points).view(-1, 2, 4, 4))
    values = torch.cat(seen, 1).numpy()
    clear = np.abs(values) > 1e-10
    assert clear.mean() > 0.99
    bits = lens.patterns(points)
    assert bits.shape == values.shape
    assert (bits == (values > 0))[clear].all()


def test_layers_are_as_few_as_the_longest_chain():
    torch.manual_seed(0)
    linear = nn.Linear(3, 3)
    network = assert_same(Does(lambda x, a, b: x + b(torch.relu(a(x)) + x), linear, nn.Linear(3, 3)), (3,))
    assert network.bits_per_layer == (3,)  # the sum into a Linear is folded, since it is exact
    network = assert_same(Does(lambda x, a: F.relu6(a(x)), linear.float()), (3,))
    assert network.widths == (6,)
    network = assert_same(Does(lambda x, a: a(x) + torch.relu(torch.relu(torch.relu(x))), linear), (3,))
    assert network.widths == (6, 6, 6)


def test_the_rest_of_a_transformer_is_left_alone():
    class Block(nn.Module):
        def __init__(self, act):
            super().__init__()
            self.norm = nn.LayerNorm(4)
            self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
            self.mlp = nn.Sequential(nn.Linear(4, 8), act, nn.Linear(8, 4))

        def forward(self, x):
            x = self.norm(x)
            return self.mlp(x + self.attention(x, x, x)[0])

    model = nn.Sequential(Block(nn.ReLU()), Block(nn.GELU())).eval()
    lens = Lens.part(model, "0.mlp")
    assert lens.network.widths == (8,)
    with torch.no_grad():
        expected = copy.deepcopy(model[0].mlp).double()(torch.ones(1, 4).double()).numpy()
    np.testing.assert_allclose(lens(np.ones((1, 4))), expected)
    assert Lens.part(model, "0.mlp", input_shape=(3, 4)).network.input_dim == 12
    with pytest.raises(UnsupportedLayerError, match=r'module "1\.mlp\.1" is GELU, which is not piecewise affine'):
        Lens.part(model, "1.mlp")
    with pytest.raises(UnsupportedLayerError, match=r'module "0\.norm" is LayerNorm'):
        Lens(model, input_shape=(3, 4))
    with pytest.raises(PolytopeLensError, match=r"no module '0\.mlq'. Its modules are: 0, 0\.norm"):
        Lens.part(model, "0.mlq")


def test_the_mode_of_torch_does_not_matter():
    torch.manual_seed(0)
    model = ResidualNet().eval()
    expected = lower(model, wanted((1, 4, 4))).network
    for mode in (torch.inference_mode, torch.enable_grad, lambda: torch.autocast("cpu")):
        with mode():
            lens = Lens(model, input_shape=(1, 4, 4))
        assert lens.self_check.within_bound
        assert lens.network.widths == expected.widths
    assert lower(model.half(), wanted((1, 4, 4))).network.widths == expected.widths


def test_weights_may_be_computed_from_others():
    linear = parametrizations.weight_norm(nn.Linear(3, 2))
    assert np.array_equal(lower(linear).network.output_weight, linear.weight.detach().double().numpy())
    pruned = nn.Linear(3, 2)
    prune.l1_unstructured(pruned, "weight", amount=2)
    assert np.count_nonzero(lower(nn.Sequential(pruned)).network.output_weight) == 4


def test_casts_do_not_round_in_the_check():
    check = lower_and_check(Does(lambda x: x.half().float() / 2), wanted((3,)))[1]
    assert check.deviation == 0


@pytest.mark.filterwarnings("ignore")
def test_quantised_models_are_refused():
    from torch.ao.nn.quantized import Linear

    with pytest.raises(
        UnsupportedLayerError, match=r'module "0" is .*Linear, a quantised module.*Pass the float model'
    ):
        Lens(nn.Sequential(Linear(2, 2)))


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        (nn.Sequential(nn.ZeroPad2d(10**7)), (1, 2, 2)),
        (nn.Sequential(nn.Upsample(scale_factor=1e5)), (1, 2, 2)),
        (nn.Sequential(nn.Conv2d(1, 1, 1, padding=10**6)), (1, 2, 2)),
        (Does(lambda x: x.expand(len(x), 10**12)), (1,)),
        (Does(lambda x: x.repeat(1, 10**12)), (1,)),
        (nn.Linear(4, 4), (10**6, 10**6, 4)),
    ],
    ids=str,
)
def test_shapes_of_terabytes_are_refused_before_memory_is_asked_for(model, shape):
    with pytest.raises(InvalidNetworkError, match="far too many"):
        lower(model, wanted(shape))


def test_a_shape_that_does_not_fit_is_told():
    with pytest.raises(InvalidNetworkError, match=r"takes 3 channels, but receives 2"):
        lower(nn.Conv2d(3, 1, 1), wanted((2, 4, 4)))
    with pytest.raises(InvalidNetworkError, match="Say `input_shape`"):
        lower(nn.Conv2d(3, 1, 1))
    with pytest.raises(PolytopeLensError, match=r"should be the shape of one sample"):
        lower(nn.Conv2d(3, 1, 1), wanted((3, 0, 1)))


@pytest.mark.filterwarnings("ignore")
def test_torchscript_is_followed_when_it_is_handed_over():
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)).eval()
    scripted = torch.jit.trace(model, torch.zeros(1, 2))
    lowering, check = lower_and_check(scripted, wanted((2,)))
    assert check.within_bound
    assert lowering.network.bits_per_layer == (3,)


POINTS = np.random.default_rng(7).standard_normal((50, 2))


def outputs(model, points=POINTS):
    import copy

    with torch.no_grad():
        return copy.deepcopy(model).double().eval()(torch.from_numpy(points)).numpy()


def assert_agrees(model):
    network = from_module(model)
    points = np.random.default_rng(3).standard_normal((50, network.input_dim))
    np.testing.assert_allclose(evaluate(network, points), outputs(model, points), rtol=0, atol=1e-13)
    return network


def model_with(module):
    return nn.Sequential(OrderedDict(encoder=nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2), module)))


def test_other_results_and_failures_are_told():
    with pytest.raises(UnsupportedLayerError, match=r"the model returns 2 tensors.*outputs="):
        from_module(Does(lambda x: (x, x)), (2,))
    with pytest.raises(UnsupportedLayerError, match=r"cannot be followed on one sample of shape \(3,\).*input_shape"):
        from_module(Does(lambda x: x.view(7)), (3,))
    with pytest.raises(UnsupportedLayerError, match=r"cannot be followed.*numpy"):
        from_module(Does(lambda x: x.numpy()), (3,))


@pytest.mark.parametrize("function", [lambda x: x.reshape(1, -1), lambda x: x.flatten(), lambda x: x[0] * 2])
def test_models_written_for_one_sample(function):
    lowering, check = lower_and_check(Does(function), wanted((2, 3)))
    assert check.within_bound
    assert np.prod(lowering.output_shape) == 6


def test_whatever_a_module_overrides_is_followed():
    class Doubled(nn.Linear):
        def forward(self, x):
            return 2 * super().forward(x)

    class Residual(nn.Sequential):
        def forward(self, x):
            return x + super().forward(x)

    assert_agrees(nn.Sequential(Doubled(2, 2), Residual(nn.Linear(2, 2), nn.ReLU())))


def test_hooks_and_replaced_forwards_are_followed():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    model[1].register_forward_hook(lambda module, args, output: 2 * output)
    assert_agrees(model)
    model[1].forward = lambda x: x
    assert evaluate(from_module(model), POINTS).min() < 0


@pytest.mark.parametrize("dtype", [torch.complex64, torch.int64, torch.int8, torch.bool])
def test_weights_of_other_dtypes_are_refused(dtype):
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
    model[2].weight = nn.Parameter(model[2].weight.detach().to(dtype), requires_grad=False)
    with pytest.raises(UnsupportedLayerError, match=rf'the weight of module "2" has dtype {dtype}.*float16, bfloat16'):
        from_module(model)


def test_weights_without_values_are_refused():
    with pytest.raises(InvalidNetworkError, match=r'the weight of module "0" is on the device meta'):
        from_module(nn.Sequential(nn.Linear(2, 2, device="meta")))


@pytest.mark.parametrize(("name", "value"), [("weight", np.nan), ("bias", np.inf)])
def test_weights_that_are_not_finite_are_refused_by_path(name, value):
    model = model_with(nn.Linear(2, 2))
    with torch.no_grad():
        getattr(model.encoder[2], name).view(-1)[1] = value
    with pytest.raises(
        InvalidNetworkError, match=rf'the {name} of module "encoder\.2" should be finite, but entry .* is {value}'
    ):
        from_module(model)


def test_slopes_that_are_not_finite_are_refused():
    with pytest.raises(InvalidNetworkError, match='module "1" is LeakyReLU with a negative slope of nan'):
        from_module(nn.Sequential(nn.Linear(2, 2), nn.LeakyReLU(float("nan"))))


def test_linears_that_do_not_fit_are_refused():
    with pytest.raises(InvalidNetworkError, match='module "2" takes 4 values, but receives 3'):
        from_module(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(4, 1)))


@pytest.mark.parametrize("model", [nn.Sequential(), nn.Sequential(nn.ReLU())], ids=repr)
def test_models_without_linear_are_refused(model):
    with pytest.raises(InvalidNetworkError, match=r"cannot be known from Sequential\. Say `input_shape`"):
        from_module(model)
    assert from_module(model, (2,)).input_dim == 2

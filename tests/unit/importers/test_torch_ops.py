"""Every operation against torch itself, over shapes and options; and patterns against what modules really see."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
import torch.nn.functional as F  # noqa: E402, N812
from torch import nn  # noqa: E402
from torch.nn.utils import parametrizations, prune  # noqa: E402

from polytope_lens import Lens  # noqa: E402
from polytope_lens.errors import InvalidNetworkError, PolytopeLensError, UnsupportedLayerError  # noqa: E402
from polytope_lens.importers.torch import lower, lower_and_check  # noqa: E402
from polytope_lens.network.network import evaluate  # noqa: E402

FEW = settings(max_examples=15, deadline=None)


class Does(nn.Module):
    """A module that runs a function with some modules."""

    def __init__(self, function, *modules):
        super().__init__()
        self.function, self.modules_ = function, nn.ModuleList(modules)

    def forward(self, x):
        return self.function(x, *self.modules_)


def assert_same(model, shape, *, n_points=20, seed=0):
    """The network's outputs are the module's, in float64."""
    model = copy.deepcopy(model).double().eval()
    lowering = lower(model, shape)
    points = np.random.default_rng(seed).standard_normal((n_points, *shape)) * 2
    with torch.no_grad():
        expected = model(torch.tensor(points))
    assert lowering.output_shape == tuple(expected.shape[1:])
    values = evaluate(lowering.network, points.reshape(n_points, -1))
    np.testing.assert_allclose(values, expected.reshape(n_points, -1).numpy(), rtol=1e-12, atol=1e-12)
    return lowering.network


def runs(model, shape):
    try:
        with torch.no_grad():
            model(torch.zeros(1, *shape))
    except RuntimeError:
        return False
    return True


small = st.integers(1, 3)


@st.composite
def windows(draw, axes):
    """Options of convolutions and pools, one for each axis or one for all."""

    def numbers(low, high):
        return draw(st.one_of(st.integers(low, high), st.tuples(*[st.integers(low, high)] * axes)))

    return {"kernel_size": numbers(1, 3), "stride": numbers(1, 3), "padding": numbers(0, 1)}


@FEW
@given(data=st.data(), axes=st.integers(1, 3), groups=st.integers(1, 2), bias=st.booleans())
def test_convolutions(data, axes, groups, bias):
    options = data.draw(windows(axes)) | {"dilation": data.draw(st.integers(1, 2)), "groups": groups, "bias": bias}
    mode = data.draw(st.sampled_from(["zeros", "reflect", "replicate", "circular"]))
    channels, out = data.draw(small) * groups, data.draw(small) * groups
    kind = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[axes - 1]
    shape = (channels, *data.draw(st.tuples(*[st.integers(2, 5)] * axes)))
    model = kind(channels, out, padding_mode=mode, **options)
    assume(runs(model, shape))
    network = assert_same(model, shape)
    assert mode != "zeros" or network.layers == ()


@FEW
@given(data=st.data(), axes=st.integers(1, 2), groups=st.integers(1, 2))
def test_transposed_convolutions(data, axes, groups):
    stride, dilation = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 2))
    extra = data.draw(st.integers(0, max(stride, dilation) - 1))
    channels, out = data.draw(small) * groups, data.draw(small) * groups
    kind = (nn.ConvTranspose1d, nn.ConvTranspose2d)[axes - 1]
    kernel, padding = data.draw(st.integers(1, 3)), data.draw(st.integers(0, 2))
    model = kind(channels, out, kernel, stride, padding, extra, groups, dilation=dilation)
    shape = (channels, *data.draw(st.tuples(*[st.integers(1, 4)] * axes)))
    assume(runs(model, shape))
    assert_same(model, shape)


@FEW
@given(data=st.data(), axes=st.integers(1, 3), ceil=st.booleans(), kind=st.sampled_from(["max", "average"]))
def test_pools(data, axes, ceil, kind):
    options = data.draw(windows(axes)) | {"ceil_mode": ceil}
    classes = {"max": (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d), "average": (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)}
    if kind == "max":
        options["dilation"] = data.draw(st.integers(1, 2))
    else:
        options["count_include_pad"] = data.draw(st.booleans())
        if axes > 1:
            options["divisor_override"] = data.draw(st.sampled_from([None, 3]))
    if axes == 1:  # torch takes no one-entry tuples here
        options = {name: v[0] if isinstance(v, tuple) else v for name, v in options.items()}
    model = classes[kind][axes - 1](**options)
    shape = (2, *data.draw(st.tuples(*[st.integers(2, 5)] * axes)))
    assume(runs(model, shape))
    assert_same(model, shape)


@FEW
@given(data=st.data(), axes=st.integers(1, 3), kind=st.sampled_from(["Max", "Avg"]))
def test_adaptive_pools(data, axes, kind):
    outputs = data.draw(st.tuples(*[st.integers(1, 4)] * axes))
    model = getattr(nn, f"Adaptive{kind}Pool{axes}d")(outputs)
    assert_same(model, (2, *data.draw(st.tuples(*[st.integers(1, 5)] * axes))))


def normalised(kind, channels):
    module = kind(channels)
    with torch.no_grad():
        module.running_mean.normal_()
        module.running_var.uniform_(0.5, 2)
        module.weight.normal_()
        module.bias.normal_()
    return module


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (normalised(nn.BatchNorm1d, 3), (3,)),
        (normalised(nn.BatchNorm1d, 3), (3, 4)),
        (normalised(nn.BatchNorm2d, 3), (3, 4, 2)),
        (nn.BatchNorm2d(2, affine=False), (2, 3, 3)),
        (nn.InstanceNorm1d(2, track_running_stats=True), (2, 4)),
        (nn.Linear(3, 2), (4, 3)),
        (nn.Linear(3, 2, bias=False), (2, 4, 3)),
        (nn.Flatten(), (2, 3)),
        (nn.Flatten(2), (2, 3, 2)),
        (nn.Unflatten(1, (2, 3)), (6,)),
        (nn.ZeroPad2d((1, 0, 2, 1)), (1, 2, 3)),
        (nn.ConstantPad1d((1, 2), 2.5), (2, 3)),
        (nn.ConstantPad2d(-1, 2.5), (1, 3, 4)),
        (nn.ReflectionPad2d(1), (1, 3, 3)),
        (nn.ReplicationPad3d(1), (1, 2, 2, 2)),
        (nn.CircularPad2d(1), (1, 3, 3)),
        (nn.Upsample(scale_factor=2), (2, 2, 3)),
        (nn.Upsample(size=(5, 3), mode="bilinear"), (2, 2, 3)),
        (nn.Upsample(size=(5, 3), mode="bilinear", align_corners=True), (2, 2, 3)),
        (nn.Upsample(size=7, mode="linear"), (2, 4)),
        (nn.Upsample(size=(3, 4), mode="bicubic"), (1, 2, 3)),
        (nn.PixelShuffle(2), (4, 2, 2)),
        (nn.PixelUnshuffle(2), (1, 4, 4)),
        (nn.ChannelShuffle(2), (4, 2, 2)),
        (nn.Unfold(2, padding=1), (2, 3, 3)),
        (nn.Fold((3, 4), 2, stride=1), (8, 6)),
        (nn.ReLU(), (3,)),
        (nn.ReLU(inplace=True), (3,)),
        (nn.LeakyReLU(0.2, inplace=True), (3,)),
        (nn.PReLU(), (2, 3)),
        (nn.PReLU(2, init=-0.3), (2, 3)),
        (nn.PReLU(2), (2,)),
        (nn.RReLU(0.1, 0.4), (3,)),
        (nn.Hardtanh(-0.5, 2), (3,)),
        (nn.ReLU6(), (3,)),
        (nn.Threshold(0.5, 0.5), (3,)),
        (nn.Hardsigmoid(), (3,)),
        (nn.Softshrink(0.3), (3,)),
        (nn.Dropout(), (3,)),
        (nn.Dropout2d(), (2, 2, 2)),
        (nn.AlphaDropout(), (3,)),
        (nn.Identity(), (3,)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else str(value),
)
def test_modules(module, shape):
    assert_same(module, shape)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.view(x.size(0), -1),
        lambda x: x.reshape(-1, 12),
        lambda x: x[:, 1:, None, [0, 2]],
        lambda x: x[:, ::2, torch.tensor([0, 0, 1])],
        lambda x: x[..., 1],
        lambda x: x.permute(0, 2, 1).contiguous(),
        lambda x: x.transpose(1, 2).flatten(1).unsqueeze(1).squeeze(),
        lambda x: torch.cat(x.chunk(2, 2)[::-1], 1),
        lambda x: torch.cat([x, torch.ones(1, 3, 1).expand(len(x), -1, -1).double()], 2),
        lambda x: torch.stack([x, 2 * x], 1).sum(1),
        lambda x: sum(part for part in x.unbind(1)),
        lambda x: x.split([1, 2], 1)[1].roll(1, 2).flip(1),
        lambda x: x.narrow(1, 1, 2).repeat(1, 2, 1).movedim(1, 2),
        lambda x: x.expand(len(x), 3, 4) + x[:, :1],
        lambda x: torch.tril(x) - x.triu(1),
        lambda x: x.mean((1, 2)) + x.sum(2).mean(1, keepdim=False),
        lambda x: x.mean() * torch.ones(len(x), 1).double() if len(x) == 1 else x.mean((1, 2), keepdim=True)[:, 0],
        lambda x: x @ torch.arange(8.0).view(4, 2).double() + 1,
        lambda x: torch.ones(2, 3).double() @ x,
        lambda x: torch.arange(24.0).view(1, 2, 3, 4).double()[0, :, 0] @ x.transpose(1, 2),
        lambda x: torch.einsum("bij,jk->bik", x, torch.arange(8.0).view(4, 2).double()),
        lambda x: torch.baddbmm(torch.ones(1, 3, 2).double(), x, torch.ones(1, 4, 2).double().expand(len(x), -1, -1)),
        lambda x: (3 - x) / 4 - x * 0.3 + 2 * (-x) + torch.sub(x, x, alpha=0.5) + torch.rsub(x, 1),
        lambda x: torch.addcmul(x, x, torch.full((4,), 0.5).double(), value=3),
        lambda x: abs(x) - x.abs() / 3,
        lambda x: F.relu(x) + torch.relu(x) + x.relu() - F.leaky_relu(x, 0.1) + F.relu6(x),
        lambda x: x.clamp(min=0) - x.clamp(-1, 2) + x.clamp(max=1) + x.clamp(2, -1),
        lambda x: x.clamp(torch.zeros(4).double(), torch.ones(4).double()),
        lambda x: torch.maximum(x, -x) + torch.minimum(x, torch.zeros(4).double()) + torch.max(x, 1 - x),
        lambda x: x.max(1).values + x.min(1, keepdim=True)[0].squeeze(1),
        lambda x: x.amax((1, 2)) - x.amin(2).sum(1),
        lambda x: torch.where(torch.tensor([True, False, True, False]), x, 1 - x),
        lambda x: x.masked_fill(torch.tensor([True, False, False, False]), 7.0),
        lambda x: F.pad(x, (1, 0), value=2.0),
        lambda x: F.interpolate(x, size=7),
        lambda x: x + x.new_zeros(4) + torch.zeros_like(x) + x.new_full((4,), 2.5) + torch.ones_like(x),
        lambda x: x.double().to("cpu").detach().clone(),
        lambda x: F.linear(x, torch.ones(2, 4).double(), torch.ones(2).double()),
        lambda x: x**1,
        lambda x: 0 * x,
        lambda x: F.max_pool1d(x, 2) + F.avg_pool1d(x, 2),
    ],
)
def test_functions_and_methods(function):
    assert_same(Does(function), (3, 4))


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
    expected = lower(model, (1, 4, 4)).network
    for mode in (torch.inference_mode, torch.enable_grad, lambda: torch.autocast("cpu")):
        with mode():
            lens = Lens(model, input_shape=(1, 4, 4))
        assert lens.self_check.within_bound
        assert lens.network.widths == expected.widths
    assert lower(model.half(), (1, 4, 4)).network.widths == expected.widths


def test_weights_may_be_computed_from_others():
    linear = parametrizations.weight_norm(nn.Linear(3, 2))
    assert np.array_equal(lower(linear).network.output_weight, linear.weight.detach().double().numpy())
    pruned = nn.Linear(3, 2)
    prune.l1_unstructured(pruned, "weight", amount=2)
    assert np.count_nonzero(lower(nn.Sequential(pruned)).network.output_weight) == 4


def test_batch_norm_in_training_mode_is_refused():
    with pytest.raises(UnsupportedLayerError, match=r'module "1" is BatchNorm1d that .*Call model\.eval\(\)'):
        Lens(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)))


def test_casts_do_not_round_in_the_check():
    check = lower_and_check(Does(lambda x: x.half().float() / 2), (3,))[1]
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
        lower(model, shape)


def test_a_shape_that_does_not_fit_is_told():
    with pytest.raises(InvalidNetworkError, match=r"takes 3 channels, but receives 2"):
        lower(nn.Conv2d(3, 1, 1), (2, 4, 4))
    with pytest.raises(InvalidNetworkError, match="Say `input_shape`"):
        lower(nn.Conv2d(3, 1, 1))
    with pytest.raises(PolytopeLensError, match=r"should be the shape of one sample"):
        lower(nn.Conv2d(3, 1, 1), (3, 0, 1))


@pytest.mark.filterwarnings("ignore")
def test_torchscript_is_followed_when_it_is_handed_over():
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)).eval()
    scripted = torch.jit.trace(model, torch.zeros(1, 2))
    lowering, check = lower_and_check(scripted, (2,))
    assert check.within_bound
    assert lowering.network.bits_per_layer == (3,)

"""Every operation that computes against torch itself, over shapes and options."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
import torch.nn.functional as F  # noqa: E402, N812
from torch import nn  # noqa: E402

from polytope_lens.errors import UnsupportedLayerError  # noqa: E402
from polytope_lens.importers.torch.torch import lower  # noqa: E402
from polytope_lens.importers.wanted import wanted  # noqa: E402
from polytope_lens.network.network import evaluate  # noqa: E402
from torch_models import Does, assert_same, runs  # noqa: E402

FEW = settings(max_examples=15, deadline=None)


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


def test_cumulative_sums():
    assert_same(Does(lambda x: x.cumsum(2).cumsum(-2)), (2, 3))


LEAKY = nn.functional.leaky_relu

# Functions written with comparisons, and the same without; None: refused.
COMPARED = {
    "where": (lambda z: torch.where(z > 0, z, 0.1 * z), lambda z: LEAKY(z, 0.1)),
    "where, the other way": (lambda z: torch.where(z < 0, 0.1 * z, z), lambda z: LEAKY(z, 0.1)),
    "where, not": (lambda z: torch.where(~(z >= 0), z * 0.1, z), lambda z: LEAKY(z, 0.1)),
    "where, a number": (lambda z: torch.where(z > 1, 1.0, z), lambda z: z.clamp(max=1)),
    "where, nested": (
        lambda z: torch.where(z < -1, -1.0, torch.where(z > 1, 1.0, z)), lambda z: z.clamp(-1, 1)),
    "mask": (lambda z: z * (z > 0), torch.relu),
    "mask, cast": (lambda z: (z > 0).float() * z, torch.relu),
    "mask, two": (lambda z: z * (z > 0) + 0.1 * z * (z <= 0), lambda z: LEAKY(z, 0.1)),
    "mask, mixed": (lambda z: z * (0.25 + 0.75 * (z > 0).to(z.dtype)), lambda z: LEAKY(z, 0.25)),
    "mask, one minus": (lambda z: z * (1 - (z < 0).to(z.dtype)), torch.relu),
    "sign": (lambda z: z * torch.sign(z), torch.abs),
    "heaviside": (lambda z: z * torch.heaviside(z, torch.tensor(0.5, dtype=z.dtype)), torch.relu),
    "masked_fill": (lambda z: z.masked_fill(z < 0, 0.0), torch.relu),
    "written": (lambda z: write_where_negative(z.clone()), torch.relu),
    "two compared": (lambda z: torch.where(z > z.flip(1), z, z.flip(1)), lambda z: torch.maximum(z, z.flip(1))),
    "reshaped": (
        lambda z: torch.where((z > 0).view(-1, 2, 2), z.view(-1, 2, 2), 0.0), lambda z: torch.relu(z).view(-1, 2, 2)),
    "a jump": (lambda z: torch.where(z > 0, z + 1, z), None),
    "another one": (lambda z: z * (z.flip(1) > 0), None),
    "equality": (lambda z: torch.where(z == 0, z, 2 * z), None),
    "a mask": (lambda z: (z > 0).float(), None),
    "masks and": (lambda z: z * ((z > 0) & (z < 1)), None),
    "counted": (lambda z: (z > 0).float().sum(1), None),
}  # fmt: skip


def write_where_negative(z):
    z[z < 0] = 0.0
    return z


@pytest.mark.parametrize("case", list(COMPARED))
def test_comparisons_are_read_where_they_are_continuous(case):
    function, same = COMPARED[case]
    linear = nn.Linear(3, 4)
    model = Does(lambda x, first: function(first(x)), linear)
    if same is None:
        with pytest.raises(UnsupportedLayerError, match=r"may jump|jumps|compar"):
            lower(model, wanted(3))
        return
    network = assert_same(model, (3,))
    plain = lower(Does(lambda x, first: same(first(x)), linear), wanted(3)).network
    X = np.random.default_rng(0).standard_normal((50, 3))
    np.testing.assert_allclose(evaluate(network, X), evaluate(plain, X), rtol=1e-12, atol=1e-12)

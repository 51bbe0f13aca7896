"""Lowering modules exactly, checking it, and loading saved ones without running code from the file."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from polytope_lens.errors import (  # noqa: E402
    ConsistencyError,
    FileFormatError,
    InvalidNetworkError,
    UnsupportedLayerError,
)
from polytope_lens.importers.torch import from_module, load_torch, lower_and_check, self_check  # noqa: E402
from polytope_lens.network.network import Network, evaluate  # noqa: E402

POINTS = np.random.default_rng(7).standard_normal((50, 2))


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


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


# ---------------------------------------------------------------------------------------------------- lowering


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


# ---------------------------------------------------------------------------------------------------- refusals


def model_with(module):
    return nn.Sequential(OrderedDict(encoder=nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2), module)))


@pytest.mark.parametrize(
    "module", [nn.GELU(), nn.Tanh(), nn.Softplus(), nn.LayerNorm(2), nn.SiLU()], ids=lambda m: type(m).__name__
)
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


class Does(nn.Module):
    """A module that runs a function."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda x: x.exp(), "calls exp, which is not piecewise affine"),
        (lambda x: x * x, "multiplies values that both depend on its input, which is not piecewise affine"),
        (lambda x: x / (x + 3), "calls reciprocal, which is not piecewise affine"),
        (lambda x: x**2, "calls pow, which is not piecewise affine"),
        (lambda x: torch.where(x > 0, x, 0.1 * x), "calls gt, which jumps, so the network is not continuous"),
        (lambda x: x.round(), "calls round, which jumps"),
        (lambda x: x.long(), "converts to torch.int64, which rounds"),
        (lambda x: x.sort(1)[0], "calls sort, which this release does not read"),
        (lambda x: x.max(1).indices + 0.5, "calls argmax, which jumps"),
        (lambda x: x + torch.randn_like(x), "calls randn_like in training mode, which is random. Call model.eval()"),
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


def test_other_results_and_failures_are_told():
    with pytest.raises(UnsupportedLayerError, match="the model returns tuple instead of one tensor"):
        from_module(Does(lambda x: (x, x)), (2,))
    with pytest.raises(UnsupportedLayerError, match=r"cannot be followed on one sample of shape \(3,\).*input_shape"):
        from_module(Does(lambda x: x.view(7)), (3,))
    with pytest.raises(UnsupportedLayerError, match=r"cannot be followed.*numpy"):
        from_module(Does(lambda x: x.numpy()), (3,))


def test_models_that_mix_samples_are_found_out():
    with pytest.raises(ConsistencyError, match="mix the samples of a batch"):
        lower_and_check(Does(lambda x: x - x.mean(0)), (3,))


@pytest.mark.parametrize("function", [lambda x: x.reshape(1, -1), lambda x: x.flatten(), lambda x: x[0] * 2])
def test_models_written_for_one_sample(function):
    lowering, check = lower_and_check(Does(function), (2, 3))
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


@pytest.mark.parametrize("model", [nn.ModuleList([nn.Linear(2, 1)]), "model.pt"], ids=repr)
def test_other_models_are_refused_by_class(model):
    with pytest.raises(UnsupportedLayerError, match=rf"the model .*({type(model).__name__}|cannot be followed)"):
        from_module(model)


def test_dropout_in_training_mode_is_refused_unless_it_drops_nothing():
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5))
    with pytest.raises(UnsupportedLayerError, match=r'module "1" is Dropout in training mode.*Call model\.eval\(\)'):
        from_module(model)
    from_module(model.eval())
    from_module(nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.0)).train())


@pytest.mark.parametrize("dtype", [torch.complex64, torch.int64, torch.int8, torch.bool])
def test_weights_of_other_dtypes_are_refused(dtype):
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
    model[2].weight = nn.Parameter(model[2].weight.detach().to(dtype), requires_grad=False)
    with pytest.raises(UnsupportedLayerError, match=rf'the weight of module "2" has dtype {dtype}.*float16, bfloat16'):
        from_module(model)


def test_weights_without_values_are_refused():
    with pytest.raises(
        UnsupportedLayerError, match=r'the weight of module "0" has dtype torch\.float32 on device meta'
    ):
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


# -------------------------------------------------------------------------------------------------- self-check


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


# ----------------------------------------------------------------------------------------------------- loading


def test_a_saved_sequential_comes_back(tmp_path):
    model = nn.Sequential(
        nn.Linear(2, 4), nn.Sequential(nn.LeakyReLU(0.2), nn.Identity()), nn.Dropout(), nn.Linear(4, 1)
    )
    torch.save(model, tmp_path / "model.pt")
    before = set(torch.serialization.get_safe_globals())
    loaded = load_torch(tmp_path / "model.pt")
    assert set(torch.serialization.get_safe_globals()) == before
    assert not any(module.training for module in loaded.modules())
    assert np.array_equal(evaluate(from_module(loaded), POINTS), evaluate(from_module(model.eval()), POINTS))
    assert torch.equal(loaded[0].weight, model[0].weight)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_a_saved_linear_comes_back_in_a_sequential(tmp_path, dtype):
    linear = nn.Linear(2, 3, dtype=dtype)
    torch.save(linear, tmp_path / "linear.pth")
    loaded = load_torch(str(tmp_path / "linear.pth"))
    assert type(loaded) is nn.Sequential
    assert torch.equal(loaded[0].weight, linear.weight)


def test_a_state_dict_is_refused_with_advice(tmp_path):
    torch.save(small_model().state_dict(), tmp_path / "weights.pt")
    with pytest.raises(
        FileFormatError, match=r"holds a state_dict, which has weights but no activations.*Or build the model"
    ):
        load_torch(tmp_path / "weights.pt")


@pytest.mark.parametrize(("thing", "name"), [({"epoch": 3}, "dict"), (torch.zeros(3), "Tensor"), ({}, "dict")])
def test_other_contents_are_refused(tmp_path, thing, name):
    torch.save(thing, tmp_path / "thing.pt")
    with pytest.raises(FileFormatError, match=rf"holds .*{name} instead of an nn\.Sequential\. Save the whole"):
        load_torch(tmp_path / "thing.pt")


class Bomb:
    """Unpickles by calling `function`."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


class TouchOnBuild(nn.ReLU):
    """A class that an unrestricted unpickler would import and build."""


@pytest.mark.parametrize("place", ["whole", "attribute", "state_dict", "child"])
@pytest.mark.parametrize("function", ["system", "mkdir", "eval", "run"])
def test_nothing_from_the_file_runs(tmp_path, place, function):
    mark = tmp_path / "mark"
    bomb, refused = {  # pickle's protocol 2 writes some modules by their older names
        "system": (Bomb(os.system, f"touch {mark}"), r"(posix|nt)\.system"),
        "mkdir": (Bomb(os.mkdir, str(mark)), r"(posix|nt)\.mkdir"),
        "eval": (Bomb(eval, f"open({str(mark)!r}, 'w').close()"), "eval"),
        "run": (Bomb(subprocess.check_call, ["touch", str(mark)]), r"(subprocess|commands)\.check_call"),
    }[function]
    model = nn.Sequential(nn.Linear(2, 1), nn.ReLU())
    content: object = model
    if place == "whole":
        content = bomb
    elif place == "attribute":
        model.note = bomb
    elif place == "state_dict":
        content = {"weight": torch.zeros(1), "bias": bomb}
    else:
        model._modules["2"] = bomb
    torch.save(content, tmp_path / "bomb.pt")
    with pytest.raises(FileFormatError, match=rf"refers to {refused}, .*nothing from the file was executed"):
        load_torch(tmp_path / "bomb.pt")
    assert not mark.exists()
    # the bomb is real: without the restriction it goes off
    torch.load(tmp_path / "bomb.pt", weights_only=False)
    assert mark.exists()


@pytest.mark.parametrize("module", [nn.GELU(), TouchOnBuild(), nn.LSTM(1, 1)], ids=lambda m: type(m).__name__)
def test_modules_off_the_list_are_refused_by_name(tmp_path, module):
    torch.save(nn.Sequential(nn.Linear(2, 2), module), tmp_path / "model.pt")
    name = type(module).__name__
    with pytest.raises(FileFormatError, match=rf"refers to \S+\.{name}, which is not among the modules"):
        load_torch(tmp_path / "model.pt")


def saved(tmp_path):
    path = tmp_path / "model.pt"
    torch.save(nn.Sequential(nn.Linear(2, 2), nn.ReLU()), path)
    return path


@pytest.mark.filterwarnings("ignore")
def test_torchscript_files_are_refused(tmp_path):
    torch.jit.save(torch.jit.trace(nn.Linear(2, 2), torch.zeros(1, 2)), tmp_path / "script.pt")
    with pytest.raises(FileFormatError, match=r"holds TorchScript, which is a program. If you trust"):
        load_torch(tmp_path / "script.pt")


def test_compiled_models_are_read_as_what_was_compiled():
    compiled = Does(lambda x: 1 / 0)
    compiled._orig_mod = nn.Sequential(nn.Linear(2, 3), nn.ReLU())  # as torch.compile makes it
    lowering, check = lower_and_check(compiled)
    assert lowering.network.widths == (3,)
    assert check.within_bound


def test_missing_files_and_directories_are_refused(tmp_path):
    with pytest.raises(FileFormatError, match=r"missing\.pt cannot be read: No such file"):
        load_torch(tmp_path / "missing.pt")
    with pytest.raises(FileFormatError, match="cannot be read: Is a directory"):
        load_torch(tmp_path)


def test_truncated_files_are_refused(tmp_path):
    path = saved(tmp_path)
    data = path.read_bytes()
    for length in range(0, len(data), 97):
        path.write_bytes(data[:length])
        with pytest.raises(FileFormatError, match="is damaged, or not a model"):
            load_torch(path)


@pytest.mark.parametrize("data", [b"", b"hello", b"\x80\x02}.", bytes(range(256)) * 8], ids=len)
def test_other_files_are_refused(tmp_path, data):
    path = tmp_path / "other.pt"
    path.write_bytes(data)
    with pytest.raises(FileFormatError, match="damaged, or not a model"):
        load_torch(path)


def test_other_ways_of_saving_are_refused(tmp_path):
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    torch.save(model, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    torch.save(model, tmp_path / "protocol.pt", pickle_protocol=4)
    for name in ("old.pt", "protocol.pt"):
        with pytest.raises(FileFormatError, match="damaged, or not a model"):
            load_torch(tmp_path / name)


def test_flipped_bytes_lead_to_one_of_our_errors_or_to_a_model(tmp_path):
    path = saved(tmp_path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    pickle_name = next(name for name in members if name.endswith("data.pkl"))
    rng = np.random.default_rng(0)
    outcomes = set()
    for _ in range(300):
        data = bytearray(members[pickle_name])
        data[rng.integers(len(data))] = rng.integers(256)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, bytes(data) if name == pickle_name else content)
        path.write_bytes(buffer.getvalue())
        try:
            outcomes.add(type(load_torch(path)).__name__)
        except (FileFormatError, UnsupportedLayerError, InvalidNetworkError) as error:
            outcomes.add(type(error).__name__)
    assert {"Sequential", "FileFormatError"} <= outcomes


def test_tampered_modules_are_refused(tmp_path):
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    model[0].__dict__["_parameters"] = {"weight": "no tensor", "bias": None}
    torch.save(model, tmp_path / "tampered.pt")
    with pytest.raises(FileFormatError, match="damaged modules"):
        load_torch(tmp_path / "tampered.pt")
    endless = nn.Sequential(nn.Linear(2, 2))
    endless._modules["1"] = endless
    torch.save(endless, tmp_path / "endless.pt")
    with pytest.raises(FileFormatError, match="damaged modules"):
        load_torch(tmp_path / "endless.pt")


def test_the_package_and_training_import_without_torch():
    code = (
        "import sys, polytope_lens, polytope_lens.importers, polytope_lens.training; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

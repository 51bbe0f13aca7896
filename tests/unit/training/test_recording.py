"""Recorders around loops of any kind, and recordings as files."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.domain import Box
from polytope_lens.errors import DimensionError, DomainError, FileFormatError, OptionError, UnsupportedLayerError
from polytope_lens.network import Network, from_arrays
from polytope_lens.training import Recorder, Recording, Samples, categories, mlp, moons, ring, sample, train

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from polytope_lens.importers.torch import from_module  # noqa: E402
from polytope_lens.training.weights import network_now  # noqa: E402

SAMPLES = sample(ring(32), 60, 20)
POINTS = torch.tensor(SAMPLES.train_points, dtype=torch.float32)
VALUES = torch.tensor(SAMPLES.train_values, dtype=torch.float32)


def arrays_of(network):
    """All numbers of a network."""
    arrays = [network.output_weight, network.output_bias]
    for layer in network.layers:
        arrays += [layer.weight, layer.bias, layer.negative_slope, layer.positive_slope, layer.cuts]
    return arrays


def same(first, second):
    if first is None or second is None:
        return first is second
    pairs = zip(arrays_of(first), arrays_of(second), strict=True)
    return len(first.layers) == len(second.layers) and all(np.array_equal(a, b) for a, b in pairs)


def steps_of(model, n, optimizer=None):
    """A loop that knows of no recorder; yields before each update."""
    optimizer = optimizer or torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(n):
        yield
        optimizer.zero_grad()
        ((model(POINTS).squeeze(1) - VALUES) ** 2).mean().backward()
        optimizer.step()


def run(model, n, optimizer=None):
    for _ in steps_of(model, n, optimizer):
        pass


def n_hooks():
    from torch.optim.optimizer import _global_optimizer_post_hooks

    return len(_global_optimizer_post_hooks)


# -------------------------------------------------------------------------------------------- the network now


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
    assert same(network, from_module(model))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2)  # what was copied does not change with the model
    assert not same(network, network_now(model))


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
    assert same(found, from_module(model.eval()))


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


# ------------------------------------------------------------------------------------------------- recorders


def test_any_loop_is_recorded_without_knowing_it():
    model = mlp((2, 6, 6, 1))
    with Recorder(model, every=3, samples=SAMPLES, target=ring(32)) as recorder:
        expected = [from_module(model) for _ in steps_of(model, 10)]
    assert recorder.steps == [0, 3, 6, 9]
    assert all(same(network, expected[step]) for step, network in zip(recorder.steps, recorder.networks, strict=True))
    recording = recorder.recording()
    assert repr(recording) == "Recording(4 steps from 0 to 9)"
    assert recording.samples is SAMPLES
    assert np.array_equal(recording.target, ring(32))
    assert [step for step, _ in recording] == recorder.steps
    run(model, 5)
    assert recorder.steps == [0, 3, 6, 9]


def test_the_trainer_is_such_a_loop_and_both_ways_at_once_are_one():
    by_hand, inside, both = (mlp((2, 5, 1)) for _ in range(3))
    first = Recorder(by_hand, every=2)
    train(by_hand, SAMPLES, steps=6, on_step=first, progress=False)
    with Recorder(inside, every=2) as second:
        train(inside, SAMPLES, steps=6, progress=False)
    with Recorder(both, every=2) as third:
        train(both, SAMPLES, steps=6, on_step=third, progress=False)
    assert first.steps == second.steps == third.steps == [0, 2, 4, 6]
    for networks in zip(first.networks, second.networks, third.networks, strict=True):
        assert same(networks[0], networks[1])
        assert same(networks[0], networks[2])


def test_only_optimisers_of_the_model_count_and_recorders_nest():
    one, other = mlp((2, 4, 1)), mlp((2, 4, 1), seed=1)
    n_before = n_hooks()
    with Recorder(one) as outer, Recorder(other, every=2) as inner, Recorder(one, every=4) as sparse:
        run(one, 4)
        run(other, 5, torch.optim.SGD(other[0].parameters(), lr=0.1))  # some of its parameters are enough
        assert n_hooks() == n_before + 3
    assert n_hooks() == n_before
    assert outer.steps == [0, 1, 2, 3, 4]
    assert inner.steps == [0, 2, 4]
    assert sparse.steps == [0, 4]
    assert same(outer.networks[-1], sparse.networks[-1])
    assert same(inner.networks[0], from_module(mlp((2, 4, 1), seed=1)))


def test_an_exception_in_the_loop_leaves_the_steps_before_it_and_no_hook():
    model = mlp((2, 4, 1))
    n_before = n_hooks()
    recorder = Recorder(model)

    def loop():
        with recorder:
            for step, _ in enumerate(steps_of(model, 10)):
                if step == 3:
                    raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        loop()
    assert n_hooks() == n_before
    assert recorder.steps == [0, 1, 2, 3]
    run(model, 2)
    assert len(recorder.steps) == 4


def test_a_recorder_goes_on_where_it_was_left():
    model = mlp((2, 4, 1))
    recorder = Recorder(model, every=2)
    optimizer = torch.optim.Adam(model.parameters())
    for _ in range(3):  # epochs of three steps
        with recorder:
            run(model, 3, optimizer)
    assert recorder.steps == [0, 2, 4, 6, 8]
    with recorder, pytest.raises(OptionError, match="recording already"):
        recorder.__enter__()


def test_divergence_is_recorded_and_training_goes_on():
    model = mlp((2, 4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    kept = [parameter.detach().clone() for parameter in model.parameters()]
    with Recorder(model) as recorder:
        for step, _ in enumerate(steps_of(model, 6, optimizer)):
            with torch.no_grad():
                if step == 2:
                    model[0].weight[0, 0] = torch.nan
                if step == 4:
                    for parameter, old in zip(model.parameters(), kept, strict=True):
                        parameter.copy_(old)
    assert [network is None for network in recorder.networks] == [False, False, False, True, True, False, False]
    assert repr(recorder.recording()) == "Recording(7 steps from 0 to 6, 2 of them diverged)"


def test_compiled_models_and_unreadable_ones():
    model = mlp((2, 4, 1))
    assert Recorder(torch.compile(model, backend="eager")).model is model
    n_before = n_hooks()
    recorder = Recorder(nn.Sequential(nn.Linear(2, 2), nn.GELU()))
    with pytest.raises(UnsupportedLayerError, match="GELU"), recorder:
        pass
    assert n_hooks() == n_before


def test_steps_by_hand_should_increase():
    recorder = Recorder(mlp((2, 4, 1)), every=2)
    for step in (0, 1, 2, 2, 4):
        recorder(step)
    assert recorder.steps == [0, 2, 4]
    with pytest.raises(OptionError, match="2 comes after 4"):
        recorder(2)


def test_the_forwarders_hand_everything_on(monkeypatch):
    recorder = Recorder(mlp((2, 4, 1)))
    recorder(0)
    calls = []

    monkeypatch.setattr(
        "polytope_lens.training.film.film",
        lambda recording, path, **options: calls.append((len(recording), path, options)),
    )
    monkeypatch.setattr(
        "polytope_lens.training.events.events", lambda recording, **options: calls.append((len(recording), options))
    )
    recorder.film("ring.mp4", fps=10)
    recorder.events(workers=1)
    assert calls == [(1, "ring.mp4", {"fps": 10}), (1, {"workers": 1})]


# ------------------------------------------------------------------------------------------------ recordings


def test_recordings_refuse_what_does_not_fit():
    network = from_arrays([[[1.0, 2.0]]], [[0.0]])
    for steps in ([0, 0], [1, 0], [0], [[0, 1]]):
        with pytest.raises(DimensionError, match="one step for each of its 2 networks, in increasing order"):
            Recording(np.array(steps), (network, network))
    with pytest.raises(DomainError, match="a Box as domain, but received NoneType"):
        Recording(np.array([0]), (network,), None)
    with pytest.raises(DimensionError, match="3 channels"):
        Recording(np.array([0]), (network,), target=np.zeros((4, 4, 3)))
    assert repr(Recording(np.array([], dtype=int), ())) == "Recording(0 steps)"


def equal(first, second):
    assert np.array_equal(first.steps, second.steps)
    assert all(same(a, b) for a, b in zip(first.networks, second.networks, strict=True))
    assert repr(first.domain) == repr(second.domain)
    assert (first.samples is None) == (second.samples is None)
    if first.samples is not None:
        for name in ("train_points", "train_values", "validation_points", "validation_values"):
            one, other = getattr(first.samples, name), getattr(second.samples, name)
            assert one.dtype == other.dtype
            assert np.array_equal(one, other)
    assert (first.target is None) == (second.target is None)
    if first.target is not None:
        assert first.target.dtype == second.target.dtype
        assert np.array_equal(first.target, second.target)


def recorded(model, *, samples=None, target=None, n=6, **options):
    with Recorder(model, samples=samples, target=target, **options) as recorder:
        run(model, n)
    return recorder


CLASSES = categories(moons(32), 3)


@pytest.mark.parametrize(
    "recorder",
    [
        recorded(mlp((2, 6, 6, 1)), samples=SAMPLES, target=ring(32)),
        recorded(mlp((2, 6, 1), negative_slope=0.1), every=4, samples=sample(CLASSES, 50, 0), target=CLASSES),
        recorded(mlp((2, 1)), domain=Box([0, -0.1], [1 / 3, 2])),
        recorded(nn.Sequential(nn.Linear(2, 3), nn.PReLU(), nn.Linear(3, 3), nn.Linear(3, 1)), target=ring(32) / 3),
    ],
    ids=["floats", "categories", "affine", "slopes that change"],
)
def test_files_bring_back_what_was_saved(tmp_path, recorder):
    recorder.save(tmp_path / "run.npz")
    equal(recorder.recording(), Recording.load(tmp_path / "run.npz"))


def test_double_weights_and_divergence_are_kept(tmp_path):
    rng = np.random.default_rng(0)
    networks = [from_arrays([rng.normal(size=(3, 2)), rng.normal(size=(1, 3))], [np.zeros(3), [1e300]])] * 2
    for kept in ((networks[0], None, networks[1], None), (None, None), ()):
        recording = Recording(np.arange(len(kept)) * 5, kept)
        recording.save(tmp_path / "run.npz")
        equal(recording, Recording.load(tmp_path / "run.npz"))


def test_floats_take_four_bytes_where_none_is_rounded(tmp_path):
    recorder = recorded(mlp((2, 40, 40, 1)), n=20)
    recorder.save(tmp_path / "run.npz")
    n_parameters = sum(parameter.numel() for parameter in recorder.model.parameters())
    assert (tmp_path / "run.npz").stat().st_size < 1.05 * 4 * 21 * n_parameters
    with np.load(tmp_path / "run.npz") as archive:
        assert archive["weights1"].dtype == np.float32
        assert archive["weights1"].shape == (21, 40, 40)


def test_a_failed_save_leaves_the_file_that_was_there(tmp_path):
    path = tmp_path / "run.npz"
    recorded(mlp((2, 3, 1))).save(path)
    before = path.read_bytes()
    mixed = Recording(np.arange(2), (network_now(mlp((2, 3, 1))), network_now(mlp((2, 4, 1)))))
    with pytest.raises(OptionError, match="differ in their weights only, but it has Network"):
        mixed.save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["run.npz"]


def test_damaged_files_are_refused_in_one_sentence(tmp_path):
    path = tmp_path / "run.npz"
    recorded(mlp((2, 3, 1)), samples=SAMPLES, target=ring(32)).save(path)
    good = path.read_bytes()
    middle = len(good) // 2
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}

    def refused(match):
        with pytest.raises(FileFormatError, match=match):
            Recording.load(path)

    with pytest.raises(FileFormatError, match="cannot be read: No such file"):
        Recording.load(tmp_path / "missing.npz")
    for damaged in (b"", good[:middle], good[:middle] + bytes([good[middle] ^ 255]) + good[middle + 1 :]):
        path.write_bytes(damaged)
        refused("is damaged, or not a .npz archive")
    np.savez(path, **(arrays | {"steps": np.array([{}], dtype=object)}))
    refused("holds Python objects, which are never read")
    np.savez(path, **{name: array for name, array in arrays.items() if name != "recording_version"})
    refused("holds no recording")
    for name in arrays.keys() - {"recording_version", "target", "train_points"}:
        np.savez(path, **{other: array for other, array in arrays.items() if other != name})
        refused(r"(is missing|shape)")
    changes = {
        "recording_version": (np.array(2), "version 2, but this release reads version 1"),
        "steps": (arrays["steps"][::-1], "steps should increase"),
        "finite": (~arrays["finite"], "finite should be true for some step"),
        "weights0": (np.full_like(arrays["weights0"], np.nan), "should be finite"),
        "weights1": (arrays["weights1"][:, :, :2], "should take the 3 values"),
        "biases1": (arrays["biases1"].astype(int), "float64"),
        "cuts0": (~arrays["cuts0"], "`cuts` should be"),
        "lo": (arrays["lo"] + 5, "lower < upper"),
        "train_values": (arrays["train_values"].astype(int), "values of one kind"),
        "target": (arrays["target"][:4], "square of at least one pixel"),
    }
    for name, (array, message) in changes.items():
        np.savez(path, **(arrays | {name: array}))
        refused(message)


def test_users_may_hand_in_their_own_samples(tmp_path):
    rng = np.random.default_rng(0)
    samples = Samples(rng.normal(size=(5, 2)), np.arange(5), np.zeros((0, 2)), np.zeros(0, dtype=int))
    recorded(mlp((2, 3, 1)), samples=samples).save(tmp_path / "own.npz")
    assert np.array_equal(Recording.load(tmp_path / "own.npz").samples.train_points, samples.train_points)

"""Recordings as files."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.domain import Box
from polytope_lens.errors import FileFormatError, MissingFileError, OptionError
from polytope_lens.experiments import categories, mlp, moons, ring, sample
from polytope_lens.io.array_archive import load_arrays, save_arrays
from polytope_lens.network.network import from_arrays
from polytope_lens.training import Recorder, Recording, Samples
from refusals import NO_PATHS, refuses
from trainings import SAMPLES, run, same_network

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from polytope_lens.training.weights import network_now  # noqa: E402


def equal(first, second):
    assert np.array_equal(first.steps, second.steps)
    assert all(same_network(a, b) for a, b in zip(first.networks, second.networks, strict=True))
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


def classified():
    image = categories(moons(32), 3)
    model = mlp((2, 6, 3), negative_slope=0.1)
    recorder = Recorder(model, every=4, samples=sample(image, 50, 0), target=image)
    for step in range(9):
        recorder(step)
    return recorder


def sloping():
    model = nn.Sequential(nn.Linear(2, 3), nn.PReLU(), nn.Linear(3, 3), nn.Linear(3, 1))
    return recorded(model, target=ring(32) / 3)


@pytest.mark.parametrize(
    "make",
    [
        lambda: recorded(mlp((2, 6, 6, 1)), samples=SAMPLES, target=ring(32)),
        classified,
        lambda: recorded(mlp((2, 1)), domain=Box([0, -0.1], [1 / 3, 2])),
        sloping,
    ],
    ids=["floats", "categories", "affine", "slopes that change"],
)
def test_files_bring_back_what_was_saved(tmp_path, make):
    recorder = make()
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
    arrays = load_arrays(path)

    def refused(match):
        with pytest.raises(FileFormatError, match=match):
            Recording.load(path)

    with pytest.raises(MissingFileError, match="cannot be read: there is no such file"):
        Recording.load(tmp_path / "missing.npz")
    for damaged in (b"", good[:middle], good[:middle] + bytes([good[middle] ^ 255]) + good[middle + 1 :]):
        path.write_bytes(damaged)
        refused("is damaged, or not a .npz archive")
    np.savez(path, **(arrays | {"steps": np.array([{}], dtype=object)}))
    refused("holds Python objects, in .*, which are never read")
    save_arrays(path, {name: array for name, array in arrays.items() if name != "recording_version"})
    refused("holds no recording")
    for name in arrays.keys() - {"recording_version", "target", "train_points"}:
        save_arrays(path, {other: array for other, array in arrays.items() if other != name})
        refused(r"(is missing|shape)")
    changes = {
        "recording_version": (np.array(1), "version 1, but this release reads version 2"),
        "steps": (arrays["steps"][::-1], "steps should increase"),
        "finite": (~arrays["finite"], "finite should be true for some step"),
        "weights0": (np.full_like(arrays["weights0"], np.nan), "should be finite"),
        "weights1": (arrays["weights1"][:, :, :2], "should take the 3 values"),
        "biases1": (arrays["biases1"].astype(int), "float64"),
        "cuts0": (~arrays["cuts0"], "`cuts` should be"),
        "lo": (arrays["lo"] + 5, "lower <= upper"),
        "train_values": (arrays["train_values"].astype(int), "values of one kind"),
        "target": (arrays["target"][:4], "square of at least one pixel"),
    }
    for name, (array, message) in changes.items():
        save_arrays(path, arrays | {name: array})
        refused(message)


def test_users_may_hand_in_their_own_samples(tmp_path):
    rng = np.random.default_rng(0)
    samples = Samples(rng.normal(size=(5, 2)), np.arange(5), np.zeros((0, 2)), np.zeros(0, dtype=int))
    recorder = Recorder(mlp((2, 3, 5)), samples=samples)
    recorder(0)
    recorder.save(tmp_path / "own.npz")
    assert np.array_equal(Recording.load(tmp_path / "own.npz").samples.train_points, samples.train_points)


def test_only_paths_are_files():
    recording = Recording([], ())
    refuses(recording.save, "path", NO_PATHS, "the file of a recording should be a path")
    refuses(Recording.load, "path", NO_PATHS, "the file of a recording should be a path")

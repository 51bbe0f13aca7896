"""Experiments by name, at tiny settings."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from polytope_lens import Lens
from polytope_lens.errors import OptionError
from polytope_lens.network import evaluate
from polytope_lens.training import Recording, experiments, pixel_coordinates
from polytope_lens.training.experiments import COLUMNS, EXPERIMENTS, about, experiment, settings
from polytope_lens.training.models import mlp
from polytope_lens.training.runs import Setting, learn, record

pytest.importorskip("torch")
TINY = {"points": 60, "validation": 20, "steps": 6, "frames": 2, "size": 24, "progress": False, "workers": 1}


@pytest.fixture(autouse=True)
def _gif(monkeypatch):
    """Films that every installation can write."""
    monkeypatch.setattr(experiments, "film_suffix", lambda: ".gif")


def cells(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def test_a_run_is_measured_by_a_second_road():
    run = learn(Setting(shape="5x2", points=60, validation=20, steps=7, frames=2, size=16), workers=1, progress=False)
    assert run.recording.steps.tolist() == [0, 4, 7]
    trained, samples = run.recording.networks[-1], run.recording.samples
    dense = evaluate(trained, pixel_coordinates(16))[:, 0]
    assert run.measures.true_error[-1] == pytest.approx(np.mean((dense - run.image.ravel()) ** 2))
    residues = evaluate(trained, samples.train_points)[:, 0] - samples.train_values
    assert run.measures.train_loss[-1] == pytest.approx(np.mean(residues**2))
    assert run.history.train_loss[-1] == pytest.approx(run.measures.train_loss[-1], rel=1e-4)  # torch, in float32
    assert run.n_regions == len(run.partition) == run.measures.counts[-1, -1]
    assert run.n_inhabited == len({tuple(bits) for bits in Lens(trained).patterns(samples.train_points)})


@pytest.mark.parametrize(
    ("steps", "frames", "pace", "recorded"),
    [(6, 2, 1, [0, 3, 6]), (3, 5, 1, [0, 1, 2, 3]), (100, 4, 2, [0, 6, 25, 56, 100]), (10, 1, 3, [0, 10])],
)
def test_steps_are_recorded_at_a_pace(steps, frames, pace, recorded):
    assert Setting(steps=steps, frames=frames, pace=pace).recorded_steps.tolist() == recorded
    if steps < 20:
        setting = Setting(shape="3", points=20, validation=5, size=8, steps=steps, frames=frames, pace=pace)
        assert record(setting, progress=False)[0].steps.tolist() == recorded


def test_the_same_seed_gives_the_same_run():
    setting = Setting(shape="4", points=40, validation=5, steps=5, frames=5, size=16)
    one, other = (record(setting, progress=False)[0].networks[-1] for _ in range(2))
    different = record(replace(setting, seed=1), progress=False)[0].networks[-1]
    X = pixel_coordinates(5)
    assert np.array_equal(evaluate(one, X), evaluate(other, X))
    assert not np.array_equal(evaluate(one, X), evaluate(different, X))


def test_a_setting_counts_its_parameters_and_names_its_files():
    setting = Setting(shape="10x2,3", categories=3, target="text:A b/c", seed=2)
    assert setting.n_parameters == sum(p.numel() for p in mlp(setting.layers).parameters())
    assert setting.layers == (2, 10, 10, 3, 3)
    assert "/" not in setting.slug and " " not in setting.slug
    assert Setting().slug == "ring_14x6_5000"
    slugs = {replace(setting, **{name: value}).slug for name, value in (("seed", 0), ("categories", 0), ("points", 7))}
    assert len(slugs) == 3


def test_several_values_make_several_settings():
    found = settings({"shape": ("4", "5"), "steps": 9}, {"points": [10, 20], "steps": 3})
    assert [(s.shape, s.points, s.steps) for s in found] == [("4", 10, 3), ("4", 20, 3), ("5", 10, 3), ("5", 20, 3)]
    assert settings({}, {}) == [Setting()]


def test_every_experiment_says_what_it_does_and_how_long_it_takes():
    for name in EXPERIMENTS:
        assert "second" in about(name) or "minute" in about(name)
        assert len(about(name)) < 110


@pytest.mark.parametrize("name", ["post1", "post2", "categorical"])
def test_experiments_write_what_they_say(name, tmp_path, capsys):
    options = {**TINY, "shape": "5"} if name == "post1" else {**TINY, "shape": "4x2"}
    result = experiment(name, tmp_path / "new", **options)
    printed = capsys.readouterr().out
    assert result.name == name
    assert len({path.name for path in result.files}) == len(result.files) == 5 * len(result.runs) + 1
    for path in result.files:
        assert path.stat().st_size > 50
        assert str(path) in printed
    for run, row in zip(result.runs, cells(tmp_path / "new" / f"{name}.csv"), strict=True):
        assert row["regions"] == str(len(run.partition))
        assert float(row["true error"]) == run.measures.true_error[-1]
        steps = cells(tmp_path / "new" / f"{run.setting.slug}_steps.csv")
        assert [row["step"] for row in steps] == ["0", "3", "6"]
        assert steps[-1][f"regions after layer {len(run.setting.layers) - 3}"] == str(len(run.partition))
        saved = Recording.load(tmp_path / "new" / f"{run.setting.slug}.npz")
        assert saved.steps.tolist() == [0, 3, 6]
        with Image.open(tmp_path / "new" / f"{run.setting.slug}.gif") as film:
            assert film.size == (1280, 480)
    classes = [run.setting.categories for run in result.runs]
    assert classes == ([2, 3] if name == "categorical" else [0] * len(result.runs))
    assert [run.setting.target for run in result.runs] == {
        "post1": ["disc", "photograph"], "post2": ["ring"], "categorical": ["ring", "moons"],
    }[name]  # fmt: skip


def test_comparisons_have_a_figure(tmp_path, capsys):
    result = experiment("post3", tmp_path, **{**TINY, "points": [30, 60], "shape": "3x2"})
    assert [row["points"] for row in result.table()] == [30, 60]
    assert result.files[-1] == tmp_path / "post3.png"
    assert tuple(result.table()[0]) == COLUMNS
    deep = experiment("depth", tmp_path, **{**TINY, "shape": ["6", "3x3"]})
    assert [len(run.setting.layers) - 2 for run in deep.runs] == [1, 3]
    assert (tmp_path / "depth.png").is_file()
    capsys.readouterr()


def test_depths_have_equally_many_parameters(monkeypatch):
    planned = {}
    monkeypatch.setattr(experiments, "_experiment", lambda name, folder, given, defaults, **_: planned.update(defaults))
    experiments.depth()
    found = settings(planned, {})
    assert [len(setting.layers) - 2 for setting in found] == list(range(1, 9))
    assert all(abs(setting.n_parameters - 1107) < 110 for setting in found)


def test_a_diverged_run_is_told_and_goes_on(tmp_path, capsys):
    result = experiment("post2", tmp_path, **{**TINY, "shape": "4x2", "learning_rate": 1e38})
    assert result.runs[0].partition is None
    assert result.table()[0]["regions"] == 0
    assert "nan" in capsys.readouterr().out


def test_the_crease_needs_no_network(tmp_path, capsys):
    result = experiment("post1-crease", tmp_path, frames=2, progress=False)
    assert [path.name for path in result.files] == ["crease_a.gif", "crease_b.gif", "crease_c.gif"]
    assert str(result.files[0]) in capsys.readouterr().out


def test_experiments_refuse_in_one_sentence(tmp_path):
    for name, options, says in (
        ("post9", {}, "the experiments are post1-crease, post1,"),
        ("post2", {"colour": "red"}, "no option `colour`"),
        ("post1-crease", {"points": 5}, "received `points`"),
        ("post1-crease", {"frames": [3, 4]}, r"received frames=\[3, 4\]"),
        ("post2", {"shape": "14x0"}, "each at least 1"),
        ("post2", {"steps": 0}, "`steps`"),
        ("post2", {"learning_rate": -1.0}, "`learning_rate`"),
        ("post2", {"steps": [3, 4]}, "runs in one folder should differ"),
        ("post2", {"target": "rung"}, "a target should be one of"),
        ("post2", {"size": 8, "points": 65}, "64 pixels"),
    ):
        with pytest.raises(OptionError, match=says):
            experiment(name, tmp_path, progress=False, **options)

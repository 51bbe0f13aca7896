"""Experiments by name, at tiny settings."""

from __future__ import annotations

import csv

import pytest
from PIL import Image

from polytope_lens.errors import OptionError
from polytope_lens.experiments import posts
from polytope_lens.experiments.posts import COLUMNS, EXPERIMENTS, about, experiment, settings
from polytope_lens.experiments.run import RunSetting
from polytope_lens.training import Recording
from refusals import NO_COUNTS, NO_NAMES, NO_PATHS, refuses

pytest.importorskip("torch")


TINY = {"n_points": 60, "n_validation": 20, "steps": 6, "frames": 2, "target_size": 24, "progress": False, "workers": 1}


@pytest.fixture(autouse=True)
def _gif(monkeypatch):
    """Films that every installation can write."""
    monkeypatch.setattr(posts, "film_suffix", lambda: ".gif")


def cells(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def test_several_values_make_several_settings():
    found = settings({"shape": ("4", "5"), "steps": 9}, {"n_points": [10, 20], "steps": 3})
    assert [(s.shape, s.n_points, s.steps) for s in found] == [("4", 10, 3), ("4", 20, 3), ("5", 10, 3), ("5", 20, 3)]
    assert settings({}, {}) == [RunSetting()]


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
    result = experiment("post3", tmp_path, **{**TINY, "n_points": [30, 60], "shape": "3x2"})
    assert [row["points"] for row in result.table()] == [30, 60]
    assert result.files[-1] == tmp_path / "post3.png"
    assert tuple(result.table()[0]) == COLUMNS
    deep = experiment("depth", tmp_path, **{**TINY, "shape": ["6", "3x3"]})
    assert [len(run.setting.layers) - 2 for run in deep.runs] == [1, 3]
    assert (tmp_path / "depth.png").is_file()
    capsys.readouterr()


def test_depths_have_equally_many_parameters(monkeypatch):
    planned = {}
    monkeypatch.setattr(posts, "_experiment", lambda name, folder, given, defaults, **_: planned.update(defaults))
    posts.depth()
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
        ("post1-crease", {"n_points": 5}, "received `n_points`"),
        ("post1-crease", {"frames": [3, 4]}, r"received frames=\[3, 4\]"),
        ("post2", {"shape": "14x0"}, "each at least 1"),
        ("post2", {"steps": 0}, "`steps`"),
        ("post2", {"learning_rate": -1.0}, "`learning_rate`"),
        ("post2", {"steps": [3, 4]}, "runs in one folder should differ"),
        ("post2", {"target": "rung"}, "a target should be one of"),
        ("post2", {"target_size": 8, "n_points": 65}, "64 pixels"),
    ):
        with pytest.raises(OptionError, match=says):
            experiment(name, tmp_path, progress=False, **options)
    refuses(lambda name: experiment(name, tmp_path), "name", NO_NAMES, "the experiments are post1-crease, post1,")
    refuses(lambda workers: experiment("post2", tmp_path, workers=workers), "workers", NO_COUNTS, "`workers` should be")
    refuses(lambda folder: experiment("post2", folder), "folder", [v for v in NO_PATHS if v is not None], "the folder")
    none = [v for v in NO_COUNTS if not isinstance(v, list)]  # one value in a list is one value
    refuses(lambda frames: experiment("post1-crease", tmp_path, frames=frames), "frames", none, "frames")

"""Commands that train."""

from __future__ import annotations

from dataclasses import fields

import pytest
from PIL import Image

from commands import refused
from polytope_lens.cli import main
from polytope_lens.cli.training_commands import SETTING
from polytope_lens.experiments.posts import EXPERIMENTS
from polytope_lens.experiments.run import RunSetting
from polytope_lens.experiments.toy.targets import NAMES

TINY = ["--n-points=40", "--n-validation=10", "--steps=4", "--frames=2", "--target-size=16", "--quiet", "--workers=1"]


def test_a_film_to_explore(capsys, tmp_path):
    pytest.importorskip("torch")
    page = tmp_path / "ring.html"
    assert main(["film", "-o", str(page), "--shape", "4x2", *TINY]) == 0
    assert capsys.readouterr().out.startswith(f"{page}: Explorer(3 steps of up to ")
    assert page.read_text().startswith("<!doctype html>")


def test_film(capsys, tmp_path):
    pytest.importorskip("torch")
    path = str(tmp_path / "ring.gif")
    assert main(["film", "-o", path, "--shape", "4x2", *TINY, "--panels", "partition", "pattern", "--fps", "5"]) == 0
    assert capsys.readouterr().out == f"{path}: 3 frames, from step 0 to 4\n"
    with Image.open(path) as film:
        assert film.size == (1280, 480)
        assert film.n_frames == 3
    assert main(["film", "-o", path, "--shape", "4", *TINY, "--no-curves", "--size", "540", "400"]) == 0
    with Image.open(path) as film:
        assert film.size == (540, 400)


def test_experiments_are_listed(capsys):
    assert main(["experiment"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(EXPERIMENTS)


def test_experiment(capsys, tmp_path):
    pytest.importorskip("torch")
    assert main(["experiment", "post2", "--folder", str(tmp_path), "--shape", "3", "4", *TINY]) == 0
    printed = capsys.readouterr().out
    assert "ring from 40 points: 4, 17 parameters" in printed
    assert str(tmp_path / "post2.csv") in printed


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("film", "-o", "ring.avi"), "the suffix of a film"),
        (("film", "-o", "nowhere/ring.gif"), "there is no folder nowhere"),
        (("film", "-o", "nowhere/ring.html"), "there is no folder nowhere"),
        (("film", "-o", "ring.gif", "--shape", "14x0"), "each at least 1"),
        (("film", "-o", "ring.gif", "--target", "rung"), "a target should be one of"),
        (("film", "-o", "ring.gif", "--target-size", "8"), "the image has 64 pixels"),
        (("film", "-o", "ring.gif", "--learning-rate", "0"), "`--learning-rate`"),
        (("experiment", "post9"), "the experiments are"),
        (("experiment", "post1-crease", "--n-points", "5"), "nothing is trained"),
        (("experiment", "post3", "--steps", "-1", "--folder", "FOLDER"), "`--steps`"),
    ],
)
def test_bad_experiments_get_one_sentence(capsys, tmp_path, arguments, says):
    pytest.importorskip("torch")
    assert says in refused(capsys, *(str(tmp_path) if word == "FOLDER" else word for word in arguments))


def test_options_of_training_are_those_of_a_setting():
    assert tuple(SETTING) == tuple(field.name for field in fields(RunSetting))
    assert SETTING["target"][2].split(", ")[: len(NAMES)] == list(NAMES)

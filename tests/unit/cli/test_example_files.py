"""The files of examples: with them, what each help ends with runs as it is."""

from __future__ import annotations

import shlex

import numpy as np
import pytest

from commands import refused
from polytope_lens import Box, Lens
from polytope_lens.cli import command_parser, main
from polytope_lens.cli.example_files import write_examples

(COMMANDS,) = (action.choices for action in command_parser()._actions if action.dest == "==SUPPRESS==")
# What trains, tests or compiles for long has tests of its own.
LONG = ("film", "experiment", "demo", "doctor", "warm-up", "example")
EXAMPLES = [
    line.split(" > ")[0].strip()
    for name, command in COMMANDS.items()
    if name not in LONG
    for line in command.format_help().partition("\nexample")[2].splitlines()
    if line.startswith("  polytope-lens") and "model.onnx" not in line  # which is any model with three channels
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("examples")
    write_examples(made)
    Lens(made / "net.npz").count(Box([-1, -1], [1, 1]), proof=made / "run.proof")
    return made


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_of_helps_run_as_they_are(example, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    if "parquet" in example:
        pytest.importorskip("pyarrow")
    program, *words = shlex.split(example)
    assert program == "polytope-lens"
    differ, is_limited = words[0] == "is-equal" and "--within" not in words, "--max-regions" in words
    assert main(words) == (1 if differ else 3 if is_limited else 0)
    assert capsys.readouterr().out or "-o" in words


def test_they_are_what_they_are_said_to_be(folder):
    net, pruned, classes = (Lens(folder / f"{name}.npz") for name in ("net", "pruned", "classes"))
    X = np.load(folder / "X.npy")
    assert (net(X) == Lens.example()(X)).all()
    assert 0 < abs(net(X) - pruned(X)).max() < 0.03
    assert 15 < np.count_nonzero(classes(X).argmax(axis=1)) < 35
    assert len(np.load(folder / "y.npy")) == len(X)


def test_nothing_is_overwritten(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.npy").write_text("mine")
    assert refused(capsys, "example").startswith("polytope-lens: x.npy is there already, and nothing is overwritten.")
    assert [path.name for path in tmp_path.iterdir()] == ["x.npy"]
    assert main(["example", "--folder", "new/one"]) == 0
    assert "new/one/net.npz: 2 inputs" in capsys.readouterr().out

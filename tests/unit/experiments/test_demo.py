"""The demonstration, in two steps."""

from __future__ import annotations

import pytest

from polytope_lens.cli import main
from polytope_lens.experiments.demo import run
from refusals import NO_COUNTS, NO_PATHS, refuses


def test_demo_writes_what_it_says(capsys, tmp_path):
    pytest.importorskip("torch")
    assert main(["demo", "--steps", "2", "--live", "--quiet", "--folder", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    for name in ("ring.png", "ring.svg", "ring.gif", "ring.npz"):
        assert (tmp_path / name).stat().st_size > 1000
        assert str(tmp_path / name) in printed
    assert "of which these" in printed
    assert "after layer 5:" in printed


def test_demo_refuses_in_one_sentence(tmp_path):
    for name in ("steps", "seed", "workers"):
        refuses(lambda **option: run(tmp_path, **option), name, NO_COUNTS, f"`{name}` should be a whole number")
    refuses(run, "folder", NO_PATHS, "the folder should be a path")
    assert not list(tmp_path.iterdir())

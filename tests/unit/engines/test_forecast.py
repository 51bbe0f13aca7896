"""What a run says of itself after some seconds, where somebody looks."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

from polytope_lens import Box, Lens
from polytope_lens.cli import main
from polytope_lens.engines import forecast as forecasts
from polytope_lens.engines.forecast import doubts
from polytope_lens.errors import IntractableError, LongRunWarning

BOX = Box([-1, -1], [1, 1])


@pytest.fixture
def hurried(monkeypatch):
    """Runs are looked at with their first batch."""
    monkeypatch.setattr(forecasts, "SOON", 0.0)
    monkeypatch.setattr("polytope_lens.engines.runs.SOON", 0.0)
    monkeypatch.setattr("tqdm.tqdm.monitor_interval", 0)


@pytest.fixture
def hopeless(hurried, monkeypatch):
    """They look as if they took a year."""
    expected = replace(Lens.example().estimate(BOX), seconds=3e7, seconds_range=(2e7, 5e7), is_exact=False)
    monkeypatch.setattr(forecasts, "estimate", lambda *_, **__: expected)


def test_a_line_comes_where_a_bar_is_shown(hurried, capsys):
    lens = Lens.example()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert lens.count(BOX, progress=True) == 3997
        said = capsys.readouterr().err
        assert said.count("3997 regions, counted in") == 1
        assert len(lens.partition(BOX, progress=True)) == 3997
        assert "regions, counted in" in capsys.readouterr().err
        lens.count(BOX, progress=False)
        lens.count(BOX, "brute" if lens.network.n_neurons < 20 else "split", progress=False)
    assert not capsys.readouterr().err


def test_runs_into_folders_say_it_once(hurried, capsys, tmp_path):
    lens = Lens.example()
    lens.count(BOX, progress=True, store=tmp_path / "run", max_regions=300)
    assert capsys.readouterr().err.count("3997 regions, counted in") == 1
    assert lens.count(BOX, progress=True, store=tmp_path / "run", resume=True) == 3997
    assert lens.count(BOX, progress=True, max_seconds=30) == 3997
    assert lens.count(BOX, store=tmp_path / "other") == 3997
    assert "regions, counted in" not in capsys.readouterr().err


def test_short_runs_are_not_looked_at(capsys, monkeypatch):
    monkeypatch.setattr(forecasts, "estimate", None)
    assert Lens.example().count(BOX, progress=True) == 3997


def test_hopeless_runs_warn_and_go_on_or_end(hopeless):
    lens = Lens.example()
    with pytest.warns(LongRunWarning, match=r"about 3 997 regions would take about 347 days .*`explore`.*`slice`"):
        assert lens.count(BOX, progress=True) == 3997
    with warnings.catch_warnings():
        warnings.simplefilter("error", LongRunWarning)
        with pytest.raises(LongRunWarning):
            lens.partition(BOX, progress=True)
    assert lens.count(BOX) == 3997


def test_what_cannot_be_estimated_says_so(hurried, monkeypatch, capsys):
    def refuse(*_, **__):
        raise IntractableError("no")

    monkeypatch.setattr(forecasts, "estimate", refuse)
    assert Lens.example().count(BOX, progress=True) == 3997
    assert "estimate: none in so few seconds" in capsys.readouterr().err


def test_memory_is_looked_at_where_regions_are_kept():
    found = Lens.example().estimate(BOX)
    assert doubts(found, keeps=True) is None
    large = replace(found, memory=10**20)
    assert doubts(large, keeps=False) is None
    assert "of memory, and this machine has" in doubts(large, keeps=True)


def test_the_command_line_ends_hopeless_runs_unless_told(hopeless, tmp_path, capsys, monkeypatch):
    rng = np.random.default_rng(0)
    np.savez(
        tmp_path / "net.npz", W0=rng.normal(size=(9, 2)), b0=rng.normal(size=9), W1=np.ones((1, 9)), b1=np.zeros(1)
    )
    monkeypatch.setattr("polytope_lens._progress.is_watched", lambda: True)
    for verb in ("count", "partition"):
        command = [verb, str(tmp_path / "net.npz"), "--box", "-1", "1"]
        assert main(command) == 3
        told = capsys.readouterr()
        assert "would take about 347 days" in told.err
        assert "--yes" in told.err
        assert not told.out
        assert main([*command, "--yes"]) == 0
        assert capsys.readouterr().out

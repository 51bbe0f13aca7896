"""The demonstration, in two steps."""

from __future__ import annotations

import pytest

from polytope_lens.cli import main


def test_demo_writes_what_it_says(capsys, tmp_path):
    pytest.importorskip("torch")
    assert main(["demo", "--steps", "2", "-o", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    for name in ("ring.png", "ring.svg", "ring.gif", "ring.npz"):
        assert (tmp_path / name).stat().st_size > 1000
        assert str(tmp_path / name) in printed
    assert "of which these" in printed
    assert "after layer 5:" in printed

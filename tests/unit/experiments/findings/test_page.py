"""The page of findings: its numbers can be read from the measurements that come with it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

DOCS = Path(__file__).parents[4] / "docs"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("docs_findings", DOCS / "findings.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["creases", "pulse", "edge", "points", "change", "counts"])
def test_each_finding_has_data_a_figure_and_a_section(script, name, capsys):
    assert name in script.FINDINGS
    assert f"(images/finding_{name}.png)" in (DOCS / "findings.md").read_text()
    assert (DOCS / "images" / f"finding_{name}.png").exists()
    with np.load(DOCS / "data" / f"finding_{name}.npz") as file:
        getattr(script, f"print_{name}")(dict(file))
    assert capsys.readouterr().out


def test_the_data_are_small():
    assert sum(path.stat().st_size for path in (DOCS / "data").glob("finding_*")) < 200_000

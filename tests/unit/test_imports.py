"""What an import costs, and what the package offers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import polytope_lens

HEAVY = (
    "torch",
    "matplotlib",
    "cvxpy",
    "hypothesis",
    "networkx",
    "pandas",
    "geopandas",
    "safetensors",
    "onnx",
    "numba",
    "shapely",
)


LENS = "from polytope_lens import Box, Lens\nlens = Lens.from_arrays([[[1.0]], [[1.0]]], [[0], [0]])"


def modules_after(code: str) -> set[str]:
    program = f"import sys, json\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_importing_the_package_loads_nothing_heavy():
    assert modules_after("import polytope_lens").isdisjoint(HEAVY)


@pytest.mark.parametrize(
    "code",
    [
        "from polytope_lens import Lens, Box, Polytope, Partition, Region, Network",
        f"{LENS}\nlens.count(), lens.partition(Box([0], [1]))",
        f"{LENS}\nstr(lens.at([1]))",
    ],
    ids=["names", "count", "at"],
)
def test_working_with_arrays_loads_no_drawing_and_no_torch(code):
    assert modules_after(code).isdisjoint(("torch", "matplotlib", "cvxpy", "hypothesis", "networkx", "pandas"))


def test_every_public_name_loads():
    for name in polytope_lens.__all__:
        assert getattr(polytope_lens, name).__name__ == name
    assert set(polytope_lens.__all__) <= set(dir(polytope_lens))
    with pytest.raises(AttributeError, match="no attribute 'Lenz'"):
        polytope_lens.Lenz  # noqa: B018


def test_the_ladder_can_still_be_cut_out(tmp_path, monkeypatch):
    """`benchmarks/ladder.py` names the lines of the kernels that it removes."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    import ladder

    copy = ladder.without_ladder(tmp_path) / "polytope_lens"
    assert "point[to, RADIUS] = x, y, 0.0" in (copy / "engines" / "_kernels" / "subdivide.py").read_text()

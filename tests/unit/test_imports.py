"""What an import costs, what the package offers, and that imports go one way."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
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


# Types whose methods forward to functions that take them: these name each other, and nothing else does.
FORWARDING = {"polytope.polytope", "region", "partition.partition", "training.recording"}


def imported(path, modules):
    """Modules of the package that a file imports, those for its types included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("polytope_lens."):
            module = node.module.removeprefix("polytope_lens.")
            for alias in node.names:
                name = f"{module}.{alias.name}"
                yield name if name in modules else module


def imports_and_types():
    """For each module what it imports, those for its types included; without the types whose methods forward."""
    root = Path(polytope_lens.__file__).parent
    modules = {
        ".".join(path.relative_to(root).with_suffix("").parts): path
        for path in root.rglob("*.py")
        if path.name not in ("__init__.py", "__main__.py")
    }
    assert modules.keys() >= FORWARDING
    return {
        name: set(imported(path, modules)) & modules.keys() - FORWARDING - {name}
        for name, path in modules.items()
        if name not in FORWARDING
    }


def test_imports_form_no_circle_even_for_types():
    """`lint-imports` looks at what is imported at run time, this also at what only annotations need."""
    graph = imports_and_types()
    assert len(tuple(TopologicalSorter(graph).static_order())) == len(graph)


def test_rooms_import_from_rooms_below_even_for_types():
    with (Path(__file__).parents[2] / "pyproject.toml").open("rb") as file:
        (contract,) = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    floor = {layer.split(".")[1]: k for k, layer in enumerate(reversed(contract["layers"]))}
    up = [
        (name, other)
        for name, others in imports_and_types().items()
        for other in others
        if floor[other.split(".")[0]] > floor[name.split(".")[0]]
    ]
    assert not up

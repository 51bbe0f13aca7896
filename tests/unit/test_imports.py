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


NET = str(Path(__file__).parents[2] / "benchmarks" / "nets" / "d2_14x6_box1.npz")


def modules_after(code: str) -> set[str]:
    program = f"import sys, json\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_importing_the_package_loads_nothing_heavy():
    assert modules_after("import polytope_lens").isdisjoint(HEAVY)


DRAWING = {"torch", "matplotlib", "cvxpy", "hypothesis", "networkx", "pandas", "shapely", "PIL"}
SCIPY = {"scipy.optimize", "scipy.sparse", "scipy.spatial", "scipy.special", "scipy.linalg"}
COMPILER = {"numba"}
FIRST = """
import os, tempfile
import numpy as np
from polytope_lens import Box, Lens
lens = Lens.from_arrays([[[1, 2], [3, -1], [1, 1]], [[1, 1, -2]]], [[0, 1, 0.5], [0]])
box, region = Box([-1, -1], [1, 1]), lens.at([0.1, 0.2])
"""
WITHOUT = {
    "names": ("from polytope_lens import Box, Lens, Network, Partition, Polytope, Region", {"llvmlite", "tqdm"}),
    "count": (f"{FIRST}lens.count(box)", {"tqdm"}),
    "count everywhere": (f"{FIRST}lens.count()", {"tqdm"}),
    "partition": (f"{FIRST}lens.partition(box)", {"tqdm"}),
    "regions": (f"{FIRST}sum(region.pattern.bits[0] for region in lens.regions(box))", {"tqdm"}),
    "region": (f"{FIRST}region.inequalities(), region.vertices(), region.neighbors(), str(region)", {"tqdm"}),
    "path": (f"{FIRST}lens.path([0, 0], [1, 1])", {"tqdm"}),
    "example": ("from polytope_lens import Lens\nstr(Lens.example())", {"llvmlite", "tqdm"}),
    "command line": (
        "import os, sys\nfrom polytope_lens.cli import main\nsys.stdout = open(os.devnull, 'w')\n"
        f"main(['count', {NET!r}, '--box', '-1', '1'])\nsys.stdout = sys.__stdout__",
        {"tqdm"},
    ),
}


@pytest.fixture(scope="module")
def everything_compiled():
    """Machine code of all that the table asks for, so that nothing has to be compiled there."""
    for code, _ in WITHOUT.values():
        modules_after(code)


@pytest.mark.parametrize("road", WITHOUT)
def test_what_a_first_call_does_not_need_is_not_loaded(road, everything_compiled):
    """Drawing and scipy take tenths of seconds, the compiler as much and 60 MB: more than what was asked."""
    code, more = WITHOUT[road]
    assert not modules_after(code) & (DRAWING | SCIPY | COMPILER | more)


MEMORY = f"""{FIRST}
lens.count(box)
with open("/proc/self/status") as status:
    print(*(line.split()[1] for line in status if line.startswith("RssAnon")))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux what is the process's own")
def test_a_small_count_takes_little_memory(everything_compiled):
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True)
    # 40 MB, and 75 with numba. How much of the files of libraries is in memory besides is up to the system.
    assert int(done.stdout) / 2**10 < 60


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
FORWARDING = {"polytope.polytope", "region", "partition.partition", "preimages.preimage", "training.recording"}


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

"""What `make test-wheel` leaves out is what may be missing, and nothing else."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import against_wheel

ROOT = Path(__file__).parents[2]
IMPORTED_AS = {"scikit-learn": "sklearn", "pycddlib-standalone": "cdd", "z3-solver": "z3"}
TOOLS = {"pytest", "pytest-xdist", "pre-commit", "ruff", "mypy", "import-linter", "scipy-stubs", "types-tqdm"}


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("ModuleNotFoundError: No module named 'nowhere'", "nowhere"),
        ("ModuleNotFoundError: No module named 'nowhere.inside'", "nowhere"),
        ("MissingExtraError: a frame needs nowhere.inside, which is not installed. Install it with", "nowhere"),
        ("ModuleNotFoundError: No module named 'elsewhere'", None),
        ("ModuleNotFoundError: No module named 'numpy'", None),
        ("MissingExtraError: a frame needs numpy, which is not installed.", None),
        ("AssertionError: nowhere", None),
    ],
)
def test_a_test_is_left_out_for_want_of_an_optional_library_alone(told, name, monkeypatch):
    monkeypatch.setattr(against_wheel, "OPTIONAL", {"nowhere", "numpy"})
    assert against_wheel.missing_in(told) == name


def test_what_may_be_missing_is_what_extras_and_tests_want():
    optional = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    (together,) = optional.pop("all")[0].removeprefix("polytope-lens").split()
    extras = together.strip("[]").split(",")
    names = {extra: {re.match(r"[\w-]+", line).group() for line in optional[extra]} for extra in (*extras, "dev")}
    programs = names["dev"] - TOOLS - {"polytope-lens"}
    wanted = programs.union(*(names[extra] for extra in extras))
    assert {IMPORTED_AS.get(name, name) for name in wanted} <= against_wheel.OPTIONAL
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    tried = set(re.findall(r"[\w-]+", " ".join(re.findall(r"^(?:EXTRAS|PROGRAMS) = (.*)$", makefile, re.MULTILINE))))
    assert {*extras, *programs} - {"torch"} <= tried


def test_the_oldest_python_is_told_once():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    told = [line.rpartition(" ")[2] for line in project["classifiers"] if re.search(r"Python :: 3\.\d+$", line)]
    assert project["requires-python"] == f">={told[0]}"
    assert told == [f"3.{minor}" for minor in range(11, 11 + len(told))]


def test_what_imports_a_module_that_was_left_out_is_left_out(monkeypatch):
    told = "ImportError: cannot import name 'X' from 'polytope_lens.importers.claims' (/site/claims.py)"
    assert against_wheel.missing_in(told) is None
    monkeypatch.setattr(against_wheel, "modules", {"/site/claims.py": "torch"})
    assert against_wheel.missing_in(told) == "torch"

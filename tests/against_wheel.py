"""A plugin of pytest for `make test-wheel`: what is tested is what was installed.

Not every library that an extra brings, or that only tests ask, is there for every Python. Tests that want one that is
missing are left out, and counted by its name at the end; whatever else fails has failed.
"""

from __future__ import annotations

import importlib.util
import re
from collections import Counter
from pathlib import Path

import pytest

import polytope_lens

ROOT = Path(__file__).resolve().parents[1]
OPTIONAL = {
    "av", "cdd", "cvxpy", "dask", "distributed", "duckdb", "geopandas", "gudhi", "highspy", "hypothesis",
    "networkx", "onnx", "onnxruntime", "pandas", "plotly", "polars", "pyarrow", "safetensors", "sklearn", "torch",
    "trimesh", "vnnlib", "z3",
}  # fmt: skip
"""What may be missing: the libraries of extras, and programs that only tests ask."""
WANTING = re.compile(r"No module named '([\w.]+)'|needs ([\w.]+), which is not installed")
HALF_LOADED = re.compile(r"cannot import name '\w+' from '[\w.]+' \(([^)]*)\)")
left_out: Counter[str] = Counter()
modules: dict[str, str] = {}
"""Files of modules that were left out, of which others may find only what was loaded, and the libraries they want."""


def pytest_configure(config):
    """No tests of the sources in the checkout."""
    if Path(polytope_lens.__file__).is_relative_to(ROOT / "src"):
        raise pytest.UsageError(f"polytope_lens comes from {ROOT / 'src'}, and should be installed: clear PYTHONPATH.")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """A module of tests that wants a library."""
    return _skipped((yield), collector.path)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A test that wants a library."""
    return _skipped((yield), item.path)


def pytest_terminal_summary(terminalreporter):
    """What was left out."""
    for name, n in sorted(left_out.items()):
        terminalreporter.write_line(f"no {name}: {n} tests or modules of tests left out")


def _skipped(report, path):
    if report.failed and (name := missing_in(report.longreprtext)):
        modules[str(path)] = name
        report.outcome, report.longrepr = "skipped", (str(path), 0, f"Skipped: no {name}")
        left_out[name] += 1
    return report


def missing_in(told: str) -> str | None:
    """The library for want of which something failed, by what was told of it; None if it failed for another reason."""
    if half := next((modules[file] for file in HALF_LOADED.findall(told) if file in modules), None):
        return half
    named = {word.partition(".")[0] for words in WANTING.findall(told) for word in words} & OPTIONAL
    return next((name for name in sorted(named) if importlib.util.find_spec(name) is None), None)

"""Notebooks are kept without outputs, and the tutorial's cells are a program that runs as it stands."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.ipynb"))


def sources(path, kind):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == kind]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_hold_sources_and_nothing_else(path):
    text = path.read_text(encoding="utf-8")
    book = json.loads(text)
    advice = "clear all outputs, and save it with an indentation of one space"
    assert text == json.dumps(book, indent=1, ensure_ascii=False) + "\n", advice
    for cell in book["cells"]:
        assert not cell.get("outputs") and cell.get("execution_count") is None, advice
        assert not cell["metadata"], advice
    assert set(book["metadata"]) == {"kernelspec", "language_info"}
    assert sources(path, "markdown")[0].startswith("# ")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_point_to_pages_that_are_there(path):
    links = re.findall(r"\]\(([^)]+)\)", "\n".join(sources(path, "markdown")))
    assert links
    for link in links:
        assert (path.parent / link).is_file(), link


def test_the_page_names_all_of_them():
    page = (DOCS / "notebooks.md").read_text(encoding="utf-8")
    assert all(f"notebooks/{path.name}" in page for path in NOTEBOOKS)


def test_the_tutorial_runs_and_has_much_to_show(tmp_path, monkeypatch):
    """Without a kernel: what a cell ends in is asked for what a notebook would show."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    names, shown = {}, []
    for source in sources(DOCS / "notebooks" / "tutorial.ipynb", "code"):
        tree = ast.parse(source)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "tutorial", "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "tutorial", "eval"), names)
            forms = ("_repr_html_", "_repr_svg_", "_repr_latex_")
            shown.append([form for form in forms if hasattr(value, form) and getattr(value, form)()])
    assert sum("_repr_html_" in forms for forms in shown) >= 6
    assert sum("_repr_svg_" in forms for forms in shown) >= 3
    assert sum("_repr_latex_" in forms for forms in shown) >= 2
    assert names["counts"].total == 3997 and "proved: True" in names["done"].stdout
    assert names["partition"].volumes().sum() == pytest.approx(4)

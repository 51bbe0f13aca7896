"""Every snippet of the documentation runs, and prints what the page says."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import pytest

from polytope_lens.cli import main

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(
    ("page", "least"),
    [
        ("coming_from.md", 8),
        ("explorer.md", 5),
        ("exports.md", 15),
        ("file_formats.md", 5),
        ("functions.md", 15),
        ("getting_started.md", 12),
        ("importing.md", 8),
        ("notebooks.md", 3),
        ("objects.md", 15),
        ("pictures.md", 12),
        ("points.md", 15),
        ("preimages.md", 15),
        ("proofs.md", 4),
        ("scale.md", 15),
        ("training.md", 15),
        ("verification.md", 8),
    ],
)
def test_snippets_run(page, least, tmp_path, monkeypatch):
    others = ("duckdb", "polars") if page == "scale.md" else ()
    for module in ("geopandas", "pyarrow", "networkx", "torch", *others):
        pytest.importorskip(module)
    monkeypatch.chdir(tmp_path)
    text = (DOCS / page).read_text()
    snippets = re.findall(r"^```pycon\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    assert snippets
    test = doctest.DocTestParser().get_doctest("\n".join(snippets), {}, page, str(DOCS / page), 0)
    told: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=told.append)
    assert result.attempted > least
    assert result.failed == 0, "".join(told)


def test_the_page_of_polytopes_is_one_program(capsys):
    pytest.importorskip("cvxpy")
    text = (DOCS / "polytopes.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    exec("\n".join(blocks), {})
    printed = capsys.readouterr().out
    assert len(blocks) == 5 and "[Fraction(1, 3) Fraction(0, 1)]" in printed and "UNBOUNDED" in printed


def test_the_commands_of_the_page_run(tmp_path, monkeypatch, capsys):
    page = (DOCS / "command_line.md").read_text(encoding="utf-8")
    written = re.findall(r"^\$ polytope-lens (example|.*\.npz.*)$", page, flags=re.MULTILINE)
    commands = [words.partition(" && ")[0] for words in written if not words.startswith("cuont")]
    assert commands[0] == "example" and len(commands) > 25
    monkeypatch.chdir(tmp_path)
    for command in commands:
        if "parquet" in command:
            pytest.importorskip("pyarrow")
        assert main(shlex.split(command)) == (3 if "--max-regions" in command else 0), command
        assert capsys.readouterr().out or "-o" in command

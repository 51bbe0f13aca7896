"""Numbers and closed lists as the command line reads them."""

from __future__ import annotations

import pytest

from commands import as_json, refused
from polytope_lens.cli import main
from polytope_lens.cli.arguments import Choices
from polytope_lens.engines.table import ENGINES
from polytope_lens.io.export import SUFFIXES
from polytope_lens.render.explorer.explorer import COLORS
from polytope_lens.search.explore import ORDERS
from polytope_lens.training.films.film import PANELS


def test_negative_numbers_in_commands(capsys, lines):
    assert as_json(capsys, "count", lines, "--box", "-1e0", "1e0")["total"] == 7
    assert as_json(capsys, "at", lines, "-1e-3", "-1e-9")["pattern"] == [[0, 0, 0]]
    assert as_json(capsys, "path", lines, "-1e0", "-5e-1", "1", ".5")["breakpoints"] == [0.5, 2 / 3]
    assert "finite" in refused(capsys, "count", lines, "--box", "-inf", "inf")


@pytest.mark.parametrize(
    ("command", "option", "expected"),
    [
        ("count", "--engine", ("auto", *ENGINES)),
        ("partition", "--engine", ("auto", *ENGINES)),
        ("plot", "--color", COLORS),
        ("explore", "--order", ORDERS),
        ("export", "--format", tuple(SUFFIXES)),
        ("film", "--panels", PANELS),
    ],
)
def test_closed_lists_are_those_of_the_library(capsys, monkeypatch, command, option, expected):
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    helped = " ".join(capsys.readouterr().out.split())
    assert f"one of {', '.join(expected)}" in helped.partition(f"{option} ")[2]
    with pytest.raises(SystemExit):
        main([command, option, "nonsense"])
    told = capsys.readouterr().err
    assert "choose from" in told
    assert all(name in told for name in expected)


@pytest.mark.parametrize("engine", ["auto", *ENGINES])
def test_every_engine_can_be_asked_for(capsys, lines, space, engine):
    if engine == "polyhedra":  # in space alone
        assert as_json(capsys, "count", space, "--box", "-1", "1", "--engine", engine)["total"] == 8
    else:
        assert as_json(capsys, "count", lines, "--engine", engine)["total"] == 7


def test_choices_are_looked_up_when_they_are_needed():
    absent = Choices("no.such.module", "NAMES")
    with pytest.raises(ModuleNotFoundError):
        list(absent)
    assert list(Choices("render.explorer.explorer", "COLORS", "none")) == ["none", *COLORS]
    assert "slope" in Choices("render.explorer.explorer", "COLORS")

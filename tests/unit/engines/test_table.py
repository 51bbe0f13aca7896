"""The table of engines, and what follows from it."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from families import chain, generic, random_deep
from polytope_lens import Box, Lens, Polytope
from polytope_lens.engines.charts import charts
from polytope_lens.engines.chunks import Record
from polytope_lens.engines.enumerate import problems
from polytope_lens.engines.table import ENGINES, EngineChoice, EngineName, choose_engine, engine_for
from polytope_lens.errors import OptionError
from polytope_lens.proof import write

ROOT = Path(__file__).parents[3]
by_name = pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)


def test_names_are_those_that_arguments_are_typed_with():
    assert list(ENGINES) == [engine.name for engine in ENGINES.values()] == list(get_args(EngineName))
    assert get_args(EngineChoice) == ("auto", *ENGINES)


def test_auto_depends_on_inputs_depth_and_domain():
    assert choose_engine("auto", generic(3, 2), None) == "subdivide"
    assert choose_engine("auto", generic(3, 3), Box([0] * 3, [1] * 3)) == "polyhedra"
    assert choose_engine("auto", generic(3, 3), None) == "split"
    assert choose_engine("auto", random_deep((3, 2, 2, 2), 0, 0.0), None) == "polyhedra"
    assert choose_engine("auto", chain(2), None) == "split"


@pytest.mark.parametrize("d", range(1, 6))
@pytest.mark.parametrize("bounded", [True, False])
def test_auto_never_takes_an_engine_that_is_for_tests(d, bounded):
    network, domain = generic(3, d), Box([0] * d, [1] * d) if bounded else None
    assert ENGINES[choose_engine("auto", network, domain)].takes(d)
    assert choose_engine("auto", network, domain) != "brute"


def test_an_engine_for_other_inputs_is_refused_with_those_that_work():
    with pytest.raises(OptionError, match=r"'subdivide' works for 2 inputs, but .* has 4. .* of 'split', 'brute'."):
        choose_engine("subdivide", generic(3, 4), None)
    with pytest.raises(
        OptionError, match=r"'polyhedra' works for 3 inputs, but .* has 2. .* 'subdivide', 'split', 'br"
    ):
        choose_engine("polyhedra", generic(3, 2), None)
    with pytest.raises(OptionError, match=r"one of 'auto', 'subdivide', 'polyhedra', 'split', 'brute'"):
        choose_engine("fast", generic(3, 2), None)


@by_name
def test_engines_walk_as_the_table_says(engine):
    """With the options of the protocol; a mesh comes with the regions iff the table says so."""
    d = engine.inputs or 2
    network = generic(3, d)
    (chart,) = charts(Box([-1e6] * d, [1e6] * d), d)
    for want_output in (True, False):
        record = Record()
        chunks = list(engine.walk(network, chart, record, want_output=want_output, want_mesh=True, workers=2))
        assert sum(chunk.n_regions for chunk in chunks) == {2: 7, 3: 8}[d] == record.layer_counts[-1]
        meshed = [chunk.corners is not None or chunk.solids is not None for chunk in chunks if len(chunk.patterns)]
        assert all(has == engine.has_mesh for has in meshed)


@by_name
def test_unbounded_domains_in_one_piece_hold_no_region_twice(engine):
    d = engine.inputs or 2
    assert (len(problems(engine.name, generic(3, d), None)) == 1) == engine.in_one_piece
    inner, *outer = charts(None, d)
    assert engine_for(inner, engine.name) is engine
    others = {engine_for(chart, engine.name).name for chart in outer}
    assert others == {engine.outer or engine.name}
    half_space = Polytope(np.eye(1, d), np.ones(1))
    assert len(Lens(generic(3, d)).partition(half_space, engine.name)) > 0


def test_proof_logs_are_written_along_the_engines_that_the_table_names():
    assert {write.IN_PLANE, write.ELSEWHERE} == {engine.name for engine in ENGINES.values() if engine.is_proved}


def row(engine):
    """The line of an engine in the documentation."""

    def said(is_so):
        return "yes" if is_so else "no"

    outer = "" if engine.outer is None else f", the outer ones by `{engine.outer}`"
    takes = {None: "never", 0: "yes"}.get(engine.pays_from, f"yes; unbounded: from {engine.pays_from} hidden layers")
    cells = (
        f"`{engine.name}`", engine.cells, str(engine.inputs or "any"),
        "in one piece" if engine.in_one_piece else f"charts{outer}", takes,
        *map(said, (engine.has_mesh, engine.is_proved, engine.uses_sparsity, engine.shares_work)),
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def test_the_documentation_has_the_same_table():
    lines = (ROOT / "docs" / "engines.md").read_text().splitlines()
    start = lines.index("|---|---|---|---|---|---|---|---|---|") + 1
    assert lines[start : start + len(ENGINES)] == [row(engine) for engine in ENGINES.values()]
    assert not lines[start + len(ENGINES)]


def test_docstrings_name_all_engines():
    names = ", ".join(f'"{name}"' for name in ("auto", *ENGINES)).rpartition(", ")
    for method in (Lens.partition, Lens.count, Lens.regions):
        assert f"engine : {names[0]} or {names[2]}" in method.__doc__

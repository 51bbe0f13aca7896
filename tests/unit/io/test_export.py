"""Files by what they end in, and what the formats have in common."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from families import cross_polytope, generic, golden
from polytope_lens import Lens, Polytope
from polytope_lens._kept import answers
from polytope_lens.errors import DimensionError, OptionError
from polytope_lens.io.cplex_lp import to_lp
from polytope_lens.io.export import SUFFIXES
from polytope_lens.io.ine import to_ine
from polytope_lens.io.json import to_json
from polytope_lens.io.latex import to_latex
from polytope_lens.io.smtlib import to_smtlib
from polytope_lens.io.vnnlib import to_vnnlib
from written import CLIPPED, ODD, same

RNG = np.random.default_rng(7)


def test_files_are_named_by_what_they_end_in(tmp_path):
    for name, suffix in SUFFIXES.items():
        CLIPPED.export.write(tmp_path / f"cell{suffix}")
        CLIPPED.export.write(tmp_path / "cell.other", format=name)
        text = (tmp_path / f"cell{suffix}").read_text()
        assert text == (tmp_path / "cell.other").read_text()
        assert text.rstrip("\n") == getattr(CLIPPED.export, name)().rstrip("\n") and text.endswith("\n")
    assert {path.name for path in tmp_path.iterdir()} == {
        "cell.other",
        *(f"cell{suffix}" for suffix in SUFFIXES.values()),
    }


def test_facets_are_looked_for_when_something_is_written():
    region = Lens(golden((2, 8, 8), 2)).at([0.3, -0.7])
    export = region.export
    assert not answers(region) and repr(export) == "Export(wkt, smtlib, ine, vnnlib, lp, latex, json)"
    assert export.json() == region.polytope.export.json()
    assert export.vnnlib() == region.polytope.export.vnnlib(n_outputs=1)


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path):
    with pytest.raises(OptionError, match=r"ends in \.wkt, \.smt2"):
        ODD.export.write(tmp_path / "cell.xml")
    with pytest.raises(OptionError, match="`format` should be one of"):
        ODD.export.write(tmp_path / "cell.lp", format="xml")
    with pytest.raises(DimensionError):
        ODD.export.write(tmp_path / "cell.wkt")
    with pytest.raises(FileNotFoundError):
        ODD.export.write(tmp_path / "absent" / "cell.lp")
    assert list(tmp_path.iterdir()) == []


def test_numbers_with_more_digits_than_python_prints():
    wild = Lens.from_arrays([[[1e-300]]] * 20 + [[[1.0]]], [[0.0]] * 21).at([1.0])
    system = wild.inequalities(exact=True).to_polytope()
    assert system.fractions()[0][-1, 0].denominator > 10**4300
    assert same(Polytope.from_json(to_json(system)), system)
    assert same(Polytope.from_ine(to_ine(system)), system)
    assert len(to_smtlib(system)) > 4300
    assert "10^{-6000}" in to_latex(system)
    assert r"\tfrac" in to_latex(system, digits=None)
    assert f"0.{'0' * 5999}1" in to_vnnlib(system) or f"0.{'0' * 6000}9" in to_vnnlib(system)
    A = system.A
    assert A[0, 0] == -1e-300 and (A < 0).all()
    assert "/" in str(wild.inequalities(exact=True))


def test_many_inputs_and_the_corners_of_a_cube():
    wide = Lens(generic(5, 30)).at(RNG.standard_normal(30))
    for to, read in ((to_ine, Polytope.from_ine), (to_json, Polytope.from_json)):
        assert same(read(to(wide.polytope)), wide.polytope)
    assert to_lp(wide.polytope).count("free") == 30
    ball = Lens(cross_polytope(3)).at([0.1, 0.2, 0.3]).polytope
    inside = [
        all(
            sum(a * x for a, x in zip(row, corner, strict=True)) <= bound
            for row, bound in zip(*ball.fractions(), strict=True)
        )
        for corner in product((0, Fraction(1, 3), 1), repeat=3)
    ]
    assert sum(inside) == 11  # Of these points of the cube, those whose coordinates add up to at most 1.

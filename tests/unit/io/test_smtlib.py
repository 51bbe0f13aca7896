"""What z3 reads: the same set, with owners as names."""

from __future__ import annotations

import pytest

from polytope_lens.io.smtlib import to_smtlib
from written import CLIPPED, DEEP, DOUBLED, ODD, holds, solver_of


def test_smtlib_says_the_same_to_z3(cell):
    z3 = pytest.importorskip("z3")
    told, meant = solver_of(z3, cell.export.smtlib()).assertions(), holds(z3, cell)
    assert len(told) == len(meant)
    solver = z3.Solver()
    solver.add(z3.And(list(told)) != z3.And(meant))
    assert solver.check() == z3.unsat
    if cell is not ODD:
        # The set has interior, and the point is in it.
        solver = solver_of(z3, cell.export.smtlib())
        solver.add(*(z3.Real(f"x{k}") == z3.Q(*v.as_integer_ratio()) for k, v in enumerate(cell.point.tolist())))
        assert solver.check() == z3.sat


def test_smtlib_knows_the_strict_interior_and_names_the_owners():
    z3 = pytest.importorskip("z3")
    for region in (DEEP, CLIPPED):
        # Each facet is needed: without one the set is larger.
        formulas = holds(z3, region)
        for i in range(len(formulas)):
            solver = z3.Solver()
            solver.add(z3.Not(formulas[i]), *formulas[:i], *formulas[i + 1 :])
            assert solver.check() == z3.sat
        solver = z3.Solver()
        solver.add(*(f.arg(0) < f.arg(1) for f in solver_of(z3, region.export.smtlib()).assertions()))
        assert solver.check() == z3.sat
    text = DOUBLED.export.smtlib()
    assert "; layer 0, neuron 0, and layer 0, neuron 1\n" in text and ":named layer_0_neuron_0)" in text
    assert "; domain, row 0\n" in CLIPPED.export.smtlib() and ":named domain_row_0)" in CLIPPED.export.smtlib()
    everything = DEEP.inequalities(exact=True)
    assert to_smtlib(everything.to_polytope()).count("assert") == len(everything) == 18

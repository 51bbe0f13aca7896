"""VNN-LIB: what its reader and z3 make of it."""

from __future__ import annotations

from fractions import Fraction

import pytest

from polytope_lens import Polytope
from polytope_lens.errors import OptionError
from polytope_lens.io.vnnlib import to_vnnlib
from written import ODD, holds, polytope_of, solver_of


def linear(expression, vnnlib) -> dict[str, Fraction]:
    """Coefficients of a sum of products of literals and variables; the literals' own words, not their floats."""
    if isinstance(expression, vnnlib.Plus):
        parts = [linear(arg, vnnlib) for arg in expression.args]
        return {name: value for part in parts for name, value in part.items()}
    if isinstance(expression, vnnlib.Multiply):
        literal, variable = expression.args
        return {str(variable).replace(" ", ""): Fraction(literal.lexeme)}
    return {"": Fraction(expression.lexeme)}


def test_vnnlib_says_the_same_to_its_reader(cell):
    vnnlib = pytest.importorskip("vnnlib")
    query = vnnlib.parse_query_string(cell.export.vnnlib())
    system = polytope_of(cell)
    (network,) = query.networks
    assert network.inputs[0].shape == [system.dim]
    assert network.outputs[0].shape == [1 if cell is ODD else cell.network.output_dim]
    assert len(query.assertions) == len(system.owners)
    for assertion, row, bound in zip(query.assertions, *system.fractions(), strict=True):
        assert isinstance(assertion.expr, vnnlib.LessEqual)
        assert linear(assertion.expr.lhs, vnnlib) == {f"X[{k}]": v for k, v in enumerate(row) if v}
        assert linear(assertion.expr.rhs, vnnlib) == {"": bound}


def test_the_older_vnnlib_is_smtlib(cell):
    z3 = pytest.importorskip("z3")
    text = cell.export.vnnlib(version="1.0")
    assert text.count("(declare-const Y_") == (1 if cell is ODD else cell.network.output_dim)
    told = solver_of(z3, text.replace("X_", "x")).assertions()
    solver = z3.Solver()
    solver.add(z3.And(list(told)) != z3.And(holds(z3, cell)))
    assert solver.check() == z3.unsat


def test_fractions_that_are_no_decimals_become_some():
    third = Polytope([[Fraction(1, 3), Fraction(-1, 20)]], [5])
    assert "(assert (<= (+ (* 5.0 X[0]) (* -0.75 X[1])) 75.0))" in to_vnnlib(third)
    assert "(declare-output Y real [3])" in to_vnnlib(third, n_outputs=3)
    with pytest.raises(OptionError, match=r"`version` should be one of '2.0', '1.0'"):
        to_vnnlib(third, version="3.0")
    with pytest.raises(OptionError, match="`n_outputs` should be a whole number"):
        ODD.export.vnnlib(n_outputs=0)

"""Polytopes and regions in the formats of other programs, read back by these programs."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from families import cross_polytope, generic, golden, random_deep
from polytope_lens import Box, Lens, Polytope
from polytope_lens._kept import answers
from polytope_lens.errors import DimensionError, FileFormatError, OptionError, UnboundedPolytopeError
from polytope_lens.io.cplex_lp import to_lp
from polytope_lens.io.export import SUFFIXES
from polytope_lens.io.ine import read_ine, to_ine
from polytope_lens.io.json import read_json, to_json
from polytope_lens.io.latex import to_latex
from polytope_lens.io.row_text import row_names
from polytope_lens.io.smtlib import to_smtlib
from polytope_lens.io.vnnlib import to_vnnlib

RNG = np.random.default_rng(7)
# Numbers that need all digits, and sizes that need exponents.
ODD = Polytope([[-1, 0, 0], [0.1, 1 / 3, -2e-30], [1e30, 0, -5.0], [0, 0, 1]], [0, 1e-7, 1e22, 3])
# One hyperplane twice, so that a facet has two owners.
DOUBLED = Lens.from_arrays([[[1, 3], [2, 6], [0.5, 0]], [[1, 1, 1]]], [[0, 0, -0.1], [0]]).at([0.5, 1])
TWO_OUTPUTS = {"output_weight": np.ones((2, 6)), "output_bias": np.zeros(2)}
DEEP = Lens(replace(random_deep((3, 6, 6, 6), 4, 0.1), **TWO_OUTPUTS)).at([0.3, -0.2, 0.1])
CLIPPED = Lens(golden((2, 4, 4), 1)).partition(Box([-5, -5], [5, 5]))[3]
CELLS = {"polytope": ODD, "doubled": DOUBLED, "deep": DEEP, "clipped": CLIPPED}


@pytest.fixture(params=list(CELLS))
def cell(request):
    return CELLS[request.param]


def polytope_of(cell) -> Polytope:
    return cell if isinstance(cell, Polytope) else cell.polytope


def rows_of(poly: Polytope) -> tuple[list, list]:
    A, b = poly.fractions()
    return A.tolist(), b.tolist()


def same(one: Polytope, other: Polytope) -> bool:
    """Not the same set only, but the same rows in the same order."""
    return rows_of(one) == rows_of(other)


# ------------------------------------------------------------------------------------------------------- SMT-LIB


def solver_of(z3, text: str):
    solver = z3.Solver()
    solver.from_string(text)
    return solver


def holds(z3, cell) -> list:
    """The inequalities as formulas of z3, made without any text."""
    system = polytope_of(cell)
    x = [z3.Real(f"x{k}") for k in range(system.dim)]
    rows = zip(*rows_of(system), strict=True)
    return [
        z3.Sum([z3.Q(*v.as_integer_ratio()) * y for v, y in zip(a, x, strict=True)]) <= z3.Q(*b.as_integer_ratio())
        for a, b in rows
    ]


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


# ----------------------------------------------------------------------------------------------------- cddlib, lrs


def test_ine_is_read_back(cell):
    assert same(Polytope.from_ine(cell.export.ine()), polytope_of(cell))


def test_cddlib_finds_the_corners_of_what_ine_says():
    cdd = pytest.importorskip("cdd")
    for region in (CLIPPED, Lens(golden((2, 8, 8), 2)).partition(Box([-1, -1], [1, 1]))[20]):
        lines = region.export.ine().splitlines()
        begin = lines.index("begin")
        assert lines[begin - 1] == "H-representation" and lines[-1] == "end"
        rows = [[Fraction(word) for word in line.split()] for line in lines[begin + 2 : -1]]
        assert lines[begin + 1] == f"{len(rows)} 3 rational"
        matrix = cdd.matrix_from_array([[float(v) for v in row] for row in rows], rep_type=cdd.RepType.INEQUALITY)
        generators = np.array(cdd.copy_generators(cdd.polyhedron_from_matrix(matrix)).array)
        assert (generators[:, 0] == 1).all()
        expected = region.polytope.vertices()
        assert len(generators) == len(expected)
        assert np.abs(expected[:, None] - generators[None, :, 1:]).max(axis=2).min(axis=1).max() < 1e-9
    assert lines[0].startswith("* row 0: ")


def test_ine_of_other_programs_is_read():
    text = (
        "a wedge\n* by hand\nH-representation\nlinearity 1 2\nbegin\n 3 3 real\n 1 0.5 -1e-1\n 0 1\n 2\n1/3 0 1\nend\n"
    )
    A, b = read_ine(text + "options\n")
    assert A.tolist() == [[Fraction(-1, 2), Fraction(1, 10)], [-1, -2], [0, -1], [1, 2]]
    assert b.tolist() == [1, 0, Fraction(1, 3), 0]
    for word in ("equality", "partial_enum"):
        assert [array.tolist() for array in read_ine(text.replace("linearity", word))] == [A.tolist(), b.tolist()]
    after = text.replace("linearity 1 2\n", "") + "linearity 1 2\n"
    assert read_ine(after)[0].tolist() == A.tolist()


@pytest.mark.parametrize(
    "text",
    [
        "V-representation\nbegin\n1 3 rational\n1 2 3\nend",
        "V-representation of a point\nbegin\n1 3 rational\n1 2 3\nend",
        "  V-representation\tby hand\nbegin\n1 3 rational\n1 2 3\nend",
        "begin\n1 3 rational\n1 2 3\nend\nhull",
        "H-representation\nV-representation\nbegin\n1 3 rational\n1 2 3\nend",
    ],
)
def test_points_are_not_read_as_halfspaces(text):
    with pytest.raises(FileFormatError, match="points and rays"):
        read_ine(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "begin\nend",
        "H-representation\nbegin\n1 3 rational\n1 2\nend",
        "H-representation\nbegin\n1 3 rational\n1 2 x\nend",
        "H-representation\nbegin\n1 3 rational\n1 2 1/0\nend",
        "H-representation\nbegin\n1 3 complex\n1 2 3\nend",
        "H-representation\nbegin\n1 3 real\n1 2 1e999999999\nend",
        "H-representation\nlinearity 2 1\nbegin\n1 3 rational\n1 2 3\nend",
        "H-representation\nlinearity\nbegin\n1 3 rational\n1 2 3\nend",
        "H-representation\nbegin\n-1 -3 rational\n1 2 3\nend",
        "H-representation\nlinearity 1 2\nbegin\n1 3 rational\n1 2 3\nend",
    ],
)
def test_other_texts_are_no_ine(text):
    with pytest.raises(FileFormatError, match="should"):
        read_ine(text)


# --------------------------------------------------------------------------------------------------------- VNN-LIB


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


# -------------------------------------------------------------------------------------------------- linear programs


def test_lp_is_read_by_highs_as_the_same_floats(cell, tmp_path):
    highspy = pytest.importorskip("highspy")
    if cell is ODD:  # HiGHS refuses coefficients above 1e15, and takes 1e20 for infinite and 1e-12 for nothing.
        cell = Polytope(ODD.A.clip(-1e14, 1e14), ODD.b.clip(-1e19, 1e19))
    cell.write(tmp_path / "cell.lp")
    solver = highspy.Highs()
    solver.silent()
    solver.setOptionValue("small_matrix_value", 1e-12)
    assert solver.readModel(str(tmp_path / "cell.lp")) in (highspy.HighsStatus.kOk, highspy.HighsStatus.kWarning)
    model = solver.getLp()
    A, b = polytope_of(cell).A, polytope_of(cell).b
    matrix = model.a_matrix_
    found = np.zeros(A.shape)
    columns = [int(name[1:]) for name in model.col_names_]
    for k, (start, stop) in enumerate(zip(matrix.start_, matrix.start_[1:], strict=False)):
        found[list(matrix.index_[start:stop]), columns[k]] = matrix.value_[start:stop]
    assert np.array_equal(found, np.where(np.abs(A) < 1e-12, 0, A))
    assert np.array_equal(model.row_upper_, b)
    assert all(np.isneginf(model.col_lower_)) and all(np.isposinf(model.col_upper_))
    assert list(model.row_names_) == row_names(polytope_of(cell))


def test_lp_of_many_terms_and_of_none(tmp_path):
    highspy = pytest.importorskip("highspy")
    A = np.vstack([RNG.standard_normal((3, 50)), np.zeros((1, 50))])
    Polytope(A, np.arange(4.0)).write(tmp_path / "wide.txt", "lp")
    assert max(map(len, (tmp_path / "wide.txt").read_text().splitlines())) < 255
    (tmp_path / "wide.txt").rename(tmp_path / "wide.lp")
    solver = highspy.Highs()
    solver.silent()
    solver.readModel(str(tmp_path / "wide.lp"))
    solver.run()
    assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    values = np.zeros((4, 50))
    matrix = solver.getLp().a_matrix_
    columns = [int(name[1:]) for name in solver.getLp().col_names_]
    for k, (start, stop) in enumerate(zip(matrix.start_, matrix.start_[1:], strict=False)):
        values[list(matrix.index_[start:stop]), columns[k]] = matrix.value_[start:stop]
    assert np.array_equal(values, A)


# ------------------------------------------------------------------------------------------------------------- JSON


def test_json_is_read_back(cell):
    text, given = cell.export.json(), polytope_of(cell)
    told, poly = json.loads(text), Polytope.from_json(text)
    assert same(poly, given) and poly.owners == given.owners and poly == given
    assert to_json(poly) == text
    assert np.array_equal(poly.A, given.A) and np.array_equal(poly.b, given.b)
    assert told["A_float"] == given.A.tolist() and told["b_float"] == given.b.tolist()


def test_json_of_the_whole_space():
    nothing = Lens.from_arrays([[[0, 0]], [[1]]], [[1], [0]]).at([1, 2])
    assert Polytope.from_json(nothing.export.json()).A.shape == (0, 2)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda told: told.update(format="other"), "holds something else"),
        (lambda told: told.update(version=2), "holds something else"),
        (lambda told: told.pop("A"), "should hold"),
        (lambda told: told["A"].pop(), "should hold"),
        (lambda told: told["A"][0].append("1"), "should hold"),
        (lambda told: told["b"].__setitem__(0, "one"), "should hold"),
        (lambda told: told["b"].__setitem__(0, "1/0"), "should hold"),
        (lambda told: told["b"].__setitem__(0, float("nan")), "should hold"),
        (lambda told: told["b"].__setitem__(0, "1e999999999"), "should hold"),
        (lambda told: told["owners"].pop(), "should hold"),
        (lambda told: told.update(dim=-1), "should hold"),
        (lambda told: told.update(dim=10**30), "should hold"),
        (lambda told: told.update(dim=10**30, A=[], b=[], owners=[]), "should hold"),
        (lambda told: told.update(A=3), "should hold"),
        (lambda told: told.update(dim=-1, A=[], b=[], owners=[]), "should hold"),
        (lambda told: told["owners"][0][0].append(1), "should hold"),
        (lambda told: told["owners"][0][0].__setitem__(0, float("inf")), "should hold"),
    ],
)
def test_other_json_is_refused(change, says):
    told = json.loads(CLIPPED.export.json())
    change(told)
    with pytest.raises(FileFormatError, match=says):
        Polytope.from_json(json.dumps(told))


@pytest.mark.parametrize("text", ["", "[1, 2]", "{", "[" * 100_000])
def test_other_texts_are_no_json(text):
    with pytest.raises(FileFormatError):
        read_json(text)


# ------------------------------------------------------------------------------------------------------ WKT and LaTeX


def test_wkt_is_read_by_shapely():
    import shapely

    partition = Lens(golden((2, 8, 8), 2)).partition(Box([-1, -1], [1, 1]))
    for region, polygon in zip(partition, partition.polygons(), strict=True):
        read = shapely.from_wkt(region.export.wkt())
        exact = [
            tuple(map(float, corner))
            for corner in partition.vertices(int(partition.locate(region.point)[0]), exact=True)
        ]
        corners = list(read.exterior.coords)[:-1]
        turn = corners.index(exact[0])
        assert corners[turn:] + corners[:turn] == exact
        assert read.equals_exact(polygon, 1e-9, normalize=True)
        assert region.polytope.to_shapely().equals_exact(shapely.from_wkt(region.polytope.export.wkt()), 0)


def test_wkt_is_for_bounded_polygons():
    with pytest.raises(DimensionError, match="R\\^3"):
        DEEP.export.wkt()
    with pytest.raises(DimensionError, match="R\\^3"):
        ODD.export.wkt()
    with pytest.raises(UnboundedPolytopeError):
        DOUBLED.export.wkt()


def test_latex_is_made_to_read():
    assert DOUBLED.export.latex() == (
        "\\begin{aligned}\n"
        "-0.5\\,x_{0} &\\le -0.1 && \\text{layer 0, neuron 2} \\\\\n"
        "-x_{0} - 3\\,x_{1} &\\le 0 && \\text{layer 0, neuron 0, and layer 0, neuron 1}\n"
        "\\end{aligned}"
    )
    plain = DOUBLED.export.latex(owners=False, digits=None)
    assert "text" not in plain
    assert r"-\tfrac{1}{2}\,x_{0} &\le -\tfrac{3602879701896397}{36028797018963968} \\" in plain
    shown = to_latex(Polytope([[123456.0, -0.00012345678, 3.0], [0, 0, 0], [1200, 5e-324, 1e308]], np.zeros(3)))
    assert r"1.235 \cdot 10^{5}\,x_{0} - 0.0001235\,x_{1} + 3\,x_{2} &\le 0" in shown
    assert r"0 &\le 0" in shown
    assert r"1200\,x_{0} + 4.941 \cdot 10^{-324}\,x_{1} + 10^{308}\,x_{2}" in shown
    with pytest.raises(OptionError, match="`digits`"):
        DOUBLED.export.latex(digits=0)


def test_matplotlib_can_set_each_line_of_the_latex():
    from matplotlib.mathtext import MathTextParser

    for line in DEEP.export.latex().splitlines()[1:-1]:
        formula = re.sub(r"&+ ?|\\\\$", "", line).replace(r"\le", r"\leq")
        MathTextParser("path").parse(f"${formula}$")


# ------------------------------------------------------------------------------------------------------------- files


def test_files_are_named_by_what_they_end_in(tmp_path):
    for name, suffix in SUFFIXES.items():
        CLIPPED.write(tmp_path / f"cell{suffix}")
        CLIPPED.write(tmp_path / "cell.other", format=name)
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
    assert (export.n_outputs, region.polytope.export.n_outputs) == (1, 1)


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path):
    with pytest.raises(OptionError, match=r"ends in \.wkt, \.smt2"):
        ODD.write(tmp_path / "cell.xml")
    with pytest.raises(OptionError, match="`format` should be one of"):
        ODD.write(tmp_path / "cell.lp", format="xml")
    with pytest.raises(DimensionError):
        ODD.write(tmp_path / "cell.wkt")
    with pytest.raises(FileNotFoundError):
        ODD.write(tmp_path / "absent" / "cell.lp")
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

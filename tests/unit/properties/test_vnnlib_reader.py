"""VNN-LIB: what is read as which constraints, against what is meant; and refusals with their line."""

from __future__ import annotations

import gzip
from fractions import Fraction

import numpy as np
import pytest

from polytope_lens import Polytope, read_vnnlib
from polytope_lens.errors import DomainError, FileFormatError, IntractableError, MissingFileError
from polytope_lens.properties.vnnlib_reader import parse_vnnlib

OLD = "(declare-const X_0 Real) (declare-const X_1 Real)\n(declare-const Y_0 Real) (declare-fun Y_1 () Real)\n"
NEW = "(vnnlib-version <2.0>)\n(declare-network f (declare-input X real [2]) (declare-output Y float32 [1, 2]))\n"
SIDES = "(assert (<= -1 X_0 1)) (assert (and (>= X_1 -1.0) (>= 1e0 X_1)))\n"
# Conditions, and the same as functions of the two inputs and outputs
MEANT = {
    "(<= Y_0 Y_1)": lambda x, y: y[0] <= y[1],
    "(>= Y_0 0.1)": lambda x, y: y[0] >= Fraction(1, 10),
    "(< Y_0 -1.5e-1)": lambda x, y: y[0] < Fraction(-3, 20),
    "(> Y_0 Y_1)": lambda x, y: y[0] > y[1],
    "(= (+ Y_0 Y_1) 1)": lambda x, y: y[0] + y[1] == 1,
    "(== Y_0 X_1)": lambda x, y: y[0] == x[1],
    "(<= (+ (* 2 Y_0) (* -0.5 Y_1) X_0 (- X_1)) 0.25)": lambda x, y: (
        2 * y[0] - y[1] / 2 + x[0] - x[1] <= Fraction(1, 4)
    ),
    "(>= (- Y_0 Y_1 1) (/ X_0 4))": lambda x, y: y[0] - y[1] - 1 >= x[0] / 4,
    "(<= (* Y_0 2 3) (* (+ 1 1) (- 3)))": lambda x, y: 6 * y[0] <= -6,
    "(or (<= Y_0 -1) (and (>= Y_0 1) (>= Y_1 1)))": lambda x, y: y[0] <= -1 or (y[0] >= 1 and y[1] >= 1),
    "(and (or (<= X_0 0) (>= Y_0 0)) (or (>= X_1 0) (<= Y_1 0)))": lambda x, y: (
        (x[0] <= 0 or y[0] >= 0) and (x[1] >= 0 or y[1] <= 0)
    ),
    "(or)": lambda x, y: False,
    "(or (<= 0 1) (<= Y_0 Y_1))": lambda x, y: True,
    "(<= -1 Y_0 Y_1 1)": lambda x, y: -1 <= y[0] <= y[1] <= 1,
    "(<= (* 0 Y_0) 0)": lambda x, y: True,
}
PLACES = {"X_0": "X[0]", "X_1": "X[1]", "Y_0": "Y[0,0]", "Y_1": "Y[0,1]"}


def written_new(text):
    for old, new in PLACES.items():
        text = text.replace(old, new)
    return text


def points():
    values = [Fraction(v, 20) for v in (-20, -10, -3, 0, 2, 5, 10, 20)]
    rng = np.random.default_rng(0)
    for _ in range(200):
        x, y = ([values[i] for i in rng.integers(0, 8, 2)] for _ in range(2))
        yield x, y


@pytest.mark.parametrize("condition", MEANT)
def test_conditions_say_what_they_mean_in_both_versions(condition):
    if condition == "(or)":
        with pytest.raises(DomainError):
            parse_vnnlib(f"{OLD}{SIDES}(assert {condition})")
        return
    text = f"{SIDES}; a comment (with parentheses\n(assert {condition})\n"
    old, new = parse_vnnlib(OLD + text), parse_vnnlib(NEW + written_new(text))
    assert old == new
    assert (old.input_dim, old.output_dim) == (2, 2)
    told = {True: 0, False: 0}
    for x, y in points():
        want = MEANT[condition](x, y)
        assert (old.violated_case(x, y) is not None) == want, (x, y)
        told[want] += 1
    assert told[True]


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_what_the_library_writes_is_read(version):
    rng = np.random.default_rng(1)
    A = np.vstack([np.eye(3), -np.eye(3), rng.standard_normal((2, 3))])
    poly = Polytope(A, [1, 1, 1, 1, 1, 1, Fraction(1, 3), 0.25])
    asked = parse_vnnlib(poly.export.vnnlib(n_outputs=2, version=version))
    assert (asked.input_dim, asked.output_dim) == (3, 2)
    X = rng.uniform(-1.2, 1.2, (200, 3))
    inside = [asked.violated_case([Fraction(v) for v in x], [Fraction(0)] * 2) is not None for x in X]
    assert inside == poly.contains(X).tolist() and 0 < sum(inside) < 200


def test_tensors_are_laid_out_in_c_order_and_several_end_to_end():
    text = """(vnnlib-version <2.0>)
    (declare-network f (declare-input A real [2,2]) (declare-input B real []) (declare-output Z real [ 1 ]))
    (assert (<= 0 A[0,0] 1)) (assert (<= 0 A[0,1] 2)) (assert (<= 0 A[1,0] 3)) (assert (<= 0 A[1,1] 4))
    (assert (<= 0 B 5)) (assert (<= Z[0] 0))"""
    asked = parse_vnnlib(text)
    assert [int(v) for v in asked.boxes()[0].upper] == [1, 2, 3, 4, 5]


def test_files_also_packed(tmp_path):
    text = f"(set-logic QF_LRA)\n{OLD}{SIDES}(assert (<= Y_0 Y_1))(check-sat)(exit)"
    (tmp_path / "a.vnnlib").write_text(text)
    with gzip.open(tmp_path / "a.vnnlib.gz", "wt") as file:
        file.write(text)
    assert read_vnnlib(tmp_path / "a.vnnlib") == read_vnnlib(tmp_path / "a.vnnlib.gz") == parse_vnnlib(text)
    with pytest.raises(MissingFileError):
        read_vnnlib(tmp_path / "b.vnnlib")
    (tmp_path / "c.vnnlib").write_bytes(b"\xff\xfe")
    with pytest.raises(FileFormatError, match="UTF-8"):
        read_vnnlib(tmp_path / "c.vnnlib")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{OLD}\n(assert (<= (* Y_0 Y_1) 0))", "line 4: `(* Y_0 Y_1)` is not read: a product of two variables"),
        (f"{OLD}\n\n(assert (not (<= Y_0 0)))", "line 5: `(not (<= Y_0 0))` is not read: conditions are made of"),
        (f"{OLD}(assert (=> (<= Y_0 0) (<= Y_1 0)))", "line 3"),
        (f"{OLD}(assert (!= Y_0 0))", "line 3"),
        (f"{OLD}(assert (<= Y_2 0))", "line 3: `Y_2` is not read: neither a number nor a variable"),
        (f"{OLD}(assert (<= y_0 0))", "`y_0`"),
        (f"{OLD}(assert (<= Y_0 1/2))", "`1/2`"),
        (f"{OLD}(assert (<= Y_0 nan))", "`nan`"),
        (f"{OLD}(assert (<= Y_0))", "two sides"),
        (f"{OLD}(assert (<= (/ 1 Y_0) 0))", "a number other than 0"),
        (f"{OLD}(assert (<= (/ Y_0 0) 0))", "a number other than 0"),
        (f"{OLD}(assert (<= (ite Y_0 1 2) 0))", "expressions are made of"),
        (f"{OLD}(assert (<= () 0))", "expressions are made of"),
        (f"{OLD}(assert (<= Y_0 0) (<= Y_1 0))", "an assertion of one condition"),
        (f"{OLD}(define-fun f () Real 1.0)", "line 3: `(define-fun f () Real 1.0)`"),
        (f"{OLD}(assert (<= Y_0 0)", "line 3: a parenthesis that is not closed"),
        (f"{OLD}(assert (<= Y_0 0)))", "line 3: a closing parenthesis"),
        (f"{OLD}assert", "line 3: `assert` is not read: a file is a list of commands"),
        (f'{OLD}(set-info "a)', "line 3: a quotation mark"),
        ("(" * 600, "more than 500 parentheses"),
        ("", "declares no inputs"),
        ("(declare-const X_0 Real)", "declares no outputs"),
        ("(declare-const X_0 Int)", "of the kind Real"),
        ("(declare-const Z_0 Real)", "line 1"),
        ("(declare-const X_0 Real)(declare-const X_0 Real)", "declared twice"),
        ("(declare-const X_1 Real)(declare-const Y_0 Real)", "X_1 but not X_0"),
        ("(vnnlib-version <3.0>)", "versions 1.0 and 2.0"),
        (f"{NEW}(declare-network g)", "a single network"),
        ("(declare-network f (declare-hidden H real [2]))", "inputs and outputs"),
        ("(declare-network f (declare-input X int [2]))", "kinds are"),
        ("(declare-network f (declare-input X real [0]))", "without entries"),
        ("(declare-network f (declare-input X real [2]) (declare-output X real [2]))", "twice"),
        (f"{NEW}(assert (<= Y[2] 0))", "its shape is [1, 2]"),
        (f"{NEW}(assert (<= Y[0,2] 0))", "its shape is [1, 2]"),
        (f"{NEW}(assert (<= Y 0))", "its shape is [1, 2]"),
    ],
)
def test_refusals_name_the_line(text, told):
    with pytest.raises(FileFormatError) as refusal:
        parse_vnnlib(text, name="a.vnnlib")
    assert told in str(refusal.value)
    assert str(refusal.value).startswith("a.vnnlib")


def test_bounds_that_are_missing_or_contradict_each_other():
    with pytest.raises(DomainError, match="input 1 has no greatest value"):
        parse_vnnlib(f"{OLD}(assert (<= 0 X_0 1))(assert (<= 0 X_1))(assert (<= Y_0 0))")
    with pytest.raises(DomainError, match="input 0 would be at least 2"):
        parse_vnnlib(f"{OLD}{SIDES}(assert (>= X_0 2))")


def test_alternatives_that_multiply_are_refused():
    either = "(assert (or (<= Y_0 0) (<= Y_1 0) (>= Y_0 1)))\n"
    with pytest.raises(IntractableError, match="line 12"):
        parse_vnnlib(f"{OLD}{SIDES}{either * 10}")


def test_damaged_files_are_refused_in_words():
    """Any piece of a file that is left out or changed gives a property or a refusal."""
    text = f"{OLD}{SIDES}(assert (or (<= Y_0 Y_1) (and (>= (+ Y_0 (* 2 X_0)) 0.1) (<= Y_1 1))))"
    rng = np.random.default_rng(0)
    for _ in range(400):
        start, stop = sorted(rng.integers(0, len(text), 2).tolist())
        middle = ("", "(", ")", "X_0", "1e", "#")[rng.integers(6)]
        damaged = text[:start] + middle + text[min(stop, start + 5) :]
        try:
            parse_vnnlib(damaged)
        except (FileFormatError, DomainError):
            continue

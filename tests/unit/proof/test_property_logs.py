"""Proof logs of properties: what the checker accepts, and the forgeries that it has to reject.

Forged logs get a new digest, so that it is the proof that fails and not the seal. Whatever is accepted has to be true
of the network and the property that the log names, which a list of all regions decides.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from families import golden, random_deep
from polytope_lens import Box, Lens, Property, Verdict
from polytope_lens.properties.property import Constraint
from proof_logs import answer, with_line
from properties_twin import is_reached

HAT = Lens.from_arrays([[[3, 0], [0, 1], [1, 1]], [[1, 1, -2]]], [[-1, 0, -1], [0]])
DEEP = Lens(golden((2, 4, 4), 1))
LEAKY = Lens(random_deep((2, 3, 4), 1, 0.1))
BENT = Lens.from_arrays([[[1, 1], [1, -1]], [[1, 1]]], [[0, 0], [0]], -1.0)  # |x + y| + |x - y|
SQUARE = Box([-1, -1], [1, 1])


def strict(asked):
    """The property with strict inequalities in the target."""
    cases = tuple(tuple(c._replace(strict=bool(c.outputs)) for c in case) for case in asked.cases)
    return Property(asked.input_dim, asked.output_dim, cases)


def above(lens, domain, by=Fraction(0), row=0):
    """No output is more than its greatest value and something."""
    c = [int(j == row) for j in range(lens.network.output_dim)]
    return Property.of(domain, ([[-v for v in c]], [-lens.maximum(c, domain).value - by]))


CASES = {
    "room": (DEEP, above(DEEP, SQUARE, Fraction(1, 8))),
    "close": (DEEP, above(DEEP, SQUARE, Fraction(1, 10**9))),
    "touching": (DEEP, strict(above(DEEP, SQUARE))),
    "touching, bent": (BENT, strict(above(BENT, (["-0.3", "-0.1"], ["0.1", "0.7"])))),
    "leaky": (LEAKY, above(LEAKY, SQUARE, Fraction(1, 10**6))),
    "decimals": (HAT, above(HAT, (["0", "0.1"], ["0.7", "0.1"]), Fraction(1, 1000))),
    "a point": (HAT, above(HAT, (["0.7", "1"], ["0.7", "1"]), Fraction(1, 1000))),
    "cases": (
        HAT,
        Property.of([(["0", "0"], ["0.3", "1"]), (["0.1", "0"], ["0.4", "1"])], [([[-1]], [-2]), ([[1]], [-1])]),
    ),
    "conjunction": (LEAKY, Property.of(SQUARE, ([[1], [-1]], ["0.1", "-0.2"]))),
    "no neurons": (Lens.from_arrays([[[1, 2]]], [[1]]), Property.of(SQUARE, ([[-1]], ["-4.001"]))),
}
VIOLATED = {
    "a corner": (HAT, Property.of((["0", "0"], ["0.7", "1"]), ([[-1]], ["-1.4"]))),
    "leaky": (LEAKY, above(LEAKY, SQUARE, Fraction(-1, 100))),
}


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """The lines of each case's log, without the digest."""
    found = {}
    for name, (lens, asked) in [*CASES.items(), *((f"violated: {n}", pair) for n, pair in VIOLATED.items())]:
        path = tmp_path_factory.mktemp("proofs") / "run.proof"
        verdict = lens.check(asked, proof=path).verdict
        assert verdict is (Verdict.VIOLATED if ":" in name else Verdict.HOLDS)
        found[name] = path.read_text().splitlines()[:-1]
    return found


def rejected(tmp_path, lines):
    found = answer(tmp_path, lines)
    assert found["proved"] or (found["line"] >= 1 and found["reason"])
    return not found["proved"]


def tree_of(lines):
    """Where the tree begins: behind the property."""
    return max(i for i, line in enumerate(lines) if line.split()[0] == "constraint") + 1


def is_true(lines):
    """Whether no point satisfies a case of the network and the property that a log names, by a list of regions."""
    weights, biases, cases, slope = [[]], [[]], [], 0.0
    for keyword, *rest in (line.split() for line in lines[: tree_of(lines)]):
        if keyword in ("layer", "outputs") and weights[-1]:
            weights.append([])
            biases.append([])
        elif keyword in ("neuron", "output"):
            *row, bias = map(float.fromhex, rest[3:] if keyword == "neuron" else rest)
            slope = float.fromhex(rest[0]) if keyword == "neuron" else slope
            weights[-1].append(row)
            biases[-1].append(bias)
        elif keyword == "case":
            cases.append([])
        elif keyword == "constraint":
            terms = {name: exact(v) for name, v in zip(rest[2::2], rest[3::2], strict=True)}
            cases[-1].append((rest[0], exact(rest[1]), terms))
    lens = Lens.from_arrays(weights, biases, slope)
    d, m = lens.network.input_dim, lens.network.output_dim
    for case in cases:
        lower, upper = [None] * d, [None] * d
        rows = []
        for _, bound, terms in case:
            rows.append(([terms.get(f"x{k}", 0) for k in range(d)], [terms.get(f"y{k}", 0) for k in range(m)], bound))
            if len(terms) == 1 and next(iter(terms))[0] == "x":
                ((name, factor),) = terms.items()
                (upper if factor > 0 else lower)[int(name[1:])] = bound / factor
        if None in lower or None in upper or any(lo > hi for lo, hi in zip(lower, upper, strict=True)):
            return True
        if any(sign == "<" for sign, _, _ in case):
            if lens.check(Property(d, m, (tuple(map(constraint, case)),))).verdict is not Verdict.HOLDS:
                return False
        elif is_reached(lens, lower, upper, rows):
            return False
    return True


def constraint(read):
    sign, bound, terms = read
    inputs, outputs = (tuple((int(n[1:]), v) for n, v in terms.items() if n[0] == of) for of in "xy")
    return Constraint(inputs, outputs, bound, sign == "<")


def exact(word):
    over, _, under = word.partition("/")
    return Fraction(int(over, 16), int(under or "1", 16))


@pytest.mark.parametrize("name", CASES)
def test_untouched_logs_are_proved(name, logs, tmp_path):
    found = answer(tmp_path, logs[name])
    assert found["proved"] and found["verdict"] == "HOLDS"


@pytest.mark.parametrize("name", VIOLATED)
def test_violations_are_proved(name, logs, tmp_path):
    lines = logs[f"violated: {name}"]
    found = answer(tmp_path, lines)
    assert found["proved"] and found["verdict"] == "VIOLATED"
    words = lines[-1].split()
    for k in range(2, len(words)):
        for other in ("100", "-100", "0/1", "2/2", "1/0", "nan"):
            assert rejected(tmp_path, with_line(lines, len(lines) - 1, *words[:k], other, *words[k + 1 :]))
    assert rejected(tmp_path, with_line(lines, len(lines) - 1, *words[:-1]))
    assert rejected(tmp_path, with_line(lines, len(lines) - 1, words[0], "7", *words[2:]))
    assert rejected(tmp_path, lines[:-1])


@pytest.mark.parametrize("name", CASES)
def test_a_log_that_ends_early_is_rejected(name, logs, tmp_path):
    lines = logs[name]
    for i in range(len(lines)):
        assert rejected(tmp_path, lines[:i])


@pytest.mark.parametrize("name", CASES)
def test_a_case_that_is_not_closed_is_rejected(name, logs, tmp_path):
    lines = logs[name]
    for i, line in enumerate(lines):
        if line.split()[0] in ("close", "cases", "halve", "split"):
            assert rejected(tmp_path, lines[:i] + lines[i + 1 :])


@pytest.mark.parametrize("name", CASES)
def test_lines_twice_or_swapped_prove_nothing_false(name, logs, tmp_path):
    lines = logs[name]
    for i in range(1, len(lines) - 1):
        if lines[i].split()[0] in ("close", "cases"):
            assert rejected(tmp_path, [*lines[: i + 1], *lines[i:]])
        if lines[i] != lines[i + 1]:
            swapped = [*lines[:i], lines[i + 1], lines[i], *lines[i + 2 :]]
            assert rejected(tmp_path, swapped) or is_true(swapped)


@pytest.mark.parametrize("name", CASES)
def test_multipliers_that_prove_nothing_are_rejected(name, logs, tmp_path):
    lines = logs[name]
    for i in [i for i, line in enumerate(lines) if line.split()[0] == "close"]:
        words = lines[i].split()
        for k in range(4, 3 + 2 * int(words[2]), 2):
            assert rejected(tmp_path, with_line(lines, i, *words[:k], f"-{words[k]}", *words[k + 1 :]))
            assert rejected(tmp_path, with_line(lines, i, *words[: k - 1], "99", *words[k:]))
        assert rejected(tmp_path, with_line(lines, i, words[0], words[1], "0"))
        assert rejected(tmp_path, with_line(lines, i, *words, "0", "0", "-1"))
        assert rejected(tmp_path, with_line(lines, i, *words, "7", "0", "1"))


@pytest.mark.parametrize("name", ["room", "leaky", "touching"])
def test_bounds_that_are_too_good_are_rejected(name, logs, tmp_path):
    lines, n_rejected, n_asked = logs[name], 0, 0
    for i in [i for i, line in enumerate(lines) if line.split()[0] == "bounds"]:
        words = lines[i].split()
        for k in range(4, len(words)):
            if (k - 3) % 3 and words[k] != "*":
                inward = (1 if (k - 3) % 3 == 1 else -1) << 11
                forged = with_line(lines, i, *words[:k], f"{int(words[k], 16) + inward:x}", *words[k + 1 :])
                n_asked += 1
                n_rejected += rejected(tmp_path, forged)
    assert n_asked > 4 and n_rejected == n_asked


@pytest.mark.parametrize("name", ["room", "touching", "leaky", "decimals", "cases", "no neurons"])
def test_another_statement_is_rejected_or_true(name, logs, tmp_path):
    lines, n_rejected = logs[name], 0
    for i in range(1, tree_of(lines)):
        words = lines[i].split()
        for k in range(1, len(words)):
            if "0x" in words[k] and words[0] in ("neuron", "output") and (words[0] == "output" or k > 3):
                others = [(float.fromhex(words[k]) + by).hex() for by in (-2.0, 0.5)]
            elif words[0] == "constraint" and k >= 2 and words[k][0] not in "xy":
                others = [written(exact(words[k]) + by) for by in (Fraction(-1, 2), Fraction(3))]
            elif words[k] == "<":
                others = ["<="]
            else:
                continue
            for other in others:
                forged = with_line(lines, i, *words[:k], other, *words[k + 1 :])
                if rejected(tmp_path, forged):
                    n_rejected += 1
                else:
                    assert is_true(forged)
    assert n_rejected > 4


def written(value):
    return f"{value.numerator:x}" if value.denominator == 1 else f"{value.numerator:x}/{value.denominator:x}"


@pytest.mark.parametrize("name", ["room", "touching", "leaky", "cases"])
def test_random_changes_prove_nothing_false(name, logs, tmp_path):
    lines, rng = logs[name], np.random.default_rng(0)
    for _ in range(150):
        i = int(rng.integers(1, len(lines)))
        words = lines[i].split()
        k = int(rng.integers(len(words)))
        other = lines[int(rng.integers(len(lines)))].split()
        words[k] = ("0", "1", "-1", "*", "ff", "nan", "x0", other[int(rng.integers(len(other)))])[int(rng.integers(8))]
        forged = with_line(lines, i, *words)
        assert rejected(tmp_path, forged) or is_true(forged)


@pytest.mark.parametrize(
    "line",
    ["", "close", "close 0", "close 0 1 0", "close 0 1 0 1", "halve 9", "halve", "split 0", "split 9 0", "split 0 99",
     "above", "above 0 40 0 0", "above 0 40 0 0 0", "above 0 40 0 0 -1", "above 0 40 99 0 1",
     "above 9 40 0 0 1", "above 0 0 0 0 1", "above 0 9999 0 0 1", "above 0 40 0 0 1 0 0 1",
     "above 0 40 0 0 1 99 1", "above 0 40 0 0 1 9", "above 0 40 0 0 1 99 0 1",
     "slopes", "slopes 9 0 0", "slopes 0 99 0", "slopes 0 0 1001", "slopes 0 0 -1", "slopes 0 0",
     "bounds 0", "bounds 0 0 0 1", "bounds 0 99999 0 0 0", "bounds 9 0 0 0 0", "cases 0",
     "violated 0 0 0", "holds"],
)  # fmt: skip
def test_nonsense_is_rejected(line, logs, tmp_path):
    lines = logs["room"]
    for i in range(tree_of(lines) + 1, len(lines)):
        assert rejected(tmp_path, [*lines[:i], line, *lines[i + 1 :]])


def test_the_same_bound_may_be_said_again(logs, tmp_path):
    lines = logs["room"]
    i = next(i for i, line in enumerate(lines) if line.split()[0] == "bounds")
    assert not rejected(tmp_path, [*lines[: i + 1], *lines[i:]])


RAMP = [
    "polytope_lens proof 1",
    "inputs 1",
    "layer 1",
    f"neuron {(0.0).hex()} {(1.0).hex()} {(1.0).hex()} {(1.0).hex()} {(0.0).hex()}",
    "outputs 1",
    f"output {(1.0).hex()} {(0.0).hex()}",
]
BETWEEN = ["constraint <= 1 x0 1", "constraint <= 1 x0 -1"]  # -1 <= x <= 1
BEGIN = [*RAMP, "property 1", "case 3", *BETWEEN, "constraint <= -2 y0 -1", "cases 0", "bounds 0 0 0 -1 1"]  # y >= 2


def test_multipliers_are_as_many_as_is_said(tmp_path):
    two = [*RAMP, "property 2"]
    for least in ("-2", "-3"):
        two += ["case 3", *BETWEEN, f"constraint <= {least} y0 -1"]
    closed = ["close 0 1 2 1", "close 1 1 2 1"]
    begin = [*two, "cases 0 1", "bounds 0 0 0 -1 1"]
    assert not rejected(tmp_path, [*begin, *closed])
    assert rejected(tmp_path, [*begin, "close 0 2 2 1", closed[1]])  # of two multipliers there is one


@pytest.mark.parametrize(
    ("claim", "is_proved"),
    [
        ("above 0 0 0 0 1 0 0 1", True),
        ("above 0 4 0 0 1 0 0 10", True),  # in sixteenths
        ("above 0 4 0 0 1 0 0 1", False),
        ("above 0 0 0 -1 1 0 0 1", False),
        ("above 0 0 0 0 1 0 0 -1", False),
        ("below 0 0 0 0 1 0 0 1", False),
        ("above 0 0 0 0 1 0 1 1", False),
        ("above x 0 0 0 1 0 0 1", False),
    ],
)
def test_signs_prove_bounds_where_they_are_given(claim, is_proved, tmp_path):
    lines = [*BEGIN, "split 0 0", claim, "close 0 1 2 1", "close 0 1 2 1"]
    assert rejected(tmp_path, lines) is not is_proved
    assert rejected(tmp_path, [*BEGIN, claim, "close 0 1 2 1"])


def test_slopes_hold_until_a_cell_is_cut(tmp_path):
    """2 relu(x) - x is above 0 but where x is 0, and with the line x / 2 it is never less than 0."""
    begin = [*RAMP, "property 1", "case 3", *BETWEEN, "constraint < 0 x0 -1 y0 2", "cases 0", "bounds 0 0 0 -1 1"]
    assert rejected(tmp_path, [*begin, "close 0 1 2 1"])
    assert not rejected(tmp_path, [*begin, "slopes 0 0 800", "close 0 1 2 1"])
    assert rejected(tmp_path, [*begin, "slopes 0 0 7ff", "close 0 1 2 1"])
    assert rejected(tmp_path, [*begin, "slopes 0 0 800", "slopes 0 0 0", "close 0 1 2 1"])
    assert rejected(tmp_path, [*begin, "slopes 0 0 800", "halve 0", "close 0 1 2 1", "close 0 1 2 1"])
    assert not rejected(tmp_path, [*begin, "halve 0", "close 0 1 2 1", "slopes 0 0 800", "close 0 1 2 1"])


@pytest.mark.parametrize("name", ["room", "close", "touching", "leaky"])
def test_ends_that_are_too_good_are_rejected(name, logs, tmp_path):
    lines, n_asked = logs[name], 0
    for i in [i for i, line in enumerate(lines) if line.split()[0] in ("above", "below")]:
        words = lines[i].split()
        inward = (-1 if words[0] == "above" else 1) << 11
        n_asked += 1
        assert rejected(tmp_path, with_line(lines, i, *words[:4], f"{int(words[4], 16) + inward:x}", *words[5:]))
        assert rejected(tmp_path, with_line(lines, i, *words[:5], "0", *words[6:]))
        assert rejected(tmp_path, with_line(lines, i, *words[:6]))
    assert n_asked > 2

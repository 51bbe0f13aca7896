"""Whether properties hold: against lists of all regions, at thresholds just touched, on flat boxes."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest

from polytope_lens import Box, Lens, Polytope, Property, Verdict
from polytope_lens.errors import DimensionError, DomainError, OptionError, Status
from polytope_lens.properties import listing
from polytope_lens.properties import property_check as module
from polytope_lens.properties.property import Constraint, checked_property
from proof_logs import verify
from properties_twin import greatest, is_reached, random_box, random_network

TINY = Fraction(1, 10**12)
MAXIMUM = Lens.from_arrays([[[1, -1], [0, 1], [0, -1]], [[1, 1, -1]]], [[0, 0, 0], [0]])


def numbers(rng, n):
    return [Fraction(int(v)) for v in rng.integers(-2, 3, n)]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("guess", [True, False])
def test_a_threshold_at_the_greatest_value_is_touched_and_no_other(seed, guess, monkeypatch):
    """By guesses, and by the search alone."""
    rng = np.random.default_rng(seed)
    if not guess:
        monkeypatch.setattr(module._Search, "first_guesses", lambda search: None)
    d, out = int(rng.integers(1, 4)), int(rng.integers(1, 3))
    lens, (lower, upper) = random_network(rng, d, out), random_box(rng, d)
    if lower == upper:
        upper[0] += 1
    row = numbers(rng, out)
    most = greatest(lens, lower, upper, row)
    for above, verdict in ((0, Verdict.VIOLATED), (TINY, Verdict.HOLDS), (-TINY, Verdict.VIOLATED)):
        asked = Property.of((lower, upper), ([[-v for v in row]], [-most - above]))
        found = lens.check(asked)
        assert found.verdict is verdict
        assert (found.point is not None) == (verdict is Verdict.VIOLATED)
        if found.counterexample is not None:
            assert asked.violated_case(found.point, found.counterexample.outputs) == 0


@pytest.mark.parametrize("seed", range(12))
def test_unions_of_targets_with_conditions_on_inputs_agree_with_lists_of_all_regions(seed):
    rng = np.random.default_rng([seed, 1])
    d, out = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    lens, (lower, upper) = random_network(rng, d, out), random_box(rng, d)
    sides = [Constraint(((k, Fraction(s)),), (), s * v) for s, c in ((1, upper), (-1, lower)) for k, v in enumerate(c)]
    cases, reached = [], False
    for _ in range(2):
        rows = [(numbers(rng, d), numbers(rng, out), Fraction(int(rng.integers(-4, 3)), 3)) for _ in range(2)]
        cases.append(
            (*sides, *(Constraint(nonzero(a), nonzero(c), bound) for a, c, bound in rows)),
        )
        reached |= is_reached(lens, lower, upper, rows)
    found = lens.check(checked_property(d, out, cases), workers=1 + seed % 2)
    assert found.verdict is (Verdict.VIOLATED if reached else Verdict.HOLDS)


def nonzero(row):
    return tuple((k, v) for k, v in enumerate(row) if v)


@pytest.mark.parametrize("seed", range(8))
def test_strict_constraints_are_strict(seed):
    rng = np.random.default_rng([seed, 2])
    d = int(rng.integers(1, 4))
    lens, (lower, upper) = random_network(rng, d, 1), random_box(rng, d)
    most = greatest(lens, lower, upper, [Fraction(1)])
    sides = [Constraint(((k, Fraction(s)),), (), s * v) for s, c in ((1, upper), (-1, lower)) for k, v in enumerate(c)]
    for below, verdict in ((0, Verdict.HOLDS), (TINY, Verdict.VIOLATED)):
        strict = Constraint((), ((0, Fraction(-1)),), -(most - below), strict=True)
        assert lens.check(checked_property(d, 1, [(*sides, strict)])).verdict is verdict


def test_what_happens_only_at_a_fraction_is_found():
    """|x - 1/3| reaches 0 at no float, and y = 0 is flat in the target."""
    lens = Lens.from_arrays([[[3.0], [-3.0]], [[1, 1]]], [[-1, 1], [0]])
    found = lens.check(Property.of(Box([0], [1]), ([[1]], [0])))
    assert found.point == (Fraction(1, 3),)
    assert not found.counterexample.is_violated_in_float32
    assert lens.check(Property.of((["0.3333333333333333"], ["0.3333333333333334"]), ([[1]], [0]))).point == (
        Fraction(1, 3),
    )
    near = Property.of((["0.33333333333333333334"], [1]), ([[1]], [0]))  # a bound that floats round below 1/3
    assert lens.check(near).verdict is Verdict.HOLDS


def test_inputs_fixed_where_no_float_is():
    """x1 = 1/10 exactly: the sum of x0 and ten times x1 is 1 at x0 = 0, which no float near 1/10 gives."""
    lens = Lens.from_arrays([[[1.0, 10.0], [-1.0, -10.0]], [[1, 1]]], [[-1, 1], [0.5]])
    flat = (["0", "0.1"], ["1", "0.1"])
    assert lens.check(Property.of(flat, ([[1]], ["0.5"]))).point == (0, Fraction(1, 10))
    assert lens.check(Property.of(flat, ([[1]], ["0.4999999999999999999999"]))).verdict is Verdict.HOLDS
    beside = (["0.00000000000000000001", "0.1"], ["1", "0.1"])
    assert lens.check(Property.of(beside, ([[1]], ["0.5"]))).verdict is Verdict.HOLDS


def test_a_domain_that_is_a_point():
    for at, verdict in ((["0.7", "0.2"], Verdict.VIOLATED), (["0.3", "0.69"], Verdict.HOLDS)):
        assert MAXIMUM.check(Property.of((at, at), ([[-1]], ["-0.7"]))).verdict is verdict


def test_unions_of_domains():
    squares = [Box([0, 0], [1, 1]), Box([3, 3], [4, 4]), (["7", "7"], ["7", "7"])]
    for least, verdict in ((7, Verdict.VIOLATED), (4, Verdict.VIOLATED), (8, Verdict.HOLDS)):
        found = MAXIMUM.check(Property.of(squares, ([[-1]], [-least])))
        assert found.verdict is verdict
        assert found.decided == 1.0 or verdict is Verdict.VIOLATED


def test_a_polytope_as_domain_and_as_target():
    triangle = Polytope([[-1, 0], [0, -1], [1, 1], [1, 0], [0, 1]], [0, 0, 1, 1, 1])
    interval = Polytope([[1], [-1]], [Fraction(1, 2), -Fraction(1, 2)])
    assert MAXIMUM.check(Property.of(triangle, interval)).verdict is Verdict.VIOLATED
    # Where the sum is at most 1/2 the greater one is; at most where it is alone.
    smaller = Polytope([[-1, 0], [0, -1], [2, 2], [1, 0], [0, 1]], [0, 0, 1, 1, 1])
    assert MAXIMUM.check(Property.of(smaller, interval)).verdict is Verdict.VIOLATED
    assert MAXIMUM.check(Property.of(smaller, ([[-1]], ["-0.5000001"]))).verdict is Verdict.HOLDS


def hard(d=6, width=24):
    """A network with many regions, and a threshold that its outputs come near to."""
    rng = np.random.default_rng(0)
    sizes = [d, width, width, width, 1]
    weights = [rng.standard_normal((n, m)) * (2 / m) ** 0.5 for m, n in itertools.pairwise(sizes)]
    lens = Lens.from_arrays(weights, [0.3 * rng.standard_normal(len(w)) for w in weights])
    x = rng.uniform(-1, 1, (10**5, d))
    return lens, Property.of(Box([-1] * d, [1] * d), ([[-1]], [-1.3 * float(lens(x).max())]))


def test_a_budget_ends_it_and_says_what_is_open():
    lens, asked = hard()
    found = lens.check(asked, max_seconds=0.3)
    assert (found.verdict, found.status) == (Verdict.OPEN, Status.BUDGET_REACHED)
    assert 0 <= found.decided < 1
    volume = sum(box.volume for box in found.open_boxes) / 2.0**6
    assert volume == pytest.approx(1 - found.decided)
    assert "Raise `max_seconds`" in found.explain()


def test_threads_change_nothing():
    rng = np.random.default_rng(3)
    lens = random_network(rng, 3, 2)
    box = [Fraction(-1)] * 3, [Fraction(1)] * 3
    most = greatest(lens, *box, [1, -1])
    for above in (0, TINY):
        asked = Property.of(box, ([[-1, 1]], [-most - above]))
        one, two = (lens.check(asked, workers=n) for n in (1, 2))
        assert (one.verdict, one.point, one.n_boxes, one.n_regions) == (
            two.verdict,
            two.point,
            two.n_boxes,
            two.n_regions,
        )


def test_boxes_that_are_cut_and_listed_agree(monkeypatch):
    """With regions listed after few of them, or where fewer signs are open, or never."""
    rng = np.random.default_rng(5)
    lens = random_network(rng, 2, 1)
    box = [Fraction(-1)] * 2, [Fraction(1)] * 2
    most = greatest(lens, *box, [1])
    monkeypatch.setattr(module._Search, "first_guesses", lambda search: None)
    changed = (
        (listing, "FEW_REGIONS", 1),
        (listing, "FEW_OPEN_BY_DIM", {2: 3}),
        (listing, "FEW_OPEN_BY_DIM", {2: -1}),
        (module, "EFFORTS", {0: module.LITTLE, 1: module.THOROUGH}),
    )
    for where, name, value in changed:
        with monkeypatch.context() as patch:
            patch.setattr(where, name, value)
            for above, verdict in ((0, Verdict.VIOLATED), (Fraction(1, 10**4), Verdict.HOLDS)):
                assert lens.check(Property.of(box, ([[-1]], [-most - above]))).verdict is verdict


def test_refusals(tmp_path):
    with pytest.raises(DimensionError, match="about 1 inputs and 1 outputs, but the network has 2 and 1"):
        MAXIMUM.check(Property.of(Box([0], [1]), ([[1]], [0])))
    asked = Property.of(Box([0, 0], [1, 1]), ([[1]], [0]))
    with pytest.raises(OptionError, match="`max_seconds`"):
        MAXIMUM.check(asked, max_seconds=-1)
    with pytest.raises(OptionError, match="workers"):
        MAXIMUM.check(asked, workers=0)


def test_open_boxes_hold_what_is_open():
    """Also where coordinates are scaled, since an input is fixed at 1/10."""
    rng = np.random.default_rng(7)
    lens = random_network(rng, 3, 1)
    asked = Property.of((["-1", "0.1", "0"], ["1", "0.1", "1"]), ([[-1]], [-(10**6)]))
    search = module._Search(lens.network, asked)
    found = search.result(None, Status.INTERRUPTED, 0.0)
    (box,) = found.open_boxes
    assert (box.lower <= [-1, 0.1, 0]).all() and (box.upper >= [1, 0.1, 1]).all()
    assert box.lower[1] < Fraction(1, 10) < box.upper[1] and np.allclose(box.upper - box.lower, [2, 0, 1])
    assert "interrupted" in found.explain()


def test_a_property_put_together_by_hand_is_looked_at_as_any_other(tmp_path):
    """Bounds that contradict each other were a KeyError, or beside other cases a log that proves nothing."""
    lens = Lens.from_arrays([[[1.0]], [[1.0]]], [[0.0], [0.0]])
    one, sides = Fraction(1), [((0, Fraction(1)),), ((0, Fraction(-1)),)]
    above = Constraint((), ((0, -one),), Fraction(-9))
    cases = [(Constraint(sides[0], (), top), Constraint(sides[1], (), -one), above) for top in (Fraction(0), 2 * one)]
    with pytest.raises(DomainError, match=r"empty: input 0 would be at least 1\.0 and at most 0\.0"):
        lens.check(Property(1, 1, (cases[0],)))
    found = lens.check(Property(1, 1, tuple(cases)), proof=tmp_path / "x.proof")
    assert found.verdict is Verdict.HOLDS
    assert verify(tmp_path / "x.proof")["proved"]

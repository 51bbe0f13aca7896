"""Exact multipliers where a cell touches the target, against what is known of two lines."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from polytope_lens import Lens, Property
from polytope_lens.properties.counterexample import exact_outputs
from polytope_lens.properties.touching_cells import exact_claim

# |x| - y, whose two signs are those of x and of y
NETWORK = Lens.from_arrays([[[1, 0], [-1, 0], [0, 1]], [[1, 1, -1]]], [[0, 0, 0], [0]]).network
BOX = (["-1", "0"], ["1", "1"])


def asked(bound, *, strict=False):
    made = Property.of(BOX, ([[-1]], [bound]))
    case = tuple(c._replace(strict=strict and bool(c.outputs)) for c in made.cases[0])
    return case, made.boxes()[0]


def claim_of(bound, *, strict=False, on=(True, False, True), signs=(1, -1, 0)):
    case, box = asked(bound, strict=strict)
    claim, point = exact_claim(NETWORK, case, box, np.array(signs, np.int8), np.array(on))
    if claim is None:
        outputs = exact_outputs(NETWORK, point)
        assert all(constraint.is_satisfied(point, outputs) for constraint in case)
    return claim


def test_a_target_beyond_the_greatest_value_is_closed():
    claim = claim_of(Fraction(-1) - Fraction(1, 10**30))
    assert claim is not None and claim.rows


def test_a_target_that_is_touched_is_closed_where_it_is_open():
    assert claim_of(-1) is None
    assert claim_of(-1, strict=True) is not None
    assert claim_of(Fraction(-1) + Fraction(1, 10**30), strict=True) is None


def test_signs_take_part():
    # Where x <= 0, x - y is at most 0; in the box it is up to 1.
    claim = claim_of("-1/1000", signs=(-1, 0, 0))
    assert claim is not None and claim.neurons
    assert claim_of(0, signs=(-1, 0, 0)) is None
    assert claim_of("-1/1000", signs=(0, 0, 0)) is None


@pytest.mark.parametrize("slope", [0.1, 2.0])
def test_slopes_are_exact(slope):
    network = Lens.from_arrays([[[1.0]], [[1.0]]], [[0], [0]], slope).network
    made = Property.of((["-1"], ["-0.5"]), ([[1]], [-Fraction(slope)]))
    case, box = made.cases[0], made.boxes()[0]
    off = np.array([-1], np.int8), np.array([False])
    assert exact_claim(network, case, box, *off) == (None, [-1])
    less = tuple(c._replace(bound=c.bound - Fraction(1, 10**40)) if c.outputs else c for c in case)
    assert exact_claim(network, less, box, *off)[0] is not None

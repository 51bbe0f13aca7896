"""Combinations of outputs that are the same everywhere."""

from __future__ import annotations

from fractions import Fraction

import pytest

from polytope_lens import Box, Lens, Verdict
from polytope_lens.network.pair import difference
from polytope_lens.properties.constant_sums import constant_value, refuted
from polytope_lens.properties.property import Constraint
from proof_logs import verify

LENS = Lens.from_arrays([[[1.5, -1], [0.1, 1]], [[1, 0.3], [2, 0.6], [1, 1]]], [[0.2, 0], [0.1, 7, 0]])


def lifted(lens, by):
    """The same network with other biases of its outputs."""
    (layer,), weight = lens.network.layers, lens.network.dense_output_weight()
    return Lens.from_arrays([layer.dense_weight(), weight], [layer.bias, lens.network.output_bias + by])


def test_what_cancels_is_constant():
    """Twice the first output less the second; and not where a multiple differs by less than floats tell."""
    assert constant_value(LENS.network, {0: Fraction(2), 1: Fraction(-1)}) == 2 * Fraction(0.1) - 7
    assert constant_value(LENS.network, {0: Fraction(2), 1: Fraction(-1) + Fraction(1, 2**80)}) is None
    assert constant_value(LENS.network, {2: Fraction(1)}) is None
    pair = difference(LENS.network, lifted(LENS, 0.1).network)
    biases = [Fraction(b) - Fraction(b + 0.1) for b in LENS.network.output_bias.tolist()]
    assert [constant_value(pair, {k: Fraction(1)}) for k in range(3)] == biases


def test_affine_networks_are_constant_where_they_see_nothing():
    affine = Lens.from_arrays([[[0, 0], [1, 0]]], [[2.5, 0]]).network
    assert constant_value(affine, {0: Fraction(2)}) == 5
    assert constant_value(affine, {1: Fraction(1)}) is None


@pytest.mark.parametrize(("bound", "strict", "place"), [(-7, False, None), (-7, True, 1), (-8, False, 1)])
def test_constraints_that_only_just_fail(bound, strict, place):
    net = Lens.from_arrays([[[1, 2]], [[1], [1]]], [[0], [0, 7]]).network
    goal = Constraint((), ((0, Fraction(1)), (1, Fraction(-1))), Fraction(bound), strict)
    asked = [Constraint((), ((0, Fraction(1)),), Fraction(-5)), goal]
    assert refuted(net, asked) == place


def test_a_constant_difference_is_closed_at_the_root(tmp_path):
    """It touches everywhere: each of 4 000 regions took 30 milliseconds of its proof."""
    lens, log = Lens.example(), tmp_path / "run.proof"
    square = Box([-1, -1], [1, 1])
    layers = [layer.dense_weight() for layer in lens.network.layers]
    biases = [layer.bias for layer in lens.network.layers]
    weight = lens.network.dense_output_weight()
    other = Lens.from_arrays([*layers, weight], [*biases, lens.network.output_bias + 0.125])
    lens = Lens.from_arrays([*layers, weight], [*biases, lens.network.output_bias])
    found = lens.is_equal(other, square, within=0.125, proof=log)
    assert (found.verdict, found.n_boxes, found.n_regions) == (Verdict.HOLDS, 1, 0)
    assert verify(log)["proved"] and log.read_text().count("\nclose ") == 2
    assert lens.is_equal(other, square, within="0.1249999").verdict is Verdict.VIOLATED
    apart = lens.distance(other, square, max_seconds=60, proof=log)
    assert apart.sup == apart.bound == Fraction(1, 8)
    assert verify(log)["value"] == verify(log)["bound"] == "1/8"

"""Guesses, exact values, and what float32 makes of them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import reference
from polytope_lens import Box, Lens, Property
from polytope_lens.network.network import evaluate
from polytope_lens.properties.counterexample import (
    LITTLE,
    THOROUGH,
    USUAL,
    confirmed,
    confirmed_input,
    descended,
    exact_outputs,
    guesses,
    heights,
)
from polytope_lens.properties.problem import problems
from properties_twin import random_network

MAXIMUM = Lens.from_arrays([[[1, -1], [0, 1], [0, -1]], [[1, 1, -1]]], [[0, 0, 0], [0]]).network


@pytest.mark.parametrize("seed", range(5))
def test_exact_outputs_are_those_of_the_reference(seed):
    rng = np.random.default_rng(seed)
    network = random_network(rng, 3, 2).network
    x = rng.standard_normal(3)
    assert list(exact_outputs(network, [Fraction(v) for v in x.tolist()])) == reference.evaluate(network, x)[1]


def test_values_at_fractions():
    assert exact_outputs(MAXIMUM, [Fraction(1, 3), Fraction(1, 7)]) == (Fraction(1, 3),)
    assert exact_outputs(MAXIMUM, [Fraction(-1, 3), Fraction(-1, 7)]) == (Fraction(-1, 7),)


@pytest.mark.parametrize("seed", range(5))
def test_steps_go_down_and_stay_in_the_box(seed):
    rng = np.random.default_rng(seed)
    network = random_network(rng, 3, 2).network
    target = [([[1, 0], [0, 1]], [-9, -9]), ([[1, 1]], [-9])]
    (problem,) = problems(network, Property.of(Box([-1] * 3, [1, 1, 2]), target))
    start = rng.uniform(problem.lower, problem.upper, (50, 3))
    end = descended(problem, start)
    assert ((end >= problem.lower) & (end <= problem.upper)).all()
    assert heights(problem, end).max() <= heights(problem, start).max()
    for effort in (LITTLE, USUAL, THOROUGH):
        found = heights(problem, guesses(problem, effort))
        assert found[0] == found.min() <= heights(problem, start).min() + 1e-9


def test_a_point_is_confirmed_only_if_it_violates():
    asked = Property.of((["0", "0"], ["0.7", "0.7"]), ([[-1]], ["-0.7"]))
    (problem,) = problems(MAXIMUM, asked)
    found = confirmed(MAXIMUM, asked, problem, [Fraction(1), Fraction(0)])  # drawn into the box
    assert found.point == (Fraction(7, 10), 0)
    assert found.outputs == (Fraction(7, 10),)
    # The greatest float32 number in the box is below 0.7.
    assert Fraction(float(found.rounded[0])) < Fraction(7, 10) and not found.is_violated_in_float32
    assert confirmed(MAXIMUM, asked, problem, [Fraction(1, 2), Fraction(0)]) is None


def test_float32_numbers_are_preferred():
    asked = Property.of(Box([0, 0], [1, 1]), ([[-1]], ["-0.7"]))
    (problem,) = problems(MAXIMUM, asked)
    found = confirmed(MAXIMUM, asked, problem, [Fraction(7, 10), Fraction(0)])
    assert found.is_violated_in_float32
    assert found.point == tuple(Fraction(float(v)) for v in found.rounded)
    assert found.rounded.dtype == np.float32


def test_what_float32_loses_is_told():
    """Exactly, the sum is 1 everywhere; in float32 the one is lost beside 2^30."""
    network = Lens.from_arrays([[[0.0], [0.0]], [[1, -1]]], [[2.0**30 + 1, 2.0**30], [0]]).network
    asked = Property.of(Box([0], [1]), ([[-1]], [-1]))
    (problem,) = problems(network, asked)
    found = confirmed(network, asked, problem, [Fraction(1, 2)])
    assert found.outputs == (1,)
    assert not found.is_violated_in_float32
    assert found.point == (Fraction(float(found.rounded[0])),)


def test_a_domain_without_float32_numbers():
    asked = Property.of((["0.1"], ["0.1"]), ([[1]], [0]))
    found = confirmed_input(Lens.from_arrays([[[0.0]]], [[0.0]]).network, asked, (Fraction(1, 10),))
    assert found.rounded is None and not found.is_violated_in_float32
    assert evaluate(MAXIMUM, np.array([[0.1, 0.0]])) == 0.1

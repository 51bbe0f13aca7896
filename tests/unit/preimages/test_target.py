"""Sets of outputs in exact numbers, and behind a network."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from polytope_lens import Box, Lens, Polytope
from polytope_lens.preimages.target import Target, behind

LENS = Lens.from_arrays([[[1, -1], [0, 1]], [[1, 1], [0, 2], [1, 0]]], [[0, 0.25], [0, 1, 0]])


def test_what_users_name():
    third = Target.of(([["0.1", 0, Fraction(1, 3)]], ["1e-3"]), 3)
    assert third.cases == ((((Fraction(1, 10), 0, Fraction(1, 3)), Fraction(1, 1000)),),)
    assert Target.of(-3, 3) == Target.of(0, 3) == Target.of(([[-1, 1, 0], [-1, 0, 1]], [0, 0]), 3)
    assert Target.of(Polytope([[1, 0, 0]], [2]), 3) == Target.of(([[1, 0, 0], [1, 0, 0]], [2, 2]), 3)
    both = Target.of([0, ([[1, 0, 0]], [-1])], 3)
    assert repr(both) == "Target(2 polytopes in R^3)"
    inside = both.contains([Fraction(2), Fraction(2), Fraction(1)])
    assert (inside, both.contains([Fraction(1), Fraction(2), Fraction(1)])) == (True, False)
    assert both.contains([Fraction(-1), Fraction(2), Fraction(1)])


@pytest.mark.parametrize("bound", ["0.1", Fraction(1, 3), 2.0**60 + 2**10, "1152921504606846977", 0])
def test_nothing_is_rounded_behind_a_network(bound):
    """Numbers that no float holds are sums of several, and a tenth of a row is a row of whole numbers."""
    target = Target.of([([["0.3", 1, 0]], [bound]), ([["0.3", 1, 0], [0, -1, 1]], [bound, 0])], 3)
    posed = behind(LENS.network, target)
    assert (posed.n_rows, [case.tolist() for case in posed.cases]) == (2, [[0], [0, 1]])
    X = np.random.default_rng(0).uniform(-2, 2, (200, 2))
    assert np.array_equal(Lens(posed.network)(X), LENS(X))
    rows = Lens(posed.network).patterns(X)[:, -2:]
    for x, outside in zip(X[:50], rows, strict=False):
        exact = [Fraction(v) for v in _exact_outputs(x)]
        assert outside[0] == (Fraction(3, 10) * exact[0] + exact[1] > Fraction(bound))
        assert target.contains(exact) == posed.is_inside(outside[None])[0]


def _exact_outputs(x):
    from polytope_lens.properties.counterexample import exact_outputs

    return exact_outputs(LENS.network, [Fraction(float(v)) for v in x])


def test_a_target_without_halfspaces_is_everything():
    everything = Polytope(np.zeros((0, 3)), [])
    square = Box([-1, -1], [1, 1])
    assert len(LENS.preimage(everything, square)) == len(LENS.partition(square))

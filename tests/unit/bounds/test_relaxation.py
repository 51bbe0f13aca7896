"""Lines around activations, in fractions: at both ends and at 0 they are on the right side, hence everywhere."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytope_lens.bounds.relaxation import relax
from polytope_lens.network.network import piecewise_layer

SLOPES = st.sampled_from([0.0, 1.0, -1.0, 0.01, 0.3, -2.0, 3.0])
ENDS = st.floats(-1e6, 1e6) | st.sampled_from([-np.inf, np.inf, 0.0, 1e-300, -1e-300, 5e-324])


def lines(slopes, low, high, lean=None):
    layer = piecewise_layer([[1.0]], [0.0], negative_slope=slopes[0], positive_slope=slopes[1])
    lean = None if lean is None else np.array([[lean]])
    return [float(array[0, 0]) for array in relax(layer, np.array([[low]]), np.array([[high]]), lean)]


@given(st.tuples(SLOPES, SLOPES), ENDS, ENDS, st.none() | st.floats(0, 1))
def test_the_activation_is_between_the_lines(slopes, one, other, lean):
    low, high = min(one, other), max(one, other)
    below, below_offset, above, above_offset, steepest = lines(slopes, low, high, lean)
    far = 2.0**900
    for z in {max(low, -far), min(high, far), min(max(low, 0.0), high)}:
        if not low <= z <= high or abs(z) == np.inf:
            continue
        z = Fraction(z)
        value = Fraction(slopes[0]) * z if z < 0 else Fraction(slopes[1]) * z
        assert below_offset == -np.inf or Fraction(below) * z + Fraction(below_offset) <= value
        assert above_offset == np.inf or value <= Fraction(above) * z + Fraction(above_offset)
        assert abs(value) <= Fraction(steepest) * abs(z)


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        (-1.0, 3.0, (1.0, 0.0, 0.75, 0.75)),
        (-3.0, 1.0, (0.0, 0.0, 0.25, 0.75)),
        (0.0, 5.0, (1.0, 0.0, 1.0, 0.0)),
        (-5.0, 0.0, (0.0, 0.0, 0.0, 0.0)),
        (-np.inf, 2.0, (0.0, 0.0, 0.0, 2.0)),
        (-2.0, np.inf, (1.0, 0.0, 1.0, 2.0)),
    ],
)
def test_a_relu_has_its_chord_above(low, high, found):
    assert np.allclose(lines((0.0, 1.0), low, high)[:4], found)


def test_a_concave_activation_has_its_chord_below():
    assert np.allclose(lines((1.0, 0.0), -1.0, 3.0)[:4], [0.25, -0.75, 0.0, 0.0])


def test_without_ends_there_is_no_chord():
    below, below_offset, _, above_offset, _ = lines((0.0, 1.0), -np.inf, np.inf)
    assert (below_offset, above_offset) == (0.0, np.inf) and 0 <= below <= 1
    # Nothing bends where both slopes are the same.
    assert lines((0.5, 0.5), -np.inf, np.inf) == [0.5, 0.0, 0.5, 0.0, 0.5]

"""Greatest and least values against rational programs over all regions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from polytope_lens import Box, Lens, Polytope
from polytope_lens.errors import DimensionError, DomainError
from polytope_lens.properties.counterexample import exact_outputs
from properties_twin import greatest, random_box, random_network

MAXIMUM = Lens.from_arrays([[[1, -1], [0, 1], [0, -1]], [[1, 1, -1]]], [[0, 0, 0], [0]])


@pytest.mark.parametrize("seed", range(10))
def test_extrema_are_those_of_all_regions(seed):
    rng = np.random.default_rng([seed, 3])
    d, out = int(rng.integers(1, 4)), int(rng.integers(1, 3))
    lens, (lower, upper) = random_network(rng, d, out), random_box(rng, d)
    row = [Fraction(int(v), 3) for v in rng.integers(-2, 3, out)]
    for ask, sign in ((lens.maximum, 1), (lens.minimum, -1)):
        found = ask(row, (lower, upper))
        assert found.is_complete
        assert found.bound == found.value == sign * greatest(lens, lower, upper, [sign * v for v in row])
        assert all(a <= v <= b for a, v, b in zip(lower, found.point, upper, strict=True))
        assert found.value == sum(c * y for c, y in zip(row, exact_outputs(lens.network, found.point), strict=True))


def test_unions_and_polytopes_as_domains():
    assert MAXIMUM.maximum([1], [Box([0, 0], [1, 1]), (["5", "0.1"], ["5", "0.1"])]).value == 5
    assert MAXIMUM.minimum(["0.5"], [Box([0, 0], [1, 1]), Box([-1, -2], [0, -1])]).value == Fraction(-1, 2)
    triangle = Polytope([[-1, 0], [0, -1], [1, 1], [1, 0], [0, 1]], [0, 0, Fraction(1, 3), 1, 1])
    assert MAXIMUM.maximum([1], triangle).value == Fraction(1, 3)
    assert MAXIMUM.maximum([-1], (["0.2", "0.1"], ["0.2", "0.1"])).value == Fraction(-1, 5)


def test_a_value_taken_on_many_regions():
    """It is 0 on all of the box, which several regions make up."""
    flat = Lens.from_arrays([[[1.0, 1], [1, -1], [1, 0]], [[0.0, 0, 0]]], [[0, 0, 0], [0]])
    assert flat.maximum([1], Box([-1, -1], [1, 1])).value == 0


def test_refusals():
    with pytest.raises(DimensionError, match="each of the 1 outputs, but received 2"):
        MAXIMUM.maximum([1, 2], Box([0, 0], [1, 1]))
    with pytest.raises(DimensionError, match="should have 2 coordinates"):
        MAXIMUM.maximum([1], Box([0], [1]))
    with pytest.raises(DomainError, match="empty"):
        MAXIMUM.maximum([1], Polytope([[1, 1], [-1, -1], [1, 0], [-1, 0], [0, 1], [0, -1]], [0, -1, 1, 1, 1, 1]))
    with pytest.raises(DomainError, match="no least value"):
        MAXIMUM.maximum([1], Polytope([[1, 0], [0, 1]], [1, 1]))

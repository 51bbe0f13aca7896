from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from polytope_lens.arithmetic.signs import halfspace_signs, summation_bound

SMALL = st.integers(-4, 4).map(lambda n: n / 2)
WILD = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize("numbers", [SMALL, WILD], ids=["small", "wild"])
@given(data=st.data())
def test_signs_of_halfspaces_are_those_of_fractions(numbers, data):
    d = data.draw(st.integers(1, 3))
    table = data.draw(st.lists(st.lists(numbers, min_size=d + 1, max_size=d + 1), min_size=1, max_size=4).map(np.array))
    X = data.draw(st.lists(st.lists(numbers, min_size=d, max_size=d), min_size=1, max_size=4).map(np.array))
    A, b = table[:, :-1], table[:, -1]
    for x, row in zip(X, halfspace_signs(A, b, X), strict=True):
        for a, offset, found in zip(A, b, row, strict=True):
            value = reference.dot(reference.fractions(a), reference.fractions(x)) - Fraction(float(offset))
            assert found == reference.sign(value)


@given(terms=st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=1, max_size=30))
def test_the_bound_on_a_sum_of_products_holds(terms):
    left, right = np.array(terms).T
    exact = reference.dot(reference.fractions(left), reference.fractions(right))
    size = sum(abs(Fraction(a) * Fraction(b)) for a, b in terms)
    smallest = Fraction(len(terms), 2**1074)
    assert abs(Fraction(float(left @ right)) - exact) <= Fraction(summation_bound(len(terms))) * size + smallest

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import reference
from polytope_lens.arithmetic.signs import summation_bound


@given(terms=st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=1, max_size=30))
def test_the_bound_on_a_sum_of_products_holds(terms):
    left, right = np.array(terms).T
    exact = reference.dot(reference.fractions(left), reference.fractions(right))
    size = sum(abs(Fraction(a) * Fraction(b)) for a, b in terms)
    smallest = Fraction(len(terms), 2**1074)
    assert abs(Fraction(float(left @ right)) - exact) <= Fraction(summation_bound(len(terms))) * size + smallest

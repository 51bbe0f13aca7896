"""Points inside of flat polyhedra."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpz

from polytope_lens import Polytope
from polytope_lens.arithmetic.rational import fraction
from polytope_lens.polytope.relative_interior import inner_point


def found(A, b):
    return inner_point(Polytope(A, b).rows, np.shape(A)[1])


@pytest.mark.parametrize(
    ("A", "b", "dim"),
    [
        ([[1, 0], [-1, 0], [0, 1], [0, -1]], [1, 1, 1, 1], 2),
        ([[1, 0], [-1, 0], [0, 1], [0, -1]], [1, -1, 1, 1], 1),
        ([[1, 1], [-1, 0], [0, -1]], [0, 0, 0], 0),
        ([[1, -1], [-1, 1]], [Fraction(1, 3), Fraction(-1, 3)], 1),
        ([[1, 0, 0], [-1, 0, 0], [0, 1, 1]], [0, 0, 5], 2),
        ([[0, 0]], [0], 2),
        ([[-1, 0], [0, -1], [1, 0]], [-(10**9), -(10**9), 10**9], 1),
    ],
)
def test_a_point_is_on_no_row_but_equations(A, b, dim):
    inner = found(A, b)
    assert inner.dim == dim
    point = [fraction(v) for v in inner.point]
    tight = {tuple(map(int, row)) for row in inner.tight}
    for row in Polytope(A, b).rows:
        value = sum(int(a) * x for a, x in zip(row, [*point, 1], strict=True))
        assert value <= 0
        if any(row):
            assert (value == 0) == (tuple(map(int, row)) in tight)


def test_nothing_has_no_points():
    assert found([[1], [-1]], [0, -1]) is None
    assert inner_point([[fmpz(0), fmpz(1)]], 1) is None
    assert found([[1, 0], [-1, 0], [0, 1]], [0, -1, 3]) is None

"""Unbounded cells, cut by hand: a ray, and a quadrant."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens._arrays.ragged import from_lists
from polytope_lens.function.cut_cells import cut_betti_numbers
from polytope_lens.polyhedral_complex.cell_complex import CellComplex, Sides

RAY = CellComplex((Sides(*from_lists([[0, 1]])),), (np.zeros(1, bool), np.zeros(1, bool)), 1, 1)
QUADRANT = CellComplex(
    (Sides(*from_lists([[0, 1], [0, 2]])), Sides(*from_lists([[0, 1]]))),
    tuple(np.zeros(n, bool) for n in (1, 2, 1)),
    1,
    2,
)


@pytest.mark.parametrize(("value", "slope", "level", "below"), [
    (0, 0, [1, 0], [1, 0]), (0, 1, [1, 0], [1, 0]), (1, 0, [0, 0], [0, 0]), (1, -1, [1, 0], [1, 0]),
    (-1, 1, [1, 0], [1, 0]), (-1, -1, [0, 0], [1, 0]),
])  # fmt: skip
def test_a_ray(value, slope, level, below):
    signs = np.array([value, slope], dtype=np.int8)
    assert cut_betti_numbers(RAY, signs, is_level=True, bounded=False) == level
    assert cut_betti_numbers(RAY, signs, is_level=False, bounded=False) == below


def test_the_bounded_part_of_a_ray():
    signs = np.array([1, -1], dtype=np.int8)
    assert cut_betti_numbers(RAY, signs, is_level=True, bounded=True) == [1, 0]
    assert cut_betti_numbers(RAY, signs, is_level=False, bounded=True) == [0, 0]


@pytest.mark.parametrize("value", [-1, 0, 1])
@pytest.mark.parametrize("first", [-1, 0, 1])
@pytest.mark.parametrize("second", [-1, 0, 1])
def test_a_quadrant_has_convex_parts(value, first, second):
    signs = np.array([value, first, second], dtype=np.int8)
    has_zeros = value == 0 or -value in (first, second)
    assert cut_betti_numbers(QUADRANT, signs, is_level=True, bounded=False) == [int(has_zeros), 0, 0]
    is_below = value <= 0 or -1 in (first, second)
    assert cut_betti_numbers(QUADRANT, signs, is_level=False, bounded=False) == [int(is_below), 0, 0]

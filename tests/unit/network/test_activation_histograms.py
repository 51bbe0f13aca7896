"""Bounds on regions with few neurons off: no arrangement exceeds them, and cyclic ones attain them in the plane."""

from __future__ import annotations

from itertools import accumulate, product
from math import comb

import numpy as np
import pytest

from families import stack
from polytope_lens import Lens
from polytope_lens.network.activation_histograms import most_with_few_off, zaslavsky


def with_few_off(A, b):
    """For each choice of sides: how many regions have at most k = 0 ... n neurons off."""
    n = len(A)
    on = Lens(stack((A, b))).partition().patterns()
    for turned in product([False, True], repeat=n):
        off = (~on ^ np.array(turned)).sum(axis=1)
        yield np.cumsum(np.bincount(off, minlength=n + 1))


@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_no_arrangement_has_more(d):
    rng = np.random.default_rng(d)
    for n in (2, 4, 6):
        bound = most_with_few_off(n, d)[n][d]
        for kind in range(4):
            A, b = rng.normal(size=(n, d)), rng.normal(size=n)
            if kind == 1:  # degenerate: parallel and concurrent ones
                A, b = rng.integers(-1, 2, size=(n, d)).astype(float), rng.integers(-1, 2, size=n).astype(float)
            elif kind == 2:  # tangent to a ball
                b = np.linalg.norm(A, axis=1)
            elif kind == 3:
                b = b**3
            for found in with_few_off(A, b):
                assert (found <= bound).all(), (n, d, kind)


@pytest.mark.parametrize("n", [3, 4, 7])
def test_lines_around_a_polygon_attain_them(n):
    angles = 2 * np.pi * np.arange(n) / n + 0.01 * np.arange(n) ** 2
    found = next(with_few_off(np.column_stack([np.cos(angles), np.sin(angles)]), np.ones(n)))
    assert tuple(found.tolist()) == most_with_few_off(n, 2)[n][2]


def test_they_are_no_more_than_binomials_and_grow_with_lines_and_dimensions():
    tables = most_with_few_off(20, 8)
    for m, table in enumerate(tables):
        for j, few in enumerate(table):
            serra = list(accumulate(comb(m, k) if k <= j else 0 for k in range(m + 1)))
            assert all(x <= y for x, y in zip(few, serra, strict=True)) and few[-1] == zaslavsky(m, j)
            assert list(few) == sorted(few)
            assert j == 0 or all(x >= y for x, y in zip(few, table[j - 1], strict=True))
            assert m == 0 or all(x >= y for x, y in zip(few, tables[m - 1][j], strict=False))


def test_in_one_dimension_and_in_none():
    assert most_with_few_off(5, 1)[5] == [(1,) * 6, (1, 3, 5, 6, 6, 6)]
    assert most_with_few_off(0, 3) == [[(1,)] * 4]

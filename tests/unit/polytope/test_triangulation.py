"""Polytopes cut into simplices, and what these add up to."""

from __future__ import annotations

from fractions import Fraction
from math import factorial

import numpy as np
import pytest
from flint import fmpq

from polytope_lens import Polytope
from polytope_lens.arithmetic.rational import nearest_float
from polytope_lens.errors import IntractableError
from polytope_lens.polytope import triangulation
from polytope_lens.polytope.generators import generators
from polytope_lens.polytope.triangulation import triangulate


def cube(d, side=Fraction(1)):
    return Polytope(np.vstack([np.eye(d, dtype=int), -np.eye(d, dtype=int)]), [side] * d + [0] * d)


def random_polytope(d, m, seed):
    rng = np.random.default_rng(seed)
    A = np.vstack([rng.standard_normal((m, d)), np.eye(d), -np.eye(d)])
    return Polytope(A, np.append(rng.uniform(0.1, 1, m), np.ones(2 * d)))


@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_a_cube_takes_d_factorial_simplices_of_one_size(d):
    found = triangulate(generators(cube(d)))
    assert len(found.simplices) == factorial(d)
    assert set(found.sizes) == {fmpq(1, factorial(d))}
    assert found.rounded_sum() == 1.0


def test_a_limit_is_kept():
    with pytest.raises(IntractableError, match="more than 5 simplices"):
        triangulate(generators(cube(3)), most=5)


@pytest.mark.parametrize("precision", [256, 24])
@pytest.mark.parametrize(("d", "m"), [(2, 5), (3, 6), (4, 4)])
def test_sums_are_rounded_once_also_where_intervals_do_not_tell_how(monkeypatch, d, m, precision):
    monkeypatch.setattr(triangulation, "PRECISION", precision)
    for seed in range(5):
        found = triangulate(generators(random_polytope(d, m, seed)))
        assert found.rounded_sum() == nearest_float(sum(found.sizes, fmpq(0)))


@pytest.mark.parametrize("side", [Fraction(1, 3), Fraction(10) ** 200, Fraction(1, 10**200), Fraction(10) ** 400])
def test_sums_of_any_size(side):
    found = triangulate(generators(cube(2, side)))
    assert found.rounded_sum() == nearest_float(fmpq(side.numerator, side.denominator) ** 2)


def test_a_number_half_way_between_two_floats():
    # 1 + 2^-53 is half way, and rounds to the even one, 1.
    side = 1 + Fraction(1, 2**53)
    assert triangulate(generators(cube(1, side))).rounded_sum() == 1.0
    assert triangulate(generators(cube(1, side + Fraction(1, 2**300)))).rounded_sum() == 1 + 2.0**-52


def test_flat_ones_have_sizes_within_their_flat():
    square = Polytope([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], [1, 0, 1, 0, 5, -5])
    found = triangulate(generators(square))
    assert (found.dim, len(found.simplices), sum(found.sizes, fmpq(0))) == (2, 2, 1)
    assert square.volume() == 0

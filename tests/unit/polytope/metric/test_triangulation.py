"""Simplices that fit together."""

from __future__ import annotations

from fractions import Fraction
from math import factorial

import numpy as np
import pytest
from flint import fmpq
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import reference
from polytope_lens import Polytope
from polytope_lens.arithmetic.rational import nearest_float
from polytope_lens.errors import IntractableError
from polytope_lens.polytope.generators import generators
from polytope_lens.polytope.metric import triangulation
from polytope_lens.polytope.metric.triangulation import triangulate
from solids import bounded_polytopes, cube, fraction_rows


def test_simplices_of_a_cube_fit_together():
    found = generators(cube(3))
    parts = triangulate(found)
    assert sum(parts.sizes) == 1
    # A facet of a simplex belongs to two of them, or lies in a facet of the cube.
    seen: dict[frozenset, int] = {}
    for simplex_ in parts.simplices:
        for left_out in simplex_:
            facet = frozenset(simplex_) - {left_out}
            seen[facet] = seen.get(facet, 0) + 1
    for facet, times in seen.items():
        on_boundary = found.tight[sorted(facet)].all(axis=0).any()
        assert times == (1 if on_boundary else 2)


@settings(max_examples=60)
@given(data=st.data(), d=st.integers(1, 3))
def test_no_two_simplices_hold_a_point_and_none_is_missed(data, d):
    """By barycentric coordinates in fractions: a generic point lies in one simplex inside, and in none outside."""
    poly = data.draw(bounded_polytopes(d))
    assume(poly.has_interior)
    found = generators(poly)
    parts = triangulate(found)
    assert parts.dim == d and min(parts.sizes) > 0
    corners = [[Fraction(v, p[-1]) for v in p[:-1]] for p in found.vertices]
    # Prime denominators keep it off the walls, which are planes through a few small fractions.
    x = [Fraction(data.draw(st.integers(-3000, 3000).filter(lambda n, p=p: n % p)), p) for p in (1009, 1013, 1019)[:d]]
    holders = 0
    for simplex_ in parts.simplices:
        square = [[corners[i][k] for i in simplex_] for k in range(d)] + [[Fraction(1)] * (d + 1)]
        shares = reference.solve([[*row, -v] for row, v in zip(square, [*x, Fraction(1)], strict=True)])
        assert shares is not None
        holders += all(v >= 0 for v in shares)
    inside = all(reference.dot(row, [*x, Fraction(1)]) <= 0 for row in fraction_rows(poly))
    assert holders == inside


def test_sizes_of_flat_ones_are_shares():
    """A square in space, upright and slanted: two halves, and no volume where a coordinate is left out."""
    upright = Polytope([*np.eye(3), *-np.eye(3)], [1, 1, 0, 0, 0, 0])
    slanted = Polytope([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [1, 1, 1], [-1, -1, -1]], [1, 0, 1, 0, 0, 0])
    for flat in (upright, slanted):
        parts = triangulate(generators(flat))
        assert parts.dim == 2
        assert parts.sizes[0] == parts.sizes[1] > 0
    point = triangulate(generators(Polytope([[1], [-1]], [2, -2])))
    assert (point.dim, point.simplices, point.sizes) == (0, [(0,)], [1])


def test_too_many_simplices_are_refused():
    assert len(triangulate(generators(cube(4))).simplices) == 24
    assert len(triangulate(generators(cube(4)), 24).simplices) == 24
    with pytest.raises(IntractableError, match="more than 23 simplices"):
        triangulate(generators(cube(4)), 23)


def box_of_side(d, side=Fraction(1)):
    return Polytope(np.vstack([np.eye(d, dtype=int), -np.eye(d, dtype=int)]), [side] * d + [0] * d)


def random_polytope(d, m, seed):
    rng = np.random.default_rng(seed)
    A = np.vstack([rng.standard_normal((m, d)), np.eye(d), -np.eye(d)])
    return Polytope(A, np.append(rng.uniform(0.1, 1, m), np.ones(2 * d)))


@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_a_cube_takes_d_factorial_simplices_of_one_size(d):
    found = triangulate(generators(box_of_side(d)))
    assert len(found.simplices) == factorial(d)
    assert set(found.sizes) == {fmpq(1, factorial(d))}
    assert found.rounded_sum() == 1.0


@pytest.mark.parametrize("precision", [256, 24])
@pytest.mark.parametrize(("d", "m"), [(2, 5), (3, 6), (4, 4)])
def test_sums_are_rounded_once_also_where_intervals_do_not_tell_how(monkeypatch, d, m, precision):
    monkeypatch.setattr(triangulation, "PRECISION", precision)
    for seed in range(5):
        found = triangulate(generators(random_polytope(d, m, seed)))
        assert found.rounded_sum() == nearest_float(sum(found.sizes, fmpq(0)))


@pytest.mark.parametrize("side", [Fraction(1, 3), Fraction(10) ** 200, Fraction(1, 10**200), Fraction(10) ** 400])
def test_sums_of_any_size(side):
    found = triangulate(generators(box_of_side(2, side)))
    assert found.rounded_sum() == nearest_float(fmpq(side.numerator, side.denominator) ** 2)


def test_a_number_half_way_between_two_floats():
    # 1 + 2^-53 is half way, and rounds to the even one, 1.
    side = 1 + Fraction(1, 2**53)
    assert triangulate(generators(box_of_side(1, side))).rounded_sum() == 1.0
    assert triangulate(generators(box_of_side(1, side + Fraction(1, 2**300)))).rounded_sum() == 1 + 2.0**-52


def test_flat_ones_have_sizes_within_their_flat():
    square = Polytope([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], [1, 0, 1, 0, 5, -5])
    found = triangulate(generators(square))
    assert (found.dim, len(found.simplices), sum(found.sizes, fmpq(0))) == (2, 2, 1)
    assert square.volume() == 0

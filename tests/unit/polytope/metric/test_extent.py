"""Diameter and width: known ones, other roads, bounds."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from flint import fmpq
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from polytope_lens import Polytope
from polytope_lens.errors import DomainError, IntractableError, UnboundedPolytopeError
from polytope_lens.polytope.metric.extent import nearest_root
from reference import tuples
from solids import bounded_polytopes, cross_polytope, cube, scattered, simplex, sliver


def is_nearest_root(root, square):
    """No float is nearer to the root of a fraction: its square lies between those of the middles beside it."""
    below, above = (Fraction(root) + Fraction(float(np.nextafter(root, end))) for end in (-np.inf, np.inf))
    return (root == 0 or (below / 2) ** 2 <= square) and square <= (above / 2) ** 2


@settings(max_examples=60)
@given(data=st.data(), d=st.integers(1, 3))
def test_diameters_are_those_of_all_pairs(data, d):
    poly = data.draw(bounded_polytopes(d))
    assume(not poly.is_empty)
    corners = tuples(poly.vertices(exact=True))
    squares = [sum((p - q) ** 2 for p, q in zip(x, y, strict=True)) for x, y in combinations(corners, 2)]
    assert is_nearest_root(poly.diameter(), max(squares, default=Fraction(0)))


@pytest.mark.parametrize("d", [1, 2, 3, 4, 6])
def test_known_diameters(d):
    assert is_nearest_root(cube(d).diameter(), Fraction(d))
    assert cross_polytope(d).diameter() == 2
    assert is_nearest_root(simplex(d).diameter(), Fraction(min(d, 2)))


def test_known_widths():
    assert float(cube(3).width()) == 1
    assert is_nearest_root(float(simplex(2).width()), Fraction(1, 2))
    assert is_nearest_root(float(cross_polytope(3).width()), Fraction(4, 3))
    # The regular tetrahedron: between two opposite edges, not above a face. Its corners are four of the cube's.
    tetrahedron = Polytope([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], [1, 1, 1, 1])
    assert sorted(tetrahedron.vertices().tolist()) == [[-1, -1, -1], [-1, 1, 1], [1, -1, 1], [1, 1, -1]]
    found = tetrahedron.width()
    assert (found.lower, found.upper, found.is_exact) == (2, 2, True)
    assert sorted(np.abs(found.direction)) == [0, 0, 1]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("d", [2, 3])
def test_no_direction_is_narrower(d, seed):
    poly = scattered(d, 8, seed)
    corners, width = poly.vertices(), float(poly.width())

    def across(direction):
        return np.ptp(corners @ direction) / np.linalg.norm(direction)

    rng = np.random.default_rng(seed)
    starts = rng.standard_normal((300, d))
    assert min(map(across, starts)) >= width * (1 - 1e-12)
    assert across(poly.width().direction) == pytest.approx(width, rel=1e-12)
    best = sorted(starts, key=across)[:10]
    found = min(
        minimize(across, start, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12}).fun for start in best
    )
    assert found == pytest.approx(width, rel=1e-6)


@pytest.mark.parametrize("side", [1e-200, 1e-320, 1e200, 1e308])
def test_sizes_at_the_ends_of_the_range_of_floats(side):
    square = cube(2, side)
    assert float(square.width()) == side
    assert is_nearest_root(square.diameter(), 2 * Fraction(side) ** 2)


@pytest.mark.parametrize("width", [1e-12, 1e-300])
@pytest.mark.parametrize("d", [2, 3])
def test_slivers_are_as_wide_as_they_are(d, width):
    assert float(sliver(d, width).width()) == width


@pytest.mark.parametrize("seed", range(3))
def test_in_more_dimensions_there_are_bounds(seed):
    poly = scattered(4, 8, seed)
    found = poly.width()
    assert 0 < found.lower < found.upper
    assert not found.is_exact
    directions = np.random.default_rng(0).standard_normal((2000, 4))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    assert np.ptp(poly.vertices() @ directions.T, axis=0).min() >= found.lower
    assert np.ptp(poly.vertices() @ found.direction) == pytest.approx(found.upper, rel=1e-12)
    with pytest.raises(ValueError, match="only bounds"):
        float(found)
    assert "between" in repr(found)
    tight = cube(4).width()
    assert (tight.lower, tight.upper) == (1, 1)


def test_flat_unbounded_and_empty_ones():
    square = Polytope([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], [1, 0, 1, 0, 2, -2])
    assert float(square.width()) == 0
    assert np.abs(square.width().direction).tolist() == [0, 0, 1]
    assert is_nearest_root(square.diameter(), Fraction(2))
    for question in ("width", "diameter"):
        with pytest.raises(UnboundedPolytopeError, match=question):
            getattr(Polytope([[1, 0], [-1, 0]], [1, 0]), question)()
        with pytest.raises(DomainError, match=question):
            getattr(Polytope([[1], [-1]], [0, -1]), question)()


@given(p=st.integers(0, 10**40), q=st.integers(1, 10**40))
def test_roots_are_rounded_to_the_nearest(p, q):
    assert is_nearest_root(nearest_root(fmpq(p, q)), Fraction(p, q))


@given(root=st.integers(2**52, 2**53 - 1))
def test_roots_of_squares_are_the_numbers_themselves(root):
    assert nearest_root(fmpq(root**2)) == root
    assert nearest_root(fmpq((2 * root + 1) ** 2 + 1, 4)) == root + 1


@pytest.mark.parametrize("ask", ["width", "diameter"])
@pytest.mark.parametrize("d", [16, 30])
def test_what_would_take_too_long_is_refused_with_what_works(ask, d):
    """Cubes of 2^16 corners and of more dimensions than are begun; not a square among them, nor one with lines."""
    box = Polytope(np.vstack([np.eye(d), -np.eye(d)]), np.ones(2 * d))
    with pytest.raises(IntractableError, match=rf"the {ask} of this polytope is out of reach .* `chebyshev_ball\(\)`"):
        getattr(box, ask)()
    assert box.chebyshev_ball().radius == pytest.approx(1)
    with pytest.raises(UnboundedPolytopeError):
        getattr(Polytope(np.eye(1, d), [1]), ask)()
    flat = Polytope(np.vstack([np.eye(d), -np.eye(d)]), [1, 1, *[0] * (d - 2), 1, 1, *[0] * (d - 2)])
    assert float(flat.width()) == 0.0 and flat.diameter() == pytest.approx(8**0.5)

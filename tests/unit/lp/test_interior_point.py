"""Points deep inside, also where floats are scarce."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq, fmpz
from hypothesis import given
from hypothesis import strategies as st

import reference
from polytope_lens.arithmetic.rational import dot, integer_rows, rational, rationals
from polytope_lens.lp.interior_point import (
    LARGEST,
    ROUNDING,
    contradiction,
    deep_point,
    float_inside,
    inside,
    inside_box,
    is_inside,
)
from polytope_lens.lp.rational_simplex import Halfspace


def rows_of(*rows):
    """Integer rows ``[a, c]`` of ``a . x + c <= 0``."""
    return integer_rows(np.array(rows, dtype=float))


def test_the_middle_of_a_triangle_is_inside():
    triangle = rows_of([-1, 0, 0], [0, -1, 0], [1, 1, -1])
    for margin in (fmpq(0), ROUNDING, fmpq(1, 10)):
        point = deep_point(triangle, 2, margin)
        assert all(dot([fmpq(v) for v in row], [*point, fmpq(1)]) < 0 for row in triangle)
    assert is_inside(triangle, float_inside(triangle, 2))


@pytest.mark.parametrize(
    "rows",
    [
        ([1, 0, 0], [-1, 0, 0]),
        ([1, 0, 1], [-1, 0, 0]),
        ([1, 0, 0], [0, 1, 0], [-1, -1, 0]),
        ([0, 0, 1], [1, 0, 0]),
    ],
    ids=["a line", "nothing", "a point", "0 <= -1"],
)
def test_flat_and_empty_sets_have_no_middle(rows):
    assert deep_point(rows_of(*rows), 2) is None
    assert float_inside(rows_of(*rows), 2) is None


def test_the_whole_space_has_one():
    assert float_inside([], 3) == [0.0, 0.0, 0.0]
    assert float_inside(rows_of([0, 0, -1], [0, 0, 0]), 2) == [0.0, 0.0]


def test_far_away_it_keeps_clear_of_the_boundary():
    """The nearest integers to 2^60 + 1 are not floats."""
    far = rows_of([-1, 2.0**60])
    assert is_inside(far, float_inside(far, 1))
    strip = rows_of([-1, 0, 2.0**60], [1, -1, 0], [-1, 1, -(2.0**10)])
    assert is_inside(strip, float_inside(strip, 2))


@pytest.mark.parametrize("k", [30, 54, 70, 500])
def test_in_thin_diagonal_strips_it_is_near_the_origin(k):
    """0 < x + y < 2^-k holds no floats but small ones, and those with x = -y + something small."""
    strip = rows_of([1, 1, -(2.0**-k)], [-1, -1, 0])
    assert is_inside(strip, float_inside(strip, 2))


def test_where_there_is_no_float_it_is_the_rounded_middle():
    between = rows_of([2.0**60, -(2.0**60 + 2.0**8) - 128], [-(2.0**60), 2.0**60 + 128])
    assert deep_point(between, 1) is not None
    assert deep_point(between, 1, ROUNDING) is None
    assert float_inside(between, 1)[0] in (1.0, 1.0 + 2.0**-52)


def test_beyond_the_range_of_floats_it_is_the_largest_one():
    assert float_inside([[fmpz(-1), fmpz(10) ** 400]], 1) == [LARGEST]
    assert float_inside([[fmpz(1), fmpz(10) ** 400]], 1) == [-LARGEST]


@given(
    st.integers(1, 3).flatmap(
        lambda d: st.tuples(
            st.lists(st.floats(-8, 8), min_size=d, max_size=d),
            st.lists(st.lists(st.integers(-3, 3), min_size=d, max_size=d), min_size=1, max_size=5),
            st.lists(st.integers(0, 3), min_size=5, max_size=5),
        )
    )
)
def test_wherever_a_float_has_room_around_it_one_is_found(drawn):
    """Halfspaces that hold a float with a few roundings to spare, however narrow what is left between them."""
    x, normals, spare = drawn
    exact = rationals(x)
    rows = []
    for normal, times in zip(normals, spare, strict=False):
        a = [fmpq(v) for v in normal]
        size = sum((abs(v * c) for v, c in zip(a, exact, strict=True)), fmpq(0))
        offset = dot(a, exact) + size * ROUNDING * (1 + fmpq(1, 2**20) + times) + fmpq(1, 2**900)
        common = offset.q
        rows.append([*(v * common for v in map(fmpz, normal)), -offset.p])
    assert is_inside(rows, float_inside(rows, len(x)))


ROW = st.lists(st.integers(-3, 3), min_size=3, max_size=3).map(lambda row: [fmpz(v) for v in row])


@given(rows=st.lists(ROW, min_size=1, max_size=6))
def test_there_is_a_point_inside_or_a_proof_that_there_is_none(rows):
    found = inside(rows, 2)
    if not any(any(row[:-1]) for row in rows):
        assert (found is not None) == all(row[-1] <= 0 for row in rows)
        return
    proof = contradiction(rows)
    if found is None:
        assert proof is not None and all(y > 0 for _, y in proof)
        total = [sum(y * rows[q][k] for q, y in proof) for k in range(3)]
        assert total[:2] == [0, 0] and total[2] >= 0
        # Rows of zeros prove nothing.
        assert any(any(rows[q]) for q, _ in proof)
    else:
        assert proof is None
        assert found[-1] > 0
        assert all(dot([fmpq(v) for v in row], found) < 0 for row in rows if any(row))
    assert (found is None) == (deep_point(rows, 2) is None)


@given(plane=ROW.filter(lambda row: any(row[:-1])), rows=st.lists(ROW, max_size=5))
def test_points_on_a_hyperplane_are_strictly_inside_the_rest(plane, rows):
    found = inside(rows, 2, on=[plane])
    if found is not None:
        assert dot([fmpq(v) for v in plane], found) == 0 and found[-1] > 0
        assert all(dot([fmpq(v) for v in row], found) < 0 for row in rows if any(row))
    else:
        # On the line p + s w the rows leave an interval without interior, or one of them is never negative.
        a, b, c = plane
        p, w, scale = (-a * c, -b * c), (-b, a), a * a + b * b
        line = [[u * w[0] + v * w[1], u * p[0] + v * p[1] + k * scale] for u, v, k in rows if any((u, v, k))]
        assert any(q == 0 and r >= 0 for q, r in line) or inside([[scale * q, r] for q, r in line], 1) is None


@given(data=st.data(), d=st.integers(1, 3))
def test_points_inside_a_box_and_some_rows_are_strictly_inside_if_there_is_an_inside(data, d):
    number = st.integers(-2, 2).map(float)
    rows = data.draw(st.lists(st.lists(number, min_size=d + 1, max_size=d + 1), max_size=5))
    lower, upper = np.full(d, -1.0), np.array([data.draw(st.sampled_from((1.0, 2.0))) for _ in range(d)])
    found = inside_box([Halfspace(rationals(a), rational(b)) for *a, b in rows], rationals(lower), rationals(upper))
    sides = [[*sign * np.eye(d)[k], v] for sign, ends in ((1.0, upper), (-1.0, -lower)) for k, v in enumerate(ends)]
    exact = [[*reference.fractions(a), -Fraction(float(b))] for *a, b in [*rows, *sides]]
    corners = reference.vertices(exact)
    flat = reference.rank([[p - q for p, q in zip(x, corners[0], strict=True)] for x in corners[1:]]) if corners else -1
    assert (found is not None) == (flat == d)
    if found is not None:
        at = [*(Fraction(int(v.p), int(v.q)) for v in found), Fraction(1)]
        assert all(reference.dot(row, at) < 0 for row in exact if any(row))

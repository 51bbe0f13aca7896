"""Emptiness, interior, boundedness and extent, against fractions and SciPy."""

from __future__ import annotations

import signal
import time
from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import linprog

import reference
from polytope_lens import Box, Lens
from polytope_lens.errors import DomainError, IntractableError
from polytope_lens.polytope import Polytope, feasibility
from polytope_lens.polytope.feasibility import (
    box_of_sides,
    interior_point,
    line_of,
    normals,
    on_lines,
    recession_direction,
    rounded_up,
    vertex_bound,
)
from solids import bounded_polytopes, fraction_rows, polytopes

STRIP = Polytope([[1, 0], [-1, 0]], [1, 1])

TRIANGLE = Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, 1])

# name, polytope, is_empty, has_interior, is_bounded
CASES = {
    "triangle": (TRIANGLE, False, True, True),
    "infinite strip": (STRIP, False, True, False),
    "half-plane": (Polytope([[1, 2]], [3]), False, True, False),
    "half-strip": (Polytope([[1, 0], [-1, 0], [0, 1]], [1, 1, 0]), False, True, False),
    "slanted strip": (Polytope([[1, 3], [-2, -6]], [1, 5]), False, True, False),
    "line": (Polytope([[1, 0], [-1, 0]], [1, -1]), False, False, False),
    "segment": (Polytope([[1, 0], [-1, 0], [0, 1], [0, -1]], [1, -1, 1, 1]), False, False, True),
    "point": (Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, 0]), False, False, True),
    "empty by 2^-52": (Polytope([[1, 0], [-1, 0]], [1, -1 - 2.0**-52]), True, False, True),
    "empty by the least subnormal": (Polytope([[1, 0], [-1, 0]], [0, -5e-324]), True, False, True),
    "2^-52 thin": (Polytope([[1, 0], [-1, 0], [0, 1], [0, -1]], [1 + 2.0**-52, -1, 1, 1]), False, True, True),
    "empty triangle": (Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, -1e-300]), True, False, True),
    "cone": (Polytope([[-1, 0], [1, -1]], [0, 0]), False, True, False),
    "ray": (Polytope([[-1, 0], [0, 1], [0, -1]], [0, 0, 0]), False, False, False),
    "whole plane": (Polytope(np.zeros((0, 2)), []), False, True, False),
    "a row 0 <= 0": (Polytope([[0, 0], *TRIANGLE.A], [0, *TRIANGLE.b]), False, True, True),
    "a row 0 <= 1": (Polytope([[0, 0]], [1]), False, True, False),
    "a row 0 <= -1": (Polytope([[0, 0]], [-1e-300]), True, False, True),
    "tiny numbers": (Polytope([[1e-300, 0], [-1e-300, 0]], [1e-300, 0]), False, True, False),
    "huge and tiny": (Polytope([[1e300, 1e-300], [-1, 0], [0, -1]], [1, 0, 0]), False, True, True),
    "interval": (Polytope([[2], [-2]], [1, 1]), False, True, True),
    "ray on the line": (Polytope([[2]], [1]), False, True, False),
    "simplex in R^4": (Polytope(np.vstack([-np.eye(4), np.ones((1, 4))]), [0, 0, 0, 0, 1]), False, True, True),
    "prism in R^4": (Polytope(np.eye(4)[:2], [1, 1]), False, True, False),
}


@pytest.mark.parametrize("name", CASES)
def test_emptiness_interior_and_boundedness(name):
    poly, is_empty, has_interior, is_bounded = CASES[name]
    assert (poly.is_empty, poly.has_interior, poly.is_bounded) == (is_empty, has_interior, is_bounded)


@pytest.mark.parametrize("name", CASES)
def test_interior_points_satisfy_all_inequalities_strictly(name):
    poly, _, has_interior, _ = CASES[name]
    found = interior_point(poly)
    assert (found is not None) == has_interior
    if found is not None:
        x = [Fraction(int(v.p), int(v.q)) for v in found]
        for a, b in zip(poly.A, poly.b, strict=True):
            assert reference.dot(reference.fractions(a), x) < Fraction(b) or not a.any()


@given(data=st.data(), d=st.integers(1, 3))
def test_emptiness_is_to_have_no_vertex(data, d):
    poly = data.draw(bounded_polytopes(d))
    assert poly.is_bounded
    corners = reference.vertices(fraction_rows(poly))
    assert poly.is_empty == (not corners)
    flat = reference.rank([[a - b for a, b in zip(x, corners[0], strict=True)] for x in corners[1:]]) if corners else -1
    assert poly.has_interior == (flat == d)


@given(data=st.data(), d=st.integers(1, 3))
def test_the_bounding_box_is_the_smallest_one_of_floats(data, d):
    poly = data.draw(bounded_polytopes(d))
    corners = reference.vertices(fraction_rows(poly))
    assume(corners)
    lower, upper = poly.bounding_box()
    for k in range(d):
        least, most = min(x[k] for x in corners), max(x[k] for x in corners)
        assert Fraction(lower[k]) <= least < Fraction(np.nextafter(lower[k], np.inf))
        assert Fraction(np.nextafter(upper[k], -np.inf)) < most <= Fraction(upper[k])


def test_where_highs_calls_a_gap_of_5e_8_feasible_we_do_not():
    A, b = np.array([[1.0, 0], [-1, 0]]), np.array([0, -5e-8])
    assert linprog([0, 0], A_ub=A, b_ub=b, bounds=(None, None)).status == 0
    assert Polytope(A, b).is_empty


def test_bounding_boxes_are_infinite_where_polytopes_are():
    lower, upper = STRIP.bounding_box()
    assert (lower.tolist(), upper.tolist()) == ([-1, -np.inf], [1, np.inf])
    lower, upper = Polytope([[1, 3], [-2, -6]], [1, 5]).bounding_box()
    assert (lower.tolist(), upper.tolist()) == ([-np.inf] * 2, [np.inf] * 2)
    lower, upper = Polytope([[-1, 0], [0, -1], [0, 1]], [0.5, 0, 0]).bounding_box()
    assert (lower.tolist(), upper.tolist()) == ([-0.5, 0], [np.inf, 0])


def test_bounding_boxes_are_rounded_outward():
    lower, upper = Polytope([[3], [-3]], [1, 1]).bounding_box()
    assert Fraction(upper[0]) > Fraction(1, 3) > Fraction(np.nextafter(upper[0], 0))
    assert lower == -upper


def test_an_empty_polytope_has_no_bounding_box():
    with pytest.raises(DomainError, match="empty polytope"):
        Polytope([[1], [-1]], [0, -1]).bounding_box()


@given(data=st.data(), d=st.integers(1, 3))
def test_a_direction_is_found_if_and_only_if_some_ray_leaves(data, d):
    """By brute force: a cone with a nonzero point has one on a side of the unit box."""
    poly = data.draw(polytopes(d))
    found = recession_direction(poly)
    cone = [[*row[:-1], Fraction(0)] for row in fraction_rows(poly)]
    box = [[Fraction(sign * (j == k)) for j in range(d)] + [Fraction(-1)] for k in range(d) for sign in (1, -1)]
    assert (found is not None) == any(any(x) for x in reference.vertices(cone + box))
    if found is not None:
        y = [Fraction(int(v.p), int(v.q)) for v in found]
        assert any(y)
        assert all(reference.dot(row[:-1], y) <= 0 for row in cone)


@given(data=st.data(), d=st.integers(1, 3))
def test_no_vertex_is_as_far_out_as_the_bound(data, d):
    poly = data.draw(bounded_polytopes(d))
    bound = vertex_bound(poly.rows, d)
    for x in reference.vertices(fraction_rows(poly)):
        assert max(map(abs, x)) < Fraction(int(bound.p), int(bound.q))


@given(p=st.integers(-(10**30), 10**30), q=st.integers(1, 10**30))
def test_fractions_are_rounded_up_and_no_farther(p, q):
    up = rounded_up(fmpq(p, q))
    assert Fraction(float(np.nextafter(up, -np.inf))) < Fraction(p, q) <= Fraction(up)


def test_rounding_up_beyond_the_range_of_floats():
    huge, tiny = fmpq(2) ** 1100, fmpq(2) ** -1100
    assert (rounded_up(huge), rounded_up(tiny)) == (np.inf, 5e-324)
    assert (rounded_up(-huge), rounded_up(-tiny)) == (-np.finfo(float).max, 0)


def many_inputs(d=160):
    """A polytope in a box, with rows in general position."""
    rng = np.random.default_rng(0)
    sides = np.vstack([np.eye(d), -np.eye(d)])
    return Polytope(np.vstack([rng.standard_normal((40, d)), sides]), [5.0] * 40 + [1.0] * (2 * d))


@pytest.mark.parametrize(
    "ask",
    [
        lambda poly: poly.bounding_box(),
        lambda poly: poly.sample(10_000),
        lambda poly: poly.vertices(max_vertices=None),
        lambda poly: Polytope(poly.A[:200], poly.b[:200]).rays(max_rays=None),
    ],
    ids=["bounding_box", "sample", "vertices", "rays"],
)
def test_ctrl_c_acts_in_many_coordinates(ask):
    """FLINT holds the interpreter for as long as it computes."""
    poly = many_inputs()
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        start = time.process_time()
        with pytest.raises(KeyboardInterrupt):
            ask(poly)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert time.process_time() - start < 0.5 + 2


@pytest.mark.parametrize("seed", range(6))
def test_lines_and_coordinates_along_them(seed):
    rng = np.random.default_rng(seed)
    rows = rng.integers(-3, 4, (3, 2)) @ rng.integers(-2, 3, (2, 5))
    rows[:, seed % 5] = 0
    poly = Polytope(rows, [1, 2, 3])
    line = line_of(poly)
    assert max(map(abs, line)) == 1
    assert all(sum(int(a) * v for a, v in zip(row, line, strict=True)) == 0 for row in rows)
    lines, n = normals(poly).nullspace()
    assert on_lines(normals(poly)).tolist() == [any(lines[k, j] != 0 for j in range(n)) for k in range(5)]
    bounded = Polytope(np.vstack([np.eye(5), -np.eye(5)]), [1] * 10)
    assert line_of(bounded) is None and not on_lines(normals(bounded)).any()


def test_sides_are_rows_of_one_coordinate():
    third = Fraction(1, 3)
    poly = Polytope([[3, 0], [-1, 0], [0, 1], [1, 1], [1, 0]], [third, third, 2, 0, 7])
    lower, upper = box_of_sides(poly)
    assert lower[0] < -third < np.nextafter(lower[0], 1) and np.nextafter(upper[0], 0) < third / 3 < upper[0]
    assert (lower[1], upper[1]) == (-np.inf, 2)


@pytest.mark.parametrize("d", [3, 6, 12])
@pytest.mark.parametrize("with_floats", [True, False])
def test_bounding_boxes_are_those_of_another_solver(monkeypatch, d, with_floats):
    """With proposals of floats, and (where that is quick) without; some coordinates have one bound only."""
    if not with_floats and d > 6:
        return
    monkeypatch.setattr(feasibility, "pays", lambda *_: with_floats)
    rng = np.random.default_rng(d)
    A, b = rng.normal(size=(3 * d, d)), rng.uniform(0.5, 1, size=3 * d)
    for rows in (A, np.abs(A)):
        lower, upper = Polytope(rows, b).bounding_box()
        for k in range(d):
            for side, found in ((1, upper), (-1, lower)):
                best = linprog(-side * np.eye(d)[k], rows, b, bounds=(None, None), method="highs")
                value = -side * best.fun if best.status == 0 else side * np.inf
                assert found[k] == pytest.approx(value, rel=1e-6)


def test_boxes_that_take_too_many_programs_are_refused_with_what_works():
    d = 60
    rng = np.random.default_rng(0)
    lens = Lens.from_arrays([rng.normal(size=(70, d)), np.ones((1, 70))], [np.ones(70), [0]])
    poly = lens.at(np.zeros(d), Box([-1] * d, [1] * d)).polytope
    with pytest.raises(IntractableError, match=r"bounding box .* in R\^60 is out of reach .* `chebyshev_ball\(\)`"):
        poly.bounding_box()
    assert poly.chebyshev_ball().radius > 0

"""The largest ball of one polytope: known ones, proofs in fractions, SciPy's linear programs."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq, fmpz
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import reference
from polytope_lens import Lens, Polytope
from polytope_lens.errors import DomainError
from polytope_lens.network.network import from_arrays
from polytope_lens.polytope.halfspaces import proper
from polytope_lens.polytope.metric import ball as balls
from polytope_lens.polytope.metric.ball import BallStatus, radius_at, rational_root, root_below
from solids import cross_polytope, cube, fraction_rows, polytopes, scattered, simplex, sliver


def lies_inside(rows, center, radius):
    """Whether the ball of floats is inside, by squares of fractions."""
    x, r = [*reference.fractions(center), Fraction(1)], Fraction(float(radius))
    for row in rows:
        slack = -reference.dot(row, x)
        if slack < 0 or r * r * reference.dot(row[:-1], row[:-1]) > slack * slack:
            return False
    return True


def linprog_radius(poly):
    length = np.linalg.norm(poly.A, axis=1)
    found = linprog(
        np.r_[np.zeros(poly.dim), -1],
        np.column_stack([poly.A, length]),
        poly.b,
        bounds=[(None, None)] * poly.dim + [(0, None)],
    )
    return np.inf if found.status == 3 else -found.fun


@pytest.mark.parametrize("d", range(1, 7))
def test_known_balls(d):
    assert cube(d).chebyshev_ball().radius == 0.5
    assert cube(d).chebyshev_ball().center.tolist() == [0.5] * d
    ball = simplex(d).chebyshev_ball()
    assert ball.radius == pytest.approx(1 / (d + np.sqrt(d)), rel=1e-12)
    assert ball.radius <= 1 / (d + np.sqrt(d)) * (1 + 1e-15)
    assert cross_polytope(d).chebyshev_ball().radius == pytest.approx(1 / np.sqrt(d), rel=1e-12)


@settings(max_examples=150)
@given(data=st.data(), d=st.integers(1, 3))
def test_balls_are_inside_and_none_is_larger(data, d):
    poly = data.draw(polytopes(d))
    assume(not poly.is_empty)
    ball, rows = poly.chebyshev_ball(), fraction_rows(poly)
    if ball.status is BallStatus.LARGEST:
        assert poly.has_interior
        assert lies_inside(rows, ball.center, ball.radius)
        assert ball.radius <= ball.bound <= ball.radius * (1 + 1e-9)
        assert ball.radius == pytest.approx(linprog_radius(poly), rel=1e-6)
    elif ball.status is BallStatus.FLAT:
        assert not poly.has_interior
        assert (ball.radius, ball.bound) == (0, 0)
    else:
        assert ball.status is BallStatus.UNBOUNDED
        assert ball.radius == np.inf
        assert poly.contains(ball.center).all()
        # One direction leaves all rows.
        assert Polytope(poly.A[poly.A.any(axis=1)], -np.ones(poly.A.any(axis=1).sum())).has_interior


@pytest.mark.parametrize("width", [1e-12, 1e-100, 1e-300])
@pytest.mark.parametrize("d", [2, 3])
def test_slivers_have_balls_of_their_own_size(d, width):
    poly = sliver(d, width)
    ball = poly.chebyshev_ball()
    assert lies_inside(fraction_rows(poly), ball.center, ball.radius)
    assert width / 2 * (1 - 1e-3) < ball.radius <= width / 2


def test_what_a_radius_may_mean():
    assert Polytope([[1, 0], [-1, 0]], [1, 1]).chebyshev_ball().radius == pytest.approx(1, rel=1e-15)
    quadrant = Polytope([[-1, 0], [0, -1]], [0, 0]).chebyshev_ball()
    assert (quadrant.radius, quadrant.status) == (np.inf, BallStatus.UNBOUNDED)
    assert Polytope(np.zeros((0, 2)), []).chebyshev_ball().status is BallStatus.UNBOUNDED
    line = Polytope([[1, 0], [-1, 0]], [1, -1]).chebyshev_ball()
    assert (line.radius, line.status, line.center[0]) == (0, BallStatus.FLAT, 1)
    narrow = Polytope([[1], [-1]], [1 + 2.0**-52, -1]).chebyshev_ball()
    assert (narrow.radius, narrow.status) == (0, BallStatus.TOO_THIN)
    with pytest.raises(DomainError, match="empty polytope has no Chebyshev ball"):
        Polytope([[1], [-1]], [0, -1]).chebyshev_ball()
    assert "LARGEST" in repr(cube(2).chebyshev_ball())


def test_balls_of_any_size_are_found_where_few_rows_meet_many_coordinates():
    for seed in range(5):
        rows = np.random.default_rng(seed).standard_normal((12, 31))
        assert Polytope(rows[:, :-1], np.abs(rows[:, -1])).chebyshev_ball().status is BallStatus.UNBOUNDED


def test_many_inputs_have_a_ball_and_a_bound():
    poly = scattered(12, 10)
    ball = poly.chebyshev_ball()
    assert lies_inside(fraction_rows(poly), ball.center, ball.radius)
    assert ball.radius == pytest.approx(linprog_radius(poly), rel=1e-9)
    assert ball.radius <= ball.bound <= ball.radius * (1 + 2.0**-48)


@given(p=st.integers(0, 10**30), q=st.integers(1, 10**30))
def test_roots_are_rounded_down(p, q):
    square = fmpq(p, q)
    root = root_below(square)
    assert Fraction(root) ** 2 <= Fraction(p, q) < Fraction(float(np.nextafter(root, np.inf))) ** 2
    assert rational_root(square) ** 2 <= square


def test_points_outside_have_no_radius():
    rows = cube(2).rows
    assert radius_at(rows, np.array([0.5, 0.25])) == 0.25
    assert radius_at(rows, np.array([0.5, 1.25])) == 0
    assert radius_at(rows, np.array([0.5, np.inf])) == 0


def random_polytope(d, m, seed):
    rng = np.random.default_rng(seed)
    return Polytope(rng.standard_normal((m, d)), rng.uniform(0.1, 1, m))


@pytest.mark.parametrize(("d", "m"), [(1, 4), (2, 9), (3, 12), (5, 20)])
def test_the_proved_bound_is_the_optimum_of_the_program(d, m):
    for seed in range(8):
        poly = random_polytope(d, m, seed)
        found = poly.chebyshev_ball()
        if found.status is BallStatus.LARGEST:
            _, optimum = balls._exact_optimum(poly)
            assert found.radius <= found.bound <= found.radius * (1 + 2.0**-48)
            assert found.bound == pytest.approx(optimum, rel=2.0**-50)


def test_rationals_find_the_bound_where_floats_do_not_lead_to_a_proof(monkeypatch):
    poly = random_polytope(3, 12, 0)
    expected = poly.chebyshev_ball()
    monkeypatch.setattr(balls, "_balance", lambda _: None)
    found = random_polytope(3, 12, 0).chebyshev_ball()
    assert found.radius == pytest.approx(expected.radius, rel=2.0**-50)
    assert found.bound == pytest.approx(expected.bound, rel=2.0**-50)


@pytest.mark.parametrize(
    ("normals", "expected"),
    [
        ([[1, 0], [-2, 0]], [2, 1]),
        ([[1, 0], [0, 1], [-1, -1]], [1, 1, 1]),
        ([[1, 0], [0, 1]], None),
        ([[1, 0], [2, 0]], None),
        ([[1], [1], [1]], None),
    ],
)
def test_multipliers_of_vectors_that_balance(normals, expected):
    found = balls._balance([[fmpz(v) for v in row] for row in normals])
    assert (found is None) == (expected is None)
    if expected:
        assert [v * expected[0] for v in found] == [v * found[0] for v in expected]


def test_of_more_vectors_than_there_are_coordinates_floats_propose_some():
    cube = [[fmpz(turn * int(i == k)) for i in range(3)] for k in range(3) for turn in (1, -1)]
    found = balls._balance(cube)
    assert all(v >= 0 for v in found)
    assert any(found)
    assert all(sum(y * row[k] for y, row in zip(found, cube, strict=True)) == 0 for k in range(3))


def test_no_step_leads_to_a_smaller_ball():
    for seed in range(10):
        poly = random_polytope(4, 15, seed)
        seen = balls._seen_from(proper(poly), np.zeros(4))
        better = balls._better(seen, balls._seen_from(proper(poly), balls._refined(proper(poly), seen)))
        assert min(better.square) >= min(seen.square)


def test_a_thin_polytope_far_out_has_no_room_for_floats():
    # Between two floats.
    poly = Polytope([[1.0], [-1.0]], [1 + 2.0**-52, -1])
    assert poly.chebyshev_ball().status is BallStatus.TOO_THIN
    assert poly.chebyshev_ball().bound == 2.0**-53


def test_balls_of_regions_are_those_of_their_polytopes():
    rng = np.random.default_rng(3)
    lens = Lens(from_arrays([rng.standard_normal((9, 3)), rng.standard_normal((1, 9))], [rng.standard_normal(9), [0]]))
    region = lens.at([0.1, 0.2, 0.3])
    assert region.chebyshev_ball() is region.polytope.chebyshev_ball()

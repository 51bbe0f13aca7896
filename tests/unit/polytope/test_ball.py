"""Largest balls: proofs that there is no larger one."""

from __future__ import annotations

import numpy as np
import pytest
from flint import fmpz

from polytope_lens import Lens, Polytope
from polytope_lens.network.network import from_arrays
from polytope_lens.polytope import ball
from polytope_lens.polytope.ball import BallStatus
from polytope_lens.polytope.halfspaces import proper


def random_polytope(d, m, seed):
    rng = np.random.default_rng(seed)
    return Polytope(rng.standard_normal((m, d)), rng.uniform(0.1, 1, m))


@pytest.mark.parametrize(("d", "m"), [(1, 4), (2, 9), (3, 12), (5, 20)])
def test_the_proved_bound_is_the_optimum_of_the_program(d, m):
    for seed in range(8):
        poly = random_polytope(d, m, seed)
        found = poly.chebyshev_ball()
        if found.status is BallStatus.LARGEST:
            _, optimum = ball._exact_optimum(poly)
            assert found.radius <= found.bound <= found.radius * (1 + 2.0**-48)
            assert found.bound == pytest.approx(optimum, rel=2.0**-50)


def test_rationals_find_the_bound_where_floats_do_not_lead_to_a_proof(monkeypatch):
    poly = random_polytope(3, 12, 0)
    expected = poly.chebyshev_ball()
    monkeypatch.setattr(ball, "_balance", lambda _: None)
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
    found = ball._balance([[fmpz(v) for v in row] for row in normals])
    assert (found is None) == (expected is None)
    if expected:
        assert [v * expected[0] for v in found] == [v * found[0] for v in expected]


def test_of_more_vectors_than_there_are_coordinates_floats_propose_some():
    cube = [[fmpz(turn * int(i == k)) for i in range(3)] for k in range(3) for turn in (1, -1)]
    found = ball._balance(cube)
    assert all(v >= 0 for v in found)
    assert any(found)
    assert all(sum(y * row[k] for y, row in zip(found, cube, strict=True)) == 0 for k in range(3))


def test_no_step_leads_to_a_smaller_ball():
    for seed in range(10):
        poly = random_polytope(4, 15, seed)
        seen = ball._seen_from(proper(poly), np.zeros(4))
        better = ball._better(seen, ball._seen_from(proper(poly), ball._refined(proper(poly), seen)))
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

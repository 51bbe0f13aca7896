"""The largest balls of many polytopes at once: proofs in fractions, and one polytope at a time."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import reference
from polytope_lens.polytope.batch.inscribed_balls import chebyshev_balls
from solids import cube, fraction_rows, scattered


def lies_inside(rows, center, radius):
    """Whether the ball of floats is inside, by squares of fractions."""
    x, r = [*reference.fractions(center), Fraction(1)], Fraction(float(radius))
    for row in rows:
        slack = -reference.dot(row, x)
        if slack < 0 or r * r * reference.dot(row[:-1], row[:-1]) > slack * slack:
            return False
    return True


def test_rows_that_span_few_of_many_directions():
    """A polytope in 4 dimensions, seen in 60: rotated, with the same balls."""
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.standard_normal((60, 4)))[0]
    small = [scattered(4, 10, seed) for seed in range(5)]
    rows = np.array([np.column_stack([poly.A @ turn.T, -poly.b]) for poly in small])
    centers, radii = chebyshev_balls(rows, np.zeros_like(rows), np.zeros((5, 60)))
    for poly, row, center, radius in zip(small, rows, centers, radii, strict=True):
        assert radius == pytest.approx(poly.chebyshev_ball().radius, rel=1e-9)
        assert lies_inside([reference.fractions(v) for v in row], center, radius)
    half_open = rows[:, :4]
    assert (chebyshev_balls(half_open, np.zeros_like(half_open), np.zeros((5, 60)))[1] == np.inf).all()


@pytest.mark.parametrize("d", [1, 2, 3, 5])
def test_many_at_once_agree_with_one_at_a_time(d):
    polys = [scattered(d, 6, seed) for seed in range(20)]
    rows = np.array([np.column_stack([poly.A, -poly.b]) for poly in polys])
    centers, radii = chebyshev_balls(rows, np.zeros_like(rows), np.zeros((len(polys), d)))
    for poly, center, radius in zip(polys, centers, radii, strict=True):
        assert lies_inside(fraction_rows(poly), center, radius)
        assert radius == pytest.approx(poly.chebyshev_ball().bound, rel=1e-12)


def test_batches_allow_for_errors_of_the_rows():
    rows = np.array([np.column_stack([cube(2).A, -cube(2).b])])
    middle = np.array([[0.25, 0.5]])
    (exact,) = chebyshev_balls(rows, np.zeros_like(rows), middle)[1]
    (doubtful,) = chebyshev_balls(rows, np.full_like(rows, 2.0**-10), middle)[1]
    assert exact == pytest.approx(0.5)
    # At worst the rows are longer, turned towards the center, and nearer.
    assert doubtful < 0.5 - 2.0**-10
    assert doubtful == pytest.approx((0.5 - 2.0**-9) / (1 + 2.0**-9), rel=1e-2)
    assert chebyshev_balls(rows, np.zeros_like(rows), middle + 2)[1].tolist() == [0]
    assert chebyshev_balls(rows[:, :2], np.zeros_like(rows[:, :2]), middle)[1].tolist() == [np.inf]


@pytest.mark.parametrize("d", [2, 4])
def test_the_first_distance_from_a_row_does_not_limit_the_ball(d):
    """A point very near to a corner of the unit cube, and of a quadrant, which has no largest ball."""
    quadrant, sides = np.eye(d, d + 1), np.column_stack([np.eye(d), -np.ones(d)])
    rows = np.vstack([-quadrant, sides])[None]
    for exponent in (-30, -53, -104, -400, -900):
        near = np.full((1, d), 2.0**exponent)
        ((center,), (radius,)) = chebyshev_balls(rows, np.zeros_like(rows), near)
        assert radius == pytest.approx(0.5, rel=1e-12)
        assert lies_inside([reference.fractions(v) for v in rows[0]], center, radius)
        assert chebyshev_balls(rows[:, :d], np.zeros_like(rows[:, :d]), near)[1].tolist() == [np.inf]

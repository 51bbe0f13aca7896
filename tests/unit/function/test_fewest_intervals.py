"""The fewest intervals against trying all, in fractions."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from flint import fmpq

from polytope_lens.function.affine_fits_kernels import KnownValues
from polytope_lens.function.fewest_intervals import exact_level, fewest_intervals


def drawn(seed, n, out, *, whole):
    """Knots and values: floats, or few small integers, so that most deviations are halves that occur many times."""
    rng = np.random.default_rng([seed, n, out])
    points = np.cumsum(rng.integers(1, 3, n)) if whole else np.cumsum(rng.uniform(0.01, 1, n))
    values = rng.integers(0, 4, (out, n)) if whole else np.cumsum(rng.standard_normal((out, n)), axis=1)
    return points.astype(float), values.astype(float)


def rational(v):
    return fmpq(*float(v).as_integer_ratio())


def level_by_triples(points, values):
    """A line deviates most from three points, or fits all there are."""
    most = Fraction(0)
    for column in values.tolist():
        for i, j, k in combinations(range(len(points)), 3):
            a, b, c = (Fraction(points[m]) for m in (i, j, k))
            f, g, h = (Fraction(column[m]) for m in (i, j, k))
            most = max(most, abs(g - (f * (c - b) + h * (b - a)) / (c - a)) / 2)
    return most


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_the_distance_of_hulls_is_what_three_points_show(seed, whole):
    points, values = drawn(seed, 9, 2, whole=whole)
    found = exact_level([rational(x) for x in points], [[rational(v) for v in column] for column in values.T])
    assert Fraction(int(found.p), int(found.q)) == level_by_triples(points, values)


def fewest(points, values, eps):
    """The fewest intervals by dynamic programming, in fractions."""
    n = len(points)
    best = [0] + [n] * (n - 1)
    for end in range(1, n):
        for start in range(end):
            if end - start < 2 or level_by_triples(points[start : end + 1], values[:, start : end + 1]) <= eps:
                best[end] = min(best[end], best[start] + 1)
    return best[-1]


@pytest.mark.parametrize("out", [1, 3])
@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("eps", [0, 0.25, 0.5, 1.0])
def test_there_are_no_fewer(eps, whole, out):
    asked = []
    for seed in range(4):
        points, values = drawn(seed, 9, out, whole=whole)

        def level(a, b, points=points, values=values):
            asked.append((a, b))
            return exact_level(
                [rational(x) for x in points[a : b + 1]], [[rational(v) for v in row] for row in values.T[a : b + 1]]
            )

        samples = KnownValues(points[:, None].copy(), np.zeros(9), values, np.zeros((out, 9)))
        found = fewest_intervals(samples, eps, level)
        assert len(found.deviations) == fewest(points, values, Fraction(eps))
        assert (found.deviations <= eps).all()
        for piece, (a, b) in enumerate(zip(found.stops[:-1].tolist(), found.stops[1:].tolist(), strict=True)):
            line = found.maps[piece, :, 1:] + found.maps[piece, :, :1] * (points[a : b + 1] - points[a])
            assert (np.abs(values[:, a : b + 1] - line) <= found.deviations[piece] + 1e-12).all()
    # Fractions are for ties alone.
    assert whole or not asked


def test_long_lines_are_cut_where_floats_say():
    """A parabola of 10 000 pieces: within eps a line covers a length of 4 sqrt(eps)."""
    x = np.linspace(0, 1, 10_001)
    exact = KnownValues(x[:, None].copy(), np.zeros(10_001), (x**2)[None].copy(), np.full((1, 10_001), 2.0**-53))
    found = fewest_intervals(exact, 1e-4, lambda a, b: pytest.fail(f"{a} to {b} is a tie"))
    assert len(found.deviations) == 36  # 1 / (2 sqrt(2 eps))

"""Fits against a general solver, and what is proved of them against fractions."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import linprog

from polytope_lens.function.affine_fits import fit, proved_levels
from polytope_lens.function.affine_fits_kernels import Enough, Groups, KnownValues


def samples_of(points, values, doubt=0.0, value_doubt=0.0):
    n = len(points)
    return KnownValues(
        np.array(points, dtype=float),
        np.full(n, float(doubt)),
        np.array(values, dtype=float).reshape(-1, n),
        np.full((np.size(values) // n, n), float(value_doubt)),
    )


def everything(n):
    return Groups(np.arange(n), np.array([0, n]))


def drawn(seed, d, n, kind):
    rng = np.random.default_rng([seed, d, n])
    points = rng.standard_normal((n, d))
    if kind == "lattice":
        points = rng.integers(-2, 3, (n, d))
    if kind == "far":
        points = points * 1e-3 + 1e3
    values = rng.integers(-3, 4, (2, n)) if kind == "lattice" else rng.standard_normal((2, n))
    return points.astype(float), values.astype(float)


def solved(points, values):
    """Least deviation by HiGHS."""
    n, d = points.shape
    lifted = np.column_stack([points - points[0], np.ones(n)])
    matrix = np.block([[lifted, -np.ones((n, 1))], [-lifted, -np.ones((n, 1))]])
    return max(
        linprog(np.eye(d + 2)[-1], A_ub=matrix, b_ub=np.r_[v, -v], bounds=[(None, None)] * (d + 2)).fun for v in values
    )


@pytest.mark.parametrize("kind", ["generic", "lattice", "far"])
@pytest.mark.parametrize("d", [1, 2, 3, 5])
@pytest.mark.parametrize("more", [0, 3, 60])
def test_fits_are_the_best(d, more, kind):
    points, values = drawn(0, d, d + 2 + more, kind)
    if np.linalg.matrix_rank(points - points[0]) < d:
        pytest.skip("all points lie in a hyperplane")
    samples = samples_of(points, values)
    found = fit(samples, everything(len(points)))
    best = solved(points, values)
    assert found.worst[0] == pytest.approx(best, rel=1e-7, abs=1e-9)
    level = proved_levels(samples, found.reference, found.output)
    assert level[0] <= best * (1 + 1e-7)
    assert level[0] == pytest.approx(best, rel=1e-6, abs=1e-9)
    rest = values - (found.maps[0, :, :-1] @ (points - points[0]).T + found.maps[0, :, -1:])
    assert np.abs(rest).max() <= found.worst[0]


def exact_level(points, values):
    """What an affine function has to deviate at d + 2 points, in fractions, by their dependence."""
    rows = [[Fraction(v) for v in point] + [Fraction(1)] for point in points]
    weights = [(-1) ** i * determinant([row for j, row in enumerate(rows) if j != i]) for i in range(len(rows))]
    size = sum(abs(w) for w in weights)
    return abs(sum(w * Fraction(v) for w, v in zip(weights, values, strict=True))) / size if size else Fraction(0)


def determinant(rows):
    if not rows:
        return Fraction(1)
    return sum(
        (-1) ** k * v * determinant([row[:k] + row[k + 1 :] for row in rows[1:]]) for k, v in enumerate(rows[0]) if v
    )


@pytest.mark.parametrize("kind", ["generic", "lattice", "far", "thin"])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_levels_are_proved(d, kind):
    """At most the exact ones, for any points; near to them where points are far from a hyperplane."""
    sets = [drawn(seed, d, d + 2, kind) for seed in range(40)]
    if kind == "thin":
        sets = [(points * np.r_[np.ones(d - 1), 1e-9][-d:] + 1, values) for points, values in sets]
    points = np.concatenate([p for p, _ in sets])
    values = np.concatenate([v for _, v in sets], axis=1)[:1]
    reference = np.arange(len(points)).reshape(-1, d + 2)
    levels = proved_levels(samples_of(points, values), reference, np.zeros(len(sets), dtype=np.int64))
    exact = [exact_level(points[some].tolist(), values[0, some].tolist()) for some in reference]
    assert all(Fraction(level) <= true for level, true in zip(levels.tolist(), exact, strict=True))
    if kind == "generic":
        assert (levels >= 0.999 * np.array(exact, dtype=float) - 1e-9).all()


@pytest.mark.parametrize("d", [1, 2])
def test_levels_hold_for_all_points_and_values_within_their_errors(d):
    rng = np.random.default_rng(d)
    for seed in range(20):
        points, values = drawn(seed, d, d + 2, "generic")
        doubt, value_doubt = 1e-3, 1e-2
        samples = samples_of(points, values[:1], doubt, value_doubt)
        level = proved_levels(samples, np.arange(d + 2)[None], np.zeros(1, dtype=np.int64))[0]
        for _ in range(20):
            moved = points + doubt * rng.uniform(-1, 1, points.shape) / d**0.5
            changed = values[0] + value_doubt * rng.uniform(-1, 1, d + 2)
            assert Fraction(level) <= exact_level(moved.tolist(), changed.tolist())


def test_deviations_are_proved():
    """The greatest deviation of the function that is returned, with errors of points and values, in fractions."""
    rng = np.random.default_rng(0)
    for seed in range(10):
        points, values = drawn(seed, 2, 9, "generic")
        samples = samples_of(points, values, 1e-4, 1e-3)
        found = fit(samples, everything(9))
        A, b = found.maps[0, :, :-1], found.maps[0, :, -1]
        for _ in range(10):
            moved = points + 1e-4 * rng.uniform(-1, 1, points.shape) / 2**0.5
            changed = values + 1e-3 * rng.uniform(-1, 1, values.shape)
            assert np.abs(changed - A @ (moved - points[0]).T - b[:, None]).max() <= found.worst[0]


def test_many_groups_are_fitted_one_by_one():
    points, values = drawn(0, 2, 60, "generic")
    samples = samples_of(points, values)
    lists = [np.arange(k, k + 5 + k % 3) for k in range(0, 50, 5)]
    groups = Groups(np.concatenate(lists), np.concatenate([[0], np.cumsum([len(one) for one in lists])]))
    together = fit(samples, groups).worst
    alone = [fit(samples, Groups(one, np.array([0, len(one)]))).worst[0] for one in lists]
    assert together.tolist() == alone


def test_a_fit_ends_where_it_is_known_well_enough():
    points, values = drawn(0, 2, 200, "generic")
    samples = samples_of(points, values)
    best = fit(samples, everything(200)).worst[0]
    assert fit(samples, everything(200), Enough(2 * best, 2 * best)).worst[0] <= 2 * best
    early = fit(samples, everything(200), Enough(best / 2, best / 2))
    assert best / 2 < early.level[0] <= best * (1 + 1e-9)
    assert proved_levels(samples, early.reference, early.output)[0] > best / 2


@pytest.mark.parametrize("points", [[[1, 2]] * 5, [[k, 2 * k] for k in range(5)], [[0, 0], [1, 0]]])
def test_points_in_a_hyperplane_are_bounded_and_nothing_is_proved_of_them(points):
    values = [0.0, 1.0, 0.0, 1.0, 0.5][: len(points)]
    samples = samples_of(points, values)
    found = fit(samples, everything(len(points)))
    rest = values - (found.maps[0] @ np.column_stack([np.array(points) - points[0], np.ones(len(points))]).T)[0]
    assert np.abs(rest).max() <= found.worst[0]
    for some in combinations(range(len(points)), 4):
        level = proved_levels(samples, np.array([some]), np.zeros(1, dtype=np.int64))
        assert Fraction(level[0]) <= solved(np.array(points, dtype=float), np.array([values])) + 1e-9


def test_values_out_of_range():
    samples = samples_of([[0.0], [1.0], [2.0]], [0.0, np.inf, 0.0], 0.0, np.inf)
    found = fit(samples, everything(3))
    assert not found.worst[0] < 1e300
    assert proved_levels(samples, np.array([[0, 1, 2]]), np.zeros(1, dtype=np.int64))[0] == 0

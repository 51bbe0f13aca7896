"""Nearest points against those that are proved in fractions."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens import Polytope
from polytope_lens.polytope.batch.nearest_points import nearest_points


@pytest.mark.parametrize(("m", "d"), [(1, 1), (4, 2), (30, 3), (40, 10), (12, 20)])
def test_distances_and_multipliers(m, d):
    rng = np.random.default_rng([m, d])
    normals = rng.standard_normal((50, m, d))
    center = 2 * rng.standard_normal((50, d))
    slack = np.einsum("nmk,nk->nm", normals, center) + rng.exponential(size=(50, m))
    distance, multipliers = nearest_points(normals, slack)
    assert (multipliers >= 0).all()
    nearest = -np.einsum("nm,nmk->nk", multipliers, normals)
    assert np.allclose(np.linalg.norm(nearest, axis=1), distance)
    gap = slack - np.einsum("nmk,nk->nm", normals, nearest)
    assert (gap > -1e-8).all()
    assert np.abs(gap * multipliers).max() < 1e-7
    exact = [Polytope(*one).distance(np.zeros(d)) for one in zip(normals, slack, strict=True)]
    assert np.allclose(distance, exact)
    limit = float(np.median(distance))
    limited, _ = nearest_points(normals, slack, limit=limit)
    is_near = distance <= limit
    np.testing.assert_array_equal(limited[is_near], distance[is_near])
    assert (limited[~is_near] > limit).all() and (limited <= distance * (1 + 1e-12)).all()


def test_the_origin_is_at_no_distance_from_what_holds_it():
    distance, multipliers = nearest_points(np.ones((1, 3, 2)), np.array([[0.0, 1.0, 2.0]]))
    assert distance.tolist() == [0.0]
    assert not multipliers.any()
    assert nearest_points(np.ones((2, 0, 3)), np.ones((2, 0)))[0].tolist() == [0.0, 0.0]


def test_repeated_rows_and_rows_of_zeros():
    normals = np.array([[[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [1.0, 1.0]]])
    distance, _ = nearest_points(normals, np.array([[-1.0, -2.0, -4.0, -2.0]]))
    assert np.allclose(distance, 2**0.5)


def test_an_empty_polytope_ends_the_search():
    normals = np.array([[[1.0, 0.0], [-1.0, 0.0]]])
    distance, _ = nearest_points(normals, np.array([[-1.0, -1.0]]))
    assert distance[0] <= 2.0

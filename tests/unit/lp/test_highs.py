from __future__ import annotations

import numpy as np

from polytope_lens.lp.highs import propose_maximum


def test_a_vertex_of_the_square_and_its_multipliers():
    A = np.vstack([np.eye(2), -np.eye(2)])
    point, multipliers = propose_maximum(np.array([1.0, -2.0]), A, np.ones(4))
    assert np.allclose(point, [1, -1])
    assert np.allclose(multipliers, [1, 0, 0, 2])


def test_without_a_maximum_there_is_no_proposal():
    up = np.array([1.0])
    assert propose_maximum(up, np.array([[-1.0]]), np.zeros(1)) is None  # unbounded
    assert propose_maximum(up, np.array([[1.0], [-1.0]]), np.array([-1.0, -1.0])) is None  # empty

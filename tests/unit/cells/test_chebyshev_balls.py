"""Lists of balls, and balls from the rows of all neurons."""

from __future__ import annotations

import numpy as np
import pytest

from families import golden
from polytope_lens import Box, Lens
from polytope_lens.cells.chebyshev_balls import Balls, ball_by_itself, ball_from_exact_rows, balls_from_rows
from polytope_lens.errors import IndexingError
from polytope_lens.polytope.metric.ball import BallStatus

LENS = Lens(golden((2, 6, 6), 1))


def test_balls_are_picked_one_by_one_and_in_parts():
    found = LENS.partition().chebyshev_balls()
    assert len(list(found)) == len(found)
    for i, ball in enumerate(found):
        assert (ball.center == found.centers[i]).all() and ball.radius == found.radii[i] and ball.bound == np.inf
        assert ball.status is (BallStatus.UNBOUNDED if np.isinf(ball.radius) else BallStatus.LARGEST)
    assert (found[2:5].radii == found.radii[2:5]).all() and (found[[-1]].centers == found.centers[-1:]).all()
    assert len(found[found.radii > 0.1]) == (found.radii > 0.1).sum()
    assert Balls(np.zeros((1, 2)), np.zeros(1))[0].status is BallStatus.TOO_THIN
    with pytest.raises(IndexingError, match=f"balls of {len(found)} regions"):
        found[len(found)]


@pytest.mark.parametrize("domain", [None, Box([-1, -1], [1, 1])])
def test_rows_in_floats_exact_rows_and_proofs_agree(domain):
    partition = LENS.partition(domain)
    _, radii, doubtful, _ = balls_from_rows(partition, np.arange(len(partition)))
    assert not doubtful.any()
    for i, radius in enumerate(radii.tolist()):
        known = ball_by_itself(partition[i])[1]
        assert radius == pytest.approx(known, rel=1e-7)
        assert ball_from_exact_rows(partition, i)[1] == pytest.approx(known, rel=1e-7)


def test_rows_whose_numbers_differ_much_are_doubtful():
    lens = Lens.from_arrays([[[1, 1e-7], [1, 1], [0, 1]], [[1, 1, 1]]], [[0.5, 0.25, -0.5], [0]])
    partition = lens.partition()
    assert balls_from_rows(partition, np.arange(len(partition)))[2].all()


@pytest.mark.parametrize("dim", [2, 4, 6, 10])
def test_rows_that_may_be_constant_do_not_limit_balls(dim):
    """What two neurons of the second layer add to one of the third cancels, but not in floats that carry bounds."""
    across = [[1, -1] + [0] * (dim - 2)]
    weights = [across, [[-1], [-1], [1]], [[-1, 0, 1], [-1, 1, 0]], [[1, 1]]]
    lens = Lens.from_arrays(weights, [[1], [-1, 1, 0], [1, 1], [0]], negative_slope=0.1)
    partition = lens.partition(engine="split")
    _, radii, doubtful, _ = balls_from_rows(partition, np.arange(len(partition)))
    alone = np.array([ball_by_itself(region)[1] for region in partition])
    assert np.isinf(alone).any() and not np.isinf(alone).all()
    assert (doubtful | (radii == alone) | (abs(radii - alone) <= 1e-9 * alone)).all()
    assert np.isinf(partition.chebyshev_balls().radii).tolist() == np.isinf(alone).tolist()

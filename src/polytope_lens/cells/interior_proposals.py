"""Points inside regions, in floats: slacks of rows at points, and proposals of points that are well inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays.products import times_each
from polytope_lens._compiled.jit import pays
from polytope_lens.arithmetic.signs import BOUND_SLACK
from polytope_lens.exact.bounded_rows import slacks
from polytope_lens.lp.highs import propose_maximum
from polytope_lens.polytope.batch.nearest_points import nearest_points, project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polytope_lens._types import Bools, Floats


# Moves away from the nearest row, and distances to be kept from all rows.
MOVES = 3
SHARES = 2.0**-8, 2.0**-16, 2.0**-24, 2.0**-32, 2.0**-40
# What a point inside takes in rational arithmetic, in seconds, for each row and cube of dimensions; roughly.
RATIONAL_POINT = 2e-5


def are_constant(rows: Floats, error: Floats) -> Bools:
    """Which rows of n regions are known not to depend on x, (n, m)."""
    with np.errstate(all="ignore"):
        constant = np.asarray(np.abs(rows[:, :, :-1]) @ np.ones(rows.shape[2] - 1) == 0)
    some = np.nonzero(constant)
    constant[some] = ~(error[some][:, :-1] != 0).any(axis=1)
    return constant


def step_in(rows: Floats, points: Floats, ways: Floats) -> Floats:
    """Points (n, k) well inside n regions that the `ways` enter at `points`.

    Half the way through the region, or as far again where it has no end; then some times to the middle between the
    nearest row and what lies opposite. Proposals: callers prove that they are inside.
    """
    if not rows.shape[1]:
        return points + ways
    normals = rows[:, :, :-1]
    with np.errstate(all="ignore"):
        slack = -(times_each(normals, points) + rows[:, :, -1])
        length = np.sqrt(np.einsum("nmk,nmk->nm", normals, normals))
        points, at = points.copy(), np.arange(len(rows))
        for move in range(MOVES + 1):
            if move:
                distance = np.where(length > 0, slack / length, np.inf)
                nearest = distance.argmin(axis=1)
                behind = distance[at, nearest]
                ways = -normals[at, nearest] / np.where(length[at, nearest] > 0, length[at, nearest], 1.0)[:, None]
            speed = times_each(normals, ways)
            ahead = np.where(speed > 0, slack / speed, np.inf).min(axis=1)
            step = (ahead - behind) / 2 if move else np.where(np.isfinite(ahead), ahead / 2, 1.0)
            step = np.where(np.isfinite(step), step, 0.0)
            points += step[:, None] * ways
            slack -= step[:, None] * speed
    return points


def surely_inside(rows: Floats, error: Floats, points: Floats, doubt: Floats | None = None) -> Bools:
    """Which points are proved to lie strictly inside their regions, all rows but those that do not depend on x.

    `doubt` (n, k) are bounds on the error of the points' coordinates.
    """
    slack, slack_error = slacks(rows, error, points)
    if doubt is not None:
        moved = times_each(np.abs(rows[:, :, :-1]) + error[:, :, :-1], doubt)
        slack_error = (slack_error + moved) * BOUND_SLACK
    return np.asarray((are_constant(rows, error) | (slack > slack_error)).all(axis=1) & np.isfinite(points).all(axis=1))


def pays_to_propose(m: int, d: int) -> bool:
    """Whether to ask `propose_centers` for a point inside m rows in d coordinates, see `jit.pays`.

    Otherwise it is found in rational arithmetic, see `float_inside`.
    """
    return pays((project,), RATIONAL_POINT * m * d**3)


def propose_centers(rows: Floats, near: Floats) -> Iterator[Floats]:
    """Points of a region that may be well inside, (k,) each: the nearest to a point that keep a distance to all rows.

    The distances are shares of that of the farthest row from the origin, which is where regions behind the boundary of
    a neuron with tiny weights begin. Last comes the centre of about the largest ball, by HiGHS. All are proposals.
    """
    with np.errstate(all="ignore"):
        length = np.linalg.norm(rows[:, :-1], axis=1)
        scaled = rows[length > 0] / length[length > 0, None]
        scaled = scaled[np.isfinite(scaled).all(axis=1)]
        near = near if np.isfinite(scaled[:, :-1] @ near).all() else np.zeros_like(near)
        slack = -(scaled[:, :-1] @ near + scaled[:, -1])
    farthest = 1.0 + float(np.abs(scaled[:, -1]).max(initial=0.0))
    kept = slack - farthest * np.array(SHARES)[:, None]
    _, multipliers = nearest_points(np.broadcast_to(scaled[:, :-1], (len(SHARES), *scaled[:, :-1].shape)), kept)
    yield from near - multipliers @ scaled[:, :-1]
    k = rows.shape[1] - 1
    A = np.vstack([np.column_stack([scaled[:, :-1], np.ones(len(scaled))]), np.eye(k + 1)[-1:]])
    found = propose_maximum(np.eye(k + 1)[-1], A, np.append(-scaled[:, -1], farthest))
    if found is not None:
        yield found[0][:-1]

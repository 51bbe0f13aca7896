"""The points of polytopes that are nearest to the origin in the norms 1 and inf, by linear programs in floats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.lp.highs import propose_maximum
from polytope_lens.lp.proposal import ascend

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


def nearest_in_norm(normals: Floats, slack: Floats, norm: float) -> tuple[Floats, Floats] | None:
    """Point of ``{w : normals @ w <= slack}`` that is nearest to the origin, and multipliers of the rows.

    Parameters
    ----------
    normals, slack : (m, d) and (m,) arrays
    norm : 1 or inf

    Returns
    -------
    w, multipliers : (d,) and (m,) arrays, or None where floats find none
        Rounded. The multipliers are nonnegative, and ``-multipliers @ slack`` is the distance: no point is nearer than
        that divided by the dual norm of ``multipliers @ normals``, which is about 1.

    Notes
    -----
    A dual simplex method that starts in the origin. With norm inf the variables are w and t >= |w_k|, with norm 1 the
    positive and negative parts of w. Cost: some d + m rows times d (2 d with norm 1) for each pivot; where it gives up,
    HiGHS.
    """
    m, d = normals.shape
    length = np.linalg.norm(normals, axis=1)
    used = np.flatnonzero(length > 0)
    with np.errstate(all="ignore"):
        distance = -slack[used] / length[used]
    multipliers = np.zeros(m)
    if not used.size or not np.isfinite(distance).all():
        return None
    farthest = int(distance.argmax())
    unit = float(distance[farthest])
    if unit <= 0:
        return np.zeros(d), multipliers
    # Lengths are measured in units of the distance of the farthest hyperplane.
    rows, offset = normals[used] / length[used, None], -distance / unit
    start = _inf_start if norm == np.inf else _one_start
    ball, basis, dual, inverse, point = start(rows, farthest, float(offset[farthest]))
    lifted = np.column_stack([rows, -rows] if norm == 1 else [rows, np.zeros(len(rows))])
    system = np.ascontiguousarray(np.vstack([ball, lifted]))
    limits = np.concatenate([np.zeros(len(ball)), offset])
    shown = np.zeros(len(system))
    if ascend(system, limits, basis, dual, inverse, point, np.empty(len(point))):
        shown[basis] = dual
    else:
        objective = np.full(len(point), -1.0) if norm == 1 else -np.eye(d + 1)[-1]
        found = propose_maximum(objective, system, limits)
        if found is None:
            return None
        point, shown = found
    multipliers[used] = np.maximum(shown[len(ball) :], 0.0) / length[used]
    w = point[:d] - point[d:] if norm == 1 else point[:d]
    return w * unit, multipliers


Start = tuple["Floats", "Ints", "Floats", "Floats", "Floats"]


def _one_start(rows: Floats, farthest: int, offset: float) -> Start:
    """The origin, the greatest value of ``-sum(u + v)`` with u, v >= 0."""
    d = 2 * rows.shape[1]
    return -np.eye(d), np.arange(d), np.ones(d), -np.eye(d), np.zeros(d)


def _inf_start(rows: Floats, farthest: int, offset: float) -> Start:
    """The greatest value of ``-t`` in the farthest halfspace: at a corner of a cube, where its row r is ``offset``.

    With signs s the corner is ``w = s t``, t = offset / (r . s) for s = -sign(r). The basis is that of the d sides
    ``s_k w_k <= t`` and r, whose dual multipliers are |r_k| and 1 up to a common factor.
    """
    d = rows.shape[1]
    ball = np.vstack([np.column_stack([np.eye(d), -np.ones(d)]), np.column_stack([-np.eye(d), -np.ones(d)])])
    row = rows[farthest]
    sides = np.where(row > 0, -1.0, 1.0)
    basis = np.append(np.where(sides > 0, np.arange(d), np.arange(d, 2 * d)), 2 * d + farthest)
    size = np.abs(row).sum()
    dual = np.append(np.abs(row), 1.0) / size
    # Of the equations s_k w_k - t = p_k, r . w = q: t = (sum |r_k| p_k... - q) / size, w_k = s_k (t + p_k).
    inverse = np.empty((d + 1, d + 1))
    inverse[d] = np.append(-np.abs(row), -1.0) / size
    inverse[d, :d] = -np.abs(row) / size
    inverse[:d] = sides[:, None] * inverse[d]
    inverse[np.arange(d), np.arange(d)] += sides
    return ball, basis, dual, inverse, np.append(sides * (-offset / size), -offset / size)

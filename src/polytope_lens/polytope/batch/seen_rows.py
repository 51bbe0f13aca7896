"""Which rows of many small polytopes are facets, from the rows as they are: what comes before :mod:`.redundancy`.

That module takes polytopes as they are seen from a point inside, ``h . v <= 1``. Here each is brought into that form,
and its coordinates to one scale, in the step that decides it, so that no array of all polytopes' numbers is gone
through again and again. Bounds: :func:`.product_bound` for the slack at the point, one rounding for each quotient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._compiled.jit import jit
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF, summation_bound
from polytope_lens.polytope.batch.edge_walk import Climb, room
from polytope_lens.polytope.batch.redundancy import RedundancyWork, prove_one, redundancy_work
from polytope_lens.polytope.batch.statuses import FACET, OPEN

if TYPE_CHECKING:
    from polytope_lens._types import Bools, Floats, Statuses


class Seen(NamedTuple):
    """Room for one polytope as it is seen from a point inside: its rows, column by column and as such, and bounds.

    ``power`` are the scales of the coordinates.
    """

    slack: Floats
    slack_error: Floats
    size: Floats
    columns: Floats
    doubts: Floats
    rows: Floats
    bound: Floats
    length: Floats
    doubt: Floats
    scale: Floats
    central: Bools
    asked: Bools
    extent: Floats
    power: Floats


def prove_seen(
    rows: Floats,
    error: Floats,
    points: Floats,
    extent: Floats,
    cones: Bools,
    status: Statuses,
    aims: Floats | None = None,
) -> None:
    """Decide the open rows of n polytopes, as far as floats can by walking.

    Parameters
    ----------
    rows, error : (n, m, d + 1) arrays
        Rows ``a . x + c <= 0``, and a bound on the error of each number.
    points : (n, d) array
        A point in each; rows that it is not proved to satisfy strictly leave the polytope undecided.
    extent : (n, d) array
        Bound on the distance of the polytope's points from there in each coordinate; infinite where there is none.
    cones : (n,) bool array
        Where rows that pass through the origin are known to have it in common, see :func:`.prove_redundancy`.
    status : (n, m) int8 array
        OPEN, CONSTANT for rows to pass over, or what is known already; FACET and REDUNDANT are filled in, where proved.
    aims : (n, m, d) array, optional
        For each row found to be a facet, the way from the point to one that violates no other row is filled in.

    Notes
    -----
    Cost: that of :func:`.prove_redundancy`, without its copies of all numbers.
    """
    n, m, width = rows.shape
    d = width - 1
    if not m or not n:
        return
    seen = Seen(
        *np.zeros((3, m)), *np.zeros((2, d, m)), *np.zeros((2, m, d)), *np.zeros((3, m)),
        *np.zeros((2, m), dtype=bool), *np.zeros((2, d)),
    )  # fmt: skip
    ways = np.empty((n, 0, d)) if aims is None else aims
    arrays = map(np.ascontiguousarray, (rows, error, points, extent, cones))
    _prove_seen(
        *arrays, status, ways, np.zeros((m, d)), summation_bound(d + 1), seen, redundancy_work(m, d), room(m, d)
    )


@jit
def _prove_seen(
    rows: Any, error: Any, points: Any, extent: Any, cones: Any, status: Any, aims: Any, found: Any, unit: float,
    seen: Seen, work: RedundancyWork, climb: Climb,
) -> None:  # pragma: no cover - compiled  # fmt: skip
    m, d = seen.rows.shape
    slack, slack_error, size, columns, doubts = seen.slack, seen.slack_error, seen.size, seen.columns, seen.doubts
    for r in range(rows.shape[0]):
        is_open = False
        for q in range(m):
            is_open = is_open or status[r, q] == OPEN
        if not is_open:
            continue
        # Slacks at the point, as `cells.interior_proposals.slacks` has them.
        for q in range(m):
            slack[q], size[q], slack_error[q] = -rows[r, q, d], abs(rows[r, q, d]), error[r, q, d]
            seen.central[q] = cones[r] and rows[r, q, d] == 0.0 and error[r, q, d] == 0.0
            for k in range(d):
                columns[k, q] = rows[r, q, k]
                doubts[k, q] = error[r, q, k]
        for k in range(d):
            x = points[r, k]
            for q in range(m):
                slack[q] -= columns[k, q] * x
                size[q] += abs(columns[k, q] * x)
                slack_error[q] += doubts[k, q] * abs(x)
        for q in range(m):
            slack_error[q] = (slack_error[q] + unit * size[q]) * (1.0 + 3.0 * unit) + UNDERFLOW_GUARD
            if not slack[q] > slack_error[q]:
                slack[q] = np.nan
            slack_error[q] = slack_error[q] / slack[q] * BOUND_SLACK
        for k in range(d):
            # A power of two for each coordinate, so that the greatest entry is about 1.
            greatest = 0.0
            for q in range(m):
                guard = UNDERFLOW_GUARD if columns[k, q] != 0.0 or doubts[k, q] != 0.0 else 0.0
                columns[k, q] /= slack[q]
                doubts[k, q] = doubts[k, q] / slack[q] * BOUND_SLACK + UNIT_ROUNDOFF * abs(columns[k, q]) + guard
                if greatest < abs(columns[k, q]) < np.inf:
                    greatest = abs(columns[k, q])
            power = 1.0
            if greatest > 0.0:
                while power > greatest:
                    power *= 0.5
                while 2.0 * power <= greatest:
                    power *= 2.0
            seen.power[k] = power
            seen.extent[k] = extent[r, k] * power * BOUND_SLACK + UNDERFLOW_GUARD
            for q in range(m):
                # Nothing is rounded but numbers that underflow.
                guard = UNDERFLOW_GUARD if columns[k, q] != 0.0 or doubts[k, q] != 0.0 else 0.0
                columns[k, q] /= power
                doubts[k, q] = doubts[k, q] / power + guard
        for q in range(m):
            length, doubt, square = 0.0, 0.0, 0.0
            for k in range(d):
                value = columns[k, q]
                seen.rows[q, k] = value
                seen.bound[q, k] = doubts[k, q]
                length += abs(value)
                doubt += doubts[k, q]
                square += value * value
            seen.length[q], seen.doubt[q], seen.scale[q] = length, doubt, 1.0 / square**0.5
            seen.asked[q] = status[r, q] == OPEN
        prove_one(
            seen.rows, columns, seen.length, seen.doubt, seen.scale, seen.bound, slack_error, seen.extent, seen.central,
            found, status[r], work, climb,
        )  # fmt: skip
        for q in range(aims.shape[1]):
            if seen.asked[q] and status[r, q] == FACET:
                for k in range(d):
                    aims[r, q, k] = found[q, k] / seen.power[k]

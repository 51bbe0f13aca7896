"""Which rows of a polytope with very many rows in few coordinates are implied, in floats, wherever floats can prove it.

Of tens of thousands of neurons behind a handful of inputs, a few dozen are facets of a region. They are found from
outside (a cutting-plane method; Kelley 1960): the polytope of the rows known so far has corners; on the way to each
some row is met first, which is one more to be known, until no corner violates any row. Each other row is then largest
in one of these corners, and is a combination of the rows that meet there.

All of this proposes, in float64 and by qhull; what it finds is proved as in `large`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens._arrays.batches import batches
from polytope_lens._deferred import spatial
from polytope_lens.polytope.batch.large import are_implied, sight_of
from polytope_lens.polytope.batch.statuses import OPEN, REDUNDANT

if TYPE_CHECKING:
    from polytope_lens._types import Floats, Ints, Statuses
    from polytope_lens.polytope.batch.large import Polar


# Coordinates, rows and corners for which this is done; rounds.
FEW, MANY, MOST_CORNERS, ROUNDS = 6, 2**10, 2**13, 40
# Sides of a box that stands in for rows not known yet, as a multiple of the distance of the nearest row.
FAR = 2.0**20
# Rows are beyond a corner if they are by this share.
BEYOND = 2.0**-30
# Scalar products at once.
AT_ONCE = 2**22


class OuterCorners(NamedTuple):
    """Corners of an outer polytope, (n, d), and the rows that meet in each, below 0 for sides of the box."""

    points: Floats
    meeting: list[Ints]


def narrow(polar: Polar, known: Statuses, aims: Floats) -> None:
    """Mark open rows in `known` as FACET or REDUNDANT, where proved, if there are many in few coordinates.

    `aims` (m, d), or an array without rows, gets a point beyond each new facet that violates no other row. Cost: some
    ten products of the rows with the corners of the polytope.
    """
    sight = sight_of(polar, known) if polar.rows.shape[1] <= FEW and (known == OPEN).sum() > MANY else None
    if sight is None:
        return
    rows = sight.white
    nearest = 1.0 / np.sqrt(np.einsum("nk,nk->n", rows, rows).max())
    active, ways = _hits(rows, np.concatenate([np.eye(rows.shape[1]), -np.eye(rows.shape[1])]), 0.0)
    for _ in range(ROUNDS):
        sight.shoot(active[-len(ways) :], ways, aims)
        corners = _corners(rows, active, FAR * nearest)
        if corners is None:
            return
        hits, ways = _hits(rows, corners.points, 1.0 + BEYOND)
        fresh = ~np.isin(hits, active)
        if not fresh.any():
            break
        active, ways = np.concatenate([active, hits[fresh]]), ways[fresh]
    else:
        return
    largest = _largest(rows, corners.points)
    for i, meeting in enumerate(corners.meeting):
        wanted = sight.left()
        wanted = wanted[(largest[wanted] == i) & ~np.isin(wanted, active)]
        if len(wanted) and (meeting >= 0).all():
            known[sight.used[wanted[are_implied(sight.polar, wanted, active[meeting])]]] = REDUNDANT


def _corners(rows: Floats, active: Ints, far: float) -> OuterCorners | None:
    """Corners of the polytope of some rows ``w . v <= 1`` in a box; None if there are too many, or qhull gives up."""
    d = rows.shape[1]
    if d == 1:
        return _ends(rows[active, 0], far)
    sides = np.concatenate([np.eye(d), -np.eye(d)])
    halfspaces = np.concatenate([np.column_stack([rows[active], np.full(len(active), -1.0)]),
                                 np.column_stack([sides, np.full(2 * d, -far)])])  # fmt: skip
    try:
        found = spatial.HalfspaceIntersection(halfspaces, np.zeros(d))
    except spatial.QhullError:
        return None
    if len(found.intersections) > MOST_CORNERS or not np.isfinite(found.intersections).all():
        return None
    meeting = [np.where(np.array(facet) < len(active), facet, -1) for facet in found.dual_facets]
    return OuterCorners(found.intersections, meeting)


def _ends(rows: Floats, far: float) -> OuterCorners:
    """The same of an interval, which qhull does not take."""
    greatest, least = int(rows.argmax()), int(rows.argmin())
    has_upper, has_lower = rows[greatest] * far > 1, rows[least] * far < -1
    points = [[1 / rows[greatest] if has_upper else far], [1 / rows[least] if has_lower else -far]]
    meeting = [np.array([greatest if has_upper else -1]), np.array([least if has_lower else -1])]
    return OuterCorners(np.array(points), meeting)


def _hits(rows: Floats, ways: Floats, least: float) -> tuple[Ints, Floats]:
    """The rows that grow fastest on some way, by more than `least` each, and for each the way on which it does most."""
    at, speed = np.empty(len(ways), dtype=np.int64), np.empty(len(ways))
    for part in batches(len(ways), len(rows), AT_ONCE):
        products = ways[part] @ rows.T
        at[part] = products.argmax(axis=1)
        speed[part] = products.max(axis=1)
    order = np.lexsort((-speed, at))
    order = order[speed[order] > least]
    hits, first = np.unique(at[order], return_index=True)
    return hits, ways[order[first]]


def _largest(rows: Floats, points: Floats) -> Ints:
    """For each row the point at which it is largest."""
    best, where = np.full(len(rows), -np.inf), np.zeros(len(rows), dtype=np.int64)
    for part in batches(len(points), len(rows), AT_ONCE):
        products = rows @ points[part].T
        here = products.argmax(axis=1)
        value = products[np.arange(len(rows)), here]
        better = value > best
        best[better] = value[better]
        where[better] = here[better] + part.start
    return where

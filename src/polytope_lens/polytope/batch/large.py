"""Which rows of one large polytope are facets, in floats, wherever floats can prove it.

The polytope is seen from a point inside, ``h . v <= 1`` as in `redundancy`, whose walks along edges need as many
steps as there are coordinates for each row. Where these are many, nearly all rows are facets, and it pays to aim:

- A coordinate on which a single row depends makes this row a facet, which is in nobody else's way. Both are left out.
- A ray along the row itself rarely meets it first, since some rows are much nearer than others. The best single shot is
  along the least squares solution of "1 for this row, 0 for all others": the row, in coordinates in which ``H^T H`` is
  1. These make all rows about equally far.
- Where it fails, the shortest way there on which this row grows by 1 and the others by less is looked for, by holding
  the few that are in the way; at last by a quadratic program. Where that has no solution, it has multipliers, which
  make the row of others, and may prove that it is implied.

All of this proposes; what it finds is proved as in `ray_shooting` and `redundancy`, with the same bounds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens._arrays.batches import batches
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.errors import IntractableError
from polytope_lens.polytope.batch.nearest_points import nearest_points
from polytope_lens.polytope.batch.statuses import CONSTANT, FACET, OPEN, REDUNDANT

if TYPE_CHECKING:
    from polytope_lens._types import Bools, Floats, Ints, Statuses


# What is added to the squares of each coordinate, as a share, where rows span few of them.
RIDGE = 2.0**-40
# Other rows are kept at this share of what the wanted one grows by, then closer; above MISSED it is no proposal.
KEPT, CLOSER, MISSED = 0.95, (1.0 - 2.0**-10, 1.0 - 2.0**-20), 0.99
# Rows in the way that are taken in at once; rounds; and rounds without progress before they come one by one.
TOGETHER, ROUNDS, PATIENCE = 16, 24, 4
# Rows whose scalar products with each other still fit memory: eight gigabytes.
MOST_ROWS = 2**15
WITHOUT_FACETS = (
    "Without facets there are `inequalities(facets=False)` and `nearest_boundary()`; or ask on a flat, "
    "`lens.slice(p, q, r)`."
)
# Rays that are proved at once.
BATCH = 256


class Polar(NamedTuple):
    """Rows of ``{v : h . v <= 1}``, (m, d), and bounds: on the errors of their numbers, of their right-hand sides (m,).

    ``extent`` (d,) bounds the coordinates of its points, ``central`` (m,) says which rows pass through one point.
    """

    rows: Floats
    error: Floats
    slack_error: Floats
    extent: Floats
    central: Bools

    def part(self, rows: Ints, coordinates: Ints) -> Polar:
        """Some of its rows in some coordinates."""
        at = np.ix_(rows, coordinates)
        return Polar(
            self.rows[at], self.error[at], self.slack_error[rows], self.extent[coordinates], self.central[rows]
        )


class Reduced(NamedTuple):
    """What is left of the rows and coordinates, and those left out, one after the other."""

    rows: Ints
    coordinates: Ints
    alone: list[tuple[int, int]]


def reduced(polar: Polar, known: Statuses) -> Reduced:
    """Leave out what is implied without touching, coordinates that a single row depends on, and these rows.

    Such a row is a facet: it can be violated or satisfied along the coordinate, and nothing else changes there. The
    others' polytope is the projection along it.
    """
    rows = (known != CONSTANT) & (known != REDUNDANT)
    depends = ((polar.rows != 0) | (polar.error != 0)) & rows[:, None]
    surely = np.abs(polar.rows) > polar.error
    coordinates = np.ones(depends.shape[1], dtype=bool)
    alone: list[tuple[int, int]] = []
    while True:
        count = depends[rows].sum(axis=0)
        found = [
            (int(q), int(k))
            for k in np.flatnonzero(coordinates & (count == 1))
            for q in np.flatnonzero(depends[:, k] & rows)
            if surely[q, k]
        ]
        if not found:
            return Reduced(np.flatnonzero(rows), np.flatnonzero(coordinates), alone)
        for q, k in found:
            coordinates[k] = False
            if rows[q]:
                rows[q] = False
                alone.append((q, k))


def put_back(polar: Polar, small: Reduced, known: Statuses, status: Statuses, aims: Floats, points: Floats) -> None:
    """Write down what is known of the rows that are left, and of those left out."""
    fresh = small.rows[(known == FACET) & (status[small.rows] != FACET)]
    status[small.rows] = known
    if len(aims):
        aims[np.ix_(small.rows, small.coordinates)] = points
        # Along its coordinate each row left out is satisfied with room to spare, whatever the later ones left.
        for q, k in reversed(small.alone):
            aims[fresh, k] = -(aims[fresh] @ polar.rows[q]) / polar.rows[q, k]
            fresh = np.append(fresh, q)
            aims[q] = 0.0
            aims[q, k] = 1.5 / polar.rows[q, k]
    status[[q for q, _ in small.alone]] = FACET


def aim(polar: Polar, known: Statuses, aims: Floats) -> None:
    """Mark open rows in `known` as FACET that a ray is proved to meet first: by least squares, then between others.

    `aims` (m, d), or an array without rows, gets a point beyond each that violates no other row. Cost: some products of
    the rows with themselves; for each row that the first ray misses, some linear systems with as many unknowns as rows
    are in its way.
    """
    sight = sight_of(polar, known)
    if sight is None:
        return
    if len(sight.used) > MOST_ROWS:
        n, d = sight.white.shape
        raise IntractableError(
            f"which of {n} inequalities in {d} dimensions are facets is out of reach. {WITHOUT_FACETS}"
        )
    gram, wanted = sight.white @ sight.white.T, sight.left()
    first = gram[wanted]
    first[np.arange(len(wanted)), wanted] = -np.inf
    is_hit = first.max(axis=1) < MISSED * gram[wanted, wanted]
    sight.shoot(wanted[is_hit], sight.white[wanted[is_hit]], aims)
    wanted = sight.left()
    ways = np.array([_between(gram, q, sight.white) for q in wanted]).reshape(len(wanted), sight.white.shape[1])
    sight.shoot(wanted, ways, aims)


def solve(polar: Polar, known: Statuses, aims: Floats) -> None:
    """Mark open rows in `known` as FACET or REDUNDANT, where proved: by a quadratic program each; `aims` as above."""
    sight = sight_of(polar, known)
    if sight is None:
        return
    for q in sight.left():
        for kept in (KEPT, *CLOSER):
            way, multipliers = _shortest(sight.white, q, kept)
            sight.shoot(np.array([q]), way[None], aims)
            at = sight.used[q]
            if known[at] == OPEN and are_implied(sight.polar, np.array([q]), np.flatnonzero(multipliers))[0]:
                known[at] = REDUNDANT
            if known[at] != OPEN:
                break


class Sight(NamedTuple):
    """Rows that say anything: which, in coordinates where they are about equally far, and what takes ways back."""

    used: Ints
    polar: Polar
    known: Statuses
    white: Floats
    back: Floats

    def left(self) -> Ints:
        """Which of them are open."""
        return np.flatnonzero(self.known[self.used] == OPEN)

    def shoot(self, hits: Ints, ways: Floats, aims: Floats) -> None:
        """Mark rows that are proved to be met first on a way each."""
        for part in batches(len(hits), 1, BATCH):
            some = hits[part]
            shown, points = are_met_first(self.polar, ways[part] @ self.back, some)
            self.known[self.used[some[shown]]] = FACET
            if len(aims):
                aims[self.used[some[shown]]] = points[shown]


def sight_of(polar: Polar, known: Statuses) -> Sight | None:
    """The rows to look at; None if none is open, or they span too little."""
    used = np.flatnonzero(known != CONSTANT)
    found = _whitened(polar.rows[used]) if (known == OPEN).any() else None
    return None if found is None else Sight(used, polar.part(used, np.arange(polar.rows.shape[1])), known, *found)


def _whitened(rows: Floats) -> tuple[Floats, Floats] | None:
    """Rows w in coordinates where ``W^T W`` is 1, (m, d), and what takes ways there back: ``ways @ back``."""
    if not np.isfinite(rows).all():
        return None
    square = rows.T @ rows
    scale = np.sqrt(square.diagonal())
    scale = np.where(scale > 0, scale, 1.0)
    try:
        lower = np.linalg.cholesky(square / np.outer(scale, scale) + RIDGE * np.eye(len(scale)))
    except np.linalg.LinAlgError:
        return None
    back = np.linalg.solve(lower, np.diag(1.0 / scale))
    return rows @ back.T, back


def _between(gram: Floats, q: int, white: Floats) -> Floats:
    """A way on which row q grows by 1 and the others by less, if one is found soon; about the shortest one.

    The rows that would grow by more than KEPT are held there, and let go where they hold it back: an active set method
    that exchanges many rows at once (Kostreva 1978, *Block pivot methods for solving the complementarity problem*), in
    scalar products of rows alone.
    """
    index, share = np.array([q]), np.ones(1) / gram[q, q]
    fewest, tries = len(gram) + 1, PATIENCE
    for _ in range(ROUNDS):
        speed = share @ gram[index]
        speed[q] = -np.inf
        if speed.max() < MISSED:
            break
        dropped = index[1:][share[1:] > 0]
        excess = speed - KEPT
        excess[index] = -np.inf
        wrong = int((excess > 0).sum()) + len(dropped)
        added = np.argsort(-excess)[:TOGETHER]
        added = added[excess[added] > 0]
        if wrong < fewest:
            fewest, tries = wrong, PATIENCE
        elif tries:
            tries -= 1
        elif len(dropped):
            dropped, added = dropped[-1:], added[:0]
        else:
            added = added[:1]
        index = np.concatenate([index[~np.isin(index, dropped)], added])
        if len(index) > white.shape[1]:
            return np.asarray(white[q])
        try:
            share = np.linalg.solve(gram[np.ix_(index, index)], np.append(1.0, np.full(len(index) - 1, KEPT)))
        except np.linalg.LinAlgError:
            return np.asarray(white[q])
    return np.asarray(share @ white[index])


def _shortest(white: Floats, q: int, kept: float) -> tuple[Floats, Floats]:
    """The shortest such way by a quadratic program, solved to the end; or else multipliers that make q of the others.

    Those that are zero count; the others are up to a factor.
    """
    normals, slack = white.copy(), np.full(len(white), kept)
    normals[q] *= -1.0
    slack[q] = -1.0
    _, multipliers = nearest_points(normals[None], slack[None])
    way = -multipliers[0] @ normals
    multipliers[0, q] = 0.0
    return way, multipliers[0]


def are_met_first(polar: Polar, ways: Floats, hits: Ints) -> tuple[Bools, Floats]:
    """Whether it is proved that each way (n, d) meets a row before all others, and the point between it and the next.

    The proof is that of `ray_shooting.is_met_first`, for many ways at once.
    """
    at, d = np.arange(len(ways)), polar.rows.shape[1]
    unit = (d + 8) * UNIT_ROUNDOFF
    with np.errstate(all="ignore"):
        speed = ways @ polar.rows.T
        own = speed[at, hits]
        speed[at, hits] = -np.inf
        t = 2.0 / (own + speed.max(axis=1, initial=0.0))
        far = np.abs(ways).max(axis=1) * t * BOUND_SLACK
        doubt = (polar.error.sum(axis=1) + unit * np.abs(polar.rows).sum(axis=1)) * BOUND_SLACK**2
        fixed = (polar.slack_error + unit) * BOUND_SLACK + UNDERFLOW_GUARD
        gap = t * own - 1.0 - far * doubt[hits] - fixed[hits]
        speed *= t[:, None]
        speed += far[:, None] * doubt
        speed += fixed
        is_first = (gap > 0) & (speed.max(axis=1, initial=0.0) < 1.0 - 4 * UNIT_ROUNDOFF)
        return np.asarray(is_first), t[:, None] * ways


def are_implied(polar: Polar, wanted: Ints, basis: Ints) -> Bools:
    """Which of some rows are proved to be combinations of d others, with positive multipliers, and no facets.

    The proof is that of `redundancy`.
    """
    d = polar.rows.shape[1]
    if len(basis) != d:
        return np.zeros(len(wanted), dtype=bool)
    rows, error, slack_error = polar.rows[basis], polar.error[basis], polar.slack_error[basis]
    target = polar.rows[wanted]
    unit = (d + 4) * UNIT_ROUNDOFF
    try:
        inverse = np.linalg.inv(rows)
    except np.linalg.LinAlgError:
        return np.zeros(len(wanted), dtype=bool)
    with np.errstate(all="ignore"):
        multiplier = target @ inverse
        is_positive = (multiplier > 0).all(axis=1)
        rest = np.abs(target - multiplier @ rows) + unit * (np.abs(target) + multiplier @ np.abs(rows))
        rest = (rest + polar.error[wanted] + multiplier @ error) * BOUND_SLACK + UNDERFLOW_GUARD
        total = multiplier.sum(axis=1)
        gap = 1.0 - total - polar.slack_error[wanted] - multiplier @ slack_error * BOUND_SLACK
        gap -= 2 * unit * (1.0 + total)
        charged = (rest * np.where(np.isfinite(polar.extent), polar.extent, np.inf)).sum(axis=1) * BOUND_SLACK
        # The exact multipliers are those at hand but for `distance` (Rump 2010, *Verification methods*, section 10).
        size = np.abs(rows) @ np.abs(inverse)
        off = np.abs(np.eye(d) - rows @ inverse) + unit * (size + 1.0) + error @ np.abs(inverse)
        contraction = off.sum(axis=0).max() * BOUND_SLACK
        distance = (rest @ np.abs(inverse)).max(axis=1) * BOUND_SLACK / (1.0 - contraction) * BOUND_SLACK
        is_enclosed = (contraction < 0.5) & (multiplier > distance[:, None]).all(axis=1)
        apart = gap - distance * (1.0 + slack_error).sum() * BOUND_SLACK > unit
        is_cone = polar.central[wanted] & (d > 1 and bool(polar.central[basis].all()))
        return np.asarray(is_positive & ((gap > charged) | (is_enclosed & (apart | is_cone))))

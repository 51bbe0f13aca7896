"""Which rows of many small polytopes are facets, in floats, wherever floats can prove it.

A polytope is seen from a point inside it: its rows are ``h . v <= 1``, where v runs from that point (the polar rows).
The floats h come with bounds on their error, and so do the right-hand sides.

- A row is a facet if some point violates it and satisfies all others strictly: on the way to that point, it is the only
  one that is met. So no other row defines the same facet.
- A row is none if it is a combination of others with nonnegative multipliers that add up to less than 1. Then it does
  not even touch the polytope. Where all rows pass through one point, as those of networks without biases do, they add
  up to 1; then two of them must be positive.

Proposals for both come from one walk along the edges of the polytope (`edge_walk`), from row to row: each facet
that it meets shows itself a little farther along the edge, and where it ends without having met the row, its
multipliers say that the row is implied. What that leaves open is tried again by Clarkson's method (1994, *More output-
sensitive geometric algorithms*, section 3): the farthest point of the facets found so far in the direction of a row is
either a proof that the row is implied, or the aim of a ray that meets a new facet first. Facets far out are looked for
by quadratic programs. What cannot be proved, above all ties, is left open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._compiled.jit import jit, pays
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF, summation_bound
from polytope_lens.exact.bounded_rows import slacks
from polytope_lens.polytope.batch import large
from polytope_lens.polytope.batch.edge_walk import Climb, room
from polytope_lens.polytope.batch.facet_walk import RedundancyWork, prove_one, redundancy_work
from polytope_lens.polytope.batch.nearest_points import nearest_points, project
from polytope_lens.polytope.batch.outer_polytope import narrow
from polytope_lens.polytope.batch.ray_shooting import shoot
from polytope_lens.polytope.batch.statuses import FACET, OPEN

if TYPE_CHECKING:
    from polytope_lens._types import Bools, Floats, Ints, Statuses


# Polytopes with so many numbers are left to `large`; what it leaves open is not walked to in those of so many.
LARGE, VAST = 2**15, 2**17
# What a row takes in rational arithmetic, in seconds, and in addition for each number of its polytope; roughly.
RATIONAL_ROW, RATIONAL_NUMBER = 1e-3, 1e-6


class Seen(NamedTuple):
    """Room for one polytope as it is seen from a point inside: its rows, column by column and as such, and bounds.

    ``power`` are the scales of the coordinates, ``asked`` the rows that were open.
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
    asked: Bools
    extent: Floats
    power: Floats


def _room(m: int, d: int) -> Seen:
    slack, slack_error, size, length, doubt, scale = np.zeros((6, m))
    columns, doubts = np.zeros((2, d, m))
    rows, bound = np.zeros((2, m, d))
    asked = np.zeros(m, dtype=bool)
    return Seen(slack, slack_error, size, columns, doubts, rows, bound, length, doubt, scale, asked, *np.zeros((2, d)))


def prove_redundancy(
    polar: Floats,
    error: Floats,
    slack_error: Floats,
    extent: Floats,
    central: Bools,
    status: Statuses,
    aims: Floats | None = None,
    *,
    hasty: bool = False,
) -> None:
    """Decide the open rows of n polytopes that are seen from points inside, as far as floats can.

    Parameters
    ----------
    polar : (n, m, d) array
        Rows h of ``{v : h . v <= 1}``.
    error : (n, m, d) array
        Bound on the error of each number of `polar`.
    slack_error : (n, m) array
        Bound on the error of each right-hand side.
    extent : (n, d) array
        Bound on ``|v_k|`` in each polytope; infinite where there is none.
    central : (n, m) bool array
        Which rows are known to pass through one common point, in each polytope.
    status : (n, m) int8 array
        OPEN, CONSTANT for rows to pass over, or what is known already; FACET and REDUNDANT are filled in, where proved.
    aims : (n, m, d) array, optional
        For each row found to be a facet, a point beyond it that violates no other row is filled in.
    hasty : bool
        Whether to do without compiled code, and to leave rows open for which it is needed.

    Notes
    -----
    Cost: some products of the matrix of rows with a vector for each row, about 7 with 10 coordinates and 64 rows.
    """
    n, m, d = polar.shape
    if not m:
        return
    if m * d < LARGE and not hasty:
        rows = np.concatenate([polar, np.full((n, m, 1), -1.0)], axis=2)
        doubt = np.concatenate([error, slack_error[:, :, None]], axis=2)
        prove_seen(rows, doubt, np.zeros((n, d)), extent, central, status, aims)
        return
    exponent, scaled, bound, reach = _to_one_scale(polar, error, extent)
    known = status.copy(order="C")
    points = np.empty((n, 0, d)) if aims is None else np.zeros(polar.shape)
    for r in range(n):
        one = large.Polar(scaled[r], bound[r], slack_error[r], reach[r], central[r])
        _prove_large(one, known[r], points[r], hasty)
    _note(known, status, points, exponent, aims)


def prove_seen(
    rows: Floats,
    error: Floats,
    points: Floats,
    extent: Floats,
    central: Bools,
    status: Statuses,
    aims: Floats | None = None,
) -> None:
    """Decide the open rows of n small polytopes, given as they are and with a point in each, as far as floats can.

    Each is brought into polar form, and its coordinates to one scale, in the step that decides it, so that no array of
    all polytopes' numbers is gone through again and again.

    Parameters
    ----------
    rows, error : (n, m, d + 1) arrays
        Rows ``a . x + c <= 0``, and a bound on the error of each number.
    points : (n, d) array
        A point in each; where one is not proved to satisfy a row strictly, what that row might cut off is left open.
    extent : (n, d) array
        Bound on the distance of the polytope's points from there in each coordinate; infinite where there is none.
    central, status : (n, m) arrays
        As for `prove_redundancy`.
    aims : (n, m, d) array, optional
        For each row found to be a facet, the way from the point to one that violates no other row is filled in.
    """
    n, m, width = rows.shape
    d = width - 1
    if not m or not n:
        return
    ways = np.empty((n, 0, d)) if aims is None else aims
    # Points are copied, since code for arrays that must not be written to would be compiled once more.
    here = np.array(points, order="C")
    arrays = map(np.ascontiguousarray, (rows, error, here, extent, central))
    work = _room(m, d), redundancy_work(m, d), room(m, d)
    _prove_seen(*arrays, status, ways, np.zeros((m, d)), summation_bound(d + 1), *work)
    left = np.flatnonzero((status == OPEN).any(axis=1) & ~np.isfinite(extent).all(axis=1))
    if left.size:
        known, found = status[left], None if aims is None else aims[left]
        polar, doubt, slack_error = polar_form(rows[left], error[left], points[left])
        _prove_at_infinity(polar, doubt, slack_error, extent[left], known, found)
        status[left] = known
        if aims is not None:
            aims[left] = found


def polar_form(rows: Floats, error: Floats, points: Floats) -> tuple[Floats, Floats, Floats]:
    """Rows, (n, m, d + 1), as they are seen from a point in each of n polytopes, (n, d): ``{v : h . v <= 1}``.

    With bounds on the errors of their numbers, and of the right-hand sides. Rows that a point is not proved to satisfy
    strictly are NaN.
    """
    normal, normal_error = rows[:, :, :-1], error[:, :, :-1]
    slack, slack_error = slacks(rows, error, points)
    with np.errstate(all="ignore"):
        polar = np.where((slack > slack_error)[:, :, None], normal / slack[:, :, None], np.nan)
        polar_error = normal_error / slack[:, :, None] * BOUND_SLACK + UNIT_ROUNDOFF * np.abs(polar)
        polar_error += np.where((normal != 0) | (normal_error != 0), UNDERFLOW_GUARD, 0.0)
        return polar, polar_error, slack_error / slack * BOUND_SLACK


def _to_one_scale(polar: Floats, error: Floats, extent: Floats) -> tuple[Ints, Floats, Floats, Floats]:
    """A power of two for each coordinate, so that the greatest entry is about 1, and rows, errors and extents with it.

    Nothing is rounded but numbers that underflow.
    """
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        greatest = np.where(np.isfinite(polar), np.abs(polar), 0.0).max(axis=1)
        exponent = np.where(greatest > 0, np.frexp(greatest)[1], 0)[:, None, :]
        scaled = np.ldexp(polar, -exponent)
        bound = np.ldexp(error, -exponent) + UNDERFLOW_GUARD * ((polar != 0) | (error != 0))
        reach = np.ldexp(extent, exponent[:, 0, :]) * BOUND_SLACK + UNDERFLOW_GUARD
    return exponent, scaled, bound, reach


def _note(known: Statuses, status: Statuses, points: Floats, exponent: Ints, aims: Floats | None) -> None:
    """Write down what is known now, and the points beyond new facets in coordinates that are not scaled."""
    if aims is not None:
        fresh = (known == FACET) & (status != FACET)
        with np.errstate(over="ignore", under="ignore"):
            aims[fresh] = np.ldexp(points, -exponent)[fresh]
    status[...] = known


def pays_to_walk(m: int, d: int) -> bool:
    """Whether to walk for m rows in d coordinates, which rational arithmetic could decide, see `jit.pays`."""
    return pays((_prove_seen,), m * (RATIONAL_ROW + RATIONAL_NUMBER * m * d))


def _prove_large(polar: large.Polar, status: Statuses, aims: Floats, hasty: bool) -> None:
    """Rows of one large polytope: from outside, by aiming, then by quadratic programs and by walking."""
    narrow(polar, status, aims)
    small = large.reduced(polar, status)
    some, known = polar.part(small.rows, small.coordinates), status[small.rows]
    points = aims[np.ix_(small.rows, small.coordinates)] if len(aims) else np.empty((0, len(small.coordinates)))
    large.aim(some, known, points)
    m, d = some.rows.shape
    if not hasty:
        if m * d >= LARGE:
            large.solve(some, known, points)
        if m * d < VAST and (known == OPEN).any():
            rows = np.column_stack([some.rows, np.full(m, -1.0)])[None]
            doubt = np.column_stack([some.error, some.slack_error])[None]
            ways = points[None] if len(aims) else None
            prove_seen(rows, doubt, np.zeros((1, d)), some.extent[None], some.central[None], known[None], ways)
    large.put_back(polar, small, known, status, aims, points)


def _prove_at_infinity(
    polar: Floats, error: Floats, slack_error: Floats, extent: Floats, status: Statuses, aims: Floats | None
) -> None:
    """Find facets that lie too far out for walks: open rows that are met by a ray that no other row meets.

    Such are the rows of neurons with tiny weights, in unbounded polytopes. The ray is along the shortest vector with a
    scalar product of at least 1 with the row, and of at most -1 with all others, rows taken at length 1.
    """
    r, q = np.nonzero(status == OPEN)
    if not r.size or not pays((project, _shoot), len(r) * RATIONAL_ROW):
        return
    exponent, rows, bound, _ = _to_one_scale(polar, error, extent)
    known, points = status.copy(order="C"), np.empty((len(rows), 0, 0)) if aims is None else np.zeros(rows.shape)
    with np.errstate(all="ignore"):
        columns = np.ascontiguousarray(rows.transpose(0, 2, 1))
        length, doubt = np.abs(rows).sum(axis=2), bound.sum(axis=2)
        size = np.sqrt(np.einsum("nmk,nmk->nm", rows[r], rows[r]))
        unit = np.nan_to_num(rows[r] / size[:, :, None], posinf=0.0, neginf=0.0)
    unit[np.arange(len(r)), q] *= -1.0
    _, multipliers = nearest_points(unit, np.full(size.shape, -1.0))
    rays = -np.einsum("nm,nmk->nk", multipliers, unit)
    _shoot(columns, slack_error, length, doubt, points, known, r, rays, np.zeros(rows.shape[1]))
    _note(known, status, points, exponent, aims)


@jit
def _shoot(
    columns: Any, slack_error: Any, length: Any, doubt: Any, aims: Any, known: Any, at: Any, rays: Any, speed: Any
) -> None:  # pragma: no cover - compiled
    for i in range(len(at)):
        r = at[i]
        shoot(columns[r], slack_error[r], length[r], doubt[r], known[r], aims[r], rays[i], speed)


@jit
def _prove_seen(
    rows: Any, error: Any, points: Any, extent: Any, central: Any, status: Any, aims: Any, found: Any, unit: float,
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
            seen.length[q], seen.doubt[q], seen.scale[q] = 0.0, 0.0, 0.0
        for k in range(d):
            for q in range(m):
                guard = UNDERFLOW_GUARD if columns[k, q] != 0.0 or doubts[k, q] != 0.0 else 0.0
                columns[k, q] /= slack[q]
                doubts[k, q] = doubts[k, q] / slack[q] * BOUND_SLACK + UNIT_ROUNDOFF * abs(columns[k, q]) + guard
            # A power of two for each coordinate, so that the greatest entry is about 1.
            greatest = 0.0
            for q in range(m):
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
                seen.length[q] += abs(columns[k, q])
                seen.doubt[q] += doubts[k, q]
                seen.scale[q] += columns[k, q] * columns[k, q]
        for q in range(m):
            seen.scale[q] = 1.0 / seen.scale[q] ** 0.5
            seen.asked[q] = status[r, q] == OPEN
            for k in range(d):
                seen.rows[q, k] = columns[k, q]
                seen.bound[q, k] = doubts[k, q]
        prove_one(
            seen.rows, columns, seen.length, seen.doubt, seen.scale, seen.bound, slack_error, seen.extent, central[r],
            found, status[r], work, climb,
        )  # fmt: skip
        for q in range(aims.shape[1]):
            if seen.asked[q] and status[r, q] == FACET:
                for k in range(d):
                    aims[r, q, k] = found[q, k] / seen.power[k]

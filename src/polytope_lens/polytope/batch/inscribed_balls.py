"""The largest balls inside many polytopes, compiled: centers from linear programs in floats, radii proved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._compiled.jit import inlined, jit
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.lp.float_simplex import maximize

if TYPE_CHECKING:
    from polytope_lens._types import Floats, Ints


# Centers are looked for in a box of this size around a point inside, whose distance from the nearest row is 1, then in
# boxes larger by this factor each time, up to the size that floats can tell from the unit; where the radius grew by as
# much, it is the next unit. It limits proposals, not answers; where many balls are largest, it keeps the center near.
GROWTH = 2.0**10
FARTHEST = GROWTH**4
TILT = 2.0**-40
# Rounds go on while radii grow by more than this share.
GAIN = 2.0**-30
# In more coordinates than this, those in which no row changes are left out; singular values below this share are zero.
MANY, RANK = 8, 2.0**-32


class BallWork(NamedTuple):
    """Room for one program: the center and the radius, in a box; then the rows."""

    normal: Floats  # (2 d + 2 + m, d + 1)
    offset: Floats
    objective: Floats
    basis: Ints
    dual: Floats
    inverse: Floats
    point: Floats
    alpha: Floats
    trial: Floats


def chebyshev_balls(rows: Floats, error: Floats, inside: Floats) -> tuple[Floats, Floats]:
    """Centers and radii of balls inside n polytopes ``{x : a . x + c <= 0}``.

    Parameters
    ----------
    rows, error : (n, m, d + 1) arrays
        Rows ``[a, c]``, and bounds on the errors of their numbers. Rows that are known not to depend on x are passed
        over: they must hold.
    inside : (n, d) array
        A point in each, to start from.

    Returns
    -------
    centers, radii : (n, d) and (n,) arrays
        The closed ball with this radius, rounded down, is proved to lie inside, whatever the exact rows are within the
        errors; it is 0 where not even the center is. Infinite where there are balls of any size. It is the largest one
        but for rounding, wherever floats could solve the program.

    Notes
    -----
    Cost: a product of the rows with a vector for each pivot, some d + 3 in each of a few rounds.
    """
    exact_rows, exact_error = np.ascontiguousarray(rows), np.ascontiguousarray(error)
    start = np.array(inside, dtype=np.float64, order="C")
    basis = _row_space(rows[:, :, :-1])
    if basis is None:
        centers, radii, _ = _solved(exact_rows, exact_error, start)
        return centers, radii
    seen = np.einsum("nmd,nrd->nmr", rows[:, :, :-1], basis)
    value = np.einsum("nmd,nd->nm", rows[:, :, :-1], start) + rows[:, :, -1]
    reduced = np.concatenate([seen, value[:, :, None]], axis=2)
    moved, _, ways = _solved(reduced, np.zeros_like(reduced), np.zeros((len(rows), basis.shape[1])))
    centers, ways = start + np.einsum("nr,nrd->nd", moved, basis), np.einsum("nr,nrd->nd", ways, basis)
    radii = np.zeros(len(rows))
    _prove(exact_rows, exact_error, start, centers, ways, radii)
    return centers, radii


def _row_space(normals: Floats) -> Floats | None:
    """Orthonormal vectors (n, r, d) that span the rows of each polytope, where r < d do; only for many coordinates.

    Nothing changes in other directions, and the programs are smaller without them. They steer and decide nothing.
    """
    n, m, d = normals.shape
    if d <= MANY or not n * m:
        return None
    with np.errstate(all="ignore"):
        unit = normals / np.linalg.norm(normals, axis=2, keepdims=True)
    _, sizes, vectors = np.linalg.svd(np.where(np.isfinite(unit), unit, 0.0), full_matrices=False)
    rank = int((sizes > RANK * sizes[:, :1]).sum(axis=1).max())
    return None if rank == d else np.ascontiguousarray(vectors[:, : max(rank, 1)])


def _solved(rows: Floats, error: Floats, inside: Floats) -> tuple[Floats, Floats, Floats]:
    """Centers, radii, and directions in which the radius grows without end, where it does."""
    n, m, k = rows.shape
    work = BallWork(
        np.vstack([np.eye(k), -np.eye(k), np.zeros((m, k))]), np.zeros(2 * k + m), np.zeros(k),
        np.zeros(k, np.int64), np.zeros(k), np.zeros((k, k)), np.zeros(k), np.zeros(k), np.zeros(k - 1),
    )  # fmt: skip
    centers, radii, ways = inside.copy(), np.zeros(n), np.zeros((n, k - 1))
    _solve(rows, error, centers, radii, ways, work)
    return centers, radii, ways


@jit
def _prove(
    rows: Any, error: Any, inside: Any, centers: Any, ways: Any, radii: Any
) -> None:  # pragma: no cover - compiled
    """Radii of centers found elsewhere, or of the points inside where these are better."""
    for r in range(rows.shape[0]):
        leaving = False
        for i in range(ways.shape[1]):
            leaving = leaving or ways[r, i] != 0.0
        radii[r], other = _radius(rows[r], error[r], centers[r]), _radius(rows[r], error[r], inside[r])
        if not radii[r] >= other:
            radii[r] = other
            for i in range(ways.shape[1]):
                centers[r, i] = inside[r, i]
        if leaving and other > 0.0 and _leaves(rows[r], error[r], ways[r]):
            radii[r] = np.inf


@jit
def _solve(
    rows: Any, error: Any, centers: Any, radii: Any, ways: Any, work: BallWork
) -> None:  # pragma: no cover - compiled
    n, _, k = rows.shape
    d = k - 1
    for r in range(n):
        center = centers[r]
        best = _radius(rows[r], error[r], center)
        far = GROWTH
        while far <= FARTHEST and 0.0 < best < np.inf:
            count = _write_program(rows[r], center, best, far, work)
            solved = maximize(
                work.objective, work.normal[:count], work.offset[:count], work.basis, work.dual, work.inverse,
                work.point, work.alpha,
            )  # fmt: skip
            if not solved:
                break
            # The way there began far out and has left its rounding in the point.
            at_the_end = False
            for j in range(k):
                work.point[j] = 0.0
                for i in range(k):
                    work.point[j] += work.inverse[j, i] * work.offset[work.basis[i]]
                at_the_end = at_the_end or work.basis[j] < 2 * k
            if at_the_end and _leaves(rows[r], error[r], work.point):
                best = np.inf
                for i in range(d):
                    ways[r, i] = work.point[i]
                break
            for i in range(d):
                work.trial[i] = center[i] + work.point[i] * best
            found = _radius(rows[r], error[r], work.trial)
            # A center well inside the box is the best one; if it is not much deeper than before, its scale was right.
            grown = found / best
            if grown > 1.0:
                best = found
                for i in range(d):
                    center[i] = work.trial[i]
            if not grown > 1.0 + GAIN or (not at_the_end and grown < GROWTH):
                break
            far = far * GROWTH if grown < GROWTH else GROWTH
        radii[r] = best


@inlined
def _radius(rows: Any, error: Any, center: Any) -> Any:  # pragma: no cover - compiled
    """A proved bound below the distance of a point to all rows; infinite if there are none, 0 outside."""
    m, k = rows.shape
    d = k - 1
    unit = (d + 4) * UNIT_ROUNDOFF
    least = np.inf
    for q in range(m):
        slack, size, doubt = -rows[q, d], abs(rows[q, d]), error[q, d]
        square, spread, depends = 0.0, 0.0, False
        for i in range(d):
            term = rows[q, i] * center[i]
            slack -= term
            size += abs(term)
            doubt += error[q, i] * abs(center[i])
            square += rows[q, i] * rows[q, i]
            spread += error[q, i]
            depends = depends or rows[q, i] != 0.0 or error[q, i] != 0.0
        if not depends:
            continue
        low = slack - (unit * size + doubt) * BOUND_SLACK - UNDERFLOW_GUARD
        # Squares must not have underflowed.
        length = square**0.5
        if length < 2.0**-480 or not length < 2.0**480:
            length = 0.0
            for i in range(d):
                length += abs(rows[q, i])
        length = length * (1.0 + 2.0 * unit) + spread * BOUND_SLACK
        if not low > 0.0:
            return 0.0
        least = min(least, low / length * (1.0 - 2.0 * UNIT_ROUNDOFF))
    return least


@inlined
def _write_program(
    rows: Any, center: Any, unit: float, far: float, work: BallWork
) -> Any:  # pragma: no cover - compiled
    """``a . v + r <= s`` with rows of length 1, seen from the center, whose distance to the nearest one is 1."""
    m, k = rows.shape
    d = k - 1
    count = 2 * k
    for i in range(2 * k):
        work.offset[i] = far
    work.offset[2 * k - 1] = 0.0
    for q in range(m):
        slack, square = -rows[q, d], 0.0
        for i in range(d):
            slack -= rows[q, i] * center[i]
            square += rows[q, i] * rows[q, i]
        length = square**0.5
        # Rows farther away than the box need not be looked at.
        if not 0.0 < length < np.inf or slack > 4.0 * k * far * unit * length:
            continue
        for i in range(d):
            work.normal[count, i] = rows[q, i] / length
        work.normal[count, d] = 1.0
        work.offset[count] = slack / length / unit
        count += 1
    for i in range(k):
        # Slightly tilted, since a program that asks for the radius alone starts with all coordinates tied.
        tilt = (((i + 1) * 0.618) % 1.0 - 0.5) * TILT / far
        work.objective[i] = 1.0 if i == d else tilt
        work.basis[i] = i if i == d or tilt >= 0.0 else k + i
        work.dual[i] = abs(work.objective[i])
        for j in range(k):
            work.inverse[i, j] = 0.0
    return count


@inlined
def _leaves(rows: Any, error: Any, direction: Any) -> Any:  # pragma: no cover - compiled
    """Whether it is proved that a direction leaves all rows, so that there are balls of any size far along it."""
    m, k = rows.shape
    d = k - 1
    for q in range(m):
        total, size, doubt, depends = 0.0, 0.0, 0.0, False
        for i in range(d):
            term = rows[q, i] * direction[i]
            total += term
            size += abs(term)
            doubt += error[q, i] * abs(direction[i])
            depends = depends or rows[q, i] != 0.0 or error[q, i] != 0.0
        if depends and not total < -((d + 4) * UNIT_ROUNDOFF * size + doubt) * BOUND_SLACK - UNDERFLOW_GUARD:
            return False
    return True

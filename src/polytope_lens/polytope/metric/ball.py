"""The largest ball inside a polytope."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from math import isqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from flint import fmpq, fmpz, fmpz_mat

from polytope_lens._deferred import optimize
from polytope_lens._kept import kept
from polytope_lens._places import POINTS
from polytope_lens.arithmetic.rational import integers, nearest_float, rational, rationals
from polytope_lens.arithmetic.signs import UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.errors import DomainError
from polytope_lens.lp.interior_point import LARGEST, float_inside
from polytope_lens.lp.rational_simplex import Halfspace, maximize
from polytope_lens.polytope.batch.inscribed_balls import chebyshev_balls
from polytope_lens.polytope.feasibility import is_empty, rounded_up, vertex_bound
from polytope_lens.polytope.halfspaces import exact_rows, is_contradicted, proper, rounded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens._types import Floats
    from polytope_lens.polytope.polytope import Polytope


ZERO, ONE = fmpq(0), fmpq(1)
# Up to so many coordinates the program is solved in rational arithmetic where floats lead to no proof that there is no
# larger ball; up to the second number, such a proof is looked for.
EXACT_DIMENSION, MOST_DIMENSIONS = 8, 64
# A radius within this share of the bound is as large as can be. Rows hold the ball whose squared distances are within a
# share of NEAR of the least one.
GOOD, NEAR = 2.0**-40, fmpq(1, 2**16)
# Digits of square roots.
ROOT_BITS = 80


class BallStatus(enum.Enum):
    """What a radius means."""

    LARGEST = "the ball lies inside, and no ball inside has a radius above `bound`, if that is finite"
    UNBOUNDED = "there are balls of any size inside; `center` is a point of the interior"
    FLAT = "the polytope has no interior, so only points fit inside; `center` is near one"
    TOO_THIN = "the polytope has interior, but around the float nearest to its middle there is no room for any ball"

    def __repr__(self) -> str:
        return f"BallStatus.{self.name}"


@dataclass(frozen=True, slots=True, eq=False)
class Ball:
    """A ball inside a polytope.

    Parameters
    ----------
    center : (d,) array
        Floats, taken exactly as they are.
    radius : float
        Rounded down: the closed ball with this radius is proved to lie in the polytope. Infinite where balls of any
        size do; 0 where there is no room.
    bound : float
        No ball in the polytope has a larger radius; rounded up. Infinite where nothing is proved.
    status : BallStatus
    """

    center: Floats = field(metadata=POINTS)
    radius: float
    bound: float
    status: BallStatus

    def __post_init__(self) -> None:
        self.center.flags.writeable = False

    def __repr__(self) -> str:
        return f"Ball(center={self.center.tolist()}, radius={self.radius!r}, {self.status.name})"


@kept
def chebyshev_ball(poly: Polytope) -> Ball:
    """Largest ball inside a polytope, bounded or not.

    Raises
    ------
    DomainError
        An empty polytope.

    Notes
    -----
    Exactness: the ball of floats is proved to lie inside. Which status it has is exact, but in more than 8 dimensions,
    where balls of any size may be missed. `bound` is proved by the rows that hold the ball: where nonnegative multiples
    of their normals add up to nothing, those of their slacks add up to the same everywhere, and bound the radius (the
    program's duality, in rational arithmetic, with each length ``|a|`` rounded down). Where floats do not find such
    rows, as in polytopes that are thin compared with the size of their coordinates, it is the optimum of the program
    ``max r, a . x + r |a| <= b``, solved exactly up to 8 coordinates; beyond them it is infinite. Radius and bound
    differ by no more than the rounding of the center, which is much only for such polytopes.
    Cost: that of a program in floats and of a system of d equations in integers, below a millisecond up to 5
    coordinates and some 10 rows. For many polytopes see `inscribed_balls.chebyshev_balls`.
    Source: Boyd and Vandenberghe 2004, *Convex Optimization*, section 4.3.1.
    """
    d, rows = poly.dim, proper(poly)
    inside, seen = poly._hint, None
    if inside is not None and np.isfinite(inside).all() and not is_contradicted(poly):
        found, radius = _proposed(poly, inside)
        if radius == np.inf:
            return Ball(inside.copy(), np.inf, np.inf, BallStatus.UNBOUNDED)
        seen = _seen_from(rows, found)
    if seen is None:
        if is_empty(poly):
            raise DomainError("an empty polytope has no Chebyshev ball: no ball and no point is inside.")
        start = float_inside(exact_rows(poly).rows, d)
        if start is None:
            return Ball(np.array([nearest_float(v) for v in _some_point(poly)]), 0.0, 0.0, BallStatus.FLAT)
        inside = np.array(start)
        found, radius = _proposed(poly, inside)
        if radius == np.inf:
            return Ball(inside, np.inf, np.inf, BallStatus.UNBOUNDED)
        seen = _seen_from(rows, found)
    if seen is not None:
        seen = _better(seen, _seen_from(rows, _refined(rows, seen)))
    bound = np.inf if seen is None else _bound(rows, seen)
    radius = 0.0 if seen is None else seen.radius()
    if d <= EXACT_DIMENSION and not radius >= bound * (1 - GOOD):
        if bound == np.inf and _holds_any_ball(poly):
            return Ball(found if seen is None else seen.center, np.inf, np.inf, BallStatus.UNBOUNDED)
        center, bound = _exact_optimum(poly)
        seen = _better(seen, _seen_from(rows, np.array([nearest_float(v) for v in center])))
        radius = 0.0 if seen is None else seen.radius()
    if seen is None or not radius > 0:
        return Ball(found, 0.0, bound, BallStatus.TOO_THIN)
    return Ball(seen.center, radius, bound, BallStatus.LARGEST)


class _Seen(NamedTuple):
    """A center strictly inside and the rows as seen from it: slacks, squared distances, and which are the nearest."""

    center: Floats
    slack: list[fmpq]
    square: list[fmpq]
    near: list[int]

    def radius(self) -> float:
        """The largest float for which the ball lies inside."""
        return root_below(min(self.square)) if self.square else np.inf


def _seen_from(rows: Sequence[Sequence[fmpz]], center: Floats) -> _Seen | None:
    """What rows ``[a, c]`` look like from a center; None if that is not strictly inside; exact."""
    if not np.isfinite(center).all():
        return None
    # Over one denominator, so that only integers are multiplied.
    *x, t = integers([*rationals(center), ONE])
    slack, square = [], []
    for row in rows:
        value = -sum((a * v for a, v in zip(row, x, strict=False)), row[-1] * t)
        if value <= 0:
            return None
        slack.append(fmpq(value, t))
        square.append(fmpq(value * value, t * t * sum((a * a for a in row[:-1]), fmpz(0))))
    limit = (1 + NEAR) * min(square, default=ZERO)
    return _Seen(center, slack, square, [q for q, v in enumerate(square) if v <= limit])


def _better(one: _Seen | None, other: _Seen | None) -> _Seen | None:
    """The one with the larger ball."""
    if one is None or other is None:
        return one or other
    return one if min(one.square) >= min(other.square) else other


def radius_at(rows: Sequence[Sequence[fmpz]], center: Floats) -> float:
    """A float, as large as can be, for which the ball lies in ``{x : a . x + c <= 0}``; 0 for points outside; exact."""
    seen = _seen_from(rows, center)
    return 0.0 if seen is None else seen.radius()


def _bound(rows: Sequence[Sequence[fmpz]], seen: _Seen) -> float:
    """A float that no ball in ``{x : a . x + c <= 0}`` is larger than, proved by the rows nearest to a center.

    Infinite where they prove nothing.
    """
    if not seen.near or len(seen.center) > MOST_DIMENSIONS:
        return np.inf
    multipliers = _balance([rows[q][:-1] for q in seen.near])
    if multipliers is None:
        return np.inf
    pairs = [(q, y) for q, y in zip(seen.near, multipliers, strict=True) if y]
    lengths = sum((y * rational_root(fmpq(sum((a * a for a in rows[q][:-1]), fmpz(0)))) for q, y in pairs), ZERO)
    return rounded_up(sum((y * seen.slack[q] for q, y in pairs), ZERO) / lengths)


def _refined(rows: Sequence[Sequence[fmpz]], seen: _Seen) -> Floats:
    """A center about as far from all rows that hold the ball: one step, from differences that are known exactly."""
    if not seen.near:
        return seen.center
    # Of distances r and s, the difference is that of their squares divided by r + s.
    least = min(seen.square)
    double = 2 * rational_root(least)
    excess = np.array([nearest_float((seen.square[q] - least) / double) for q in seen.near])
    system = np.column_stack([_unit([rows[q][:-1] for q in seen.near]), np.ones(len(excess))])
    step, *_ = np.linalg.lstsq(system, excess, rcond=None)
    return np.asarray(seen.center + step[:-1])


def _unit(normals: Sequence[Sequence[fmpz]]) -> Floats:
    """Vectors of about length 1."""
    sizes = [max(map(abs, row)) for row in normals]
    found = np.array([[nearest_float(fmpq(v, n)) for v in row] for row, n in zip(normals, sizes, strict=True)])
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True))


def _balance(normals: list[Sequence[fmpz]]) -> list[fmpz] | None:
    """Nonnegative multipliers, not all zero, with which some vectors add up to nothing; None where none are found."""
    chosen = list(range(len(normals)))
    for again in (False, True):
        basis, nullity = fmpz_mat([list(normals[q]) for q in chosen]).transpose().nullspace()
        if nullity == 1:
            signs = [basis[i, 0] for i in range(len(chosen))]
            turn = -1 if any(v < 0 for v in signs) else 1
            if all(v * turn >= 0 for v in signs):
                shares = dict(zip(chosen, (v * turn for v in signs), strict=True))
                return [shares.get(q, fmpz(0)) for q in range(len(normals))]
        if again or nullity == 0:
            break
        # Floats propose which of them.
        unit = _unit(normals)
        try:
            share, _ = optimize.nnls(
                np.column_stack([unit, np.ones(len(unit))]).T, np.append(np.zeros(unit.shape[1]), 1.0)
            )
        except RuntimeError:
            break
        chosen = np.flatnonzero(share > share.max() * 2.0**-30).tolist()
    return None


def root_below(square: fmpq) -> float:
    """The largest float whose square is at most a nonnegative fraction."""
    root = min(nearest_float(rational_root(square)), LARGEST)
    while rational(root) ** 2 > square:
        root = float(np.nextafter(root, 0.0))
    return root


def rational_root(square: fmpq) -> fmpq:
    """A fraction that is at most the root of a nonnegative one, and 2^-80 of it less at most."""
    p, q = int(square.p), int(square.q)
    # The root of p / q is that of p q, over q.
    shift = max(0, ROOT_BITS + 1 - (p * q).bit_length() // 2)
    return fmpq(isqrt((p * q) << (2 * shift)), q << shift)


def _holds_any_ball(poly: Polytope) -> bool:
    """Whether some direction leaves all rows; exact, one linear program."""
    d = poly.dim
    rows = [Halfspace([*(fmpq(v) for v in row[:-1]), fmpq(max(map(abs, row[:-1])))], ZERO) for row in proper(poly)]
    best = maximize([ZERO] * d + [ONE], rows, [-ONE] * d + [ZERO], [ONE] * (d + 1))
    return best is not None and best.value > 0


def _exact_optimum(poly: Polytope) -> tuple[list[fmpq], float]:
    """Center and radius of the largest ball where lengths of rows are rounded down."""
    d = poly.dim
    rows = []
    for row in proper(poly):
        length = rational_root(fmpq(sum((a * a for a in row[:-1]), fmpz(0))))
        size = fmpq(max(map(abs, row[:-1])))
        # Few digits do for a bound, and make the program much smaller.
        length = fmpq((length / size * 2**56).floor(), 2**56)
        rows.append(Halfspace([*(fmpq(v) / size for v in row[:-1]), length], -fmpq(row[-1]) / size))
    reach = vertex_bound([integers([*row.normal, row.offset]) for row in rows], d + 1)
    best = maximize([ZERO] * d + [ONE], rows, [-reach] * d + [ZERO], [reach] * (d + 1))
    assert best is not None
    return best.point[:d], rounded_up(best.value)


def _proposed(poly: Polytope, inside: Floats) -> tuple[Floats, float]:
    """Center and radius found in floats; infinite where that is proved."""
    A, b = rounded(poly)
    depends = [any(row[:-1]) for row in exact_rows(poly).rows]
    rows = np.column_stack([A, -b])[depends]
    error = UNIT_ROUNDOFF * np.abs(rows) + UNDERFLOW_GUARD
    centers, radii = chebyshev_balls(rows[None], error[None], inside[None])
    return np.asarray(centers[0]), float(radii[0])


def _some_point(poly: Polytope) -> list[fmpq]:
    """A point of a nonempty polytope; exact."""
    d = poly.dim
    rows = [Halfspace([fmpq(v) for v in row], ZERO) for row in exact_rows(poly).rows]
    best = maximize([ZERO] * d + [ONE], rows, [-ONE] * d + [ZERO], [ONE] * (d + 1))
    assert best is not None
    return [v / best.point[d] for v in best.point[:d]]

"""The largest ball inside a polytope."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from math import isqrt
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq, fmpz

from polytope_lens._kept import kept
from polytope_lens._places import POINTS
from polytope_lens.arithmetic.rational import integers, nearest_float, rational, rationals
from polytope_lens.arithmetic.signs import UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.errors import DomainError
from polytope_lens.lp.interior_point import LARGEST, float_inside
from polytope_lens.lp.rational_simplex import Halfspace, maximize
from polytope_lens.polytope.batch.inscribed_balls import chebyshev_balls
from polytope_lens.polytope.feasibility import is_empty, rounded_up, vertex_bound
from polytope_lens.polytope.halfspaces import is_contradicted, proper
from polytope_lens.polytope.membership import float_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens._types import Floats
    from polytope_lens.polytope.polytope import Polytope


ZERO, ONE = fmpq(0), fmpq(1)
# Up to so many coordinates the program is solved in rational arithmetic, which proves that no ball is larger.
EXACT_DIMENSION = 8
# To improve on a radius within this share of the bound, one need not go far.
GOOD = 2.0**-40
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
    where balls of any size may be missed. `bound` is the optimum of the
    program ``max r, a . x + r n <= b`` with each length ``|a|`` rounded down to n, solved exactly up to 8 coordinates;
    beyond them it is infinite. Radius and bound then differ by no more than the rounding of the center, which is much
    only for polytopes that are thin compared with the size of their coordinates.
    Cost: a few linear programs in rational arithmetic: milliseconds up to 8 coordinates, then growing fast. For many
    polytopes see :func:`.balls.chebyshev_balls`.
    Source: Boyd and Vandenberghe 2004, *Convex Optimization*, section 4.3.1.
    """
    d, rows = poly.dim, proper(poly)
    inside = poly.hint if poly.hint is not None and radius_at(rows, poly.hint) > 0 else None
    if inside is None or is_contradicted(poly):
        if is_empty(poly):
            raise DomainError("an empty polytope has no Chebyshev ball: no ball and no point is inside.")
        start = float_inside(poly.rows, d)
        if start is None:
            return Ball(np.array([nearest_float(v) for v in _some_point(poly)]), 0.0, 0.0, BallStatus.FLAT)
        inside = np.array(start)
    found, radius = _proposed(poly, inside)
    if radius == np.inf or (d <= EXACT_DIMENSION and _holds_any_ball(poly)):
        return Ball(inside, np.inf, np.inf, BallStatus.UNBOUNDED)
    radius, bound = radius_at(rows, found), np.inf
    if d <= EXACT_DIMENSION:
        center, bound = _exact_optimum(poly)
        other = np.array([nearest_float(v) for v in center])
        # Where many balls are largest, it may be far away.
        if not radius >= bound * (1 - GOOD) or np.abs(other - found).max() <= bound:
            radius, found = max((radius, found), (radius_at(rows, other), other), key=lambda ball: ball[0])
    return Ball(found, radius, bound, BallStatus.LARGEST if radius > 0 else BallStatus.TOO_THIN)


def radius_at(rows: Sequence[Sequence[fmpz]], center: Floats) -> float:
    """A float, as large as can be, for which the ball lies in ``{x : a . x + c <= 0}``; 0 for points outside; exact."""
    if not np.isfinite(center).all():
        return 0.0
    x = rationals(center)
    least: fmpq | None = None
    for row in rows:
        slack = -sum((a * v for a, v in zip(row, x, strict=False)), fmpq(row[-1]))
        if slack <= 0:
            return 0.0
        square = slack * slack / sum((a * a for a in row[:-1]), fmpz(0))
        if least is None or square < least:
            least = square
    return np.inf if least is None else root_below(least)


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
    rows = float_rows(poly)
    error = UNIT_ROUNDOFF * np.abs(rows) + UNDERFLOW_GUARD
    centers, radii = chebyshev_balls(rows[None], error[None], inside[None])
    return np.asarray(centers[0]), float(radii[0])


def _some_point(poly: Polytope) -> list[fmpq]:
    """A point of a nonempty polytope; exact."""
    d = poly.dim
    rows = [Halfspace([fmpq(v) for v in row], ZERO) for row in poly.rows]
    best = maximize([ZERO] * d + [ONE], rows, [-ONE] * d + [ZERO], [ONE] * (d + 1))
    assert best is not None
    return [v / best.point[d] for v in best.point[:d]]

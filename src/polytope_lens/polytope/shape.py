"""Membership, emptiness, boundedness, extent.

All through exact linear programs over the cone ``{(y, t) : A y <= t b, 0 <= t <= 1, |y_k| <= 1}``, which stands for the
polytope by ``x = y / t`` and is bounded even where the polytope is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq

from polytope_lens.errors import DomainError, UnboundedPolytopeError
from polytope_lens.exact.rational import nearest_float, rational, rationals
from polytope_lens.exact.signs import halfspace_signs
from polytope_lens.lp.exact import Halfspace, maximize

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens.polytope.polytope import Polytope

    Floats = NDArray[np.float64]

ZERO, ONE = fmpq(0), fmpq(1)


def contains(poly: Polytope, X: Floats) -> NDArray[np.bool_]:
    """Whether each point lies in the closed polytope, (n, d) -> (n,) bool; exact."""
    return np.asarray((halfspace_signs(poly.A, poly.b, X) <= 0).all(axis=1))


def is_empty(poly: Polytope) -> bool:
    """Whether no point satisfies all inequalities; exact, one linear program."""
    d = poly.dim
    best = maximize([ZERO] * d + [ONE], _cone(poly.A, poly.b), [-ONE] * d + [ZERO], [ONE] * (d + 1))
    return best is None or best.value <= 0


def has_interior(poly: Polytope) -> bool:
    """Whether some point satisfies all inequalities strictly (rows ``0 <= 0`` apart); exact, one linear program."""
    return interior_point(poly.A, poly.b) is not None


def interior_point(A: Floats, b: Floats) -> list[fmpq] | None:
    """A rational point that satisfies ``A @ x <= b`` strictly, or None if there is none; exact, one linear program.

    Rows ``0 <= 0`` are no constraint and are left out.
    """
    d = A.shape[1]
    rows = [Halfspace([*row.normal, ONE], ZERO) for row in _cone(A, b) if any(row.normal)]
    rows.append(Halfspace([ZERO] * d + [-ONE, ONE], ZERO))
    best = maximize([ZERO] * (d + 1) + [ONE], rows, [-ONE] * d + [ZERO, ZERO], [ONE] * (d + 2))
    if best is None or best.value <= 0:
        return None
    return [y / best.point[d] for y in best.point[:d]]


def recession_direction(poly: Polytope) -> list[fmpq] | None:
    """A nonzero y with ``A @ y <= 0``, or None where there is none; exact, at most 2 d linear programs.

    A nonempty polytope is unbounded exactly if it has one (Schrijver 1986, *Theory of Linear and Integer Programming*,
    section 8.2).
    """
    d = poly.dim
    rows = [Halfspace(rationals(a), ZERO) for a in poly.A]
    for k in range(d):
        for direction in (ONE, -ONE):
            best = maximize([direction if i == k else ZERO for i in range(d)], rows, [-ONE] * d, [ONE] * d)
            if best is not None and best.value > 0:
                return best.point
    return None


def is_bounded(poly: Polytope) -> bool:
    """Whether the polytope contains no ray; exact. The empty polytope is bounded."""
    return recession_direction(poly) is None or is_empty(poly)


def bounding_box(poly: Polytope) -> tuple[Floats, Floats]:
    """Least and greatest value of each coordinate, rounded outward so that the box holds the polytope.

    Raises
    ------
    UnboundedPolytopeError, DomainError
    """
    if is_empty(poly):
        raise DomainError("the bounding box of an empty polytope was asked for; it has none.")
    ray = recession_direction(poly)
    if ray is not None:
        raise UnboundedPolytopeError(
            f"the polytope contains the ray {[nearest_float(v) for v in ray]}, so it has no bounding box. Intersect it "
            "with a bounded one."
        )
    d = poly.dim
    rows = [Halfspace(rationals(a), rational(b)) for a, b in zip(poly.A, poly.b, strict=True)]
    # The vertices solve d of the equations, so by Cramer's rule no coordinate exceeds this integer bound; it only has
    # to be a box that is certainly large enough to start from.
    reach = _vertex_bound(poly)
    lower, upper = np.empty(d), np.empty(d)
    for k in range(d):
        for direction, side in ((ONE, upper), (-ONE, lower)):
            best = maximize([direction if i == k else ZERO for i in range(d)], rows, [-reach] * d, [reach] * d)
            assert best is not None
            value = best.point[k]
            side[k] = nearest_float(value)
            if rational(side[k]) * direction < value * direction:
                side[k] = np.nextafter(side[k], np.inf * int(direction))
    return lower, upper


def _cone(A: Floats, b: Floats) -> list[Halfspace]:
    return [Halfspace([*rationals(normal), -rational(offset)], ZERO) for normal, offset in zip(A, b, strict=True)]


def _vertex_bound(poly: Polytope) -> fmpq:
    """A number above every coordinate of every vertex: a numerator (Hadamard) over the least possible denominator."""
    bound, denominator = fmpq(1), fmpq(1)
    for a, b in zip(poly.A, poly.b, strict=True):
        row = [rational(v) for v in (*a, b)]
        bound *= sum((abs(v) for v in row), ONE)
        denominator *= max(int(v.q) for v in row)
    return bound * denominator + 1

"""Polytopes as what they are made of: vertices, rays and lines; exact."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cmp_to_key
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from flint import fmpq, fmpz

from polytope_lens._kept import answers
from polytope_lens.arithmetic.rational import fractions, integers, nearest_float
from polytope_lens.errors import DomainError, IntractableError, UnboundedPolytopeError
from polytope_lens.polytope.double_description import extreme_rays
from polytope_lens.polytope.facets import primitive
from polytope_lens.polytope.feasibility import is_empty, normals, recession_direction
from polytope_lens.polytope.fixed_coordinates import fixed_coordinates
from polytope_lens.polytope.halfspaces import exact_rows, is_contradicted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polytope_lens._types import Bools, Floats, Fractions
    from polytope_lens.polytope.fixed_coordinates import Fixed
    from polytope_lens.polytope.polytope import Polytope

    Vector = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Generators:
    """The convex hull of vertices plus the cone of rays: any nonempty polytope without lines.

    Parameters
    ----------
    vertices : list of integer tuples ``(y_1, ..., y_d, t)``, t > 0
        The points y / t; in the plane counter-clockwise, else in ascending order of coordinates.
    rays : list of integer tuples of d coordinates
    tight : (n_vertices, m) bool array
        Which of the m rows hold each vertex; rows without a normal never do.
    has_line : bool
        Whether the polytope contains a line. It has no vertex then, and no rays are listed.
    """

    vertices: list[Vector]
    rays: list[Vector]
    tight: Bools
    has_line: bool

    def fractions(self, dim: int) -> Fractions:
        """The vertices as fractions, (n, dim)."""
        return fractions([fmpq(v, point[-1]) for point in self.vertices for v in point[:-1]]).reshape(-1, dim)

    def rounded(self, dim: int) -> Floats:
        """The vertices as floats, (n, dim), each coordinate rounded once."""
        rows = [[nearest_float(fmpq(v, point[-1])) for v in point[:-1]] for point in self.vertices]
        return np.array(rows, dtype=np.float64).reshape(len(rows), dim)


def generators(poly: Polytope, purpose: str = "vertices", most: int | None = None) -> Generators:
    """Vertices and extreme rays of a polytope, and the rows they lie on; exact.

    Bounded or not, also flat ones: a segment in space has two vertices, a point is its own.

    Raises
    ------
    DomainError
        An empty polytope; the message names the `purpose`.
    IntractableError
        More than `most` rays on the way, if that is given.

    Notes
    -----
    The vertices are the extreme rays with t > 0 of the cone ``{(y, t) : a . y + c t <= 0, t >= 0}``, x = y / t.
    Cost: found once and kept, that of `extreme_rays`, after rows that say the same are put together and sorted:
    milliseconds in the plane and in space, up to seconds for thousands of vertices, which some 30 rows may make from
    six dimensions on.
    """
    found: Generators | None = answers(poly).get(generators)
    if found is None:
        found = answers(poly)[generators] = _found(poly, purpose, most)
    n = len(found.vertices) + len(found.rays)
    if most is not None and n > most:
        raise IntractableError(
            f"the {purpose} of a polytope cannot be had within the limit: it has {n} vertices and rays, more than "
            f"{most}. Allow for more of them."
        )
    return found


def _found(poly: Polytope, purpose: str, most: int | None) -> Generators:
    d, m = poly.dim, len(exact_rows(poly).rows)
    fixed = fixed_coordinates(poly)
    if fixed is not None:
        return _embedded(poly, fixed, generators(fixed.rest, purpose, most))
    if is_contradicted(poly):
        raise_empty(purpose)
    if normals(poly).rank() < d:
        if is_empty(poly):
            raise_empty(purpose)
        return Generators([], [], np.zeros((0, m), dtype=bool), has_line=True)
    members: dict[Vector, list[int]] = {}
    for q, row in enumerate(exact_rows(poly).rows):
        if any(row[:-1]):
            members.setdefault(primitive(row), []).append(q)
    distinct = sorted(members)
    cone = [[fmpz(0)] * d + [fmpz(-1)], *([fmpz(v) for v in key] for key in distinct)]
    try:
        found, on = extreme_rays(cone, most)
    except IntractableError as cause:
        raise IntractableError(
            f"the {purpose} of a polytope with {len(distinct)} different rows in R^{d} cannot be had within the limit: "
            f"{cause}"
        ) from cause
    tight = np.zeros((len(found), m), dtype=bool)
    for column, key in zip(on.T[1:], distinct, strict=True):
        tight[:, members[key]] = column[:, None]
    points = [i for i, ray in enumerate(found) if ray[-1] > 0]
    if not points:
        raise_empty(purpose)
    ends = sorted(ray[:-1] for ray in found if ray[-1] == 0)
    points = _ordered(found, points, ends, d)
    return Generators([found[i] for i in points], ends, tight[points], has_line=False)


def _embedded(poly: Polytope, fixed: Fixed, rest: Generators) -> Generators:
    """What a polytope is made of that fixes some coordinates, from what it is made of in the others."""
    if rest.has_line:
        return rest
    found = [tuple(map(int, integers([*fixed.embed(_position(point)), fmpq(1)]))) for point in rest.vertices]
    rays = [tuple(map(int, fixed.directed(ray))) for ray in rest.rays]
    tight = rest.tight.copy()
    both = zip(exact_rows(poly).rows, fixed.rest.rows, strict=True)
    fixing = [any(row[:-1]) and not any(inner) for row, inner in both]
    tight[:, fixing] = True
    points = _ordered(found, list(range(len(found))), rays, poly.dim)
    return Generators([found[i] for i in points], sorted(rays), tight[points], rest.has_line)


def _ordered(found: list[Vector], points: list[int], rays: list[Vector], d: int) -> list[int]:
    return _counter_clockwise(found, points, rays) if d == 2 else sorted(points, key=lambda i: _position(found[i]))


def bounded_generators(poly: Polytope, purpose: str, most: int | None = None) -> Generators:
    """Vertices of a bounded polytope.

    Raises
    ------
    UnboundedPolytopeError, DomainError, IntractableError
    """
    found = generators(poly, purpose, most)
    ray = found.rays[0] if found.rays else recession_direction(poly) if found.has_line else None
    if ray is not None:
        raise_unbounded(purpose, ray)
    return found


def raise_unbounded(purpose: str, ray: Sequence[int] | Sequence[fmpq]) -> NoReturn:
    """Refuse a question about an unbounded polytope."""
    rational = [fmpq(v) for v in ray]
    size = max(map(abs, rational))
    shown = [nearest_float(v / size) for v in rational]
    raise UnboundedPolytopeError(
        f"the polytope contains the ray {shown}, so it has no {purpose}. Choose a bounded domain, or intersect the "
        "polytope with a box."
    )


def raise_empty(purpose: str) -> NoReturn:
    """Refuse a question about the empty polytope."""
    raise DomainError(f"an empty polytope has no {purpose}: no point satisfies all its inequalities.")


def _position(point: Vector) -> list[fmpq]:
    return [fmpq(v, point[-1]) for v in point[:-1]]


def _place(found: list[Vector]) -> Callable[[int], Any]:
    """A key that sorts points by their coordinates: floats first, which decide unless they are the same."""
    near = [[nearest_float(fmpq(v, point[-1])) if point[-1] else 0.0 for v in point[:-1]] for point in found]

    def compare(i: int, j: int) -> int:
        s, t = found[i][-1], found[j][-1]
        for k, (v, w) in enumerate(zip(near[i], near[j], strict=True)):
            if v != w:
                return -1 if v < w else 1
            exact = found[i][k] * t - found[j][k] * s
            if exact:
                return -1 if exact < 0 else 1
        return 0

    return cmp_to_key(compare)


def _counter_clockwise(found: list[Vector], points: list[int], rays: list[Vector]) -> list[int]:
    """Corners of a polygon in order; the first is the rightmost one, the lowest of these, or where the first ray ends.

    Along the boundary of an unbounded polygon, ``x . n`` grows if n is at right angles to the sum of its rays.
    """
    at = {i: _position(found[i]) for i in points}
    if rays:
        p, q = (sum(ray[k] for ray in rays) for k in (0, 1))
        return sorted(points, key=lambda i: (at[i][0] * q - at[i][1] * p, at[i]))
    start = max(points, key=lambda i: (at[i][0], -at[i][1]))

    # Seen from the first corner, the others turn to the left.
    def by_angle(i: int, j: int) -> int:
        (a, b), (c, d) = ([u - v for u, v in zip(at[k], at[start], strict=True)] for k in (i, j))
        turn = a * d - b * c
        return (turn < 0) - (turn > 0)

    return [start, *sorted((i for i in points if i != start), key=cmp_to_key(by_angle))]

"""How long and how thin bounded polytopes are."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq, fmpz_mat

from polytope_lens._kept import kept
from polytope_lens.arithmetic.linear_systems import independent_rows
from polytope_lens.arithmetic.rational import integers, nearest_float, rational
from polytope_lens.errors import IntractableError, OptionError
from polytope_lens.polytope.feasibility import normals
from polytope_lens.polytope.fixed_coordinates import fixed_coordinates
from polytope_lens.polytope.generators import bounded_generators
from polytope_lens.polytope.halfspaces import exact_rows
from polytope_lens.polytope.metric.ball import chebyshev_ball, rational_root

if TYPE_CHECKING:
    from collections.abc import Iterable

    from polytope_lens._types import Floats
    from polytope_lens.polytope.generators import Generators
    from polytope_lens.polytope.polytope import Polytope

    Direction = list[fmpq]

# Values this near to the best one, in floats, are compared exactly.
NEAR = 2.0**-30
# More than this is not begun: vertices, also on the way to them, of which their pairs are compared.
MOST_DIMENSIONS, MOST_RAYS = 16, 20_000
# Numbers compared at once.
BLOCK = 2**22


@dataclass(frozen=True, slots=True, eq=False)
class Width:
    """The least distance between two parallel hyperplanes that hold a polytope between them.

    Parameters
    ----------
    lower, upper : float
        Proved bounds. Both are the float nearest to the width where ``is_exact``; rounded outward elsewhere.
    direction : (d,) array
        Normal of the hyperplanes for the upper bound, of unit length; rounded.
    is_exact : bool
        Whether the width is known, rather than bounds on it.
    """

    lower: float
    upper: float
    direction: Floats
    is_exact: bool

    def __float__(self) -> float:
        if not self.is_exact:
            raise OptionError(
                f"only bounds on this width are known, {self.lower} and {self.upper}. Take `lower` or `upper`."
            )
        return self.upper

    def __repr__(self) -> str:
        return f"Width({self.upper!r})" if self.is_exact else f"Width(between {self.lower!r} and {self.upper!r})"


@kept
def diameter(poly: Polytope) -> float:
    """Largest distance between two points of a bounded polytope, which are vertices: the float nearest to it.

    Raises
    ------
    UnboundedPolytopeError, DomainError
    IntractableError
        More than 16 dimensions, or too many vertices.

    Notes
    -----
    Floats find the pairs of vertices that are farthest apart, fractions compare them. Cost: that of the vertices, and
    the square of their number.
    """
    found = _corners(poly, "diameter")
    exact, points = _seen_from_the_first(found)
    n, d = points.shape
    best, step = 0.0, max(1, BLOCK // max(1, n * d))
    pairs: list[tuple[float, int, int]] = []
    for start in range(0, n, step):
        distance = np.linalg.norm(points[start : start + step, None] - points[None], axis=2)
        best = max(best, float(distance.max()))
        near = np.argwhere(distance >= best * (1 - NEAR))
        pairs += [(float(distance[i, j]), start + int(i), int(j)) for i, j in near if start + i < j]
    squares = {
        sum(((p - q) ** 2 for p, q in zip(exact[i], exact[j], strict=True)), fmpq(0))
        for distance, i, j in pairs
        if distance >= best * (1 - NEAR)
    }
    return nearest_root(max(squares, default=fmpq(0)))


@kept
def width(poly: Polytope) -> Width:
    """Least distance between two parallel hyperplanes that hold a bounded polytope between them; 0 for a flat one.

    Raises
    ------
    UnboundedPolytopeError, DomainError
    IntractableError
        More than 16 dimensions, or too many vertices.

    Notes
    -----
    Exact up to three dimensions: the best direction is at right angles to a facet, or to two edges (Houle and Toussaint
    1988, *Computing the width of a set*); floats find those that are best, fractions compare them. In more dimensions,
    the upper bound is the least width at right angles to a facet, the lower one twice the radius of a ball inside.
    Cost: that of the vertices, and in space their number times the square of the number of edges.
    """
    found = _corners(poly, "width")
    exact, points = _seen_from_the_first(found)
    d = poly.dim
    if fmpz_mat([list(point) for point in found.vertices]).rank() <= d:
        across = fmpz_mat([list(point) for point in found.vertices]).nullspace()[0]
        flat = next(column for column in across.transpose().tolist() if any(column[:-1]))
        return Width(0.0, 0.0, _unit([fmpq(v) for v in flat[:-1]]), is_exact=True)
    facets = np.flatnonzero(found.tight.sum(axis=0) >= d)
    rows = exact_rows(poly).rows
    directions = [[fmpq(v) for v in rows[q][:-1]] for q in facets]
    if d == 3:
        directions += _across_edges(found, exact)
    square, best = _least(directions, exact, points)
    value = nearest_root(square)
    if d <= 3:
        return Width(value, value, _unit(best), is_exact=True)
    upper = value if rational(value) ** 2 >= square else float(np.nextafter(value, np.inf))
    return Width(min(2 * chebyshev_ball(poly).radius, upper), upper, _unit(best), is_exact=False)


def _corners(poly: Polytope, purpose: str) -> Generators:
    """The vertices of a bounded polytope, or an error that says that they take too long."""
    fixed = fixed_coordinates(poly)
    dim = poly.dim if fixed is None else fixed.rest.dim
    try:
        # One that holds a line is refused for that.
        if dim > MOST_DIMENSIONS and len(independent_rows(normals(poly))) == poly.dim:
            raise IntractableError(f"it has {dim} dimensions.")
        return bounded_generators(poly, purpose, MOST_RAYS)
    except IntractableError as cause:
        raise IntractableError(
            f"the {purpose} of this polytope is out of reach at a reasonable cost, because {cause} Fix some inputs, by "
            "a flat `Box` or `Lens.slice`, or ask for `chebyshev_ball()`, whose diameter is a lower bound."
        ) from cause


def nearest_root(square: fmpq) -> float:
    """The float nearest to the root of a nonnegative fraction."""
    root = nearest_float(rational_root(square))
    if not np.isfinite(root):
        return root
    # The fraction is a little less than the root; it may lie just below the middle between two floats.
    after = float(np.nextafter(root, np.inf))
    if np.isfinite(after) and ((rational(root) + rational(after)) / 2) ** 2 < square:
        return after
    return root


def _seen_from_the_first(found: Generators) -> tuple[list[Direction], Floats]:
    """Vertices seen from the first of them: exact, and rounded once after division by the greatest coordinate."""
    exact = [[fmpq(v, point[-1]) for v in point[:-1]] for point in found.vertices]
    exact = [[p - q for p, q in zip(point, exact[0], strict=True)] for point in exact]
    size = max(max(map(abs, point)) for point in exact) or fmpq(1)
    return exact, np.array([[nearest_float(v / size) for v in point] for point in exact])


def _across_edges(found: Generators, exact: list[Direction]) -> list[Direction]:
    """Directions at right angles to two edges of a polytope in space, one of each two opposite ones."""
    # The vertices that rows hold in common are a face; two of them are an edge.
    faces = {int(i) for i in range(found.tight.shape[1]) if found.tight[:, i].sum() >= 3}
    edges = set()
    for p, q in combinations(sorted(faces), 2):
        ends = np.flatnonzero(found.tight[:, p] & found.tight[:, q])
        if len(ends) == 2:
            edges.add((int(ends[0]), int(ends[1])))
    ways = {tuple(integers([v - u for u, v in zip(exact[i], exact[j], strict=True)])) for i, j in edges}
    normals: list[Direction] = []
    for (a, b, c), (u, v, w) in combinations(sorted(ways, key=str), 2):
        normal = [fmpq(b * w - c * v), fmpq(c * u - a * w), fmpq(a * v - b * u)]
        if any(normal):
            normals.append(normal)
    return normals


def _least(directions: Iterable[Direction], exact: list[Direction], points: Floats) -> tuple[fmpq, Direction]:
    """Square of the least width in some directions, and the direction; exact."""
    directions = list(directions)
    normals = np.array([_unit(direction) for direction in directions])
    batches = np.array_split(normals, 1 + normals.size * len(points) // BLOCK)
    widths = np.concatenate([np.ptp(points @ some.T, axis=0) for some in batches])
    best: tuple[fmpq, int] | None = None
    for i in np.flatnonzero(widths <= widths.min() + NEAR):
        normal = directions[i]
        values = [sum((a * x for a, x in zip(normal, point, strict=True)), fmpq(0)) for point in exact]
        square = (max(values) - min(values)) ** 2 / sum((a * a for a in normal), fmpq(0))
        if best is None or square < best[0]:
            best = square, int(i)
    assert best is not None  # a bounded polytope has facets
    return best[0], directions[best[1]]


def _unit(direction: Direction) -> Floats:
    size = max(map(abs, direction))
    row = np.array([nearest_float(v / size) for v in direction])
    return np.asarray(row / np.linalg.norm(row))

"""Polygons: corners in order, shapely."""

from __future__ import annotations

from functools import cmp_to_key
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq, fmpz

from polytope_lens.arithmetic.rational import sign
from polytope_lens.errors import DimensionError, DomainError, UnboundedPolytopeError
from polytope_lens.polytope.facets import facet_mask
from polytope_lens.polytope.feasibility import has_interior, is_bounded
from polytope_lens.polytope.generators import generators
from polytope_lens.polytope.halfspaces import exact_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely import Polygon

    from polytope_lens.polytope.polytope import Polytope


def ordered_edges(poly: Polytope) -> list[int]:
    """Rows of a bounded polygon with interior that are edges, one row per edge, counter-clockwise; exact."""
    _check_polygon(poly)
    return by_angle(exact_rows(poly).rows, np.flatnonzero(facet_mask(poly)).tolist())


def _check_polygon(poly: Polytope) -> None:
    if poly.dim != 2:
        raise DimensionError(
            f"corners in order exist in the plane; this polytope lives in R^{poly.dim}. Restrict a network to a plane "
            "first, or ask for `vertices()`."
        )
    if not has_interior(poly):
        raise DomainError("the polygon is empty or flat: no point satisfies all its inequalities strictly.")
    if not is_bounded(poly):
        raise UnboundedPolytopeError("the polygon is unbounded, so its corners do not close up. Clip it to a box.")


def by_angle(rows: Sequence[Sequence[fmpz]], chosen: Sequence[int]) -> list[int]:
    """The chosen ones of some rows ``[a, b, c]`` in the order of the angles of (a, b), one for each angle; exact."""

    def compare(p: int, q: int) -> int:
        (a, b, _), (c, d, _) = rows[p], rows[q]
        halves = int(_lower_half(a, b)) - int(_lower_half(c, d))
        return halves or -sign(a * d - b * c)

    ordered = sorted(chosen, key=cmp_to_key(compare))
    return [q for i, q in enumerate(ordered) if i == 0 or compare(ordered[i - 1], q) != 0]


def exact_vertices(poly: Polytope) -> tuple[list[int], list[tuple[fmpq, fmpq]]]:
    """Edges in order, and the corner at which each edge starts, as fractions."""
    edges = ordered_edges(poly)
    rows = exact_rows(poly).rows
    return edges, [crossing(rows[edges[i - 1]], rows[edges[i]]) for i in range(len(edges))]


def crossing(first: Sequence[fmpz], second: Sequence[fmpz]) -> tuple[fmpq, fmpq]:
    """Where two lines ``a x + b y + c = 0`` meet."""
    a, b, c = first
    p, q, r = second
    determinant = a * q - b * p
    return fmpq(b * r - c * q, determinant), fmpq(c * p - a * r, determinant)


def to_shapely(poly: Polytope) -> Polygon:
    """A bounded polygon with interior as a shapely geometry: the exact corners, each rounded once.

    Raises
    ------
    DimensionError, DomainError, UnboundedPolytopeError
    """
    from shapely import Polygon

    _check_polygon(poly)
    return Polygon(generators(poly).rounded(poly.dim))


def _lower_half(a: fmpz, b: fmpz) -> bool:
    return bool(b < 0 or (b == 0 and a < 0))

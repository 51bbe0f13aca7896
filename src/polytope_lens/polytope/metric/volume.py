"""Volume and centroid, exact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flint import fmpq

from polytope_lens._kept import answers
from polytope_lens.errors import IntractableError
from polytope_lens.polytope.feasibility import is_empty, recession_direction
from polytope_lens.polytope.generators import bounded_generators, raise_empty, raise_unbounded
from polytope_lens.polytope.metric.triangulation import triangulate

if TYPE_CHECKING:
    from polytope_lens.polytope.generators import Generators
    from polytope_lens.polytope.metric.triangulation import Triangulation
    from polytope_lens.polytope.polytope import Polytope

# More than this is not begun unless it is insisted on: about ten seconds.
MOST_DIMENSIONS, MOST_RAYS, MOST_SIMPLICES = 8, 5_000, 200_000
# Dimensions in which a refusal finds out first whether there is a volume at all: at most about a second.
TOLD = 32


def volume(poly: Polytope, *, insist: bool = False) -> fmpq:
    """Volume of a bounded polytope; exact, and 0 for a flat one.

    Parameters
    ----------
    insist : bool
        Whether to go on however long it takes.

    Raises
    ------
    UnboundedPolytopeError
        Names a ray.
    DomainError
        An empty polytope.
    IntractableError
        More than 8 dimensions, or too many vertices or simplices; names `Polytope.estimate_volume`.

    Notes
    -----
    The sum of the determinants of simplices, see `triangulation.triangulate`. Cost: that of the vertices, and
    some ten microseconds for each simplex. There are about as many as vertices in the plane and in space, 24 in a cube
    of 4 dimensions and 40 320 in one of 8.
    """
    _, parts = cut("volume", poly, insist=insist)
    return sum(parts.sizes, fmpq(0)) if parts.dim == poly.dim else fmpq(0)


def rounded_volume(poly: Polytope) -> float:
    """The same, rounded once; sooner, where intervals tell how."""
    _, parts = cut("volume", poly, insist=False)
    return parts.rounded_sum() if parts.dim == poly.dim else 0.0


def centroid(poly: Polytope, *, insist: bool = False) -> list[fmpq]:
    """Center of mass of a bounded polytope, of a flat one within its flat; exact.

    Errors and cost are those of `volume`.
    """
    found, parts = cut("centroid", poly, insist=insist)
    total, moment = fmpq(0), [fmpq(0)] * poly.dim
    for simplex, size in zip(parts.simplices, parts.sizes, strict=True):
        total += size
        for i in simplex:
            *point, t = found.vertices[i]
            moment = [sum_ + size * fmpq(v, t) for sum_, v in zip(moment, point, strict=True)]
    return [v / (total * (parts.dim + 1)) for v in moment]


def cut(purpose: str, poly: Polytope, *, insist: bool) -> tuple[Generators, Triangulation]:
    """A bounded polytope's vertices and simplices, kept, or an error that says what else there is."""
    known: tuple[Generators, Triangulation] | None = answers(poly).get(cut)
    if known is None:
        known = answers(poly)[cut] = _cut(purpose, poly, insist)
    return known


def _cut(purpose: str, poly: Polytope, insist: bool) -> tuple[Generators, Triangulation]:
    try:
        if poly.dim > MOST_DIMENSIONS and not insist:
            raise IntractableError(f"the polytope lives in R^{poly.dim}.")
        found = bounded_generators(poly, purpose, None if insist else MOST_RAYS)
        return found, triangulate(found, None if insist else MOST_SIMPLICES)
    except IntractableError as cause:
        # The advice is for bounded polytopes; beyond some dimensions it takes too long to find out.
        if poly.dim <= TOLD and is_empty(poly):
            raise_empty(purpose)
        if poly.dim <= TOLD and (ray := recession_direction(poly)) is not None:
            raise_unbounded(purpose, ray)
        raise IntractableError(
            f"the exact {purpose} is out of reach at a reasonable cost, because {cause} Ask for an estimate by "
            "sampling, `estimate_volume()` or the mean of `sample(n)`; or insist on the exact one with `exact=True`."
        ) from cause

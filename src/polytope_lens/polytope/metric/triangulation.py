"""Bounded polytopes cut into simplices."""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial
from typing import TYPE_CHECKING

from flint import fmpq, fmpz_mat

from polytope_lens.errors import IntractableError

if TYPE_CHECKING:
    from polytope_lens.polytope.generators import Generators

    Simplex = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Triangulation:
    """Simplices that a polytope is cut into, and how large each is.

    Parameters
    ----------
    dim : int
        Dimension of the polytope, which is less than that of its space for a flat one.
    simplices : list of tuples of dim + 1 indices of vertices
    sizes : list of fractions
        The volume of each among those of one polytope: exact, and the true one where the polytope has interior. That of
        a flat one is what it has when some coordinates are left out, hence the true one times a common factor.
    """

    dim: int
    simplices: list[Simplex]
    sizes: list[fmpq]


def triangulate(found: Generators, most: int | None = None) -> Triangulation:
    """Cut a bounded polytope into simplices without new vertices; exact.

    Raises
    ------
    IntractableError
        More than `most` simplices, if that is given.

    Notes
    -----
    Each face is cut into the pyramids over those of its facets that do not hold its first vertex, from there, which
    needs nothing but which rows hold which vertices. Faces that meet agree, since both choose the same vertex. A cube
    takes d! simplices. Cost: each face is cut once, with the square of the number of rows in comparisons of bits; a
    determinant of integers for each simplex.
    Source: De Loera, Rambau and Santos 2010, *Triangulations*, section 4.3.2 (pulling).
    """
    points = [list(point) for point in found.vertices]
    columns = _telling_columns(points)
    dim = len(columns) - 1
    walls = {sum(1 << int(i) for i in column.nonzero()[0]) for column in found.tight.T} - {0}
    simplices = _cut((1 << len(points)) - 1, dim, sorted(walls), {}, most)
    sizes = []
    for simplex in simplices:
        determinant = fmpz_mat([[points[i][k] for k in columns] for i in simplex]).det()
        scale = factorial(dim)
        for i in simplex:
            scale *= points[i][-1]
        sizes.append(fmpq(abs(determinant), scale))
    return Triangulation(dim, simplices, sizes)


def _telling_columns(points: list[list[int]]) -> list[int]:
    """Homogeneous coordinates that determine the others: t, and as many more as the polytope has dimensions."""
    order = [len(points[0]) - 1, *range(len(points[0]) - 1)]
    echelon, _, rank = fmpz_mat([[point[k] for k in order] for point in points]).rref()
    return [next(k for place, k in enumerate(order) if echelon[i, place] != 0) for i in range(rank)]


def _cut(face: int, dim: int, walls: list[int], made: dict[int, list[Simplex]], most: int | None) -> list[Simplex]:
    """Simplices of a face, given as a set of vertices in bits."""
    if face in made:
        return made[face]
    if face.bit_count() == dim + 1:
        simplices = [tuple(i for i in range(face.bit_length()) if face >> i & 1)]
    else:
        apex = (face & -face).bit_length() - 1
        parts = {face & wall for wall in walls} - {face, 0}
        facets = [part for part in parts if not any(part & other == part and part != other for other in parts)]
        simplices = [
            (apex, *rest)
            for facet in sorted(facets)
            if not facet >> apex & 1
            for rest in _cut(facet, dim - 1, walls, made, most)
        ]
    if most is not None and len(simplices) > most:
        raise IntractableError(f"the polytope would be cut into more than {most} simplices.")
    made[face] = simplices
    return simplices

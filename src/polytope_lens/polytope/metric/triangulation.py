"""Bounded polytopes cut into simplices."""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial
from typing import TYPE_CHECKING

from flint import arb, arb_mat, ctx, fmpq, fmpz_mat

from polytope_lens._kept import Keeper, kept
from polytope_lens.arithmetic.rational import nearest_float
from polytope_lens.errors import IntractableError

if TYPE_CHECKING:
    from polytope_lens.polytope.generators import Generators

    Simplex = tuple[int, ...]


# Bits of the numbers from which sizes are added up, where the sum is to be rounded to 53.
PRECISION = 256


@dataclass(frozen=True)
class Triangulation(Keeper):
    """Simplices that a polytope is cut into.

    Parameters
    ----------
    dim : int
        Dimension of the polytope, which is less than that of its space for a flat one.
    simplices : list of tuples of dim + 1 indices of vertices
    points : list of integers ``[y_k, ..., t]`` for each vertex
        Those of its homogeneous coordinates that determine the others, as many as `dim` and t.
    """

    dim: int
    simplices: list[Simplex]
    points: list[list[int]]

    @property
    @kept
    def sizes(self) -> list[fmpq]:
        """The volume of each simplex among those of one polytope; exact.

        The true one where the polytope has interior. That of a flat one is what it has when some coordinates are left
        out, hence the true one times a common factor.
        """
        found = []
        for simplex in self.simplices:
            scale = factorial(self.dim)
            for i in simplex:
                scale *= self.points[i][-1]
            found.append(fmpq(abs(fmpz_mat([self.points[i] for i in simplex]).det()), scale))
        return found

    def rounded_sum(self) -> float:
        """What all sizes add up to, rounded once.

        Computed with intervals (Arb: Johansson 2017, *Arb: efficient arbitrary-precision midpoint-radius interval
        arithmetic*), and in fractions where these do not tell which float is the nearest one.
        """
        with ctx.workprec(PRECISION):
            at = [[arb(v) / arb(point[-1]) for v in point[:-1]] for point in self.points]
            total = arb(0)
            for first, *rest in self.simplices:
                sides = [[v - w for v, w in zip(at[i], at[first], strict=True)] for i in rest]
                total += abs(arb_mat(sides).det())
            total /= factorial(self.dim)
            low, high = (nearest_float(_dyadic(end)) for end in (total.lower(), total.upper()))
        return low if low == high else nearest_float(sum(self.sizes, fmpq(0)))


def _dyadic(number: arb) -> fmpq:
    """An interval of one point as a fraction."""
    mantissa, exponent = number.man_exp()
    return fmpq(mantissa) * fmpq(2) ** exponent


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
    return Triangulation(dim, simplices, [[point[k] for k in (*columns[1:], columns[0])] for point in points])


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

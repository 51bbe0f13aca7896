"""Where a polytope goes on forever: its recession cone ``{y : A @ y <= 0}``, its rays and its lines; exact.

The directions in which a nonempty ``{x : A @ x <= b}`` is unbounded do not depend on b (Schrijver 1986, *Theory of
Linear and Integer Programming*, section 8.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import fmpq, fmpq_mat, fmpz, fmpz_mat

from polytope_lens._kept import answers
from polytope_lens.arithmetic.linear_systems import independent_rows, null_vectors
from polytope_lens.arithmetic.rational import nearest_float
from polytope_lens.errors import DomainError, IntractableError
from polytope_lens.polytope.double_description import check_size, extreme_rays, primitive_fractions
from polytope_lens.polytope.feasibility import descent, is_empty
from polytope_lens.polytope.halfspaces import exact_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from polytope_lens._types import Floats, Fractions
    from polytope_lens.polytope.polytope import Polytope

    Vector = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RecessionCone:
    """Directions in which a polytope is unbounded: combinations of rays, nonnegative ones, and of lines, any ones.

    Parameters
    ----------
    rays : (n, d) array
        Directions, one for each extreme ray of the cone, at right angles to the lines. In the plane two rays come
        counter-clockwise, with the cone between them.
    lines : (m, d) array
        A basis of the directions in which the polytope goes on to both sides; none where it has a vertex.

    Notes
    -----
    Which rays and lines there are is exact. Their directions are floats of unit length, rounded; or, if they were asked
    for with ``exact=True``, whole numbers without a common divisor, which are not.
    """

    rays: NDArray[Any]
    lines: NDArray[Any]

    @property
    def is_trivial(self) -> bool:
        """Whether there is no direction at all: the polytope is bounded."""
        return not (len(self.rays) or len(self.lines))

    def __repr__(self) -> str:
        return f"RecessionCone({len(self.rays)} rays, {len(self.lines)} lines)"


@dataclass(frozen=True, slots=True)
class ConeGenerators:
    """Rays and lines of a cone as integer vectors without a common divisor, nothing rounded."""

    rays: list[Vector]
    lines: list[Vector]

    def cone(self, dim: int, *, exact: bool = False) -> RecessionCone:
        """The same as arrays, with directions in R^dim as whole numbers, or as floats of unit length."""
        written = _integers if exact else _unit
        return RecessionCone(written(self.rays, dim), written(self.lines, dim))


def recession_cone(poly: Polytope, most: int | None = None) -> ConeGenerators:
    """Extreme rays and lines of a polytope; exact.

    Raises
    ------
    DomainError
        An empty polytope.
    IntractableError
        More than `most` rays, also on the way to them, if that is given; or coordinates with too many digits.

    Notes
    -----
    Cost: as for `cone_of_rows`, and one linear program; found once and kept.
    """
    if is_empty(poly):
        raise DomainError("an empty polytope has no rays: no point satisfies all its inequalities.")
    return kept_cone(poly, lambda: [row[:-1] for row in exact_rows(poly).rows], poly.dim, most)


def kept_cone(
    this: object, normals: Callable[[], Sequence[Sequence[fmpz]]], dim: int, most: int | None
) -> ConeGenerators:
    """The cone of an object's rows, which keeps it, with at most so many rays.

    Raises
    ------
    IntractableError
    """
    found: ConeGenerators | None = answers(this).get(kept_cone)
    told = f"the rays of a polytope in R^{dim} cannot be had within the limit: "
    if found is None:
        try:
            found = answers(this)[kept_cone] = cone_of_rows(normals(), dim, most)
        except IntractableError as cause:
            raise IntractableError(f"{told}{cause}") from cause
    if most is not None and len(found.rays) > most:
        raise IntractableError(f"{told}there are {len(found.rays)}, more than {most}. Allow for more of them.")
    return found


def is_trivial_cone(rows: Sequence[Sequence[fmpz]], dim: int) -> bool:
    """Whether ``{y : a . y <= 0 for all rows a}`` is {0}; exact, one linear program."""
    nonzero = [row for row in rows if any(row)]
    if not nonzero or fmpz_mat([list(row) for row in nonzero]).rank() < dim:
        return False
    return descent(nonzero, dim) is None


def cone_of_rows(rows: Sequence[Sequence[fmpz]], dim: int, most: int | None = None) -> ConeGenerators:
    """Extreme rays and lines of ``{y in R^dim : a . y <= 0 for all rows a}``; exact.

    Raises
    ------
    IntractableError
        See `extreme_rays`.

    Notes
    -----
    The double description method in integers (Fukuda and Prodon 1996, *Double description method revisited*): a cone
    of as many independent rows as there are is cut by the others one by one; a new ray lies between two neighbours on
    either side. Rays are found in coordinates that determine the rest where there are lines, and then moved along the
    lines to be at right angles to them. Cost: up to the square of the number of rays, for each row, which is little up
    to five or six dimensions and may be exponential in them.
    """
    nonzero = [list(row) for row in rows if any(row)]
    if not nonzero:
        return ConeGenerators([], [tuple(int(i == k) for i in range(dim)) for k in range(dim)])
    matrix = fmpz_mat(nonzero)
    kept = independent_rows(matrix.transpose())
    lines = []
    if len(kept) < dim:
        others = [k for k in range(dim) if k not in set(kept)]
        allow = None if most is None else check_size
        lines = [primitive_fractions(line) for line in null_vectors(matrix, kept, others, allow)]
    rays = []
    for ray in extreme_rays([[row[k] for k in kept] for row in nonzero], most)[0]:
        lifted = [0] * dim
        for k, v in zip(kept, ray, strict=True):
            lifted[k] = v
        rays.append(tuple(lifted))
    rays = sorted(_across(rays, lines))
    if dim == 2 and len(rays) == 2 and rays[0][0] * rays[1][1] < rays[0][1] * rays[1][0]:
        rays.reverse()
    return ConeGenerators(rays, lines)


def _across(rays: list[Vector], lines: list[Vector]) -> list[Vector]:
    """Rays moved along the lines until they are at right angles to them."""
    if not lines or not rays:
        return rays
    along = fmpq_mat([[fmpq(v) for v in line] for line in lines])
    gram = along * along.transpose()
    moved = []
    for ray in rays:
        column = fmpq_mat([[fmpq(v)] for v in ray])
        rest = column - along.transpose() * gram.solve(along * column)
        moved.append(primitive_fractions(rest.entries()))
    return moved


def _integers(vectors: Sequence[Vector], dim: int) -> Fractions:
    return np.array(vectors, dtype=object).reshape(len(vectors), dim)


def _unit(vectors: Sequence[Vector], dim: int) -> Floats:
    """Directions of unit length, whatever the size of the integers."""
    rows = [[nearest_float(fmpq(v, max(map(abs, vector)))) for v in vector] for vector in vectors]
    array = np.array(rows, dtype=np.float64).reshape(len(rows), dim)
    return np.asarray(array / np.linalg.norm(array, axis=1, keepdims=True))

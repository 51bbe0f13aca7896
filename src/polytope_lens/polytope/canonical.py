"""What makes two polytopes the same set: the equations of the flat that one fills, and its facets within it.

Rows can be permuted, multiplied, repeated, and more of them added that say nothing new; none of that changes the set.
Equations in reduced echelon form and facets reduced by them are the same for the same set (Schrijver 1986, *Theory of
Linear and Integer Programming*, section 8.7).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from flint import fmpq, fmpz, fmpz_mat

from polytope_lens._kept import kept
from polytope_lens.arithmetic.rational import integers
from polytope_lens.polytope.facets import exact_facet_mask, facet_mask, primitive
from polytope_lens.polytope.feasibility import has_interior, is_empty
from polytope_lens.polytope.halfspaces import exact_rows, is_contradicted
from polytope_lens.polytope.relative_interior import inner_point

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens.polytope.polytope import Polytope

    Vector = tuple[int, ...]


class Canonical(NamedTuple):
    """A set in the one form that all of its descriptions have in common.

    Parameters
    ----------
    dim : int
    equations : tuple of integer rows, or None for the empty set
        ``a . x + c = 0`` in reduced echelon form, without common divisors; none for a set with interior.
    facets : frozenset of integer rows
        ``a . x + c <= 0`` without common divisors, zero in the leading coordinates of the equations.
    """

    dim: int
    equations: tuple[Vector, ...] | None
    facets: frozenset[Vector]


@kept
def canonical(poly: Polytope) -> Canonical:
    """The canonical form of a polytope; exact.

    Notes
    -----
    Cost: that of the facets; for flat ones, and those that may be empty, some more exact linear programs.
    """
    if is_contradicted(poly) or is_empty(poly):
        return Canonical(poly.dim, None, frozenset())
    if has_interior(poly):
        rows, facets = exact_rows(poly).rows, np.flatnonzero(facet_mask(poly)).tolist()
        return Canonical(poly.dim, (), frozenset(primitive(rows[q]) for q in facets))
    inner = inner_point(exact_rows(poly).rows, poly.dim)
    assert inner is not None  # it is not empty
    equations, leading = _echelon(inner.tight)
    free = [k for k in range(poly.dim) if k not in leading]
    reduced = [_reduced(row, equations, leading) for row in exact_rows(poly).rows]
    within = [[row[k] for k in free] + [row[-1]] for row in reduced]
    facets = np.flatnonzero(exact_facet_mask(within)).tolist() if free else []
    return Canonical(poly.dim, tuple(map(primitive, equations)), frozenset(primitive(reduced[q]) for q in facets))


def is_same_set(one: Polytope, other: Polytope) -> bool:
    """Whether two polytopes are the same set; exact, and quick where they have the same rows."""
    if one is other:
        return True
    if one.dim != other.dim:
        return False
    return halfspace_set(one) == halfspace_set(other) or canonical(one) == canonical(other)


@kept
def halfspace_set(poly: Polytope) -> frozenset[Vector]:
    """The halfspaces that a polytope is given by, those of rows without a normal left out unless they say "nowhere"."""
    return frozenset(primitive(row) for row in exact_rows(poly).rows if any(row[:-1]) or row[-1] > 0)


def _echelon(equations: Sequence[Sequence[fmpz]]) -> tuple[list[list[fmpz]], list[int]]:
    """Equations in reduced echelon form with positive leading entries, and where these are."""
    form, _, rank = fmpz_mat([list(row) for row in equations]).rref()
    rows = form.tolist()[:rank]
    leading = [next(k for k, v in enumerate(row) if v) for row in rows]
    return [row if row[k] > 0 else [-v for v in row] for row, k in zip(rows, leading, strict=True)], leading


def _reduced(row: Sequence[fmpz], equations: list[list[fmpz]], leading: list[int]) -> list[fmpz]:
    """A row plus the multiples of equations that make its leading coordinates zero, in integers again."""
    found = [fmpq(v) for v in row]
    for equation, k in zip(equations, leading, strict=True):
        factor = found[k] / equation[k]
        if factor:
            found = [v - factor * w for v, w in zip(found, equation, strict=True)]
    return integers(found)

"""The convex hull of points, by its facets and the equations of the flat that it fills."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flint import fmpq, fmpz, fmpz_mat

from polytope_lens.arithmetic.linear_systems import independent_rows
from polytope_lens.arithmetic.rational import integers
from polytope_lens.polytope.double_description import extreme_rays
from polytope_lens.polytope.polytope import Polytope, of_integers

if TYPE_CHECKING:
    from collections.abc import Sequence


def convex_hull(points: Sequence[Sequence[fmpq]]) -> Polytope:
    """The convex hull of points, one at least, as a polytope; exact.

    Notes
    -----
    The halfspaces ``a . x + c <= 0`` that hold all points are the cone of the [a, c] that are at most 0 on each [x, 1],
    and its extreme rays are the facets. Where points lie in a flat, its equations come first, and facets are looked for
    in as many coordinates as it has dimensions. Cost: that of `extreme_rays`.

    Examples
    --------
    >>> triangle = convex_hull([[fmpq(v) for v in point] for point in ((0, 0), (2, 0), (0, 2), (1, 0))])
    >>> triangle, triangle.contains([[1, 1], [2, 1]])
    (Polytope(3 inequalities in R^2), array([ True, False]))
    """
    rows = [integers([*point, fmpq(1)]) for point in points]
    d, matrix = len(rows[0]) - 1, fmpz_mat(rows)
    columns = independent_rows(matrix.transpose())
    equations: list[list[fmpz]] = []
    if len(columns) <= d:
        basis, rank = matrix.nullspace()
        equations = [[basis[i, j] for i in range(d + 1)] for j in range(rank)]
    rays, _ = extreme_rays([[row[k] for k in columns] for row in rows])
    facets = [[fmpz(dict(zip(columns, ray, strict=True)).get(k, 0)) for k in range(d + 1)] for ray in rays]
    found = [row for row in facets if any(row[:-1])] + [[s * v for v in row] for row in equations for s in (1, -1)]
    return of_integers(found, d)

"""Emptiness, boundedness, extent.

All through exact linear programs over the cone ``{(y, t) : A y <= t b, 0 <= t <= 1, |y_k| <= 1}``, which stands for the
polytope by ``x = y / t`` and is bounded even where the polytope is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq, fmpz, fmpz_mat

from polytope_lens._compiled.jit import pays
from polytope_lens._kept import kept
from polytope_lens.arithmetic.linear_systems import independent_rows, null_vectors
from polytope_lens.arithmetic.rational import nearest_float, rational, scaled_quotient
from polytope_lens.errors import DomainError, IntractableError
from polytope_lens.lp import float_simplex
from polytope_lens.lp.rational_simplex import Halfspace, maximize
from polytope_lens.polytope.halfspaces import exact_rows, holds_hint, proper

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polytope_lens._types import Bools, Floats
    from polytope_lens.polytope.polytope import Polytope


ZERO, ONE = fmpq(0), fmpq(1)
# Proposals are looked for in boxes so many times as large as the rows are far.
FAR_OUT = 2.0**2, 2.0**10, 2.0**20
# Rational operations that programs for all sides of a box may take: minutes. And seconds for each.
MOST_OPERATIONS, OPERATION = 10**6, 1e-6


@kept
def is_empty(poly: Polytope) -> bool:
    """Whether no point satisfies all inequalities; exact, one linear program at most."""
    if holds_hint(poly):
        return False
    d = poly.dim
    best = maximize([ZERO] * d + [ONE], _cone(poly), [-ONE] * d + [ZERO], [ONE] * (d + 1))
    return best is None or best.value <= 0


@kept
def has_interior(poly: Polytope) -> bool:
    """Whether some point satisfies all inequalities strictly (rows ``0 <= 0`` apart); exact, one linear program."""
    return interior_point(poly) is not None


@kept
def interior_point(poly: Polytope) -> list[fmpq] | None:
    """A rational point that satisfies all inequalities strictly, or None if there is none; exact, one linear program.

    Rows ``0 <= 0`` are no constraint and are left out.
    """
    d = poly.dim
    rows = [Halfspace([*row.normal, ONE], ZERO) for row in _cone(poly) if any(row.normal)]
    rows.append(Halfspace([ZERO] * d + [-ONE, ONE], ZERO))
    best = maximize([ZERO] * (d + 1) + [ONE], rows, [-ONE] * d + [ZERO, ZERO], [ONE] * (d + 2))
    if best is None or best.value <= 0:
        return None
    return [y / best.point[d] for y in best.point[:d]]


@kept
def recession_direction(poly: Polytope) -> list[fmpq] | None:
    """A nonzero y with ``a . y <= 0`` for all rows, or None where there is none; exact, at most one linear program.

    A nonempty polytope is unbounded exactly if it has one (Schrijver 1986, *Theory of Linear and Integer Programming*,
    section 8.2).
    """
    d = poly.dim
    lower, upper = box_of_sides(poly)
    if np.isfinite(lower).all() and np.isfinite(upper).all():
        return None
    line = line_of(poly)
    if line is not None:
        return line
    return descent([row[:-1] for row in exact_rows(poly).rows if any(row[:-1])], d)


def descent(normals: Sequence[Sequence[fmpz]], dim: int) -> list[fmpq] | None:
    """A nonzero y with ``a . y <= 0`` for normals that span R^dim, or None where there is none; one linear program.

    Each such y goes down somewhere, since there is no line along which all stay.
    """
    objective = [-sum((fmpq(row[k], max(map(abs, row))) for row in normals), ZERO) for k in range(dim)]
    cone = [Halfspace([fmpq(v) for v in row], ZERO) for row in normals]
    best = maximize(objective, cone, [-ONE] * dim, [ONE] * dim)
    return None if best is None or best.value <= 0 else best.point


def line_of(poly: Polytope) -> list[fmpq] | None:
    """A nonzero y with ``a . y = 0`` for all rows, of size 1, or None where there is none; exact."""
    matrix, d = normals(poly), poly.dim
    pivots = independent_rows(matrix.transpose())
    if len(pivots) == d:
        return None
    free = next(k for k in range(d) if k not in set(pivots))
    line = next(null_vectors(matrix, pivots, [free]))
    size = max(map(abs, line))
    return [v / size for v in line]


def box_of_sides(poly: Polytope) -> tuple[Floats, Floats]:
    """Bounds on coordinates that rows state of one coordinate alone, rounded outward; infinite where none does."""
    lower, upper = np.full(poly.dim, -np.inf), np.full(poly.dim, np.inf)
    for *normal, c in exact_rows(poly).rows:
        where = [k for k, v in enumerate(normal) if v]
        if len(where) == 1:
            k, bound = where[0], fmpq(-c, normal[where[0]])
            if normal[k] > 0:
                upper[k] = min(upper[k], rounded_up(bound))
            else:
                lower[k] = max(lower[k], -rounded_up(-bound))
    return lower, upper


@kept
def is_bounded(poly: Polytope) -> bool:
    """Whether the polytope contains no ray; exact. The empty polytope is bounded."""
    if len(exact_rows(poly).rows) < poly.dim:  # there is a direction along which none of them changes
        return is_empty(poly)
    return recession_direction(poly) is None or is_empty(poly)


@kept
def box_around(poly: Polytope) -> tuple[Floats, Floats]:
    """Least and greatest value of each coordinate, infinite where there is none.

    Raises
    ------
    DomainError
        An empty polytope.
    IntractableError
        Some 25 dimensions and more, whose linear programs would take minutes to days.

    Notes
    -----
    The smallest box of floats that holds the polytope: the exact bounds, each rounded outward. Which are infinite is
    exact, too; one beyond the largest float also is. Cost: 2 d linear programs, which floats solve and fractions
    check; up to 2 d exact ones more where floats find no solution, as in directions without a bound.
    """
    if is_empty(poly):
        raise DomainError("an empty polytope has no bounding box: no point satisfies all its inequalities.")
    d = poly.dim
    lower, upper = np.full(d, -np.inf), np.full(d, np.inf)
    asked = np.flatnonzero(~on_lines(normals(poly))).tolist()
    if (cost := 2 * len(asked) * d * (d * d + len(proper(poly)))) > MOST_OPERATIONS:
        raise IntractableError(
            f"the bounding box of a polytope with {len(proper(poly))} inequalities in R^{d} is out of reach at a "
            f"reasonable cost: it takes {2 * len(asked)} exact linear programs. Fix some inputs, by a flat `Box` or "
            "`Lens.slice`, or ask for `chebyshev_ball()`."
        )
    rows = [Halfspace([fmpq(v) for v in row[:-1]], fmpq(-row[-1])) for row in proper(poly)]
    directions = [Halfspace(row.normal, ZERO) for row in rows]
    reach = vertex_bound(proper(poly), d)
    proposes = pays((float_simplex.maximize,), cost * OPERATION)
    propose = _proposals(proper(poly), d) if proposes else lambda *_: None
    for k in asked:
        for direction, side in ((ONE, upper), (-ONE, lower)):
            objective = [direction if i == k else ZERO for i in range(d)]
            start = propose(k, int(direction))
            best = None if start is None else maximize(objective, rows, [-reach] * d, [reach] * d, start=start)
            if best is None or any(q < 2 * d and y for q, y in zip(best.basis, best.multipliers, strict=True)):
                escape = maximize(objective, directions, [-ONE] * d, [ONE] * d)
                if escape is not None and escape.value > 0:
                    continue
                best = maximize(objective, rows, [-reach] * d, [reach] * d)
            assert best is not None
            side[k] = rounded_up(best.value) * int(direction) + 0.0  # zero has two signs
    return lower, upper


def _proposals(rows: Sequence[Sequence[fmpz]], d: int) -> Callable[[int, int], list[int] | None]:
    """Rows that bound a coordinate from above (1) or from below (-1), as floats find them, numbered behind a box's."""
    floats = np.array([scaled_quotient(row, max(map(abs, row))) for row in rows]).reshape(-1, d + 1)
    length = np.linalg.norm(floats[:, :-1], axis=1)
    usable = length > 0
    floats = np.where(usable[:, None], floats / np.where(usable, length, 1.0)[:, None], 0.0)
    box = np.vstack([np.eye(d), -np.eye(d)])
    normal = np.ascontiguousarray(np.vstack([box, floats[:, :-1]]))
    offset = np.where(usable, -floats[:, -1], 1.0)
    size = float(np.abs(offset).max(initial=0.0)) or 1.0

    def propose(k: int, side: int) -> list[int] | None:
        for far in FAR_OUT:
            everything = np.concatenate([np.full(2 * d, far * size), offset])
            found = float_simplex.propose_multipliers(side * np.eye(d)[k], normal, everything)
            if found is not None and not (found[1][found[0] < 2 * d] > 0).any():
                return [int(q) for q in found[0]]
        return None

    return propose


def on_lines(matrix: fmpz_mat) -> Bools:
    """Along which coordinates some y with ``matrix @ y = 0`` goes, (d,); exact."""
    d = matrix.ncols()
    pivots = independent_rows(matrix.transpose())
    found = np.ones(d, dtype=bool)
    some = [[matrix[q, k] for k in range(d)] for q in independent_rows(matrix)]
    for k in pivots:  # that fixes a coordinate if its unit vector depends on the rows
        unit = [fmpz(int(i == k)) for i in range(d)]
        found[k] = len(pivots) < d and len(independent_rows(fmpz_mat([*some, unit]))) > len(some)
    return found


@kept
def normals(poly: Polytope) -> fmpz_mat:
    """The normals of all rows as a matrix; one row of zeros if there are none."""
    return fmpz_mat([row[:-1] for row in exact_rows(poly).rows] or [[fmpz(0)] * poly.dim])


def _cone(poly: Polytope) -> list[Halfspace]:
    return [Halfspace([fmpq(v) for v in row], ZERO) for row in exact_rows(poly).rows]


def vertex_bound(rows: Sequence[Sequence[fmpz]], dim: int) -> fmpq:
    """A number above every coordinate of every point where rows ``[a, c]`` meet in one, and of some point of each face.

    By Cramer's rule such coordinates are quotients of two determinants of integers: of at most the product of what the
    sizes of each row's entries add up to, and of 1 at least.
    """
    sums = sorted((sum((abs(v) for v in row), fmpz(0)) for row in rows), reverse=True)
    bound = fmpz(1)
    for total in sums[:dim]:
        bound *= total
    return fmpq(bound + 1)


def rounded_up(value: fmpq) -> float:
    """The least float that is no less than a fraction."""
    nearest = nearest_float(value)
    if np.isfinite(nearest) and rational(nearest) >= value:
        return nearest
    return nearest if nearest == np.inf else float(np.nextafter(nearest, np.inf))

"""A point inside a polyhedron, within the flat that it fills, and the inequalities that are equations there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flint import fmpq, fmpz, fmpz_mat

from polytope_lens.lp.rational_simplex import Halfspace, maximize

if TYPE_CHECKING:
    from collections.abc import Sequence

    Row = Sequence[fmpz]

ZERO, ONE = fmpq(0), fmpq(1)


class InnerPoint(NamedTuple):
    """A point at which no inequality is tight but those that are so on the whole polyhedron.

    Parameters
    ----------
    point : list of fmpq
    tight : list of integer rows
        The inequalities that are equations, rows of zeros apart.
    """

    point: list[fmpq]
    tight: list[Row]

    @property
    def dim(self) -> int:
        """Dimension of the polyhedron."""
        normals = [list(row[:-1]) for row in self.tight]
        return len(self.point) - (fmpz_mat(normals).rank() if normals else 0)


def inner_point(rows: Sequence[Row], dim: int) -> InnerPoint | None:
    """A point in the relative interior of ``{x : a . x + c <= 0}``, given by rows [a, c]; None if that is empty.

    Notes
    -----
    Exact. Each program maximises the slack of those rows that have none so far over the cone
    ``{(y, t) : a . y + c t <= 0, 0 <= t <= 1}``, whose points with t > 0 are the polyhedron's, x = y / t. Adding one of
    these to a direction of the cone keeps the slack, so a row with slack somewhere in the cone has some in the
    polyhedron; t counts as one more slack, and a sum of points has the slacks of all. There are at most as many
    programs as rows.

    Examples
    --------
    >>> segment = [[fmpz(v) for v in row] for row in ([1, 0, 0], [-1, 0, 0], [0, 1, -3], [0, -1, 1])]
    >>> found = inner_point(segment, 2)
    >>> found.point[0], 1 < found.point[1] < 3, found.dim
    (0, True, 1)
    """
    cone = [Halfspace([fmpq(v) for v in row], ZERO) for row in rows]
    above_zero = [fmpz(0)] * dim + [fmpz(-1)]
    left: list[Row] = [row for row in rows if any(row)] + [above_zero]
    total = [ZERO] * (dim + 1)
    while left:
        objective = [-sum((fmpq(row[k], max(map(abs, row))) for row in left), ZERO) for k in range(dim + 1)]
        best = maximize(objective, cone, [-ONE] * dim + [ZERO], [ONE] * (dim + 1))
        assert best is not None  # the apex of the cone is a point of it
        if best.value <= 0:
            break
        total = [v + w for v, w in zip(total, best.point, strict=True)]
        left = [row for row in left if not sum((v * y for v, y in zip(row, best.point, strict=True)), ZERO)]
    if not total[-1]:
        return None
    return InnerPoint([v / total[-1] for v in total[:-1]], left)

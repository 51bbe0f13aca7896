"""The coordinates in which a log speaks of a domain."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from flint import fmpq, fmpz, fmpz_mat

from polytope_lens.arithmetic.rational import common_exponent, integer_matrix, rationals, scaled_integers
from polytope_lens.domain import Box, is_bounded
from polytope_lens.engines.charts import pieces
from polytope_lens.errors import REPORT, ConsistencyError
from polytope_lens.exact.owner_rows import integer_sides
from polytope_lens.lp.rational_simplex import Halfspace, maximize
from polytope_lens.proof.log import describe_domain, floats
from polytope_lens.proof.names import name

if TYPE_CHECKING:
    from polytope_lens._types import Floats
    from polytope_lens.domain import Domain


class LogChart(NamedTuple):
    """Points ``[x; t] = matrix @ [s; 1]`` where sides ``a . s + c`` are <= 0; with |s_k| <= 1 in a box, the first ones.

    `box` is what the numbers s are fractions of, along the `free` axes.
    """

    matrix: fmpz_mat
    sides: list[list[fmpz]]
    box: Box | None
    free: list[int]
    lines: list[str]

    @property
    def in_box(self) -> bool:
        """Whether a box is known."""
        return self.box is not None

    @property
    def dim(self) -> int:
        """How many coordinates there are."""
        return int(self.matrix.ncols()) - 1

    def coordinates(self, x: Floats) -> Floats:
        """Points, (n, dim), in coordinates of the inputs that are free; rounded."""
        if self.box is None:
            return x
        lower, upper = self.box.lower[self.free], self.box.upper[self.free]
        with np.errstate(all="ignore"):
            return np.asarray((x - lower) / (upper - lower) * 2.0 - 1.0)


def log_chart(domain: Domain, dim: int) -> LogChart:
    """The chart of a domain, and the lines that name the domain.

    A bounded polytope gets a box around it, which its sides prove, by linear programs in rational arithmetic.
    """
    lines = describe_domain(domain)
    if not is_bounded(domain):
        identity = integer_matrix(np.eye(dim + 1))
        return LogChart(identity, [row for row in integer_sides(domain) if any(row)], None, [*range(dim)], lines)
    if isinstance(domain, Box):
        return _in_box(domain, [], lines)
    (piece,) = pieces(domain, dim)
    sides = [row for row in integer_sides(domain) if any(row)]
    lines += [
        f"box {floats(piece.box.lower)} {floats(piece.box.upper)}",
        f"within {' '.join(_bounds(sides, piece.box))}",
    ]
    return _in_box(piece.box, sides, lines)


def _in_box(box: Box, sides: list[list[fmpz]], lines: list[str]) -> LogChart:
    d, e = box.dim, common_exponent(box.lower, box.upper)
    below, above = scaled_integers(box.lower, e), scaled_integers(box.upper, e)
    free = [k for k in range(d) if below[k] < above[k]]
    matrix = fmpz_mat(d + 1, len(free) + 1)
    for i, k in enumerate(free):
        matrix[k, i] = above[k] - below[k]
    for k in range(d):
        matrix[k, len(free)] = below[k] + above[k]
    matrix[d, len(free)] = fmpz(2) << e
    ends = [
        [fmpz(sign * (i == k)) for i in range(len(free))] + [fmpz(-1)] for sign in (1, -1) for k in range(len(free))
    ]
    rows = [(fmpz_mat([row]) * matrix).tolist()[0] for row in sides]
    return LogChart(matrix, ends + rows, box, free, lines)


def _bounds(sides: list[list[fmpz]], box: Box) -> list[str]:
    """For each lower end of a box around a polytope, and then each upper one, the sides that prove it."""
    rows = [Halfspace([fmpq(v) for v in row[:-1]], fmpq(-row[-1])) for row in sides]
    lower, upper = ([v + sign for v in rationals(ends)] for ends, sign in ((box.lower, -1), (box.upper, 1)))
    words = []
    for sign, ends in ((-1, rationals(box.lower)), (1, rationals(box.upper))):
        for k, end in enumerate(ends):
            best = maximize([fmpq(sign * (i == k)) for i in range(box.dim)], rows, lower, upper)
            if best is None or best.value > sign * end:
                raise ConsistencyError(f"a polytope is not in the box around it. {REPORT}")
            named = [q - 2 * box.dim for q, y in zip(best.basis, best.multipliers, strict=True) if y > 0]
            words.append("".join(name(len(sides) - 1 - q) for q in named))
    return words

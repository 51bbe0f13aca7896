"""The rows that exact questions about one polytope are asked of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq, fmpz

from polytope_lens.arithmetic.rational import integer_rows, rationals

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from polytope_lens._types import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """``{x in R^dim : a . x + c <= 0 for all rows [a, c]}``; exact.

    Polytopes give their floats as they are, regions the rows that their network defines, which no floats need hold.

    Parameters
    ----------
    rows : list of lists of dim + 1 integers
    dim : int
    hint : (dim,) array, optional
        A point that is likely to be inside. Where it is, answers come sooner; they are the same without.
    """

    rows: list[list[fmpz]]
    dim: int
    hint: Floats | None = None

    @property
    def proper(self) -> list[list[fmpz]]:
        """The rows that depend on x."""
        return [row for row in self.rows if any(row[:-1])]

    @property
    def is_contradicted(self) -> bool:
        """Whether a row without a normal says that there is no point at all."""
        return any(row[-1] > 0 for row in self.rows if not any(row[:-1]))

    def slacks(self, point: Sequence[fmpq]) -> list[fmpq]:
        """``-(a . x + c)`` of each row at a point."""
        return [-sum((a * x for a, x in zip(row, point, strict=False)), fmpq(row[-1])) for row in self.rows]

    @property
    def holds_hint(self) -> bool:
        """Whether the hint is a point of the polytope; exact."""
        return self.hint is not None and bool(np.isfinite(self.hint).all()) and self.contain(rationals(self.hint))

    def contain(self, point: Sequence[fmpq]) -> bool:
        """Whether a point satisfies all rows; exact."""
        return all(slack >= 0 for slack in self.slacks(point))


def of_floats(A: Floats, b: Floats) -> Body:
    """The rows of ``A @ x <= b``, taken exactly as they are."""
    return Body(integer_rows(np.column_stack([A, -b])), A.shape[1])


def of_integers(rows: Iterable[Sequence[int]], dim: int, hint: Floats | None = None) -> Body:
    """Rows of whole numbers."""
    return Body([[fmpz(v) for v in row] for row in rows], dim, hint)

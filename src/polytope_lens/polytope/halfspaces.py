"""The rows that exact questions about one polytope are asked of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq, fmpz

from polytope_lens.exact.rational import integer_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Halfspaces:
    """``{x in R^dim : a . x + c <= 0 for all rows [a, c]}``; exact.

    Polytopes give their floats as they are, regions the rows that their network defines, which no floats need hold.

    Parameters
    ----------
    rows : list of lists of dim + 1 integers
    dim : int
    """

    rows: list[list[fmpz]]
    dim: int

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

    def contain(self, point: Sequence[fmpq]) -> bool:
        """Whether a point satisfies all rows; exact."""
        return all(slack >= 0 for slack in self.slacks(point))


def of_floats(A: Floats, b: Floats) -> Halfspaces:
    """The rows of ``A @ x <= b``, taken exactly as they are."""
    return Halfspaces(integer_rows(np.column_stack([A, -b])), A.shape[1])


def of_integers(rows: Iterable[Sequence[int]], dim: int) -> Halfspaces:
    """Rows of whole numbers."""
    return Halfspaces([[fmpz(v) for v in row] for row in rows], dim)

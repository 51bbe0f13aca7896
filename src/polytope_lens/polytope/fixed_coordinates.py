"""Coordinates that two rows of a polytope fix, and the same set in the others; exact.

Regions of flat boxes are such sets. Whoever looks for vertices or nearest points does so in the coordinates that are
left, and puts the fixed ones beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flint import fmpq, fmpz

from polytope_lens._kept import kept
from polytope_lens.arithmetic.rational import integers
from polytope_lens.polytope.halfspaces import IntegerRows, exact_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens.polytope.polytope import Polytope


class Fixed(NamedTuple):
    """The coordinates that are left, what all points have in each of the others, and the set in the former.

    Each row of it comes from the one of the same place. One that fixes a coordinate has no normal any more.
    """

    free: list[int]
    values: dict[int, fmpq]
    rest: Polytope

    def embed(self, point: Sequence[fmpq]) -> list[fmpq]:
        """A point of the others in all coordinates."""
        whole = [self.values.get(k, fmpq(0)) for k in range(len(self.free) + len(self.values))]
        for k, value in zip(self.free, point, strict=True):
            whole[k] = value
        return whole

    def directed(self, ray: Sequence[int]) -> list[int]:
        """A direction of the others in all coordinates."""
        whole = [0] * (len(self.free) + len(self.values))
        for k, value in zip(self.free, ray, strict=True):
            whole[k] = value
        return whole


@kept
def fixed_coordinates(poly: Polytope) -> Fixed | None:
    """What rows like ``x_k <= v`` and ``-x_k <= -v`` fix; None where they fix nothing, or leave nothing."""
    below: dict[int, fmpq] = {}
    above: dict[int, fmpq] = {}
    for row in exact_rows(poly).rows:
        at = [k for k, v in enumerate(row[:-1]) if v]
        if len(at) == 1:
            k = at[0]
            bound = fmpq(-row[-1], row[k])
            if row[k] > 0:
                above[k] = min(bound, above.get(k, bound))
            else:
                below[k] = max(bound, below.get(k, bound))
    values = {k: bound for k, bound in above.items() if below.get(k) == bound}
    if not 0 < len(values) < poly.dim:
        return None
    free = [k for k in range(poly.dim) if k not in values]
    rows: list[list[fmpz]] = []
    for row in exact_rows(poly).rows:
        constant = sum((row[k] * v for k, v in values.items() if row[k]), fmpq(row[-1]))
        rows.append(integers([*(fmpq(row[k]) for k in free), constant]))
    rest = type(poly).__new__(type(poly))
    rest._fill(len(free), len(rows), None, None, IntegerRows(rows, [fmpz(1)] * len(rows)))
    return Fixed(free, values, rest)

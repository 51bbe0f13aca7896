"""Regions as cones over them, about which linear programs in fractions are asked until there were many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flint import fmpq

from polytope_lens.cells.inequalities import exact_system
from polytope_lens.lp.rational_simplex import Halfspace, maximize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens.partition.partition import Partition

    Owner = tuple[int, int]


class RegionCones:
    """Regions as cones over them, ``a . x + c t <= 0``, about which at most so many linear programs are asked."""

    def __init__(self, partition: Partition, max_programs: int) -> None:
        self._partition = partition
        self._left = max_programs
        self._rows: dict[int, tuple[list[Halfspace], dict[Owner, int]]] = {}

    def hyperplane(self, region: int, owners: Sequence[Owner]) -> Sequence[fmpq]:
        """The row ``[a, c]`` of a facet of a region, given by its owners, at most 0 on the region."""
        rows, place = self._cone(region)
        return next(rows[place[owner]].normal for owner in owners if any(rows[place[owner]].normal))

    def touch(self, first: int, second: int, zeros: Sequence[Sequence[fmpq]] = ()) -> bool | None:
        """Whether two closed regions have a common point at which some rows are zero, one with t > 0.

        None if there were too many questions.
        """
        upward = [fmpq(0)] * self._partition.network.input_dim + [fmpq(1)]
        equal = [Halfspace([side * v for v in row], fmpq(0)) for row in zeros for side in (1, -1)]
        return self._is_positive(upward, [*self._cone(first)[0], *self._cone(second)[0], *equal])

    def none_crosses(self, members: list[int], walls: list[tuple[list[Owner], int]]) -> bool | None:
        """Whether no region is on the far side of a facet, given by its owners, of some region; None as above."""
        for owners, region in walls:
            row = self.hyperplane(region, owners)
            for member in members:
                crosses = member != region and self._is_positive(row, self._cone(member)[0])
                if crosses or crosses is None:
                    return None if crosses is None else False
        return True

    def _is_positive(self, row: Sequence[fmpq], cone: list[Halfspace]) -> bool | None:
        """Whether a row is positive somewhere on a cone."""
        if not self._left:
            return None
        self._left -= 1
        lower = [fmpq(-1)] * (len(row) - 1) + [fmpq(0)]
        best = maximize(row, cone, lower, [fmpq(1)] * len(row))
        return best is not None and best.value > 0

    def _cone(self, region: int) -> tuple[list[Halfspace], dict[Owner, int]]:
        """Rows of a region, and which of them belongs to each owner."""
        if region not in self._rows:
            system = exact_system(self._partition[region])
            rows = [Halfspace([fmpq(v) for v in row], fmpq(0)) for row in system.rows]
            self._rows[region] = rows, {owner: k for k, (owner,) in enumerate(system.owners)}
        return self._rows[region]

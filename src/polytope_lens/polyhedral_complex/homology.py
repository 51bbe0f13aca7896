"""Homology of complexes of convex cells with rational coefficients: Betti numbers, and which cells cancel which.

Libraries for homology take simplices or cubes; cells of a partition are any polytopes, and cutting them into simplices
makes some hundred times as many in four dimensions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flint import fmpq

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Chain = dict[int, fmpq]


class BoundaryMaps:
    """The boundary of each cell as a sum of its sides with signs.

    Parameters
    ----------
    sides : sequence of sequences of lists
        ``sides[k - 1][i]`` has the sides of cell i of dimension k, from 1 on, numbered among those of dimension k - 1.
        Cells are bounded.

    Notes
    -----
    Signs are those of an orientation of each cell: the sides of a cell form a sphere, in which two of them meet in each
    of theirs, where they cancel; so one sign tells all of them. Found for cells that are asked for, and their faces.
    """

    def __init__(self, sides: Sequence[Sequence[list[int]]]) -> None:
        self._sides = sides
        self._known: list[dict[int, dict[int, int]]] = [{} for _ in sides]

    @property
    def dim(self) -> int:
        """The highest dimension."""
        return len(self._sides)

    def of(self, dim: int, cell: int) -> Mapping[int, int]:
        """The sides of a cell, each with its sign."""
        known = self._known[dim - 1]
        if cell not in known:
            known[cell] = self._oriented(dim, self._sides[dim - 1][cell])
        return known[cell]

    def _oriented(self, dim: int, sides: list[int]) -> dict[int, int]:
        if dim == 1:
            start, end = sides
            return {start: -1, end: 1}
        beside: dict[int, list[int]] = {}
        for side in sides:
            for inner in self.of(dim - 1, side):
                beside.setdefault(inner, []).append(side)
        signs, waiting = {sides[0]: 1}, [sides[0]]
        while waiting:
            side = waiting.pop()
            for inner, sign in self.of(dim - 1, side).items():
                one, other = beside[inner]
                across = other if one == side else one
                if across not in signs:
                    signs[across] = -signs[side] * sign * self.of(dim - 1, across)[inner]
                    waiting.append(across)
        return signs


def pairs(
    boundaries: BoundaryMaps, cells: Sequence[Iterable[int]], skipped: Sequence[set[int]] | None = None
) -> list[list[tuple[int, int]]]:
    """Which cell gives rise to a class of homology, and which one ends it, in a complex that grows cell by cell.

    Parameters
    ----------
    boundaries : BoundaryMaps
    cells : sequence of iterables
        ``cells[k]`` are the cells of dimension k in the order in which they come, each after its sides. Sides that are
        not among them count as zero: the homology is then relative to these.
    skipped : sequence of sets, optional
        Cells known to be in pairs: those of ``skipped[k]`` are in pairs with cells of dimension k + 1 if they give rise
        to a class, else with cells of dimension k - 1, which no column needs.

    Returns
    -------
    found : list of lists
        ``found[k]`` has pairs of a cell of dimension k and one of dimension k + 1 that ends its class; those of which
        nothing was skipped.

    Notes
    -----
    Columns are reduced from the highest dimension down, where cells that are already known to give rise to a class need
    no column (Chen and Kerber 2011, *Persistent homology computation with a twist*). Exact: rational numbers.
    """
    places = [{cell: place for place, cell in enumerate(of_dim)} for of_dim in cells]
    found: list[list[tuple[int, int]]] = [[] for _ in cells]
    done = [set(of_dim) for of_dim in skipped] if skipped is not None else [set() for _ in cells]
    for dim in range(len(cells) - 1, 0, -1):
        place = places[dim - 1]
        columns: dict[int, Chain] = {}
        for cell in places[dim]:
            if cell in done[dim]:
                continue
            column = {
                side: fmpq(sign)
                for side, sign in boundaries.of(dim, cell).items()
                if side in place and (skipped is None or side not in skipped[dim - 1])
            }
            last = _reduced(column, columns, place)
            if last is not None:
                columns[last] = column
                done[dim - 1].add(last)
                found[dim - 1].append((last, cell))
    return found


def _reduced(column: Chain, columns: Mapping[int, Chain], place: Mapping[int, int]) -> int | None:
    """Subtract columns that end where this one does until none does; the last cell of what is left."""
    while column:
        last = max(column, key=place.__getitem__)
        if last not in columns:
            return last
        other = columns[last]
        factor = column[last] / other[last]
        for side, value in other.items():
            rest = column.get(side, 0) - factor * value
            if rest:
                column[side] = rest
            else:
                del column[side]
    return None


def betti_numbers(boundaries: BoundaryMaps, cells: Sequence[Sequence[int]]) -> list[int]:
    """Rank of the homology of some cells in each dimension, relative to sides that are not among them; exact."""
    found = pairs(boundaries, cells)
    ranks = [len(of_dim) for of_dim in cells]
    for dim, of_dim in enumerate(found[:-1]):
        ranks[dim] -= len(of_dim)
        ranks[dim + 1] -= len(of_dim)
    return ranks

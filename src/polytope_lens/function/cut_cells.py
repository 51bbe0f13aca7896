"""The cells of a complex cut where a function is zero, bounded or not, and the homology of the part that is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from polytope_lens._deferred import csgraph, sparse
from polytope_lens.polyhedral_complex.homology import BoundaryMaps, betti_numbers

if TYPE_CHECKING:
    from polytope_lens._types import Signs
    from polytope_lens.polyhedral_complex.cell_complex import CellComplex


class _Part(NamedTuple):
    """A cell of the set: the numbers of its sides, whether it is bounded, and on the boundary of the domain."""

    sides: list[int]
    is_bounded: bool
    is_outer: bool


class _Cell(NamedTuple):
    """A cell of the complex, and what of it belongs to the set.

    Lowest and highest sign of the function, signs of its slopes along rays; the numbers of the cell itself or of its
    lower half, of the zeros inside where there are both signs, and of the sides on which all is zero.
    """

    low: int
    high: int
    slopes: frozenset[int]
    kept: int | None
    cut: int | None
    zero_sides: list[int]


def cut_betti_numbers(cells: CellComplex, signs: Signs, *, is_level: bool, bounded: bool) -> list[int]:
    """Ranks of the homology of the set where a function is zero, or else of that where it is at most zero.

    Parameters
    ----------
    cells : CellComplex
    signs : (n_points + n_directions,) int8 array
        Of the function at points, and of its slope along directions; it is constant along lines.
    is_level : bool
        Whether the function is to be zero.
    bounded : bool
        Only components that are bounded and do not reach the boundary of the domain.

    Notes
    -----
    A cell with both signs is cut in two, with a cell of one dimension less between them. All cells have a vertex, apart
    from common lines, so the set retracts to those of its cells that are bounded.
    """
    parts = _parts(cells, signs, is_level)
    wanted = [[part.is_bounded for part in of_dim] for of_dim in parts]
    if bounded:
        inside = _inside(parts, goes_on=cells.n_lines > 0)
        wanted = [
            [one and other for one, other in zip(*pair, strict=True)] for pair in zip(wanted, inside, strict=True)
        ]
    chosen = [[i for i, is_wanted in enumerate(of_dim) if is_wanted] for of_dim in wanted]
    return betti_numbers(BoundaryMaps([[part.sides for part in of_dim] for of_dim in parts[1:]]), chosen)


def _parts(cells: CellComplex, signs: Signs, is_level: bool) -> list[list[_Part]]:
    parts: list[list[_Part]] = [[] for _ in range(cells.dim + 1)]

    def add(dim: int, sides: list[int], is_bounded: bool, is_outer: bool) -> int:
        parts[dim].append(_Part(sides, is_bounded, is_outer))
        return len(parts[dim]) - 1

    known = []
    for value, is_outer in zip(signs[: cells.n_points].tolist(), cells.outer[0].tolist(), strict=True):
        is_in = value == 0 if is_level else value <= 0
        known.append(_Cell(value, value, frozenset(), add(0, [], True, is_outer) if is_in else None, None, []))
    slopes = signs[cells.n_points :].tolist()
    for dim, sides in enumerate(cells.sides, start=1):
        before, known = known, []
        for numbers, is_outer in zip(sides.of_cells(), cells.outer[dim].tolist(), strict=True):
            around = [before[i] for i in numbers if i < len(before)]
            along = frozenset(slopes[i - len(before)] for i in numbers if i >= len(before))
            along = along.union(*(cell.slopes for cell in around))
            low = min(*(cell.low for cell in around), *along, 1)
            high = max(*(cell.high for cell in around), *along, -1)
            inner = [cell.kept for cell in around if cell.kept is not None]
            kept = cut = None
            if low < 0 < high:
                across = [cell.cut for cell in around if cell.cut is not None]
                # Zero faces of two dimensions less, each on two sides.
                across += sorted({side for cell in around for side in cell.zero_sides})
                cut = add(dim - 1, across, 0 not in along and len(along) < 2, is_outer)
                if not is_level:
                    kept = add(dim, [*inner, cut], along <= {1}, is_outer)
            elif low == high == 0 or (high <= 0 and not is_level):
                kept = add(dim, inner, not along, is_outer)
            zero = [cell.kept for cell in around if cell.low == cell.high == 0 and cell.kept is not None]
            known.append(_Cell(low, high, along, kept, cut, zero))
    return parts


def _inside(parts: list[list[_Part]], *, goes_on: bool) -> list[list[bool]]:
    """Which cells belong to components that are bounded and do not reach the boundary of the domain."""
    first = [0]
    for of_dim in parts:
        first.append(first[-1] + len(of_dim))
    links = [
        (first[dim] + i, first[dim - 1] + side)
        for dim, of_dim in enumerate(parts)
        for i, part in enumerate(of_dim)
        for side in part.sides
    ]
    rows, columns = zip(*links, strict=True) if links else ((), ())
    graph = sparse.coo_array(([True] * len(links), (rows, columns)), shape=(first[-1], first[-1]))
    label = csgraph.connected_components(graph, directed=False)[1].tolist() if first[-1] else []
    flat = [part for of_dim in parts for part in of_dim]
    left = {number for number, part in zip(label, flat, strict=True) if part.is_outer or not part.is_bounded or goes_on}
    return [[label[first[dim] + i] not in left for i in range(len(of_dim))] for dim, of_dim in enumerate(parts)]

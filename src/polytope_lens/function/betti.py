"""Betti numbers of sets where a function of the network takes a value, or at most or at least that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from flint import fmpz

from polytope_lens._arrays import validate
from polytope_lens._arrays.ragged import list_of
from polytope_lens._deferred import csgraph, sparse
from polytope_lens.arithmetic.rational import sign
from polytope_lens.errors import OptionError
from polytope_lens.exact.rows import ExactRows
from polytope_lens.flat_domain import asked_on_flat
from polytope_lens.function.corner_signs import corner_signs
from polytope_lens.function.cut_cells import cut_betti_numbers
from polytope_lens.network import scalar
from polytope_lens.polyhedral_complex.cell_complex import exact_cells, mesh_cells
from polytope_lens.polyhedral_complex.face_lattice import MAX_REGIONS
from polytope_lens.polyhedral_complex.requirements import require_complete

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Ints, Signs
    from polytope_lens.network.network import Network
    from polytope_lens.partition.partition import Partition
    from polytope_lens.polyhedral_complex.cell_complex import CellComplex, CornersAndRays

SIDES = ("level", "sub", "super")


@asked_on_flat
def betti(
    partition: Partition,
    output: int | None = None,
    value: float | None = None,
    *,
    side: Literal["level", "sub", "super"] = "level",
    between: tuple[int, int] | None = None,
    bounded: bool = False,
    max_regions: int = MAX_REGIONS,
) -> tuple[int, ...]:
    """Betti numbers of the set where an output takes a value: components, holes, cavities and so on; exact.

    Parameters
    ----------
    partition : Partition
    output : int
        Which one, by default the first; negative ones count from the last.
    value : float
        By default 1/2, as for `level_set`.
    side : {"level", "sub", "super"}
        Where the output equals the value, is at most the value, or at least the value. All three are closed sets;
        regions on which it takes the value everywhere belong to each of them.
    between : pair of ints, optional
        Instead of an output and a value two outputs: where output i equals output j, is at most output j, or at least.
    bounded : bool
        Only those components that are bounded and do not reach the boundary of the domain, beyond which they may go on.
    max_regions : int
        More regions than this are refused where there is no mesh.

    Returns
    -------
    numbers : tuple of d ints
        Number k is the rank of the homology in dimension k: components, loops that bound nothing, cavities. All are
        zero for an empty set.

    Raises
    ------
    OptionError
        More regions than `max_regions`, where there is no mesh.
    PartialPartitionError

    Notes
    -----
    Exact: signs at corners are proved, see `corner_signs`; the rest is counting.

    - *With a mesh*, in bounded domains of the plane and of space. On a cell the function is affine, so a cell with
      corners of both signs holds one of the level set, of one dimension less, and the set at most the value retracts to
      the cells that have no corner above. Components come from the graph of corners and edges; holes in the plane from
      Euler's formula; cavities in space are the parts of the complement that do not reach infinity (Alexander duality),
      and what is left, the tunnels, again comes from Euler's formula.
    - *Elsewhere*, with all of R^d as the domain or beyond space: all cells from `faces`, cut where they cross
      the value, and their homology with rational coefficients. A polyhedron with a vertex retracts to its bounded
      faces, so an unbounded set has the homology of its bounded cells: no ball has to be chosen to cut it off. If all
      of the complex goes on along a line, its cells are counted without it.

    Cost: with a mesh that of `corner_signs` and some passes over it; elsewhere milliseconds to seconds for each
    region.

    Examples
    --------
    Where ``|x| + |y|`` is 1/2, a square; the set at least 1/2 is a ring, the one at most 1/2 a disc:

    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]], negative_slope=-1.0)
    >>> partition = lens.partition(Box([-1, -1], [1, 1]))
    >>> partition.betti(value=0.5), partition.betti(value=0.5, side="super"), partition.betti(value=0.5, side="sub")
    ((1, 1), (1, 1), (1, 0))

    In all of R^2 the set at least 1/2 goes on forever:

    >>> everywhere = lens.partition()
    >>> everywhere.betti(value=0.5, side="super"), everywhere.betti(value=0.5, side="super", bounded=True)
    ((1, 1), (0, 0))
    """
    validate.option(side, name="`side`", allowed=SIDES)
    function = _function(partition.network, output, value, between)
    require_complete(partition, "`betti`")
    d, factor = partition.network.input_dim, -1 if side == "super" else 1
    is_level = side == "level"
    if partition.mesh is not None:
        signs = factor * corner_signs(partition, function).signs
        return _counted(mesh_cells(partition), signs, is_level, bounded)
    cells, generators = exact_cells(partition, max_regions=max_regions, purpose="`betti`")
    slopes = _signs(partition, function, generators, factor)
    if slopes is None:  # the set goes on along a line, and has one point on each: it is a graph over all the others
        return (int(not bounded), *(0,) * (d - 1))
    found = cut_betti_numbers(cells, slopes, is_level=is_level, bounded=bounded)
    return tuple((found + [0] * d)[:d])


def _function(network: Network, output: int | None, value: float | None, between: tuple[int, int] | None) -> Network:
    """The function whose zeros are meant."""
    if between is None:
        return scalar.output_minus(network, 0 if output is None else output, 0.5 if value is None else value)
    if output is not None or value is not None:
        raise OptionError(
            "`between` compares two outputs with each other, so no `output` and no `value` go with it. Leave those out."
        )
    chosen = validate.sequence(between, name="`between`")
    if len(chosen) != 2:
        raise OptionError(
            f"`between` should be a pair of two outputs, for example `between=(0, 1)`, but has {len(chosen)} entries."
        )
    return scalar.difference(network, *chosen)


# ------------------------------------------------------------------------------------------------------ with a mesh


def _counted(cells: CellComplex, signs: Signs, is_level: bool, bounded: bool) -> tuple[int, ...]:
    """Betti numbers in the plane or in space, of a bounded domain."""
    low, high = [signs], [signs]
    for one in cells.sides:
        low.append(one.lowest(low[-1]))
        high.append(one.highest(high[-1]))
    labels = _components(cells, low, high, is_level)
    is_in = _members(low, high, is_level)
    dropped = np.zeros(max(int(part.max(initial=-1)) for part in labels) + 1, dtype=bool)
    if bounded:
        for dim in (0, 1):
            reached = labels[dim][cells.outer[dim] & (labels[dim] >= 0)]
            dropped[reached] = True
    chi = 0
    for dim, (label, members) in enumerate(zip(labels, is_in, strict=True)):
        for shift, member in members:
            chi += (1 - 2 * ((dim - shift) % 2)) * int((~dropped[label[member]]).sum())
    used = np.unique(np.concatenate([labels[dim][member] for dim in (0, 1) for _, member in is_in[dim]]))
    b0 = int((~dropped[used]).sum())
    if cells.dim == 2:
        return b0, b0 - chi
    cavities = _cavities(cells, low, high, is_level, labels[1], dropped)
    return b0, b0 + cavities - chi, cavities


def _members(low: list[Signs], high: list[Signs], is_level: bool) -> list[list[tuple[int, Bools]]]:
    """For each dimension of cells, which of them hold a cell of the set, and how many dimensions less that has."""
    if is_level:
        return [
            [(0, (one == 0) & (other == 0)), (1, (one < 0) & (other > 0))] for one, other in zip(low, high, strict=True)
        ]
    return [[(0, other <= 0)] for other in high]


def _components(cells: CellComplex, low: list[Signs], high: list[Signs], is_level: bool) -> list[Ints]:
    """A number for the component that each cell meets, -1 where it meets none; edges that only touch it have it, too.

    Nodes of the graph are points and edges, for a level set also polygons, through which it runs from edge to edge.
    """
    n_points, (n_edges, n_polygons) = cells.n_points, cells.sizes[1:3]
    ends = cells.ends
    is_point = low[0] == 0 if is_level else low[0] <= 0
    along = is_point[ends].all(axis=1)
    first, second = ends[along].T
    n = n_points
    mixed = np.zeros(n_edges, dtype=bool)
    if is_level:
        mixed = (low[1] < 0) & (high[1] > 0)
        polygon, edge = list_of(cells.sides[1].indptr), cells.sides[1].cells
        inside = ((low[2] < 0) & (high[2] > 0))[polygon]
        polygon, edge = polygon[inside], edge[inside]
        through = mixed[edge]
        corner = ends[edge].T
        at_corner = [is_point[one] for one in corner]
        node = n_points + n_edges + polygon
        first = np.concatenate([first, node[through], *(node[at] for at in at_corner)])
        second = np.concatenate(
            [second, n_points + edge[through], *(one[at] for one, at in zip(corner, at_corner, strict=True))]
        )
        n = n_points + n_edges + n_polygons
    graph = sparse.coo_array((np.ones(len(first), dtype=bool), (first, second)), shape=(n, n))
    number = csgraph.connected_components(graph, directed=False)[1].astype(np.int64)
    labels = [np.where(is_point, number[:n_points], -1)]
    touched = labels[0][ends].max(axis=1)
    labels.append(np.where(mixed, number[n_points : n_points + n_edges], touched) if is_level else touched)
    for one in cells.sides[1:]:
        labels.append(one.highest(labels[-1]))
    return labels


def _cavities(
    cells: CellComplex, low: list[Signs], high: list[Signs], is_level: bool, edge_labels: Ints, dropped: Bools
) -> int:
    """Bounded parts of the complement in space, to which components that are dropped belong."""
    n_regions, beside = cells.sizes[3], cells.beside
    inner = beside[:, 1] >= 0
    outside = 2 * n_regions
    parts = [(0, [one > 0 for one in high])]
    if is_level:
        parts.append((n_regions, [one < 0 for one in low]))
    pairs, present = [], [np.array([outside])]
    for start, there in parts:
        pairs.append(beside[inner & there[2]] + start)
        at_wall = beside[~inner & there[2], 0] + start
        pairs.append(np.column_stack([at_wall, np.full(len(at_wall), outside)]))
        present.append(np.flatnonzero(there[3]) + start)
    if dropped.any():
        labels = np.flatnonzero(dropped)
        pairs.append(np.column_stack([outside + 1 + labels, np.full(len(labels), outside)]))
        indptr, edge = cells.sides[1]
        of_edge = edge_labels[edge]
        touched = (of_edge >= 0) & dropped[of_edge]
        polygon, label = list_of(indptr)[touched], outside + 1 + of_edge[touched]
        for region in beside[polygon].T:
            for start, there in parts:
                known = (region >= 0) & there[3][region]
                pairs.append(np.column_stack([region[known] + start, label[known]]))
    n = outside + 1 + len(dropped)
    first, second = np.concatenate(pairs).T
    graph = sparse.coo_array((np.ones(len(first), dtype=bool), (first, second)), shape=(n, n))
    number = csgraph.connected_components(graph, directed=False)[1]
    return len(np.unique(number[np.concatenate(present)])) - 1


# ------------------------------------------------------------------------------------------------------- elsewhere


def _signs(partition: Partition, function: Network, generators: CornersAndRays, factor: int) -> NDArray[np.int8] | None:
    """Signs at points, and of slopes along directions; None if the function changes along a line of the complex."""
    source, bits = ExactRows(function), partition.patterns()
    row = source.rows(len(function.layers), bits[0])[0]
    if any(_at(row, line) != 0 for line in generators.lines):
        return None
    signs = np.zeros(len(generators.vectors), dtype=np.int8)
    for i in np.argsort(generators.regions, kind="stable").tolist():
        row = source.rows(len(function.layers), bits[generators.regions[i]])[0]
        signs[i] = factor * sign(_at(row, generators.vectors[i]))
    return signs


def _at(row: Sequence[fmpz], vector: Sequence[int]) -> fmpz:
    """The value of a row at a vector."""
    return sum((a * v for a, v in zip(row, vector, strict=True)), fmpz(0))

"""Where an output has critical points, and of which kind: minima, saddles, maxima of a piecewise-linear function."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays.ragged import list_of
from polytope_lens._deferred import csgraph, sparse
from polytope_lens._places import POINTS
from polytope_lens.flat_domain import asked_on_flat
from polytope_lens.function.corner_order import ordered_cells
from polytope_lens.polyhedral_complex.face_lattice import MAX_REGIONS
from polytope_lens.polyhedral_complex.homology import BoundaryMaps, betti_numbers

if TYPE_CHECKING:
    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.function.corner_order import OrderedCells
    from polytope_lens.partition.partition import Partition


@dataclass(frozen=True, slots=True, eq=False)
class CriticalCells:
    """Where the topology of the sets where an output is at most a value changes, and how.

    Each entry is a corner, or a connected union of cells on which the output is constant.

    Parameters
    ----------
    values : (n,) array
        The output there; rounded. Ascending.
    points : (n, d) array
        One of its corners; rounded.
    dims : (n,) int array
        0 for a corner, otherwise the greatest dimension of the cells that it consists of.
    ranks : (n, d + 1) int array
        Entry k: how many classes in dimension k are born, or in dimension k - 1 die, when the value is reached: rank of
        the homology of the set at most the value, near there, relative to the set below. A minimum that is a point has
        (1, 0, 0), a saddle (0, 1, 0), a maximum (0, 0, 1); several numbers may be positive, and others than 0 and 1.
    on_boundary : (n,) bool array
        Whether it meets the boundary of the domain, where the domain's end makes a corner critical, too.
    """

    values: Floats
    points: Floats = field(metadata=POINTS)
    dims: Ints
    ranks: Ints
    on_boundary: Bools

    def __post_init__(self) -> None:
        for name in self.__slots__:
            getattr(self, name).flags.writeable = False

    def __len__(self) -> int:
        return len(self.values)

    @property
    def totals(self) -> Ints:
        """All ranks added up, (d + 1,); their alternating sum is 1, Euler's number of the domain."""
        return np.asarray(self.ranks.sum(axis=0))

    def __repr__(self) -> str:
        return f"CriticalCells({len(self)} critical cells, ranks {self.totals.tolist()} by dimension)"


@asked_on_flat
def critical_cells(partition: Partition, output: int = 0, *, max_regions: int = MAX_REGIONS) -> CriticalCells:
    """Corners and flat cells at which the sets where an output is at most a value change their topology; exact.

    Parameters
    ----------
    partition : Partition
        Of a bounded domain.
    output : int
        Which one; negative ones count from the last.
    max_regions : int
        More regions than this are refused where there is no mesh.

    Raises
    ------
    UnboundedPolytopeError, PartialPartitionError, OptionError

    Notes
    -----
    A flat cell is one on which the output is constant, corners included; those that touch are taken together. When a
    value is reached, the cells that have their highest corners in such a union come, its lower star, and the change is
    the homology of the lower star relative to what is below. At a single corner, in the plane and in space, it follows
    from the numbers of cells and the components of the lower link; elsewhere it is computed from boundary matrices
    (Grigsby, Lindsey and Masden 2022, *Local and global topological complexity measures of ReLU neural network
    functions*, call a cell critical in this sense). Which values are equal is decided exactly.
    Cost: that of `ordered_cells`, and tens of microseconds for each flat cell.

    Examples
    --------
    ``|x| - |y|`` has a saddle in the middle; along the boundary of the square there are two minima and two maxima:

    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, -1]]], [[0, 0], [0]], negative_slope=-1.0)
    >>> found = lens.partition(Box([-1, -1], [1, 1])).function.critical_cells()
    >>> found
    CriticalCells(3 critical cells, ranks [2, 1, 0] by dimension)
    >>> found.values, found.points[2], found.ranks[2]
    (array([-1., -1.,  0.]), array([0., 0.]), array([0, 1, 0]))
    """
    found = ordered_cells(partition, output, max_regions=max_regions, purpose="`critical_cells`")
    highest = found.highest()
    unions, labels = _stars(found, highest)
    n = int(unions.max()) + 1
    sizes = np.array([np.bincount(label, minlength=n) for label in labels])
    lowest, flat = found.ranks, np.zeros(n, dtype=np.int64)
    for dim, one in enumerate(found.cells.sides, start=1):
        lowest = one.lowest(lowest)
        flat[labels[dim][lowest == highest[dim]]] = dim
    ranks = np.zeros((n, found.cells.dim + 1), dtype=np.int64)
    by_links = np.zeros(n, dtype=bool)
    if found.cells.dim in (2, 3):
        by_links = flat == 0
        ranks[by_links] = _by_links(found, labels, sizes)[by_links]
    _by_matrices(found, labels, np.flatnonzero(~by_links), ranks)
    critical = np.flatnonzero(ranks.any(axis=1))
    corner = np.zeros(n, dtype=np.int64)
    corner[unions[::-1]] = np.arange(len(unions))[::-1]
    on_boundary = np.zeros(n, dtype=bool)
    on_boundary[unions[found.cells.outer[0]]] = True
    critical = critical[np.lexsort((corner[critical], found.ranks[corner[critical]]))]
    at = corner[critical]
    return CriticalCells(found.values[at], found.points[at], flat[critical], ranks[critical], on_boundary[critical])


def _stars(found: OrderedCells, highest: list[Ints]) -> tuple[Ints, list[Ints]]:
    """A number for the union of flat cells that each corner is in, and for each cell that of the star that it is in."""
    ends, n = found.cells.ends, len(found.ranks)
    flat = found.ranks[ends[:, 0]] == found.ranks[ends[:, 1]]
    first, second = ends[flat].T
    graph = sparse.coo_array((np.ones(len(first), dtype=bool), (first, second)), shape=(n, n))
    unions = csgraph.connected_components(graph, directed=False)[1].astype(np.int64)
    labels, count = [unions], int(unions.max()) + 1
    for dim, one in enumerate(found.cells.sides, start=1):
        # The union of the side that reaches highest.
        labels.append(one.highest(highest[dim - 1] * count + labels[-1]) % count)
    return unions, labels


def _by_links(found: OrderedCells, labels: list[Ints], sizes: Ints) -> Ints:
    """Ranks at single corners in the plane or in space, (n, d + 1), from the components of their lower links.

    The lower link is a part of a circle or of a sphere: its Euler number tells the rest. It is all of the sphere if it
    is connected and has Euler number 2.
    """
    d, n = found.cells.dim, sizes.shape[1]
    polygon, edge = list_of(found.cells.sides[1].indptr), found.cells.sides[1].cells
    same = labels[2][polygon] == labels[1][edge]
    n_edges = len(labels[1])
    rows, columns = edge[same], n_edges + polygon[same]
    n_nodes = n_edges + len(labels[2])
    graph = sparse.coo_array((np.ones(len(rows), dtype=bool), (rows, columns)), shape=(n_nodes, n_nodes))
    component = csgraph.connected_components(graph, directed=False)[1][:n_edges]
    _, one = np.unique(component, return_index=True)
    parts = np.bincount(labels[1][one], minlength=n)
    euler = sizes[1] - sizes[2] + (sizes[3] if d == 3 else 0)
    ranks = np.zeros((n, d + 1), dtype=np.int64)
    is_lowest = parts == 0
    ranks[:, 0] = is_lowest
    ranks[:, 1] = np.where(is_lowest, 0, parts - 1)
    filled = ((parts == 1) & (euler == 2)).astype(np.int64) if d == 3 else 0
    ranks[:, 2] = np.where(is_lowest, 0, parts + filled - euler)
    if d == 3:
        ranks[:, 3] = filled
    return ranks


def _by_matrices(found: OrderedCells, labels: list[Ints], chosen: Ints, ranks: Ints) -> None:
    """Ranks of some stars, from their boundary matrices relative to what is below."""
    if not len(chosen):
        return
    boundaries = BoundaryMaps([list(one.of_cells()) for one in found.cells.sides])
    members: dict[int, list[list[int]]] = {union: [[] for _ in labels] for union in chosen.tolist()}
    wanted = np.zeros(ranks.shape[0], dtype=bool)
    wanted[chosen] = True
    for dim, label in enumerate(labels):
        for cell in np.flatnonzero(wanted[label]).tolist():
            members[int(label[cell])][dim].append(cell)
    for union, cells in members.items():
        ranks[union] = betti_numbers(boundaries, cells)

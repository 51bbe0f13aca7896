"""Persistent homology of an output: at which values components, holes and cavities of its sublevel sets come and go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._compiled.jit import jit
from polytope_lens.flat_domain import asked_on_flat
from polytope_lens.function.corner_order import ordered_cells
from polytope_lens.polyhedral_complex.face_lattice import MAX_REGIONS
from polytope_lens.polyhedral_complex.homology import BoundaryMaps, pairs

if TYPE_CHECKING:
    from polytope_lens._types import Floats, Ints
    from polytope_lens.partition.partition import Partition
    from polytope_lens.polyhedral_complex.cell_complex import CellComplex


@dataclass(frozen=True, slots=True, eq=False)
class Persistence:
    """At which values classes of homology of the sets where an output is at most a value are born, and die.

    Parameters
    ----------
    dims : (n,) int array
        0 for components, 1 for loops, 2 for cavities, and so on; ascending.
    births, deaths : (n,) arrays
        Values of the output at corners; rounded. The domain itself is a component that never dies: inf. For sets where
        the output is at least a value, births are greater than deaths, and that one dies at -inf.
    """

    dims: Ints
    births: Floats
    deaths: Floats

    def __post_init__(self) -> None:
        for name in self.__slots__:
            getattr(self, name).flags.writeable = False

    def __len__(self) -> int:
        return len(self.dims)

    def of(self, dim: int) -> Floats:
        """Births and deaths in one dimension, (n, 2), those that live longest first."""
        chosen = self.dims == dim
        return np.column_stack([self.births[chosen], self.deaths[chosen]])

    def __repr__(self) -> str:
        return f"Persistence({np.bincount(self.dims).tolist()} classes by dimension)"


@asked_on_flat
def persistence(
    partition: Partition,
    output: int = 0,
    *,
    side: Literal["sub", "super"] = "sub",
    max_regions: int = MAX_REGIONS,
) -> Persistence:
    """When components, holes and cavities come and go as the set where an output is at most a value grows.

    Parameters
    ----------
    partition : Partition
        Of a bounded domain.
    output : int
        Which one; negative ones count from the last.
    side : {"sub", "super"}
        Whether the sets are those where the output is at most a value that ascends, or at least one that descends.
    max_regions : int
        More regions than this are refused where there is no mesh.

    Raises
    ------
    UnboundedPolytopeError, PartialPartitionError, OptionError

    Notes
    -----
    The set where an affine function is at most a value retracts, on each cell, to the faces that have no corner above.
    So cells come in the order of their highest corners (the lower-star filtration), and which cells cancel which is
    found with rational coefficients. Exact: corners are ordered exactly, see `ordered_cells`, and pairs of
    cells that come at the same value are left out; only the values are rounded.

    With a mesh, components are those of the graph of corners and edges, and what is born in facets and dies in regions
    those of the graph of regions and facets, from the last one back (Edelsbrunner and Harer 2010, *Computational
    topology*, section V.4), each in one pass; loops in space, and all dimensions where there is no mesh, by reducing
    boundary matrices.
    Cost: that of `ordered_cells`, and microseconds for each cell, in space some ten or more for each face;
    elsewhere that of `faces`.

    Examples
    --------
    ``| |x| + |y| - 1/2 |`` has a minimum all along a square and a maximum in its middle:

    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]], [[1]]], [[0, 0], [-0.5], [0]], negative_slope=-1.0)
    >>> found = lens.partition(Box([-1, -1], [1, 1])).function.persistence()
    >>> found
    Persistence([1, 1] classes by dimension)
    >>> found.of(0).tolist(), found.of(1).tolist()
    ([[0.0, inf]], [[0.0, 0.5]])
    """
    validate.option(side, name="`side`", allowed=("sub", "super"))
    found = ordered_cells(partition, output, max_regions=max_regions, purpose="`persistence`")
    sign = 1 if side == "sub" else -1
    cells, ranks = found.cells, found._replace(ranks=sign * found.ranks).highest()
    made = _graph_pairs(cells, ranks) if partition.mesh is not None else _all_pairs(cells, ranks)
    value_of = dict(zip((sign * found.ranks).tolist(), found.values.tolist(), strict=True))
    rows = [
        (dim, value_of[birth], value_of[death])
        for dim, of_dim in enumerate(made)
        for birth, death in zip(ranks[dim][of_dim[:, 0]].tolist(), ranks[dim + 1][of_dim[:, 1]].tolist(), strict=True)
        if birth != death
    ]
    first = value_of[int(ranks[0].min())]
    rows.append((0, first, sign * np.inf))
    rows.sort(key=lambda row: (row[0], -abs(row[2] - row[1]), sign * row[1]))
    dims, births, deaths = zip(*rows, strict=True)
    return Persistence(np.array(dims, dtype=np.int64), np.array(births), np.array(deaths))


def _orders(ranks: list[Ints]) -> list[Ints]:
    """Cells of each dimension in the order in which they come."""
    return [np.argsort(rank, kind="stable") for rank in ranks]


def _all_pairs(cells: CellComplex, ranks: list[Ints]) -> list[Ints]:
    boundaries = BoundaryMaps([list(one.of_cells()) for one in cells.sides])
    made = pairs(boundaries, [order.tolist() for order in _orders(ranks)])
    return [np.array(of_dim, dtype=np.int64).reshape(-1, 2) for of_dim in made[:-1]]


def _graph_pairs(cells: CellComplex, ranks: list[Ints]) -> list[Ints]:
    """The same in the plane and in space."""
    orders = _orders(ranks)
    low = _elder(orders[0], orders[1], cells.ends)
    # Around all regions is one that comes last; it is met first on the way back.
    n_regions, beside = cells.sizes[-1], cells.beside
    ends = np.where(beside < 0, n_regions, beside)
    high = _elder(np.append(n_regions, orders[-1][::-1]), orders[-2][::-1].copy(), ends)
    made = [low[:, ::-1], high]
    if cells.dim == 3:
        skipped = [set(), set(low[:, 0].tolist()), set(high[:, 0].tolist()), set()]
        boundaries = BoundaryMaps([list(one.of_cells()) for one in cells.sides[:2]])
        inner = pairs(boundaries, [[], orders[1].tolist(), orders[2].tolist(), []], skipped)[1]
        made.insert(1, np.array(inner, dtype=np.int64).reshape(-1, 2))
    return made


def _elder(nodes: Ints, links: Ints, ends: Ints) -> Ints:
    """Links that join two components of a graph, in the order in which they come, each with the younger one's node."""
    age = np.empty(len(nodes), dtype=np.int64)
    age[nodes] = np.arange(len(nodes))
    younger = np.full(len(links), -1)
    _join(links, np.ascontiguousarray(ends, dtype=np.int64), age, np.arange(len(nodes)), younger)
    joins = younger >= 0
    return np.column_stack([links[joins], younger[joins]])


@jit
def _join(links: Ints, ends: Ints, age: Ints, parent: Ints, younger: Ints) -> None:  # pragma: no cover - compiled
    """For each link, the oldest node of the younger of the two components that it joins; -1 if it joins none."""
    for i in range(links.shape[0]):
        one, other = ends[links[i], 0], ends[links[i], 1]
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        while parent[other] != other:
            parent[other] = parent[parent[other]]
            other = parent[other]
        if one == other:
            continue
        if age[one] < age[other]:
            one, other = other, one
        parent[one] = other
        younger[i] = one

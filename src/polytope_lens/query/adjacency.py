"""Which regions of a partition share a facet, and whose facets these are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from polytope_lens.errors import ConsistencyError, Status
from polytope_lens.exact.rational import integer_matrix
from polytope_lens.exact.rows import ExactRows, cell_rows
from polytope_lens.mesh import following
from polytope_lens.network import bit_places
from polytope_lens.query.inequalities import DOMAIN
from polytope_lens.query.sides import Sides, Walls, sides, walls

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flint import fmpz
    from numpy.typing import NDArray

    from polytope_lens.mesh import PlanarMesh
    from polytope_lens.partition import Partition

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

REPORT = "This is a defect of polytope_lens: please report the network and the domain."


@dataclass(frozen=True, slots=True, eq=False)
class Facets:
    """Every facet of a partition, each once.

    Parameters
    ----------
    regions : (n_facets, 2) int array
        The regions on its two sides, the smaller index first. The second is -1 where the facet lies on the boundary of
        the domain, and in a partition that is not complete also where the region across is not listed. Rows ascend.
    indptr : (n_facets + 1,) int array
        Facet i has the owners ``indptr[i]:indptr[i + 1]`` of the two arrays below.
    layer, neuron : int arrays
        All neurons whose hyperplane, in either region, holds the facet: row `neuron` of
        ``network.layers[layer].weight``, counted from 0. Layer -1 is the domain, and `neuron` then the number of the
        domain's row. The owners of a facet ascend, so that the first tells whether it is the domain's.
    """

    regions: Ints
    indptr: Ints
    layer: Ints
    neuron: Ints

    def __post_init__(self) -> None:
        for name in self.__slots__:
            getattr(self, name).flags.writeable = False

    def __len__(self) -> int:
        return len(self.regions)

    def owners(self, index: int) -> list[tuple[int, int]]:
        """Layer and neuron of each owner of a facet."""
        index = range(len(self))[index]
        at = slice(self.indptr[index], self.indptr[index + 1])
        return list(zip(self.layer[at].tolist(), self.neuron[at].tolist(), strict=True))

    def of(self, region: int) -> Ints:
        """Indices of the facets of a region, ascending; one pass over all facets."""
        return np.flatnonzero((self.regions == region).any(axis=1)) if region >= 0 else np.zeros(0, dtype=np.int64)

    def between(self, i: int, j: int) -> int | None:
        """Index of the facet that two regions share, or None; a binary search.

        There is one at most, as regions are convex.

        Examples
        --------
        >>> from polytope_lens import Lens
        >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
        >>> found = lens.partition().facets()
        >>> found.between(3, 1), found.owners(2), found.between(0, 3)
        (2, [(0, 0)], None)
        """
        low, high = min(i, j), max(i, j)
        if low < 0:
            return None
        start, stop = np.searchsorted(self.regions[:, 0], [low, low + 1])
        at = int(start) + np.flatnonzero(self.regions[start:stop, 1] == high)
        return int(at[0]) if len(at) else None

    def __repr__(self) -> str:
        inner = int((self.regions[:, 1] >= 0).sum())
        return f"Facets({len(self)} facets, {inner} of them between two regions)"


def facets(partition: Partition) -> Facets:
    """Every facet of a partition with the regions on its sides and its owners.

    Raises
    ------
    ConsistencyError
        Two regions disagree about a facet, or a complete partition does not list a neighbour.

    Notes
    -----
    Exact, degenerate networks included: no facet is found by flipping a bit. In a bounded domain of the plane, facets
    are the edges of the mesh. Elsewhere each row of each region is proved to be a facet or to be implied, in floats or
    else in rational arithmetic. If a point of a facet is proved to lie on no other neuron's hyperplane, and no
    pre-activation vanishes on the region, then exactly one bit changes there; otherwise the pattern on the other side
    is computed layer by layer in integer arithmetic.
    Cost: a microsecond for each edge of a mesh, and milliseconds for each edge with several owners; elsewhere 1 to 10
    microseconds for each row of each region, and milliseconds for each region with ties.

    Examples
    --------
    Of the 5 pairs of regions whose patterns differ in one bit, 4 are adjacent:

    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1], [-1]], [[3, 1]], [[1]]], [[0, 10], [-11], [0]])
    >>> found = lens.partition().facets()
    >>> found
    Facets(4 facets, 4 of them between two regions)
    >>> [(pair, found.owners(i)) for i, pair in enumerate(found.regions.tolist())]
    [([0, 1], [(1, 0)]), ([0, 3], [(0, 0)]), ([2, 4], [(0, 1)]), ([3, 4], [(1, 0)])]
    """
    if partition.mesh is not None:
        pairs, entries = _edges(partition, partition.mesh)
        return _named(partition, pairs, *_edge_owners(partition, partition.mesh, entries))
    return _named(partition, *_joined(sides(partition, np.arange(len(partition)))))


def adjacency(partition: Partition) -> sparse.csr_array:
    """Which regions share a facet, (n_regions, n_regions) bool, symmetric; exact; see :func:`facets`.

    Examples
    --------
    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1], [1], [1]], [[1, 1, 1]]], [[0, -1, -2], [0]])
    >>> lens.partition().adjacency().toarray().astype(int)
    array([[0, 1, 0, 0],
           [1, 0, 1, 0],
           [0, 1, 0, 1],
           [0, 0, 1, 0]])
    """
    if partition.mesh is not None:
        pairs, _ = _edges(partition, partition.mesh)
    else:
        pairs, _, _ = _joined(sides(partition, np.arange(len(partition))))
    first, second = pairs[pairs[:, 1] >= 0].T
    n = len(partition)
    rows, columns = np.concatenate([first, second]), np.concatenate([second, first])
    return sparse.csr_array((np.ones(len(rows), dtype=bool), (rows, columns)), shape=(n, n))


def neighbor_pairs(partition: Partition, wanted: Ints) -> Ints:
    """Pairs of regions that share a facet, (n, 2), at least all those among the wanted ones; exact."""
    if partition.mesh is not None:
        pairs, _ = _edges(partition, partition.mesh)
        return pairs[pairs[:, 1] >= 0]
    found = sides(partition, wanted)
    pairs = np.column_stack([found.region, found.across])
    return np.unique(np.sort(pairs[found.across >= 0], axis=1), axis=0)


def _joined(found: Sides) -> tuple[Ints, Ints, Ints]:
    """Facets seen from both sides put together: regions (n, 2), and their owners as ragged arrays."""
    inner = found.across >= 0
    low = np.where(inner, np.minimum(found.region, found.across), found.region)
    high = np.where(inner, np.maximum(found.region, found.across), -1)
    order = np.lexsort((found.region, high, low))
    outer, order = order[~inner[order]], order[inner[order]]
    one, other = order[::2], order[1::2]
    sizes = np.diff(found.indptr)
    matches = len(one) == len(other) and bool(
        (low[one] == low[other]).all()
        and (high[one] == high[other]).all()
        and (found.region[one] == low[one]).all()
        and (found.region[other] == high[other]).all()
        and (sizes[one] == sizes[other]).all()
        and (found.owner[_entries(found.indptr, one)] == found.owner[_entries(found.indptr, other)]).all()
    )
    if not matches:
        raise ConsistencyError(f"a facet is not the same from both of its sides. {REPORT}")
    kept = np.concatenate([one, outer])
    indptr = np.concatenate([[0], np.cumsum(sizes[kept])])
    return np.column_stack([low, high])[kept], indptr, found.owner[_entries(found.indptr, kept)]


def _edges(partition: Partition, mesh: PlanarMesh) -> tuple[Ints, Ints]:
    """Regions on the two sides of each edge of a mesh, (n, 2), and the entries of the mesh that are that edge."""
    n = len(mesh.corners)
    region = np.repeat(np.arange(len(mesh.indptr) - 1), np.diff(mesh.indptr))
    start, end = mesh.corners, mesh.corners[following(mesh.indptr)]
    low, high = np.minimum(start, end), np.maximum(start, end)
    order = np.lexsort((region, high, low))
    same = (low[order[1:]] == low[order[:-1]]) & (high[order[1:]] == high[order[:-1]])
    twin = np.full(n, -1)
    twin[order[:-1][same]], twin[order[1:][same]] = order[1:][same], order[:-1][same]
    paired = twin >= 0
    at = np.flatnonzero(paired)
    alone = ~paired & (mesh.owners >= 0)
    if (
        (paired & (mesh.owners < 0)).any()
        or (alone.any() and partition.status is Status.COMPLETE)
        or (twin[twin[at]] != at).any()
        or (start[at] != end[twin[at]]).any()
        or (region[at] == region[twin[at]]).any()
    ):
        raise ConsistencyError(
            f"an edge of the mesh does not join two regions, and is not the domain's either. {REPORT}"
        )
    first = np.flatnonzero(~paired | (region < region[twin]))
    entries = np.column_stack([first, twin[first]])
    return np.where(entries >= 0, region[entries], -1), entries


def _edge_owners(partition: Partition, mesh: PlanarMesh, entries: Ints) -> tuple[Ints, Ints]:
    """All owners of each edge, as ragged arrays: that of the mesh, and exact ones where it says that there are more."""
    around = walls(partition.domain, 2)
    n_sides = 0 if partition.domain is None else len(partition.domain.b)
    alike = {row: owners for owners in around.owners for row in owners}
    code = np.where(mesh.owners < 0, -1 - mesh.owners - n_sides, mesh.owners)
    one, other = entries.T
    crowded = mesh.crowded[one] | ((other >= 0) & mesh.crowded[other])
    if ((other >= 0) & ~crowded & (code[one] != code[other])).any():
        raise ConsistencyError(f"an edge of the mesh has different owners on its two sides. {REPORT}")
    further = _crowded_owners(partition, mesh, code, around)
    sizes = np.ones(len(entries), dtype=np.int64)
    lists: dict[int, list[int]] = {}
    for i in np.flatnonzero(crowded | (code[one] < 0)).tolist():
        found: set[int] = set()
        for entry in entries[i].tolist():
            if entry >= 0:
                found.update(further.get(entry, [int(code[entry])]))
                found.update(alike.get(int(code[entry]), []))
        lists[i] = sorted(found)
        sizes[i] = len(found)
    indptr = np.concatenate([[0], np.cumsum(sizes)])
    owner = np.repeat(code[one], sizes)
    for i, members in lists.items():
        owner[indptr[i] : indptr[i + 1]] = members
    return indptr, owner


def _crowded_owners(partition: Partition, mesh: PlanarMesh, code: Ints, around: Walls) -> dict[int, list[int]]:
    """For each crowded entry of a mesh, the neurons that vanish on that edge but not on the region; exact."""
    network, bits = partition.network, partition.bits()
    source = ExactRows(network, integer_matrix(np.eye(3)))
    sides_of = {row: exact for exact, owners in zip(around.exact, around.owners, strict=True) for row in owners}
    found: dict[int, list[int]] = {}
    at = np.flatnonzero(mesh.crowded)
    for entry, region in zip(at.tolist(), (np.searchsorted(mesh.indptr, at, side="right") - 1).tolist(), strict=True):
        rows = cell_rows(network, source, bits[region])
        owner = int(code[entry])
        line = sides_of[owner] if owner < 0 else rows[owner]
        found[entry] = [bit for bit, row in enumerate(rows) if _is_multiple(row, line)]
    return found


def _is_multiple(row: Sequence[fmpz], line: Sequence[fmpz]) -> bool:
    """Whether a row is a multiple of a line's, other than zero."""
    k = next(i for i, v in enumerate(line) if v)
    return bool(row[k]) and all(v * line[k] == w * row[k] for v, w in zip(row, line, strict=True))


def _entries(indptr: Ints, order: Ints) -> Ints:
    """Indices of the entries of some lists of a ragged array, one list after the other."""
    sizes = np.diff(indptr)[order]
    starts = np.cumsum(sizes) - sizes
    return np.repeat(indptr[:-1][order] - starts, sizes) + np.arange(int(sizes.sum()))


def _named(partition: Partition, pairs: Ints, indptr: Ints, owner: Ints) -> Facets:
    """Facets in ascending order, their owners as layers and neurons."""
    network, domain = partition.network, partition.domain
    order = np.lexsort((owner[indptr[:-1]], pairs[:, 1], pairs[:, 0]))
    owner = owner[_entries(indptr, order)]
    # Sides of the domain have negative numbers, which index from the end.
    of_domain = [(DOMAIN, row) for row in range(0 if domain is None else len(domain.b))]
    names = np.array([*bit_places(network), *of_domain], dtype=np.int64).reshape(-1, 2)[owner]
    sizes = np.diff(indptr)[order]
    return Facets(pairs[order], np.concatenate([[0], np.cumsum(sizes)]), names[:, 0].copy(), names[:, 1].copy())

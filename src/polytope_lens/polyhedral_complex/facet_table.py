"""Which regions of a partition share a facet, and whose facets these are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens._arrays.ragged import entries, following, list_of, starts
from polytope_lens._deferred import sparse
from polytope_lens._places import LAYERS
from polytope_lens.cells.inequalities import DOMAIN
from polytope_lens.cells.region_facets import domain_sides
from polytope_lens.errors import REPORT, ConsistencyError, Status
from polytope_lens.exact.rows import ExactRows, cell_rows
from polytope_lens.flat_domain import asked_on_flat
from polytope_lens.mesh.planar_mesh import PlanarMesh
from polytope_lens.mesh.polyhedral_mesh import face_areas
from polytope_lens.network.network import bit_places
from polytope_lens.polyhedral_complex import one_bit_neighbors
from polytope_lens.polyhedral_complex.one_sided_facets import RegionFacets, region_facets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flint import fmpz

    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.mesh.polyhedral_mesh import PolyhedralMesh
    from polytope_lens.partition.partition import Partition


# The neighbours of more than one in so many regions are looked for among those of all.
MANY = 8


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
    layer: Ints = field(metadata=LAYERS)
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
        >>> found = lens.partition().complex.facets()
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


@asked_on_flat
def facets(partition: Partition) -> Facets:
    """Every facet of a partition with the regions on its sides and its owners.

    Parameters
    ----------
    partition : Partition

    Raises
    ------
    ConsistencyError
        Two regions disagree about a facet, or a region lies across that a complete partition does not list.

    Notes
    -----
    Exact, degenerate networks included. In bounded domains of the plane and of space, facets are the edges or faces of
    the mesh. Elsewhere, in a complete partition, most of those between two regions are found by patterns that differ in
    one bit, and proved by a point that lies on no other neuron's hyperplane (`one_bit_neighbors`). Each of the
    other rows that may be facets is proved to be one or to be implied, in floats or else in rational arithmetic. Where
    several neurons may own a facet, or one vanishes on a region, the pattern across is computed layer by layer in
    integer arithmetic, and both sides are compared.
    Cost: a microsecond for each edge or face of a mesh, and milliseconds for each with several owners; elsewhere three
    to five times that of the partition, for each facet on a side of a box about what a region takes, in other domains
    some microseconds for each side and region, and milliseconds for each region with ties; in a partition that is not
    complete 1 to 10 microseconds for each row of each region.

    Examples
    --------
    Of the 5 pairs of regions whose patterns differ in one bit, 4 are adjacent:

    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1], [-1]], [[3, 1]], [[1]]], [[0, 10], [-11], [0]])
    >>> found = lens.partition().complex.facets()
    >>> found
    Facets(4 facets, 4 of them between two regions)
    >>> [(pair, found.owners(i)) for i, pair in enumerate(found.regions.tolist())]
    [([0, 1], [(1, 0)]), ([0, 3], [(0, 0)]), ([2, 4], [(0, 1)]), ([3, 4], [(1, 0)])]
    """
    if partition.mesh is None:
        if one_bit_neighbors.pays(partition):
            return _named(partition, *one_bit_neighbors.facets(partition))
        return _named(partition, *_joined(region_facets(partition, np.arange(len(partition)))))
    shared = shared_facets(partition, partition.mesh)
    return _named(partition, shared.regions, *all_owners(partition, shared))


@asked_on_flat
def adjacency(partition: Partition) -> sparse.csr_array:
    """Which regions share a facet, (n_regions, n_regions) bool, symmetric; exact; see `facets`.

    Parameters
    ----------
    partition : Partition

    Notes
    -----
    Cost: with a mesh, that of its edges or faces. Without one, some two to three times that of the partition, for most
    neighbours in a complete one are found by their patterns (`one_bit_neighbors`).

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
    pairs = _mesh_pairs(partition)
    if pairs is None and one_bit_neighbors.pays(partition):
        pairs = one_bit_neighbors.pairs(partition)
    elif pairs is None:
        pairs, _, _ = _joined(region_facets(partition, np.arange(len(partition))))
    first, second = pairs[pairs[:, 1] >= 0].T
    n = len(partition)
    rows, columns = np.concatenate([first, second]), np.concatenate([second, first])
    return sparse.csr_array((np.ones(len(rows), dtype=bool), (rows, columns)), shape=(n, n))


def facet_counts(partition: Partition) -> Ints:
    """How many facets each neuron that has a bit owns, (n_neurons,), in a partition without a mesh; exact."""
    if one_bit_neighbors.pays(partition):
        return one_bit_neighbors.owner_counts(partition)
    _, _, owner = _joined(region_facets(partition, np.arange(len(partition))))
    return np.bincount(owner[owner >= 0], minlength=partition.network.n_neurons)


@asked_on_flat
def neighbor_pairs(partition: Partition, wanted: Ints) -> Ints:
    """Pairs of regions that share a facet, (n, 2), at least all those among the wanted ones; exact."""
    pairs = _mesh_pairs(partition)
    if pairs is not None:
        return pairs[pairs[:, 1] >= 0]
    if one_bit_neighbors.pays(partition) and MANY * len(wanted) > len(partition):
        return one_bit_neighbors.pairs(partition)
    found = region_facets(partition, wanted)
    pairs = np.column_stack([found.region, found.across])
    return np.unique(np.sort(pairs[found.across >= 0], axis=1), axis=0)


def _mesh_pairs(partition: Partition) -> Ints | None:
    """Regions on the two sides of each facet, (n, 2), as the mesh has them; None if there is no mesh."""
    return None if partition.mesh is None else shared_facets(partition, partition.mesh).regions


def _joined(found: RegionFacets) -> tuple[Ints, Ints, Ints]:
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
        and (found.owner[entries(found.indptr, one)] == found.owner[entries(found.indptr, other)]).all()
    )
    if not matches:
        raise ConsistencyError(f"a facet is not the same from both of its sides. {REPORT}")
    kept = np.concatenate([one, outer])
    indptr = starts(sizes[kept])
    return np.column_stack([low, high])[kept], indptr, found.owner[entries(found.indptr, kept)]


class SharedFacets(NamedTuple):
    """The facets of a mesh, each once: the edges in the plane, the faces in space.

    Parameters
    ----------
    regions : (n, 2) int array
        As in `Facets`.
    owner : (n,) int array
        A bit, or -1 - row of the domain.
    crowded : (n,) bool array
        Whether there are more owners.
    places : (n, 2) or (n,) int array
        Which entries of a planar mesh an edge is, the second one -1 if there is none; the numbers of faces in space.
    """

    regions: Ints
    owner: Ints
    crowded: Bools
    places: Ints


def shared_facets(partition: Partition, mesh: PlanarMesh | PolyhedralMesh) -> SharedFacets:
    """The facets of a partition as its mesh has them.

    Raises
    ------
    ConsistencyError
    """
    if isinstance(mesh, PlanarMesh):
        return _edges(partition, mesh)
    numbers = np.arange(len(mesh.owners))
    return SharedFacets(mesh.regions.astype(np.int64), mesh.owners.astype(np.int64), mesh.crowded, numbers)


def facet_sizes(mesh: PlanarMesh | PolyhedralMesh, shared: SharedFacets) -> Floats:
    """Lengths of edges, areas of faces, (n,); rounded."""
    return mesh.edge_lengths()[shared.places[:, 0]] if isinstance(mesh, PlanarMesh) else face_areas(mesh)


def _edges(partition: Partition, mesh: PlanarMesh) -> SharedFacets:
    n = len(mesh.corners)
    region = list_of(mesh.indptr)
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
    one = np.flatnonzero(~paired | (region < region[twin]))
    other = twin[one]
    crowded = mesh.crowded[one] | ((other >= 0) & mesh.crowded[other])
    if ((other >= 0) & ~crowded & (mesh.owners[one] != mesh.owners[other])).any():
        raise ConsistencyError(f"an edge of the mesh has different owners on its two sides. {REPORT}")
    regions = np.column_stack([region[one], np.where(other >= 0, region[other], -1)])
    return SharedFacets(regions, mesh.owners[one], crowded, np.column_stack([one, other]))


def all_owners(partition: Partition, shared: SharedFacets) -> tuple[Ints, Ints]:
    """All owners of each facet, as ragged arrays: the mesh's, and exact ones where it says that there are more."""
    network, bits = partition.network, partition.patterns()
    around = domain_sides(partition.domain, network.input_dim)
    n_sides = 0 if partition.domain is None else len(partition.domain.b)
    code = np.where(shared.owner < 0, -1 - shared.owner - n_sides, shared.owner)
    alike = {row: rows for rows in around.owners for row in rows}
    exact = {row: side for side, rows in zip(around.exact, around.owners, strict=True) for row in rows}
    source = ExactRows(network)
    sizes = np.ones(len(code), dtype=np.int64)
    lists: dict[int, list[int]] = {}
    for i in np.flatnonzero(shared.crowded | (code < 0)).tolist():
        first = int(code[i])
        found = set(alike.get(first, [first]))
        if shared.crowded[i]:
            beside = [cell_rows(network, source, bits[r]) for r in shared.regions[i].tolist() if r >= 0]
            plane = exact[first] if first < 0 else beside[0][first]
            found.update(bit for rows in beside for bit, row in enumerate(rows) if _is_multiple(row, plane))
        lists[i] = sorted(found)
        sizes[i] = len(found)
    indptr = starts(sizes)
    owner = np.repeat(code, sizes)
    for i, members in lists.items():
        owner[indptr[i] : indptr[i + 1]] = members
    return indptr, owner


def _is_multiple(row: Sequence[fmpz], plane: Sequence[fmpz]) -> bool:
    """Whether a row is a multiple of a hyperplane's, other than zero."""
    k = next(i for i, v in enumerate(plane) if v)
    return bool(row[k]) and all(v * plane[k] == w * row[k] for v, w in zip(row, plane, strict=True))


def _named(partition: Partition, pairs: Ints, indptr: Ints, owner: Ints) -> Facets:
    """Facets in ascending order, their owners as layers and neurons."""
    network, domain = partition.network, partition.domain
    n_sides, n_bits = 0 if domain is None else len(domain.b), network.n_neurons
    # Where no region is across, the first owner tells facets of a region apart. One number sorts faster than three.
    low, high = pairs.T
    of_low = np.where(high < 0, owner[indptr[:-1]] + n_sides, high + (n_sides + n_bits))
    order = np.argsort(low * (len(partition) + n_sides + n_bits) + of_low, kind="stable")
    owner = owner[entries(indptr, order)]
    # Sides of the domain have negative numbers, which index from the end.
    of_domain = [(DOMAIN, row) for row in range(n_sides)]
    layer, neuron = np.array([*bit_places(network), *of_domain], dtype=np.int64).reshape(-1, 2).T.copy()
    sizes = np.diff(indptr)[order]
    return Facets(np.column_stack([low[order], high[order]]), starts(sizes), layer[owner], neuron[owner])

"""Numbers of linear regions, by each of the definitions in use."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, combinations, product
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq

from polytope_lens._arrays import validate
from polytope_lens._deferred import csgraph, sparse
from polytope_lens.exact.rows import ExactRows
from polytope_lens.flat_domain import asked_on_flat
from polytope_lens.polyhedral_complex.convex_regions import convex_bounds
from polytope_lens.polyhedral_complex.face_lattice import faces
from polytope_lens.polyhedral_complex.facet_table import neighbor_pairs
from polytope_lens.polyhedral_complex.linear_pieces import fingerprints, linear_pieces
from polytope_lens.polyhedral_complex.region_cones import RegionCones
from polytope_lens.polyhedral_complex.requirements import require_complete

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flint import fmpz

    from polytope_lens._types import Ints
    from polytope_lens.partition.partition import Partition


MAX_REGIONS = 1_000
MAX_PROGRAMS = 10_000


@dataclass(frozen=True, slots=True)
class LinearRegionCounts:
    """How many linear regions a network has on a domain, by the definitions in use, from the finest to the coarsest.

    None of the numbers is greater than the one before it. Six of them are the six definitions of Stargalla, Hertrich
    and Reichman; two of these can be read in another way, which has a number of its own.

    Parameters
    ----------
    activation : int or None
        *Activation regions*: nonempty sets of points with one activation pattern, those without interior included:
        three lines through a point make six regions, and may have a seventh pattern at the point itself. Bit 1 means
        pre-activation > 0. From the sign vectors of all faces; None where there are more than `max_regions` regions.
    proper_activation : int
        *Proper activation regions*: those with interior, which is what a partition lists.
    convex : tuple of two ints
        *Convex regions*: the least number of regions of a polyhedral complex on each of which the network is affine:
        convex ones that fill the domain and meet face to face. A lower and an upper bound, equal where they are known
        to be; how many in between is left open, as no method is known but a search. See `convex_bounds`.
    convex_sets : tuple of two ints
        The same without the condition that they meet face to face. Each linear piece takes one if it is convex, which
        is decided, and otherwise at least two.
    open_connected : int
        *Open connected regions*: maximal open connected sets on which the network is affine. These are the linear
        pieces of `linear_pieces`: regions are joined through facets.
    closures_connected : int or None
        The closures of open connected regions with the same affine map, joined where they touch, be it in a corner.
        None where finding this out would take more than `max_programs` linear programs.
    closed_connected : int or None
        *Closed connected regions*: maximal closed connected sets on which the network is one affine map, and that have
        interior. Beyond closures, such a set may go along a slice of another region, on which the two maps agree. None
        as above.
    affine : int
        *Affine regions*: maximal sets on which the network is one affine map, connected or not, with interior; the
        number of different maps.

    Notes
    -----
    Exact: patterns, faces and maps are compared in integers. Names and order are those of Stargalla, Hertrich and
    Reichman 2025, *The computational complexity of counting linear regions in ReLU neural networks*, section 3, who
    show that counting is hard by each of them; domains, where the paper has all of R^d, are this library's.
    """

    activation: int | None
    proper_activation: int
    convex: tuple[int, int]
    convex_sets: tuple[int, int]
    open_connected: int
    closures_connected: int | None
    closed_connected: int | None
    affine: int


@asked_on_flat
def linear_region_counts(
    partition: Partition, *, max_regions: int = MAX_REGIONS, max_programs: int = MAX_PROGRAMS
) -> LinearRegionCounts:
    """Count linear regions by each definition; see `LinearRegionCounts`.

    Parameters
    ----------
    partition : Partition
    max_regions : int
    max_programs : int

    Raises
    ------
    PartialPartitionError

    Notes
    -----
    Cost: that of `linear_pieces`; up to `max_regions` regions that of `faces`; and linear programs in
    fractions, some milliseconds each, at most `max_programs` for each of three questions: whether a piece of several
    regions is convex; where there is no mesh, whether pieces with equal maps touch; and, where they do not, whether
    they are connected through slices.

    Examples
    --------
    The greater of two numbers has four proper activation regions, and two more patterns on the line y = 0, where both
    relu(y) and relu(-y) are off:

    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1, -1], [0, 1], [0, -1]], [[1, 1, -1]]], [[0, 0, 0], [0]])
    >>> found = lens.partition().complex.linear_region_counts()
    >>> found.activation, found.proper_activation, found.convex
    (6, 4, (2, 2))
    >>> found.open_connected, found.closed_connected, found.affine
    (2, 2, 2)
    """
    require_complete(partition, "`linear_region_counts`")
    pieces = linear_pieces(partition)
    classes = _classes(partition, pieces.labels)
    patterns, convex = None, convex_bounds(partition, pieces.labels, max_regions=max_regions, max_programs=max_programs)
    if len(partition) <= validate.count(max_regions, name="`max_regions`"):
        patterns = len(np.unique(faces(partition, max_regions=max_regions).signs > 0, axis=0))
    joined = _closures(partition, pieces.labels, classes, max_programs)
    return LinearRegionCounts(
        patterns,
        len(partition),
        convex.face_to_face,
        convex.sets,
        pieces.n_pieces,
        None if joined is None else int(joined.max()) + 1,
        _closed_sets(partition, pieces.labels if joined is None else joined[pieces.labels], classes, max_programs),
        int(classes.max()) + 1,
    )


def _classes(partition: Partition, labels: Ints) -> Ints:
    """The number of each region's affine map, equal for equal maps, (n_regions,)."""
    _, first = np.unique(labels, return_index=True)
    network, bits = partition.network, partition.patterns()[first]
    prints = fingerprints(network, bits)
    _, group, size = np.unique(prints, axis=0, return_inverse=True, return_counts=True)
    group = group.reshape(-1)
    source = ExactRows(network)
    known: dict[tuple[object, ...], int] = {}
    numbers = np.empty(len(first), dtype=np.int64)
    for piece in range(len(first)):
        key: tuple[object, ...] = (int(group[piece]),)
        if size[group[piece]] > 1:
            rows = source.rows(len(network.layers), bits[piece])
            key = (*key, *(int(v) for row in rows for v in row))
        numbers[piece] = known.setdefault(key, len(known))
    return numbers[labels]


def _closures(partition: Partition, labels: Ints, classes: Ints, max_programs: int) -> Ints | None:
    """A number for each piece, the same for those with equal maps that are joined because they touch."""
    n_pieces = int(labels.max()) + 1
    if n_pieces == classes.max() + 1 or partition.network.input_dim == 1:
        return np.arange(n_pieces)
    if partition.mesh is not None:
        region, corner = partition.mesh.incidences()
        # A node for each corner and map; all pieces with that map around that corner are joined to it.
        pairs = np.column_stack([corner, classes[region]])
        _, node = np.unique(pairs, axis=0, return_inverse=True)
        rows, columns = labels[region], n_pieces + node.reshape(-1)
    else:
        found = _touching(partition, labels, classes, max_programs)
        if found is None:
            return None
        rows, columns = found.T
    n = max(n_pieces, int(columns.max(initial=0)) + 1)
    graph = sparse.coo_array((np.ones(len(rows), dtype=bool), (rows, columns)), shape=(n, n))
    joined = csgraph.connected_components(graph, directed=False)[1][:n_pieces]
    return np.asarray(np.unique(joined, return_inverse=True)[1].reshape(-1), dtype=np.int64)


def _closed_sets(partition: Partition, labels: Ints, classes: Ints, max_programs: int) -> int | None:
    """Number of connected sets where the network is one of its affine maps, from sets that are known to be connected.

    Regions meet such a set in slices. Those around a point of it can be walked through from facet to facet, all of
    which hold the point; so two slices are connected if they have a point in common on a facet between their regions.
    """
    sets_of: dict[int, set[int]] = {}
    for label, number in zip(labels.tolist(), classes.tolist(), strict=True):
        sets_of.setdefault(number, set()).add(label)
    several = {number for number, labels_of in sets_of.items() if len(labels_of) > 1}
    count = len({label for labels_of in sets_of.values() for label in labels_of})
    if not several:
        return count
    table = neighbor_pairs(partition, np.arange(len(partition)))
    cones, source = RegionCones(partition, max_programs), ExactRows(partition.network)
    bits, outputs = partition.patterns(), len(partition.network.layers)
    beside: dict[int, list[int]] = {}
    for one, other in table.tolist():
        beside.setdefault(one, []).append(other)
        beside.setdefault(other, []).append(one)
    maps: dict[int, list[list[fmpz]]] = {}

    def map_of(region: int) -> list[list[fmpz]]:
        if region not in maps:
            maps[region] = source.rows(outputs, bits[region])
        return maps[region]

    for number in several:
        regions_of: dict[int, list[int]] = {label: [] for label in sets_of[number]}
        for region in np.flatnonzero(classes == number).tolist():
            regions_of[int(labels[region])].append(region)
        left = set(regions_of)
        while left:
            start = min(left)
            left.remove(start)
            reached, waiting = set(regions_of[start]), list(regions_of[start])
            while waiting:
                region = waiting.pop()
                gap = _gap(map_of(region), map_of(regions_of[start][0]))
                for beyond in beside.get(region, []):
                    if beyond in reached:
                        continue
                    touches = not gap or cones.touch(region, beyond, gap)
                    if touches is None:
                        return None
                    if touches:
                        label = int(labels[beyond])
                        met = [beyond]
                        if classes[beyond] == number and label in left:
                            left.remove(label)
                            count -= 1
                            met = regions_of[label]
                        reached.update(met)
                        waiting += met
    return count


def _gap(rows: Sequence[Sequence[fmpz]], others: Sequence[Sequence[fmpz]]) -> list[list[fmpq]]:
    """Rows that are zero where two maps agree, those that are not zero everywhere."""
    gaps = [[fmpq(v - w) for v, w in zip(row, other, strict=True)] for row, other in zip(rows, others, strict=True)]
    return [gap for gap in gaps if any(gap)]


def _touching(partition: Partition, labels: Ints, classes: Ints, max_programs: int) -> Ints | None:
    """Pairs of pieces with equal maps that touch, enough to connect all that are connected; None if it takes long."""
    cones, members, pairs = RegionCones(partition, max_programs), _members(labels), []
    of_class: dict[int, list[int]] = {}
    for piece, regions in enumerate(members):
        of_class.setdefault(int(classes[regions[0]]), []).append(piece)
    joined = list(range(len(members)))
    for one, other in chain.from_iterable(combinations(alike, 2) for alike in of_class.values()):
        for first, second in product(members[one], members[other]):
            if joined[one] == joined[other]:
                break
            touch = cones.touch(first, second)
            if touch is None:
                return None
            if touch:
                pairs.append((one, other))
                old, new = joined[other], joined[one]
                joined = [new if label == old else label for label in joined]
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _members(labels: Ints) -> list[list[int]]:
    """The regions of each piece."""
    order = np.argsort(labels, kind="stable")
    return [part.tolist() for part in np.split(order, np.cumsum(np.bincount(labels))[:-1])]

"""Numbers of linear regions, by each of the definitions in use."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from polytope_lens.exact.rational import integer_matrix
from polytope_lens.exact.rows import ExactRows
from polytope_lens.lp.exact import Halfspace, maximize
from polytope_lens.query.face_lattice import faces
from polytope_lens.query.inequalities import exact_system
from polytope_lens.query.pieces import fingerprints, linear_pieces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flint import fmpz
    from numpy.typing import NDArray

    from polytope_lens.partition import Partition

    Ints = NDArray[np.int64]

MAX_REGIONS = 1_000
MAX_PROGRAMS = 10_000


@dataclass(frozen=True, slots=True)
class LinearRegionCounts:
    """How many linear regions a network has on a domain, by six definitions, from the finest to the coarsest.

    None of the numbers is greater than the one before it.

    Parameters
    ----------
    activation : int or None
        *Activation regions*: nonempty sets of points with one activation pattern, those without interior included:
        three lines through a point make six regions, and may have a seventh pattern at the point itself. Bit 1 means
        pre-activation > 0. From the sign vectors of all faces; None where there are more than `max_regions` regions.
    proper_activation : int
        *Proper activation regions*: those with interior, which is what a partition lists.
    convex : tuple of two ints
        *Convex regions*: the least number of convex sets that fill the domain and on each of which the network is
        affine. No method but a search is known for it: these are a lower and an upper bound, the numbers of open
        connected and of proper activation regions. It is known where they agree.
    open_connected : int
        *Open connected regions*: maximal open connected sets on which the network is affine. These are the linear
        pieces of :func:`.linear_pieces`: regions are joined through facets.
    closed_connected : int or None
        *Closed connected regions*: the closures of open connected regions with the same affine map, joined where they
        touch, be it in a corner. None where finding this out would take more than `max_programs` linear programs.
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
    open_connected: int
    closed_connected: int | None
    affine: int


def linear_region_counts(
    partition: Partition, *, max_regions: int = MAX_REGIONS, max_programs: int = MAX_PROGRAMS
) -> LinearRegionCounts:
    """Count linear regions by each definition; see :class:`LinearRegionCounts`.

    Raises
    ------
    PartialPartitionError

    Notes
    -----
    Cost: that of :func:`.linear_pieces`; up to `max_regions` regions that of :func:`.faces`; and, other than on the
    line and in a bounded plane, a linear program in fractions for each pair of regions that have equal maps and are not
    yet known to be connected.

    Examples
    --------
    The greater of two numbers has four proper activation regions, and two more patterns on the line y = 0, where both
    relu(y) and relu(-y) are off:

    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1, -1], [0, 1], [0, -1]], [[1, 1, -1]]], [[0, 0, 0], [0]])
    >>> lens.partition().linear_region_counts()
    LinearRegionCounts(activation=6, proper_activation=4, convex=(2, 4), open_connected=2, closed_connected=2, affine=2)
    """
    partition.require_complete("`linear_region_counts`")
    pieces = linear_pieces(partition)
    classes = _classes(partition, pieces.labels)
    patterns = None
    if len(partition) <= max_regions:
        patterns = len(np.unique(faces(partition, max_regions=max_regions).signs > 0, axis=0))
    return LinearRegionCounts(
        patterns,
        len(partition),
        (pieces.n_pieces, len(partition)),
        pieces.n_pieces,
        _closed_connected(partition, pieces.labels, classes, max_programs),
        int(classes.max()) + 1,
    )


def _classes(partition: Partition, labels: Ints) -> Ints:
    """The number of each region's affine map, equal for equal maps, (n_regions,)."""
    _, first = np.unique(labels, return_index=True)
    network, bits = partition.network, partition.bits()[first]
    prints = fingerprints(network, bits)
    _, group, size = np.unique(prints, axis=0, return_inverse=True, return_counts=True)
    group = group.reshape(-1)
    source = ExactRows(network, integer_matrix(np.eye(network.input_dim + 1)))
    known: dict[tuple[object, ...], int] = {}
    numbers = np.empty(len(first), dtype=np.int64)
    for piece in range(len(first)):
        key: tuple[object, ...] = (int(group[piece]),)
        if size[group[piece]] > 1:
            rows = source.rows(len(network.layers), bits[piece])
            key = (*key, *(int(v) for row in rows for v in row))
        numbers[piece] = known.setdefault(key, len(known))
    return numbers[labels]


def _closed_connected(partition: Partition, labels: Ints, classes: Ints, max_programs: int) -> int | None:
    """Number of pieces after those with equal maps have been joined where they touch."""
    n_pieces = int(labels.max()) + 1
    if n_pieces == classes.max() + 1 or partition.network.input_dim == 1:
        return n_pieces
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
    return int(connected_components(graph, directed=False)[0])


def _touching(partition: Partition, labels: Ints, classes: Ints, max_programs: int) -> Ints | None:
    """Pairs of pieces with equal maps that touch, enough to connect all that are connected; None if it takes long."""
    d, pairs = partition.network.input_dim, []
    systems: dict[int, list[Halfspace]] = {}

    def cone(region: int) -> list[Halfspace]:
        if region not in systems:
            systems[region] = [Halfspace([fmpq(v) for v in row], fmpq(0)) for row in _rows(partition, region)]
        return systems[region]

    joined = list(range(int(labels.max()) + 1))
    members: dict[int, list[int]] = {}
    for region, piece in enumerate(labels.tolist()):
        members.setdefault(piece, []).append(region)
    of_class: dict[int, list[int]] = {}
    for piece, regions in members.items():
        of_class.setdefault(int(classes[regions[0]]), []).append(piece)
    programs = 0
    for alike in of_class.values():
        for one, other in ((p, q) for p, q in product(alike, alike) if p < q):
            for first, second in product(members[one], members[other]):
                if joined[one] == joined[other]:
                    break
                programs += 1
                if programs > max_programs:
                    return None
                if _meet(cone(first), cone(second), d):
                    pairs.append((one, other))
                    old, new = joined[other], joined[one]
                    joined = [new if label == old else label for label in joined]
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _rows(partition: Partition, region: int) -> Sequence[Sequence[fmpz]]:
    return exact_system(partition[region]).rows


def _meet(first: list[Halfspace], second: list[Halfspace], d: int) -> bool:
    """Whether two closed polytopes, as cones over them, have a common point: one with t > 0."""
    zero, one = fmpq(0), fmpq(1)
    best = maximize([zero] * d + [one], [*first, *second], [-one] * d + [zero], [one] * (d + 1))
    return best is not None and best.value > 0

"""Numbers of linear regions, by each of the definitions in use."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, combinations, product
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq

from polytope_lens._arrays import validate
from polytope_lens._deferred import csgraph, sparse
from polytope_lens.cells.inequalities import exact_system
from polytope_lens.exact.rows import ExactRows
from polytope_lens.flat_domain import asked_on_flat
from polytope_lens.lp.rational_simplex import Halfspace, maximize
from polytope_lens.polyhedral_complex.face_lattice import faces
from polytope_lens.polyhedral_complex.facet_table import facets
from polytope_lens.polyhedral_complex.linear_pieces import fingerprints, linear_pieces
from polytope_lens.polyhedral_complex.requirements import require_complete

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens._types import Ints
    from polytope_lens.partition.partition import Partition


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
        affine; a lower and an upper bound. Each linear piece takes one if it is convex, which is decided, and otherwise
        at least two and at most as many as it has regions. How many in between is left open, as no method is known but
        a search.
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


@asked_on_flat
def linear_region_counts(
    partition: Partition, *, max_regions: int = MAX_REGIONS, max_programs: int = MAX_PROGRAMS
) -> LinearRegionCounts:
    """Count linear regions by each definition; see :class:`LinearRegionCounts`.

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
    Cost: that of :func:`.linear_pieces`; up to `max_regions` regions that of :func:`.faces`; and linear programs in
    fractions, some milliseconds each, at most `max_programs` for each of two questions: whether a piece of several
    regions is convex, and, where there is no mesh, whether pieces with equal maps touch.

    Examples
    --------
    The greater of two numbers has four proper activation regions, and two more patterns on the line y = 0, where both
    relu(y) and relu(-y) are off:

    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1, -1], [0, 1], [0, -1]], [[1, 1, -1]]], [[0, 0, 0], [0]])
    >>> lens.partition().complex.linear_region_counts()
    LinearRegionCounts(activation=6, proper_activation=4, convex=(2, 2), open_connected=2, closed_connected=2, affine=2)
    """
    require_complete(partition, "`linear_region_counts`")
    pieces = linear_pieces(partition)
    classes = _classes(partition, pieces.labels)
    patterns = None
    if len(partition) <= validate.count(max_regions, name="`max_regions`"):
        patterns = len(np.unique(faces(partition, max_regions=max_regions).signs > 0, axis=0))
    return LinearRegionCounts(
        patterns,
        len(partition),
        convex_bounds(partition, pieces.labels, max_programs),
        pieces.n_pieces,
        _closed_connected(partition, pieces.labels, classes, max_programs),
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
    return int(csgraph.connected_components(graph, directed=False)[0])


def convex_bounds(partition: Partition, labels: Ints, max_programs: int = MAX_PROGRAMS) -> tuple[int, int]:
    """Bounds on the least number of convex sets that make up the pieces that regions are labelled by; exact.

    A piece is convex iff none of its regions crosses the hyperplane of a facet between the piece and another one.
    """
    sizes = np.bincount(labels)
    least = most = len(sizes)
    if (sizes == 1).all():
        return least, most
    found = facets(partition)
    crossing = (found.regions[:, 1] >= 0) & (labels[found.regions[:, 0]] != labels[found.regions[:, 1]])
    walls: dict[int, list[tuple[int, int]]] = {}
    for i in np.flatnonzero(crossing).tolist():
        for region in found.regions[i].tolist():
            walls.setdefault(int(labels[region]), []).append((i, region))
    cones = _Cones(partition, max_programs)
    for piece, members in enumerate(_members(labels)):
        around = [(found.owners(i), region) for i, region in walls.get(piece, [])] if len(members) > 1 else []
        is_convex = cones.none_crosses(members, around)
        if not is_convex:
            least += is_convex is False
            most += len(members) - 1
    return least, most


class _Cones:
    """Regions as cones over them, ``a . x + c t <= 0``, about which linear programs are asked until there were many."""

    def __init__(self, partition: Partition, max_programs: int) -> None:
        self._partition = partition
        self._left = max_programs
        self._rows: dict[int, tuple[list[Halfspace], dict[tuple[int, int], int]]] = {}

    def touch(self, first: int, second: int) -> bool | None:
        """Whether two closed regions have a common point, one with t > 0; None if there were too many questions."""
        upward = [fmpq(0)] * self._partition.network.input_dim + [fmpq(1)]
        return self._is_positive(upward, [*self._cone(first)[0], *self._cone(second)[0]])

    def none_crosses(self, members: list[int], walls: list[tuple[list[tuple[int, int]], int]]) -> bool | None:
        """Whether no region is on the far side of a facet, given by its owners, of some region; None as above."""
        for owners, region in walls:
            rows, place = self._cone(region)
            row = next(rows[place[owner]].normal for owner in owners if any(rows[place[owner]].normal))
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

    def _cone(self, region: int) -> tuple[list[Halfspace], dict[tuple[int, int], int]]:
        """Rows of a region, and which of them belongs to each owner."""
        if region not in self._rows:
            system = exact_system(self._partition[region])
            rows = [Halfspace([fmpq(v) for v in row], fmpq(0)) for row in system.rows]
            self._rows[region] = rows, {owner: k for k, (owner,) in enumerate(system.owners)}
        return self._rows[region]


def _touching(partition: Partition, labels: Ints, classes: Ints, max_programs: int) -> Ints | None:
    """Pairs of pieces with equal maps that touch, enough to connect all that are connected; None if it takes long."""
    cones, members, pairs = _Cones(partition, max_programs), _members(labels), []
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

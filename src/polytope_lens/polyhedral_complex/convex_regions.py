"""The least number of convex regions on which a network is affine: that fill the domain, or that meet face to face."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from flint import fmpz

from polytope_lens.cells.region_facets import domain_sides
from polytope_lens.exact.rows import ExactRows, cell_rows
from polytope_lens.polyhedral_complex.facet_table import facets
from polytope_lens.polyhedral_complex.region_cones import RegionCones
from polytope_lens.polytope.facets import primitive
from polytope_lens.polytope.recession import cone_of_rows

if TYPE_CHECKING:
    from polytope_lens._types import Ints
    from polytope_lens.partition.partition import Partition
    from polytope_lens.polyhedral_complex.facet_table import Facets
    from polytope_lens.polytope.recession import ConeGenerators

    Row = tuple[int, ...]


# In how many orders regions are joined, beyond theirs and its reverse.
ORDERS = 6


class ConvexBounds(NamedTuple):
    """Lower and upper bounds on numbers of convex regions: of any, and of such that meet face to face."""

    sets: tuple[int, int]
    face_to_face: tuple[int, int]


def convex_bounds(partition: Partition, labels: Ints, *, max_regions: int, max_programs: int) -> ConvexBounds:
    """Bounds on the least number of convex sets that make up the pieces that regions are labelled by; exact.

    Notes
    -----
    A piece is convex iff none of its regions crosses the hyperplane of a facet between the piece and another one.

    *Face to face, from below.* A region that meets all others face to face has one neighbour across each of its facets.
    So a piece takes at least as many regions as there are other pieces across one and the same of its hyperplanes.

    *From above.* Convex regions each of whose facets is a facet of one other region, or lies on the boundary of the
    domain, meet face to face (Gruber and Ryshkov 1989, *Facet-to-facet implies face-to-face*). Those of the partition
    do. Up to `max_regions` of them, they are joined two by two as long as they stay so: where a joined facet has
    several neighbours across, these are joined, too. What comes out depends on the order, of which some are tried.
    """
    n_pieces = int(labels.max()) + 1
    sizes = np.bincount(labels, minlength=n_pieces)
    table = facets(partition)
    cones = RegionCones(partition, max_programs)
    inner = table.regions[:, 1] >= 0
    walls: list[list[tuple[int, int, int]]] = [[] for _ in range(n_pieces)]
    one, other = labels[table.regions].T
    for i in np.flatnonzero(inner & (one != other)).tolist():
        first, second = table.regions[i].tolist()
        walls[labels[first]].append((i, first, int(labels[second])))
        walls[labels[second]].append((i, second, int(labels[first])))
    order = np.argsort(labels, kind="stable")
    members = [part.tolist() for part in np.split(order, np.cumsum(sizes)[:-1])]
    least, most, across = 0, 0, 0
    for piece, around in enumerate(walls):
        is_convex = len(members[piece]) == 1 or cones.none_crosses(
            members[piece], [(table.owners(i), region) for i, region, _ in around]
        )
        fewest = 2 if is_convex is False else 1
        least += fewest
        most += 1 if is_convex else len(members[piece])
        beyond: dict[Row, set[int]] = {}
        if len({neighbor for _, _, neighbor in around}) > fewest:
            for i, region, neighbor in around:
                row = primitive([fmpz(v.p) for v in cones.hyperplane(region, table.owners(i))])
                beyond.setdefault(row, set()).add(neighbor)
        across += max(fewest, *map(len, beyond.values()), 1) if beyond else fewest
    if across == n_pieces == most:
        joined = n_pieces
    elif len(partition) > max_regions:
        joined = len(partition)
    else:
        joined = _fewest(_Complex(partition, table, cones, labels), at_least=across)
    return ConvexBounds((least, min(most, joined)), (across, joined))


class _Complex:
    """The regions of a partition with what joining them asks for."""

    def __init__(self, partition: Partition, table: Facets, cones: RegionCones, labels: Ints) -> None:
        n = len(partition)
        self.labels = labels.tolist()
        self.generators = _generators(partition)
        # For each region, the hyperplanes of its facets, at most 0 on it, and the regions across.
        self.facets: list[list[tuple[Row, int]]] = [[] for _ in range(n)]
        # Neighbours in one piece.
        self.pairs = []
        for i, (first, second) in enumerate(table.regions.tolist()):
            if second < 0:
                continue  # all of the domain lies on one side
            row = primitive([fmpz(v.p) for v in cones.hyperplane(first, table.owners(i))])
            self.facets[first].append((row, second))
            self.facets[second].append((tuple(-v for v in row), first))
            if labels[first] == labels[second]:
                self.pairs.append((first, second))


def _fewest(regions: _Complex, at_least: int) -> int:
    """The least number of cells that joining leaves, in some orders."""
    random = np.random.Generator(np.random.PCG64(0))
    orders = [regions.pairs, regions.pairs[::-1]]
    orders += [[regions.pairs[i] for i in random.permutation(len(regions.pairs)).tolist()] for _ in range(ORDERS)]
    fewest = len(regions.labels)
    for order in orders:
        fewest = min(fewest, _Joined(regions).count(order))
        if fewest == at_least:
            break
    return fewest


class _Joined:
    """Regions joined into convex ones that meet face to face, each within a piece."""

    def __init__(self, regions: _Complex) -> None:
        n = len(regions.labels)
        self._regions = regions
        self._cell = list(range(n))
        self._members: dict[int, list[int]] = {i: [i] for i in range(n)}

    def count(self, pairs: list[tuple[int, int]]) -> int:
        """How many there are when no two can be joined any more, tried in this order."""
        progress = True
        while progress:
            progress = False
            for first, second in pairs:
                if self._cell[first] != self._cell[second]:
                    progress |= self._join(self._cell[first], self._cell[second])
        return len(self._members)

    def _join(self, first: int, second: int) -> bool:
        """Join two cells, and those that have to be joined then; undone if something is not convex or of one piece."""
        made: dict[int, set[int]] = {}  # new cells, by one of the old ones that they consist of
        of_old: dict[int, int] = {}
        waiting = [(first, second)]
        while waiting:
            one, other = (of_old.get(cell, cell) for cell in waiting.pop())
            if one == other:
                continue
            if self._regions.labels[one] != self._regions.labels[other]:
                return False
            parts = made.pop(one, {one}) | made.pop(other, {other})
            made[one] = parts
            of_old.update(dict.fromkeys(parts, one))
            for neighbors in self._around(parts, of_old).values():
                start, *others = neighbors
                waiting += [(start, cell) for cell in others]
        for parts in made.values():
            regions = [region for cell in parts for region in self._members[cell]]
            if not all(self._holds(row, regions) for row in self._around(parts, of_old)):
                return False
        for one, parts in made.items():
            self._members[one] = [region for cell in sorted(parts) for region in self._members.pop(cell)]
            for region in self._members[one]:
                self._cell[region] = one
        return True

    def _around(self, parts: set[int], of_old: dict[int, int]) -> dict[Row, set[int]]:
        """The hyperplanes around some cells taken as one, and the cells across each."""
        found: dict[Row, set[int]] = {}
        for region in (region for cell in parts for region in self._members[cell]):
            for row, beyond in self._regions.facets[region]:
                cell = self._cell[beyond]
                if cell not in parts:
                    found.setdefault(row, set()).add(of_old.get(cell, cell))
        return found

    def _holds(self, row: Row, regions: list[int]) -> bool:
        """Whether a row is at most 0 on regions."""
        spanned = [self._regions.generators[region] for region in regions]
        # Lines are those of all regions, also of the one whose facet it is.
        return all(sum(a * v for a, v in zip(row, ray, strict=True)) <= 0 for cone in spanned for ray in cone.rays)


def _generators(partition: Partition) -> list[ConeGenerators]:
    """Corners and rays of each region, in homogeneous coordinates."""
    network, d = partition.network, partition.network.input_dim
    source, sides = ExactRows(network), domain_sides(partition.domain, d).exact
    upward = [fmpz(0)] * d + [fmpz(-1)]
    return [cone_of_rows([*cell_rows(network, source, bits), *sides, upward], d + 1) for bits in partition.patterns()]

"""The facets of many regions of a partition, each seen from one side: what lies across, and whose they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens._arrays.batches import batches
from polytope_lens._arrays.ragged import entries, from_lists, starts
from polytope_lens.cells.region_facets import (
    Cells,
    DomainSides,
    domain_sides,
    prove_rows,
    region_rows,
    seen_from,
)
from polytope_lens.errors import REPORT, ConsistencyError, Status
from polytope_lens.network.pattern import find_keys, pack, sort_key, unpack
from polytope_lens.polytope.batch.statuses import FACET, OPEN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Ints, Words
    from polytope_lens.partition.partition import Partition


# Numbers in each array of one batch: they stay in the processor's cache.
AT_ONCE = 2**17


class RegionFacets(NamedTuple):
    """Facets as seen from one of their regions.

    An owner is a bit of the pattern, or the number of a row of the domain minus the number of these, so that owners
    ascend in the order of layers, the domain first. ``across`` is -1 where nothing is.
    """

    region: Ints
    across: Ints
    indptr: Ints
    owner: Ints

    def part(self, chosen: Bools) -> RegionFacets:
        """Some of them."""
        kept = np.flatnonzero(chosen)
        indptr = starts(np.diff(self.indptr)[kept])
        return RegionFacets(self.region[kept], self.across[kept], indptr, self.owner[entries(self.indptr, kept)])


def region_facets(partition: Partition, wanted: Ints) -> RegionFacets:
    """All facets of some regions, each as seen from its region; exact.

    Raises
    ------
    ConsistencyError
        A complete partition does not list a neighbour.

    Notes
    -----
    Each row of each region is proved to be a facet or to be implied in floats (`redundancy`), from rows with
    error bounds; in regions with open rows again from exact ones, rounded once; what is still open by linear programs
    in rational arithmetic. Where a facet has one owner and no pre-activation vanishes on the region, that owner's bit
    is the one that changes: all other neurons have a sign at a point of the facet's relative interior, hence the same
    on both sides of it. Elsewhere the pattern across is computed in integer arithmetic.
    """
    network, points = seen_from(partition.network, partition.domain, partition.witnesses)
    d, n_bits = network.input_dim, network.n_neurons
    around = domain_sides(partition.domain, d)
    keys = sort_key(partition.packed_patterns)
    cells = Cells(network, around)
    parts = [RegionFacets(*(np.zeros(n, dtype=np.int64) for n in (0, 0, 1, 0)))]
    for some in batches(len(wanted), (n_bits + len(around.exact) + 1) * (d + 1), AT_ONCE):
        region = wanted[some]
        bits = unpack(partition.packed_patterns[region], n_bits)
        status, vanishes = prove_rows(network, around, bits, points[region], *region_rows(network, around, bits))
        sure = (status != OPEN).all(axis=1) & ~vanishes.any(axis=1)
        at, owner = np.nonzero((status == FACET) & sure[:, None])
        parts.append(_flipped(partition, keys, region[at], owner, around))
        for i in np.flatnonzero(~sure):
            found = list(cells.facets(bits[i], points[region[i]], status[i], vanishes[i]))
            parts.append(_crossed(partition, keys, int(region[i]), found))
    return concatenated(parts)


def _flipped(
    partition: Partition, keys: NDArray[np.void], region: Ints, owner: Ints, around: DomainSides
) -> RegionFacets:
    """Facets with one owner, a bit or a wall: the regions across differ in that bit."""
    n_bits = partition.network.n_neurons
    inner = owner < n_bits
    words = partition.packed_patterns[region[inner]]
    bit = owner[inner]
    words[np.arange(len(bit)), bit >> 6] ^= np.uint64(1) << (63 - (bit & 63)).astype(np.uint64)
    across = _found(partition, keys, words, region[inner])
    single = RegionFacets(region[inner], across, np.arange(len(bit) + 1), bit)
    return concatenated([single, on_walls(region[~inner], owner[~inner] - n_bits, around)])


def on_walls(region: Ints, wall: Ints, around: DomainSides) -> RegionFacets:
    """Facets on sides of the domain, of which no neuron is an owner."""
    if not len(wall):
        return RegionFacets(region, wall, np.zeros(1, dtype=np.int64), wall)
    indptr, owners = from_lists(around.owners)
    return RegionFacets(region, np.full(len(wall), -1), starts(np.diff(indptr)[wall]), owners[entries(indptr, wall)])


def _crossed(
    partition: Partition, keys: NDArray[np.void], region: int, found: list[tuple[Bools | None, list[int]]]
) -> RegionFacets:
    """Facets of one region with whatever lies across."""
    across = np.full(len(found), -1)
    inner = [i for i, (bits, _) in enumerate(found) if bits is not None]
    if inner:
        words = pack(np.array([bits for bits, _ in found if bits is not None]))
        across[inner] = _found(partition, keys, words, np.full(len(inner), region))
    return RegionFacets(np.full(len(found), region), across, *from_lists([owners for _, owners in found]))


def _found(partition: Partition, keys: NDArray[np.void], words: Words, region: Ints) -> Ints:
    """Indices of patterns, which lie across facets of the regions; -1 for those that a partial partition lacks."""
    index = find_keys(keys, words)
    missing = index < 0
    if missing.any() and partition.status is Status.COMPLETE:
        i = int(np.flatnonzero(missing)[0])
        raise ConsistencyError(
            f"across a facet of region {region[i]} lies a region that this partition ({partition.status.name}) does "
            f"not list. {REPORT}"
        )
    return index


def concatenated(parts: list[RegionFacets]) -> RegionFacets:
    """Some facets after others."""
    sizes = np.concatenate([np.diff(part.indptr) for part in parts])
    return RegionFacets(
        np.concatenate([part.region for part in parts]),
        np.concatenate([part.across for part in parts]),
        starts(sizes),
        np.concatenate([part.owner for part in parts]),
    )

"""What the page is told about regions of any mesh: patterns, values at corners, slopes, colours.

Patterns are not written down one by one. Across most facets just one neuron flips, their owner, so the page goes from
region to region, starting where a pattern is known: for each part of the mesh that such facets hold together, that of
one region.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._deferred import csgraph, sparse
from polytope_lens.errors import DomainError
from polytope_lens.flat_domain import within
from polytope_lens.network.pattern import unpack
from polytope_lens.render.scene import pattern_colors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Floats, Ints, Words
    from polytope_lens.partition.partition import Partition

# Coordinates up to this size: so many in single precision after they were moved and scaled.
WIDEST = 1e300


def region_arrays(partition: Partition, points: Floats, region_at: Ints, sides: Ints) -> dict[str, NDArray[Any]]:
    """Corners with the values there, what is known of each region, and patterns of some of them.

    Parameters
    ----------
    partition : Partition
    points : (n_points, k) array
        Corners of its mesh.
    region_at : (n_points,) int array
        A region that each of them is a corner of.
    sides : (m, 2) int array
        Pairs of regions whose patterns differ in one bit, that of the owner of a facet between them.

    Raises
    ------
    DomainError
        Coordinates beyond what a page can draw.
    """
    if not np.abs(points).max() < WIDEST:
        raise DomainError(
            f"a domain is explored if its coordinates are below {WIDEST:g} in size. Choose a smaller one."
        )
    maps, roots = within(partition).maps, known_regions(sides, len(partition))
    here = maps[region_at]
    with np.errstate(over="ignore", invalid="ignore"):  # what is out of range has the last colour
        values = (np.einsum("noi,ni->no", here[:, :, :-1], points) + here[:, :, -1]).T
        slopes = np.hypot.reduce(maps[:, :, :-1], axis=2).T
    return {
        "points": points,
        "roots": roots.astype(np.int32),
        "root_bits": np.packbits(unpack(partition.packed_patterns[roots], partition.network.n_neurons), axis=1),
        "values": single(values),
        "slopes": single(slopes),
        "pattern_colors": np.rint(255 * pattern_colors(partition)).astype(np.uint8),
    }


def single(numbers: Floats) -> NDArray[np.float32]:
    """Numbers that become colours, and so lose nothing by 24 bits; those beyond are the largest."""
    most = float(np.finfo(np.float32).max)
    return np.clip(np.nan_to_num(numbers, posinf=most, neginf=-most), -most, most).astype(np.float32)


def flips_owner_alone(owners: Ints, sides: Ints, patterns: Words) -> Bools:
    """Whether the patterns on both sides of a facet, (n, 2), differ in the bit of its owner and in no other."""
    changed = patterns[sides[:, 0]] ^ patterns[sides[:, 1]]
    wanted = np.zeros_like(changed)
    wanted[np.arange(len(owners)), owners // 64] = np.uint64(1) << (63 - owners % 64).astype(np.uint64)
    return np.asarray((changed == wanted).all(axis=1))


def known_regions(sides: Ints, n: int) -> Ints:
    """One region of each part that pairs of regions hold together, ascending."""
    graph = sparse.coo_array((np.ones(len(sides), dtype=np.int8), tuple(sides.T)), shape=(n, n))
    part = csgraph.connected_components(graph, directed=False)[1]
    return np.asarray(np.unique(part, return_index=True)[1], dtype=np.int64)

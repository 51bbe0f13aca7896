"""The regions of a planar partition as the page knows them.

Patterns are not written down one by one. Across most edges just one neuron flips, the owner of the edge, so the page
goes from region to region, starting where a pattern is known: for each part of the mesh that such edges hold together,
that of one region.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._arrays.ragged import following, list_of
from polytope_lens._deferred import csgraph, sparse
from polytope_lens.errors import DomainError
from polytope_lens.flat_domain import within
from polytope_lens.network.pattern import unpack
from polytope_lens.polyhedral_complex.requirements import require_planar_mesh
from polytope_lens.render.scene import pattern_colors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Floats, Ints, Words
    from polytope_lens.mesh.planar_mesh import PlanarMesh
    from polytope_lens.partition.partition import Partition

# Coordinates up to this size: so many in single precision after they were moved and scaled.
WIDEST = 1e300


def planar_arrays(partition: Partition) -> dict[str, NDArray[Any]]:
    """Corners, edges and their owners, patterns, values at corners and slopes.

    Edges between two regions have their owner in the first of them; ``other_owners`` are pairs of an entry of the
    second one and another owner, where it has that.

    Raises
    ------
    DimensionError, UnboundedPolytopeError, PartialPartitionError, OptionError
        There are no polygons.
    DomainError
        Coordinates beyond what a page can draw.
    """
    mesh, seen = require_planar_mesh(partition), within(partition)
    if not np.abs(mesh.points).max() < WIDEST:
        raise DomainError(
            f"a domain is explored if its coordinates are below {WIDEST:g} in size. Choose a smaller one."
        )
    twins = edge_twins(mesh)
    simple = flips_owner_alone(mesh, twins, partition.packed_patterns)
    roots = known_regions(mesh, twins, simple)
    is_second = (twins >= 0) & (twins < np.arange(len(twins)))
    others = np.flatnonzero(is_second & (mesh.owners != mesh.owners[twins]))
    entry = np.empty(len(mesh.points), dtype=np.int64)
    entry[mesh.corners] = np.arange(len(mesh.corners))  # of each point, one region that has it
    found: dict[str, NDArray[Any]] = {
        "points": mesh.points,
        "sizes": np.diff(mesh.indptr).astype(np.int32),
        "corners": mesh.corners.astype(np.int32),
        "owners": mesh.owners[~is_second].astype(np.int32),
        "other_owners": np.column_stack([others, mesh.owners[others]]).astype(np.int32),
        "crossings": np.flatnonzero((twins >= 0) & ~simple).astype(np.int32),
        "roots": roots.astype(np.int32),
        "root_bits": np.packbits(unpack(partition.packed_patterns[roots], partition.network.n_neurons), axis=1),
        "values": single(_values(seen.maps[list_of(mesh.indptr)[entry]], mesh.points)),
        "slopes": single(np.linalg.norm(seen.maps[:, :, :-1], axis=2).T),
        "pattern_colors": np.rint(255 * pattern_colors(partition)).astype(np.uint8),
    }
    return found


def _values(maps: Floats, points: Floats) -> Floats:
    """Each output at each point by the affine map there, (n_outputs, n)."""
    return np.asarray((np.einsum("noi,ni->no", maps[:, :, :-1], points) + maps[:, :, -1]).T)


def single(numbers: Floats) -> NDArray[np.float32]:
    """Numbers that become colours, and so lose nothing by 24 bits; those beyond are the largest."""
    most = float(np.finfo(np.float32).max)
    return np.clip(np.nan_to_num(numbers, posinf=most, neginf=-most), -most, most).astype(np.float32)


def edge_twins(mesh: PlanarMesh) -> Ints:
    """For each entry of ``mesh.corners`` the entry of the same edge in the region on its other side; -1 for none."""
    ends = np.stack([mesh.corners, mesh.corners[following(mesh.indptr)]])
    keys = ends.min(axis=0) * len(mesh.points) + ends.max(axis=0)
    order = np.argsort(keys, kind="stable")
    pairs = np.flatnonzero(keys[order[1:]] == keys[order[:-1]])
    found = np.full(len(keys), -1)
    found[order[pairs]], found[order[pairs + 1]] = order[pairs + 1], order[pairs]
    return found


def flips_owner_alone(mesh: PlanarMesh, twins: Ints, patterns: Words) -> Bools:
    """Whether the patterns on both sides of an edge differ in the bit of its owner and in no other, by entry."""
    region = list_of(mesh.indptr)
    found = np.zeros(len(twins), dtype=bool)
    inner = np.flatnonzero((twins >= 0) & (mesh.owners >= 0))
    owner = mesh.owners[inner]
    changed = patterns[region[inner]] ^ patterns[region[twins[inner]]]
    wanted = np.zeros_like(changed)
    wanted[np.arange(len(inner)), owner // 64] = np.uint64(1) << (63 - owner % 64).astype(np.uint64)
    found[inner] = (changed == wanted).all(axis=1)
    return found


def known_regions(mesh: PlanarMesh, twins: Ints, simple: Bools) -> Ints:
    """One region of each part of the mesh that simple edges hold together, ascending."""
    region, n = list_of(mesh.indptr), len(mesh.indptr) - 1
    start, stop = region[simple], region[twins[simple]]
    graph = sparse.coo_array((np.ones(len(start), dtype=np.int8), (start, stop)), shape=(n, n))
    part = csgraph.connected_components(graph, directed=False)[1]
    return np.asarray(np.unique(part, return_index=True)[1], dtype=np.int64)

"""A partition of the plane, and what is broken in it on purpose."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from families import golden
from polytope_lens import Box, Lens
from polytope_lens.mesh.planar_mesh import PlanarMesh

LENS = Lens(golden((2, 4, 4), 1, 0.125))
N_REGIONS = 32


@cache
def planar():
    """The one that is right."""
    return LENS.partition(Box([-4, -4], [4, 4]))


def without(partition, region):
    """The partition with a region dropped everywhere, as if it had never been found."""
    keep = np.arange(len(partition)) != region
    mesh = partition.mesh
    if mesh is not None:
        sizes = np.diff(mesh.indptr)
        entries = np.repeat(keep, sizes)
        used, corners = np.unique(mesh.corners[entries], return_inverse=True)
        indptr = np.concatenate([[0], np.cumsum(sizes[keep])])
        mesh = PlanarMesh(
            mesh.points[used], mesh.error[used], indptr, corners, mesh.owners[entries], mesh.crowded[entries]
        )
    patterns = partition.packed_patterns[keep]
    stops = np.cumsum(partition.network.bits_per_layer)
    counts = np.array([len(np.unique(partition.patterns()[keep][:, :stop], axis=0)) for stop in stops])
    return replace(
        partition,
        packed_patterns=patterns,
        maps=partition.maps[keep],
        witnesses=partition.witnesses[keep],
        counts_per_layer=counts,
        mesh=mesh,
    )


def with_bit_flipped(partition, region, bit):
    patterns = partition.packed_patterns.copy()
    patterns[region, bit // 64] ^= np.uint64(1) << np.uint64(63 - bit % 64)
    return replace(partition, packed_patterns=patterns)


def with_map_nudged(partition, region, entry, by):
    maps = partition.maps.copy()
    maps[region, 0, entry] += by
    return replace(partition, maps=maps)


def with_corner_moved(partition, corner, by):
    points = partition.mesh.points.copy()
    points[corner] += by
    return replace(partition, mesh=replace(partition.mesh, points=points))


def inner_corner(partition):
    on_side = (np.abs(partition.mesh.points) == 4).any(axis=1)
    return int(np.flatnonzero(~on_side)[0])

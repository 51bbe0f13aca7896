"""Some polygons or polyhedra of a mesh, as a mesh of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, overload

import numpy as np

from polytope_lens._arrays.ragged import entries, starts
from polytope_lens.mesh.planar_mesh import PlanarMesh
from polytope_lens.mesh.polyhedral_mesh import NONE, PolyhedralMesh

if TYPE_CHECKING:
    from polytope_lens._types import Bools, Indices, Ints

Numbers = TypeVar("Numbers", "Ints", "Indices")


@overload
def part_of_mesh(mesh: PlanarMesh, kept: Bools) -> PlanarMesh: ...
@overload
def part_of_mesh(mesh: PolyhedralMesh, kept: Bools) -> PolyhedralMesh: ...
def part_of_mesh(mesh: PlanarMesh | PolyhedralMesh, kept: Bools) -> PlanarMesh | PolyhedralMesh:
    """The mesh of those regions that are kept, (n_regions,) bool, with the points and faces that these have.

    Beyond a face of theirs whose other region is not kept, there is none.
    """
    return _polygons(mesh, kept) if isinstance(mesh, PlanarMesh) else _polyhedra(mesh, kept)


def _polygons(mesh: PlanarMesh, kept: Bools) -> PlanarMesh:
    regions = np.flatnonzero(kept)
    at = entries(mesh.indptr, regions)
    used, corners = _renumbered(mesh.corners[at], len(mesh.points))
    indptr = starts(np.diff(mesh.indptr)[regions])
    return PlanarMesh(mesh.points[used], mesh.error[used], indptr, corners, mesh.owners[at], mesh.crowded[at])


def _polyhedra(mesh: PolyhedralMesh, kept: Bools) -> PolyhedralMesh:
    regions = np.flatnonzero(kept)
    number = np.full(len(kept) + 1, NONE, dtype=np.int32)  # the last one is for no region, -1
    number[regions] = np.arange(len(regions))
    used_faces, faces = _renumbered(mesh.faces[entries(mesh.face_indptr, regions)], len(mesh.owners))
    beside = number[mesh.regions[used_faces]]
    turned = beside[:, 0] == NONE
    beside[turned] = beside[turned, ::-1]
    sizes = np.diff(mesh.corner_indptr)[used_faces]
    corner_indptr, at = starts(sizes), entries(mesh.corner_indptr, used_faces)
    # Corners are counter-clockwise as seen from outside of the first region.
    face = np.repeat(np.arange(len(used_faces)), sizes)
    here = np.arange(len(at))
    back = corner_indptr[face] + corner_indptr[face + 1] - 1 - here
    ring = mesh.corners[at[np.where(turned[face], back, here)]]
    used_points, corners = _renumbered(ring, len(mesh.points))
    return PolyhedralMesh(
        mesh.points[used_points], mesh.error[used_points], beside, mesh.owners[used_faces], mesh.crowded[used_faces],
        corner_indptr, corners, starts(np.diff(mesh.face_indptr)[regions]), faces,
    )  # fmt: skip


def _renumbered(numbers: Numbers, n: int) -> tuple[Ints, Numbers]:
    """Which of n things are named, in the order in which they are first, and their names among these."""
    named, first = np.unique(numbers, return_index=True)
    used: Ints = named[np.argsort(first)].astype(np.int64)
    place = np.zeros(n, dtype=numbers.dtype)
    place[used] = np.arange(len(used))
    return used, place[numbers]

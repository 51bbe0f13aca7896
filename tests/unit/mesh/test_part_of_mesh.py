"""Some regions of a mesh as a mesh of their own."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens import Box, Lens
from polytope_lens.mesh import planar_mesh, polyhedral_mesh
from polytope_lens.mesh.part_of_mesh import part_of_mesh


def random_partition(d):
    rng = np.random.default_rng(d)
    weights = [rng.standard_normal((7, d)), rng.standard_normal((1, 7))]
    return Lens.from_arrays(weights, [rng.standard_normal(7) / 2, [0]]).partition(Box([-1] * d, [1] * d))


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_polygons_keep_their_corners_and_owners(share):
    partition = random_partition(2)
    mesh, kept = partition.mesh, np.random.default_rng(0).random(len(partition)) < share
    part = part_of_mesh(mesh, kept)
    assert np.array_equal(planar_mesh.areas(part), planar_mesh.areas(mesh)[kept])
    assert set(part.corners.tolist()) == set(range(len(part.points)))
    for i, region in enumerate(np.flatnonzero(kept)):
        here, there = part.entries(i), mesh.entries(region)
        assert np.array_equal(part.points[part.corners[here]], mesh.points[mesh.corners[there]])
        assert np.array_equal(part.owners[here], mesh.owners[there])


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_polyhedra_keep_their_faces_and_how_they_turn(share):
    partition = random_partition(3)
    mesh, kept = partition.mesh, np.random.default_rng(0).random(len(partition)) < share
    part = part_of_mesh(mesh, kept)
    if share:
        assert np.allclose(polyhedral_mesh.volumes(part), polyhedral_mesh.volumes(mesh)[kept], rtol=1e-12)
    indptr, corners = part.rings()
    before, old = mesh.rings()
    number = np.flatnonzero(kept)
    for i, region in enumerate(number):
        for j, face in zip(
            range(part.face_indptr[i], part.face_indptr[i + 1]),
            range(mesh.face_indptr[region], mesh.face_indptr[region + 1]),
            strict=True,
        ):
            ring = part.points[corners[indptr[j] : indptr[j + 1]]]
            assert {tuple(p) for p in ring} == {tuple(p) for p in mesh.points[old[before[face] : before[face + 1]]]}
            normal = np.cross(ring[1] - ring[0], ring[2] - ring[1])
            middle = mesh.points[mesh.points_of(region)].mean(axis=0)
            assert normal @ (ring[0] - middle) > 0
    assert (part.regions[:, 0] >= 0).all()
    beyond = part.regions[:, 1] < 0
    assert beyond.sum() >= (part.owners < 0).sum()

"""The mesh of a partition in space."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist

from families import golden
from polytope_lens import Box, Lens, Polytope
from polytope_lens.errors import ConsistencyError, DimensionError, OptionError, UnboundedPolytopeError
from polytope_lens.mesh.polyhedral_mesh import (
    PolyhedralMeshBuilder,
    diameters,
    face_areas,
    polyhedra,
    spreads,
    surfaces,
    volumes,
)
from polytope_lens.polyhedral_complex.requirements import require_polyhedral_mesh
from polytope_lens.testing import assert_solids_true, networks

CUBE = Box([-1, -1, -1], [1, 1, 1])
# Two planes at right angles: four quarters of the cube
QUARTERS = Lens.from_arrays([[[1, 0, 0], [0, 1, 0]], [[1, 1]]], [[0, 0], [0]])


def random_lens(*shape, seed=0):
    generator = np.random.default_rng(seed)
    weights = [generator.normal(size=(n, m)) for m, n in pairwise(shape)]
    return Lens.from_arrays(weights, [generator.normal(size=len(w)) / 2 for w in weights])


def test_quarters_of_a_cube():
    partition = QUARTERS.partition(CUBE)
    mesh = partition.mesh
    assert repr(mesh) == "PolyhedralMesh(4 polyhedra, 20 faces, 18 points)"
    assert partition.volumes().tolist() == [2, 2, 2, 2]
    inner = mesh.regions[:, 1] >= 0
    assert sorted(map(tuple, mesh.regions[inner].tolist())) == [(0, 1), (0, 2), (1, 3), (2, 3)]
    assert sorted(mesh.owners[inner].tolist()) == [0, 0, 1, 1]
    assert (mesh.owners[~inner] < 0).all()
    assert mesh.error.max() < 1e-14
    assert sorted(face_areas(mesh)[inner].tolist()) == [2, 2, 2, 2]
    corners = [(x, y, z) for x in (0, 1) for y in (0, 1) for z in (-1, 1)]
    assert sorted(map(tuple, partition.vertices(3).tolist())) == corners
    assert all(isinstance(v, Fraction) for vertex in partition.vertices(3, exact=True) for v in vertex)


def test_polyhedra_are_the_hulls_of_their_vertices():
    partition = random_lens(3, 8, 6, 1).partition(CUBE)
    mesh = partition.mesh
    assert len(partition) > 100
    for region, volume in enumerate(partition.volumes()):
        hull = ConvexHull(partition.vertices(region))
        assert volume == pytest.approx(hull.volume, rel=1e-9, abs=1e-13)
        assert surfaces(mesh)[region] == pytest.approx(hull.area, rel=1e-7)
        assert diameters(mesh)[region] == pytest.approx(pdist(partition.vertices(region)).max())


def test_faces_turn_away_from_their_first_region():
    partition = random_lens(3, 10, 10, 1, seed=4).partition(CUBE)
    mesh = partition.mesh
    for face in range(len(mesh.owners)):
        corners = mesh.points[mesh.corners_of(face)]
        around = corners - corners[0]
        outward = sum(np.cross(p, q) for p, q in pairwise(around[1:]))
        assert outward @ (corners[0] - partition.witnesses[mesh.regions[face, 0]]) > 0


def test_facets_are_the_faces():
    partition = random_lens(3, 7, 5, 1, seed=2).partition(CUBE)
    mesh, facets = partition.mesh, partition.complex.facets()
    without = replace(partition, mesh=None).complex.facets()
    assert facets.regions.tolist() == without.regions.tolist()
    assert [facets.owners(i) for i in range(len(facets))] == [without.owners(i) for i in range(len(facets))]
    assert sorted(map(tuple, mesh.regions.tolist())) == sorted(map(tuple, facets.regions.tolist()))


@settings(max_examples=25)
@given(networks(3, max_width=3))
def test_every_network_has_a_true_mesh(network):
    assert_solids_true(Lens(network).partition(CUBE))


@settings(max_examples=15)
@given(networks(3, max_depth=2, max_width=3))
def test_facets_agree_with_those_found_without_a_mesh(network):
    domain = Polytope([[-1, 0, 0], [0, -1, 0], [0, 0, -1], [1, 1, 1], [2, 0, 0], [2, 2, 2]], [1, 1, 1, 1, 2, 2])
    partition = Lens(network).partition(domain)
    assert_solids_true(partition)
    facets, without = partition.complex.facets(), replace(partition, mesh=None).complex.facets()
    assert facets.regions.tolist() == without.regions.tolist()
    assert [facets.owners(i) for i in range(len(facets))] == [without.owners(i) for i in range(len(facets))]


def test_any_engine_and_any_number_of_workers_give_the_same_mesh():
    lens = random_lens(3, 6, 6, 1, seed=7)
    first = lens.partition(CUBE).mesh
    for options in ({"workers": 2}, {"engine": "split"}, {"engine": "brute"}):
        mesh = lens.partition(CUBE, **options).mesh
        for name in type(mesh).__slots__:
            assert np.array_equal(getattr(first, name), getattr(mesh, name)), (options, name)


def test_a_cell_with_more_faces_than_fit_in_one_word():
    # 90 planes around a ball, none of which cuts it
    generator = np.random.default_rng(0)
    normals = generator.normal(size=(90, 3))
    normals /= np.linalg.norm(normals, axis=1)[:, None]
    domain = Polytope(np.vstack([normals, np.eye(3), -np.eye(3)]), np.append(np.ones(90), np.full(6, 2.0)))
    partition = Lens.from_arrays([[[1, 0, 0]], [[1]]], [[0], [0]]).partition(domain)
    mesh = partition.mesh
    for region, volume in enumerate(partition.volumes()):
        hull = ConvexHull(partition.vertices(region))
        n_planes = len(np.unique(hull.equations.round(9), axis=0))
        assert volume == pytest.approx(hull.volume)
        assert len(mesh.faces_of(region)) == n_planes > 40
    assert len(mesh.owners) > 64


def test_no_mesh_without_space_or_bounds():
    with pytest.raises(DimensionError, match="polyhedra exist for networks with 3 inputs; this one has 2"):
        require_polyhedral_mesh(random_lens(2, 3, 1).partition(Box([0, 0], [1, 1])))
    with pytest.raises(UnboundedPolytopeError, match="its outer regions are no polyhedra"):
        require_polyhedral_mesh(QUARTERS.partition())


def batch(keys, owner=0):
    """One tetrahedron, whose faces have the given keys; all of one neuron."""
    corners = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], dtype=np.int32).ravel()
    vertices = np.column_stack([np.vstack([np.zeros(3), np.eye(3)]), np.zeros(4)])
    return polyhedra(
        vertices,
        np.arange(1, 5, dtype=np.uint64),
        np.array(keys, dtype=np.uint64),
        np.full(4, owner, dtype=np.int32),
        np.zeros(4, dtype=bool),
        np.arange(0, 13, 3),
        corners,
        np.array([0, 4]),
    )


def built(*batches):
    builder = PolyhedralMeshBuilder()
    for one in batches:
        builder.add(one)
    return builder.mesh()


def test_faces_that_do_not_fit_are_noticed():
    keys = [1, 2, 3, 4]
    assert volumes(built(batch(keys), batch(keys))) == pytest.approx([1 / 6, 1 / 6])
    with pytest.raises(ConsistencyError, match="does not join two regions"):
        built(batch(keys))
    with pytest.raises(ConsistencyError, match="disagree about a face"):
        built(batch(keys), batch(keys), batch([1, 5, 6, 7]))
    with pytest.raises(ConsistencyError, match="disagree about a face"):
        built(batch(keys), batch(keys, owner=1))


def test_partitions_without_a_mesh():
    lens = random_lens(3, 6, 5, 1, seed=1)
    whole, bare = lens.partition(CUBE), lens.partition(CUBE, mesh=False)
    for name in ("packed_patterns", "maps", "witnesses", "counts_per_layer"):
        assert np.array_equal(getattr(whole, name), getattr(bare, name))
    assert whole.certificate == bare.certificate and bare.mesh is None
    assert bare.complex.facets().regions.tolist() == whole.complex.facets().regions.tolist()
    with pytest.raises(OptionError, match="made without a mesh, so its polyhedra are not known"):
        bare.volumes()
    with pytest.raises(OptionError, match="polygons"):
        random_lens(2, 3, 1).partition(Box([0, 0], [1, 1]), mesh=False).plot()


def test_spreads_are_those_of_the_vertices_of_each_region():
    mesh = Lens(golden((3, 4, 3), 1)).partition(Box([-1] * 3, [1] * 3)).mesh
    length, error = spreads(mesh)
    for region in range(len(length)):
        at = mesh.points_of(region)
        assert length[region] == pytest.approx(np.ptp(mesh.points[at], axis=0).sum())
        assert error[region] == mesh.error[at].max()

"""Polyhedra that are cut in two: degenerate networks against rational programs, vertices and faces as they are."""

from __future__ import annotations

import numpy as np
import pytest
from flint import fmpq_mat
from hypothesis import given, settings

from families import braid, cross_polytope, generic, golden, sparsely, type_b
from polytope_lens import Box, Lens, Polytope
from polytope_lens.engines import polyhedra
from polytope_lens.engines.charts import charts
from polytope_lens.engines.chunks import Record
from polytope_lens.function.corner_signs import exact_corners
from polytope_lens.testing import assert_same_regions, assert_solids_true, networks

CUBE = Box([-1] * 3, [1] * 3)


@settings(max_examples=20)
@given(network=networks(3, max_depth=2, max_width=3, weights="integer"))
def test_regions_are_those_of_rational_programs_and_solids_are_true(network):
    found = Lens(network).partition(CUBE, "polyhedra")
    assert_same_regions(found, Lens(network).partition(CUBE, "brute"))
    assert_solids_true(found)


@pytest.mark.parametrize(("network", "n_regions"), [(braid(3), 6), (type_b(3), 48), (cross_polytope(3), 16)])
def test_planes_through_a_point(network, n_regions):
    found = Lens(network).partition(Box([-2] * 3, [2] * 3), "polyhedra")
    assert len(found) == n_regions
    assert_solids_true(found)


@pytest.mark.parametrize(
    "domain",
    [
        Polytope([[1, 1, 1], [-1, 0, 0], [0, -1, 0], [0, 0, -1]], [2, 1, 1, 1]),
        Polytope([[1, 1, 0], [1, -1, 0]], [0, 0]),
        None,
    ],
    ids=["simplex", "wedge", "space"],
)
def test_domains_of_all_kinds(domain):
    lens = Lens(golden((3, 3, 3), 1))
    found = lens.partition(domain, "polyhedra")
    assert_same_regions(found, lens.partition(domain, "brute"))
    if found.mesh is not None:
        assert_solids_true(found)


def test_a_sparse_network_has_the_same_mesh():
    dense = golden((3, 4, 3), 2)
    one, other = (Lens(network).partition(CUBE, "polyhedra") for network in (dense, sparsely(dense)))
    assert_same_regions(one, other)
    for name in ("regions", "owners", "corner_indptr", "corners", "faces"):
        assert (getattr(one.mesh, name) == getattr(other.mesh, name)).all()
    np.testing.assert_allclose(one.mesh.points, other.mesh.points, atol=1e-12)


def test_counting_needs_no_mesh():
    lens = Lens(golden((3, 5, 4), 3))
    counts, found = lens.count(CUBE, "polyhedra"), lens.partition(CUBE, "polyhedra")
    assert counts.total == len(found)
    assert counts.per_layer.tolist() == found.counts_per_layer.tolist()


def test_sides_of_a_chart_are_those_of_its_box_and_then_others():
    corner = Polytope(np.vstack([CUBE.A, [[1, 1, 1]]]), np.append(CUBE.b, 2))
    (chart,) = charts(corner, 3)
    sides = polyhedra.chart_sides(chart)
    assert sides.tolist() == [*np.column_stack([CUBE.A, -CUBE.b]).tolist(), [1, 1, 1, -2]]
    assert polyhedra._rows_of_sides(chart).tolist() == list(range(7))


def test_sides_of_the_box_that_the_domain_has_not_belong_to_nobody():
    simplex = Polytope(np.vstack([-np.eye(3), np.ones((1, 3))]), [0, 0, 0, 1])
    (chart,) = charts(simplex, 3)
    assert polyhedra._rows_of_sides(chart).tolist() == [-1, -1, -1, 0, 1, 2, 3]


def test_bits_come_lowest_first():
    words = np.array([0b1011, 1], dtype=np.uint64)
    assert np.flatnonzero(polyhedra.unpack_low(words, 70)).tolist() == [0, 1, 3, 64]
    assert polyhedra.pack_low(polyhedra.unpack_low(words, 70)[None], 2).tolist() == [words.tolist()]


def test_the_corners_of_a_box_are_those_of_double_description():
    box = Box([-1, 0.1, -3], [1, 0.7, 2])
    (chart,) = charts(box, 3)
    sides = polyhedra.chart_sides(chart)
    meeting, corners = polyhedra._corners(chart, sides)
    cut = Polytope(np.vstack([box.A, [[1, 1, 1]]]), [*box.b, 100])  # a row that touches nothing
    (chart_of_cut,) = charts(cut, 3)
    meeting_of_cut, corners_of_cut = polyhedra._corners(chart_of_cut, polyhedra.chart_sides(chart_of_cut))
    found, wanted = (
        sorted((*point, *sorted(np.flatnonzero(at).tolist())) for point, at in zip(points.tolist(), tight, strict=True))
        for points, tight in ((corners, meeting), (corners_of_cut, meeting_of_cut))
    )
    assert found == wanted and len(found) == 8


def test_a_walk_that_starts_with_little_room_finds_the_same(monkeypatch):
    (chart,) = charts(Box([-1e6] * 3, [1e6] * 3), 3)

    def found():
        chunks = polyhedra.walk(generic(9, 3), chart, Record(), want_output=True, want_mesh=True)
        return np.concatenate([chunk.patterns for chunk in chunks])

    roomy = found()
    monkeypatch.setattr(polyhedra, "STACK", 16)
    monkeypatch.setattr(polyhedra, "CELL", 16)
    assert (found() == roomy).all()
    assert len(roomy) == 130


E = 2.0**-52
NEAR = Lens.from_arrays(
    [[[1, 0, 0], [1, -E, 0], [1, E, 0], [0, 0, 1]], [[0, 0, 1, 1]]], [[-1, -1, -1 - E, 0], [0]], negative_slope=-1.0
).network
SMALL = Lens.from_arrays(
    [[[-1, 2, -1], [-1, -2, -2]], [[0, 0], [-1, -1], [2, -2], [0, 1]], [[2, 1, -1, 2]]], [[0, 2], [-1, 0, 0, -2], [0]]
).network
OCTANTS = Lens.from_arrays([np.eye(3), [[1, 1, 1]]], [[0, 0, 0], [0]]).network
THIN = [
    pytest.param(NEAR, Box([0, -1, -1], [2, 2, 1]), id="planes that differ in the last bit"),
    *(
        pytest.param(network, Box([-s for s in sides], sides), id=f"{name} in {sides}")
        for name, network in (("small", SMALL), ("octants", OCTANTS), ("golden", golden((3, 4, 3), 1)))
        for sides in ([1e-200] * 3, [1e-300] * 3, [1e6, 1e6, 4.5e-13])
    ),
]


@pytest.mark.parametrize(("network", "box"), THIN)
def test_faces_however_thin_turn_counter_clockwise_as_seen_from_outside(network, box):
    found = Lens(network).partition(box, "polyhedra")
    corner_of, (indptr, corners) = exact_corners(found), found.mesh.rings()
    for region in range(len(found)):
        inside = [sum(x) / len(x) for x in zip(*map(corner_of, found.mesh.points_of(region).tolist()), strict=True)]
        for face in range(found.mesh.face_indptr[region], found.mesh.face_indptr[region + 1]):
            ring = [corner_of(p) for p in corners[indptr[face] : indptr[face + 1]].tolist()]
            for p, q, r in zip(ring, ring[1:] + ring[:1], ring[2:] + ring[:2], strict=True):
                rows = [[a - b for a, b in zip(x, inside, strict=True)] for x in (p, q, r)]
                assert fmpq_mat(rows).det() > 0

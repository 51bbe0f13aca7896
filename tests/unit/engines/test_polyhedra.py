"""Polyhedra that are cut in two: degenerate networks against rational programs, vertices and faces as they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from families import braid, cross_polytope, golden, sparsely, type_b
from polytope_lens import Box, Lens, Polytope
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

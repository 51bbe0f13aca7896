"""Numbers of faces, by known f-vectors, Euler's formula, and the faces themselves."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from families import (
    braid,
    cross_polytope,
    flip_trap,
    generic,
    golden,
    low_rank,
    max_of_two,
    random_deep,
    sawtooth,
    zaslavsky,
)
from polytope_lens import Box, Lens, Polytope
from polytope_lens.errors import OptionError
from polytope_lens.polyhedral_complex.face_lattice import faces
from polytope_lens.testing import boxes, domains, networks, simplices
from reference import tuples

SQUARE = Box([-1, -1], [1, 1])


@pytest.mark.parametrize(("n", "d"), [(3, 2), (5, 2), (4, 3), (5, 3), (5, 4)])
def test_arrangements_in_general_position(n, d):
    """f_k = C(n, d - k) Z(n - d + k, k) (Zaslavsky 1975)."""
    found = Lens(generic(n, d)).partition().complex.f_vector()
    assert found.counts.tolist() == [comb(n, d - k) * zaslavsky(n - d + k, k) for k in range(d + 1)]
    assert found.euler == (-1) ** d and not found.boundary.any()


def test_a_braid_has_no_corners():
    """Faces of the braid arrangement are ordered set partitions; those with k blocks have dimension k."""
    assert Lens(braid(3)).partition().complex.f_vector().counts.tolist() == [0, 1, 6, 6]


def test_a_line_of_hyperplanes_of_low_rank():
    found = Lens(low_rank()).partition().complex.f_vector()
    # Eight lines in general position, times R^3.
    assert found.counts.tolist() == [0, 0, 0, 28, 64, 37]


def test_a_cross_polytope_cuts_every_orthant():
    found = Lens(cross_polytope(3)).partition().complex.f_vector()
    # Orthants have 1, 6, 12, 8 faces, the octahedron 6, 12, 8, and each of its corners cuts a half-axis.
    assert found.counts.tolist() == [1 + 6, 6 + 6 + 12, 12 + 12 + 8, 16]


@settings(max_examples=30)
@given(network=networks(2, max_depth=3, max_width=3), data=st.data())
def test_meshes_have_the_same_faces_as_cones(network, data):
    partition = Lens(network).partition(data.draw(st.one_of(boxes(2), simplices(2))))
    found, counted = faces(partition), partition.complex.f_vector()
    assert np.bincount(found.dims).tolist() == counted.counts.tolist()
    assert np.bincount(found.dims[~found.on_boundary], minlength=3).tolist() == counted.inner.tolist()
    assert counted.euler == 1
    corners = {p for i in range(len(partition)) for p in tuples(partition.vertices(i, exact=True))}
    assert len(corners) == counted.counts[0]


@settings(max_examples=25)
@given(network=networks(st.integers(1, 3), max_depth=2, max_width=3), data=st.data())
def test_eulers_formula(network, data):
    d = network.input_dim
    domain = data.draw(domains(d))
    partition = Lens(network).partition(domain)
    found = partition.complex.f_vector()
    assert found.euler == ((-1) ** d if domain is None else 1)
    assert np.bincount(faces(partition).dims, minlength=d + 1).tolist() == found.counts.tolist()
    boundary = int(found.boundary[::2].sum() - found.boundary[1::2].sum())
    assert boundary == (0 if domain is None else 1 - (-1) ** d)  # a sphere


def test_unbounded_domains_and_the_line():
    quadrant = Polytope([[-1, 0], [0, -1]], [1, 1])
    found = Lens(max_of_two()).partition(quadrant).complex.f_vector()
    assert (found.counts.tolist(), found.inner.tolist()) == ([3, 7, 4], [1, 4, 4])
    ray = Lens(flip_trap()).partition(Polytope([[-1]], [0])).complex.f_vector()
    assert (ray.counts.tolist(), ray.inner.tolist()) == ([3, 3], [2, 3])
    assert Lens(sawtooth(3)).partition().complex.f_vector().counts.tolist() == [9, 10]
    assert Lens(sawtooth(3)).partition(Box([0], [1])).complex.f_vector().counts.tolist() == [9, 8]


def test_no_neurons_and_a_limit():
    plain = Lens.from_arrays([[[1, 2, 3]]], [[0]]).partition(Box([0] * 3, [1] * 3))
    assert plain.complex.f_vector().counts.tolist() == [8, 12, 6, 1]
    with pytest.raises(OptionError, match="max_regions=2"):
        Lens(golden((2, 4, 4), 1)).partition().complex.f_vector(max_regions=2)
    assert Lens(random_deep((2, 6, 6), 1, 0.0)).partition(SQUARE).complex.f_vector(max_regions=2).euler == 1

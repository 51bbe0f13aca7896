"""Cells of meshes and those from exact corners and rays: the same complex, with the same boundary."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from families import generic, seven_lines
from polytope_lens import Box, Lens
from polytope_lens.errors import OptionError
from polytope_lens.polyhedral_complex.cell_complex import exact_cells, mesh_cells
from polytope_lens.testing import networks


@settings(max_examples=20, deadline=None)
@given(network=st.integers(2, 3).flatmap(lambda d: networks(d, max_depth=2, max_width=3)))
def test_both_roads_find_the_same_cells(network):
    d = network.input_dim
    partition = Lens(network).partition(Box([-1] * d, [1] * d))
    found, exact = mesh_cells(partition), exact_cells(partition, purpose="a test")[0]
    assert found.sizes == exact.sizes == partition.complex.f_vector().counts.tolist()
    for one, other in ((found, exact), (exact, found)):
        assert [int(outer.sum()) for outer in one.outer] == partition.complex.f_vector().boundary.tolist()
        for k in range(d):
            assert np.bincount(np.diff(one.sides[k].indptr)).tolist() == np.bincount(
                np.diff(other.sides[k].indptr)).tolist()  # fmt: skip
        assert (np.diff(one.sides[0].indptr) == 2).all()
        if d > 1:  # in each cell, two sides meet in each of theirs
            for inner in one.sides[1].of_cells():
                assert (np.unique(one.ends[inner], return_counts=True)[1] == 2).all()


def test_all_of_the_plane():
    partition = Lens(seven_lines()).partition()
    cells, generators = exact_cells(partition, purpose="a test")
    assert cells.sizes == partition.complex.f_vector().counts.tolist()
    assert cells.n_directions == 14 and cells.n_lines == 0
    assert len(generators.vectors) == cells.n_points + cells.n_directions
    assert all(vector[-1] > 0 for vector in generators.vectors[: cells.n_points])
    assert (cells.ends.min(axis=1) < cells.n_points).all()


def test_lines_are_counted_apart():
    cells, generators = exact_cells(Lens(generic(3, 2)).partition(), purpose="a test")
    assert cells.n_lines == 0
    lens = Lens.from_arrays([[[1, 0, 0], [0, 1, 0]], [[1, 1]]], [[0, 0], [0]])
    cells, generators = exact_cells(lens.partition(), purpose="a test")
    assert (cells.sizes, cells.n_lines, generators.lines) == ([1, 4, 4], 1, [(0, 0, 1, 0)])


def test_too_many_regions_are_refused():
    with pytest.raises(OptionError, match="`betti` needs all faces of 26 regions"):
        exact_cells(Lens(seven_lines()).partition(), max_regions=25, purpose="`betti`")

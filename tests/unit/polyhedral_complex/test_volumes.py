"""Volumes against a formula that needs no corners."""

from __future__ import annotations

import numpy as np
import pytest

from families import generic, golden
from polytope_lens import Box, Lens
from polytope_lens.arithmetic.rational import nearest_float
from polytope_lens.errors import PartialPartitionError, UnboundedPolytopeError
from polytope_lens.testing.fractions import exact_cells, exact_volume

NETWORKS = {1: golden((1, 5, 4), 2), 2: golden((2, 4, 4), 1), 3: golden((3, 4, 3), 1), 4: generic(4, 4)}


@pytest.mark.parametrize("d", NETWORKS)
def test_volumes_are_those_of_lasserres_formula(d):
    partition = Lens(NETWORKS[d]).partition(Box([-1] * d, [1.5] * d))
    exact = [nearest_float(exact_volume(rows, d)) for rows in exact_cells(partition)]
    np.testing.assert_allclose(partition.volumes(), exact, rtol=1e-9, atol=1e-15)
    assert partition.volumes().sum() == pytest.approx(2.5**d)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_without_neurons_the_domain_is_the_only_region(d):
    assert Lens.from_arrays([np.ones((1, d))], [[0]]).partition(Box([0] * d, [3] * d)).volumes().tolist() == [3**d]


@pytest.mark.parametrize("d", [2, 3, 4])
def test_refusals(d):
    lens = Lens(NETWORKS[d])
    with pytest.raises(UnboundedPolytopeError):
        lens.partition().volumes()
    part = lens.explore([0] * d, Box([-1] * d, [1] * d), max_regions=2)
    with pytest.raises(PartialPartitionError, match=r"volumes|mesh|polygons|polyhedra"):
        part.volumes()

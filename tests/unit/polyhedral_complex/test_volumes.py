"""Volumes against a formula that needs no corners."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from families import generic, golden
from polytope_lens import Box, Lens
from polytope_lens.arithmetic.rational import nearest_float
from polytope_lens.errors import PartialPartitionError, UnboundedPolytopeError
from polytope_lens.polyhedral_complex.volume_bounds import volume_bounds
from polytope_lens.testing import boxes, networks
from polytope_lens.testing.fractions import exact_cells, exact_volume

NETWORKS = {1: golden((1, 5, 4), 2), 2: golden((2, 4, 4), 1), 3: golden((3, 4, 3), 1), 4: generic(4, 4)}


@pytest.mark.parametrize("d", NETWORKS)
def test_volumes_are_those_of_lasserres_formula(d):
    partition = Lens(NETWORKS[d]).partition(Box([-1] * d, [1.5] * d))
    exact = [nearest_float(exact_volume(rows, d)) for rows in exact_cells(partition)]
    np.testing.assert_allclose(partition.volumes(), exact, rtol=1e-9, atol=1e-15)
    assert partition.volumes().sum() == pytest.approx(2.5**d)


def slivers(d, thin, scale):
    """Parallel hyperplanes in a direction that floats do not have, and others across; weights of any size."""
    rng = np.random.default_rng(d)
    normal, across = rng.normal(size=(1, d)), rng.normal(size=(2, d))
    weights = np.vstack([normal, normal, normal, across]) * scale
    return Lens.from_arrays(
        [weights, np.ones((1, 5))], [np.array([0.1, 0.1 + thin, 0.1 - 2 * thin, 0.2, -0.3]) * scale, [0]]
    )


@pytest.mark.parametrize("scale", [2.0**-40, 1.0, 2.0**40])
@pytest.mark.parametrize("thin", [2.0**-30, 2.0**-45, 2.0**-55])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_slivers_are_positive_and_known_to_some_digits(d, thin, scale):
    partition = slivers(d, thin, scale).partition(Box([-1] * d, [1.5] * d))
    exact = np.array([nearest_float(exact_volume(rows, d)) for rows in exact_cells(partition)])
    assert (exact > 0).all() and exact.min() < 1e-8
    found = partition.volumes()
    lower, upper = volume_bounds(partition)
    sure = lower > 0
    np.testing.assert_allclose(found[~sure], exact[~sure], rtol=1e-15)
    assert (found > 0).all() and (lower <= exact).all() and (exact <= upper).all()


@given(data=st.data(), network=networks(st.integers(2, 3), max_depth=2, max_width=4), seed=st.integers(0, 99))
@settings(max_examples=30)
def test_volumes_are_positive_whatever_the_sizes_of_weights(data, network, seed):
    """Each neuron's weights are multiplied by a power of two of its own."""
    rng, layers = np.random.default_rng(seed), []
    for layer in network.layers:
        factor = 2.0 ** rng.integers(-40, 41, size=layer.width)
        layers.append(replace(layer, weight=layer.weight * factor[:, None], bias=layer.bias * factor))
    partition = Lens(replace(network, layers=tuple(layers))).partition(data.draw(boxes(network.input_dim)))
    assert (partition.volumes() > 0).all()


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

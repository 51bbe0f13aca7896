"""Facets on the sides of boxes against those that the rows of each region tell."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from families import random_deep, resonance, threshold
from polytope_lens import Box, Lens, Polytope
from polytope_lens.cells.region_facets import domain_sides
from polytope_lens.polyhedral_complex import facets_on_sides


def rounded(network, places):
    """The network with weights that are small integers, so that many boundaries meet each other and the sides."""
    weights = [np.round(layer.weight * places) for layer in network.layers]
    biases = [np.round(layer.bias * places) for layer in network.layers]
    return Lens.from_arrays([*weights, network.output_weight], [*biases, network.output_bias]).network


CASES = {
    "generic": (random_deep((4, 6, 5), 0, 0.0), Box([-1] * 4, [1] * 4)),
    "leaky": (random_deep((5, 5, 4), 1, 0.1), Box([-1, -2, 0, -1, 0.5], [1, 1, 1, 3, 2])),
    "integers": (rounded(random_deep((4, 5, 4), 2, 0.0), 2), Box([-1] * 4, [1] * 4)),
    "zero biases": (resonance(4), Box([-1] * 4, [1] * 4)),
    "sides are boundaries": (threshold(3), Box([0] * 4, [1] * 4)),
    "no layers": (Lens.from_arrays([np.ones((1, 4))], [[0]]).network, Box([-1] * 4, [1] * 4)),
    "one region": (Lens.from_arrays([np.ones((1, 4)), [[1]]], [[9], [0]]).network, Box([-1] * 4, [1] * 4)),
}


@pytest.mark.parametrize("name", CASES)
def test_the_same_facets_with_and_without(name):
    partition = Lens(CASES[name][0]).partition(CASES[name][1])
    sides = domain_sides(partition.domain, partition.network.input_dim).floats
    assert facets_on_sides.listed(partition, sides) is not None
    alone = copy.copy(partition)
    assert facets_on_sides.listed(alone, sides) is None
    one, other = partition.complex.facets(), alone.complex.facets()
    for field in ("regions", "indptr", "layer", "neuron"):
        assert getattr(one, field).tolist() == getattr(other, field).tolist()


def test_a_neuron_that_is_zero_on_a_side():
    """relu(1 - x) is zero where x = 1, with all regions there on both its sides."""
    lens = Lens.from_arrays([[[-1, 0, 0, 0], [0, 1, 1, 0]], [[1, 1]]], [[1, 0], [0]])
    partition = lens.partition(Box([-1] * 4, [1] * 4))
    found, other = partition.complex.facets(), copy.copy(partition).complex.facets()
    assert found.regions.tolist() == other.regions.tolist()
    assert found.neuron.tolist() == other.neuron.tolist()
    assert [len(found.of(i)) for i in range(len(partition))] == [7, 7]


def test_within_a_flat_box():
    lens = Lens(random_deep((5, 6, 5), 3, 0.0))
    partition = lens.partition(Box([-1, -1, 0.5, -1, -1], [1, 1, 0.5, 1, 1]))
    inner = partition.on_flat
    assert facets_on_sides.listed(inner, domain_sides(inner.domain, 4).floats) is not None
    one, other = inner.complex.facets(), copy.copy(inner).complex.facets()
    assert one.regions.tolist() == other.regions.tolist()


def test_other_domains_are_asked_row_by_row():
    network = random_deep((4, 5, 4), 4, 0.0)
    simplex = Polytope(np.vstack([-np.eye(4), np.ones((1, 4))]), [0, 0, 0, 0, 1])
    for domain in (None, simplex):
        partition = Lens(network).partition(domain)
        assert facets_on_sides.listed(partition, np.zeros((0, 5))) is None


def test_what_is_told_is_not_saved(tmp_path):
    partition = Lens(random_deep((4, 5, 4), 5, 0.0)).partition(Box([-1] * 4, [1] * 4))
    partition.save(tmp_path / "found.npz")
    loaded = type(partition).load(tmp_path / "found.npz")
    assert loaded.complex.facets().regions.tolist() == partition.complex.facets().regions.tolist()


def test_neurons_that_occur_twice():
    network = random_deep((4, 4, 3), 6, 0.0)
    first, second = network.layers
    twice = Lens.from_arrays(
        [np.vstack([first.weight] * 2), np.hstack([second.weight] * 2), network.output_weight],
        [np.tile(first.bias, 2), second.bias, network.output_bias],
    ).partition(Box([-1] * 4, [1] * 4))
    assert twice.complex.facets().regions.tolist() == copy.copy(twice).complex.facets().regions.tolist()

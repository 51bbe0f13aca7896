"""Facets by three roads: the mesh, the proofs in floats, and stepping across each facet of each region."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from families import DEEP, ONE_LAYER, random_deep
from polytope_lens import Box, Lens, Polytope
from polytope_lens.cells.inequalities import DOMAIN
from polytope_lens.network.network import Layer, Network
from polytope_lens.testing import boxes, domains, networks, simplices

SMALL = [family for family in (*ONE_LAYER, *DEEP) if family.per_layer[-1] <= 50]


def listed(facets):
    """Each facet as (first, second, owners)."""
    return [(*pair, tuple(facets.owners(i))) for i, pair in enumerate(facets.regions.tolist())]


def by_stepping(partition):
    """The same list from exact facets of single regions, and what the network says just across each of them."""
    index = {region.pattern.bits: i for i, region in enumerate(partition)}
    outer, inner = [], {}
    for i, region in enumerate(partition):
        across = iter(region.neighbors())
        for owners in map(set, region.polytope.owners):
            if any(layer == DOMAIN for layer, _ in owners):
                outer.append((i, -1, tuple(sorted(owners))))
            else:
                j = index[next(across).pattern.bits]
                inner.setdefault((min(i, j), max(i, j)), set()).update(owners)
    return sorted(outer + [(*pair, tuple(sorted(owners))) for pair, owners in inner.items()])


def assert_roads_meet(partition):
    found = listed(partition.complex.facets())
    assert found == by_stepping(partition)
    if partition.mesh is not None:
        assert listed(replace(partition, mesh=None).complex.facets()) == found


@st.composite
def tiny(draw, d):
    """Weights and biases between -2 and 2, slopes of ReLU, leaky ReLU and the absolute value."""
    whole = st.integers(-2, 2)
    layers, width = [], d
    for _ in range(draw(st.integers(1, 3 if d < 3 else 2))):
        n = draw(st.integers(1, 3))
        weight = np.array(draw(st.lists(whole, min_size=n * width, max_size=n * width)), dtype=float).reshape(n, width)
        bias = np.array(draw(st.lists(whole, min_size=n, max_size=n)), dtype=float)
        low = np.array(draw(st.lists(st.sampled_from((0.0, 0.0, 0.5, -1.0)), min_size=n, max_size=n)))
        layers.append(Layer(weight, bias, low, np.ones(n), np.ones(n, dtype=bool)))
        width = n
    return Network(tuple(layers), np.ones((1, width)), np.zeros(1))


@settings(max_examples=40)
@given(network=tiny(2), domain=st.one_of(st.just(Box([-2, -2], [2, 2])), boxes(2), simplices(2)))
def test_mesh_and_steps_agree_in_the_bounded_plane(network, domain):
    assert_roads_meet(Lens(network).partition(domain))


@pytest.mark.parametrize("d", [1, 2, 3])
@settings(max_examples=20)
@given(data=st.data())
def test_proofs_and_steps_agree_without_bounds(d, data):
    assert_roads_meet(Lens(data.draw(tiny(d))).partition(None))


@settings(max_examples=30)
@given(network=networks(st.integers(1, 3), max_depth=2, max_width=3), data=st.data())
def test_roads_agree_on_networks_of_all_kinds(network, data):
    assert_roads_meet(Lens(network).partition(data.draw(domains(network.input_dim))))


@settings(max_examples=20)
@given(network=networks(st.integers(1, 2), weights="wild", max_depth=2, max_width=3), box=st.booleans())
def test_roads_agree_on_numbers_of_all_sizes(network, box):
    with np.errstate(all="ignore"):
        d = network.input_dim
        assert_roads_meet(Lens(network).partition(Box([-1] * d, [1] * d) if box else None))


@pytest.mark.parametrize("family", SMALL, ids=str)
def test_roads_agree_on_known_families(family):
    assert_roads_meet(Lens(family.network).partition(family.domain))


@pytest.mark.parametrize("leak", [0.0, 0.25])
@pytest.mark.parametrize("widths", [(3, 4, 2), (4, 3, 2), (2, 3, 3, 3)])
def test_roads_agree_on_generic_networks(widths, leak):
    d = widths[0]
    lens = Lens(random_deep(widths, 3, leak))
    for domain in (None, Box(-np.ones(d), np.ones(d)), Polytope(-np.eye(d)[:2], [1, 1])):
        assert_roads_meet(lens.partition(domain))


@pytest.mark.parametrize("leak", [0.0, 0.25])
def test_mesh_and_proofs_agree_on_larger_networks(leak):
    partition = Lens(random_deep((2, 12, 12, 12), 3, leak)).partition(Box([-2, -2], [2, 2]))
    assert listed(replace(partition, mesh=None).complex.facets()) == listed(partition.complex.facets())


def test_duplicated_sides_and_neurons_along_them():
    """A side stated twice, a redundant side, and a neuron that touches the domain along a side."""
    lens = Lens.from_arrays([[[1, 0], [2, 0], [0, 1], [1, 1]], [[1, 1, 1, 1]]], [[0, 0, -0.5, 0], [0]])
    sides = Polytope([[-1, 0], [1, 0], [0, -1], [0, 1], [-3, 0], [1, 1]], [0, 1, 0, 1, 0, 5])
    partition = lens.partition(sides)
    assert_roads_meet(partition)
    found = partition.complex.facets()
    assert [(-1, 0), (-1, 4), (0, 0), (0, 1)] in [found.owners(i) for i in range(len(found))]

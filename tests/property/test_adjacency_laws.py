"""Laws of the dual graph, and facets of arrangements that are known by theorem."""

from __future__ import annotations

from itertools import pairwise
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components, shortest_path

from families import braid, central, generic, random_deep, sawtooth, seven_lines, type_b, zaslavsky
from polytope_lens import Box, Lens
from polytope_lens.testing import domains, networks


@settings(max_examples=50)
@given(network=networks(st.integers(1, 3), max_depth=3, max_width=3), data=st.data())
def test_every_facet_joins_two_regions_or_is_the_domains(network, data):
    partition = Lens(network).partition(data.draw(domains(network.input_dim, flat=True)))
    facets, bits = partition.complex.facets(), partition.patterns()
    places = [(index, j) for index, layer in enumerate(network.layers) for j in np.flatnonzero(layer.cuts)]
    seen = set()
    for i, (first, second) in enumerate(facets.regions.tolist()):
        owners = facets.owners(i)
        assert owners == sorted(set(owners)) and owners
        assert (second < 0) == (owners[0][0] < 0)
        if second < 0:
            continue
        assert 0 <= first < second < len(partition)
        assert (first, second) not in seen
        seen.add((first, second))
        # Whatever changes across a facet owns it.
        assert {places[bit] for bit in np.flatnonzero(bits[first] != bits[second])} <= set(owners)
    # The domain is convex, so one can walk from any region to any other.
    assert connected_components(partition.adjacency())[0] == 1


@settings(max_examples=30)
@given(network=networks(st.integers(1, 3), max_depth=2, max_width=3, min_depth=1), data=st.data())
def test_the_facets_of_the_first_layers_are_cut_up_by_the_next(network, data):
    domain = data.draw(domains(network.input_dim, flat=True))
    first = type(network)(network.layers[:1], np.ones((1, network.widths[0])), [0])
    coarse, fine = Lens(first).partition(domain), Lens(network).partition(domain)
    parent = np.unique(fine.patterns()[:, : first.n_neurons], axis=0, return_inverse=True)[1].reshape(-1)
    crossing = parent[fine.complex.facets().regions[fine.complex.facets().regions[:, 1] >= 0]]
    joined = {tuple(sorted(pair)) for pair in crossing.tolist() if pair[0] != pair[1]}
    assert joined == {tuple(pair) for pair in coarse.complex.facets().regions.tolist() if pair[1] >= 0}


@pytest.mark.parametrize(("n", "d"), [(1, 1), (5, 1), (5, 2), (12, 2), (30, 2), (5, 3), (9, 3), (6, 4), (7, 5)])
def test_a_generic_arrangement(n, d):
    """Each hyperplane is cut by the others into Z(n - 1, d - 1) facets; antipodal regions are n steps apart."""
    partition = Lens(generic(n, d)).partition()
    facets = partition.complex.facets()
    assert len(facets) == n * zaslavsky(n - 1, d - 1)
    assert (np.bincount(facets.neuron) == zaslavsky(n - 1, d - 1)).all()
    assert (np.diff(facets.indptr) == 1).all()
    faces = {k: comb(n, d - k) * zaslavsky(n - d + k, k) for k in (d - 1, d)}
    assert partition.adjacency().sum(axis=1).mean() == pytest.approx(2 * faces[d - 1] / faces[d], rel=1e-12)
    if len(partition) < 100:
        # Distances are Hamming distances, in arrangements.
        bits = partition.patterns()
        steps = shortest_path(partition.adjacency(), unweighted=True)
        assert (steps == (bits[:, None] != bits[None]).sum(axis=2)).all()
        assert steps.max() == n


@pytest.mark.parametrize("n", [3, 4, 5])
def test_chambers_of_reflection_arrangements_are_simplicial(n):
    assert set(Lens(braid(n)).partition().adjacency().sum(axis=0).tolist()) == {n - 1}
    if n < 4:
        assert set(Lens(type_b(n)).partition().adjacency().sum(axis=0).tolist()) == {n}


def test_central_arrangements_have_the_facets_of_one_dimension_less():
    """Each of n hyperplanes through the origin is cut by the others as n - 1 lines through the origin cut a plane."""
    assert len(Lens(central(7, 3)).partition().complex.facets()) == 7 * 2 * 6
    assert len(Lens(central(9, 2)).partition().complex.facets()) == 18


def test_concurrent_lines():
    # Of 21 crossings, 6 are one point on 4 lines, so there are 4 + 15 * 2 incidences.
    assert len(Lens(seven_lines()).partition().complex.facets()) == 7 + 4 + 15 * 2


@pytest.mark.parametrize("k", [1, 4, 7])
def test_the_sawtooth_is_a_path(k):
    partition = Lens(sawtooth(k)).partition(Box([0], [1]))
    order = np.argsort(partition.witnesses[:, 0]).tolist()
    regions = partition.complex.facets().regions
    steps = {tuple(sorted(pair)) for pair in pairwise(order)}
    assert {tuple(pair) for pair in regions[regions[:, 1] >= 0].tolist()} == steps
    assert sorted(regions[regions[:, 1] < 0, 0].tolist()) == sorted([order[0], order[-1]])


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("widths", [(1, 9, 9), (2, 12, 12), (2, 6, 6, 6, 6), (3, 9, 9), (4, 7, 5), (5, 6, 4)])
def test_the_mean_number_of_neighbours_is_at_most_twice_the_dimension(widths, seed):
    """Gaines and Bi 2026, for generic networks on all of R^d."""
    adjacency = Lens(random_deep(widths, seed, 0.0)).partition().adjacency()
    assert adjacency.nnz <= 2 * widths[0] * adjacency.shape[0]


def test_leaving_out_the_last_neuron_of_the_last_layer_merges_pairs_of_neighbours():
    network = random_deep((3, 6, 5), 2, 0.0)
    partition = Lens(network).partition()
    facets, bits = partition.complex.facets(), partition.patterns()
    inner = facets.regions[:, 1] >= 0
    of_last = inner & (facets.layer[facets.indptr[:-1]] == 1) & (facets.neuron[facets.indptr[:-1]] == 4)
    merged = np.unique(bits[:, :-1], axis=0)
    assert len(partition) - len(merged) == of_last.sum()
    for first, second in facets.regions[of_last]:
        assert (bits[first] != bits[second]).tolist() == [False] * 10 + [True]

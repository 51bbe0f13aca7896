"""The dual graph, against networkx and against what is known of arrangements."""

from __future__ import annotations

from math import comb

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from families import chain, flip_trap, generic, golden, max_of_two, zaslavsky
from polytope_lens import Box, Lens
from polytope_lens.errors import DimensionError, OptionError
from polytope_lens.polyhedral_complex import dual_graph
from polytope_lens.testing import domains, networks

PLANE = Lens(golden((2, 8, 8), 2)).partition(Box([-5, -5], [5, 5]))


@st.composite
def matrices(draw):
    """Adjacency matrices of any graphs, connected or not."""
    n = draw(st.integers(1, 12))
    entries = np.array(draw(st.lists(st.booleans(), min_size=n * n, max_size=n * n))).reshape(n, n)
    dense = np.triu(entries, 1) & (np.add.outer(np.arange(n), np.arange(n)) % draw(st.integers(1, 4)) == 0)
    return sparse.csr_array(dense | dense.T)


@given(adjacency=matrices())
def test_graphs_of_any_kind_against_networkx(adjacency):
    other = nx.from_scipy_sparse_array(adjacency)
    n = len(other)
    assert dual_graph.degrees(adjacency).tolist() == [other.degree(i) for i in range(n)]
    labels = dual_graph.components(adjacency)
    parts = sorted(nx.connected_components(other), key=min)
    assert [set(np.flatnonzero(labels == k).tolist()) for k in range(labels.max() + 1)] == parts
    for i in range(n):
        away = nx.single_source_shortest_path_length(other, i)
        assert dual_graph.distances(adjacency, i).tolist() == [away.get(j, -1) for j in range(n)]
    if len(parts) == 1:
        away = nx.eccentricity(other)
        assert dual_graph.eccentricities(adjacency).tolist() == [away[i] for i in range(n)]
        assert dual_graph.diameter(adjacency) == nx.diameter(other)
    else:
        for ask in (dual_graph.eccentricities, dual_graph.diameter):
            with pytest.raises(OptionError, match="falls into several parts"):
                ask(adjacency)


def test_dual_graphs_against_networkx():
    for partition in (PLANE, Lens(golden((2, 4, 4), 1, 0.1)).partition(), Lens(flip_trap()).partition()):
        adjacency, other = partition.adjacency(), partition.to_networkx()
        assert dual_graph.diameter(adjacency) == nx.diameter(other)
        away = nx.eccentricity(other)
        assert dual_graph.eccentricities(adjacency).tolist() == [away[i] for i in range(len(partition))]


@pytest.mark.parametrize(("n", "d"), [(6, 2), (12, 2), (5, 3), (7, 3), (5, 10)])
def test_generic_arrangements(n, d):
    """The diameter of n hyperplanes is n, distances are those of the patterns, and the mean degree is known."""
    partition = Lens(generic(n, d)).partition()
    adjacency, bits = partition.adjacency(), partition.patterns()
    for i in range(0, len(partition), 5):
        assert dual_graph.distances(adjacency, i).tolist() == (bits ^ bits[i]).sum(axis=1).tolist()
    if n > d:
        assert dual_graph.diameter(adjacency) == n
    # Faces of dimension k of n hyperplanes: Buck 1943.
    faces = [comb(n, d - k) * zaslavsky(n - d + k, k) if d - k <= n else 0 for k in (d - 1, d)]
    degrees = dual_graph.degrees(adjacency)
    assert degrees.sum() == 2 * faces[0]
    assert degrees.mean() <= 2 * d
    # A subgraph of the hypercube: every edge changes one bit.
    first, second = adjacency.nonzero()
    assert ((bits[first] ^ bits[second]).sum(axis=1) == 1).all()
    assert nx.is_bipartite(partition.to_networkx())


@given(network=networks(st.integers(1, 2), max_depth=2, max_width=3), data=st.data())
def test_dual_graphs_of_convex_domains(network, data):
    partition = Lens(network).partition(data.draw(domains(network.input_dim, flat=True)))
    adjacency = partition.adjacency()
    assert not dual_graph.components(adjacency).any()
    assert dual_graph.degrees(adjacency).mean() <= 2 * network.input_dim
    farthest = dual_graph.eccentricities(adjacency)
    assert dual_graph.diameter(adjacency) == farthest.max() <= 2 * farthest.min()


def test_the_graph_of_networkx_knows_regions_and_owners():
    other, facets = PLANE.to_networkx(), PLANE.complex.facets()
    assert [other.nodes[i]["pattern"] for i in range(len(PLANE))] == [region.pattern.hex for region in PLANE]
    assert all(other.nodes[i]["is_bounded"] for i in range(len(PLANE)))
    inner = [k for k, (_, j) in enumerate(facets.regions.tolist()) if j >= 0]
    assert other.number_of_edges() == len(inner)
    for k in inner:
        i, j = facets.regions[k].tolist()
        assert other.edges[i, j]["owners"] == facets.owners(k)
    near = Lens(generic(6, 3)).explore(np.zeros(3), max_flips=1)
    assert near.to_networkx().number_of_nodes() == len(near) == 1 + near.to_networkx().degree(int(near.search.order[0]))
    whole = Lens(golden((2, 4, 4), 1)).partition()
    assert [whole.to_networkx().nodes[i]["is_bounded"] for i in range(len(whole))] == whole.bounded_mask().tolist()


def test_facets_between_two_regions():
    for partition in (PLANE, Lens(generic(5, 3)).partition(), Lens(generic(6, 2)).explore([0, 0], max_regions=5)):
        facets, n = partition.complex.facets(), len(partition)
        listed = {tuple(pair): k for k, pair in enumerate(facets.regions.tolist()) if pair[1] >= 0}
        for i in range(min(n, 40)):
            for j in range(n):
                assert facets.between(i, j) == listed.get((min(i, j), max(i, j)))
            assert facets.of(i).tolist() == [k for k, pair in enumerate(facets.regions.tolist()) if i in pair]
        assert facets.between(-1, 0) is None and facets.between(0, -1) is None and not len(facets.of(-1))
        assert sum(len(facets.of(i)) for i in range(n)) == len(facets) + len(listed)


def test_small_graphs():
    alone = Lens.from_arrays([[[1.0]]], [[0.0]]).partition()
    assert dual_graph.diameter(alone.adjacency()) == 0 and dual_graph.eccentricities(alone.adjacency()).tolist() == [0]
    assert dual_graph.diameter(Lens(chain(9)).partition().adjacency()) == 9
    assert dual_graph.diameter(Lens(max_of_two()).partition().adjacency()) == 2
    with pytest.raises(IndexError):
        dual_graph.distances(alone.adjacency(), 1)
    with pytest.raises(DimensionError, match="a square sparse array"):
        dual_graph.degrees(np.zeros((2, 2)))
    with pytest.raises(DimensionError, match=r"of shape \(1, 2\)"):
        dual_graph.diameter(sparse.csr_array((1, 2)))

from __future__ import annotations

import numpy as np
import pytest

from families import generic, golden, sparsely, zaslavsky
from polytope_lens import Box, Lens
from polytope_lens.network.network import Network, from_arrays
from polytope_lens.network.pattern import sort_key


@pytest.mark.parametrize("engine", ["subdivide", "split"])
def test_runs_of_several_batches_lose_nothing(engine):
    """The first batch holds 256 regions: 2081 come in several."""
    lens = Lens(generic(64, 2))
    box = Box([-1e6, -1e6], [1e6, 1e6])
    partition = lens.partition(box, engine=engine)
    assert len(partition) == zaslavsky(64, 2) == lens.count(box, engine=engine).total
    keys = [bytes(key) for key in sort_key(partition.packed_patterns)]
    assert keys == sorted(set(keys))
    assert sum(1 for _ in lens.regions(box, engine=engine)) == len(partition)


@pytest.mark.parametrize("engine", ["subdivide", "split"])
def test_patterns_of_more_than_one_word(engine):
    rows = np.column_stack([np.ones(130), np.zeros(130)])
    network = from_arrays([rows, np.ones((1, 130))], [np.linspace(-0.9, 0.9, 130), [0]])
    partition = Lens(network).partition(Box([-1, -1], [1, 1]), engine=engine)
    assert len(partition) == 131
    assert partition.packed_patterns.shape == (131, 3)
    assert partition.patterns().sum(axis=1).tolist() == sorted(partition.patterns().sum(axis=1))


@pytest.mark.parametrize("engine", ["subdivide", "split", "brute"])
@pytest.mark.parametrize("domain", [Box([-1, -1], [1, 1]), None], ids=["box", "plane"])
def test_without_hidden_layers_there_is_one_region(engine, domain):
    partition = Lens(Network((), [[1, 2], [3, 4]], [5, 6])).partition(domain, engine=engine)
    assert partition.packed_patterns.tolist() == [[0]]
    assert partition.maps.tolist() == [[[1, 2, 5], [3, 4, 6]]]
    assert partition.counts_per_layer.tolist() == []


@pytest.mark.parametrize("engine", ["subdivide", "split", "brute"])
def test_the_order_of_regions_does_not_depend_on_the_domain(engine):
    lens = Lens(golden((2, 8, 8), 2))
    whole = [bytes(key) for key in sort_key(lens.partition(None, engine=engine).packed_patterns)]
    part = [bytes(key) for key in sort_key(lens.partition(Box([-2, -2], [2, 2]), engine=engine).packed_patterns)]
    assert part == [key for key in whole if key in set(part)]


@pytest.mark.parametrize("engine", ["auto", "split"])
@pytest.mark.parametrize("dim", [2, 3])
@pytest.mark.parametrize("n_layers", [0, 1, 2])
def test_shallow_sparse_networks_are_counted_without_a_warning(n_layers, dim, engine):
    """Where regions are only counted there is no output map, and behind one layer nothing at all."""
    network = golden((dim, *[5] * n_layers), 1) if n_layers else from_arrays([np.ones((1, dim))], [[0]])
    box = Box(-np.ones(dim), np.ones(dim))
    found, expected = (Lens(form).count(box, engine=engine).per_layer for form in (sparsely(network), network))
    assert np.array_equal(found, expected)

"""Counts known by theorem, in all of R^d unless the family names a domain."""

from __future__ import annotations

from math import comb, factorial

import numpy as np
import pytest

from families import (
    DEEP,
    LARGE,
    ONE_LAYER,
    cross_polytope,
    generic,
    max_of_four,
    max_of_two,
    random_deep,
    seven_lines,
)
from polytope_lens import Box, Lens
from polytope_lens.engines.table import ENGINES
from polytope_lens.network.network import Network, piecewise_layer
from polytope_lens.testing import assert_partition, assert_patterns_found, assert_witnesses_inside, sample_points

SMALL = [*ONE_LAYER, *DEEP]
BRUTE = [family for family in SMALL if family.per_layer[-1] <= 50 and family.network.input_dim < 5]


def engines(families):
    for family in families:
        for engine in ENGINES.values():
            if engine.takes(family.network.input_dim) and engine.pays_from is not None:
                yield pytest.param(family, engine.name, id=f"{family}-{engine.name}")


@pytest.mark.parametrize(("family", "engine"), list(engines(SMALL)))
def test_counts(family, engine):
    counts = Lens(family.network).count(family.domain, engine=engine)
    assert tuple(counts.per_layer.tolist()) == family.per_layer
    assert counts.total == family.per_layer[-1]


@pytest.mark.parametrize(("family", "engine"), list(engines(SMALL)))
def test_partitions(family, engine):
    partition = Lens(family.network).partition(family.domain, engine=engine)
    assert tuple(partition.counts_per_layer.tolist()) == family.per_layer
    assert_patterns_found(partition, sample_points(partition, 200))
    assert_witnesses_inside(partition)


@pytest.mark.parametrize("family", BRUTE, ids=str)
def test_counts_by_brute_force(family):
    counts = Lens(family.network).count(family.domain, engine="brute")
    assert tuple(counts.per_layer.tolist()) == family.per_layer


@pytest.mark.long
@pytest.mark.parametrize("family", LARGE, ids=str)
def test_large_counts(family):
    counts = Lens(family.network).count(family.domain)
    assert tuple(counts.per_layer.tolist()) == family.per_layer


@pytest.mark.parametrize("name", ["seven lines", "max of two", "cross-polytope 3", "sawtooth 4 on (0, 1)", "grid"])
def test_known_families_obey_all_laws(name):
    (family,) = [family for family in SMALL if family.name == name]
    assert_partition(Lens(family.network).partition(family.domain))


@pytest.mark.parametrize(("n", "d"), [(3, 2), (5, 2), (8, 2), (5, 3)])
def test_generic_arrangements_have_binomially_many_bounded_regions(n, d):
    partition = Lens(generic(n, d)).partition(None)
    assert sum(region.polytope.is_bounded for region in partition) == comb(n - 1, d)


def test_bounded_regions_of_a_degenerate_arrangement():
    # Of 26 regions, as many are unbounded as there are rays: two for each of the 7 lines, none of them parallel.
    partition = Lens(seven_lines()).partition(None)
    assert sum(not region.polytope.is_bounded for region in partition) == 14


@pytest.mark.parametrize("d", [2, 3, 4])
def test_the_inner_region_is_the_cross_polytope(d):
    from polytope_lens.testing.fractions import exact_cells, exact_volume

    lens = Lens(cross_polytope(d))
    partition = lens.partition(Box([-2] * d, [2] * d))
    inner = partition.patterns()[:, -1]
    volumes = [exact_volume(rows, d) for rows, inside in zip(exact_cells(partition), inner, strict=True) if inside]
    assert len(volumes) == 2**d
    assert sum(volumes) * factorial(d) == 2**d


@pytest.mark.parametrize(("network", "pieces"), [(max_of_two(), 2), (max_of_four(), 4)])
def test_maxima_have_as_many_linear_pieces_as_arguments(network, pieces):
    partition = Lens(network).partition(None)
    assert len({entry.tobytes() for entry in partition.maps + 0.0}) == pieces
    X = np.random.default_rng(0).standard_normal((100, network.input_dim))
    assert np.allclose(Lens(network)(X)[:, 0], X.max(axis=1))


@pytest.mark.parametrize("seed", range(3))
def test_slope_one_is_the_arrangement_of_all_neurons(seed):
    deep = random_deep((2, 3, 4, 2), seed, 1.0)
    rows, offsets = np.eye(2), np.zeros(2)
    weights, biases = [], []
    for layer in deep.layers:
        rows, offsets = layer.weight @ rows, layer.weight @ offsets + layer.bias
        weights.append(rows)
        biases.append(offsets)
    flat = Network((piecewise_layer(np.vstack(weights), np.concatenate(biases)),), np.ones((1, 9)), [0])
    assert (Lens(deep).partition(None).packed_patterns == Lens(flat).partition(None).packed_patterns).all()


@pytest.mark.parametrize("k", [53, 60, 300])
def test_far_regions_are_not_missed(k):
    """Lines that meet at distance 2^k: no box of reasonable size holds their 7 regions."""
    lens = Lens.from_arrays([[[0, 1], [2.0**-k, 1], [1, 0]], [[1, 1, 1]]], [[0, -1, 0], [0]])
    assert lens.count(None).total == 7
    assert lens.count(Box([-1e9, -1e9], [1e9, 1e9])).total == 6
    for engine in ("split", "brute"):
        assert lens.count(None, engine=engine).total == 7

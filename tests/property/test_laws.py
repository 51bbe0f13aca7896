"""Every law of polytope_lens.testing, for every engine, on networks that are mostly degenerate."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polytope_lens import Box, Lens
from polytope_lens.testing import assert_partition, assert_same_regions, boxes, domains, networks, points_in, simplices

# engine, inputs, hidden layers, neurons in each, examples
RUNS = [
    ("subdivide", 2, 3, 4, 40),
    ("split", 1, 3, 4, 30),
    ("split", 2, 2, 4, 30),
    ("split", 3, 2, 3, 20),
    ("split", 4, 2, 2, 10),
]


@pytest.mark.parametrize("activations", ["relu", "leaky", "any"])
@pytest.mark.parametrize(("engine", "d", "depth", "width", "n_examples"), RUNS)
def test_partitions_obey_all_laws(engine, d, depth, width, n_examples, activations):
    nets = networks(d, max_depth=depth, max_width=width, output_dim=st.integers(1, 2), activations=activations)

    @settings(max_examples=n_examples)
    @given(network=nets, domain=domains(d))
    def obeys(network, domain):
        assert_partition(Lens(network).partition(domain, engine=engine))

    obeys()


@given(network=networks(2, max_depth=2), box=boxes(2), data=st.data())
def test_any_points_of_the_domain_will_do(network, box, data):
    assert_partition(Lens(network).partition(box), data.draw(points_in(box, 12)))


@given(network=networks(st.integers(1, 3), max_depth=2, max_width=3), data=st.data())
def test_counting_iterating_and_storing_agree(network, data):
    lens = Lens(network)
    domain = data.draw(domains(network.input_dim))
    partition, counts = lens.partition(domain), lens.count(domain)
    assert counts.total == len(partition)
    assert counts.per_layer.tolist() == partition.counts_per_layer.tolist()
    bits = [region.pattern.bits for region in lens.regions(domain)]
    assert sorted(bits) == [region.pattern.bits for region in partition]
    assert len(set(bits)) == len(bits)


@given(network=networks(2), domain=st.one_of(boxes(2), simplices(2), st.none()))
def test_the_first_layers_alone_have_the_counts_of_the_first_layers(network, domain):
    per_layer = Lens(network).count(domain).per_layer.tolist()
    for n in range(len(network.layers)):
        layers = network.layers[: n + 1]
        shorter = type(network)(layers, np.ones((1, layers[-1].width)), [0])
        assert Lens(shorter).count(domain).per_layer.tolist() == per_layer[: n + 1]


@given(network=networks(2), inner=simplices(2))
def test_a_smaller_domain_has_some_of_the_regions(network, inner):
    lower, upper = inner.bounding_box()
    sets = [
        {region.pattern for region in Lens(network).partition(domain)}
        for domain in (inner, Box(lower, upper), Box(lower - 1, upper + 1), None)
    ]
    assert all(small <= large for small, large in pairwise(sets))


@given(network=networks(2), box=boxes(2))
def test_a_box_is_the_polytope_with_its_sides(network, box):
    lens = Lens(network)
    for engine in ("subdivide", "split"):
        partition = lens.partition(box, engine=engine)
        again = lens.partition(box.to_polytope(), engine=engine)
        assert_same_regions(partition, again)
        assert np.allclose(np.sort(partition.volumes()), np.sort(again.volumes()))

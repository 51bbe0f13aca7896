"""All of R^d in one piece against the charts that cover it, and which rung decided."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from families import central, low_rank, stack, zaslavsky
from polytope_lens import Lens, Polytope
from polytope_lens.engines import kept_networks, split
from polytope_lens.engines.charts import charts, whole
from polytope_lens.engines.chunks import Record
from polytope_lens.network.pattern import sort_key
from polytope_lens.testing import assert_same_regions, assert_witnesses_inside, networks


def random_network(widths, seed=0, bias=0.3):
    rng = np.random.default_rng([seed, *widths])
    layers = [(rng.standard_normal((n, m)), bias * rng.standard_normal(n)) for m, n in pairwise(widths)]
    return stack(*layers)


def keys(network, pieces):
    chunks = [c for p in pieces for c in split.walk(network, p, Record(), want_output=True)]
    return [bytes(key) for key in sort_key(np.concatenate([chunk.patterns for chunk in chunks]))]


def assert_charts_agree(network, domain):
    in_one = keys(network, [whole(network, domain)])
    assert in_one == sorted(set(in_one))
    assert set(in_one) == set(keys(network, charts(domain, network.input_dim)))


def a_domain(d, n_sides, seed):
    rng = np.random.default_rng([d, n_sides, seed])
    return Polytope(rng.standard_normal((n_sides, d)), rng.random(n_sides) + 0.1) if n_sides else None


@pytest.mark.parametrize(
    "widths",
    [(1, 9, 5), (2, 9, 6), (3, 8, 8), (4, 7, 6), (5, 6, 6), (6, 7), (3, 4, 4, 4, 4, 4), (2, 3, 3, 3, 3)],
    ids=str,
)
@pytest.mark.parametrize("n_sides", [0, 1, 2])
def test_one_piece_holds_what_the_charts_hold(widths, n_sides):
    assert_charts_agree(random_network(widths, n_sides), a_domain(widths[0], n_sides, 0))


@settings(max_examples=60)
@given(network=networks(st.integers(1, 4), max_depth=3, max_width=5), n_sides=st.integers(0, 2), seed=st.integers(0, 9))
def test_so_do_degenerate_ones(network, n_sides, seed):
    assert_charts_agree(network, a_domain(network.input_dim, n_sides, seed))


@pytest.mark.parametrize(
    "network",
    [
        random_network((3, 12, 10)),
        random_network((6, 8, 8)),
        random_network((3, *[5] * 8)),
        central(7, 3),
        random_network((3, 8, 8), bias=0.0),
        stack(([[1, 2, 0], [3, -1, 0], [1, 1, 0], [2, -5, 0]], [1, 2, 3, -2])),
        low_rank(),
    ],
    ids=["generic", "narrow", "narrow and deep", "central", "no biases", "unused input", "low rank"],
)
def test_infinity_needs_no_rationals(network):
    partition = Lens(network).partition(None, "split")
    assert partition.certificate.rational == 0 < partition.certificate.float64
    assert_witnesses_inside(partition)


@pytest.mark.parametrize("size", [2.0**-40, 1e-9, 1e9, 2.0**40])
def test_far_and_near_networks_are_the_same(size):
    network = random_network((3, 9, 6))
    moved = stack(*((layer.weight, layer.bias * size) for layer in network.layers))
    one, other = (Lens(n).partition() for n in (network, moved))
    assert (one.packed_patterns == other.packed_patterns).all() and other.certificate.rational == 0


@pytest.mark.parametrize("widths", [(3, 12, 10), (5, 7, 6)])
def test_the_number_of_workers_changes_nothing(widths):
    lens = Lens(random_network(widths))
    one, two = (lens.partition(workers=workers) for workers in (1, 2))
    for name in ("packed_patterns", "maps", "witnesses", "counts_per_layer"):
        assert (getattr(one, name) == getattr(two, name)).all()
    assert lens.count(workers=2).per_layer.tolist() == one.counts_per_layer.tolist()


@settings(max_examples=60)
@given(network=networks(st.integers(1, 3), max_depth=3, weights="float"), n_sides=st.integers(0, 1))
def test_rationals_alone_decide_the_same(network, n_sides):
    """Bounds blown up by 2**60 leave floats nothing to decide but what is certain at any scale."""
    lens, domain = Lens(network), a_domain(network.input_dim, n_sides, 1)
    usual = lens.partition(domain, "split")
    with pytest.MonkeyPatch.context() as patch:
        honest = kept_networks.packed
        patch.setattr(kept_networks, "packed", lambda *args, **options: blown_up(honest(*args, **options)))
        strict = lens.partition(domain, "split")
    assert_same_regions(usual, strict)
    assert strict.certificate.rational >= usual.certificate.rational


def blown_up(net):
    return net._replace(reach=net.reach * 2.0**60)


def test_regions_stream_in_canonical_order():
    lens = Lens(random_network((3, 9, 5)))
    streamed = [region.pattern.bits for region in lens.regions()]
    assert streamed == [tuple(row) for row in lens.partition().patterns().tolist()]


def test_wide_inputs_cost_what_their_rank_costs():
    network = random_network((300, 7))
    partition = Lens(network).partition()
    assert len(partition) == 2**7 == zaslavsky(7, 300)
    assert_witnesses_inside(partition)
    assert partition.maps.shape == (128, 1, 301)


@pytest.mark.parametrize("n_sides", [0, 2])
def test_deep_networks_of_three_inputs_are_walked_in_pieces(n_sides):
    """Polyhedra in the middle and halfspaces around it find what halfspaces find everywhere."""
    lens, domain = Lens(random_network((3, 6, 6, 6, 5))), a_domain(3, n_sides, 0)
    found, whole_domain = lens.partition(domain), lens.partition(domain, "split")
    assert (found.engine, whole_domain.engine) == ("polyhedra", "split")
    assert_same_regions(found, whole_domain)
    assert_witnesses_inside(found)
    counts = lens.count(domain)
    assert counts.total == len(found) == sum(1 for _ in lens.regions(domain))
    assert counts.per_layer.tolist() == found.counts_per_layer.tolist()
    assert found.certificate.rational == 0

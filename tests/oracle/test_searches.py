"""Searches without limits find what partitions hold: known families, and tiny networks full of coincidences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from families import DEEP, ONE_LAYER
from polytope_lens import Box, Lens, Polytope
from polytope_lens.errors import Status
from polytope_lens.testing import assert_same_regions, assert_witnesses_inside, domains, networks
from polytope_lens.testing.strategies import points_in

SMALL = [family for family in (*ONE_LAYER, *DEEP) if family.per_layer[-1] <= 100]


def check(lens, x, domain, order):
    found = lens.explore(x, domain, max_regions=None, order=order)
    assert found.status is Status.COMPLETE
    assert_same_regions(found, lens.partition(domain))
    assert_witnesses_inside(found)
    return found


@pytest.mark.parametrize("family", SMALL, ids=str)
def test_known_families(family):
    d = family.network.input_dim
    x = np.full(d, 0.25)
    found = check(Lens(family.network), x, family.domain, "distance")
    assert tuple(found.counts_per_layer.tolist()) == family.per_layer
    if d <= 4:
        check(Lens(family.network), x, Box([-1.5] * d, [1] * d), "breadth")
        # A simplex around x.
        check(Lens(family.network), x, Polytope(np.vstack([np.ones((1, d)), -np.eye(d)]), [d, *[1] * d]), "distance")


@pytest.mark.parametrize("order", ["distance", "breadth"])
@pytest.mark.parametrize(("d", "depth", "width", "n"), [(1, 4, 4, 60), (2, 3, 4, 60), (3, 2, 4, 30), (5, 2, 3, 15)])
def test_tiny_networks_of_small_integers(d, depth, width, n, order):
    nets = networks(d, max_depth=depth, max_width=width, output_dim=st.just(1))

    @settings(max_examples=n)
    @given(network=nets, domain=domains(d, flat=True), data=st.data())
    def agree(network, domain, data):
        lens = Lens(network)
        whole = lens.partition(domain)
        x = whole.witnesses[data.draw(st.integers(0, len(whole) - 1))]
        if isinstance(domain, Box):
            # Often on a boundary.
            x = data.draw(points_in(domain, 1))[0]
        check(lens, x, domain, order)

    agree()


@pytest.mark.parametrize("order", ["distance", "breadth"])
def test_networks_of_any_floats(order):
    @settings(max_examples=30)
    @given(network=networks(2, max_depth=2, max_width=4, weights="any"), domain=domains(2, flat=True))
    def agree(network, domain):
        lens = Lens(network)
        check(lens, lens.partition(domain).witnesses[0], domain, order)

    agree()

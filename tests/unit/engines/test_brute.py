"""The engine that judges the others, judged by plain fractions: clipped polygons, and points along a line."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from families import DEEP, ONE_LAYER
from polytope_lens import Box, Lens
from polytope_lens.testing import assert_witnesses_inside, networks

SMALL = [family for family in (*ONE_LAYER, *DEEP) if sum(family.per_layer) <= 40 and family.network.input_dim < 5]


@settings(max_examples=30)
@given(network=networks(2, max_depth=2, max_width=3), bounded=st.booleans())
def test_regions_of_the_plane_are_those_of_clipped_polygons(network, bounded):
    corners = [(Fraction(x), Fraction(y)) for x, y in ((-2, -1), (1, -1), (1, 2), (-2, 2))] if bounded else None
    found = Lens(network).partition(Box([-2, -1], [1, 2]) if bounded else None, "brute")
    patterns = list(map(tuple, found.patterns().tolist()))
    assert patterns == sorted(reference.planar_patterns(network, corners))
    stops = np.cumsum(network.bits_per_layer).tolist()
    assert found.counts_per_layer.tolist() == [len({bits[:stop] for bits in patterns}) for stop in stops]


@settings(max_examples=40)
@given(network=networks(1, max_depth=3, max_width=3))
def test_regions_of_an_interval_are_the_pieces_of_the_way_along_it(network):
    _, patterns = reference.crossed(network, [-1.5], [2.0])
    found = Lens(network).partition(Box([-1.5], [2]), "brute").patterns().tolist()
    # A neuron that is zero on all of an interval is off in its region; on the way it goes by its gradient, which is 0.
    assert sorted(map(tuple, found)) == sorted(set(patterns))


@pytest.mark.parametrize("family", SMALL, ids=repr)
def test_known_families(family):
    found = Lens(family.network).partition(family.domain, "brute")
    assert found.counts_per_layer.tolist() == list(family.per_layer)
    assert_witnesses_inside(found)


def test_rationals_alone_decide():
    found = Lens(ONE_LAYER[2].network).partition(Box([-1, -1], [1, 1]), "brute")
    certificate = found.certificate
    assert certificate.rational == certificate.total > 0
    assert Lens(ONE_LAYER[2].network).count(Box([-1, -1], [1, 1]), "brute").total == len(found)

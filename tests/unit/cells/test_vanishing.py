"""Points on boundaries: a region that touches them, the same one every time, and the neurons that vanish there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from polytope_lens import Box, Lens
from polytope_lens.network.network import from_arrays
from polytope_lens.testing import networks, points_in

# Layer 0: lines (planes) through one point. Layer 1: one neuron that is on everywhere; one that vanishes wherever the
# first two of layer 0 are off; a dead one.
CONCURRENT = {
    2: from_arrays(
        [[[1, 0], [0, 1], [-1, -1]], [[1, 1, 1], [1, 1, 0], [0, 0, 0]], [[1, 1, 1]]],
        [[-1, -2, 3], [5, 0, 0], [0]],
    ),
    3: from_arrays(
        [
            [[1, 0, 0], [0, 1, 0], [0, 0, 1], [-1, -1, -1]],
            [[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0]],
            [[1, 1, 1]],
        ],
        [[-1, -2, -3, 6], [5, 0, 0], [0]],
    ),
}


@pytest.mark.parametrize("d", [2, 3])
def test_where_boundaries_meet_the_signs_at_the_point_are_no_region_and_at_finds_one(d):
    lens, x = Lens(CONCURRENT[d]), np.arange(1.0, d + 1)
    known = {region.pattern.bits for region in lens.partition(None, "brute")}
    read_off = tuple(lens.patterns(x)[0].tolist())
    assert not any(read_off[: d + 1])
    assert read_off not in known
    region = lens.at(x)
    assert region.pattern.bits in known
    assert region.polytope.contains(x).all()
    assert region.vanishing().tolist() == [*([0, j] for j in range(d + 1)), [1, 1], [1, 2]]
    # On this side the second neuron of layer 1 is positive.
    assert region.vanishing(everywhere=True).tolist() == [[1, 2]]


@pytest.mark.parametrize("d", [2, 3])
def test_neurons_that_vanish_on_a_whole_region_make_no_boundary(d):
    lens = Lens(CONCURRENT[d])
    region = lens.at(np.zeros(d))
    assert region.vanishing().tolist() == region.vanishing(everywhere=True).tolist() == [[1, 1], [1, 2]]
    beside = lens.at([1.0] + [0.0] * (d - 1))
    assert beside.vanishing().tolist() == [[0, 0], [1, 1], [1, 2]]
    assert beside.pattern.layers[0].tolist() == [True] + [False] * (d - 1) + [True]
    assert beside.vanishing(everywhere=True).tolist() == [[1, 2]]


@given(network=networks(st.integers(1, 3), max_depth=2), data=st.data())
def test_the_neurons_that_vanish_are_those_of_fractions(network, data):
    d = network.input_dim
    box = Box(-np.ones(d), np.ones(d))
    x = data.draw(points_in(box, 1))[0]
    lens = Lens(network)
    region = lens.at(x)
    places = [[index, j] for index, layer in enumerate(network.layers) for j in np.flatnonzero(layer.cuts)]
    signs = reference.evaluate(network, x)[0]
    assert region.vanishing().tolist() == [place for place, s in zip(places, signs, strict=True) if s == 0]
    rows = reference.affine_rows(network, region.pattern.bits)
    zero = [place for place in places if not any(rows[place[0]][place[1]])]
    assert region.vanishing(everywhere=True).tolist() == zero
    assert lens.at(x).pattern == region.pattern
    assert region.pattern.bits in {other.pattern.bits for other in lens.partition(None)}
    assert region.inequalities(exact=True).contains(x)


def test_pass_through_neurons_are_counted_but_never_named():
    from polytope_lens.network.network import Network, pass_through_layer, piecewise_layer

    layers = pass_through_layer(np.eye(2), np.zeros(2)), piecewise_layer([[1, 0], [0, 1]], [0, 0])
    region = Lens(Network(layers, [[1, 1]], [0])).at([0, 1])
    assert region.vanishing().tolist() == [[1, 0]]


def test_affine_networks_have_none():
    region = Lens.from_arrays([[[1, 2]]], [[0]]).at([0, 0])
    assert region.vanishing().shape == region.vanishing(everywhere=True).shape == (0, 2)

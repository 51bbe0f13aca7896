"""Changes of a network that move no region, or move all of them in a known way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytope_lens import Box, Lens, Network, Polytope
from polytope_lens.network.network import Layer, pass_through_layer, piecewise_layer
from polytope_lens.testing import assert_same_regions, boxes, domains, networks
from polytope_lens.testing.laws import MAP_TOLERANCE

ENGINES = pytest.mark.parametrize("engine", ["split", "subdivide"])
PLANAR = networks(2, max_depth=3, max_width=4, min_depth=1)


def layer_arrays(network):
    weights = [layer.weight.copy() for layer in network.layers] + [network.output_weight.copy()]
    return weights, [layer.bias.copy() for layer in network.layers]


def rebuilt(network, weights, biases, pick=None):
    """The network with other weights and biases, and neurons of each layer picked in another order."""
    layers = []
    for i, layer in enumerate(network.layers):
        order = slice(None) if pick is None else pick[i]
        slopes = layer.negative_slope[order], layer.positive_slope[order], layer.cuts[order]
        layers.append(Layer(weights[i], biases[i], *slopes))
    return Network(tuple(layers), weights[-1], network.output_bias)


def bit_order(network, pick):
    """For each bit of the network with picked neurons, the bit of the original one."""
    starts = np.cumsum([0, *network.bits_per_layer])
    order = []
    for layer, chosen, start in zip(network.layers, pick, starts, strict=False):
        rank = np.cumsum(layer.cuts) - 1
        order += [start + rank[j] for j in chosen if layer.cuts[j]]
    return np.array(order, dtype=int)


def pattern_set(bits):
    return set(map(tuple, bits.tolist()))


@ENGINES
@given(network=PLANAR, domain=domains(2), data=st.data())
def test_permuting_neurons_moves_nothing(engine, network, domain, data):
    pick = [data.draw(st.permutations(range(layer.width))) for layer in network.layers]
    weights, biases = layer_arrays(network)
    for i, order in enumerate(pick):
        weights[i], biases[i] = weights[i][order], biases[i][order]
        weights[i + 1] = weights[i + 1][:, order]
    permuted = Lens(rebuilt(network, weights, biases, pick)).partition(domain, engine=engine)
    original = Lens(network).partition(domain, engine=engine)
    assert permuted.counts_per_layer.tolist() == original.counts_per_layer.tolist()
    assert pattern_set(permuted.patterns()) == pattern_set(original.patterns()[:, bit_order(network, pick)])


@ENGINES
@given(network=PLANAR, domain=domains(2), data=st.data())
def test_scaling_a_neuron_and_undoing_it_behind_moves_nothing(engine, network, domain, data):
    weights, biases = layer_arrays(network)
    for i, layer in enumerate(network.layers):
        power = st.integers(-20, 20).map(lambda e: 2.0**e)
        factor = np.array(data.draw(st.lists(power, min_size=layer.width, max_size=layer.width)))
        weights[i], biases[i] = weights[i] * factor[:, None], biases[i] * factor
        weights[i + 1] = weights[i + 1] / factor
    scaled = Lens(rebuilt(network, weights, biases)).partition(domain, engine=engine)
    original = Lens(network).partition(domain, engine=engine)
    assert (scaled.packed_patterns == original.packed_patterns).all()
    assert scaled.counts_per_layer.tolist() == original.counts_per_layer.tolist()
    assert np.allclose(scaled.maps, original.maps, rtol=MAP_TOLERANCE, atol=1e-9)


@ENGINES
@given(network=networks(2, weights="dyadic"), data=st.data())
def test_an_affine_change_of_the_input_maps_regions_one_to_one(engine, network, data):
    shear = st.integers(-2, 2)
    T = np.array([[1.0, data.draw(shear)], [0, 1]]) @ np.array([[1.0, 0], [data.draw(shear), 1]])
    T = T * np.array([[data.draw(st.sampled_from((1.0, -1.0, 2.0)))], [1.0]])
    shift = np.array([data.draw(shear), data.draw(shear)]) / 2
    first = network.layers[0].weight if network.layers else network.output_weight
    weight, moved_by = first @ T, first @ shift
    if network.layers:
        layer = network.layers[0]
        moved = replace(
            network, layers=(replace(layer, weight=weight, bias=layer.bias + moved_by), *network.layers[1:])
        )
    else:
        moved = replace(network, output_weight=weight, output_bias=network.output_bias + moved_by)
    for domain in (None, data.draw(boxes(2))):
        before = None if domain is None else Polytope(domain.A @ T, domain.b - domain.A @ shift)
        there, here = Lens(network).partition(domain, engine=engine), Lens(moved).partition(before, engine=engine)
        assert (there.packed_patterns == here.packed_patterns).all()
        carried = there.maps.copy()
        carried[:, :, -1] += there.maps[:, :, :-1] @ shift
        carried[:, :, :-1] = there.maps[:, :, :-1] @ T
        assert np.allclose(here.maps, carried, rtol=1e-9, atol=1e-9)
        if domain is not None:
            assert np.allclose(here.volumes() * abs(np.linalg.det(T)), there.volumes(), rtol=1e-9, atol=1e-9)


@ENGINES
@given(network=networks(2, biases=False))
def test_central_networks_have_cones(engine, network):
    lens = Lens(network)
    whole = lens.partition(None, engine=engine)
    small = lens.partition(Box([-1, -1], [1, 1]), engine=engine)
    assert (whole.packed_patterns == small.packed_patterns).all()
    assert not whole.maps[:, :, -1].any()
    for region in whole:
        assert not region.inequalities().b.any()
    factor = np.array([[2.0**-30], [1], [2.0**40]])
    for region in small:
        assert (lens.patterns(factor * region.point) == region.pattern.array).all()


@ENGINES
@given(network=PLANAR, domain=domains(2), data=st.data())
def test_listing_a_neuron_twice_changes_no_count(engine, network, domain, data):
    at = data.draw(st.integers(0, len(network.layers) - 1))
    layer = network.layers[at]
    pick = [list(range(other.width)) for other in network.layers]
    pick[at].insert(data.draw(st.integers(0, layer.width)), data.draw(st.integers(0, layer.width - 1)))
    weights, biases = layer_arrays(network)
    weights[at], biases[at] = weights[at][pick[at]], biases[at][pick[at]]
    # Twice the neuron, each with half of its outgoing weight.
    share = np.array([1 / pick[at].count(j) for j in pick[at]])
    weights[at + 1] = weights[at + 1][:, pick[at]] * share
    doubled = Lens(rebuilt(network, weights, biases, pick)).partition(domain, engine=engine)
    original = Lens(network).partition(domain, engine=engine)
    assert doubled.counts_per_layer.tolist() == original.counts_per_layer.tolist()
    assert pattern_set(doubled.patterns()) == pattern_set(original.patterns()[:, bit_order(network, pick)])


@ENGINES
@given(network=networks(2), domain=domains(2), data=st.data())
def test_carrying_all_values_through_a_layer_changes_nothing(engine, network, domain, data):
    at = data.draw(st.integers(0, len(network.layers)))
    width = network.widths[at - 1] if at else 2
    carried = replace(
        network, layers=(*network.layers[:at], pass_through_layer(np.eye(width), np.zeros(width)), *network.layers[at:])
    )
    original = Lens(network).partition(domain, engine=engine)
    longer = Lens(carried).partition(domain, engine=engine)
    assert (longer.packed_patterns == original.packed_patterns).all()
    assert np.allclose(longer.maps, original.maps, rtol=1e-9, atol=1e-9)
    counts = original.counts_per_layer.tolist()
    counts.insert(at, counts[at - 1] if at else 1)
    assert longer.counts_per_layer.tolist() == counts


@given(network=networks(2, activations="relu"), domain=domains(2))
def test_relu_is_leaky_relu_of_slope_minus_zero(network, domain):
    leaky = replace(network, layers=tuple(replace(layer, negative_slope=-0.0 * layer.bias) for layer in network.layers))
    assert_same_regions(Lens(network).partition(domain), Lens(leaky).partition(domain))


@given(network=networks(2, min_depth=1, max_depth=1), domain=domains(2))
def test_slopes_of_a_single_layer_move_nothing(network, domain):
    (layer,) = network.layers
    found = []
    for low, high in ((0, 1), (-3, 0.5), (1, 1)):
        bent = piecewise_layer(layer.weight, layer.bias, negative_slope=low, positive_slope=high)
        found.append(Lens(replace(network, layers=(bent,))).partition(domain).packed_patterns)
    assert (found[0] == found[1]).all()
    assert (found[0] == found[2]).all()

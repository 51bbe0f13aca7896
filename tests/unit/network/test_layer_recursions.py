"""Recursions over layers: values known from elsewhere, and what the signs of weights allow, by brute force."""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np
import pytest

from families import random_deep, stack
from polytope_lens import Lens
from polytope_lens.network import layer_recursions
from polytope_lens.network.layer_recursions import hinz, layer_shape, reaches, serra, signs_of_weights
from polytope_lens.network.network import Network


def all_three(network):
    shapes = [layer_shape(layer) for layer in network.layers]
    return serra(network, shapes), hinz(network, shapes), signs_of_weights(network, shapes)


@pytest.mark.parametrize(
    ("widths", "by_serra", "by_hinz"),
    [
        ((2, 4, 4), 121, 109),
        ((3, 4, 4, 4), 1631, 1559),
        ((4, 4, 4, 4, 4), 16645, 14485),
        ((4, 6, 6, 6), 95868, 91538),
        ((5, 8, 8, 8, 8), 886087729, 801118901),
        ((2, 8, 8), 37**2, 37**2),
        ((3, 16, 16), 697**2, 697**2),
        ((1, 3, 3, 3), 64, 64),
    ],
)
def test_values_known_from_an_implementation_of_the_papers(widths, by_serra, by_hinz):
    found = all_three(random_deep(widths, 0, 0.0))
    assert found[:2] == (by_serra, by_hinz)
    assert found[2] <= by_hinz


def zeroed(network, share, seed):
    """The same network with a share of its weights zero or made positive, and some biases zero."""
    rng = np.random.default_rng(seed)
    layers = []
    for layer in network.layers:
        kind = rng.random(layer.weight.shape)
        weight = np.where(kind < share / 2, 0.0, np.where(kind < share, np.abs(layer.weight), layer.weight))
        bias = np.where(rng.random(layer.width) < share / 2, 0.0, layer.bias)
        layers.append(type(layer)(weight, bias, layer.negative_slope, layer.positive_slope, layer.cuts))
    return Network(tuple(layers), network.output_weight, network.output_bias)


@pytest.mark.parametrize("widths", [(2, 4, 4), (2, 3, 3, 3), (3, 4, 3, 4), (4, 4, 4), (1, 5, 4)])
def test_no_network_has_more_regions(widths):
    n_closer = 0
    for seed in range(12):
        network = zeroed(random_deep(widths, seed, 0.0), (0.0, 0.5, 0.9)[seed % 3], seed)
        by_serra, by_hinz, by_weights = all_three(network)
        assert Lens(network).count().total <= by_weights <= by_hinz <= by_serra
        n_closer += by_weights < by_hinz
    assert n_closer >= 6


SLOPES = {"leaky": (0.1, 1), "abs": (-1, 1), "turned": (1, 0), "silent": (0, 0), "negative": (0, -1), "passes": (1, 1)}


@pytest.mark.parametrize("kind", SLOPES)
def test_neurons_of_other_slopes_among_them(kind):
    for seed in range(8):
        network = zeroed(random_deep((2, 4, 4, 3), seed, 0.0), 0.6, seed)
        rng, layers = np.random.default_rng(seed), []
        for layer in network.layers:
            other = rng.random(layer.width) < 0.5
            slopes = [np.where(other, s, t) for s, t in zip(SLOPES[kind], (0.0, 1.0), strict=True)]
            cuts = layer.cuts & ~(other & (kind == "passes"))
            layers.append(type(layer)(layer.weight, layer.bias, *slopes, cuts))
        mixed = Network(tuple(layers), network.output_weight, network.output_bias)
        by_serra, by_hinz, by_weights = all_three(mixed)
        assert Lens(mixed).count().total <= min(by_weights, by_hinz) and max(by_weights, by_hinz) <= by_serra


def test_what_weights_allow_by_trying_all_sets():
    for seed in range(6):
        network = zeroed(random_deep((3, 5, 6), seed, 0.0), 0.7, seed)
        layer, found = network.layers[1], reaches(network)[1]
        for p in range(6):
            cuts = on = 0
            for chosen in chain.from_iterable(combinations(range(5), size) for size in range(p + 1)):
                weight = layer.weight[:, list(chosen)]
                rises = (layer.bias > 0) | (weight > 0).any(axis=1)
                falls = (layer.bias < 0) | (weight < 0).any(axis=1)
                cuts, on = max(cuts, (rises & falls).sum()), max(on, rises.sum())
            assert (found.cuts[p], found.on[p]) == (cuts, on)


def test_wider_layers_are_bounded_from_above(monkeypatch):
    networks = [zeroed(random_deep((3, 6, 6), seed, 0.0), 0.8, seed) for seed in range(10)]
    exact = [reaches(network)[1] for network in networks]
    monkeypatch.setattr(layer_recursions, "MOST_SUBSETS", 0)
    for network, least in zip(networks, exact, strict=True):
        found = reaches(network)[1]
        for more, less in ((found.cuts, least.cuts), (found.on, least.on)):
            assert all(x >= y for x, y in zip(more, less, strict=True)) and more[-1] <= 6
        assert found.cuts[-1] == least.cuts[-1] and found.on[-1] == least.on[-1]


def test_a_layer_that_has_no_choice():
    first = ([[1, 0], [0, 1], [1, 1]], [0, 0, -1])
    stuck = stack(first, ([[1, 2, 3], [-1, -2, -3], [1, 0, -1]], [1, -1, 2]))  # on, off, and one that can cut
    assert (reaches(stuck)[1].cuts[-1], reaches(stuck)[1].on[-1]) == (1, 2)
    assert all_three(stuck)[2] < all_three(stuck)[1]
    dead = stack(([[0, 0], [1, 0]], [-1, 0]))
    assert all_three(dead)[2] == 2 == Lens(dead).count().total


def test_ranks_modulo_a_prime_are_checked():
    prime = float(2**31 - 1)
    for weight, rank in [([[1, 2], [2, 4]], 1), ([[1, 0], [0, 1]], 2), ([[prime, 0], [0, prime]], 2)]:
        assert layer_shape(stack((weight, [0, 0])).layers[0]).rank == rank

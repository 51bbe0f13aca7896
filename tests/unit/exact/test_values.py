"""Bounds on values hold, and say something."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from families import random_deep
from polytope_lens.exact.values import affine_values, bounded_gradients, bounded_values, roughly_bounded_values
from polytope_lens.testing import boxes, networks, points_in


@settings(max_examples=80)
@given(network=networks(st.integers(1, 3), max_depth=3, max_width=4, output_dim=2), data=st.data())
def test_values_are_within_their_bounds(network, data):
    d = network.input_dim
    X = data.draw(points_in(data.draw(boxes(d)), 2))
    radius = np.array([0.0, 0.125])
    # The exact points are beside the floats, by all of the radius along one axis.
    moved = [
        [Fraction(v) + Fraction(r) * (k == 0) for k, v in enumerate(x)]
        for x, r in zip(X.tolist(), radius.tolist(), strict=True)
    ]
    exact = [reference.evaluate(network, x)[1] for x in moved]
    for find in (bounded_values, roughly_bounded_values):
        value, bound = find(network, X, radius)
        for row, limits, truth in zip(value.tolist(), bound.tolist(), exact, strict=True):
            for v, e, t in zip(row, limits, truth, strict=True):
                assert not np.isfinite(v + e) or abs(Fraction(v) - t) <= Fraction(e)
    bits = np.array(
        [data.draw(st.lists(st.booleans(), min_size=network.n_neurons, max_size=network.n_neurons)) for _ in X],
        dtype=bool,
    )
    one = replace(network, output_weight=network.output_weight[:1], output_bias=network.output_bias[:1])
    rows, error = bounded_gradients(one, bits.reshape(2, -1))
    values, bounds = affine_values(rows, error, X, radius)
    for i, pattern in enumerate(bits.tolist()):
        truth = reference.affine_rows(network, pattern)[-1][0]
        for v, e, t in zip(rows[i].tolist(), error[i].tolist(), truth, strict=True):
            assert not np.isfinite(v + e) or abs(Fraction(v) - t) <= Fraction(e)
        if np.isfinite(values[i] + bounds[i]):
            exact_value = reference.dot(truth, [*moved[i], Fraction(1)])
            assert abs(Fraction(values[i]) - exact_value) <= Fraction(bounds[i])


def test_zeros_are_known_to_be_zero():
    network = random_deep((2, 3, 3), 0, 0.0)
    layer = network.layers[1]
    off = type(layer)(layer.weight, layer.bias - 100, layer.negative_slope, layer.positive_slope, layer.cuts)
    dead = type(network)((network.layers[0], off), network.output_weight, network.output_bias)
    X, radius = np.zeros((1, 2)), np.full(1, 1e-10)
    assert bounded_values(dead, X, radius) == (0, 0)


def test_bounds_are_small():
    network = random_deep((2, 8, 8), 0, 0.0)
    X = np.random.default_rng(0).uniform(-1, 1, (100, 2))
    value, bound = bounded_values(network, X, np.zeros(100))
    assert bound.max() < 1e-11
    bits = np.array([reference.evaluate(network, x)[0] for x in X]) > 0
    rows = bounded_gradients(network, bits)
    closer, tight = affine_values(*rows, X, np.zeros(100))
    assert tight.max() < 1e-12 and np.abs(closer - value[:, 0]).max() <= bound.max()
    assert np.isinf(affine_values(*rows, X, np.full(100, np.inf))[1]).all()


def test_deep_networks_are_not_worst_cases():
    """What a point's place leaves open is what the region's gradient makes of it, which does not grow with depth."""
    rng = np.random.default_rng(1)
    network = random_deep((2, *[10] * 12), 1, 0.0)
    layers = tuple(
        type(layer)(layer.weight / 3, layer.bias / 3, layer.negative_slope, layer.positive_slope, layer.cuts)
        for layer in network.layers
    )
    network = type(network)(layers, network.output_weight, network.output_bias)
    X = rng.uniform(-1, 1, (5, 2))
    bits = np.array([reference.evaluate(network, x)[0] for x in X]) > 0
    radius = np.full(5, 1e-3)
    wide = bounded_values(network, X, radius)[1].max()
    narrow = affine_values(*bounded_gradients(network, bits), X, radius)[1].max()
    assert narrow < wide / 50


def test_one_bound_for_all_is_small_where_it_is_given():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (2000, 2))
    for network in (random_deep((2, 8, 8), 0, 0.0), random_deep((2, 8, 8), 0, 0.1)):
        value, bound = roughly_bounded_values(network, X, np.zeros(len(X)))
        assert bound.max() < 1e-12
        assert np.allclose(value, bounded_values(network, X, np.zeros(len(X)))[0], rtol=0, atol=2e-12)
    assert np.isinf(roughly_bounded_values(network, X, np.full(len(X), np.inf))[1]).all()
    assert roughly_bounded_values(network, X[:0], np.zeros(0))[1].shape == (0, network.output_dim)

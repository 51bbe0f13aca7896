"""A difference of networks by the twins that neurons have in the other one."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import reference
from families import golden, random_deep
from polytope_lens.network.network import from_arrays
from polytope_lens.network.pair import difference
from polytope_lens.network.twins import NO_FANS, Fans, n_open, with_twins


def half(network):
    """The same network with weights in half precision."""
    layers = [layer.weight.astype(np.float16).astype(float) for layer in network.layers]
    biases = [layer.bias.astype(np.float16).astype(float) for layer in network.layers]
    slopes = {"negative_slope": float(network.layers[0].negative_slope[0])}
    last = network.output_weight.astype(np.float16).astype(float)
    return from_arrays([*layers, last], [*biases, network.output_bias], **slopes)


def outputs_by_twins(found, x):
    """Outputs, exactly: in the places of fans values are what the definition says, not what the network computes."""
    seen = [Fraction(v) for v in x]
    for layer, fans in zip(found.network.layers, found.fans, strict=True):
        weight = layer.dense_weight()
        z = [
            sum((Fraction(w) * v for w, v in zip(row, seen, strict=True)), Fraction(b))
            for row, b in zip(weight.tolist(), layer.bias.tolist(), strict=True)
        ]

        def f(v, j, layer=layer):
            return v * Fraction(float((layer.positive_slope if v > 0 else layer.negative_slope)[j]))

        seen = [f(v, j) for j, v in enumerate(z)]
        for j, i, t in zip(*(part.tolist() for part in fans), strict=True):
            scaled = Fraction(t) * z[i]
            low, high = sorted(z[j] * Fraction(float(s[j])) for s in (layer.negative_slope, layer.positive_slope))
            seen[j] = f(scaled + z[j], j) - f(scaled, j)
            assert low <= seen[j] <= high
    network = found.network
    return [
        sum((Fraction(w) * v for w, v in zip(row, seen, strict=True)), Fraction(b))
        for row, b in zip(network.dense_output_weight().tolist(), network.output_bias.tolist(), strict=True)
    ]


@pytest.mark.parametrize("slope", [0.0, 0.1])
def test_outputs_are_those_of_the_difference(slope):
    first = random_deep((3, 8, 6), 0, slope)
    second = half(first)
    both = difference(first, second)
    found = with_twins(both, first, second)
    assert [len(fans.place) for fans in found.fans] == [8, 6, 1] and found.network.widths == both.widths
    rng = np.random.default_rng(0)
    for x in rng.integers(-64, 65, (20, 3)) / 64:
        assert outputs_by_twins(found, x.tolist()) == reference.evaluate(both, x.tolist())[1]


def test_twins_may_be_scaled_and_exchanged():
    first = random_deep((2, 6, 6), 0, 0.0)
    scale, order = 2.0 ** np.arange(-3, 3), [3, 1, 5, 0, 4, 2]
    near = half(first)
    one, two = near.layers
    second = from_arrays(
        [(one.weight * scale[:, None])[order], (two.weight / scale)[:, order], near.output_weight],
        [(one.bias * scale)[order], two.bias, near.output_bias],
    )
    both = difference(first, second)
    found = with_twins(both, first, second)
    fans = found.fans[0]
    known = dict(zip(fans.twin.tolist(), fans.times.tolist(), strict=True))
    assert known and all(scale[i] == t for i, t in known.items())
    for x in ([0.5, 0.25], [-1, 1], [0.75, -0.5]):
        assert outputs_by_twins(found, x) == reference.evaluate(both, x)[1]


def test_what_floats_cannot_hold_has_no_twins():
    one, other = golden((2, 4, 4), 1), from_arrays([[[1, 0]], [[1]]], [[0], [0]])
    assert with_twins(difference(other, one), other, one) is None
    near, tiny = from_arrays([[[1, 0.5]], [[1]]], [[0], [0]]), from_arrays([[[1.03125, 0.5]], [[1]]], [[0], [2.0**-70]])
    fans = with_twins(difference(near, tiny), near, tiny).fans
    assert [len(some.place) for some in fans] == [1, 1]
    much = from_arrays([[[1, 0.5]], [[1]]], [[0], [1]])  # less 2 ** -70 that is no float
    fans = with_twins(difference(much, tiny), much, tiny).fans
    assert [len(some.place) for some in fans] == [1, 0]


@pytest.mark.parametrize("size", [2.0**600, 2.0**-600])
def test_numbers_whose_squares_are_no_floats_have_no_twins(size):
    first, second = (from_arrays([[[w * size], [1.0]], [[1 / size, 1.0]]], [[0, 0], [0]]) for w in (1, 1.0625))
    found = with_twins(difference(first, second), first, second)
    # The neuron relu(x) is one of both networks; the other one has no twin, and so only the output has one.
    assert found is None or not len(found.fans[0].place)


def test_open_signs_are_those_of_the_network():
    """Twice a twin between 1 and 2, and a difference between -1 and 1, is positive."""
    (layer,) = from_arrays([[[1.0], [2.0]], [[1, 1]]], [[0, 0], [0]]).layers
    fans = [Fans(np.array([1]), np.array([0]), np.array([2.0]))]
    low, high = np.array([[1.0, -1.0], [-1.0, 0.5], [-9.0, 1.0]]), np.array([[2.0, 1.0], [1.0, 1.0], [-1.0, 2.5]])
    assert n_open([layer], fans, low, high).tolist() == [0, 2, 1]
    assert n_open([layer], [NO_FANS], low, high).tolist() == [1, 1, 0]


def test_layers_of_very_many_weights_have_no_twins(monkeypatch):
    first = random_deep((3, 8, 6), 0, 0.0)
    both = difference(first, half(first))
    monkeypatch.setattr("polytope_lens.network.twins.MOST_WEIGHTS", 16 * 12)
    assert with_twins(both, first, half(first)) is not None
    monkeypatch.setattr("polytope_lens.network.twins.MOST_WEIGHTS", 16 * 12 - 1)
    assert with_twins(both, first, half(first)) is None

"""Best corners of meshes: against those of every region in fractions, where floats tell much, little and nothing."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from families import golden, random_deep
from polytope_lens import Box, Lens
from polytope_lens.arithmetic.rational import fraction
from polytope_lens.function import corner_maxima
from polytope_lens.network.network import from_arrays
from polytope_lens.network.scalar import single_output
from polytope_lens.testing import boxes, networks, simplices


def values_at_corners(partition):
    """Of the first output, in fractions."""
    return [
        reference.dot(reference.affine_rows(partition.network, bits)[-1][0], [*p, Fraction(1)])
        for i, bits in enumerate(partition.patterns().tolist())
        for p in partition.vertices(i, exact=True)
    ]


def assert_best(partition):
    values = values_at_corners(partition)
    found = corner_maxima.extremes(partition, single_output(partition.network, 0))
    assert [fraction(one.value) for one in found] == [-min(values), max(values)]
    for one, side in zip(found, (-1, 1), strict=True):
        row = reference.affine_rows(partition.network, partition.patterns()[one.region].tolist())[-1][0]
        assert reference.dot(row, [*map(fraction, one.point), Fraction(1)]) == side * fraction(one.value)
        corners = partition.vertices(one.region, exact=True).tolist()
        assert list(map(fraction, one.point)) in corners


@settings(max_examples=40)
@given(network=networks(st.integers(2, 3), max_depth=3, max_width=4), data=st.data(), few=st.sampled_from([0, 4]))
def test_the_best_of_all_corners(network, data, few):
    """Small integers, so that many corners tie, and functions are constant on regions."""
    partition = Lens(network).partition(data.draw(st.one_of(boxes(network.input_dim), simplices(network.input_dim))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corner_maxima, "FEW", few)
        assert_best(partition)


def saturating(d, seed):
    """A function that is constant on many regions: hard sigmoids of the same neurons twice, added up."""
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(6, d)), rng.normal(size=(3, 6))
    weights = [first, np.vstack([second, second]), [[1, 1, 1, -1, -1, -1]]]
    return from_arrays(weights, [rng.normal(size=6), np.repeat([0.25, -0.25], 3), [0.125]])


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("make", [saturating, lambda d, seed: random_deep((d, 8, 8), seed, 0.0)])
def test_many_corners_that_tie(d, make):
    assert_best(Lens(make(d, 1)).partition(Box([-2] * d, [2] * d)))


def test_dead_last_layers_take_no_rationals(monkeypatch):
    """Where nothing is passed on, the bias is the greatest value, without a look at any corner."""
    rng = np.random.default_rng(3)
    weights = [rng.normal(size=(12, 2)), rng.normal(size=(8, 12)), -np.abs(rng.normal(size=(1, 8)))]
    partition = Lens.from_arrays(weights, [rng.normal(size=12), np.full(8, -2.0), [0.1]]).partition(
        Box([-2] * 2, [2] * 2)
    )
    looked_at = []
    at = corner_maxima._Corners._at
    monkeypatch.setattr(corner_maxima._Corners, "_at", lambda *args: looked_at.append(args) or at(*args))
    _, high = corner_maxima.extremes(partition, partition.network)
    assert fraction(high.value) == Fraction(0.1)
    assert len(looked_at) == 1  # the least value
    assert -fraction(corner_maxima.extremes(partition, partition.network)[0].value) == min(values_at_corners(partition))


@pytest.mark.parametrize("scale", [2.0**-300, 2.0**-40, 2.0**40, 2.0**300, 2.0**600])
def test_numbers_of_any_size(scale):
    network = golden((2, 4, 4), 1)
    weights = [*(layer.weight for layer in network.layers), network.output_weight * scale]
    biases = [*(layer.bias for layer in network.layers), network.output_bias * scale]
    partition = Lens.from_arrays(weights, biases).partition(Box([-1, -1], [1, 1]))
    assert_best(partition)
    wide = Lens.from_arrays([weights[0] * scale, *weights[1:]], [biases[0] * scale, *biases[1:]])
    assert_best(wide.partition(Box([-1, -1], [1, 1])))


def test_deep_networks_of_which_floats_tell_nothing():
    assert_best(Lens(random_deep((2, *[5] * 14), 1, 0.1)).partition(Box([-1, -1], [1, 1])))

"""Two networks side by side."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from families import golden, sawtooth
from polytope_lens import Box, Lens
from polytope_lens.errors import DimensionError
from polytope_lens.network.network import Network, from_arrays
from polytope_lens.network.pair import difference, stack_outputs
from polytope_lens.testing import boxes, networks

SQUARE = Box([-1, -1], [1, 1])


@settings(max_examples=30)
@given(data=st.data())
def test_a_joint_network_computes_both_and_refines_both(data):
    d = data.draw(st.integers(1, 2))
    first, second = (data.draw(networks(d, max_depth=3, max_width=3, output_dim=2)) for _ in range(2))
    both, minus = stack_outputs(first, second), difference(first, second)
    X = data.draw(st.lists(st.lists(st.integers(-8, 8).map(lambda n: n / 4), min_size=d, max_size=d), max_size=5))
    for x in X:
        f, g = reference.evaluate(first, x)[1], reference.evaluate(second, x)[1]
        assert reference.evaluate(both, x)[1] == [*f, *g]
        assert reference.evaluate(minus, x)[1] == [a - b for a, b in zip(f, g, strict=True)]
    box = data.draw(boxes(d))
    refined = Lens(both).partition(box)
    for network in (first, second):
        coarse = Lens(network).partition(box)
        inside = [len(set(coarse.locate(witness[None]).tolist())) for witness in refined.witnesses]
        assert len(refined) >= len(coarse) and inside == [1] * len(refined)
        assert set(coarse.locate(refined.witnesses).tolist()) == set(range(len(coarse)))


def test_common_layers_are_shared():
    network = golden((2, 8, 8), 2)
    assert stack_outputs(network, network).widths == (8, 8)
    other = Network(network.layers, network.output_weight + 1, network.output_bias)
    assert stack_outputs(network, other).widths == (8, 8)
    assert len(Lens(stack_outputs(network, other)).partition(SQUARE)) == len(Lens(network).partition(SQUARE))
    twice = from_arrays([[[1, 0], [1, 0]], [[1, 1]]], [[0, 0], [0]])
    once = from_arrays([[[1, 0]], [[2]]], [[0], [0]])
    assert stack_outputs(twice, once).widths == (2,) and stack_outputs(once, twice).widths == (2,)


@pytest.mark.parametrize("factor", [2.0**-7, 3.0])
def test_multiples_of_a_neuron_are_that_neuron(factor):
    one = from_arrays([[[1, 0.5], [0, -3]], [[4, 3], [1, 6]], [[1, 2]]], [[0.25, 1], [0, 1], [0]])
    W, b = [layer.weight.copy() for layer in one.layers], [layer.bias.copy() for layer in one.layers]
    W[0][1] *= factor
    b[0][1] *= factor
    W[1][:, 1] /= factor
    other = from_arrays([*W, one.output_weight], [*b, one.output_bias])
    assert stack_outputs(one, other).widths == (2, 2)
    for x in ([0.5, -1], [-1, 1]):
        f = reference.evaluate(one, x)[1]
        assert reference.evaluate(stack_outputs(one, other), x)[1] == [*f, *f]
    # Where the weights that are multiplied would not be floats, the neuron is there twice.
    W[1][:, 1] = [5e-324, 1]
    rounded = from_arrays([*W, one.output_weight], [*b, one.output_bias])
    assert stack_outputs(one, rounded).widths == ((3, 4) if factor < 1 else (2, 4))
    negative = from_arrays([-W[0], *W[1:], one.output_weight], [-b[0], *b[1:], one.output_bias])
    assert stack_outputs(one, negative).widths == (4, 4)


def test_refusals():
    plane = golden((2, 4, 4), 1)
    with pytest.raises(DimensionError, match="same inputs"):
        stack_outputs(plane, sawtooth(2))
    with pytest.raises(DimensionError, match="equally many outputs"):
        difference(plane, from_arrays([[[1, 1], [1, 0]]], [[0, 0]]))

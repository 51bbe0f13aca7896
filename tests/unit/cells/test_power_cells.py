"""Cells of layers as power cells, against the signs of their neurons."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from polytope_lens import Lens
from polytope_lens.cells.power_cells import power_cell
from polytope_lens.network.network import Layer, Network, pass_through_layer, piecewise_layer

SLOPES = {
    "ReLU": (0.0, 1.0),
    "leaky": (0.1, 1.0),
    "absolute": (-1.0, 1.0),
    "concave": (1.0, 0.25),
    "equal": (1.0, 1.0),
    "steep": (-0.5, 3.0),
}


def random_layer(m, d, seed, slopes):
    rng = np.random.default_rng([m, d, seed])
    low, high = SLOPES[slopes]
    return piecewise_layer(rng.standard_normal((m, d)), rng.standard_normal(m), negative_slope=low, positive_slope=high)


@pytest.mark.parametrize("slopes", SLOPES)
def test_of_all_cells_of_a_layer_points_have_the_least_power_in_their_own(slopes):
    layer = random_layer(6, 3, 0, slopes)
    X = 2 * np.random.default_rng(1).standard_normal((500, 3))
    patterns = np.array(list(product([False, True], repeat=6)))
    powers = np.array([power_cell(layer, on).power(X) for on in patterns])
    signs = X @ layer.weight.T + layer.bias > 0
    assert (patterns[powers.argmin(axis=0)] == signs).all()
    assert len(np.unique(powers.argmin(axis=0))) > 20


def test_cells_of_deep_layers_are_those_of_the_diagram_in_their_region():
    layers = (random_layer(4, 2, 0, "ReLU"), random_layer(4, 4, 1, "leaky"), random_layer(3, 4, 2, "concave"))
    lens = Lens(Network(layers, np.ones((1, 3)), np.zeros(1)))
    X = 2 * np.random.default_rng(2).standard_normal((200, 2))
    for x in X[:40]:
        region = lens.at(x)
        cells, start = region.power_cells(), 0
        assert len(cells) == 3
        for layer, cell in zip(layers, cells, strict=True):
            stop = start + layer.width
            # All patterns of this layer under the same bits of those before it.
            powers = {}
            for on in product([False, True], repeat=layer.width):
                bits = region.pattern.array
                bits[start:stop] = on
                other = lens_region(lens, region, bits).power_cells()[layers.index(layer)]
                powers[on] = float(other.power(x))
            own = tuple(region.pattern.array[start:stop].tolist())
            assert min(powers, key=powers.get) == own
            assert powers[own] == float(cell.power(x))
            start = stop


def lens_region(lens, region, bits):
    from dataclasses import replace

    from polytope_lens.network.pattern import ActivationPattern

    return replace(region, pattern=ActivationPattern(tuple(bits.tolist()), lens.network.bits_per_layer))


def test_the_first_layer_is_that_of_the_layer_itself():
    layer = random_layer(5, 3, 4, "leaky")
    lens = Lens(Network((layer,), np.ones((1, 5)), np.zeros(1)))
    region = lens.at([0.2, -0.1, 0.5])
    (cell,), own = region.power_cells(), power_cell(layer, region.pattern.array)
    assert np.allclose(cell.centroid, own.centroid)
    assert cell.radius == pytest.approx(own.radius)
    # The formulas of the paper: the centre is the gradient of the layer's sum of outputs, and so on.
    assert np.allclose(own.centroid, region.affine_map.A[0])
    assert own.radius == pytest.approx(own.centroid @ own.centroid + 2 * region.affine_map.b[0])


def test_neurons_that_only_pass_values_on_have_no_part():
    weight, bias = np.array([[1.0, 2.0], [3.0, -1.0]]), np.array([0.5, 1.0])
    mixed = Layer(weight, bias, np.array([0.0, 1.0]), np.ones(2), np.array([True, False]))
    alone = piecewise_layer(weight[:1], bias[:1])
    for on in (False, True):
        cell, want = power_cell(mixed, np.array([on, True])), power_cell(alone, np.array([on]))
        assert np.array_equal(cell.centroid, want.centroid)
        assert cell.radius == want.radius
    lens = Lens(Network((pass_through_layer(weight, bias), alone), np.ones((1, 1)), np.zeros(1)))
    assert lens.at([0, 0]).power_cells()[0].radius == 0.0

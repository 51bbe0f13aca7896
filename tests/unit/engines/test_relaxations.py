"""Signs handed down from cells of early layers: the regions stay those of an engine that asks each cell."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.sparse import csr_array

from polytope_lens import Box
from polytope_lens.engines._kernels import relaxations
from polytope_lens.engines.enumerate import count, partition
from polytope_lens.network.network import Layer, Network

SLOPES = {
    "ReLU": ([0.0], [1.0]),
    "leaky ReLU": ([0.1], [1.0]),
    "absolute value": ([-1.0], [1.0]),
    "concave": ([1.0], [0.25]),
    "all kinds": ([0.0, -1.0, 1.0, 0.5, 0.5, -2.0], [1.0, 1.0, 0.5, 0.5, 0.5, -3.0]),
}


def shrinking(widths, seed, slopes=SLOPES["ReLU"], *, integer=False):
    """A network whose deep neurons mostly keep their sign, as weights at initialisation make them.

    Every fifth neuron of equal slopes passes on what it gets, the others of that kind cut.
    """
    rng = np.random.default_rng([seed, *widths])
    layers = []
    for m, n in pairwise(widths):
        weight, bias = (rng.uniform(-1, 1, shape) / np.sqrt(m) for shape in ((n, m), n))
        if integer:
            weight, bias = np.rint(4 * weight), np.rint(4 * bias)
        negative, positive = (np.resize(slope, n) for slope in slopes)
        layers.append(Layer(weight, bias, negative, positive, (negative != positive) | (np.arange(n) % 5 != 0)))
    return Network(tuple(layers), np.ones((1, widths[-1])), np.zeros(1))


def cube(d, size=1.0):
    return Box([-size] * d, [size] * d)


@pytest.mark.parametrize("integer", [False, True], ids=["generic", "integer"])
@pytest.mark.parametrize("kind", SLOPES)
def test_regions_are_those_found_from_corners(kind, integer):
    network = shrinking([3, 8, 8, 8, 7], 1, SLOPES[kind], integer=integer)
    found, expected = (partition(network, cube(3), engine=engine) for engine in ("split", "polyhedra"))
    assert len(expected) > 150
    assert np.array_equal(found.packed_patterns, expected.packed_patterns)
    assert np.array_equal(found.counts_per_layer, expected.counts_per_layer)


def test_regions_of_many_layers_are_those_found_from_corners():
    """Nine layers, whose rows are recomputed in double-doubles."""
    network = shrinking([3, *[8] * 9], 5, SLOPES["absolute value"])
    found, expected = (partition(network, cube(3), engine=engine) for engine in ("split", "polyhedra"))
    assert len(expected) > 300
    assert np.array_equal(found.packed_patterns, expected.packed_patterns)


@pytest.mark.parametrize(
    ("widths", "seed", "per_layer"),
    [
        ([6, 10, 10, 10, 10], 37, [673, 3501, 7610, 10061]),
        ([6, 10, 10, 10, 10], 49, [446, 4842, 9770, 13030]),
        ([5, 9, 9, 9, 9], 26, [232, 1866, 3211, 4131]),
        ([5, 9, 9, 9, 9], 43, [158, 500, 954, 1922]),
    ],
)
def test_counts_are_those_of_asking_each_cell(widths, seed, per_layer):
    """Counted before there were relaxations; each loses regions if bounds of one cell are believed on another."""
    network, box = shrinking(widths, seed), cube(widths[0])
    assert count(network, box, engine="split").per_layer.tolist() == per_layer


def test_patterns_of_points_are_among_the_regions_in_more_dimensions():
    network, box = shrinking([6, 10, 10, 10, 10], 0), cube(6)
    found = partition(network, box, engine="split", workers=2)
    points = np.random.default_rng(0).uniform(-1, 1, (20_000, 6))
    regions = found.locate(points)
    assert (regions >= 0).all()
    assert np.array_equal(found.counts_per_layer, count(network, box, engine="split").per_layer)


def test_most_neurons_of_deep_networks_are_not_asked_again_for_each_cell():
    """Without, each cell on which a layer begins decides all of its neurons."""
    network = shrinking([6, 10, 10, 10, 10], 0)
    found = partition(network, cube(6), engine="split")
    cells = np.array([1, *found.counts_per_layer[:-1]])
    assert found.certificate.total < 0.6 * 10 * cells.sum()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda layer: replace(layer, weight=csr_array(layer.weight)), "sparse"),
        (lambda layer: replace(layer, weight=layer.weight * 2.0**100), "too large"),
        (None, "one layer"),
    ],
)
def test_where_forms_are_of_no_use_there_are_none(change, why):
    network = shrinking([3, 4, 4], 0)
    layers = network.layers[:1] if change is None else (network.layers[0], change(network.layers[1]))
    changed = replace(network, layers=layers)
    room = relaxations.start(changed, np.ones(3), 8, is_used=True)
    assert room.sign.size == 0, why
    assert relaxations.start(network, np.ones(3), 8, is_used=True).sign.shape == (2, 2, 8)
    assert relaxations.start(network, np.ones(3), 8, is_used=False).sign.size == 0


def test_sizes_bound_all_terms_in_the_box():
    network = shrinking([3, 6, 6, 6], 2, SLOPES["all kinds"])
    reach = np.array([1.0, 2.0, 0.5])
    sizes = relaxations.start(network, reach, 8, is_used=True).size
    x = np.random.default_rng(0).uniform(-1, 1, (2_000, 3)) * reach
    for layer, bound in zip(network.layers, sizes, strict=True):
        terms = np.abs(x)[:, None, :] * np.abs(layer.weight)
        assert (terms.sum(axis=2) + np.abs(layer.bias) <= bound[:6]).all()
        z = x @ np.asarray(layer.weight).T + layer.bias
        x = z * np.where(z > 0, layer.positive_slope, layer.negative_slope)

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


def changed(network, last=3, **fields):
    *before, layer = network.layers[:last]
    return replace(network, layers=(*before, replace(layer, **fields)))


def test_where_forms_are_of_no_use_there_are_none():
    network, box = shrinking([3, 4, 4, 4, 4], 0), cube(3)
    weight = network.layers[2].weight
    assert relaxations.start(network, box, 8, is_used=True).sign.shape == (4, 4, 8)
    assert relaxations.start(network, box, 8, is_used=False).sign.size == 0
    without = {
        "sparse": changed(network, weight=csr_array(weight)),
        "too large": changed(network, weight=weight * 2.0**100),
        "two layers": changed(network, last=2),
        "all change their sign": replace(
            network,
            layers=[
                replace(layer, weight=np.eye(4, layer.weight.shape[1]), bias=np.zeros(4), negative_slope=np.ones(4))
                for layer in network.layers
            ],
        ),
    }
    for why, other in without.items():
        assert relaxations.start(other, box, 8, is_used=True).sign.size == 0, why


def test_sizes_bound_all_terms_in_the_box():
    network = shrinking([3, 6, 6, 6], 2, SLOPES["leaky ReLU"])
    reach = np.array([1.0, 2.0, 0.5])
    sizes = relaxations.start(network, Box(-reach, reach), 8, is_used=True).size
    assert len(sizes) == 3
    x = np.random.default_rng(0).uniform(-1, 1, (2_000, 3)) * reach
    for layer, bound in zip(network.layers, sizes, strict=True):
        terms = np.abs(x)[:, None, :] * np.abs(layer.weight)
        assert (terms.sum(axis=2) + np.abs(layer.bias) <= bound[:6]).all()
        z = x @ np.asarray(layer.weight).T + layer.bias
        x = z * np.where(z > 0, layer.positive_slope, layer.negative_slope)


@pytest.mark.parametrize("workers", [2, 3])
def test_what_is_handed_down_does_not_depend_on_who_walks(workers):
    """Witnesses, maps and numbers of decisions, to the last digit."""
    network = shrinking([5, 9, 9, 9, 9], 26)
    alone, shared = (partition(network, cube(5), engine="split", workers=n) for n in (1, workers))
    for field in ("packed_patterns", "maps", "witnesses", "counts_per_layer"):
        assert np.array_equal(getattr(alone, field), getattr(shared, field)), field
    assert alone.certificate == shared.certificate

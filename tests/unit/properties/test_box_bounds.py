"""Bounds on boxes against values at many points, and halves."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from families import random_deep
from polytope_lens import Property
from polytope_lens.network.network import from_arrays
from polytope_lens.network.pair import difference
from polytope_lens.network.twins import with_twins, without_fans
from polytope_lens.properties.box_bounds import Boxes, halves, look, whole_box
from polytope_lens.properties.counterexample import exact_outputs
from polytope_lens.properties.problem import problems
from properties_twin import random_network


def shifted(network, size, rng):
    """The same network with weights of few bits that are a little off."""
    W = [*(layer.dense_weight() for layer in network.layers), network.dense_output_weight()]
    W = [np.rint((w + size * rng.standard_normal(w.shape)) / size) * size for w in W]
    slope = float(network.layers[0].negative_slope[0])
    return from_arrays(W, [*(layer.bias for layer in network.layers), network.output_bias], negative_slope=slope)


def preactivations(network, x):
    found, value = [], x
    for layer in network.layers[:-1]:
        z = layer.weight @ value + layer.bias
        found.append(z)
        value = np.where(z > 0, layer.positive_slope, layer.negative_slope) * z
    return np.concatenate(found)


@pytest.mark.parametrize("seed", range(8))
def test_bounds_hold_and_halves_inherit_them(seed):
    rng = np.random.default_rng(seed)
    network = random_network(rng, 3, 2).network
    target = [([[1, 0]], [0]), ([[1, 1], [-1, 1]], [Fraction(1, 3), -1])]
    (problem,) = problems(network, Property.of(([-1, "-0.3", 0], [1, 1, "0.7"]), target))
    boxes = whole_box(problem)
    for _ in range(6):
        looked = look(problem, boxes)
        for i in range(len(looked.n_open)):
            low, high = looked.boxes.low[i], looked.boxes.high[i]
            for _ in range(5):
                x = rng.uniform(looked.boxes.lower[i], looked.boxes.upper[i])
                z = preactivations(problem.bounded, x)
                assert (low <= z + 1e-12).all() and (z <= high + 1e-12).all()
                rows = exact_outputs(problem.margins, [Fraction(v) for v in x.tolist()])
                assert all(Fraction(bound) <= row for bound, row in zip(looked.lowest[i].tolist(), rows, strict=True))
                if looked.is_missed[i]:
                    assert all(max(rows[j] for j in case) > 0 for case in problem.cases)
        parts = halves(looked, 0)
        assert np.array_equal(parts.low[0], looked.boxes.low[0])
        assert np.allclose((parts.upper - parts.lower).prod(axis=1).sum(), np.prod(boxes.upper[0] - boxes.lower[0]))
        boxes = Boxes._make(np.concatenate([a, b])[:4] for a, b in zip(parts, boxes, strict=True))


@pytest.mark.parametrize("seed", range(8))
def test_bounds_by_twins_hold(seed):
    """Those on the places of fans are on differences, those on rows are on what the network gives."""
    rng = np.random.default_rng(seed)
    first = random_deep((3, 7, 5), seed, (0.0, 0.25, -1.0, 2.0)[seed % 4])
    second = shifted(first, 2.0**-8, rng)
    both = difference(first, second)
    twins = with_twins(both, first, second)
    flat = ([-1, "0.1", "-0.3"], [1, "0.1", "0.7"]) if seed % 2 else ([-1] * 3, [1] * 3)
    (problem,) = problems(both, Property.of(flat, [([[1]], [0]), ([[-1]], [Fraction(-1, 3)])]), twins)
    plain = problems(both, Property.of(flat, [([[1]], [0]), ([[-1]], [Fraction(-1, 3)])]))[0]
    boxes = whole_box(problem)
    assert sum(len(fans.place) for fans in problem.twins.fans) > 8
    assert (look(problem, boxes).lowest > look(plain, boxes).lowest).all()
    for _ in range(5):
        looked = look(problem, boxes)
        low, high = without_fans(problem.margins.widths, problem.twins.fans, looked.boxes.low, looked.boxes.high)
        for i in range(len(looked.n_open)):
            for _ in range(5):
                x = rng.uniform(looked.boxes.lower[i], looked.boxes.upper[i])
                z = preactivations(problem.bounded, x)
                assert (low[i] <= z + 1e-12).all() and (z <= high[i] + 1e-12).all()
                rows = exact_outputs(problem.margins, [Fraction(v) for v in x.tolist()])
                assert all(Fraction(bound) <= row for bound, row in zip(looked.lowest[i].tolist(), rows, strict=True))
        parts = halves(looked, 0)
        boxes = Boxes._make(np.concatenate([a, b])[:4] for a, b in zip(parts, boxes, strict=True))


def test_a_box_without_floats_inside_is_not_cut():
    network = random_network(np.random.default_rng(0), 1, 1).network
    (problem,) = problems(network, Property.of((["0.1"], ["0.10000000000000000001"]), ([[1]], [0])))
    assert halves(look(problem, whole_box(problem)), 0) is None

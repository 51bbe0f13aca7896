"""Sparse layers give the answers of dense ones: signs at points, and regions on paths."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import families
from families import sparsely
from polytope_lens import Box
from polytope_lens.arithmetic.rational import integer_matrix
from polytope_lens.engines import split, subdivide
from polytope_lens.engines.enumerate import partition
from polytope_lens.exact.point_signs import point_signs as dense_signs
from polytope_lens.exact.sparse import inputs, point_signs, preactivations, pulled_back, rows_on
from polytope_lens.network.affine import augmented_map
from polytope_lens.network.network import evaluate, from_arrays, slopes
from polytope_lens.path import sweep
from polytope_lens.polyhedral_complex.locate import region_patterns
from polytope_lens.testing.strategies import networks

TIES = from_arrays(
    [[[1, 0], [0, 1], [-1, -1]], [[1, 1, 0], [1, -1, 0], [0, 0, 2]], [[1, 1, 1]]], [[0] * 3, [0] * 3, [0]]
)


def points(data, network, low, high):
    number = st.one_of(st.integers(-2, 2).map(float), st.floats(-3, 3))
    d = network.input_dim
    return np.array(data.draw(st.lists(st.lists(number, min_size=d, max_size=d), min_size=low, max_size=high)))


@settings(max_examples=60, deadline=None)
@given(network=networks(), data=st.data())
def test_signs_and_regions_at_points(network, data):
    where = points(data, network, 1, 4)
    sparse = sparsely(network)
    assert np.array_equal(point_signs(sparse, where), dense_signs(network, where))
    assert np.array_equal(region_patterns(sparse, where, None), region_patterns(network, where, None))
    np.testing.assert_allclose(evaluate(sparse, where), evaluate(network, where), rtol=1e-12, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(network=networks(), data=st.data(), limit=st.sampled_from([1, 8, 2**19]))
def test_paths(network, data, limit):
    ends = points(data, network, 2, 3)
    expected = sweep.trace(network, ends)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweep, "MOST_VALUES", limit)
        patch.setattr("polytope_lens.path.sparse_sweep.MOST_VALUES", limit)
        for same in (network, sparsely(network)):
            found = sweep.trace(same, ends)
            assert np.array_equal(found.breakpoints, expected.breakpoints)
            assert np.array_equal(found.bits, expected.bits)
            assert np.array_equal(found.segments, expected.segments)


@pytest.mark.parametrize("network", [TIES, families.sawtooth(5)], ids=["ties", "sawtooth"])
def test_degenerate_networks(network):
    d = network.input_dim
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, 9)] * d), axis=-1).reshape(-1, d)
    sparse = sparsely(network)
    assert np.array_equal(point_signs(sparse, grid), dense_signs(network, grid))
    assert np.array_equal(region_patterns(sparse, grid, None), region_patterns(network, grid, None))
    for start, stop in zip(grid[:-1:7], grid[1::7], strict=False):
        ends = np.stack([start, stop])
        assert np.array_equal(sweep.trace(sparse, ends).bits, sweep.trace(network, ends).bits)


def test_what_is_behind_neurons_that_are_off_is_dead():
    network = sparsely(from_arrays([[[1.0], [2.0]], [[1.0, -1.0]], [[1.0]]], [[0, 0], [0], [0]]))
    first = preactivations(network.layers[0], np.ones((2, 1)), inputs(np.array([[-1.0], [0.0]])))
    assert (first.error > 0).all()  # zero at a point is not zero everywhere
    second = preactivations(network.layers[1], np.zeros((2, 2)), first)
    assert (second.error == 0).all()
    assert (second.high == 0).all()


def test_rows_pulled_back_are_the_maps_of_the_pre_activations():
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal((4, 3)), rng.standard_normal((4, 4)), rng.standard_normal((2, 4))]
    network = sparsely(from_arrays(weights, [rng.standard_normal(len(w)) for w in weights], negative_slope=0.1))
    x = rng.standard_normal(3)
    bits = point_signs(network, x[None])[0] > 0
    row = pulled_back(network, 1, 2, slopes(network.layers, bits))
    hidden = network.layers[0].weight @ x + network.layers[0].bias
    hidden = np.where(hidden > 0, hidden, 0.1 * hidden)
    expected = (network.layers[1].weight @ hidden + network.layers[1].bias)[2]
    scale = row[0] / float((network.layers[1].weight * np.where(bits[:4], 1, 0.1) @ network.layers[0].weight)[2, 0])
    value = sum(v * (1.0 if j < 0 else x[j]) for j, v in row.items()) / scale
    np.testing.assert_allclose(value, expected)


def test_maps_of_regions():
    rng = np.random.default_rng(1)
    weights = [rng.standard_normal((4, 3)), rng.standard_normal((4, 4)), rng.standard_normal((2, 4))]
    network = from_arrays(weights, [rng.standard_normal(len(w)) for w in weights], negative_slope=0.1)
    bits = rng.random(8) > 0.5
    np.testing.assert_allclose(augmented_map(sparsely(network), bits), augmented_map(network, bits), atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(network=networks(), engine=st.sampled_from(["split", "subdivide"]), numbers=st.sampled_from([1, 2**25]))
def test_partitions(network, engine, numbers):
    assume(engine == "split" or network.input_dim == 2)
    domain = Box(-np.ones(network.input_dim), np.ones(network.input_dim))
    expected = partition(network, domain, engine=engine)
    with pytest.MonkeyPatch.context() as patch:
        # room for few cells and points at first
        patch.setattr(subdivide, "MOST_NUMBERS", numbers)
        patch.setattr(split, "MOST_NUMBERS", numbers)
        found = partition(sparsely(network), domain, engine=engine)
    assert np.array_equal(found.packed_patterns, expected.packed_patterns)
    assert np.array_equal(found.counts_per_layer, expected.counts_per_layer)
    np.testing.assert_allclose(found.maps, expected.maps, rtol=1e-10, atol=1e-10)


def test_rows_pulled_back_on_a_chart_are_those_of_integer_products():
    rng = np.random.default_rng(3)
    weights = [rng.integers(-3, 4, shape) * 1.0 for shape in ((4, 2), (4, 4), (1, 4))]
    network = from_arrays(weights, [rng.standard_normal(len(w)) for w in weights])
    chart = integer_matrix(rng.integers(-2, 3, (3, 3)) * 1.0)
    bits = rng.random(8) > 0.5
    lazily = rows_on(sparsely(network), chart)
    for layer in (0, 1):
        for neuron, row in enumerate(rows_on(network, chart).rows(layer, bits)):
            mine = lazily.rows(layer, bits)[neuron]
            cross = [a * d - b * c for (a, b) in zip(row, mine, strict=True) for (c, d) in zip(row, mine, strict=True)]
            assert not any(cross)  # equal up to a factor, which is positive
            assert [v > 0 for v in row] == [v > 0 for v in mine]

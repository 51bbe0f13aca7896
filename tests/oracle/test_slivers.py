"""Regions far thinner than any tolerance, and numbers of all sizes side by side."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from polytope_lens import Box, Lens
from polytope_lens.testing import assert_counts, assert_partition, assert_patterns_found, assert_same_regions, networks

ENGINES = ("subdivide", "split", "brute")
BOX = Box([-1, -1], [1, 1])


def counts(lens, domain=BOX):
    return {engine: lens.count(domain, engine=engine).total for engine in ENGINES}


def everywhere(n):
    return dict.fromkeys(ENGINES, n)


def lines(rows, biases):
    return Lens.from_arrays([rows, np.ones((1, len(rows)))], [biases, [0]])


@pytest.mark.parametrize("k", [20, 50, 52, 100, 1000, 1074])
@pytest.mark.parametrize("side", [1, -1])
def test_three_lines_moved_apart_bound_a_triangle(k, side):
    lens = lines([[1, 0], [0, 1], [1, 1]], [0, 0, side * 2.0**-k])
    for domain in (BOX, None):
        assert counts(lens, domain) == everywhere(7)
    assert counts(lines([[1, 0], [0, 1], [1, 1]], [0, 0, 0])) == everywhere(6)


@pytest.mark.parametrize("k", [20, 50, 52])
def test_three_lines_moved_apart_away_from_the_origin(k):
    """Through (1/2, 1/3), of which no float is near enough to tell."""
    rows, third = [[1, 0], [0, 3], [1, 1.5]], -1.0
    for nudge in (0.0, 2.0**-k, -(2.0**-k)):
        lens = lines(rows, [-0.5, -1, third + nudge])
        assert counts(lens) == everywhere(6 if nudge == 0 else 7)


@pytest.mark.parametrize("k", [30, 50, 52])
def test_slivers_between_lines(k):
    """Five lines, each 2^-k from the last, and one across."""
    step = 2.0**-k
    lens = lines([[1, 0]] * 5 + [[0, 1]], [-0.5 - i * step for i in range(5)] + [0])
    assert counts(lens) == everywhere(12)
    assert counts(lens, None) == everywhere(12)
    partition = lens.partition(BOX)
    assert_counts(partition)
    assert np.isclose(partition.volumes().sum(), 4)
    bits = lens.patterns([[0.5 + 2.5 * step, 0.5]])
    assert_patterns_found(partition, [[0.5 + 2.5 * step, 0.5]])
    assert bits[0].tolist() == [True] * 3 + [False] * 2 + [True]


@pytest.mark.parametrize("k", [30, 50, 70])
def test_slivers_between_nearly_parallel_lines(k):
    """Lines that cross at the origin at an angle of 2^-k, with a second layer that sees how far apart they are."""
    lens = Lens.from_arrays([[[1, 0], [1, 2.0**-k]], [[2.0**k, -(2.0**k)]], [[1]]], [[0, 0], [0.25], [0]])
    found = counts(lens)
    assert len(set(found.values())) == 1
    partition = lens.partition(BOX)
    assert partition.counts_per_layer[0] == 4
    assert_same_regions(partition, lens.partition(BOX, engine="brute"))


def test_a_sliver_of_a_domain():
    lens = lines([[1, 0], [0, 1], [1, 1]], [-1 - 2.0**-53, 0, -1])
    assert lens.network.layers[0].bias[0] == -1  # the first line is a side of the box
    thin = Box([1, -1], [1 + 2.0**-52, 1])
    assert counts(lens, thin) == everywhere(3)


def test_deep_slivers_thinner_than_the_floats_around_them():
    """relu(x - 1) = 2^-54 lies between two neighbouring floats, where the domain is."""
    lens = Lens.from_arrays([[[1.0]], [[1.0]], [[1.0]]], [[-1.0], [-(2.0**-54)], [0.0]])
    for engine in ("split", "brute"):
        assert lens.count(Box([1], [1 + 2.0**-52]), engine=engine).total == 2
        assert lens.count(Box([0], [1 + 2.0**-52]), engine=engine).per_layer.tolist() == [2, 3]
        assert lens.count(Box([1 + 2.0**-52], [2]), engine=engine).total == 1


@pytest.mark.parametrize("k", [10, 20, 26])
def test_partitions_with_thin_regions_obey_all_laws(k):
    assert_partition(lines([[1, 0], [0, 1], [1, 1]], [0, 0, 2.0**-k]).partition(BOX))
    assert_partition(lines([[1, 0], [1, 0], [0, 1]], [0.25, 0.25 + 2.0**-k, 0]).partition(BOX))


# --------------------------------------------------------------------------------------------- huge, tiny, subnormal


@pytest.mark.parametrize("size", [1e-300, 1e-200, 1e-160, 1e-100, 1e100, 1e150, 1e200, 1e300, 5e-324, 2.0**-1060])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_the_size_of_a_neuron_says_nothing(size, d):
    """One hyperplane x_0 = -1/2, and one x_0 = 0, with all numbers of the first scaled."""
    first = np.zeros(d)
    first[0] = 2 * size
    network = Lens.from_arrays([[first, np.eye(d)[0]], np.ones((1, 2))], [[size, 0], [0]])
    for domain in (Box([-1] * d, [1] * d), None):
        for engine in ENGINES if d == 2 else ENGINES[1:]:
            assert network.count(domain, engine=engine).total == 3, engine


@pytest.mark.parametrize("engine", ENGINES)
def test_subnormal_weights(engine):
    lens = lines([[5e-324, 5e-324], [5e-324, -5e-324], [1, 0]], [0, 5e-324, -1e-310])
    assert lens.count(None, engine=engine).total == 7
    # The second line leaves the box through (0, 1), where the third, x = 1e-310, has not come yet.
    assert lens.count(BOX, engine=engine).total == 6


@pytest.mark.parametrize("engine", ENGINES)
def test_huge_and_tiny_weights_side_by_side(engine):
    lens = lines([[1e300, 1e-300], [1e-300, 1e300], [1e300, 1e300], [1e-300, -1e-300]], [0, 0, -1e300, 0])
    # Four lines: nearly the axes, the diagonal x = y, all through the origin, and x + y = 1.
    assert lens.count(None, engine=engine).total == 10
    assert lens.count(Box([-2, -2], [2, 2]), engine=engine).total == 10
    # The first two meet the last 1e-600 outside this box.
    assert lens.count(BOX, engine=engine).total == 8


@pytest.mark.parametrize("engine", ENGINES)
def test_deep_products_beyond_the_range_of_floats_are_counted_right(engine):
    """Pre-activations of the third layer are 1e400 and more: no float holds them."""
    lens = Lens.from_arrays(
        [[[1e200, 0], [0, 1e200]], [[1e200, 0], [0, 1e200]], [[1, -1]], [[1e-300]]], [[0, 0], [0, 0], [0], [0]]
    )
    assert lens.count(BOX, engine=engine).per_layer.tolist() == [4, 4, 5]


@pytest.mark.parametrize("engine", ENGINES)
def test_deep_products_below_the_range_of_floats_are_counted_right(engine):
    lens = Lens.from_arrays(
        [[[1e-200, 0], [0, 1e-200]], [[1e-200, 0], [0, 1e-200]], [[1, -1]], [[1]]], [[0, 0], [0, 0], [0], [0]]
    )
    assert lens.count(BOX, engine=engine).per_layer.tolist() == [4, 4, 5]


@settings(max_examples=60)
@given(network=networks(2, weights="wild", max_depth=2, max_width=3))
def test_engines_agree_on_numbers_of_all_sizes(network):
    lens = Lens(network)
    found = counts(lens)
    assert len(set(found.values())) == 1, found


@settings(max_examples=60)
@given(network=networks(1, weights="wild", max_depth=2, max_width=3))
def test_engines_agree_on_numbers_of_all_sizes_on_the_line(network):
    lens = Lens(network)
    for domain in (Box([-1], [1]), None):
        # The maps may leave the range of floats; the counts are right all the same.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            assert lens.count(domain, engine="split").total == lens.count(domain, engine="brute").total

"""Bounds on numbers of regions: no exact count exceeds an upper one, and some families attain them."""

from __future__ import annotations

from itertools import product
from math import comb

import numpy as np
import pytest

from families import DEEP, LARGE, ONE_LAYER, central, folding, generic, random_deep, stack, zaslavsky, zigzag
from polytope_lens import Box, Lens
from polytope_lens.network.count_bounds import region_count_bounds
from polytope_lens.network.network import Network, pass_through_layer


@pytest.mark.parametrize("family", [*ONE_LAYER, *DEEP, *LARGE], ids=str)
def test_no_known_count_exceeds_an_upper_bound(family):
    found = region_count_bounds(family.network)
    for bound in found.bounds:
        if bound.kind == "upper":
            assert family.per_layer[-1] <= bound.value, bound
    assert found["Serra et al."].value <= found["bottlenecks"].value <= found["arrangements"].value
    assert found["arrangements"].value <= found["all patterns"].value
    for closer in ("Hinz", "signs of weights"):
        assert all(bound.name != closer or bound.value <= found["Serra et al."].value for bound in found.bounds)


def serra(d, widths):
    """Theorem 1 of Serra et al. 2018 as it stands there, for full rank."""
    total = 0
    for js in product(*(range(n + 1) for n in widths)):
        rest = d
        term = 1
        for n, j in zip(widths, js, strict=True):
            term *= comb(n, j) if j <= min(rest, n) else 0
            rest = min(rest, n - j)
        total += term
    return total


@pytest.mark.parametrize("widths", [(2, 3, 4), (1, 4, 2, 3), (3, 2, 5, 2), (2, 5, 1, 4), (4, 3, 3)])
def test_the_recursion_is_the_sum_of_the_paper(widths):
    found = region_count_bounds(random_deep(widths, 0, 0.0))
    assert found["Serra et al."].value == serra(widths[0], widths[1:])


def test_families_that_attain_bounds():
    assert region_count_bounds(zigzag(3)).upper == 64 == len(Lens(zigzag(3)).partition())
    assert region_count_bounds(zigzag(3))["sawtooth"].value == 64
    for n, d in [(5, 2), (7, 3), (5, 10)]:
        assert region_count_bounds(generic(n, d)).upper == zaslavsky(n, d)
    for n, d in [(5, 3), (6, 4), (9, 2)]:
        assert region_count_bounds(central(n, d)).upper == Lens(central(n, d)).count().total
    network = folding(2, 2, 1, [[1], [1], [1]], [-0.25, -0.5, -0.75])
    assert region_count_bounds(network)["folding"].value == 8 == Lens(network).count(Box([0], [1])).total


@pytest.mark.parametrize("slope", [0.0, 0.1, 1.0, -1.0])
@pytest.mark.parametrize("widths", [(2, 3, 5), (3, 2, 6), (2, 4, 1, 5), (1, 4, 4)])
def test_random_networks_of_any_slope(slope, widths):
    for seed in range(4):
        network = random_deep(widths, seed, slope)
        found = region_count_bounds(network)
        assert Lens(network).count().total <= found.upper == found["signs of weights"].value


def test_bottlenecks_ranks_and_leaky_neurons():
    wide = stack((np.ones((6, 2)), np.arange(6.0)))
    assert region_count_bounds(wide).upper == 7 == Lens(wide).count().total  # parallel lines: rank 1
    relu, leaky = (region_count_bounds(random_deep((3, 3, 3), 0, slope)) for slope in (0.0, 0.1))
    assert relu["Serra et al."].value < leaky["Serra et al."].value == 8 * 8
    thin = region_count_bounds(random_deep((3, 1, 5), 0, 0.1))
    assert thin["bottlenecks"].value == 2 * 6 < thin["arrangements"].value


def test_values_that_are_passed_on_carry_dimensions():
    """A neuron and both inputs beside it: what follows is not confined to one dimension."""
    first = stack(([[1, 1], [1, 0], [0, 1]], [0, 0, 0]), (np.random.default_rng(0).normal(size=(4, 3)), [1, 2, 3, 4]))
    cuts = np.array([True, False, False])
    layer = first.layers[0]
    mixed = type(layer)(layer.weight, layer.bias, np.where(cuts, 0.0, 1.0), layer.positive_slope, cuts)
    network = Network((mixed, first.layers[1]), first.output_weight, first.output_bias)
    count = Lens(network).count().total
    assert 12 < count <= region_count_bounds(network).upper == 2 * zaslavsky(4, 2)


def test_neurons_that_pass_nothing_on_still_cut():
    first = generic(6, 2).layers[0]
    silent = type(first)(first.weight, first.bias, np.zeros(6), np.zeros(6), first.cuts)
    network = Network((silent, stack((np.ones((2, 6)), [1, 2])).layers[0]), [[1, 1]], [0])
    assert region_count_bounds(network)["Serra et al."].value == 22 == Lens(network).count().total
    turned = type(first)(first.weight, first.bias, first.positive_slope, first.negative_slope, first.cuts)
    assert region_count_bounds(Network((turned,), np.ones((1, 6)), [0])).upper == 22


def test_numbers_of_thousands_of_digits_are_shown():
    wide = stack((np.ones((20_000, 50)), np.zeros(20_000)))
    found = region_count_bounds(wide)
    assert "typical" not in str(found)
    assert "10^6020.6" in str(found) and "10^6020.6" in repr(found["all patterns"])


def test_no_hidden_neurons():
    affine = Lens.from_arrays([[[1, 2]]], [[0]])
    assert affine.region_count_bounds().upper == 1
    passing = Network((pass_through_layer(np.eye(2), [0, 0]),), [[1, 1]], [0])
    assert region_count_bounds(passing).upper == 1


def test_what_it_prints():
    text = str(region_count_bounds(random_deep((2, 6, 6), 0, 0.0)))
    assert "typical" in text and "attainable" in text and "Serra et al. 2018" in text

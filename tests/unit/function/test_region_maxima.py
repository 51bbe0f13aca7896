"""Best vertices of regions without a mesh: bounds that hold, few rational programs, and the same answers as corners."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from families import random_deep
from polytope_lens import Box, Lens
from polytope_lens.arithmetic.rational import rational
from polytope_lens.function import corner_maxima, region_maxima
from polytope_lens.network.network import from_arrays
from polytope_lens.network.scalar import single_output
from polytope_lens.testing import boxes, networks, simplices


def best_of_each(partition):
    """Minus the least, and the greatest value of the first output on each region, in rationals."""
    search = region_maxima._Regions(partition, 0)
    return [[search._solved(side, r, None, None) for side in range(2)] for r in range(len(partition))]


def assert_all(partition):
    """Bounds hold, whatever vertex they are told to agree with; the best is found."""
    search, each = region_maxima._Regions(partition, 0), best_of_each(partition)
    found = search.proposals()
    n = len(partition)
    for r, both in enumerate(each):
        for side, one in enumerate(both):
            assert not np.isfinite(found.bound[r, side]) or rational(float(found.bound[r, side])) >= one.greatest.value
    rng = np.random.default_rng(0)
    for side in range(2):
        for r in rng.permutation(n)[:4].tolist():
            here = each[r][side]
            # Bases that programs end with, and some others of the same vertex.
            other = rng.choice(np.flatnonzero(here.meets), found.basis.shape[2], replace=False)
            for basis in (found.basis[:, side], np.tile(other, (n, 1))):
                alike = np.flatnonzero(search._agree(side, np.arange(n), basis, r, here.meets))
                assert all(each[i][side].greatest.value == here.greatest.value for i in alike.tolist())
    answer = region_maxima.extremes(partition, 0)
    for side in range(2):
        assert answer[side].value == max(both[side].greatest.value for both in each)
    return found


@settings(max_examples=40)
@given(network=networks(st.integers(1, 4), max_depth=3, max_width=4), data=st.data())
def test_bounds_and_answers(network, data):
    """Small integers, so that many regions tie, and functions are constant on them."""
    d = network.input_dim
    assert_all(Lens(network).partition(data.draw(st.one_of(boxes(d), simplices(d))), mesh=False))


@pytest.mark.parametrize("scale", [2.0**-300, 2.0**40, 2.0**300])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_numbers_of_any_size(scale, place):
    network = random_deep((4, 4, 2), 1, 0.1)
    weights = [*(layer.weight for layer in network.layers), network.output_weight]
    biases = [*(layer.bias for layer in network.layers), network.output_bias]
    weights[place], biases[place] = weights[place] * scale, biases[place] * scale
    assert_all(Lens.from_arrays(weights, biases).partition(Box([-1] * 4, [1] * 4)))


def test_slopes_and_weights_whose_product_underflows():
    """The factor of a neuron is lost, its pre-activations are large."""
    tiny = 2.0**-540
    network = from_arrays([[[2.0**900, 0, 0, 0]], [[tiny]]], [[0], [0]], negative_slope=tiny)
    assert_all(Lens(network).partition(Box([-1] * 4, [1] * 4)))


@pytest.mark.parametrize("widths", [(4, 6, 6), (5, 5, 5), (3, 5, 5, 5), (1, 5, 5)])
def test_few_regions_are_solved_exactly(monkeypatch, widths):
    d = widths[0]
    partition = Lens(random_deep(widths, 0, 0.1)).partition(Box([-1] * d, [1] * d), mesh=False)
    solved = []
    exactly = region_maxima.maximize
    monkeypatch.setattr(
        region_maxima, "maximize", lambda *args, **options: solved.append(1) or exactly(*args, **options)
    )
    expected = region_maxima.extremes(partition, 0)
    assert len(solved) <= 6
    # Without proposals all regions are, and the answer is the same.
    monkeypatch.setattr(region_maxima, "pays", lambda *_: False)
    solved.clear()
    some = region_maxima.extremes(partition, 0)
    assert len(solved) >= len(partition)
    assert [one.value for one in some] == [one.value for one in expected]


@settings(max_examples=20)
@given(network=networks(st.integers(2, 3), max_depth=2, max_width=5), data=st.data())
def test_both_roads_lead_to_the_same_place(network, data):
    partition = Lens(network).partition(data.draw(boxes(network.input_dim)))
    corners = corner_maxima.extremes(partition, single_output(network, 0))
    assert [one.value for one in region_maxima.extremes(partition, 0)] == [one.value for one in corners]


def test_dead_last_layers_take_one_rational_program(monkeypatch):
    rng = np.random.default_rng(3)
    weights = [rng.normal(size=(8, 4)), rng.normal(size=(6, 8)), -np.abs(rng.normal(size=(1, 6)))]
    lens = Lens.from_arrays(weights, [rng.normal(size=8), np.full(6, -1.0), [0.1]])
    partition = lens.partition(Box([-1] * 4, [1] * 4))
    solved = []
    exactly = region_maxima.maximize
    monkeypatch.setattr(
        region_maxima, "maximize", lambda *args, **options: solved.append(1) or exactly(*args, **options)
    )
    assert region_maxima.extremes(partition, 0)[1].value == rational(0.1)
    assert len(partition) > 100 and len(solved) <= 4

"""Rows that are integers up to a power of two, and ties that kernels decide with them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

import families
from polytope_lens import Box, Lens
from polytope_lens.engines import split
from polytope_lens.engines._kernels.whole_rows import UNKNOWN, compared
from polytope_lens.engines.whole_rows import side_scales, whole_scales
from polytope_lens.network.network import Network, from_arrays
from polytope_lens.testing import assert_same_regions, networks


def sums(network: Network, choose):
    """For each neuron all numbers that come up while its row is summed up in order, layer by layer, as fractions."""
    rows = [[Fraction(int(i == k)) for i in range(network.input_dim + 1)] for k in range(network.input_dim)]
    for layer in network.layers:
        found, seen = [], []
        for weights, bias in zip(layer.weight.tolist(), layer.bias.tolist(), strict=True):
            total, own = [Fraction(0)] * network.input_dim + [Fraction(bias)], [Fraction(bias)]
            for weight, row in zip(weights, rows, strict=True):
                total = [t + Fraction(weight) * v for t, v in zip(total, row, strict=True)]
                own += [*total, *(Fraction(weight) * v for v in row)]
            found.append(total)
            seen.append(own)
        slopes = [choose(pair) for pair in zip(layer.negative_slope, layer.positive_slope, strict=True)]
        rows = [[Fraction(slope) * v for v in row] for slope, row in zip(slopes, found, strict=True)]
        yield seen


@given(network=networks(2, max_depth=3, max_width=3), data=st.data())
def test_rows_with_a_scale_are_integers_that_floats_hold(network, data):
    slopes = sums(network, lambda pair: data.draw(st.sampled_from(pair)))
    for scales, numbers in zip(whole_scales(network), slopes, strict=True):
        for scale, seen in zip(scales, numbers, strict=True):
            if scale > 0:
                assert all((v * Fraction(scale)).denominator == 1 and abs(v * Fraction(scale)) <= 2**53 for v in seen)


def test_a_neuron_that_may_round_spoils_only_those_that_see_it():
    weights = [[[1, 1e300], [1, 2]], [[1, 0], [0, 1], [1, 1], [0, 0]], [[1, 1, 1, 1]]]
    network = from_arrays(weights, [[0, 0.5], [0, 0, 0, 0.25], [0]])
    for kind in (np.asarray, csr_array):
        layers = tuple(replace(layer, weight=kind(layer.weight)) for layer in network.layers)
        assert [v.tolist() for v in whole_scales(replace(network, layers=layers))] == [[0, 2], [0, 2, 0, 4]]


@pytest.mark.parametrize(
    ("weights", "scales"),
    [
        ([[[1.0]], [[2.0**-30]], [[1.0]], [[1]]], [1, 2**30, 2**30]),
        ([[[1.0]], [[1 + 2.0**-30]], [[1 + 2.0**-30]], [[1]]], [1, 2**30, 0]),
        ([[[1.0]], [[1e-300]], [[1e-300]], [[1]]], [1, 0, 0]),
        ([[[2.0**52, 2.0**52]], [[1.0]], [[1]]], [2.0**-52, 2.0**-52]),
        ([[[2.0**53, 1.0]], [[1.0]], [[1]]], [0, 0]),
        ([[[1e308, 1e308]], [[1e308]], [[1]]], None),
    ],
)
def test_scales_end_where_a_sum_might_round(weights, scales):
    found = whole_scales(from_arrays(weights, [np.zeros(len(w)) for w in weights]))
    if scales is not None:
        assert np.concatenate(found).tolist() == scales
    assert np.isfinite(np.concatenate(found)).all()


def test_sides_become_integers_or_nothing():
    sides = np.array([[0.5, -0.75, 2.0], [1.0, 0.0, 2.0**60], [1.0, 0.0, 2.0**60 + 2.0**9], [0, 0, 0]])
    assert side_scales(sides).tolist() == [4, 0, 0, 0]
    assert side_scales(sides[3:]).tolist() == [1]


numbers = st.one_of(st.integers(-9, 9).map(float), st.floats(-1e9, 1e9), st.floats(allow_nan=False))


@given(a=numbers, b=numbers, c=numbers, d=numbers, swapped=st.booleans())
def test_products_of_floats_are_compared_as_fractions(a, b, c, d, swapped):
    if swapped:
        c, d = b, a
    known = compared(a, b, c, d)
    if known != UNKNOWN:
        left, right = Fraction(a) * Fraction(b), Fraction(c) * Fraction(d)
        assert known == (left > right) - (left < right)
    elif all(v == 0 or 2.0**-400 < abs(v) < 2.0**400 for v in (a, b, c, d)):
        raise AssertionError("should be known")


@pytest.mark.parametrize(
    "network",
    [
        families.stack((np.repeat(np.eye(3), 4, axis=0) / 3, np.tile(np.arange(4) / 7, 3))),
        families.stack(([[0.1, 0.7, -0.3]] * 3 + [[-0.2, -1.4, 0.6], [0.3, 0.2, 0.1]], [0.1, 0.2, 0.1, 0.2, 0.3])),
        families.stack(([[0.1, 0.7], [0.1, 0.7], [-0.1, -0.7], [0.4, 2.8], [1, 0.3]], [0.1, 0.1, -0.1, 0.4, 0.0])),
    ],
    ids=["grid of thirds", "parallel", "repeated"],
)
def test_parallel_hyperplanes_leave_no_question_to_python(network, monkeypatch):
    def refuse(*_):
        raise AssertionError("the kernel has asked")

    d = network.input_dim
    domains = (None, Box([-1] * d, [1] * d))
    expected = [Lens(network).partition(domain, engine="brute") for domain in domains]
    for decisions in (split._CellDecisions, split._ConeDecisions):
        monkeypatch.setattr(decisions, "answer", refuse)
    for domain, known in zip(domains, expected, strict=True):
        assert_same_regions(Lens(network).partition(domain, engine="split"), known)


TIES = [f for f in [*families.ONE_LAYER, *families.LARGE] if "generic" not in f.name and "central" not in f.name]


@pytest.mark.parametrize("family", TIES, ids=str)
def test_small_integers_leave_no_question_to_python(family, monkeypatch):
    def refuse(*_):
        raise AssertionError("the kernel has asked")

    monkeypatch.setattr(split._ConeDecisions, "answer", refuse)
    found = Lens(family.network).count(engine="split")
    assert tuple(found.per_layer) == family.per_layer


@pytest.mark.parametrize("slope", [0.0, 0.5, -1.0])
@pytest.mark.parametrize("seed", range(4))
def test_deep_networks_of_small_integers_agree_with_rationals(seed, slope):
    rng = np.random.default_rng(seed)
    weights = [rng.integers(-1, 2, shape).astype(float) for shape in ((4, 3), (4, 4), (1, 4))]
    biases = [rng.integers(-1, 2, len(w)).astype(float) for w in weights]
    network = from_arrays(weights, biases, negative_slope=slope)
    for domain in (None, Box([-1] * 3, [1] * 3)):
        expected = Lens(network).partition(domain, engine="brute")
        assert_same_regions(Lens(network).partition(domain, engine="split"), expected)


@pytest.mark.parametrize("nudge", [2.0**-20, -(2.0**-20), 2.0**-45, -(2.0**-45), 2.0**-52])
@pytest.mark.parametrize("row", range(7))
def test_a_nudge_breaks_the_ties(nudge, row):
    """Of the resonance arrangement in space: numerators grow, up to where they are no floats any more."""
    weight = np.array([p for p in product((0.0, 1.0), repeat=3) if any(p)])
    weight[row, int(np.argmax(weight[row]))] += nudge
    lens = Lens.from_arrays([weight, np.ones((1, 7))], [np.zeros(7), [0.0]])
    assert lens.count(engine="split").total == lens.count(engine="brute").total

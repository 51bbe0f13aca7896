"""Neurons that are zero on regions, by rows of fractions; every rung alone says the same."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from families import random_deep
from polytope_lens import Box, Lens
from polytope_lens.exact.forward import AnyPattern
from polytope_lens.network.network import evaluate, from_arrays
from polytope_lens.polyhedral_complex import zero_rows
from polytope_lens.testing import domains, networks


def by_fractions(partition):
    network = partition.network
    found = []
    for pattern in partition.patterns().tolist():
        rows = reference.affine_rows(network, pattern)[:-1]
        both = zip(network.layers, rows, strict=True)
        found.append([not any(row) for layer, some in both for row, cuts in zip(some, layer.cuts, strict=True) if cuts])
    return np.array(found, dtype=bool).reshape(len(partition), network.n_neurons)


@settings(max_examples=40)
@given(
    network=networks(st.integers(1, 3), max_depth=4, max_width=3),
    data=st.data(),
    rung=st.sampled_from(["all", "no value", "no row"]),
    at_once=st.sampled_from([1, 7, zero_rows.AT_ONCE]),
)
def test_zero_rows_are_those_of_fractions(network, data, rung, at_once):
    partition = Lens(network).partition(data.draw(domains(network.input_dim)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zero_rows, "AT_ONCE", at_once)
        if rung != "all":
            patch.setattr(AnyPattern, "error", lambda self: np.full(self.size.shape, np.inf))
        if rung == "no row":
            rows = zero_rows.bounded_rows
            patch.setattr(zero_rows, "bounded_rows", lambda *a: ((r, np.full(r.shape, np.inf)) for r, _ in rows(*a)))
        found = zero_rows.zero_mask(partition)
    np.testing.assert_array_equal(found, by_fractions(partition))


@pytest.mark.parametrize("scale", [2.0**-540, 2.0**-40, 2.0**500])
def test_numbers_of_any_size(scale):
    rng = np.random.default_rng(0)
    first, second = rng.integers(-2, 3, size=(4, 2)), rng.integers(-2, 3, size=(4, 4))
    network = from_arrays([first * scale, second * scale, np.ones((1, 4))], [np.zeros(4), np.zeros(4), [0]])
    partition = Lens(network).partition(Box([-1, -1], [1, 1]))
    np.testing.assert_array_equal(zero_rows.zero_mask(partition), by_fractions(partition))


def test_ordinary_networks_take_neither_rows_nor_rationals(monkeypatch):
    partition = Lens(random_deep((3, 8, 8, 8), 1, 0.1)).partition(Box([-1] * 3, [1] * 3))
    monkeypatch.setattr(zero_rows, "bounded_rows", None)
    assert not zero_rows.zero_mask(partition).any()


@given(network=networks(st.integers(1, 3), max_depth=3, max_width=4), seed=st.integers(0, 99))
def test_bounds_for_any_pattern_hold_at_points(network, seed):
    """Values of a float pass are within the bound of those in fractions."""
    X = np.random.default_rng(seed).normal(size=(5, network.input_dim))
    bound = AnyPattern.of(np.abs(X).max(axis=0))
    for layer in network.layers:
        bound = bound.times(layer.weight, layer.bias).activated(
            np.maximum(abs(layer.negative_slope), abs(layer.positive_slope))
        )
    error = bound.times(network.output_weight, network.output_bias).error()
    for x, value in zip(X, evaluate(network, X), strict=True):
        bits = Lens(network).patterns(x[None])[0].tolist()
        rows = reference.affine_rows(network, bits)[-1]
        exact = [reference.dot(row, [*map(Fraction, x.tolist()), Fraction(1)]) for row in rows]
        assert all(
            abs(Fraction(v) - e) <= Fraction(b) for v, e, b in zip(value.tolist(), exact, error.tolist(), strict=True)
        )

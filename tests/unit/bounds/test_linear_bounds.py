"""Rows above pre-activations: against sampled inputs, and against fractions where rounding is all that there is."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from polytope_lens._deferred import sparse
from polytope_lens.bounds.linear_bounds import highest_in_box, rows_above
from polytope_lens.bounds.relaxation import relax
from polytope_lens.network.network import Network, pass_through_layer, piecewise_layer

SLOPES = np.array([0.0, 0.1, -1.0, 2.0, 1.0])


def network_of(seed, sizes=(3, 6, 7, 5), scale=1.0, with_passing=False):
    rng = np.random.default_rng(seed)
    layers = []
    for n, m in zip(sizes[1:], sizes[:-1], strict=True):
        weight, bias = scale * rng.standard_normal((n, m)), 0.3 * rng.standard_normal(n)
        layers.append(
            piecewise_layer(weight, bias, negative_slope=rng.choice(SLOPES, n), positive_slope=rng.choice(SLOPES, n))
        )
    if with_passing:
        layers.insert(1, pass_through_layer(rng.standard_normal((sizes[1], sizes[1])), rng.standard_normal(sizes[1])))
    return Network(tuple(layers), np.ones((1, sizes[-1])), np.zeros(1))


def pre_activations(network, X):
    found = []
    for layer in network.layers:
        z = X @ layer.dense_weight().T + layer.bias
        found.append(z)
        X = np.where(z > 0, layer.positive_slope, layer.negative_slope) * z
    return found


@pytest.mark.parametrize("with_passing", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_rows_are_above_all_inputs_of_a_box(seed, with_passing):
    network, rng, n = network_of(seed, with_passing=with_passing), np.random.default_rng([seed, 1]), 3
    middle, half = rng.standard_normal((n, 3)), rng.random((n, 1))
    lower, upper = middle - half, middle + half
    X = middle[:, None] + half[:, :, None] * rng.uniform(-1, 1, (n, 500, 3))
    values = pre_activations(network, X)
    lines = []
    for index, layer in enumerate(network.layers):
        width = layer.width
        both = np.broadcast_to(np.concatenate([np.eye(width), -np.eye(width)]), (n, 2 * width, width))
        rows, error = rows_above(network, index, both, lines)
        at = X @ rows[:, :, :-1].transpose(0, 2, 1) + rows[:, None, :, -1]
        exact = np.concatenate([values[index], -values[index]], axis=2)
        assert (exact <= at + 1e-9).all()
        assert (error <= 1e-9).all()
        top = highest_in_box(rows, error, lower, upper)
        high, low = top[:, :width], -top[:, width:]
        assert (values[index].max(axis=1) <= high).all() and (values[index].min(axis=1) >= low).all()
        lines.append(relax(layer, low, high, rng.random((n, width)) if seed % 2 else None))


def test_sums_of_several_layers_are_bounded_together():
    """That of a neuron with its negative is nothing, which its bounds one by one do not tell."""
    network = network_of(7)
    n, X = 1, np.random.default_rng(0).uniform(-1, 1, (1, 500, 3))
    lines = [relax(layer, np.full((n, layer.width), -9.0), np.full((n, layer.width), 9.0)) for layer in network.layers]
    last = len(network.layers) - 1
    zero, some = np.zeros((n, 1, 5)), np.random.default_rng(1).standard_normal((n, 1, 7))
    added = [np.zeros((n, 1, 6)), some]
    shares = []
    rows, _ = rows_above(network, last, zero, lines, added, shares)
    values = pre_activations(network, X)
    at = X[0] @ rows[0, 0, :-1] + rows[0, 0, -1]
    assert (values[1][0] @ some[0, 0] <= at + 1e-9).all()
    assert [share.shape for share in shares] == [(1, 1, 7), (1, 1, 6)]
    assert not shares[0].any() and np.allclose(shares[1], some @ network.layers[1].weight)


def exact_rows(network, lines, coefficients):
    """The same going back in fractions, for the last layer and one set."""
    sums, constant = [Fraction(v) for v in coefficients], Fraction(0)
    for index in range(len(network.layers) - 1, -1, -1):
        layer = network.layers[index]
        if index < len(network.layers) - 1:
            below, below_offset, above, above_offset, _ = (array[0] for array in lines[index])
            constant += sum(
                c * Fraction(float((above_offset if c > 0 else below_offset)[j])) for j, c in enumerate(sums)
            )
            sums = [c * Fraction(float((above if c > 0 else below)[j])) for j, c in enumerate(sums)]
        constant += sum(c * Fraction(float(b)) for c, b in zip(sums, layer.bias, strict=True))
        columns = layer.dense_weight().T.tolist()
        sums = [sum(c * Fraction(w) for c, w in zip(sums, column, strict=True)) for column in columns]
    return [*sums, constant]


@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e3])
def test_errors_hold_the_rounding(scale):
    """Signs of coefficients being the same, the row in fractions differs by rounding only."""
    network = network_of(3, scale=scale)
    lines = [relax(layer, np.full((1, layer.width), -2.0), np.full((1, layer.width), 3.0)) for layer in network.layers]
    coefficients = np.random.default_rng(2).standard_normal(5)
    rows, error = rows_above(network, len(network.layers) - 1, coefficients[None, None], lines)
    for exact, value, bound in zip(exact_rows(network, lines, coefficients), rows[0, 0], error[0, 0], strict=True):
        assert abs(exact - Fraction(float(value))) <= Fraction(float(bound))
        assert bound <= 1e-10 * np.abs(rows).max()


def test_sparse_weights_give_the_same():
    network = network_of(4)
    layers = [
        type(layer)(sparse.csr_array(layer.weight), *(getattr(layer, name) for name in
                    ("bias", "negative_slope", "positive_slope", "cuts")))
        for layer in network.layers
    ]  # fmt: skip
    thin = Network(tuple(layers), network.output_weight, network.output_bias)
    lines = [relax(layer, np.full((2, layer.width), -1.0), np.full((2, layer.width), 1.0)) for layer in network.layers]
    both = np.broadcast_to(np.eye(5), (2, 5, 5))
    for one, other in zip(rows_above(network, 2, both, lines), rows_above(thin, 2, both, lines), strict=True):
        assert np.allclose(one, other)


def test_what_is_not_bounded_is_infinite():
    network = network_of(5, sizes=(2, 3, 1))
    nothing = [relax(network.layers[0], np.full((1, 3), -np.inf), np.full((1, 3), np.inf))]
    rows, error = rows_above(network, 1, np.array([[[1.0], [-1.0]]]), nothing)
    assert not np.isfinite(rows[:, :, -1]).all()
    sides = np.array([[-np.inf, 0.0]]), np.array([[1.0, 2.0]])
    top = highest_in_box(rows, error, *sides)
    assert not np.isfinite(top).all()
    row, exact = np.array([[[-1.0, 0.0, 0.0], [1.0, 3.0, 1.0], [0.0, 0.0, 4.0]]]), np.zeros((1, 3, 3))
    assert np.allclose(highest_in_box(row, exact, *sides), [[np.inf, 8.0, 4.0]])

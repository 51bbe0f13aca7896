"""Integer rows of all layers against the same rows in fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from flint import fmpz_mat
from hypothesis import given
from hypothesis import strategies as st

import reference
from polytope_lens.arithmetic.rational import integer_matrix
from polytope_lens.exact.rows import ExactRows
from polytope_lens.network.network import from_arrays
from polytope_lens.testing import networks


def patterns(network):
    return st.lists(st.booleans(), min_size=network.n_neurons, max_size=network.n_neurons).map(
        lambda bits: np.array(bits, dtype=bool)
    )


def identity(network):
    return integer_matrix(np.eye(network.input_dim + 1))


def as_fractions(rows, scale=1):
    return [[Fraction(int(v), int(scale)) for v in row] for row in rows]


@given(network=networks(st.integers(1, 3), weights="any"), data=st.data())
def test_scaled_rows_are_the_exact_rows_in_any_order_of_asking(network, data):
    source = ExactRows(network, identity(network))
    for _ in range(4):
        bits = data.draw(patterns(network))
        expected = reference.affine_rows(network, bits.tolist())
        for layer in data.draw(st.permutations(range(len(network.layers) + 1))):
            rows, scale = source.scaled_rows(layer, bits)
            assert scale > 0
            assert as_fractions(rows, scale) == expected[layer]


@given(network=networks(2, weights="wild", max_depth=2), data=st.data())
def test_rows_of_wild_floats_are_exact_too(network, data):
    bits = data.draw(patterns(network))
    for layer, expected in enumerate(reference.affine_rows(network, bits.tolist())):
        rows, scale = ExactRows(network, identity(network)).scaled_rows(layer, bits)
        assert as_fractions(rows, scale) == expected


@given(network=networks(2), data=st.data())
def test_charts_compose_with_the_rows_up_to_one_positive_factor(network, data):
    entries = st.lists(st.integers(-3, 3), min_size=3, max_size=3)
    chart = data.draw(st.lists(entries, min_size=3, max_size=3))
    bits = data.draw(patterns(network))
    seen = ExactRows(network, fmpz_mat(chart))
    for layer, expected in enumerate(reference.affine_rows(network, bits.tolist())):
        composed = reference.matmul(expected, as_fractions(chart))
        found = as_fractions(seen.rows(layer, bits))
        pairs = [(a, b) for row, other in zip(found, composed, strict=True) for a, b in zip(row, other, strict=True)]
        factor = next((a / b for a, b in pairs if b), Fraction(1))
        assert factor > 0
        assert all(a == factor * b for a, b in pairs)


def test_rows_of_a_layer_read_no_later_bits():
    network = from_arrays([[[1.0]], [[1.0]], [[1.0]]], [[0.5], [-1.0], [0.0]])
    source = ExactRows(network, identity(network))
    on, also = np.array([True, False]), np.array([True, True])
    assert source.rows(1, on) == source.rows(1, also)
    assert source.rows(2, on) != source.rows(2, also)

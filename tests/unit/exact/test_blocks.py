"""Blocks of sparse weights, and their products in double-double against fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

import reference
from polytope_lens._compiled.simd import LANES
from polytope_lens.exact.blocks import affine_of_blocks, blocks
from polytope_lens.network.network import piecewise_layer

NUMBERS = {
    "tame": st.floats(-8, 8),
    "cancelling": st.sampled_from([1.0, -1.0, 3.0, 1 / 3, -1 / 3, 0.1, -0.3, 1 + 2.0**-52, -1.0 + 2.0**-53, 0.0]),
    "wild": st.floats(-1e100, 1e100),
}


def product(layer, slope, high, low, error):
    found = tuple(np.empty(layer.width) for _ in range(3))
    m = layer.weight.shape[1]
    memory = np.empty(m, dtype=np.int64), np.empty((3, m)), np.empty((3, LANES))
    affine_of_blocks(blocks(layer), slope, high, low, error, *found, *memory)
    return found


@pytest.mark.parametrize("numbers", NUMBERS.values(), ids=NUMBERS)
@given(data=st.data(), width=st.integers(1, 10), m=st.integers(1, 4))
def test_products_err_by_no_more_than_they_say(numbers, data, width, m):
    def vector(n):
        return np.array(data.draw(st.lists(numbers, min_size=n, max_size=n)))

    weight, bias, slope, high = vector(width * m).reshape(width, m), vector(width), vector(m), vector(m)
    low = high * data.draw(st.sampled_from([0.0, 2.0**-54, -(2.0**-60)]))
    layer = piecewise_layer(weight, bias) if data.draw(st.booleans()) else sparse_layer(weight, bias)
    found, rest, error = product(layer, slope, high, low, np.full(m, 5e-324))
    for row, b, *number in zip(weight, bias, found, rest, error, strict=True):
        if np.isfinite(number[2]):
            terms = [reference.fractions(row), reference.fractions(slope)]
            factors = [w * s for w, s in zip(*terms, strict=True)]
            z = [h + e for h, e in zip(reference.fractions(high), reference.fractions(low), strict=True)]
            exact = reference.dot(factors, z) + Fraction(float(b))
            assert abs(exact - Fraction(number[0]) - Fraction(number[1])) <= Fraction(number[2])


def test_products_are_twice_as_precise_as_floats():
    rng = np.random.default_rng(0)
    weight, bias, x = rng.standard_normal((24, 200)), rng.standard_normal(24), rng.standard_normal(200)
    found, _, error = product(sparse_layer(weight, bias), np.ones(200), x, np.zeros(200), np.full(200, 5e-324))
    assert (error < 2.0**-90 * (np.abs(weight) @ np.abs(x))).all()
    np.testing.assert_allclose(found, weight @ x + bias, rtol=1e-12)


def test_rows_with_the_same_columns_are_a_block():
    weight = np.array([[1.0, 2, 0], [0, 0, 3], [4, 5, 0], [0, 0, 0], [0, 6, 0]])
    found = blocks(sparse_layer(weight, np.arange(5)))
    assert found.rows.tolist() == [0, 2, 1, 3, 4]
    assert found.heights.tolist() == [2, 1, 1, 1]
    assert found.columns.tolist() == [0, 1, 2, 1]
    assert found.most_columns == 2
    assert found.weights[:6].tolist() == [1, 4, 2, 5, 3, 6]
    assert found.bias[:5].tolist() == [0, 2, 1, 3, 4]
    dense = blocks(piecewise_layer(weight, np.arange(5)))
    assert dense.heights.tolist() == [5]
    assert dense.weights[:15].tolist() == weight.T.ravel().tolist()


def sparse_layer(weight, bias):
    layer = piecewise_layer(weight, bias)
    return type(layer)(csr_array(weight), layer.bias, layer.negative_slope, layer.positive_slope, layer.cuts)

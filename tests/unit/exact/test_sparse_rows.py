"""Sparse rows of a region in double-double: within their bounds of those of integers, and zero where these are."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from families import sparsely
from polytope_lens import Lens
from polytope_lens.arithmetic.rational import integer_matrix
from polytope_lens.exact import sparse_rows as module
from polytope_lens.exact.rows import ExactRows
from polytope_lens.exact.sparse_rows import region_rows
from polytope_lens.network.network import from_arrays
from polytope_lens.testing.strategies import networks


def check(network, bits):
    """Compare every number with that of integers; returns how many are wrongly zero."""
    d = network.input_dim
    source = ExactRows(network, integer_matrix(np.eye(d + 1)))
    wrong = 0
    for index, (found, layer) in enumerate(zip(region_rows(network, bits), network.layers, strict=True)):
        exact, scale = source.scaled_rows(index, bits)
        numbers = np.column_stack([found.A.toarray(), found.c])
        assert found.A.indices.dtype == np.int32
        assert (found.A.data != 0).all()
        for i, neuron in enumerate(np.flatnonzero(layer.cuts).tolist()):
            for k in range(d + 1):
                true, number = Fraction(int(exact[neuron][k]), int(scale)), Fraction(float(numbers[i, k]))
                assert abs(true - number) <= Fraction(float(found.error[i])) + abs(number) / 2**53
                assert number == 0 or (number > 0) == (true > 0)
                wrong += number == 0 and true != 0
            assert found.error[i] <= 2.0**-58 * np.abs(numbers[i]).max()
    return wrong


@settings(max_examples=60, deadline=None)
@given(network=networks(max_depth=3), data=st.data(), at_once=st.sampled_from([1, 2**21]))
def test_numbers_are_within_their_bounds(network, data, at_once):
    network = sparsely(network)
    x = np.array(data.draw(st.lists(st.floats(-3, 3), min_size=network.input_dim, max_size=network.input_dim)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_AT_ONCE", at_once)
        check(network, Lens(network).at(x).pattern.array)


@pytest.fixture(scope="module")
def pooled():
    """A convolutional network with a maximum over windows, behind which numbers cancel exactly."""
    torch = pytest.importorskip("torch")
    nn = torch.nn
    torch.manual_seed(0)
    block = [nn.Conv2d(2, 3, 3, padding=1), nn.LeakyReLU(0.1), nn.MaxPool2d(2), nn.Conv2d(3, 4, 3), nn.ReLU()]
    head = [nn.Flatten(), nn.Linear(16, 5), nn.ReLU(), nn.Linear(5, 2)]
    return Lens(nn.Sequential(*block, *head), input_shape=(2, 8, 8))


def test_numbers_that_cancel_are_zero(pooled):
    network = sparsely(pooled.network)
    x = np.random.default_rng(0).standard_normal(network.input_dim)
    bits = pooled.at(x).pattern.array
    assert check(network, bits) == 0
    rows = list(region_rows(network, bits))
    assert rows[0].A.nnz < 18 * len(rows[0].c)
    # The second convolution's neurons see all of the image, but of each window only one place.
    assert len(rows[3].c) == 16
    assert rows[3].A.nnz < 0.9 * 16 * network.input_dim


def test_rows_that_cancel_all_but_entirely_come_from_integers():
    tiny = 2.0**-100
    network = sparsely(from_arrays([[[1.0], [1.0]], [[1.0, -1.0]], [[1.0]]], [[1.0, 1.0 + 2**-52], [tiny], [0.0]]))
    _, found = region_rows(network, np.array([True, True, False]))
    assert found.A.nnz == 0
    assert found.c.tolist() == [-(2.0**-52) + tiny]
    assert found.error.tolist() == [0.0]


def test_numbers_that_are_finite_although_floats_overflow_on_the_way_come_from_integers():
    weights = [[[1e200], [1e200], [1.0]], [[1e200, -1e200, 3.0], [1e200, 0.0, 0.0]], [[1.0, 1.0]]]
    network = sparsely(from_arrays(weights, [[1.0] * 3, [0.0] * 2, [0.0]]))
    _, found = region_rows(network, np.array([True] * 5))
    assert found.A.toarray().tolist() == [[3.0], [np.inf]]
    assert found.c.tolist() == [3.0, 1e200]
    assert found.error.tolist() == [0.0, 0.0]


def test_numbers_beyond_the_range_of_floats_come_from_integers():
    network = sparsely(from_arrays([[[1e200]], [[1e200]], [[1.0]]], [[0.0], [1e10], [0.0]]))
    _, found = region_rows(network, np.array([True, True]))
    assert found.A.toarray().tolist() == [[np.inf]]
    assert found.c.tolist() == [1e10]

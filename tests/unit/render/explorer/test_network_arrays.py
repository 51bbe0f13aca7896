from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from polytope_lens.errors import InvalidNetworkError
from polytope_lens.network.network import Layer, Network, from_arrays
from polytope_lens.render.explorer import network_arrays
from polytope_lens.render.explorer.payload import packed, unpacked


def layers_from(arrays, n):
    """Weights, biases and slopes from what the page is told."""
    for index in range(n + 1):
        weight = arrays[f"weight{index}"].astype(float)
        if f"indptr{index}" in arrays:
            weight = (weight, arrays[f"indices{index}"], arrays[f"indptr{index}"])
        names = ("negative_slope", "positive_slope", "cuts") if index < n else ()
        yield weight, arrays[f"bias{index}"].astype(float), *(arrays[f"{name}{index}"] for name in names)


def test_no_number_is_rounded():
    rng = np.random.default_rng(0)
    single = rng.normal(size=(4, 3)).astype(np.float32).astype(float)
    network = from_arrays([single, rng.normal(size=(2, 4))], [[0.1] * 4, [1e-300, 2]], negative_slope=0.01)
    _, arrays = unpacked(packed({}, network_arrays.network_arrays(network)))
    assert arrays["weight0"].dtype == np.float32
    assert arrays["weight1"].dtype == np.float64
    (weight, bias, negative, positive, cuts), (last, last_bias) = layers_from(arrays, 1)
    np.testing.assert_array_equal(weight, network.layers[0].weight)
    np.testing.assert_array_equal(bias, network.layers[0].bias)
    np.testing.assert_array_equal(negative, [0.01] * 4)
    np.testing.assert_array_equal(positive, [1] * 4)
    np.testing.assert_array_equal(cuts, [1] * 4)
    np.testing.assert_array_equal(last, network.output_weight)
    np.testing.assert_array_equal(last_bias, network.output_bias)


def test_sparse_weights_stay_sparse():
    matrix = csr_array(np.array([[0, 1.5], [2, 0], [0, 0]]))
    layer = Layer(matrix, np.zeros(3), np.zeros(3), np.ones(3), np.array([True, False, True]) | True)
    arrays = network_arrays.network_arrays(Network((layer,), np.ones((1, 3)), np.zeros(1)))
    data, indices, indptr = next(layers_from(arrays, 1))[0]
    np.testing.assert_array_equal(csr_array((data, indices, indptr), (3, 2)).toarray(), matrix.toarray())


def test_too_many_weights_are_refused(monkeypatch):
    monkeypatch.setattr(network_arrays, "MOST_WEIGHTS", 5)
    network_arrays.network_arrays(from_arrays([[[1, 2], [3, 4]], [[1]]][:1], [[0, 0]]))
    with pytest.raises(InvalidNetworkError, match=r"up to 5 weights, but this one has 6\. Draw it with"):
        network_arrays.network_arrays(from_arrays([[[1, 2], [3, 4]], [[1, 1]]], [[0, 0], [0]]))

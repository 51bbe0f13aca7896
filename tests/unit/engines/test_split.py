"""Pieces of the engine that walks by linear programs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from polytope_lens import Box
from polytope_lens.engines._kernels.packed_network import packed
from polytope_lens.engines._kernels.split import _is_constant
from polytope_lens.engines.enumerate import count
from polytope_lens.network.network import Network, from_arrays, piecewise_layer


@pytest.mark.parametrize("is_sparse", [False, True], ids=["dense", "sparse"])
def test_a_neuron_is_constant_iff_its_own_weights_are_zero(is_sparse):
    """Columns of weights are as far apart as the width rounded up to whole octets, not as the width."""
    weight = np.array([[0.0, 5.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
    second = piecewise_layer(weight, np.zeros(3))
    if is_sparse:
        second = type(second)(csr_array(weight), second.bias, second.negative_slope, second.positive_slope, second.cuts)
    first = piecewise_layer(np.arange(6.0).reshape(3, 2), np.zeros(3))
    net = packed(Network((first, second), np.ones((1, 3)), np.zeros(1)), np.eye(3), np.ones(2), want_maps=False)
    assert [bool(_is_constant(net, False, 1, j)) for j in range(3)] == [False, True, False]
    # In a bounded domain a bound on the error is all that is asked for; the first layer's rows are exact.
    assert all(_is_constant(net, True, 1, j) and _is_constant(net, False, 0, j) for j in range(3))


def test_rows_beyond_the_range_of_floats_steer_without_a_warning():
    first, second = [[0, 5.54533938824163e129], [0, 0], [0, 0]], [[-3.241809038188276e178, 0, 0]]
    network = from_arrays([first, second, [[0]]], [[0, 1000, 0], [1], [0]])
    box = Box([-1, -1], [1, 1])
    assert count(network, box, engine="split").total == count(network, box, engine="subdivide").total

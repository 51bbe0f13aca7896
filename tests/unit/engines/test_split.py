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


def wide(d: int, width: int, scheme: str) -> Network:
    """Two layers of random weights, the sum as the output."""
    rng, weights, biases = np.random.default_rng(0), [], []
    for n, m in ((width, d), (width, width)):
        if scheme == "He":
            weights.append(rng.standard_normal((n, m)) * np.sqrt(2 / m))
            biases.append(rng.standard_normal(n) * 0.1)
        else:
            weights.append(rng.uniform(-1, 1, (n, m)) / np.sqrt(m))
            biases.append(rng.uniform(-1, 1, n) / np.sqrt(m))
    return from_arrays([*weights, np.ones((1, width))], [*biases, [0.0]])


@pytest.mark.parametrize(("d", "width", "scheme"), [(9, 8, "He"), (12, 8, "He"), (14, 7, "PyTorch"), (16, 6, "He")])
def test_many_inputs_ask_no_exact_questions(d, width, scheme):
    """Each cut halves a witness's distance to some halfspace: it has to be led back before rounding is all there is."""
    network = wide(d, width, scheme)
    for domain in (Box([-1] * d, [1] * d), None):
        certificate = count(network, domain, engine="split").certificate
        assert certificate.rational == 0 and certificate.total > 1000

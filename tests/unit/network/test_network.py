"""The canonical form: products of augmented matrices, slopes, shapes, and what is refused."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array, eye_array, issparse

import reference
from polytope_lens.domain import Box
from polytope_lens.errors import InvalidNetworkError
from polytope_lens.exact.point_signs import point_signs
from polytope_lens.network.affine import augmented_map
from polytope_lens.network.network import (
    Layer,
    Network,
    activation_matrices,
    activation_name,
    cutting_first,
    evaluate,
    from_arrays,
    from_layer,
    pass_through_layer,
    piecewise_layer,
)
from polytope_lens.testing import networks, points_in

MIXED = Network(
    (
        Layer([[1, 2], [3, -1], [0, 1]], [1, 0, -2], [0, 0.25, 1], [1, 2, 1], [True, True, False]),
        pass_through_layer([[1, 1, 1], [2, 0, -1]], [0, 1]),
        piecewise_layer([[1, -1], [1, 1]], [0, -3], negative_slope=[-1, 0], positive_slope=1),
    ),
    [[1, 2]],
    [0.5],
)


@given(network=networks(st.integers(1, 3), output_dim=st.integers(1, 2)), data=st.data())
def test_the_product_of_augmented_matrices_is_the_output(network, data):
    d = network.input_dim
    x = data.draw(points_in(Box(-np.ones(d), np.ones(d)), 1))[0]
    signs, output = reference.evaluate(network, x)
    bits = np.array(signs) > 0
    product = [[Fraction(int(i == k)) for i in range(d + 1)] for k in range(d + 1)]
    matrices = [*activation_matrices(network, bits), None]
    for weight, slope in zip(network.augmented_weights(), matrices, strict=True):
        product = reference.matmul([reference.fractions(row) for row in weight], product)
        if slope is not None:
            product = reference.matmul([reference.fractions(row) for row in slope], product)
    one = [*reference.fractions(x), Fraction(1)]
    assert [reference.dot(row, one) for row in product] == [*output, 1]
    rounded = augmented_map(network, bits)
    assert np.allclose(rounded, np.array(product, dtype=float), rtol=1e-9, atol=1e-9)
    assert np.allclose(evaluate(network, x[None])[0], np.array(output, dtype=float), rtol=1e-9, atol=1e-9)


@given(network=networks(3))
def test_augmented_matrices_end_in_a_row_of_zeros_and_a_one(network):
    bits = np.zeros(network.n_neurons, dtype=bool)
    for matrix in [*network.augmented_weights(), *activation_matrices(network, bits)]:
        assert matrix[-1].tolist() == [0.0] * (matrix.shape[1] - 1) + [1.0]
    widths = [3, *network.widths, 1]
    shapes = [(n + 1, m + 1) for m, n in pairwise(widths)]
    assert [matrix.shape for matrix in network.augmented_weights()] == shapes


def test_slopes_follow_the_bits_neuron_by_neuron():
    assert MIXED.bits_per_layer == (2, 0, 2)
    assert MIXED.n_neurons == 4
    on_off = np.array([True, False, False, True])
    slopes = [np.diag(matrix).tolist() for matrix in activation_matrices(MIXED, on_off)]
    assert slopes == [[1, 0.25, 1, 1], [1, 1, 1], [-1, 1, 1]]
    off_on = np.array([False, True, True, False])
    slopes = [np.diag(matrix).tolist() for matrix in activation_matrices(MIXED, off_on)]
    assert slopes == [[0, 2, 1, 1], [1, 1, 1], [1, 0, 1]]
    for matrix in activation_matrices(MIXED, on_off):
        assert np.count_nonzero(matrix - np.diag(np.diag(matrix))) == 0


def test_a_network_evaluated_by_hand():
    # layer 0 at (1, 1): z = 4, 2, -1 -> 4, 4, -1; layer 1: 7, 10; layer 2: z = -3, 14 -> 3, 14; output 3 + 28 + 0.5
    assert evaluate(MIXED, np.array([[1.0, 1.0]])).tolist() == [[31.5]]


def test_an_affine_map_is_a_network_without_hidden_layers():
    network = from_arrays([[[2, 3]]], [[1]])
    assert (network.widths, network.bits_per_layer, network.n_neurons) == ((), (), 0)
    assert (network.input_dim, network.output_dim) == (2, 1)
    assert augmented_map(network, np.zeros(0, dtype=bool)).tolist() == [[2, 3, 1], [0, 0, 1]]
    assert activation_matrices(network, np.zeros(0, dtype=bool)) == []


def test_weights_are_copied_and_read_only():
    weight = np.eye(2)
    network = from_arrays([weight, np.ones((1, 2))], [np.zeros(2), np.zeros(1)])
    weight[0, 0] = 7
    assert network.layers[0].weight[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        network.layers[0].weight[0, 0] = 7


def test_narrow_dtypes_convert_without_loss():
    weight = np.array([[0.1, 2]], dtype=np.float32)
    network = from_arrays([weight, np.array([[3]], dtype=np.int8)], [np.array([0.7], dtype=np.float16), [True]])
    assert network.layers[0].weight.tolist() == [[float(np.float32(0.1)), 2.0]]
    assert network.layers[0].bias.tolist() == [float(np.float16(0.7))]
    assert network.output_bias.tolist() == [1.0]


@pytest.mark.parametrize(
    ("negative", "expected"),
    [
        (0.5, [[0.5, 0.5], [0.5]]),
        (np.float32(0.5), [[0.5, 0.5], [0.5]]),
        (1, [[1.0, 1.0], [1.0]]),
        ([0.5, 0], [[0.5, 0.5], [0.0]]),
        ([[0.5, -1], 1], [[0.5, -1.0], [1.0]]),
    ],
)
def test_negative_slopes_are_one_number_or_one_per_layer_or_per_neuron(negative, expected):
    network = from_arrays([np.ones((2, 1)), np.ones((1, 2)), [[1]]], [[0, 0], [0], [0]], negative_slope=negative)
    assert [layer.negative_slope.tolist() for layer in network.layers] == expected


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        (piecewise_layer([[1]], [0]), "ReLU"),
        (piecewise_layer([[1]], [0], negative_slope=0.01), "leaky ReLU 0.01"),
        (piecewise_layer([[1]], [0], negative_slope=-1), "absolute value"),
        (piecewise_layer([[1]], [0], negative_slope=1), "leaky ReLU 1"),
        (piecewise_layer([[1]], [0], positive_slope=2), "slopes 0, 2"),
        (piecewise_layer([[1], [1]], [0, 0], negative_slope=[0, 0.1]), "mixed"),
        (pass_through_layer([[1]], [0]), "pass-through"),
        (Layer([[1], [1]], [0, 0], [1, 1], [1, 1], [True, False]), "mixed"),
    ],
)
def test_names_of_activations(layer, name):
    assert activation_name(layer) == name
    assert name in repr(layer)


def test_repr_names_sizes_and_activations():
    assert repr(MIXED) == "Network(2 -> 3 -> 2 -> 2 -> 1, 4 neurons that cut, mixed, pass-through)"
    assert repr(from_arrays([[[1, 2]]], [[0]])) == "Network(2 -> 1, 0 neurons that cut, affine)"


ONE = [[1.0]]


@pytest.mark.parametrize(
    ("weights", "biases", "options", "message"),
    [
        ([], [], {}, "at least one weight matrix"),
        ([ONE, ONE], [[0]], {}, "2 weights and 1 biases"),
        ([[1.0, 2.0]], [[0]], {}, r"2-D array, but received an array of shape \(2,\)"),
        ([[[1.0], [1.0, 2.0]]], [[0, 0]], {}, "rows differ in length"),
        ([[[np.nan]]], [[0]], {}, r"entry \[0, 0\] is nan"),
        ([ONE, ONE], [[np.inf], [0]], {}, r"bias 0 should be finite, but entry \[0\] is inf"),
        ([[[-np.inf]], ONE], [[0], [0]], {}, "weight 0 should be finite"),
        ([[["a"]]], [[0]], {}, "real numbers, but received dtype"),
        ([[[1j]]], [[0]], {}, "real numbers, but received dtype complex"),
        ([[[2**53 + 1]]], [[0]], {}, "without rounding, but entry .* is 9007199254740993"),
        ([[[1.0, 2.0]], [[1.0, 2.0]]], [[0], [0]], {}, "layer 1 should take the 1 values of the layer before it"),
        ([ONE, ONE], [[0, 0], [0]], {}, "bias 0 should have 1 entries"),
        ([ONE, ONE], [[0], [0, 0]], {}, "bias 1 should have 1 entries"),
        ([ONE, [[1.0], [1.0, 2.0]]], [[0], [0, 0]], {}, "weight 1 .* rows differ in length"),
        ([ONE, ONE], [[0], [[0], [0, 1]]], {}, "bias 1 .* rows differ in length"),
        ([np.ones((0, 2)), np.ones((1, 0))], [[], [0]], {}, "nothing is left of it"),
        ([np.ones((1, 0))], [[0]], {}, "nothing is left of it"),
        ([ONE, ONE], [[0], [0]], {"negative_slope": [0.1, 0.1]}, "one entry for each of the 1 hidden layers"),
        ([ONE, ONE], [[0], [0]], {"negative_slope": [[0.1, 0.1]]}, "one for each of its 1 neurons"),
        ([ONE, ONE], [[0], [0]], {"negative_slope": float("nan")}, "negative slopes of layer 0 should be finite"),
    ],
)
def test_what_is_no_network_is_refused_in_one_sentence(weights, biases, options, message):
    with pytest.raises(InvalidNetworkError, match=message):
        from_arrays(weights, biases, **options)


def test_the_output_layer_of_a_network_is_checked_too():
    layer = piecewise_layer(ONE, [0])
    with pytest.raises(InvalidNetworkError, match="output bias should have 1 entries"):
        Network((layer,), ONE, [0, 0])
    with pytest.raises(InvalidNetworkError, match="layer 1 should take the 1 values"):
        Network((layer,), [[1, 2]], [0])


def test_neurons_that_do_not_cut_have_equal_slopes():
    with pytest.raises(InvalidNetworkError, match="only for neurons whose two slopes are equal"):
        Layer([[1]], [0], [0], [1], [False])
    with pytest.raises(InvalidNetworkError, match=r"received shape \(2,\)"):
        Layer([[1]], [0], [0], [1], [True, True])


def test_longdouble_that_would_be_rounded_is_refused():
    wide = np.array([[np.longdouble(1) + np.finfo(np.longdouble).eps]])
    if wide.astype(np.float64) == wide:
        pytest.skip("longdouble is float64 here")
    with pytest.raises(InvalidNetworkError, match="without rounding"):
        from_arrays([wide], [[0]])


def test_pass_through_neurons_can_be_moved_behind_the_others():
    rng = np.random.default_rng(0)
    layers = [
        Layer(
            rng.normal(size=(4, 2)), rng.normal(size=4), np.array([1, 0, 1, 0.5]), np.ones(4), np.array([0, 1, 0, 1])
        ),
        Layer(rng.normal(size=(3, 4)), rng.normal(size=3), np.array([0, 1, 0]), np.ones(3), np.array([1, 0, 1])),
    ]
    network = Network(tuple(layers), rng.normal(size=(2, 3)), rng.normal(size=2))
    ordered = cutting_first(network)
    assert [layer.cuts.tolist() for layer in ordered.layers] == [[True, True, False, False], [True, True, False]]
    X = rng.normal(size=(50, 2))
    assert np.allclose(evaluate(ordered, X), evaluate(network, X))
    assert (point_signs(ordered, X) == point_signs(network, X)).all()
    assert cutting_first(ordered).layers[0].weight.tolist() == ordered.layers[0].weight.tolist()
    assert cutting_first(from_arrays([[[1]], [[1]]], [[0], [0]])).layers[0].cuts.all()


# --------------------------------------------------------------------------------------------- sparse weights

SPARSE = Network(
    (Layer(csr_array(np.diag([1.0, 2.0])), [0.0, 1.0], [0, 0], [1, 1], [True, True]),), csr_array([[3.0, 0.0]]), [0.5]
)


def test_a_sparse_weight_is_kept_and_written_out_on_demand():
    (layer,) = SPARSE.layers
    assert issparse(layer.weight)
    assert layer.dense_weight().tolist() == [[1.0, 0.0], [0.0, 2.0]]
    assert SPARSE.dense_output_weight().tolist() == [[3.0, 0.0]]
    dense = from_arrays([np.eye(2), [[1, 1]]], [[0, 0], [0]])
    assert dense.layers[0].dense_weight() is dense.layers[0].weight
    assert dense.dense_output_weight() is dense.output_weight
    assert (SPARSE.input_dim, SPARSE.widths, SPARSE.output_dim) == (2, (2,), 1)
    assert evaluate(SPARSE, np.array([[1.0, 1.0]])).tolist() == [[3.5]]
    with pytest.raises(ValueError, match="read-only"):
        layer.weight.data[0] = 7.0


def test_sparse_networks_are_copied_changed_and_pickled_like_others():
    for same in (copy.deepcopy(SPARSE), pickle.loads(pickle.dumps(SPARSE)), replace(SPARSE)):
        assert evaluate(same, np.array([[1.0, 1.0]])).tolist() == [[3.5]]
    assert replace(SPARSE.layers[0], bias=np.zeros(2)).bias.tolist() == [0, 0]
    assert replace(SPARSE, output_weight=[[1.0, 1.0]]).output_weight.tolist() == [[1.0, 1.0]]
    assert cutting_first(SPARSE).layers[0].dense_weight().tolist() == SPARSE.layers[0].dense_weight().tolist()


def test_what_is_behind_a_layer_keeps_its_sparse_outputs():
    network = from_arrays([np.eye(2), 2 * np.eye(2), 3 * np.eye(2)], [[1, 2], [3, 4], [5, 6]])
    behind = from_layer(Network(network.layers, csr_array(network.output_weight), network.output_bias), 1)
    assert behind.layers == network.layers[1:]
    assert issparse(behind.output_weight)
    assert np.array_equal(evaluate(behind, np.array([[1.0, -1.0]])), [[20, 12]])


def test_bad_sparse_weights_are_refused():
    for bad, reason in ((csr_array([[np.nan]]), "finite"), (csr_array(np.eye(2)), "one entry for each of the 2 rows")):
        with pytest.raises(InvalidNetworkError, match=reason):
            Layer(bad, [0.0], [0.0], [1.0], [True])


def test_what_would_need_gigabytes_is_not_written_out():
    n = 10**5
    layer = Layer(eye_array(n, format="csr"), np.zeros(n), np.zeros(n), np.ones(n), np.ones(n, dtype=bool))
    with pytest.raises(InvalidNetworkError, match=r"as a dense array, which would take 75 GB"):
        layer.dense_weight()

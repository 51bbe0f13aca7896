"""From graphs to layers: the same function as fractions, in the fewest layers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from polytope_lens.importers import graph, tournament
from polytope_lens.importers.layering import exact_product, schedule

NUMBERS = st.one_of(
    st.integers(-3, 3).map(float),
    st.sampled_from([0.1, -1 / 3, 2.0**-40, 1e17, 0.7, 2.0**60, 2.0**-1000, 5e-324]),
    st.floats(-10, 10, width=32),
)


def fractions(array):
    return np.array([Fraction(v) for v in np.asarray(array).ravel().tolist()], dtype=object).reshape(np.shape(array))


def matrices(n, m):
    return st.lists(NUMBERS, min_size=n * m, max_size=n * m).map(lambda v: np.array(v).reshape(n, m))


@settings(max_examples=300)
@given(data=st.data())
def test_products_are_exact_or_refused(data):
    n, k, m = (data.draw(st.integers(1, 3)) for _ in range(3))
    a, b = data.draw(matrices(n, k)), data.draw(matrices(k, m))
    product = exact_product(sparse.csr_array(a), sparse.csr_array(b))
    expected = fractions(a) @ fractions(b)
    if product is not None:
        assert (fractions(product.toarray()) == expected).all()


@pytest.mark.parametrize(
    ("a", "b", "exact"),
    [
        ([[0.1, 0.2]], [[1.0, 0.0], [0.0, 2.0]], True),  # permutations and powers of two are
        ([[0.1]], [[0.1]], False),
        ([[np.float32(0.1)]], [[np.float32(0.7)]], True),  # 24 bits times 24 bits
        ([[1.0, 1.0]], [[1e17], [1.0]], False),
        ([[1.0, 1.0]], [[1e15], [1.0]], True),
        ([[2.0**-600]], [[2.0**-600]], False),  # underflow
        ([[2.0**600]], [[2.0**600]], False),  # overflow
        ([[5e-324]], [[1.0]], False),  # is, but is not proved
    ],
)
def test_which_products_are_exact(a, b, exact):
    assert (exact_product(sparse.csr_array(a), sparse.csr_array(b)) is not None) == exact


def run(node, x, memo):
    """Value of a node in fractions."""
    if node not in memo:
        if isinstance(node, graph.Source):
            memo[node] = x
        elif isinstance(node, graph.Bend):
            z = run(node.node, x, memo)
            slopes = zip(z, fractions(node.negative), fractions(node.positive), strict=True)
            memo[node] = np.array([(p if v > 0 else n) * v for v, n, p in slopes], dtype=object)
        else:
            total = fractions(node.bias)
            for source, matrix in node.terms:
                total = total + fractions(matrix.toarray()) @ run(source, x, memo)
            memo[node] = total
    return memo[node]


def run_network(network, x):
    for layer in network.layers:
        z = fractions(layer.weight) @ x + fractions(layer.bias)
        slopes = zip(z, fractions(layer.negative_slope), fractions(layer.positive_slope), strict=True)
        x = np.array([(p if v > 0 else n) * v for v, n, p in slopes], dtype=object)
    return fractions(network.output_weight) @ x + fractions(network.output_bias)


@st.composite
def programs(draw):
    """A few random operations on vectors, each of which may use any earlier one."""
    tensors = [graph.source((draw(st.integers(1, 3)),))]
    for step in range(draw(st.integers(1, 6))):
        a, b = draw(st.sampled_from(tensors)), draw(st.sampled_from(tensors))
        kind = draw(st.sampled_from(["matmul", "relu", "abs", "add", "sub", "scale", "clamp", "cat", "max", "gather"]))
        if kind == "matmul":
            n = draw(st.integers(1, 3))
            new = graph.matmul(a, draw(matrices(a.size, n)), draw(matrices(1, n))[0], f"linear {step}")
        elif kind in ("relu", "abs"):
            new = graph.bend(a, 0.0 if kind == "relu" else -1.0, 1.0, f"{kind} {step}")
        elif kind == "scale":
            new = graph.scale(a, draw(NUMBERS))
        elif kind == "clamp":
            new = graph.clamp(a, *sorted(draw(st.tuples(NUMBERS, NUMBERS))), f"clamp {step}")
        elif kind == "gather":
            places = draw(st.lists(st.integers(-1, a.size - 1), min_size=1, max_size=3))
            new = graph.gather([a], np.array(places), fill=0.3)
        elif kind == "cat":
            new = graph.concatenate([a, b], 0)
        elif kind == "max":
            new = tournament.largest(a, np.array([[*range(a.size), -1]]), (1,), f"max {step}")
        else:
            first, second = graph.gather([a], np.array([0])), b
            new = graph.add([first, second], [1, 1 if kind == "add" else -1])
        tensors.append(new)
    return tensors[0].size, tensors[-1]


@settings(max_examples=150, deadline=None)
@given(program=programs(), data=st.data())
def test_networks_are_the_programs_as_fractions(program, data):
    d, result = program
    x = fractions(data.draw(matrices(1, d))[0])
    scheduled = schedule(result, d)
    assert scheduled.network.input_dim == d
    assert (run_network(scheduled.network, x) == run(result.node, x, {})).all()
    assert len(scheduled.steps) == len(scheduled.network.layers) + 1


def test_two_maps_with_weights_are_kept_apart_even_where_their_product_is_exact():
    x = graph.source((2,))
    y = graph.matmul(graph.matmul(x, np.eye(2), 0.0, "first"), np.eye(2), 0.0, "second")
    scheduled = schedule(y, 2)
    assert scheduled.network.widths == (2,)
    assert scheduled.network.bits_per_layer == (0,)
    assert scheduled.steps == (("first",), ("second",))


def test_a_sum_that_would_round_gets_a_layer():
    x = graph.source((1,))
    assert schedule(graph.add([x, graph.scale(x, 2.0)]), 1).network.widths == ()
    assert schedule(graph.add([x, graph.scale(x, 0.1)]), 1).network.widths == (2,)


def test_only_what_later_layers_need_is_carried_on():
    x = graph.source((5,))
    y = graph.matmul(x, np.ones((5, 2)), 0.0, "linear")
    for _ in range(3):
        y = graph.relu(y, "relu")
    scheduled = schedule(graph.concatenate([y, graph.gather([x], np.array([3]))], 0), 5)
    assert scheduled.network.widths == (3, 3, 3)
    assert scheduled.network.bits_per_layer == (2, 2, 2)


def test_dead_branches_are_dropped_and_constants_are_networks_too():
    x = graph.source((2,))
    graph.relu(x, "unused")
    scheduled = schedule(graph.gather([x, graph.constant([7.0])], np.array([2, -1])), 2)
    assert scheduled.network.widths == ()
    assert run_network(scheduled.network, fractions([1.0, 2.0])).tolist() == [7, 0]


def test_large_sparse_maps_stay_sparse():
    n = 2000
    x = graph.source((n,))
    shift = sparse.diags_array(np.arange(1.0, n + 1), format="csr")
    y = graph.affine(x, shift, np.zeros(n), (n,), "scale")
    network = schedule(graph.relu(y, "relu"), n).network
    assert sparse.issparse(network.layers[0].weight)
    assert sparse.issparse(network.output_weight)
    assert np.array_equal(network.layers[0].dense_weight(), np.diag(np.arange(1.0, n + 1)))

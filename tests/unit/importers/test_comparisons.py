"""Choices made by comparisons: read where they are proved to be continuous, refused elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.errors import UnsupportedLayerError
from polytope_lens.importers import comparisons, graph
from polytope_lens.importers.layering import schedule
from polytope_lens.network.network import evaluate

RNG = np.random.default_rng(0)
W, B = RNG.standard_normal((3, 5)), RNG.standard_normal(5)
X = RNG.standard_normal((200, 3)) * 3


def hidden():
    return graph.matmul(graph.source((3,)), W, B, "first")


def choose(d, a, b):
    return comparisons.chosen(comparisons.step(d, graph.constant(0.0)), a, b, "where", "here")


def add(z, c):
    return graph.add([z, graph.constant(c)])


SLOPES = np.array([0.1, 0.2, 0.3, -0.7, 1.0])
SHIFTS = np.array([1.0, -0.5, 0.25, 0.0, 3.0])

# A choice, the same in numbers, and how many neurons it takes (a bit each for five values).
CONTINUOUS = {
    "leaky": (lambda z: choose(z, z, graph.scale(z, 0.1)), lambda z: np.where(z > 0, z, 0.1 * z), 5),
    "slopes": (lambda z: choose(z, graph.scale(z, 0.7), graph.scale(z, SLOPES)),
               lambda z: np.where(z > 0, 0.7 * z, SLOPES * z), 5),
    "relu": (lambda z: choose(z, z, graph.constant(0.0)), lambda z: np.maximum(z, 0), 5),
    "negative compared": (
        lambda z: choose(graph.scale(z, -2.0), graph.constant(0.0), z), lambda z: np.maximum(z, 0), 5),
    "minimum": (lambda z: choose(add(z, -SHIFTS), graph.constant(SHIFTS), z), lambda z: np.minimum(z, SHIFTS), 5),
    "through a sum": (lambda z: choose(add(z, -1.0), add(z, 2.0), graph.add([z, z, graph.constant(1.0)])),
                      lambda z: np.where(z > 1, z + 2, 2 * z + 1), 5),
    "maximum of two": (lambda z: choose(graph.add([z, Z2], [1, -1]), z, Z2), None, 5),
    "two neighbours": (
        lambda z: choose(graph.add([graph.gather([z], ONE), graph.gather([z], TWO)], [1, -1]),
                         graph.gather([z], ONE), graph.gather([z], TWO)),
        lambda z: np.maximum(z[:, ONE], z[:, TWO]), 5),
    "nested": (
        lambda z: choose(add(z, 1.0), choose(add(z, -1.0), graph.constant(1.0), z), graph.constant(-1.0)),
        lambda z: np.clip(z, -1, 1), 15),
    "a relu on one side": (
        lambda z: choose(z, graph.relu(z, "relu"), graph.scale(z, 0.5)), lambda z: np.where(z > 0, z, z / 2), None),
    "slope 1 - 0.1": (
        lambda z: choose(z, add(z, 3.0), add(graph.scale(z, 0.1), 3.0)), lambda z: 3 + np.where(z > 0, z, 0.1 * z), 5),
    "slopes that are no floats": (
        lambda z: choose(z, graph.add([z, Z2]), graph.add([graph.scale(z, 0.1), Z2])), None, None),
    "a constant comparison": (
        lambda z: choose(graph.add([z, z], [1, -1]), z, z), lambda z: z, None),
    "a comparison that is never true": (
        lambda z: choose(add(graph.add([z, z], [1, -1]), -1.0), add(z, 1.0), z), lambda z: z, None),
}  # fmt: skip
ONE, TWO = np.array([0, 1, 2, 3, 4]), np.array([1, 2, 3, 4, 0])
Z2 = None


@pytest.mark.parametrize("case", list(CONTINUOUS))
def test_continuous_choices_are_read(case):
    global Z2
    source = graph.source((3,))
    z = graph.matmul(source, W, B, "first")
    Z2 = graph.matmul(source, W[:, ::-1].copy(), B, "second")
    make, expected, neurons = CONTINUOUS[case]
    network = schedule(make(z), 3).network
    values = X @ W + B
    other = X @ W[:, ::-1] + B
    if expected is None:
        want = np.maximum(values, other) if case == "maximum of two" else other + np.where(values > 0, 1, 0.1) * values
    else:
        want = expected(values)
    np.testing.assert_allclose(evaluate(network, X), want, rtol=1e-12, atol=1e-12)
    if neurons is not None:
        assert network.n_neurons == neurons


def test_the_same_map_twice_is_seen_through():
    source = graph.source((3,))
    z, again = (graph.matmul(source, W, B, "first") for _ in range(2))
    network = schedule(choose(z, again, graph.constant(0.0)), 3).network
    np.testing.assert_allclose(evaluate(network, X), np.maximum(X @ W + B, 0), rtol=1e-12, atol=1e-12)


JUMPS = {
    "another constant": lambda z: choose(z, add(z, 1.0), z),
    "by one bit": lambda z: choose(z, add(z, 2.0**-52), z),
    "another value": lambda z: choose(z, graph.gather([z], TWO), z),
    "one of five": lambda z: choose(z, add(z, np.array([0, 0, 0, 1e-9, 0])), z),
    "elsewhere": lambda z: choose(add(z, -1.0), z, graph.constant(0.0)),
    "only in floats": lambda z: choose(z, graph.add([graph.scale(z, 0.1), graph.scale(z, 0.2)]), add(z, 1e-17)),
    "a relu that ends elsewhere": lambda z: choose(z, graph.relu(add(z, 1.0), "relu"), graph.constant(0.0)),
    "zero compared": lambda z: choose(graph.add([z, z], [1, -1]), z, add(z, 1.0)),
}


@pytest.mark.parametrize("case", list(JUMPS))
def test_jumps_are_refused(case):
    with pytest.raises(UnsupportedLayerError, match="here chooses between two values by a comparison"):
        JUMPS[case](hidden())


def test_steps_times_values():
    z = hidden()
    above = comparisons.step(z, graph.constant(0.0))
    network = schedule(comparisons.product(above.with_values(lambda v: 0.25 + 0.75 * v), z, "mul", "here"), 3).network
    values = X @ W + B
    np.testing.assert_allclose(evaluate(network, X), np.where(values > 0, values, values / 4), rtol=1e-12, atol=1e-12)
    picked = above.picked(np.array([[4, -1]]))
    assert picked.shape == (1, 2)
    assert picked.above.tolist() == [[1, 0]]
    with pytest.raises(UnsupportedLayerError, match="may jump"):
        comparisons.product(above, add(z, 1.0), "mul", "here")

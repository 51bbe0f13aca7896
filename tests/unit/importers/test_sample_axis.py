"""Samples laid end to end: whether they are kept apart, and the program of one of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from polytope_lens.importers import graph, sample_axis, tournament
from polytope_lens.importers.layering import schedule
from polytope_lens.network.network import evaluate

RNG = np.random.default_rng(0)


def program(x):
    """A little of everything, for (samples, 4) tensors."""
    hidden = graph.relu(graph.matmul(x, W, B, "first"), "relu")
    pooled = tournament.reduce_extreme(hidden, [1], keep=True, label="max", least=False)
    return graph.add([graph.matmul(hidden, V, 0.0, "second"), graph.scale(pooled, 0.5)])


W, B, V = RNG.standard_normal((4, 5)), RNG.standard_normal(5), RNG.standard_normal((5, 3))


@pytest.mark.parametrize("samples", [2, 5])
def test_one_sample_of_a_batch_is_the_program_for_one(samples):
    batch, one = (program(graph.source((n, 4))) for n in (samples, 1))
    assert sample_axis.keeps_apart(batch, samples)
    first = sample_axis.first_sample(batch, samples)
    assert first.shape == (3,)
    assert schedule(first, 4).network == schedule(one, 4).network
    X = RNG.standard_normal((10, 4 * samples))
    values = evaluate(schedule(batch, 4 * samples).network, X)[:, :3]
    np.testing.assert_allclose(evaluate(schedule(first, 4).network, X[:, :4]), values, rtol=1e-12)


MIXED = {
    "a mean over the batch": lambda x: graph.add([x, graph.reduce_sum(x, [0], keep=True, mean=True)], [1, -1]),
    "the next sample": lambda x: graph.gather([x], np.arange(8).reshape(2, 4)[::-1]),
    "transposed": lambda x: graph.transposed(x, (1, 0)),
    "a matrix in front": lambda x: graph.linear(x, sparse.csr_array(np.ones((8, 8))), (2, 4)),
    "a bend behind a mean": lambda x: graph.relu(graph.reduce_sum(x, [0], keep=True, mean=True), "relu"),
    "one value for both": lambda x: graph.gather([x], np.array([0])),
}


@pytest.mark.parametrize("case", list(MIXED))
def test_mixed_samples_are_found_out(case):
    assert not sample_axis.keeps_apart(MIXED[case](graph.source((2, 4))), 2)


def test_constants_belong_to_every_sample():
    constant = graph.constant(np.ones((2, 3)))
    assert sample_axis.keeps_apart(constant, 2)
    both = graph.concatenate([graph.source((2, 4)), constant], 1)
    assert sample_axis.keeps_apart(both, 2)
    assert sample_axis.first_sample(both, 2).size == 7


def test_groups_of_one_sample_are_told_from_groups_across():
    x = graph.source((2, 4))
    rows, columns = np.arange(2)[:, None] + np.zeros((2, 4), int), np.arange(4) + np.zeros((2, 4), int)
    assert sample_axis.groups_apart(x, rows, 2)
    assert not sample_axis.groups_apart(x, columns, 2)

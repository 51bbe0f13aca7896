"""Tensors as exact sums over what they are made of."""

from __future__ import annotations

import numpy as np

from polytope_lens.importers import graph
from polytope_lens.importers.sums import first_equals, sums


def test_sums_stop_at_weights_unless_they_are_seen_through():
    source = graph.source((2,))
    z = graph.matmul(source, np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5.0, 6.0]), "linear")
    tensor = graph.add([graph.scale(z, 0.5), graph.constant([1.0, 0.0])])
    (matrix,) = sums([tensor]).matrices
    assert matrix.toarray().tolist() == [[0.5, 0, 1], [0, 0.5, 0]]
    (matrix,) = sums([tensor], through_weights=True).matrices
    assert matrix.toarray().tolist() == [[0.5, 1.5, 3.5], [1, 2, 3]]


def test_bends_are_atoms_whose_arguments_may_be_asked_for():
    source = graph.source((2,))
    bent = graph.relu(graph.scale(source, 2.0), "relu")
    found = sums([graph.add([bent, source])], into_bends=True)
    assert len(found.bends) == 2
    (argument,) = found.arguments.values()
    assert abs(argument).sum() == 4


def test_what_would_be_rounded_is_no_sum():
    source = graph.source((1,))
    assert sums([graph.scale(graph.scale(source, 0.1), 0.1)]) is None
    assert first_equals(graph.scale(graph.scale(source, 0.1), 0.1)).tolist() == [0]


def test_equal_sums_are_found():
    source = graph.source((3,))
    picked = graph.scale(graph.gather([source], np.array([2, 0, 2, 1, 0])), -1.0)
    assert first_equals(picked).tolist() == [0, 1, 0, 3, 1]
    assert first_equals(source).tolist() == [0, 1, 2]

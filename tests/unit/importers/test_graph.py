"""Graphs are refused before memory is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.errors import InvalidNetworkError
from polytope_lens.importers import graph


def test_sizes_are_checked_before_memory_is_asked_for():
    with pytest.raises(InvalidNetworkError, match="far too many"):
        graph.source((10**6, 10**6))
    with pytest.raises(InvalidNetworkError, match="far too many"):
        graph.broadcast(graph.source((1,)), (10**6, 10**6))
    with pytest.raises(InvalidNetworkError, match="far too many"):
        graph.matmul(graph.source((10**4, 10**3)), np.ones((1000, 1000)), 0.0, "linear")


def test_what_a_small_file_makes_is_limited_in_sum():
    def many(n):
        for _ in range(n):
            graph.checked_size((2**20,))
            graph.checked_weights(2**21, "a map")

    many(200)
    with (
        graph.granted(10),
        pytest.raises(InvalidNetworkError, match=r"far more .* than its file makes likely.*pass the"),
    ):
        many(200)
    with graph.granted(2**25):
        many(200)
    with graph.granted(10):
        graph.grant_more(2**25)
        many(200)
    many(200)

"""The hash set of patterns against a dictionary, its plain twin."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.search.region_set import MET, PLACED, RegionSet


@pytest.mark.parametrize("n_words", [1, 3])
def test_patterns_are_numbered_as_by_a_dictionary(n_words):
    rng = np.random.default_rng(n_words)
    found, numbers = RegionSet(n_words, 2), {}
    for size in (1, 5, 300, 0, 2000):
        # Few different words, so that many patterns come again, some of them in the same batch.
        words = rng.integers(0, 30, (size, n_words)).astype(np.uint64) << np.uint64(57)
        index, fresh = found.add(words, np.zeros((size, 2)), np.full(size, -1), np.zeros(size), np.zeros(size))
        before = len(numbers)
        assert index.tolist() == [numbers.setdefault(row.tobytes(), len(numbers)) for row in words]
        assert fresh.tolist() == list(range(before, len(numbers)))
    assert found.count == len(numbers)
    assert [row.tobytes() for row in found.words] == list(numbers)


def test_regions_are_entered_the_first_time_and_keep_their_best_bound():
    found = RegionSet(1, 1)
    words = np.array([[5], [6], [5]], dtype=np.uint64)
    found.add(words[:1], np.zeros((1, 1)), np.array([-1]), np.zeros(1), np.zeros(1))
    found.state[0] = PLACED
    found.add(words[1:], np.array([[1.0], [2.0]]), np.array([0, 1]), np.array([3.0, 4.0]), np.array([2.0, 0.0]))
    found.add(words[1:2], np.array([[9.0]]), np.array([0]), np.array([7.0]), np.array([1.0]))
    assert found.point.ravel().tolist() == [0.0, 1.0]
    assert found.parent.tolist() == [-1, 0]
    assert found.crossings.tolist() == [0, 1]
    # A distance stays, a lower bound rises.
    assert found.key.tolist() == [0.0, 7.0]
    assert found.state.tolist() == [PLACED, MET]


def test_a_region_is_as_near_as_the_nearest_from_which_it_was_met():
    found = RegionSet(1, 1)
    words = np.array([[5], [6], [7], [8]], dtype=np.uint64)
    found.add(words[:1], np.zeros((1, 1)), np.array([-1]), np.zeros(1), np.zeros(1))
    found.add(words[1:3], np.zeros((2, 1)), np.zeros(2, dtype=int), np.array([2.0, 3.0]), np.zeros(2))
    assert found.via.tolist() == [0.0, 0.0, 0.0]
    found.add(words[[3, 3]], np.zeros((2, 1)), np.array([2, 1]), np.array([1.0, 0.5]), np.zeros(2))
    assert found.via[3] == 2.0 and found.key[3] == 1.0

"""Ragged arrays against lists of lists."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from polytope_lens._arrays.ragged import entries, fan, following, from_lists, list_of, places, starts

SIZES = st.lists(st.integers(0, 4), max_size=6)


def lists(sizes):
    """The entries of each list, by index."""
    found, first = [], 0
    for size in sizes:
        found.append(list(range(first, first + size)))
        first += size
    return found


@given(sizes=SIZES, data=st.data())
def test_entries_are_those_of_the_lists(sizes, data):
    indptr = starts(np.array(sizes, dtype=np.int64))
    whole = lists(sizes)
    assert [list(range(a, b)) for a, b in pairwise(indptr.tolist())] == whole
    assert places(np.array(sizes, dtype=np.int64)).tolist() == [k for one in whole for k in range(len(one))]
    assert list_of(indptr).tolist() == [i for i, one in enumerate(whole) for _ in one]
    order = data.draw(st.lists(st.integers(0, len(sizes) - 1), max_size=6)) if sizes else []
    assert entries(indptr, np.array(order, dtype=np.int64)).tolist() == [at for i in order for at in whole[i]]


def test_the_next_entry_of_each_cycle():
    assert following(np.array([0, 3, 4, 6])).tolist() == [1, 2, 0, 3, 5, 4]


@given(sizes=st.lists(st.integers(1, 5), min_size=1, max_size=5))
def test_following_goes_around_each_cycle(sizes):
    step = following(starts(np.array(sizes)))
    for cycle in lists(sizes):
        seen, at = [], cycle[0]
        for _ in cycle:
            seen.append(at)
            at = int(step[at])
        assert (seen, at) == (cycle, cycle[0])


@given(sizes=st.lists(st.integers(3, 6), max_size=5))
def test_rings_fan_out_from_their_first_entries(sizes):
    expected = [(i, ring[0], b, c) for i, ring in enumerate(lists(sizes)) for b, c in pairwise(ring[1:])]
    found = np.column_stack(fan(starts(np.array(sizes, dtype=np.int64))))
    assert list(map(tuple, found.tolist())) == expected


def test_ragged_lists():
    indptr, values = from_lists([[1], [], [2, 3]])
    assert (indptr.tolist(), values.tolist()) == ([0, 1, 1, 3], [1, 2, 3])

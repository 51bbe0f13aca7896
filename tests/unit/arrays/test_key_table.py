"""Tables of keys against a dictionary."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytope_lens._arrays.key_table import KeyTable, PointTable, joined
from polytope_lens.errors import ConsistencyError

# Few keys come often; those that agree in their low bits fall into one slot of a small table.
KEYS = st.one_of(st.integers(0, 7), st.integers(0, 2**58 - 1).map(lambda k: k << 6), st.just(2**64 - 1))
BATCHES = st.lists(st.lists(KEYS, max_size=40), max_size=6)


@given(batches=BATCHES)
def test_keys_are_numbered_as_they_come(batches):
    table, known = KeyTable(), {}
    for batch in batches:
        expected = [known.setdefault(key, len(known)) for key in batch]
        assert table.number(np.array(batch, dtype=np.uint64)).tolist() == expected
    assert table.count == len(known)
    assert table.keys().tolist() == list(known)


def test_a_table_grows_to_any_size():
    keys = np.arange(50_000, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)  # odd, so no two are equal
    table = KeyTable()
    for part in keys.reshape(8, -1):
        table.number(part)
    assert (table.keys() == keys).all()
    assert (table.number(keys[::-1].copy()) == np.arange(50_000)[::-1]).all()


def test_each_point_keeps_the_floats_with_the_least_bound():
    table = PointTable(1)
    first = table.number(np.array([5, 9, 5], dtype=np.uint64), np.array([[1.0, 0.1], [2.0, 0], [1.05, 0.01]]))
    assert first.tolist() == [0, 1, 0]
    assert table.number(np.array([9, 5], dtype=np.uint64), np.array([[2.0, 1], [1.04, 0.01]])).tolist() == [1, 0]
    assert table.points().tolist() == [[1.05, 0.01], [2.0, 0]]
    assert table.keys().tolist() == [5, 9]


@pytest.mark.parametrize("unit", [1.0, 2.0**600, 2.0**-600])
@pytest.mark.parametrize("gap", [0.0, 0.29, 0.31])
def test_two_floats_for_one_point_agree_within_their_bounds(gap, unit):
    keys = np.array([3, 3], dtype=np.uint64)
    points = np.array([[0, 0, 0.1], [0.6 * gap, 0.8 * gap, 0.2]]) * unit
    if gap < 0.3:
        found, known, numbers = joined(keys, points)
        assert (found.tolist(), known.tolist(), numbers.tolist()) == ([points[0].tolist()], [3], [0, 0])
    else:
        with pytest.raises(ConsistencyError, match="disagree about a corner"):
            joined(keys, points)


def test_no_points():
    found, known, numbers = joined(np.zeros(0, dtype=np.uint64), np.zeros((0, 3)))
    assert (found.shape, len(known), len(numbers)) == ((0, 3), 0, 0)

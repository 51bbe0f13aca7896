from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from polytope_lens._arrays.batches import MOST_NUMBERS, batch_size, batches


@given(n=st.integers(0, 50), each=st.integers(0, 60), most=st.integers(1, 100))
def test_each_thing_is_in_one_batch_and_batches_are_small_enough(n, each, most):
    parts = [range(n)[part] for part in batches(n, each, most)]
    assert [i for part in parts for i in part] == list(range(n))
    assert all(len(part) == 1 or len(part) * each <= most for part in parts)
    assert all(len(part) == batch_size(each, most) for part in parts[:-1])


def test_what_is_small_comes_at_once():
    assert list(batches(1000, 10)) == [slice(0, 1000)]
    assert list(batches(3, MOST_NUMBERS)) == [slice(0, 1), slice(1, 2), slice(2, 3)]
    assert list(batches(0, 10)) == []

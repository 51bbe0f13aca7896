"""Arrays that grow at their end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytope_lens._arrays.growing import GrowingArray


@given(sizes=st.lists(st.integers(0, 40), min_size=1, max_size=12), width=st.sampled_from([None, 0, 1, 3]))
def test_batches_are_joined(sizes, width):
    rng = np.random.default_rng(0)
    batches = [rng.normal(size=n if width is None else (n, width)) for n in sizes]
    expected = np.concatenate(batches)
    grown = GrowingArray()
    for batch in batches:
        grown.append(batch.copy())
    assert len(grown) == sum(sizes)
    found = grown.array()
    assert found.shape == expected.shape and found.dtype == expected.dtype
    assert (found == expected).all()


@pytest.mark.parametrize("protect", [lambda a: a[:2], lambda a: a.view()])
def test_what_somebody_else_holds_is_not_resized(protect):
    whole = np.arange(4)
    grown = GrowingArray()
    grown.append(protect(whole))
    grown.append(np.array([9]))
    assert grown.array().tolist() == [*protect(whole).tolist(), 9]
    assert whole.tolist() == [0, 1, 2, 3]

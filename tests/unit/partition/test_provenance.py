"""What a search tells: counts that are numbers."""

from __future__ import annotations

import operator

import numpy as np
import pytest

from families import golden
from polytope_lens import Box, Lens, RegionCounts
from polytope_lens.partition.provenance import Certificate

CERTIFICATE = Certificate(1, 0, 0)


def counts(*per_layer: int) -> RegionCounts:
    return RegionCounts(per_layer[-1], np.array(per_layer), CERTIFICATE)


@pytest.mark.parametrize("other", [2, 3, 4, 3.0, 3.5, np.int64(3), np.float64(2.5), counts(2, 3), counts(1, 4), True])
@pytest.mark.parametrize("compare", [operator.lt, operator.le, operator.eq, operator.ne, operator.ge, operator.gt])
def test_counts_compare_as_their_totals(compare, other):
    value = other.total if isinstance(other, RegionCounts) else other
    assert compare(counts(1, 3), other) == compare(3, value)
    assert compare(other, counts(1, 3)) == compare(value, 3)


def test_counts_convert_and_hash_as_their_totals():
    found = counts(1, 3)
    assert (int(found), float(found), operator.index(found), list(range(found))) == (3, 3.0, 3, [0, 1, 2])
    assert {found, counts(2, 3), 3} == {3}
    assert max(counts(1, 2), counts(2, 3), counts(1, 1)).total == 3
    assert found != "3"
    with pytest.raises(TypeError):
        found < "3"  # noqa: B015


def test_counts_of_a_network():
    lens, box = Lens(golden((2, 4, 4), 1)), Box([-1, -1], [1, 1])
    assert lens.count(box) == len(lens.partition(box)) > 1

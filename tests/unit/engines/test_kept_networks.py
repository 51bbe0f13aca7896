"""Packed networks are kept with small networks, and are what they would be if they were packed anew."""

from __future__ import annotations

import numpy as np
import pytest

from families import golden
from polytope_lens import Box, Lens
from polytope_lens.engines import kept_networks
from polytope_lens.engines._kernels.packed_network import packed
from polytope_lens.engines.kept_networks import kept_packed


def leaves(part):
    return [leaf for field in part for leaf in leaves(field)] if isinstance(part, tuple) else [np.asarray(part)]


@pytest.mark.parametrize("want_maps", [False, True])
@pytest.mark.parametrize("blockwise", [False, True])
def test_kept_ones_are_as_if_packed_anew(want_maps, blockwise):
    network = golden((2, 5, 3), 1)
    for turn in range(3):
        chart, reach = np.roll(np.eye(3), turn, axis=0), np.array([1.0, 2.0]) * (turn + 1)
        kept = kept_packed(network, chart, reach, want_maps=want_maps, blockwise=blockwise)
        fresh = packed(network, chart, reach, want_maps=want_maps, blockwise=blockwise)
        for one, other in zip(leaves(kept), leaves(fresh), strict=True):
            assert one.dtype == other.dtype and np.array_equal(one, other)


def test_large_networks_are_not_kept(monkeypatch):
    network, options = golden((2, 5, 3), 1), {"want_maps": False}
    monkeypatch.setattr(kept_networks, "MOST_WEIGHTS", 10)
    one, other = (kept_packed(network, np.eye(3), np.ones(2), **options) for _ in range(2))
    assert one.weights is not other.weights
    monkeypatch.setattr(kept_networks, "MOST_WEIGHTS", 1000)
    one, other = (kept_packed(network, np.eye(3), np.ones(2), **options) for _ in range(2))
    assert one.weights is other.weights


def test_walks_leave_what_is_kept_as_it_was():
    lens = Lens(golden((2, 9, 9), 3, 0.1))
    boxes = [Box([-1, -1], [1, 1]), Box([0, 0], [3, 3]), Box([-1, -1], [1, 1])]
    first = [lens.partition(box) for box in boxes]
    fresh = [Lens(golden((2, 9, 9), 3, 0.1)).partition(box) for box in boxes]
    for one, other in zip(first, fresh, strict=True):
        assert np.array_equal(one.packed_patterns, other.packed_patterns) and np.array_equal(one.maps, other.maps)
    assert [lens.count(box).total for box in boxes] == [len(one) for one in first]

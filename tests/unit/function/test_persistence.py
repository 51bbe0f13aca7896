"""Intervals of known shapes, and of any network against Betti numbers between its values."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shapes
from families import random_deep
from polytope_lens import Box, Lens
from polytope_lens.errors import OptionError, UnboundedPolytopeError
from polytope_lens.function.persistence import persistence
from polytope_lens.testing import boxes, networks


def intervals(found, d):
    return [found.of(k).tolist() for k in range(d)]


@pytest.mark.parametrize(("network", "half", "sub"), [
    (shapes.ball(2), 1, [[[0, np.inf]], []]),
    (shapes.shell(2), 2, [[[0, np.inf]], [[0, 1]]]),
    (shapes.two_rings(), 4, [[[0, np.inf], [0, 1]], [[0, 1], [0, 1]]]),
    (shapes.shell(3), 2, [[[0, np.inf]], [], [[0, 1]]]),
    (shapes.tube(3), 2, [[[0, np.inf]], [[0, 1]], []]),
    (shapes.linked_tubes(), 2, [[[0, np.inf], [0, 0.5]], [[0, 0.5], [0, 0.5]], []]),
    (shapes.tube(4), 2, [[[0, np.inf]], [[0, 1]], [], []]),
])  # fmt: skip
def test_shapes(network, half, sub):
    d = network.input_dim
    found = Lens(network).partition(Box([-half] * d, [half] * d)).function.persistence()
    assert intervals(found, d) == sub


def test_sets_that_shrink():
    partition = Lens(shapes.shell(2)).partition(Box([-2, -2], [2, 2]))
    found = partition.function.persistence(side="super")
    # Four corners of the box at 3, joined at 1 through the middles of its sides, and the middle at 1.
    assert found.of(0).tolist() == [[3, -np.inf], [3, 1], [3, 1], [3, 1], [1, 0]]
    assert found.of(1).tolist() == [[1, 0]]


@settings(max_examples=40, deadline=None)
@given(data=st.data(), d=st.integers(1, 3))
def test_between_its_values_a_network_has_their_betti_numbers(data, d):
    network = data.draw(networks(d, max_depth=2, max_width=3 if d == 3 else 4))
    lens, box = Lens(network), data.draw(boxes(d))
    for mesh in (True, False):
        partition = lens.partition(box, mesh=mesh)
        if len(partition) > 60:
            continue
        for side in ("sub", "super"):
            found = persistence(partition, side=side)
            ends = np.unique(np.concatenate([found.births, found.deaths]))
            ends = ends[np.isfinite(ends)]
            levels = [*((a + b) / 2 for a, b in pairwise(ends) if b - a > 1e-9)]
            levels += [ends[0] - 1, ends[-1] + 1]
            low, high = np.minimum(found.births, found.deaths), np.maximum(found.births, found.deaths)
            for level in levels:
                lives = (low < level) & (level < high)
                counted = tuple(int((lives & (found.dims == k)).sum()) for k in range(d))
                assert counted == partition.betti(0, level, side=side)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), d=st.integers(2, 3))
def test_both_roads_find_the_same_intervals(data, d):
    network = data.draw(networks(d, max_depth=2, max_width=3))
    box = data.draw(boxes(d))
    one, other = (Lens(network).partition(box, mesh=mesh).function.persistence() for mesh in (True, False))
    assert one.dims.tolist() == other.dims.tolist()
    for k in range(d):
        assert np.allclose(sorted(one.of(k).tolist()), sorted(other.of(k).tolist()), rtol=1e-9, atol=1e-9)


def test_a_larger_network_with_loops_in_space():
    partition = Lens(random_deep((3, 8, 8), 1, 0.0)).partition(Box([-1] * 3, [1] * 3))
    found = partition.function.persistence()
    assert (found.births < found.deaths).all() and len(found) == len(found.dims)
    middle = float(np.median(found.births))
    for level in (middle + 1e-6, middle - 1e-6, float(found.births.max()) + 1e-6):
        lives = (found.births < level) & (level < found.deaths)
        assert tuple(int((lives & (found.dims == k)).sum()) for k in range(3)) == partition.betti(0, level, side="sub")


def test_what_is_refused():
    lens = Lens(shapes.ball(2))
    with pytest.raises(UnboundedPolytopeError, match="`persistence` orders the corners of a bounded domain"):
        lens.partition().function.persistence()
    with pytest.raises(OptionError, match="`side` should be one of 'sub', 'super'"):
        lens.partition(Box([-1, -1], [1, 1])).function.persistence(side="level")
    with pytest.raises(OptionError, match="max_regions=3"):
        lens.partition(Box([-1, -1], [1, 1]), mesh=False).function.persistence(max_regions=3)

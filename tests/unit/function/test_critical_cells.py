"""Critical cells of known functions, and of any network against births and deaths in its persistent homology."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shapes
from families import random_deep
from polytope_lens import Box, Lens
from polytope_lens.errors import UnboundedPolytopeError
from polytope_lens.testing import boxes, networks


def inner(found):
    """Dimension, value and ranks of those that do not meet the boundary of the domain."""
    chosen = ~found.on_boundary
    rows = zip(found.dims[chosen].tolist(), found.values[chosen].tolist(), found.ranks[chosen].tolist(), strict=True)
    return list(rows)


@pytest.mark.parametrize(("network", "half", "expected"), [
    (shapes.ball(2), 2, [(0, 0.0, [1, 0, 0])]),
    (shapes.folded((np.eye(2), [0, 0]), output=[1, -1]), 2, [(0, 0.0, [0, 1, 0])]),
    (shapes.folded((np.eye(2), [0, 0]), output=[-1, -1]), 2, [(0, 0.0, [0, 0, 1])]),
    # A circle of minima, a maximum in its middle.
    (shapes.shell(2), 2, [(1, 0.0, [1, 1, 0]), (0, 1.0, [0, 0, 1])]),
    (shapes.shell(3), 2, [(2, 0.0, [1, 0, 1, 0]), (0, 1.0, [0, 0, 0, 1])]),
    # Two circles of minima that meet in a saddle, and their middles.
    (shapes.two_rings(), 4, [(1, 0.0, [1, 1, 0]), (1, 0.0, [1, 1, 0])]),
    (shapes.ball(4), 1, [(0, 0.0, [1, 0, 0, 0, 0])]),
])  # fmt: skip
def test_known_functions(network, half, expected):
    d = network.input_dim
    found = Lens(network).partition(Box([-half] * d, [half] * d)).function.critical_cells()
    assert inner(found)[: len(expected)] == expected
    assert sum((-1) ** k * int(n) for k, n in enumerate(found.totals)) == 1


def test_a_monkey_saddle():
    """Three valleys and three ridges that meet in a point: a saddle that counts twice."""
    # The median of x, y and -x - y: with r = relu(x - y), 2 (x + y) - relu(x + 2 y + r) + relu(r - 2 x - y).
    # x and y are carried along as 2 x + y and 3 x + y, which are not zero where the median is.
    first = [[2, 1], [-2, -1], [3, 1], [-3, -1], [1, -1]]
    second = [[5, -5, -3, 3, 1], [-1, 1, 0, 0, 1], *np.eye(5)[:4]]
    lens = Lens.from_arrays([first, second, [[-1, 1, 4, -4, -2, 2]]], [[0] * 5, [0] * 6, [0]])
    x = np.random.default_rng(0).normal(size=(50, 2))
    assert np.allclose(lens(x)[:, 0], np.median(np.column_stack([x, -x.sum(axis=1)]), axis=1))
    found = lens.partition(Box([-1, -1], [1, 1])).function.critical_cells()
    assert inner(found) == [(0, 0.0, [0, 2, 0])]


@settings(max_examples=50, deadline=None)
@given(data=st.data(), d=st.integers(1, 3))
def test_ranks_are_births_and_deaths(data, d):
    network = data.draw(networks(d, max_depth=2, max_width=3 if d == 3 else 4))
    box = data.draw(boxes(d))
    for mesh in (True, False):
        partition = Lens(network).partition(box, mesh=mesh)
        if len(partition) > 60:
            continue
        found, lived = partition.function.critical_cells(), partition.function.persistence()
        total = np.bincount(lived.dims, minlength=d + 1)
        total += np.bincount(lived.dims[np.isfinite(lived.deaths)] + 1, minlength=d + 1)
        assert found.totals.tolist() == total.tolist()
        assert found.ranks.any(axis=1).all() and (found.values[:-1] <= found.values[1:]).all()
        values = Lens(network)(found.points)[:, 0]
        assert np.allclose(values, found.values, atol=1e-9, rtol=1e-9)
        ends = np.unique(np.concatenate([lived.births, lived.deaths[np.isfinite(lived.deaths)]]))
        gaps = [b - a for a, b in pairwise(ends)]
        if not gaps or min(gaps) > 1e-9:
            assert np.allclose(np.unique(found.values), ends, atol=1e-9)


def test_links_and_matrices_agree():
    for network in (random_deep((3, 6, 6), 2, 0.0), random_deep((2, 8, 8), 3, 0.1)):
        d = network.input_dim
        box = Box([-1] * d, [1] * d)
        one, other = (Lens(network).partition(box, mesh=mesh).function.critical_cells() for mesh in (True, False))
        assert one.ranks.tolist() == other.ranks.tolist() and np.allclose(one.values, other.values)
        assert one.on_boundary.tolist() == other.on_boundary.tolist() and np.allclose(one.points, other.points)


def test_flat_boxes_and_unbounded_domains():
    lens = Lens(shapes.ball(3))
    found = lens.partition(Box([-1, -1, 0.5], [1, 1, 0.5])).function.critical_cells()
    assert found.points[0].tolist() == [0, 0, 0.5] and found.ranks[0].tolist() == [1, 0, 0]
    with pytest.raises(UnboundedPolytopeError, match="`critical_cells` orders the corners"):
        lens.partition().function.critical_cells()

"""Corners in the order of values, against fractions, on every rung; equal values have equal ranks."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
import shapes
from polytope_lens import Box, Lens
from polytope_lens.function import corner_order
from polytope_lens.function.corner_order import ordered_cells
from polytope_lens.function.corner_signs import exact_corners
from polytope_lens.testing import networks

SQUARE = Box([-1, -1], [1, 1])


def exact_ranks(network, partition):
    corner_of = exact_corners(partition)
    points = [[Fraction(int(v.p), int(v.q)) for v in corner_of(i)] for i in range(len(partition.mesh.points))]
    values = [value_at(network, partition, i, point) for i, point in enumerate(points)]
    order = sorted(set(values))
    return [order.index(value) for value in values]


def value_at(network, partition, point, x):
    regions, corners = partition.mesh.incidences()
    region = int(regions[np.flatnonzero(corners == point)[0]])
    return reference.dot(
        reference.affine_rows(network, partition.patterns()[region].tolist())[-1][0], [*x, Fraction(1)]
    )


@settings(max_examples=40, deadline=None)
@given(network=networks(2, max_depth=2, max_width=3), blind=st.sampled_from([0, 1, 2, 3]))
def test_ranks_are_those_of_fractions(network, blind):
    partition = Lens(network).partition(SQUARE)
    rungs = ["roughly_bounded_values", "bounded_values", "affine_values"]
    with pytest.MonkeyPatch.context() as patch:
        for name in rungs[:blind]:
            rung = getattr(corner_order, name)

            def useless(*args, rung=rung):
                value, bound = rung(*args)
                return value, np.full(bound.shape, np.inf)

            patch.setattr(corner_order, name, useless)
        found = ordered_cells(partition, 0, max_regions=1000, purpose="a test")
    expected = np.array(exact_ranks(network, partition))
    assert np.unique(found.ranks, return_inverse=True)[1].tolist() == expected.tolist()


def test_elsewhere():
    partition = Lens(shapes.ball(1)).partition(Box([-1], [2]))
    found = ordered_cells(partition, 0, max_regions=10, purpose="a test")
    order = np.argsort(found.points[:, 0])
    assert found.points[order, 0].tolist() == [-1, 0, 2]
    assert (found.ranks[order].tolist(), found.values[order].tolist()) == ([1, 0, 2], [1, 0, 2])
    assert [rank.tolist() for rank in found.highest()][1] in ([1, 2], [2, 1])

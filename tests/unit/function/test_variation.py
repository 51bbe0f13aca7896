"""Variations by their definitions."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from families import golden, max_of_two, random_deep, wave
from polytope_lens import Box, Lens
from polytope_lens.errors import (
    OptionError,
    PartialPartitionError,
    Status,
    UnboundedPolytopeError,
)

SQUARE = Box([-1, -1], [1, 1])


def test_sums_over_regions_and_over_edges_of_shapely():
    network = random_deep((2, 6, 6), 2, 0.0)
    partition = Lens(network).partition(SQUARE)
    polygons = partition.polygons()
    gradients = [region.affine_map.A[0] for region in partition]
    assert partition.function.total_variation() == pytest.approx(
        sum(np.hypot(*g) * p.area for g, p in zip(gradients, polygons, strict=True))
    )
    jumps = sum(
        np.hypot(*(gradients[i] - gradients[j])) * polygons[i].intersection(polygons[j]).length
        for i, j in combinations(range(len(polygons)), 2)
        if polygons[i].intersects(polygons[j])
    )
    assert partition.function.gradient_variation() == pytest.approx(jumps)


def test_the_way_up_and_down_a_line():
    lens = Lens(random_deep((1, 6, 6), 0, 0.1))
    partition = lens.partition(Box([-0.5], [1.25]))
    breaks = np.unique([v for i in range(len(partition)) for (v,) in partition.vertices(i).tolist()])
    values = lens(breaks[:, None])[:, 0]
    assert partition.function.total_variation() == pytest.approx(np.abs(np.diff(values)).sum())
    slopes = np.diff(values) / np.diff(breaks)
    assert partition.function.gradient_variation() == pytest.approx(np.abs(np.diff(slopes)).sum())


def test_a_wave_goes_up_and_down_and_turns():
    """5 layers make 16 teeth of height 1 over (0, 1), with slopes 32 and -32."""
    partition = Lens(wave(5)).partition(Box([0], [1]))
    assert partition.function.total_variation() == 32
    assert partition.function.gradient_variation() == 31 * 64


def test_the_greater_of_two_numbers_turns_on_a_diagonal():
    partition = Lens(max_of_two()).partition(Box([0, 0], [1, 1]))
    assert partition.function.total_variation() == pytest.approx(1)
    assert partition.function.gradient_variation() == pytest.approx(2)  # a jump of sqrt(2) along a length of sqrt(2)


def test_a_plane_that_bends_in_space():
    """relu(x + 2 y + 2 z) on [-1, 1]^3: a slope of 3 on one half, and a jump of 3 on a hexagon."""
    lens = Lens.from_arrays([[[1, 2, 2]], [[1]]], [[0], [0]])
    partition = lens.partition(Box([-1] * 3, [1] * 3))
    assert partition.function.total_variation() == pytest.approx(3 * 4)
    # Seen along x, the hexagon is the strip |y + z| <= 1/2 of a square; it is 3 times as large, since it is tilted.
    assert partition.function.gradient_variation() == pytest.approx(3 * 3 * (4 - 2 * 1.5**2 / 2))


def test_an_affine_map_does_not_turn():
    partition = Lens.from_arrays([[[3, 4]]], [[1]]).partition(SQUARE)
    assert (partition.function.total_variation(), partition.function.gradient_variation()) == (20, 0)


@pytest.mark.parametrize("question", ["total_variation", "gradient_variation"])
def test_refusals(question):
    plane = Lens(golden((2, 4, 4), 1))
    with pytest.raises(OptionError, match="output"):
        getattr(plane.partition(SQUARE).function, question)(3)
    with pytest.raises(UnboundedPolytopeError):
        getattr(plane.partition().function, question)()
    part = replace(plane.partition(SQUARE), status=Status.BUDGET_REACHED)
    with pytest.raises(PartialPartitionError, match=question):
        getattr(part.function, question)()

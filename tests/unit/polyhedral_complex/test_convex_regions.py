"""Numbers of convex regions against corners and, for few regions, against every way to put them together."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from families import max_of_two, stack
from polytope_lens import Box, Lens
from polytope_lens.network.network import from_arrays
from polytope_lens.polyhedral_complex.convex_regions import convex_bounds
from polytope_lens.testing import boxes, networks
from reference import tuples

SQUARE = Box([-1, -1], [1, 1])


@pytest.mark.parametrize("domain", [None, SQUARE])
def test_convex_pieces_and_others(domain):
    def convex(network):
        return Lens(network).partition(domain).complex.linear_region_counts().convex_sets

    assert convex(max_of_two()) == (2, 2)
    assert convex(stack(([[1, 0], [0, 1]], [0, 0]))) == (4, 4)
    # Of relu(x + y) cut by a third line nothing bends along, two pieces of two regions each.
    assert convex(from_arrays([[[1, 1], [1, -1]], [[1, 0]]], [[0, 0], [0]])) == (2, 2)
    # relu(min(x, y)): a quadrant in two pieces, and the three others as one that is not convex.
    corner = stack(([[1, 0], [-1, 0], [0, 1], [0, -1], [-1, 1]], [0] * 5), ([[0, 0, 1, -1, -1]], [0]))
    assert convex(corner) == (4, 4)
    found = Lens(corner).partition(domain)
    labels = found.linear_pieces().labels
    around = np.bincount(labels).max()
    assert convex_bounds(found, labels, max_regions=1, max_programs=100).sets == (4, 2 + around)
    assert convex_bounds(found, labels, max_regions=1, max_programs=0).sets[0] == 3


@settings(max_examples=30)
@given(network=networks(2, max_depth=2, max_width=3), data=st.data())
def test_convexity_by_corners(network, data):
    """A polygon made of others is convex iff its corners' hull has no greater area."""
    partition = Lens(network).partition(data.draw(boxes(2)))
    labels = partition.linear_pieces().labels
    least = most = 0
    for piece in range(labels.max() + 1):
        members = np.flatnonzero(labels == piece).tolist()
        corners = [tuples(partition.vertices(i, exact=True)) for i in members]
        around = hull({p for polygon in corners for p in polygon})
        is_convex = area(around) == sum(map(area, corners))
        least += 1 if is_convex else 2
        most += 1 if is_convex else len(members)
    assert partition.complex.linear_region_counts(max_regions=1).convex_sets == (least, most)


def area(polygon):
    pairs = zip(polygon, polygon[1:] + polygon[:1], strict=True)
    return sum((a * d - b * c for (a, b), (c, d) in pairs), Fraction(0)) / 2


def hull(points):
    """Andrew's monotone chain, counter-clockwise."""

    def half(ordered):
        chain = []
        for x, y in ordered:
            while len(chain) > 1 and (chain[-1][0] - chain[-2][0]) * (y - chain[-2][1]) <= (
                chain[-1][1] - chain[-2][1]
            ) * (x - chain[-2][0]):
                chain.pop()
            chain.append((x, y))
        return chain[:-1]

    return half(sorted(points)) + half(sorted(points, reverse=True))


@settings(max_examples=60, deadline=None)
@given(network=networks(2, max_depth=2, max_width=3), data=st.data())
def test_bounds_hold_for_every_way_to_put_regions_together(network, data):
    partition = Lens(network).partition(data.draw(boxes(2)))
    if len(partition) > 7:
        return
    labels = partition.linear_pieces().labels.tolist()
    corners = [tuples(partition.vertices(i, exact=True)) for i in range(len(partition))]
    fewest_sets = fewest = len(corners)
    for blocks in set_partitions(list(range(len(corners)))):
        if any(len({labels[i] for i in block}) > 1 for block in blocks):
            continue
        hulls = [hull({p for i in block for p in corners[i]}) for block in blocks]
        if any(area(one) != sum(area(corners[i]) for i in block) for one, block in zip(hulls, blocks, strict=True)):
            continue
        fewest_sets = min(fewest_sets, len(blocks))
        points = {p for one in hulls for p in one}
        if not any(is_between(p, q, r) for one in hulls for q, r in pairwise([*one, one[0]]) for p in points):
            fewest = min(fewest, len(blocks))
    found = partition.complex.linear_region_counts()
    # Other ways may cut regions, so that these are upper bounds on the least numbers, as ours are.
    assert found.convex[0] <= fewest <= found.convex[1]
    assert found.convex_sets[0] <= fewest_sets


def set_partitions(items):
    if not items:
        yield []
        return
    first, *rest = items
    for blocks in set_partitions(rest):
        yield [[first], *blocks]
        for i, block in enumerate(blocks):
            yield [*blocks[:i], [first, *block], *blocks[i + 1 :]]


def is_between(p, q, r):
    """Whether p lies inside the segment from q to r."""
    (a, b), (c, d) = (tuple(v - w for v, w in zip(one, q, strict=True)) for one in (p, r))
    return a * d == b * c and 0 < a * c + b * d < c * c + d * d

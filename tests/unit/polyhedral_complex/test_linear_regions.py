"""Definitions of linear regions, where they differ."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from families import DEEP, central, cross_polytope, flip_trap, max_of_two, stack
from polytope_lens import Box, Lens
from polytope_lens.network.network import from_arrays
from polytope_lens.polyhedral_complex import linear_regions
from polytope_lens.testing import boxes, domains, networks, simplices
from reference import tuples

SQUARE = Box([-1, -1], [1, 1])


def counts(network, domain=None, **options):
    found = linear_regions.linear_region_counts(Lens(network).partition(domain), **options)
    return found.activation, found.proper_activation, found.open_connected, found.closed_connected, found.affine


@pytest.mark.parametrize("domain", [None, SQUARE])
def test_the_greater_of_two_numbers(domain):
    # Patterns on y = 0 where relu(y) and relu(-y) are off, on either side of x = y.
    assert counts(max_of_two(), domain) == (6, 4, 2, 2, 2)


def test_the_flip_trap():
    """The output is zero on both sides of 0, so two regions are one piece."""
    assert counts(flip_trap()) == (5, 5, 4, 4, 4)


@pytest.mark.parametrize("domain", [None, SQUARE])
def test_pieces_that_touch_in_a_corner(domain):
    """An output that is zero on two quadrants which have only the origin in common."""
    # relu(min(x, y)) + relu(-max(x, y)): two pieces in each of the other quadrants.
    first = ([[1, 0], [-1, 0], [0, 1], [0, -1], [1, -1], [-1, 1]], [0] * 6)
    # min(x, y) = y - relu(y - x), -max(x, y) = -y - relu(x - y).
    second = ([[0, 0, 1, -1, 0, -1], [0, 0, -1, 1, -1, 0]], [0, 0])
    assert counts(stack(first, second), domain)[2:] == (6, 5, 5)
    assert Lens(stack(first, second)).partition(domain).complex.linear_region_counts().convex == (6, 6)


def test_equal_maps_that_do_not_touch():
    """A tent: zero on both sides of it."""
    tent = stack(([[1], [1], [1]], [1, 0, -1]), ([[1, -2, 1]], [0]))
    found = counts(tent)
    assert found[2:] == (4, 4, 3)
    plane = stack(([[1, 0], [1, 0], [1, 0]], [0.5, 0, -0.5]), ([[1, -2, 1]], [0]))
    assert counts(plane)[2:] == counts(plane, SQUARE)[2:] == (4, 4, 3)


def test_three_lines_through_a_point_have_a_pattern_there():
    assert counts(central(3, 2))[0] in (7, 8) and counts(central(3, 2))[1] == 6
    star = stack(([[1, 0], [0, 1], [-1, -1]], [0, 0, 0]))
    assert counts(star) == (7, 6, 6, 6, 6)


@settings(max_examples=30)
@given(network=networks(2, max_depth=2, max_width=3), data=st.data())
def test_fractions_agree(network, data):
    partition = Lens(network).partition(data.draw(st.one_of(boxes(2), simplices(2))))
    found = partition.complex.linear_region_counts()
    maps = [reference.affine_rows(network, bits)[-1] for bits in partition.patterns().tolist()]
    assert found.affine == len({str(rows) for rows in maps})
    corners = [set(tuples(partition.vertices(i, exact=True))) for i in range(len(partition))]
    joined = list(range(len(partition)))
    for i, j in combinations(range(len(partition)), 2):
        if maps[i] == maps[j] and corners[i] & corners[j]:
            old, new = joined[j], joined[i]
            joined = [new if label == old else label for label in joined]
    assert found.closed_connected == len(set(joined))
    assert found.open_connected == partition.linear_pieces().n_pieces
    # Patterns at corners, in the middle of edges and inside.
    patterns = {tuple(bits) for bits in partition.patterns().tolist()}
    for i, bits in enumerate(partition.patterns().tolist()):
        around = tuples(partition.vertices(i, exact=True))
        middles = [
            tuple((a + b) / 2 for a, b in zip(p, q, strict=True))
            for p, q in zip(around, around[1:] + around[:1], strict=True)
        ]
        rows = reference.affine_rows(network, bits)
        for p in around + middles:
            values = [
                reference.dot(row, [*p, Fraction(1)]) > 0
                for layer, found_rows in zip(network.layers, rows, strict=False)
                for row, cuts in zip(found_rows, layer.cuts, strict=True)
                if cuts
            ]
            patterns.add(tuple(values))
    assert found.activation == len(patterns)


@settings(max_examples=30)
@given(network=networks(st.integers(1, 3), max_depth=2, max_width=3, output_dim=st.integers(1, 2)), data=st.data())
def test_none_is_greater_than_the_one_before(network, data):
    found = Lens(network).partition(data.draw(domains(network.input_dim, flat=True))).complex.linear_region_counts()
    low, high = found.convex
    chain = (found.activation, found.proper_activation, high, low, found.open_connected, found.closed_connected,
             found.affine)  # fmt: skip
    assert all(a >= b for a, b in pairwise(chain))


@pytest.mark.parametrize("d", [2, 3])
def test_mesh_and_linear_programs_agree(d):
    outside, box = cross_polytope(d), Box([-2] * d, [2] * d)
    assert counts(outside)[1:] == (2 ** (d + 1), 2**d + 1, 2**d + 1, 2**d + 1) == counts(outside, box)[1:]


def test_limits_leave_numbers_out():
    tent = stack(([[1, 0, 0], [1, 0, 0], [1, 0, 0]], [1, 0, -1]), ([[1, -2, 1]], [0]))
    assert counts(tent, max_programs=0)[3] is None
    assert counts(tent, max_regions=2)[0] is None


@pytest.mark.parametrize("family", [f for f in DEEP if f.pieces is not None and f.per_layer[-1] < 20], ids=str)
def test_known_families(family):
    found = counts(family.network, family.domain)
    assert found[1] == family.per_layer[-1] and found[2] == family.pieces


@pytest.mark.parametrize("domain", [None, SQUARE])
def test_convex_pieces_and_others(domain):
    def convex(network):
        return Lens(network).partition(domain).complex.linear_region_counts().convex

    assert convex(max_of_two()) == (2, 2)
    assert convex(stack(([[1, 0], [0, 1]], [0, 0]))) == (4, 4)
    # Of relu(x + y) cut by a third line nothing bends along, two pieces of two regions each.
    assert convex(from_arrays([[[1, 1], [1, -1]], [[1, 0]]], [[0, 0], [0]])) == (2, 2)
    # relu(min(x, y)): a quadrant in two pieces, and the three others as one that is not convex.
    corner = stack(([[1, 0], [-1, 0], [0, 1], [0, -1], [-1, 1]], [0] * 5), ([[0, 0, 1, -1, -1]], [0]))
    found = Lens(corner).partition(domain)
    low, high = convex(corner)
    around = np.bincount(found.linear_pieces().labels).max()
    assert low == 4 and high == 2 + around
    assert linear_regions.convex_bounds(found, found.linear_pieces().labels, 0)[0] == 3


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
    assert partition.complex.linear_region_counts().convex == (least, most)


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

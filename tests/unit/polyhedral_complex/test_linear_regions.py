"""Definitions of linear regions, where they differ."""

from __future__ import annotations

from dataclasses import replace
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
    found = Lens(stack(first, second)).partition(domain).complex.linear_region_counts()
    assert found.convex_sets == found.convex == (6, 6) and found.closures_connected == 5


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
    assert found.closures_connected == len(set(joined))
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
    fewest, most = found.convex_sets
    last = found.open_connected, found.closures_connected, found.closed_connected, found.affine
    for chain in ((high, low, fewest), (high, most, fewest)):
        assert all(a >= b for a, b in pairwise((found.activation, found.proper_activation, *chain, *last)))


@pytest.mark.parametrize("d", [2, 3])
def test_mesh_and_linear_programs_agree(d):
    outside, box = cross_polytope(d), Box([-2] * d, [2] * d)
    assert counts(outside)[1:] == (2 ** (d + 1), 2**d + 1, 2**d + 1, 2**d + 1) == counts(outside, box)[1:]


def deep(*layers):
    """Hidden layers as (weight, bias), the last one the outputs' row."""
    *hidden, output = layers
    weights = [np.array(weight, dtype=float) for weight, _ in hidden] + [np.array([output], dtype=float)]
    return from_arrays(weights, [np.array(bias, dtype=float) for _, bias in hidden] + [np.zeros(1)])


@pytest.mark.parametrize("domain", [None, Box([-3, -3], [3, 3])])
def test_the_six_definitions_of_one_function(domain):
    """max(-y, min(0, -x)) as -y + relu(y - relu(x)), y and -y carried along: 7, 5, 4, 3, 3, 3."""
    network = deep(([[1, 0], [0, 1], [0, -1]], [0] * 3), ([[-1, 1, -1], [0, 1, 0], [0, 0, 1]], [0] * 3), [1, -1, 1])
    x, y = np.random.default_rng(0).uniform(-3, 3, (2, 200))
    assert np.allclose(Lens(network)(np.column_stack([x, y]))[:, 0], np.maximum(-y, np.minimum(0, -x)))
    found = Lens(network).partition(domain).complex.linear_region_counts()
    assert (found.activation, found.proper_activation, found.convex) == (7, 5, (4, 4))
    assert (found.open_connected, found.closed_connected, found.affine) == (3, 3, 3)


@pytest.mark.parametrize("domain", [None, Box([-3, -3], [3, 3])])
def test_convex_pieces_that_do_not_meet_face_to_face(domain):
    """relu(max(x, min(1.5 x + .5 y, 2 x))): the ray of a sector ends on the side of the half-plane."""
    network = deep(([[1, 0], [-1, 0], [0.5, -0.5]], [0] * 3), ([[1, -1, -1], [1, 0, 0], [0, 1, 0]], [0] * 3),
                   ([[1, 1, -1]], [0]), [1])  # fmt: skip
    x, y = np.random.default_rng(0).uniform(-3, 3, (2, 200))
    wanted = np.maximum(0, np.maximum(x, np.minimum(1.5 * x + 0.5 * y, 2 * x)))
    assert np.allclose(Lens(network)(np.column_stack([x, y]))[:, 0], wanted)
    found = Lens(network).partition(domain).complex.linear_region_counts()
    assert (found.convex, found.convex_sets, found.open_connected) == ((5, 5), (4, 4), 4)


@pytest.mark.parametrize("domain", [None, Box([-3, -3], [3, 3])])
@pytest.mark.parametrize("outputs", [1, 2])
def test_closed_sets_go_along_slices(domain, outputs):
    """relu(x) + relu(min(x, 1 - y, 1 + y)): x on two quarters, which the segment from (0, -1) to (0, 1) joins."""
    network = deep(([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4),
                   ([[1, 0, 0, 0], [0, 1, 0, 0], [1, -1, 1, 1]], [0, 0, -1]), ([[1, 0, 0], [1, -1, -1]], [0, 0]),
                   [1, 1])  # fmt: skip
    x, y = np.random.default_rng(0).uniform(-3, 3, (2, 200))
    wanted = np.maximum(0, x) + np.maximum(0, np.minimum(x, np.minimum(1 - y, 1 + y)))
    assert np.allclose(Lens(network)(np.column_stack([x, y]))[:, 0], wanted)
    if outputs == 2:
        network = replace(network, output_weight=np.array([[1.0, 1.0], [2.0, 2.0]]), output_bias=np.array([0.0, 1.0]))
    found = Lens(network).partition(domain).complex.linear_region_counts()
    assert (found.convex, found.convex_sets) == ((8, 8), (6, 6))
    assert (found.open_connected, found.closures_connected, found.closed_connected, found.affine) == (6, 6, 5, 5)
    assert Lens(network).partition(domain).complex.linear_region_counts(max_programs=0).closed_connected is None


@settings(max_examples=30, deadline=None)
@given(network=networks(2, max_depth=2, max_width=3), data=st.data())
def test_closed_sets_by_slices_of_corners(network, data):
    """Where the network is a given map, region by region: slices of polygons, joined where they share a corner."""
    partition = Lens(network).partition(data.draw(boxes(2)))
    found = partition.complex.linear_region_counts()
    maps = [reference.affine_rows(network, bits)[-1][0] for bits in partition.patterns().tolist()]
    corners = [tuples(partition.vertices(i, exact=True)) for i in range(len(partition))]
    count = 0
    for one in {tuple(row): row for row in maps}.values():
        # Corners where both agree, and points in the middle of edges where the difference changes its sign.
        slices = []
        for polygon, row in zip(corners, maps, strict=True):
            gaps = [reference.dot(row, [*p, Fraction(1)]) - reference.dot(one, [*p, Fraction(1)]) for p in polygon]
            here = {p for p, gap in zip(polygon, gaps, strict=True) if not gap}
            for (p, g), (q, h) in pairwise([*zip(polygon, gaps, strict=True), (polygon[0], gaps[0])]):
                if g * h < 0:
                    here.add(tuple((a * h - b * g) / (h - g) for a, b in zip(p, q, strict=True)))
            slices.append((here, row == one))
        while slices:
            here, has_interior = slices.pop()
            grown = True
            while grown:
                met = [other for other in slices if here & other[0]]
                slices = [other for other in slices if not here & other[0]]
                here, has_interior = here.union(*(other[0] for other in met)), has_interior or any(o[1] for o in met)
                grown = bool(met)
            count += has_interior
    assert found.closed_connected == count


def test_limits_leave_numbers_out():
    tent = stack(([[1, 0, 0], [1, 0, 0], [1, 0, 0]], [1, 0, -1]), ([[1, -2, 1]], [0]))
    found = Lens(tent).partition().complex.linear_region_counts(max_programs=0)
    assert found.closures_connected is None and found.closed_connected is None
    assert counts(tent, max_regions=2)[0] is None


@pytest.mark.parametrize("family", [f for f in DEEP if f.pieces is not None and f.per_layer[-1] < 20], ids=str)
def test_known_families(family):
    found = counts(family.network, family.domain)
    assert found[1] == family.per_layer[-1] and found[2] == family.pieces

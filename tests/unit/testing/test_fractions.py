"""Exact volumes, corners and cells: known ones, and by other roads."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq, fmpz
from hypothesis import given
from hypothesis import strategies as st

import reference
from polytope_lens import Box, Lens
from polytope_lens.exact.owner_rows import integer_sides
from polytope_lens.testing import (
    networks,
)
from polytope_lens.testing.fractions import cone_volume, exact_cells, exact_maps, exact_volume, is_near, polygon


@pytest.mark.parametrize("rows", [[], [[0, 0, 0]], [[0, 0, -1]]])
def test_volumes_of_known_bodies(rows):
    def cube(d, side):
        return [[turn * (k == j) for k in range(d)] + [-side] for j in range(d) for turn in (1, -1)]

    for d in (1, 2, 3, 4):
        padded = [[*row[:1] * d, row[-1]] for row in rows]
        assert exact_volume(cube(d, 1) + padded, d) == 2**d
        corner = [[-int(k == j) for k in range(d)] + [0] for j in range(d)]
        simplex = [*corner, [1] * d + [-1]]
        assert exact_volume(simplex + padded, d) * [1, 1, 2, 6, 24][d] == 1
        assert exact_volume([*simplex, [1] * d + [-2], [2] * d + [-2]], d) == exact_volume(simplex, d)
    cross = [[a, b, c, -1] for a in (1, -1) for b in (1, -1) for c in (1, -1)]
    assert exact_volume(cross + rows * 0, 3) * 6 == 8


def test_volumes_of_flat_and_empty_bodies_are_zero():
    assert exact_volume([[1, 0, 0], [-1, 0, 0], [0, 1, -1], [0, -1, -1]], 2) == 0
    assert exact_volume([[1, -1], [-1, 2]], 1) == 0
    assert exact_volume([[1, 0, -1], [-1, 0, 2], [0, 1, -1], [0, -1, -1]], 2) == 0
    assert exact_volume([[0, 0, 1], [1, 0, -1], [-1, 0, -1], [0, 1, -1], [0, -1, -1]], 2) == 0


@given(rows=st.lists(st.tuples(*[st.integers(-3, 3)] * 3), max_size=5))
def test_areas_are_those_of_polygons(rows):
    """Lasserre's formula, and the shoelace formula of the corners by clipping."""
    box = Box([-2, -2], [2, 2])
    corners = polygon(box, [[fmpz(v) for v in row] for row in rows])
    turns = zip(corners, [*corners[1:], *corners[:1]], strict=True)
    shoelace = sum((a * d - b * c for (a, b), (c, d) in turns), fmpq(0)) / 2
    assert shoelace >= 0
    assert exact_volume([*rows, *integer_sides(box)], 2) == shoelace


@pytest.mark.parametrize("d", [1, 2, 3])
def test_cones_over_known_sets(d):
    """Over all of R^d the whole half-box, over an orthant its share, over a point nothing."""
    orthant = [[-int(j == k) for j in range(d)] + [0] for k in range(d)]
    point = orthant + [[-v for v in row] for row in orthant]
    assert cone_volume([], d) == 2**d
    assert cone_volume(orthant, d) == 1
    assert cone_volume(point, d) == 0
    # Over the unit box all of |y| <= t: a pyramid over a cube.
    box = [[turn * int(j == k) for j in range(d)] + [-1] for k in range(d) for turn in (1, -1)]
    assert cone_volume(box, d) * (d + 1) == 2**d


def test_nearness_is_decided_in_fractions():
    corner = [fmpq(1, 3), fmpq(0)]
    point = np.array([1 / 3, 0])
    gap = float(abs(Fraction(1 / 3) - Fraction(1, 3)))
    assert is_near(point, float(np.nextafter(gap, 1)), corner)
    assert not is_near(point, float(np.nextafter(gap, 0)), corner)
    assert is_near(point, np.inf, [fmpq(10) ** 400] * 2) and is_near(point, np.nan, corner)


@given(network=networks(2, max_depth=2, max_width=3, output_dim=2))
def test_cells_and_maps_are_those_of_plain_fractions(network):
    partition = Lens(network).partition(Box([-1, -1], [1, 1]))
    for bits, rows, found in zip(partition.patterns(), exact_cells(partition), exact_maps(partition), strict=True):
        *layers, outputs = reference.affine_rows(network, bits.tolist())
        cuts = [layers[q][j] for q, layer in enumerate(network.layers) for j in np.flatnonzero(layer.cuts)]
        assert len(rows) == len(cuts) + 4
        for row, bit, mine in zip(cuts, bits.tolist(), rows[: len(cuts)], strict=True):
            # Up to a positive factor, and the sign that makes the region the side where it is <= 0
            wanted = [-v if bit else v for v in row]
            factor = max(map(abs, wanted)) or 1
            size = max((abs(int(v)) for v in mine), default=0) or 1
            assert [Fraction(int(v), size) for v in mine] == [v / factor for v in wanted]
        assert found.tolist() == [[float(v) for v in row] for row in outputs]

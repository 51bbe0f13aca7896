"""Witnesses: which are inside, and what becomes of those that are not."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from families import golden
from polytope_lens import Box, Lens, Polytope
from polytope_lens.engines._kernels import subdivide as kernel
from polytope_lens.engines.witnesses import are_inside, certify_witnesses
from polytope_lens.network.network import from_arrays
from polytope_lens.testing import assert_witnesses_inside

NETWORK = golden((2, 4, 4), 1)
BOX = Box([-5, -5], [5, 5])


@cache
def found():
    return Lens(NETWORK).partition(BOX)


def check(witnesses, domain=BOX):
    return are_inside(NETWORK, domain, found().patterns(), witnesses)


def test_witnesses_are_inside_and_other_points_are_not():
    assert check(found().witnesses).all()
    assert not check(found().witnesses + 20).any()
    assert not check(np.roll(found().witnesses, 1, axis=0)).any()
    assert not check(np.full_like(found().witnesses, np.nan)).any()
    assert not check(np.full_like(found().witnesses, np.inf)).any()


def test_the_domain_counts():
    left = Polytope([[1, 0], [0, 0]], [0, 0])
    assert (check(found().witnesses, left) == (found().witnesses[:, 0] < 0)).all()
    assert check(found().witnesses, None).all()


def test_neurons_that_vanish_on_a_whole_region_do_not_count():
    # Layer 1 sees nothing but relu(x) - relu(x), and then what is left of x <= 0.
    network = from_arrays([[[1, 0], [1, 0]], [[1, -1], [1, 0]], [[1, 1]]], [[0, 0], [0, 0], [0]])
    bits = np.array([[True, True, False, True], [False] * 4, [False] * 4])
    X = np.array([[1.0, 2.0], [-1.0, 2.0], [0.0, 2.0]])
    assert are_inside(network, None, bits, X).tolist() == [True, True, False]


def test_only_those_outside_are_replaced():
    witnesses = found().witnesses.copy()
    witnesses[2], witnesses[5] = found().witnesses[3], np.nan
    unknown = np.zeros(len(found()), dtype=bool)
    settled = certify_witnesses(NETWORK, BOX, found().packed_patterns, witnesses, unknown)
    assert check(settled).all()
    assert np.delete(settled, [2, 5], axis=0).tolist() == np.delete(witnesses, [2, 5], axis=0).tolist()
    assert certify_witnesses(NETWORK, BOX, found().packed_patterns, witnesses, ~unknown) is witnesses


SQUARE = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=float)


def surely_inside(polygon, point, error=0.0, radius=0.0):
    corner = np.column_stack([polygon, np.full(len(polygon), error)])
    return kernel.surely_inside(corner, 0, len(polygon), *map(float, point), radius)


@pytest.mark.parametrize(
    ("point", "error", "radius", "expected"),
    [
        ((0.5, 0.5), 0.0, 0.0, True),
        ((2.0**-50, 0.5), 0.0, 0.0, True),
        ((2.0**-50, 0.5), 0.0, 2.0**-50, False),
        ((2.0**-50, 0.5), 2.0**-50, 0.0, False),
        ((0.5, 0.5), 2.0**-50, 2.0**-50, True),
        ((0.5, 0.5), np.inf, 0.0, False),
        ((0.0, 0.5), 0.0, 0.0, False),
        ((1.5, 0.5), 0.0, 0.0, False),
        ((np.nan, 0.5), 0.0, 0.0, False),
        ((np.inf, 0.5), 0.0, 0.0, False),
    ],
)
def test_points_are_proved_inside_polygons_within_the_error_of_the_corners(point, error, radius, expected):
    assert surely_inside(SQUARE, point, error, radius) is expected
    assert surely_inside(SQUARE[::-1], point, error, radius) is False


@pytest.mark.parametrize("engine", ["split", "subdivide", "brute"])
def test_witnesses_of_streams_are_those_of_the_partition(engine):
    lens = Lens.from_arrays([[[0, 2.0**-27], [1, 1]], [[-2, 1]], [[0]]], [[0, 0], [2.0**26], [0]])
    partition = lens.partition(None, engine)
    assert_witnesses_inside(partition)
    points = {region.pattern: region.point for region in lens.regions(None, engine)}
    assert all((points[region.pattern] == region.point).all() for region in partition)

"""Level sets in space."""

from collections import Counter
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings

from families import random_deep
from polytope_lens import Box, Lens
from polytope_lens.errors import DimensionError
from polytope_lens.function.level_surface import LevelSurface
from polytope_lens.testing import networks

CUBE = Box([-1, -1, -1], [1, 1, 1])
OCTAHEDRA = Lens.from_arrays([np.eye(3), [[1, 1, 1]]], [np.zeros(3), [0]], negative_slope=-1.0)  # |x| + |y| + |z|


def normal(corners):
    around = corners - corners[0]
    return sum((np.cross(p, q) for p, q in pairwise(around[1:])), np.zeros(3))


def check(partition, surface, value, output=0):
    """Each polygon is flat and in its region, turns the right way, and shares its sides with the next."""
    lens = Lens(partition.network)
    sides = Counter()
    for i, region in enumerate(surface.regions):
        ring = surface.corners[surface.indptr[i] : surface.indptr[i + 1]].tolist()
        sides.update(zip(ring, ring[1:] + ring[:1], strict=True))
        middle = surface[i].mean(axis=0)
        np.testing.assert_allclose(lens(middle[None])[0, output], value, atol=1e-12)
        assert (
            np.abs(surface[i] @ partition.maps[region, output, :-1] + partition.maps[region, output, -1] - value).max()
            < 1e-12
        )
        assert normal(surface[i]) @ partition.maps[region, output, :-1] > 0
    assert max(sides.values()) == 1
    for one, other in sides:
        if (other, one) not in sides:
            assert np.isclose(np.abs(surface.points[[one, other]]), 1).all(axis=0).any()


def test_an_octahedron():
    partition = OCTAHEDRA.partition(CUBE)
    surface = partition.level_set(value=0.5)
    assert repr(surface) == "LevelSurface(8 polygons, 6 corners, area 1.73205)"
    assert surface.area == pytest.approx(np.sqrt(3))
    check(partition, surface, 0.5)
    exact = partition.level_set(value=1, exact=True)
    assert sorted(map(tuple, exact.points.tolist())) == sorted(
        tuple(Fraction(int(k == axis) * sign) for k in range(3)) for axis in range(3) for sign in (-1, 1)
    )
    assert len(partition.level_set(value=0)) == len(partition.level_set(value=4)) == 0


def test_level_sets_boundaries_and_bent_hyperplanes_of_a_random_network():
    partition = Lens(random_deep((3, 8, 8), 3, 0.0)).partition(CUBE)
    value = float(np.median(Lens(partition.network)(partition.witnesses)[:, 0]))
    surface = partition.level_set(value=value)
    assert len(surface) > 50
    check(partition, surface, value)
    exact = partition.level_set(value=value, exact=True)
    assert np.array_equal(exact.corners, surface.corners)
    np.testing.assert_allclose(exact.points.astype(float), surface.points, atol=1e-11)
    sizes = partition.neurons().size
    for bit, (layer, neuron) in enumerate([(0, 0), (0, 1)] + [(1, k) for k in range(8)]):
        size = sizes[neuron if layer == 0 else 8 + neuron]
        bent = partition.complex.bent_hyperplane(layer, neuron)
        assert bent.area == pytest.approx(size), bit


def test_the_surface_bounds_the_volume_where_the_function_is_less():
    partition = Lens(random_deep((3, 6, 6), 5, 0.0)).partition(CUBE)
    lens, generator = Lens(partition.network), np.random.default_rng(0)
    value = float(np.median(lens(partition.witnesses)[:, 0]))
    surface = partition.level_set(value=value)
    # Signed volumes of pyramids over the polygons tell where the function is greater: div(x) = 3.
    below = (lens(generator.uniform(-1, 1, (200_000, 3)))[:, 0] < value).mean() * 8
    flux = sum(normal(surface[i]) @ surface[i][0] / 2 for i in range(len(surface)))
    on_sides = 0.0
    for axis in range(3):
        for sign in (-1, 1):
            points = generator.uniform(-1, 1, (100_000, 3))
            points[:, axis] = sign
            on_sides += 4 * (lens(points)[:, 0] < value).mean()
    assert (flux + on_sides) / 3 == pytest.approx(below, abs=0.03)


def test_faces_where_the_function_is_zero_on_one_side_only():
    ramp = Lens.from_arrays([[[1, 0, 0]], [[1]]], [[0], [0]]).partition(CUBE)
    surface = ramp.level_set(value=0)
    assert surface.flat_regions.tolist() == [0]
    assert sorted(map(tuple, surface.points[surface.corners[:4]].tolist())) == [
        (0, y, z) for y in (-1, 1) for z in (-1, 1)
    ]
    assert normal(surface[0])[0] > 0
    assert len(surface) == 1
    absolute = Lens.from_arrays([[[1, 0, 0]], [[1]]], [[0], [0]], negative_slope=-1.0).partition(CUBE)
    assert len(absolute.level_set(value=0)) == 1 and not len(absolute.level_set(value=0).flat_regions)
    plane = Lens.from_arrays([[[1, 1, 1]]], [[0]]).partition(CUBE)
    assert plane.level_set(value=0)[0].shape == (6, 3)  # a hexagon
    assert plane.level_set(value=-3).area == 0


@settings(max_examples=30)
@given(networks(3, max_width=3))
def test_every_network_has_closed_surfaces(network):
    partition = Lens(network).partition(CUBE)
    surface = partition.level_set(value=0)
    assert isinstance(surface, LevelSurface)
    for i in range(len(surface)):
        ring = surface.corners[surface.indptr[i] : surface.indptr[i + 1]]
        assert len(set(ring.tolist())) == len(ring) >= 3
    exact = partition.level_set(value=0, exact=True)
    assert np.array_equal(exact.regions, surface.regions) and np.array_equal(exact.corners, surface.corners)


def test_other_dimensions_are_refused():
    with pytest.raises(DimensionError, match="curves in the plane and surfaces in space, but this network has 4"):
        Lens(random_deep((4, 3), 0, 0.0)).partition(Box([-1] * 4, [1] * 4)).level_set()

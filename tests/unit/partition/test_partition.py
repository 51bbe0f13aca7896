"""The container of all regions."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from families import cross_polytope, generic, golden
from polytope_lens import Box, Lens, Polytope, Status
from polytope_lens.errors import DimensionError, UnboundedPolytopeError

LENS = Lens(golden((2, 4, 4), 1))
PARTITION = LENS.partition(Box([-5, -5], [5, 5]))


def test_items_are_regions_in_canonical_order():
    patterns = [region.pattern.bits for region in PARTITION]
    assert patterns == sorted(patterns)
    assert len(set(patterns)) == len(patterns) == len(PARTITION)
    assert PARTITION[-1].pattern.bits == patterns[-1]
    assert PARTITION[3].pattern.bits == tuple(PARTITION.bits()[3])
    assert PARTITION[3].point.tolist() == PARTITION.witnesses[3].tolist()


@pytest.mark.parametrize("index", [10**6, -(10**6)])
def test_there_is_no_such_region(index):
    with pytest.raises(IndexError, match=f"region {index} was asked for"):
        PARTITION[index]


def test_the_maps_are_those_of_the_regions():
    for i, region in enumerate(PARTITION):
        assert np.allclose(PARTITION.maps[i], region.augmented_map()[:-1])


def test_corners_and_areas():
    for i in range(len(PARTITION)):
        corners, expected = PARTITION.vertices(i), PARTITION[i].polytope.vertices()
        turn = int(np.abs(corners[0] - expected).sum(axis=1).argmin())
        assert np.allclose(corners, np.roll(expected, -turn, axis=0), atol=1e-9)
    assert np.isclose(PARTITION.volumes().sum(), 100)
    assert np.allclose([polygon.area for polygon in PARTITION.polygons()], PARTITION.volumes())


def test_polygons_exist_in_bounded_domains_of_the_plane():
    with pytest.raises(DimensionError, match="2 inputs; this one has 3"):
        Lens(cross_polytope(3)).partition(Box([-1] * 3, [1] * 3)).polygons()
    with pytest.raises(UnboundedPolytopeError, match="domain is unbounded"):
        LENS.partition(None).volumes()
    with pytest.raises(UnboundedPolytopeError, match="domain is unbounded"):
        LENS.partition(Polytope([[1, 0]], [0])).vertices(0)


def test_a_partition_says_how_it_was_found():
    assert PARTITION.status is Status.COMPLETE
    assert PARTITION.engine == "subdivide"
    assert PARTITION.certificate.total == PARTITION.certificate.float64 + PARTITION.certificate.rational > 0
    assert repr(PARTITION).startswith(
        f"Partition({len(PARTITION)} regions of Box([-5.0, -5.0], [5.0, 5.0]), per layer ["
    )
    assert "all of R^2" in repr(LENS.partition(None))


def test_generic_networks_need_no_rational_arithmetic():
    assert Lens(generic(12, 2)).partition(Box([-1, -1], [1, 1])).certificate.rational == 0


def test_partitions_are_read_only():
    for name in ("patterns", "maps", "witnesses", "counts_per_layer"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(PARTITION, name)[...] = 0
    with pytest.raises(FrozenInstanceError):
        PARTITION.engine = "guess"


def test_equal_questions_get_equal_arrays():
    again = LENS.partition(Box([-5, -5], [5, 5]))
    for name in ("patterns", "maps", "witnesses", "counts_per_layer"):
        assert np.array_equal(getattr(PARTITION, name), getattr(again, name))
    for name in ("points", "error", "indptr", "corners", "owners", "crowded"):
        assert np.array_equal(getattr(PARTITION.mesh, name), getattr(again.mesh, name))

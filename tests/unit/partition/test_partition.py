"""The container of all regions."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from families import cross_polytope, generic, golden
from polytope_lens import Box, Lens, Polytope, Status
from polytope_lens.errors import DimensionError, IndexingError, UnboundedPolytopeError
from polytope_lens.network.pattern import unpack

LENS = Lens(golden((2, 4, 4), 1))
PARTITION = LENS.partition(Box([-5, -5], [5, 5]))


def test_items_are_regions_in_canonical_order():
    patterns = [region.pattern.bits for region in PARTITION]
    assert patterns == sorted(patterns)
    assert len(set(patterns)) == len(patterns) == len(PARTITION)
    assert PARTITION[-1].pattern.bits == patterns[-1]
    assert PARTITION[3].pattern.bits == tuple(PARTITION.patterns()[3])
    assert PARTITION[3].point.tolist() == PARTITION.witnesses[3].tolist()


@pytest.mark.parametrize("index", [10**6, -(10**6)])
def test_there_is_no_such_region(index):
    with pytest.raises(IndexError, match=f"region {index} was asked for"):
        PARTITION[index]


def test_several_regions_are_a_list():
    regions = list(PARTITION)
    for index in (slice(None), slice(3), slice(-2, None), slice(None, None, -3), slice(5, 2)):
        assert PARTITION[index] == regions[index]
    assert PARTITION[[2, -1, 2]] == [regions[2], regions[-1], regions[2]]
    assert PARTITION[np.array([1, 0])] == regions[1::-1]
    bounded = PARTITION.bounded_mask()
    assert PARTITION[bounded] == regions and PARTITION[~bounded] == [] == PARTITION[[]]
    assert PARTITION[np.int64(1)] == regions[1]


@pytest.mark.parametrize("index", ["a", 1.0, None, True, (0, 1), [0.5], [True], slice("a"), [[0]], [10**6]], ids=str)
def test_what_picks_no_regions_is_refused_in_one_sentence(index):
    with pytest.raises(IndexingError, match=rf"^the partition has {len(PARTITION)} regions, "):
        PARTITION[index]
    with pytest.raises(IndexingError):
        PARTITION.vertices(slice(2))


def test_regions_are_found_in_partitions():
    inside = LENS.at([0.3, -0.2], PARTITION.domain)
    assert inside in PARTITION and PARTITION[0] in PARTITION
    assert LENS.at([0.3, -0.2]) not in PARTITION  # whole, not clipped
    assert LENS.at([0.3, -0.2], Box([-5, -5], [5, 6])) not in PARTITION
    assert Lens(golden((2, 4, 4), 2)).at([0.3, -0.2], PARTITION.domain) not in PARTITION
    assert "region" not in PARTITION
    near = LENS.explore([0.3, -0.2], PARTITION.domain, max_regions=2)
    assert sum(region in near for region in PARTITION) == 2
    assert {region: i for i, region in enumerate(PARTITION)}[inside] == PARTITION.locate([0.3, -0.2])[0]


def test_patterns_are_bools():
    patterns = PARTITION.patterns()
    assert patterns.dtype == bool and patterns.shape == (len(PARTITION), 8)
    assert (patterns == LENS.patterns(PARTITION.witnesses)).all()
    assert (unpack(PARTITION.packed_patterns, 8) == patterns).all()


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
    for name in ("packed_patterns", "maps", "witnesses", "counts_per_layer"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(PARTITION, name)[...] = 0
    with pytest.raises(FrozenInstanceError):
        PARTITION.engine = "guess"


def test_equal_questions_get_equal_arrays():
    again = LENS.partition(Box([-5, -5], [5, 5]))
    for name in ("packed_patterns", "maps", "witnesses", "counts_per_layer"):
        assert np.array_equal(getattr(PARTITION, name), getattr(again, name))
    for name in ("points", "error", "indptr", "corners", "owners", "crowded"):
        assert np.array_equal(getattr(PARTITION.mesh, name), getattr(again.mesh, name))

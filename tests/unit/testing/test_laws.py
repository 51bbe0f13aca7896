"""The checks are checked: each accepts what is right, and finds what was broken on purpose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from broken import LENS, N_REGIONS, inner_corner, planar, with_bit_flipped, with_corner_moved, with_map_nudged, without
from families import cross_polytope, max_of_two, sawtooth, seven_lines
from polytope_lens import Box, Lens, Polytope
from polytope_lens.network.network import from_arrays
from polytope_lens.testing import (
    assert_corners_true,
    assert_counts,
    assert_embedded,
    assert_maps_agree,
    assert_neighbors_symmetric,
    assert_partition,
    assert_patterns_found,
    assert_points_located,
    assert_same_regions,
    assert_valid_coverage,
    assert_volumes_add_up,
    assert_witnesses_inside,
    laws,
    sample_points,
)


def test_right_partitions_pass_every_check():
    assert len(planar()) == N_REGIONS
    for check in (assert_counts, assert_witnesses_inside, assert_volumes_add_up, assert_corners_true):
        check(planar())
    X = sample_points(planar(), 60)
    assert_patterns_found(planar(), X)
    assert_points_located(planar(), X)
    assert_maps_agree(LENS, planar())
    assert_valid_coverage(planar())
    assert_neighbors_symmetric(planar())
    assert_same_regions(planar(), LENS.partition(planar().domain, engine="split"))
    assert_partition(planar(), X)


@pytest.mark.parametrize(
    ("network", "domain"),
    [
        (max_of_two(), None),
        (seven_lines(), None),
        (cross_polytope(3), Box([-1] * 3, [1] * 3)),
        (cross_polytope(3), None),
        (cross_polytope(2), Polytope([[-1, 0], [0, -1], [1, 1]], [2, 2, 2])),
        (cross_polytope(2), Polytope([[-1, 0], [0, -1]], [2, 2])),
        (sawtooth(4), Box([0], [1])),
        (sawtooth(3), None),
        (from_arrays([[[1, 2]]], [[3]]), None),
        (from_arrays([[[1, 2]]], [[3]]), Box([0, 0], [1, 1])),
    ],
)
def test_partitions_of_every_kind_pass(network, domain):
    assert_partition(Lens(network).partition(domain))


@pytest.mark.parametrize("region", range(0, N_REGIONS, 4))
def test_a_dropped_region_is_missed(region):
    broken = without(planar(), region)
    with pytest.raises(AssertionError, match="`count` finds as many regions"):
        assert_counts(broken)
    with pytest.raises(AssertionError, match=r"volumes add up to the domain's: 0\.\d* of it is covered, .* missing"):
        assert_volumes_add_up(broken)
    with pytest.raises(AssertionError, match=r"an edge joins two regions, unless it is the domain's|Euler"):
        assert_valid_coverage(broken)
    with pytest.raises(AssertionError, match=r"neighbours are regions of the partition: across a facet of region \d+"):
        assert_neighbors_symmetric(broken)
    inside = planar().witnesses[region : region + 1]
    with pytest.raises(AssertionError, match=r"the region of every point is listed: .* which is not among the"):
        assert_patterns_found(broken, inside)
    with pytest.raises(AssertionError, match=r"every point .* is located: point .* does not list"):
        assert_points_located(broken, inside)
    with pytest.raises(AssertionError, match=r"1 of the \d+ regions of 'subdivide' are not among"):
        assert_same_regions(broken, planar())
    with pytest.raises(AssertionError):
        assert_partition(broken)


@pytest.mark.parametrize("bit", range(8))
def test_a_flipped_bit_is_noticed(bit):
    broken = with_bit_flipped(planar(), 7, bit)
    with pytest.raises(AssertionError):
        assert_partition(broken)
    with pytest.raises(AssertionError, match=r"witnesses lie inside their regions: that of region 7 .* outside"):
        assert_witnesses_inside(broken)
    with pytest.raises(AssertionError, match=r"regions have interior|volumes add up"):
        assert_volumes_add_up(broken)
    with pytest.raises(AssertionError, match=r"is not listed|crossing a facet|each facet has another|maps agree"):
        assert_neighbors_symmetric(broken)
    with pytest.raises(AssertionError, match="corners are true"):
        assert_corners_true(broken)


def test_a_region_listed_twice_or_out_of_order_is_noticed():
    twice = replace(planar(), packed_patterns=np.repeat(planar().packed_patterns[:1], len(planar()), axis=0))
    with pytest.raises(AssertionError, match="ascending order, each once: regions 0 and 1"):
        assert_counts(twice)
    swapped = replace(planar(), packed_patterns=planar().packed_patterns[::-1])
    with pytest.raises(AssertionError, match="ascending order"):
        assert_counts(swapped)
    with pytest.raises(AssertionError, match="same order"):
        assert_same_regions(swapped, planar())


def test_wrong_counts_are_noticed():
    counts = planar().counts_per_layer + np.array([1, 0])
    broken = replace(planar(), counts_per_layer=counts)
    with pytest.raises(AssertionError, match="counts per layer are those of the patterns"):
        assert_counts(broken)
    with pytest.raises(AssertionError, match="same counts"):
        assert_same_regions(planar(), broken)


@pytest.mark.parametrize("entry", [0, 1, 2])
@pytest.mark.parametrize("by", [1e-3, np.nan])
def test_a_nudged_map_is_noticed(entry, by):
    broken = with_map_nudged(planar(), 5, entry, by)
    with pytest.raises(AssertionError, match=rf"entry \[0, {entry}\] of that of region 5 \(.*\) is .*, not"):
        assert_maps_agree(LENS, broken)
    with pytest.raises(AssertionError, match=r"same maps: in region 5"):
        assert_same_regions(planar(), broken)
    with pytest.raises(AssertionError, match="maps"):
        assert_partition(broken)
    with pytest.raises(AssertionError, match="maps agree on shared facets"):
        assert_neighbors_symmetric(broken)


def test_a_network_with_other_values_is_noticed():
    with pytest.raises(AssertionError, match=r"maps give the network's values: at .* output 0 is"):
        assert_maps_agree(lambda rows: LENS(rows) + 1e-3, planar())
    in_float32 = LENS(planar().witnesses).astype(np.float32)
    with pytest.raises(AssertionError, match="network's values"):
        assert_maps_agree(lambda rows: in_float32, planar(), tolerance=1e-12)
    assert_maps_agree(lambda rows: in_float32, planar(), tolerance=1e-6)


def test_a_model_may_round_a_zero_to_the_other_side():
    # At the witness (-2/3, 2/3) the second neuron is exactly zero, and 1e-16 in floats.
    first = [[0, 0], [0, 1], [-1, 0], [-1, 1], [-1, 0]]
    second = [[1, 1, -1, 0, 0], [-1, 1, -1, 0, 0]]
    biases = [[1, 1, 0, -1, 1], [-1, 1], [0], [0]]
    lens = Lens.from_arrays([first, second, [[1, -1]], [[-1]]], biases)
    for engine in ("subdivide", "split", "brute"):
        assert_maps_agree(lens, lens.partition(None, engine=engine))


def test_maps_that_fit_nowhere_but_in_the_middle_are_noticed_in_the_corners():
    # Nudged within the tolerance for maps, but wide of the neighbours: only the corners tell.
    broken = with_map_nudged(planar(), 5, 2, 0.01)
    with pytest.raises(AssertionError, match="maps agree where regions meet: at the corner"):
        laws._assert_maps_meet(broken, laws.MAP_TOLERANCE)


@pytest.mark.parametrize("by", [[1e-6, 0], [0, -1e-3], [0.1, 0.1]])
def test_a_moved_corner_is_noticed(by):
    broken = with_corner_moved(planar(), inner_corner(planar()), by)
    with pytest.raises(AssertionError, match=r"corners are true: those of region \d+"):
        assert_corners_true(broken)
    with pytest.raises(AssertionError, match=r"volumes are true: that of region \d+"):
        assert_volumes_add_up(broken)
    with pytest.raises(AssertionError, match=r"corners|areas|maps"):
        assert_partition(broken)


def test_overlapping_regions_are_noticed():
    whole = Lens(max_of_two()).partition(Box([-1, -1], [1, 1]))
    # The same network with fewer cuts, but the patterns of the first: its regions fit more than once.
    other = from_arrays([[[1, -1], [0, 0], [0, 0]], [[1, 1, -1]]], [[0, 0, 0], [0]])
    broken = replace(
        whole, network=other, packed_patterns=Lens(other).partition(whole.domain).packed_patterns.repeat(2, axis=0)
    )
    with pytest.raises(AssertionError, match="overlap"):
        assert_volumes_add_up(replace(broken, mesh=None))
    with pytest.raises(AssertionError, match="interiors are disjoint"):
        assert_points_located(broken, [[0.5, 0.25]])


def test_witnesses_elsewhere_are_noticed():
    for wrong in ([4, 4], [np.nan, 0], planar().vertices(3)[0], [100, 0]):
        witnesses = planar().witnesses.copy()
        witnesses[3] = wrong
        with pytest.raises(AssertionError, match=r"witnesses lie inside their regions: that of region 3"):
            assert_witnesses_inside(replace(planar(), witnesses=witnesses))


@pytest.mark.parametrize("wrong", [[-1.0, 1.0], [0.0, 0.0], [2.0**-53, 0.0]])
def test_witnesses_on_the_boundary_of_a_strip_that_holds_floats_are_noticed(wrong):
    """The strip 0 < x + y < 2^-53."""
    lens = Lens.from_arrays([[[1, 1]], [[-1]], [[1]]], [[0], [2.0**-53], [0]])
    partition = lens.partition(None)
    (strip,) = np.flatnonzero(partition.patterns().all(axis=1))
    witnesses = partition.witnesses.copy()
    witnesses[strip] = wrong
    with pytest.raises(AssertionError, match=r"witnesses lie inside their regions: .* on the boundary or outside"):
        assert_witnesses_inside(replace(partition, witnesses=witnesses))


def test_witnesses_of_slivers_may_be_rounded():
    # No float lies between 1 and 1 + 2^-52, where two of the three regions of this interval are.
    lens = Lens.from_arrays([[[1.0]], [[1.0]], [[1.0]]], [[-1.0], [-(2.0**-54)], [0.0]])
    partition = lens.partition(Box([0], [1 + 2.0**-52]), engine="brute")
    assert len(partition) == 3
    assert_witnesses_inside(partition)


@pytest.mark.parametrize(
    "domain", [Box([0, 0], [0.25, 8]), Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, 1]), Polytope([[1, 0]], [0]), None]
)
def test_sampled_points_lie_in_the_domain_and_repeat(domain):
    partition = LENS.partition(domain)
    X = sample_points(partition, 50)
    assert X.shape == (50, 2)
    assert domain is None or domain.contains(X).all()
    assert np.array_equal(X, sample_points(partition, 50))
    assert not np.array_equal(X, sample_points(partition, 50, seed=1))


def test_what_is_not_as_on_the_flat_is_noticed():
    flat = LENS.partition(Box([-4, 0.3], [4, 0.3]))
    assert_partition(flat)
    assert_embedded(planar())
    moved = flat.witnesses.copy()
    moved[1, 1] = np.nextafter(0.3, 1)
    with pytest.raises(AssertionError, match=r"fixed inputs are as the box has them: one of the witnesses is \["):
        assert_embedded(replace(flat, witnesses=moved))
    moved[1] = [moved[1, 0] + 0.125, 0.3]
    with pytest.raises(AssertionError, match="witnesses are those on the flat"):
        assert_embedded(replace(flat, witnesses=moved))
    with pytest.raises(AssertionError, match="patterns are those on the flat"):
        assert_embedded(replace(flat, packed_patterns=flat.packed_patterns[:-1]))
    with pytest.raises(AssertionError, match="counts are those on the flat"):
        assert_embedded(replace(flat, counts_per_layer=flat.counts_per_layer + 1))
    with pytest.raises(AssertionError, match="maps are the product"):
        assert_partition(with_map_nudged(flat, 1, 1, 1.0))
    with pytest.raises(AssertionError, match="volumes add up"):
        assert_volumes_add_up(replace(flat, on_flat=without(flat.on_flat, 1)))

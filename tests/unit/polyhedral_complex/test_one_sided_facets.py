"""Facets of regions of a partition, each seen from one side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from families import braid, flip_trap, generic, seven_lines
from polytope_lens import Box, Lens
from polytope_lens.errors import ConsistencyError
from polytope_lens.polyhedral_complex.one_sided_facets import region_facets


def listed(found):
    """Region, region across and owners of each facet, in order."""
    owners = [found.owner[a:b].tolist() for a, b in zip(found.indptr, found.indptr[1:], strict=False)]
    return sorted(zip(found.region.tolist(), found.across.tolist(), owners, strict=True))


@pytest.mark.parametrize("network", [flip_trap(), generic(5, 2), braid(3), seven_lines()])
def test_each_inner_facet_is_seen_from_both_sides_with_the_same_owners(network):
    partition = Lens(network).partition(mesh=False)
    found = listed(region_facets(partition, np.arange(len(partition))))
    assert all(across >= 0 for _, across, _ in found)
    assert found == sorted((across, region, owners) for region, across, owners in found)


def test_what_lies_across_is_what_the_neighbours_of_a_region_are():
    partition = Lens(generic(5, 2)).partition(Box([-1, -1], [1, 1]), mesh=False)
    found = region_facets(partition, np.arange(len(partition)))
    index = {region.pattern: i for i, region in enumerate(partition)}
    for i, region in enumerate(partition):
        across = found.across[found.region == i]
        assert sorted(across[across >= 0]) == sorted(index[other.pattern] for other in region.neighbors())
        assert (across < 0).sum() == sum(its[0][0] == -1 for its in map(sorted, region.polytope.owners))


def test_of_some_regions_only():
    partition = Lens(generic(6, 2)).partition(mesh=False)
    every = listed(region_facets(partition, np.arange(len(partition))))
    assert listed(region_facets(partition, np.array([3, 7]))) == [facet for facet in every if facet[0] in (3, 7)]
    assert listed(region_facets(partition, np.zeros(0, dtype=np.int64))) == []


def test_a_side_of_the_domain_comes_first_among_owners():
    # The neuron's hyperplane is a side of the domain, which two rows say.
    lens = Lens.from_arrays([[[1.0], [2.0]], [[1, 1]]], [[0, -1], [0]])
    partition = lens.partition(Box([0], [1]), mesh=False)
    assert listed(region_facets(partition, np.arange(2))) == [(0, -1, [-1, 0]), (0, 1, [1]), (1, -1, [-2]), (1, 0, [1])]


def test_of_a_search_that_was_cut_short_what_is_not_listed_is_minus_one():
    partition = Lens(generic(6, 2)).explore([0, 0], max_regions=3)
    found = region_facets(partition, np.arange(3))
    assert (found.across >= 0).any() and (found.across < 0).any()


def test_a_complete_partition_that_lacks_a_neighbour_is_refused():
    partition = Lens(generic(5, 2)).partition(mesh=False)
    rest = [array[1:] for array in (partition.packed_patterns, partition.maps, partition.witnesses)]
    broken = replace(partition, packed_patterns=rest[0], maps=rest[1], witnesses=rest[2])
    with pytest.raises(ConsistencyError, match="does not list"):
        region_facets(broken, np.arange(len(broken)))

"""Partitions laid over each other, against shapely and against sums."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from families import generic, golden, random_deep, sawtooth
from polytope_lens import Box, Lens
from polytope_lens.comparison.overlay import majorities, overlay
from polytope_lens.errors import DimensionError, DomainError, PartialPartitionError, UnboundedPolytopeError
from polytope_lens.network.network import Network, from_arrays
from polytope_lens.testing import boxes, networks

SQUARE = Box([-1, -1], [1, 1])


def assert_adds_up(found, rtol=1e-9):
    """Each pair once; pieces fill the regions of either partition; each lies in the regions it is said to lie in."""
    pairs = np.column_stack([found.first_regions, found.second_regions])
    assert len(np.unique(pairs, axis=0)) == len(found) == len(found.refinement)
    matrix, scale = found.matrix(), found.volumes.sum()
    assert matrix.nnz == len(found)
    for partition, regions, axis in ((found.first, found.first_regions, 1), (found.second, found.second_regions, 0)):
        assert np.array_equal(partition.locate(found.refinement.witnesses), regions)
        assert matrix.sum(axis=axis) == pytest.approx(partition.volumes(), rel=rtol, abs=rtol * scale)


def test_overlaps_are_those_that_shapely_cuts_out():
    lenses = Lens(random_deep((2, 7), 0, 0.0)), Lens(random_deep((2, 5, 4), 1, 0.1))
    found = lenses[0].overlay(lenses[1], SQUARE)
    assert_adds_up(found)
    one, two = (lens.partition(SQUARE).polygons() for lens in lenses)
    clipped = shapely.area(shapely.intersection(one[:, None], two[None, :]))
    assert clipped == pytest.approx(found.matrix().toarray(), abs=1e-12)
    assert (clipped > 1e-12).sum() == len(found)


@settings(max_examples=40)
@given(data=st.data())
def test_degenerate_networks_overlay(data):
    d = data.draw(st.integers(1, 2))
    first, second = (data.draw(networks(d, max_depth=3, max_width=3)) for _ in range(2))
    box = data.draw(boxes(d))
    assert_adds_up(Lens(first).overlay(Lens(second), box))


def test_a_network_over_itself():
    partition = Lens(golden((2, 8, 8), 2)).partition(SQUARE)
    found = overlay(partition, partition)
    assert found.first_regions.tolist() == found.second_regions.tolist() == list(range(len(partition)))
    assert np.array_equal(found.volumes, partition.volumes())
    assert found.refinement.network.widths == partition.network.widths
    assert repr(found) == f"Overlay({len(partition)} and {len(partition)} regions, {len(partition)} pieces)"


def test_thin_pieces_are_found():
    """A line moved by one unit in the last place leaves a piece thinner than any tolerance."""
    at, beside = (Lens.from_arrays([[[1, 0]], [[1]]], [[bias], [0]]) for bias in (0.5, np.nextafter(0.5, 1)))
    found = at.overlay(beside, SQUARE)
    assert len(found) == 3
    assert found.first_regions.tolist() == [0, 0, 1] and found.second_regions.tolist() == [0, 1, 1]
    assert found.volumes.tolist() == [1 - 2 * np.spacing(0.5), 2 * np.spacing(0.5), 3]


def test_space_and_beyond():
    for d in (3, 4):
        box = Box([-1] * d, [1] * d)
        first, second = Lens(generic(3, d)), Lens(random_deep((d, 2, 2), 3, 0.0))
        found = first.overlay(second, box)
        assert_adds_up(found)
        assert found.volumes.sum() == pytest.approx(2**d)


def test_an_affine_network_has_one_region():
    found = Lens(from_arrays([[[1, 1]]], [[0]])).overlay(golden((2, 4, 4), 1), SQUARE)
    assert set(found.first_regions.tolist()) == {0}
    assert found.second_regions.tolist() == list(range(len(found.second)))


def test_shared_and_permuted_neurons_keep_their_bits():
    network = golden((2, 6, 6), 3)
    order = np.random.default_rng(0).permutation(6)
    weights, biases = [q.weight for q in network.layers], [q.bias for q in network.layers]
    other = from_arrays(
        [weights[0][order], weights[1][:, order], network.output_weight],
        [biases[0][order], biases[1], network.output_bias],
    )
    found = Lens(network).overlay(other, SQUARE)
    assert found.refinement.network.widths == network.widths
    assert_adds_up(found)
    assert len(found) == len(found.first)
    assert found.first_regions.tolist() != found.second_regions.tolist()


def test_refusals():
    partition = Lens(golden((2, 4, 4), 1)).partition(SQUARE)
    network: Network = partition.network
    with pytest.raises(DimensionError, match="same inputs"):
        overlay(partition, Lens(sawtooth(2)).partition(Box([-1], [1])))
    with pytest.raises(DomainError, match="one domain"):
        overlay(partition, Lens(network).partition(Box([0, 0], [1, 1])))
    with pytest.raises(UnboundedPolytopeError, match=r"Box\(\[-1, -1\]"):
        overlay(Lens(network).partition(None), Lens(network).partition(None))
    with pytest.raises(PartialPartitionError):
        overlay(partition, Lens(network).explore([0.0, 0.0], SQUARE, max_regions=2))


def exact_majorities(found):
    """Which region holds more than half of each, from volumes as fractions."""
    sizes = [region.volume(exact=True) for region in found.refinement]
    answers = []
    for regions, held_by, n in (
        (found.first_regions, found.second_regions, len(found.first)),
        (found.second_regions, found.first_regions, len(found.second)),
    ):
        total, answer = [0] * n, [-1] * n
        for region, size in zip(regions.tolist(), sizes, strict=True):
            total[region] += size
        for region, holder, size in zip(regions.tolist(), held_by.tolist(), sizes, strict=True):
            if 2 * size > total[region]:
                answer[region] = holder
        answers.append(answer)
    return answers


@settings(max_examples=25)
@given(data=st.data())
def test_majorities_are_those_of_fractions(data):
    d = data.draw(st.integers(1, 2))
    first, second = (data.draw(networks(d, max_depth=2, max_width=3)) for _ in range(2))
    found = Lens(first).overlay(Lens(second), data.draw(boxes(d)))
    assert [answer.tolist() for answer in majorities(found)] == exact_majorities(found)


def test_a_half_is_no_majority_but_a_unit_in_the_last_place_decides():
    half = Lens.from_arrays([[[1, 0]], [[1]]], [[0], [0]])
    whole = from_arrays([[[0, 0]]], [[0]])
    assert majorities(half.overlay(whole, SQUARE))[1].tolist() == [-1]
    for bias, larger in ((2.0**-60, 1), (-(2.0**-60), 0)):
        moved = Lens.from_arrays([[[1, 0]], [[1]]], [[bias], [0]])
        assert majorities(moved.overlay(whole, SQUARE))[1].tolist() == [larger]

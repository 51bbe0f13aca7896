"""Regions merged into linear pieces."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from families import DEEP, cross_polytope, flip_trap, generic, golden, max_of_four, max_of_two, random_deep, sawtooth
from polytope_lens import Box, Lens
from polytope_lens.errors import IndexingError
from polytope_lens.polyhedral_complex import linear_pieces
from polytope_lens.polyhedral_complex.facet_table import neighbor_pairs
from polytope_lens.testing import domains, networks

COUNTED = [family for family in DEEP if family.pieces is not None]


@pytest.mark.parametrize("family", COUNTED, ids=str)
def test_known_numbers_of_pieces(family):
    assert Lens(family.network).partition(family.domain).linear_pieces().n_pieces == family.pieces


@pytest.mark.parametrize(("network", "d"), [(max_of_two(), 2), (max_of_four(), 4)])
def test_pieces_of_a_maximum_are_where_each_argument_wins(network, d):
    partition = Lens(network).partition()
    labels = partition.linear_pieces().labels
    X = np.random.default_rng(0).standard_normal((200, d))
    winner = X.argmax(axis=1)
    label = labels[partition.locate(X)]
    assert len(set(zip(winner.tolist(), label.tolist(), strict=True))) == d


def test_pieces_are_numbered_by_their_first_region():
    for network in (max_of_four(), golden((2, 8, 8, 8), 3), cross_polytope(3)):
        labels = Lens(network).partition().linear_pieces().labels
        _, first = np.unique(labels, return_index=True)
        assert (np.diff(first) > 0).all()
        assert labels[0] == 0


def test_equal_maps_that_do_not_meet_are_different_pieces():
    # relu(x - 1) + relu(-1 - x) with a bump between: it is zero on two intervals.
    lens = Lens.from_arrays([[[1]] * 3, [[1, -2, 1]]], [[1, 0, -1], [0]])
    found = lens.partition().linear_pieces()
    assert found.n_pieces == 4
    assert (lens.partition().maps[[0, 3]] == 0).all()


def test_pieces_are_picked_one_by_one_and_in_parts():
    found = Lens(max_of_two()).partition(Box([-1, -1], [1, 1])).linear_pieces()
    assert len(found) == found.n_pieces == 2
    regions = [piece.tolist() for piece in found]
    assert regions == [[0, 1], [2, 3]] == [found[i].tolist() for i in range(2)]
    assert [piece.tolist() for piece in found[::-1]] == regions[::-1] and found[-1].tolist() == regions[1]
    with pytest.raises(IndexingError, match="there are 2 linear pieces, but piece 2"):
        found[2]


def test_maps_are_compared_exactly():
    """Neighbours whose maps differ by less than a float can hold, and neighbours whose equal maps differ in floats."""
    near = Lens.from_arrays([[[1], [1]], [[1, 1e-30]]], [[10, 0], [0]]).partition(Box([-1], [1]))
    assert near.maps[0].tolist() == near.maps[1].tolist()
    assert near.linear_pieces().n_pieces == 2
    # On one side 0.1 is added up ten times, on the other it is multiplied by ten, which floats can do.
    weights = [[[0.1]] * 10 + [[-0.1]], [[1] * 10 + [-10]]]
    same = Lens.from_arrays(weights, [[0] * 11, [0]]).partition(Box([-1], [1]))
    assert same.maps[:, 0, 0].tolist() == [1.0, 0.9999999999999999]
    assert same.linear_pieces().n_pieces == 1


def test_a_neuron_without_influence_cuts_no_piece():
    network = random_deep((3, 6, 5), 0, 0.0)
    weight = network.output_weight.copy()
    weight[0, 2] = 0.0
    partition = Lens(replace(network, output_weight=weight)).partition()
    found = partition.linear_pieces()
    assert found.n_pieces < len(partition)
    without = partition.patterns()[:, :-3], partition.patterns()[:, -2:]
    patterns = np.column_stack(without)
    pairs = neighbor_pairs(partition, np.arange(len(partition)))
    for i, j in pairs[(patterns[pairs[:, 0]] == patterns[pairs[:, 1]]).all(axis=1)]:
        assert found.labels[i] == found.labels[j]


def test_all_outputs_count():
    first = flip_trap()
    both = replace(first, output_weight=np.array([[0.0], [1.0]]), output_bias=np.zeros(2))
    neither = replace(first, output_weight=np.zeros((2, 1)), output_bias=np.zeros(2))
    assert Lens(both).partition().linear_pieces().n_pieces == 4
    assert Lens(neither).partition().linear_pieces().n_pieces == 1


def test_fingerprints_may_collide(monkeypatch):
    """They only save exact comparisons: if all are equal, the answer is the same."""
    partitions = [Lens(max_of_four()).partition(), Lens(golden((2, 4, 4), 1)).partition(Box([-9, -9], [9, 9]))]
    honest = [partition.linear_pieces().labels.tolist() for partition in partitions]
    monkeypatch.setattr(linear_pieces, "fingerprints", lambda network, bits: np.zeros((len(bits), 1)))
    assert [partition.linear_pieces().labels.tolist() for partition in partitions] == honest


@settings(max_examples=40)
@given(network=networks(st.integers(1, 3), max_depth=2, max_width=3), data=st.data())
def test_pieces_are_what_a_search_by_hand_finds(network, data):
    partition = Lens(network).partition(data.draw(domains(network.input_dim, flat=True)))
    maps = [reference.affine_rows(network, bits)[-1] for bits in partition.patterns().tolist()]
    neighbors = [set() for _ in maps]
    for i, j in partition.complex.facets().regions.tolist():
        if j >= 0 and maps[i] == maps[j]:
            neighbors[i].add(j)
            neighbors[j].add(i)
    labels, n_pieces = [-1] * len(maps), 0
    for start in range(len(maps)):
        if labels[start] < 0:
            stack = [start]
            while stack:
                i = stack.pop()
                labels[i] = n_pieces
                stack += [j for j in neighbors[i] if labels[j] < 0]
            n_pieces += 1
    found = partition.linear_pieces()
    assert found.labels.tolist() == labels
    assert found.n_pieces == n_pieces


@settings(max_examples=40)
@given(network=networks(2, weights="wild", max_depth=2), seed=st.integers(0, 2**32))
def test_equal_maps_have_equal_fingerprints(network, seed):
    bits = np.random.default_rng(seed).random((6, network.n_neurons)) < 0.5
    maps = [reference.affine_rows(network, row)[-1] for row in bits.tolist()]
    marks = linear_pieces.fingerprints(network, bits)
    for i in range(6):
        for j in range(i):
            if maps[i] == maps[j]:
                assert (marks[i] == marks[j]).all()


def test_fingerprints_tell_most_maps_apart():
    partition = Lens(random_deep((2, 8, 8, 8), 0, 0.25)).partition(Box([-2, -2], [2, 2]))
    marks = linear_pieces.fingerprints(partition.network, partition.patterns())
    assert len(np.unique(marks, axis=0)) == len(partition) == partition.linear_pieces().n_pieces


@pytest.mark.parametrize("n", [3, 4, 5, 26, 1000, 2**20])
def test_the_prime_below(n):
    prime = linear_pieces._prime_below(n)
    assert prime < n
    assert all(prime % k for k in range(2, prime if prime < 1100 else 1100))
    assert not any(all(q % k for k in range(2, int(q**0.5) + 1)) for q in range(prime + 1, n))


def test_pieces_print_shortly_and_are_read_only():
    found = Lens(sawtooth(2)).partition(Box([0], [1])).linear_pieces()
    assert repr(found) == "LinearPieces(4 pieces of 4 regions)"
    with pytest.raises(ValueError, match="read-only"):
        found.labels[0] = 1
    assert repr(Lens(generic(3, 2)).partition().linear_pieces()) == "LinearPieces(7 pieces of 7 regions)"

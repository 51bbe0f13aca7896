"""Pieces of a walk: complete subtrees of patterns, in order, none too large."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polytope_lens.network.pattern import pack
from polytope_lens.proof.log_pieces import blocks, outline


def cut(numbers, n_bits, most, size):
    """Pieces of patterns that are given as numbers and come in batches of a size."""
    bits = np.array([[n >> (n_bits - 1 - k) & 1 for k in range(n_bits)] for n in numbers], dtype=bool)
    chunks = [
        SimpleNamespace(n_regions=len(part), patterns=pack(part), witnesses=part[:, :1] * 1.0)
        for part in np.split(bits, range(size, len(bits), size))
    ]
    return bits, list(blocks(chunks, n_bits, most))


@settings(max_examples=200)
@given(numbers=st.sets(st.integers(0, 255), min_size=1).map(sorted), most=st.integers(1, 20), size=st.integers(1, 50))
def test_pieces_are_all_patterns_with_the_same_first_bits(numbers, most, size):
    bits, found = cut(numbers, 8, most, size)
    assert np.array_equal(np.concatenate([block.bits for block in found]), bits)
    for block in found:
        assert 1 <= len(block.bits) <= most and len(block.witnesses) == len(block.bits)
        same = (block.bits == block.bits[0]).all(axis=0)
        shared = 8 if same.all() else int(np.argmin(same))
        inside = (bits[:, :shared] == block.bits[0, :shared]).all(axis=1)
        assert inside.sum() == len(block.bits)


def test_few_regions_are_one_piece():
    assert [len(block.bits) for block in cut([1, 2, 200], 8, 3, 2)[1]] == [3]
    assert [len(block.bits) for block in cut([1, 2, 200], 8, 2, 2)[1]] == [2, 1]
    assert [len(block.bits) for block in cut([0], 1, 2, 2)[1]] == [1]


def test_without_neurons_there_is_one_piece():
    chunk = SimpleNamespace(n_regions=1, patterns=np.zeros((1, 0), np.uint64), witnesses=np.zeros((1, 2)))
    (block,) = blocks([chunk], 0, 5)
    assert block.bits.shape == (1, 0)
    assert outline(block.bits, []).cells == []


@pytest.mark.parametrize("numbers", [[0], [3, 5, 6], [0, 1, 2, 3, 4, 5, 6, 7], [0, 7]])
def test_outlines_count_the_cells_of_each_layer(numbers):
    bits, (block,) = cut(numbers, 3, 9, 9)
    found = outline(block.bits, [1, 3])
    assert found.cells == [len({n >> 2 for n in numbers}), len(numbers)]
    assert found.every.tolist() == bits.all(axis=0).tolist() and found.some.tolist() == bits.any(axis=0).tolist()

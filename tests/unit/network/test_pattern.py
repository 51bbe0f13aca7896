"""Packed patterns and their order; the pattern a user holds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytope_lens.errors import DimensionError
from polytope_lens.network.pattern import (
    ActivationPattern,
    ascend,
    distinct,
    distinct_beginnings,
    n_words,
    pack,
    select_bits,
    sort_key,
    unpack,
)


@st.composite
def bit_tables(draw):
    n_bits = draw(st.integers(0, 200))
    row = st.integers(0, 2**n_bits - 1).map(lambda v: [bool(v >> k & 1) for k in reversed(range(n_bits))])
    rows = draw(st.lists(row, min_size=1, max_size=5))
    return np.array(rows, dtype=bool).reshape(len(rows), n_bits)


@given(bits=bit_tables())
def test_packing_loses_nothing(bits):
    words = pack(bits)
    assert words.dtype == np.uint64
    assert words.shape == (len(bits), n_words(bits.shape[1]))
    assert (unpack(words, bits.shape[1]) == bits).all()


@given(bits=bit_tables())
def test_packed_order_is_the_order_of_the_bits(bits):
    keys = [bytes(key) for key in sort_key(pack(bits))]
    for i in range(len(bits)):
        for j in range(len(bits)):
            assert (keys[i] < keys[j]) == (bits[i].tolist() < bits[j].tolist())
            assert (keys[i] == keys[j]) == (bits[i].tolist() == bits[j].tolist())


@pytest.mark.parametrize(("n_bits", "words"), [(0, 1), (1, 1), (64, 1), (65, 2), (128, 2), (129, 3)])
def test_number_of_words(n_bits, words):
    assert n_words(n_bits) == words


def test_the_first_bit_is_the_highest():
    assert pack(np.array([[True] + [False] * 63]))[0, 0] == 2**63
    assert pack(np.array([[False] * 64 + [True]])).tolist() == [[0, 2**63]]


@pytest.mark.parametrize(
    ("bits", "expected"), [("1", "8"), ("1010", "a"), ("11111", "f8"), ("0001" * 4, "1111"), ("", "")]
)
def test_hexadecimal(bits, expected):
    assert ActivationPattern(tuple(bit == "1" for bit in bits), (len(bits),)).hex == expected


def test_bits_by_layer():
    pattern = ActivationPattern((True, False, True), (2, 0, 1))
    assert [layer.tolist() for layer in pattern.layers] == [[True, False], [], [True]]
    assert str(pattern) == "10  1"
    assert ActivationPattern((), ()).layers == ()


def test_flipping_twice_gives_the_pattern_back():
    pattern = ActivationPattern((True, False, True), (2, 1))
    assert pattern.flip(0, 2).bits == (False, False, False)
    assert pattern.flip(0, 2).flip(2).flip(0) == pattern
    assert pattern.flip(-1) == pattern.flip(2)
    assert pattern.bits == (True, False, True)


@pytest.mark.parametrize("bit", [3, -4])
def test_there_is_no_such_bit_to_flip(bit):
    with pytest.raises(DimensionError, match=f"3 bits, but bit {bit} was to be flipped"):
        ActivationPattern((True, False, True), (2, 1)).flip(bit)


def test_hamming_counts_the_neurons_that_differ():
    pattern = ActivationPattern((True, False, True), (2, 1))
    assert pattern.hamming(pattern) == 0
    assert pattern.hamming(pattern.flip(0, 2)) == 2
    with pytest.raises(DimensionError, match="different networks"):
        pattern.hamming(ActivationPattern((True, False, True), (1, 2)))


def test_patterns_are_values():
    first = ActivationPattern((True, False), (2,))
    same = ActivationPattern(np.array([True, False]), np.array([2]))
    assert first == same
    assert len({first, same, first.flip(0)}) == 2


def test_bits_and_layers_must_fit():
    with pytest.raises(DimensionError, match="needs 3 bits, but received 2"):
        ActivationPattern((True, False), (2, 1))


@pytest.mark.parametrize("width", [1, 3])
def test_distinct_rows_are_sorted_and_come_first(width):
    words = np.random.default_rng(width).integers(0, 3, (50, width), dtype=np.uint64)
    rows, first = distinct(words)
    assert list(map(tuple, rows.tolist())) == sorted(set(map(tuple, words.tolist())))
    assert [words.tolist().index(row) for row in rows.tolist()] == first.tolist()
    assert distinct(words[:0])[0].shape == (0, width)


@given(data=st.data(), bits_per_layer=st.lists(st.integers(0, 70), max_size=4))
def test_different_beginnings_are_counted(data, bits_per_layer):
    n = sum(bits_per_layer)
    few = st.sampled_from([0, 1, 2 ** max(n - 1, 0), 2 ** (n // 2), 2**n - 1]).map(lambda v: v % 2**n)
    values = data.draw(st.sets(st.one_of(few, st.integers(0, 2**n - 1)), min_size=1, max_size=12))
    rows = [[v >> k & 1 for k in reversed(range(n))] for v in sorted(values)]
    bits = np.array(rows, dtype=bool).reshape(len(rows), n)
    patterns = pack(bits)
    assert [bytes(key) for key in sort_key(patterns)] == sorted(bytes(key) for key in sort_key(patterns))
    stops = np.cumsum(bits_per_layer, dtype=np.int64)
    expected = [len({row[:stop].tobytes() for row in bits}) for stop in stops]
    assert distinct_beginnings(patterns, stops).tolist() == expected


@pytest.mark.parametrize("n_words", [1, 2, 3])
@pytest.mark.parametrize("swap", [False, True])
def test_rows_ascend_if_they_are_what_is_distinct_of_them(n_words, swap):
    rng = np.random.default_rng(n_words)
    for _ in range(50):
        words = rng.integers(0, 3, size=(rng.integers(0, 5), n_words)).astype(np.uint64)
        words = words if swap else distinct(words)[0]
        words[:, 0] += np.uint64(2**63)
        assert ascend(words) == np.array_equal(distinct(words)[0], words)


@given(table=bit_tables(), data=st.data())
def test_selected_bits_are_those_of_the_unpacked_patterns(table, data):
    n_bits = table.shape[1]
    runs = data.draw(st.lists(st.tuples(st.integers(0, n_bits), st.integers(0, n_bits)), max_size=5))
    places = np.array([place for start, stop in runs for place in range(start, stop)], dtype=np.int64)
    np.testing.assert_array_equal(select_bits(pack(table), places), pack(table[:, places]))

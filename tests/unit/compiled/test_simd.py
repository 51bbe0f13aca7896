"""Vector instructions against numpy."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from polytope_lens._compiled.jit import jit
from polytope_lens._compiled.simd import (
    divide,
    exceeding,
    fill,
    first_of,
    larger,
    least,
    load,
    multiply_add,
    padded,
    plus,
    reaching,
    shared_bits,
    size,
    store,
    total,
)

WORDS = st.lists(st.integers(0, 2**64 - 1), min_size=8, max_size=8)


@jit
def add_multiple(to, place, factor, source, start):
    k, at = place
    store(to, (k, at), multiply_add(fill(factor), size(load(source, (start,))), load(to, (k, at))))


@jit
def compare(values, bounds):
    return exceeding(load(values, (0,)), load(bounds, (0,)))


@jit
def choose(values, bounds, n, to):
    octet, bound = load(values, (0,)), load(bounds, (0,))
    store(to, (0, 0), larger(octet, bound, octet, bound))
    store(to, (1, 0), first_of(n, octet))
    store(to, (2, 0), divide(octet, bound))


@jit
def fold(values):
    octet = load(values, (0,))
    return least(octet), total(octet)


@jit
def count_shared(words, more, word, least):
    counts = plus(shared_bits(load(words, (0,)), word), shared_bits(load(more, (0,)), word))
    return reaching(counts, least)


def flags(word, start):
    return [bool(word >> start + i & 1) for i in range(8)]


def test_octets_are_read_and_written_where_they_should_be():
    rng = np.random.default_rng(0)
    to, source = rng.normal(size=(3, 24)), rng.normal(size=40)
    expected = to.copy()
    expected[2, 8:16] += 0.75 * np.abs(source[17:25])
    add_multiple(to, (2, 8), 0.75, source, 17)
    assert np.allclose(to, expected, rtol=0, atol=1e-15)
    untouched = np.ones(to.shape, dtype=bool)
    untouched[2, 8:16] = False
    assert (to[untouched] == expected[untouched]).all()


@given(st.lists(st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.0, np.inf, -np.inf, np.nan]), min_size=16, max_size=16))
def test_values_beyond_their_bounds(numbers):
    values, bounds = np.array(numbers[:8]), np.array(numbers[8:])
    found = int(compare(values, bounds))
    assert flags(found, 0) == (values > bounds).tolist()
    assert flags(found, 8) == (-values > bounds).tolist()
    assert found >> 16 == 0


@given(words=WORDS, more=WORDS, word=st.integers(0, 2**64 - 1), least=st.integers(0, 129))
def test_words_with_enough_bits_in_common(words, more, word, least):
    arrays = (np.array(words, dtype=np.uint64), np.array(more, dtype=np.uint64))
    found = int(count_shared(*arrays, np.uint64(word), np.uint64(least)))
    assert flags(found, 0) == [
        (a & word).bit_count() + (b & word).bit_count() >= least for a, b in zip(words, more, strict=True)
    ]
    assert found >> 8 == 0


def test_widths_are_rounded_up():
    assert [padded(n) for n in (0, 1, 8, 9)] == [0, 8, 8, 16]


@given(st.lists(st.floats(-1e9, 1e9), min_size=16, max_size=16), st.integers(-3, 11))
def test_lanes_are_chosen_and_divided(numbers, n):
    values, bounds, found = np.array(numbers[:8]), np.array(numbers[8:]), np.full((3, 8), np.nan)
    choose(values, bounds, n, found)
    assert (found[0] == np.maximum(values, bounds)).all()
    assert (found[1] == np.where(np.arange(8) < n, values, 0.0)).all()
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        assert np.array_equal(found[2], values / bounds, equal_nan=True)


@given(st.lists(st.floats(-1e9, 1e9), min_size=8, max_size=8))
def test_octets_are_folded_in_pairs(numbers):
    lowest, added = fold(np.array(numbers))
    a, b, c, d, e, f, g, h = numbers
    assert lowest == min(numbers)
    assert added == ((a + e) + (c + g)) + ((b + f) + (d + h))

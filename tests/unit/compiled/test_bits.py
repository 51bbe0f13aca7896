"""Operations on words against Python's integers."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from polytope_lens._compiled import bits
from polytope_lens._compiled.jit import jit


@jit
def operations(word):
    return bits.lowest_bit(word), bits.highest_bit(word), bits.count_bits(word), bits.reverse_bits(word)


@given(st.one_of(st.sampled_from([0, 1, 2**63, 2**64 - 1]), st.integers(0, 2**64 - 1)))
def test_words_are_rows_of_bits(word):
    bits = f"{word:064b}"
    lowest = 64 if word == 0 else 63 - bits.rindex("1")
    highest = 64 if word == 0 else bits.index("1")
    assert operations(np.uint64(word)) == (lowest, highest, bits.count("1"), int(bits[::-1], 2))

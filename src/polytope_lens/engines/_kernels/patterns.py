"""A hash set of packed patterns: open addressing, and all words are compared."""

from __future__ import annotations

from typing import Any

import numpy as np

from polytope_lens._compiled.jit import inlined, jit

# The finaliser of MurmurHash3, and the odd number next to 2^64 divided by the golden ratio.
SHIFT, FACTOR, STEP = np.uint64(33), np.uint64(0xFF51AFD7ED558CCD), np.uint64(0x9E3779B97F4A7C15)


@inlined
def _place(words: Any, mask: Any) -> Any:  # pragma: no cover - compiled
    """Where a pattern is looked for first."""
    mixed = STEP
    for k in range(words.shape[0]):
        mixed ^= words[k]
        mixed *= FACTOR
        mixed ^= mixed >> SHIFT
        mixed *= FACTOR
        mixed ^= mixed >> SHIFT
    return np.int64(mixed & mask)


@jit
def number(words: Any, store: Any, table: Any, count: int, index: Any) -> int:  # pragma: no cover - compiled
    """Number of each pattern (n, n_words) in the store, to which new ones are appended; returns how many it then holds.

    `table` has a power of two of places, more than the store has rows: the number of a row, or -1.
    """
    n_words = words.shape[1]
    last = table.shape[0] - 1
    mask = np.uint64(last)
    for i in range(words.shape[0]):
        place = _place(words[i], mask)
        while True:
            known = table[place]
            if known < 0:
                for k in range(n_words):
                    store[count, k] = words[i, k]
                table[place] = count
                index[i] = count
                count += 1
                break
            same = True
            for k in range(n_words):
                if store[known, k] != words[i, k]:
                    same = False
            if same:
                index[i] = known
                break
            place = (place + 1) & last
    return count

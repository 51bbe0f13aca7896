"""Parts of a run: the regions whose patterns, read as binary numbers, lie between two others.

Regions are found in ascending order of their patterns. So wherever a walk is stopped, what it has found and what it has
not are such spans, and so is each cell that waits on its stack. Two numbers are all that another walk, in another
process or after a crash, needs to find exactly the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from polytope_lens._types import Words


class Span(NamedTuple):
    """Patterns of some number of bits, first bit highest, from `first` to `end`, which is not among them."""

    first: int
    end: int

    @property
    def is_empty(self) -> bool:
        """Whether there is no pattern in it."""
        return self.first >= self.end


def whole(n_bits: int) -> Span:
    """All patterns."""
    return Span(0, 1 << n_bits)


def rest(span: Span, done: Iterable[Span]) -> list[Span]:
    """What others leave of a span, in order.

    Examples
    --------
    >>> rest(Span(0, 16), [Span(8, 12), Span(0, 3)])
    [Span(first=3, end=8), Span(first=12, end=16)]
    """
    left, at = [], span.first
    for other in sorted(done):
        if at < min(other.first, span.end):
            left.append(Span(at, min(other.first, span.end)))
        at = max(at, other.end)
    return [*left, Span(at, span.end)] if at < span.end else left


def number_of(words: NDArray[np.uint64], n_bits: int) -> int:
    """A packed pattern (n_words,) as a number."""
    return int.from_bytes(words.astype(">u8").tobytes()) >> (64 * len(words) - n_bits)


def words_of(number: int, n_bits: int, n_words: int) -> Words:
    """A number as a packed pattern (n_words,)."""
    packed = (number << (64 * n_words - n_bits)).to_bytes(8 * n_words)
    return np.frombuffer(packed, ">u8").astype(np.uint64)

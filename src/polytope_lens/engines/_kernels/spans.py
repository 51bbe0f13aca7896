"""Walking a part of the tree: the regions whose patterns, read as binary numbers, lie in [first, end).

Regions come in ascending order, so any walk can be cut into such spans, and a span needs no more than two patterns to
be taken up again, elsewhere or after a crash. The way there is that of every walk, but of each cell that is cut on it,
the half that lies outside is dropped.

Only two paths need a look: that of the top cell, as long as it runs along `first`, and that of the lowest cell on the
stack, as long as it runs along `end`. What a cell counts (decisions, and itself, after a layer) belongs to the span
of the first region in it. So nothing is counted on the way to `first` if the cell has regions before it, and what is
counted about the lowest cell is taken back if it turns out to have none before `end`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._compiled.jit import jit
from polytope_lens.engines._kernels.outcomes import (
    ALONG,
    FLOAT_DECISIONS,
    FLOOR,
    LAST,
    MARKED,
    N_RUNGS,
    TOP,
)
from polytope_lens.engines._kernels.thinning import drop_halves, is_unlucky

if TYPE_CHECKING:
    from polytope_lens._types import Ints, Words

# Which of the bounds a path runs along; or that the tree is thinned instead
FIRST, END, THINNED = 1, 2, 4


class SpanBounds(NamedTuple):
    """Bounds of the patterns that are wanted, packed, and what had been counted before the lowest cell came on top."""

    first: Words
    end: Words
    mark: Ints  # (3 + layers,): decisions by rung, and regions after each layer


def unbounded(n_words: int, n_counts: int) -> SpanBounds:
    """The span of all patterns; bounds are written into it where there are any."""
    return SpanBounds(
        np.zeros(n_words, np.uint64), np.zeros(n_words, np.uint64), np.zeros(N_RUNGS + n_counts, np.int64)
    )


@jit
def trim(s: Any, bit: int) -> None:  # pragma: no cover - compiled
    """The top cell has been cut at a bit into frames f, where it is 1, and f + 1 on top: drop what is not wanted.

    The bits before it are known. It is to be called while some path runs along a bound, before another step.
    """
    scalars = s.scalars
    if scalars[ALONG] & THINNED:
        drop_halves(s, bit)
        return
    f = scalars[TOP] - 2
    if scalars[ALONG] & END and f == scalars[FLOOR]:
        order = _compared(s.bits, s.span.end, bit)
        if order > 0 or (order == 0 and bit > scalars[LAST]):
            _take_back(s)
            scalars[TOP] = f
            return
        if order < 0:
            _leave(s, END)
        elif _has(s.span.end, bit):
            scalars[MARKED] = 0  # the half where it is off is before the end
            if bit == scalars[LAST]:
                scalars[FLOOR] = f + 1
                _leave(s, END)
        else:
            scalars[FLOOR] = f + 1
    if scalars[ALONG] & FIRST:
        order = _compared(s.bits, s.span.first, bit)
        if order > 0:
            _leave(s, FIRST)
        elif order < 0:
            _leave(s, FIRST)
            _forget(s)
            scalars[TOP] = max(f, scalars[FLOOR])
        elif _has(s.span.first, bit):
            _forget(s)
            scalars[TOP] = max(f + 1, scalars[FLOOR])


@jit
def is_outside(s: Any, n: int) -> bool:  # pragma: no cover - compiled
    """Whether the top cell, whose first n bits are known now, holds nothing that is wanted; it is then dropped."""
    scalars = s.scalars
    if scalars[ALONG] & THINNED:
        return bool(is_unlucky(s, n))
    f = scalars[TOP] - 1
    if scalars[ALONG] & END and f == scalars[FLOOR]:
        order = _compared(s.bits, s.span.end, n)
        if order > 0 or (order == 0 and n > scalars[LAST]):
            _take_back(s)
            scalars[TOP] = f
            return True
        if order < 0:
            _leave(s, END)
    if scalars[ALONG] & FIRST:
        order = _compared(s.bits, s.span.first, n)
        if order != 0:
            _leave(s, FIRST)
        if order < 0:
            _forget(s)
            scalars[TOP] = f
            return True
    return False


@jit
def mark(s: Any) -> None:  # pragma: no cover - compiled
    """Keep in mind what has been counted when the lowest cell, which may reach beyond the end, comes on top."""
    scalars = s.scalars
    if scalars[ALONG] & END and scalars[TOP] - 1 == scalars[FLOOR] and not scalars[MARKED]:
        for i in range(N_RUNGS):
            s.span.mark[i] = scalars[FLOAT_DECISIONS + i]
        for layer in range(s.layer_counts.shape[0]):
            s.span.mark[N_RUNGS + layer] = s.layer_counts[layer]
        scalars[MARKED] = 1


@jit
def _take_back(s: Any) -> None:  # pragma: no cover - compiled
    """The lowest cell had no region before the end: count nothing about it."""
    for i in range(N_RUNGS):
        s.scalars[FLOAT_DECISIONS + i] = s.span.mark[i]
    for layer in range(s.layer_counts.shape[0]):
        s.layer_counts[layer] = s.span.mark[N_RUNGS + layer]


@jit
def _forget(s: Any) -> None:  # pragma: no cover - compiled
    """All cells on the path have regions before the first one that is wanted: they were counted with these."""
    for i in range(N_RUNGS):
        s.scalars[FLOAT_DECISIONS + i] = 0
    for layer in range(s.layer_counts.shape[0]):
        s.layer_counts[layer] = 0
    for i in range(s.span.mark.shape[0]):
        s.span.mark[i] = 0


@jit
def _leave(s: Any, bound: int) -> None:  # pragma: no cover - compiled
    """The path does not run along this bound any more."""
    s.scalars[ALONG] &= ~bound
    if bound == END:
        s.scalars[MARKED] = 0


@jit
def _compared(bits: Any, bound: Any, n: int) -> int:  # pragma: no cover - compiled
    """Whether the first n bits are less (-1), the same (0) or more than those of a bound (1)."""
    for word in range((n + 63) >> 6):
        shift = np.uint64(max(64 * (word + 1) - n, 0))
        mine, other = bits[word] >> shift, bound[word] >> shift
        if mine != other:
            return 1 if mine > other else -1
    return 0


@jit
def _has(bound: Any, bit: int) -> bool:  # pragma: no cover - compiled
    """Whether this bit of a bound is 1."""
    return bool((bound[bit >> 6] >> np.uint64(63 - (bit & 63))) & np.uint64(1))

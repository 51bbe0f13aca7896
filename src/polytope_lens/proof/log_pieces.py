"""What a log is cut into: runs of regions whose patterns begin with the same bits, found while a walk goes on."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens.network.pattern import unpack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.engines.chunks import Chunk


class Block(NamedTuple):
    """The regions of a piece in order: bits (n, n_neurons), and points inside (n, d)."""

    bits: Bools
    witnesses: Floats


class PieceOutline(NamedTuple):
    """What is kept of a piece: bits that are on in all of its regions, and in any, and how many cells layers have."""

    every: Bools
    some: Bools
    cells: list[int]


def outline(bits: Bools, stops: Sequence[int]) -> PieceOutline:
    """What is kept of the regions (n, n_neurons) of a piece; `stops` says where the bits of each layer end."""
    first = _first_difference(bits[1:], bits[:-1])
    return PieceOutline(np.all(bits, axis=0), np.any(bits, axis=0), [1 + int((first < stop).sum()) for stop in stops])


def blocks(chunks: Iterable[Chunk], n_bits: int, most: int) -> Iterator[Block]:
    """Cut regions, which come in order, into pieces.

    All regions with the same first bits, as many bits as it takes, are a piece. Memory is that of a batch and a piece.
    """
    before: Bools | None = None
    held: Block | None = None
    for chunk in chain(chunks, [None]):
        if chunk is not None and chunk.n_regions:
            new = Block(unpack(chunk.patterns, n_bits), chunk.witnesses)
            held = new if held is None else Block._make(map(np.vstack, zip(held, new, strict=True)))
        # A piece may end with the regions that are held only if no more come.
        while held is not None and len(held.bits) > (0 if chunk is None else most):
            n = _n_in_piece(held.bits[: most + 1], before, is_end=chunk is None)
            before = held.bits[n - 1]
            yield Block(held.bits[:n], held.witnesses[:n])
            held = Block(held.bits[n:], held.witnesses[n:])


def _n_in_piece(bits: Bools, before: Bools | None, *, is_end: bool) -> int:
    """How many regions, the first ones, are those with as few first bits as tell them from the others."""
    shared = 0
    if before is not None:
        shared = int(_first_difference(bits[:1], before[None])[0]) + 1
    if not is_end:
        shared = max(shared, int(_first_difference(bits[:1], bits[-1:])[0]) + 1)
    return int((bits[:, :shared] == bits[0, :shared]).all(axis=1).sum())


def _first_difference(left: Bools, right: Bools) -> Ints:
    """Where rows (n, k) differ first."""
    different = left != right
    return np.argmax(different, axis=1) if different.shape[1] else np.zeros(len(different), np.int64)

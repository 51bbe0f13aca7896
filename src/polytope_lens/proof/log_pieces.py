"""What a log is cut into: runs of regions whose patterns begin with the same bits, found while a walk goes on."""

from __future__ import annotations

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
    held = Block(np.zeros((0, n_bits), bool), np.zeros((0, 0)))
    for chunk in chunks:
        if not chunk.n_regions:
            continue
        bits = unpack(chunk.patterns, n_bits)
        held = (
            Block(np.vstack([held.bits, bits]), np.vstack([held.witnesses, chunk.witnesses]))
            if len(held.bits)
            else (Block(bits, chunk.witnesses))
        )
        while len(held.bits) > most:
            n = _n_in_piece(held.bits[: most + 1], before, is_end=False)
            before = held.bits[n - 1]
            yield Block(held.bits[:n], held.witnesses[:n])
            held = Block(held.bits[n:], held.witnesses[n:])
    while len(held.bits):
        n = _n_in_piece(held.bits, before, is_end=True)
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

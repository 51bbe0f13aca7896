"""Activation patterns: which neurons are on. Bit 1 means pre-activation > 0.

Packed patterns are rows of uint64 words, the first bit in the highest place, so that comparing words compares
patterns lexicographically: that order is the canonical order of regions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._compiled.bits import highest_bit
from polytope_lens._compiled.jit import jit
from polytope_lens.errors import DimensionError, OptionError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Ints, Words


WORD = 64
# Patterns that are compared with the next ones at a time.
ROWS_AT_A_TIME = 1024


def n_words(n_bits: int) -> int:
    """Words needed for `n_bits` bits; at least one, so that even the empty pattern is a row."""
    return max(1, -(-n_bits // WORD))


def pack(bits: Bools) -> Words:
    """(n, n_bits) bool -> (n, n_words) uint64.

    Examples
    --------
    >>> pack(np.array([[True, False, True]])) >> np.uint64(61)
    array([[5]], dtype=uint64)
    """
    n, n_bits = bits.shape
    padded = np.zeros((n, n_words(n_bits) * 8), dtype=np.uint8)
    packed = np.packbits(bits, axis=1)
    padded[:, : packed.shape[1]] = packed
    return padded.view(">u8").astype(np.uint64)


def unpack(words: Words, n_bits: int) -> Bools:
    """(n, n_words) uint64 -> (n, n_bits) bool; the inverse of `pack`."""
    octets = words.astype(">u8").view(np.uint8)
    return np.unpackbits(octets, axis=1, count=n_bits).astype(bool)


def select_bits(words: Words, places: Ints) -> Words:
    """Some bits of patterns, (n, n_words) -> packed patterns of their own, whose bit i is bit ``places[i]``.

    Cost: some operations for each word and each run of places that follow one another.

    Examples
    --------
    >>> unpack(select_bits(pack(np.array([[True, False, True]])), np.array([1, 2])), 2)
    array([[False,  True]])
    """
    selected = np.zeros((len(words), n_words(len(places))), dtype=np.uint64)
    ends = [*(np.flatnonzero(np.diff(places) != 1) + 1).tolist(), len(places)]
    at = 0
    for end in ends:
        while at < end:
            (word, bit), (own_word, own_bit) = divmod(int(places[at]), WORD), divmod(at, WORD)
            n = min(end - at, WORD - bit, WORD - own_bit)
            part = words[:, word] << np.uint64(bit) >> np.uint64(WORD - n)
            selected[:, own_word] |= part << np.uint64(WORD - n - own_bit)
            at += n
    return selected


def flip_all(first: Words, row: Ints, bit: Ints, n: int) -> Words:
    """N patterns (n, n_words), each like the one before it but for some bits, from the first one, (n_words,).

    Bits ``bit[i]`` flip from pattern ``row[i] - 1`` to the next; the inverse of `flips`.
    """
    patterns = np.zeros((n, len(first)), dtype=np.uint64)
    patterns[0] = first
    np.bitwise_xor.at(patterns, (row, bit // WORD), np.uint64(1) << (WORD - 1 - bit % WORD).astype(np.uint64))
    for i in range(1, n):
        patterns[i] ^= patterns[i - 1]
    return patterns


def flips(patterns: Words) -> tuple[Ints, Ints]:
    """Which bits differ from one pattern (row) to the next: pairs of the later row and a bit, in order.

    Examples
    --------
    >>> flips(pack(np.array([[True, False, True], [True, True, False], [True, True, False]])))
    (array([1, 1]), array([1, 2]))
    """
    rows, bits = [], []
    for start in range(0, max(len(patterns) - 1, 1), ROWS_AT_A_TIME):
        part = patterns[start : start + ROWS_AT_A_TIME + 1]
        row, word = np.nonzero(part[1:] ^ part[:-1])
        change = part[row + 1, word] ^ part[row, word]
        which, place = np.nonzero(unpack(change[:, None], WORD))
        rows.append(row[which] + start + 1)
        bits.append(WORD * word[which] + place)
    return np.concatenate(rows), np.concatenate(bits)


def hexadecimal(bits: Bools) -> list[str]:
    """Each row of (n, n_bits) bits as a number, as in `ActivationPattern.hex`.

    Examples
    --------
    >>> hexadecimal(np.array([[True, False, True], [False, False, True]]))
    ['a', '2']
    """
    octets = np.packbits(bits, axis=1)
    text, length, width = octets.tobytes().hex(), -(-bits.shape[1] // 4), 2 * octets.shape[1]
    return [text[i * width : i * width + length] for i in range(len(bits))]


def sort_key(words: Words) -> NDArray[np.void]:
    """(n, n_words) uint64 -> (n,) values that compare as the patterns do."""
    octets = np.ascontiguousarray(words.astype(">u8"))
    return octets.view(np.dtype((np.void, octets.dtype.itemsize * octets.shape[1])))[:, 0]


def distinct(words: Words) -> tuple[Words, NDArray[np.int64]]:
    """The different rows in canonical order, and where each comes first; quick where rows come in sorted runs.

    Examples
    --------
    >>> distinct(np.array([[2], [5], [1], [2]], dtype=np.uint64))[1]
    array([2, 0, 1])
    """
    order = np.lexsort(words.T[::-1])
    inorder = words[order]
    kept = np.append(np.ones(min(len(words), 1), dtype=bool), (inorder[1:] != inorder[:-1]).any(axis=1))
    return inorder[kept], order[kept]


def ascend(words: Words) -> bool:
    """Whether rows are different and in canonical order.

    Examples
    --------
    >>> ascend(np.array([[1, 5], [2, 0], [2, 1]], dtype=np.uint64)), ascend(np.array([[2], [2]], dtype=np.uint64))
    (True, False)
    """
    before, after = words[:-1], words[1:]
    is_open, in_order = np.ones(len(before), dtype=bool), np.zeros(len(before), dtype=bool)
    for here, there in zip(before.T, after.T, strict=True):
        in_order |= is_open & (here < there)
        is_open &= here == there
        if not is_open.any():
            break
    return bool(in_order.all())


def find(known: Words, wanted: Words) -> NDArray[np.int64]:
    """Where each row is among some in canonical order, -1 where it is not; a binary search for each.

    Examples
    --------
    >>> find(np.array([[1], [2], [5]], dtype=np.uint64), np.array([[5], [3]], dtype=np.uint64))
    array([ 2, -1])
    """
    if known.shape[1] == 1:  # numbers compare five times as fast as octets
        return _places(known[:, 0], wanted[:, 0])
    return find_keys(sort_key(known), wanted)


def find_keys(keys: NDArray[np.void], wanted: Words) -> NDArray[np.int64]:
    """The same for who keeps the sort keys of what is known."""
    return _places(keys, sort_key(wanted))


def _places(keys: NDArray[Any], sought: NDArray[Any]) -> NDArray[np.int64]:
    index = np.minimum(np.searchsorted(keys, sought), len(keys) - 1)
    return np.where(keys[index] == sought, index, -1)


def distinct_beginnings(patterns: Words, stops: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number of different beginnings of `stops` bits among sorted packed patterns; at least one pattern is there.

    (n, n_words) and (L,) -> (L,). Cost: one pass.
    """
    places = np.zeros(64 * patterns.shape[1] + 1, dtype=np.int64)
    _count_first_differences(patterns, places)
    differing: NDArray[np.int64] = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(places)])
    return 1 + differing[stops]


@jit
def _count_first_differences(patterns: Words, places: NDArray[np.int64]) -> None:  # pragma: no cover - compiled
    """For neighbouring rows, count at which bit they first differ; equal rows count last."""
    for i in range(1, patterns.shape[0]):
        place = 64 * patterns.shape[1]
        for word in range(patterns.shape[1]):
            change = patterns[i, word] ^ patterns[i - 1, word]
            if change != 0:
                place = 64 * word + highest_bit(change)
                break
        places[place] += 1


@dataclass(frozen=True, slots=True)
class ActivationPattern:
    """On and off for every neuron that cuts.

    Parameters
    ----------
    bits : tuple of bool
        One per neuron, all layers in order.
    bits_per_layer : tuple of int

    Examples
    --------
    >>> p = ActivationPattern((True, False, True), (2, 1))
    >>> p
    ActivationPattern(10 1)
    >>> p.flip(1), p.hamming(p.flip(1)), p.hex
    (ActivationPattern(11 1), 1, 'a')
    """

    bits: tuple[bool, ...]
    bits_per_layer: tuple[int, ...]

    def __post_init__(self) -> None:
        bits = validate.sequence(self.bits, name="the bits of a pattern")
        if not {bool}.issuperset(map(type, bits)) and not all(map(_is_bit, bits)):
            raise OptionError(f"the bits of a pattern should be True or False, but received {validate.shown(bits)}.")
        sizes = validate.sequence(self.bits_per_layer, name="`bits_per_layer`")
        object.__setattr__(self, "bits", tuple(map(bool, bits)))
        per_layer = tuple(validate.count(n, name="an entry of `bits_per_layer`", least=0) for n in sizes)
        object.__setattr__(self, "bits_per_layer", per_layer)
        if len(self.bits) != sum(self.bits_per_layer):
            raise DimensionError(
                f"an activation pattern for layers of {self.bits_per_layer} neurons needs {sum(self.bits_per_layer)} "
                f"bits, but received {len(self.bits)}."
            )

    @property
    def layers(self) -> tuple[Bools, ...]:
        """The bits of each layer, as bool arrays."""
        stops = np.cumsum(self.bits_per_layer)
        return tuple(np.split(np.array(self.bits, dtype=bool), stops[:-1])) if self.bits_per_layer else ()

    @property
    def array(self) -> Bools:
        """All bits as one bool array, shape (n_neurons,)."""
        return np.array(self.bits, dtype=bool)

    @property
    def hex(self) -> str:
        """The bits as a hexadecimal number, first bit highest, zeros appended to a multiple of four bits."""
        return hexadecimal(self.array[None])[0]

    def flip(self, *bits: int) -> ActivationPattern:
        """The pattern with these bits (indices into `bits`) toggled.

        What lies across a facet is found by stepping across it, not by flipping: see ``region.neighbors()``.
        """
        flipped = self.array
        for bit in bits:
            if not validate.is_whole(bit) or not -len(self.bits) <= bit < len(self.bits):
                raise DimensionError(
                    f"the pattern has {len(self.bits)} bits, but bit {validate.shown(bit)} was to be flipped."
                )
            flipped[bit] = not flipped[bit]
        return ActivationPattern(tuple(flipped.tolist()), self.bits_per_layer)

    def hamming(self, other: ActivationPattern) -> int:
        """Number of neurons that differ."""
        other = validate.instance(other, ActivationPattern, name="the pattern given to `hamming`")
        if self.bits_per_layer != other.bits_per_layer:
            raise DimensionError(
                f"patterns of different networks cannot be compared: layers {self.bits_per_layer} and "
                f"{other.bits_per_layer}."
            )
        return int((self.array != other.array).sum())

    def __str__(self) -> str:
        return " ".join("".join("1" if bit else "0" for bit in layer) for layer in self.layers)

    def __repr__(self) -> str:
        return f"ActivationPattern({self})"


def _is_bit(value: object) -> bool:
    return isinstance(value, bool | int | np.bool_ | np.integer) and value in (0, 1)

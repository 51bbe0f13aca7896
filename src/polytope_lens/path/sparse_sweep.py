"""The sweep along a segment for networks with sparse layers: only what changes is computed.

It goes layer by layer as `sweep` does, but does not cut all neurons into the same pieces. A neuron that depends
on a small part of the input is affine on long stretches of the segment, over many pieces: on its runs. A run ends where
a neuron of the layer before that goes into it flips or ends a run. On each run the pre-activation is computed once, at
t = 0 and t = 1 in double-double, and has a crossing iff its signs at the two ends of the run are opposite.

For a convolution of k x k inside a network of L layers, a flip is felt by ``((k - 1) l + 1)^2`` places l layers later:
mostly a small part of an image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens._arrays.ragged import starts
from polytope_lens._compiled.simd import LANES
from polytope_lens.arithmetic.double_double import zeros_of
from polytope_lens.exact.blocks import blocks
from polytope_lens.exact.sparse import NOT_DEAD
from polytope_lens.network.pattern import n_words
from polytope_lens.path import sparse_sweep_kernels as kernels
from polytope_lens.path.breakpoints import Knots, between, ends, in_order, joined

if TYPE_CHECKING:
    from flint import fmpq
    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Floats, Ints, Signs
    from polytope_lens.exact.blocks import Blocks
    from polytope_lens.network.network import Layer, Network
    from polytope_lens.path.breakpoints import Exact


# Pre-activations of a layer that are held at a time: 64 MB.
MOST_VALUES = 2**20


class Flips(NamedTuple):
    """Bits that flip, each at the beginning of a piece."""

    piece: Ints
    bit: Ints


class Crossed(NamedTuple):
    """A part of a segment cut by all layers: its knots, the bits of the first piece, and those that flip on the way."""

    knots: Knots
    bits: Bools
    flips: Flips


class _Runs(NamedTuple):
    """What goes into a layer: the runs of neuron q are those from ``start[q]`` to ``start[q + 1]``."""

    start: Ints
    begin: Ints  # per run: the piece that it begins with
    value: Floats  # per run: see `kernels.N_VALUES`; all zero: dead


class _Pieces(NamedTuple):
    """A part of a segment, cut into n pieces by the layers so far."""

    knots: Knots  # n + 1 of them, both ends of the part included
    bits: Bools  # of the first piece
    flips: Flips
    runs: _Runs

    def bits_of(self, piece: int) -> Bools:
        """The bits so far of a piece."""
        return _flipped(self.bits, self.flips.bit[self.flips.piece <= piece])


class _Values(NamedTuple):
    """Pre-activations of a layer on runs of its blocks: those of the rows of a block follow each other, run by run."""

    run_start: Ints  # per block
    value_start: Ints  # per block
    begin: Ints  # per run
    value: Floats
    left: Signs
    right: Signs


def sweep(network: Network, start: Floats, stop: Floats, exact: Exact) -> Crossed:
    """Where regions change between two points, and how; exact.

    Notes
    -----
    Cost: for each run of a neuron a product in double-double with two vectors, about a nanosecond for each weight.
    Memory: 200 MB and twice that of the sparse weights.
    """
    d = len(start)
    value = np.zeros((d, kernels.N_VALUES))
    value[:, kernels.HIGH], value[:, kernels.HIGH + 1] = start, stop
    value[:, kernels.ERROR :] = NOT_DEAD
    none = np.zeros(0, dtype=np.int64)
    runs = _Runs(np.arange(d + 1), np.zeros(d, dtype=np.int64), value)
    return _through(network, 0, _Pieces(ends(), np.zeros(0, dtype=bool), Flips(none, none), runs), exact)


def _through(network: Network, index: int, pieces: _Pieces, exact: Exact) -> Crossed:
    """Cut pieces by all layers from one on; a part of them at a time if they are many."""
    for layer in network.layers[index:]:
        knots, b = pieces.knots, blocks(layer)
        n = len(knots.high) - 1
        marks, count = np.zeros((len(b.heights), n_words(n)), dtype=np.uint64), np.zeros(len(b.heights), dtype=np.int64)
        kernels.mark(b, pieces.runs.start, pieces.runs.begin, marks, count)
        if n > 1 and int(count @ b.heights) > max(MOST_VALUES, 2 * layer.width):
            halves = _part(pieces, 0, n // 2), _part(pieces, n // 2, n)
            return _joined(*(_through(network, index, half, exact) for half in halves))
        values = _evaluated(layer, b, pieces, marks, count)
        _settle(index, b, pieces, values, exact)
        pieces = _cut(layer, index, b, pieces, values, exact)
        index += 1
    return Crossed(pieces.knots, pieces.bits, pieces.flips)


def _part(pieces: _Pieces, start: int, stop: int) -> _Pieces:
    """Some consecutive pieces."""
    flips, runs, n = pieces.flips, pieces.runs, len(pieces.knots.high) - 1
    stays = (start < flips.piece) & (flips.piece < stop)
    end = np.append(runs.begin[1:], n)
    end[runs.start[1:] - 1] = n
    kept = (runs.begin < stop) & (start < end)
    return _Pieces(
        between(pieces.knots, start, stop + 1),
        pieces.bits_of(start),
        Flips(flips.piece[stays] - start, flips.bit[stays]),
        _Runs(
            np.concatenate([[0], np.cumsum(kept)])[runs.start],
            np.maximum(runs.begin[kept] - start, 0),
            runs.value[kept],
        ),
    )


def _joined(first: Crossed, second: Crossed) -> Crossed:
    """Two parts of a segment, of which the second begins where the first ends."""
    n = len(first.knots.high) - 1
    seam = np.flatnonzero(_flipped(first.bits, first.flips.bit) != second.bits)
    flips = Flips(
        np.concatenate([first.flips.piece, np.full(len(seam), n), second.flips.piece + n]),
        np.concatenate([first.flips.bit, seam, second.flips.bit]),
    )
    return Crossed(joined(first.knots, second.knots), first.bits, flips)


def _flipped(bits: Bools, flips: Ints) -> Bools:
    return np.asarray(bits ^ (np.bincount(flips, minlength=len(bits)) % 2 == 1))


def _evaluated(layer: Layer, b: Blocks, pieces: _Pieces, marks: NDArray[np.uint64], count: Ints) -> _Values:
    """The pre-activations of a layer, and their signs as far as floats prove them."""
    run_start, value_start = starts(count), starts(count * b.heights)
    total, width, knots = int(value_start[-1]), b.most_columns, pieces.knots
    begin, value = np.empty(int(run_start[-1]), dtype=np.int64), np.empty((total, kernels.N_VALUES))
    left, right = np.empty(total, dtype=np.int8), np.empty(total, dtype=np.int8)
    memory = (
        np.empty(width, dtype=np.int64),
        np.empty(width, dtype=np.int64),
        np.empty((kernels.N_VALUES, width)),
        np.empty((kernels.N_VALUES, LANES)),
    )
    kernels.evaluate(
        b, 0, len(count), *pieces.runs, marks, run_start, value_start, knots.high, knots.error, layer.cuts,
        begin, value, left, right, *memory,
    )  # fmt: skip
    return _Values(run_start, value_start, begin, value, left, right)


def _settle(index: int, b: Blocks, pieces: _Pieces, values: _Values, exact: Exact) -> None:
    """Decide in integers the signs that are still open."""
    knots = pieces.knots
    is_open = np.flatnonzero((values.left == 0) | (values.right == 0))
    for at, run, neuron in zip(is_open.tolist(), *_places(b, values, is_open), strict=True):
        start, stop = _run(values, int(run), len(knots.high) - 1)
        bits = pieces.bits_of(start)
        places = exact.position(knots, start, bits), exact.position(knots, stop, pieces.bits_of(stop - 1))
        values.left[at], values.right[at] = exact.signs(index, int(neuron), *places, bits)


def _places(b: Blocks, values: _Values, at: Ints) -> tuple[Ints, Ints]:
    """The run and the neuron of some values."""
    block = np.searchsorted(values.value_start, at, side="right") - 1
    run, row = np.divmod(at - values.value_start[block], b.heights[block])
    return values.run_start[block] + run, b.rows[b.row_start[block] + row]


def _run(values: _Values, run: int, n: int) -> tuple[int, int]:
    """The piece that a run begins with, and the one that comes after it."""
    block = np.searchsorted(values.run_start, run, side="right") - 1
    is_last = run + 1 == values.run_start[block + 1]
    return int(values.begin[run]), n if is_last else int(values.begin[run + 1])


def _cut(layer: Layer, index: int, b: Blocks, pieces: _Pieces, values: _Values, exact: Exact) -> _Pieces:
    """The pieces after a layer."""
    crossing = np.flatnonzero(values.left != values.right)
    run, neuron = _places(b, values, crossing)
    knots, place, turn = _with_crossings(pieces, index, values, crossing, values.begin[run], neuron, exact)
    turns = np.full(len(values.value), -1, dtype=np.int64)
    turns[crossing] = turn
    on, n_runs, n_flips = np.empty(layer.width, dtype=bool), *np.empty((2, layer.width), dtype=np.int64)
    given = (
        b, values.run_start, values.value_start, place[values.begin], *values[3:], turns,
        layer.negative_slope, layer.positive_slope, on,
    )  # fmt: skip
    nothing = np.zeros(0, dtype=np.int64), np.zeros((0, kernels.N_VALUES)), *np.zeros((2, 0), dtype=np.int64)
    kernels.activate(*given, n_runs, n_flips, False, *nothing)
    start, flip_start = starts(n_runs), starts(n_flips)
    runs = _Runs(start, np.empty(start[-1], dtype=np.int64), np.empty((start[-1], kernels.N_VALUES)))
    piece, flipping = np.empty((2, flip_start[-1]), dtype=np.int64)
    kernels.activate(*given, start, flip_start, True, *runs[1:], piece, flipping)
    bit = len(pieces.bits) + np.cumsum(layer.cuts) - 1
    flips = Flips(np.concatenate([place[pieces.flips.piece], piece]), np.concatenate([pieces.flips.bit, bit[flipping]]))
    return _Pieces(knots, np.concatenate([pieces.bits, on[layer.cuts]]), flips, runs)


def _with_crossings(
    pieces: _Pieces, index: int, values: _Values, crossing: Ints, begin: Ints, neuron: Ints, exact: Exact
) -> tuple[Knots, Ints, Ints]:
    """The knots with those of a layer, the new places of the old ones, and the places of the crossings."""
    old, m = pieces.knots, len(crossing)
    high, low, error = (np.empty(m) for _ in range(3))
    at_ends = np.ascontiguousarray(values.value[crossing].T).reshape(3, 2, 1, m)
    zeros_of(*at_ends, np.zeros(m, dtype=np.int64), np.arange(m), high, low, error)
    n = len(old.high)
    every = Knots(
        np.concatenate([old.high, high]),
        np.concatenate([old.low, low]),
        np.concatenate([old.error, error]),
        np.concatenate([old.layer, np.full(m, index)]),
        np.concatenate([old.neuron, neuron]),
    )

    def root(i: int) -> fmpq:
        if i < n:
            return exact.position(old, i, pieces.bits_of(min(i, n - 2)))
        return exact.root(index, int(neuron[i - n]), pieces.bits_of(int(begin[i - n])))

    order, apart = in_order(np.zeros(n + m, dtype=np.int64), *every[:3], root)
    place = np.empty(n + m, dtype=np.int64)
    place[order] = np.cumsum(apart) - 1
    return Knots._make(array[order[apart]] for array in every), place[:n], place[n:]

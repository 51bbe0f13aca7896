"""What engines share that know a cell by its corners: how a state begins, and exact answers to its questions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from polytope_lens.arithmetic.rational import integer_matrix
from polytope_lens.engines._kernels import blockwise, outcomes, refine, spans, thinning
from polytope_lens.engines._kernels.cell_corners import (
    ANSWERED,
    N_WORDS,
    OPEN,
    POINT,
    CornerFrames,
    CornerLayers,
    Hashes,
    LineStack,
    PointStack,
    write_sign,
)
from polytope_lens.engines._kernels.packed_network import hash_table, packed
from polytope_lens.engines.chunks import first_rows
from polytope_lens.engines.whole_rows import scales_of_layers
from polytope_lens.exact.owner_rows import OwnerRows
from polytope_lens.exact.sparse import rows_on
from polytope_lens.network.network import Network, bit_starts
from polytope_lens.network.pattern import n_words, unpack
from polytope_lens.network.span import number_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flint import fmpz

    from polytope_lens.engines._kernels.packed_network import PackedNetwork
    from polytope_lens.engines.charts import Chart
    from polytope_lens.exact.owner_rows import Row

AnyState = TypeVar("AnyState", bound=Any)


class CornerSizes(NamedTuple):
    """What says how much room the parts need that states of both kernels have."""

    n_bits: int
    layers: int
    dim: int
    words: int
    widest: int
    next_widest: int
    frames: int
    n_points: int
    n_lines: int
    n_sides: int

    @classmethod
    def of(
        cls, network: Network, net: PackedNetwork, *, frames: int, n_points: int, n_lines: int, n_sides: int
    ) -> CornerSizes:
        """Room for that many cells, points and lines (or planes) on the stacks, of a chart with `n_sides` sides."""
        words = max(1, -(-max(net.n_cut.tolist()) // 64))
        widest, layers = max(net.stride.tolist()), len(network.layers) + 1
        of_network = network.n_neurons, layers, network.input_dim, words, widest, next_width(net)
        return cls(*of_network, frames, n_points, n_lines, n_sides)


def shared_parts(sizes: CornerSizes) -> dict[str, Any]:
    """The parts that states of both kernels have, by name, in which nothing is written yet."""
    n_bits, layers, d, words, widest, next_widest, frames, n_points, n_lines, n_sides = sizes
    ints, floats, word = np.int64, np.float64, np.uint64
    hashes = hash_table(2 * n_bits + n_sides, seed=1)
    return {
        "scalars": np.zeros(outcomes.N_SCALARS, ints),
        "layer_counts": np.zeros(layers, ints),
        "bits": np.zeros(n_words(n_bits), word),
        "span": spans.unbounded(n_words(n_bits), layers),
        "thinning": thinning.unthinned(n_bits, n_words(n_bits)),
        "frames": CornerFrames(
            layer=np.full(frames, -1, ints),
            asked=np.full(frames, -1, ints),
            start=np.zeros(frames, ints),
            n_corners=np.zeros(frames, ints),
            n_points=np.zeros(frames, ints),
            n_lines=np.zeros(frames, ints),
            simple=np.ones(frames, ints),
            digest=np.zeros(frames, word),
            active=np.zeros((frames, -(-words // 64)), word),
            undecided=np.zeros((frames, words), word),
            on=np.zeros((frames, words), word),
            rows=np.zeros((frames, d + 2, next_widest), floats),
        ),
        "points": PointStack(np.zeros((n_points, d + 1), floats), np.zeros((n_points, N_WORDS, words), word)),
        "lines": LineStack(
            np.zeros((n_lines, d + 2), floats),
            np.zeros(n_lines, ints),
            np.full((n_lines, d + 1), np.nan),
            np.zeros(n_lines, floats),
        ),
        "layers": CornerLayers(
            np.zeros((layers, d + 1, widest), floats),
            np.zeros((layers, widest), floats),
            np.zeros((layers, widest), floats),
            np.zeros((layers, widest), floats),
            np.zeros((layers, widest), floats),
        ),
        "hashes": Hashes(hashes[:n_bits], hashes[n_bits:]),
        "refined": refine.start(np.zeros((d + 1, 0)), layers, widest),
        "blockwise": _no_blocks(d + 1),
    }


def write_network(state: AnyState, network: Network, chart: Chart, net: PackedNetwork) -> AnyState:
    """The state with the first layer's rows in their place, and whatever else comes from the network."""
    first = first_rows(network, chart)[: net.width[0]].T
    state.layers.rows[0, :, : net.width[0]] = state.refined.high[0, :, : net.width[0]] = first
    if not network.layers:
        state.frames.rows[0, : len(first), : net.width[0]] = first
    layers, _, widest = state.layers.rows.shape
    state.layers.scale[:] = scales_of_layers(network, widest)
    changed: AnyState = state._replace(blockwise=blockwise.start(net, layers, len(first))) if net.form else state
    return changed


@cache
def _no_blocks(k1: int) -> blockwise.Blockwise:
    """What nobody reads or writes where a network is not given in blocks; the same for all of them."""
    single = Network((), np.zeros((1, k1 - 1)), np.zeros(1))
    return blockwise.start(packed(single, np.eye(k1), np.ones(k1 - 1), want_maps=False), 1, k1)


def next_width(net: PackedNetwork) -> int:
    """Length of the rows that each cell on the stack holds of the next layer: only outputs where blocks are summed."""
    first = net.n_hidden if net.form else min(1, net.n_hidden)
    return int(max(net.stride[first:].tolist()))


def lowest(net: PackedNetwork, state: Any, f: int) -> int:
    """What is known of a cell's pattern, and zeros.

    The bits of earlier layers, and of words that are not active, are those of the walk: see the kernel.
    """
    layer, n_bits = int(state.frames.layer[f]), len(net.neuron_of)
    if layer < 0:
        return 0
    start, n_cut = int(net.bit_start[layer]), int(net.n_cut[layer])
    known = number_of(state.bits, n_bits) >> (n_bits - start - n_cut)
    for word in range(-(-n_cut // 64)):
        if int(state.frames.active[f, word // 64]) >> word % 64 & 1:
            n = min(n_cut - 64 * word, 64)
            on, place = int(f"{int(state.frames.on[f, word]):064b}"[: -n - 1 : -1], 2), n_cut - 64 * word - n
            known = known & ~(((1 << n) - 1) << place) | on << place
    return known << (n_bits - start - n_cut)


class CornerDecisions(ABC):
    """Signs of neurons at corners in integer arithmetic. A corner is where lines or planes of known owners meet.

    `sides` are the rows that owners below 0 stand for; see `owner_rows`.
    """

    def __init__(self, network: Network, chart: Chart, sides: list[list[fmpz]]) -> None:
        self._owners = OwnerRows(network, rows_on(network, integer_matrix(chart.matrix)), sides)
        self._n_bits = network.n_neurons
        self._first_bit = bit_starts(network).tolist()

    def answer(self, state: Any) -> None:
        """Fill in the signs that the kernel left open at the corners of a cell, for the neuron that it asked about."""
        f = int(state.scalars[outcomes.TOP]) - 1
        asked = int(state.frames.asked[f])
        word, place = divmod(asked, 64)
        mask = np.uint64(1 << place)
        bits = unpack(state.bits[None], self._n_bits)[0]
        row = self._owners.row(self._first_bit[int(state.frames.layer[f])] + asked, bits)
        vanishes = not any(row)
        for i in range(int(state.frames.n_corners[f])):
            signs = state.points.signs[state.corners.place[int(state.frames.start[f]) + i, POINT], :, word]
            if signs[OPEN] & ~signs[ANSWERED] & mask:
                owners = [] if vanishes else state.lines.owner[self._meeting(state, f, i)].tolist()
                meeting = [self._owners.row(owner, bits) for owner in owners]
                sign = 0 if vanishes else self._sign_at(row, meeting)
                write_sign(signs, mask, sign)

    @abstractmethod
    def _meeting(self, state: Any, f: int, i: int) -> list[int]:
        """The lines or planes, as places on their stack, that meet in corner i of a cell."""

    @abstractmethod
    def _sign_at(self, row: Row, meeting: Sequence[Row]) -> int:
        """Sign of a row where others meet: 1, -1 or 0."""

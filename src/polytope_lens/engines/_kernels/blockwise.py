"""Rows of networks with sparse layers: of a layer, only those are computed anew that differ from the cell before.

Cells follow each other depth first, and mostly differ in a few neurons, which in a sparse network few others depend on.
So a layer's rows are kept from cell to cell, in double-double. When the layer begins on another cell, the blocks of
rows (`exact.blocks`) that depend on a neuron whose slope or row has changed are computed anew, and the others are
as they were. What a block is computed from does not depend on the cells before, so neither do its rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._compiled.jit import inlined, jit
from polytope_lens._compiled.simd import LANES, add, fill, load, multiply, multiply_add, store
from polytope_lens.arithmetic.double_double import DOUBLE_ROUNDING
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.engines._kernels.packed_network import is_on
from polytope_lens.exact.blocks import sloped, times_block, times_sizes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens._types import Floats
    from polytope_lens.engines._kernels.packed_network import PackedNetwork
    from polytope_lens.engines._kernels.refine import Refined


class Blockwise(NamedTuple):
    """What the rows of each layer were computed from, and working memory."""

    slope: Floats  # (L + 1, width): slopes of the layer before, NaN at first
    fresh: NDArray[np.bool_]  # (L + 1, width): rows that the next layer has not seen yet
    marked: NDArray[np.bool_]  # per block: to be computed anew
    live: NDArray[np.int64]
    vector: Floats  # (2 k + 3, columns of a block): rows of the layer before, high and low, and their errors
    octet: Floats  # (2 k + 3, 8)


def start(net: PackedNetwork, n_layers: int, k1: int) -> Blockwise:
    """Nothing is known; next to no memory for networks without blocks."""
    n, widest = (n_layers, int(net.width.max())) if net.form else (1, 1)
    columns = int(np.diff(net.blocks.column_start).max(initial=1))
    return Blockwise(
        np.full((n, widest), np.nan),
        np.zeros((n, widest), dtype=np.bool_),
        np.ones(len(net.blocks.row_start) - 1, dtype=np.bool_),
        np.zeros(columns, dtype=np.int64),
        np.zeros((2 * k1 + 1, columns)),
        np.zeros((2 * k1 + 1, LANES)),
    )


@inlined
def _gather(
    net: PackedNetwork, r: Refined, w: Blockwise, before: int, j: int, slope: float, to: int
) -> None:  # pragma: no cover - compiled
    """A row of the layer before, times its slope, as part of what a block is computed from."""
    k1 = r.high.shape[1]
    error, magnitude = r.error[before, j], 0.0
    for k in range(k1):
        high, low, _ = sloped(r.high[before, k, j], r.low[before, k, j], 0.0, slope)
        w.vector[k, to], w.vector[k1 + k, to] = high, low
        magnitude += abs(high) * net.reach[k]
    if slope != 1.0:
        error = (error * abs(slope) + 2 * DOUBLE_ROUNDING * magnitude) * BOUND_SLACK + UNDERFLOW_GUARD
    w.vector[2 * k1, to] = error


@inlined
def _keep(
    net: PackedNetwork, r: Refined, w: Blockwise, layer: int, q: int, lane: int, out: Any, sure: Any, spread: Any
) -> None:  # pragma: no cover - compiled
    """Write down a row and what its values need to be sure."""
    k1 = r.high.shape[1]
    total, magnitude = 0.0, abs(w.octet[k1 - 1, lane]) * net.reach[k1 - 1]
    for k in range(k1):
        x = w.octet[k, lane]
        r.high[layer, k, q], r.low[layer, k, q], out[k, q] = x, w.octet[k1 + k, lane], x
        if k < k1 - 1:
            total += abs(x)
            magnitude += abs(x) * net.reach[k]
    error = w.octet[2 * k1, lane] * BOUND_SLACK
    r.error[layer, q] = error
    sure[q] = error * BOUND_SLACK + (k1 + 4) * UNIT_ROUNDOFF * magnitude + UNDERFLOW_GUARD
    spread[q] = total * BOUND_SLACK
    w.fresh[layer, q] = True


@jit
def update_rows(
    net: PackedNetwork, r: Refined, w: Blockwise, bits: Any, layer: int, out: Any, sure: Any, spread: Any
) -> None:  # pragma: no cover - compiled
    """Rows of a layer after the first on the cell with these bits, rounded to `out` (k + 1, width).

    `sure` is as large as a value must be to have a sure sign, `spread` how much it changes with distance.
    """
    before, k1 = layer - 1, r.high.shape[1]
    b, first = net.blocks, net.neuron_start[before]
    for q in range(net.width[before]):
        bit = net.bit[first + q]
        slope = net.positive[first + q] if bit < 0 or is_on(bits, bit) else net.negative[first + q]
        if slope != w.slope[layer, q] or (w.fresh[before, q] and slope != 0.0):
            for i in range(net.met_start[first + q], net.met_start[first + q + 1]):
                w.marked[net.met[i]] = True
        w.slope[layer, q] = slope
        w.fresh[before, q] = False
    for block in range(net.first_block[layer], net.first_block[layer + 1]):
        if not w.marked[block]:
            continue
        w.marked[block] = False
        row_start, height = b.row_start[block], b.row_start[block + 1] - b.row_start[block]
        columns, n_live = b.column_start[block], 0
        for i in range(b.column_start[block + 1] - columns):
            j = b.columns[columns + i]
            if w.slope[layer, j] != 0.0:
                _gather(net, r, w, before, j, w.slope[layer, j], n_live)
                w.live[n_live] = i
                n_live += 1
        for row in range(0, height, LANES):
            at, bias = b.weight_start[block] + row, load(b.bias, (row_start + row,))
            error = times_sizes(b.weights, at, height, w.live, n_live, w.vector, 2 * k1)
            for k in range(k1):
                constant = multiply(bias, fill(net.tau[k]))
                found, rest, doubt = times_block(
                    b.weights, at, height, w.live, n_live, w.vector, w.vector[k1:], k, constant
                )
                store(w.octet, (k, 0), found)
                store(w.octet, (k1 + k, 0), rest)
                error = multiply_add(doubt, fill(net.reach[k]), error)
            store(w.octet, (2 * k1, 0), add(error, fill(UNDERFLOW_GUARD)))
            for lane in range(min(LANES, height - row)):
                _keep(net, r, w, layer, b.rows[row_start + row + lane], lane, out, sure, spread)
    r.known[layer] = r.current[layer]

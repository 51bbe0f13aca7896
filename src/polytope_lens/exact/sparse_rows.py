"""Pre-activations of a network with sparse layers as sparse rows on one region, in double-double.

Layer by layer, from the inputs on: a row is the sum of the rows of the neurons that it depends on, times their slopes
and weights. The rows of a block (`blocks`) depend on the same inputs, few of them behind the first convolutions,
so they are kept as small dense arrays. Going back from each neuron instead would take twenty times as many products
behind ten convolutions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from flint import fmpq

from polytope_lens._arrays.ragged import starts
from polytope_lens._compiled.jit import inlined, jit
from polytope_lens._compiled.simd import LANES, add, fill, load, padded, store
from polytope_lens._deferred import sparse
from polytope_lens.arithmetic.rational import nearest_float
from polytope_lens.arithmetic.signs import BOUND_SLACK
from polytope_lens.exact.blocks import Blocks, blocks, sloped, times_block, times_sizes
from polytope_lens.exact.sparse import scaled_back
from polytope_lens.network.network import slopes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.network.network import Network


# Double-doubles that a block is computed from at a time: 48 MB.
MOST_AT_ONCE = 2**21
# Rows whose error is larger than this share of their largest number are computed anew, in integers.
GOOD_ENOUGH = 2.0**-60


class Rows(NamedTuple):
    """Affine rows of a layer's neurons: coefficients by input, and the constant at d, the number of inputs.

    The rows of block b are about the inputs ``support[support_start[b]:support_start[b + 1]]``, in order; their numbers
    are ``high + low``, row after row of one input, from ``value_start[b]``, and err by at most ``error`` of the neuron.
    """

    block_of: Ints  # (width,)
    lane_of: Ints  # (width,): which of the block's rows
    stride: Ints  # (n,): of a block, the distance between inputs
    support: Ints
    support_start: Ints  # (n + 1,)
    high: Floats
    low: Floats
    value_start: Ints  # (n + 1,)
    error: Floats  # (width,)


class RegionRows(NamedTuple):
    """Pre-activations ``a . x + c`` of a layer's cutting neurons on a region.

    Each number is within `error` of the exact one, then rounded once; where that leaves it open whether it is zero, it
    is.
    """

    A: sparse.csr_array[Any, tuple[int, int]]  # (n, d)
    c: Floats  # (n,)
    error: Floats  # (n,)


def region_rows(network: Network, bits: Bools) -> Iterator[RegionRows]:
    """The rows of each hidden layer under an activation pattern.

    Notes
    -----
    The errors are proved; ten convolutions make them 2**-70 of a row's largest number. Cost: for a neuron that depends
    on k neurons, and through them on n inputs, k n products in double-double, whose operands its block shares; memory
    for the numbers of two layers. Ten convolutions of 16 channels on 3 x 32 x 32 images: 6 seconds.
    """
    d = network.input_dim
    on = slopes(network.layers, bits)
    before = _inputs(d)
    for index, layer in enumerate(network.layers):
        slope = on[index - 1] if index else np.ones(d)
        before = _following(blocks(layer), slope, before, d)
        neurons = np.flatnonzero(layer.cuts)
        A, c = _as_sparse(before, neurons, d)
        # Numbers below twice the error are given as zero.
        found = RegionRows(A, c, 4 * before.error[neurons])
        largest = np.maximum(abs(A).max(axis=1).toarray().ravel(), np.abs(c))
        poor = np.flatnonzero((found.error == np.inf) | ~(found.error <= GOOD_ENOUGH * largest))
        yield _mended(network, index, neurons, on, poor, found) if len(poor) else found


def _inputs(d: int) -> Rows:
    """What goes into the first layer: each input is itself."""
    each, one = np.arange(d), np.full(d, LANES)
    high = np.zeros((d, LANES))
    high[:, 0] = 1.0
    return Rows(
        each, np.zeros(d, np.int64), one, each, np.arange(d + 1), high.ravel(), np.zeros(high.size),
        LANES * np.arange(d + 1), np.zeros(d),
    )  # fmt: skip


def _following(parts: Blocks, slope: Floats, before: Rows, d: int) -> Rows:
    """Rows of a layer, given those of the layer before."""
    n, width = len(parts.heights), len(parts.rows)
    block_of, lane_of = np.empty(width, np.int64), np.empty(width, np.int64)
    which = np.repeat(np.arange(n), parts.heights)
    block_of[parts.rows], lane_of[parts.rows] = which, np.arange(width) - parts.row_start[which]
    stamp = np.full(d + 1, -1, dtype=np.int64)
    seen = np.full(len(before.stride), -1, dtype=np.int64)
    sizes = np.zeros(n, dtype=np.int64)
    _depends_on(parts, slope, before, stamp, seen, sizes, starts(sizes), np.zeros(0, dtype=np.int64))
    support_start = starts(sizes)
    support = np.empty(support_start[-1], dtype=np.int64)
    stamp[:], seen[:] = -1, -1
    _depends_on(parts, slope, before, stamp, seen, sizes, support_start, support)
    stride = padded(parts.heights)
    value_start = starts(sizes * stride)
    high, low = np.empty(value_start[-1]), np.empty(value_start[-1])
    after = Rows(block_of, lane_of, stride, support, support_start, high, low, value_start, np.zeros(width))
    columns = max(1, parts.most_columns)
    shape = int(max(1, min(d + 1, MOST_AT_ONCE // columns))), columns
    memory = np.empty(shape), np.empty(shape), np.empty((1, shape[1])), np.empty(LANES), np.empty(shape[1], np.int64)
    _sum_up(parts, slope, before, after, stamp, d, *memory)
    return after


@jit
def _depends_on(
    b: Blocks, slope: Any, before: Rows, stamp: Any, seen: Any, sizes: Any, start: Any, support: Any
) -> None:  # pragma: no cover - compiled
    """Which inputs each block depends on, and the constant: counted, and written down if there is room."""
    d = len(stamp) - 1
    for block in range(len(b.row_start) - 1):
        for i in range(b.column_start[block], b.column_start[block + 1]):
            j = b.columns[i]
            other = before.block_of[j]
            if slope[j] == 0.0 or seen[other] == block:
                continue
            seen[other] = block
            for t in range(before.support_start[other], before.support_start[other + 1]):
                stamp[before.support[t]] = block
        stamp[d] = block
        n = 0
        for k in range(d + 1):
            if stamp[k] == block:
                if len(support):
                    support[start[block] + n] = k
                n += 1
        sizes[block] = n


@inlined
def larger(a: float, b: float) -> float:  # pragma: no cover - compiled
    """The larger of two bounds, neither of them NaN; beyond the range of floats nothing is bounded."""
    return max(a, b) if b < np.inf else np.inf


@jit
def _sum_up(
    b: Blocks, slope: Any, before: Rows, after: Rows, place: Any, d: int,
    high: Any, low: Any, error: Any, octet: Any, live: Any,
) -> None:  # pragma: no cover - compiled  # fmt: skip
    """Compute the numbers of all blocks; `high` and `low` (inputs at once, columns) and what follows is for working."""
    for block in range(len(b.row_start) - 1):
        first, height = b.row_start[block], b.row_start[block + 1] - b.row_start[block]
        start, n_live = b.column_start[block], 0
        for i in range(b.column_start[block + 1] - start):
            if slope[b.columns[start + i]] != 0.0:
                live[n_live] = i
                n_live += 1
        begin, end = after.support_start[block], after.support_start[block + 1]
        for t in range(begin, end):
            place[after.support[t]] = t
        for row in range(height):
            after.error[b.rows[first + row]] = 0.0
        for chunk in range(begin, end, len(high)):
            n = min(len(high), end - chunk)
            high[:n, :n_live] = 0.0
            low[:n, :n_live] = 0.0
            for i in range(n_live):
                j = b.columns[start + live[i]]
                other, doubt = before.block_of[j], 0.0
                at = before.value_start[other] + before.lane_of[j]
                for t in range(before.support_start[other], before.support_start[other + 1]):
                    v = place[before.support[t]] - chunk
                    if 0 <= v < n:
                        high[v, i], low[v, i], found = sloped(
                            before.high[at], before.low[at], before.error[j], slope[j]
                        )
                        doubt = larger(doubt, found)
                    at += before.stride[other]
                error[0, i] = doubt
            for row in range(0, height, LANES):
                at = b.weight_start[block] + row
                inherited = times_sizes(b.weights, at, height, live, n_live, error, 0)
                for v in range(n):
                    t = chunk + v
                    bias = load(b.bias, (first + row,)) if after.support[t] == d else fill(0.0)
                    found, rest, doubt = times_block(b.weights, at, height, live, n_live, high, low, v, bias)
                    to = after.value_start[block] + (t - begin) * after.stride[block] + row
                    store(after.high, (to,), found)
                    store(after.low, (to,), rest)
                    store(octet, (0,), add(inherited, doubt))
                    for lane in range(min(LANES, height - row)):
                        q = b.rows[first + row + lane]
                        after.error[q] = larger(after.error[q], octet[lane] * BOUND_SLACK)


def _as_sparse(rows: Rows, neurons: Ints, d: int) -> tuple[sparse.csr_array[Any, tuple[int, int]], Floats]:
    """Numbers of some neurons, rounded, but for those that may be zero; and their constants."""
    sizes = np.zeros(len(neurons), dtype=np.int64)
    constants = np.zeros(len(neurons))
    nothing = np.zeros(0, dtype=np.int32), np.zeros(0)
    _collect(rows, neurons, d, sizes, starts(sizes), *nothing, constants)
    indptr: NDArray[Any] = starts(sizes)
    indices, data = np.empty(indptr[-1], dtype=np.int32), np.empty(indptr[-1])
    if indptr[-1] < 2**31:
        indptr = indptr.astype(np.int32)  # or else the indices, too, would take eight bytes each
    _collect(rows, neurons, d, sizes, indptr, indices, data, constants)
    return sparse.csr_array((data, indices, indptr), shape=(len(neurons), d)), constants


@jit
def _collect(
    rows: Rows, neurons: Any, d: int, sizes: Any, indptr: Any, indices: Any, data: Any, constants: Any
) -> None:  # pragma: no cover - compiled
    """Count the numbers that are surely not zero, and write them down if there is room."""
    for i in range(len(neurons)):
        q = neurons[i]
        block, n = rows.block_of[q], 0
        at = rows.value_start[block] + rows.lane_of[q]
        for t in range(rows.support_start[block], rows.support_start[block + 1]):
            k, x = rows.support[t], rows.high[at]
            at += rows.stride[block]
            # Beyond twice the error the high part decides: the low part is smaller than its rounding.
            if x == 0.0 or abs(x) <= 2 * rows.error[q]:
                continue
            if k == d:
                constants[i] = x
                continue
            if len(data):
                indices[indptr[i] + n], data[indptr[i] + n] = k, x
            n += 1
        sizes[i] = n


def _mended(
    network: Network, layer: int, neurons: Ints, slopes: list[Floats], poor: Ints, found: RegionRows
) -> RegionRows:
    """The same rows, those with large errors from integers."""
    rows, c, error = found.A.tolil(), found.c.copy(), found.error.copy()
    for i in poor.tolist():
        row, scale = scaled_back(network, layer, int(neurons[i]), slopes)
        c[i], error[i] = nearest_float(fmpq(row.pop(-1), scale)), 0.0
        inputs = sorted(k for k, value in row.items() if value)
        rows.rows[i], rows.data[i] = inputs, [nearest_float(fmpq(row[k], scale)) for k in inputs]
    return RegionRows(sparse.csr_array(rows), c, error)

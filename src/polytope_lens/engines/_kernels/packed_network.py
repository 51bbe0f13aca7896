"""A network as flat arrays, and the running sum that makes the next layer's rows while a layer is being decided.

Error bounds. Each affine row ``z(u) = a . u + c`` that a kernel holds comes with a number `error` such that the exact
row of the network differs from it by at most `error` everywhere in the box ``|u_k| <= reach[k]``. With unit roundoff
u = 2**-53 and magnitude ``m = sum |a_k| reach[k] + |c|``:

- evaluating a row of d + 1 terms and comparing it errs by less than ``(d + 4) u m`` (Higham 2002, section 3.1);
- adding ``w z`` to a row errs by ``|w| error``, ``2 u |w| m`` (two products) and u times the magnitude of the result.

`sure` of a row is ``error`` plus its evaluation error, with room for the rounding of the bounds themselves: a computed
value beyond `sure` has the sign of the exact one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._arrays.ragged import list_of, starts
from polytope_lens._compiled.jit import inlined
from polytope_lens._compiled.simd import LANES, fill, load, multiply, multiply_add, padded, size, store
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.exact.blocks import Blocks, blocks, blocks_of, stacked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens._types import Floats, Ints, Matrix
    from polytope_lens.network.network import Layer, Network


# Rounding of an addition, with a quarter more for the rounding of the magnitude it is multiplied by.
ADD_ROUNDING = 1.25 * UNIT_ROUNDOFF
# A layer's rows are refined when a bound on their error exceeds their rounding by this factor: a matter of cost alone.
REFINE_AT = 2.0**28
# Rows that blocks should have on average: eight rows cost as much as one.
WORTH_BLOCKS = 3


class PackedNetwork(NamedTuple):
    """A network and the chart ``[x; t] = chart @ [u; 1]`` that it is looked at through, for the kernels.

    ``width`` counts hidden layers and then the outputs, which are treated as one more layer without activation; it is
    0 there if no output maps are wanted. Weights are transposed: column j of layer l starts at
    ``weight_start[l] + j * stride[l]``, where a stride is a width rounded up to whole octets. Where ``sparse_at[l]`` is
    not -1, they are sparse: column j has the weights ``sparse_weights[i]`` in the rows ``sparse_rows[i]``, for i from
    ``sparse_start[sparse_at[l] + j]`` up to the entry that follows. Or, if ``form`` is not empty
    (`is_blockwise`), all weights behind the first layer are in ``blocks``, those of layer l from
    ``first_block[l]``, and the blocks that neuron i goes into are ``met[met_start[i]:met_start[i + 1]]``. An
    octet of zeros ends the biases, which are read in whole octets. ``tau`` is the form that is t, hence 1 on the input
    space, in chart coordinates. ``bit`` of a neuron is -1 if it never cuts,
    and ``neuron_of`` a bit is its inverse; the bits of a layer's ``n_cut`` cutting neurons follow each other from
    ``bit_start``. ``leaks`` tells whether some of them have a negative slope other than 0.
    """

    n_hidden: int
    width: Ints
    stride: Ints
    weight_start: Ints
    weights: Floats
    sparse_at: Ints
    sparse_start: Ints
    sparse_rows: Ints
    sparse_weights: Floats
    form: tuple[bool, ...]
    blocks: Blocks
    first_block: Ints
    met_start: Ints
    met: Ints
    neuron_start: Ints
    bias: Floats
    negative: Floats
    positive: Floats
    bit: Ints
    neuron_of: Ints
    n_cut: Ints
    bit_start: Ints
    leaks: NDArray[np.bool_]
    tau: Floats
    reach: Floats


def packed(
    network: Network, chart: Floats, reach: Floats, *, want_maps: bool, blockwise: bool = False
) -> PackedNetwork:
    """Flat arrays of a network seen through a chart whose entries are 0, 1 and -1, one in each column and row.

    Such a chart permutes coordinates (with sign), so the first layer's rows are exact; `reach` (k,) bounds ``|u_k|``.
    With `blockwise`, a network with sparse layers is given in blocks, unless too few rows share their columns.
    """
    outputs = network.output_dim if want_maps else 0
    layers = network.layers
    matrices: list[Matrix] = [layer.weight for layer in layers] + [network.output_weight[:outputs]]
    biases = [layer.bias for layer in layers] + [network.output_bias[:outputs]]
    width = np.array([m.shape[0] for m in matrices], dtype=np.int64)
    stride = padded(width)
    parts = _blocks(layers, matrices[-1], biases[-1]) if blockwise else []
    columns = [np.zeros(0)]
    sparse_at, column_starts, sparse_rows, sparse_weights = [-1], [0], [np.zeros(0, dtype=np.int64)], [np.zeros(0)]
    for matrix, rounded_up in zip(matrices[1:], stride[1:].tolist(), strict=True):
        if parts:
            columns.append(np.zeros(0))
            sparse_at.append(-1)
            continue
        if not isinstance(matrix, np.ndarray):
            by_columns = matrix.tocsc()
            columns.append(np.zeros(0))
            sparse_at.append(len(column_starts) - 1)
            column_starts += (column_starts[-1] + by_columns.indptr[1:].astype(np.int64)).tolist()
            sparse_rows.append(by_columns.indices.astype(np.int64))
            sparse_weights.append(by_columns.data)
            continue
        column = np.zeros((matrix.shape[1], rounded_up))
        column[:, : len(matrix)] = matrix.T
        columns.append(column.ravel())
        sparse_at.append(-1)
    neuron_start = starts(width)
    sizes = np.array([len(column) for column in columns], dtype=np.int64)
    ends = np.zeros(outputs)
    bits = np.full(int(width.sum()), -1, dtype=np.int64)
    cuts = np.concatenate([*(layer.cuts for layer in layers), np.zeros(outputs, dtype=bool)])
    bits[cuts] = np.arange(int(cuts.sum()))
    n_cut = np.array([*(int(layer.cuts.sum()) for layer in layers), 0], dtype=np.int64)
    return PackedNetwork(
        len(layers),
        width,
        stride,
        np.cumsum(sizes) - sizes,
        np.concatenate(columns),
        np.array(sparse_at, dtype=np.int64),
        np.array(column_starts, dtype=np.int64),
        np.concatenate(sparse_rows),
        np.concatenate(sparse_weights),
        (True,) if parts else (),
        *(_in_blocks(parts, neuron_start) if parts else NOTHING_IN_BLOCKS),
        neuron_start,
        np.concatenate([*biases, np.zeros(LANES)]),
        np.concatenate([*(layer.negative_slope for layer in layers), ends]),
        np.concatenate([*(layer.positive_slope for layer in layers), ends]),
        bits,
        np.flatnonzero(cuts).astype(np.int64),
        n_cut,
        np.cumsum(n_cut) - n_cut,
        np.array([*(bool(layer.negative_slope[layer.cuts].any()) for layer in layers), False]),
        np.ascontiguousarray(chart[-1]),
        np.append(reach, 1.0),
    )


def _blocks(layers: tuple[Layer, ...], output_matrix: Matrix, output_bias: Floats) -> list[Blocks]:
    """Blocks of the layers after the first; none if no weight is sparse, or if too few rows share their columns."""
    if all(isinstance(matrix, np.ndarray) for matrix in (*(layer.weight for layer in layers[1:]), output_matrix)):
        return []
    parts = [*map(blocks, layers[1:]), blocks_of(output_matrix, output_bias)]
    heights = np.concatenate([part.heights for part in parts])
    return parts if len(heights) and heights.mean() >= WORTH_BLOCKS else []


def _in_blocks(parts: list[Blocks], neuron_start: Ints) -> tuple[Blocks, Ints, Ints, Ints]:
    """All blocks, where each layer's begin, and which of them each neuron goes into."""
    first = starts(np.array([0, *(len(part.heights) for part in parts)], dtype=np.int64))
    return stacked(parts), first, *_meetings(parts, neuron_start)


def _meetings(parts: list[Blocks], neuron_start: Ints) -> tuple[Ints, Ints]:
    """Which blocks each neuron goes into, given those of the layers after the first."""
    all_blocks = stacked(parts)
    block = list_of(all_blocks.column_start)
    columns = [part.columns + first for part, first in zip(parts, neuron_start.tolist(), strict=False)]
    neuron = np.concatenate([np.zeros(0, dtype=np.int64), *columns])
    order = np.argsort(neuron, kind="stable")
    return starts(np.bincount(neuron, minlength=int(neuron_start[-1]))), block[order]


# Once for all networks without blocks: making it takes as long as many of them do.
NOTHING_IN_BLOCKS = _in_blocks([], np.zeros(1, dtype=np.int64))


@lru_cache(maxsize=64)
def hash_table(n: int, seed: int) -> NDArray[np.uint64]:
    """`n` fixed pseudo-random words: the same in every run. Not to be written to."""
    return np.random.Generator(np.random.PCG64(seed)).integers(0, 2**64, size=n, dtype=np.uint64)


@inlined
def is_blockwise(net: PackedNetwork) -> bool:  # pragma: no cover - compiled
    """Whether a network is given in blocks.

    The length of a tuple is part of its type, so a kernel is compiled for each answer, without the other's branches:
    decided at run time, they made the dense networks' cells in space a fifth slower.
    """
    return len(net.form) > 0


@inlined
def set_bit(words: Any, bit: int, value: bool) -> None:  # pragma: no cover - compiled
    """Write one bit of a packed pattern, first bit highest."""
    mask = np.uint64(1) << np.uint64(63 - (bit & 63))
    if value:
        words[bit >> 6] |= mask
    else:
        words[bit >> 6] &= ~mask


@inlined
def is_on(words: Any, bit: int) -> bool:  # pragma: no cover - compiled
    """Read one bit of a packed pattern."""
    return bool((words[bit >> 6] >> np.uint64(63 - (bit & 63))) & np.uint64(1))


@inlined
def length(rows: Any, j: int, k: int) -> Any:  # pragma: no cover - compiled
    """Euclidean length of the first k entries of column j, which neither overflows nor underflows on the way."""
    largest = 0.0
    for i in range(k):
        largest = max(largest, abs(rows[i, j]))
    if not 0.0 < largest < np.inf:
        return largest
    total = 0.0
    for i in range(k):
        total += (rows[i, j] / largest) * (rows[i, j] / largest)
    return largest * np.sqrt(total)


@inlined
def start_layer(bias: Any, tau: Any, first: int, n: int, rows: Any, error: Any, f: int) -> None:  # pragma: no cover
    """Rows of a layer before any neuron has been added: its bias times the form that is 1 on the input space."""
    for at in range(0, n, LANES):
        biases = load(bias, (first + at,))
        for k in range(rows.shape[1]):
            store(rows, (f, k, at), multiply(biases, fill(tau[k])))
        store(error, (f, at), fill(0.0))


@inlined
def close_layer(
    reach: Any, n: int, rows: Any, error: Any, f: int, out: Any, sure: Any
) -> bool:  # pragma: no cover - compiled
    """Copy finished rows to `out` (k + 1, width) and compute how large a value must be to have a sure sign.

    Returns whether the error of any row has outgrown the rounding of the largest one, so that refining pays.
    """
    k1 = rows.shape[1]
    evaluation = fill((k1 + 3) * UNIT_ROUNDOFF)
    largest, worst = 0.0, 0.0
    for at in range(0, n, LANES):
        magnitude = fill(0.0)
        for k in range(k1):
            row = load(rows, (f, k, at))
            store(out, (k, at), row)
            magnitude = multiply_add(size(row), fill(reach[k]), magnitude)
        store(sure, (at,), magnitude)
        for q in range(at, min(at + LANES, n)):
            largest = max(largest, sure[q])
            worst = max(worst, error[f, q])
        bound = multiply_add(load(error, (f, at)), fill(BOUND_SLACK), fill(UNDERFLOW_GUARD))
        store(sure, (at,), multiply_add(evaluation, magnitude, bound))
    return worst > REFINE_AT * UNIT_ROUNDOFF * largest


@inlined
def add_neuron(
    weights: Any, reach: Any, start: int, n: int, slope: float, source: Any, j: int, sure: float,
    rows: Any, error: Any, f: int,
) -> None:  # pragma: no cover - compiled  # fmt: skip
    """``rows[f] += slope * W[:, j] * source[:, j]``: neuron j of the layer before has been decided.

    The column of n weights begins at ``weights[start]``, and has zeros up to whole octets.
    """
    if slope == 0.0:
        return
    handed = fill(abs(slope) * sure)
    for at in range(0, n, LANES):
        weight, magnitude = load(weights, (start + at,)), fill(0.0)
        for k in range(source.shape[0]):
            sums = multiply_add(weight, fill(source[k, j] * slope), load(rows, (f, k, at)))
            store(rows, (f, k, at), sums)
            magnitude = multiply_add(size(sums), fill(reach[k]), magnitude)
        bound = multiply_add(magnitude, fill(ADD_ROUNDING), load(error, (f, at)))
        store(error, (f, at), multiply_add(size(weight), handed, bound))


@inlined
def accumulate_neuron(
    net: PackedNetwork, layer: int, j: int, slope: float, source: Any, sure: float,
    rows: Any, error: Any, f: int,
) -> None:  # pragma: no cover - compiled  # fmt: skip
    """Add decided neuron j to the rows of the layer after its own, whose column may be sparse; see `add_neuron`."""
    at = net.sparse_at[layer]
    if at < 0:
        start, n = net.weight_start[layer] + j * net.stride[layer], net.width[layer]
        add_neuron(net.weights, net.reach, start, n, slope, source, j, sure, rows, error, f)
        return
    if slope == 0.0:
        return
    for i in range(net.sparse_start[at + j], net.sparse_start[at + j + 1]):
        q, w = net.sparse_rows[i], net.sparse_weights[i]
        magnitude = 0.0
        for k in range(source.shape[0]):
            x = rows[f, k, q] + w * (source[k, j] * slope)
            rows[f, k, q] = x
            magnitude += abs(x) * net.reach[k]
        error[f, q] += abs(slope) * abs(w) * sure + ADD_ROUNDING * magnitude

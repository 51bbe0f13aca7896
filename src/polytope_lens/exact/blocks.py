"""Sparse weights as small dense blocks: all rows that have their entries in the same columns.

The channels of a convolution at one place make such a block. Its product with a vector is computed in double-double for
eight rows at a time.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._arrays.ragged import starts
from polytope_lens._compiled.jit import inlined, jit
from polytope_lens._compiled.simd import LANES, add, fill, fused, load, multiply, multiply_add, size, store, subtract
from polytope_lens._deferred import sparse
from polytope_lens.arithmetic.double_double import DOUBLE_ROUNDING, times
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens._types import Floats, Ints, Matrix
    from polytope_lens.network.network import Layer


class Blocks(NamedTuple):
    """The affine map of a layer in n blocks.

    Block b has the rows ``rows[row_start[b]:row_start[b + 1]]`` and the columns ``columns[column_start[b]:...]``. Its
    weights follow each other column by column from ``weight_start[b]``; there and in ``bias``, which is in the order of
    ``rows``, octets may be read that begin anywhere.
    """

    rows: Ints
    row_start: Ints  # (n + 1,)
    columns: Ints
    column_start: Ints  # (n + 1,)
    weights: Floats
    weight_start: Ints  # (n + 1,)
    bias: Floats

    @property
    def heights(self) -> Ints:
        """Number of rows of each block."""
        return np.diff(self.row_start)

    @property
    def most_columns(self) -> int:
        """Of any block."""
        return int(np.diff(self.column_start).max())


@lru_cache(maxsize=64)
def blocks(layer: Layer) -> Blocks:
    """The blocks of a layer."""
    return blocks_of(layer.weight, layer.bias)


def blocks_of(matrix: Matrix, bias: Floats) -> Blocks:
    """The blocks of an affine map, in the order of their first rows; a dense weight is one block."""
    if isinstance(matrix, np.ndarray):
        members, columns, weights = [np.arange(len(matrix))], [np.arange(matrix.shape[1])], [matrix.T.ravel()]
    else:
        by_rows = sparse.csr_array(matrix)
        data, indices, indptr = by_rows.data, by_rows.indices, by_rows.indptr
        alike: dict[bytes, list[int]] = {}
        for row in range(len(bias)):
            alike.setdefault(indices[indptr[row] : indptr[row + 1]].tobytes(), []).append(row)
        members = [np.array(rows) for rows in alike.values()]
        columns = [np.frombuffer(key, dtype=indices.dtype) for key in alike]
        weights = [
            np.stack([data[indptr[row] : indptr[row + 1]] for row in rows], axis=1).ravel() for rows in alike.values()
        ]
    none, beyond = np.zeros(0, dtype=np.int64), np.zeros(LANES)
    rows = np.concatenate([none, *members])
    return Blocks(
        rows,
        _starts(members),
        np.concatenate([none, *columns]).astype(np.int64),
        _starts(columns),
        np.concatenate([*weights, beyond]),
        _starts(weights),
        np.concatenate([bias[rows], beyond]),
    )


def stacked(parts: Sequence[Blocks]) -> Blocks:
    """The blocks of several maps, one after the other."""
    none, beyond = np.zeros(0, dtype=np.int64), np.zeros(LANES)
    heights, widths, sizes = (np.concatenate([none, *(np.diff(part[i]) for part in parts)]) for i in (1, 3, 5))
    return Blocks(
        np.concatenate([none, *(part.rows for part in parts)]),
        starts(heights),
        np.concatenate([none, *(part.columns for part in parts)]),
        starts(widths),
        np.concatenate([*(part.weights[:-LANES] for part in parts), beyond]),
        starts(sizes),
        np.concatenate([*(part.bias[:-LANES] for part in parts), beyond]),
    )


def _starts(parts: list[Any]) -> Ints:
    return starts(np.array([len(part) for part in parts], dtype=np.int64))


@inlined
def times_block(
    weights: Any, at: int, height: int, live: Any, n_live: int, high: Any, low: Any, v: int, bias: Any
) -> tuple[Any, Any, Any]:  # pragma: no cover - compiled
    """Eight rows of a block, whose first weight is at a place, times a vector of double-doubles, plus their biases.

    Entry i of the vector, ``high[v, i] + low[v, i]``, belongs to column ``live[i]`` of the block, whose height is the
    distance of its columns. Returns the result as double-doubles, and by how much rounding changes it at most.

    Ogita, Rump and Oishi 2005, *Accurate sum and dot product*, algorithm 5.3: products and sums of the high parts leave
    exact rests, which are summed up in floats. With partial sums s and rests e, a term errs by at most ``9.1 u^2 |s|``
    for the product and for its rest, and ``u |e|`` for adding it.
    """
    share = fill(10 * UNIT_ROUNDOFF)
    total, rest, doubt = bias, fill(0.0), multiply(size(bias), share)
    for i in range(n_live):
        weight = load(weights, (at + live[i] * height,))
        product = multiply(weight, fill(high[v, i]))
        excess = fused(weight, fill(-low[v, i]), fused(weight, fill(-high[v, i]), product))
        following = add(total, product)
        back = subtract(following, total)
        lost = add(subtract(total, subtract(following, back)), subtract(product, back))
        total = following
        rest = add(rest, subtract(lost, excess))
        doubt = add(doubt, multiply_add(size(total), share, size(rest)))
    result = add(total, rest)
    back = subtract(result, total)
    lost = add(subtract(total, subtract(result, back)), subtract(rest, back))
    return result, lost, multiply_add(doubt, fill(UNIT_ROUNDOFF * BOUND_SLACK), fill(UNDERFLOW_GUARD))


@inlined
def times_sizes(
    weights: Any, at: int, height: int, live: Any, n_live: int, error: Any, v: int
) -> Any:  # pragma: no cover - compiled
    """The errors that eight rows of a block inherit from those of the vector."""
    total = fill(0.0)
    for i in range(n_live):
        total = multiply_add(size(load(weights, (at + live[i] * height,))), fill(error[v, i]), total)
    return multiply(total, fill(BOUND_SLACK))


@inlined
def sloped(high: float, low: float, error: float, slope: float) -> tuple[float, float, float]:  # pragma: no cover
    """A number within `error` times a slope."""
    if slope == 1.0:
        return high, low, error
    high, low = times(high, low, slope)
    return high, low, (error * abs(slope) + 2 * DOUBLE_ROUNDING * abs(high)) * BOUND_SLACK + UNDERFLOW_GUARD


@jit
def affine_of_blocks(
    b: Blocks, slope: Any, high: Any, low: Any, error: Any, to_high: Any, to_low: Any, to_error: Any,
    live: Any, vector: Any, octet: Any,
) -> None:  # pragma: no cover - compiled  # fmt: skip
    """``weight @ (slope * z) + bias`` for one vector z, (m,) to (width,), as double-doubles with bounds on the error.

    A value of exactly zero without error is dead: zero whatever the input is. A sum of dead values, and values times 0,
    is dead. `live` (m,), `vector` (3, m) and `octet` (3, 8) are working memory.
    """
    for block in range(len(b.row_start) - 1):
        first, height = b.row_start[block], b.row_start[block + 1] - b.row_start[block]
        start, n_live = b.column_start[block], 0
        for i in range(b.column_start[block + 1] - start):
            j = b.columns[start + i]
            if slope[j] == 0.0 or (high[j] == 0.0 and error[j] == 0.0):
                continue
            vector[0, n_live], vector[1, n_live], vector[2, n_live] = sloped(high[j], low[j], error[j], slope[j])
            live[n_live] = i
            n_live += 1
        for row in range(0, height, LANES):
            at, bias = b.weight_start[block] + row, load(b.bias, (first + row,))
            found, rest, doubt = times_block(b.weights, at, height, live, n_live, vector, vector[1:], 0, bias)
            store(octet, (0, 0), found)
            store(octet, (1, 0), rest)
            store(octet, (2, 0), add(doubt, times_sizes(b.weights, at, height, live, n_live, vector, 2)))
            for lane in range(min(LANES, height - row)):
                q = b.rows[first + row + lane]
                dead = n_live == 0 and b.bias[first + row + lane] == 0.0
                to_high[q], to_low[q] = octet[0, lane], octet[1, lane]
                to_error[q] = 0.0 if dead else octet[2, lane] * BOUND_SLACK

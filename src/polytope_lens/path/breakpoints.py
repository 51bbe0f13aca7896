"""Places on a segment, in double-double and exactly, and their order."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from flint import fmpq

from polytope_lens.arithmetic.rational import integer_matrix, nearest_float, rational, sign
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.exact.rows import ExactRows, exact_normal
from polytope_lens.exact.sparse import pulled_back
from polytope_lens.network.network import has_sparse_layers, slopes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.network.network import Network


# Crossings known less well than this are computed in integers.
POOR = 2.0**-64
# The layer that the two ends of a segment are counted to, as its "neurons" 0 and 1.
END = -1


class Knots(NamedTuple):
    """Numbers t between 0 and 1 as ``high + low`` within ``error``, and a neuron that vanishes at each."""

    high: Floats
    low: Floats
    error: Floats
    layer: Ints
    neuron: Ints


def ends() -> Knots:
    """The two ends of a segment."""
    return Knots(np.array([0.0, 1.0]), np.zeros(2), np.zeros(2), np.full(2, END), np.arange(2))


def between(knots: Knots, start: int, stop: int) -> Knots:
    """Some consecutive knots."""
    return Knots._make(array[start:stop] for array in knots)


def joined(first: Knots, second: Knots) -> Knots:
    """Knots of two parts of a segment, of which the second begins where the first ends."""
    return Knots._make(np.concatenate([a[:-1], b]) for a, b in zip(first, second, strict=True))


def in_order(piece: Ints, high: Floats, low: Floats, error: Floats, root: Callable[[int], fmpq]) -> tuple[Ints, Bools]:
    """The order of numbers, by piece and then by size, and which of them differ from the one before.

    Where ``high + low`` within `error` leave this open, or if `error` is too large, ``root(i)`` tells the exact number,
    which is written down in the arrays.
    """

    def settle(i: int) -> fmpq:
        exact = root(i)
        high[i] = nearest_float(exact)
        low[i] = nearest_float(exact - rational(high[i]))
        error[i] = UNIT_ROUNDOFF * abs(low[i]) + UNDERFLOW_GUARD
        return exact

    for i in np.flatnonzero(~(error < POOR)).tolist():
        settle(i)
    order = np.lexsort((low, high, piece))
    apart = np.ones(len(order), dtype=bool)
    for run in _close(piece[order], high[order], low[order], error[order]):
        roots = {i: settle(i) for i in order[run].tolist()}
        order[run] = sorted(roots, key=roots.__getitem__)
        apart[run][1:] = [roots[i] != roots[j] for i, j in pairwise(order[run].tolist())]
    return order, apart


def _close(piece: Ints, high: Floats, low: Floats, error: Floats) -> Iterator[slice]:
    """Runs of crossings, sorted, whose order is not proved, since neighbours are too close for their errors."""
    worst = np.zeros(int(piece.max(initial=0)) + 1)
    np.maximum.at(worst, piece, error)
    gap = (high[1:] - high[:-1]) + (low[1:] - low[:-1])
    # Positions are at most 1, so their low parts at most u, and differences of these are rounded by at most u^2.
    close = (piece[1:] == piece[:-1]) & ~(gap > 3 * (worst[piece[1:]] + UNIT_ROUNDOFF**2))
    edges = np.flatnonzero(np.diff(close.astype(np.int8), prepend=0, append=0))
    return (slice(start, stop + 1) for start, stop in edges.reshape(-1, 2).tolist())


def rounded(knots: Knots, segment: int) -> tuple[Floats, Bools]:
    """The floats nearest to ``segment + t``, and whether that is proved."""
    high = segment + knots.high
    rest = (knots.high - (high - segment)) + knots.low
    margin = (knots.error + 4 * UNIT_ROUNDOFF * (np.abs(rest) + np.abs(knots.low))) * BOUND_SLACK
    nearest = high + (rest - margin)
    return nearest, nearest == high + (rest + margin)


class Exact:
    """Pre-activations on one segment in integers: values at t = 0 and t = 1, up to a positive factor per layer."""

    def __init__(self, network: Network, start: Floats, stop: Floats) -> None:
        self._network = network
        self._ends = np.column_stack([np.append(start, 1.0), np.append(stop, 1.0)])
        self._rows: ExactRows | None = None

    def _values(self, layer: int, neuron: int, bits: Bools) -> tuple[Any, Any]:
        if has_sparse_layers(self._network):
            row = self._pulled_back(layer, neuron, bits)
            at_ends = [_value(row, end[:-1]) for end in self._ends.T]
            factor = max(scale for _, scale in at_ends)
            return at_ends[0][0] * (factor // at_ends[0][1]), at_ends[1][0] * (factor // at_ends[1][1])
        # Converting a network is slow, and most segments never ask.
        self._rows = self._rows or ExactRows(self._network, integer_matrix(self._ends))
        at_start, at_stop = self._rows.row(layer, neuron, bits)
        return at_start, at_stop

    def _pulled_back(self, layer: int, neuron: int, bits: Bools) -> dict[int, int]:
        return pulled_back(self._network, layer, neuron, slopes(self._network.layers[:layer], bits))

    def _normal(self, layer: int, neuron: int, bits: Bools) -> Iterable[Any]:
        """Gradient of a pre-activation, as far as it is not zero."""
        if has_sparse_layers(self._network):
            row = self._pulled_back(layer, neuron, bits)
            return (row[j] for j in sorted(row) if j >= 0)
        return exact_normal(self._network, layer, neuron, bits)

    def root(self, layer: int, neuron: int, bits: Bools) -> fmpq:
        """Where a pre-activation whose signs at t = 0 and t = 1 are not the same is zero; 0 if it is so everywhere."""
        p, q = self._values(layer, neuron, bits)
        return fmpq(abs(p), abs(p) + abs(q)) if p != q else fmpq(0)

    def position(self, knots: Knots, i: int, bits: Bools) -> fmpq:
        """A knot at either end of a piece with these bits."""
        layer, neuron = int(knots.layer[i]), int(knots.neuron[i])
        return fmpq(neuron) if layer == END else self.root(layer, neuron, bits)

    def signs(self, layer: int, neuron: int, start: fmpq, stop: fmpq, bits: Bools) -> tuple[int, int]:
        """Signs of a pre-activation beside the ends of a stretch, 1 or -1; both -1 where it is zero all around it."""
        p, q = self._values(layer, neuron, bits)
        left, right = (sign(p * t.q + (q - p) * t.p) for t in (start, stop))
        if left == right == 0:
            left = next((sign(v) for v in self._normal(layer, neuron, bits) if v != 0), -1)
        return left or right, right or left


def _value(row: dict[int, int], x: Floats) -> tuple[int, int]:
    """An affine function with integer coefficients at a point, and the power of two that it was multiplied by."""
    ratios = {j: float(x[j]).as_integer_ratio() for j in row if j >= 0}
    common = max((q for _, q in ratios.values()), default=1)
    return row.get(-1, 0) * common + sum(row[j] * p * (common // q) for j, (p, q) in ratios.items()), common

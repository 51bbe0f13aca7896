"""Where a straight segment crosses from region to region: a sweep over the layers, without linear programs.

On a segment every pre-activation is a function of one number t between 0 and 1. The segment is cut into pieces layer by
layer: under the bits that a piece has so far, a neuron of the next layer is affine, known by its values at t = 0 and
t = 1, and cuts the piece iff its signs at the two ends of the piece are opposite.

Signs come from a product of floats that is one layer deep, since the values that go into it are carried along as
double-doubles; crossings and their order come from double-doubles; what either leaves open is decided in integers.

A neuron may vanish on a whole piece. Its sign is then the one beside the piece, in the direction of the first axis, or
else the second, and so on: as if the segment were moved by an infinitesimal amount in these directions. So each piece
lies in the closure of its region, and the regions are the same for either direction of travel.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from flint import fmpq

from polytope_lens.exact.double_double import affine, zeros_between, zeros_of
from polytope_lens.exact.rational import integer_matrix, nearest_float, rational, sign
from polytope_lens.exact.rows import ExactRows, exact_normal
from polytope_lens.exact.signs import UNDERFLOW_GUARD, UNIT_ROUNDOFF, summation_bound
from polytope_lens.exact.sparse import NOT_DEAD, DoubleDoubles, has_sparse_layers, preactivations, pulled_back
from polytope_lens.network import bit_places, layer_slopes
from polytope_lens.query.locate import region_patterns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from polytope_lens.network import Layer, Network

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]
    Signs = NDArray[np.int8]

# Bounds are sums and products of a few rounded numbers.
BOUND_SLACK = 1 + 2.0**-30
# Crossings known less well than this are computed in integers.
POOR = 2.0**-64
# Pieces times neurons of a layer that are held at a time.
MOST_VALUES = 2**19
# The layer that the two ends of a segment are counted to, as its "neurons" 0 and 1.
END = -1


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """The regions that a polyline crosses, in the order of travel.

    Parameters
    ----------
    breakpoints : (k,) array
        Position of each change of region: the number of its segment plus the share of the segment that lies behind;
        the float nearest to the exact number.
    segments : (k,) int array
        The segment that each breakpoint lies on, the first point of the segment included.
    bits : (k + 1, n_neurons) bool array
        Activation patterns.
    """

    breakpoints: Floats
    segments: Ints
    bits: Bools


def trace(network: Network, points: Floats) -> Trace:
    """Cut a polyline through the rows of `points`, at least two, where the region changes; exact.

    Segments of length zero cross nothing. If there are no others, the only region is that of :func:`.region_patterns`.

    Notes
    -----
    Cost: for each layer, a product of floats with two vectors for each piece, and but for the last layer one in
    double-double, some 30 times as slow; milliseconds for each sign or order that these leave open. For a sparse layer
    one product in double-double, in which only what differs from piece to piece is computed anew. Memory: 50 MB for
    each layer at most, and one byte for each piece and neuron of the network.
    """
    longer = np.flatnonzero((points[1:] != points[:-1]).any(axis=1)).tolist()
    if not longer:
        return Trace(np.zeros(0), np.zeros(0, dtype=np.int64), region_patterns(network, points[:1], None))
    parts = [_cross(network, points[s], points[s + 1], s) for s in longer]
    turns = zip(parts[1:], parts[:-1], longer[:-1], strict=True)
    parts = [parts[0], *(_turned(part, before.bits[-1], s + 1) for part, before, s in turns)]
    return Trace(
        np.concatenate([part.breakpoints for part in parts]),
        np.concatenate([part.segments for part in parts]),
        np.concatenate([part.bits for part in parts]),
    )


def _turned(part: Trace, before: Bools, corner: int) -> Trace:
    """A trace that goes on from a corner; the region changes there too, if the corner lies on a boundary."""
    if (part.bits[0] == before).all():
        return Trace(part.breakpoints, part.segments, part.bits[1:])
    return Trace(np.append(float(corner), part.breakpoints), np.append(corner, part.segments), part.bits)


def exact_breakpoints(network: Network, points: Floats, found: Trace) -> list[fmpq]:
    """The breakpoints of a trace as fractions.

    Cost: integer matrix products for each breakpoint. The owner of a breakpoint is a neuron that flips there in the
    first layer that has one: its pre-activation is the same affine function on both sides.
    """
    owners = bit_places(network)
    flipped = found.bits[1:] != found.bits[:-1]
    exact = [_Exact(network, start, stop) for start, stop in pairwise(points)]
    return [
        segment + exact[segment].root(*owners[flips.argmax()], bits)
        for segment, flips, bits in zip(found.segments.tolist(), flipped, found.bits[:-1], strict=True)
    ]


class _Knots(NamedTuple):
    """Numbers t between 0 and 1 as ``high + low`` within ``error``, and a neuron that vanishes at each."""

    high: Floats
    low: Floats
    error: Floats
    layer: Ints
    neuron: Ints


class _Values(NamedTuple):
    """Pre-activations at t = 0 and at t = 1, ``high + low`` within ``error``, each (2, n, width)."""

    high: Floats
    low: Floats
    error: Floats


class _Pieces(NamedTuple):
    """A segment cut into n pieces by the layers so far."""

    knots: _Knots  # n + 1 of them, both ends of the segment included
    bits: Bools  # (n, bits so far)
    values: _Values  # of the last of these layers, under the bits of each piece
    slope: Floats  # (n, width): what the values are multiplied by next


class _Cuts(NamedTuple):
    """Where a layer cuts which piece, in the order of travel; `rank` counts the places in a piece from 0."""

    piece: Ints
    rank: Ints
    knots: _Knots


def _cross(network: Network, start: Floats, stop: Floats, segment: int) -> Trace:
    """The trace of one segment of positive length."""
    exact = _Exact(network, start, stop)
    ends = _Knots(np.array([0.0, 1.0]), np.zeros(2), np.zeros(2), np.full(2, END), np.arange(2))
    inputs = np.stack([start, stop])[:, None]
    values = _Values(inputs, np.zeros_like(inputs), np.full_like(inputs, NOT_DEAD))
    pieces = _Pieces(ends, np.zeros((1, 0), dtype=bool), values, np.ones((1, len(start))))
    knots, bits = _through(network, 0, pieces, exact)
    breakpoints, known = _rounded(knots, segment)
    for i in np.flatnonzero(~known).tolist():
        breakpoints[i] = nearest_float(segment + exact.position(knots, i, bits[i]))
    return Trace(breakpoints[1:-1], np.full(len(breakpoints) - 2, segment), bits)


def _through(network: Network, index: int, pieces: _Pieces, exact: _Exact) -> tuple[_Knots, Bools]:
    """Cut pieces by all layers from one on; a part of them at a time if they are many."""
    for layer in network.layers[index:]:
        n = len(pieces.bits)
        if n > 1 and n * layer.width > MOST_VALUES:
            halves = _part(pieces, 0, n // 2), _part(pieces, n // 2, n)
            found = [_through(network, index, half, exact) for half in halves]
            knots: Any = (np.concatenate([a[:-1], b]) for a, b in zip(*(part[0] for part in found), strict=True))
            return _Knots(*knots), np.concatenate([part[1] for part in found])
        more = index + 1 < len(network.layers)
        values: _Values | None
        if isinstance(layer.matrix, np.ndarray):
            left, right = _signs(layer, index, pieces, exact)
            cuts = _cuts(layer, index, pieces, left != right, exact)
            values = _preactivations(layer, pieces) if more else None
        else:
            values = _sparse_preactivations(layer, pieces)
            left, right = _signs_of(layer, index, pieces, values, exact)
            cuts = _cuts(layer, index, pieces, left != right, exact, values)
        pieces = _cut(layer, pieces, left > 0, cuts, values)
        index += 1
    return pieces.knots, pieces.bits


def _part(pieces: _Pieces, start: int, stop: int) -> _Pieces:
    """Some consecutive pieces."""
    return _Pieces(
        _Knots._make(array[start : stop + 1] for array in pieces.knots),
        pieces.bits[start:stop],
        _Values(*(array[:, start:stop] for array in pieces.values)),
        pieces.slope[start:stop],
    )


def _signs(layer: Layer, index: int, pieces: _Pieces, exact: _Exact) -> tuple[Signs, Signs]:
    """Signs of pre-activations on each piece beside its left and beside its right end, (n, width): all 1 or -1."""
    n, knots = len(pieces.bits), pieces.knots
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        hidden = pieces.slope * pieces.values.high
        values = (hidden.reshape(2 * n, -1) @ layer.weight.T).reshape(2, n, -1) + layer.bias
        # |w . e| <= ||w||_1 max |e|: for the error of the hidden values, and for the rounding of the product.
        gamma = summation_bound(layer.weight.shape[1] + 1)
        slack = np.abs(pieces.slope) * pieces.values.error + (gamma + 2 * UNIT_ROUNDOFF) * np.abs(hidden)
        slack = slack.max(axis=2).sum(axis=0) + UNDERFLOW_GUARD
        bound = slack[:, None] * np.abs(layer.weight).sum(axis=1) + 2 * gamma * np.abs(layer.bias)
        left, right = _sure_signs(knots, values, bound)
    left[:, ~layer.cuts] = right[:, ~layer.cuts] = 1
    return _settled(index, pieces, left, right, exact)


def _signs_of(layer: Layer, index: int, pieces: _Pieces, values: _Values, exact: _Exact) -> tuple[Signs, Signs]:
    """The same, from pre-activations that are known already. What is dead is zero all around, and so counts as off."""
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        bound = values.error.sum(axis=0) + 2 * UNIT_ROUNDOFF * np.abs(values.high).sum(axis=0)
        left, right = _sure_signs(pieces.knots, values.high, bound)
    left[:, ~layer.cuts] = right[:, ~layer.cuts] = 1
    dead = (values.error == 0).all(axis=0) & layer.cuts
    left[dead] = right[dead] = -1
    return _settled(index, pieces, left, right, exact)


def _sure_signs(knots: _Knots, values: Floats, bound: Floats) -> tuple[Signs, Signs]:
    """Signs at both ends of the pieces of functions with values (2, n, width) at t = 0 and 1 within `bound`, or 0."""
    size = np.abs(values).sum(axis=0) + bound
    signs = []
    for t, error in ((knots.high[:-1], knots.error[:-1]), (knots.high[1:], knots.error[1:])):
        value = (1 - t)[:, None] * values[0] + t[:, None] * values[1]
        sure = (bound + (error + 6 * UNIT_ROUNDOFF)[:, None] * size) * BOUND_SLACK + UNDERFLOW_GUARD
        signs.append((value > sure).astype(np.int8) - (value < -sure).astype(np.int8))
    return signs[0], signs[1]


def _settled(index: int, pieces: _Pieces, left: Signs, right: Signs, exact: _Exact) -> tuple[Signs, Signs]:
    """Signs of which those still open are decided in integers."""
    for k, j in np.argwhere((left == 0) | (right == 0)).tolist():
        left[k, j], right[k, j] = exact.signs(index, j, pieces, k)
    return left, right


def _cuts(
    layer: Layer, index: int, pieces: _Pieces, crosses: Bools, exact: _Exact, values: _Values | None = None
) -> _Cuts:
    """The crossings of a layer, in the order of travel; `values` are its pre-activations if they are known."""
    piece, neuron = np.nonzero(crosses)
    high, low, error = (np.empty(len(piece)) for _ in range(3))
    if values is None:
        zeros_between(layer.weight, layer.bias, pieces.slope, *pieces.values, piece, neuron, high, low, error)
    else:
        zeros_of(*values, piece, neuron, high, low, error)

    def settle(i: int) -> fmpq:
        root = exact.root(index, int(neuron[i]), pieces.bits[piece[i]])
        high[i] = nearest_float(root)
        low[i] = nearest_float(root - rational(high[i]))
        error[i] = UNIT_ROUNDOFF * abs(low[i]) + UNDERFLOW_GUARD
        return root

    for i in np.flatnonzero(~(error < POOR)).tolist():
        settle(i)
    order = np.lexsort((low, high, piece))
    apart = np.ones(len(order), dtype=bool)
    for run in _close(piece[order], high[order], low[order], error[order]):
        roots = {i: settle(i) for i in order[run].tolist()}
        order[run] = sorted(roots, key=roots.__getitem__)
        apart[run][1:] = [roots[i] != roots[j] for i, j in pairwise(order[run].tolist())]
    piece = piece[order]
    number = np.cumsum(apart)
    rank = number - number[np.searchsorted(piece, piece)]
    return _Cuts(piece, rank, _Knots(high[order], low[order], error[order], np.full(len(order), index), neuron[order]))


def _close(piece: Ints, high: Floats, low: Floats, error: Floats) -> Iterator[slice]:
    """Runs of crossings, sorted, whose order is not proved, since neighbours are too close for their errors."""
    worst = np.zeros(int(piece.max(initial=0)) + 1)
    np.maximum.at(worst, piece, error)
    gap = (high[1:] - high[:-1]) + (low[1:] - low[:-1])
    # Positions are at most 1, so their low parts at most u, and differences of these are rounded by at most u^2.
    close = (piece[1:] == piece[:-1]) & ~(gap > 3 * (worst[piece[1:]] + UNIT_ROUNDOFF**2))
    edges = np.flatnonzero(np.diff(close.astype(np.int8), prepend=0, append=0))
    return (slice(start, stop + 1) for start, stop in edges.reshape(-1, 2).tolist())


def _preactivations(layer: Layer, pieces: _Pieces) -> _Values:
    """Those of a layer, from those of the layer before it, in double-double."""
    n, width = len(pieces.bits), layer.width
    slope = np.concatenate([pieces.slope, pieces.slope])
    before = (array.reshape(2 * n, -1) for array in pieces.values)
    after = tuple(np.empty((2 * n, width)) for _ in range(3))
    affine(np.asfortranarray(layer.weight), layer.bias, slope, *before, *after)
    return _Values(*(array.reshape(2, n, width) for array in after))


def _sparse_preactivations(layer: Layer, pieces: _Pieces) -> _Values:
    """The same for a layer with a sparse weight."""
    n = len(pieces.bits)
    slope = np.concatenate([pieces.slope, pieces.slope])
    after = preactivations(layer, slope, DoubleDoubles(*(array.reshape(2 * n, -1) for array in pieces.values)))
    return _Values(*(array.reshape(2, n, layer.width) for array in after))


def _cut(layer: Layer, pieces: _Pieces, on: Bools, cuts: _Cuts, values: _Values | None) -> _Pieces:
    """The pieces after a layer, whose neurons are `on` (n, width) at the left ends; `values` if a layer comes next."""
    n, knots = len(pieces.bits), pieces.knots
    distinct = np.ones(len(cuts.piece), dtype=bool)
    distinct[1:] = (cuts.piece[1:] != cuts.piece[:-1]) | (cuts.rank[1:] != cuts.rank[:-1])
    parts = np.bincount(cuts.piece[distinct], minlength=n) + 1
    parent = np.repeat(np.arange(n), parts)
    first = np.cumsum(parts) - parts
    # After which child of a piece, counted from 0, a neuron changes its sign: never, if it does not cross.
    turn = np.full((n, layer.width), len(parent))
    turn[cuts.piece, cuts.knots.neuron] = cuts.rank
    on = on[parent] ^ ((np.arange(len(parent)) - first[parent])[:, None] > turn[parent])
    place = np.concatenate([first, [len(parent)], (first[cuts.piece] + 1 + cuts.rank)[distinct]])
    order = np.argsort(place)
    return _Pieces(
        _Knots(*(np.concatenate([old, new[distinct]])[order] for old, new in zip(knots, cuts.knots, strict=True))),
        np.concatenate([pieces.bits[parent], on[:, layer.cuts]], axis=1),
        pieces.values if values is None else _Values(*(array[:, parent] for array in values)),
        np.where(on, layer.positive_slope, layer.negative_slope),
    )


def _rounded(knots: _Knots, segment: int) -> tuple[Floats, Bools]:
    """The floats nearest to ``segment + t``, and whether that is proved."""
    high = segment + knots.high
    rest = (knots.high - (high - segment)) + knots.low
    margin = (knots.error + 4 * UNIT_ROUNDOFF * (np.abs(rest) + np.abs(knots.low))) * BOUND_SLACK
    nearest = high + (rest - margin)
    return nearest, nearest == high + (rest + margin)


class _Exact:
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
        return pulled_back(self._network, layer, neuron, layer_slopes(self._network.layers[:layer], bits))

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

    def position(self, knots: _Knots, i: int, bits: Bools) -> fmpq:
        """A knot at either end of a piece with these bits."""
        layer, neuron = int(knots.layer[i]), int(knots.neuron[i])
        return fmpq(neuron) if layer == END else self.root(layer, neuron, bits)

    def signs(self, layer: int, neuron: int, pieces: _Pieces, k: int) -> tuple[int, int]:
        """Signs of a pre-activation beside the ends of piece k, 1 or -1; both -1 where it is zero all around it."""
        bits = pieces.bits[k]
        p, q = self._values(layer, neuron, bits)
        ends = [self.position(pieces.knots, i, bits) for i in (k, k + 1)]
        left, right = (sign(p * t.q + (q - p) * t.p) for t in ends)
        if left == right == 0:
            left = next((sign(v) for v in self._normal(layer, neuron, bits) if v != 0), -1)
        return left or right, right or left


def _value(row: dict[int, int], x: Floats) -> tuple[int, int]:
    """An affine function with integer coefficients at a point, and the power of two that it was multiplied by."""
    ratios = {j: float(x[j]).as_integer_ratio() for j in row if j >= 0}
    common = max((q for _, q in ratios.values()), default=1)
    return row.get(-1, 0) * common + sum(row[j] * p * (common // q) for j, (p, q) in ratios.items()), common

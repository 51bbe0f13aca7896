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
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens.arithmetic.double_double import affine, zeros_between
from polytope_lens.arithmetic.rational import nearest_float
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF, summation_bound
from polytope_lens.exact.sparse import NOT_DEAD
from polytope_lens.network.network import bit_places, has_sparse_layers
from polytope_lens.network.pattern import flip_all, pack, unpack
from polytope_lens.path import sparse_sweep
from polytope_lens.path.breakpoints import Exact, Knots, between, ends, in_order, joined, rounded
from polytope_lens.polyhedral_complex.locate import region_patterns

if TYPE_CHECKING:
    from flint import fmpq

    from polytope_lens._types import Bools, Floats, Ints, Signs, Words
    from polytope_lens.network.network import Layer, Network


# Pieces times neurons of a layer that are held at a time.
MOST_VALUES = 2**19


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
    packed_patterns : (k + 1, n_words) uint64 array
        Activation patterns.
    n_neurons : int
        Length of a pattern.
    """

    breakpoints: Floats
    segments: Ints
    packed_patterns: Words
    n_neurons: int

    @property
    def bits(self) -> Bools:
        """Activation patterns, (k + 1, n_neurons)."""
        return unpack(self.packed_patterns, self.n_neurons)


def trace(network: Network, points: Floats) -> Trace:
    """Cut a polyline through the rows of `points`, at least two, where the region changes; exact.

    Segments of length zero cross nothing. If there are no others, the only region is that of `region_patterns`.

    Notes
    -----
    Cost: for each layer, a product of floats with two vectors for each piece, and but for the last layer one in
    double-double, some 30 times as slow; milliseconds for each sign or order that these leave open. For networks with
    sparse layers, see `sparse_sweep`. Memory: 50 MB for each layer at most, and that of the patterns.
    """
    longer = np.flatnonzero((points[1:] != points[:-1]).any(axis=1)).tolist()
    if not longer:
        bits = region_patterns(network, points[:1], None)
        return Trace(np.zeros(0), np.zeros(0, dtype=np.int64), pack(bits), network.n_neurons)
    parts = [_cross(network, points[s], points[s + 1], s) for s in longer]
    if len(parts) == 1:
        return parts[0]
    turns = zip(parts[1:], parts[:-1], longer[:-1], strict=True)
    parts = [parts[0], *(_turned(part, before.packed_patterns[-1], s + 1) for part, before, s in turns)]
    return Trace(
        np.concatenate([part.breakpoints for part in parts]),
        np.concatenate([part.segments for part in parts]),
        np.concatenate([part.packed_patterns for part in parts]),
        network.n_neurons,
    )


def _turned(part: Trace, before: Words, corner: int) -> Trace:
    """A trace that goes on from a corner; the region changes there too, if the corner lies on a boundary."""
    n = part.n_neurons
    if (part.packed_patterns[0] == before).all():
        return Trace(part.breakpoints, part.segments, part.packed_patterns[1:], n)
    return Trace(np.append(float(corner), part.breakpoints), np.append(corner, part.segments), part.packed_patterns, n)


def exact_breakpoints(network: Network, points: Floats, found: Trace) -> list[fmpq]:
    """The breakpoints of a trace as fractions.

    Notes
    -----
    Cost: integer matrix products for each breakpoint. The owner of a breakpoint is a neuron that flips there in the
    first layer that has one: its pre-activation is the same affine function on both sides.
    """
    owners, n = bit_places(network), network.n_neurons
    exact = [Exact(network, start, stop) for start, stop in pairwise(points)]
    roots = []
    for segment, (before, after) in zip(found.segments.tolist(), pairwise(found.packed_patterns), strict=True):
        flips, bits = unpack(np.stack([before ^ after, before]), n)
        roots.append(segment + exact[segment].root(*owners[flips.argmax()], bits))
    return roots


class _Values(NamedTuple):
    """Pre-activations at t = 0 and at t = 1, ``high + low`` within ``error``, each (2, n, width)."""

    high: Floats
    low: Floats
    error: Floats


class _Pieces(NamedTuple):
    """A segment cut into n pieces by the layers so far."""

    knots: Knots  # n + 1 of them, both ends of the segment included
    bits: Bools  # (n, bits so far)
    values: _Values  # of the last of these layers, under the bits of each piece
    slope: Floats  # (n, width): what the values are multiplied by next


class _Cuts(NamedTuple):
    """Where a layer cuts which piece, in the order of travel; `rank` counts the places in a piece from 0."""

    piece: Ints
    rank: Ints
    knots: Knots


def _cross(network: Network, start: Floats, stop: Floats, segment: int) -> Trace:
    """The trace of one segment of positive length."""
    exact = Exact(network, start, stop)
    if has_sparse_layers(network):
        knots, bits, flips = sparse_sweep.sweep(network, start, stop, exact)
        patterns = flip_all(pack(bits[None])[0], flips.piece, flips.bit, len(knots.high) - 1)
    else:
        inputs = np.stack([start, stop])[:, None]
        values = _Values(inputs, np.zeros_like(inputs), np.full_like(inputs, NOT_DEAD))
        pieces = _Pieces(ends(), np.zeros((1, 0), dtype=bool), values, np.ones((1, len(start))))
        knots, all_bits = _through(network, 0, pieces, exact)
        patterns = pack(all_bits)
    breakpoints, known = rounded(knots, segment)
    for i in np.flatnonzero(~known).tolist():
        bits = unpack(patterns[i : i + 1], network.n_neurons)[0]
        breakpoints[i] = nearest_float(segment + exact.position(knots, i, bits))
    return Trace(breakpoints[1:-1], np.full(len(breakpoints) - 2, segment), patterns, network.n_neurons)


def _through(network: Network, index: int, pieces: _Pieces, exact: Exact) -> tuple[Knots, Bools]:
    """Cut pieces by all layers from one on; a part of them at a time if they are many."""
    for layer in network.layers[index:]:
        n = len(pieces.bits)
        if n > 1 and n * layer.width > MOST_VALUES:
            halves = _part(pieces, 0, n // 2), _part(pieces, n // 2, n)
            found = [_through(network, index, half, exact) for half in halves]
            return joined(found[0][0], found[1][0]), np.concatenate([bits for _, bits in found])
        left, right = _signs(layer, index, pieces, exact)
        cuts = _cuts(layer, index, pieces, left != right, exact)
        values = _preactivations(layer, pieces) if index + 1 < len(network.layers) else None
        pieces = _cut(layer, pieces, left > 0, cuts, values)
        index += 1
    return pieces.knots, pieces.bits


def _part(pieces: _Pieces, start: int, stop: int) -> _Pieces:
    """Some consecutive pieces."""
    return _Pieces(
        between(pieces.knots, start, stop + 1),
        pieces.bits[start:stop],
        _Values(*(array[:, start:stop] for array in pieces.values)),
        pieces.slope[start:stop],
    )


def _signs(layer: Layer, index: int, pieces: _Pieces, exact: Exact) -> tuple[Signs, Signs]:
    """Signs of pre-activations on each piece beside its left and beside its right end, (n, width): all 1 or -1."""
    n, knots, weight = len(pieces.bits), pieces.knots, layer.dense_weight()
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        hidden = pieces.slope * pieces.values.high
        values = (hidden.reshape(2 * n, -1) @ weight.T).reshape(2, n, -1) + layer.bias
        # |w . e| <= ||w||_1 max |e|: for the error of the hidden values, and for the rounding of the product.
        gamma = summation_bound(weight.shape[1] + 1)
        slack = np.abs(pieces.slope) * pieces.values.error + (gamma + 2 * UNIT_ROUNDOFF) * np.abs(hidden)
        slack = slack.max(axis=2).sum(axis=0) + UNDERFLOW_GUARD
        bound = slack[:, None] * np.abs(weight).sum(axis=1) + 2 * gamma * np.abs(layer.bias)
        left, right = _sure_signs(knots, values, bound)
    left[:, ~layer.cuts] = right[:, ~layer.cuts] = 1
    return _settled(index, pieces, left, right, exact)


def _sure_signs(knots: Knots, values: Floats, bound: Floats) -> tuple[Signs, Signs]:
    """Signs at both ends of the pieces of functions with values (2, n, width) at t = 0 and 1 within `bound`, or 0."""
    size = np.abs(values).sum(axis=0) + bound
    signs = []
    for t, error in ((knots.high[:-1], knots.error[:-1]), (knots.high[1:], knots.error[1:])):
        value = (1 - t)[:, None] * values[0] + t[:, None] * values[1]
        sure = (bound + (error + 6 * UNIT_ROUNDOFF)[:, None] * size) * BOUND_SLACK + UNDERFLOW_GUARD
        signs.append((value > sure).astype(np.int8) - (value < -sure).astype(np.int8))
    return signs[0], signs[1]


def _settled(index: int, pieces: _Pieces, left: Signs, right: Signs, exact: Exact) -> tuple[Signs, Signs]:
    """Signs of which those still open are decided in integers."""
    for k, j in np.argwhere((left == 0) | (right == 0)).tolist():
        bits = pieces.bits[k]
        start, stop = (exact.position(pieces.knots, i, bits) for i in (k, k + 1))
        left[k, j], right[k, j] = exact.signs(index, j, start, stop, bits)
    return left, right


def _cuts(layer: Layer, index: int, pieces: _Pieces, crosses: Bools, exact: Exact) -> _Cuts:
    """The crossings of a layer, in the order of travel."""
    piece, neuron = np.nonzero(crosses)
    high, low, error = (np.empty(len(piece)) for _ in range(3))
    # One layout for all, or the kernel is compiled for each.
    values = map(np.ascontiguousarray, (*pieces.values, piece, neuron))
    zeros_between(layer.dense_weight(), layer.bias, pieces.slope, *values, high, low, error)

    def root(i: int) -> fmpq:
        return exact.root(index, int(neuron[i]), pieces.bits[piece[i]])

    order, apart = in_order(piece, high, low, error, root)
    piece = piece[order]
    number = np.cumsum(apart)
    rank: Ints = number - number[np.searchsorted(piece, piece)]
    return _Cuts(piece, rank, Knots(high[order], low[order], error[order], np.full(len(order), index), neuron[order]))


def _preactivations(layer: Layer, pieces: _Pieces) -> _Values:
    """Those of a layer, from those of the layer before it, in double-double."""
    n, width = len(pieces.bits), layer.width
    slope = np.concatenate([pieces.slope, pieces.slope])
    before = (array.reshape(2 * n, -1) for array in pieces.values)
    after = tuple(np.empty((2 * n, width)) for _ in range(3))
    affine(np.asfortranarray(layer.dense_weight()), layer.bias, slope, *before, *after)
    return _Values(*(array.reshape(2, n, width) for array in after))


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
        Knots(*(np.concatenate([old, new[distinct]])[order] for old, new in zip(knots, cuts.knots, strict=True))),
        np.concatenate([pieces.bits[parent], on[:, layer.cuts]], axis=1),
        pieces.values if values is None else _Values(*(array[:, parent] for array in values)),
        np.where(on, layer.positive_slope, layer.negative_slope),
    )

"""What the engines have in common that know a cell by its corners.

A corner is a point, shared by the cells around it while they are on the stack. Each point keeps the signs of a layer's
neurons in words of bits: positive, negative, and left open by floats. They are found once, when the point is made, for
eight neurons at a time. After that, "which neurons cut this cell" is a matter of ``or`` and ``and`` over the words of
its corners, for 64 neurons at once, and of those that do not cut, all are decided together. So the work grows with the
corners that there are, not with cells times neurons.

Where floats left a sign open, the caller finds it when a cell comes to ask about that neuron. A fourth word tells for
which neurons that has happened; of these, the ones neither positive nor negative are zero. The answer is there for all
cells around the point, but a cell makes no use of it before it would have asked itself: what it does must not depend on
whether its sibling is in the same walk.

In a wide layer most neurons are decided high in the tree, and only words that still have undecided ones are looked at,
copied to both halves of a cell, and given signs at new points: they are a set, itself given by words of bits. Others
leave it when a cell is cut and go into the pattern, where they stay while the walk is below: no half changes them.

The functions take the state of `subdivide` or `polyhedra`. The walk is the same for both and takes what
they do differently as functions, which are compiled into it. Both hold corners of frames, points and lines
(or planes) in stacks of their own. Neurons of a layer are its cutting ones, which come first in each layer; sets
of them are words of 64, the first neuron lowest. Rows and their bounds are in `corner_rows`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._compiled.bits import NOTHING, ONE, count_bits, lowest_bit, reverse_bits
from polytope_lens._compiled.jit import inlined, merged
from polytope_lens._compiled.simd import LANES, exceeding, fill, load, multiply_add, store
from polytope_lens._compiled.structures import far
from polytope_lens.engines._kernels.blockwise import update_rows
from polytope_lens.engines._kernels.corner_rows import add_neurons, add_one, close_rows, start_rows
from polytope_lens.engines._kernels.outcomes import (
    ALONG,
    CRAMPED,
    DONE,
    DOUBLE_DECISIONS,
    FLOAT_DECISIONS,
    FLOOR,
    FULL,
    N_REGIONS,
    RATIONAL_DECISIONS,
    SHARE,
    STOP_IT,
    TOP,
    UNDECIDED,
    WANTED,
    is_to_stop,
    note_decisions,
)
from polytope_lens.engines._kernels.packed_network import is_blockwise
from polytope_lens.engines._kernels.refine import begin, is_refined
from polytope_lens.engines._kernels.spans import is_outside, mark, trim

if TYPE_CHECKING:
    from polytope_lens._types import Floats, Ints, Words
    from polytope_lens.engines._kernels.packed_network import PackedNetwork


# Column of corners' places, and the words of a point's signs
POINT = 0
POSITIVE, NEGATIVE, OPEN, ANSWERED = 0, 1, 2, 3
N_WORDS = 4
EVERYTHING = np.uint64(2**64 - 1)
OCTET = np.uint64(255)


class CornerFrames(NamedTuple):
    """The stack, lowest first: what each of its cells has, all first axes being the frame."""

    layer: Ints  # the layer whose neurons are being decided, -1 before the first
    asked: Ints  # the neuron that the cell last had to ask about, -1 for none
    start: Ints  # first corner
    n_corners: Ints
    n_points: Ints
    n_lines: Ints
    simple: Ints  # in space: 1 if each vertex is known to lie on d planes only
    digest: Words  # hash of the neurons that vanish on the whole cell; in the plane, of those that are on, too
    active: Words  # (frames, blocks of 64 words): which of the words below may have undecided neurons
    undecided: Words  # (frames, words): neurons of the layer; of active words only, as those that are
    on: Words  # (frames, words): decided so far and on; of other words the pattern tells
    rows: Floats  # (frames, d + 2, width): rows of the next layer, as far as summed up, and bounds on their errors


class PointStack(NamedTuple):
    """Points of the cells on the stack; a frame owns the first ``n_points``."""

    position: Floats  # (points, d + 1): and a radius
    signs: Words  # (points, 4, words): of the layer's neurons


class LineStack(NamedTuple):
    """Lines of the cells on the stack, or planes; a frame owns the first ``n_lines``."""

    row: Floats  # (lines, d + 2): unit normal, offset, and bound on the error over the domain
    owner: Ints  # a bit or -1 - side
    exact: Floats  # (lines, d + 1): the same row unrounded, of any length, or NaN; of neurons, filled in when asked for
    scale: Floats  # the power of two that makes it one of integers, or 0


class CornerLayers(NamedTuple):
    """Each layer as it is decided on the cell at hand, the outputs being the last."""

    rows: Floats  # (L + 1, d + 1, width): finished
    sure: Floats  # (L + 1, width): beyond this a value has the sign of the exact one
    spread: Floats  # (L + 1, width): how much a value changes with distance
    carry: Floats  # (L + 1, width): error that the neuron hands on to the next layer
    scale: Floats  # (L + 1, width): the power of two that makes a neuron's row integers on all cells, or 0


class Hashes(NamedTuple):
    """Words that stand for what is known of a corner or edge, put together by ``xor``."""

    on: Words  # per bit: that it is on
    zero: Words  # per bit, then per side: that it vanishes


@merged
def walk_cells(
    net: PackedNetwork, s: Any, out: Any, limit: int, want_output: bool,
    note_missed: Any, settle: Any, split: Any, has_room: Any, emit: Any,
) -> int:  # pragma: no cover - compiled  # fmt: skip
    """Go on until `limit` regions are in the output, or done, or a sign is open, or room is short; returns which.

    ``settle(net, s, f, layer, q)`` finds open signs of a neuron at a cell's corners and says whether all are known now,
    ``note_missed(net, s, f, layer, word, misses, above, below)`` is told of neurons that do not cut a cell,
    ``split(net, s, f, layer, q)`` replaces it by its halves unless room on the stacks is short, ``has_room(s, f, out)``
    says whether the output can take it, and ``emit(net, s, f, out)`` writes it there.
    """
    frames, scalars = s.frames, s.scalars
    while scalars[TOP] > scalars[FLOOR]:
        f = scalars[TOP] - 1
        if scalars[WANTED] != 0 and is_to_stop(scalars):
            return FULL if scalars[WANTED] == STOP_IT else SHARE
        layer = frames.layer[f]
        if scalars[ALONG] != 0:
            mark(far(s))
        if layer >= 0:
            q = _decide_all(net, s, f, layer, note_missed)
            if q >= 0:
                if frames.asked[f] != q:
                    may_go_on = _may_go_on(s, f, q)
                    if frames.asked[f] == q and not settle(far(net), far(s), f, layer, q) and not may_go_on:
                        return UNDECIDED
                    if frames.asked[f] == q:
                        continue
                if not split(net, s, f, layer, q):
                    return CRAMPED
                if scalars[ALONG] != 0:
                    _write_active(net, s, f, layer)
                    trim(far(s), net.bit_start[layer] + q)
                continue
            _write_active(net, s, f, layer)
            if scalars[ALONG] != 0 and is_outside(far(s), net.bit_start[layer + 1]):
                continue
        if layer == net.n_hidden - 1:
            if want_output and not has_room(s, f, out):
                return FULL
            if layer >= 0:
                s.layer_counts[layer] += 1
            if want_output:
                _finish(net, s, f)
                emit(net, s, f, out)
            note_decisions(scalars)
            scalars[N_REGIONS] += 1
            scalars[TOP] -= 1
            if scalars[N_REGIONS] >= limit and scalars[TOP] > scalars[FLOOR]:
                return FULL
            continue
        if frames.n_points[f] + frames.n_corners[f] > s.points.position.shape[0]:
            return CRAMPED
        if layer >= 0:
            s.layer_counts[layer] += 1
        _begin_layer(net, s, f, layer + 1)
    return DONE


@inlined
def _decide_all(net: PackedNetwork, s: Any, f: int, layer: int, note_missed: Any) -> int:  # pragma: no cover - compiled
    """Decide all neurons that are known to miss the cell; returns the first of the others, or -1 if there is none."""
    found, undecided = -1, s.frames.undecided
    for block in range(_n_blocks(net.n_cut[layer])):
        active = s.frames.active[f, block]
        while active != NOTHING:
            word = 64 * block + lowest_bit(active)
            active &= active - ONE
            rest = undecided[f, word]
            if rest == NOTHING:
                continue
            misses, above, below = _surely_missing(s, f, word)
            rest &= ~misses
            undecided[f, word] = rest
            if found < 0 and rest != NOTHING:
                found = 64 * word + lowest_bit(rest)
            if misses != NOTHING:
                record(s, f, layer, word, misses)
                s.frames.on[f, word] |= above
                note_missed(net, s, f, layer, word, misses, above, below)
                add_neurons(net, s, f, layer, word, above, below)
    return found


@inlined
def _begin_layer(net: PackedNetwork, s: Any, f: int, layer: int) -> None:  # pragma: no cover - compiled
    """Finish a layer's rows on a cell and find their signs at its corners, which become points of their own."""
    begin(s.refined, layer)
    n_cut, first = net.n_cut[layer], net.neuron_start[layer]
    if is_blockwise(net) and layer > 0:
        update_rows(
            far(net),
            far(s.refined),
            far(s.blockwise),
            s.bits,
            layer,
            s.layers.rows[layer],
            s.layers.sure[layer],
            s.layers.spread[layer],
        )
    else:
        close_rows(net, s, f, layer)
    if not is_blockwise(net):
        start_rows(net, s, f, layer)
        for q in range(n_cut, net.width[layer]):
            add_one(net, s, f, layer, q, net.positive[first + q])
    for word in range((n_cut + 63) >> 6):
        left = n_cut - 64 * word
        s.frames.undecided[f, word] = _first_bits(left)
        s.frames.on[f, word] = NOTHING
    for block in range(_n_blocks(n_cut)):
        s.frames.active[f, block] = _first_bits(((n_cut + 63) >> 6) - 64 * block)
    s.frames.layer[f] = layer
    s.frames.asked[f] = -1
    corner, point = s.corners.place, s.points.position
    p = s.frames.n_points[f]
    for i in range(s.frames.start[f], s.frames.start[f] + s.frames.n_corners[f]):
        old = corner[i, POINT]
        for k in range(point.shape[1]):
            point[p, k] = point[old, k]
        corner[i, POINT] = p
        find_signs(net, s, f, layer, p)
        p += 1
    s.frames.n_points[f] = p


@inlined
def _n_blocks(n_cut: int) -> Any:  # pragma: no cover - compiled
    """How many words have a bit for each word of so many neurons."""
    return (n_cut + 64 * 64 - 1) >> 12


@inlined
def _first_bits(n: int) -> Any:  # pragma: no cover - compiled
    """The lowest n bits of a word, n > 0; all if there are no more."""
    return EVERYTHING if n >= 64 else (ONE << np.uint64(n)) - ONE


@inlined
def _finish(net: PackedNetwork, s: Any, f: int) -> None:  # pragma: no cover - compiled
    """Put the outputs' rows of a cell where all layers have been decided in the place of those of the next layer."""
    layer = net.n_hidden
    if is_blockwise(net) and net.width[layer] > 0:
        begin(s.refined, layer)
        rows, sure, spread = s.layers.rows[layer], s.layers.sure[layer], s.layers.spread[layer]
        update_rows(far(net), far(s.refined), far(s.blockwise), s.bits, layer, rows, sure, spread)
        for k in range(rows.shape[0]):
            for q in range(net.width[layer]):
                s.frames.rows[f, k, q] = rows[k, q]


@inlined
def find_signs(net: PackedNetwork, s: Any, f: int, layer: int, p: int) -> None:  # pragma: no cover - compiled
    """Signs of a cell's undecided neurons at a point, where floats prove them."""
    point, rows, sure, spread = s.points.position, s.layers.rows, s.layers.sure, s.layers.spread
    d = point.shape[1] - 1
    radius = fill(point[p, d])
    for block in range(_n_blocks(net.n_cut[layer])):
        active = s.frames.active[f, block]
        while active != NOTHING:
            word = 64 * block + lowest_bit(active)
            active &= active - ONE
            rest = s.frames.undecided[f, word]
            positive, negative, shift, at = NOTHING, NOTHING, NOTHING, 64 * word
            while rest != NOTHING:
                if rest & OCTET != NOTHING:
                    value = load(rows, (layer, d, at))
                    for k in range(d):
                        value = multiply_add(load(rows, (layer, k, at)), fill(point[p, k]), value)
                    found = exceeding(value, multiply_add(load(spread, (layer, at)), radius, load(sure, (layer, at))))
                    positive |= (found & OCTET) << shift
                    negative |= (found >> np.uint64(LANES)) << shift
                rest >>= np.uint64(LANES)
                shift += np.uint64(LANES)
                at += LANES
            s.points.signs[p, POSITIVE, word] = positive
            s.points.signs[p, NEGATIVE, word] = negative
            s.points.signs[p, OPEN, word] = ~(positive | negative)
            s.points.signs[p, ANSWERED, word] = NOTHING


@inlined
def _surely_missing(s: Any, f: int, word: int) -> tuple[Any, Any, Any]:  # pragma: no cover - compiled
    """The undecided neurons of a word that do not cut a cell, and those of them that are on, and that are off."""
    positive, negative, is_open = NOTHING, NOTHING, NOTHING
    for i in range(s.frames.start[f], s.frames.start[f] + s.frames.n_corners[f]):
        p = s.corners.place[i, POINT]
        positive |= s.points.signs[p, POSITIVE, word]
        negative |= s.points.signs[p, NEGATIVE, word]
        is_open |= s.points.signs[p, OPEN, word]
    misses = s.frames.undecided[f, word] & ~(positive & negative)
    if s.frames.asked[f] >= 0:
        is_open &= ~answered(s, f, word)
    misses &= ~is_open
    return misses, misses & positive, misses & negative


@inlined
def answered(s: Any, f: int, word: int) -> Any:  # pragma: no cover - compiled
    """The neuron that a cell had to ask about, if it is one of this word, and the last one that the cell came to."""
    return ONE << np.uint64(s.frames.asked[f] & 63) if s.frames.asked[f] >> 6 == word else NOTHING


@inlined
def _may_go_on(s: Any, f: int, q: int) -> bool:  # pragma: no cover - compiled
    """Whether the signs of a neuron at all corners of a cell are known; if floats left some open, the cell asks now."""
    is_open, unknown = NOTHING, NOTHING
    for i in range(s.frames.start[f], s.frames.start[f] + s.frames.n_corners[f]):
        p = s.corners.place[i, POINT]
        is_open |= s.points.signs[p, OPEN, q >> 6]
        unknown |= s.points.signs[p, OPEN, q >> 6] & ~s.points.signs[p, ANSWERED, q >> 6]
    if (is_open >> np.uint64(q & 63)) & ONE:
        s.frames.asked[f] = q
    return not (unknown >> np.uint64(q & 63)) & ONE


def write_sign(signs: Words, neuron: np.uint64, sign: int) -> None:
    """Write down the caller's answer in a point's words (4,): the sign, 1, -1 or 0, of the neuron with this bit."""
    signs[ANSWERED] |= neuron
    if sign:
        signs[POSITIVE if sign > 0 else NEGATIVE] |= neuron


@inlined
def sign_at(s: Any, p: int, q: int) -> Any:  # pragma: no cover - compiled
    """Sign of a neuron at a point where it is known: 1, -1 or 0."""
    word, place = q >> 6, np.uint64(q & 63)
    above, below = (
        (s.points.signs[p, POSITIVE, word] >> place) & ONE,
        (s.points.signs[p, NEGATIVE, word] >> place) & ONE,
    )
    return np.int64(above) - np.int64(below)


@inlined
def fork(net: PackedNetwork, s: Any, f: int, layer: int, q: int) -> None:  # pragma: no cover - compiled
    """What a cut does to the neurons of the two halves, f where neuron q is on and f + 1 where it is off.

    Words whose neurons are decided are the same for both, and active no more.
    """
    g, word = f + 1, q >> 6
    s.frames.layer[g] = layer
    s.frames.asked[f] = -1
    s.frames.asked[g] = -1
    for block in range(_n_blocks(net.n_cut[layer])):
        active = s.frames.active[f, block]
        still = active
        while active != NOTHING:
            w = 64 * block + lowest_bit(active)
            if s.frames.undecided[f, w] == NOTHING and w != word:
                _write_word(net, s, f, layer, w)
                still ^= ONE << np.uint64(w & 63)
            s.frames.undecided[g, w] = s.frames.undecided[f, w]
            s.frames.on[g, w] = s.frames.on[f, w]
            active &= active - ONE
        s.frames.active[f, block] = still
        s.frames.active[g, block] = still
    s.frames.on[f, word] |= ONE << np.uint64(q & 63)
    if is_blockwise(net):
        return
    rows = s.frames.rows
    for at in range(0, net.stride[layer + 1], LANES):
        for k in range(rows.shape[1]):
            store(rows, (g, k, at), load(rows, (f, k, at)))
    neuron = net.neuron_start[layer] + q
    add_one(net, s, f, layer, q, net.positive[neuron])
    add_one(net, s, g, layer, q, net.negative[neuron])


@inlined
def _write_active(net: PackedNetwork, s: Any, f: int, layer: int) -> None:  # pragma: no cover - compiled
    """Write what is known of a cell's active words into the pattern, which then knows all that is."""
    for block in range(_n_blocks(net.n_cut[layer])):
        active = s.frames.active[f, block]
        while active != NOTHING:
            _write_word(net, s, f, layer, 64 * block + lowest_bit(active))
            active &= active - ONE


@inlined
def _write_word(net: PackedNetwork, s: Any, f: int, layer: int, word: int) -> None:  # pragma: no cover - compiled
    """Write a word of a cell's layer into the packed pattern, first bit highest."""
    bits, at = s.bits, net.bit_start[layer] + 64 * word
    n = min(net.n_cut[layer] - 64 * word, 64)
    mask = reverse_bits(EVERYTHING >> np.uint64(64 - n))
    value = reverse_bits(s.frames.on[f, word])
    into, shift = at >> 6, at & 63
    bits[into] = (bits[into] & ~(mask >> np.uint64(shift))) | (value >> np.uint64(shift))
    if shift + n > 64:
        back = np.uint64(64 - shift)
        bits[into + 1] = (bits[into + 1] & ~(mask << back)) | (value << back)


@inlined
def record(s: Any, f: int, layer: int, word: int, decided: Any) -> None:  # pragma: no cover - compiled
    """Count decisions about neurons of a word by the rung that they took."""
    if s.frames.asked[f] >= 0:
        asked = decided & answered(s, f, word)
        s.scalars[RATIONAL_DECISIONS] += count_bits(asked)
        decided &= ~asked
    rung = DOUBLE_DECISIONS if layer > 0 and is_refined(s.refined, layer) else FLOAT_DECISIONS
    s.scalars[rung] += count_bits(decided)

"""Cell traversal in three dimensions: cells are polyhedra, and a neuron cuts one iff it has vertices on both sides.

Vertices are points that know the signs of a layer's neurons: see `cell_corners`. Each vertex of a cell also has
the set of the cell's planes that it lies on, as words of bits. That is all that is kept of the cell's faces: two
vertices are the ends of an edge iff no other vertex lies on all the planes that both lie on (Fukuda and Prodon 1996,
*Double description method revisited*, proposition 7). Where each vertex lies on three planes only, as it does but for
ties, it is enough to count the common ones: two. Eight vertices are compared with one at a time.

A vertex is the exact point where its planes meet; see `planes`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._compiled.bits import NOTHING, ONE, lowest_bit
from polytope_lens._compiled.jit import inlined, walk_kernel
from polytope_lens._compiled.simd import LANES, load, plus, reaching, shared_bits
from polytope_lens.arithmetic.signs import UNIT_ROUNDOFF
from polytope_lens.engines._kernels.cell_corners import POINT, answered, find_signs, fork, record, sign_at, walk_cells
from polytope_lens.engines._kernels.corner_ties import settle_in_space
from polytope_lens.engines._kernels.faces import CORNERS_PER_FACE, emit_faces, has_room
from polytope_lens.engines._kernels.outcomes import (
    N_REGIONS,
    TOP,
)
from polytope_lens.engines._kernels.packed_network import PackedNetwork, is_on
from polytope_lens.engines._kernels.planes import LINE_ERROR, OFFSET, D, push_crossing, push_plane

if TYPE_CHECKING:
    from polytope_lens._types import Bools, Floats, Indices, Ints, Words
    from polytope_lens.engines._kernels.blockwise import Blockwise
    from polytope_lens.engines._kernels.cell_corners import CornerFrames, CornerLayers, Hashes, LineStack, PointStack
    from polytope_lens.engines._kernels.refine import Refined
    from polytope_lens.engines._kernels.spans import SpanBounds
    from polytope_lens.engines._kernels.thinning import Thinning


# Planes that two ends of an edge have in common
ALONG_EDGE = np.uint64(2)
# Vertices, faces, and corners of faces for which an output has room, for each region: half as many again as there are
# in generic arrangements on average
VERTICES, FACES, CORNERS = 12, 9, 36


class Vertices(NamedTuple):
    """Vertices of the cells on the stack."""

    place: Ints  # (vertices, 1): of its point on the stack
    tight: Words  # (words, vertices): the planes it lies on


class PolyhedronCut(NamedTuple):
    """Vertices of the cell that is cut: those where the neuron that cuts is on, then zero, then off."""

    point: Ints
    tight: Words  # (words, vertices)
    value: Floats  # of that neuron
    common: Words  # (words,): planes that two vertices have in common


class FaceRoom(NamedTuple):
    """Working memory for the faces of a finished cell; see `faces`."""

    ring: Ints  # (vertices,): corners of a face
    on: Ints  # (planes, vertices): the vertices on each plane, by its number
    n_on: Ints  # (planes,): how many there are
    sums: Words  # (planes,): of their keys, scrambled
    on_planes: Words  # (words, vertices): the planes that each lies on, numbered within the cell
    plane: Ints  # (planes,): which those numbers are
    number: Ints  # (planes,): the numbers


class PolyhedraState(NamedTuple):
    """All that a walk needs to go on; one frame of the stack is one cell. See `cell_corners`."""

    scalars: Ints
    layer_counts: Ints
    bits: Words
    span: SpanBounds
    thinning: Thinning
    frames: CornerFrames
    corners: Vertices
    points: PointStack
    lines: LineStack
    layers: CornerLayers
    cut: PolyhedronCut
    faces: FaceRoom
    hashes: Hashes
    refined: Refined
    blockwise: Blockwise


class PolyhedraOutput(NamedTuple):
    """Room for finished regions, their vertices and their faces; see `faces`."""

    patterns: Words
    maps: Floats
    witnesses: Floats
    proved: Bools
    side_row: Ints  # per side: the row of the domain that it is, or -1
    vertex_indptr: Ints  # (regions + 1,)
    vertex: Floats  # (vertices, 4): position and radius
    key: Words  # (vertices,)
    face_indptr: Ints  # (regions + 1,)
    face_key: Words  # (faces,)
    owner: Indices  # (faces,): a bit or -1 - row
    crowded: Bools  # (faces,)
    doubtful: Bools  # (faces,): whether floats do not tell which way its corners turn
    turn: Indices  # (faces, 3): owners of the planes that tell it; see `faces`
    corner_indptr: Ints  # (faces + 1,)
    corner: Indices  # (corners of faces,): index of a vertex


def room(n_regions: int, words: int, n_outputs: int, side_row: Ints, n_planes: int) -> PolyhedraOutput:
    """An output for so many regions, at least for one whatever it is like, which may have `n_planes` faces.

    If that is 0, vertices and faces are left out.
    """
    meshed = n_regions if n_planes else 0
    n_vertices, n_faces = VERTICES * meshed + 2 * n_planes, FACES * meshed + n_planes
    return PolyhedraOutput(
        np.empty((n_regions, words), np.uint64),
        np.empty((n_regions, n_outputs, D + 1)),
        np.empty((n_regions, D)),
        np.empty(n_regions, np.bool_),
        side_row,
        np.zeros(n_regions + 1, np.int64),
        np.empty((n_vertices, D + 1)),
        np.empty(n_vertices, np.uint64),
        np.zeros(n_regions + 1, np.int64),
        np.empty(n_faces, np.uint64),
        np.empty(n_faces, np.int32),
        np.empty(n_faces, np.bool_),
        np.empty(n_faces, np.bool_),
        np.empty((n_faces, D), np.int32),
        np.zeros(n_faces + 1, np.int64),
        np.empty(CORNERS * meshed + CORNERS_PER_FACE * n_planes, np.int32),
    )


NO_OUTPUT = room(0, 1, 0, np.zeros(0, np.int64), 0)


@walk_kernel
def walk(
    net: PackedNetwork, s: PolyhedraState, out: PolyhedraOutput, limit: int, want_output: bool
) -> int:  # pragma: no cover - compiled
    """Go on until `limit` regions are in the output, or done, or a sign is open, or room is short; returns which."""
    return int(walk_cells(net, s, out, limit, want_output, _note_missed, settle_in_space, _split, has_room, _emit))


@inlined
def _note_missed(
    net: PackedNetwork, s: PolyhedraState, f: int, layer: int, word: int, misses: Any, above: Any, below: Any
) -> None:  # pragma: no cover - compiled
    """Keep in mind where the neuron that a cell asked about vanishes, if it is one of these, which do not cut it."""
    if s.frames.asked[f] >= 0 and misses & answered(s, f, word) != NOTHING:
        _note_zeros(net, s, f, layer, s.frames.asked[f])


@inlined
def _note_zeros(
    net: PackedNetwork, s: PolyhedraState, f: int, layer: int, q: int
) -> None:  # pragma: no cover - compiled
    """Keep in mind where a neuron that does not cut a cell vanishes: on all of it, or else its plane touches the cell.

    Vertices between two where it does will inherit it like any other plane.
    """
    start, stop, zeros = s.frames.start[f], s.frames.start[f] + s.frames.n_corners[f], 0
    for i in range(start, stop):
        zeros += sign_at(s, s.corners.place[i, POINT], q) == 0
    if zeros == stop - start:
        s.frames.digest[f] ^= s.hashes.zero[net.bit_start[layer] + q]
    elif zeros > 0:
        new = push_plane(net, s, f, layer, q)
        _clear_tight(s, new, start, stop)
        for i in range(start, stop):
            if sign_at(s, s.corners.place[i, POINT], q) == 0:
                s.corners.tight[new >> 6, i] |= ONE << np.uint64(new & 63)
        s.frames.n_lines[f] = new + 1
        s.frames.simple[f] = 0


@inlined
def _clear_tight(s: PolyhedraState, new: int, start: int, stop: int) -> None:  # pragma: no cover - compiled
    """Make room for one plane more."""
    if new & 63 == 0:
        for i in range(start, stop):
            s.corners.tight[new >> 6, i] = NOTHING


@inlined
def _split(net: PackedNetwork, s: PolyhedraState, f: int, layer: int, q: int) -> bool:  # pragma: no cover - compiled
    """Replace the top cell by its two halves: the negative one on top, to be walked first. False if room is short."""
    g = f + 1
    start, n = s.frames.start[f], s.frames.n_corners[f]
    room = s.corners.place.shape[0] - n
    if n + LANES > s.cut.point.shape[0] or start + n > room:
        return False
    new = push_plane(net, s, f, layer, q)
    words, into, bit = (new + 64) >> 6, new >> 6, ONE << np.uint64(new & 63)
    _clear_tight(s, new, start, start + n)
    n_on, first_off = _sort_vertices(s, f, layer, q, words)
    for i in range(n_on, first_off):
        s.cut.tight[into, i] |= bit
    # The half where the neuron is on takes the old place, and the new vertices come last in it.
    for i in range(first_off):
        _put_vertex(s, i, words, start + i)
    first_new, point = start + first_off, s.frames.n_points[f]
    to = first_new
    for i in range(n_on):
        for at in range(first_off, n, LANES):
            ends = _ends(s, i, at, words)
            if n - at < LANES:
                ends &= (ONE << np.uint64(n - at)) - ONE
            while ends != NOTHING:
                j = at + lowest_bit(ends)
                ends &= ends - ONE
                for w in range(words):
                    s.cut.common[w] = s.cut.tight[w, i] & s.cut.tight[w, j]
                if s.frames.simple[f] == 0 and not _are_alone(s, i, j, n, words):
                    continue
                if point == s.points.position.shape[0] or 2 * to - first_new + 2 > room:
                    for m in range(n):
                        _put_vertex(s, m, words, start + m)
                    return False
                push_crossing(net, s, i, j, new, words, point)
                find_signs(net, s, f, layer, point)
                s.cut.common[into] |= bit
                s.corners.place[to, POINT] = point
                for w in range(words):
                    s.corners.tight[w, to] = s.cut.common[w]
                to += 1
                point += 1
    s.frames.n_corners[f] = to - start
    s.frames.start[g] = to
    for i in range(first_new, s.frames.start[g]):
        s.corners.place[to, POINT] = s.corners.place[i, POINT]
        for w in range(words):
            s.corners.tight[w, to] = s.corners.tight[w, i]
        to += 1
    for i in range(n_on, n):
        _put_vertex(s, i, words, to)
        to += 1
    s.frames.n_corners[g] = to - s.frames.start[g]
    if n_on < first_off:
        s.frames.simple[f] = 0
    s.frames.simple[g] = s.frames.simple[f]
    s.frames.digest[g] = s.frames.digest[f]
    record(s, f, layer, q >> 6, ONE << np.uint64(q & 63))
    s.frames.undecided[f, q >> 6] &= ~(ONE << np.uint64(q & 63))
    s.frames.n_points[f] = point
    s.frames.n_points[g] = point
    s.frames.n_lines[f] = new + 1
    s.frames.n_lines[g] = new + 1
    fork(net, s, f, layer, q)
    s.scalars[TOP] += 1
    return True


@inlined
def _sort_vertices(s: PolyhedraState, f: int, layer: int, q: int, words: int) -> tuple[int, int]:  # pragma: no cover
    """Copy a cell's vertices in order of a neuron's sign: where it is on, zero, off; returns where the last two begin.

    With each comes the neuron's value there.
    """
    rows = s.layers.rows
    to, n_on, first_off = 0, 0, 0
    for sign in (1, 0, -1):
        for i in range(s.frames.start[f], s.frames.start[f] + s.frames.n_corners[f]):
            p = s.corners.place[i, POINT]
            if sign_at(s, p, q) == sign:
                value = rows[layer, D, q]
                for k in range(D):
                    value += rows[layer, k, q] * s.points.position[p, k]
                s.cut.value[to] = value
                s.cut.point[to] = p
                for w in range(words):
                    s.cut.tight[w, to] = s.corners.tight[w, i]
                to += 1
        if sign == 1:
            n_on = to
        elif sign == 0:
            first_off = to
    return n_on, first_off


@inlined
def _put_vertex(s: PolyhedraState, i: int, words: int, to: int) -> None:  # pragma: no cover - compiled
    """A vertex of the old cell becomes one of a new cell."""
    s.corners.place[to, POINT] = s.cut.point[i]
    for w in range(words):
        s.corners.tight[w, to] = s.cut.tight[w, i]


@inlined
def _ends(s: PolyhedraState, i: int, at: int, words: int) -> Any:  # pragma: no cover - compiled
    """Which of eight vertices have two planes or more in common with vertex i."""
    counts = shared_bits(load(s.cut.tight, (0, at)), s.cut.tight[0, i])
    for w in range(1, words):
        counts = plus(counts, shared_bits(load(s.cut.tight, (w, at)), s.cut.tight[w, i]))
    return reaching(counts, ALONG_EDGE)


@inlined
def _are_alone(s: PolyhedraState, i: int, j: int, n: int, words: int) -> bool:  # pragma: no cover - compiled
    """Whether no other vertex lies on all planes that two vertices have in common: on `common`."""
    for m in range(n):
        if m != i and m != j:
            lies_on_all = True
            for w in range(words):
                if s.cut.common[w] & ~s.cut.tight[w, m] != NOTHING:
                    lies_on_all = False
            if lies_on_all:
                return False
    return True


@inlined
def _emit(net: PackedNetwork, s: PolyhedraState, f: int, out: PolyhedraOutput) -> None:  # pragma: no cover - compiled
    """Write a finished region, with the mean of its vertices as a witness."""
    r = s.scalars[N_REGIONS]
    for k in range(s.bits.shape[0]):
        out.patterns[r, k] = s.bits[k]
    for q in range(out.maps.shape[1]):
        for k in range(D + 1):
            out.maps[r, q, k] = s.frames.rows[f, k, q]
    start, n = s.frames.start[f], s.frames.n_corners[f]
    for k in range(D):
        total = 0.0
        for i in range(start, start + n):
            total += s.points.position[s.corners.place[i, POINT], k]
        out.witnesses[r, k] = total / n
    out.proved[r] = _is_surely_inside(s, f, out.witnesses[r])
    if out.key.shape[0] > 0:
        emit_faces(s, f, min(net.reach[0], min(net.reach[1], net.reach[2])), out)


@inlined
def _is_surely_inside(s: PolyhedraState, f: int, x: Any) -> bool:  # pragma: no cover - compiled
    """Whether a point is proved to lie strictly on the cell's side of each plane that bounds it.

    Only planes that some vertex lies on do.
    """
    for w in range((s.frames.n_lines[f] + 63) >> 6):
        bounding = NOTHING
        for i in range(s.frames.start[f], s.frames.start[f] + s.frames.n_corners[f]):
            bounding |= s.corners.tight[w, i]
        while bounding != NOTHING:
            h = 64 * w + lowest_bit(bounding)
            bounding &= bounding - ONE
            value, extent = s.lines.row[h, OFFSET], abs(s.lines.row[h, OFFSET])
            for k in range(D):
                value += s.lines.row[h, k] * x[k]
                extent += abs(s.lines.row[h, k] * x[k])
            if not (s.lines.owner[h] >= 0 and is_on(s.bits, s.lines.owner[h])):
                value = -value
            if not value > s.lines.row[h, LINE_ERROR] + 6 * UNIT_ROUNDOFF * extent:
                return False
    return True

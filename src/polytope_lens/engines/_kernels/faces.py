"""The faces of a finished polyhedron, from the planes that its vertices lie on.

A plane holds a face iff three vertices or more lie on it; these are the face's corners. Two of them are neighbours iff
no third one lies on all the planes that both lie on. Planes with the same vertices hold the same face: the first one
owns it, and it is crowded if a later one is a neuron's.

Each vertex has a key: a hash of the signs of all neurons and sides there. It is the same in all cells that share the
vertex. The key of a face is the sum of its vertices' keys, each scrambled first: keys are hashes themselves, put
together by ``xor``, of which sums would say little.

Corners come in the order in which they are counter-clockwise seen from outside. At vertex v, on the way to the next
corner along planes h and a, away from plane b, the way is counter-clockwise iff ``s_h s_a s_b det(n_h, n_a, n_b) > 0``,
where n are the planes' normals and s tells on which side of them the cell is. Such a determinant has a sure sign
at some corner of all faces but hopelessly thin ones. For these, the planes at their first corner are noted: their turn
is decided in integers (`polyhedra`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from polytope_lens._compiled.bits import NOTHING, ONE, count_bits, highest_bit, lowest_bit
from polytope_lens._compiled.jit import inlined
from polytope_lens.engines._kernels.cell_corners import POINT
from polytope_lens.engines._kernels.outcomes import N_REGIONS
from polytope_lens.engines._kernels.packed_network import is_on
from polytope_lens.engines._kernels.planes import D, determinant

# Corners of all faces of a polyhedron with m of them: at most 6 m - 12 (Euler).
CORNERS_PER_FACE = 6


@inlined
def has_room(s: Any, f: int, out: Any) -> bool:  # pragma: no cover - compiled
    """Whether the output can surely take the vertices and faces of a cell."""
    if out.key.shape[0] == 0:
        return True  # nobody wants them
    r = s.scalars[N_REGIONS]
    face, most = out.face_indptr[r], s.frames.n_lines[f]
    return bool(
        out.vertex_indptr[r] + s.frames.n_corners[f] <= out.key.shape[0]
        and face + most <= out.face_key.shape[0]
        and out.corner_indptr[face] + CORNERS_PER_FACE * most <= out.corner.shape[0]
    )


@inlined
def emit_faces(s: Any, f: int, least: float, out: Any) -> None:  # pragma: no cover - compiled
    """Write the vertices and faces of a finished region; `least` is the shortest side of the box around the domain."""
    r, start, n = s.scalars[N_REGIONS], s.frames.start[f], s.frames.n_corners[f]
    n_planes = _number_planes(s, f, start, n)
    words = (n_planes + 63) >> 6
    _emit_vertices(s, f, start, n, words, out)
    first = out.face_indptr[r]
    face = first
    for c in range(n_planes):
        h = s.faces.plane[c]
        side = -1 - s.lines.owner[h]
        if side >= 0 and out.side_row[side] < 0:
            continue
        k, key = s.faces.n_on[c], s.faces.sums[c]
        if k < D:
            continue
        same = first
        while same < face and out.face_key[same] != key:
            same += 1
        if same < face:
            out.crowded[same] |= side < 0
            continue
        for i in range(k):
            s.faces.ring[i] = s.faces.on[c, i]
        _sort_ring(s, f, words, k)
        at = out.corner_indptr[face]
        turn = _turn(s, c, words, k, least)
        out.doubtful[face] = turn == 0.0
        if turn == 0.0:
            v = s.faces.ring[0]
            out.turn[face, 0] = s.lines.owner[h]
            out.turn[face, 1] = s.lines.owner[_plane_across(s, v, s.faces.ring[1], words)]
            out.turn[face, 2] = s.lines.owner[_plane_across(s, v, s.faces.ring[k - 1], words)]
        for i in range(k):
            out.corner[at + i] = out.vertex_indptr[r] + s.faces.ring[i if turn >= 0.0 else k - 1 - i]
        out.corner_indptr[face + 1] = at + k
        out.face_key[face] = key
        out.owner[face] = -1 - out.side_row[side] if side >= 0 else s.lines.owner[h]
        out.crowded[face] = False
        face += 1
    out.face_indptr[r + 1] = face


@inlined
def _number_planes(s: Any, f: int, start: int, n: int) -> Any:  # pragma: no cover - compiled
    """Number the planes that some vertex lies on, so that sets of them take few words; returns how many there are."""
    count = 0
    for w in range((s.frames.n_lines[f] + 63) >> 6):
        bounding = NOTHING
        for i in range(start, start + n):
            bounding |= s.corners.tight[w, i]
        while bounding != NOTHING:
            h = 64 * w + lowest_bit(bounding)
            bounding &= bounding - ONE
            s.faces.plane[count] = h
            s.faces.number[h] = count
            s.faces.n_on[count] = 0
            s.faces.sums[count] = NOTHING
            count += 1
    return count


@inlined
def _emit_vertices(s: Any, f: int, start: int, n: int, words: int, out: Any) -> None:  # pragma: no cover - compiled
    """Write positions, radii and keys of a cell's vertices; list them by the numbers of the planes that they lie on."""
    n_bits, r = s.hashes.on.shape[0], s.scalars[N_REGIONS]
    at, digest = out.vertex_indptr[r], s.frames.digest[f]
    for w in range(s.bits.shape[0]):
        rest = s.bits[w]
        while rest != NOTHING:
            place = highest_bit(rest)
            rest &= ~(ONE << np.uint64(63 - place))
            digest ^= s.hashes.on[64 * w + place]
    for i in range(n):
        key = digest
        for w in range(words):
            s.faces.on_planes[w, i] = NOTHING
        for w in range((s.frames.n_lines[f] + 63) >> 6):
            rest = s.corners.tight[w, start + i]
            while rest != NOTHING:
                h = 64 * w + lowest_bit(rest)
                rest &= rest - ONE
                c, owner = s.faces.number[h], s.lines.owner[h]
                s.faces.on_planes[c >> 6, i] |= ONE << np.uint64(c & 63)
                if owner < 0:
                    key ^= s.hashes.zero[n_bits - 1 - owner]
                else:
                    key ^= s.hashes.zero[owner]
                    if is_on(s.bits, owner):
                        key ^= s.hashes.on[owner]
        scrambled = _scramble(key)
        for w in range(words):
            rest = s.faces.on_planes[w, i]
            while rest != NOTHING:
                c = 64 * w + lowest_bit(rest)
                rest &= rest - ONE
                s.faces.on[c, s.faces.n_on[c]] = i
                s.faces.n_on[c] += 1
                s.faces.sums[c] += scrambled
        out.key[at + i] = key
        p = s.corners.place[start + i, POINT]
        for k in range(D + 1):
            out.vertex[at + i, k] = s.points.position[p, k]
    out.vertex_indptr[r + 1] = at + n


@inlined
def _scramble(key: Any) -> Any:  # pragma: no cover - compiled
    """Another word for each word (the finalizer of MurmurHash3, Appleby 2011)."""
    key ^= key >> np.uint64(33)
    key *= np.uint64(0xFF51AFD7ED558CCD)
    key ^= key >> np.uint64(33)
    key *= np.uint64(0xC4CEB9FE1A85EC53)
    return key ^ (key >> np.uint64(33))


@inlined
def _sort_ring(s: Any, f: int, words: int, k: int) -> None:  # pragma: no cover - compiled
    """Put the corners of a face in the order in which edges join them."""
    for i in range(k - 2):
        for j in range(i + 1, k):
            if _are_joined(s, f, s.faces.ring[i], s.faces.ring[j], words, k):
                s.faces.ring[i + 1], s.faces.ring[j] = s.faces.ring[j], s.faces.ring[i + 1]
                break


@inlined
def _are_joined(s: Any, f: int, i: int, j: int, words: int, k: int) -> bool:  # pragma: no cover - compiled
    """Whether an edge joins two corners of a face."""
    shared = 0
    for w in range(words):
        shared += count_bits(s.faces.on_planes[w, i] & s.faces.on_planes[w, j])
    if shared < D - 1:
        return False
    if s.frames.simple[f] == 0:
        for m in range(k):
            other = s.faces.ring[m]
            if other != i and other != j:
                lies_on_all = True
                for w in range(words):
                    if s.faces.on_planes[w, i] & s.faces.on_planes[w, j] & ~s.faces.on_planes[w, other] != NOTHING:
                        lies_on_all = False
                if lies_on_all:
                    return False
    return True


@inlined
def _turn(s: Any, c: int, words: int, k: int, least: float) -> float:  # pragma: no cover - compiled
    """Positive if the corners of a face are counter-clockwise as seen from outside, 0 if no sign is sure."""
    h, on_planes, ring = s.faces.plane[c], s.faces.on_planes, s.faces.ring
    for w in range(words):
        s.cut.common[w] = on_planes[w, ring[0]] & on_planes[w, ring[1]] & on_planes[w, ring[2]]
    for m in range(k):
        v = ring[m]
        a = _plane_across(s, v, ring[m + 1 if m + 1 < k else 0], words)
        b = _plane_across(s, v, ring[m - 1 if m > 0 else k - 1], words)
        turn, is_sure = determinant(s.lines.row, h, a, b, least)
        if is_sure:
            return float(turn * _side(s, h) * _side(s, a) * _side(s, b))
    return 0.0


@inlined
def _plane_across(s: Any, i: int, j: int, words: int) -> Any:  # pragma: no cover - compiled
    """A plane on which both ends of an edge of a face lie, and not the face: all that hold the face are `common`."""
    for w in range(words):
        across = s.faces.on_planes[w, i] & s.faces.on_planes[w, j] & ~s.cut.common[w]
        if across != NOTHING:
            return s.faces.plane[64 * w + lowest_bit(across)]
    return s.faces.plane[0]  # never: an edge is where two faces meet


@inlined
def _side(s: Any, h: int) -> float:  # pragma: no cover - compiled
    """1 if a finished region is where a plane's row is positive, else -1."""
    return 1.0 if s.lines.owner[h] >= 0 and is_on(s.bits, s.lines.owner[h]) else -1.0

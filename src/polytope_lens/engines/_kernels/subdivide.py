"""Cell traversal in the plane: cells are convex polygons, and a neuron cuts one iff it has corners on both sides.

Corners are points that know the signs of a layer's neurons: see `cell_corners`.

The walk is depth first, so memory is the depth of the stack. It stops and can be resumed whenever the output is full,
or whenever a sign at a corner is not proved by its error bound: the caller answers and calls again.

A point is the crossing of two lines known by their owners; its floats come with a radius that bounds the distance to
that exact point, computed from the residuals of the two lines, so that it does not grow from cut to cut. Each corner
also carries a hash of the neurons and sides that vanish there: with the pattern of the cell it identifies the point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._compiled.bits import NOTHING, ONE, lowest_bit
from polytope_lens._compiled.jit import inlined, walk_kernel
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.engines._kernels.cell_corners import POINT, answered, find_signs, fork, record, sign_at, walk_cells
from polytope_lens.engines._kernels.corner_ties import LINE, settle_in_plane
from polytope_lens.engines._kernels.outcomes import (
    N_CORNERS,
    N_REGIONS,
    TOP,
)
from polytope_lens.engines._kernels.packed_network import PackedNetwork, is_on, length

if TYPE_CHECKING:
    from polytope_lens._types import Bools, Floats, Ints, Words
    from polytope_lens.engines._kernels.blockwise import Blockwise
    from polytope_lens.engines._kernels.cell_corners import CornerFrames, CornerLayers, Hashes, LineStack, PointStack
    from polytope_lens.engines._kernels.refine import Refined
    from polytope_lens.engines._kernels.spans import SpanBounds
    from polytope_lens.engines._kernels.thinning import Thinning


# Columns of points' positions, of lines' rows, and of corners' places, besides POINT
X, Y, RADIUS = 0, 1, 2
NX, NY, OFFSET, LINE_ERROR = 0, 1, 2, 3


class PolygonCorners(NamedTuple):
    """Corners of the cells on the stack, counter-clockwise."""

    place: Ints  # (corners, 2): of its point, and of the line of the edge that starts there, on their stacks
    hash: Words  # (corners, 2): of what vanishes at the corner, and on that edge


class PolygonCut(NamedTuple):
    """Corners of the cell that is cut, as they were."""

    sign: Ints  # of the neuron that cuts
    place: Ints
    hash: Words


class SubdivideState(NamedTuple):
    """All that a walk needs to go on; one frame of the stack is one cell. See `cell_corners`."""

    scalars: Ints
    layer_counts: Ints
    bits: Words
    span: SpanBounds
    thinning: Thinning
    frames: CornerFrames
    corners: PolygonCorners
    points: PointStack
    lines: LineStack
    layers: CornerLayers
    cut: PolygonCut
    hashes: Hashes
    refined: Refined
    blockwise: Blockwise


class SubdivideOutput(NamedTuple):
    """Room for finished regions, and within which radius of a witness everything has to be inside."""

    patterns: Words
    maps: Floats
    witnesses: Floats
    proved: Bools
    margin: float
    indptr: Ints
    corner: Floats
    key: Words
    owner: Ints
    crowded: Bools


NO_OUTPUT = SubdivideOutput(
    np.empty((0, 1), np.uint64),
    np.empty((0, 0, 3)),
    np.empty((0, 2)),
    np.empty(0, np.bool_),
    0.0,
    np.zeros(1, np.int64),
    np.empty((0, 3)),
    np.empty(0, np.uint64),
    np.empty(0, np.int64),
    np.empty(0, np.bool_),
)


@walk_kernel
def walk(
    net: PackedNetwork, s: SubdivideState, out: SubdivideOutput, limit: int, want_output: bool
) -> int:  # pragma: no cover - compiled
    """Go on until `limit` regions are in the output, or done, or a sign is open, or room is short; returns which."""
    return int(walk_cells(net, s, out, limit, want_output, _note_missed, settle_in_plane, _split, _has_room, _emit))


@inlined
def _note_missed(
    net: PackedNetwork, s: SubdivideState, f: int, layer: int, word: int, misses: Any, above: Any, below: Any
) -> None:  # pragma: no cover - compiled
    """Hash which of the neurons that do not cut a cell are on, and where the one that it asked about vanishes."""
    bit = net.bit_start[layer]
    if s.frames.asked[f] >= 0:
        asked = misses & answered(s, f, word)
        if asked & (above | below) != NOTHING:
            _mark_vanishing(s, f, bit + s.frames.asked[f], s.frames.asked[f], bool(asked & above))
        elif asked != NOTHING:
            s.frames.digest[f] ^= s.hashes.zero[bit + s.frames.asked[f]]
    on, on_hash = above, s.hashes.on
    while on != NOTHING:
        s.frames.digest[f] ^= on_hash[bit + 64 * word + lowest_bit(on)]
        on &= on - ONE


@inlined
def _mark_vanishing(s: SubdivideState, f: int, bit: int, q: int, on: bool) -> None:  # pragma: no cover - compiled
    """Note at corners and edges that a neuron which does not cut the cell vanishes there."""
    start, n = s.frames.start[f], s.frames.n_corners[f]
    mark = s.hashes.zero[bit]
    if on:
        mark ^= s.hashes.on[bit]
    for i in range(n):
        following = i + 1 if i + 1 < n else 0
        if sign_at(s, s.corners.place[start + i, POINT], q) == 0:
            s.corners.hash[start + i, 0] ^= mark
            if sign_at(s, s.corners.place[start + following, POINT], q) == 0:
                s.corners.hash[start + i, 1] ^= mark


@inlined
def _split(net: PackedNetwork, s: SubdivideState, f: int, layer: int, q: int) -> bool:  # pragma: no cover - compiled
    """Replace the top cell by its two halves: the negative one on top, to be walked first. False if room is short."""
    if s.scalars[TOP] == s.frames.layer.shape[0] or s.frames.n_points[f] + 2 > s.points.position.shape[0]:
        return False
    g = f + 1
    start, n, bit = s.frames.start[f], s.frames.n_corners[f], net.bit_start[layer] + q
    record(s, f, layer, q >> 6, ONE << np.uint64(q & 63))
    s.frames.undecided[f, q >> 6] &= ~(ONE << np.uint64(q & 63))
    new_line = _push_line(net, s, f, layer, q, bit)
    sign, corner, corner_hash = s.cut.sign, s.corners.place, s.corners.hash
    old_corner, old_hash = s.cut.place, s.cut.hash
    for i in range(n):
        p = corner[start + i, POINT]
        sign[i] = sign_at(s, p, q)
        old_corner[i, POINT] = p
        old_corner[i, LINE] = corner[start + i, LINE]
        old_hash[i, 0] = corner_hash[start + i, 0]
        old_hash[i, 1] = corner_hash[start + i, 1]
    to_off = start
    for i in range(n):
        following = i + 1 if i + 1 < n else 0
        to_off += (sign[i] >= 0) + (sign[i] * sign[following] < 0)
    mark_off = s.hashes.zero[bit]
    mark_on = mark_off ^ s.hashes.on[bit]
    to_on, start_off, new_point = start, to_off, s.frames.n_points[f]
    for i in range(n):
        following = i + 1 if i + 1 < n else 0
        here, there = sign[i], sign[following]
        if here >= 0:
            _put_corner(s, i, to_on)
            if here == 0:
                corner_hash[to_on, 0] ^= mark_on
                if there < 0:
                    corner[to_on, LINE] = new_line
                    corner_hash[to_on, 1] = mark_on
            to_on += 1
        if here <= 0:
            _put_corner(s, i, to_off)
            if here == 0:
                corner_hash[to_off, 0] ^= mark_off
                if there > 0:
                    corner[to_off, LINE] = new_line
                    corner_hash[to_off, 1] = mark_off
            to_off += 1
        if here * there < 0:
            _push_crossing(net, s, layer, q, old_corner[i, POINT], old_corner[following, POINT], old_corner[i, LINE],
                           new_line, new_point)  # fmt: skip
            find_signs(net, s, f, layer, new_point)
            _put_corner(s, i, to_on)
            _put_corner(s, i, to_off)
            corner[to_on, POINT] = new_point
            corner[to_off, POINT] = new_point
            corner_hash[to_on, 0] = old_hash[i, 1] ^ mark_on
            corner_hash[to_off, 0] = old_hash[i, 1] ^ mark_off
            if here > 0:
                corner[to_on, LINE] = new_line
                corner_hash[to_on, 1] = mark_on
            else:
                corner[to_off, LINE] = new_line
                corner_hash[to_off, 1] = mark_off
            to_on += 1
            to_off += 1
            new_point += 1
    s.frames.n_corners[f] = to_on - start
    s.frames.start[g] = start_off
    s.frames.n_corners[g] = to_off - start_off
    s.frames.n_points[f] = new_point
    s.frames.n_points[g] = new_point
    s.frames.n_lines[f] = new_line + 1
    s.frames.n_lines[g] = new_line + 1
    s.frames.digest[g] = s.frames.digest[f]
    s.frames.digest[f] ^= s.hashes.on[bit]
    fork(net, s, f, layer, q)
    s.scalars[TOP] += 1
    return True


@inlined
def _put_corner(s: SubdivideState, i: int, to: int) -> None:  # pragma: no cover - compiled
    """A corner of the old cell becomes one of a new cell."""
    s.corners.place[to, POINT] = s.cut.place[i, POINT]
    s.corners.place[to, LINE] = s.cut.place[i, LINE]
    s.corners.hash[to, 0] = s.cut.hash[i, 0]
    s.corners.hash[to, 1] = s.cut.hash[i, 1]


@inlined
def _push_line(
    net: PackedNetwork, s: SubdivideState, f: int, layer: int, q: int, bit: int
) -> Any:  # pragma: no cover - compiled
    """Put a neuron's line on the stack of lines, with a unit normal; returns its place there."""
    at = s.frames.n_lines[f]
    norm = length(s.layers.rows[layer], q, 2)
    for k in range(3):
        s.lines.row[at, k] = s.layers.rows[layer, k, q] / norm
    extent = net.reach[0] + net.reach[1] + abs(s.lines.row[at, OFFSET])
    s.lines.row[at, LINE_ERROR] = s.layers.sure[layer, q] / norm * BOUND_SLACK + 4 * UNIT_ROUNDOFF * extent
    s.lines.owner[at] = bit
    return at


@inlined
def _push_crossing(
    net: PackedNetwork, s: SubdivideState, layer: int, q: int, u: int, v: int, edge: int, line: int, to: int
) -> None:  # pragma: no cover - compiled
    """The point where a neuron's line crosses the edge from point u to v, and a radius that holds the exact crossing.

    With unit normals n1, n2 of the float lines and residuals r1, r2 of the computed point on the exact lines, the exact
    crossing is at most ``(r1 |n2'| + r2 |n1'|) / |det(n1', n2')|`` away, n' being the exact lines' normals on the same
    scale; these differ from n by at most error / reach, since the bound on a line holds on the whole box.
    """
    reach, lines, rows, point = net.reach, s.lines.row, s.layers.rows, s.points.position
    a, b, c = rows[layer, 0, q], rows[layer, 1, q], rows[layer, 2, q]
    mx, my, m_offset, m_error = lines[line, NX], lines[line, NY], lines[line, OFFSET], lines[line, LINE_ERROR]
    nx, ny, offset, error = lines[edge, NX], lines[edge, NY], lines[edge, OFFSET], lines[edge, LINE_ERROR]
    xi, yi, xj, yj = point[u, X], point[u, Y], point[v, X], point[v, Y]
    vi = a * xi + b * yi + c
    vj = a * xj + b * yj + c
    t = vi / (vi - vj)
    x = xi + t * (xj - xi)
    y = yi + t * (yj - yi)
    if not 0.0 <= t <= 1.0:
        # Floats cannot tell the two ends apart; the two lines still cross.
        determinant = nx * my - ny * mx
        x = (ny * m_offset - my * offset) / determinant
        y = (mx * offset - nx * m_offset) / determinant
        if not (abs(x) < np.inf and abs(y) < np.inf):
            x, y = 0.5 * (xi + xj), 0.5 * (yi + yj)
    rounding = 4 * UNIT_ROUNDOFF * (2 * (abs(x) + abs(y)) + abs(offset) + abs(m_offset))
    residual = abs(nx * x + ny * y + offset) + error + abs(mx * x + my * y + m_offset) + m_error + rounding
    tilt = (error + m_error) / min(reach[0], reach[1])
    sine = abs(mx * ny - my * nx) - 2 * tilt - 8 * UNIT_ROUNDOFF
    radius = np.inf
    if sine > 0.0 and tilt < 2.0**-8:
        radius = 1.02 * residual / sine
        if not radius < np.inf:
            radius = np.inf
    point[to, X] = x
    point[to, Y] = y
    point[to, RADIUS] = radius


@inlined
def _has_room(s: SubdivideState, f: int, out: SubdivideOutput) -> bool:  # pragma: no cover - compiled
    """Whether the output can take the corners of a cell."""
    return bool(s.scalars[N_CORNERS] + s.frames.n_corners[f] <= out.corner.shape[0])


@inlined
def _emit(net: PackedNetwork, s: SubdivideState, f: int, out: SubdivideOutput) -> None:  # pragma: no cover - compiled
    """Write a finished region."""
    r, at = s.scalars[N_REGIONS], s.scalars[N_CORNERS]
    patterns, bits, maps, rows = out.patterns, s.bits, out.maps, s.frames.rows
    for k in range(bits.shape[0]):
        patterns[r, k] = bits[k]
    for q in range(maps.shape[1]):
        for k in range(3):
            maps[r, q, k] = rows[f, k, q]
    start, n, digest = s.frames.start[f], s.frames.n_corners[f], s.frames.digest[f]
    corner, corner_hash, owner, point = s.corners.place, s.corners.hash, s.lines.owner, s.points.position
    to_corner, to_key, to_owner, to_crowded = out.corner, out.key, out.owner, out.crowded
    on_hash, zero_hash, n_bits = s.hashes.on, s.hashes.zero, s.hashes.on.shape[0]
    x, y = 0.0, 0.0
    for i in range(n):
        p, bit = corner[start + i, POINT], owner[corner[start + i, LINE]]
        x += point[p, X]
        y += point[p, Y]
        to_corner[at + i, 0] = point[p, X]
        to_corner[at + i, 1] = point[p, Y]
        to_corner[at + i, 2] = point[p, RADIUS]
        to_key[at + i] = digest ^ corner_hash[start + i, 0]
        to_owner[at + i] = bit
        # The edge's hash is the mark of its owner alone, unless other neurons vanish on it too.
        if bit < 0:
            mark = zero_hash[n_bits - 1 - bit]
        else:
            mark = zero_hash[bit]
            if is_on(bits, bit):
                mark ^= on_hash[bit]
        to_crowded[at + i] = corner_hash[start + i, 1] != mark
    x, y = x / n, y / n
    out.witnesses[r, 0] = x
    out.witnesses[r, 1] = y
    out.proved[r] = surely_inside(to_corner, at, at + n, x, y, out.margin)
    out.indptr[r + 1] = at + n
    s.scalars[N_CORNERS] = at + n


@inlined
def surely_inside(
    corner: Any, start: int, stop: int, x: float, y: float, radius: float
) -> bool:  # pragma: no cover - compiled
    """Whether all that is within a radius of a point is proved to lie strictly inside a polygon.

    It does if it is strictly to the left of each edge: if the cross product of the edge with the way from its start to
    the point is positive. As the corners are only known within their radii, each factor errs by at most `slack`.
    """
    for i in range(start, stop):
        j = i + 1 if i + 1 < stop else start
        ex, ey = corner[j, 0] - corner[i, 0], corner[j, 1] - corner[i, 1]
        px, py = x - corner[i, 0], y - corner[i, 1]
        edge, way = abs(ex) + abs(ey), abs(px) + abs(py)
        slack = corner[i, 2] + corner[j, 2] + radius
        bound = 1.01 * slack * (edge + way + slack) + 8 * UNIT_ROUNDOFF * edge * way + UNDERFLOW_GUARD
        if not ex * py - ey * px > bound:
            return False
    return True

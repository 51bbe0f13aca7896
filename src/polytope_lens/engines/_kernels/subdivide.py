"""Cell traversal in the plane: cells are convex polygons, and a neuron cuts one iff it has corners on both sides.

The walk is depth first, so memory is the depth of the stack. It stops and can be resumed whenever the output is full,
or whenever a sign at a corner is not proved by its error bound: the caller answers and calls again.

A corner is the crossing of two lines known by their owners; its floats come with a radius that bounds the distance
to that exact point, computed from the residuals of the two lines, so that it does not grow from cut to cut. Each corner
also carries a hash of the neurons and sides that vanish there: with the pattern of the cell it identifies the point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._jit import inlined, jit
from polytope_lens.engines._kernels.codes import (
    ANSWER,
    DONE,
    DOUBLE_DECISIONS,
    FLOAT_DECISIONS,
    FLOOR,
    FULL,
    N_CORNERS,
    N_REGIONS,
    RATIONAL_DECISIONS,
    TOP,
    UNDECIDED,
)
from polytope_lens.engines._kernels.flat import (
    BOUND_SLACK,
    FlatNetwork,
    add_neuron,
    close_layer,
    length,
    set_bit,
    start_layer,
)
from polytope_lens.engines._kernels.refine import Refined, begin, close_refined, is_refined
from polytope_lens.exact.signs import UNDERFLOW_GUARD, UNIT_ROUNDOFF

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Words = NDArray[np.uint64]
    Bools = NDArray[np.bool_]

# A sign that the error bound leaves open
OPEN = 2
# Columns of State.corner: position, radius, and unit normal, offset and error of the edge that starts there
X, Y, RADIUS, NX, NY, OFFSET, EDGE_ERROR = 0, 1, 2, 3, 4, 5, 6


class State(NamedTuple):
    """All that a walk needs to go on; one frame of the stack is one cell. Frames' corners lie one after the other."""

    scalars: Ints
    layer_counts: Ints
    layer: Ints  # per frame: the layer whose neurons are being tried, -1 before the first
    position: Ints  # per frame: how far down that layer's list of candidates
    start: Ints  # per frame: first corner
    n_corners: Ints  # per frame
    split_bit: Ints  # per frame: the bit that set it apart from its sibling, -1 for none
    split_value: Ints  # per frame
    digest: Words  # per frame: hash of the neurons that are on, and of those that vanish on the whole cell
    rows: Floats  # (frames, 3, width): rows of the next layer, as far as summed up
    error: Floats  # (frames, width)
    corner: Floats  # (corners, 7)
    corner_hash: Words  # (corners, 2): of what vanishes at the corner, and on the edge that starts there
    owner: Ints  # (corners,): of that edge, a bit or -1 - side
    layer_rows: Floats  # (L, 3, width): finished rows of the layer being tried
    layer_sure: Floats  # (L, width)
    candidates: Ints  # (L, width): neurons that may cut the cell in which the layer began
    n_candidates: Ints  # (L,)
    bits: Words
    sign: Ints  # (corners of one cell,): signs of the current neuron at the corners
    old_corner: Floats
    old_hash: Words
    old_owner: Ints
    bounds: Floats  # (4, width)
    scratch: Floats
    on_hash: Words  # per bit: hash of "on"
    zero_hash: Words  # per bit, then per side: hash of "vanishes"
    refined: Refined


class Output(NamedTuple):
    """Room for finished regions."""

    patterns: Words
    maps: Floats
    indptr: Ints
    corner: Floats
    key: Words
    owner: Ints
    crowded: Bools


NO_OUTPUT = Output(
    np.empty((0, 1), np.uint64),
    np.empty((0, 0, 3)),
    np.zeros(1, np.int64),
    np.empty((0, 3)),
    np.empty(0, np.uint64),
    np.empty(0, np.int64),
    np.empty(0, np.bool_),
)


@jit
def walk(net: FlatNetwork, s: State, out: Output, limit: int, want_geometry: bool) -> int:  # pragma: no cover
    """Go on until `limit` regions are in the output, or done, or a sign is open; returns which."""
    n_hidden = net.n_hidden
    while s.scalars[TOP] > s.scalars[FLOOR]:
        f = s.scalars[TOP] - 1
        layer = s.layer[f]
        if s.split_bit[f] >= 0:
            set_bit(s.bits, s.split_bit[f], s.split_value[f] == 1)
        if layer >= 0:
            outcome = _try_candidates(net, s, f, layer)
            if outcome == UNDECIDED:
                return UNDECIDED
            if outcome == 1:
                continue
        if layer == n_hidden - 1:
            n = s.n_corners[f]
            if s.scalars[N_REGIONS] >= limit or (want_geometry and s.scalars[N_CORNERS] + n > out.corner.shape[0]):
                return FULL
            if layer >= 0:
                s.layer_counts[layer] += 1
            if want_geometry:
                _emit(net, s, f, out)
            s.scalars[N_REGIONS] += 1
            s.scalars[TOP] -= 1
            continue
        if layer >= 0:
            s.layer_counts[layer] += 1
        _begin_layer(net, s, f, layer + 1)
    return DONE


@inlined
def _try_candidates(net: FlatNetwork, s: State, f: int, layer: int) -> int:  # pragma: no cover - compiled
    """Decide the remaining candidates; returns 1 if the cell was split, 0 if none is left, or UNDECIDED."""
    n_next, column = net.width[layer + 1], net.weight_start[layer + 1]
    first = net.neuron_start[layer]
    weights, reach, bits_of, on_slope, off_slope = net.weights, net.reach, net.bit, net.positive, net.negative
    rows, sure, candidates = s.layer_rows[layer], s.layer_sure[layer], s.candidates[layer]
    corner, sign, scalars, digest, on_hash = s.corner, s.sign, s.scalars, s.digest, s.on_hash
    next_rows, next_error, scratch, bits = s.rows, s.error, s.scratch, s.bits
    start, n = s.start[f], s.n_corners[f]
    last = s.n_candidates[layer]
    at = s.position[f]
    rung = DOUBLE_DECISIONS if layer > 0 and is_refined(s.refined, layer) else FLOAT_DECISIONS
    while at < last:
        j = candidates[at]
        a, b, c = rows[0, j], rows[1, j], rows[2, j]
        resolved = scalars[ANSWER] == 1
        positive = False
        negative = False
        if not resolved:
            spread = (abs(a) + abs(b)) * BOUND_SLACK
            some_open = False
            for i in range(n):
                value = a * corner[start + i, X] + b * corner[start + i, Y] + c
                bound = sure[j] + spread * corner[start + i, RADIUS]
                if value > bound:
                    sign[i] = 1
                    positive = True
                elif value < -bound:
                    sign[i] = -1
                    negative = True
                else:
                    sign[i] = OPEN
                    some_open = True
            if some_open:
                s.position[f] = at
                return UNDECIDED
            scalars[rung] += 1
        else:
            scalars[ANSWER] = 0
            scalars[RATIONAL_DECISIONS] += 1
            for i in range(n):
                if sign[i] > 0:
                    positive = True
                elif sign[i] < 0:
                    negative = True
        bit = bits_of[first + j]
        if positive and negative:
            s.position[f] = at + 1
            _split(net, s, f, layer, j, bit)
            return 1
        if resolved and (positive or negative):
            _mark_vanishing(s, f, bit, positive)
        elif resolved:
            digest[f] ^= s.zero_hash[bit]
        set_bit(bits, bit, positive)
        if positive:
            digest[f] ^= on_hash[bit]
        if n_next > 0 and (positive or negative):
            slope = on_slope[first + j] if positive else off_slope[first + j]
            add_neuron(
                weights, reach, column + j * n_next, n_next, slope, rows, j, sure[j], next_rows, next_error, f, scratch
            )
        at += 1
    s.position[f] = at
    return 0


@inlined
def _mark_vanishing(s: State, f: int, bit: int, on: bool) -> None:  # pragma: no cover - compiled
    """Note at corners and edges that a neuron which does not cut the cell vanishes there."""
    start, n = s.start[f], s.n_corners[f]
    mark = s.zero_hash[bit]
    if on:
        mark ^= s.on_hash[bit]
    for i in range(n):
        following = i + 1 if i + 1 < n else 0
        if s.sign[i] == 0:
            s.corner_hash[start + i, 0] ^= mark
            if s.sign[following] == 0:
                s.corner_hash[start + i, 1] ^= mark


@inlined
def _split(net: FlatNetwork, s: State, f: int, layer: int, j: int, bit: int) -> None:  # pragma: no cover - compiled
    """Replace the top cell by its two halves: the negative one on top, to be walked first."""
    start, n = s.start[f], s.n_corners[f]
    rows, sure, reach, sign = s.layer_rows[layer], s.layer_sure[layer], net.reach, s.sign
    corner, corner_hash, owner = s.corner, s.corner_hash, s.owner
    old_corner, old_hash, old_owner = s.old_corner, s.old_hash, s.old_owner
    a, b, c = rows[0, j], rows[1, j], rows[2, j]
    norm = length(rows, j, 2)
    line = (a / norm, b / norm, c / norm)
    size = reach[0] + reach[1] + abs(line[2])
    line_error = sure[j] / norm * BOUND_SLACK + 4 * UNIT_ROUNDOFF * size
    mark_off = s.zero_hash[bit]
    mark_on = mark_off ^ s.on_hash[bit]
    to_off = start
    for i in range(n):
        following = i + 1 if i + 1 < n else 0
        for k in range(7):
            old_corner[i, k] = corner[start + i, k]
        old_hash[i, 0] = corner_hash[start + i, 0]
        old_hash[i, 1] = corner_hash[start + i, 1]
        old_owner[i] = owner[start + i]
        if sign[i] >= 0:
            to_off += 1
        if sign[i] * sign[following] < 0:
            to_off += 1
    g = f + 1
    to_on = start
    start_off = to_off
    for i in range(n):
        following = i + 1 if i + 1 < n else 0
        here, there = sign[i], sign[following]
        if here >= 0:
            _copy_corner(old_corner, old_hash, old_owner, i, corner, corner_hash, owner, to_on)
            if here == 0:
                corner_hash[to_on, 0] ^= mark_on
                if there < 0:
                    _set_edge(corner, corner_hash, owner, to_on, line, line_error, bit, mark_on)
            to_on += 1
        if here <= 0:
            _copy_corner(old_corner, old_hash, old_owner, i, corner, corner_hash, owner, to_off)
            if here == 0:
                corner_hash[to_off, 0] ^= mark_off
                if there > 0:
                    _set_edge(corner, corner_hash, owner, to_off, line, line_error, bit, mark_off)
            to_off += 1
        if here * there < 0:
            _copy_corner(old_corner, old_hash, old_owner, i, corner, corner_hash, owner, to_on)
            _copy_corner(old_corner, old_hash, old_owner, i, corner, corner_hash, owner, to_off)
            x, y, radius = _cross(reach, old_corner, i, following, a, b, c, line, line_error)
            corner[to_on, X] = x
            corner[to_on, Y] = y
            corner[to_on, RADIUS] = radius
            corner[to_off, X] = x
            corner[to_off, Y] = y
            corner[to_off, RADIUS] = radius
            corner_hash[to_on, 0] = old_hash[i, 1] ^ mark_on
            corner_hash[to_off, 0] = old_hash[i, 1] ^ mark_off
            if here > 0:
                _set_edge(corner, corner_hash, owner, to_on, line, line_error, bit, mark_on)
            else:
                _set_edge(corner, corner_hash, owner, to_off, line, line_error, bit, mark_off)
            to_on += 1
            to_off += 1
    s.n_corners[f] = to_on - start
    s.start[g] = start_off
    s.n_corners[g] = to_off - start_off
    s.layer[g] = layer
    s.position[g] = s.position[f]
    s.split_bit[f] = bit
    s.split_bit[g] = bit
    s.split_value[f] = 1
    s.split_value[g] = 0
    s.digest[g] = s.digest[f]
    s.digest[f] ^= s.on_hash[bit]
    n_next = net.width[layer + 1]
    if n_next > 0:
        next_rows, next_error, scratch, weights = s.rows, s.error, s.scratch, net.weights
        for k in range(3):
            for q in range(n_next):
                next_rows[g, k, q] = next_rows[f, k, q]
        for q in range(n_next):
            next_error[g, q] = next_error[f, q]
        neuron = net.neuron_start[layer] + j
        on, off = net.positive[neuron], net.negative[neuron]
        column = net.weight_start[layer + 1] + j * n_next
        add_neuron(weights, reach, column, n_next, on, rows, j, sure[j], next_rows, next_error, f, scratch)
        add_neuron(weights, reach, column, n_next, off, rows, j, sure[j], next_rows, next_error, g, scratch)
    s.scalars[TOP] += 1


@inlined
def _copy_corner(
    old_corner: Any, old_hash: Any, old_owner: Any, i: int, corner: Any, corner_hash: Any, owner: Any, to: int
) -> None:  # pragma: no cover - compiled
    for k in range(7):
        corner[to, k] = old_corner[i, k]
    corner_hash[to, 0] = old_hash[i, 0]
    corner_hash[to, 1] = old_hash[i, 1]
    owner[to] = old_owner[i]


@inlined
def _set_edge(
    corner: Any, corner_hash: Any, owner: Any, to: int, line: Any, error: float, bit: int, mark: Any
) -> None:  # pragma: no cover - compiled
    corner[to, NX] = line[0]
    corner[to, NY] = line[1]
    corner[to, OFFSET] = line[2]
    corner[to, EDGE_ERROR] = error
    corner_hash[to, 1] = mark
    owner[to] = bit


@inlined
def _cross(
    reach: Any, old: Any, i: int, following: int, a: float, b: float, c: float, line: Any, error: float
) -> tuple[float, float, float]:  # pragma: no cover - compiled
    """Where edge i crosses a line, and a radius about that which holds the exact crossing.

    With unit normals n1, n2 of the float lines and residuals r1, r2 of the computed point on the exact lines, the exact
    crossing is at most ``(r1 |n2'| + r2 |n1'|) / |det(n1', n2')|`` away, n' being the exact lines' normals on the same
    scale; these differ from n by at most error / reach, since the bound on a line holds on the whole box.
    """
    xi, yi = old[i, X], old[i, Y]
    xj, yj = old[following, X], old[following, Y]
    vi = a * xi + b * yi + c
    vj = a * xj + b * yj + c
    nx, ny, offset, edge_error = old[i, NX], old[i, NY], old[i, OFFSET], old[i, EDGE_ERROR]
    t = vi / (vi - vj)
    x = xi + t * (xj - xi)
    y = yi + t * (yj - yi)
    if not 0.0 <= t <= 1.0:
        # Floats cannot tell the two ends apart; the two lines still cross.
        determinant = nx * line[1] - ny * line[0]
        x = (ny * line[2] - line[1] * offset) / determinant
        y = (line[0] * offset - nx * line[2]) / determinant
        if not (abs(x) < np.inf and abs(y) < np.inf):
            x, y = 0.5 * (xi + xj), 0.5 * (yi + yj)
    rounding = 4 * UNIT_ROUNDOFF * (2 * (abs(x) + abs(y)) + abs(offset) + abs(line[2]))
    residual = abs(nx * x + ny * y + offset) + edge_error + abs(line[0] * x + line[1] * y + line[2]) + error + rounding
    tilt = (edge_error + error) / min(reach[0], reach[1])
    sine = abs(line[0] * ny - line[1] * nx) - 2 * tilt - 8 * UNIT_ROUNDOFF
    radius = np.inf
    if sine > 0.0 and tilt < 2.0**-8:
        radius = 1.02 * residual / sine
        if not radius < np.inf:
            radius = np.inf
    return x, y, radius


@inlined
def _begin_layer(net: FlatNetwork, s: State, f: int, layer: int) -> None:  # pragma: no cover - compiled
    """Sort the neurons of a layer into those that surely miss the cell and those that may cut it."""
    n, n_next = net.width[layer], net.width[layer + 1]
    first, column = net.neuron_start[layer], net.weight_start[layer + 1]
    weights, reach, bits_of, on_slope, off_slope = net.weights, net.reach, net.bit, net.positive, net.negative
    rows, sure, candidates = s.layer_rows[layer], s.layer_sure[layer], s.candidates[layer]
    next_rows, next_error, scratch, bits = s.rows, s.error, s.scratch, s.bits
    corner, digest, on_hash = s.corner, s.digest, s.on_hash
    lowest, highest, spread = s.bounds[0], s.bounds[1], s.bounds[2]
    begin(s.refined, layer)
    if close_layer(reach, n, next_rows, next_error, f, rows, sure):
        close_refined(net, s.refined, bits, layer, rows, sure)
    rung = DOUBLE_DECISIONS if layer > 0 and is_refined(s.refined, layer) else FLOAT_DECISIONS
    if n_next > 0:
        start_layer(net.bias, net.tau, net.neuron_start[layer + 1], n_next, next_rows, next_error, f)
    for q in range(n):
        spread[q] = (abs(rows[0, q]) + abs(rows[1, q])) * BOUND_SLACK
        lowest[q] = np.inf
        highest[q] = -np.inf
    start = s.start[f]
    for i in range(s.n_corners[f]):
        x, y, radius = corner[start + i, X], corner[start + i, Y], corner[start + i, RADIUS]
        for q in range(n):
            value = rows[0, q] * x + rows[1, q] * y + rows[2, q]
            # Not zero times infinity: a corner that floats cannot place decides nothing.
            slack = spread[q] * radius if radius < np.inf else np.inf
            low, high = value - slack, value + slack
            lowest[q] = low if low < lowest[q] else lowest[q]
            highest[q] = high if high > highest[q] else highest[q]
    count = 0
    for j in range(n):
        bit = bits_of[first + j]
        on = False
        if bit >= 0:
            on = lowest[j] > sure[j]
            if not on and not highest[j] < -sure[j]:
                candidates[count] = j
                count += 1
                continue
            set_bit(bits, bit, on)
            if on:
                digest[f] ^= on_hash[bit]
        if n_next > 0:
            slope = on_slope[first + j] if on or bit < 0 else off_slope[first + j]
            add_neuron(
                weights, reach, column + j * n_next, n_next, slope, rows, j, sure[j], next_rows, next_error, f, scratch
            )
    s.scalars[rung] += n - count
    s.n_candidates[layer] = count
    s.layer[f] = layer
    s.position[f] = 0
    s.split_bit[f] = -1


@inlined
def _emit(net: FlatNetwork, s: State, f: int, out: Output) -> None:  # pragma: no cover - compiled
    """Write a finished region."""
    r, at = s.scalars[N_REGIONS], s.scalars[N_CORNERS]
    patterns, bits, maps, rows = out.patterns, s.bits, out.maps, s.rows
    for k in range(bits.shape[0]):
        patterns[r, k] = bits[k]
    for q in range(maps.shape[1]):
        for k in range(3):
            maps[r, q, k] = rows[f, k, q]
    start, n, digest = s.start[f], s.n_corners[f], s.digest[f]
    corner, corner_hash, owner = s.corner, s.corner_hash, s.owner
    to_corner, to_key, to_owner, to_crowded = out.corner, out.key, out.owner, out.crowded
    on_hash, zero_hash, n_bits = s.on_hash, s.zero_hash, s.on_hash.shape[0]
    for i in range(n):
        to_corner[at + i, 0] = corner[start + i, X]
        to_corner[at + i, 1] = corner[start + i, Y]
        to_corner[at + i, 2] = corner[start + i, RADIUS]
        to_key[at + i] = digest ^ corner_hash[start + i, 0]
        to_owner[at + i] = owner[start + i]
        # The edge's hash is the mark of its owner alone, unless other neurons vanish on it too.
        bit = owner[start + i]
        if bit < 0:
            mark = zero_hash[n_bits - 1 - bit]
        else:
            mark = zero_hash[bit]
            if (bits[bit >> 6] >> np.uint64(63 - (bit & 63))) & np.uint64(1) == np.uint64(1):
                mark ^= on_hash[bit]
        to_crowded[at + i] = corner_hash[start + i, 1] != mark
    out.indptr[r + 1] = at + n
    s.scalars[N_CORNERS] = at + n


@jit
def surely_inside(
    corner: Floats, indptr: Ints, points: Floats, radius: float, proved: NDArray[np.bool_]
) -> None:  # pragma: no cover - compiled
    """Keep `proved` where all that is within a radius of the point is proved to lie strictly inside its polygon.

    It does if it is strictly to the left of each edge: if the cross product of the edge with the way from its start to
    the point is positive. As the corners are only known within their radii, each factor errs by at most `slack`.
    """
    for r in range(points.shape[0]):
        start, stop = indptr[r], indptr[r + 1]
        for i in range(start, stop):
            j = i + 1 if i + 1 < stop else start
            ex, ey = corner[j, 0] - corner[i, 0], corner[j, 1] - corner[i, 1]
            px, py = points[r, 0] - corner[i, 0], points[r, 1] - corner[i, 1]
            edge, way = abs(ex) + abs(ey), abs(px) + abs(py)
            slack = corner[i, 2] + corner[j, 2] + radius
            bound = 1.01 * slack * (edge + way + slack) + 8 * UNIT_ROUNDOFF * edge * way + UNDERFLOW_GUARD
            if not ex * py - ey * px > bound:
                proved[r] = False
                break

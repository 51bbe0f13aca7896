"""The polygons that a plane is cut into, counted in floats with bounds on their errors.

This counts what `checker.Plane` counts. A corner is where the lines of two edges meet: it is known by floats, and by a
distance from these within which it surely is. The sign of a neuron at a corner is taken where it is the same for all
that the true numbers may be; whatever is open then ends the walk. docs/proofs.md derives the bounds ("In floats").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._compiled.bits import NOTHING, ONE, lowest_bit
from polytope_lens._compiled.jit import inlined, walk_kernel
from polytope_lens._compiled.simd import LANES, add, exceeding, fill, load, multiply, multiply_add, size, store
from polytope_lens.proof.rows_on_cells_kernels import BYTE, OFF, ON, ForwardArrays, add_layer
from polytope_lens.proof.sums_above_kernels import SLACK, TINY, U
from polytope_lens.proof.tree_lines_kernels import GOES_ON, IS_OPEN, IS_PROVED

if TYPE_CHECKING:
    from polytope_lens._types import Floats, Ints, Words

IS_FULL = 3
"""How a walk ends that needs more room; it can go on with more."""
# Corners are known better than this, and lie in the box |x|, |y| <= 1.
MOST_RADIUS = 2.0**-20
# Smaller determinants are left open: numbers too small for floats, divided by greater ones, stay below 2**-100.
LEAST_CROSS = 2.0**-900
# Fields of a polygon
LAYER, START, SIZE, LINES = range(4)


class PlaneWalk(NamedTuple):
    """What is known of the polygons that wait, the one at hand last.

    Parameters
    ----------
    z, doubt, on, seen
        As for `add_layer`.
    spread, slack : (L, widest) arrays
        A neuron's value at a corner is known within `spread` times the corner's radius plus `slack`.
    polygon : (P, 4) int array
        Its layer, where its corners begin, how many there are, and how many lines there are on the way to it.
    active, above : (P, words) arrays
        Neurons of its layer that have not cut it, and those that have, and are on.
    corner : (C, 3) array
        Coordinates and radius.
    line : (C,) int array
        That of the edge that begins at the corner.
    up, down : (C, words) arrays
        Active neurons that are positive, and negative, at the corner.
    lines : (M, 4) array
        Rows ``[a, b, c]``, and how far each number may be from the true one.
    old_corner, old_line, old_up, old_down
        Room for one polygon and two new corners.
    cutting, zero : (L, words) arrays
        Neurons that cut, and those whose rows are zero.
    both : (2, words) array
        Room.
    counts : (L,) int array
        How many polygons each layer has.
    top : (1,) int array
        The polygon at hand, -1 at the end.
    """

    z: Floats
    doubt: Floats
    on: Ints
    seen: Floats
    spread: Floats
    slack: Floats
    polygon: Ints
    active: Words
    above: Words
    corner: Floats
    line: Ints
    up: Words
    down: Words
    lines: Floats
    old_corner: Floats
    old_line: Ints
    old_up: Words
    old_down: Words
    cutting: Words
    zero: Words
    both: Words
    counts: Ints
    top: Ints


@walk_kernel
def walk_polygons(net: ForwardArrays, walk: PlaneWalk, n_steps: Any) -> Any:  # pragma: no cover - compiled
    """Go on for at most so many steps, `n_steps` (1,); how that ended."""
    for _ in range(n_steps[0]):
        top = walk.top[0]
        if top < 0:
            return IS_PROVED
        layer = walk.polygon[top, LAYER]
        _gather(walk, top)
        j = _first_that_cuts(walk, top)
        if j < 0:
            walk.counts[layer] += 1
            if layer + 1 == len(walk.counts):
                walk.top[0] -= 1
            elif not _leave(net, walk, top, layer):
                return IS_OPEN
        else:
            start, n = walk.polygon[top, START], walk.polygon[top, SIZE]
            if start + 2 * n + 4 > len(walk.line) or n + 2 > len(walk.old_line) or top + 1 == len(walk.polygon):
                return IS_FULL
            if not _cut(walk, top, layer, j):
                return IS_OPEN
    return GOES_ON


@walk_kernel
def begin_polygon(net: ForwardArrays, walk: PlaneWalk) -> Any:  # pragma: no cover - compiled
    """Take the signs at the corners of the first polygon, whose layer's rows are there; whether all are certain."""
    return _take_signs(net, walk, 0, walk.polygon[0, LAYER])


@inlined
def _gather(walk: PlaneWalk, top: int) -> None:  # pragma: no cover - compiled
    """Which active neurons are positive at some corner, and negative at some."""
    start = walk.polygon[top, START]
    for w in range(walk.both.shape[1]):
        above = below = NOTHING
        for c in range(start, start + walk.polygon[top, SIZE]):
            above |= walk.up[c, w]
            below |= walk.down[c, w]
        walk.both[0, w], walk.both[1, w] = above & walk.active[top, w], below & walk.active[top, w]


@inlined
def _first_that_cuts(walk: PlaneWalk, top: int) -> Any:  # pragma: no cover - compiled
    """The first neuron that cuts the polygon, -1 if none does."""
    for w in range(walk.both.shape[1]):
        cutting = walk.both[0, w] & walk.both[1, w]
        if cutting != NOTHING:
            return 64 * w + lowest_bit(cutting)
    return -1


@inlined
def _leave(net: ForwardArrays, walk: PlaneWalk, top: int, layer: int) -> Any:  # pragma: no cover - compiled
    """Go to the next layer; whether all signs at the corners are certain."""
    for w in range(walk.both.shape[1]):
        on = walk.above[top, w] | walk.both[0, w] | ~walk.cutting[layer, w]
        for j in range(64 * w, min(64 * w + 64, net.width[layer + 1])):
            walk.on[layer, j] = OFF if on & ONE == NOTHING else ON
            on >>= ONE
    if not add_layer(net, walk.z, walk.doubt, walk.on, walk.seen, layer + 1):
        return False
    walk.polygon[top, LAYER] = layer + 1
    for w in range(walk.both.shape[1]):
        walk.active[top, w], walk.above[top, w] = walk.cutting[layer + 1, w], NOTHING
    return _take_signs(net, walk, top, layer + 1)


@inlined
def _take_signs(net: ForwardArrays, walk: PlaneWalk, top: int, layer: int) -> Any:  # pragma: no cover - compiled
    """How well values of a layer's neurons are known, and their signs at all corners of a polygon."""
    for w in range(walk.both.shape[1]):
        walk.zero[layer, w] = ~NOTHING
    for j in range(0, walk.z.shape[2], LANES):
        slopes = add(size(load(walk.z, (layer, 0, j))), size(load(walk.z, (layer, 1, j))))
        doubt, total = load(walk.doubt, (layer, j)), add(slopes, size(load(walk.z, (layer, 2, j))))
        slack = multiply_add(fill(6 * U), total, multiply(fill(3.0), doubt))
        store(walk.spread, (layer, j), multiply(slopes, fill(SLACK)))
        store(walk.slack, (layer, j), multiply_add(slack, fill(SLACK), fill(TINY)))
        is_not = (exceeding(total, fill(0.0)) | exceeding(doubt, fill(0.0))) & BYTE
        walk.zero[layer, j >> 6] &= ~(is_not << np.uint64(j & 63))
    start, known = walk.polygon[top, START], True
    for c in range(start, start + walk.polygon[top, SIZE]):
        known = _signs(walk, top, layer, walk.corner, c, walk.up, walk.down) and known
    return known


@inlined
def _signs(
    walk: PlaneWalk, top: int, layer: int, corner: Any, c: int, up: Any, down: Any
) -> Any:  # pragma: no cover - compiled
    """Signs of the active neurons at a corner; whether all are certain."""
    x, y, radius = fill(corner[c, 0]), fill(corner[c, 1]), fill(corner[c, 2])
    known = True
    for w in range(walk.both.shape[1]):
        above = below = NOTHING
        for o in range(8):
            j = 64 * w + LANES * o
            if j >= walk.z.shape[2]:
                break
            value = multiply_add(load(walk.z, (layer, 1, j)), y, load(walk.z, (layer, 2, j)))
            value = multiply_add(load(walk.z, (layer, 0, j)), x, value)
            bits = exceeding(value, multiply_add(load(walk.spread, (layer, j)), radius, load(walk.slack, (layer, j))))
            above |= (bits & BYTE) << np.uint64(LANES * o)
            below |= (bits >> np.uint64(LANES)) << np.uint64(LANES * o)
        active = walk.active[top, w]
        up[c, w], down[c, w] = above & active, below & active
        if active & ~(above | below | walk.zero[layer, w]) != NOTHING:
            known = False
    return known


@inlined
def _meet(lines: Any, p: int, q: int, corner: Any, i: int) -> Any:  # pragma: no cover - compiled
    """Where two lines meet, with a radius; whether that is known well enough.

    With residuals r and s of the two true lines at the float point, the true point is as far away as
    ``(e r - b s) / w`` and ``(a s - d r) / w``.
    """
    a, b, c, first = lines[p, 0], lines[p, 1], lines[p, 2], lines[p, 3]
    d, e, f, second = lines[q, 0], lines[q, 1], lines[q, 2], lines[q, 3]
    w = a * e - b * d
    doubt = first * (abs(d) + abs(e)) + second * (abs(a) + abs(b)) + 2 * first * second
    least = (abs(w) - (doubt + 4 * U * (abs(a * e) + abs(b * d))) * SLACK - TINY) * (1 - 4 * U)
    if not least > LEAST_CROSS:
        return False
    x, y = (b * f - c * e) / w, (c * d - a * f) / w
    r = abs(a * x + b * y + c) + 4 * U * (abs(a * x) + abs(b * y) + abs(c)) + first * (abs(x) + abs(y) + 1)
    s = abs(d * x + e * y + f) + 4 * U * (abs(d * x) + abs(e * y) + abs(f)) + second * (abs(x) + abs(y) + 1)
    far_x = ((abs(e) + second) * r + (abs(b) + first) * s) / least
    far_y = ((abs(d) + second) * r + (abs(a) + first) * s) / least
    radius = (max(far_x, far_y) + TINY) * SLACK + TINY
    corner[i, 0], corner[i, 1], corner[i, 2] = x, y, radius
    return abs(x) < 2.0 and abs(y) < 2.0 and radius < MOST_RADIUS


@inlined
def _keep(walk: PlaneWalk, i: int, line: int, place: int) -> None:  # pragma: no cover - compiled
    """Write a corner of the polygon that has been set aside, with the edge that begins there."""
    for k in range(3):
        walk.corner[place, k] = walk.old_corner[i, k]
    walk.line[place] = line
    for w in range(walk.both.shape[1]):
        walk.up[place, w], walk.down[place, w] = walk.old_up[i, w], walk.old_down[i, w]


@inlined
def _make_corner(
    walk: PlaneWalk, top: int, layer: int, i: int, own: int, new: int
) -> Any:  # pragma: no cover - compiled
    """A corner where an edge of the polygon that has been set aside meets a line; whether all is certain."""
    if not _meet(walk.lines, walk.old_line[i], own, walk.old_corner, new):
        return False
    return _signs(walk, top, layer, walk.old_corner, new, walk.old_up, walk.old_down)


@inlined
def _cut(walk: PlaneWalk, top: int, layer: int, j: int) -> Any:  # pragma: no cover - compiled
    """Cut a polygon in two: the half where the neuron is on takes its place, and that where it is off is on top."""
    start, n, own = walk.polygon[top, START], walk.polygon[top, SIZE], walk.polygon[top, LINES]
    word, bit = j >> 6, ONE << np.uint64(j & 63)
    for k in range(3):
        walk.lines[own, k] = walk.z[layer, k, j]
    walk.lines[own, 3] = walk.doubt[layer, j]
    walk.active[top, word] &= ~bit
    for i in range(n):
        for k in range(3):
            walk.old_corner[i, k] = walk.corner[start + i, k]
        walk.old_line[i] = walk.line[start + i]
        for w in range(walk.both.shape[1]):
            walk.old_up[i, w], walk.old_down[i, w] = walk.up[start + i, w], walk.down[start + i, w]
    place = start
    for side in range(2):
        first, new = place, n
        for i in range(n):
            after = i + 1 if i + 1 < n else 0
            here_on = walk.old_up[i, word] & bit != NOTHING
            after_on = walk.old_up[after, word] & bit != NOTHING
            if here_on == (side == 0):
                _keep(walk, i, walk.old_line[i], place)
                place += 1
            if here_on != after_on:
                if side == 0 and (new == n + 2 or not _make_corner(walk, top, layer, i, own, new)):
                    return False
                _keep(walk, new, own if here_on == (side == 0) else walk.old_line[i], place)
                place, new = place + 1, new + 1
        half = walk.polygon[top + side]
        half[LAYER], half[START], half[SIZE], half[LINES] = layer, first, place - first, own + 1
    for w in range(walk.both.shape[1]):
        walk.active[top + 1, w], walk.above[top + 1, w] = walk.active[top, w], walk.above[top, w]
    walk.above[top, word] |= bit
    walk.top[0] += 1
    return True

"""Planes in space, and the points where they meet, for cells that are polyhedra.

A point where planes meet is exact. Its floats come with a radius about them that surely holds it, computed from the
residuals of three planes, so that it does not grow from cut to cut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._compiled.bits import NOTHING, ONE, lowest_bit
from polytope_lens._compiled.jit import inlined
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.engines._kernels.packed_network import length

if TYPE_CHECKING:
    from polytope_lens.engines._kernels.packed_network import PackedNetwork

# Number of dimensions
D = 3
# Columns of points' positions and of planes' rows
RADIUS, OFFSET, LINE_ERROR = 3, 3, 4


@inlined
def push_plane(net: PackedNetwork, s: Any, f: int, layer: int, q: int) -> Any:  # pragma: no cover - compiled
    """Put a neuron's plane on the stack of planes, with a unit normal; returns its place there."""
    at = s.frames.n_lines[f]
    norm = length(s.layers.rows[layer], q, D)
    extent = 0.0
    for k in range(D + 1):
        s.lines.row[at, k] = s.layers.rows[layer, k, q] / norm
        extent += abs(s.lines.row[at, k]) * net.reach[k]
    error = s.layers.sure[layer, q] / norm * BOUND_SLACK
    s.lines.row[at, LINE_ERROR] = error + 4 * UNIT_ROUNDOFF * extent + UNDERFLOW_GUARD
    s.lines.owner[at] = net.bit_start[layer] + q
    return at


@inlined
def push_crossing(
    net: PackedNetwork, s: Any, i: int, j: int, new: int, words: int, to: int
) -> None:  # pragma: no cover - compiled
    """The point where the new plane crosses the edge of vertices i and j, and a radius that surely holds it.

    With unit normals n, m and l of the float planes and residuals r_n, r_m and r_l of the computed point on the exact
    planes, the exact crossing is at most ``(r_n |m' x l'| + r_m |l' x n'| + r_l |n' x m'|) / |det(n', m', l')|`` away
    (Cramer's rule), n' being the exact planes' normals on the same scale. These differ from n by at most error / reach,
    as the bound on a plane holds on the whole box; together by `tilt` at most.
    """
    point, line, reach = s.points.position, s.lines.row, net.reach
    first, second = _two_planes(s, words)
    ax, ay, az, bx, by, bz = (
        line[first, 0], line[first, 1], line[first, 2], line[second, 0], line[second, 1], line[second, 2]
    )  # fmt: skip
    cx, cy, cz = line[new, 0], line[new, 1], line[new, 2]
    ux, uy, uz = by * cz - bz * cy, bz * cx - bx * cz, bx * cy - by * cx
    vx, vy, vz = cy * az - cz * ay, cz * ax - cx * az, cx * ay - cy * ax
    wx, wy, wz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
    determinant = ax * ux + ay * uy + az * uz
    p, q, zp, zq = s.cut.point[i], s.cut.point[j], s.cut.value[i], s.cut.value[j]
    t = zp / (zp - zq)
    x, y, z = (
        point[p, 0] + t * (point[q, 0] - point[p, 0]),
        point[p, 1] + t * (point[q, 1] - point[p, 1]),
        point[p, 2] + t * (point[q, 2] - point[p, 2]),
    )
    if not 0.0 <= t <= 1.0:
        # Floats cannot tell the two ends apart; the three planes still meet, in the box.
        a, b, c = line[first, OFFSET], line[second, OFFSET], line[new, OFFSET]
        x = _within(-(a * ux + b * vx + c * wx) / determinant, reach[0])
        y = _within(-(a * uy + b * vy + c * wy) / determinant, reach[1])
        z = _within(-(a * uz + b * vz + c * wz) / determinant, reach[2])
    extent, least = reach[0] + reach[1] + reach[2], min(reach[0], min(reach[1], reach[2]))
    tilt = (line[first, LINE_ERROR] + line[second, LINE_ERROR] + line[new, LINE_ERROR]) / least
    blur = 3 * tilt + 8 * UNIT_ROUNDOFF
    moved = _residual(line, first, x, y, z, extent) * (abs(ux) + abs(uy) + abs(uz) + blur)
    moved += _residual(line, second, x, y, z, extent) * (abs(vx) + abs(vy) + abs(vz) + blur)
    moved += _residual(line, new, x, y, z, extent) * (abs(wx) + abs(wy) + abs(wz) + blur)
    volume = abs(determinant) - 2 * tilt - 16 * UNIT_ROUNDOFF
    radius = np.inf
    if volume > 0.0 and tilt < 2.0**-8:
        radius = 1.02 * moved / volume
        if not radius < np.inf:
            radius = np.inf
    point[to, 0] = x
    point[to, 1] = y
    point[to, 2] = z
    point[to, RADIUS] = radius


@inlined
def _two_planes(s: Any, words: int) -> tuple[int, int]:  # pragma: no cover - compiled
    """The first plane of `common`, and the one that meets it at the largest angle."""
    first, second, largest, line = -1, -1, -1.0, s.lines.row
    for w in range(words):
        rest = s.cut.common[w]
        while rest != NOTHING:
            h = 64 * w + lowest_bit(rest)
            rest &= rest - ONE
            if first < 0:
                first = h
                continue
            x = line[first, 1] * line[h, 2] - line[first, 2] * line[h, 1]
            y = line[first, 2] * line[h, 0] - line[first, 0] * line[h, 2]
            z = line[first, 0] * line[h, 1] - line[first, 1] * line[h, 0]
            size = x * x + y * y + z * z
            if size > largest:
                largest = size
                second = h
    return first, second


@inlined
def _within(x: float, reach: float) -> float:  # pragma: no cover - compiled
    """The number nearest to x that is at most `reach` in size; 0 if x is none."""
    return min(max(x, -reach), reach) if abs(x) <= np.inf else 0.0


@inlined
def _residual(line: Any, h: int, x: float, y: float, z: float, extent: float) -> Any:  # pragma: no cover - compiled
    """A bound on what is left of an exact plane, scaled as the float one, at a point."""
    value = line[h, 0] * x + line[h, 1] * y + line[h, 2] * z + line[h, OFFSET]
    return abs(value) + line[h, LINE_ERROR] + 6 * UNIT_ROUNDOFF * (extent + abs(line[h, OFFSET]))


@inlined
def determinant(line: Any, h: int, a: int, b: int, least: float) -> tuple[float, bool]:  # pragma: no cover
    """Determinant of three unit normals, and whether its sign is that of the exact planes'."""
    value = (
        line[h, 0] * (line[a, 1] * line[b, 2] - line[a, 2] * line[b, 1])
        + line[h, 1] * (line[a, 2] * line[b, 0] - line[a, 0] * line[b, 2])
        + line[h, 2] * (line[a, 0] * line[b, 1] - line[a, 1] * line[b, 0])
    )
    tilt = (line[h, LINE_ERROR] + line[a, LINE_ERROR] + line[b, LINE_ERROR]) / least
    return value, tilt < 2.0**-8 and abs(value) > 2 * tilt + 16 * UNIT_ROUNDOFF

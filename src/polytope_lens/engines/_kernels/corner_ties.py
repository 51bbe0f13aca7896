"""Signs at corners that no bound on rounding tells from zero, decided by exact rows.

Where neurons are equal, parallel, or concurrent by design (maxima of shared values, grids, weights that are small
integers), one often vanishes on a whole cell, along one of its edges, or at a corner where other lines meet. Where its
row is exact, as that of the first layer is, and those of neurons that have a scale (`whole_rows`), so are
comparisons of products of two of its numbers, and determinants as long as they are integers that double-doubles hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._compiled.bits import NOTHING, ONE, lowest_bit
from polytope_lens._compiled.jit import inlined, jit, merged
from polytope_lens.arithmetic.double_double import DOUBLE_ROUNDING, plus, times
from polytope_lens.engines._kernels.cell_corners import ANSWERED, NEGATIVE, OPEN, POINT, POSITIVE
from polytope_lens.engines._kernels.whole_rows import EQUAL, UNKNOWN, compared

if TYPE_CHECKING:
    from polytope_lens._types import Words
    from polytope_lens.engines._kernels.packed_network import PackedNetwork

# Eight operations on double-doubles, and more
FEW_ROUNDINGS = 16 * DOUBLE_ROUNDING
# Column of the line of the edge that starts at a corner of a polygon
LINE = 1


@jit
def settle_in_plane(net: PackedNetwork, s: Any, f: int, layer: int, q: int) -> Any:  # pragma: no cover - compiled
    """Write down the signs of a neuron that floats left open at the corners of a polygon; whether all are known now."""
    return _settle(net, s, f, layer, q, _sign_at_crossing)


@jit
def settle_in_space(net: PackedNetwork, s: Any, f: int, layer: int, q: int) -> Any:  # pragma: no cover - compiled
    """The same at the vertices of a polyhedron, where a neuron vanishes with one of their planes."""
    return _settle(net, s, f, layer, q, _zero_with_a_plane)


@merged
def _settle(
    net: PackedNetwork, s: Any, f: int, layer: int, q: int, sign_at: Any
) -> bool:  # pragma: no cover - compiled
    """The same, where ``sign_at(net, s, f, layer, q, i)`` says what exact rows tell of the sign at corner i."""
    if not _is_exact(s, layer, q):
        return False
    start, n = s.frames.start[f], s.frames.n_corners[f]
    vanishes, all_known = True, True
    for k in range(s.lines.exact.shape[1]):
        vanishes = vanishes and s.layers.rows[layer, k, q] == 0.0
    for i in range(n):
        signs = s.points.signs[s.corners.place[start + i, POINT], :, q >> 6]
        if (signs[OPEN] >> np.uint64(q & 63)) & ONE:
            sign = 0 if vanishes else sign_at(net, s, f, layer, q, i)
            if sign == UNKNOWN:
                all_known = False
            else:
                _write_sign(signs, q, sign)
    return all_known


@inlined
def _write_sign(signs: Words, q: int, sign: int) -> None:  # pragma: no cover - compiled
    mask = ONE << np.uint64(q & 63)
    signs[ANSWERED] |= mask
    if sign > 0:
        signs[POSITIVE] |= mask
    elif sign < 0:
        signs[NEGATIVE] |= mask


@inlined
def _is_exact(s: Any, layer: int, q: int) -> bool:  # pragma: no cover - compiled
    """Whether the row of a neuron is not rounded."""
    return bool(layer == 0 or s.layers.scale[layer, q] > 0.0)


@jit
def _take_line(net: PackedNetwork, s: Any, at: int) -> None:  # pragma: no cover - compiled
    """Put the exact row of a line or plane, and its scale, in its place beside the rounded one; NaN if it has none.

    A neuron's is found where the layer that it belongs to was finished on the way to the cell at hand; those of sides
    are there from the beginning.
    """
    owner = s.lines.owner[at]
    if owner < 0:
        return
    layer = 0
    while net.bit_start[layer + 1] <= owner:
        layer += 1
    q = owner - net.bit_start[layer]
    s.lines.scale[at] = s.layers.scale[layer, q]
    for k in range(s.lines.exact.shape[1]):
        s.lines.exact[at, k] = s.layers.rows[layer, k, q] if _is_exact(s, layer, q) else np.nan


@jit
def _is_parallel(net: PackedNetwork, s: Any, layer: int, q: int, at: int) -> bool:  # pragma: no cover - compiled
    """Whether a neuron vanishes just where a line or plane is: all products of two numbers crosswise are equal."""
    _take_line(net, s, at)
    rows, exact = s.layers.rows, s.lines.exact
    for i in range(exact.shape[1]):
        for j in range(i):
            if compared(rows[layer, i, q], exact[at, j], rows[layer, j, q], exact[at, i]) != EQUAL:
                return False
    return True


@jit
def _zero_with_a_plane(
    net: PackedNetwork, s: Any, f: int, layer: int, q: int, i: int
) -> int:  # pragma: no cover - compiled
    """0 if one of the planes that a vertex is known to lie on is where a neuron vanishes, else UNKNOWN."""
    for w in range((s.frames.n_lines[f] + 63) >> 6):
        rest = s.corners.tight[w, s.frames.start[f] + i]
        while rest != NOTHING:
            if _is_parallel(net, s, layer, q, 64 * w + lowest_bit(rest)):
                return 0
            rest &= rest - ONE
    return UNKNOWN


@jit
def _sign_at_crossing(
    net: PackedNetwork, s: Any, f: int, layer: int, q: int, i: int
) -> Any:  # pragma: no cover - compiled
    """Sign of a neuron where two lines meet: a determinant over a determinant, UNKNOWN if double-doubles cannot tell.

    Between integers, whatever is computed is an integer, and exact if the bound on its rounding is less than 1.
    """
    start, n = s.frames.start[f], s.frames.n_corners[f]
    first, second = s.corners.place[start + (i if i > 0 else n) - 1, LINE], s.corners.place[start + i, LINE]
    if _is_parallel(net, s, layer, q, first) or _is_parallel(net, s, layer, q, second):
        return 0
    rows, exact, scales = s.layers.rows, s.lines.exact, s.lines.scale
    is_whole = s.layers.scale[layer, q] > 0.0 and scales[first] > 0.0 and scales[second] > 0.0
    u, v, w = (s.layers.scale[layer, q], scales[first], scales[second]) if is_whole else (1.0, 1.0, 1.0)
    x, y, z = rows[layer, 0, q] * u, rows[layer, 1, q] * u, rows[layer, 2, q] * u
    a, b, c = exact[first, 0] * v, exact[first, 1] * v, exact[first, 2] * v
    d, e, g = exact[second, 0] * w, exact[second, 1] * w, exact[second, 2] * w
    if z == 0.0 and c == 0.0 and g == 0.0:
        return 0  # all three pass through the origin
    bottom = compared(a, e, b, d)
    if bottom in (UNKNOWN, EQUAL):
        return UNKNOWN
    high, low, total = _added_product(0.0, 0.0, 0.0, x, b, g, c, e)
    high, low, total = _added_product(high, low, total, y, c, d, a, g)
    high, low, total = _added_product(high, low, total, z, a, e, b, d)
    if is_whole and total * FEW_ROUNDINGS < 0.5:
        return bottom if high > 0.0 else -bottom if high < 0.0 else 0
    # Of numbers in this range no product of three under- or overflows, nor what rounding leaves of it.
    if 2.0**-700 < total < 2.0**900 and abs(high) > FEW_ROUNDINGS * total:
        return bottom if high > 0.0 else -bottom
    return UNKNOWN


@inlined
def _added_product(
    high: float, low: float, total: float, x: float, b: float, g: float, c: float, e: float
) -> tuple[float, float, float]:  # pragma: no cover - compiled
    """A double-double plus ``x (b g - c e)``, and the size of all terms so far."""
    left, left_rest = times(b, 0.0, g)
    right, right_rest = times(c, 0.0, e)
    minor, minor_rest = plus(left, left_rest, -right, -right_rest)
    term, term_rest = times(minor, minor_rest, x)
    high, low = plus(high, low, term, term_rest)
    return high, low, total + abs(x) * (abs(b * g) + abs(c * e))

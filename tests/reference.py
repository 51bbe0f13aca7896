"""The same questions answered by plain fractions, slowly, without anything from the library but the weights."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from polytope_lens.network.network import Network

Row = list[Fraction]


def fractions(values: Iterable[float]) -> Row:
    return [Fraction(float(value)) for value in values]


def tuples(points: NDArray[np.object_]) -> list[tuple[Fraction, ...]]:
    """Rows of an array of fractions, which can be compared, sorted and put into sets."""
    return list(map(tuple, points.tolist()))


def dot(left: Sequence[Fraction], right: Sequence[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(left, right, strict=True)), Fraction(0))


def sign(value: Fraction) -> int:
    return (value > 0) - (value < 0)


def matmul(left: Sequence[Row], right: Sequence[Row]) -> list[Row]:
    return [[dot(row, column) for column in zip(*right, strict=True)] for row in left]


def evaluate(network: Network, x: Iterable[float]) -> tuple[list[int], Row]:
    """Signs of all neurons that cut, layer by layer, and the outputs."""
    hidden = fractions(x)
    signs = []
    for layer in network.layers:
        after = []
        for weight, bias, low, high, cuts in zip(
            layer.dense_weight(), layer.bias, layer.negative_slope, layer.positive_slope, layer.cuts, strict=True
        ):
            z = dot(fractions(weight), hidden) + Fraction(float(bias))
            after.append(Fraction(float(high if z > 0 else low)) * z)
            if cuts:
                signs.append(sign(z))
        hidden = after
    output = zip(network.dense_output_weight(), network.output_bias, strict=True)
    return signs, [dot(fractions(weight), hidden) + Fraction(float(bias)) for weight, bias in output]


def affine_rows(network: Network, bits: Sequence[bool]) -> list[list[Row]]:
    """Rows ``[a, c]`` of the pre-activations of each layer under a pattern, and last those of the outputs."""
    return [rows_of_layer(network, bits, index) for index in range(len(network.layers) + 1)]


def rows_of_layer(network: Network, bits: Sequence[bool], index: int) -> list[Row]:
    """Those of one layer, or of the outputs, under a pattern of the layers before; whatever follows says nothing."""
    n_bits = sum(int(layer.cuts.sum()) for layer in network.layers[:index])
    return _rows(network, tuple(map(bool, bits[:n_bits])), index)


@lru_cache(maxsize=256)
def _rows(network: Network, bits: tuple[bool, ...], index: int) -> list[Row]:
    d = network.input_dim
    one = [Fraction(int(i == d)) for i in range(d + 1)]
    if index == 0:
        hidden = [[Fraction(int(i == k)) for i in range(d + 1)] for k in range(d)]
    else:
        layer = network.layers[index - 1]
        on = iter(bits[len(bits) - int(layer.cuts.sum()) :])
        hidden = []
        for row, low, high, cuts in zip(
            rows_of_layer(network, bits, index - 1), layer.negative_slope, layer.positive_slope, layer.cuts, strict=True
        ):
            slope = Fraction(float(high if not cuts or next(on) else low))
            hidden.append([slope * v if slope else slope for v in row])
    if index == len(network.layers):
        return combine(network.dense_output_weight(), network.output_bias, hidden, one)
    return combine(network.layers[index].dense_weight(), network.layers[index].bias, hidden, one)


def combine(weight: Iterable, bias: Iterable, hidden: Sequence[Row], one: Row) -> list[Row]:
    rows = []
    for w, b in zip(weight, bias, strict=True):
        row = [Fraction(0)] * len(one)
        for v, terms in zip([*fractions(w), Fraction(float(b))], [*hidden, one], strict=True):
            if v:
                row = [c + v * term if term else c for c, term in zip(row, terms, strict=True)]
        rows.append(row)
    return rows


def solve(rows: Sequence[Row]) -> Row | None:
    """Solution of d equations ``a . x + c = 0``, or None if they are dependent."""
    d = len(rows)
    tableau = [[*row[:-1], -row[-1]] for row in rows]
    for k in range(d):
        pivot = next((i for i in range(k, d) if tableau[i][k] != 0), None)
        if pivot is None:
            return None
        tableau[k], tableau[pivot] = tableau[pivot], tableau[k]
        tableau[k] = [v / tableau[k][k] for v in tableau[k]]
        for i in range(d):
            if i != k:
                tableau[i] = [v - tableau[i][k] * w for v, w in zip(tableau[i], tableau[k], strict=True)]
    return [row[-1] for row in tableau]


def rank(vectors: Sequence[Sequence[Fraction]]) -> int:
    rows = [list(v) for v in vectors]
    found = 0
    for k in range(len(rows[0]) if rows else 0):
        pivot = next((i for i in range(found, len(rows)) if rows[i][k] != 0), None)
        if pivot is None:
            continue
        rows[found], rows[pivot] = rows[pivot], rows[found]
        for i in range(found + 1, len(rows)):
            factor = rows[i][k] / rows[found][k]
            rows[i] = [v - factor * w for v, w in zip(rows[i], rows[found], strict=True)]
        found += 1
    return found


def vertices(rows: Sequence[Row]) -> list[tuple[Fraction, ...]]:
    """Vertices of ``{x : a . x + c <= 0}``: the solutions of d of the equations that satisfy the rest."""
    d = len(rows[0]) - 1
    found = set()
    for chosen in combinations(rows, d):
        x = solve(chosen)
        if x is not None and all(dot(row, [*x, Fraction(1)]) <= 0 for row in rows):
            found.add(tuple(x))
    return sorted(found)


def facet_mask(rows: Sequence[Row]) -> list[bool]:
    """Which rows of a bounded set with interior hold d affinely independent vertices."""
    d = len(rows[0]) - 1
    corners = vertices(rows)
    mask = []
    for row in rows:
        held = [x for x in corners if dot(row, [*x, Fraction(1)]) == 0]
        flat = [[a - b for a, b in zip(x, held[0], strict=True)] for x in held[1:]]
        mask.append(any(row[:-1]) and bool(held) and rank(flat) == d - 1)
    return mask


def planar_patterns(network: Network, corners: Sequence[Sequence[Fraction]] | None) -> set[tuple[bool, ...]]:
    """Patterns of all regions with interior in a convex polygon given counter-clockwise, or in R^2, by clipping.

    R^2 is the half-space t > 0 of the cone over it; the rays of that meet one of five squares.
    """
    one, zero = Fraction(1), Fraction(0)
    if corners is not None:
        return _clipped(network, [(x, y, one) for x, y in corners])
    found = set()
    for a, b in ((-one, one), (one, -one)):
        # x = b or y = b, the other between -1 and 1, and t between 0 and 1.
        found |= _clipped(network, [(b, a, zero), (b, b, zero), (b, b, one), (b, a, one)])
        found |= _clipped(network, [(a, b, zero), (b, b, zero), (b, b, one), (a, b, one)])
    return found | _clipped(network, [(-one, -one, one), (one, -one, one), (one, one, one), (-one, one, one)])


def _clipped(network: Network, polygon: list[tuple[Fraction, Fraction, Fraction]]) -> set[tuple[bool, ...]]:
    cells = [((), polygon)]
    for index, layer in enumerate(network.layers):
        for neuron in (j for j, cuts in enumerate(layer.cuts.tolist()) if cuts):
            halves = []
            for bits, cell in cells:
                row = rows_of_layer(network, bits, index)[neuron]
                values = [dot(row, corner) for corner in cell]
                if any(v < 0 for v in values) or not any(values):
                    halves.append(((*bits, False), _clip(cell, [-v for v in values])))
                if any(v > 0 for v in values):
                    halves.append(((*bits, True), _clip(cell, values)))
            cells = halves
    return {bits for bits, _ in cells}


def _clip(cell: list, values: Row) -> list:
    """The part of a convex polygon where the values at its corners, and between them, are >= 0."""
    kept = []
    for i, (p, v) in enumerate(zip(cell, values, strict=True)):
        q, w = cell[i - 1], values[i - 1]
        if v * w < 0:
            s = w / (w - v)
            kept.append(tuple(a + s * (b - a) for a, b in zip(q, p, strict=True)))
        if v >= 0:
            kept.append(p)
    return kept


def crossed(network: Network, start: Iterable[float], stop: Iterable[float]) -> tuple[Row, list[tuple[bool, ...]]]:
    """Where the pattern changes on the way from one point to another, and the patterns in between.

    Neuron by neuron; one that vanishes on a piece of the way goes by the first nonzero entry of its gradient.
    """
    ends = [[*fractions(x), Fraction(1)] for x in (start, stop)]
    pieces = [((), Fraction(0), Fraction(1))]
    for index, layer in enumerate(network.layers):
        for neuron in (j for j, cuts in enumerate(layer.cuts.tolist()) if cuts):
            finer = []
            for bits, low, high in pieces:
                row = rows_of_layer(network, bits, index)[neuron]
                p, q = (dot(row, x) for x in ends)
                signs = [sign(p + t * (q - p)) for t in (low, high)]
                if not any(signs):
                    signs = [next((sign(v) for v in row[:-1] if v), -1)]
                if {-1, 1} <= set(signs):
                    t = p / (p - q)
                    finer += [((*bits, signs[0] > 0), low, t), ((*bits, signs[1] > 0), t, high)]
                else:
                    finer.append(((*bits, max(signs) > 0), low, high))
            pieces = finer
    return [low for _, low, _ in pieces[1:]], [bits for bits, _, _ in pieces]


def polygon_moments(corners: Sequence[Sequence[Fraction]]) -> Row:
    """Integrals of 1, x, y, xx, xy, yy over a polygon by Green's theorem (Steger 1996)."""
    total = [Fraction(0)] * 6
    for (a, b), (c, d) in zip(corners, [*corners[1:], corners[0]], strict=True):
        w = a * d - c * b
        terms = (w / 2, w * (a + c) / 6, w * (b + d) / 6, w * (a * a + a * c + c * c) / 12,
                 w * (2 * a * b + a * d + c * b + 2 * c * d) / 24, w * (b * b + b * d + d * d) / 12)  # fmt: skip
        total = [t + term for t, term in zip(total, terms, strict=True)]
    return total


def within(value, error, exact):
    """Whether a float is as near to the exact number as its bound says, where both are finite."""
    if not math.isfinite(value) or not math.isfinite(error):
        return True
    return abs(Fraction(float(value)) - exact) <= Fraction(float(error))

"""The proof for any number of inputs: a tree of cells, multipliers where a neuron does not cut one, points inside."""

from __future__ import annotations

from copy import copy
from itertools import chain
from operator import mul
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq, fmpz

from polytope_lens.arithmetic.rational import dot, integer_matrix, integers, nearest_float, rational, rationals
from polytope_lens.engines import split
from polytope_lens.engines.chunks import Record
from polytope_lens.errors import REPORT, ConsistencyError
from polytope_lens.exact.owner_rows import integer_sides
from polytope_lens.exact.rows import ExactRows
from polytope_lens.lp.float_simplex import propose_multipliers
from polytope_lens.lp.interior_point import contradiction, inside_box
from polytope_lens.lp.rational_simplex import Halfspace, maximize
from polytope_lens.network.network import bit_starts
from polytope_lens.network.pattern import unpack
from polytope_lens.proof.log import hexadecimal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from polytope_lens.domain import Box
    from polytope_lens.engines.charts import Chart
    from polytope_lens.flat_domain import FlatDomain
    from polytope_lens.network.network import Network
    from polytope_lens.proof.log import LogFile, Tick

    Row = Sequence[fmpz]
    Multipliers = tuple[fmpz, list[tuple[int, fmpz]]]  # a scale, and halfspaces with their multipliers

# Multipliers are rounded to as many bits at least where a proof has room for it: a matter of the log's size alone.
SHORT_BITS = (12, 52)
# Multipliers by floats below this, for rows of length 1, are noise.
NEGLIGIBLE = 2.0**-44


def prove_tree(
    log: LogFile, network: Network, chart: Chart, box: Box | None, tick: Tick, flat: FlatDomain | None = None
) -> None:
    """Write the tree of a chart, depth first, the half where a neuron is off before the other.

    The regions are found by the split engine, which is trusted with nothing: that a neuron does not cut a cell is
    proved by a linear program in rational arithmetic, and each region's witness is checked, or replaced by an exact
    one. `box` is a box that the log's reader knows to hold the chart, which is one of the inputs, or of a flat: there
    it walks the network on the flat, but rows are those of the network itself, which the log has.
    """
    walked, matrix = (network, chart.matrix) if flat is None else (flat.network, flat.matrix)
    rows = ExactRows(network, integer_matrix(matrix))
    chunks = list(split.walk(walked, chart, Record(), want_output=True))
    bits = unpack(np.concatenate([chunk.patterns for chunk in chunks]), network.n_neurons)
    witnesses = np.concatenate([chunk.witnesses for chunk in chunks])
    neurons = [np.flatnonzero(layer.cuts).tolist() for layer in network.layers]
    first_bit = bit_starts(network).tolist()
    stack: list[tuple[int, int, int, list[int] | None, _Cell]] = [(0, len(bits), 0, None, _Cell(chart, box))]
    while stack:
        start, stop, layer, candidates, cell = stack.pop()
        while True:
            if candidates is None:
                if layer == len(neurons):
                    log.write("in", *map(hexadecimal, cell.point_inside(_chart_point(chart, witnesses[start]))))
                    tick(1)
                    break
                block = bits[start:stop, first_bit[layer] : first_bit[layer + 1]]
                cut = block.any(axis=0) & ~block.all(axis=0)
                for i in np.flatnonzero(~cut).tolist():
                    j = neurons[layer][i]
                    log.write(*cell.explain(j, rows.rows(layer, bits[start])[j], on=bool(block[0, i])))
                candidates = np.flatnonzero(cut).tolist()
            if not candidates:
                layer, candidates = layer + 1, None
                continue
            i, *candidates = candidates
            j, column = neurons[layer][i], bits[start:stop, first_bit[layer] + i]
            row = rows.rows(layer, bits[start])[j]
            middle = start + int(np.searchsorted(column, True))
            if start < middle < stop:
                log.write("cut", j)
                stack.append((middle, stop, layer, candidates, cell.half([-v for v in row])))
                stop, cell = middle, cell.half(row)
            else:
                log.write(*cell.explain(j, row, on=bool(column[0])))


def prove_empty(log: LogFile, number: int, chart: Chart) -> None:
    """Write why a chart has no interior: nonnegative multiples of its sides that add up to a number >= 0."""
    found = contradiction(sides(chart))
    if found is None:
        raise ConsistencyError(f"a chart was left out although it is not empty. {REPORT}")
    log.write("chart", number, "empty", *chain.from_iterable((q, hexadecimal(y)) for q, y in found))


def sides(chart: Chart) -> list[list[fmpz]]:
    """Sides of a chart as the log counts them: integer rows ``a . u + c <= 0``, without rows of zeros."""
    return [row for row in integer_sides(chart) if any(row)]


def _chart_point(chart: Chart, x: NDArray[np.float64]) -> list[fmpz] | None:
    """Homogeneous integer coordinates [y, w], w > 0, in a chart, of an input; None where it has none."""
    if not np.isfinite(x).all():
        return None
    given = [*rationals(x), fmpq(1)]
    point = [dot(rationals(column), given) for column in chart.matrix.T]
    return integers(point) if point[-1] > 0 else None


class _Cell:
    """Halfspaces ``a . u + c <= 0`` in the order in which the log counts them: the sides of the chart, then cuts.

    Linear programs run over a box, from `lower` to `upper`, that holds the chart strictly, so that its sides are in no
    optimal basis. `charged` are the corners of the box at whose size the reader of the log charges what multipliers
    leave over. `normal` and `offset` are the rows as floats of length about 1, those of the larger box first, and
    `exponents` the powers of two by which the others were divided.
    """

    def __init__(self, chart: Chart, box: Box | None) -> None:
        d = len(chart.box.lower)
        self._charged = None if box is None else (rationals(box.lower), rationals(box.upper))
        self._lower = [v - 1 for v in rationals(chart.box.lower)]
        self._upper = [v + 1 for v in rationals(chart.box.upper)]
        self._rows: tuple[Row, ...] = ()
        self._halfspaces: tuple[Halfspace, ...] = ()
        self._exponents: tuple[int, ...] = ()
        self._normal = np.vstack([np.eye(d), -np.eye(d)])
        self._offset = np.concatenate([chart.box.upper + 1.0, 1.0 - chart.box.lower])
        for row in sides(chart):
            self._add(row)

    def half(self, row: Row) -> _Cell:
        """The part of the cell where a row is negative."""
        half = copy(self)
        half._add(row)
        return half

    def _add(self, row: Row) -> None:
        exponent, floats = _unit_floats(row)
        self._rows += (row,)
        self._halfspaces += (Halfspace([fmpq(v) for v in row[:-1]], fmpq(-row[-1])),)
        self._exponents += (exponent,)
        self._normal = np.vstack([self._normal, floats[:-1]])
        self._offset = np.append(self._offset, -floats[-1])

    def point_inside(self, proposal: Row | None) -> list[fmpz]:
        """Homogeneous integer coordinates [w, y] of a point strictly inside: the proposal, if it is."""
        if proposal is not None and all(sum(map(mul, row, proposal), fmpz(0)) < 0 for row in self._rows):
            return [proposal[-1], *proposal[:-1]]
        listed = [q for q in self._halfspaces if any(q.normal)]
        inside = inside_box(listed, self._lower, self._upper)
        if inside is None:
            raise ConsistencyError("a region has no interior. This is a defect of polytope_lens: please report it.")
        *y, w = integers([*inside, fmpq(1)])
        return [w, *y]

    def explain(self, j: int, row: Row, *, on: bool) -> list[object]:
        """The words that prove that a row is positive, or not, in the cell."""
        verdict, target = ("on", [-v for v in row]) if on else ("off", row)
        found = self._proposed(target) or self._exactly(target)
        if found is None:
            raise ConsistencyError(
                f"neuron {j} was said to be {verdict} in a cell that it cuts. This is a defect of polytope_lens: "
                "please report the network and the domain."
            )
        scale, multipliers = found
        return [verdict, j, hexadecimal(scale), *chain.from_iterable((q, hexadecimal(y)) for q, y in multipliers)]

    def _proposed(self, target: Row) -> Multipliers | None:
        """Multipliers by floats, if they prove that the target is <= 0."""
        if self._charged is None or not any(target[:-1]):
            return None
        exponent, floats = _unit_floats(target)
        found = propose_multipliers(floats[:-1], self._normal, self._offset)
        if found is None:
            return None
        first = 2 * len(self._lower)
        pairs = [(q - first, y) for q, y in zip(*(a.tolist() for a in found), strict=True) if y > NEGLIGIBLE]
        if any(q < 0 for q, _ in pairs):
            return None
        two = fmpq(2)
        return self._shortened(target, [(q, rational(y) * two ** (exponent - self._exponents[q])) for q, y in pairs])

    def _exactly(self, target: Row) -> Multipliers | None:
        """Multipliers by a rational linear program, or None if the target is not <= 0 in the cell."""
        best = maximize([fmpq(v) for v in target[:-1]], self._halfspaces, self._lower, self._upper)
        assert best is not None  # the cell has interior
        slack = -best.value - target[-1]
        if slack < 0:
            return None
        first = 2 * len(self._lower)
        multipliers = [(q - first, y) for q, y in zip(best.basis, best.multipliers, strict=True) if y > 0]
        short = self._shortened(target, multipliers) if slack > 0 and self._charged is not None else None
        if short is not None:
            return short
        scale, *whole = integers([fmpq(1), *(y for _, y in multipliers)])
        return scale, [(q, y) for (q, _), y in zip(multipliers, whole, strict=True)]

    def _shortened(self, target: Row, multipliers: Sequence[tuple[int, fmpq]]) -> Multipliers | None:
        """Few digits that prove it, what they leave over charged at the size of the box; None if they do not."""
        least = min((y for _, y in multipliers), default=fmpq(1))
        for bits in SHORT_BITS:
            scale = fmpz(1) << max(0, bits + int(least.q).bit_length() - int(least.p).bit_length())
            whole = [(q, (y * scale).floor()) for q, y in multipliers]
            rest = [v * scale for v in target]
            for q, y in whole:
                rest = [v - y * h for v, h in zip(rest, self._rows[q], strict=True)]
            if self._greatest(rest) <= 0:
                return scale, whole
        return None

    def _greatest(self, row: Row) -> fmpq:
        """Greatest value of an affine function in the box that leftovers are charged at."""
        assert self._charged is not None
        *gradient, constant = row
        corner = (hi if a > 0 else lo for a, lo, hi in zip(gradient, *self._charged, strict=True))
        return sum(map(mul, corner, gradient), fmpq(constant))


def _unit_floats(row: Row) -> tuple[int, NDArray[np.float64]]:
    """A power of two, and the row divided by it, its gradient of length about 1; a row without gradient is harmless."""
    exponent = max(v.bit_length() for v in row[:-1])
    if not exponent:
        return 0, np.array([0.0] * (len(row) - 1) + [-1.0])
    unit = fmpz(1) << exponent
    return exponent, np.array([nearest_float(fmpq(v, unit)) for v in row])

"""The proof for any number of inputs: multipliers where a neuron does not cut a cell, and points inside of regions."""

from __future__ import annotations

from copy import copy
from itertools import product
from operator import mul
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import fmpq, fmpz, fmpz_mat

from polytope_lens.arithmetic.rational import integers, rationals, scaled_quotient
from polytope_lens.errors import REPORT, ConsistencyError
from polytope_lens.exact.rows import ExactRows
from polytope_lens.lp.float_simplex import propose_multipliers
from polytope_lens.lp.interior_point import inside, inside_box
from polytope_lens.lp.rational_simplex import Halfspace, maximize
from polytope_lens.proof.log import hexadecimal
from polytope_lens.proof.names import name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens._types import Bools, Floats
    from polytope_lens.network.network import Network
    from polytope_lens.proof.log_chart import LogChart

    Row = Sequence[fmpz]

# Hexadecimal digits behind the point that multipliers are tried with, before they are exact.
DIGITS = (1, 2, 3, 4, 6, 9)
# As many bits have the shortened rows that rounded multipliers belong to.
BITS = 64
# Digits of the coordinates of points, tried in order, and to how many of them all grid points around one are tried.
POINT_DIGITS = (1, 2, 3, 4, 5, 6, 8, 12, 13)
MOST_AROUND = 6
# Bits of the coordinates of points without a box.
POINT_BITS = (2, 4, 6, 9, 13, 18, 25, 53)
ONE = fmpq(1)


class TreeCell:
    """Halfspaces ``row <= 0`` as the log counts them: the sides of its chart, then cuts.

    Programs in floats run over them and a box, whose sides come first: that of the chart, if it has one. Without one,
    they are about cones of points [x; t].
    """

    def __init__(self, network: Network, chart: LogChart) -> None:
        self._cuts = [layer.cuts for layer in network.layers]
        self._exact = ExactRows(network, chart.matrix)
        self._in_box, self._dim = chart.in_box, chart.dim
        self._halfspaces: tuple[Row, ...] = ()
        self._short: tuple[list[int], ...] = ()
        n = chart.dim if chart.in_box else chart.dim + 1
        self._normal, self._offset = np.vstack([np.eye(n), -np.eye(n)]), np.ones(2 * n)
        if not chart.in_box:
            self._offset[-1] = 0.0  # t >= 0
        for row in chart.sides:
            self._add(row)

    def _add(self, row: Row) -> None:
        short = shortened([int(v) for v in row])
        self._halfspaces += (row,)
        self._short += (short,)
        if self._in_box and len(self._halfspaces) <= 2 * self._dim:
            return  # the box, which is in the programs
        floats = np.array(short, dtype=np.float64) / 2.0**BITS
        self._normal = np.vstack([self._normal, floats[:-1] if self._in_box else floats])
        self._offset = np.append(self._offset, -floats[-1] if self._in_box else 0.0)

    def undecided(self, layer: int, bits: Bools) -> list[int]:
        """Neurons that cut, but do not vanish where the reader looks: neither everywhere nor anywhere in the box."""
        found = []
        for j, (*gradient, constant) in enumerate(self._exact.rows(layer, bits)):
            most = sum(map(abs, gradient), fmpz(0))
            if self._cuts[layer][j] and most != 0 and not (self._in_box and most <= abs(constant)):
                found.append(j)
        return found

    def halves(self, layer: int, neuron: int, bits: Bools) -> tuple[TreeCell, TreeCell]:
        """Where a neuron is off, and where it is on."""
        row = self._exact.rows(layer, bits)[neuron]
        off, on = copy(self), copy(self)
        off._add(row)
        on._add([-v for v in row])
        return off, on

    def explanation(self, layer: int, neuron: int, bits: Bools, *, on: bool) -> str:
        """The word that proves that a neuron does not cut the cell."""
        row = self._exact.rows(layer, bits)[neuron]
        target = row if on else [-v for v in row]
        return f"{neuron}{'+' if on else '-'}{self._rounded(target) or self._exactly(target)}"

    def point_inside(self, proposal: Floats | None) -> str:
        """The word that names a point strictly inside: near the proposal, if there is one."""
        if not self._in_box:
            return self._any_point(proposal)
        if proposal is not None and np.isfinite(proposal).all():
            for n_digits in POINT_DIGITS:
                found = self._grid_point(proposal, n_digits)
                if found is not None:
                    return "".join(f"{v:0{n_digits}x}" for v in found)
        d = self._dim
        listed = [_halfspace(row) for row in self._halfspaces[2 * d :] if any(row[:-1])]
        best = inside_box(listed, [-ONE] * d, [ONE] * d)
        if best is None:
            raise ConsistencyError(f"a region has no interior. {REPORT}")
        n_digits = 16
        while True:  # a ball around the point is inside
            one = fmpz(16) ** n_digits
            found = [int(((v + 1) * one / 2).floor()) for v in best]
            if all(found) and self._is_inside([2 * v - int(one) for v in found], int(one)):
                return "".join(f"{v:0{n_digits}x}" for v in found)
            n_digits *= 2

    def _any_point(self, proposal: Floats | None) -> str:
        if proposal is not None and np.isfinite(proposal).all():
            for n_bits in POINT_BITS:
                shift = n_bits - np.frexp(proposal)[1]
                with np.errstate(all="ignore"):
                    rounded = np.ldexp(np.rint(np.ldexp(proposal, shift)), -shift)
                *point, one = integers([*rationals(rounded), ONE])
                if self._is_inside(point, one):
                    return ",".join(map(hexadecimal, [*point, one]))
        best = inside(self._halfspaces, self._dim)
        if best is None:
            raise ConsistencyError(f"a region has no interior. {REPORT}")
        return ",".join(map(hexadecimal, integers(best)))

    def _grid_point(self, proposal: Floats, n_digits: int) -> list[int] | None:
        """A point of a grid next to a proposal that is inside."""
        one = 16**n_digits
        at = (proposal + 1.0) * (one / 2)
        around = np.clip(np.rint(at), 1, one - 1)[None]
        if n_digits <= 4 and self._dim <= MOST_AROUND:
            corners = np.array(list(product((0, 1), repeat=self._dim)))
            around = np.clip(np.floor(at), 1, one - 2) + corners
            depth = ((2.0 * around / one - 1.0) @ self._normal.T - self._offset).max(axis=1)
            around = around[np.argsort(depth)[:2]]
        for grid in around.tolist():
            found = [int(v) for v in grid]
            if self._is_inside([2 * v - one for v in found], one):
                return found
        return None

    def _is_inside(self, point: Sequence[Any], one: Any) -> bool:
        column = [*point, one]
        first = 2 * self._dim if self._in_box else 0
        return all(sum(map(mul, row, column), fmpz(0)) < 0 for row in self._halfspaces[first:])

    def _rounded(self, target: Row) -> str | None:
        """Multipliers with few digits that prove that a row is >= 0 in the cell, if floats find any."""
        if not self._in_box:
            return None
        short = shortened([int(v) for v in target])
        floats = np.array(short, dtype=np.float64) / 2.0**BITS
        found = propose_multipliers(-floats[:-1], self._normal, self._offset)
        if found is None:
            return None
        d = self._dim
        pairs = [(q, y) for q, y in zip(*(a.tolist() for a in found), strict=True) if q >= 2 * d and y > 0]
        for n_digits in DIGITS:
            whole = {q: rounded for q, y in pairs if (rounded := round(y * 16**n_digits))}
            if whole and self._proves(whole, short, n_digits):
                for q in sorted(whole, key=whole.__getitem__):
                    fewer = {p: y for p, y in whole.items() if p != q}
                    if fewer and self._proves(fewer, short, n_digits):
                        whole = fewer
                return f"{n_digits}" + "".join(f"{self._name(q)}{y:x}" for q, y in whole.items())
        return None

    def _proves(self, multipliers: dict[int, int], short: list[int], n_digits: int) -> bool:
        """Whether a shortened row, in units of the last of so many digits, and multiples of halfspaces are >= 0."""
        total = [v << 4 * n_digits for v in short]
        for q, y in multipliers.items():
            total = [v + y * h for v, h in zip(total, self._short[q], strict=True)]
        *gradient, constant = total
        return constant >= sum(map(abs, gradient))

    def _exactly(self, target: Row) -> str:
        """Halfspaces of which there are multiples that make a constant of a row."""
        d = self._dim
        if self._in_box:
            rows = [_halfspace(row) for row in self._halfspaces[2 * d :]]
            best = maximize([fmpq(-v) for v in target[:-1]], rows, [-ONE] * d, [ONE] * d)
            assert best is not None  # the cell has interior
            proved = best.value <= target[-1]
            named = [q for q, y in zip(best.basis, best.multipliers, strict=True) if y > 0]
        else:
            proved, named = self._in_cone(target)
        if not proved:
            raise ConsistencyError(f"a neuron was said not to cut a cell that it cuts. {REPORT}")
        return "".join(map(self._name, named))

    def _in_cone(self, target: Row) -> tuple[bool, list[int]]:
        n = len(target)
        objective = [fmpq(-v) for v in target]
        start = propose_multipliers(-_scaled(target), self._normal, self._offset)
        best = maximize(
            objective, [Halfspace([fmpq(v) for v in row], fmpq(0)) for row in self._halfspaces],
            [-ONE] * (n - 1) + [fmpq(0)], [ONE] * n, start=None if start is None else start[0].tolist(),
        )  # fmt: skip
        assert best is not None  # the origin is in the cone
        pairs = {q - 2 * n: y for q, y in zip(best.basis, best.multipliers, strict=True) if q >= 2 * n and y > 0}
        return best.value <= 0, _independent(self._halfspaces, pairs)

    def _name(self, place: int) -> str:
        return name(len(self._halfspaces) - 1 - place)


def shortened(row: list[int]) -> list[int]:
    """A row as the log's reader shortens it, or a little less."""
    excess = max(map(int.bit_length, row)) - BITS
    short = [v >> excess if excess > 0 else v << -excess for v in row]
    short[-1] -= len(row) - 1
    return short


def _independent(halfspaces: Sequence[Row], multipliers: dict[int, fmpq]) -> list[int]:
    """Halfspaces with independent normals, of which there are multiples that do what the multipliers do."""
    while multipliers:
        rows = [halfspaces[q] for q in multipliers]
        kernel, rank = fmpz_mat([list(row[:-1]) for row in rows]).transpose().nullspace()
        if rank == 0:
            break
        direction = [kernel[i, 0] for i in range(len(rows))]
        if sum((v * row[-1] for v, row in zip(direction, rows, strict=True)), fmpz(0)) > 0:
            direction = [-v for v in direction]
        step = min(y / v for v, y in zip(direction, multipliers.values(), strict=True) if v > 0)
        left = {q: y - step * v for v, (q, y) in zip(direction, multipliers.items(), strict=True)}
        multipliers = {q: y for q, y in left.items() if y > 0}
    return list(multipliers)


def _halfspace(row: Row) -> Halfspace:
    return Halfspace([fmpq(v) for v in row[:-1]], fmpq(-row[-1]))


def _scaled(row: Row) -> Floats:
    return scaled_quotient(row, max(map(abs, row)) or fmpz(1))

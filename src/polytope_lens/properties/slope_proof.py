"""The proof log of a Lipschitz constant: cells in which no matrix exceeds a bound, and a point around which one has it.

Boxes are halved until few neurons may change their sign in them, and then cells are split by these signs. A cell
is done where interval matrices of floats are within the bound, or, where all signs are known, the matrix itself is, or
no region has an inner point.
"""

from __future__ import annotations

from fractions import Fraction
from math import inf, isqrt
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens.arithmetic.rational import fraction
from polytope_lens.errors import REPORT, ConsistencyError
from polytope_lens.exact.point_signs import point_signs
from polytope_lens.proof.log import hexadecimal, hexadecimal_fraction, log_file, names
from polytope_lens.properties.box_bounds import Boxes, joined
from polytope_lens.properties.cell_bounds import CellBounds, ProofCells
from polytope_lens.properties.cell_tree import DEEP, ProofNode, box_halves, box_outward, write_tree
from polytope_lens.properties.implied_signs import in_first_layer, meets, with_implied_signs
from polytope_lens.properties.matrix_bounds import matrix_bounds
from polytope_lens.properties.property import ExactBox, Property
from polytope_lens.properties.property_proof import StoppedError, statement
from polytope_lens.properties.touching_cells import affine_rows, exact_emptiness

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from polytope_lens._types import Floats
    from polytope_lens.domain import Box
    from polytope_lens.network.network import Network
    from polytope_lens.proof.log import LogFile

# Up to how many neurons that may change their sign a box is split by them; and one more each time that all of its sides
# have been halved, since there are points at which many are zero.
FEW_OPEN = 6
# Cells looked at together
TOGETHER = 32
WORDS = {1.0: "1", 2.0: "2", inf: "inf"}


def write_slope_proof(
    network: Network,
    box: Box,
    norms: tuple[float, float],
    bound: float | Fraction,
    point: Floats,
    path: str | os.PathLike[str],
    *,
    is_over: Callable[[], bool] = lambda: False,
    tick: Callable[[int, float], object] = lambda n, share: None,
) -> bool:
    """Write a log that proves a bound on the Lipschitz constant of a network in a box, and the slope around a point.

    Parameters
    ----------
    network : Network
    box : Box
        It may be flat.
    norms : (float, float)
        1, 2 or infinity, of inputs and of outputs.
    bound : float or Fraction
    point : (d,) array
        Left out if the network bends there.
    path, is_over, tick
        As in `property_proof.write_property_proof`.

    Returns
    -------
    Whether the log was written.
    """
    p, q = norms
    power = Fraction(bound) ** degree(p, q)
    lower, upper = box.fractions()
    asked = Property.of((lower, upper), ([[0] * network.output_dim], [0]))
    asked = Property(asked.input_dim, asked.output_dim, (asked.cases[0][:-1],))
    try:
        with log_file(path) as log:
            for line in names(network):
                log.write(line)
            log.write("lipschitz", WORDS[p], WORDS[q], hexadecimal_fraction(power))
            for line in statement(asked):
                log.write(line)
            log.write("cases", 0)
            _SlopeTree(log, network, norms, power, is_over, tick).write(asked.boxes()[0])
            if not _bends(network, asked.boxes()[0], point):
                log.write("steepest", 0, *(hexadecimal_fraction(Fraction(v)) for v in point.tolist()))
    except StoppedError:
        return False
    return True


def degree(p: float, q: float) -> int:
    """2 if norms of matrices from p to q are roots of sums of squares, and 1 otherwise."""
    return 2 if (q if p == 1 else p) == 2 else 1


def norm_power(matrix: list[list[Fraction]], p: float, q: float) -> Fraction:
    """The norm of a matrix, squared if it is a root: the greatest of its columns, or of its rows; exact."""
    lines = list(zip(*matrix, strict=True)) if p == 1 else matrix
    is_largest = (q == inf) if p == 1 else False
    sizes = [[abs(v) ** degree(p, q) for v in line] for line in lines]
    return max((max(line) if is_largest else sum(line, Fraction(0)) for line in sizes if line), default=Fraction(0))


def _bends(network: Network, box: ExactBox, point: Floats) -> bool:
    """Whether a neuron is zero at a point, and not around it; exact."""
    cuts = np.concatenate([np.zeros(0, dtype=bool), *(layer.cuts for layer in network.layers)])
    zero, on = np.zeros(len(cuts), np.int8), np.ones(len(cuts), dtype=bool)
    signs = point_signs(network, point[None])[0]
    zero[cuts], on[cuts] = signs == 0, signs > 0
    given, _ = affine_rows(network, box, zero, on)
    bends = np.concatenate([[], *(layer.positive_slope != layer.negative_slope for layer in network.layers)])
    return any(bends[j] and any(row[k] != 0 for k in box.free) for j, row in given)


class _Waiting(NamedTuple):
    """One cell, how often its box was halved, what share of the whole it is, by cuts, and where its lines go."""

    box: ExactBox
    cells: ProofCells
    depth: int
    share: float
    node: ProofNode


class _SlopeTree:
    """Boxes and signs."""

    def __init__(
        self, log: LogFile, network: Network, norms: tuple[float, float], power: Fraction, is_over: Callable[[], bool],
        tick: Callable[[int, float], object],
    ) -> None:  # fmt: skip
        self.log, self.network, self.norms, self.power, self.is_over, self.tick = (
            log, network, norms, power, is_over, tick
        )  # fmt: skip
        self.bounds = CellBounds(network, [])
        root = power if degree(*norms) == 1 else Fraction(isqrt(int(power * 2**200)), 2**100)
        self.level = float(np.nextafter(float(root), 0.0))
        self.weights = _reach(network)

    def write(self, box: ExactBox) -> None:
        """Write the tree of a box."""
        root = ProofNode()
        whole = _Waiting(box, self.bounds.whole(*box_outward(box)), 0, 1.0, root)
        write_tree(self.log, whole, root, self.looked, TOGETHER)

    def looked(self, some: Sequence[_Waiting]) -> list[_Waiting]:
        """Look at cells of one box, all of whose free sides are the same: what is left of them."""
        if self.is_over():
            raise StoppedError
        free, left = some[0].box.free, list[_Waiting]()
        before = joined(one.cells for one in some)
        after, _, reasons, _ = self.bounds.narrowed(before)
        known = Boxes(after.lower, after.upper, after.low, after.high)
        is_within = matrix_bounds(self.network, known, *self.norms, free) <= self.level
        for i, (box, _, depth, share, node) in enumerate(some):
            cells = after.at(np.array([i]))
            node.lines += self.bounds.told(before, after, reasons, i)
            if is_within[i]:
                node.lines.append("slope 0")
                node.is_closed = True
                continue
            is_open, has_signs = self.bounds.is_open(cells)[0], bool(cells.signs.any())
            # No bounds are so narrow that a constant is seen to be one.
            is_small = has_signs or depth >= DEEP * len(free)
            by_signs = not self.power or (is_small and meets(self.network, cells, is_open))
            if by_signs:
                cells, lines = with_implied_signs(self.bounds, self.network, box, cells)
                node.lines += lines
                is_open = in_first_layer(self.bounds, self.bounds.is_open(cells)[0])
            if not is_open.any():
                node.lines.append(self.closed_exactly(box, cells))
                node.is_closed = True
            elif is_open.sum() > FEW_OPEN + depth // max(1, len(free)) and not (has_signs or by_signs):
                axis = int(np.argmax([float(hi - lo) for lo, hi in zip(*box, strict=True)]))
                parts = node.cut(f"halve {axis}")
                for half, part in zip(box_halves(box, axis), parts, strict=True):
                    left.append(_Waiting(half, cells.within(*box_outward(half)), depth + 1, share / 2, part))
            else:
                j = int(np.where(is_open, self.weights, -1.0).argmax())
                parts = node.cut(f"split {self.bounds.named(j)}")
                for sign, part in zip((-1, 1), parts, strict=True):
                    left.append(_Waiting(box, cells.half(j, sign), depth, share / 2, part))
        self.tick(len(some), sum(one.share for one in some) - sum(one.share for one in left))
        return left

    def closed_exactly(self, box: ExactBox, cells: ProofCells) -> str:
        """The line that closes a cell where all signs are known."""
        claim, outputs = exact_emptiness(self.network, box, cells.signs[0], cells.low[0] >= 0)
        matrix = [[fraction(row[k]) for k in box.free] for row in outputs]
        if norm_power(matrix, *self.norms) <= self.power:
            return "slope 0"
        if claim is None:
            raise ConsistencyError(f"a region is steeper than all are said to be. {REPORT}")
        return " ".join(["close 0 0", *(f"{self.bounds.named(j)} {hexadecimal(v)}" for j, v in claim.neurons.items())])


def _reach(network: Network) -> Floats:
    """How much each neuron may add to the outputs' slopes: a guess, by sizes of weights."""
    weight: Any = network.dense_output_weight()
    sums: Any = np.abs(weight).sum(axis=0)
    found: list[Floats] = []
    for layer in reversed(network.layers):
        bend = np.abs(layer.positive_slope - layer.negative_slope)
        size: Any = np.abs(layer.dense_weight())
        found.append(sums * bend * size.sum(axis=1))
        sums = (sums * np.maximum(np.abs(layer.positive_slope), np.abs(layer.negative_slope))) @ size
    return np.concatenate([*found[::-1], np.zeros(0)])

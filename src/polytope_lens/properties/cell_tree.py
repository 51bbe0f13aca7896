"""Cells in which no point satisfies one of some cases: what is left is cut in two, until nothing is.

A cell is a box and signs of neurons. Bounds on it and multipliers close cases (`cell_bounds`), and what stays open is
halved across an input, or split by the sign of a neuron, as a quick look at the parts tells (`quick_heights`). Where
all signs are known and floats leave a case open, since the cell touches the target, a linear program in rational
arithmetic closes it, or finds a point (`touching_cells`).

`property_check` walks such a tree to decide, and `property_proof` to write down why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log2
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from polytope_lens.network.twins import n_open
from polytope_lens.proof.log import hexadecimal
from polytope_lens.properties.box_bounds import joined
from polytope_lens.properties.cell_bounds import CellBounds, Claim
from polytope_lens.properties.cell_lines import SLOPE_BITS, default_leans
from polytope_lens.properties.constant_sums import refuted
from polytope_lens.properties.implied_signs import in_first_layer, meets, touches, with_implied_signs
from polytope_lens.properties.problem import rounded_outward
from polytope_lens.properties.property import ExactBox
from polytope_lens.properties.quick_heights import QuickHeights
from polytope_lens.properties.touching_cells import exact_claim

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from fractions import Fraction

    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Floats
    from polytope_lens.network.network import Network
    from polytope_lens.network.twins import Fans
    from polytope_lens.proof.log import LogFile
    from polytope_lens.properties.cell_bounds import Closing, ProofCells
    from polytope_lens.properties.property import Constraint

# How many coordinates are tried to halve a cell across, and along what share of the most that outputs may change there;
# up to how many open neurons a cell may also be split by one, of how many tried, and up to how many it is never halved.
AXES, LEAST = 8, 2.0**-3
FEW_OPEN, NEURONS, FEWEST = 24, 2, 8
# After how many cuts for each input it is asked whether all neurons that are open in a box meet.
DEEP = 4
# Cells that are looked at together, and numbers of their affine functions
TOGETHER, MOST_NUMBERS = 128, 2**23
NOTHING = np.zeros(0, dtype=np.float32)


Waiting = TypeVar("Waiting")


@dataclass(slots=True)
class ProofNode:
    """What a log says of a cell, and its two parts, if it has any; whether nothing more is to be said."""

    lines: list[str] = field(default_factory=list)
    parts: tuple[ProofNode, ProofNode] | None = None
    is_closed: bool = False

    def cut(self, line: str) -> tuple[ProofNode, ProofNode]:
        """Two parts, cut as the line says."""
        self.lines.append(line)
        self.parts = ProofNode(), ProofNode()
        return self.parts


def write_finished(log: LogFile, nodes: list[ProofNode]) -> None:
    """Write what is finished of some trees, depth first, the last one first, and take it from them."""
    while nodes and (nodes[-1].is_closed or nodes[-1].parts is not None):
        node = nodes.pop()
        for line in node.lines:
            log.write(line)
        nodes += node.parts[::-1] if node.parts is not None else ()


def write_tree(
    log: LogFile, whole: Waiting, node: ProofNode, looked: Callable[[list[Waiting]], list[Waiting]], n: int
) -> None:
    """Write a tree, depth first: up to n cells are looked at together, the first ones first, and give those left."""
    waiting, unwritten = [whole], [node]
    while waiting:
        some, waiting = waiting[: -n - 1 : -1], waiting[:-n]
        waiting += looked(some)[::-1]
        write_finished(log, unwritten)


class OpenCell(NamedTuple):
    """One cell of a box, with the cases that are open in it.

    `outer` is its box before signs were given, if any were, so those of several cells are equal or apart. `share` is
    that of the whole box, by cuts. What is said of it goes to `node`, where a log is written. Behind a look at it,
    `sums` (k, M + d + 1) would close the cases if they were at most 0, `reliance` (N,) says how much the lines of
    neurons cost, and `rows` (2, N, d + 1) lie below and above these. `by_twins` says whether twins
    have a part in it, and `by_signs` that it touches the target, or neurons meet in it, so that only signs are of use.
    """

    box: ExactBox
    outer: ExactBox
    cells: ProofCells
    open: Bools
    share: float
    node: ProofNode | None
    sums: Floats
    reliance: Floats
    rows: NDArray[np.float32]
    by_twins: bool
    by_signs: bool = False


class CellCut(NamedTuple):
    """Where a cell is cut in two: in the middle along an axis, or else by the sign of a neuron.

    `left` is the share of what was to do that the parts leave, as a quick look at them tells.
    """

    axis: int | None
    neuron: int
    left: float = 1.0


class CellParts(NamedTuple):
    """What each of some open cells is cut into, and points that satisfy a case, where cells of known signs have one."""

    cells: list[list[OpenCell]]
    points: list[list[Fraction]]


def batch_of(network: Network) -> int:
    """How many cells of a network are looked at together."""
    widest = max([1, *(layer.width for layer in network.layers)])
    return int(np.clip(MOST_NUMBERS // (widest * max(widest, network.input_dim)), 1, TOGETHER))


class CellTree:
    """Cells of a network on which some cases are to be closed that have one box, and these numbers in the log."""

    def __init__(
        self, network: Network, cases: Sequence[Sequence[Constraint]], numbers: Sequence[int] | None = None,
        fans: Sequence[Fans] | None = None,
    ) -> None:  # fmt: skip
        self.network, self.cases = network, cases
        self.numbers = range(len(cases)) if numbers is None else numbers
        self.by_twins, self.bounds = fans is not None, CellBounds(network, cases, fans)
        self.quick = QuickHeights(self.bounds.stages, self.bounds.fans)
        # What is met nowhere is closed at once.
        self.refuted = [refuted(network, case) for case in cases]

    def whole(self, box: ExactBox, node: ProofNode | None = None) -> OpenCell:
        """The box, to be looked at."""
        is_open, nothing = np.array([place is None for place in self.refuted]), np.zeros(0)
        if node is not None:
            node.lines += [
                self.told(c, Claim({place: 1}, {}, {})) for c, place in enumerate(self.refuted) if place is not None
            ]
        cells = self.bounds.whole(*box_outward(box))
        return OpenCell(box, box, cells, is_open, 1.0, node, nothing, nothing, NOTHING, self.by_twins)

    def n_open(self, cell: OpenCell) -> int:
        """How many neurons may change their sign."""
        return int(n_open(self.bounds.hidden, self.bounds.fans, cell.cells.low, cell.cells.high)[0])

    def looked(self, some: Sequence[OpenCell]) -> list[OpenCell | None]:
        """What is known of cells after a look at them; None where all cases are closed."""
        if all(place is not None for place in self.refuted):
            for cell in some:
                if cell.node is not None:
                    cell.node.is_closed = True
            return [None] * len(some)
        before = joined(cell.cells for cell in some)
        cells, lines, reasons, rows = self.bounds.narrowed(before)
        closing = self.bounds.closing(cells, lines, np.array([cell.open for cell in some]))
        found: list[OpenCell | None] = []
        for i, cell in enumerate(some):
            is_open = cell.open & ~closing.is_closed[i]
            if cell.node is not None:
                cell.node.lines += self.bounds.told(before, cells, reasons, i)
                cell.node.lines += self.closed(cells.at(np.array([i])), closing, i)
                cell.node.is_closed = not is_open.any()
            known = cells.at(np.array([i]))
            left = cell._replace(
                cells=known, open=is_open, sums=closing.sums[i], reliance=closing.reliance[i], rows=rows[:, i]
            )
            found.append(self.settled(left) if is_open.any() else None)
        return found

    def settled(self, cell: OpenCell) -> OpenCell:
        """The same cell, with signs that neurons have because others have theirs, where bounds in floats see none."""
        if cell.by_twins or not (cell.by_signs or self.is_degenerate(cell)):
            return cell
        cells, lines = with_implied_signs(self.bounds, self.network, cell.box, cell.cells)
        if cell.node is not None:
            cell.node.lines += lines
        return cell._replace(cells=cells, by_signs=True)

    def is_degenerate(self, cell: OpenCell) -> bool:
        """Whether boxes, however small, do not tell neurons in a cell apart, or bounds do not close it: a guess."""
        known = cell.cells
        if not known.signs.any() and touches(self.network, known, cell.sums[cell.open]):
            return True
        is_small = depth_of(cell) >= DEEP * known.lower.shape[1]
        return (is_small or bool(known.signs.any())) and meets(self.network, known, self.bounds.is_open(known)[0])

    def closed(self, cells: ProofCells, closing: Closing, i: int) -> list[str]:
        """The lines that close cases in one of some cells."""
        lines: list[str] = []
        closed = [(c, closing.claims[i][c]) for c in np.flatnonzero(closing.is_closed[i]).tolist()]
        leans = default_leans(cells.low[0], cells.high[0]) * 2**SLOPE_BITS
        for c, claim in sorted(closed, key=lambda pair: bool(pair[1].leans)):
            lines += [*self.bounds.leaning(leans, claim), self.told(c, claim)]
        return lines

    def told(self, c: int, claim: Claim) -> str:
        """The line that closes a case."""
        words = ["close", str(self.numbers[c]), str(len(claim.rows))]
        words += [f"{place} {hexadecimal(v)}" for place, v in claim.rows.items()]
        words += [f"{self.bounds.named(j)} {hexadecimal(v)}" for j, v in claim.neurons.items() if v]
        return " ".join(words)

    def parted(self, some: Sequence[OpenCell], cuts: Sequence[CellCut | None]) -> CellParts:
        """The parts of cells that were looked at; those that are not cut go on without twins, or are closed exactly."""
        found: list[list[OpenCell]] = []
        points: list[list[Fraction]] = []
        for cell, cut in zip(some, cuts, strict=True):
            if cut is None and self.by_twins:
                found.append([self.without_twins(cell)])
                continue
            if cut is None:
                points += self.close_exactly(cell)
                found.append([])
                continue
            axis, j, _ = cut
            word = f"split {self.bounds.named(j)}" if axis is None else f"halve {axis}"
            nodes = (None, None) if cell.node is None else cell.node.cut(word)
            if axis is None:
                boxes, cells = [cell.box] * 2, [cell.cells.half(j, sign) for sign in (-1, 1)]
            else:
                boxes = box_halves(cell.box, axis)
                cells = [cell.cells.within(*box_outward(box)) for box in boxes]
            outer = [cell.outer] * 2 if axis is None or cell.cells.signs.any() else boxes
            found.append(
                [
                    cell._replace(box=box, outer=at, cells=of, share=cell.share / 2, node=node, rows=NOTHING)
                    for box, at, of, node in zip(boxes, outer, cells, nodes, strict=True)
                ]
            )
        return CellParts(found, points)

    def cuts(self, some: Sequence[OpenCell]) -> list[CellCut | None]:
        """Where to cut cells in two so that the parts promise to be closed soonest; None where all signs are known."""
        if not some:
            return []
        cells = joined(cell.cells for cell in some)
        tried = self.tried(some, cells)
        pairs = [(i, cut) for i, cuts in enumerate(tried) for cut in cuts]
        # The parts of each cut, and then the cells as they are
        which = np.array([*(i for i, _ in pairs for _ in range(2)), *range(len(some))])
        lower, upper, low, high = (side[which] for side in cells[:4])
        for at, (_, (axis, j, _)) in enumerate(pairs):
            if axis is None:
                high[2 * at, j] = low[2 * at + 1, j] = 0.0
            else:
                upper[2 * at, axis] = lower[2 * at + 1, axis] = (lower[2 * at, axis] + upper[2 * at, axis]) / 2
        low, high = ([ends[:, here] for here in self.bounds.at] for ends in (low, high))
        sums, asked = (np.array(of)[which] for of in ([cell.sums for cell in some], [cell.open for cell in some]))
        rows = np.stack([cell.rows for cell in some], axis=1)
        heights = self.quick.heights(lower, upper, low, high, sums, asked, rows, which)
        parts, whole = heights[: 2 * len(pairs)], heights[2 * len(pairs) :].tolist()
        best = [cuts[0]._replace(left=np.inf) if cuts else None for cuts in tried]
        for (i, cut), height in zip(pairs, (parts[::2] + parts[1::2]).tolist(), strict=True):
            before, left = best[i], height / whole[i] if whole[i] > 0 else 1.0
            # Where all that is open meets, halves may have as much left at any size; there are only so many signs.
            is_in_vain = before is not None and before.left >= 1 and before.axis is not None and cut.axis is None
            if before is None or left < before.left or (is_in_vain and left == before.left):
                best[i] = cut._replace(left=left)
        return best

    def without_twins(self, cell: OpenCell) -> OpenCell:
        """The same cell, to be looked at without twins: nothing is known yet of those whose differences were."""
        if cell.node is not None:
            cell.node.lines.append("apart")
        cells = cell.cells._replace(low=cell.cells.low.copy(), high=cell.cells.high.copy())
        for here, fans in zip(self.bounds.at, self.bounds.fans, strict=True):
            cells.low[:, here][:, fans.place], cells.high[:, here][:, fans.place] = -np.inf, np.inf
        return cell._replace(cells=cells, by_twins=False)

    def reach(self, cells: ProofCells) -> Floats:
        """How much the outputs may change along each coordinate that can be halved, (n, d), at most: a guess."""
        middle = (cells.lower + cells.upper) / 2
        return np.where((cells.lower < middle) & (middle < cells.upper), self.bounds.reach(cells), 0.0)

    def tried(self, some: Sequence[OpenCell], cells: ProofCells) -> list[list[CellCut]]:
        """Cuts to try in each of some cells, these: none where nothing can be cut, or signs of the first open layer."""
        may_change, by_signs = self.bounds.is_open(cells), np.array([cell.by_signs for cell in some])
        for i in np.flatnonzero(by_signs).tolist():
            may_change[i] = in_first_layer(self.bounds, may_change[i])
        open_signs = may_change.sum(axis=1)
        reach = np.where(((open_signs > FEWEST) & ~by_signs)[:, None], self.reach(cells), 0.0)
        reach[reach <= LEAST * reach.max(axis=1, keepdims=True)] = 0.0
        reliance = np.nan_to_num(np.array([cell.reliance for cell in some]), posinf=1e300)
        cost = np.where(may_change, reliance, -1.0)
        found = []
        for i in range(len(reach)):
            axes = [axis for axis in np.argsort(-reach[i], kind="stable")[:AXES].tolist() if reach[i, axis]]
            best = np.argsort(-cost[i], kind="stable")[:NEURONS].tolist()
            neurons = (
                [j for j in best if may_change[i, j]]
                if open_signs[i] <= FEW_OPEN + depth_of(some[i]) or not axes
                else []
            )
            found.append([*(CellCut(axis, -1) for axis in axes), *(CellCut(None, j) for j in neurons)])
        return found

    def close_exactly(self, cell: OpenCell) -> list[list[Fraction]]:
        """Close what is open in a cell where all signs are known, or return points that satisfy a case; exact."""
        points = []
        for c in np.flatnonzero(cell.open).tolist():
            on = cell.cells.low[0] >= 0
            claim, point = exact_claim(self.network, self.cases[c], cell.box, cell.cells.signs[0], on)
            if claim is None:
                points.append(point)
            elif cell.node is not None:
                cell.node.lines.append(self.told(c, claim))
        if cell.node is not None:
            cell.node.is_closed = not points
        return points


def depth_of(cell: OpenCell) -> float:
    """How many cuts made it."""
    return -log2(cell.share)


def box_outward(box: ExactBox) -> tuple[Floats, Floats]:
    """Corners of a box in floats, rounded outward."""
    lower = np.array([rounded_outward(v, -np.inf) for v in box.lower])
    return lower, np.array([rounded_outward(v, np.inf) for v in box.upper])


def box_halves(box: ExactBox, axis: int) -> list[ExactBox]:
    """A box cut in two in its middle."""
    middle = (box.lower[axis] + box.upper[axis]) / 2
    lower, upper = list(box.lower), list(box.upper)
    lower[axis] = upper[axis] = middle
    return [ExactBox(box.lower, tuple(upper)), ExactBox(tuple(lower), box.upper)]

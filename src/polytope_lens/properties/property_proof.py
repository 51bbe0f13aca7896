"""The proof log of a property: a point that violates it, or a tree of cells none of which has one.

The tree is found once more, when the answer is known. Boxes are halved, and where few neurons may change their sign in
one, cells are split by the signs of these, until multipliers close each case (`cell_bounds`). Where all signs are
known and floats leave a case open, since the cell touches the target, multipliers come of linear programs in rational
arithmetic (`touching_cells`). The log is written on the way, depth first: docs/proofs.md has its format, and why
it proves the property.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens.errors import REPORT, ConsistencyError
from polytope_lens.proof.log import hexadecimal, hexadecimal_fraction, log_file, names
from polytope_lens.properties.box_bounds import joined
from polytope_lens.properties.cell_bounds import CellBounds
from polytope_lens.properties.cell_lines import SLOPE_BITS, default_leans
from polytope_lens.properties.problem import rounded_outward
from polytope_lens.properties.property import ExactBox
from polytope_lens.properties.quick_heights import QuickHeights
from polytope_lens.properties.touching_cells import exact_claim

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from polytope_lens._types import Bools, Floats
    from polytope_lens.network.network import Network
    from polytope_lens.proof.log import LogFile
    from polytope_lens.properties.cell_bounds import Claim, ProofCells
    from polytope_lens.properties.counterexample import Counterexample
    from polytope_lens.properties.property import Property

# Up to how many neurons that may change their sign a box is split by them, after how many cells it is halved, and what
# share of these neurons its halves may then have; and up to how many neurons all cells are looked at.
FEW_OPEN, FEW_CELLS, FEWER, FEWEST = 24, 48, 0.75, 8
# Cells with signs that are looked at together, and boxes that are halved together
TOGETHER, AHEAD = 32, 8
# How many coordinates are tried to halve a box across, and along what share of the most that outputs may change there.
TRIED, LEAST = 8, 2.0**-3


class StoppedError(Exception):
    """The time was over before the proof was complete."""


def write_property_proof(
    network: Network,
    asked: Property,
    found: Counterexample | None,
    path: str | os.PathLike[str],
    *,
    is_over: Callable[[], bool] = lambda: False,
    tick: Callable[[int, float], object] = lambda n, share: None,
    lines: Sequence[str] = (),
    end: Sequence[object] = (),
) -> bool:
    """Write a log that proves that a property is violated at a point, or that it holds.

    Parameters
    ----------
    network, asked
    found : Counterexample or None
        The point; None for a property that holds.
    path : str or path-like
        Any name; it appears when the proof is complete. An existing file is replaced.
    is_over : callable
        Asked now and then whether to stop.
    tick : callable
        Told how many cells more were written, and what share of all boxes they close, by halvings.
    lines : sequence of str, optional
        What the log says of the network and the property, if not that it is this property of this network.
    end : words, optional
        A line behind the trees.

    Returns
    -------
    Whether the log was written; False if it was stopped.

    Notes
    -----
    Memory for one way down the tree. Cost: some milliseconds for each cell.
    """
    try:
        with log_file(path) as log:
            for line in lines or [*names(network), *statement(asked)]:
                log.write(line)
            if found is not None:
                log.write("violated", found.case, *map(hexadecimal_fraction, found.point))
                return True
            boxes = asked.boxes()
            order = sorted(range(len(boxes)), key=lambda i: boxes.index(boxes[i]))
            groups = [(box, list(group)) for box, group in groupby(order, key=lambda i: boxes[i])]
            for box, which in groups:
                log.write("cases", *which)
                PropertyTree(log, network, asked, which, is_over, lambda n, share: tick(n, share / len(groups))).write(
                    box
                )
            if end:
                log.write(*end)
    except StoppedError:
        return False
    return True


def refuse_unwritable(path: str | os.PathLike[str]) -> None:
    """Refuse a path at which no log can be written, before any work is done for it."""
    with suppress(StoppedError), log_file(path):
        raise StoppedError


def is_about_property(
    answer: Mapping[str, Any], network: Network, asked: Property, other: Network | None = None
) -> bool:
    """Whether what the checker proved is about this network and this property, number for number.

    With another network, it is about what the first one gives more than that.
    """
    lines = "".join(f"{line}\n" for line in (*names(network, other), *statement(asked)))
    return bool(answer.get("statement") == hashlib.sha256(lines.encode("ascii")).hexdigest())


def statement(asked: Property) -> list[str]:
    """The lines that say what is proved or refuted of a network."""
    lines = [f"property {len(asked.cases)}"]
    for case in asked.cases:
        lines.append(f"case {len(case)}")
        for constraint in case:
            terms = [f"x{k} {hexadecimal_fraction(v)}" for k, v in constraint.inputs]
            terms += [f"y{k} {hexadecimal_fraction(v)}" for k, v in constraint.outputs]
            sign = "<" if constraint.strict else "<="
            lines.append(" ".join(["constraint", sign, hexadecimal_fraction(constraint.bound), *terms]))
    return lines


@dataclass(slots=True)
class ProofNode:
    """What the log says of a cell, and its two parts, if it has any."""

    lines: list[str] = field(default_factory=list)
    parts: tuple[ProofNode, ProofNode] | None = None

    def write(self, log: LogFile) -> None:
        """Write it and what is below it, depth first."""
        nodes = [self]
        while nodes:
            node = nodes.pop()
            for line in node.lines:
                log.write(line)
            nodes += node.parts[::-1] if node.parts is not None else ()


class WaitingCell(NamedTuple):
    """One cell, with the cases that are open in it, and where what is said of it goes.

    `sums` (k, M + d + 1) would close these if they were at most 0, and `reliance` (N,) says how much the lines of
    neurons cost.
    """

    cells: ProofCells
    open: Bools
    node: ProofNode
    sums: Floats
    reliance: Floats


@dataclass(slots=True)
class ProofBox:
    """A cell without signs, its box, and where it may be halved; then where it is, and the halves.

    `share` is that of its volume, and it is split by signs if no more than `few` neurons may change theirs.
    """

    box: ExactBox
    cell: WaitingCell
    axes: list[int]
    share: float
    few: int
    axis: int | None = None
    halves: list[ProofBox] = field(default_factory=list)


class PropertyTree:
    """The tree of some cases that share a box."""

    def __init__(
        self, log: LogFile, network: Network, asked: Property, which: list[int], is_over: Callable[[], bool],
        tick: Callable[[int, float], object],
    ) -> None:  # fmt: skip
        self.log, self.network, self.cases, self.which = log, network, [asked.cases[i] for i in which], which
        self.is_over, self.tick = is_over, tick
        self.bounds = CellBounds(network, self.cases)
        self.quick = QuickHeights(self.bounds.stages)

    def write(self, box: ExactBox) -> None:
        """Write it, depth first."""
        is_open = np.ones(len(self.which), dtype=bool)
        whole = WaitingCell(self.bounds.whole(*box_outward(box)), is_open, ProofNode(), np.zeros(0), np.zeros(0))
        stack = [self.waiting(box, self.looked([whole])[0], 1.0, FEW_OPEN)]
        while stack:
            waiting = stack.pop()
            for line in waiting.cell.node.lines:
                self.log.write(line)
            if not waiting.cell.open.any():
                self.tick(1, waiting.share)
                continue
            self.tick(1, 0.0)
            if self.is_over():
                raise StoppedError
            if self.is_few(waiting):
                if self.split(waiting, FEW_CELLS if waiting.axes and self.n_open(waiting) > FEWEST else None):
                    continue
                waiting.few = int(FEWER * self.n_open(waiting))
            if waiting.axis is None:
                others = [other for other in stack[:-AHEAD:-1] if other.axis is None and not self.is_few(other)]
                self.halve([waiting, *(other for other in others if other.cell.open.any())])
            self.log.write("halve", waiting.axis)
            stack += waiting.halves[::-1]

    def is_few(self, waiting: ProofBox) -> bool:
        """Whether it is tried to close a box by signs of neurons."""
        return not waiting.axes or self.n_open(waiting) <= waiting.few

    def n_open(self, waiting: ProofBox) -> int:
        """How many neurons may change their sign."""
        return int(self.bounds.is_open(waiting.cell.cells).sum())

    def waiting(self, box: ExactBox, cell: WaitingCell, share: float, few: int) -> ProofBox:
        """A box, and where it may be halved, unless nothing is left to do there."""
        return ProofBox(box, cell, self.axes(cell) if cell.open.any() else [], share, few)

    def axes(self, cell: WaitingCell) -> list[int]:
        """Coordinates to try to halve a box across, perhaps none."""
        reach = self.bounds.reach(cell.cells)
        can = cell.cells.lower[0] < (cell.cells.lower[0] + cell.cells.upper[0]) / 2
        can &= (cell.cells.lower[0] + cell.cells.upper[0]) / 2 < cell.cells.upper[0]
        reach = np.where(can, reach, 0.0)
        order = np.argsort(-reach, kind="stable")[:TRIED]
        return [int(axis) for axis in order if reach[axis] > LEAST * reach.max()]

    def halve(self, some: Sequence[ProofBox]) -> None:
        """Cut boxes in two, across the coordinates that leave the least to do, and look at the halves."""
        halves, cells = [], []
        for waiting in some:
            waiting.axis = self.axis(waiting)
            for half in box_halves(waiting.box, waiting.axis):
                part = waiting.cell.cells.within(*box_outward(half))
                halves.append((waiting, half))
                cells.append(waiting.cell._replace(cells=part, node=ProofNode()))
        for (waiting, half), cell in zip(halves, self.looked(cells), strict=True):
            waiting.halves.append(self.waiting(half, cell, waiting.share / 2, waiting.few))

    def axis(self, waiting: ProofBox) -> int:
        """The coordinate that leaves the least to do where a box is halved across it, as far as a quick look tells."""
        axes, cell = waiting.axes, waiting.cell
        lower, upper = (np.repeat(side, 2 * len(axes), axis=0) for side in cell.cells[:2])
        for i, axis in enumerate(axes):
            upper[2 * i, axis] = lower[2 * i + 1, axis] = (lower[2 * i, axis] + upper[2 * i, axis]) / 2
        low, high = ([ends[0, here] for here in self.bounds.at] for ends in (cell.cells.low, cell.cells.high))
        heights = self.quick.heights(lower, upper, low, high, cell.sums[cell.open])
        return axes[int((heights[::2] + heights[1::2]).argmin())]

    def looked(self, some: Sequence[WaitingCell]) -> list[WaitingCell]:
        """Look at cells: what is found goes to their nodes."""
        before = joined(cell.cells for cell in some)
        cells, lines, reasons = self.bounds.narrowed(before)
        closing = self.bounds.closing(cells, lines, np.array([cell.open for cell in some]))
        found = []
        for i, cell in enumerate(some):
            cell.node.lines += self.bounds.told(before, cells, reasons, i)
            closed = [(c, closing.claims[i][c]) for c in np.flatnonzero(closing.is_closed[i]).tolist()]
            leans = default_leans(cells.low[i], cells.high[i]) * 2**SLOPE_BITS
            for c, claim in sorted(closed, key=lambda pair: bool(pair[1].leans)):
                cell.node.lines += [*self.bounds.leaning(leans, claim), self.told(c, claim)]
            found.append(
                WaitingCell(
                    cells.at(np.array([i])),
                    cell.open & ~closing.is_closed[i],
                    cell.node,
                    closing.sums[i],
                    closing.reliance[i],
                )
            )
        return found

    def told(self, c: int, claim: Claim) -> str:
        """The line that closes a case."""
        words = ["close", str(self.which[c]), str(len(claim.rows))]
        words += [f"{place} {hexadecimal(v)}" for place, v in claim.rows.items()]
        words += [f"{self.bounds.named(j)} {hexadecimal(v)}" for j, v in claim.neurons.items() if v]
        return " ".join(words)

    def split(self, whole: ProofBox, most: int | None) -> bool:
        """Write the tree of a box that is split by signs; False, and nothing written, if it has more cells."""
        box, top = whole.box, whole.cell._replace(node=ProofNode())
        waiting, n = self.parted(box, [top]), 0
        while waiting:
            if self.is_over():
                raise StoppedError
            some, waiting = waiting[-TOGETHER:], waiting[:-TOGETHER]
            n += len(some)
            if most is not None and n > most:
                return False
            waiting += self.parted(box, self.looked(some))
        self.tick(n, whole.share)
        top.node.write(self.log)
        return True

    def parted(self, box: ExactBox, some: Sequence[WaitingCell]) -> list[WaitingCell]:
        """The halves of cells that are open, by the sign of the neuron whose lines cost most."""
        found = []
        for cell in some:
            if not cell.open.any():
                continue
            may_change = self.bounds.is_open(cell.cells)[0]
            if not may_change.any():
                cell.node.lines += self.closed_exactly(box, cell)
                continue
            j = int(np.where(may_change, np.nan_to_num(cell.reliance, posinf=1e300), -1.0).argmax())
            cell.node.lines.append(f"split {self.bounds.named(j)}")
            cell.node.parts = ProofNode(), ProofNode()
            for sign, node in zip((-1, 1), cell.node.parts, strict=True):
                found.append(cell._replace(cells=cell.cells.half(j, sign), node=node))
        return found

    def closed_exactly(self, box: ExactBox, cell: WaitingCell) -> list[str]:
        """Lines that close cases in a cell where all signs are known."""
        lines = []
        for c in np.flatnonzero(cell.open).tolist():
            claim = exact_claim(self.network, self.cases[c], box, cell.cells.signs[0], cell.cells.low[0] >= 0)
            if claim is None:
                raise ConsistencyError(f"a property was said to hold, but a region violates it. {REPORT}")
            lines.append(self.told(c, claim))
        return lines


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

"""Deciding a property on its whole domain.

Boxes of inputs are looked at from outside (`cell_tree`): most are proved to have no violation in them, the others are
cut in two, by an input or the sign of a neuron. Where few neurons are left that may change their sign, an engine lists
the regions of the box (`cells_in_target`), and what may violate the property is decided exactly. The search ends at the
first violation, or when nothing is left. Splitting boxes where bounds are too coarse is from Wang, Pei, Whitehouse,
Yang and Jana 2018, *Formal security analysis of neural networks using symbolic intervals*.
"""

from __future__ import annotations

import enum
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._progress import bar
from polytope_lens.arithmetic.rational import fraction
from polytope_lens.displays.cards import answer_card
from polytope_lens.displays.phrases import many
from polytope_lens.domain import Box
from polytope_lens.engines.budget import budget, metered
from polytope_lens.errors import DimensionError, Status
from polytope_lens.network.twins import with_twins
from polytope_lens.properties.cell_tree import CellTree, batch_of
from polytope_lens.properties.cells_in_target import point_of_region, suspects
from polytope_lens.properties.counterexample import (
    LITTLE,
    THOROUGH,
    USUAL,
    confirmed,
    confirmed_input,
    descended,
    guesses,
    heights,
)
from polytope_lens.properties.listing import FEW_REGIONS, Listing
from polytope_lens.properties.problem import problems, rounded_outward
from polytope_lens.properties.property import Constraint, ExactBox, Property, checked_property
from polytope_lens.properties.property_proof import proof_bar, refuse_unwritable, write_property_proof
from polytope_lens.properties.vnnlib_reader import read_vnnlib

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from polytope_lens._types import Floats
    from polytope_lens.network.network import Network
    from polytope_lens.properties.cell_tree import CellCut, OpenCell
    from polytope_lens.properties.counterexample import Counterexample, Effort
    from polytope_lens.properties.problem import PropertyProblem

# Batches of cells between two looks at the clock
BATCHES = 4
# What share of what was to do a cut may leave to be tried before such a list, where more neurons than so are open
PROMISING, SHORT = 2.0**-2, 24
# After how many boxes of a problem violations are guessed, and with how much effort: the last one takes as long as a
# thousand boxes.
EFFORTS = {0: LITTLE, 1: USUAL, 1500: THOROUGH}
# Steps down from the middle of each box that is not decided
FEW_STEPS = 6
# Regions asked exactly at a time, before those whose points are best
GUESSED = 4


class Verdict(enum.Enum):
    """What is proved of a property."""

    HOLDS = "no point of the domain violates the property"
    VIOLATED = "a point of the domain violates the property"
    OPEN = "neither a violation nor a proof was found"

    def __repr__(self) -> str:
        return f"Verdict.{self.name}"


@dataclass(frozen=True, slots=True, eq=False)
class CheckResult:
    """What is known of a property of a network on its domain.

    Parameters
    ----------
    verdict : Verdict
        HOLDS, VIOLATED or OPEN.
    counterexample : Counterexample or None
        The point that violates it.
    n_boxes, n_regions : int
        How many boxes, and parts of boxes, were looked at as a whole, and how many regions were listed.
    decided : float
        Share of the domain in which no point violates the property, by halvings of its boxes: 1 where it holds.
    open_boxes : tuple of Box
        Boxes that hold all points not decided.
    status : Status
        COMPLETE; BUDGET_REACHED or INTERRUPTED, where it is open, or its proof log was not written.
    seconds : float
    """

    verdict: Verdict
    counterexample: Counterexample | None
    n_boxes: int
    n_regions: int
    decided: float
    open_boxes: tuple[Box, ...]
    status: Status
    seconds: float

    @property
    def point(self) -> tuple[Fraction, ...] | None:
        """The point that violates the property, in fractions; None if none is known."""
        return None if self.counterexample is None else self.counterexample.point

    def explain(self) -> str:
        """The answer in one or two sentences."""
        work = f"{many(self.n_boxes, 'box', 'es')} and {many(self.n_regions, 'region')}"
        if self.verdict is Verdict.HOLDS:
            why = "it was interrupted" if self.status is Status.INTERRUPTED else "it takes more time"
            left = "" if self.status is Status.COMPLETE else f" The proof log was not written: {why}."
            return f"The property holds: no point of its domain violates it, proved by {work}.{left}"
        if self.counterexample is not None:
            too = "also" if self.counterexample.is_violated_in_float32 else "not"
            return f"The property is violated, exactly and {too} in float32 arithmetic, found after {work}."
        rest = f"{1 - self.decided:.3g} of the domain in {many(len(self.open_boxes), 'box', 'es')}"
        advice = "Raise `max_seconds`." if self.status is Status.BUDGET_REACHED else "It was interrupted."
        return f"The property is open after {work}: no violation was found, and {rest} is not decided. {advice}"

    def _repr_html_(self) -> str:
        return answer_card(self.verdict.name, self.explain(), self.point)

    def __repr__(self) -> str:
        decided = "" if self.verdict is not Verdict.OPEN else f", {self.decided:.1%} decided"
        work = f"{many(self.n_boxes, 'box', 'es')}, {many(self.n_regions, 'region')}"
        return f"CheckResult({self.verdict.name}{decided}, {work})"


class WaitingCell(NamedTuple):
    """A cell to be looked at: of which problem, and when the regions of a box are listed.

    `height` is how far the best point known in it is from a violation; those nearest to one come first.
    """

    problem: int
    cell: OpenCell
    listing: Listing
    height: float = np.inf


class BatchOutcome(NamedTuple):
    """What came of some cells: those left to be looked at, and the share of their problem that is decided."""

    left: list[WaitingCell]
    decided: float
    n_boxes: int
    n_regions: int
    found: Counterexample | None


def check(
    network: Network,
    asked: Property | str | os.PathLike[str],
    *,
    max_seconds: float | None = None,
    workers: int = 1,
    proof: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
    pair: tuple[Network, Network] | None = None,
    by_twins: bool = True,
) -> CheckResult:
    """Decide a property on its whole domain: whether any input of it has an output in the target.

    Parameters
    ----------
    network : Network
    asked : Property, or path
        A `Property`, or a file in VNN-LIB, see `read_vnnlib`. It states the violation.
    max_seconds : float, optional
        Time after which the answer is OPEN, if nothing is decided by then. It is looked at between batches of boxes
        and of regions, which take some tenths of a second each.
    workers : int
        Threads to share the work, 64 at most; the answer and the point are the same for any number.
    proof : str or path-like, optional
        Also write a log that proves the answer; see docs/proofs.md. It is found on its own, when the answer is known,
        and appears when it is complete; where the time ends before that, `status` says so.
    progress : bool, optional
        A bar on standard error; by default on terminals and in notebooks, for runs of more than a second.
    pair : two Networks, optional
        Those whose difference the network is, for the log.
    by_twins : bool
        Whether bounds of such a difference are by twins.

    Returns
    -------
    CheckResult

    Raises
    ------
    DimensionError
        A property over other numbers of inputs or outputs than the network has.
    DomainError, FileFormatError, IntractableError, MissingFileError, OptionError

    Notes
    -----
    Exact: sets are closed, so a point that only touches is a violation, but strict inequalities are strict. HOLDS is
    proved by bounds with all rounding taken into account and by complete lists of regions, of which those near the
    target are decided in rational arithmetic; VIOLATED by a point in fractions. The network is the exact function that
    its weights define: float32 inference may differ near a boundary, and the counterexample says whether it does.
    Cost: some milliseconds for each box in a network of 300 neurons, some microseconds for each region. Boxes are
    halved, so it is a method for few inputs, up to ten or so, or small boxes.

    Examples
    --------
    >>> from polytope_lens import Box, Lens, Property
    >>> lens = Lens.from_arrays([[[1, -1], [0, 1], [0, -1]], [[1, 1, -1]]], [[0, 0, 0], [0]])  # max(x, y)
    >>> lens.check(Property.of(Box([0, 0], [1, 1]), ([[-1]], [-1])))
    CheckResult(VIOLATED, 0 boxes, 0 regions)
    >>> lens.check(Property.of(Box([0, 0], [1, 1]), ([[-1]], ["-1.0000001"])))
    CheckResult(HOLDS, 1 box, 2 regions)
    """
    if not isinstance(asked, Property):
        asked = read_vnnlib(asked)
    if (asked.input_dim, asked.output_dim) != (network.input_dim, network.output_dim):
        raise DimensionError(
            f"the property is about {asked.input_dim} inputs and {asked.output_dim} outputs, but the network has "
            f"{network.input_dim} and {network.output_dim}."
        )
    asked = checked_property(asked.input_dim, asked.output_dim, asked.cases)
    workers, limits = validate.workers(workers), budget(None, max_seconds, None)
    if proof is not None:
        refuse_unwritable(proof)
    with metered(limits) as meter, pool_of(workers) as pool, _bar(progress) as shown:
        search = _Search(network, asked)
        found = search.first_guesses()
        if found is None:
            search = _Search(network, asked, pair) if pair is not None and by_twins else search
            found = search.run(meter.is_over, pool, shown)
        is_open = found is None and search.left
        is_done = not is_open and (proof is None or _prove(search, found, proof, meter.is_over, pair, progress))
        return search.result(found, Status.COMPLETE if is_done else meter.ended, meter.seconds)


def _bar(progress: bool | None) -> Any:
    return bar(progress, desc="boxes", unit=" boxes", unit_scale=True)


def _prove(
    search: _Search, found: Counterexample | None, path: str | os.PathLike[str], is_over: Callable[[], bool],
    pair: tuple[Network, Network] | None, progress: bool | None,
) -> bool:  # fmt: skip
    """Write the log of the answer, and tell how far it is."""
    with proof_bar(progress) as tick:
        return write_property_proof(
            search.network, search.asked, found, path, is_over=is_over, tick=tick, pair=pair, twins=search.twins
        )


def pool_of(workers: int) -> Any:
    """Threads for some workers, to be entered; None if it is one."""
    return nullcontext() if workers == 1 else ThreadPoolExecutor(workers, thread_name_prefix="polytope_lens")


class _Search:
    """The boxes that are left, and what was done."""

    def __init__(self, network: Network, asked: Property, pair: tuple[Network, Network] | None = None) -> None:
        self.network, self.asked = network, asked
        self.twins = None if pair is None else with_twins(network, *pair)
        boxes = asked.boxes()
        self.corners = [box.lower for box in dict.fromkeys(boxes) if box.lower == box.upper]
        self.problems = problems(network, asked, self.twins)
        self.trees = [trees_of(problem) for problem in self.problems]
        self.left = [
            WaitingCell(i, trees[-1].whole(ExactBox(*map(tuple, problem.exact))), Listing.of(problem))
            for i, (problem, trees) in enumerate(zip(self.problems, self.trees, strict=True))
        ][::-1]
        self.decided = [0.0] * len(self.problems)
        self.looked = [0] * len(self.problems)
        self.n_boxes = self.n_regions = 0

    def first_guesses(self) -> Counterexample | None:
        """A violation at a domain that is a point, or where steps down in floats lead to."""
        for x in self.corners:
            if (found := confirmed_input(self.network, self.asked, x)) is not None:
                return found
        for problem in self.problems:
            if (found := self.guess(problem, EFFORTS[0])) is not None:
                return found
        return None

    def guess(self, problem: PropertyProblem, effort: Effort) -> Counterexample | None:
        """A violation where steps down in floats lead to one."""
        points = guesses(problem, effort)
        for u in points[heights(problem, points) <= 0][:GUESSED]:
            if (found := confirmed(self.network, self.asked, problem, [fraction(v) for v in u])) is not None:
                return found
        return None

    def run(self, is_over: Callable[[], bool], pool: Any, shown: Any) -> Counterexample | None:
        """Look at boxes, the last ones first, until one has a violation or none is left."""
        while self.left and not is_over():
            index = self.left[-1].problem
            problem = self.problems[index]
            step = batch_size(problem)
            nodes = [self.left.pop()]
            while self.left and self.left[-1].problem == index and len(nodes) < step * BATCHES:
                nodes.append(self.left.pop())
            tasks = [
                (self.network, self.asked, problem, tree, own[i : i + step], is_over)
                for tree in self.trees[index]
                for own in [[node for node in nodes if node.cell.by_twins == tree.by_twins]]
                for i in range(0, len(own), step)
            ]
            done = (
                [_look_at(*task) for task in tasks] if pool is None else list(pool.map(lambda t: _look_at(*t), tasks))
            )
            left = [node for outcome in done for node in outcome.left]
            self.left += sorted(left, key=lambda node: -node.height)
            for outcome in done:
                self.decided[index] += outcome.decided
                self.n_boxes += outcome.n_boxes
                self.n_regions += outcome.n_regions
                if shown.update(outcome.n_boxes):
                    shown.set_postfix_str(f"{np.mean(self.decided):.1%} of the domain decided", refresh=False)
            for outcome in done:
                if outcome.found is not None:
                    return outcome.found
            before, self.looked[index] = self.looked[index], self.looked[index] + len(nodes)
            due = [effort for n, effort in EFFORTS.items() if before < n <= self.looked[index]]
            is_due = due and any(node.problem == index for node in self.left)
            if is_due and (found := self.guess(problem, due[-1])) is not None:
                return found
        return None

    def result(self, found: Counterexample | None, status: Status, seconds: float) -> CheckResult:
        """The answer."""
        verdict = Verdict.VIOLATED if found is not None else Verdict.OPEN if self.left else Verdict.HOLDS
        is_open = verdict is Verdict.OPEN
        boxes = dict.fromkeys((node.problem, node.cell.outer) for node in self.left) if is_open else {}
        decided = 1 - sum(_share(self.problems[i], box) for i, box in boxes) / max(1, len(self.problems))
        return CheckResult(
            verdict,
            found,
            self.n_boxes,
            self.n_regions,
            decided if found is None or not self.decided else float(np.mean(self.decided)),
            tuple(_input_box(self.problems[i], box) for i, box in boxes),
            status,
            seconds,
        )


def _share(problem: PropertyProblem, box: ExactBox) -> float:
    """That of a problem's box which one in it has."""
    sides = ((b - a) / (hi - lo) for a, b, lo, hi in zip(*box, *problem.exact, strict=True))
    return float(prod(sides, start=Fraction(1)))


def batch_size(problem: PropertyProblem) -> int:
    """How many boxes of a problem are looked at together, so that some batches take as long as one of a log."""
    return max(1, batch_of(problem.bounded) // BATCHES)


def trees_of(problem: PropertyProblem) -> list[CellTree]:
    """The tree of a problem, and then that by twins, if there are any: cells begin in the last one.

    Its cases are about the signs of rows, so their numbers are 1, and nothing is rounded.
    """
    cases = [
        [Constraint((), ((j, Fraction(1)),), Fraction(0), bool(problem.strict[j])) for j in case.tolist()]
        for case in problem.cases
    ]
    trees = [CellTree(problem.margins, cases)]
    if problem.twins is not None:
        trees.append(CellTree(problem.twins.network, cases, fans=problem.twins.fans))
    return trees


def _look_at(
    network: Network, asked: Property, problem: PropertyProblem, tree: CellTree, nodes: list[WaitingCell],
    is_over: Callable[[], bool],
) -> BatchOutcome:  # fmt: skip
    """Look at some cells of a problem: decide those that can be, and cut the others in two."""
    pairs = zip(nodes, tree.looked([node.cell for node in nodes]), strict=True)
    left = [(node.listing, cell) for node, cell in pairs if cell is not None]
    n, n_regions, share = len(nodes), 0, sum(node.cell.share for node in nodes)
    if not left:
        return BatchOutcome([], share, n, 0, None)
    lower, upper = (np.concatenate([cell.cells[side] for _, cell in left]) for side in (0, 1))
    lowest = descended(problem, (lower + upper) / 2, lower, upper, FEW_STEPS)
    for point in lowest[heights(problem, lowest) <= 0][:GUESSED]:
        if (sure := confirmed(network, asked, problem, [fraction(v) for v in point])) is not None:
            return BatchOutcome([], 0.0, n, 0, sure)
    index = nodes[0].problem
    kept: list[WaitingCell] = []
    cut: list[tuple[Listing, OpenCell, Floats, CellCut | None]] = []
    cuts = tree.cuts([cell for _, cell in left])
    for (listing, cell), point, where in zip(left, lowest, cuts, strict=True):
        n_open, too_many = tree.n_open(cell), None
        is_promising = n_open > SHORT and where is not None and where.left < PROMISING
        # Regions that twins leave few of are listed before cells of signs are, whose lines are about the same neurons.
        is_split = tree.by_twins and where is not None and where.axis is None
        most = listing.most(n_open)
        if (is_split or (most and not is_promising)) and not cell.cells.signs.any():
            n_listed, found, is_done = _list_regions(network, asked, problem, cell, most or FEW_REGIONS, is_over)
            n_regions += n_listed
            if found is not None:
                return BatchOutcome([], 0.0, n, n_regions, found)
            if is_done:
                continue
            if is_over():
                kept.append(WaitingCell(index, cell, listing))
                continue
            too_many = n_open
        cut.append((listing.in_parts(too_many), cell, point, where))
    parted = tree.parted([cell for _, cell, _, _ in cut], [where for *_, where in cut])
    for exact in parted.points:
        if (sure := confirmed(network, asked, problem, exact)) is not None:
            return BatchOutcome([], 0.0, n, n_regions, sure)
    parts = [
        (listing, point, part) for (listing, _, point, _), of in zip(cut, parted.cells, strict=True) for part in of
    ]
    inside = [np.clip(point, part.cells.lower[0], part.cells.upper[0]) for _, point, part in parts]
    high = heights(problem, np.array(inside)).tolist() if parts else []
    kept += [WaitingCell(index, part, listing, height) for (listing, _, part), height in zip(parts, high, strict=True)]
    return BatchOutcome(kept, share - sum(node.cell.share for node in kept), n, n_regions, None)


def _list_regions(
    network: Network, asked: Property, problem: PropertyProblem, cell: OpenCell, most: int,
    is_over: Callable[[], bool],
) -> tuple[int, Counterexample | None, bool]:  # fmt: skip
    """List the regions of a box, up to so many: how many, a violation if there is one, and whether these are all."""
    n = 0
    for step in suspects(problem, cell.cells.lower[0], cell.cells.upper[0]):
        n += step.n_regions
        for point in step.points[heights(problem, step.points) <= 0][:GUESSED]:
            if (found := confirmed(network, asked, problem, [fraction(v) for v in point])) is not None:
                return n, found, True
        for bits, in_case in zip(step.bits, step.in_case, strict=True):
            for case in np.flatnonzero(in_case).tolist():
                exact = point_of_region(problem, bits, case)
                if exact is not None:
                    found = confirmed(network, asked, problem, exact)
                    assert found is not None  # the region has the network's own map
                    return n, found, True
            if is_over():
                return n, None, False
        if is_over() or n > most:
            return n, None, False
    return n, None, True


def _input_box(problem: PropertyProblem, box: ExactBox) -> Box:
    """A box of coordinates as one of inputs, rounded outward."""
    corners = []
    for corner, towards in zip(box, (-np.inf, np.inf), strict=True):
        corners.append([rounded_outward(v, towards) for v in problem.coordinates.point(corner)])
    return Box(*corners)

"""The greatest of some combinations of outputs on a domain, by boxes, those with the greatest bound first.

Affine functions above all pre-activations bound the combinations on a box (`box_bounds`). A box whose bound is no
more than a value that is taken is left out; others are cut in two, and where few neurons are left that may change their
sign, an engine lists the regions that exceed the value (`cells_in_target`), and a linear program in fractions
finds the greatest value on one of them. So at any time the greatest value lies between one that is taken and the
greatest bound of the boxes that are left. Where the network is a difference, its bounds are by `twins`.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._progress import bar
from polytope_lens.arithmetic.rational import fraction, nearest_float
from polytope_lens.displays.cards import answer_card
from polytope_lens.displays.phrases import many
from polytope_lens.engines.budget import budget, metered
from polytope_lens.errors import DimensionError, DomainError, Status
from polytope_lens.network.twins import with_twins
from polytope_lens.proof.log import hexadecimal_fraction
from polytope_lens.properties.box_bounds import Boxes, halves, joined, look, whole_box
from polytope_lens.properties.cells_in_target import lowest_in_region, point_of_region, suspects
from polytope_lens.properties.constant_sums import constant_value
from polytope_lens.properties.counterexample import descended, exact_outputs, exact_pass, guesses, heights
from polytope_lens.properties.listing import Listing
from polytope_lens.properties.problem import problems, row_scale
from polytope_lens.properties.property import Property
from polytope_lens.properties.property_check import (
    FEW_STEPS,
    GUESSED,
    Verdict,
    batch_size,
    check,
    pool_of,
)
from polytope_lens.properties.property_proof import proof_bar, refuse_unwritable, write_property_proof

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from polytope_lens._types import Bools, Floats
    from polytope_lens.network.network import Network
    from polytope_lens.network.twins import TwinNetwork
    from polytope_lens.properties.box_bounds import Looked
    from polytope_lens.properties.problem import PropertyProblem
    from polytope_lens.properties.property import InputSets

    Point = tuple[Fraction, ...]
    Rows = Sequence[Sequence[Fraction]]

# Batches of boxes between two looks at the clock
BATCHES = 4
# At how many points of each box it is tried whether a value is taken everywhere
N_SAMPLES = 4
# What share of the time is for the search, where a proof log is to be written, too
SEARCH_SHARE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class ExtremeValue:
    """The greatest or least value of a combination of outputs on a domain.

    Parameters
    ----------
    value : Fraction
        The value at `point`: the extremum itself if the answer is complete.
    bound : Fraction or infinity
        What is proved not to be exceeded, or not to be undercut by a minimum: the same as `value` if it is complete.
    point : tuple of Fraction
        Where it is taken, a point of the domain.
    status : Status
        COMPLETE; BUDGET_REACHED or INTERRUPTED, where the extremum is between `value` and `bound`, or a log that was
        asked for is not written.
    n_boxes, n_regions : int
        How many boxes were looked at and how many regions listed, over all levels.
    is_logged : bool
        Whether a proof log was written, of `value` and `bound`.
    """

    value: Fraction
    bound: Fraction | float
    point: tuple[Fraction, ...]
    status: Status
    n_boxes: int
    n_regions: int
    is_logged: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether no value beyond this one is taken, which is then proved, also in the log that was asked for."""
        return self.status is Status.COMPLETE

    def explain(self) -> str:
        """The answer in one or two sentences: what is taken, what is proved, and how to go on."""
        taken, known = f"{nearest_float(self.value):.6g}", f"{nearest_float(self.bound):.6g}"
        if self.value == self.bound:
            return f"The value {taken} is taken, and none beyond it."
        advice = "Raise `max_seconds` for more." if self.status is Status.BUDGET_REACHED else "It was interrupted."
        return f"The value {taken} is taken, and none beyond {known}. {advice}"

    def _repr_html_(self) -> str:
        return answer_card(repr(self), self.explain(), self.point)

    def __repr__(self) -> str:
        value = f"{nearest_float(self.value)!r}"
        if self.value != self.bound:
            value = "between " + " and ".join(repr(nearest_float(v)) for v in sorted([self.value, self.bound]))
        work = f"{many(self.n_boxes, 'box', 'es')}, {many(self.n_regions, 'region')}"
        return f"ExtremeValue({value}, {work}, {self.status.name})"


class _OpenBox(NamedTuple):
    """A box of a problem, what is proved not to be exceeded in it, and when its regions are listed."""

    problem: int
    box: Boxes
    bound: Fraction | float
    listing: Listing


class _Outcome(NamedTuple):
    """What came of some boxes."""

    left: list[_OpenBox]
    points: list[Point]
    n_boxes: int
    n_regions: int


def above(domain: InputSets, rows: Rows, level: Fraction) -> Property:
    """The property that no combination ``c . y`` exceeds a level, violated where one does."""
    asked = Property.of(domain, [([[-v for v in row]], [-level]) for row in rows])
    cases = tuple((*case[:-1], case[-1]._replace(strict=True)) for case in asked.cases)
    return Property(asked.input_dim, asked.output_dim, cases)


def greatest_at(network: Network, rows: Rows, point: Point) -> Fraction:
    """The greatest combination of outputs at a point, exact."""
    y = exact_outputs(network, point)
    return max(sum((c * v for c, v in zip(row, y, strict=True)), Fraction(0)) for row in rows)


def is_everywhere(network: Network, rows: Rows, asked: Property, level: Fraction) -> bool:
    """Whether the greatest combination is just this level at all points of some boxes that are tried, exactly.

    Then no bound by twins, which is rounded, ever comes down to it.
    """
    rng = np.random.default_rng(0)
    points = [
        tuple(lo + (hi - lo) * Fraction(part) for lo, hi, part in zip(*box, rng.random(len(box.lower)), strict=True))
        for box in dict.fromkeys(asked.boxes())
        for _ in range(N_SAMPLES)
    ]
    return all(greatest_at(network, rows, point) == level for point in points)


def both_signs(n: int) -> Rows:
    """Each of n outputs and minus it: that none of these exceeds a level bounds all outputs in size."""
    return [[Fraction(sign * (i == k)) for i in range(n)] for k in range(n) for sign in (1, -1)]


def best_value(
    network: Network,
    rows: Rows,
    domain: InputSets,
    *,
    max_seconds: float | None = None,
    workers: int = 1,
    proof: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
    is_least: bool = False,
    pair: tuple[Network, Network] | None = None,
) -> ExtremeValue:
    """The greatest value of ``c . y`` over the outputs y of a domain and some c.

    Parameters
    ----------
    network : Network
    rows : list of rows of Fraction, each (out,)
    domain, max_seconds, workers, proof, progress
        As in `extremum.maximum`.
    is_least : bool
        Whether the log calls it the least value of minus these.
    pair : two Networks, optional
        Those whose difference the network is, for the log.

    Raises
    ------
    DimensionError, DomainError, IntractableError, OptionError
    """
    workers, limits = validate.workers(workers), budget(None, max_seconds, None)
    asked = above(domain, rows, Fraction(0))
    if asked.input_dim != network.input_dim:
        raise DimensionError(
            f"the domain should have {network.input_dim} coordinates, the inputs of the network, but has "
            f"{asked.input_dim}."
        )
    if proof is not None:
        refuse_unwritable(proof)
    with metered(limits) as meter, pool_of(workers) as pool, bar(progress, desc="boxes", unit=" boxes") as shown:
        twins = None if pair is None else with_twins(network, *pair)
        search = _BestFirst(network, rows, domain, _some_point(network, asked), twins)
        search.begin()
        search.run(lambda: meter.is_over(1.0 if proof is None else SEARCH_SHARE), pool, shown)
        found = search.result(meter.ended)
        if proof is None or not isinstance(found.bound, Fraction):
            return found
        kind = "least" if is_least else "greatest"
        if _write_optimum(search, found.bound, proof, kind, pair, meter.is_over, progress):
            return replace(found, is_logged=True)
        return replace(found, status=meter.ended)


def _write_optimum(
    search: _BestFirst, bound: Fraction, path: str | os.PathLike[str], kind: str,
    pair: tuple[Network, Network] | None, is_over: Callable[[], bool], progress: bool | None,
) -> bool:  # fmt: skip
    """Write a log: that nothing exceeds a bound, and a point at which the best value is taken."""
    asked = above(search.domain, search.rows, bound)
    values = exact_outputs(search.network, search.point)
    case = next(
        i
        for i, (*inside, goal) in enumerate(asked.cases)
        if all(constraint.is_satisfied(search.point, values) for constraint in inside)
        and sum((c * values[j] for j, c in goal.outputs), search.value) == 0
    )
    with proof_bar(progress) as tick:
        return write_property_proof(
            search.network, asked, None, path, is_over=is_over, tick=tick, pair=pair, twins=search.twins,
            end=[kind, case, *map(hexadecimal_fraction, search.point)],
        )  # fmt: skip


def _some_point(network: Network, asked: Property) -> Point:
    """A point of the domain: what violates the property that there is none."""
    inputs_only = Property(asked.input_dim, asked.output_dim, tuple(case[:-1] for case in asked.cases))
    answer = check(network, inputs_only, progress=False)
    if answer.verdict is Verdict.OPEN:
        raise KeyboardInterrupt  # it has no limit, so somebody ended it
    found = answer.counterexample
    if found is None:
        raise DomainError(
            "the domain is empty: no point satisfies all its inequalities, so there is no greatest value."
        )
    return found.point


class _BestFirst:
    """The best value so far, and the boxes that may hold a better one."""

    def __init__(
        self, network: Network, rows: Rows, domain: InputSets, point: Point, twins: TwinNetwork | None = None
    ) -> None:
        self.network, self.rows, self.domain, self.known_twins = network, rows, domain, twins
        self.twins: TwinNetwork | None = None
        self.point, self.value = point, self.value_at(point)
        self.left: list[tuple[float, int, _OpenBox]] = []
        self.order = count()
        self.n_boxes = self.n_regions = 0
        self.set_level()

    def value_at(self, point: Point) -> Fraction:
        return greatest_at(self.network, self.rows, point)

    def set_level(self) -> None:
        """Ask for more than the best value."""
        self.asked = above(self.domain, self.rows, self.value)
        self.problems = problems(self.network, self.asked, self.twins)

    def take(self, points: Sequence[Point]) -> bool:
        """Take note of points of the domain; says whether one is better."""
        before = self.value
        for point in points:
            if (value := self.value_at(point)) > self.value:
                self.point, self.value = point, value
        if self.value > before:
            self.set_level()
        return self.value > before

    def begin(self) -> None:
        """Look for good values by steps in floats, and see how high the whole domain may reach."""
        corners = [box.lower for box in dict.fromkeys(self.asked.boxes()) if box.lower == box.upper]
        self.take([x for x in corners if self.asked.violated_case(x, exact_outputs(self.network, x)) is not None])
        for index in range(len(self.problems)):
            problem = self.problems[index]
            points = guesses(problem)
            found = exceeding(self, problem, points[heights(problem, points) <= 0][:GUESSED])
            self.take([best_nearby(self, problem, x) for x in found])
        self.restart()

    def restart(self) -> None:
        """Leave the whole domain, to be bounded by twins, if the best value is not taken wherever one looks."""
        if self.known_twins is not None and not is_everywhere(self.network, self.rows, self.asked, self.value):
            self.twins = self.known_twins
            self.set_level()
        self.left.clear()
        # Bounds are differences from this level.
        self.level, self.base = self.value, self.problems
        self.scales = [_scales(self.asked, problem) for problem in self.base]
        self.constants = [self.constant_combinations(problem) for problem in self.base]
        for index, problem in enumerate(self.base):
            whole = whole_box(problem)
            self.push(_OpenBox(index, whole, bound_of(self, index, look(problem, whole), 0), Listing.of(problem)))

    def constant_combinations(self, problem: PropertyProblem) -> dict[int, Fraction]:
        """The values of those combinations that are the same everywhere, by their rows; exact."""
        found: dict[int, Fraction] = {}
        for number, row in _goals(problem):
            negative = constant_value(self.network, dict(self.asked.cases[number][-1].outputs))
            if negative is not None:
                found[row] = -negative
        return found

    def push(self, node: _OpenBox) -> None:
        heapq.heappush(self.left, (-nearest_float(node.bound), next(self.order), node))

    @property
    def bound(self) -> Fraction | float:
        """What no value exceeds."""
        return max([self.value, *(node.bound for _, _, node in self.left)])

    def run(self, is_over: Callable[[], bool], pool: Any, shown: Any) -> None:
        """Look at boxes, the greatest bounds first, until none may hold a better value."""
        while self.left and not is_over():
            nodes: list[_OpenBox] = []
            step = batch_size(self.base[self.left[0][2].problem])
            while self.left and len(nodes) < step * BATCHES:
                node = heapq.heappop(self.left)[2]
                if node.bound > self.value:
                    nodes.append(node)
            parts = [
                [node for node in nodes if node.problem == index][i : i + step]
                for index in dict.fromkeys(node.problem for node in nodes)
                for i in range(0, sum(node.problem == index for node in nodes), step)
            ]
            done = list((map if pool is None else pool.map)(lambda part: look_at(self, part, is_over), parts))
            is_better = self.take([point for outcome in done for point in outcome.points])
            for outcome in done:
                self.n_boxes += outcome.n_boxes
                self.n_regions += outcome.n_regions
                for node in outcome.left:
                    if node.bound > self.value:
                        self.push(node)
                if shown.update(outcome.n_boxes):
                    between = f"between {nearest_float(self.value):.6g} and {nearest_float(self.bound):.6g}"
                    shown.set_postfix_str(between, refresh=False)
            if is_better and self.twins is not self.known_twins:
                self.restart()

    def result(self, ended: Status) -> ExtremeValue:
        """The answer."""
        is_open = self.bound > self.value
        status = ended if is_open else Status.COMPLETE
        return ExtremeValue(self.value, self.bound, self.point, status, self.n_boxes, self.n_regions)


def _scales(asked: Property, problem: PropertyProblem) -> dict[int, Fraction]:
    """For each strict row, one of the combinations, how many times its lack of the level it is."""
    return {row: row_scale(asked.cases[number][-1], problem.coordinates) for number, row in _goals(problem)}


def _goals(problem: PropertyProblem) -> list[tuple[int, int]]:
    """Which row of each case is the strict one, that of a combination; with the number of the case."""
    return [
        (number, next(j for j in case.tolist() if problem.strict[j]))
        for number, case in zip(problem.numbers, problem.cases, strict=True)
    ]


def exceeding(search: _BestFirst, problem: PropertyProblem, points: Floats) -> list[Point]:
    """Those points, given by coordinates, (n, k), that exceed the level of a problem, as inputs; exact."""
    found = []
    for u in points:
        drawn = [min(max(fraction(v), lo), hi) for v, lo, hi in zip(u.tolist(), *problem.exact, strict=True)]
        x = problem.coordinates.point(drawn)
        if search.asked.violated_case(x, exact_outputs(search.network, x)) is not None:
            found.append(x)
    return found


def best_nearby(search: _BestFirst, problem: PropertyProblem, x: Point) -> Point:
    """Where a combination that is exceeded at a point is greatest on the point's region."""
    case = search.asked.violated_case(x, exact_outputs(search.network, x))
    if case not in problem.numbers:
        return x
    scale, free, _ = problem.coordinates
    bits, _ = exact_pass(problem.margins, [x[k] * scale for k in free])
    return _greatest_on(problem, np.array(bits, dtype=bool), problem.numbers.index(case))


def _greatest_on(problem: PropertyProblem, bits: Bools, case: int) -> Point:
    return problem.coordinates.point(lowest_in_region(problem, bits, case))


def look_at(search: _BestFirst, nodes: list[_OpenBox], is_over: Callable[[], bool]) -> _Outcome:
    """Bound some boxes of a problem, list the regions of those that can be, and halve the others."""
    index = nodes[0].problem
    base, problem = search.base[index], search.problems[index]
    looked = look(base, joined(node.box for node in nodes))
    left: list[_OpenBox] = []
    bounds = [min(bound_of(search, index, looked, i), node.bound) for i, node in enumerate(nodes)]
    kept = np.array([bound > search.value for bound in bounds])
    lower, upper = looked.boxes.lower[kept], looked.boxes.upper[kept]
    tried = descended(problem, (lower + upper) / 2, lower, upper, FEW_STEPS)
    better = tried[heights(problem, tried) <= 0][:GUESSED]
    points = [best_nearby(search, problem, x) for x in exceeding(search, problem, better)]
    n_regions = 0
    for i in np.flatnonzero(kept).tolist():
        node, parts = nodes[i], halves(looked, i)
        too_many, bound = None, bounds[i]
        most = None if parts is None else node.listing.most(looked.n_open[i])
        if parts is None or most:
            n, found, is_done = _listed(problem, looked, i, most, is_over)
            n_regions += n
            points += found
            if is_done and not found:
                continue
            if is_done or is_over() or parts is None:
                # What was found is less than the best of the box: it is listed again, above that.
                left.append(node._replace(box=looked.boxes.at(np.array([i])), bound=bound))
                continue
            too_many = int(looked.n_open[i])
        left += [_OpenBox(index, parts.at(np.array([k])), bound, node.listing.in_parts(too_many)) for k in range(2)]
    return _Outcome(left, points, len(nodes), n_regions)


def bound_of(search: _BestFirst, index: int, looked: Looked, i: int) -> Fraction | float:
    """What no combination exceeds in a box."""
    problem = search.base[index]
    best: Fraction | float = -inf
    for case in problem.cases:
        at = case.tolist()
        if any(looked.lowest[i, j] > 0 for j in at if not problem.strict[j]):
            continue
        (row,) = (j for j in at if problem.strict[j])
        if row in search.constants[index]:
            best = max(best, search.constants[index][row])
            continue
        lowest = float(looked.lowest[i, row])
        best = max(best, search.level - Fraction(lowest) / search.scales[index][row] if np.isfinite(lowest) else inf)
    return best


def _listed(
    problem: PropertyProblem, looked: Looked, i: int, most: int | None, is_over: Callable[[], bool]
) -> tuple[int, list[Point], bool]:
    """List the regions of a box: how many, a better point if there is one, and whether all were listed."""
    n = 0
    found: list[tuple[float, Bools, int]] = []
    for step in suspects(problem, looked.boxes.lower[i], looked.boxes.upper[i]):
        n += step.n_regions
        height = heights(problem, step.points)
        for bits, in_case, h in zip(step.bits, step.in_case, height.tolist(), strict=True):
            found += [(h, bits, case) for case in np.flatnonzero(in_case).tolist()]
        if is_over() or (most is not None and n > most):
            return n, [], False
    for _, bits, case in sorted(found, key=lambda one: one[0]):
        if point_of_region(problem, bits, case) is not None:
            return n, [_greatest_on(problem, bits, case)], True
        if is_over():
            return n, [], False
    return n, [], True

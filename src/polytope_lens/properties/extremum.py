"""The greatest value of a combination of outputs on a domain: the level that is reached and not exceeded.

A value is exceeded somewhere or it is the maximum, and that is a property with a strict inequality
(`property_check`). Each point that exceeds the value known so far is moved to where the combination is greatest
in its region, by a linear program in fractions. So values climb from region to region, and the last property, which
holds, is the proof.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens.displays.cards import answer_card
from polytope_lens.errors import DimensionError, DomainError, Status
from polytope_lens.properties.cells_in_target import lowest_in_region
from polytope_lens.properties.counterexample import exact_outputs, exact_pass
from polytope_lens.properties.problem import problems
from polytope_lens.properties.property import Property, exact_number
from polytope_lens.properties.property_check import check

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens.network.network import Network


@dataclass(frozen=True, slots=True, eq=False)
class ExtremeValue:
    """The greatest or least value of a combination of outputs on a domain.

    Parameters
    ----------
    value : Fraction
        The value at `point`: the extremum itself if the answer is complete, else a bound on it.
    point : tuple of Fraction
        Where it is taken, a point of the domain.
    status : Status
        COMPLETE, BUDGET_REACHED or INTERRUPTED.
    n_boxes, n_regions : int
        How many boxes were looked at and how many regions listed, over all levels.
    """

    value: Fraction
    point: tuple[Fraction, ...]
    status: Status
    n_boxes: int
    n_regions: int

    @property
    def is_complete(self) -> bool:
        """Whether no value beyond this one is taken, which is then proved."""
        return self.status is Status.COMPLETE

    def _repr_html_(self) -> str:
        return answer_card(repr(self), "", self.point)

    def __repr__(self) -> str:
        return (
            f"ExtremeValue({float(self.value)!r}, {self.n_boxes} boxes, {self.n_regions} regions, {self.status.name})"
        )


def maximum(
    network: Network,
    c: Any,
    domain: Any,
    *,
    max_seconds: float | None = None,
    workers: int = 1,
    progress: bool | None = None,
) -> ExtremeValue:
    """The greatest value of ``c . y`` over the outputs y of a domain, and where it is taken.

    Parameters
    ----------
    network : Network
    c : (out,) array
        Numbers, fractions, or decimals in text.
    domain : Box, Polytope, pair of sequences, or list of these
        As in `Property.of`; bounded, and it may be flat.
    max_seconds, workers, progress
        As in `property_check.check`.

    Returns
    -------
    ExtremeValue

    Raises
    ------
    DimensionError, DomainError, IntractableError, OptionError

    Notes
    -----
    Exact: the value is a fraction, taken at a point in fractions, and proved not to be exceeded. Where the budget ends
    before that, it is still taken at the point. Cost: that of some checks, each for a level that a region takes.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[3, 0], [0, 1], [1, 1]], [[1, 1, -2]]], [[-1, 0, -1], [0]])
    >>> found = lens.maximum([1], Box([0, 0], [1, 1]))
    >>> found.value, found.point
    (Fraction(2, 1), (Fraction(1, 1), Fraction(0, 1)))
    """
    begun = time.monotonic()
    row = _coefficients(network, c)
    if max_seconds is not None:
        validate.number(max_seconds, name="`max_seconds`", positive=True)
    asked = _above(domain, row, Fraction(0))
    if asked.input_dim != network.input_dim:
        raise DimensionError(
            f"the domain should have {network.input_dim} coordinates, the inputs of the network, but has "
            f"{asked.input_dim}."
        )
    point = _some_point(network, asked)
    n_boxes = n_regions = 0
    while True:
        value = _value(network, row, point)
        left = None if max_seconds is None else max(max_seconds - (time.monotonic() - begun), 1e-3)
        asked = _above(domain, row, value)
        found = check(network, asked, max_seconds=left, workers=workers, progress=progress)
        n_boxes, n_regions = n_boxes + found.n_boxes, n_regions + found.n_regions
        if found.counterexample is None:
            return ExtremeValue(value, point, found.status, n_boxes, n_regions)
        point = _best_in_region(network, asked, found.counterexample.point, found.counterexample.case)


def minimum(
    network: Network,
    c: Any,
    domain: Any,
    *,
    max_seconds: float | None = None,
    workers: int = 1,
    progress: bool | None = None,
) -> ExtremeValue:
    """The least value of ``c . y`` over the outputs y of a domain, and where it is taken; see `maximum`.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[3, 0], [0, 1], [1, 1]], [[1, 1, -2]]], [[-1, 0, -1], [0]])
    >>> lens.minimum([1], (["0.1", 0], ["0.2", 1])).value
    Fraction(0, 1)
    """
    negative = [-v for v in _coefficients(network, c)]
    found = maximum(network, negative, domain, max_seconds=max_seconds, workers=workers, progress=progress)
    return ExtremeValue(-found.value, found.point, found.status, found.n_boxes, found.n_regions)


def _coefficients(network: Network, c: Any) -> list[Fraction]:
    given = validate.sequence(c, name="`c`")
    if len(given) != network.output_dim:
        raise DimensionError(
            f"`c` needs a number for each of the {network.output_dim} outputs, but received {len(given)}."
        )
    return [exact_number(v, "a number of `c`") for v in given]


def _above(domain: Any, row: Sequence[Fraction], level: Fraction) -> Property:
    """The property that the combination is at most a level, violated where it is more."""
    asked = Property.of(domain, ([[-v for v in row]], [-level]))
    cases = tuple((*case[:-1], case[-1]._replace(strict=True)) for case in asked.cases)
    return Property(asked.input_dim, asked.output_dim, cases)


def _value(network: Network, row: Sequence[Fraction], point: tuple[Fraction, ...]) -> Fraction:
    return sum((c * y for c, y in zip(row, exact_outputs(network, point), strict=True)), Fraction(0))


def _some_point(network: Network, asked: Property) -> tuple[Fraction, ...]:
    """A point of the domain: what violates the property that there is none."""
    inputs_only = Property(asked.input_dim, asked.output_dim, tuple(case[:-1] for case in asked.cases))
    found = check(network, inputs_only, progress=False).counterexample
    if found is None:
        raise DomainError(
            "the domain is empty: no point satisfies all its inequalities, so there is no greatest value."
        )
    return found.point


def _best_in_region(network: Network, asked: Property, point: tuple[Fraction, ...], case: int) -> tuple[Fraction, ...]:
    """Where the combination is greatest in the region of a point of a case."""
    for problem in problems(network, asked):
        if case in problem.numbers:
            scale, free, _ = problem.coordinates
            bits, _ = exact_pass(problem.margins, [point[k] * scale for k in free])
            best = lowest_in_region(problem, np.array(bits, dtype=bool), problem.numbers.index(case))
            return problem.coordinates.point(best)
    return point  # the domain of the case is a point

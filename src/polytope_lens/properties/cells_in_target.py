"""Regions of a box that may violate a property, found by an engine, and the exact decision about each.

The engine lists the regions of the box cut by rows that lie a little below the exact ones. A closed region that touches
a closed target has a part with interior below these, so regions not listed are none of them. Of those listed a linear
program in rational arithmetic decides: the closed region, the exact box, and the exact constraints.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from flint import fmpq

from polytope_lens.arithmetic.rational import fraction
from polytope_lens.domain import Box
from polytope_lens.engines.charts import whole
from polytope_lens.engines.chunks import Record
from polytope_lens.engines.table import ENGINES, choose_engine
from polytope_lens.exact.rows import cell_rows
from polytope_lens.lp.rational_simplex import Halfspace, maximize
from polytope_lens.network.pattern import unpack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from flint import fmpz

    from polytope_lens._types import Bools, Floats
    from polytope_lens.exact.rows import LayerRows
    from polytope_lens.properties.problem import PropertyProblem

ZERO, ONE = fmpq(0), fmpq(1)
# The rows of the last pattern are kept for whoever asks next, one thread at a time.
_ASKING = threading.Lock()


class Suspects(NamedTuple):
    """What a step of a walk found: how many regions, and those to be asked exactly, h of them."""

    n_regions: int
    bits: Bools  # (h, N): patterns of the network
    points: Floats  # (h, k): points inside, rounded
    in_case: Bools  # (h, cases): in whose lowered rows they have points


def suspects(problem: PropertyProblem, lower: Floats, upper: Floats) -> Iterator[Suspects]:
    """The regions of a box, step by step."""
    network, box = problem.walked, Box(lower, upper)
    m, n_bits = problem.margins.output_dim, problem.margins.n_neurons
    walk = ENGINES[choose_engine("auto", network, box)].walk
    for chunk in walk(network, whole(network, box), Record(), want_output=True, workers=1):
        bits = unpack(chunk.patterns, n_bits + m)
        above = bits[:, n_bits:]
        in_case = np.stack([~above[:, case].any(axis=1) for case in problem.cases], axis=1)
        hit = in_case.any(axis=1)
        yield Suspects(chunk.n_regions, bits[hit, :n_bits], chunk.witnesses[hit], in_case[hit])


def point_of_region(problem: PropertyProblem, bits: Bools, case: int) -> list[Fraction] | None:
    """A point of a closed region in the exact box that satisfies a case, or None if there is none; exact.

    Where the constraints leave room, the point is as far inside of them as possible.
    """
    halfspaces, last = _closed_region(problem, bits)
    which = problem.cases[case].tolist()
    strict = [j for j in which if problem.strict[j]]
    # Slack is what strict constraints need; if there is none, all are given some.
    loose = set(strict or which)
    for j in which:
        row = last[j]
        if not any(row[:-1]):
            if row[-1] > 0 or (row[-1] == 0 and problem.strict[j]):
                return None
            if row[-1] < 0:
                continue
        size = fmpq(sum(map(abs, row[:-1]), abs(row[-1])))
        halfspaces.append(_halfspace(row, size if j in loose else ZERO))
    lower, upper = _exact_box(problem)
    best = maximize([ZERO] * len(lower) + [ONE], halfspaces, [*lower, ZERO], [*upper, ONE])
    if best is None or (strict and best.value <= 0):
        return None
    return [fraction(v) for v in best.point[:-1]]


def lowest_in_region(problem: PropertyProblem, bits: Bools, case: int) -> list[Fraction]:
    """A point of a closed region in the exact box at which the strict row of a case is least; exact.

    The other rows of the case hold there. The region must have a point where they do.
    """
    halfspaces, last = _closed_region(problem, bits)
    which = problem.cases[case].tolist()
    halfspaces += [_halfspace(last[j], ZERO) for j in which if not problem.strict[j]]
    (objective,) = (last[j] for j in which if problem.strict[j])
    lower, upper = _exact_box(problem)
    best = maximize([*(fmpq(-v) for v in objective[:-1]), ZERO], halfspaces, [*lower, ZERO], [*upper, ONE])
    assert best is not None
    return [fraction(v) for v in best.point[:-1]]


def _closed_region(problem: PropertyProblem, bits: Bools) -> tuple[list[Halfspace], LayerRows]:
    """A region's halfspaces, in a space with one coordinate more for slack, and the rows of constraints there."""
    with _ASKING:
        source = problem.rows
        rows = [row for row in cell_rows(problem.margins, source, bits) if any(row[:-1])]
        last = source.rows(len(problem.margins.layers), bits)
    return [_halfspace(row, ZERO) for row in rows], last


def _exact_box(problem: PropertyProblem) -> tuple[list[fmpq], list[fmpq]]:
    lower, upper = ([fmpq(*v.as_integer_ratio()) for v in side] for side in problem.exact)
    return lower, upper


def _halfspace(row: list[fmpz], slack: fmpq) -> Halfspace:
    return Halfspace([*(fmpq(v) for v in row[:-1]), slack], fmpq(-row[-1]))

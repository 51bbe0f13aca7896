"""What is asked about a network: whether some input of a domain has an output in a target, in exact numbers.

A property is a union of cases, and a case is a list of linear constraints on inputs x and outputs y. It states the
violation, as files for verifiers do: it is violated by a point that satisfies all constraints of a case, and holds if
there is none. Sets are closed, so that a point that only touches is a violation, unless a constraint is strict.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens.arithmetic.rational import fraction
from polytope_lens.displays.phrases import many
from polytope_lens.domain import Box
from polytope_lens.errors import DimensionError, DomainError, IntractableError, OptionError
from polytope_lens.polytope import Polytope

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from polytope_lens._types import ExactMatrix, ExactNumber, ExactVector

Terms: TypeAlias = "tuple[tuple[int, Fraction], ...]"
# Where to look, and which outputs are meant, as users say it: one set, or a list of them for their union.
# Unions in unions would keep mypy from seeing what a pair of lists is meant to be.
InputSet: TypeAlias = "Box | Polytope | tuple[ExactVector, ExactVector]"
InputSets: TypeAlias = "Box | Polytope | tuple[ExactVector, ExactVector] | list[InputSet]"
OutputSet: TypeAlias = "Polytope | tuple[ExactMatrix, ExactVector]"
OutputSets: TypeAlias = "Polytope | tuple[ExactMatrix, ExactVector] | list[OutputSet]"

# Cases of a property: more are refused rather than written out.
MOST_CASES = 10_000


class Constraint(NamedTuple):
    """``a . x + c . y <= bound``, or ``<`` if it is strict; all numbers are fractions.

    `inputs` and `outputs` are the coefficients that are not zero, as pairs of a place and a number, in order.
    """

    inputs: Terms
    outputs: Terms
    bound: Fraction
    strict: bool = False

    def is_satisfied(self, x: Sequence[Fraction], y: Sequence[Fraction]) -> bool:
        """Whether a point and its outputs satisfy it; exact."""
        left = sum((a * x[k] for k, a in self.inputs), Fraction(0)) + sum(
            (c * y[j] for j, c in self.outputs), Fraction(0)
        )
        return left < self.bound if self.strict else left <= self.bound

    @property
    def side(self) -> tuple[int, Fraction] | None:
        """The input that it bounds and its coefficient, if it is about one input alone."""
        return self.inputs[0] if len(self.inputs) == 1 and not self.outputs else None


def terms(row: Iterable[Fraction]) -> Terms:
    """The coefficients of a row that are not zero, with their places."""
    return tuple((k, v) for k, v in enumerate(row) if v)


class ExactBox(NamedTuple):
    """``lower <= x <= upper``, in fractions."""

    lower: tuple[Fraction, ...]
    upper: tuple[Fraction, ...]

    @property
    def free(self) -> list[int]:
        """Axes along which it is not flat."""
        return [k for k, (lo, hi) in enumerate(zip(*self, strict=True)) if lo < hi]


@dataclass(frozen=True, slots=True)
class Property:
    """A statement about the outputs of a network on a domain, given by what would violate it.

    Parameters
    ----------
    input_dim, output_dim : int
    cases : tuple of tuples of Constraint
        A point violates the property if all constraints of some case hold for it and its outputs. In each case every
        input has a least and a greatest value.

    Examples
    --------
    Inputs between 0 and 1 give an output of at most 2, said by its contrary, an output of 2 at least:

    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, -1], [0, 1], [0, -1]], [[1, 1, -1]]], [[0, 0, 0], [0]])  # max(x, y)
    >>> above = Property.of(Box([0, 0], [1, 1]), ([[-1]], [-2]))
    >>> lens.check(above).verdict
    Verdict.HOLDS
    """

    input_dim: int
    output_dim: int
    cases: tuple[tuple[Constraint, ...], ...]

    @classmethod
    def of(cls, domain: InputSets, target: OutputSets) -> Property:
        """The property that no output of a domain lies in a target.

        Parameters
        ----------
        domain : Box, Polytope, pair of sequences, or list of these
            Where to look: a union, if there are several. A pair ``(lower, upper)`` is a box of any numbers, fractions
            and decimals in text among them: ``(["0.1"], [1])`` begins at 1/10, which no float is. Boxes may be flat.
        target : (C, c), Polytope, or list of these
            The violation: outputs y with ``C @ y <= c``, again a union if there are several.

        Raises
        ------
        DimensionError, DomainError

        Examples
        --------
        >>> from fractions import Fraction
        >>> some = Property.of((["0.1", 0], [Fraction(1, 3), 0]), [([[1, -1]], [0]), ([[0, 1]], ["0.5"])])
        >>> some
        Property(R^2 -> R^2, 2 cases)
        """
        domains = [domain_rows(one) for one in (domain if isinstance(domain, list) else [domain])]
        targets = [halfspaces(one, "the target") for one in (target if isinstance(target, list) else [target])]
        if not domains or not targets:
            raise OptionError("a property needs a domain and a target, but received an empty list.")
        (d, *other_inputs), (out, *other_outputs) = (
            sorted({len(rows[0][0]) for rows in sets if rows}) or [0] for sets in (domains, targets)
        )
        if other_inputs or other_outputs or not d or not out:
            what = "domains" if other_inputs or not d else "targets"
            sizes = [d, *other_inputs] if what == "domains" else [out, *other_outputs]
            raise DimensionError(f"all {what} of a property should have as many coordinates, but have {sizes}.")
        sets = (
            [[Constraint(terms(a), (), b) for a, b in rows] for rows in domains],
            [[Constraint((), terms(c), b) for c, b in rows] for rows in targets],
        )
        cases = [(*where, *what) for where, what in product(*sets)]
        return checked_property(d, out, cases)

    def boxes(self) -> list[ExactBox]:
        """The least box of each case that its constraints on single inputs make."""
        return [_box(case, self.input_dim) for case in self.cases]

    def violated_case(self, x: Sequence[Fraction], y: Sequence[Fraction]) -> int | None:
        """The first case that a point and its outputs satisfy; exact."""
        for i, case in enumerate(self.cases):
            if all(constraint.is_satisfied(x, y) for constraint in case):
                return i
        return None

    def __repr__(self) -> str:
        return f"Property(R^{self.input_dim} -> R^{self.output_dim}, {many(len(self.cases), 'case')})"


def checked_property(input_dim: int, output_dim: int, cases: Sequence[tuple[Constraint, ...]]) -> Property:
    """The property of these cases; those whose bounds on an input contradict each other are left out.

    Raises
    ------
    DomainError
        No case is left, or an input has no least or no greatest value in one.
    IntractableError
        More cases than are looked at one by one.
    """
    if len(cases) > MOST_CASES:
        raise IntractableError(
            f"the property is a union of {len(cases)} cases when its alternatives are written out, and at most "
            f"{MOST_CASES} are looked at. Ask about its parts one by one."
        )
    left, empty = [], ""
    for case in cases:
        lower, upper = _sides(case, input_dim)
        contradicted = [k for k in range(input_dim) if _is_empty(lower[k], upper[k])]
        if contradicted:
            k = contradicted[0]
            empty = f"input {k} would be at least {_shown(lower[k])} and at most {_shown(upper[k])}"
            continue
        for k in range(input_dim):
            if lower[k] is None or upper[k] is None:
                side = "least" if lower[k] is None else "greatest"
                raise DomainError(
                    f"a property needs bounds on every input, since boxes are searched, but input {k} has no {side} "
                    "value. Add a constraint on that input alone."
                )
        left.append(case)
    if not left:
        raise DomainError(
            f"the domain of the property is empty: {empty}. Correct the bounds: no point could violate it."
        )
    return Property(input_dim, output_dim, tuple(left))


def _is_empty(lower: Fraction | None, upper: Fraction | None) -> bool:
    return lower is not None and upper is not None and lower > upper


def _sides(case: Sequence[Constraint], dim: int) -> tuple[list[Fraction | None], list[Fraction | None]]:
    """Least and greatest value of each input that constraints on it alone leave; None where there is none."""
    lower: list[Fraction | None] = [None] * dim
    upper: list[Fraction | None] = [None] * dim
    for constraint in case:
        if (side := constraint.side) is None:
            continue
        k, factor = side
        bound, low, high = constraint.bound / factor, lower[k], upper[k]
        if factor > 0:
            upper[k] = bound if high is None else min(high, bound)
        else:
            lower[k] = bound if low is None else max(low, bound)
    return lower, upper


def _box(case: Sequence[Constraint], dim: int) -> ExactBox:
    lower, upper = _sides(case, dim)
    return ExactBox(tuple(v for v in lower if v is not None), tuple(v for v in upper if v is not None))


def _shown(value: Fraction | None) -> str:
    return "anything" if value is None else str(float(value)) if float(value) == value else str(value)


def domain_rows(domain: Any) -> list[tuple[tuple[Fraction, ...], Fraction]]:
    """Rows ``a . x <= b`` of a domain, those of a box around it among them."""
    if isinstance(domain, Box):
        corners = domain.fractions()
    elif isinstance(domain, Polytope):
        return halfspaces(domain, "the domain") + _sides_of(domain)
    elif isinstance(domain, tuple) and len(domain) == 2:
        corners = domain
    else:
        raise DomainError(
            "the domain of a property is a Box, a Polytope, a pair (lower, upper) of numbers for each input, or a list "
            f"of these, but received {validate.shown(domain)}."
        )
    lower, upper = (
        [exact_number(v, "a bound of a domain") for v in validate.sequence(c, name="a corner")] for c in corners
    )
    if len(lower) != len(upper) or not lower:
        raise DimensionError(
            f"a box needs as many lower bounds as upper ones, at least one, but received {len(lower)} and {len(upper)}."
        )
    unit = [tuple(Fraction(int(i == k)) for i in range(len(lower))) for k in range(len(lower))]
    return [(e, u) for e, u in zip(unit, upper, strict=True)] + [
        (tuple(-v for v in e), -v) for e, v in zip(unit, lower, strict=True)
    ]


def _sides_of(domain: Polytope) -> list[tuple[tuple[Fraction, ...], Fraction]]:
    """The sides of a box around a bounded polytope, where its own rows do not bound each input by itself."""
    A, _ = domain.fractions()
    alone = [row for row in A.tolist() if sum(map(bool, row)) == 1]
    sides = {(k, v > 0) for row in alone for k, v in enumerate(row) if v}
    if len(sides) == 2 * domain.dim or domain.is_empty or not domain.is_bounded:
        return []
    lower, upper = domain.bounding_box()
    return domain_rows((lower.tolist(), upper.tolist()))


def halfspaces(given: Any, name: str) -> list[tuple[tuple[Fraction, ...], Fraction]]:
    """Rows of a pair (C, c) or a polytope."""
    if isinstance(given, Polytope):
        A, b = given.fractions()
        rows = [(tuple(row), bound) for row, bound in zip(A.tolist(), b.tolist(), strict=True)]
        if rows:
            return rows
        return [((Fraction(0),) * given.dim, Fraction(0))]
    if not isinstance(given, tuple) or len(given) != 2:
        raise OptionError(
            f"{name} of a property is a pair (C, c) for the outputs y with C @ y <= c, a Polytope, or a list of these, "
            f"but received {validate.shown(given)}."
        )
    C, c = (np.asarray(part, dtype=object) for part in given)
    if C.ndim != 2 or c.shape != C.shape[:1] or not C.size:
        raise DimensionError(
            f"{name} (C, c) needs a matrix and a number for each of its rows, but received shapes {C.shape} and "
            f"{c.shape}."
        )
    what = f"a number of {name}"
    return [
        (tuple(exact_number(v, what) for v in row), exact_number(bound, what))
        for row, bound in zip(C.tolist(), c.tolist(), strict=True)
    ]


def exact_number(value: ExactNumber, name: str) -> Fraction:
    """A number, or a decimal in text, as the fraction that it is.

    Examples
    --------
    >>> exact_number("0.1", "it"), exact_number(0.5, "it")
    (Fraction(1, 10), Fraction(1, 2))
    """
    given: Any = value
    try:
        return Fraction(value) if isinstance(value, str) else fraction(given)
    except (AttributeError, TypeError, ValueError, OverflowError, ZeroDivisionError) as cause:
        raise DomainError(
            f"{name} should be a finite number, a fraction, or a decimal in text, but is {validate.shown(value)}."
        ) from cause

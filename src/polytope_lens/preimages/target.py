"""A set of outputs, in exact numbers, and as neurons behind a network.

A target is a union of polytopes. Its halfspaces become one more layer, whose neurons bend nothing: they are positive
where the outputs lie outside. So a cell of that network lies in the target or outside of it, and its bits say which.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens.displays.phrases import many
from polytope_lens.errors import DimensionError, DomainError, OptionError
from polytope_lens.network.network import Layer, Network
from polytope_lens.polytope import Polytope
from polytope_lens.properties.problem import Coordinates, margins_behind
from polytope_lens.properties.property import Constraint, halfspaces, terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens._types import Bools, ExactMatrix, ExactVector, Ints
    from polytope_lens.properties.property import OutputSet

Row = tuple[tuple[Fraction, ...], Fraction]
# As users say it: a set of outputs, the number of the greatest one, or a list of these for their union.
TargetSet: TypeAlias = "OutputSet | int"
TargetSets: TypeAlias = "Polytope | tuple[ExactMatrix, ExactVector] | int | list[TargetSet]"


@dataclass(frozen=True, slots=True)
class Target:
    """A union of polytopes of outputs.

    Parameters
    ----------
    output_dim : int
    cases : tuple of tuples of pairs (tuple of Fraction, Fraction)
        The polytopes: rows ``(c, bound)`` of ``c . y <= bound``, each once.
    """

    output_dim: int
    cases: tuple[tuple[Row, ...], ...]

    @classmethod
    def of(cls, given: TargetSets, output_dim: int) -> Target:
        """The target that users name.

        Parameters
        ----------
        given : (C, c), Polytope, int, or list of these
            Outputs y with ``C @ y <= c``; a polytope of outputs; those whose greatest entry is this one, which others
            may equal. A list is a union.
        output_dim : int

        Raises
        ------
        DimensionError, DomainError, OptionError

        Examples
        --------
        >>> Target.of([2, ([[1, 0, 0]], ["0.1"])], 3)
        Target(2 polytopes in R^3)
        """
        parts = given if isinstance(given, list) else [given]
        if not parts:
            raise OptionError("a target needs at least one set of outputs, but received an empty list.")
        return cls(output_dim, tuple(tuple(dict.fromkeys(_rows(part, output_dim))) for part in parts))

    def contains(self, y: Sequence[Fraction]) -> bool:
        """Whether outputs, as fractions, lie in it; exact."""
        return any(
            all(sum((a * v for a, v in zip(row, y, strict=True)), Fraction(0)) <= bound for row, bound in case)
            for case in self.cases
        )

    @property
    def constraints(self) -> tuple[tuple[Constraint, ...], ...]:
        """The cases as those of a property."""
        return tuple(tuple(Constraint((), terms(row), bound) for row, bound in case) for case in self.cases)

    def __repr__(self) -> str:
        return f"Target({many(len(self.cases), 'polytope')} in R^{self.output_dim})"


def _rows(given: Any, output_dim: int) -> list[Row]:
    if validate.is_whole(given):
        return _largest(given, output_dim)
    if not isinstance(given, Polytope | tuple):
        raise OptionError(
            "a target is a pair (C, c) for the outputs y with C @ y <= c, a Polytope of outputs, the number of the "
            f"output that is to be the greatest, or a list of these, but received {validate.shown(given)}."
        )
    rows = halfspaces(given, "the target")
    if len(rows[0][0]) != output_dim:
        raise DimensionError(
            f"the network has {many(output_dim, 'output')}, so a target is a set in R^{output_dim}, but received one "
            f"in R^{len(rows[0][0])}."
        )
    return rows


def _largest(output: int, output_dim: int) -> list[Row]:
    """``y_j <= y_output`` for all others."""
    if output_dim == 1:
        raise OptionError(
            "a network with one output has no greatest one. Give its values as a pair, for example ([[1]], [0]) for "
            "those that are at most 0."
        )
    if not -output_dim <= output < output_dim:
        raise OptionError(
            f"the target is output {validate.shown(output)}, but the network has {many(output_dim, 'output')}, counted "
            "from 0."
        )
    here = int(output) % output_dim
    unit = {here: Fraction(-1)}
    others = [j for j in range(output_dim) if j != here]
    return [
        (tuple({**unit, j: Fraction(1)}.get(k, Fraction(0)) for k in range(output_dim)), Fraction(0)) for j in others
    ]


class TargetNetwork(NamedTuple):
    """A network with a target behind it.

    Parameters
    ----------
    network : Network
        The same function. Its last hidden layer has a neuron for each halfspace of the target, and then the outputs,
        which it passes on; nothing is rounded.
    cases : list of int arrays
        Which of these neurons each polytope of the target has.
    """

    network: Network
    cases: list[Ints]

    @property
    def n_rows(self) -> int:
        """How many halfspaces there are: as many bits stand at the end of a pattern."""
        return self.network.bits_per_layer[-1]

    def in_cases(self, outside: Bools) -> Bools:
        """In which polytopes cells lie, (n, cases): which of the rows are positive there is (n, rows)."""
        return np.stack([~outside[:, case].any(axis=1) for case in self.cases], axis=1)

    def is_inside(self, outside: Bools) -> Bools:
        """Which cells lie in the target, (n,)."""
        return np.asarray(self.in_cases(outside).any(axis=1))


def behind(network: Network, target: Target) -> TargetNetwork:
    """A network with a target behind it.

    Raises
    ------
    DomainError
        Numbers that floats hold no multiple of.
    """
    order: dict[Constraint, int] = {}
    for case in target.constraints:
        for row in case:
            order.setdefault(row, len(order))
    outputs = [Constraint((), ((k, Fraction(1)),), Fraction(0)) for k in range(network.output_dim)]
    m, n = len(order), network.output_dim
    try:
        rows = margins_behind(network, Coordinates(1, list(range(network.input_dim)), {}), [*order, *outputs])
    except OverflowError as error:
        raise DomainError(
            "the target has numbers with so many digits, or so large, that floats hold no multiple of them. Round "
            "them, so that it is clear which target is meant."
        ) from error
    ones = np.ones(m + n)
    last = Layer(rows.output_weight, rows.output_bias, ones, ones, np.arange(m + n) < m)
    passed_on = np.hstack([np.zeros((n, m)), np.eye(n)])
    cases = [np.array([order[row] for row in case], dtype=np.int64) for case in target.constraints]
    return TargetNetwork(Network((*rows.layers, last), passed_on, np.zeros(n)), cases)

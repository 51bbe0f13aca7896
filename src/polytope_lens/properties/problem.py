"""A property as a question about signs: its constraints are one more layer of neurons, behind the outputs.

The outputs and, where a constraint is about them, the inputs are handed on to rows ``z = a . x + c . y - bound``; a
point violates the property where all rows of some case are at most 0. Each row is scaled to integers, so its numbers
are floats, or sums of a few, and nothing is rounded.

Fixed inputs. What is searched are the free inputs of a box. The fixed ones go in as biases. Where one is no float, as
1/10, all inputs are multiplied by the odd part q of its denominator: the network with all biases times q takes ``q x``
to ``q y`` (slopes do not mind a positive factor), and q is a number that neurons carry along, times which a bias is a
weight. So the flat that the box is, at exactly 1/10, is searched in floats.

Bounds of free inputs that no float is are rounded outward for the search. What is found is decided on the exact box.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import groupby
from math import lcm
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens._deferred import sparse
from polytope_lens.errors import DomainError
from polytope_lens.exact.sparse import row_source
from polytope_lens.network.network import Layer, Network, evaluate, pass_through_layer
from polytope_lens.network.twins import NO_FANS, TwinNetwork
from polytope_lens.properties.property import Constraint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens._types import Bools, Floats, Ints, Matrix
    from polytope_lens.exact.rows import RowSource
    from polytope_lens.properties.property import ExactBox, Property

# How much the rows that regions are asked about lie below the exact ones, by their size: a choice of whom to ask
# exactly. Where a closed region touches the target, a part of it with interior is below these.
LOWER = 2.0**-30
N_SAMPLES = 64


class Coordinates(NamedTuple):
    """What the coordinates of a problem mean: free inputs times `scale`, beside the fixed ones, all in fractions."""

    scale: int
    free: list[int]
    fixed: dict[int, Fraction]

    def point(self, u: Sequence[Fraction]) -> tuple[Fraction, ...]:
        """The input that coordinates stand for."""
        given = dict(zip(self.free, u, strict=True))
        return tuple(
            given[k] / self.scale if k in given else self.fixed[k] for k in range(len(self.free) + len(self.fixed))
        )


@dataclass(frozen=True, eq=False)
class PropertyProblem:
    """Some cases of a property on a box that they share, in coordinates in which floats hold the network.

    Parameters
    ----------
    coordinates : Coordinates
    exact : pair of lists of Fraction
        The box of these coordinates.
    lower, upper : (k,) arrays
        The same, rounded outward.
    margins : Network
        From coordinates to the rows, as its outputs.
    cases : list of int arrays
        The rows of each case.
    strict : (m,) bool array
        Which rows must be below 0, and not only at most 0.
    numbers : list of int
        Of the cases, in the property.
    twins : TwinNetwork, optional
        The margins of a difference of two networks, by twins.
    """

    coordinates: Coordinates
    exact: tuple[list[Fraction], list[Fraction]]
    lower: Floats
    upper: Floats
    margins: Network
    cases: list[Ints]
    strict: Bools
    numbers: list[int]
    twins: TwinNetwork | None = None

    @cached_property
    def bounded(self) -> Network:
        """The same with the rows as a last layer of neurons, about which bounds are asked."""
        return _with_rows_as_neurons(self.margins, self.margins.output_bias)

    @cached_property
    def bounded_by_twins(self) -> TwinNetwork:
        """What bounds are found of: the same by twins, if there are any."""
        if self.twins is None:
            return TwinNetwork(self.bounded, [NO_FANS] * len(self.margins.layers))
        network, fans = self.twins
        return TwinNetwork(_with_rows_as_neurons(network, network.output_bias), fans)

    @cached_property
    def rows(self) -> RowSource:
        """What knows exact rows: those of the constraints are the last layer's of `bounded`."""
        return row_source(self.bounded, own=True)

    @cached_property
    def walked(self) -> Network:
        """The same with rows a little lower, so that what touches the target overlaps it."""
        n = N_SAMPLES
        x = np.random.default_rng(0).uniform(self.lower, self.upper, (n, len(self.lower)))
        with np.errstate(all="ignore"):
            size = np.abs(evaluate(self.margins, x)).max(axis=0) + np.abs(self.margins.output_bias)
            size = np.where(np.isfinite(size), size, 1.0)
            down = np.maximum(size * LOWER, 2.0**-200)
            return _with_rows_as_neurons(self.margins, np.nextafter(self.margins.output_bias - down, -np.inf))


def problems(network: Network, asked: Property, twins: TwinNetwork | None = None) -> list[PropertyProblem]:
    """The problems of a property, one for each box that cases have, but for boxes that are points.

    Where the network is a difference, `twins` is the same by these.

    Raises
    ------
    DomainError
        Numbers that floats hold no multiple of.
    """
    boxes = asked.boxes()
    order = sorted(range(len(boxes)), key=lambda i: boxes.index(boxes[i]))
    found = []
    for box, group in groupby(order, key=lambda i: boxes[i]):
        if box.lower == box.upper:
            continue
        numbers = list(group)
        try:
            found.append(_problem(network, box, [asked.cases[i] for i in numbers], numbers, twins))
        except OverflowError as error:
            raise DomainError(
                "the property has numbers with so many digits, or so large, that floats hold no multiple of them. "
                "Round them, so that it is clear which property is meant."
            ) from error
    return found


def _problem(
    network: Network, box: ExactBox, cases: Sequence[Sequence[Constraint]], numbers: list[int],
    twins: TwinNetwork | None,
) -> PropertyProblem:  # fmt: skip
    d = network.input_dim
    free = [k for k in range(d) if box.lower[k] < box.upper[k]]
    fixed = {k: box.lower[k] for k in range(d) if box.lower[k] == box.upper[k]}
    scale = lcm(*(_odd_part(v.denominator) for v in fixed.values()))
    coordinates = Coordinates(scale, free, fixed)
    rows: dict[Constraint, int] = {}
    places: list[Ints] = []
    for case in cases:
        behind = [constraint for constraint in case if constraint.side is None or constraint.strict]
        places.append(np.array([rows.setdefault(constraint, len(rows)) for constraint in behind], dtype=np.int64))
    constraints = list(rows)
    if any(not len(place) for place in places):
        constraints.append(_always())
        places = [place if len(place) else np.array([len(constraints) - 1]) for place in places]
    exact = [box.lower[k] * scale for k in free], [box.upper[k] * scale for k in free]
    return PropertyProblem(
        coordinates,
        exact,
        np.array([rounded_outward(v, -np.inf) for v in exact[0]]),
        np.array([rounded_outward(v, np.inf) for v in exact[1]]),
        margins_behind(network, coordinates, constraints),
        places,
        np.array([constraint.strict for constraint in constraints], dtype=bool),
        numbers,
        None if twins is None else _margins_by_twins(twins, coordinates, constraints),
    )


def _always() -> Constraint:
    """A constraint that all points satisfy, for cases that ask nothing about outputs."""
    return Constraint((), (), Fraction(1))


def _margins_by_twins(twins: TwinNetwork, coordinates: Coordinates, constraints: Sequence[Constraint]) -> TwinNetwork:
    """The same of a network by twins: fans keep their places, and layers that are added have none."""
    margins = margins_behind(twins.network, coordinates, constraints)
    first = [NO_FANS] * bool(coordinates.fixed)
    behind = len(margins.layers) - len(first) - len(twins.fans)
    return TwinNetwork(margins, [*first, *twins.fans, *[NO_FANS] * behind])


def margins_behind(network: Network, coordinates: Coordinates, constraints: Sequence[Constraint]) -> Network:
    """The network on the coordinates, with constraints as outputs."""
    scale, free, fixed = coordinates
    needs_inputs = any(k in set(free) for constraint in constraints for k, _ in constraint.inputs)
    # Carried along behind a layer's own neurons: the free inputs where rows need them, and what adds up to the scale.
    parts = {k: float_parts(v * scale) for k, v in fixed.items()}
    unit = float_parts(Fraction(scale)) if scale > 1 else []
    layers: list[Layer] = []
    columns = list(free)
    if fixed:
        columns += [k for k, values in parts.items() for _ in values]
        constants = [v for values in parts.values() for v in values] + unit
        n, k = len(columns) - len(free), len(free)
        together = np.vstack([np.eye(k), np.zeros((n + len(unit), k))])
        layers.append(pass_through_layer(together, np.concatenate([np.zeros(k), constants])))
    carried = (len(free) if needs_inputs else 0) + len(unit)
    unchanged = not fixed and not carried
    stages = [*network.layers, pass_through_layer(network.output_weight, network.output_bias)]
    for index, layer in enumerate(stages):
        if unchanged:
            layers.append(layer)
            continue
        own = layer.weight[:, columns] if index == 0 else layer.weight
        # What goes into the layer: its own columns, then (behind the first layer) the free inputs, then the scale.
        n_inputs = len(free) if needs_inputs and index > 0 else 0
        biases = np.tile(layer.bias[:, None], (1, len(unit)))
        zero = np.zeros((layer.width, n_inputs))
        weight = _joined([own, zero, biases], 1)
        pass_on = np.zeros((carried, weight.shape[1]))
        first = 0 if index == 0 else own.shape[1]
        at = 0
        if needs_inputs:
            pass_on[: len(free), first : first + len(free)] = np.eye(len(free))
            at = len(free)
        pass_on[at:, weight.shape[1] - len(unit) :] = np.eye(len(unit))
        ones = np.ones(carried)
        layers.append(
            Layer(
                _joined([weight, pass_on], 0),
                np.concatenate([layer.bias if not unit else np.zeros(layer.width), np.zeros(carried)]),
                np.concatenate([layer.negative_slope, ones]),
                np.concatenate([layer.positive_slope, ones]),
                np.concatenate([layer.cuts, np.zeros(carried, dtype=bool)]),
            )
        )
    return _with_rows(layers, network.output_dim, coordinates, constraints)


def _with_rows(
    layers: list[Layer], n_outputs: int, coordinates: Coordinates, constraints: Sequence[Constraint]
) -> Network:
    """Rows of integers, up to powers of two, over what the last layer passes on."""
    scale, free, fixed = coordinates
    place = {k: n_outputs + i for i, k in enumerate(free)}
    coefficients: list[list[dict[int, float]]] = []
    constants: list[list[float]] = []
    for constraint in constraints:
        row = dict(constraint.outputs)
        bound = constraint.bound
        for k, a in constraint.inputs:
            if k in place:
                row[place[k]] = a
            else:
                bound -= a * fixed[k]
        bound *= scale
        factor = _whole_factor([bound, *row.values()])
        listed = {at: float_parts(v * factor) for at, v in row.items()}
        offsets = float_parts(-bound * factor)
        n = max([1, len(offsets), *map(len, listed.values())])
        coefficients.append([{at: values[i] for at, values in listed.items() if i < len(values)} for i in range(n)])
        constants.append([offsets[i] if i < len(offsets) else 0.0 for i in range(n)])
    width = layers[-1].width
    n_parts = [len(parts) for parts in coefficients]
    matrix = np.zeros((sum(n_parts), width))
    for i, part in enumerate(part for parts in coefficients for part in parts):
        for at, value in part.items():
            matrix[i, at] = value
    bias = np.array([v for values in constants for v in values])
    if max(n_parts) == 1:
        return Network(tuple(layers), matrix, bias)
    sums = np.repeat(np.eye(len(n_parts)), n_parts, axis=1)
    return Network((*layers, pass_through_layer(matrix, bias)), sums, np.zeros(len(n_parts)))


def _whole_factor(values: Sequence[Fraction]) -> Fraction:
    """What makes numbers whole, and then, by a power of two, less than 2."""
    factor = Fraction(lcm(*(v.denominator for v in values)))
    largest = max(abs(v * factor) for v in values)
    return factor / (1 << max(int(largest).bit_length() - 1, 0))


def row_scale(constraint: Constraint, coordinates: Coordinates) -> Fraction:
    """How many times ``c . y - bound`` the row of a constraint on outputs alone is."""
    scale = coordinates.scale
    return _whole_factor([constraint.bound * scale, *(v for _, v in constraint.outputs)]) * scale


def _with_rows_as_neurons(margins: Network, bias: Floats) -> Network:
    m = margins.output_dim
    rows = Layer(margins.output_weight, bias, np.ones(m), np.ones(m), np.ones(m, dtype=bool))
    return replace(margins, layers=(*margins.layers, rows), output_weight=np.zeros((1, m)), output_bias=np.zeros(1))


def float_parts(value: Fraction) -> list[float]:
    """Floats that add up to a fraction whose denominator is a power of two; none for 0.

    Raises
    ------
    OverflowError
        It is too large, or has digits too small for floats.

    Examples
    --------
    >>> float_parts(Fraction(2**60 + 1)), float_parts(Fraction(3, 4))
    ([1.152921504606847e+18, 1.0], [0.75])
    """
    found = []
    while value:
        part = float(value)
        if part == 0.0:
            raise OverflowError("a number too small for floats")
        found.append(part)
        value -= Fraction(part)
    return found


def rounded_outward(value: Fraction, towards: float) -> float:
    """The nearest float on one side of a fraction."""
    nearest = float(value)
    if Fraction(nearest) == value or (Fraction(nearest) > value) == (towards > 0):
        return nearest
    return float(np.nextafter(nearest, towards))


def _odd_part(n: int) -> int:
    return n // (n & -n)


def _joined(blocks: list[Matrix], axis: int) -> Matrix:
    """Matrices side by side (axis 1) or on top of each other (axis 0); sparse if any is."""
    blocks = [block for block in blocks if block.shape[axis]]
    dense = [block for block in blocks if isinstance(block, np.ndarray)]
    if len(dense) == len(blocks):
        return np.concatenate(dense, axis=axis)
    join = sparse.hstack if axis else sparse.vstack
    joined: Matrix = sparse.csr_array(join([sparse.csr_array(block) for block in blocks]))
    return joined

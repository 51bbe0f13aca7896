"""Points that violate a property: guesses in floats, their exact confirmation, and what float32 makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens._deferred import sparse
from polytope_lens.arithmetic.rational import common_exponent, scaled_integers
from polytope_lens.exact.forward import quiet
from polytope_lens.network.network import activate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import NDArray

    from polytope_lens._types import Floats, Ints, Matrix
    from polytope_lens.network.network import Network
    from polytope_lens.properties.problem import PropertyProblem
    from polytope_lens.properties.property import Property

STEPS = 40


class Effort(NamedTuple):
    """Points to begin with, how many of them are followed, and in how many steps."""

    points: int
    followed: int
    steps: int


LITTLE, USUAL, THOROUGH = Effort(2**9, 2**4, STEPS), Effort(2**12, 2**6, STEPS), Effort(2**12, 2**12, 100)
FIRST_STEP, LAST_STEP = 2.0**-3, 2.0**-10
MOST_NUMBERS = 2**24


@dataclass(frozen=True, slots=True, eq=False)
class Counterexample:
    """A point that violates a property, in exact numbers.

    Parameters
    ----------
    point, outputs : tuples of Fraction
        The input, a point of the domain, and the outputs of the network there.
    case : int
        The case of the property that they satisfy.
    rounded : (d,) float32 array or None
        A point of float32 numbers in the domain; `point` itself, where that has such numbers. None if the domain has
        none near it.
    is_violated_in_float32 : bool
        Whether float32 arithmetic at `rounded`, layer by layer, also has outputs that satisfy the case. Another order
        of summation may give others.
    """

    point: tuple[Fraction, ...]
    outputs: tuple[Fraction, ...]
    case: int
    rounded: NDArray[np.float32] | None
    is_violated_in_float32: bool


def exact_outputs(network: Network, x: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """Outputs at a rational point; exact. Cost: a product of integers for each weight."""
    return exact_pass(network, x)[1]


def exact_pass(network: Network, x: Sequence[Fraction]) -> tuple[list[bool], tuple[Fraction, ...]]:
    """Which pre-activations are positive at a rational point, as a pattern's bits, and the outputs; exact."""
    scale = lcm(*(v.denominator for v in x))
    values = [v.numerator * (scale // v.denominator) for v in x]
    bits: list[bool] = []
    for layer in network.layers:
        values, scale = _affine(layer.weight, layer.bias, values, scale)
        bits += [v > 0 for v, cuts in zip(values, layer.cuts.tolist(), strict=True) if cuts]
        e = common_exponent(layer.negative_slope, layer.positive_slope)
        slopes = zip(scaled_integers(layer.negative_slope, e), scaled_integers(layer.positive_slope, e), strict=True)
        values = [v * (on if v > 0 else off) for v, (off, on) in zip(values, slopes, strict=True)]
        scale <<= e
    values, scale = _affine(network.output_weight, network.output_bias, values, scale)
    return bits, tuple(Fraction(v, scale) for v in values)


def _affine(weight: Matrix, bias: Floats, values: list[int], scale: int) -> tuple[list[int], int]:
    rows = sparse.csr_array(weight)
    e = common_exponent(rows.data, bias)
    data, columns, starts = scaled_integers(rows.data, e), rows.indices.tolist(), rows.indptr.tolist()
    sums = [
        sum(data[i] * values[columns[i]] for i in range(starts[j], starts[j + 1])) + scale * b
        for j, b in enumerate(scaled_integers(bias, e))
    ]
    return sums, scale << e


def guesses(problem: PropertyProblem, effort: Effort = USUAL) -> Floats:
    """Points of the box where the rows of some case are low, (n, k), the lowest first; nothing is proved.

    Half of the points to begin with have some coordinates at their bounds, where extremes are found more often.
    """
    lower, upper, k = problem.lower, problem.upper, len(problem.lower)
    size = max(1, *problem.margins.widths, problem.margins.input_dim)
    n = max(USUAL.followed, min(effort.points, MOST_NUMBERS // size))
    rng = np.random.default_rng(int(effort is THOROUGH))
    points, bound = rng.uniform(lower, upper, (n, k)), rng.integers(0, 3, (n, k))
    bound[::2] = 2
    points = np.where(bound == 0, lower, np.where(bound == 1, upper, points))
    if effort.followed < n:
        points = points[np.argsort(heights(problem, points), kind="stable")[: effort.followed]]
    found = descended(problem, points, steps=effort.steps)
    return np.asarray(found[np.argsort(heights(problem, found), kind="stable")])


def descended(
    problem: PropertyProblem,
    points: Floats,
    lower: Floats | None = None,
    upper: Floats | None = None,
    steps: int = STEPS,
) -> Floats:
    """Where points (n, k) come to on steps in the direction of falling rows, in the same order.

    They stay in the problem's box, or in boxes (n, k) of their own.
    """
    lower = problem.lower if lower is None else lower
    upper = problem.upper if upper is None else upper
    width = upper - lower
    best, lowest = points.copy(), heights(problem, points)
    for step in np.geomspace(FIRST_STEP, LAST_STEP, steps):
        _, gradient = _height(problem, points, slopes=True)
        points = np.clip(points - step * width * np.sign(gradient), lower, upper)
        height = heights(problem, points)
        better = height < lowest
        best[better], lowest[better] = points[better], height[better]
    return best


def _height(problem: PropertyProblem, points: Floats, *, slopes: bool = False) -> tuple[Floats, Floats]:
    """The greatest row of the best case at each point, rounded, and its gradient if asked for."""
    network, value, signs = problem.margins, points, []
    with quiet():
        for layer in network.layers:
            z = value @ layer.weight.T + layer.bias
            signs.append(np.where(z > 0, layer.positive_slope, layer.negative_slope) if slopes else z[:0])
            value = activate(layer, z)
        rows = value @ network.output_weight.T + network.output_bias
        each = np.stack([rows[:, case].max(axis=1) for case in problem.cases], axis=1)
        best = np.nan_to_num(each, nan=np.inf).argmin(axis=1)
        height = np.nan_to_num(each[np.arange(len(points)), best], nan=np.inf)
        if not slopes:
            return height, points
        rivals = (problem.cases[case] for case in best.tolist())
        highest = [int(case[row[case].argmax()]) for case, row in zip(rivals, rows, strict=True)]
        gradient: Any = _rows_of(network.output_weight, np.array(highest, dtype=np.int64))
        for layer, slope in zip(reversed(network.layers), reversed(signs), strict=True):
            gradient = (gradient * slope) @ layer.weight
    return height, np.nan_to_num(np.asarray(gradient))


def _rows_of(weight: Matrix, rows: Ints) -> Floats:
    found: Any = weight[rows]
    return np.asarray(found if isinstance(found, np.ndarray) else found.toarray())


def heights(problem: PropertyProblem, points: Floats) -> Floats:
    """How far points are from violating some case, negative if they do; rounded, (n,)."""
    return _height(problem, points)[0]


def confirmed(
    network: Network, asked: Property, problem: PropertyProblem, u: Sequence[Fraction]
) -> Counterexample | None:
    """The point of these coordinates, drawn into the exact box, if it violates the property; exact."""
    drawn = [min(max(v, lo), hi) for v, lo, hi in zip(u, *problem.exact, strict=True)]
    return confirmed_input(network, asked, problem.coordinates.point(drawn), problem)


def confirmed_input(
    network: Network, asked: Property, x: tuple[Fraction, ...], problem: PropertyProblem | None = None
) -> Counterexample | None:
    """A point, if it violates the property; exact. Of its neighbours with float32 numbers one is looked for."""
    y = exact_outputs(network, x)
    case = asked.violated_case(x, y)
    if case is None:
        return None
    first = None
    for point in _near(problem, x):
        rounded = _in_float32(asked, case, point)
        if rounded is None:
            continue
        exact = tuple(Fraction(float(v)) for v in rounded)
        outputs = exact_outputs(network, exact)
        violated = asked.violated_case(exact, outputs)
        if violated is None:
            continue
        survives = _violates_in_float32(network, asked, violated, rounded)
        if survives or first is None:
            first = Counterexample(exact, outputs, violated, rounded, survives)
        if survives:
            return first
    return first or Counterexample(x, y, case, _in_float32(asked, case, x), False)


def _near(problem: PropertyProblem | None, x: tuple[Fraction, ...]) -> list[tuple[Fraction, ...]]:
    """A point, and another that is farther inside of the target."""
    if problem is None:
        return [x]
    scale, free, _ = problem.coordinates
    inner = descended(problem, np.array([[float(x[k] * scale) for k in free]]))[0]
    return [x, problem.coordinates.point([Fraction(v) for v in inner.tolist()])]


def _in_float32(asked: Property, case: int, x: Sequence[Fraction]) -> NDArray[np.float32] | None:
    """The point of float32 numbers in the box of a case that is nearest to a point; None where there is none."""
    box = asked.boxes()[case]
    found = np.zeros(len(x), dtype=np.float32)
    for k, (v, lower, upper) in enumerate(zip(x, *box, strict=True)):
        with np.errstate(over="ignore"):
            near = np.float32(float(v))
        if not np.isfinite(near):
            return None
        if Fraction(float(near)) < lower:
            near = np.nextafter(near, np.float32(np.inf))
        elif Fraction(float(near)) > upper:
            near = np.nextafter(near, np.float32(-np.inf))
        if not np.isfinite(near) or not lower <= Fraction(float(near)) <= upper:
            return None
        found[k] = near
    return found


def _violates_in_float32(network: Network, asked: Property, case: int, x: Any) -> bool:
    with np.errstate(all="ignore"):
        value = x
        for layer in network.layers:
            z = (layer.weight.astype(np.float32) @ value) + layer.bias.astype(np.float32)
            slopes = np.where(z > 0, layer.positive_slope, layer.negative_slope).astype(np.float32)
            value = slopes * z
        y = network.output_weight.astype(np.float32) @ value + network.output_bias.astype(np.float32)
    if not np.isfinite(y).all():
        return False
    exact = tuple(Fraction(float(v)) for v in x), tuple(Fraction(float(v)) for v in y)
    return all(constraint.is_satisfied(*exact) for constraint in asked.cases[case])

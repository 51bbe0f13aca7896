"""Comparisons of values, and what is chosen by them: read where the choice is proved to be continuous.

``where(z > 0, z, z / 10)`` is a leaky ReLU, ``z * (z > 0)`` a ReLU, ``where(z > 1, 1, z)`` a minimum. In each the two
values differ by a function of what is compared with 0, and that function is 0 at 0. So it is proved: all are written as
sums over the same values, in exact arithmetic; the difference of the two sums has to be one of the compared sum alone
(times a number, and bends of it), and 0 where that is. Nothing else is read: a choice that only happens to be
continuous, by what the weights are, is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.errors import UnsupportedLayerError
from polytope_lens.importers import graph
from polytope_lens.importers.sums import sums

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from polytope_lens._types import Floats, Sparse
    from polytope_lens.importers.sums import Sums


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """Numbers that take one of two values, according to the sign of another one.

    Parameters
    ----------
    compared : Tensor
    above, below : float arrays of the shape of `compared`
        The number where `compared` is greater than 0, and where it is not; what it is at 0 does not matter to a choice
        that is continuous.
    """

    compared: graph.Tensor
    above: Floats
    below: Floats

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the numbers."""
        return self.compared.shape

    def with_values(self, function: Callable[[Floats], Floats]) -> Step:
        """A function of the numbers, with broadcasting."""
        above, below = (np.asarray(function(v), dtype=np.float64) for v in (self.above, self.below))
        return Step(graph.broadcast(self.compared, above.shape), above, below)

    def picked(self, index: NDArray[np.int64]) -> Step:
        """Some of the numbers, by their place in C order; -1 for 0."""
        above, below = (np.append(values.ravel(), 0.0)[index] for values in (self.above, self.below))
        return Step(graph.gather([self.compared], index), above, below)


def step(a: graph.Tensor, b: graph.Tensor, above: ArrayLike = 1.0, below: ArrayLike = 0.0) -> Step:
    """One number where a is greater than b, another where it is not."""
    shape = np.broadcast_shapes(a.shape, b.shape)
    if b.constant is not None and not b.constant.any():
        compared = graph.broadcast(a, shape)
    else:
        compared = graph.add([a, b], [1, -1])
    return Step(compared, *(np.broadcast_to(np.asarray(v, dtype=np.float64), shape) for v in (above, below)))


def chosen(condition: Step, a: graph.Tensor, b: graph.Tensor, label: str, where: str) -> graph.Tensor:
    """The first value where a condition is not 0, else the second, with broadcasting.

    Raises
    ------
    UnsupportedLayerError
        The two are not proved to be equal where the condition changes.
    """
    shape = np.broadcast_shapes(condition.shape, a.shape, b.shape)
    both = [graph.broadcast(tensor, shape) for tensor in (a, b)]
    places = [graph.positions(shape, start) for start in (0, both[0].size)]
    sides = [
        graph.gather(both, np.where(np.broadcast_to(values != 0, shape), *places))
        for values in (condition.above, condition.below)
    ]
    return _continuous(graph.broadcast(condition.compared, shape), sides[0], sides[1], label, where)


def product(factor: Step, tensor: graph.Tensor, label: str, where: str) -> graph.Tensor:
    """A step times a value, with broadcasting.

    Raises
    ------
    UnsupportedLayerError
        As `chosen`.
    """
    sides = [graph.scale(tensor, values) for values in (factor.above, factor.below)]
    return _continuous(graph.broadcast(factor.compared, sides[0].shape), sides[0], sides[1], label, where)


def _continuous(
    compared: graph.Tensor, above: graph.Tensor, below: graph.Tensor, label: str, where: str
) -> graph.Tensor:
    """`above` where `compared` is positive, else `below`."""
    for through_weights, into_bends in ((False, False), (False, True), (True, True)):
        forms = sums([compared, above, below], through_weights=through_weights, into_bends=into_bends)
        plan = None if forms is None else _plan(forms)
        if plan is not None:
            return plan.carried_out(compared, below, label)
    raise UnsupportedLayerError(
        f"{where} chooses between two values by a comparison, and that they are equal where it changes is not clear "
        "from how they are made, so the network may jump. Write it with relu, leaky_relu, maximum, minimum or clamp."
    )


# ------------------------------------------------------------------------------------------------ the proof


@dataclass(slots=True, eq=False)
class _Plan:
    """How each value is made: ``rest + bend(compared) + further``, with t = relu(compared) in what is further."""

    n: int
    keeps_below: NDArray[np.bool_]  # rest: the value below, or a constant
    constant: Floats
    negative: Floats
    positive: Floats
    # (place, coefficient, slope, shift, negative, positive): coefficient * bend(slope * t + shift)
    further: list[tuple[int, float, float, float, float, float]] = field(default_factory=list)

    def carried_out(self, compared: graph.Tensor, below: graph.Tensor, label: str) -> graph.Tensor:
        """The values."""
        shape = compared.shape
        parts = [graph.bend(compared, self.negative.reshape(shape), self.positive.reshape(shape), label)]
        if self.keeps_below.any():
            places = np.where(self.keeps_below, np.arange(self.n), -1)
            parts.append(graph.gather([below], places.reshape(shape)))
        if self.constant.any():
            parts.append(graph.constant(self.constant.reshape(shape)))
        if self.further:
            where, coefficient, slope, shift, negative, positive = (
                np.array(v) for v in zip(*self.further, strict=True)
            )
            t = graph.gather([graph.relu(compared, label)], where.astype(np.int64))
            bent = graph.bend(graph.add([graph.scale(t, slope), graph.constant(shift)]), negative, positive, label)
            parts.append(graph.sums(graph.scale(bent, coefficient), where.astype(np.int64), (self.n,)))
            parts[-1] = graph.reshaped(parts[-1], shape)
        return graph.add(parts) if len(parts) > 1 else parts[0]


def _plan(forms: Sums) -> _Plan | None:
    """How each value is made, or None if one is not proved to be continuous, or needs a number that is no float."""
    compared, above, below = forms.matrices
    n = compared.shape[0]
    plan = _Plan(n, np.zeros(n, dtype=bool), np.zeros(n), np.zeros(n), np.zeros(n))
    left = np.flatnonzero(~_simple(compared, above, below, plan))
    return plan if all(_row(forms, int(i), plan) for i in left) else None


def _simple(compared: Sparse, above: Sparse, below: Sparse, plan: _Plan) -> NDArray[np.bool_]:
    """Which values are multiples of what is compared, where that is one atom: their slopes are read off all at once."""
    n, width = compared.shape
    single: NDArray[np.bool_] = np.diff(compared.indptr) == 1
    found = []
    for matrix in (compared, above, below):
        entries = np.diff(matrix.indptr)
        column, value = np.full(n, -1), np.zeros(n)
        rows = np.flatnonzero(entries == 1)
        column[rows], value[rows] = matrix.indices[matrix.indptr[rows]], matrix.data[matrix.indptr[rows]]
        found.append((entries, column, value))
    (_, atom, unit), sides = found[0], found[1:]
    single &= (unit == 1) & (atom < width - 1)
    for entries, column, _ in sides:
        single &= (entries == 0) | ((entries == 1) & (column == atom))
    plan.positive[single], plan.negative[single] = sides[0][2][single], sides[1][2][single]
    return single


def _row(forms: Sums, i: int, plan: _Plan) -> bool:
    """Prove one value continuous, and note how it is made."""
    last = forms.matrices[0].shape[1] - 1
    compared, above, below = (_entries(matrix, i) for matrix in forms.matrices)
    linear = {c: v for c, v in compared.items() if c != last}
    if not linear:
        # What is compared is a constant.
        plan.keeps_below[i] = True
        return compared.get(last, 0) < 0 or above == below
    pair = [_multiple(side, compared, linear, last) for side in (above, below)]
    if pair[0] is not None and pair[1] is not None and pair[0][1] == pair[1][1]:
        numbers = _floats(pair[0][0], pair[1][0], pair[0][1])
        if numbers is not None:
            plan.positive[i], plan.negative[i], plan.constant[i] = numbers
            return True
    difference = {c: above.get(c, Fraction(0)) - below.get(c, Fraction(0)) for c in {*above, *below}}
    difference = {c: v for c, v in difference.items() if v}
    bent = []
    for column in [c for c in difference if c in forms.bends and c not in linear]:
        bend, place = forms.bends[column]
        argument = _multiple(_entries(forms.arguments[bend], place), compared, linear, last)
        if argument is None:
            return False
        bent.append((difference.pop(column), *argument, float(bend.negative[place]), float(bend.positive[place])))
    whole = _multiple(difference, compared, linear, last)
    if whole is None:
        return False
    # The difference as a function of what is compared has to be 0 at 0.
    at_zero = whole[1] + sum(
        coefficient * shift * Fraction(positive if shift > 0 else negative)
        for coefficient, _, shift, negative, positive in bent
    )
    if at_zero != 0:
        return False
    plan.keeps_below[i] = True
    high, low = _split(whole[0])
    constant = _floats(whole[1])
    if high is None or constant is None:
        return False
    plan.positive[i], plan.constant[i] = high, constant[0]
    if low:
        plan.further.append((i, low, 1.0, 0.0, 0.0, 1.0))
    for coefficient, slope, shift, negative, positive in bent:
        exact = _floats(coefficient, slope, shift)
        if exact is None:
            return False
        plan.further.append((i, exact[0], exact[1], exact[2], negative, positive))
    return True


def _entries(matrix: Sparse, i: int) -> dict[int, Fraction]:
    """One row of a matrix, exact."""
    span = slice(matrix.indptr[i], matrix.indptr[i + 1])
    pairs = zip(matrix.indices[span].tolist(), matrix.data[span].tolist(), strict=True)
    return {c: Fraction(v) for c, v in pairs if v}


def _multiple(
    side: dict[int, Fraction], compared: dict[int, Fraction], linear: dict[int, Fraction], last: int
) -> tuple[Fraction, Fraction] | None:
    """A sum as a multiple of what is compared plus a constant: these two numbers, or None if it is none."""
    pivot = next(iter(linear))
    factor = side.get(pivot, Fraction(0)) / linear[pivot]
    if any(side.get(c, 0) != factor * v for c, v in linear.items()) or any(c not in linear for c in side if c != last):
        return None
    return factor, side.get(last, Fraction(0)) - factor * compared.get(last, Fraction(0))


def _floats(*numbers: Fraction) -> tuple[float, ...] | None:
    """Numbers as floats, or None if one is none."""
    try:
        found = tuple(float(number) for number in numbers)
    except OverflowError:
        return None
    return found if all(Fraction(f) == n for f, n in zip(found, numbers, strict=True)) else None


def _split(number: Fraction) -> tuple[float | None, float]:
    """A number as the sum of two floats, of which the first is None if that is not possible."""
    high = _floats(number)
    if high is not None:
        return high[0], 0.0
    try:
        first = float(number)
    except OverflowError:
        return None, 0.0
    rest = _floats(number - Fraction(first))
    return (None, 0.0) if rest is None else (first, rest[0])

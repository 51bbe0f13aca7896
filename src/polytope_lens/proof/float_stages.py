"""A network of a proof log in floats, a cell of it at hand, and sums over its neurons that are bounded there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._compiled.simd import padded
from polytope_lens.proof.sums_above_kernels import LineArrays, StageArrays, SumRows, bound_sums, draw

if TYPE_CHECKING:
    from collections.abc import Iterable

    from polytope_lens._types import Floats
    from polytope_lens.proof.checker import Layer, Multiples

# Numbers of a log that floats handle: powers of two that make weights whole, those that bounds are over, and sizes.
MOST_SCALE, MOST_BITS = 512, 900
LARGEST, SMALLEST = 2.0**200, 2.0**-900
# Sums have so many terms at most (`SLACK`).
MOST_TERMS = 2**20
# So many products at most are made at once, that time is looked at in between; and sums of so many.
AT_ONCE, MOST_ROWS = 2**20, 256


class ProofTally:
    """How many lines of a property's trees and pieces of a count there were, and how many of them integers decided."""

    def __init__(self) -> None:
        self.questions = self.by_integers = 0


class OutOfRangeError(Exception):
    """The log has numbers that floats do not handle, though integers may."""


def require_range(*conditions: object) -> None:
    """Leave the whole log to integers where a condition does not hold."""
    if not all(conditions):
        raise OutOfRangeError


class FloatStages:
    """A network in floats, with room for what is known in one cell.

    Parameters
    ----------
    stages : list of checker.Layer
        The last of them are the outputs.
    dim : int
        Number of inputs.
    """

    def __init__(self, stages: list[Layer], dim: int) -> None:
        self.stages, self.dim, self.arrays = stages, dim, _arrays(stages, dim)
        n, n_hidden = len(self.arrays.bias), len(stages) - 1
        first = self.arrays.first.tolist()
        self.at = [slice(first[at], first[at + 1]) for at in range(n_hidden)]
        self.fans = np.flatnonzero(self.arrays.twin >= 0)
        self.low, self.high, self.lean = np.full(n, -np.inf), np.full(n, np.inf), np.full(n, -1)
        self.units, self.which = np.ones(n_hidden), np.zeros(2, np.int64)
        lines = LineArrays(np.zeros(n, np.int64), *(np.zeros(n) for _ in range(8)))
        self._draw = draw.prepared(self.arrays, lines, self.low, self.high, self.lean, self.units, self.which)
        self.lower, self.upper = np.zeros(dim), np.zeros(dim)
        self.sums = _room(self.arrays)
        self.asked, self.grain = np.zeros(2, np.int64), np.zeros(1)
        self._bound = bound_sums.prepared(
            self.arrays, lines, self.sums, self.asked, self.grain, self.lower, self.upper
        )  # fmt: skip

    def has_neuron(self, at: int, j: int) -> bool:
        """Whether there is a hidden neuron at that place."""
        return at < len(self.at) and j < self.arrays.width[at + 1]

    def is_fan(self, at: int, j: int) -> bool:
        """Whether the neuron there stands for what it gives more than a twin."""
        return j in self.stages[at].fans

    def draw(self, first: int, last: int) -> None:
        """Draw the lines of some layers between the bounds at hand."""
        self.which[:] = first, last
        require_range(self._draw())

    def bound(self, m: int, last: int, grain: float) -> Floats | None:
        """Upper bounds on the first m sums, whose last terms are of that layer; None where floats know none."""
        self.asked[:], self.grain[0] = (m, last), grain
        return self.sums.bound[:m] if self._bound() else None

    def enter(self, lower: Iterable[int], upper: Iterable[int], unit: int) -> None:
        """Take a box of floats around the ends of one."""
        for k, (least, most) in enumerate(zip(lower, upper, strict=True)):
            self.lower[k], self.upper[k] = _beyond(least, unit, -math.inf), _beyond(most, unit, math.inf)

    def greatest(self, last: int, multiples: Multiples) -> float:
        """An upper bound on the number that `checker.highest` finds, up to a factor, for the first so many layers.

        Infinite where floats know none.
        """
        total, dim, sums = multiples.sums, self.dim, self.sums
        terms = [(at, j, v) for at, pairs in multiples.z.items() for j, v in pairs]
        bits = max(v.bit_length() for v in (*total, *(v for _, _, v in terms)))
        if bits > MOST_BITS or len(terms) > len(sums.factor):
            return math.inf
        unit = 1 << bits
        for e, (at, j, v) in enumerate(terms):
            sums.stage[e], sums.neuron[e], sums.factor[e] = at, j, v / unit
        sums.start[:2] = 0, len(terms)
        sums.value[0], sums.x[0] = 0.0, [v / unit for v in total[:dim]]
        sums.constant[0] = total[-1] / unit
        if last == len(self.stages):
            sums.value[0, : len(total) - dim - 1] = [v / unit for v in total[dim:-1]]
        found = self.bound(1, last - 1, 2.0**-bits)
        return math.inf if found is None else float(found[0])


def numbers_of(layer: Layer) -> tuple[Floats, Floats, Floats]:
    """Weights (n, m), biases (n,) and slopes (n, 2) of a layer; none is so large or so small that floats end."""
    require_range(max(layer.scale, layer.unit).bit_length() <= MOST_SCALE)
    require_range(len(layer.rows) <= MOST_TERMS, len(layer.rows[0]) <= MOST_TERMS)
    numbers = np.array(layer.neurons)
    require_range(np.abs(numbers).max() <= LARGEST)
    return numbers[:, 3:-1], numbers[:, -1], numbers[:, :2]


def _arrays(stages: list[Layer], dim: int) -> StageArrays:
    width = [dim, *(len(layer.rows) for layer in stages)]
    stride = [padded(n) for n in width[:-1]]
    weights, biases, slopes = zip(*map(numbers_of, stages), strict=True)
    wide = [np.pad(weight, ((0, 0), (0, s - weight.shape[1]))) for weight, s in zip(weights, stride, strict=True)]
    negative, positive = np.concatenate(slopes).T
    twin, times = np.full(len(negative), -1), np.ones(len(negative))
    for layer, start in zip(stages, np.cumsum([0, *width[1:-1]]).tolist(), strict=True):
        for j, (i, t) in layer.fans.items():
            twin[start + j], times[start + j] = start + i, float(t)
    return StageArrays(
        width=np.array(width),
        first=np.cumsum([0, *width[1:]]),
        weight_start=np.cumsum([0, *(weight.size for weight in wide[:-1])]),
        stride=np.array(stride),
        weight=np.concatenate([weight.ravel() for weight in wide]),
        bias=np.concatenate(biases),
        negative=np.ascontiguousarray(negative),
        positive=np.ascontiguousarray(positive),
        twin=twin,
        times=times,
        grain=np.array([1 / layer.scale for layer in stages]) * [1.0, *(1 / layer.unit for layer in stages[:-1])],
    )


def _room(arrays: StageArrays) -> SumRows:
    m = max(1, min(MOST_ROWS, AT_ONCE // arrays.weight.size))
    d, n, widest = int(arrays.width[0]), len(arrays.bias), int(max(*arrays.stride, *arrays.width))
    return SumRows(
        value=np.zeros((m, widest)), other=np.zeros((m, widest)), constant=np.zeros(m), x=np.zeros((m, d)),
        start=np.zeros(m + 1, np.int64), stage=np.zeros(n, np.int64), neuron=np.zeros(n, np.int64), factor=np.zeros(n),
        bound=np.zeros(m), most=np.zeros(widest), doubt=np.zeros(widest), seen=np.zeros(widest),
        live=np.zeros(widest, np.int64),
    )  # fmt: skip


def _beyond(over: int, under: int, far: float) -> float:
    """A float that is a fraction, or lies beyond it."""
    require_range(over.bit_length() - under.bit_length() < 200)
    end = over / under
    p, q = end.as_integer_ratio()
    if p * under != over * q:
        end = math.nextafter(end, far)
    if 0 < abs(end) < SMALLEST:
        end = math.copysign(SMALLEST, far)
    return end

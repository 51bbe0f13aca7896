"""The trees of a property's log, checked in floats whose errors are bounded; in integers where that is not enough.

This does what `checker.check_cases` does, line by line. A line that floats prove is proved, and whatever they leave
open is decided by `checker` itself, on the same cell. So both accept the same logs.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens.proof import checker
from polytope_lens.proof.checker import Known, Layer, Log, Row, decimal, hexadecimal, require
from polytope_lens.proof.sums_above_kernels import HUGE, LineArrays, StageArrays, SumRows, bound_sums, draw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens._types import Floats, Ints
    from polytope_lens.proof.checker import Case

# Numbers of a log that floats handle: the network's, whole numbers, and the powers of two that bounds are over.
MOST_SCALE, MOST_WHOLE, MOST_BITS = 512, 2**53, 900
LARGEST, SMALLEST = 2.0**200, 2.0**-900
# So many numbers at most are at work at once, that time is looked at in between.
AT_ONCE = 2**20

NONE, NOTHING = np.zeros(0, np.int64), np.zeros(0)


class OutOfRangeError(Exception):
    """The log has numbers that this checker does not handle, though the plain one may."""


class Tally:
    """How many lines were decided, and how many of them in integers."""

    def __init__(self) -> None:
        self.lines = self.by_integers = 0


class FloatCell(NamedTuple):
    """A cell as `checker.Cell`, but for the bounds on its N neurons: floats, and exact, as whole numbers / 2 ** bits."""

    lower: Row
    upper: Row
    unit: int
    low: Floats
    high: Floats
    bits: list[int]  # of each hidden layer
    signs: dict[tuple[int, int], int]
    open: list[int]


class FloatStages:
    """A network in floats, with room for sums over its neurons."""

    def __init__(self, stages: Sequence[Layer], dim: int) -> None:
        require_range(layer.scale.bit_length() <= MOST_SCALE for layer in stages)
        require_range(layer.unit.bit_length() <= MOST_SCALE for layer in stages)
        width = [dim, *(len(layer.rows) for layer in stages)]
        stride = [-(-n // 8) * 8 for n in width[:-1]]
        weights = [np.zeros((n, s)) for n, s in zip(width[1:], stride, strict=True)]
        rows = [np.array([[v / layer.scale for v in row] for row in layer.rows]) for layer in stages]
        for weight, row in zip(weights, rows, strict=True):
            weight[:, : row.shape[1] - 1] = row[:, :-1]
        slopes = np.array([[v / layer.unit for v in pair] for layer in stages for pair in layer.slopes])
        starts = np.cumsum([0, *(weight.size for weight in weights[:-1])])
        grains = [1.0, *(1 / layer.unit for layer in stages[:-1])]
        self.arrays = StageArrays(
            np.array(width), np.cumsum([0, *width[1:]]), starts, np.array(stride),
            np.concatenate([weight.ravel() for weight in weights]), np.concatenate([row[:, -1] for row in rows]),
            np.ascontiguousarray(slopes[:, 0]), np.ascontiguousarray(slopes[:, 1]),
            np.array([grain / layer.scale for grain, layer in zip(grains, stages, strict=True)]),
        )  # fmt: skip
        for numbers in (self.arrays.weight, self.arrays.bias, slopes):
            require_range([float(np.abs(numbers).max(initial=0.0)) <= LARGEST])
        n = len(slopes)
        self.stages, self.dim = stages, dim
        self.lines = LineArrays(np.zeros(n, np.int64), *(np.zeros(n) for _ in range(8)))
        self.at = [slice(start, start + n) for start, n in zip(self.arrays.first, width[1:], strict=False)]
        self.widest = max(*stride, -(-width[-1] // 8) * 8)
        self.rows = max(1, min(256, AT_ONCE // max(1, self.arrays.weight.size)))
        self.room = (
            np.zeros((self.rows, self.widest)), np.zeros((self.rows, self.widest)), np.zeros(self.rows),
            np.zeros((self.rows, dim)), np.zeros(self.rows + 1, np.int64),
        )  # fmt: skip
        self.more = np.zeros(self.rows), *(np.zeros(self.widest) for _ in range(3)), np.zeros(self.widest, np.int64)

    def has_neuron(self, at: int, j: int) -> bool:
        """Whether there is a hidden neuron at that place."""
        return at < len(self.stages) - 1 and j < self.arrays.width[at + 1]

    def sums(self, stage: Ints = NONE, neuron: Ints = NONE, factor: Floats = NOTHING) -> SumRows:
        """Room for sums, with coefficients of pre-activations for the first of them."""
        self.room[4][:] = 0
        return SumRows(*self.room, stage, neuron, factor, *self.more)

    def draw(self, cell: FloatCell, at: int) -> None:
        """Draw the lines of a layer between the bounds of a cell."""
        drawn = draw(self.arrays, self.lines, at, cell.low, cell.high, 2.0 ** cell.bits[at])
        require_range([drawn])

    def draw_all(self, cell: FloatCell) -> None:
        """Draw the lines of all layers."""
        for at in range(len(self.stages) - 1):
            self.draw(cell, at)


def require_range(conditions: Any) -> None:
    """Leave the whole log to integers where a condition does not hold."""
    if not all(conditions):
        raise OutOfRangeError


def check_cases(log: Log, stages: list[Layer], cases: list[Case], which: list[int], tally: Tally) -> None:
    """As `checker.check_cases`."""
    (lower, upper), *others = [cases[i].box for i in which]
    require(all(box == (lower, upper) for box in others), "cases that are closed together have one box")
    unit = math.lcm(*(v.denominator for v in (*lower, *upper)))
    floats = FloatStages(stages, len(lower))
    n = len(floats.lines.kind)
    waiting = [
        FloatCell(
            [int(v * unit) for v in lower], [int(v * unit) for v in upper], unit,
            np.full(n, -np.inf), np.full(n, np.inf), [0] * (len(stages) - 1), {}, [*which],
        )
    ]  # fmt: skip
    while waiting:
        cell = waiting.pop()
        floats.draw_all(cell)
        box = _outward(cell)
        while cell.open:
            words = log.next()
            tally.lines += 1
            if words[0] == "bounds":
                _check_bounds(log, floats, cell, box, words, tally)
            elif words[0] == "close":
                i = decimal(words[1])
                require(i in cell.open, "a case that is not open")
                if not _is_closed(floats, cases[i], cell, box, words):
                    tally.by_integers += 1
                    checker.check_close(stages, cases[i], _exact(stages, cell), words)
                cell.open.remove(i)
            else:
                size = sum((200 + bits) * len(layer.rows) for bits, layer in zip(cell.bits, stages, strict=False))
                log.afford((len(waiting) + 2) * (size + 100 * len(lower) + 200 * len(cell.signs)))
                cell, other = _halves(floats, cell, words)
                waiting.append(other)
                floats.draw_all(cell)
                box = _outward(cell)


def _outward(cell: FloatCell) -> tuple[Floats, Floats]:
    """A box of floats around a cell's."""
    found = []
    for values, far in ((cell.lower, -math.inf), (cell.upper, math.inf)):
        ends = []
        for value in values:
            end = value / cell.unit
            if Fraction(value, cell.unit) != Fraction(end):
                end = math.nextafter(end, far)
            if 0 < abs(end) < SMALLEST:
                end = math.copysign(SMALLEST, far)
            ends.append(end)
        require_range(abs(end) <= LARGEST for end in ends)
        found.append(np.array(ends))
    return found[0], found[1]


def _exact(stages: Sequence[Layer], cell: FloatCell) -> checker.Cell:
    """The same cell for `checker`."""
    known, start = list[Known](), 0
    for layer, bits in zip(stages, cell.bits, strict=False):
        stop = start + len(layer.rows)
        nothing = Known(0, [(None, None)] * len(layer.rows), [checker.lines(p, q, None, None) for p, q in layer.slopes])
        pairs = zip(cell.low[start:stop].tolist(), cell.high[start:stop].tolist(), strict=True)
        news = {j: (_whole(low, bits), _whole(high, bits)) for j, (low, high) in enumerate(pairs)}
        known.append(nothing.with_bounds(layer, bits, news))
        start = stop
    return checker.Cell([*cell.lower], [*cell.upper], cell.unit, known, {**cell.signs}, [*cell.open])


def _whole(end: float, bits: int) -> int | None:
    """A bound times a power of two."""
    return None if math.isinf(end) else int(Fraction(end) * 2**bits)


def _rounded(end: int | None, bits: int, beyond: float) -> float:
    """A bound over a power of two, which is exact."""
    if end is None:
        return beyond
    require_range([abs(end) <= MOST_WHOLE, bits <= MOST_BITS])
    return math.ldexp(end, -bits)


def _take(cell: FloatCell, floats: FloatStages, exact: checker.Cell, at: int) -> None:
    """Take the bounds of a layer that `checker` has accepted."""
    bits, bounds, _ = exact.known[at]
    cell.bits[at] = bits
    cell.low[floats.at[at]] = [_rounded(low, bits, -math.inf) for low, _ in bounds]
    cell.high[floats.at[at]] = [_rounded(high, bits, math.inf) for _, high in bounds]


def _halves(floats: FloatStages, cell: FloatCell, words: list[str]) -> tuple[FloatCell, FloatCell]:
    """As `checker.halves`, which also says what is wrong with a line."""
    numbers = [decimal(word) for word in words[1:]]
    other = cell._replace(low=cell.low.copy(), high=cell.high.copy(), bits=[*cell.bits], open=[*cell.open])
    if words[0] == "halve" and len(numbers) == 1 and numbers[0] < floats.dim:
        (k,) = numbers
        lower, upper = [2 * v for v in cell.lower], [2 * v for v in cell.upper]
        middle, unit = cell.lower[k] + cell.upper[k], 2 * cell.unit
        return (
            cell._replace(lower=lower, upper=[*upper[:k], middle, *upper[k + 1 :]], unit=unit),
            other._replace(lower=[*lower[:k], middle, *lower[k + 1 :]], upper=upper, unit=unit),
        )
    if words[0] == "split" and len(numbers) == 2 and floats.has_neuron(*numbers):
        at, j = numbers
        place = floats.at[at].start + j
        cell.high[place] = min(cell.high[place], 0.0)
        other.low[place] = max(other.low[place], 0.0)
        return cell._replace(signs={**cell.signs, (at, j): -1}), other._replace(signs={**cell.signs, (at, j): 1})
    checker.halves([*floats.stages], _exact(floats.stages, cell), words)
    raise OutOfRangeError


class _News(NamedTuple):
    """What a line says of bounds: of which neurons, and what they are from now on; which ends have to be proved."""

    neurons: list[int]
    ends: tuple[list[float], list[float]]
    asked: list[tuple[int, int, float]]  # the place in `neurons`, -1 for a lower and 1 for an upper end, which


def _news(floats: FloatStages, cell: FloatCell, at: int, bits: int, words: list[str]) -> _News | None:
    """What a line says, or None if that is for `checker` to read."""
    news = _News([], ([], []), [])
    if not floats.has_neuron(at, 0) or not cell.bits[at] <= bits <= MOST_BITS or len(words) % 3:
        return None
    start = floats.at[at].start
    for i in range(3, len(words), 3):
        j = decimal(words[i])
        if not floats.has_neuron(at, j):
            return None
        news.neurons.append(j)
        for sign, word, old, ends in zip((-1, 1), words[i + 1 : i + 3], (cell.low, cell.high), news.ends, strict=True):
            end = float(old[start + j])
            if word != "*":
                value = hexadecimal(word)
                if abs(value) > MOST_WHOLE:
                    return None
                new = math.ldexp(value, -bits)
                if sign * new < sign * end:
                    news.asked.append((i // 3 - 1, sign, new))
                end = new
            ends.append(end)
    return news if len(set(news.neurons)) == len(news.neurons) else None


def _check_bounds(
    log: Log, floats: FloatStages, cell: FloatCell, box: tuple[Floats, Floats], words: list[str], tally: Tally
) -> None:
    """As `checker.check_bounds`."""
    at, bits = decimal(words[1]), decimal(words[2])
    news = _news(floats, cell, at, bits, words)
    if news is None:
        exact = _exact(floats.stages, cell)
        checker.check_bounds(log, [*floats.stages], exact, words)
        _take(cell, floats, exact, at)
    else:
        left = _unproved(log, floats, at, bits, box, news)
        if left:
            tally.by_integers += 1
            rest = words[:3]
            for i in sorted({i for i, _ in left}):
                ends = words[4 + 3 * i : 6 + 3 * i]
                rest += [str(news.neurons[i]), *(e if (i, s) in left else "*" for s, e in zip((-1, 1), ends))]
            checker.check_bounds(log, [*floats.stages], _exact(floats.stages, cell), rest)
        places = np.array(news.neurons, dtype=np.int64) + floats.at[at].start
        cell.low[places], cell.high[places] = news.ends
        cell.bits[at] = bits
    floats.draw(cell, at)


def _unproved(
    log: Log, floats: FloatStages, at: int, bits: int, box: tuple[Floats, Floats], news: _News
) -> set[tuple[int, int]]:
    """Which of the ends that are asked floats do not prove."""
    left = set[tuple[int, int]]()
    for first in range(0, len(news.asked), floats.rows):
        some = news.asked[first : first + floats.rows]
        log.check_time()
        sums, m = floats.sums(), len(some)
        sums.value[:m] = 0.0
        sums.x[:m] = 0.0
        for row, (i, sign, new) in enumerate(some):
            sums.value[row, news.neurons[i]] = sign
            sums.constant[row] = -sign * new
        found = bound_sums(floats.arrays, floats.lines, sums, m, at, 2.0**-bits, *box)
        proved = found & (sums.bound[:m] <= 0)
        left |= {(i, sign) for (i, sign, _), is_proved in zip(some, proved.tolist(), strict=True) if not is_proved}
    return left


def _is_closed(floats: FloatStages, case: Case, cell: FloatCell, box: tuple[Floats, Floats], words: list[str]) -> bool:
    """Whether floats prove a line that closes a case."""
    n, dim = 3 + 2 * decimal(words[2]), floats.dim
    total, touches = [0] * len(case.rows[0]), False
    stage, neuron, factors = list[int](), list[int](), list[int]()
    if len(words) < n or (len(words) - n) % 3:
        return False
    for word, multiplier in zip(words[3:n:2], words[4:n:2], strict=True):
        place, v = decimal(word), hexadecimal(multiplier)
        if v < 0 or place >= len(case.rows):
            return False
        total = [sum_k - v * a for sum_k, a in zip(total, case.rows[place], strict=True)]
        touches |= v > 0 and case.strict[place]
    for i in range(n, len(words), 3):
        at, j, v = decimal(words[i]), decimal(words[i + 1]), hexadecimal(words[i + 2])
        if v < 0 or (at, j) not in cell.signs:
            return False
        stage.append(at)
        neuron.append(j)
        factors.append(v * cell.signs[at, j] * case.unit)
    bits = max(v.bit_length() for v in (*total, *factors))
    if bits > MOST_BITS:
        return False
    scaled = np.array([v / (1 << bits) for v in (*total, *factors)])
    sums = floats.sums(np.array(stage, dtype=np.int64), np.array(neuron, dtype=np.int64), scaled[len(total) :])
    sums.value[0] = 0.0
    sums.value[0, : len(total) - dim - 1] = scaled[dim : len(total) - 1]
    sums.x[0], sums.constant[0] = scaled[:dim], scaled[len(total) - 1]
    sums.start[1] = len(stage)
    last = len(floats.stages) - 1
    found = bound_sums(floats.arrays, floats.lines, sums, 1, last, 2.0**-bits, *box)
    return bool(found and (sums.bound[0] < 0 or (touches and sums.bound[0] == 0)))

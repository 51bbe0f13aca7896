"""The trees of a property's log, checked in floats whose errors are bounded; in integers where that is not enough.

This does what `checker.check_cases` does, line by line. A line that floats prove is proved, and whatever they leave
open is decided by `checker` itself, in the same cell. So both accept the same logs.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens.proof import checker
from polytope_lens.proof.checker import Multiples, Row, decimal, hexadecimal, require
from polytope_lens.proof.float_stages import MOST_BITS, FloatStages, OutOfRangeError, ProofTally, require_range

if TYPE_CHECKING:
    from collections.abc import Iterable

    from polytope_lens._types import Floats, Ints
    from polytope_lens.proof.checker import Case, Cell, Layer, Log


class FloatCell(NamedTuple):
    """A cell as `checker.Cell`, but for what is known of the N neurons: in floats, and yet exact.

    Bounds are whole numbers over 2 ** bits, or infinite.
    """

    lower: Row
    upper: Row
    unit: int
    low: Floats
    high: Floats
    lean: Ints  # slopes of lines through 0, -1 where none is given
    bits: list[int]  # of each hidden layer
    signs: dict[tuple[int, int], int]
    open: list[int]

    def copied(self) -> FloatCell:
        """The same, with arrays and lists of its own."""
        arrays = self._replace(low=self.low.copy(), high=self.high.copy(), lean=self.lean.copy())
        return arrays._replace(bits=[*self.bits], open=[*self.open])


class _Tree(NamedTuple):
    """What all lines of a tree are about."""

    log: Log
    floats: FloatStages
    cases: list[Case]
    tally: ProofTally

    @property
    def stages(self) -> list[Layer]:
        return self.floats.stages

    def exact(self, cell: FloatCell) -> Cell:
        """A cell for `checker`, which is about to decide a line."""
        self.tally.by_integers += 1
        known = []
        for layer, here, bits in zip(self.stages, self.floats.at, cell.bits, strict=False):
            ends = ([_whole(end, bits) for end in side[here].tolist()] for side in (cell.low, cell.high))
            leans = {j: lean for j, lean in enumerate(cell.lean[here].tolist()) if lean >= 0}
            pairs = list(zip(*ends, strict=True))
            known.append(checker.drawn(layer, bits, pairs, leans))
        return checker.Cell([*cell.lower], [*cell.upper], cell.unit, known, {**cell.signs}, [*cell.open])

    def taken(self, cell: FloatCell, exact: Cell) -> FloatCell:
        """The cell that `checker` has come to."""
        for at, (here, known) in enumerate(zip(self.floats.at, exact.known, strict=True)):
            require_range(known.bits <= MOST_BITS)
            cell.bits[at] = known.bits
            cell.low[here] = [-math.inf if low is None else _rounded(low, known.bits) for low, _ in known.bounds]
            cell.high[here] = [math.inf if high is None else _rounded(high, known.bits) for _, high in known.bounds]
            cell.lean[here] = [known.leans.get(j, -1) for j in range(len(known.bounds))]
        self.enter(cell)
        return cell

    def enter(self, cell: FloatCell) -> None:
        """What is known in a cell is at hand from now on."""
        self.floats.enter(cell.lower, cell.upper, cell.unit)
        self.draw(cell, 0, len(self.floats.at) - 1)

    def draw(self, cell: FloatCell, first: int, last: int) -> None:
        """Draw the lines of some layers anew."""
        floats = self.floats
        floats.low[: len(cell.low)], floats.high[: len(cell.low)] = cell.low, cell.high
        floats.lean[: len(cell.low)] = cell.lean
        floats.units[first : last + 1] = [2.0**bits for bits in cell.bits[first : last + 1]]
        floats.draw(first, last)


def _whole(end: float, bits: int) -> int | None:
    """A bound times a power of two."""
    return None if math.isinf(end) else int(Fraction(end) * 2**bits)


def _rounded(end: int, bits: int) -> float:
    """A bound over a power of two, which has to be exact."""
    require_range(end.bit_length() <= MOST_BITS)
    require_range(float(end) == end)
    return math.ldexp(end, -bits)


def check_cases(log: Log, both: list[list[Layer]], cases: list[Case], which: list[int], tally: ProofTally) -> Fraction:
    """As `checker.check_cases`, which slopes are left to."""
    if any(cases[i].slope for i in which):
        return checker.check_cases(log, both, cases, which)
    lower, upper, unit = checker.shared_box(cases, which)
    stages = both[1]
    plain = _Tree(log, FloatStages(stages, len(lower)), cases, tally)
    first = plain if both[0] is stages else _Tree(log, FloatStages(both[0], len(lower)), cases, tally)
    n = sum(len(layer.rows) for layer in stages[:-1])
    known = np.full(n, -np.inf), np.full(n, np.inf), np.full(n, -1), [0] * (len(stages) - 1)
    measured = Fraction(0)
    waiting = [(first, FloatCell(lower, upper, unit, *known, {}, [*which]))]
    while waiting:
        tree, cell = waiting.pop()
        tree.enter(cell)
        while cell.open:
            words = log.next()
            tally.questions += 1
            if words[0] == "bounds":
                cell = _check_bounds(tree, cell, words)
            elif words[0] in ("above", "below"):
                cell = _check_end(tree, cell, words)
            elif words[0] == "slopes":
                cell = _check_leans(tree, cell, words)
            elif words[0] == "close":
                i = decimal(words[1])
                require(i in cell.open, "a case that is not open")
                _check_close(tree, cases[i], cell, words)
                cell.open.remove(i)
            elif words == ["volume"]:
                measured += checker.measure(log, stages, cases, tree.exact(cell))
                cell.open.clear()
            elif words == ["apart"]:
                cell.low[tree.floats.fans], cell.high[tree.floats.fans], cell.lean[:] = -np.inf, np.inf, -1
                tree = plain
                tree.enter(cell)
            else:
                size = sum((200 + bits) * len(layer.rows) for bits, layer in zip(cell.bits, stages, strict=False))
                inputs = (100 + cell.unit.bit_length() // 4) * len(lower)
                log.afford((len(waiting) + 2) * (size + inputs + 200 * len(cell.signs)))
                cell, other = _halves(tree, cell, words)
                waiting.append((tree, other))
                tree.enter(cell)
    return measured


def _halves(tree: _Tree, cell: FloatCell, words: list[str]) -> tuple[FloatCell, FloatCell]:
    """As `checker.halves`, which also says what is wrong with a line."""
    numbers, floats = [decimal(word) for word in words[1:]], tree.floats
    cell.lean[:] = -1
    other = cell.copied()
    if (
        words[0] == "halve"
        and len(numbers) == 1
        and numbers[0] < floats.dim
        and cell.lower[k := numbers[0]] < cell.upper[k]
    ):
        lower, upper = [2 * v for v in cell.lower], [2 * v for v in cell.upper]
        middle, unit = cell.lower[k] + cell.upper[k], 2 * cell.unit
        return (
            cell._replace(lower=lower, upper=[*upper[:k], middle, *upper[k + 1 :]], unit=unit),
            other._replace(lower=[*lower[:k], middle, *lower[k + 1 :]], upper=upper, unit=unit),
        )
    if words[0] == "split" and len(numbers) == 2 and floats.has_neuron(*numbers) and not floats.is_fan(*numbers):
        at, j = numbers
        place = floats.at[at].start + j
        cell.high[place] = min(cell.high[place], 0.0)
        other.low[place] = max(other.low[place], 0.0)
        return cell._replace(signs={**cell.signs, (at, j): -1}), other._replace(signs={**cell.signs, (at, j): 1})
    checker.halves(tree.stages, tree.exact(cell), words)
    raise OutOfRangeError


class _News(NamedTuple):
    """Bounds that a line states: of which neurons, which they have from now on, and what has to be proved."""

    neurons: list[int]
    low: list[float]
    high: list[float]
    asked: list[tuple[int, int, float]]  # the place in `neurons`, -1 for a lower and 1 for an upper bound, the bound


def _check_bounds(tree: _Tree, cell: FloatCell, words: list[str]) -> FloatCell:
    """As `checker.check_bounds`."""
    news = _news(tree.floats, cell, words)
    if news is None:
        exact = tree.exact(cell)
        checker.check_bounds(tree.log, tree.stages, exact, words)
        return tree.taken(cell, exact)
    at, bits = decimal(words[1]), decimal(words[2])
    left = _unproved(tree, at, bits, news)
    if left:
        rest = words[:3]
        for i in sorted({i for i, _ in left}):
            low, high = words[4 + 3 * i : 6 + 3 * i]
            rest += [words[3 + 3 * i], low if (i, -1) in left else "*", high if (i, 1) in left else "*"]
        checker.check_bounds(tree.log, tree.stages, tree.exact(cell), rest)
    places = [tree.floats.at[at].start + j for j in news.neurons]
    cell.low[places], cell.high[places] = news.low, news.high
    cell.bits[at] = bits
    tree.draw(cell, at, at)
    return cell


def _news(floats: FloatStages, cell: FloatCell, words: list[str]) -> _News | None:
    """What a line says, or None if that is for `checker` to read."""
    at, bits = decimal(words[1]), decimal(words[2])
    if not floats.has_neuron(at, 0) or not cell.bits[at] <= bits <= MOST_BITS or len(words) % 3:
        return None
    neurons = [decimal(word) for word in words[3::3]]
    if len(set(neurons)) < len(neurons) or not all(floats.has_neuron(at, j) for j in neurons):
        return None
    places, asked = [floats.at[at].start + j for j in neurons], list[tuple[int, int, float]]()
    found = [cell.low[places].tolist(), cell.high[places].tolist()]
    for sign, ends, side in zip((-1, 1), (words[4::3], words[5::3]), found, strict=True):
        for i, word in enumerate(ends):
            if word == "*":
                continue
            value = hexadecimal(word)
            if value.bit_length() > MOST_BITS or float(value) != value:
                return None
            new = math.ldexp(value, -bits)
            if sign * new < sign * side[i]:
                asked.append((i, sign, new))
                side[i] = new
    return _News(neurons, found[0], found[1], asked)


def _unproved(tree: _Tree, at: int, bits: int, news: _News) -> set[tuple[int, int]]:
    """Which of the bounds that are asked floats do not prove: their places and signs."""
    sums, left, most = tree.floats.sums, set[tuple[int, int]](), len(tree.floats.sums.bound)
    for first in range(0, len(news.asked), most):
        some = news.asked[first : first + most]
        tree.log.check_time()
        m = len(some)
        places, signs, ends = zip(*some, strict=True)
        sums.value[:m], sums.x[:m], sums.start[: m + 1] = 0.0, 0.0, 0
        sums.value[range(m), [news.neurons[i] for i in places]] = signs
        sums.constant[:m] = -np.array(signs) * ends
        found = tree.floats.bound(m, at, 2.0**-bits)
        proved = np.zeros(m, bool) if found is None else found <= 0
        left |= {(places[row], signs[row]) for row in np.flatnonzero(~proved).tolist()}
    return left


def _signed(cell: FloatCell) -> Cell:
    """What `checker` needs to know of a cell to read multiples."""
    return checker.Cell(cell.lower, cell.upper, cell.unit, [], cell.signs, cell.open)


def _check_close(tree: _Tree, case: Case, cell: FloatCell, words: list[str]) -> None:
    """As `checker.check_close`."""
    multiples = checker.read_multiples(tree.stages, case, _signed(cell), words[2:])
    above = tree.floats.greatest(len(tree.stages), multiples)
    if not (above < 0 or (multiples.strict and above == 0)):
        checker.check_close(tree.stages, case, tree.exact(cell), words)


def _check_end(tree: _Tree, cell: FloatCell, words: list[str]) -> FloatCell:
    """As `checker.check_bounds`, for a bound that multiples of signs have a part in."""
    sign, floats, z = (1 if words[0] == "above" else -1), tree.floats, dict[int, list[tuple[int, int]]]()
    (at, bits, j), end, scale = map(decimal, words[1:4]), hexadecimal(words[4]), hexadecimal(words[5])
    is_in_range = floats.has_neuron(at, j) and cell.bits[at] <= bits <= MOST_BITS and scale > 0
    for layer, neuron, v in [
        *checker.of_signs(_signed(cell), words[6:]),
        (at, j, sign * scale << min(bits, MOST_BITS)),
    ]:
        z.setdefault(layer, []).append((neuron, v))
    multiples = Multiples([0] * floats.dim + [-sign * scale * end], z, strict=False)
    is_float = end.bit_length() <= MOST_BITS and float(end) == end
    if not (is_in_range and is_float and floats.greatest(max(z) + 1, multiples) <= 0):
        exact = tree.exact(cell)
        checker.check_bounds(tree.log, tree.stages, exact, words)
        return tree.taken(cell, exact)
    place, new = floats.at[at].start + j, math.ldexp(end, -bits)
    ends = cell.high if sign > 0 else cell.low
    ends[place] = sign * min(sign * float(ends[place]), sign * new)
    cell.bits[at] = bits
    tree.draw(cell, at, at)
    return cell


def _check_leans(tree: _Tree, cell: FloatCell, words: list[str]) -> FloatCell:
    """As `checker.check_leans`, which also says what is wrong with a line."""
    at, floats = decimal(words[1]), tree.floats
    news = {decimal(j): hexadecimal(lean) for j, lean in _pairs(words[2:])}
    in_range = all(floats.has_neuron(at, j) and 0 <= lean <= 1 << checker.SLOPE_BITS for j, lean in news.items())
    if not in_range or not floats.has_neuron(at, 0):
        exact = tree.exact(cell)
        checker.check_leans(tree.stages, exact, words)
        return tree.taken(cell, exact)
    cell.lean[[floats.at[at].start + j for j in news]] = list(news.values())
    tree.draw(cell, at, at)
    return cell


def _pairs(words: list[str]) -> Iterable[tuple[str, str]]:
    return zip(words[::2], words[1::2], strict=True)

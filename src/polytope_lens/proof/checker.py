"""Check a proof log of polytope_lens.

    python checker.py LOG [SECONDS] [--jobs N] [--piece K]

This file proves again, in integers, what a log claims: that the regions which it lists are all those of its network in
its domain; that no point of a domain violates a property of outputs, or that one does; how great outputs are, or the
differences of two networks, how near a violation is, how steep a network is, or how often a property is violated. It
needs nothing but Python's standard library and trusts nothing in the log: copy it, read it, run it. docs/proofs.md has
the format, and why the checks below suffice. The exit code is 0 if it is proved. What would take more than 256 MB and
200 times the log of memory, or more than so many seconds, is not proved.

Nobody has to read all of it. Chapters 1, 2 and 12 read a log; with those named here they prove

    how many regions there are                  3, 4, 6
    the same in the plane                       3, 5, 6
    that a property holds, or is violated       7
    a greatest value, a radius                  7, 8
    how steep a network is                      7, 9
    a largest difference of two networks        7, 8, 10
    how large a share of a domain is            3, 7, 11

A row ``[a_1 ... a_d, c]`` of integers stands for the affine function ``a . u + c``, and in a cell for the halfspace
``a . u + c <= 0``. A column ``[x_1 ... x_d, t]`` stands for the point x / t, where t > 0.
"""

import argparse
import hashlib
import math
import os
import re
import sys
import time
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from fractions import Fraction
from functools import lru_cache, reduce
from gzip import BadGzipFile, GzipFile
from itertools import compress, count, product
from multiprocessing import get_context
from operator import add, mul, or_, sub
from typing import Any, BinaryIO, NamedTuple

Row = list[int]
SECONDS = 600.0
FREE_BYTES, BYTES_PER_BYTE = 2**28, 200


# 1. Lines and numbers -----------------------------------------------------------------------------------------------
class RejectedError(Exception):
    """The log proves nothing; the message says why."""


def require(condition: object, message: str) -> None:
    if not condition:
        raise RejectedError(message)


class Budget:
    """The time and the memory that a log is granted."""

    def __init__(self, size: int, seconds: float) -> None:
        self.held, self.most = 0, FREE_BYTES + BYTES_PER_BYTE * size
        self.seconds, self.started = seconds, time.monotonic()

    def left(self) -> float:
        return self.started + self.seconds - time.monotonic()

    def check_time(self) -> None:
        require(
            self.left() >= 0,
            f"not decided within {self.seconds:g} seconds: if you believe that it is a proof, allow more",
        )

    def timed(self, columns: Iterable[Row]) -> Iterator[Row]:
        for column in columns:
            self.check_time()
            yield column

    def afford(self, n_bytes: int) -> None:
        """Refuse what takes more memory, beside what is held, than a log of this size is granted."""
        require(self.held + n_bytes <= self.most, f"it needs more than the {self.most:.2g} bytes that it is granted")

    def hold(self, n_bytes: int) -> None:
        """Count memory that stays in use."""
        self.afford(n_bytes)
        self.held += n_bytes


class Log(Budget):
    """The lines of a log, split into words; each number is written in one way only. The last line is the digest."""

    def __init__(self, file: BinaryIO, size: int, seconds: float = SECONDS, means: Any = None) -> None:
        super().__init__(size, seconds)
        self.cases: Any = means[0] if means else check_cases
        self.forms: dict[str, Any] = means[1] if means else FORMS
        self.file, self.size, self.digest, self.number, self.n_bytes = file, size, hashlib.sha256(), 0, 0
        self.raw: bytes | None = None

    @property
    def words(self) -> list[str]:
        """The words of the line that comes next; none at the end."""
        if self.raw is None:
            self.raw = self.file.readline(self.most // 20 - self.n_bytes + 1)
            self.n_bytes += len(self.raw)
            self.afford(20 * self.n_bytes)
            self.number += 1
        return self.raw.decode("ascii").split()

    def next(self, keyword: str | None = None, n: int | None = None) -> list[str]:
        """The words of the next line, n of them if that is known."""
        words = self.words
        require(words, "the log ends too early")
        require(keyword in (None, words[0]), f"expected a line '{keyword} ...', but found '{words[0][:20]} ...'")
        require(n in (None, len(words)), f"expected {n} words, but found {len(words)}")
        require(" ".join(words).encode() + b"\n" == self.raw, "a line is words with single spaces between them")
        self.check_time()
        self.digest.update(self.raw or b"")
        self.raw = None
        return words

    def piece(self, n_bytes: int, *, skip: bool) -> bytes | None:
        """So many bytes after a line, or None if they are passed over."""
        self.check_time()
        if skip:
            self.file.seek(n_bytes, os.SEEK_CUR)
            return None
        self.afford(8 * n_bytes)
        text = self.file.read(n_bytes)
        self.number += text.count(b"\n")
        return text


def decimal(word: str) -> int:
    is_plain = len(word) < 19 and word.isdigit() and word == str(int(word))
    require(is_plain, "a number of things is written in decimal digits")
    return int(word)


def hexadecimal(word: str) -> int:
    value = int(word, 16)
    require(word == f"{value:x}", "an integer is written in hexadecimal digits")
    return value


def fraction(word: str) -> Fraction:
    over, _, under = word.partition("/")
    value = Fraction(hexadecimal(over), hexadecimal(under) if under else 1)
    shown = f"{value.numerator:x}" + (f"/{value.denominator:x}" if value.denominator > 1 else "")
    require(word == shown, "a fraction is written in lowest terms, in hexadecimal digits")
    return value


def shown(value: Fraction) -> str:
    """In decimal digits, or in those of the log where they are thousands."""
    p, q = value.as_integer_ratio()
    return str(value) if max(p.bit_length(), q.bit_length()) < 10_000 else f"{p:#x}/{q:#x}"


def about(value: Fraction) -> str:
    """The same, or where that is long, what it is near."""
    text = shown(value)
    return text if len(text) < 20 or abs(value) > 2**1000 else f"about {float(value)!r}"


def coordinates(point: list[Fraction]) -> str:
    return f"({', '.join(map(about, point))})"


def integers(rows: list[list[float]]) -> tuple[list[Row], int]:
    """Rows of floats times the least power of two >= 1 that makes all of them integers, and that power."""
    pairs = [[*map(float.as_integer_ratio, row)] for row in rows]
    scale = max([q for row in pairs for _, q in row], default=1)
    return [[p * (scale // q) for p, q in row] for row in pairs], scale


def longest(rows: list[Row]) -> int:
    """Bits of the longest number."""
    return max((value.bit_length() for row in rows for value in row), default=0)


# 2. Networks and domains --------------------------------------------------------------------------------------------
class Layer:
    """A hidden layer; its weights and slopes are multiplied by powers of two. `by_twins` tells what fans are."""

    def __init__(self, neurons: list[list[float]], fans: dict[int, tuple[int, Fraction]] | None = None) -> None:
        # A neuron is [negative slope, positive slope, whether it cuts, weights ..., bias].
        self.neurons, self.fans = neurons, fans or {}
        self.slopes, self.unit = integers([neuron[:2] for neuron in neurons])
        self.cuts = [bool(neuron[2]) for neuron in neurons]
        self.rows, self.scale = integers([neuron[3:] for neuron in neurons])
        self.columns = list(zip(*self.rows))
        self.n_bits = sum(self.cuts)
        self.last: tuple[Row, Row] = [0] * len(self.rows[0]), [0] * len(self.rows)
        # So many bits at most are longer what this layer computes of what it sees, and what the next one sees of that.
        first = max(self.scale, *(sum(map(abs, row)) for row in self.rows)).bit_length()
        self.longer = first, longest([*self.slopes, [self.unit]])

    def preactivations(self, columns: Iterable[Row]) -> list[Row]:
        found = list[Row]()
        for column in columns:
            # Many neurons are off, and many are what they were in the column before.
            news, z = [*map(sub, column, self.last[0])], self.last[1]
            if news.count(0) <= column.count(0):
                news, z = column, [0] * len(self.rows)
            some = [v for v in news if v]
            self.last = column, [v + sum(map(mul, compress(row, news), some)) for v, row in zip(z, self.rows)]
            found.append(self.last[1])
        return found

    def activations(self, columns: list[Row], z: list[Row], on: list[bool]) -> list[Row]:
        """What the next layer sees, given what this one saw, its pre-activations and which of its neurons are on."""
        chosen = [slopes[up] for slopes, up in zip(self.slopes, on)]
        factor = self.scale * self.unit
        return [[*map(mul, chosen, values), column[-1] * factor] for values, column in zip(z, columns)]


def read_floats(words: list[str], n: int) -> list[float]:
    values = [*map(float.fromhex, words)]
    require(len(values) == n and all(map(math.isfinite, values)), f"expected {n} finite numbers")
    require([*map(float.hex, values)] == words, "a float is written as float.hex does")
    return values


def read_network(log: Log) -> tuple[int, list[Layer]]:
    """The number of inputs, and the hidden layers; the output layer has no part in the regions."""
    dim = decimal(log.next("inputs", 2)[1])
    fan_in, layers = dim, list[Layer]()
    while log.words[:1] == ["layer"]:
        width = decimal(log.next(n=2)[1])
        neurons = [read_floats(log.next("neuron")[1:], fan_in + 4) for _ in range(width)]
        require(dim > 0 and neurons, "a layer without inputs or neurons")
        require(all(n[2] == 1 or (n[2] == 0 and n[0] == n[1]) for n in neurons), "a neuron that bends must cut")
        layers.append(Layer(neurons))
        fan_in = width
    return dim, layers


def read_outputs(log: Log, dim: int, layers: list[Layer]) -> list[Layer]:
    """All layers of a network, given its hidden ones."""
    fan_in = len(layers[-1].rows) if layers else dim
    rows = [read_floats(log.next("output")[1:], fan_in + 1) for _ in range(decimal(log.next("outputs", 2)[1]))]
    require(dim > 0 and rows, "a network without inputs or outputs")
    return [*layers, Layer([[1.0, 1.0, 0.0, *row] for row in rows])]


def lengths(layers: list[Layer], columns: list[Row]) -> list[int]:
    """For each layer, so many bits at most have its pre-activations, given what the first one sees."""
    bits, found = longest(columns), list[int]()
    for layer in layers:
        first, second = layer.longer
        found.append(bits + first)
        bits += first + second
    return found


def afford_layers(log: Budget, layers: list[Layer], columns: list[Row]) -> None:
    """Refuse numbers that become too long behind many layers, before they are computed."""
    total = sum(layer.n_bits for layer in layers) * len(layers) // 8
    for layer, bits in zip(layers, lengths(layers, columns)):
        total += 8 * len(columns) * len(layer.rows) * (bits // 8 + 64)
    log.afford(total)


class Chart(NamedTuple):
    """The points [x; t] = sum of s_k columns[k] + columns[-1] where sides are <= 0, in a box first |s_k| <= 1."""

    columns: list[Row]
    sides: list[Row]
    in_box: bool


def unit(k: int, dim: int, sign: int = 1) -> Row:
    row = [0] * (dim + 1)
    row[k] = sign
    return row


def read_domain(log: Log, dim: int) -> tuple[str, Chart]:
    """What the domain is, and a chart of it."""
    words = log.next("domain")
    if words[1] == "box":
        ends = read_floats(words[2:], 2 * dim)
        log.afford(64 * dim * (dim + 2))
        return f"box from {ends[:dim]} to {ends[dim:]}", in_box(ends, [])
    require(len(words) == 3 and words[1] == "polytope", "a domain is a box or a polytope")
    n_sides = decimal(words[2])
    floats = [read_floats(log.next("side")[1:], dim + 1) for _ in range(n_sides)]
    log.afford(64 * (2 * dim + n_sides) * (dim + 2))
    told = f"all of R^{dim}" + "".join(f"; {side[:-1]} . x <= {-side[-1]}" for side in floats)
    sides = [integers([side])[0][0] for side in floats if any(side)]
    if log.words[:1] != ["box"]:
        return told, Chart([unit(k, dim) for k in range(dim + 1)], sides, False)
    ends, proofs = read_floats(log.next()[1:], 2 * dim), log.next("within", 2 * dim + 1)[1:]
    (below, above), q = integers([ends[:dim], ends[dim:]])
    require(all(map(int.__lt__, below, above)), "a box around a polytope has lower < upper")
    both = (q, below), (-q, above)
    rows = [[*unit(k, dim, s)[:-1], -v if s > 0 else v] for s, side in both for k, v in enumerate(side)]
    for row, names in zip(rows, proofs):
        require(NAMES.fullmatch(names), "sides are named by letters")
        add_up(row, [sides[place(name)] for name, _ in PAIR.findall(names)])
    return told, in_box(ends, sides)


def in_box(ends: list[float], sides: list[Row]) -> Chart:
    """The chart of a box and of sides in it: s_k runs from -1 to 1 along the axes on which the box is not flat."""
    dim = len(ends) // 2
    (below, above), q = integers([ends[:dim], ends[dim:]])
    require(all(map(int.__le__, below, above)), "a box has lower <= upper")
    columns = [unit(k, dim, hi - lo) for k, (lo, hi) in enumerate(zip(below, above)) if lo < hi]
    columns.append([*map(add, below, above), 2 * q])
    n = len(columns) - 1
    ends_of_s = [[*unit(k, n, sign)[:-1], -1] for sign in (1, -1) for k in range(n)]
    return Chart(columns, ends_of_s + [[sum(map(mul, side, column)) for column in columns] for side in sides], True)


# 3. Halfspaces, and numbers in slots --------------------------------------------------------------------------------
PAIR = re.compile("([g-z]*[A-Z])([0-9a-f]*)")
NAMES = re.compile("([g-z]*[A-Z])+")


@lru_cache(2**12)
def place(name: str) -> int:
    """Where in a cell's halfspaces one is found: -1 for A, which was added last, -2 for B and so on."""
    alphabets = 0
    for letter in name[:-1]:
        alphabets = 20 * alphabets + ord(letter) - ord("g") + 1
    return -1 - 26 * alphabets - ord(name[-1]) + ord("A")


def solved(equations: list[Row], n: int) -> tuple[int, list[Row]]:
    """Equations for the first n unknowns without fractions: their determinant, or minus that, times each; or 0."""
    scale = 1
    for i in range(n):
        pivot = next((e for e in range(i, len(equations)) if equations[e][i]), None)
        if pivot is None:
            return 0, equations
        equations[i], equations[pivot] = equations[pivot], equations[i]
        head = equations[i]
        for e, other in enumerate(equations):
            if e != i:
                equations[e] = [(head[i] * v - other[i] * w) // scale for v, w in zip(other, head)]
        scale = head[i]
    return scale, equations


def add_up(row: Row, halfspaces: list[Row]) -> None:
    """Prove that a row is >= 0 where halfspaces are <= 0: the only multiples that make a constant are tried."""
    equations = [[*column[:-1], -column[-1]] for column in zip(*(half[:-1] for half in halfspaces), row[:-1])]
    scale, equations = solved(equations, len(halfspaces))
    require(scale, "halfspaces that depend on each other")
    multipliers = [equation[-1] for equation in equations[: len(halfspaces)]]
    if scale < 0:
        scale, multipliers = -scale, [-v for v in multipliers]
    require(min(multipliers, default=1) > 0, "a multiplier that is not positive")
    total = [scale * v for v in row]
    for factor, half in zip(multipliers, halfspaces):
        total = [v + factor * h for v, h in zip(total, half)]
    require(not any(total[:-1]) and total[-1] >= 0, "the multipliers do not prove it")


class Slots:
    """Numbers side by side in one integer, so that one addition or multiplication does for all.

    Each has so many bytes, of which so many from the lowest on are used; what is added to make all of them nonnegative
    makes the highest of these bits one where the number is.
    """

    def __init__(self, n: int, size: int, used: int) -> None:
        self.size, self.n_bytes, self.half = size, n * size, 1 << 8 * used - 1
        self.ones = sum(1 << 8 * size * k for k in range(n))
        self.bias = self.ones * self.half

    def packed(self, numbers: Iterable[int]) -> int:
        return sum(v << 8 * self.size * k for k, v in enumerate(numbers))

    def raw(self, value: int) -> bytes:
        return (value + self.bias).to_bytes(self.n_bytes, "little")

    def unpacked(self, value: int) -> Row:
        raw, size, half = self.raw(value), self.size, self.half
        return [int.from_bytes(raw[at : at + size], "little") - half for at in range(0, self.n_bytes, size)]


# 4. Counts: cells as halfspaces -------------------------------------------------------------------------------------
# A step is a neuron that cuts, or one that is on or off, for which multipliers of halfspaces are named. A halfspace is
# named by a capital letter, the last one of the cell by A; small letters before it count the alphabets.
STEP = re.compile("(0|[1-9][0-9]{0,17})([-+])([1-9]?)((?:[g-z]*[A-Z][0-9a-f]*)+)")
DIGITS = re.compile("[0-9a-f]+")
BITS = 64
NOT_YET = Row()


def shortened(row: Row) -> Row:
    """A function that is less than a row, up to a power of two, where |s_k| <= 1; its numbers have 64 bits."""
    excess = max(map(int.bit_length, row)) - BITS
    if excess <= 0:
        return [v << -excess for v in row]
    row = [v >> excess for v in row]
    row[-1] -= len(row) - 1
    return row


class Part(NamedTuple):
    """A part of a chart: halfspaces, and what is known of the neurons of the layer at hand."""

    depth: int
    seen: Row  # what the layer sees: rows, packed
    z: Row  # its pre-activations, packed
    rows: list[Row]
    on: dict[int, bool]  # the neurons that have been decided
    halfspaces: list[Row]
    short: list[Row]  # the same, shortened as soon as it is asked for


class Tree:
    """Cells are halfspaces: multipliers show that neurons do not cut one, and a point inside that it is not empty."""

    def __init__(self, layers: list[Layer], chart: Chart, budget: Budget) -> None:
        self.layers, self.chart, self.budget = layers, chart, budget
        self.counts, self.sizes = [0] * len(layers), [*(layer.n_bits for layer in layers), -1]
        size = max(lengths(layers, chart.columns), default=longest(chart.columns)) // 8 + 1
        self.slots, self.bytes_per_row = Slots(len(chart.columns), size, size), (size + 64) * len(chart.columns)

    def root(self) -> Part:
        seen = [self.slots.packed(row) for row in zip(*self.chart.columns)]
        return self.entered(0, seen, [*self.chart.sides], [NOT_YET] * len(self.chart.sides))

    def entered(self, depth: int, seen: Row, halfspaces: list[Row], short: list[Row]) -> Part:
        """A cell where a layer begins: neurons that do not vanish in the box inside are decided at once."""
        self.budget.check_time()
        on, z, in_box = dict[int, bool](), Row(), self.chart.in_box
        if depth < len(self.layers):
            (z,) = self.layers[depth].preactivations([seen])
        rows = [self.slots.unpacked(v) for v in z]
        for j, row in enumerate(rows):
            constant, most = row[-1], sum(map(abs, row)) - abs(row[-1])
            if (most == 0 or (in_box and not -most < constant < most)) and self.layers[depth].cuts[j]:
                on[j] = constant > 0
        return Part(depth, seen, z, rows, on, halfspaces, short)

    def advanced(self, cell: Part) -> Part:
        """The cell behind the layers whose neurons have all been decided."""
        while len(cell.on) == self.sizes[cell.depth]:
            self.counts[cell.depth] += 1
            if cell.depth + 1 == len(self.layers):
                return cell._replace(depth=len(self.layers), rows=[])
            on = [cell.on.get(j, True) for j in range(len(cell.z))]
            (seen,) = self.layers[cell.depth].activations([cell.seen], [cell.z], on)
            cell = self.entered(cell.depth + 1, seen, cell.halfspaces, cell.short)
        return cell

    def follow(self, cell: Part, steps: list[str], waiting: list[Part]) -> Part:
        """The cell after some steps; the halves where neurons are on that cut it are put on a stack."""
        for step in steps:
            if len(cell.on) == self.sizes[cell.depth]:
                cell = self.advanced(cell)
            depth, seen, z, rows, on, halfspaces, short = cell
            found = None if step.isdigit() else STEP.fullmatch(step)
            j = int(found[1]) if found else decimal(step)
            require(j < len(rows) and self.layers[depth].cuts[j] and j not in on, "no neuron that is to be decided")
            row = rows[j]
            if not found:
                self.budget.afford((len(waiting) + 1) * (16 * len(halfspaces) + 100 * len(on) + self.bytes_per_row))
                minus = [-v for v in row]
                waiting.append(Part(depth, seen, z, rows, {**on, j: True}, [*halfspaces, minus], [*short, NOT_YET]))
                on[j] = False
                halfspaces.append(row)
                short.append(NOT_YET)
                continue
            on[j] = found[2] == "+"
            target = row if on[j] else [-v for v in row]
            pairs = PAIR.findall(found[4])
            if found[3]:
                shift = 4 * int(found[3])
                total = [v << shift for v in shortened(target)]
                for name, digits in pairs:
                    if digits[0] == "0":
                        raise RejectedError("a multiplier is positive, without leading zeros")
                    factor, at = int(digits, 16), place(name)
                    half = short[at]
                    if not half:
                        half = short[at] = shortened(halfspaces[at])
                    total = [v + factor * h for v, h in zip(total, half)]
                constant = total.pop()
                require(self.chart.in_box and constant >= sum(map(abs, total)), "no proof that a neuron does not cut")
            else:
                require(not any(digits for _, digits in pairs), "multipliers without their scale")
                self.budget.afford(len(row) ** 2 * self.bytes_per_row)
                add_up(target, [halfspaces[place(name)] for name, _ in pairs])
        return cell

    def finish(self, cell: Part, lines: Iterator[str]) -> None:
        """Prove all of a cell, a region with each line."""
        waiting, first = [cell], 2 * len(self.chart.columns) - 2 if self.chart.in_box else 0
        for line in lines:
            require(waiting, "more regions than cells")
            *steps, point = line.split(" ")
            cell = self.advanced(self.follow(waiting.pop(), steps, waiting))
            require(cell.depth == len(self.layers), "a region before all neurons are decided")
            column = self.point(point)
            for row in cell.halfspaces[first:]:
                if sum(map(mul, row, column)) >= 0:
                    raise RejectedError("a point outside its region")
            self.budget.check_time()
        require(not waiting, "a cell without regions")

    def point(self, word: str) -> Row:
        """A column, which is inside the box if there is one."""
        n = len(self.chart.columns) - 1
        if self.chart.in_box:
            size, rest = divmod(len(word), n)
            require(DIGITS.fullmatch(word) and not rest, "a point is as many fractions of the box")
            fractions = [int(word[i : i + size], 16) for i in range(0, len(word), size)]
            require(all(fractions), "a point on the border of the box")
            one = 1 << 4 * size
            return [*(2 * v - one for v in fractions), one]
        column = [hexadecimal(v) for v in word.split(",")]
        require(len(column) == n + 1 and column[-1] > 0, "a point is numbers over a positive one")
        return column


# 5. Counts: polygons ------------------------------------------------------------------------------------------------
Corner = tuple[Row, int, int, int, int]  # edge, x, y, above, below


class Polygon(NamedTuple):
    """A part of a chart with two coordinates.

    Sets of neurons of the layer at hand are integers with the highest bit of each one's slot set. A corner is where an
    edge begins. It lies in [x, x + 1] x [y, y + 1], in units of 2 ** -FINE; `above` and `below` are the active neurons
    that are positive and negative there.
    """

    depth: int
    seen: Row  # what the layer sees: rows, packed
    z: Row  # its pre-activations, packed
    short: Row  # the highest bytes of their numbers, packed by neuron, the last one with FINE more bits
    active: int  # neurons that have not been used to cut
    on: int  # those that are on
    border: list[Corner]
    cutting: int


FINE = 60  # bits of the coordinates of corners
WIDTH = 16  # bytes of the numbers of rounded rows


def meet(p: Row, q: Row) -> Row:
    """The column where two lines meet."""
    (a, b, c), (d, e, f) = p, q
    x, y, w = b * f - c * e, c * d - a * f, a * e - b * d
    return [x, y, w] if w > 0 else [-x, -y, -w]


class Coarse:
    """The highest bytes of a layer's rows, side by side for all of its neurons."""

    def __init__(self, layer: Layer, exact: Slots, used: int) -> None:
        width = min(used, WIDTH)
        self.exact, self.below, self.used, self.cuts = exact, used - width, used, layer.cuts
        self.slots, self.pad = Slots(len(layer.rows), width + FINE // 8 + 2, width), bytes(FINE // 8 + 2)
        self.top = Slots(len(layer.rows), self.slots.size, self.slots.size)
        # Rounding a corner changes a . s + c by at most |a_1| + |a_2|, and rounding the row by 3 * 2 ** FINE.
        self.sure = self.top.bias - self.slots.ones * ((2 * self.slots.half) + (4 << FINE if self.below else 0))
        self.cutting = sum(self.bit(j) for j, cuts in enumerate(layer.cuts) if cuts)

    def bit(self, j: int) -> int:
        return self.top.half << 8 * self.top.size * j

    def columns(self, z: Row) -> Row:
        """The numbers a_1, a_2 and c of all neurons, c with FINE more bits."""
        raws, size, low, high = [self.exact.raw(v) for v in z], self.exact.size, self.below, self.used
        joined = (self.pad.join([raw[k * size + low : k * size + high] for raw in raws]) for k in range(3))
        a, b, c = (int.from_bytes(numbers, "little") - self.slots.bias for numbers in joined)
        return [a, b, c << FINE]

    def members(self, some: int) -> list[bool]:
        """Which neurons are in a set."""
        return [top > 0 for top in some.to_bytes(self.top.n_bytes, "little")[self.top.size - 1 :: self.top.size]]


class Plane:
    """Cells are polygons, which are cut here: nothing has to be said of them."""

    def __init__(self, layers: list[Layer], chart: Chart, budget: Budget) -> None:
        self.layers, self.chart, self.budget = layers, chart, budget
        self.counts, self.coarse = [0] * len(layers), list[Coarse]()
        require(chart.in_box and len(chart.columns) == 3, "a plane is a box with two coordinates, or lies in one")
        sizes = [bits // 8 + 1 for bits in lengths(layers, chart.columns)]
        self.size = max(sizes, default=0)
        for layer, used in zip(layers, sizes):
            self.coarse.append(Coarse(layer, Slots(3, self.size, used), used))

    def root(self) -> Polygon:
        right, top, left, bottom = self.chart.sides[:4]
        edges = [bottom, right, top, left]
        for side in self.chart.sides[4:]:
            values = [sum(map(mul, side, meet(p, q))) for p, q in zip([edges[-1], *edges], edges)]
            kept = list[Row]()
            for edge, here, after in zip(edges, values, [*values[1:], values[0]]):
                kept += [edge] * (min(here, after) < 0) + [side] * (here <= 0 < after)
            require(min(values) < 0, "a domain without interior")
            edges = kept if max(values) > 0 else edges
        border = [(q, *fine(meet(p, q)), 0, 0) for p, q in zip([edges[-1], *edges], edges)]
        return self.entered(0, [Slots(3, self.size, 1).packed(row) for row in zip(*self.chart.columns)], border)

    def entered(self, depth: int, seen: Row, border: list[Corner]) -> Polygon:
        """A cell where a layer begins."""
        self.budget.check_time()
        if depth == len(self.layers):
            return Polygon(depth, seen, [], [], 0, 0, border, 0)
        (z,), coarse = self.layers[depth].preactivations([seen]), self.coarse[depth]
        cell = Polygon(depth, seen, z, coarse.columns(z), coarse.cutting, 0, [], 0)
        p = border[-1][0]
        for q, x, y, _, _ in border:
            cell.border.append((q, x, y, *self.signs(cell, x, y, p, q)))
            p = q
        return completed(cell, cell.border)

    def signs(self, cell: Polygon, x: int, y: int, p: Row, q: Row) -> tuple[int, int]:
        """The active neurons that are positive, and negative, where two lines meet."""
        (a, b, c), active, sure = cell.short, cell.active, self.coarse[cell.depth].sure
        value = a * x + b * y + c
        above, below = (sure + value) & active, (sure - value) & active
        left = active ^ (above | below)
        while left:
            bit = left & -left
            sign = sum(map(mul, self.row(cell, bit), meet(p, q)))
            above, below, left = above | bit * (sign > 0), below | bit * (sign < 0), left ^ bit
        return above, below

    def row(self, cell: Polygon, bit: int) -> Row:
        coarse = self.coarse[cell.depth]
        return coarse.exact.unpacked(cell.z[bit.bit_length() // (8 * coarse.slots.size) - 1])

    def advanced(self, cell: Polygon) -> Polygon:
        """The cell behind the layers whose neurons do not cut it any more."""
        while cell.depth < len(self.layers) and not cell.cutting:
            self.counts[cell.depth] += 1
            if cell.depth + 1 == len(self.layers):
                return cell._replace(depth=len(self.layers))
            on = self.coarse[cell.depth].members(cell.on)
            (seen,) = self.layers[cell.depth].activations([cell.seen], [cell.z], on)
            cell = self.entered(cell.depth + 1, seen, cell.border)
        return cell

    def halves(self, cell: Polygon, bit: int) -> tuple[Polygon, Polygon]:
        """The parts of a cell where a neuron that cuts it is off and on."""
        row, cell = self.row(cell, bit), cell._replace(active=cell.active ^ bit)
        off, on = list[Corner](), list[Corner]()
        signs = [bool(up & bit) - bool(down & bit) for *_, up, down in cell.border]
        for corner, here, after in zip(cell.border, signs, [*signs[1:], signs[0]]):
            if here <= 0:
                off.append((row, *corner[1:]) if here == 0 and after > 0 else corner)
            if here >= 0:
                on.append((row, *corner[1:]) if here == 0 and after < 0 else corner)
            if here * after < 0:
                x, y = fine(meet(corner[0], row))
                made = x, y, *self.signs(cell, x, y, corner[0], row)
                (off if here < 0 else on).append((row, *made))
                (on if here < 0 else off).append((corner[0], *made))
        return completed(cell, off), completed(cell._replace(on=cell.on | bit), on)

    def follow(self, cell: Polygon, steps: list[str], waiting: list[Any]) -> Polygon:
        """The cell after some cuts; the halves where neurons are on are put on a stack."""
        for step in steps:
            cell, j = self.advanced(cell), decimal(step)
            require(cell.depth < len(self.layers) and j < len(self.layers[cell.depth].rows), "no such neuron")
            bit = self.coarse[cell.depth].bit(j)
            require(bit & cell.cutting, "a neuron that does not cut")
            cell, other = self.halves(cell, bit)
            waiting.append(other)
        return cell

    def finish(self, cell: Polygon, lines: Iterator[str]) -> None:
        """Find all of a cell."""
        require(next(lines, None) is None, "polygons need no proof")
        waiting = [cell]
        while waiting:
            cell = self.advanced(waiting.pop())
            if cell.depth < len(self.layers):
                n_bytes = len(cell.border) * (2 * self.coarse[cell.depth].slots.n_bytes + 400)
                self.budget.afford(len(waiting) * n_bytes)
                waiting += reversed(self.halves(cell, cell.cutting & -cell.cutting))


def fine(column: Row) -> tuple[int, int]:
    """A point in units of 2 ** -FINE, rounded down."""
    x, y, w = column
    return (x << FINE) // w, (y << FINE) // w


def completed(cell: Polygon, border: list[Corner]) -> Polygon:
    above = below = 0
    for _, _, _, up, down in border:
        above, below = above | up, below | down
    cutting = above & below & cell.active
    depth, seen, z, short, active, on, _, _ = cell
    return Polygon(depth, seen, z, short, active, on | ((above & active) ^ cutting), border, cutting)


# 6. Counts: pieces --------------------------------------------------------------------------------------------------
FORMS: dict[str, Any] = {"tree": Tree, "plane": Plane}


def read_pieces(log: Log, trunk: Any, only: int | None, totals: list[int]) -> Iterator[tuple[Any, ...]]:
    """Follow the trunk of a tree, and say what is claimed of the pieces at its ends: of all, or of one."""
    waiting, number = [trunk.root()], 0
    while waiting:
        cell = trunk.follow(waiting.pop(), log.next("to")[1:], waiting)
        n_bytes, digest, *claims = log.next("piece", 3 + len(totals))[1:]
        for k, word in enumerate(claims):
            totals[k] += decimal(word)
        line, text = log.number, log.piece(decimal(n_bytes), skip=only not in (None, number))
        if text is not None:
            yield line, cell, text, digest, claims
        number += 1
    for k, n in enumerate(trunk.counts):
        totals[k] += n
    require(only is None or only < number, f"there are {number} pieces, counted from 0")


def check_piece(walk: Any, line: int, cell: Any, text: bytes, digest: str, claims: list[str]) -> None:
    """Prove the numbers of cells that are claimed of a piece, which begins after a line."""
    walk.counts, at = [0] * len(walk.layers), count(line)
    try:
        require(hashlib.sha256(text).hexdigest() == digest, "a piece that has been changed since it was written")
        *lines, end = text.decode("ascii").split("\n")
        require(not end, "a piece ends with its last line")
        if not (hasattr(walk, "is_proved") and walk.is_proved(cell, lines)):
            walk.finish(cell, (text for text in lines if next(at)))
        require(
            claims == [*map(str, walk.counts)], f"{walk.counts} cells were proved, but the piece says other numbers"
        )
    except EXPECTED as error:
        raise RejectedError(why(error), next(at)) from None


ALONE = 1.0  # seconds after which other processes are asked to help, if any are wanted
worker: Any = None  # what a process that checks pieces needs for all of them


def begin_worker(form: Any, layers: list[Layer], chart: Chart, size: int) -> None:
    global worker
    worker = form(layers, chart, Budget(size, math.inf))


def check_piece_there(seconds: float, *piece: Any) -> None:
    worker.budget.started, worker.budget.seconds = time.monotonic(), seconds
    check_piece(worker, *piece)


def check_counts(log: Log, dim: int, layers: list[Layer], jobs: int, only: int | None) -> dict[str, Any]:
    """Prove the numbers of regions of a domain, in total and after each layer."""
    network = log.digest.copy().hexdigest()
    domain, chart = read_domain(log, dim)
    afford_layers(log, layers, chart.columns)
    name, totals = log.next("form", 2)[1], [0] * len(layers)
    require(name in log.forms, f"unknown form of proof '{name[:20]}'")
    form = log.forms[name]
    trunk, walk, under_way = form(layers, chart, log), form(layers, chart, log), deque[Future[None]]()
    with ExitStack() as stack:
        pool = None
        for piece in read_pieces(log, trunk, only, totals):
            if jobs == 1 or (pool is None and log.seconds - log.left() < ALONE):
                check_piece(walk, *piece)
                continue
            if pool is None:
                start = get_context("spawn"), begin_worker, (form, layers, chart, log.size)
                pool = stack.enter_context(ProcessPoolExecutor(jobs, *start))
            under_way.append(pool.submit(check_piece_there, log.left(), *piece))
            while len(under_way) > 2 * jobs:
                under_way.popleft().result()
        for future in under_way:
            future.result()
    counts = [totals[-1] if layers else 1, *totals]
    require(
        log.next("regions")[1:] == [*map(str, counts)], f"{counts} regions were proved, but the log says other numbers"
    )
    return {"total": counts[0], "per_layer": counts[1:], "network": network, "domain": domain}


# 7. Properties ------------------------------------------------------------------------------------------------------
class Case(NamedTuple):
    """Constraints ``a . x + c . y + b <= 0``, or ``< 0`` if strict, as rows of integers over `unit`."""

    rows: list[Row]
    strict: list[bool]
    unit: int
    box: tuple[tuple[Fraction, ...], tuple[Fraction, ...]]  # where single inputs may be
    texts: list[str]
    slope: "Slope | None"  # what is asked of the matrices of regions in the box, and not of single points
    is_measured: bool  # whether it is asked how large the set of its points is

    @property
    def ends(self) -> tuple[Row, Row, int]:
        """Those of the box, times the least number that makes all of them integers, and that."""
        unit = math.lcm(*(v.denominator for side in self.box for v in side))
        lower, upper = ([int(v * unit) for v in side] for side in self.box)
        return lower, upper, unit


def read_case(
    log: Log, dim: int, n_outputs: int, ball: "Ball | None", slope: "Slope | None", is_measured: bool
) -> Case:
    """One way to violate a property, where that is asked in a ball, or of slopes, or how large it is."""
    exact, strict, texts = list[Any](), list[bool](), list[str]()
    ends: tuple[Any, Any] = ([None] * dim, [None] * dim)
    for _ in range(decimal(log.next("case", 2)[1])):
        sign, bound, *words = log.next("constraint")[1:]
        require(sign in ("<=", "<") and len(words) % 2 == 0, "a constraint is <= or <, a bound, and pairs of words")
        values = {name: fraction(word) for name, word in zip(words[::2], words[1::2])}
        names = [(name[:1], decimal(name[1:])) for name in words[::2]]
        require(names == sorted(set(names)) and all(values.values()), "terms are in order, and none is zero")
        require(all(k < {"x": dim, "y": n_outputs}.get(of, 0) for of, k in names), "no such input or output")
        exact.append((dict(zip(names, values.values())), -fraction(bound)))
        strict.append(sign == "<")
        left = " + ".join(f"{shown(v)} {name}" for name, v in values.items())
        texts.append(f"{left} {sign} {shown(fraction(bound))}")
    exact += ball.sides if ball else []
    strict += [True] * (len(exact) - len(strict))
    for terms, b in exact:
        if [of for of, _ in terms] == ["x"]:
            (((_, k), factor),) = terms.items()
            side, end = ends[factor > 0], -b / factor
            side[k] = end if side[k] is None else (min if factor > 0 else max)(side[k], end)
    require(all(end is not None for side in ends for end in side), "an input without a least or greatest value")
    require(all(map(Fraction.__le__, *ends)), "a box has lower <= upper")
    log.afford(sum(map(len, texts)) * (len(exact) * (dim + n_outputs) + 64))
    unit = math.lcm(*(v.denominator for terms, b in exact for v in (*terms.values(), b)))
    keys = [("x", k) for k in range(dim)] + [("y", k) for k in range(n_outputs)]
    rows = [[int(terms.get(key, 0) * unit) for key in keys] + [int(b * unit)] for terms, b in exact]
    return Case(rows, strict, unit, (tuple(ends[0]), tuple(ends[1])), texts, slope, is_measured)


Ends = tuple[int | None, int | None]
# The chord of an activation has one of its slopes and so many parts of their difference.
SLOPE_BITS = 12
OFF = (0, 0, 0, 0)  # the lines around an activation that is zero


def lines(p: int, q: int, low: int | None, high: int | None, lean: int | None) -> tuple[int, int, int, int] | None:
    """Slopes and constants of lines above and below an activation, between bounds that it needs if it may bend there.

    The activation has the slopes p below 0 and q above, and the line through 0 has that of the longer side, or `lean`
    parts of their difference more than p. Slopes are multiplied by 2 ** SLOPE_BITS.
    """
    p, q = p << SLOPE_BITS, q << SLOPE_BITS
    if p == q or (low is not None and low >= 0):
        return (q, 0, q, 0) if q else OFF
    if high is not None and high <= 0:
        return (p, 0, p, 0) if p else OFF
    if low is None or high is None:
        return None
    chord = p + ((q - p) >> SLOPE_BITS) * ((high << SLOPE_BITS) // (high - low))
    through = (q if high > -low else p) if lean is None else p + ((q - p) >> SLOPE_BITS) * lean
    s, t = (chord, through) if p < q else (through, chord)
    # What the activation has more than a line is greatest, and least, at 0 or at an end.
    return s, max(0, (p - s) * low, (q - s) * high), t, min(0, (p - t) * low, (q - t) * high)


class Known(NamedTuple):
    """What is known of a layer's neurons in a cell: bounds, times 2 ** bits, and the lines that come of them."""

    bits: int
    bounds: list[Ends]
    leans: dict[int, int]
    lines: list[tuple[int, int, int, int] | None]


def drawn(layer: Layer, bits: int, bounds: list[Ends], leans: dict[int, int] | None = None) -> Known:
    """What is known of a layer with these bounds, and these slopes of lines through 0."""
    each, leans = enumerate(zip(layer.slopes, bounds)), leans or {}
    made = [lines(p, q, low, high, leans.get(j)) for j, ((p, q), (low, high)) in each]
    for j, (i, times) in layer.fans.items():
        made[j] = fan(layer.slopes[j], bounds[j], bounds[i], times)
    return Known(bits, bounds, leans, made)


class Cell(NamedTuple):
    """The points of a box, from lower / unit to upper / unit, at which neurons have signs."""

    lower: Row
    upper: Row
    unit: int
    known: list[Known]  # of each hidden layer
    signs: dict[tuple[int, int], int]  # 1 where a neuron, given by its layer and place, is >= 0, and -1 where <= 0
    open: list[int]  # cases that some point may satisfy, as far as is known


def highest(stages: list[Layer], cell: Cell, y: Row, z: dict[int, list[tuple[int, int]]], x: Row, constant: int) -> int:
    """A number with the sign of a proved upper bound, in a cell's box, of a constant plus a sum of many terms.

    These are values of the last of some layers times y, pre-activations times z, by layer, and inputs times x. On the
    way back to the inputs each activation is replaced by the line above it where its coefficient is positive, and by
    that below it where it is negative.
    """
    found, factor, gradient = y, 1, Row()
    for at in range(len(stages) - 1, -1, -1):
        stage, values = stages[at], [*found]
        for j, v in z.get(at, ()):
            values[j] += v * factor
        *columns, bias = stage.columns
        some = [v for v in values if v]
        constant = constant * stage.scale + sum(map(mul, compress(bias, values), some))
        factor *= stage.scale
        if at == 0:
            gradient = [sum(map(mul, compress(column, values), some)) for column in columns]
            break
        known, grown, found, rest = cell.known[at - 1], stages[at - 1].unit << SLOPE_BITS, [], 0
        for column, line in zip(columns, known.lines):
            v = 0 if line is OFF else sum(map(mul, compress(column, values), some))
            if v:
                require(line, "a neuron without bounds may bend")
                slope, offset = line[:2] if v > 0 else line[2:]  # type: ignore[index]
                rest += v * offset
                v *= slope
            found.append(v)
        constant, factor = constant * grown - (-rest >> known.bits), factor * grown
    gradient = [a + factor * v for a, v in zip(gradient, x)]
    return constant * cell.unit + sum(max(a * lo, a * hi) for a, lo, hi in zip(gradient, cell.lower, cell.upper))


def check_bounds(log: Log, stages: list[Layer], cell: Cell, words: list[str]) -> None:
    """Bounds on some neurons of a layer in a cell, which come of those on the layers before; or one, of signs, too."""
    kind, at, bits, times, signs = words[0], decimal(words[1]), decimal(words[2]), 1, list[tuple[int, int, int]]()
    require(at < len(cell.known) and cell.known[at].bits <= bits < 4096, "no such layer, or bounds in other units")
    if kind != "bounds":
        times, signs = hexadecimal(words[5]), [*of_signs(cell, words[6:])]
        require(times > 0 and words[4] != "*", "an end is a number, and a scale a positive one")
        words = [*words[:4], *(("*", words[4]) if kind == "above" else (words[4], "*"))]
    layer, known, news = stages[at], cell.known[at], set[int]()
    bounds = [(v and v << bits - known.bits, w and w << bits - known.bits) for v, w in known.bounds]
    for word, *ends in zip(words[3::3], words[4::3], words[5::3], strict=True):
        j, pair = decimal(word), list[int | None]()
        require(j < len(layer.rows) and j not in news, "no such neuron, or one that had new bounds")
        for sign, end, old in zip((-1, 1), ends, bounds[j]):
            log.check_time()
            new = None if end == "*" else hexadecimal(end)
            is_better = new is not None and (old is None or sign * new < sign * old)
            if new is not None and (is_better or kind != "bounds"):
                z = {at: [(j, sign * times << bits)]}
                for other, neuron, v in signs:
                    z.setdefault(other, []).append((neuron, v))
                y, x = [0] * len(stages[max(z)].rows), [0] * len(cell.lower)
                above = highest(stages[: max(z) + 1], cell, y, z, x, -sign * times * new)
                require(above <= 0, f"no proof of the bounds of neuron {j} of layer {at}")
            pair.append(new if is_better else old)
        bounds[j] = pair[0], pair[1]
        news.add(j)
    cell.known[at] = drawn(layer, bits, bounds, known.leans)


class Multiples(NamedTuple):
    """Nonnegative multiples of what is at most 0 where a point of a cell satisfies a case, taken away from nothing."""

    sums: Row  # of inputs, outputs and a constant
    z: dict[int, list[tuple[int, int]]]  # of pre-activations, by layer
    strict: bool  # whether one of them is less than 0


def read_multiples(stages: list[Layer], case: Case, cell: Cell, words: list[str]) -> Multiples:
    """N pairs of a constraint and a multiplier, and then threes of a layer, a neuron with a sign, and a multiplier."""
    n = 1 + 2 * decimal(words[0])
    require(len(words) >= n, "fewer multipliers than it says")
    sums, z, strict = [0] * len(case.rows[0]), dict[int, list[tuple[int, int]]](), False
    for word, multiplier in zip(words[1:n:2], words[2:n:2], strict=True):
        i, v = decimal(word), hexadecimal(multiplier)
        require(v >= 0, "a negative multiplier")
        sums = [total - v * a for total, a in zip(sums, case.rows[i])]
        strict |= v > 0 and case.strict[i]
    for at, j, v in of_signs(cell, words[n:]):
        if case.slope and v and not strict:
            # Inside a region a neuron that is on is positive; one that is off is negative, if it depends on an input.
            strict = v > 0 or not may_vanish(stages, cell, at, j)
        z.setdefault(at, []).append((j, v * case.unit))
    return Multiples(sums, z, strict)


def of_signs(cell: Cell, words: list[str]) -> Iterator[tuple[int, int, int]]:
    """Threes of a layer, a neuron with a sign, and a multiplier, which is given that sign."""
    for layer, neuron, multiplier in zip(words[::3], words[1::3], words[2::3], strict=True):
        at, j, v = decimal(layer), decimal(neuron), hexadecimal(multiplier)
        require(v >= 0 and (at, j) in cell.signs, "a negative multiplier, or of a neuron without a sign")
        yield at, j, v * cell.signs[at, j]


def check_close(stages: list[Layer], case: Case, cell: Cell, words: list[str]) -> None:
    """No point of a cell satisfies a case: multiples of what is at most 0 where one does add up to more than that."""
    dim, (sums, z, strict) = len(cell.lower), read_multiples(stages, case, cell, words[2:])
    above = highest(stages, cell, sums[dim:-1], z, sums[:dim], sums[-1])
    require(above < 0 or (strict and above == 0), "a point of the cell may satisfy the case")


def check_leans(stages: list[Layer], cell: Cell, words: list[str]) -> None:
    """Slopes of lines through 0 of some neurons of a layer, until the cell ends or is cut; any will do."""
    at, known = decimal(words[1]), cell.known[decimal(words[1])]
    news = {decimal(j): hexadecimal(lean) for j, lean in zip(words[2::2], words[3::2], strict=True)}
    require(all(0 <= lean <= 1 << SLOPE_BITS for lean in news.values()), "a slope between those of the activation")
    require(max(news, default=0) < len(known.bounds), "no such neuron")
    cell.known[at] = drawn(stages[at], known.bits, known.bounds, {**known.leans, **news})


def shared_box(cases: list[Case], which: list[int]) -> tuple[Row, Row, int]:
    """The ends of the box of some cases, in integers, and what they are over."""
    require(len({cases[i].box for i in which}) == 1, "cases that are closed together have one box")
    return cases[which[0]].ends


def check_cases(log: Log, both: list[list[Layer]], cases: list[Case], which: list[int]) -> Fraction:
    """No point of the box that some cases share satisfies one: the box is cut, and their signs, until that is shown.

    Or else boxes are measured: how large is the set of points that do? The network is given by twins, and as it is.
    """
    measured = Fraction(0)
    known = [drawn(layer, 0, [(None, None)] * len(layer.rows)) for layer in both[0][:-1]]
    waiting = [(both[0], Cell(*shared_box(cases, which), known, {}, [*which]))]
    while waiting:
        stages, cell = waiting.pop()
        while cell.open:
            words = log.next()
            size = sum((200 + known.bits) * len(known.bounds) for known in cell.known) + 200 * len(cell.signs)
            log.afford((len(waiting) + 2) * (size + (100 + cell.unit.bit_length() // 4) * len(cell.lower)))
            if words[0] in ("bounds", "above", "below"):
                check_bounds(log, stages, cell, words)
            elif words[0] == "slopes":
                check_leans(stages, cell, words)
            elif words[0] in ("close", "slope"):
                i = decimal(words[1])
                require(i in cell.open, "a case that is not open")
                if words[0] == "close":
                    check_close(stages, cases[i], cell, words)
                else:
                    check_slope(log, stages, cases[i].slope, cell)
                cell.open.remove(i)
            elif words == ["volume"]:
                measured += measure(log, stages, cases, cell)
                cell.open.clear()
            elif words == ["apart"]:
                for at, (layer, (bits, bounds, *_)) in enumerate(zip(stages, cell.known)):
                    kept = [(None, None) if j in layer.fans else pair for j, pair in enumerate(bounds)]
                    cell.known[at] = drawn(both[1][at], bits, kept)
                stages = both[1]
            else:
                cell, other = halves(stages, cell, words)
                waiting.append((stages, other))
    return measured


def halves(stages: list[Layer], cell: Cell, words: list[str]) -> tuple[Cell, Cell]:
    """A cell cut in two: its box in the middle of an input, or by the sign of a neuron, where it is <= 0 first."""
    numbers = [decimal(word) for word in words[1:]]
    pairs = zip(stages, cell.known)
    cell = cell._replace(known=[drawn(layer, now.bits, now.bounds) if now.leans else now for layer, now in pairs])
    if words[0] == "halve":
        (k,) = numbers
        require(cell.lower[k] < cell.upper[k], "a box is halved where it is flat")
        lower, upper = [2 * v for v in cell.lower], [2 * v for v in cell.upper]
        middle = cell.lower[k] + cell.upper[k]
        low = cell._replace(lower=lower, upper=[*upper[:k], middle, *upper[k + 1 :]], unit=2 * cell.unit)
        high = low._replace(lower=[*lower[:k], middle, *lower[k + 1 :]], upper=upper)
    else:
        require(words[0] == "split" and len(numbers) == 2, f"unknown line '{words[0][:20]} ...'")
        at, j = numbers
        require(j not in stages[at].fans, "the sign of a difference")
        bottom, top = cell.known[at].bounds[j]
        ends = (bottom, 0 if top is None else min(top, 0)), (0 if bottom is None else max(bottom, 0), top)
        bits, bounds, _, _ = cell.known[at]
        low, high = (cell._replace(known=[*cell.known], signs={**cell.signs, (at, j): sign}) for sign in (-1, 1))
        for part, pair in zip((low, high), ends):
            part.known[at] = drawn(stages[at], bits, [*bounds[:j], pair, *bounds[j + 1 :]])
    return low, high._replace(known=[*high.known], open=[*cell.open])


def values_at(log: Log, stages: list[Layer], dim: int, words: list[str]) -> list[Fraction]:
    """The coordinates of a point, the outputs there, and 1."""
    point = [fraction(word) for word in words]
    require(len(point) == dim, "a point of another dimension")
    unit = math.lcm(*(v.denominator for v in point))
    columns = [[*(int(v * unit) for v in point), unit]]
    afford_layers(log, stages, columns)
    for stage in stages:
        z = stage.preactivations(log.timed(columns))
        columns = stage.activations(columns, z, [value > 0 for value in z[0]])
    *outputs, under = columns[0]
    return [*point, *(Fraction(v, under) for v in outputs), Fraction(1)]


def sums_at(case: Case, values: list[Fraction]) -> list[Fraction]:
    """The left sides of the constraints of a case at a point, less their bounds."""
    return [sum(map(mul, row, values), Fraction(0)) / case.unit for row in case.rows]


def is_met(case: Case, sums: list[Fraction]) -> bool:
    """Whether the first constraints of a case are, whose left sides less their bounds are given."""
    return all(v < 0 or (v == 0 and not strict) for v, strict in zip(sums, case.strict))


def check_property(log: Log, dim: int, layers: list[Layer]) -> dict[str, Any]:
    """Prove that no point satisfies any case of a property, or that one does."""
    stages, compared = read_outputs(log, dim, layers), dict[str, Any]()
    if log.words == ["less"]:
        log.next()
        other_dim, others = read_network(log)
        require(other_dim == dim, "networks with different numbers of inputs")
        stages = difference(log, dim, stages, read_outputs(log, dim, others))
        compared = {"less": [len(layer.rows) for layer in others]}
    network = log.digest.copy().hexdigest()
    ball = read_ball(log, dim) if log.words[:1] == ["ball"] else None
    n_outputs = len(stages[-1].rows)
    slope = read_slope(log, n_outputs) if log.words[:1] == ["lipschitz"] else None
    size = fraction(log.next(n=2)[1]) if log.words[:1] == ["volume"] else None
    require((ball, slope, size).count(None) > 1, "one question at a time")
    n_cases, asked = decimal(log.next("property", 2)[1]), (ball, slope, size is not None)
    cases = [read_case(log, dim, n_outputs, *asked) for _ in range(n_cases)]
    statement, left, measured = log.digest.copy().hexdigest(), set(range(len(cases))), Fraction(0)
    afford_layers(log, stages, [[1 << longest([row for case in cases for row in case.rows])]] * (dim + 2))
    has_twins = log.words[:1] == ["twin"] and not slope and size is None
    both = [by_twins(log, stages) if has_twins else stages, stages]
    while log.words[:1] == ["cases"]:
        which = [decimal(word) for word in log.next()[1:]]
        require(which and left.issuperset(which) and len(set(which)) == len(which), "cases that are not open")
        measured += log.cases(log, both, cases, which)
        left -= {*which}
        require(size is None or not left, "cases that are measured are measured together")
    sides = all(not any(row[dim:-1]) and sum(map(bool, row[:dim])) == 1 for case in cases for row in case.rows)
    require(not slope or (len(cases) == 1 and sides and not any(cases[0].strict)), "slopes are those in a box")
    found: dict[str, Any] = {"verdict": "HOLDS", "says": "the property holds"}
    if slope:
        bound = {"says": f"{slope.name} is at most {about(slope.bound)}", "bound": shown(slope.bound)}
        found = {"verdict": "NOT STEEPER", **bound}
    if size is not None:
        require(measured == size, f"the volume is {about(measured)}")
        domain = domain_volume(log, cases)
        require(domain > 0, "a domain without volume")
        share = size / domain
        says = f"the property is met on a share of {about(share)} of the domain, whose volume is {about(domain)}"
        found = {"verdict": "MEASURED", "says": says, "volume": shown(size), "share": shown(share)}
    if ball:
        near = f"nearer than {about(ball.radius)} to {coordinates(ball.center)} in the norm {ball.norm}"
        found = {"verdict": "HOLDS NEARBY", "says": f"the property holds {near}", "radius": shown(ball.radius)}
    if log.words[:1] in (["violated"], ["greatest"], ["least"], ["nearest"], ["steepest"]):
        kind, number, *point = log.next()
        i, values = decimal(number), values_at(log, stages, dim, point)
        require(size is None and (not slope or kind == "steepest"), "nothing is said of single points")
        if kind == "violated":
            require(is_met(cases[i], sums_at(cases[i], values)), "no violation")
            found, left = {"verdict": "VIOLATED", "says": "the property is violated"}, set()
        elif kind == "nearest" and ball:
            found = check_nearest(cases[i], ball, dim, values)
        elif kind == "steepest" and slope:
            found = check_steepest(log, stages, cases[i], slope, values)
        else:
            require(kind in ("greatest", "least"), f"no question that is answered by '{kind}'")
            found = check_optimum(cases, dim, i, values, 1 if kind == "greatest" else -1)
    require(not left, f"nothing is said of case {min(left, default=0)}")
    if compared:
        found["says"] += "; y is what the first network gives more than the second"
    told = " | ".join("; ".join(case.texts) for case in cases)
    what = "domain" if slope else "property"
    return {"network": network, "statement": statement, what: told, **found, **compared}


# 8. Greatest values and radii ---------------------------------------------------------------------------------------
def check_optimum(cases: list[Case], dim: int, i: int, values: list[Fraction], sign: int) -> dict[str, Any]:
    """The value of an output at a point, and a bound that it does not exceed, since no case is met.

    Each case is a part of the domain, and the constraint ``-c . y < -bound``; a least value is minus a greatest one.
    """
    bound = Fraction(cases[0].rows[-1][-1], cases[0].unit)
    for case in cases:
        *domain, goal = case.rows
        apart = not any(v for row in domain for v in row[dim:-1]) and not any(goal[:dim])
        require(apart and case.strict[-1], "no optimum: a case is a domain and, at last, a strict bound on outputs")
        require(Fraction(goal[-1], case.unit) == bound, "no optimum: cases with several bounds")
    *inside, excess = sums_at(cases[i], values)
    require(is_met(cases[i], [*inside, Fraction(-1)]), "a point outside the domain")
    value, bound, what = sign * (bound - excess), sign * bound, "greatest" if sign > 0 else "least"
    goals = [[Fraction(-sign * v, case.unit) for v in case.rows[-1][dim:-1]] for case in cases]
    told = [" + ".join(f"{shown(v)} y{k}" for k, v in enumerate(goal) if v) or "0" for goal in goals]
    parts = ["; ".join(case.texts[:-1]) for case in cases]
    each, where = list(dict.fromkeys(told)), list(dict.fromkeys(parts))
    require(len({*zip(told, parts)}) == len(each) * len(where), "an output is bounded in some parts of the domain only")
    low, high = map(about, sorted([value, bound]))
    size = f"{low}," if value == bound else f"between {low} and {high}; it is {about(value)}"
    says = f"the {what} value of {' and '.join(each)} is {size} at {coordinates(values[:dim])}"
    numbers = {"value": shown(value), "bound": shown(bound), "point": [*map(shown, values[:dim])]}
    return {"verdict": what.upper(), "says": says, **numbers, "domain": " | ".join(where)}


class Ball(NamedTuple):
    """The points that are nearer to a center than some radius, in the norm 1 or inf, and the open halfspaces around."""

    norm: str
    radius: Fraction
    center: list[Fraction]
    sides: list[tuple[dict[Any, Fraction], Fraction]]


def read_ball(log: Log, dim: int) -> Ball:
    norm, radius, *center = log.next("ball", dim + 3)[1:]
    require(norm in ("1", "inf"), "a ball has the norm 1 or inf")
    r, c, log_terms = fraction(radius), [fraction(word) for word in center], dim if norm == "1" else 0
    require(r >= 0 and log_terms < 64, "a ball has a radius, and in the norm 1 not too many inputs")
    log.afford((dim << log_terms) * (500 + 2 * sum(map(len, center))))
    normals = [{("x", k): Fraction(sign)} for k in range(dim) for sign in (1, -1)]
    if norm == "1":
        normals += [{("x", k): Fraction(v) for k, v in enumerate(signs)} for signs in product((1, -1), repeat=dim)]
    return Ball(norm, r, c, [(row, -r - sum(v * c[k] for (_, k), v in row.items())) for row in normals])


def check_nearest(case: Case, ball: Ball, dim: int, values: list[Fraction]) -> dict[str, Any]:
    """A point at which a case is met, and how far that is; nearer than the radius there is none."""
    point, radius = values[:dim], ball.radius
    require(is_met(case, sums_at(case, values)[: len(case.texts)]), "no violation")
    at = Fraction((sum if ball.norm == "1" else max)(abs(x - c) for x, c in zip(point, ball.center)))
    numbers = {"radius": shown(radius), "reached": shown(at), "point": [*map(shown, point)]}
    size = about(at) if at == radius else f"between {about(radius)} and {about(at)}"
    says = f"the distance of {coordinates(ball.center)} from a violation, in the norm {ball.norm}, is {size}"
    return {"verdict": "NEAREST", "says": f"{says}: one is at {coordinates(point)}", **numbers}


# 9. Slopes ----------------------------------------------------------------------------------------------------------
class Slope(NamedTuple):
    """A bound on the norm of matrices, from the norm p of inputs to q of outputs; squared, if these are roots."""

    p: str
    q: str
    bound: Fraction

    @property
    def degree(self) -> int:
        return 2 if (self.q if self.p == "1" else self.p) == "2" else 1

    @property
    def name(self) -> str:
        what = "Lipschitz constant" if self.degree == 1 else "square of the Lipschitz constant"
        return f"the {what} from the norm {self.p} to the norm {self.q}"

    def power(self, matrix: list[Row]) -> int:
        """The norm, or its square, of a matrix: the greatest of a column, or of a row in the dual norm of p."""
        lines = [*zip(*matrix)] if self.p == "1" else matrix
        order = self.q if self.p == "1" else {"inf": "1", "2": "2"}[self.p]
        sizes = [[abs(v) ** self.degree for v in line] for line in lines]
        return max((max(line) if order == "inf" else sum(line) for line in sizes if line), default=0)


def read_slope(log: Log, n_outputs: int) -> Slope:
    p, q, bound = log.next("lipschitz", 4)[1:]
    require({p, q} <= {"1", "2", "inf"}, "norms are 1, 2 or inf")
    require(p == "1" or q == "inf" or n_outputs == 1, "no norm that is one of rows or of columns")
    return Slope(p, q, fraction(bound))


def matrices(stages: list[Layer], cell: Cell, row: Row) -> tuple[Row, Row, int]:
    """Least and greatest coefficients, over a scale, of inputs in a sum of values of the last of some layers."""
    low, high, scale = row, row, 1
    for at in range(len(stages) - 1, -1, -1):
        stage = stages[at]
        columns, scale = stage.columns[:-1], scale * stage.scale
        up = [([v if v > 0 else 0 for v in column], [v if v < 0 else 0 for v in column]) for column in columns]
        low, high = (
            [sum(map(mul, plus, a)) + sum(map(mul, minus, b)) for plus, minus in up]
            for a, b in ((low, high), (high, low))
        )
        if at:
            known, before = cell.known[at - 1], stages[at - 1]
            ends = list[tuple[int, int]]()
            for (p, q), (bottom, top), a, b in zip(before.slopes, known.bounds, low, high):
                is_on, is_off = bottom is not None and bottom >= 0, top is not None and top <= 0
                slopes = (q,) if is_on else (p,) if is_off else (p, q)
                products = [slope * v for slope in slopes for v in (a, b)]
                ends.append((min(products), max(products)))
            low, high, scale = [a for a, _ in ends], [b for _, b in ends], scale * before.unit
    return low, high, scale


def check_slope(log: Log, stages: list[Layer], slope: Slope | None, cell: Cell) -> None:
    """All matrices of regions in a cell are within the bound."""
    largest, scale = list[Row](), 1
    if slope is None:
        raise RejectedError("nothing is asked about slopes")
    for row in (unit(o, len(stages[-1].rows))[:-1] for o in range(len(stages[-1].rows))):
        log.check_time()
        low, high, scale = matrices(stages, cell, row)
        largest.append([max(-a, b) for a, b, lo, hi in zip(low, high, cell.lower, cell.upper) if lo < hi])
    require(slope.power(largest) <= slope.bound * scale**slope.degree, "the network may be steeper in this cell")


def may_vanish(stages: list[Layer], cell: Cell, at: int, j: int) -> bool:
    """Whether a neuron may be zero on an open part of a cell: not if it depends on an input there."""
    low, high, _ = matrices(stages[: at + 1], cell, unit(j, len(stages[at].rows))[:-1])
    return not any((a > 0 or b < 0) and lo < hi for a, b, lo, hi in zip(low, high, cell.lower, cell.upper))


def check_steepest(log: Log, stages: list[Layer], case: Case, slope: Slope, values: list[Fraction]) -> dict[str, Any]:
    """The norm of the matrix at a point of the box around which the network is affine."""
    require(is_met(case, sums_at(case, values)), "a point outside the domain")
    point, free = values[: len(case.box[0])], [k for k, ends in enumerate(zip(*case.box)) if ends[0] < ends[1]]
    under = math.lcm(*(v.denominator for v in point))
    columns = [*(unit(k, len(point)) for k in free), [*(int(v * under) for v in point), under]]
    afford_layers(log, stages, columns)
    for stage in stages[:-1]:
        *z, here = stage.preactivations(log.timed(columns))
        bends = [j for j, (p, q) in enumerate(stage.slopes) if p != q and here[j] == 0]
        require(not any(values[j] for values in z for j in bends), "the network bends at the point")
        columns = stage.activations(columns, [*z, here], [v > 0 for v in here])
    z = stages[-1].preactivations(log.timed(columns))[:-1]
    scale = Fraction(columns[-1][-1] * stages[-1].scale, under)
    reached = slope.power([*map(list, zip(*z))]) / scale**slope.degree
    size = about(reached) if reached == slope.bound else f"between {about(reached)} and {about(slope.bound)}"
    says = f"{slope.name} is {size}; around {coordinates(point)} it is {about(reached)}"
    numbers = {"value": shown(reached), "bound": shown(slope.bound), "point": [*map(shown, point)]}
    return {"verdict": "STEEPEST", "says": says, **numbers}


# 10. Two networks ---------------------------------------------------------------------------------------------------
def difference(log: Log, dim: int, first: list[Layer], second: list[Layer]) -> list[Layer]:
    """Two networks side by side, and behind their outputs what the first one gives more than the second.

    The one with fewer layers is preceded by some that hand its inputs on. A hidden neuron of the second one that
    computes a positive multiple of what one of the first does, of the same values, is that one so many times, if all
    weights on it stay floats when they are multiplied.
    """
    require(len(first[-1].rows) == len(second[-1].rows), "networks with different numbers of outputs")
    hand_on, depth = [[1.0, 1.0, 0.0, *map(float, unit(k, dim))] for k in range(dim)], max(len(first), len(second))
    nets = [[hand_on] * (depth - len(net)) + [layer.neurons for layer in net] for net in (first, second)]
    stages, here, there, width = list[Layer](), [*range(dim)], [(k, Fraction(1)) for k in range(dim)], dim
    for mine, others, behind in zip(*nets, [*nets[1][1:], []]):
        log.check_time()
        log.hold(200 * (len(mine) + len(others)) * (width + 8))
        joint = [widened(neuron, [(k, Fraction(1)) for k in here], width) for neuron in mine]
        others, known = [widened(neuron, there, width) for neuron in others], dict[Any, list[tuple[int, Fraction]]]()
        for j in range(len(joint) - 1, -1, -1) if behind else ():
            direction, size = direction_of(joint[j])
            known.setdefault(direction, []).append((j, size))
        here, there = [*range(len(joint))], []
        for j, neuron in enumerate(others):
            direction, size = direction_of(neuron)
            place, own = (known.get(direction) or [(len(joint), size)])[-1]
            times = size / own
            if place < len(joint) and all(is_float(Fraction(n[3 + j]) * times) for n in behind if times != 1):
                known[direction].pop()
            else:
                place, times = len(joint), Fraction(1)
                joint.append(neuron)
            there.append((place, times))
        width = len(joint)
        stages.append(Layer(joint))
    minus = [[float((k == j) - (k == j + len(here))) for k in range(width)] for j in here]
    return [*stages, Layer([[1.0, 1.0, 0.0, *row, 0.0] for row in minus])]


def direction_of(neuron: list[float]) -> tuple[Any, Fraction]:
    """A neuron's slopes, and its weights and bias as integers without a common factor; and that factor."""
    (whole,), scale = integers([neuron[3:]])
    common = math.gcd(*whole) or 1
    return (*neuron[:3], *(v // common for v in whole)), Fraction(common, scale)


def widened(neuron: list[float], places: list[tuple[int, Fraction]], width: int) -> list[float]:
    """A neuron that sees more values: its own are multiples of those at some places."""
    *weights, bias = neuron[3:]
    spread = [0.0] * width
    for (k, times), weight in zip(places, weights):
        spread[k] = weight if times == 1 else float(times * Fraction(weight))
    return [*neuron[:3], *spread, bias]


def is_float(value: Fraction) -> bool:
    return abs(value) < 2**1023 and float(value) == value


def by_twins(log: Log, stages: list[Layer]) -> list[Layer]:
    """The same network, in which some neurons stand for what they give more than so many times a twin in their layer.

    Let theirs be z' and z, the pre-activation is then delta = z' - t z. What f(z') is more than f(t z) = t f(z) lies
    between delta times the one slope of f and delta times the other. Whatever has a weight on f(z') has it on both.
    """
    made, fans = list[Layer](), dict[int, tuple[int, Fraction]]()
    for at, stage in enumerate(stages):
        log.hold(300 * len(stage.rows) * len(stage.columns))
        rows = [[*map(Fraction, neuron[3:])] for neuron in stage.neurons]
        for row in rows:
            log.check_time()
            for j, (i, t) in fans.items():
                row[i] += t * row[j]
        fans = {}
        while log.words[:2] == ["twin", str(at)]:
            j, i, e = decimal(log.words[2]), decimal(log.words[3]), hexadecimal(log.next(n=5)[4])
            require(i < j and i not in fans and j > max(fans, default=0) and abs(e) < 64, "twins are told in order")
            require(stage.slopes[i] == stage.slopes[j], "twins with different slopes")
            fans[j] = i, Fraction(2) ** e
            rows[j] = [v - fans[j][1] * w for v, w in zip(rows[j], rows[i])]
        require(all(is_float(v) for row in rows for v in row), "a weight of twins that is no float")
        made.append(Layer([[*neuron[:3], *map(float, row)] for neuron, row in zip(stage.neurons, rows)], fans))
    require(not fans, "outputs have no twins")
    return made


def fan(slopes: Row, ends: Ends, twin: Ends, times: Fraction) -> tuple[int, int, int, int] | None:
    """The same around what a neuron gives more than so many times its twin, between bounds on delta and on the twin."""
    (p, q), (low, high), (bottom, top) = slopes, ends, twin
    if bottom is not None and low is not None and bottom >= 0 <= times * bottom + low:
        p = q
    elif top is not None and high is not None and top <= 0 >= times * top + high:
        q = p
    above, below = lines(min(p, q), max(p, q), low, high, None), lines(max(p, q), min(p, q), low, high, None)
    return (*above[:2], *below[2:]) if above and below else None


# 11. Volumes --------------------------------------------------------------------------------------------------------
class Vertex(NamedTuple):
    """A corner of a polytope on which some layers are affine, and what they compute there."""

    seen: Row  # what the layer at hand sees; the last number is positive, and stands for 1 here and below
    z: Row  # its pre-activations
    point: Row  # the inputs
    sides: int  # a bit for each side of the polytope on which it lies


def bytes_of(polytope: list[Vertex]) -> int:
    """About so many take the corners of a polytope."""
    numbers = polytope[0].seen + polytope[0].z + polytope[0].point
    return len(polytope) * len(numbers) * (64 + longest([numbers]) // 4)


def cut(log: Budget, polytope: list[Vertex], values: Row, dim: int) -> tuple[list[Vertex], list[Vertex]]:
    """The parts of a polytope with interior where a function is at most 0, and at least 0, given its values at corners.

    An edge is two corners and all sides on which both lie, if there is no third corner on these.
    """
    log.check_time()
    if max(values, default=0) <= 0:
        return polytope, []
    if min(values) >= 0:
        return [], polytope
    side, size = 1 << max(corner.sides for corner in polytope).bit_length(), bytes_of(polytope) // len(polytope)
    parts = list[Vertex](), list[Vertex]()
    for corner, v in zip(polytope, values):
        for part, sign in zip(parts, (1, -1)):
            if sign * v <= 0:
                part.append(corner if v else corner._replace(sides=corner.sides | side))
    low, high = ([pair for pair in zip(polytope, values) if sign * pair[1] > 0] for sign in (-1, 1))
    for p, v in low:
        log.check_time()
        for q, w in high:
            both = p.sides & q.sides
            if both.bit_count() < dim - 1:
                continue
            log.check_time()
            if sum(both & ~corner.sides == 0 for corner in polytope) == 2:
                numbers = [w * a - v * b for a, b in zip(p.seen + p.z + p.point, q.seen + q.z + q.point)]
                common, m, n = math.gcd(*numbers), len(p.seen), len(p.seen) + len(p.z)
                numbers = [a // common for a in numbers]
                corner = Vertex(numbers[:m], numbers[m:n], numbers[n:], both | side)
                log.afford(2 * sum(map(len, parts)) * size)
                for part in parts:
                    part.append(corner)
    return parts


def simplices(log: Budget, polytope: list[Vertex], dim: int) -> Iterator[list[Vertex]]:
    """Those of a polytope, or of fewer dimensions: they have its first corner, and lie above sides without that."""
    apex, *others = polytope
    if not dim:
        yield [apex]
        return
    rest, faces = reduce(or_, (corner.sides for corner in others), 0) & ~apex.sides, set[tuple[int, ...]]()
    while rest:
        log.check_time()
        side, rest = rest & -rest, rest & (rest - 1)
        face = tuple(k for k, corner in enumerate(others) if corner.sides & side)
        if len(face) >= dim and face not in faces:
            yield from ([apex, *simplex] for simplex in simplices(log, [others[k] for k in face], dim - 1))
        faces.add(face)


def volume(log: Budget, polytope: list[Vertex], free: list[int]) -> Fraction:
    """The volume of a polytope, in the coordinates that are free."""
    found = Fraction(0)
    for apex, *simplex in simplices(log, polytope, len(free)):
        t, *others = apex.seen[-1], *(corner.seen[-1] for corner in simplex)
        edges = [[c.point[k] * t - apex.point[k] * u for k in free] for c, u in zip(simplex, others)]
        found += Fraction(abs(solved(edges, len(free))[0]), t ** len(free) * math.prod(others))
    return found / math.factorial(len(free))


def covered(log: Budget, polytope: list[Vertex], cases: list[Case], free: list[int]) -> Fraction:
    """The volume of the points of a polytope on which outputs are affine, and seen, that satisfy one of some cases."""
    found, waiting = Fraction(0), [(0, polytope)]
    while waiting:
        i, polytope = waiting.pop()
        for row, is_strict in zip(cases[i].rows, cases[i].strict):
            sign = -1 if is_strict else 1  # a function that is 0 throughout is nowhere less
            values = [sign * sum(map(mul, row, corner.point + corner.seen)) for corner in polytope]
            polytope, beside = cut(log, polytope, values, len(free))[::sign]
            if beside and i + 1 < len(cases):
                log.afford((len(waiting) + 3) * bytes_of(beside))
                waiting.append((i + 1, beside))
            if not polytope:
                break
        else:
            found += volume(log, polytope, free)
    return found


def measure(log: Log, stages: list[Layer], cases: list[Case], cell: Cell) -> Fraction:
    """The volume of the points of a box that satisfy one of its open cases: its regions are found and measured."""
    some, found = [cases[i] for i in cell.open], Fraction(0)
    require(not cell.signs and all(case.is_measured for case in some), "boxes are measured, where that is asked")
    corners, free = corners_of(log, cell.lower, cell.upper, cell.unit)
    waiting = [(0, 0, [corner._replace(seen=corner.point + corner.seen) for corner in corners])]
    while waiting:
        log.check_time()
        depth, j, polytope = waiting.pop()
        if depth == len(stages):
            found += covered(log, polytope, some, free)
            continue
        stage = stages[depth]
        if not j:
            z = stage.preactivations(log.timed(corner.seen for corner in polytope))
            polytope = [corner._replace(z=values) for corner, values in zip(polytope, z)]
        parts = polytope, list[Vertex]()
        while j < len(stage.slopes) and not all(parts):
            if stage.slopes[j][0] != stage.slopes[j][1]:
                parts = cut(log, polytope, [corner.z[j] for corner in polytope], len(free))
            j += 1
        if all(parts):
            log.afford((len(waiting) + 3) * bytes_of(polytope))
            waiting += [(depth, j, part) for part in parts]
            continue
        seen, z = [corner.seen for corner in polytope], [corner.z for corner in polytope]
        seen = stage.activations(seen, z, [max(values) > 0 for values in zip(*z)])
        factor = stage.scale * stage.unit
        points = ([factor * v for v in corner.point] for corner in polytope)
        behind = [Vertex(row, [], point, corner.sides) for row, point, corner in zip(seen, points, polytope)]
        waiting.append((depth + 1, 0, behind))
    return found


def corners_of(log: Log, lower: Row, upper: Row, unit: int) -> tuple[list[Vertex], list[int]]:
    """The corners of a box, from lower / unit to upper / unit, and along what axes it is not flat."""
    free = [k for k, (low, high) in enumerate(zip(lower, upper)) if low < high]
    require(len(free) <= 12, "a volume in more than 12 dimensions")
    log.afford(500 * (len(lower) + 10) << len(free))
    corners = list[Vertex]()
    for which in product((0, 1), repeat=len(free)):
        point = [*lower]
        for k, end in zip(free, which):
            point[k] = (lower, upper)[end][k]
        corners.append(Vertex([unit], [], point, sum(1 << 2 * i + end for i, end in enumerate(which))))
    return corners, free


def domain_volume(log: Log, cases: list[Case]) -> Fraction:
    """The volume of the points that satisfy those constraints of some case which are about inputs alone."""
    dim, domains = len(cases[0].box[0]), list[Case]()
    for case in cases:
        pairs = [(row, less) for row, less in zip(case.rows, case.strict) if any(row[:dim]) > any(row[dim:-1])]
        domains.append(case._replace(rows=[row[:dim] + row[-1:] for row, _ in pairs], strict=[v for _, v in pairs]))
    corners, free = corners_of(log, *cases[0].ends)
    return covered(log, corners, domains, free)


# 12. Whole logs -----------------------------------------------------------------------------------------------------
def check(log: Log, jobs: int, only: int | None) -> dict[str, Any]:
    """Prove a log: what is proved, of which network."""
    require(log.next() == ["polytope_lens", "proof", "1"], "not a proof log of this version")
    dim, layers = read_network(log)
    is_count = log.words[:1] != ["outputs"]
    require(is_count or only is None, "a property is proved in one piece")
    found = check_counts(log, dim, layers, jobs, only) if is_count else check_property(log, dim, layers)
    digest = log.digest.hexdigest()
    require(log.next() == ["sha256", digest] and not log.words, "the log has been changed since it was written")
    require(not log.raw, "the log goes on after its end")
    return {"proved": True, **found, "inputs": dim, "widths": [len(layer.rows) for layer in layers]}


EXPECTED = (RejectedError, ValueError, IndexError, ArithmeticError, MemoryError, EOFError, zlib.error, BadGzipFile)


def why(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "more memory than there is"
    return str(error.args[0]) if isinstance(error, RejectedError) else f"a damaged line ({error!s:.200})"


def verify(
    path: str, seconds: float = SECONDS, jobs: int = 1, piece: int | None = None, means: Any = None
) -> dict[str, Any]:
    """Whether the log in a file proves what it claims, and that; or else the line at which it fails, and why.

    ``network`` in what is returned is the SHA-256 of the lines down to the last one of the network, and ``statement``
    that of the lines down to the last one of a property. Pieces are checked by as many processes as there are `jobs`.
    Where only one `piece` is, what is said of the others is believed: it is proved when each of them has been.
    Whoever has something quicker than `check_cases` and `FORMS` may give it as `means`.
    """
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        is_gzip = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        log = Log(GzipFile(fileobj=file) if is_gzip else file, size, seconds, means)  # type: ignore[arg-type]
        try:
            answer = check(log, jobs, piece)
        except EXPECTED as error:
            line = error.args[1] if isinstance(error, RejectedError) and len(error.args) > 1 else log.number
            return {"proved": False, "line": max(1, line), "reason": why(error)}
        return answer if piece is None else {**answer, "only": f"piece {piece}"}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Check a proof log of polytope_lens.")
    parser.add_argument("log")
    parser.add_argument("seconds", nargs="?", type=float, default=SECONDS, help="600; what takes more is not proved")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="so many processes, for logs in pieces")
    parser.add_argument("--piece", type=int, metavar="K", help="check this piece only, counted from 0")
    asked = parser.parse_args()
    try:
        answer = verify(asked.log, asked.seconds, asked.jobs, asked.piece)
    except OSError as problem:
        sys.exit(str(problem))
    print(*(f"{key}: {value}" for key, value in answer.items()), sep="\n")
    sys.exit(not answer["proved"])

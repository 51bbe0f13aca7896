"""Check a proof log of polytope_lens.

    python checker.py LOG [SECONDS]

This file proves again, in integer arithmetic, what a log claims: that the regions which it lists are all regions of its
network in its domain; or that no point of a domain violates a property of the network's outputs, or that one does. It
needs nothing but Python's standard library and trusts nothing in the log: copy it, read it, run it. docs/proofs.md
describes the format, and why the checks below suffice. The exit code is 0 if it is proved. What would take more memory
than 256 MB and 200 times the log, or more than so many seconds, is not proved.

A row ``[a_1 ... a_d, c]`` of integers stands for the affine function ``a . u + c``, and in a cell for the halfspace
``a . u + c <= 0``. A column ``[x_1 ... x_d, t]`` stands for the point x / t, where t > 0. A pattern is an integer with
a bit for each neuron that cuts, the first one highest: 1 where its pre-activation is positive.
"""

import hashlib
import math
import os
import sys
import time
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import compress
from operator import mul
from typing import Any, BinaryIO, NamedTuple

Row = list[int]
SECONDS = 600.0
FREE_BYTES, BYTES_PER_BYTE = 2**28, 200


class RejectedError(Exception):
    """The log proves nothing; the message says why."""


def require(condition: object, message: str) -> None:
    if not condition:
        raise RejectedError(message)


class Log:
    """The lines of a log, split into words. The last line holds the SHA-256 digest of all bytes before it.

    Words stand between single spaces, and each number is written in one way only: nobody reads another log in them.
    """

    def __init__(self, file: BinaryIO, size: int, seconds: float = SECONDS) -> None:
        self.file, self.digest, self.number = file, hashlib.sha256(), 0
        self.raw, self.words = b"", list[str]()
        self.size, self.held, self.most = size, 0, FREE_BYTES + BYTES_PER_BYTE * size
        self.seconds, self.started = seconds, time.monotonic()

    def advance(self) -> None:
        self.raw = self.file.readline(self.size + 1)
        self.words = self.raw.decode("ascii").split()
        self.number += 1

    def next(self, keyword: str | None = None, n: int | None = None) -> list[str]:
        """The words of this line, n of them if that is known, after which the next one is read."""
        words = self.words
        require(words, "the log ends too early")
        require(keyword in (None, words[0]), f"expected a line '{keyword} ...', but found '{words[0][:20]} ...'")
        require(n in (None, len(words)), f"expected {n} words, but found {len(words)}")
        require(" ".join(words).encode() + b"\n" == self.raw, "a line is words with single spaces between them")
        self.check_time()
        self.digest.update(self.raw)
        self.advance()
        return words

    def check_time(self) -> None:
        late = time.monotonic() - self.started > self.seconds
        require(not late, f"not decided within {self.seconds:g} seconds: if you believe that it is a proof, allow more")

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


def decimal(word: str) -> int:
    require(
        len(word) < 19 and word.isdigit() and word == str(int(word)), "a number of things is written in decimal digits"
    )
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


def integers(rows: list[list[float]]) -> tuple[list[Row], int]:
    """Rows of floats times the least power of two >= 1 that makes all of them integers, and that power."""
    pairs = [[value.as_integer_ratio() for value in row] for row in rows]
    scale = max((q for row in pairs for _, q in row), default=1)
    return [[p * (scale // q) for p, q in row] for row in pairs], scale


def longest(rows: list[Row]) -> int:
    """Bits of the longest number."""
    return max((value.bit_length() for row in rows for value in row), default=0)


class Layer:
    """One hidden layer; its weights and its slopes are multiplied by powers of two that make them integers."""

    def __init__(self, neurons: list[list[float]]) -> None:
        # A neuron is [negative slope, positive slope, whether it cuts, weights ..., bias].
        self.slopes, self.unit = integers([neuron[:2] for neuron in neurons])
        self.cuts = [bool(neuron[2]) for neuron in neurons]
        self.rows, self.scale = integers([neuron[3:] for neuron in neurons])
        self.columns = list(zip(*self.rows))
        self.n_bits = sum(self.cuts)
        # So many bits at most are longer what this layer computes of what it sees, and what the next one sees of that.
        first = longest([*self.rows, [self.scale]]) + len(self.rows[0]).bit_length()
        self.longer = first, longest([*self.slopes, [self.unit]])

    def preactivations(self, columns: Iterable[Row]) -> list[Row]:
        live = ((column, [v for v in column if v]) for column in columns)  # many neurons are off
        return [[sum(map(mul, compress(row, column), some)) for row in self.rows] for column, some in live]

    def activations(self, columns: list[Row], z: list[Row], on: list[bool]) -> list[Row]:
        """What the next layer sees, given what this one saw, its pre-activations and which of its neurons are on."""
        chosen = [slopes[up] for slopes, up in zip(self.slopes, on)]
        factor = self.scale * self.unit
        return [[*map(mul, chosen, values), column[-1] * factor] for values, column in zip(z, columns)]


class Chart(NamedTuple):
    """The points [x; t] = sum of u_k columns[k] + columns[-1] with u in a polytope, perhaps in a known box.

    Each u_k of the box runs from lower_k / q to upper_k / q.
    """

    columns: list[Row]
    sides: list[Row]
    box: tuple[Row, Row, int] | None


def read_floats(words: list[str], n: int) -> list[float]:
    values = [float.fromhex(word) for word in words]
    require(len(values) == n and all(map(math.isfinite, values)), f"expected {n} finite numbers")
    require(all(value.hex() == word for value, word in zip(values, words)), "a float is written as float.hex does")
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


def unit(k: int, dim: int, sign: int = 1) -> Row:
    row = [0] * (dim + 1)
    row[k] = sign
    return row


def read_domain(log: Log, dim: int) -> tuple[str, Iterator[Chart]]:
    """What the domain is, and charts that together cover it."""
    words = log.next("domain")
    if words[1] == "box":
        corners = read_floats(words[2:], 2 * dim)
        lower, upper = corners[:dim], corners[dim:]
        free = [k for k in range(dim) if lower[k] != upper[k]]  # u runs over these; the other coordinates are fixed
        log.afford(32 * (dim + len(free)) * (len(free) + 1))
        (fixed,), q = integers([[lo if lo == hi else 0.0 for lo, hi in zip(lower, upper)]])
        columns = [unit(k, dim, q) for k in free] + [[*fixed, q]]
        chart = in_box(columns, [], [lower[k] for k in free], [upper[k] for k in free])
        return f"box from {lower} to {upper}", iter([chart])
    require(len(words) == 3 and words[1] in ("polytope", "cone"), "a domain is a box, a polytope or a cone")
    sides = [read_floats(log.next("side")[1:], dim + 1) for _ in range(decimal(words[2]))]
    log.afford(32 * (3 * dim + len(sides)) * (dim + 2))
    listed = "".join(f"; {side[:-1]} . x <= {-side[-1]}" for side in sides)
    if words[1] == "cone":
        return f"all of R^{dim}{listed}", cone_charts(dim, sides)
    rows = [integers([side])[0][0] for side in sides if any(side)]
    return f"polytope in R^{dim}{listed}", iter([Chart([unit(k, dim) for k in range(dim + 1)], rows, None)])


def cone_charts(dim: int, sides: list[list[float]]) -> Iterator[Chart]:
    """Rays of {t > 0} meet a facet t = 1, x_k = 1 or x_k = -1 of the box |x_k| <= 1, 0 <= t <= 1: 2 dim + 1 in all."""
    yield in_box([unit(k, dim) for k in range(dim + 1)], sides, [-1.0] * dim, [1.0] * dim)
    for k in range(dim):
        others = [unit(i, dim) for i in range(dim + 1) if i != k]
        for sign in (1, -1):
            yield in_box([*others, unit(k, dim, sign)], sides, [-1.0] * (dim - 1) + [0.0], [1.0] * dim)


def in_box(columns: list[Row], sides: list[list[float]], lower: list[float], upper: list[float]) -> Chart:
    require(all(map(float.__lt__, lower, upper)), "a box has lower < upper")
    axes = range(len(lower))
    rows = [[sum(map(mul, side, column)) for column in columns] for side in sides]
    for sign, bounds in ((1, upper), (-1, lower)):
        rows += [[*map(float, unit(k, len(lower), sign)[:-1]), -sign * bounds[k]] for k in axes]
    (below, above), q = integers([lower, upper])
    return Chart(columns, [integers([row])[0][0] for row in rows if any(row)], (below, above, q))


def afford_layers(log: Log, layers: list[Layer], columns: list[Row]) -> None:
    """Refuse numbers that become too long behind many layers, before they are computed."""
    bits, total = longest(columns), sum(layer.n_bits for layer in layers) * len(layers) // 8
    for layer in layers:
        for longer in layer.longer:
            bits += longer
            total += 4 * len(columns) * len(layer.rows) * (bits // 8 + 64)
    log.afford(total)


def check_plane(log: Log, layers: list[Layer], chart: Chart, found: set[int]) -> None:
    """Polygons that tile the chart, whose patterns no neuron contradicts at any of their corners."""
    n_bits = sum(layer.n_bits for layer in layers)
    points, tight, signs, unmatched = list[Row](), list[int](), list[tuple[int, int]](), set[tuple[int, int]]()
    while log.words[:1] in (["v"], ["r"]):
        words = log.next()
        log.hold((n_bits + len(chart.sides)) // 4 + 200 * len(words))
        if words[0] == "v":
            x, y, w = point = [hexadecimal(word) for word in words[1:]]
            slacks = [a * x + b * y + c * w for a, b, c in chart.sides]
            require(w > 0 and max(slacks, default=0) <= 0, "a corner outside the domain")
            points.append(point)
            tight.append(sum(1 << i for i, slack in enumerate(slacks) if slack == 0))
            columns, above, below = [[sum(map(mul, row, point)) for row in zip(*chart.columns)]], 0, 0
            afford_layers(log, layers, columns)
            for layer in layers:
                z = layer.preactivations(log.timed(columns))
                on = [value > 0 for value in z[0]]
                for value, up, cuts in zip(z[0], on, layer.cuts):
                    if cuts:
                        above, below = above * 2 + up, below * 2 + (value < 0)
                columns = [] if layer is layers[-1] else layer.activations(columns, z, on)
            signs.append((above, below))
            continue
        pattern, corners = hexadecimal(words[1]), [decimal(word) for word in words[2:]]
        require(len(corners) > 2, "no polygon")
        above = below = 0
        for i in corners:
            above, below = above | signs[i][0], below | signs[i][1]
        require(above == pattern and not below & pattern, "a corner contradicts the pattern")
        turns = [turn(points[corners[0]], points[i], points[j]) for i, j in zip(corners[1:], corners[2:])]
        require(min(turns) >= 0 and max(turns) > 0, "a region without interior, or turned around")
        require(pattern not in found, "a region is listed twice")
        found.add(pattern)
        for edge in zip(corners, corners[1:] + corners[:1]):
            require(edge not in unmatched, "two regions on the same side of an edge")
            unmatched ^= {edge[::-1] if edge[::-1] in unmatched else edge}
    require(found, "a chart without regions")
    for i, j in unmatched:
        require(tight[i] & tight[j], "nothing beyond an edge inside the domain: a region is missing")


def turn(first: Row, second: Row, third: Row) -> int:
    """Positive where three points [x, y, w] turn to the left."""
    (a, b, c), (d, e, f), (g, h, i) = first, second, third
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)


def check_tree(log: Log, layers: list[Layer], chart: Chart, found: set[int]) -> None:
    """Cells cut in two, neuron by neuron; where one does not cut, multipliers say why; at the end a point inside."""
    afford_layers(log, layers, chart.columns)
    n_bits = sum(layer.n_bits for layer in layers)
    # The halfspaces of the cell at hand, what was decided in it, and the other sides of cuts, still to come.
    cell, decided, halves = [*chart.sides], list[tuple[int, bool]](), list[Any]()
    begin, depth, columns, pattern = 0, 0, chart.columns, 0
    z = layers[0].preactivations(log.timed(columns)) if layers else []
    while True:
        bits = dict(decided[begin:])
        while True:
            while depth < len(layers) and len(bits) == layers[depth].n_bits:
                for j in sorted(bits):
                    pattern = pattern * 2 + bits[j]
                on = [bits.get(j, True) for j in range(len(z[0]))]
                columns = layers[depth].activations(columns, z, on)
                depth, begin, bits = depth + 1, len(decided), {}
                z = layers[depth].preactivations(log.timed(columns)) if depth < len(layers) else []
            words = log.next()
            if words[0] == "in":
                w, *point = [hexadecimal(word) for word in words[1:]]
                require(depth == len(layers) and w > 0 and len(point) == len(chart.columns) - 1, "no point of a region")
                require(all(sum(map(mul, row, [*point, w])) < 0 for row in cell), "a witness outside its region")
                require(pattern not in found, "a region is listed twice")
                log.hold(n_bits // 4 + 100)
                found.add(pattern)
                break
            j = decimal(words[1])
            require(depth < len(layers) and j < len(z[0]), "no such neuron")
            require(layers[depth].cuts[j] and j not in bits, "a neuron that is not to be decided")
            row = [values[j] for values in z]
            minus = [-v for v in row]
            if words[0] == "cut":
                require(len(words) == 2, "a cut is that of one neuron")
                halves.append((len(cell), minus, len(decided), j, begin, depth, columns, z, pattern))
                cell.append(row)
                bits[j] = False
            else:
                require(words[0] in ("on", "off"), f"unknown line '{words[0]} ...'")
                bits[j] = words[0] == "on"
                require(any(row) or not bits[j], "a neuron that vanishes is off")
                log.afford(2 * len(row) * sum(map(len, words)))
                scale = hexadecimal(words[2])
                rest = leftover([scale * v for v in (minus if bits[j] else row)], cell, words[3:])
                require(scale > 0 and greatest(rest, chart.box) <= 0, f"no proof that neuron {j} is {words[0]}")
            decided.append((j, bits[j]))
        if not halves:
            return
        n_rows, minus, n_decided, j, begin, depth, columns, z, pattern = halves.pop()
        cell[n_rows:], decided[n_decided:] = [minus], [(j, True)]


def leftover(row: Row, cell: list[Row], words: list[str]) -> Row:
    """A row minus nonnegative multiples of the halfspaces of a cell, which are named by their places in it."""
    for place, multiplier in zip(map(decimal, words[::2]), words[1::2], strict=True):
        factor = hexadecimal(multiplier)
        require(factor >= 0, "a negative multiplier")
        row = [v - factor * h for v, h in zip(row, cell[place])]
    return row


def greatest(row: Row, box: tuple[Row, Row, int] | None) -> int:
    """A number with the sign of the greatest value of an affine function in a box (of a constant, if there is none)."""
    *gradient, constant = row
    if box is None:
        require(not any(gradient), "the multipliers leave something over")
        return constant
    lower, upper, q = box
    return constant * q + sum(max(a * lo, a * hi) for a, lo, hi in zip(gradient, lower, upper))


class Case(NamedTuple):
    """Constraints ``a . x + c . y + b <= 0``, or ``< 0`` if strict, as rows of integers over `unit`."""

    rows: list[Row]
    strict: list[bool]
    unit: int
    box: tuple[tuple[Fraction, ...], tuple[Fraction, ...]]  # where single inputs may be
    text: str


def read_case(log: Log, dim: int, n_outputs: int) -> Case:
    """One way to violate a property."""
    exact, strict, shown = list[Any](), list[bool](), list[str]()
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
        shown.append(" + ".join(f"{v} {name}" for name, v in values.items()) + f" {sign} {-exact[-1][1]}")
        if len(names) == 1 and names[0][0] == "x":
            (((_, k), factor),) = exact[-1][0].items()
            side, end = ends[factor > 0], -exact[-1][1] / factor
            side[k] = end if side[k] is None else (min if factor > 0 else max)(side[k], end)
    require(all(end is not None for side in ends for end in side), "an input without a least or greatest value")
    require(all(map(Fraction.__le__, *ends)), "a box has lower <= upper")
    log.afford(sum(map(len, shown)) * (len(exact) * (dim + n_outputs) + 64))
    unit = math.lcm(*(v.denominator for terms, b in exact for v in (*terms.values(), b)))
    keys = [("x", k) for k in range(dim)] + [("y", k) for k in range(n_outputs)]
    rows = [[int(terms.get(key, 0) * unit) for key in keys] + [int(b * unit)] for terms, b in exact]
    return Case(rows, strict, unit, (tuple(ends[0]), tuple(ends[1])), "; ".join(shown))


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
    bounds: list[tuple[int | None, int | None]]
    leans: dict[int, int]
    lines: list[tuple[int, int, int, int] | None]

    def with_bounds(self, layer: Layer, bits: int, news: dict[int, tuple[int | None, int | None]]) -> "Known":
        """The same in units that are not larger, with the bounds of some neurons replaced."""
        bounds, more = [*self.bounds], bits - self.bits
        if more:
            bounds = [(v if v is None else v << more, w if w is None else w << more) for v, w in bounds]
        for j, pair in news.items():
            bounds[j] = pair
        return self._replace(bits=bits, bounds=bounds).drawn(layer, range(len(bounds)) if more else news)

    def drawn(self, layer: Layer, which: Iterable[int]) -> "Known":
        """The same, with the lines of some neurons drawn anew."""
        new = [*self.lines]
        for j in which:
            (p, q), (low, high) = layer.slopes[j], self.bounds[j]
            new[j] = lines(p, q, low, high, self.leans.get(j))
        return self._replace(lines=new)


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
    """Bounds on some neurons of a layer in a cell, which come of those on the layers before."""
    at, bits = decimal(words[1]), decimal(words[2])
    require(at < len(cell.known) and cell.known[at].bits <= bits < 4096, "no such layer, or bounds in other units")
    layer, news = stages[at], dict[int, tuple[int | None, int | None]]()
    known = cell.known[at].with_bounds(layer, bits, {})
    for word, *ends in zip(words[3::3], words[4::3], words[5::3], strict=True):
        j, pair = decimal(word), list[int | None]()
        require(j < len(layer.rows) and j not in news, "no such neuron, or one that had new bounds")
        for sign, end, old in zip((-1, 1), ends, known.bounds[j]):
            log.check_time()
            new = old if end == "*" else hexadecimal(end)
            if new is not None and (old is None or sign * new < sign * old):
                y, x = [0] * len(layer.rows), [0] * len(cell.lower)
                y[j] = sign << bits
                above = highest(stages[: at + 1], cell, y, {}, x, -sign * new)
                require(above <= 0, f"no proof of the bounds of neuron {j} of layer {at}")
            pair.append(new)
        news[j] = pair[0], pair[1]
    cell.known[at] = known.with_bounds(layer, bits, news)


class Multiples(NamedTuple):
    """Nonnegative multiples of what is at most 0 where a point of a cell satisfies a case, taken away from nothing."""

    sums: Row  # of inputs, outputs and a constant
    z: dict[int, list[tuple[int, int]]]  # of pre-activations, by layer
    strict: bool  # whether one of them is less than 0


def read_multiples(case: Case, cell: Cell, words: list[str]) -> Multiples:
    """N pairs of a constraint and a multiplier, and then threes of a layer, a neuron with a sign, and a multiplier."""
    n = 1 + 2 * decimal(words[0])
    sums, z, strict = [0] * len(case.rows[0]), dict[int, list[tuple[int, int]]](), False
    for word, multiplier in zip(words[1:n:2], words[2:n:2], strict=True):
        place, v = decimal(word), hexadecimal(multiplier)
        require(v >= 0, "a negative multiplier")
        sums = [total - v * a for total, a in zip(sums, case.rows[place])]
        strict |= v > 0 and case.strict[place]
    for layer, neuron, multiplier in zip(words[n::3], words[n + 1 :: 3], words[n + 2 :: 3], strict=True):
        at, j, v = decimal(layer), decimal(neuron), hexadecimal(multiplier)
        require(v >= 0 and (at, j) in cell.signs, "a negative multiplier, or of a neuron without a sign")
        z.setdefault(at, []).append((j, v * cell.signs[at, j] * case.unit))
    return Multiples(sums, z, strict)


def check_close(stages: list[Layer], case: Case, cell: Cell, words: list[str]) -> None:
    """No point of a cell satisfies a case: multiples of what is at most 0 where one does add up to more than that."""
    dim, (sums, z, strict) = len(cell.lower), read_multiples(case, cell, words[2:])
    above = highest(stages, cell, sums[dim:-1], z, sums[:dim], sums[-1])
    require(above < 0 or (strict and above == 0), "a point of the cell may satisfy the case")


def check_end(stages: list[Layer], cases: list[Case], cell: Cell, words: list[str]) -> Cell:
    """A bound on a neuron or an input at all points of a cell that satisfy a case which is open: by multiples, too."""
    sign, dim, case = (1 if words[0] == "above" else -1), len(cell.lower), cases[cell.open[0]]
    bits, j, end, scale = decimal(words[2]), decimal(words[3]), hexadecimal(words[4]), hexadecimal(words[5])
    require(words[6] == "0" or len(cell.open) == 1, "constraints of one of several cases")
    require(scale > 0, "a scale is positive")
    sums, z, _ = read_multiples(case, cell, words[6:])
    scale *= sign * case.unit
    sums[-1] -= scale * end
    if words[1] == "x":
        require(j < dim and bits < 64, "no such input, or too small a unit")
        sums[j] += scale * (cell.unit << bits)
    else:
        at = decimal(words[1])
        require(at < len(cell.known) and j < len(stages[at].rows), "no such neuron")
        require(cell.known[at].bits <= bits < 4096, "bounds in other units")
        z.setdefault(at, []).append((j, scale << bits))
    last = len(stages) if any(sums[dim:-1]) else max(z, default=0) + 1
    y = sums[dim:-1] if last == len(stages) else [0] * len(stages[last - 1].rows)
    require(highest(stages[:last], cell, y, z, sums[:dim], sums[-1]) <= 0, "no proof of a bound")
    if words[1] == "x":
        lower, upper = ([v << bits for v in side] for side in (cell.lower, cell.upper))
        side = upper if sign > 0 else lower
        side[j] = sign * min(sign * side[j], sign * end)
        return cell._replace(lower=lower, upper=upper, unit=cell.unit << bits)
    known = cell.known[at].with_bounds(stages[at], bits, {})
    low, high = known.bounds[j]
    if sign > 0:
        high = end if high is None else min(high, end)
    else:
        low = end if low is None else max(low, end)
    cell.known[at] = known.with_bounds(stages[at], bits, {j: (low, high)})
    return cell


def check_leans(stages: list[Layer], cell: Cell, words: list[str]) -> None:
    """Slopes of lines through 0 of some neurons of a layer, until the cell ends or is cut; any will do."""
    at, known = decimal(words[1]), cell.known[decimal(words[1])]
    news = {decimal(j): hexadecimal(lean) for j, lean in zip(words[2::2], words[3::2], strict=True)}
    require(all(0 <= lean <= 1 << SLOPE_BITS for lean in news.values()), "a slope between those of the activation")
    cell.known[at] = known._replace(leans={**known.leans, **news}).drawn(stages[at], news)


def check_cases(log: Log, stages: list[Layer], cases: list[Case], which: list[int]) -> None:
    """No point of the box that some cases share satisfies one: the box is cut, and their signs, until that is shown."""
    (lower, upper), *others = [cases[i].box for i in which]
    require(all(box == (lower, upper) for box in others), "cases that are closed together have one box")
    unit = math.lcm(*(v.denominator for v in (*lower, *upper)))
    nothing = [(layer, range(len(layer.rows))) for layer in stages[:-1]]
    known = [Known(0, [(None, None)] * len(js), {}, [None] * len(js)).drawn(layer, js) for layer, js in nothing]
    waiting = [Cell([int(v * unit) for v in lower], [int(v * unit) for v in upper], unit, known, {}, [*which])]
    while waiting:
        cell = waiting.pop()
        while cell.open:
            words = log.next()
            size = sum((200 + known.bits) * len(known.bounds) for known in cell.known) + 200 * len(cell.signs)
            log.afford((len(waiting) + 2) * (size + (100 + cell.unit.bit_length() // 4) * len(lower)))
            if words[0] == "bounds":
                check_bounds(log, stages, cell, words)
            elif words[0] in ("above", "below"):
                cell = check_end(stages, cases, cell, words)
            elif words[0] == "slopes":
                check_leans(stages, cell, words)
            elif words[0] == "close":
                i = decimal(words[1])
                require(i in cell.open, "a case that is not open")
                check_close(stages, cases[i], cell, words)
                cell.open.remove(i)
            else:
                cell, other = halves(stages, cell, words)
                waiting.append(other)


def halves(stages: list[Layer], cell: Cell, words: list[str]) -> tuple[Cell, Cell]:
    """A cell cut in two: its box in the middle of an input, or by the sign of a neuron, where it is <= 0 first."""
    numbers = [decimal(word) for word in words[1:]]
    plain = [known._replace(leans={}).drawn(stage, known.leans) for stage, known in zip(stages, cell.known)]
    cell = cell._replace(known=plain)
    if words[0] == "halve":
        (k,) = numbers
        lower, upper = [2 * v for v in cell.lower], [2 * v for v in cell.upper]
        middle = cell.lower[k] + cell.upper[k]
        low = cell._replace(lower=lower, upper=[*upper[:k], middle, *upper[k + 1 :]], unit=2 * cell.unit)
        high = low._replace(lower=[*lower[:k], middle, *lower[k + 1 :]], upper=upper)
    else:
        require(words[0] == "split" and len(numbers) == 2, f"unknown line '{words[0][:20]} ...'")
        at, j = numbers
        bottom, top = cell.known[at].bounds[j]
        ends = (bottom, 0 if top is None else min(top, 0)), (0 if bottom is None else max(bottom, 0), top)
        layer, now = stages[at], cell.known[at]
        both = [[*cell.known[:at], now.with_bounds(layer, now.bits, {j: pair}), *cell.known[at + 1 :]] for pair in ends]
        low = cell._replace(known=both[0], signs={**cell.signs, (at, j): -1})
        high = cell._replace(known=both[1], signs={**cell.signs, (at, j): 1})
    return low, high._replace(known=[*high.known], open=[*cell.open])


def check_violation(log: Log, stages: list[Layer], cases: list[Case], words: list[str]) -> None:
    """A point satisfies a case."""
    case, point = cases[decimal(words[1])], [fraction(word) for word in words[2:]]
    require(len(point) == len(case.box[0]), "a point of another dimension")
    unit = math.lcm(*(v.denominator for v in point))
    columns = [[*(int(v * unit) for v in point), unit]]
    afford_layers(log, stages, columns)
    for stage in stages:
        z = stage.preactivations(log.timed(columns))
        columns = stage.activations(columns, z, [value > 0 for value in z[0]])
    *outputs, under = columns[0]
    values = [*point, *(Fraction(v, under) for v in outputs), Fraction(1)]
    sums = [sum(map(mul, row, values), Fraction(0)) for row in case.rows]
    require(all(v < 0 or (v == 0 and not strict) for v, strict in zip(sums, case.strict)), "no violation")


def check_property(log: Log, dim: int, layers: list[Layer]) -> dict[str, Any]:
    """Prove that no point satisfies any case of a property, or that one does."""
    fan_in = len(layers[-1].rows) if layers else dim
    rows = [read_floats(log.next("output")[1:], fan_in + 1) for _ in range(decimal(log.next("outputs", 2)[1]))]
    require(dim > 0 and rows, "a network without inputs or outputs")
    stages = [*layers, Layer([[1.0, 1.0, 0.0, *row] for row in rows])]
    network = log.digest.copy().hexdigest()
    cases = [read_case(log, dim, len(rows)) for _ in range(decimal(log.next("property", 2)[1]))]
    statement, left, verdict = log.digest.copy().hexdigest(), set(range(len(cases))), "HOLDS"
    afford_layers(log, stages, [[1 << longest([row for case in cases for row in case.rows])]] * (dim + 2))
    while log.words[:1] == ["cases"]:
        which = [decimal(word) for word in log.next()[1:]]
        require(which and left.issuperset(which) and len(set(which)) == len(which), "cases that are not open")
        check_cases(log, stages, cases, which)
        left -= {*which}
    if log.words[:1] == ["violated"]:
        check_violation(log, stages, cases, log.next())
        verdict = "VIOLATED"
    require(not left or verdict == "VIOLATED", f"nothing is said of case {min(left, default=0)}")
    told = " | ".join(case.text for case in cases)
    return {"verdict": verdict, "network": network, "statement": statement, "property": told}


def check_counts(log: Log, dim: int, layers: list[Layer]) -> dict[str, Any]:
    """Prove the numbers of regions of a domain, in total and after each layer."""
    network = log.digest.copy().hexdigest()
    domain, charts = read_domain(log, dim)
    patterns = set[int]()
    for number, chart in enumerate(charts):
        words, found = log.next("chart"), set[int]()
        require(decimal(words[1]) == number, "charts out of order")
        if words[2] == "empty":
            # Nonnegative multiples of the sides, not all zero, add up to a number >= 0: nowhere are all of them < 0.
            log.afford(2 * (dim + 1) * sum(map(len, words)))
            rest = leftover([0] * (dim + 1), chart.sides, words[3:])
            require(
                any(hexadecimal(word) for word in words[4::2]) and greatest(rest, None) <= 0, "no proof of emptiness"
            )
        else:
            plane = words[2] == "plane" and len(chart.columns) == 3
            require(len(words) == 3 and (plane or words[2] == "tree"), f"unknown form of proof '{words[2][:20]}'")
            (check_plane if plane else check_tree)(log, layers, chart, found)
        patterns |= found
    still_to_come = [sum(layer.n_bits for layer in layers[i + 1 :]) for i in range(len(layers))]
    counts = [len(patterns), *(len({pattern >> n for pattern in patterns}) for n in still_to_come)]
    claimed = log.next("regions")[1:]
    require(claimed == list(map(str, counts)), f"{counts} regions were proved, but the log says another number")
    return {"total": counts[0], "per_layer": counts[1:], "network": network, "domain": domain}


def check(log: Log) -> dict[str, Any]:
    """Prove a log: what is proved, of which network."""
    log.advance()
    require(log.next() == ["polytope_lens", "proof", "1"], "not a proof log of this version")
    dim, layers = read_network(log)
    found = (check_property if log.words[:1] == ["outputs"] else check_counts)(log, dim, layers)
    digest = log.digest.hexdigest()
    require(log.next() == ["sha256", digest] and not log.raw, "the log has been changed since it was written")
    return {"proved": True, **found, "inputs": dim, "widths": [len(layer.rows) for layer in layers]}


def verify(path: str, seconds: float = SECONDS) -> dict[str, Any]:
    """Whether the log in a file proves what it claims, and that; or else the line at which it fails, and why.

    ``network`` in what is returned is the SHA-256 of the lines down to the last one of the network, and ``statement``
    that of the lines down to the last one of a property.
    """
    with open(path, "rb") as file:
        log = Log(file, os.fstat(file.fileno()).st_size, seconds)
        try:
            return check(log)
        except (RejectedError, ValueError, IndexError, ArithmeticError, MemoryError) as error:
            why = "more memory than there is" if isinstance(error, MemoryError) else f"a damaged line ({error!s:.200})"
            reason = str(error) if isinstance(error, RejectedError) else why
            return {"proved": False, "line": max(1, log.number - 1), "reason": reason}


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: python checker.py LOG [SECONDS]")
    try:
        answer = verify(sys.argv[1], *map(float, sys.argv[2:]))
    except (OSError, ValueError) as problem:
        sys.exit(str(problem))
    print(*(f"{key}: {value}" for key, value in answer.items()), sep="\n")
    sys.exit(not answer["proved"])

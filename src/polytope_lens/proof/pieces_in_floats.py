"""The pieces of a count's log, proved in floats whose errors are bounded; in integers where that is not enough.

A piece that floats prove is proved, and any other one is left to `checker` as a whole. So both accept the same logs.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._compiled.simd import padded
from polytope_lens.proof import checker
from polytope_lens.proof.float_stages import OutOfRangeError, ProofTally, numbers_of, require_range
from polytope_lens.proof.polygons_kernels import IS_FULL, PlaneWalk, begin_polygon, walk_polygons
from polytope_lens.proof.rows_on_cells_kernels import ON, ForwardArrays, rows_of_room
from polytope_lens.proof.sums_above_kernels import U
from polytope_lens.proof.tree_lines_kernels import GOES_ON, IS_PROVED, SHORT, UNKNOWN, TreeWalk, walk_lines

if TYPE_CHECKING:
    from polytope_lens._types import Words
    from polytope_lens.proof.checker import Budget, Chart, Layer, Part, Polygon, Row

# Powers of two of numbers that floats are asked about, and how many bits of a number they keep.
REACH, SIGNIFICANT = 200, 53
# So many products at most are made at once, that time is looked at in between.
AT_ONCE = 2**24


class InFloats:
    """A form of proof of which floats try each piece first; `walk` has what they count."""

    layers: list[Layer]
    chart: Chart
    budget: Budget
    tally: ProofTally
    walk: Any
    counts: list[int]

    @cached_property
    def net(self) -> ForwardArrays | None:
        """The network in floats, with room for a walk; None where there is none, or numbers are out of their range.

        Made when it is first asked for: the trunk of a log has no use for it.
        """
        try:
            require_range(self.layers)
            net = forward_arrays(self.layers)
            require_range(self.make_room(net))
        except OutOfRangeError:
            return None
        return net

    def make_room(self, net: ForwardArrays) -> bool:
        """Make room for a walk, if it may be had."""
        raise NotImplementedError

    def is_proved(self, cell: Any, lines: list[str]) -> bool:
        """Whether floats prove all of a cell, which is then counted."""
        self.tally.questions += 1
        if self._walked(cell, lines):
            self.counts = [n + m for n, m in zip(self.counts, self.walk.counts.tolist(), strict=True)]
            return True
        self.tally.by_integers += 1
        return False

    def _walked(self, cell: Any, lines: list[str]) -> bool:
        """Whether a walk in floats came to the end of it."""
        raise NotImplementedError


class FloatTree(InFloats, checker.Tree):
    """As `checker.Tree`."""

    def __init__(self, layers: list[Layer], chart: Chart, budget: Budget, tally: ProofTally) -> None:
        super().__init__(layers, chart, budget)
        self.tally = tally
        self.dim = len(chart.columns) - 1

    def make_room(self, net: ForwardArrays) -> bool:
        """Make room for what is known of cells on one way down."""
        n, n_layers, widest = len(net.bias), len(self.layers), int(np.diff(net.first).max())
        n_halves = len(self.chart.sides) + n
        if not (self.chart.in_box and self.dim):
            return False
        if not has_room(self.budget, n_layers * widest * (self.dim + 5) + n_halves * (self.dim + 9)):
            return False
        self.walk = TreeWalk(
            z=np.zeros((n_layers, self.dim + 1, widest)), doubt=np.zeros((n_layers, widest)),
            on=np.zeros((n_layers, widest), np.int64), left=np.zeros(n_layers, np.int64),
            half=np.zeros((n_halves, self.dim + 1)), half_doubt=np.zeros(n_halves),
            trail=np.zeros((n, 2), np.int64), waiting=np.zeros((n + 1, 4), np.int64),
            counts=np.zeros(n_layers, np.int64), at=np.zeros(5, np.int64),
            seen=np.zeros((rows_of_room(self.dim), widest)), total=np.zeros(self.dim + 1),
        )  # fmt: skip
        self.most_lines = np.array([max(1, AT_ONCE // (net.weight.size * (self.dim + 2)))])
        return True

    def _walked(self, cell: Part, lines: list[str]) -> bool:
        if self.net is None:
            return False
        try:
            self._enter(cell)
        except OutOfRangeError:
            return False
        text = np.frombuffer("".join(f"{line}\n" for line in lines).encode("ascii"), dtype=np.uint8)
        end = GOES_ON
        while end == GOES_ON:
            self.budget.check_time()
            end = walk_lines(self.net, self.walk, text, self.most_lines)
        return bool(end == IS_PROVED)

    def _enter(self, cell: Part) -> None:
        """Begin at a cell that is known in integers."""
        walk, n = self.walk, len(cell.halfspaces)
        walk.counts[:], walk.at[:] = 0, (0, n, 0, 0, cell.depth)
        for i, row in enumerate(cell.halfspaces):
            walk.half[i], walk.half_doubt[i] = rounded(row, 1 << checker.longest([row]))
            walk.half_doubt[i] += (self.dim + 2) * SHORT
        if cell.depth < len(self.layers):
            layer = self.layers[cell.depth]
            one = self.slots.unpacked(cell.seen[-1])[-1] * layer.scale
            for j, row in enumerate(cell.rows):
                walk.z[cell.depth, :, j], walk.doubt[cell.depth, j] = rounded(row, one)
                walk.on[cell.depth, j] = cell.on.get(j, UNKNOWN) if layer.cuts[j] else ON
            walk.left[cell.depth] = layer.n_bits - len(cell.on)


class FloatPlane(InFloats, checker.Plane):
    """As `checker.Plane`."""

    def __init__(self, layers: list[Layer], chart: Chart, budget: Budget, tally: ProofTally) -> None:
        super().__init__(layers, chart, budget)
        self.tally = tally

    def make_room(self, net: ForwardArrays) -> bool:
        """Make room for some polygons, which may grow."""
        self.widest, self.n_lines = int(np.diff(net.first).max()), len(self.chart.sides) + len(net.bias)
        self.most_steps = np.array([max(1, AT_ONCE // net.weight.size)])
        return self._has_walk(2**10, 2**7, 2**7)

    def _has_walk(self, n_corners: int, n_polygons: int, longest: int) -> bool:
        """Make room for so many corners and polygons, and for one polygon with so many corners, if it may be had."""
        n_layers, widest = len(self.layers), self.widest
        words = -(-widest // 64)
        n_numbers = n_layers * (widest * 7 + 2 * words) + (n_corners + longest + n_polygons) * (4 + 2 * words)
        if not has_room(self.budget, n_numbers + 4 * self.n_lines):
            return False
        cutting = np.zeros((n_layers, words), np.uint64)
        for layer, cuts in zip(cutting, (layer.cuts for layer in self.layers), strict=True):
            layer[:] = in_words(cuts, words)
        self.walk = PlaneWalk(
            z=np.zeros((n_layers, 3, widest)), doubt=np.zeros((n_layers, widest)),
            on=np.zeros((n_layers, widest), np.int64), seen=np.zeros((rows_of_room(2), widest)),
            spread=np.zeros((n_layers, widest)), slack=np.zeros((n_layers, widest)),
            polygon=np.zeros((n_polygons, 4), np.int64), active=np.zeros((n_polygons, words), np.uint64),
            above=np.zeros((n_polygons, words), np.uint64), corner=np.zeros((n_corners, 3)),
            line=np.zeros(n_corners, np.int64), up=np.zeros((n_corners, words), np.uint64),
            down=np.zeros((n_corners, words), np.uint64), lines=np.zeros((self.n_lines, 4)),
            old_corner=np.zeros((longest, 3)), old_line=np.zeros(longest, np.int64),
            old_up=np.zeros((longest, words), np.uint64), old_down=np.zeros((longest, words), np.uint64),
            cutting=cutting, zero=np.zeros((n_layers, words), np.uint64), both=np.zeros((2, words), np.uint64),
            counts=np.zeros(n_layers, np.int64), top=np.zeros(1, np.int64),
        )  # fmt: skip
        return True

    def _grow(self) -> bool:
        """Make twice as much room."""
        old = self.walk
        if not self._has_walk(2 * len(old.line), 2 * len(old.polygon), 2 * len(old.old_line)):
            return False
        for name, array in old._asdict().items():
            getattr(self.walk, name)[tuple(map(slice, array.shape))] = array
        return True

    def _walked(self, cell: Polygon, lines: list[str]) -> bool:
        if self.net is None or lines or cell.depth == len(self.layers):
            return False
        try:
            self._enter(cell)
        except OutOfRangeError:
            return False
        if not begin_polygon(self.net, self.walk):
            return False
        end = GOES_ON
        while end in (GOES_ON, IS_FULL):
            self.budget.check_time()
            end = walk_polygons(self.net, self.walk, self.most_steps)
            if end == IS_FULL and not self._grow():
                return False
        return bool(end == IS_PROVED)

    def _enter(self, cell: Polygon) -> None:
        """Begin at a polygon that is known in integers."""
        layer, coarse, n = self.layers[cell.depth], self.coarse[cell.depth], len(cell.border)
        while n > len(self.walk.old_line):
            require_range(self._grow())
        walk = self.walk
        walk.counts[:], walk.top[0], walk.polygon[0] = 0, 0, (cell.depth, 0, n, n)
        active = coarse.members(cell.active)
        on = [up and not free for up, free in zip(coarse.members(cell.on), active, strict=True)]
        walk.active[0], walk.above[0] = (in_words(some, walk.active.shape[1]) for some in (active, on))
        edges = [edge for edge, *_ in cell.border]
        for i, (before, edge) in enumerate(zip([edges[-1], *edges], edges, strict=False)):
            walk.lines[i, :3], walk.lines[i, 3] = rounded(edge, 1 << checker.longest([edge]))
            *point, under = checker.meet(before, edge)
            walk.corner[i] = *(v / under for v in point), 4 * U
            walk.line[i] = i
        one = coarse.exact.unpacked(cell.seen[-1])[-1] * layer.scale
        for j, value in enumerate(cell.z):
            walk.z[cell.depth, :, j], walk.doubt[cell.depth, j] = rounded(coarse.exact.unpacked(value), one)


def in_words(some: list[bool], n: int) -> Words:
    """A set of neurons as n words, the first neuron lowest."""
    value = sum(1 << j for j, is_in in enumerate(some) if is_in)
    return np.array([value >> 64 * w & 2**64 - 1 for w in range(n)], dtype=np.uint64)


def has_room(budget: Budget, n_numbers: int) -> bool:
    """Whether so many numbers of eight bytes may be held; if not, integers are asked, which take less or refuse."""
    return 8 * n_numbers + budget.held <= budget.most


def forward_arrays(layers: list[Layer]) -> ForwardArrays:
    """Layers as arrays; none has numbers that are out of range."""
    width = [len(layers[0].rows[0]) - 1, *(len(layer.rows) for layer in layers)]
    weights, columns = [], []
    for layer in layers:
        weight, bias, slopes = numbers_of(layer)
        n, beyond = len(bias), padded(len(bias))
        wide, numbers = np.zeros((weight.shape[1], beyond)), np.zeros((4, beyond))
        wide[:, :n], numbers[0, :n], numbers[1:3, :n], numbers[3, :n] = weight.T, bias, slopes.T, layer.cuts
        weights.append(wide.ravel())
        columns.append(numbers)
    bias, negative, positive, cuts = np.concatenate(columns, axis=1)
    return ForwardArrays(
        width=np.array(width),
        first=np.cumsum([0, *map(padded, width[1:])]),
        weight_start=np.cumsum([0, *(part.size for part in weights[:-1])]),
        weight=np.concatenate(weights),
        bias=bias,
        negative=negative,
        positive=positive,
        cuts=cuts.astype(np.int64),
    )


def rounded(row: Row, one: int) -> tuple[list[float], float]:
    """A row over a power of two in floats, and how far these are from it at most."""
    unit, is_exact = one.bit_length(), True
    for v in row:
        n = v.bit_length()
        require_range(v == 0 or -REACH < n - unit < REACH)
        is_exact = is_exact and n - (v & -v).bit_length() < SIGNIFICANT
    found = [v / one for v in row]
    return found, 0.0 if is_exact else 2 * U * max(map(abs, found))

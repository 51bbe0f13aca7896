"""The pieces of a count's log, proved in floats whose errors are bounded; in integers where that is not enough.

A piece that floats prove is proved, and any other one is left to `checker` as a whole. So both accept the same logs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._compiled.simd import padded
from polytope_lens.proof import checker
from polytope_lens.proof.float_stages import LARGEST, SMALLEST, OutOfRangeError, Tally, numbers_of, require_range
from polytope_lens.proof.sums_above_kernels import U
from polytope_lens.proof.tree_lines_kernels import (
    GOES_ON,
    IS_PROVED,
    ON,
    SHORT,
    UNKNOWN,
    ForwardArrays,
    TreeWalk,
    walk_lines,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polytope_lens._types import Floats
    from polytope_lens.proof.checker import Budget, Chart, Layer, Part, Row

# So many products at most are made at once, that time is looked at in between.
AT_ONCE = 2**24


class FloatTree(checker.Tree):
    """As `checker.Tree`."""

    def __init__(self, layers: list[Layer], chart: Chart, budget: Budget, tally: Tally) -> None:
        super().__init__(layers, chart, budget)
        self.tally = tally
        self.dim = len(chart.columns) - 1
        self.net: ForwardArrays | None = None
        try:
            require_range(chart.in_box, layers, self.dim)
            self.net = forward_arrays(layers)
        except OutOfRangeError:
            return
        n, n_layers, widest = len(self.net.bias), len(layers), int(np.diff(self.net.first).max())
        self.walk = TreeWalk(
            z=np.zeros((n_layers, self.dim + 1, widest)), doubt=np.zeros((n_layers, widest)),
            on=np.zeros((n_layers, widest), np.int64), left=np.zeros(n_layers, np.int64),
            half=np.zeros((len(chart.sides) + n, self.dim + 1)), half_doubt=np.zeros(len(chart.sides) + n),
            trail=np.zeros((n, 2), np.int64), waiting=np.zeros((n + 1, 4), np.int64),
            counts=np.zeros(n_layers, np.int64), at=np.zeros(5, np.int64),
            seen=np.zeros((self.dim + 3, widest)), total=np.zeros(self.dim + 1),
        )  # fmt: skip
        self.most_lines = np.array([max(1, AT_ONCE // (self.net.weight.size * (self.dim + 2)))])

    def finish(self, cell: Part, lines: list[str]) -> Iterator[None]:
        """Prove all of a cell, by floats or else line by line."""
        self.tally.questions += 1
        if self._is_proved(cell, lines):
            self.counts = [n + m for n, m in zip(self.counts, self.walk.counts.tolist(), strict=True)]
            return
        self.tally.by_integers += 1
        yield from super().finish(cell, lines)

    def _is_proved(self, cell: Part, lines: list[str]) -> bool:
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
            one = cell.columns[-1][-1] * layer.scale
            for j, row in enumerate(zip(*cell.z, strict=True)):
                walk.z[cell.depth, :, j], walk.doubt[cell.depth, j] = rounded([*row], one)
                walk.on[cell.depth, j] = cell.on.get(j, UNKNOWN) if layer.cuts[j] else ON
            walk.left[cell.depth] = layer.n_bits - len(cell.on)


def forward_arrays(layers: list[Layer]) -> ForwardArrays:
    """Layers as arrays; none has numbers that are out of range."""
    width = [len(layers[0].rows[0]) - 1, *(len(layer.rows) for layer in layers)]
    weights, biases, slopes = zip(*map(numbers_of, layers), strict=True)
    beyond = [padded(n) - n for n in width[1:]]
    columns = [np.pad(weight.T, ((0, 0), (0, more))) for weight, more in zip(weights, beyond, strict=True)]
    numbers = [np.concatenate([b[:, None], s, np.array(layer.cuts)[:, None]], axis=1)
               for b, s, layer in zip(biases, slopes, layers, strict=True)]  # fmt: skip
    together = np.concatenate([np.pad(part, ((0, more), (0, 0))) for part, more in zip(numbers, beyond, strict=True)])
    bias, negative, positive, cuts = (np.ascontiguousarray(part) for part in together.T)
    return ForwardArrays(
        width=np.array(width),
        first=np.cumsum([0, *map(padded, width[1:])]),
        weight_start=np.cumsum([0, *(part.size for part in columns[:-1])]),
        weight=np.concatenate([part.ravel() for part in columns]),
        bias=bias,
        negative=negative,
        positive=positive,
        cuts=cuts.astype(np.int64),
    )


def rounded(row: Row, one: int) -> tuple[Floats, float]:
    """A row over a power of two in floats, and how far these are from it at most."""
    most = checker.longest([row]) - one.bit_length()
    require_range(abs(most) < 200 or not any(row))
    found = np.array([v / one for v in row])
    require_range(*(v == 0 or SMALLEST <= abs(f) <= LARGEST for v, f in zip(row, found, strict=True)))
    is_exact = all(p * one == v * q for v, (p, q) in zip(row, map(float.as_integer_ratio, found.tolist()), strict=True))
    return found, 0.0 if is_exact else float(np.abs(found).max() * 2 * U)

"""How far the parts of a cell are from being closed, guessed quickly.

The rows that bound the neurons of a cell bound them in its parts, too, and more narrowly. Lines are drawn anew between
these bounds, and sums are bounded through them. A look at a part finds more, and costs ten times as much. All of it is
in single precision, and nothing is known of errors: this chooses where a cell is cut, and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens.exact.forward import quiet
from polytope_lens.network.twins import NO_FANS
from polytope_lens.properties.cell_lines import is_one_slope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.network.network import Layer
    from polytope_lens.network.twins import Fans

    Singles = NDArray[np.float32]


class QuickHeights:
    """Guesses for the cells of one network, whose outputs are one more layer."""

    def __init__(self, stages: Sequence[Layer], fans: Sequence[Fans] | None = None) -> None:
        self.fans = [NO_FANS] * len(stages) if fans is None else fans
        self.weights = [_single(stage.factor()) for stage in stages]
        self.biases = [_single(stage.bias) for stage in stages]
        self.slopes = [(_single(stage.negative_slope), _single(stage.positive_slope)) for stage in stages[:-1]]

    def heights(
        self, lower: Floats, upper: Floats, low: Sequence[Floats], high: Sequence[Floats], sums: Floats,
        is_asked: Bools, rows: Singles, which: Ints,
    ) -> Floats:  # fmt: skip
        """How far above 0 upper bounds on k sums are in each of n boxes, (n,), all together.

        Parameters
        ----------
        lower, upper : (n, d) arrays
        low, high : lists of (n, width) arrays
            Bounds on the pre-activations of each hidden layer.
        sums : (n, k, M + d + 1) array
            Coefficients of outputs and inputs, and constants.
        is_asked : (n, k) array
            Which sums count.
        rows : (2, m, N, d + 1) array
            Affine functions below and above all pre-activations in m cells, NaN where none is known.
        which : (n,) array
            The cell that a box is in.
        """
        middle, half = _single((lower + upper).T / 2), _single((upper - lower).T / 2)
        lines: list[tuple[Singles, ...]] = []
        start = 0
        with quiet(), np.errstate(divide="ignore"):
            for index, ends in enumerate(zip(low, high, strict=True)):
                stop = start + len(self.biases[index])
                bottom, top = (
                    self._ends(rows[side, :, start:stop], which, middle, half, sign) for side, sign in ((0, -1), (1, 1))
                )
                start = stop
                bottom, top = np.fmax(bottom, _single(ends[0].T)), np.fmin(top, _single(ends[1].T))
                lines.append(self._lines(index, bottom, top))
            m = len(self.biases[-1])
            given = np.ascontiguousarray(_single(sums.transpose(2, 1, 0)))
            found = self._highest(len(self.weights) - 1, given[:m], lines, middle, half, given[m:-1])
            found = np.where(is_asked.T, np.maximum(found + given[-1], 0), 0).sum(axis=0)
        return np.where(np.isnan(found), np.inf, found).astype(np.float64)

    def _ends(self, rows: Singles, which: Ints, middle: Singles, half: Singles, sign: int) -> Singles:
        """The greatest (sign 1) or least (-1) values, (width, n), of rows of cells in boxes that lie in them."""
        normal = rows[which, :, :-1]
        value = np.einsum("nwd,dn->wn", normal, middle) + sign * np.einsum("nwd,dn->wn", np.abs(normal), half)
        return np.asarray(value + rows[which, :, -1].T)

    def _lines(self, index: int, low: Singles, high: Singles) -> tuple[Singles, ...]:
        """Slopes of lines above and below activations, (width, n), and by how much they are too high and too low."""
        p, q = (slope[:, None] for slope in self.slopes[index])
        known = (low >= 0) | (high <= 0) | (p == q)
        own = np.where(low >= 0, q, np.where(high <= 0, p, q))
        chord = np.where(known, own, (q * high - p * low) / (high - low))
        through = np.where(known, own, np.where(high > -low, q, p))
        offset = np.where(known, 0, (q - p) * high * -low / (high - low))
        lines = (
            np.where(p < q, chord, through),
            np.where(p < q, through, chord),
            np.maximum(offset, 0),
            np.minimum(offset, 0),
        )
        fans = self.fans[index]
        if len(fans.place):
            on, off = (one.T for one in is_one_slope(low.T, high.T, fans))
            least, most = (
                np.where(on, q[fans.place], np.where(off, p[fans.place], pick(p, q)[fans.place]))
                for pick in (np.minimum, np.maximum)
            )
            low, high = low[fans.place], high[fans.place]
            rise = most - least
            share = np.where(low >= 0, 1, np.where((high <= 0) | (rise == 0), 0, high / (high - low)))
            offset = np.where((low < 0) & (high > 0) & (rise > 0), rise * high * -low / (high - low), 0)
            for line, own in zip(lines, (least + rise * share, most - rise * share, offset, -offset), strict=True):
                line[fans.place] = own
        return lines

    def _highest(
        self, index: int, value: Singles, lines: Sequence[tuple[Singles, ...]], middle: Singles, half: Singles,
        inputs: Singles | None = None,
    ) -> Singles:  # fmt: skip
        """The greatest values, (k, n), of k sums of pre-activations of a layer, (width, k, 1 or n), and of inputs."""
        k, n = value.shape[1], middle.shape[1]
        value = np.ascontiguousarray(np.broadcast_to(value, (len(value), k, n)))
        constant = np.zeros((k, n), dtype=np.float32)
        for at in range(index, -1, -1):
            if at < index:
                above, below, top, bottom = (line[:, None] for line in lines[at])
                is_above = value > 0
                constant += (value * np.where(is_above, top, bottom)).sum(axis=0)
                value = value * np.where(is_above, above, below)
            flat = value.reshape(len(value), -1)
            constant += (self.biases[at] @ flat).reshape(k, n)
            value = np.asarray(self.weights[at].T @ flat).reshape(-1, k, n)
        if inputs is not None:
            value = value + inputs
        return np.asarray(constant + (value * middle[:, None] + np.abs(value) * half[:, None]).sum(axis=0))


def _single(array: Any) -> Any:
    """An array, or a sparse matrix, in single precision; numbers that are too large are infinite."""
    with quiet():
        return array.astype(np.float32)

"""How far the parts of a cell are from being closed, guessed quickly.

The bounds are those of `cell_bounds`, but in single precision, and nothing is known of their errors. They choose where
a cell is cut, and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._arrays.batches import batches
from polytope_lens.exact.forward import quiet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Floats
    from polytope_lens.network.network import Layer

    Singles = NDArray[np.float32]


# Numbers looked at together: what a processor's cache holds
MOST_NUMBERS = 2**18


class QuickHeights:
    """Guesses for the cells of one network, whose outputs are one more layer."""

    def __init__(self, stages: Sequence[Layer]) -> None:
        self.weights = [_single(stage.factor()) for stage in stages]
        self.biases = [_single(stage.bias) for stage in stages]
        self.slopes = [(_single(stage.negative_slope), _single(stage.positive_slope)) for stage in stages[:-1]]

    def heights(
        self, lower: Floats, upper: Floats, low: Sequence[Floats], high: Sequence[Floats], sums: Floats, is_asked: Bools
    ) -> Floats:
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
        """
        widest = max(len(bias) for bias in self.biases)
        parts = [
            self._heights(lower[some], upper[some], [e[some] for e in low], [e[some] for e in high], sums[some])
            for some in batches(len(lower), 2 * widest**2, MOST_NUMBERS)
        ]
        found = np.where(is_asked, np.maximum(np.concatenate(parts), 0), 0).sum(axis=1)
        return np.where(np.isnan(found), np.inf, found).astype(np.float64)

    def _heights(
        self, lower: Floats, upper: Floats, low: Sequence[Floats], high: Sequence[Floats], sums: Floats
    ) -> Singles:
        """The upper bounds, (n, k)."""
        middle, half = _single((lower + upper).T / 2), _single((upper - lower).T / 2)
        lines: list[tuple[Singles, ...]] = []
        with quiet(), np.errstate(divide="ignore"):
            for index, ends in enumerate(zip(low, high, strict=True)):
                bottom, top = (_single(end.T) for end in ends)
                is_open = (ends[0] < 0) & (ends[1] > 0) & (np.subtract(*self.slopes[index]) != 0)
                asked = np.flatnonzero(is_open.any(axis=0))
                if len(asked):
                    chosen = np.eye(len(self.biases[index]), dtype=np.float32)[:, asked]
                    both = np.concatenate([chosen, -chosen], axis=1)[:, :, None]
                    both = self._highest(index, both, lines, middle, half)
                    top[asked] = np.fmin(top[asked], both[: len(asked)])
                    bottom[asked] = np.fmax(bottom[asked], -both[len(asked) :])
                lines.append(self._lines(index, bottom, top))
            m = len(self.biases[-1])
            given = np.ascontiguousarray(_single(sums.transpose(2, 1, 0)))
            found = self._highest(len(self.weights) - 1, given[:m], lines, middle, half, given[m:-1])
        return np.asarray(found + given[-1]).T

    def _lines(self, index: int, low: Singles, high: Singles) -> tuple[Singles, ...]:
        """Slopes of lines above and below activations, (width, n), and by how much they are too high and too low."""
        p, q = (slope[:, None] for slope in self.slopes[index])
        known = (low >= 0) | (high <= 0) | (p == q)
        own = np.where(low >= 0, q, np.where(high <= 0, p, q))
        chord = np.where(known, own, (q * high - p * low) / (high - low))
        through = np.where(known, own, np.where(high > -low, q, p))
        offset = np.where(known, 0, (q - p) * high * -low / (high - low))
        return (
            np.where(p < q, chord, through),
            np.where(p < q, through, chord),
            np.maximum(offset, 0),
            np.minimum(offset, 0),
        )

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

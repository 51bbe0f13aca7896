"""Exact affine rows of a network's neurons under an activation pattern."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np
from flint import fmpz, fmpz_mat

from polytope_lens._kept import kept
from polytope_lens.arithmetic.rational import common_exponent, integer_matrix, scaled_integers
from polytope_lens.network.network import bit_starts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from polytope_lens.network.network import Network

    Row = list[fmpz]


# Numbers in the normals of all rows, up to which they are kept with the network.
FEW = 2**11


@dataclass(frozen=True, slots=True)
class IntegerNetwork:
    """A network's augmented matrices and slopes, each layer times a power of two that makes it integer.

    ``slopes[l]`` holds the pairs (negative, positive) of layer l and the power of two they were multiplied by.
    """

    weights: list[fmpz_mat]
    slopes: list[tuple[list[tuple[fmpz, fmpz]], fmpz]]
    cuts: list[list[bool]]
    bit_stops: list[int]


@lru_cache(maxsize=4)
def integer_network(network: Network) -> IntegerNetwork:
    """Convert a network, which is slow for many weights; the last few are kept."""
    slopes = []
    for layer in network.layers:
        e = common_exponent(layer.negative_slope, layer.positive_slope)
        pairs = zip(scaled_integers(layer.negative_slope, e), scaled_integers(layer.positive_slope, e), strict=True)
        slopes.append(([(fmpz(lo), fmpz(hi)) for lo, hi in pairs], fmpz(1) << e))
    return IntegerNetwork(
        [integer_matrix(weight) for weight in network.augmented_weights()],
        slopes,
        [layer.cuts.tolist() for layer in network.layers],
        bit_starts(network).tolist(),
    )


class LayerRows(Protocol):
    """Rows by neuron."""

    def __getitem__(self, neuron: int, /) -> Row:
        """The row of a neuron."""


class RowSource(Protocol):
    """What knows the exact rows of layers: all at once, or one by one."""

    def rows(self, layer: int, bits: NDArray[np.bool_]) -> LayerRows:
        """Rows of a layer where the layers before it have these bits."""


class ExactRows:
    """Pre-activations of a network as integer rows, up to one positive factor per layer.

    Parameters
    ----------
    network : Network
    chart : (d + 1, k + 1) integer matrix, optional
        The points looked at are ``[x; t] = chart @ [u; 1]`` for u in R^k, up to a positive factor: fewer columns for a
        flat in the input space, a single column for a point. Left out, the input space itself, whose chart is the
        identity.

    Notes
    -----
    Cost: one integer matrix product per layer and pattern; the last pattern of each layer is kept, which is all that a
    depth-first walk asks for again.
    """

    def __init__(self, network: Network, chart: fmpz_mat | None = None) -> None:
        self._integers = integer_network(network)
        self._start = chart
        self._width = network.input_dim + 1 if chart is None else chart.ncols()
        self._memo: list[tuple[bytes, fmpz_mat, list[Row]] | None] = [None] * len(self._integers.weights)
        self._inputs: list[tuple[bytes, fmpz_mat] | None] = [None] * len(self._integers.weights)

    def rows(self, layer: int, bits: NDArray[np.bool_]) -> list[Row]:
        """Rows ``[a, c]`` of the pre-activations ``a . u + c`` of a layer where the layers before it have these bits.

        `layer` may be L, for the outputs. Only bits of layers before `layer` are read.
        """
        return self._layer(layer, bits)[1]

    def row(self, layer: int, neuron: int, bits: NDArray[np.bool_]) -> Row:
        """One of these rows, without computing the others of its layer."""
        row, before = matrix_row(self._integers.weights[layer], neuron), self._before(layer, bits)
        return (row if before is None else row * before).tolist()[0]

    def scaled_rows(self, layer: int, bits: NDArray[np.bool_]) -> tuple[list[Row], fmpz]:
        """The same rows and the factor that they were multiplied by; the chart must end in a row ``0 ... 0 1``."""
        product, rows = self._layer(layer, bits)
        return rows, product[len(rows), self._width - 1]

    def scaled_row(self, layer: int, neuron: int, bits: NDArray[np.bool_]) -> tuple[Row, fmpz]:
        """One of them, with the same factor."""
        rows, scale = self.scaled_rows(layer, bits)
        return rows[neuron], scale

    def _layer(self, layer: int, bits: NDArray[np.bool_]) -> tuple[fmpz_mat, list[Row]]:
        key = bits[: self._integers.bit_stops[layer]].tobytes()
        kept = self._memo[layer]
        if kept is not None and kept[0] == key:
            return kept[1], kept[2]
        weight, before = self._integers.weights[layer], self._before(layer, bits)
        product = weight if before is None else weight * before
        rows = product.tolist()[:-1]
        self._memo[layer] = key, product, rows
        return product, rows

    def _before(self, layer: int, bits: NDArray[np.bool_]) -> fmpz_mat | None:
        """What the weights of a layer are multiplied by; None stands for the identity."""
        if layer == 0:
            return self._start
        key = bits[: self._integers.bit_stops[layer]].tobytes()
        kept = self._inputs[layer]
        if kept is None or kept[0] != key:
            kept = self._inputs[layer] = key, self._activate(layer - 1, bits)
        return kept[1]

    def _activate(self, layer: int, bits: NDArray[np.bool_]) -> fmpz_mat:
        product, rows = self._layer(layer, bits)
        pairs, unit = self._integers.slopes[layer]
        first, stop = self._integers.bit_stops[layer : layer + 2]
        on = iter(bits[first:stop].tolist())
        zeros = [fmpz(0)] * self._width
        entries: list[fmpz] = []
        for row, (negative, positive), cuts in zip(rows, pairs, self._integers.cuts[layer], strict=True):
            slope = positive if not cuts or next(on) else negative
            entries.extend(zeros if slope == 0 else row if slope == 1 else [slope * v for v in row])
        entries.extend(unit * product[len(rows), k] for k in range(self._width))
        return fmpz_mat(len(rows) + 1, self._width, entries)


def rows_of(network: Network) -> ExactRows:
    """Rows of a network in its inputs; one with few numbers keeps those of the last pattern, whoever asks."""
    return _kept_rows(network) if network.n_neurons * network.input_dim <= FEW else ExactRows(network)


@kept
def _kept_rows(network: Network) -> ExactRows:
    return ExactRows(network)


def cell_rows(network: Network, source: RowSource, bits: NDArray[np.bool_], n_layers: int | None = None) -> list[Row]:
    """Rows ``[a, c]`` of the inequalities ``a . u + c <= 0`` that say that all neurons keep these signs.

    Those of the first `n_layers` layers, by default of all.
    """
    rows: list[Row] = []
    on = iter(bits.tolist())
    for index, layer in enumerate(network.layers[:n_layers]):
        exact = source.rows(index, bits)
        rows += [[-v for v in exact[j]] if next(on) else exact[j] for j in np.flatnonzero(layer.cuts).tolist()]
    return rows


def matrix_row(matrix: fmpz_mat, i: int) -> fmpz_mat:
    """A row of a matrix, as a matrix."""
    return fmpz_mat(1, matrix.ncols(), [matrix[i, k] for k in range(matrix.ncols())])


def exact_normal(network: Network, layer: int, neuron: int, bits: NDArray[np.bool_]) -> Row:
    """Gradient of one pre-activation where the layers before it have these bits, (d,) up to a positive factor."""
    return pulled_back_rows(network, layer, [neuron], bits)[0][0][:-1]


def pulled_back_rows(
    network: Network, layer: int, neurons: Sequence[int], bits: NDArray[np.bool_]
) -> tuple[list[Row], fmpz]:
    """Rows ``[a, c]`` of a few neurons of a layer where the layers before it have these bits, and their scale; exact.

    The integers are the numbers that the weights define, times the scale. Cost: one integer product of so many vectors
    and a matrix for each layer up to theirs, without the rows of any other neuron.
    """
    integers = integer_network(network)
    weight = integers.weights[layer]
    rows = fmpz_mat([matrix_row(weight, neuron).tolist()[0] for neuron in neurons])
    scale = weight[weight.nrows() - 1, weight.ncols() - 1]
    for index in reversed(range(layer)):
        pairs, unit = integers.slopes[index]
        on = iter(bits[integers.bit_stops[index] : integers.bit_stops[index + 1]].tolist())
        slopes = [
            positive if not cuts or next(on) else negative
            for (negative, positive), cuts in zip(pairs, integers.cuts[index], strict=True)
        ]
        slopes.append(unit)
        rows = fmpz_mat([[v * s for v, s in zip(row, slopes, strict=True)] for row in rows.tolist()])
        rows = rows * integers.weights[index]
        scale *= unit * integers.weights[index][len(slopes) - 1, integers.weights[index].ncols() - 1]
    return rows.tolist(), scale

"""Neurons that are zero because what they add up cancels, proved in floats: maxima and minima of shared values.

A game of two that a maximum plays has its winner carried on; where the same value has won two games, the next game is
between equals, and its neuron is zero on the whole region. In floats the two are sums of different numbers, so that no
bound on rounding tells. But the weights on the way are small integers: the row of such a neuron over the first layer's
pre-activations is a product of matrices without any rounding, and it is zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.arithmetic.fineness import leaves_room, reciprocal_of_lowest_bit
from polytope_lens.exact.forward import quiet
from polytope_lens.network.network import bit_starts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens._types import Floats, Ints, Signs
    from polytope_lens.network.network import Layer, Network

# Numbers in the rows that are multiplied at a time.
MOST_ENTRIES = 2**24


def cancels(network: Network, signs: Signs) -> NDArray[np.bool_]:
    """Whether all zeros among signs at points are proved by cancellation, (n, n_neurons) -> (n,) bool.

    Parameters
    ----------
    network : Network
    signs : (n, n_neurons) array
        1 or -1 where a sign is proved, provided that those which stand as 0 in layers before are zero indeed.

    Notes
    -----
    Exactness: a row is followed back through the layers as long as no product and no sum on the way can be rounded (see
    `fineness`). Zero rows are zero functions. False says nothing.
    Cost: for each zero a product of a row and each matrix before its layer.
    """
    starts = bit_starts(network)
    proved = np.ones(len(signs), dtype=bool)
    steps = [_Step.of(layer) for layer in network.layers]
    for index, layer in enumerate(network.layers):
        neurons = np.flatnonzero(layer.cuts)
        points, bits = np.nonzero((signs[:, starts[index] : starts[index + 1]] == 0) & proved[:, None])
        if not points.size:
            continue
        # Points that agree in all layers before ask for the same row.
        asked = np.column_stack([signs[points, : starts[index]], bits.astype(np.int32)[:, None].view(np.int8)])
        rows = np.ascontiguousarray(asked).view(np.dtype((np.void, asked.shape[1]))).ravel()
        _, first, which = np.unique(rows, return_index=True, return_inverse=True)
        block = max(MOST_ENTRIES // max(step.matrix.shape[1] for step in steps), 1)
        zero = [
            _are_zero(steps, index, neurons[bits[some]], signs[points[some]], starts)
            for some in np.split(first, range(block, len(first), block))
        ]
        proved[points[~np.concatenate(zero)[which.ravel()]]] = False
    return proved


@dataclass(frozen=True, slots=True)
class _Step:
    """One layer: its weights with the bias as one more column, how fine they are, and its slopes."""

    layer: Layer
    matrix: Floats
    fineness: Floats
    plain: bool  # slopes that no product with is rounded

    @staticmethod
    def of(layer: Layer) -> _Step:
        matrix = np.column_stack([layer.dense_weight(), layer.bias])
        last = matrix.shape[1]
        matrix = np.vstack([matrix, np.eye(1, last, last - 1)])
        plain = bool(np.isin(np.abs([layer.negative_slope, layer.positive_slope]), (0, 1)).all())
        with quiet():
            return _Step(layer, matrix, reciprocal_of_lowest_bit(matrix), plain)


def _are_zero(steps: list[_Step], index: int, neurons: Ints, signs: Signs, starts: Ints) -> NDArray[np.bool_]:
    """Whether the rows of some neurons of a layer are proved to be zero, each for the signs beside it."""
    rows = steps[index].matrix[neurons]
    zero: NDArray[np.bool_] = np.logical_not(rows.any(axis=1))
    open_ = np.flatnonzero(~zero)
    rows = rows[open_]
    for before in range(index - 1, -1, -1):
        step = steps[before]
        factors = _slopes(step.layer, signs[open_, starts[before] : starts[before + 1]])
        exact = np.ones(len(rows), dtype=bool)
        with quiet():
            if not step.plain:
                fineness = reciprocal_of_lowest_bit(rows) * reciprocal_of_lowest_bit(factors)
                exact &= leaves_room(np.abs(rows * factors), fineness).all(axis=1)
            rows = rows * factors
            fineness = reciprocal_of_lowest_bit(rows) @ step.fineness
            exact &= leaves_room(np.abs(rows) @ np.abs(step.matrix), fineness).all(axis=1)
            rows = rows @ step.matrix
        zero[open_[exact & ~rows.any(axis=1)]] = True
        going = exact & rows.any(axis=1)
        open_, rows = open_[going], rows[going]
        if not open_.size:
            break
    return zero


def _slopes(layer: Layer, signs: Signs) -> Floats:
    """The slope of each neuron at each point, 0 for those that are zero, and so add nothing; 1 for the constant."""
    slopes = np.ones((len(signs), layer.width + 1))
    slopes[:, :-1] = layer.positive_slope
    cutting = np.where(signs > 0, layer.positive_slope[layer.cuts], layer.negative_slope[layer.cuts])
    slopes[:, np.flatnonzero(layer.cuts)] = np.where(signs == 0, 0.0, cutting)
    return slopes

"""Which rows of a walk are integers in all but name, so that its kernel can decide ties without rounding."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from polytope_lens._kept import kept
from polytope_lens.arithmetic.fineness import leaves_room, reciprocal_of_lowest_bit

if TYPE_CHECKING:
    from polytope_lens._types import Floats, Matrix
    from polytope_lens.network.network import Network

# Rows of integers this small are what they are; a short cut.
MOST_AT_ONCE = 2.0**32


@kept
def whole_scales(network: Network) -> tuple[Floats, ...]:
    """For each neuron of each hidden layer a power of two that makes its row one of integers, and 0 where none may.

    They are integers below 2^53 under all patterns, so that floats hold them, and whatever they are summed up from,
    without rounding. Exact. Cost: some operations for each weight.

    Examples
    --------
    >>> from polytope_lens.network.network import from_arrays
    >>> weights = [[0.5, 2], [1, 1e300]], [[0.25, 0], [3, 0], [0, 1]], [[1, 1, 1]]
    >>> mixed = from_arrays(weights, [[1, 0], [0, 1, 0], [0]])
    >>> [scales.tolist() for scales in whole_scales(mixed)]
    [[2.0, 0.0], [8.0, 2.0, 0.0]]
    """
    found = []
    # Of what a layer is given: bounds on the sums of the sizes of all entries of a row, and what makes them integers.
    sizes, scales = np.ones(network.input_dim), np.ones(network.input_dim)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        for left, layer in zip(range(len(network.layers))[::-1], network.layers, strict=True):
            least = np.maximum(_largest_product(layer.weight, scales), reciprocal_of_lowest_bit(layer.bias))
            sizes = cast("Matrix", abs(layer.weight)) @ sizes + np.abs(layer.bias)
            whole = leaves_room(sizes, least)
            found.append(np.where(whole, np.where(least > 0.0, least, 1.0), 0.0))
            if not left:
                break
            slopes = np.stack([layer.negative_slope, layer.positive_slope])
            sizes, scales = np.abs(slopes).max(axis=0) * sizes, least * reciprocal_of_lowest_bit(slopes).max(axis=0)
            scales = np.where(whole & leaves_room(sizes, scales), scales, np.inf)
    return tuple(found)


def scales_of_layers(network: Network, widest: int) -> Floats:
    """The same as an array (L + 1, width), in which the outputs come last and have none."""
    scales = np.zeros((len(network.layers) + 1, widest))
    for into, known in zip(scales, whole_scales(network), strict=False):
        into[: len(known)] = known
    return scales


def _largest_product(weight: Matrix, scales: Floats) -> Floats:
    """For each row the largest of one over the lowest bit of an entry, times the scale of its column; 0 without any."""
    if isinstance(weight, np.ndarray):
        products = np.where(weight != 0.0, reciprocal_of_lowest_bit(weight) * scales, 0.0)
        largest: Floats = products.max(axis=1, initial=0.0)
        return largest
    entries = weight.tocoo()
    largest = np.zeros(weight.shape[0])
    given = entries.data != 0.0
    products = reciprocal_of_lowest_bit(entries.data[given]) * scales[entries.col[given]]
    np.maximum.at(largest, entries.row[given], products)
    return largest


def side_scales(sides: Floats) -> Floats:
    """For each row a power of two that makes it one of integers, and 0 where these are too large for floats.

    Examples
    --------
    >>> side_scales(np.array([[1.0, 0.25], [1.0, 1e-30]])).tolist()
    [4.0, 0.0]
    """
    if (sides == np.rint(sides)).all() and np.abs(sides).max(initial=0.0) < MOST_AT_ONCE:
        return np.ones(len(sides))
    with np.errstate(over="ignore", invalid="ignore"):
        scale = reciprocal_of_lowest_bit(sides).max(axis=1, initial=0.0)
        return np.where(leaves_room(np.abs(sides).sum(axis=1), scale), scale, 0.0)

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
def whole_scales(network: Network) -> Floats:
    """For each hidden layer a power of two that makes all its rows integers, and 0 where they may be none.

    They are integers below 2^53 under all patterns, so that floats hold them, and whatever they are summed up from,
    without rounding. Exact. Cost: that of one forward pass, until a layer has rows that are not.

    Examples
    --------
    >>> from polytope_lens.network.network import from_arrays
    >>> whole_scales(from_arrays([[[0.5, 2]], [[0.25], [3]], [[1, 1]]], [[1], [0, 1], [0]])).tolist()
    [2.0, 8.0]
    >>> whole_scales(from_arrays([[[1.0, 1e300]], [[1]]], [[0], [0]])).tolist()
    [0.0]
    """
    scales = np.zeros(len(network.layers))
    sizes, scale = np.ones(network.input_dim), 1.0
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        for index, layer in enumerate(network.layers):
            scale = max(scale * _reciprocal(layer.weight), _reciprocal(layer.bias))
            size = cast("Matrix", abs(layer.weight))
            sizes = size @ sizes + abs(layer.bias)
            if not _is_whole(sizes, scale):
                break
            scales[index] = scale
            slopes = np.maximum(abs(layer.negative_slope), abs(layer.positive_slope))
            sizes = slopes * sizes
            scale *= max(_reciprocal(layer.negative_slope), _reciprocal(layer.positive_slope))
            if not _is_whole(sizes, scale):
                break
    return scales


def _reciprocal(matrix: Matrix) -> float:
    """One over the least power of two that all entries are multiples of; 0 if all are 0."""
    values = matrix if isinstance(matrix, np.ndarray) else matrix.data
    return float(reciprocal_of_lowest_bit(values).max(initial=0.0))


def _is_whole(sizes: Floats, scale: float) -> bool:
    return bool(leaves_room(sizes, np.full(len(sizes), scale)).all())


def side_scales(sides: Floats) -> Floats:
    """For each row a power of two that makes it one of integers, and 0 where these are too large for floats.

    Examples
    --------
    >>> side_scales(np.array([[1.0, 0.25], [1.0, 1e-30]])).tolist()
    [4.0, 0.0]
    """
    if (sides == np.rint(sides)).all() and np.abs(sides).max(initial=0.0) < MOST_AT_ONCE:
        return np.ones(len(sides))
    scale = reciprocal_of_lowest_bit(sides).max(axis=1, initial=0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(leaves_room(np.abs(sides).sum(axis=1), scale), scale, 0.0)

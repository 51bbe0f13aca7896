"""Affine rows of many patterns at once, in floats that carry bounds on their own error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays.products import times_each
from polytope_lens.exact.forward import affine, product_bound, quiet, scaled
from polytope_lens.network.network import augment, slopes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polytope_lens._types import Bools, Floats
    from polytope_lens.network.network import Network


def bounded_rows(network: Network, bits: Bools, first: Floats | None = None) -> Iterator[tuple[Floats, Floats]]:
    """Rows ``[a, c]`` of the pre-activations of each hidden layer under n patterns, and a bound on each number's error.

    Parameters
    ----------
    bits : (n, n_neurons) bool array
    first : (width, n, d + 1) array, optional
        Rows of the first layer in place of its weights and biases, d being any number of coordinates.

    Yields
    ------
    rows, error : (width, n, d + 1) arrays
        The exact number is within `error` of the float, and equal to it where `error` is 0: in the first layer, and
        where everything that is summed up is zero.

    Notes
    -----
    Cost: two matrix products for each layer, three where much is zero. Bounds grow from layer to layer by about the sum
    of the sizes of a neuron's weights; `forward` derives them.
    """
    n = len(bits)
    if not network.layers:
        return
    if first is None:
        exact = augment(network.layers[0].dense_weight(), network.layers[0].bias)[:-1]
        first = np.broadcast_to(exact[:, None, :], (len(exact), n, exact.shape[1]))
    k = first.shape[2]
    constants = slice(k - 1, None, k)
    rows, of_layers = first, slopes(network.layers, bits)
    error: Floats = np.zeros(first.shape)
    for index, layer in enumerate(network.layers):
        if index:
            # Coefficients of all patterns side by side
            columns = rows.reshape(len(rows), n * k), error.reshape(len(rows), n * k)
            with quiet():
                found = affine(layer.factor(), layer.bias, *columns, constants)
            rows, error = (part.reshape(layer.width, n, k) for part in found)
        yield rows, error
        slope = of_layers[index].T[:, :, None]
        with quiet():
            rows, error = scaled(slope, rows, error)


def slacks(rows: Floats, error: Floats, points: Floats) -> tuple[Floats, Floats]:
    """``-(a . x + c)`` of the rows of n regions at a point each, (n, m), and bounds on their error."""
    away = np.abs(points)
    with np.errstate(all="ignore"):
        slack = -(times_each(rows[:, :, :-1], points) + rows[:, :, -1])
        size = times_each(np.abs(rows[:, :, :-1]), away) + np.abs(rows[:, :, -1])
        inherited = times_each(error[:, :, :-1], away) + error[:, :, -1]
        return slack, product_bound(inherited, size, rows.shape[2] - 1)

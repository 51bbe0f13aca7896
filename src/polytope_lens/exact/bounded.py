"""Affine rows of many patterns at once, in floats that carry bounds on their own error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.exact.signs import UNDERFLOW_GUARD, UNIT_ROUNDOFF, summation_bound
from polytope_lens.network import augment, slopes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polytope_lens._types import Bools, Floats
    from polytope_lens.network import Network


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
    Cost: three matrix products for each layer. Bounds grow from layer to layer by about the sum of the sizes of a
    neuron's weights.
    """
    n = len(bits)
    if not network.layers:
        return
    if first is None:
        exact = augment(network.layers[0].weight, network.layers[0].bias)[:-1]
        first = np.broadcast_to(exact[:, None, :], (len(exact), n, exact.shape[1]))
    rows, error, of_layers = first, np.zeros(first.shape), slopes(network.layers, bits)
    for index, layer in enumerate(network.layers):
        if index:
            rows, error = _affine(layer.weight, layer.bias, rows, error)
        yield rows, error
        slope = of_layers[index].T[:, :, None]
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            product = slope * rows
            # Slopes of 0, 1 and -1 round nothing.
            rounding = np.where(np.abs(slope) * (1 - np.abs(slope)) == 0, 0.0, UNIT_ROUNDOFF)
            error = np.abs(slope) * error * (1 + 4 * UNIT_ROUNDOFF) + rounding * np.abs(product)
            error += np.where((rounding > 0) & (rows != 0), UNDERFLOW_GUARD, 0.0)
        rows = product


def _affine(weight: Floats, bias: Floats, rows: Floats, error: Floats) -> tuple[Floats, Floats]:
    """``weight @ rows``, plus the bias in the last column, and a bound on the error."""
    m, n, k = rows.shape
    flat, magnitude, shape = rows.reshape(m, n * k), np.abs(weight), (len(weight), n, k)
    unit = summation_bound(m + 1)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        made = (weight @ flat).reshape(shape)
        size = (magnitude @ np.abs(flat)).reshape(shape)
        inherited = (magnitude @ error.reshape(m, n * k)).reshape(shape)
        made[:, :, -1] += bias[:, None]
        size[:, :, -1] += np.abs(bias)[:, None]
        # The bound is itself a rounded sum of positive terms, hence the factor.
        bound = (unit * size + inherited) * (1 + 2 * unit)
    # A product may underflow, even in `size`, unless one of its factors is zero.
    present = (weight != 0).astype(np.float64) @ ((flat != 0) | (error.reshape(m, n * k) != 0))
    return made, bound + np.where(present.reshape(shape) > 0, UNDERFLOW_GUARD, 0.0)

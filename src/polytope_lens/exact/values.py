"""Values of a network at points that are known up to an error, with bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.exact.double_double import affine
from polytope_lens.exact.points import BLOCK
from polytope_lens.exact.signs import UNDERFLOW_GUARD, UNIT_ROUNDOFF, summation_bound
from polytope_lens.network import slopes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens.network import Network

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]


def bounded_values(network: Network, X: Floats, radius: Floats, *, zeros: bool = False) -> tuple[Floats, Floats]:
    """Outputs near points, (n, d) -> (n, out), and bounds on their distance from the outputs at the exact points.

    Parameters
    ----------
    X : (n, d) array
    radius : (n,) array
        How far each point may be from the exact one; may be infinite, and then so is the bound, or it is NaN.
    zeros : bool
        Whether to find out where all that is summed up is zero, so that the sum is zero without an error.

    Notes
    -----
    Proved: a forward pass carries a bound on its error. A neuron whose sign is open errs by no more than its larger
    slope times what its pre-activation does. Cost: two matrix products for each layer, with `zeros` three.
    """
    value, bound = np.empty((len(X), network.output_dim)), np.empty((len(X), network.output_dim))
    for start in range(0, len(X), BLOCK):
        at = slice(start, start + BLOCK)
        value[at], bound[at] = _forward(network, X[at], radius[at], zeros)
    return value, bound


def _forward(network: Network, X: Floats, radius: Floats, zeros: bool) -> tuple[Floats, Floats]:
    hidden, error = X, np.repeat(radius[:, None], X.shape[1], axis=1)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        for layer in network.layers:
            value, bound = _sum(layer.weight, layer.bias, hidden, error, zeros)
            slope = np.where(value > 0, layer.positive_slope, layer.negative_slope)
            largest = np.maximum(np.abs(layer.negative_slope), np.abs(layer.positive_slope))
            steepest = np.where(np.abs(value) > bound, np.abs(slope), largest)
            hidden = slope * value
            error = steepest * bound * (1 + 4 * UNIT_ROUNDOFF) + UNIT_ROUNDOFF * np.abs(hidden) + UNDERFLOW_GUARD
            error[(steepest == 0) | (bound == 0)] = 0.0
        return _sum(network.output_weight, network.output_bias, hidden, error, zeros)


def _sum(weight: Floats, bias: Floats, hidden: Floats, error: Floats, zeros: bool) -> tuple[Floats, Floats]:
    magnitude, unit = np.abs(weight).T, summation_bound(weight.shape[1] + 1)
    value = hidden @ weight.T + bias
    bound = (error + unit * np.abs(hidden)) @ magnitude + unit * np.abs(bias)
    # The bound is itself a rounded sum of positive terms.
    bound = bound * (1 + 3 * unit) + UNDERFLOW_GUARD
    if zeros:
        terms = ((hidden != 0) | (error != 0)).astype(np.float64) @ (weight != 0).T + (bias != 0)
        bound[terms == 0] = 0.0
    return value, bound


def bounded_affine_values(network: Network, bits: Bools, X: Floats, radius: Floats) -> tuple[Floats, Floats]:
    """Values of the affine maps of some patterns near points, and bounds, in double-double.

    Parameters
    ----------
    bits : (n, n_neurons) bool array
        The pattern whose affine map is meant at each point.
    X, radius : (n, d) and (n,) arrays
        As for :func:`bounded_values`.

    Notes
    -----
    The exact point is ``X + h`` with ``|h| <= radius``, so the value there is that at `X` and the gradient times h. So
    what a point's place leaves open is no more than the gradient makes of it, in networks of any depth.
    """
    n, d = X.shape
    # All points, then for each coordinate all derivatives.
    high = np.concatenate([X, *(np.broadcast_to(row, (n, d)) for row in np.eye(d))])
    low, error = np.zeros_like(high), np.zeros_like(high)
    slope = np.ones((n, d))
    layers = [(layer.weight, layer.bias) for layer in network.layers]
    per_layer = slopes(network, bits)
    for index, (weight, bias) in enumerate([*layers, (network.output_weight, network.output_bias)]):
        made = [np.empty((len(high), len(weight))) for _ in range(3)]
        matrix = np.asfortranarray(weight)
        for part, offset in ((slice(None, n), bias), (slice(n, None), np.zeros(len(bias)))):
            repeated = slope if part.start is None else np.tile(slope, (d, 1))
            affine(matrix, offset, repeated, high[part], low[part], error[part], *(array[part] for array in made))
        high, low, error = made
        slope = per_layer[index] if index < len(per_layer) else slope
    with np.errstate(over="ignore", invalid="ignore"):
        steep = (np.abs(high[n:]) * (1 + 4 * UNIT_ROUNDOFF) + error[n:]).reshape(d, n, -1).sum(axis=0)
        bound = error[:n] + steep * radius[:, None]
        # The low part is smaller than the rounding of the high one.
        return high[:n], (bound + 2 * UNIT_ROUNDOFF * np.abs(high[:n])) * (1 + 2.0**-30) + UNDERFLOW_GUARD

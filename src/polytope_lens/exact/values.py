"""Values of a network at points that are known up to an error, with bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._arrays.batches import batches
from polytope_lens.arithmetic.double_double import affine
from polytope_lens.arithmetic.signs import UNDERFLOW_GUARD, UNIT_ROUNDOFF, summation_bound
from polytope_lens.exact.bounded_rows import bounded_rows
from polytope_lens.exact.forward import AnyPattern, outputs, product_bound, quiet
from polytope_lens.exact.point_signs import BLOCK
from polytope_lens.network.network import slopes, steeper_slopes
from polytope_lens.network.scalar import stacked_outputs

if TYPE_CHECKING:
    from polytope_lens._types import Bools, Floats, Matrix
    from polytope_lens.network.network import Layer, Network


def bounded_values(network: Network, X: Floats, radius: Floats) -> tuple[Floats, Floats]:
    """Outputs near points, (n, d) -> (n, out), and bounds on their distance from the outputs at the exact points.

    Parameters
    ----------
    X : (n, d) array
    radius : (n,) array
        How far each point may be from the exact one; may be infinite, and then so is the bound, or it is NaN.

    Notes
    -----
    Proved: see `forward`. Where all that is summed up is zero, the sum is known without an error. Cost: two
    matrix products for each layer, three where much is zero.
    """
    value, bound = np.empty((len(X), network.output_dim)), np.empty((len(X), network.output_dim))
    for start in range(0, len(X), BLOCK):
        at = slice(start, start + BLOCK)
        value[at], bound[at] = outputs(network, X[at], np.repeat(radius[at, None], X.shape[1], axis=1))
    return value, bound


def roughly_bounded_values(network: Network, X: Floats, radius: Floats) -> tuple[Floats, Floats]:
    """The same with coarser bounds, from one matrix product for each layer; infinite ones if they would decide little.

    Notes
    -----
    Where every entry of a layer's input is at most M in size and known up to ``((1 - u)^-k - 1) M``, a product with
    at most t terms and a bias, then an activation, make that ``((1 - u)^-(k+t+2) - 1) M'``, with M' what sizes add up
    to under the steeper slopes (`AnyPattern`): as for a fixed pattern, since an activation is continuous, and
    its values differ by at most the steeper slope times as much as its arguments. So one bound holds for all points,
    from the greatest size of each coordinate. What a point's place leaves open adds the Lipschitz constant along
    coordinates times its radius.
    """
    value = np.empty((len(X), network.output_dim))
    bound = np.full(value.shape, np.inf)
    if not len(X):
        return value, bound
    with quiet():
        sizes, lipschitz = AnyPattern.of(np.abs(X).max(axis=0)), np.ones(X.shape[1])
        for layer in network.layers:
            steepest, weight = steeper_slopes(layer), layer.weight
            sizes = sizes.times(weight, layer.bias).activated(steepest)
            lipschitz = steepest * _added_sizes(weight, lipschitz)
        sizes = sizes.times(network.output_weight, network.output_bias)
        lipschitz = _added_sizes(network.output_weight, lipschitz)
        fixed = sizes.error()
        # Nonnegative terms, each in at most as many roundings as those of the sizes.
        lipschitz = lipschitz * (1 + 3 * summation_bound(sizes.n_roundings + 2)) + UNDERFLOW_GUARD
        for start in range(0, len(X), BLOCK):
            at = slice(start, start + BLOCK)
            hidden = X[at].T
            for layer in network.layers:
                hidden = _bent(layer, np.asarray(layer.weight @ hidden) + layer.bias[:, None])
            value[at] = (np.asarray(network.output_weight @ hidden) + network.output_bias[:, None]).T
            bound[at] = fixed + lipschitz * radius[at, None]
            if not start and (np.abs(value[at]) <= bound[at]).mean() > 0.5:
                bound[:] = np.inf
                break
    return value, bound


def _added_sizes(matrix: Matrix, values: Floats) -> Floats:
    magnitude: Any = abs(matrix)  # dense or sparse
    return np.asarray(magnitude @ values)


def _bent(layer: Layer, value: Floats) -> Floats:
    """A layer's activations; slopes are those of the computed signs."""
    if not layer.negative_slope.any() and (layer.positive_slope == 1).all():
        return np.maximum(value, 0.0, out=value)
    value *= np.where(value > 0, layer.positive_slope[:, None], layer.negative_slope[:, None])
    return value


def bounded_gradients(network: Network, bits: Bools) -> tuple[Floats, Floats]:
    """Rows ``[a, c]`` of a network's only output ``a . x + c`` under n patterns, (n, d + 1), and bounds on their error.

    Notes
    -----
    In double-double, from the output back to the inputs: a product of a vector and a matrix for each layer, where the
    rows of all neurons would take d + 1. So bounds say something for networks of any usual depth.
    """
    found, error = np.empty((len(bits), network.input_dim + 1)), np.empty((len(bits), network.input_dim + 1))
    *weights, output = network.augmented_weights()
    for start in range(0, len(bits), BLOCK):
        at = slice(start, start + BLOCK)
        on = slopes(network.layers, bits[at])
        n = len(bits[at])
        parts: tuple[Floats, ...] = (np.tile(output[0], (n, 1)), *np.zeros((2, n, output.shape[1])))
        for weight, slope in zip(reversed(weights), reversed(on), strict=True):
            made = tuple(np.empty((n, weight.shape[1])) for _ in range(3))
            # Back through W_l, with the constant as a last coordinate, whose slope is 1.
            slope = np.column_stack([slope, np.ones(n)])
            affine(np.asfortranarray(weight.T), np.zeros(weight.shape[1]), slope, *parts, *made)
            parts = made
        found[at] = parts[0]
        # The low part is smaller than the rounding of the high one.
        error[at] = parts[2] * (1 + 2.0**-30) + 2 * UNIT_ROUNDOFF * np.abs(parts[0]) + UNDERFLOW_GUARD
    return found, error


def rounded_gradients(network: Network, bits: Bools) -> tuple[Floats, Floats]:
    """Rows ``[a, c]`` of a network's only output under n patterns, (n, d + 1), and bounds on all errors, (d + 1,).

    Notes
    -----
    From the output back to the inputs, as in `bounded_gradients`, but in floats; bounds are those of
    `AnyPattern`, infinite or NaN where numbers are out of range.
    """
    *weights, output = network.augmented_weights()
    row, bound = np.repeat(output[:1], len(bits), axis=0), AnyPattern.of(output[0])
    on = slopes(network.layers, bits)
    with quiet():
        for layer, weight, slope in zip(reversed(network.layers), reversed(weights), reversed(on), strict=True):
            # The constant is a last coordinate, whose slope is 1.
            behind = np.empty(row.shape)
            np.multiply(slope, row[:, :-1], out=behind[:, :-1])
            behind[:, -1] = row[:, -1]
            row = behind @ weight
            bound = bound.activated(np.append(steeper_slopes(layer), 1.0)).times(weight.T, 0.0)
        return row, bound.error()


def constant_outputs(network: Network, bits: Bools) -> tuple[Bools, Floats]:
    """Where floats know without an error that a network's only output is constant, (n,), and its values there.

    That is so where nothing is passed on that depends on the inputs.
    """
    is_constant, values = np.zeros(len(bits), dtype=bool), np.zeros(len(bits))
    function = stacked_outputs(network)
    for at in batches(len(bits), max(function.widths) * (network.input_dim + 1)):
        *_, (rows, error) = bounded_rows(function, bits[at])
        is_constant[at] = (rows[0, :, :-1] == 0).all(axis=1) & (error[0] == 0).all(axis=1)
        values[at] = rows[0, :, -1]
    return is_constant, values


def affine_values(rows: Floats, error: Floats, X: Floats, radius: Floats) -> tuple[Floats, Floats]:
    """Values of affine functions near points, one each, (n,), and bounds as those of `bounded_values`.

    Parameters
    ----------
    rows, error : (n, d + 1) arrays
        As `bounded_gradients` returns them.
    X, radius : (n, d) and (n,) arrays

    Notes
    -----
    The exact point is ``X + h`` with ``|h| <= radius``, so the value there is that at `X` plus the gradient times h:
    what a point's place leaves open is no more than the gradient makes of it.
    """
    one = np.column_stack([X, np.ones(len(X))])
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        size = np.einsum("nk,nk->n", np.abs(rows), np.abs(one))
        inherited = np.einsum("nk,nk->n", error, np.abs(one))
        inherited += (np.abs(rows) + error)[:, :-1].sum(axis=1) * radius
        return np.einsum("nk,nk->n", rows, one), product_bound(inherited, size, rows.shape[1])

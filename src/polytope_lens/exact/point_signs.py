"""Signs of all pre-activations at given points, proved, and the region just beside a point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from flint import fmpz, fmpz_mat

from polytope_lens.arithmetic.double_double import affine as double_affine
from polytope_lens.arithmetic.rational import dot, integer_matrix, rationals, sign
from polytope_lens.arithmetic.signs import UNIT_ROUNDOFF
from polytope_lens.exact.cancellation import cancels
from polytope_lens.exact.forward import activated, affine, quiet
from polytope_lens.exact.rows import ExactRows
from polytope_lens.exact.sparse import point_signs as sparse_point_signs
from polytope_lens.network.network import bit_places, has_sparse_layers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from polytope_lens._types import Floats, Signs
    from polytope_lens.network.network import Network


# Points evaluated at a time, so that a layer's arrays stay in the processor's cache.
BLOCK = 512


def point_signs(network: Network, X: Floats) -> Signs:
    """Sign of every pre-activation at each point, (n, d) -> (n, n_neurons), values in {-1, 0, 1}; exact.

    A forward pass in float64 carries a bound on its own error; points where the bound leaves any sign open are
    evaluated again in double-double, and those still open in integer arithmetic, unless all that is open cancels (see
    `cancellation`). Cost: two forward passes for a batch, some 20 more for points in doubt, milliseconds for each
    that lies on a boundary. Neurons that are zero because all that they add up is zero, as those behind a layer that is
    off, cost nothing extra. Points in doubt of networks with sparse layers: see `sparse.point_signs`.
    """
    is_sparse = has_sparse_layers(network)
    signs = np.empty((len(X), network.n_neurons), dtype=np.int8)
    for start in range(0, len(X), BLOCK):
        block = X[start : start + BLOCK]
        found, doubtful = _float_signs(network, block)
        again = np.flatnonzero(doubtful)
        if again.size and is_sparse:
            found[again] = sparse_point_signs(network, block[again])
        elif again.size:
            found[again], doubtful = _double_signs(network, block[again])
            left = again[doubtful]
            for i in left[~cancels(network, found[left])]:
                found[i] = _exact_signs(network, block[i])
        signs[start : start + BLOCK] = found
    return signs


def _float_signs(network: Network, X: Floats) -> tuple[Signs, NDArray[np.bool_]]:
    columns = []
    hidden, error = X.T, np.zeros(X.T.shape)
    doubtful = np.zeros(len(X), dtype=bool)
    with quiet():
        for layer in network.layers:
            value, bound = affine(layer.weight, layer.bias, hidden, error)
            positive, negative = value > bound, value < -bound
            doubtful |= ~(positive | negative | (bound == 0))[layer.cuts].all(axis=0)
            columns.append((positive.view(np.int8) - negative.view(np.int8))[layer.cuts])
            hidden, error = activated(layer, value, bound)
    doubtful |= ~np.isfinite(hidden).all(axis=0)
    joined = np.concatenate(columns) if columns else np.zeros((0, len(X)), dtype=np.int8)
    return joined.T, doubtful


def _double_signs(network: Network, X: Floats) -> tuple[Signs, NDArray[np.bool_]]:
    columns = []
    # One layout for all, or the kernel is compiled for each.
    high: Floats
    high, low, error = np.ascontiguousarray(X), *np.zeros((2, *X.shape))
    slope = np.ones(X.shape)
    doubtful = np.zeros(len(X), dtype=bool)
    for layer in network.layers:
        to_high, to_low, to_error = (np.empty((len(X), layer.width)) for _ in range(3))
        weight = np.asfortranarray(layer.dense_weight())
        double_affine(weight, layer.bias, slope, high, low, error, to_high, to_low, to_error)
        high, low, error = to_high, to_low, to_error
        # Beyond the error the high part decides: the low part is smaller than its rounding.
        positive, negative = high * (1 - 2 * UNIT_ROUNDOFF) > error, -high * (1 - 2 * UNIT_ROUNDOFF) > error
        doubtful |= ~(positive | negative)[:, layer.cuts].all(axis=1)
        columns.append((positive.astype(np.int8) - negative.astype(np.int8))[:, layer.cuts])
        slope = np.where(positive, layer.positive_slope, layer.negative_slope)
    return np.concatenate(columns, axis=1), doubtful


def _exact_signs(network: Network, x: Floats) -> Signs:
    exact = ExactRows(network, integer_matrix(np.append(x, 1.0)[:, None]))
    signs = np.zeros(network.n_neurons, dtype=np.int8)
    start = 0
    for index, layer in enumerate(network.layers):
        rows = exact.rows(index, signs > 0)
        cutting = np.flatnonzero(layer.cuts)
        signs[start : start + len(cutting)] = [sign(rows[j][0]) for j in cutting]
        start += len(cutting)
    return signs


def halfspace_signs(A: Floats, b: Floats, X: Floats) -> Signs:
    """Signs of ``A @ x - b`` for each point (row of `X`) and halfspace, shape (n, m), exact.

    Floats with an error bound decide nearly all of them; the rest goes to rational arithmetic.
    """
    with quiet():
        value, bound = (found.T for found in affine(A, -b, X.T, np.zeros(X.T.shape)))
    signs = np.where(value > bound, 1, np.where(value < -bound, -1, 0)).astype(np.int8)
    for i, j in np.argwhere(~((np.abs(value) > bound) | (bound == 0))):
        signs[i, j] = sign(dot(rationals(A[j]), rationals(X[i])) - rationals(b[j : j + 1])[0])
    return signs


def interior_mask(network: Network, signs: Signs) -> NDArray[np.bool_]:
    """Whether points with these signs are inside regions, not on boundaries, (n, n_neurons) -> (n,) bool; exact.

    They are where every neuron that is zero at the point is zero on the whole region.
    """
    inside = np.ones(len(signs), dtype=bool)
    on_some = np.flatnonzero((signs == 0).any(axis=1))
    if not on_some.size:
        return inside
    places = bit_places(network)
    source = ExactRows(network)
    for i in on_some:
        zero = [places[bit] for bit in np.flatnonzero(signs[i] == 0)]
        inside[i] = not any(any(source.rows(layer, signs[i] > 0)[neuron]) for layer, neuron in zero)
    return inside


def pattern_beside(network: Network, point: Sequence[fmpz], directions: Sequence[Sequence[fmpz]]) -> NDArray[np.bool_]:
    """Pattern of the region that holds ``p + e v_1 + e^2 v_2 + ...`` for all small e > 0, (n_neurons,) bool; exact.

    Parameters
    ----------
    point : homogeneous integer coordinates ``[y, t]`` with t > 0, d + 1 of them, standing for ``p = y / t``
    directions : integer vectors with d coordinates, which together span R^d

    Notes
    -----
    The first nonzero one of ``z(p), dz/dv_1, dz/dv_2, ...`` decides each sign. If all vanish, the pre-activation is
    zero on the whole region, and the bit is 0. So the answer is always a region with interior, also where the signs at
    the point itself belong to none.
    """
    columns = [[*direction, fmpz(0)] for direction in directions] + [list(point)]
    exact = ExactRows(network, fmpz_mat([list(row) for row in zip(*columns, strict=True)]))
    bits = np.zeros(network.n_neurons, dtype=bool)
    start = 0
    for index, layer in enumerate(network.layers):
        rows = exact.rows(index, bits)
        for neuron in np.flatnonzero(layer.cuts):
            row = rows[neuron]
            bits[start] = next((v > 0 for v in (row[-1], *row[:-1]) if v != 0), False)
            start += 1
    return bits

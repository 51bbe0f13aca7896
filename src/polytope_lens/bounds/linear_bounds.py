"""Affine functions of the inputs that lie above a network's pre-activations on sets of inputs, with proved bounds.

A sum of pre-activations of one layer is a sum of activations of the layer before it. Each of these is replaced by a
line in its own pre-activation (`relaxation`), the one above it where its coefficient is positive and the one
below where it is negative; and so on back to the inputs. Source: Zhang, Weng, Chen, Hsieh and Daniel 2018, *Efficient
neural network robustness certification with general activation functions*.

Rounding. Floats C stand for coefficients that are within E of them. By the sign of C, ``C f(z) <= C (s z + t)``; the
rest, a coefficient of at most E in size, is multiplied by ``f(z)``, which is ``r z`` for some slope r of at most the
steepest one in size. So the sum is at most that of coefficients ``C s`` of z, known within ``E |r|`` and the rounding
of the product, and of constant terms ``C t``. Coefficients of z are multiplied by the weights as in `forward`. In
the end, for each input x of the set there are numbers within the bounds of those returned with which the sum is at most
``a . x + c``. That is what callers make of rows with bounds on their error anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays.batches import batches
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF, summation_bound
from polytope_lens.exact.forward import affine, quiet, scaled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens._types import Floats, Ints, Matrix
    from polytope_lens.bounds.relaxation import Relaxation
    from polytope_lens.network.network import Network


def rows_above(
    network: Network,
    index: int,
    coefficients: Floats,
    relaxations: Sequence[Relaxation],
    added: Sequence[Floats] | None = None,
    shares: list[Floats] | None = None,
    which: Ints | None = None,
) -> tuple[Floats, Floats]:
    """Rows ``a . x + c`` above sums of pre-activations of layer `index`, in n sets of inputs.

    Parameters
    ----------
    network : Network
    index : int
        A hidden layer.
    coefficients : (n, k, width) array
        Of k sums; exact.
    relaxations : sequence of Relaxation
        One for each layer before it, of n sets each, or of others, if `which` says which of them each set is.
    added : sequence of (n, k, width) arrays, optional
        Coefficients of the pre-activations of these layers, which are added to the sums.
    shares : list, optional
        Receives the coefficients (n, k, width) that the activations of each layer before `index` have, the last one
        first; rounded.
    which : (n,) int array, optional
        Of which set in `relaxations` each set has its lines.

    Returns
    -------
    rows, error : (n, k, d + 1) arrays
        At each input of a set, the sum is at most that of some row whose numbers are within `error` of these. Constant
        terms are infinite where nothing is known.

    Notes
    -----
    Cost: two products with each layer's weight, three where much is zero.
    """
    n, k, _ = coefficients.shape
    value, error = _columns(coefficients), np.zeros((coefficients.shape[2], n * k))
    constant, doubt = np.zeros(n * k), np.zeros(n * k)
    columns = np.repeat(np.arange(n) if which is None else which, k)
    for at in range(index, -1, -1):
        layer = network.layers[at]
        if at < index:
            lines = relaxations[at]
            if shares is not None:
                shares.append(value.reshape(-1, n, k).transpose(1, 2, 0))
            slope, offset = (
                np.where(value > 0, above.T.take(columns, axis=1), below.T.take(columns, axis=1))
                for below, above in (
                    (lines.lower_slope, lines.upper_slope),
                    (lines.lower_offset, lines.upper_offset),
                )
            )
            with quiet():
                terms = np.where(value == 0, 0.0, value * offset)
                constant, doubt = _sum(constant, doubt, terms)
                value, error = scaled(slope, value, error, lines.steepest.T.take(columns, axis=1))
                if added is not None:
                    more = _columns(added[at])
                    value = value + more
                    error = np.where(more == 0, error, (error + UNIT_ROUNDOFF * np.abs(value)) * BOUND_SLACK)
        with quiet():
            nothing = np.zeros(1)
            own, own_doubt = affine(layer.bias[None, :], nothing, value, error)
            constant, doubt = _sum(constant, doubt + own_doubt[0], own)
            value, error = affine(_transposed(layer.factor()), np.zeros(layer.weight.shape[1]), value, error)
    rows = np.concatenate([value, constant[None]]).reshape(-1, n, k).transpose(1, 2, 0)
    bound = np.concatenate([error, doubt[None]]).reshape(-1, n, k).transpose(1, 2, 0)
    return rows, bound


def rows_around(
    network: Network, index: int, asked: Ints, lines: Sequence[Relaxation], n: int
) -> tuple[Floats, Floats]:
    """Rows above some neurons of a layer, and then above their negatives, in n sets; see `rows_above`."""
    width = network.layers[index].width
    found: list[tuple[Floats, Floats]] = []
    for some in batches(len(asked), 2 * n * width):
        chosen = np.zeros((len(asked[some]), width))
        chosen[np.arange(len(chosen)), asked[some]] = 1.0
        both = (np.broadcast_to(coefficients, (n, *chosen.shape)) for coefficients in (chosen, -chosen))
        found.extend(rows_above(network, index, coefficients, lines) for coefficients in both)
    rows, error = zip(*(*found[::2], *found[1::2]), strict=True)
    return np.concatenate(rows, axis=1), np.concatenate(error, axis=1)


def highest_in_box(rows: Floats, error: Floats, lower: Floats, upper: Floats) -> Floats:
    """Upper bounds, (n, k), on rows (n, k, d + 1) in boxes (n, d) that may be unbounded; rounded up."""
    d = rows.shape[2] - 1
    normal, doubt = rows[:, :, :-1], error[:, :, :-1]
    reach = np.maximum(np.abs(lower), np.abs(upper))[:, None, :]
    unit = summation_bound(d + 2)
    with quiet():
        corner = np.where(normal > 0, upper[:, None, :], lower[:, None, :])
        terms = np.where(normal == 0, 0.0, normal * corner)
        spread = np.where(doubt == 0, 0.0, doubt * reach).sum(axis=2) + error[:, :, -1]
        size = np.abs(terms).sum(axis=2) + np.abs(rows[:, :, -1])
        high = terms.sum(axis=2) + rows[:, :, -1] + (spread + unit * size) * BOUND_SLACK + UNDERFLOW_GUARD
        # One more rounding, of the sum above.
        high += 4 * UNIT_ROUNDOFF * np.abs(high)
    return np.where(np.isnan(high), np.inf, high)


def _transposed(matrix: Matrix) -> Matrix:
    return matrix.T if isinstance(matrix, np.ndarray) else matrix.T.tocsr()


def _columns(coefficients: Floats) -> Floats:
    """(n, k, width) as (width, n k)."""
    return np.ascontiguousarray(coefficients.reshape(-1, coefficients.shape[2]).T)


def _sum(constant: Floats, doubt: Floats, terms: Floats) -> tuple[Floats, Floats]:
    """A constant with the terms (m, n) added that stand above it, and a bound on its error."""
    unit = summation_bound(len(terms) + 2)
    made = constant + terms.sum(axis=0)
    size = np.abs(constant) + np.abs(terms).sum(axis=0)
    return made, (doubt + unit * size) * BOUND_SLACK + UNDERFLOW_GUARD

"""A forward pass in floats that carries a bound on its own error. Every such bound in Python is derived here, once.

A layer. Let x be floats within e of the exact numbers X, entry by entry, W a matrix and b a bias, both exact, and v the
computed ``W x + b``, where each sum has at most t products. In whatever order they are added, each product takes part
in at most t + 1 roundings, so with u = 2^-53 and ``gamma_n = n u / (1 - n u)`` (Higham 2002, *Accuracy and Stability of
Numerical Algorithms*, section 3.1)

    |v - (W X + b)|  <=  |W| e + gamma_(t+1) (|W| |x| + |b|).

The right-hand side is computed in floats, too, with ``g = summation_bound(t + 1)`` in place of gamma. All its terms are
nonnegative, and each takes part in at most t + 7 roundings: t + 1 in a sum as above, two for putting ``e + g |x|``
together, two for what comes after, two for g and the factor that follows. So it comes out too small by a factor of
``(1 - u)^(t+7)`` at most, which ``1 + 3 g >= 1 + gamma_(t+7) >= (1 - u)^-(t+7)`` makes good. A product that underflows
loses at most 2^-1074: in ``g |x|`` that much times the sum of a row of ``|W|``, elsewhere far less than the
UNDERFLOW_GUARD; both are added. Where each product has a factor that is zero for certain, nothing is rounded: v is b,
and its error 0.

An activation. It is continuous, with slopes s and s' on the two sides of 0, so its values differ by at most
``max(|s|, |s'|)`` times as much as its arguments, and by ``|s|`` times if both are known to be on that side. The
product of slope and argument is rounded once, by at most u times its own size, and not at all if the slope is 0, 1 or
-1.

All patterns at once. A value under any pattern, and a row, is a sum of products along the ways through the network, so
it is within ``gamma_K M`` of the exact one if each product takes part in at most K roundings; M is the sum of their
sizes, with the steeper slope of each neuron (`AnyPattern`). Where products underflow, in it or in M, what is
lost is multiplied by what comes after.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF, summation_bound
from polytope_lens.network.network import most_terms

if TYPE_CHECKING:
    from polytope_lens._types import Bools, Floats, Matrix
    from polytope_lens.network.network import Layer, Network


# What a product loses at most when it underflows.
SMALLEST = 2.0**-1074


def quiet() -> np.errstate:
    """A context without warnings: numbers out of range have bounds that are infinite or NaN, and so say it."""
    return np.errstate(over="ignore", invalid="ignore", under="ignore")


def product_bound(inherited: Floats, size: Floats, n_terms: int) -> Floats:
    """Bound on the error of computed sums of at most `n_terms` products and a constant; see the top of the module.

    `inherited` is the computed ``|W| e``, the sum of all factors' own errors times the other factors' sizes; `size` is
    the computed ``|W| |x| + |b|``.
    """
    unit = summation_bound(n_terms + 1)
    return np.asarray((inherited + unit * size) * (1 + 3 * unit) + UNDERFLOW_GUARD)


def affine(
    matrix: Matrix, bias: Floats, value: Floats, error: Floats, one: slice = slice(None)
) -> tuple[Floats, Floats]:
    """``matrix @ value``, plus the bias in the columns `one`, and a bound on the error.

    Parameters
    ----------
    matrix, bias : (n, m) and (n,) arrays
    value, error : (m, p) arrays
        Numbers and bounds on their errors, which may be infinite: points are columns, and so are coefficients of forms.
    one : slice of p
        The columns that are points, or constant terms of forms: those that a bias is added to. By default all.

    Returns
    -------
    Two (n, p) arrays. The exact number is within the bound of the float, and equal to it where the bound is 0. Where
    numbers are out of range, the bound is infinite or NaN.

    Notes
    -----
    Cost: two matrix products; a third one if all products of some sum may be zero. To be called inside `quiet`.
    """
    unit = summation_bound(most_terms(matrix) + 1)
    weights: Any = matrix  # dense or sparse
    magnitude = abs(weights)
    made = np.asarray(matrix @ value)
    doubt = np.abs(value)
    doubt *= unit
    doubt += error
    bound = np.asarray(magnitude @ doubt)
    nothing = bound == 0
    if has_zeros := bool(nothing.any()):
        # Products of two numbers that are not zero may underflow.
        present = ((value != 0) | (error != 0)).astype(np.float64)
        nothing &= (weights != 0).astype(np.float64) @ present == 0
    made[:, one] += bias[:, None]
    bound[:, one] += unit * np.abs(bias)[:, None]
    bound *= 1 + 3 * unit
    bound += (UNDERFLOW_GUARD + SMALLEST * magnitude.sum(axis=1))[:, None]
    if has_zeros:
        bound[nothing] = 0.0
    return made, bound


def scaled(slope: Floats, value: Floats, error: Floats, steepest: Floats | None = None) -> tuple[Floats, Floats]:
    """``slope * value`` and a bound on its distance from what comes of the exact numbers.

    These are within `error` of `value`, and multiplied by the same slope, or by one of at most the size of `steepest`.
    To be called inside `quiet`.
    """
    steepest = np.abs(slope) if steepest is None else steepest
    product, bound = slope * value, steepest * error
    is_exact = _round_nothing(slope) & _round_nothing(steepest)
    if not is_exact.all():
        rounded = (bound + UNIT_ROUNDOFF * np.abs(product)) * BOUND_SLACK + UNDERFLOW_GUARD
        bound = np.where(is_exact | ((value == 0) & (error == 0)), bound, rounded)
    return product, bound


def _round_nothing(slope: Floats) -> Bools:
    """Where a slope is 0, 1 or -1."""
    size = np.abs(slope)
    return np.asarray((size == 0) | (size == 1))


def activated(layer: Layer, value: Floats, error: Floats, *, signs_agree: bool = True) -> tuple[Floats, Floats]:
    """A layer's activations of pre-activations (n, p), and a bound on their errors.

    With `signs_agree`, the bound is on the distance from the exact activations, and a sign beyond the error is that of
    the exact number. Without, it is on that from any others of which only the pre-activations are as near. To be called
    inside `quiet`.
    """
    negative, positive = layer.negative_slope[:, None], layer.positive_slope[:, None]
    steepest = np.maximum(np.abs(negative), np.abs(positive))
    is_on = value > 0
    slope = np.where(is_on, positive, negative)
    if signs_agree:
        steepest = np.where(np.abs(value) > error, np.where(is_on, np.abs(positive), np.abs(negative)), steepest)
    if (_round_nothing(negative) & _round_nothing(positive)).all():
        return slope * value, steepest * error
    return scaled(slope, value, error, steepest)


class AnyPattern(NamedTuple):
    """What bounds the errors of sums under any pattern: their size, what underflow may lose, number of roundings."""

    size: Floats
    lost: Floats
    n_roundings: int

    @classmethod
    def of(cls, exact: Floats) -> AnyPattern:
        """That of numbers without errors."""
        return cls(np.abs(exact), np.zeros(exact.shape), 0)

    def times(self, matrix: Matrix, bias: Floats | float) -> AnyPattern:
        """After a product with a matrix, to which something is added."""
        magnitude: Any = abs(matrix)  # dense or sparse
        n = most_terms(matrix)
        lost = magnitude @ self.lost + n * SMALLEST
        return AnyPattern(magnitude @ self.size + np.abs(bias), lost, self.n_roundings + n + 1)

    def activated(self, steepest: Floats) -> AnyPattern:
        """After a product with slopes of at most these sizes."""
        return AnyPattern(steepest * self.size, steepest * self.lost + SMALLEST, self.n_roundings + 1)

    def error(self) -> Floats:
        """Bounds on the errors; infinite or NaN where numbers are out of range."""
        unit = summation_bound(self.n_roundings)
        return np.asarray(unit * self.size * (1 + 3 * unit) + 2 * self.lost + UNDERFLOW_GUARD)


def outputs(network: Network, X: Floats, error: Floats, *, signs_agree: bool = True) -> tuple[Floats, Floats]:
    """Outputs at points known within an error, (n, d) and (n, d) -> (n, out), and bounds on theirs; see `activated`.

    Cost: two matrix products for each layer, three where much is zero.
    """
    value, bound = X.T, error.T
    with quiet():
        for layer in network.layers:
            value, bound = activated(layer, *affine(layer.weight, layer.bias, value, bound), signs_agree=signs_agree)
        value, bound = affine(network.output_weight, network.output_bias, value, bound)
    return value.T, bound.T

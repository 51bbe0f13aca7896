"""Networks whose level sets are shapes with known homology, all of absolute values: the slope below zero is -1."""

from __future__ import annotations

import numpy as np

from polytope_lens.network.network import Network, from_arrays


def folded(*layers, output) -> Network:
    """A network of absolute values; layers are (weight, bias), the output a row."""
    weights = [np.array(weight, dtype=float) for weight, _ in layers] + [np.array([output], dtype=float)]
    biases = [np.array(bias, dtype=float) for _, bias in layers] + [np.zeros(1)]
    return from_arrays(weights, biases, negative_slope=-1.0)


def ball(d: int) -> Network:
    """``|x_1| + ... + |x_d|``."""
    return folded((np.eye(d), [0] * d), output=[1] * d)


def shell(d: int) -> Network:
    """The distance of that from 1."""
    return folded((np.eye(d), [0] * d), ([[1] * d], [-1]), output=[1])


def two_rings() -> Network:
    """The same around (2, 0) and (-2, 0) in the plane."""
    return folded((np.eye(2), [0, 0]), (np.eye(2), [-2, 0]), ([[1, 1]], [-1]), output=[1])


def tube(d: int) -> Network:
    """How far a point is from the circle ``|x| + |y| = 1`` in R^d, coordinates added up."""
    weight = np.eye(d)[1:]
    weight[0, 0] = 1.0
    return folded((np.eye(d), [0] * d), (weight, [-1, *[0] * (d - 2)]), output=[1] * (d - 1))


def torus_of_circles() -> Network:
    """How far a point of R^4 is from the product of two circles."""
    return folded((np.eye(4), [0] * 4), ([[1, 1, 0, 0], [0, 0, 1, 1]], [-1, -1]), output=[1, 1])


def linked_tubes() -> Network:
    """How far a point of R^3 is from two circles, each of which passes through the other."""
    return folded(
        ([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]], [0.5, 0, 0, -0.5]),
        ([[1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 1], [0, 1, 0, 0]], [-1, 0, -1, 0]),
        ([[1, 1, 1, 1], [1, 1, -1, -1]], [0, 0]),
        output=[0.5, -0.5],
    )

"""Bounds on the matrices of a network on boxes, by intervals of slopes."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF, summation_bound
from polytope_lens.exact.forward import quiet
from polytope_lens.function.lipschitz import norm_slack, operator_norms

if TYPE_CHECKING:
    from polytope_lens._types import Floats
    from polytope_lens.network.network import Network
    from polytope_lens.properties.box_bounds import Boxes


def matrix_bounds(network: Network, boxes: Boxes, p: float, q: float, inputs: list[int] | None = None) -> Floats:
    """Bounds on the operator norms of a network's matrices on n boxes with known bounds on its neurons, (n,); proved.

    With `inputs`, of their columns for these alone.

    The matrix is a product, taken from the outputs back to the inputs, of which each entry is known up to a radius.
    """
    weight: Any = network.dense_output_weight()
    n = len(boxes.low)
    middle, radius = np.broadcast_to(weight, (n, *weight.shape)), np.zeros((n, *weight.shape))
    stop = sum(network.widths)
    with quiet():
        for layer in reversed(network.layers):
            here = slice(stop - layer.width, stop)
            stop -= layer.width
            center, spread = _slopes(
                layer.negative_slope, layer.positive_slope, boxes.low[:, here], boxes.high[:, here]
            )
            product = middle * center[:, None, :]
            radius = np.abs(middle) * spread[:, None, :] + radius * (np.abs(center) + spread)[:, None, :]
            radius = (radius + 2 * UNIT_ROUNDOFF * np.abs(product)) * BOUND_SLACK + UNDERFLOW_GUARD
            matrix: Any = layer.factor()
            size: Any = abs(matrix)
            unit = summation_bound(layer.width)
            middle = np.asarray(product @ matrix)
            radius = np.asarray((radius + unit * np.abs(product)) @ size) * BOUND_SLACK + UNDERFLOW_GUARD
        entries = (np.abs(middle) + radius) * BOUND_SLACK
        entries = entries if inputs is None else entries[:, :, inputs]
        known = np.isfinite(entries).all(axis=(1, 2))
        slack = norm_slack(network.input_dim, network.output_dim, p, q)
        found = operator_norms(np.where(known[:, None, None], entries, 0.0), p, q) * (1 + 2 * slack)
    return np.where(known & np.isfinite(found), found, inf)


def _slopes(negative: Floats, positive: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Slopes of neurons between bounds on their pre-activations: middles and radii, (n, width) each."""
    on, off = low >= 0, high <= 0
    first, second = np.where(on, positive, negative), np.where(off & ~on, negative, positive)
    center = (first + second) / 2
    # The middle is rounded.
    spread = np.where(first == second, 0.0, np.abs(second - first) / 2 * BOUND_SLACK + UNIT_ROUNDOFF * np.abs(center))
    return center, spread

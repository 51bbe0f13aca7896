"""How well a network agrees with the program it was read from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens.arithmetic.signs import UNDERFLOW_GUARD, UNIT_ROUNDOFF, summation_bound
from polytope_lens.errors import ConsistencyError
from polytope_lens.network.network import activate, most_terms

if TYPE_CHECKING:
    from collections.abc import Callable

    from polytope_lens._types import Floats
    from polytope_lens.network.network import Matrix, Network


MOST_POINTS = 4096
BLOCK = 1024
# Multiplications that a check may take: some seconds.
BUDGET = 4e9
# Programs add up in other orders and with other roundings than the bound counts; a defect is far beyond that.
SLACK = 16


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """How well a network agrees with the model it came from, on random points.

    Parameters
    ----------
    n_points : int
    deviation : float
        Largest absolute difference of any output at any of the points, both sides computed in float64.
    largest_output : float
        Largest absolute output of the model at these points: what `deviation` is to be compared with.
    bound : float
        Largest bound, over points and outputs, on what rounding can make of the difference of two float64 forward
        passes.
    within_bound : bool
        Whether each single difference is within 16 times its own bound. If not, the network is not that of the model.
    """

    n_points: int
    deviation: float
    largest_output: float
    bound: float = np.inf
    within_bound: bool = True


def check(network: Network, expected: Callable[[Floats], Floats], seed: int) -> SelfCheck:
    """Compare a network with another implementation of it, which takes and returns rows, in float64.

    At up to 4096 normally distributed points whose scales run from 0.01 to 100; fewer if these would take long.

    Raises
    ------
    ConsistencyError
        The other one has another number of outputs.
    """
    work = sum(_n_entries(matrix) for matrix in (*(q.matrix for q in network.layers), network.output_matrix))
    n_points = int(np.clip(BUDGET / (3 * work + 1), 16, MOST_POINTS))
    scales = np.logspace(-2, 2, n_points)
    rng = np.random.default_rng(seed)
    deviation = largest = largest_bound = 0.0
    within = True
    for start in range(0, n_points, BLOCK):
        scale = scales[start : start + BLOCK, None]
        points = rng.standard_normal((len(scale), network.input_dim)) * scale
        values, bounds = evaluate_with_bounds(network, points)
        reference = expected(points)
        if reference.shape != values.shape:
            raise ConsistencyError(f"the model's output has shape {reference.shape}, the network's {values.shape}.")
        difference = np.abs(values - reference)
        deviation = max(deviation, float(difference.max()))
        largest = max(largest, float(np.abs(reference).max()))
        largest_bound = max(largest_bound, 2 * float(bounds.max()))
        within &= bool((difference <= SLACK * bounds).all())
    return SelfCheck(n_points, deviation, largest, largest_bound, within)


def evaluate_with_bounds(network: Network, X: Floats) -> tuple[Floats, Floats]:
    """Outputs in float64 arithmetic, and bounds on their distance from the exact ones, both (n, out).

    Each product of a matrix with values known within e errs by at most ``|W| e + gamma (|W| |x| + |b|)``; an activation
    multiplies errors by at most its larger slope, since it is continuous.
    """
    value, error = X, np.zeros_like(X)
    for layer in network.layers:
        value, error = _affine(layer.matrix, layer.bias, value, error)
        value = activate(layer, value)
        steepest = np.maximum(np.abs(layer.negative_slope), np.abs(layer.positive_slope))
        error = steepest * error * (1 + 4 * UNIT_ROUNDOFF) + UNIT_ROUNDOFF * np.abs(value)
    return _affine(network.output_matrix, network.output_bias, value, error)


def _affine(matrix: Matrix, bias: Floats, value: Floats, error: Floats) -> tuple[Floats, Floats]:
    size: Any = abs(matrix)
    gamma = summation_bound(most_terms(matrix) + 1)
    bound = (error + gamma * np.abs(value)) @ size.T + gamma * np.abs(bias)
    return np.asarray(value @ matrix.T + bias), np.asarray(bound * (1 + gamma) + UNDERFLOW_GUARD)


def _n_entries(matrix: Matrix) -> int:
    return int(matrix.size if isinstance(matrix, np.ndarray) else matrix.nnz)

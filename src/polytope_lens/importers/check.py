"""How well a network agrees with the program it was read from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.errors import ConsistencyError, UnsupportedLayerError
from polytope_lens.exact.forward import outputs

if TYPE_CHECKING:
    from collections.abc import Callable

    from polytope_lens._types import Floats, Matrix
    from polytope_lens.network.network import Network


MOST_POINTS = 4096
BLOCK = 1024
# Multiplications that take as long as a value does for itself, to be bent, bounded and compared.
VALUE = 16
# Values of one layer at all points of a block: some 100 MB with what bounds them.
MOST_AT_ONCE = 2**21
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
    UnsupportedLayerError
        The other one answers each of several samples for each of them.
    ConsistencyError
        The other one has another number of outputs.
    """
    work = sum(_n_entries(matrix) for matrix in (*(q.weight for q in network.layers), network.output_weight))
    widest = max(network.input_dim, *network.widths, network.output_dim)
    work += VALUE * (network.input_dim + sum(network.widths) + network.output_dim)
    n_points = int(np.clip(BUDGET / (3 * work + 1), 16, MOST_POINTS))
    block = int(np.clip(MOST_AT_ONCE / widest, 1, BLOCK))
    scales = np.logspace(-2, 2, n_points)
    rng = np.random.default_rng(seed)
    deviation = largest = largest_bound = 0.0
    within = True
    for start in range(0, n_points, block):
        scale = scales[start : start + block, None]
        points = rng.standard_normal((len(scale), network.input_dim)) * scale
        # The other program may see another sign where a pre-activation is about zero.
        values, bounds = outputs(network, points, np.zeros_like(points), signs_agree=False)
        reference = expected(points)
        if reference.size == values.size * len(values) > values.size:
            raise UnsupportedLayerError(
                f"the model gives {values.shape[1]} outputs for one sample, but {reference.size} for {len(values)}, so "
                "it mixes the samples of a batch. Leave out the batch axis of values that are fixed; else write the "
                "model so that it answers each sample by itself."
            )
        if reference.shape != values.shape:
            raise ConsistencyError(f"the model's output has shape {reference.shape}, the network's {values.shape}.")
        difference = np.abs(values - reference)
        deviation = max(deviation, float(difference.max()))
        largest = max(largest, float(np.abs(reference).max()))
        largest_bound = max(largest_bound, 2 * float(bounds.max()))
        within &= bool((difference <= SLACK * bounds).all())
    return SelfCheck(n_points, deviation, largest, largest_bound, within)


def _n_entries(matrix: Matrix) -> int:
    return int(matrix.size if isinstance(matrix, np.ndarray) else matrix.nnz)

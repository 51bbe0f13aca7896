"""Combinations of outputs that are the same everywhere, since nothing that bends has a part in them; exact.

So is the difference of two networks that differ in biases of their outputs: what the hidden neurons give to one and
take from the other cancels, and no box has to be cut to see it.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens.network.network import pass_through_layer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polytope_lens.network.network import Network
    from polytope_lens.properties.property import Constraint


def constant_value(network: Network, combination: Mapping[int, Fraction]) -> Fraction | None:
    """The value of a combination of outputs at all inputs, None where it depends on any, or may.

    Cost: a product of fractions for each weight behind the last layer that bends.
    """
    layers = (*network.layers, pass_through_layer(network.output_weight, network.output_bias))
    sums, constant = dict(combination), Fraction(0)
    for at in range(len(layers) - 1, -1, -1):
        layer, seen = layers[at], dict[int, Fraction]()
        weight: Any = layer.weight[list(sums)]
        rows = weight if isinstance(weight, np.ndarray) else weight.toarray()
        for v, row, bias in zip(sums.values(), rows, layer.bias[list(sums)].tolist(), strict=True):
            constant += v * Fraction(bias)
            for k in np.flatnonzero(row).tolist():
                seen[k] = seen.get(k, Fraction(0)) + v * Fraction(float(row[k]))
        sums = {k: v for k, v in seen.items() if v}
        if not sums or at == 0:
            break
        before = layers[at - 1]
        if any(before.negative_slope[k] != before.positive_slope[k] for k in sums):
            break
        sums = {k: v * Fraction(float(before.positive_slope[k])) for k, v in sums.items()}
    return None if sums else constant


def refuted(network: Network, case: Sequence[Constraint]) -> int | None:
    """The place of a constraint on outputs that no input satisfies, since its left side is the same at all of them."""
    for place, constraint in enumerate(case):
        if constraint.inputs or not constraint.outputs:
            continue
        value = constant_value(network, dict(constraint.outputs))
        if value is not None and (value > constraint.bound or (constraint.strict and value == constraint.bound)):
            return place
    return None

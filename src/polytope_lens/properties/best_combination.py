"""The multiples of rows on a cell that are least apart from proving that not all of them are at most 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.exact.forward import quiet
from polytope_lens.lp.float_simplex import propose_multipliers

if TYPE_CHECKING:
    from polytope_lens._types import Floats

# Multipliers have so many bits.
BITS = 16
# What rows may be in the units of others; rows whose greatest value in a cell is less than the other take no part.
LARGEST, SMALLEST = 2.0**1000, 2.0**-900


def best_combination(rows: Floats, unit: Floats, others: Floats, lower: Floats, upper: Floats) -> Floats:
    """Whole numbers for rows and others that are at most 0, whose combination is greatest where it is least in a box.

    By a linear program in floats over the inputs, a point u of [-1, 1]^d, and the greatest row in its unit, which is to
    be least. Where there is none, since no point has all signs, the greatest of all takes its place.
    """
    r, d = len(rows), len(lower)
    every = np.concatenate([rows, others])
    first = np.zeros(len(every))
    first[0] = 1.0
    if len(every) == 1:
        return np.asarray(first * 2.0**BITS)
    with quiet():
        normal = every[:, :-1] * ((upper - lower) / 2)
        offset = every[:, -1] + every[:, :-1] @ ((lower + upper) / 2)
        size = np.abs(normal).sum(axis=1) + np.abs(offset)
        is_used = np.isfinite(size) & (size > SMALLEST)
        size = np.where(is_used, size, 1.0)
        normal, offset = (np.where(is_used[:, None], normal, 0.0).T / size).T, np.where(is_used, offset, -1.0) / size
    reach = 2.0 * float((size[:r] / unit).max())
    box = np.concatenate([np.eye(d + 1), -np.eye(d + 1)])
    with quiet():
        hard = np.concatenate([np.minimum(unit * reach / size[:r], LARGEST), np.zeros(len(others))])
    for level in (hard, np.full(len(every), 2.0)):
        given = np.concatenate([normal, -level[:, None]], axis=1)
        found = propose_multipliers(
            np.eye(d + 1)[-1] * -1.0, np.concatenate([box, given]), np.concatenate([np.ones(2 * d + 2), -offset])
        )
        if found is not None:
            weights = np.zeros(len(every))
            for q, y in zip(*(part.tolist() for part in found), strict=True):
                i = q - 2 * (d + 1)
                if i >= 0 and is_used[i]:
                    weights[i] = max(y, 0.0) / size[i]
            if weights.any():
                first = weights
                break
    return np.asarray(np.round(first / first.max() * 2.0**BITS))

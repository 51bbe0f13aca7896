"""Linear programs in floats: a dual simplex method whose answers are proposals, to be proved by whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._compiled.jit import jit
from polytope_lens.lp.pivoting import EXHAUSTED, VIOLATED, enter

if TYPE_CHECKING:
    from polytope_lens._types import Floats, Ints


def propose_multipliers(objective: Floats, normal: Floats, offset: Floats) -> tuple[Ints, Floats] | None:
    """Rows and multipliers >= 0 with ``multipliers @ normal[rows] = objective`` that bound ``objective . x`` best.

    Parameters
    ----------
    objective : (d,) array
    normal, offset : (m, d), (m,) arrays
        ``normal . x <= offset``, of length about 1. The first 2 d are a box: upper sides, then lower ones.

    Returns
    -------
    Rows (d,) and multipliers (d,), or None where floats find none. Nothing is proved.
    """
    d = len(objective)
    basis = np.where(objective >= 0, np.arange(d), np.arange(d, 2 * d))
    dual, alpha = np.abs(objective), np.empty(d)
    inverse, point = np.zeros((d, d)), np.empty(d)
    if not maximize(objective, normal, offset, basis, dual, inverse, point, alpha):
        return None
    return basis, dual


@jit
def maximize(
    objective: Floats, normal: Floats, offset: Floats, basis: Ints, dual: Floats, inverse: Floats, point: Floats,
    alpha: Floats,
) -> bool:  # pragma: no cover - compiled  # fmt: skip
    """The best corner of the box is dual feasible; each pivot admits the most violated row."""
    d = objective.shape[0]
    for k in range(d):
        side = 1.0 if basis[k] < d else -1.0
        inverse[k, k] = side
        point[k] = side * offset[basis[k]]
    for _ in range(EXHAUSTED):
        worst, entering = -VIOLATED, -1
        for q in range(normal.shape[0]):
            gap, size = offset[q], abs(offset[q])
            for k in range(d):
                term = normal[q, k] * point[k]
                gap -= term
                size += abs(term)
            if gap < worst and gap < -VIOLATED * size:
                worst = gap
                entering = q
        if entering < 0:
            return True
        for i in range(d):
            total = 0.0
            for k in range(d):
                total += normal[entering, k] * inverse[k, i]
            alpha[i] = total
        _, leaving = enter(inverse, alpha, dual, basis, entering)
        if leaving < 0:
            return False
        for k in range(d):
            point[k] += worst * inverse[k, leaving]
    return False

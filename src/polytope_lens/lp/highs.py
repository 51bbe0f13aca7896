"""HiGHS as a source of proposals for linear programs too large to solve in rational arithmetic at once.

Its answers are floats within tolerances and decide nothing: callers prove what they use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._deferred import optimize

if TYPE_CHECKING:
    from polytope_lens._types import Floats


def propose_maximum(objective: Floats, A: Floats, b: Floats) -> tuple[Floats, Floats] | None:
    """A point near the maximum of ``objective @ x`` over ``A @ x <= b`` and the multipliers of the rows, or None."""
    found = optimize.linprog(-objective, A_ub=A, b_ub=b, bounds=(None, None), method="highs")
    if found.status != 0:
        return None
    return np.asarray(found.x), -np.asarray(found.ineqlin.marginals)

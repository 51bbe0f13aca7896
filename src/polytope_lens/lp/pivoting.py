"""What the float simplex methods share: how a pivot changes an inverse, and the numbers that steer pivots.

None of it decides anything: proofs come after. Which method is for what is told in ``README.md`` beside this file.
"""

from __future__ import annotations

from typing import Any

from polytope_lens._compiled.jit import inlined

# A sum that is less than this part of its terms' sizes is no pivot (where rows have length 1, less than this), and one
# that is less than the second number is no violation.
TINY_PIVOT, VIOLATED = 2.0**-36, 2.0**-40
# A walk takes Bland's rule, which cannot cycle, after so many pivots (and one for each dimension); after the second
# number it gives up.
PATIENCE, EXHAUSTED = 30, 1000


@inlined
def exchange(inverse: Any, products: Any, leaving: int) -> None:  # pragma: no cover - compiled
    """Inverse of a matrix of rows, (d, d), after a new row takes the place of the one that is leaving.

    `products` (d,) are the new row times the columns of the inverse; its own place is 0 afterwards.
    """
    pivot = products[leaving]
    products[leaving] = 0.0
    for k in range(inverse.shape[0]):
        new = inverse[k, leaving] / pivot
        if new != 0.0:
            for i in range(inverse.shape[1]):
                inverse[k, i] -= products[i] * new
            inverse[k, leaving] = new

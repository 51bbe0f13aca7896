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
def times(columns: Any, v: Any, found: Any) -> None:  # pragma: no cover - compiled
    """Rows, given column by column as (d, m), times a vector (d,), into `found` (m,).

    Four columns at a time, so that sums are fetched and put back a quarter as often.
    """
    d, m = columns.shape
    whole = d - d % 4
    for q in range(m):
        found[q] = 0.0
    for k in range(0, whole, 4):
        a, b, c, e = v[k], v[k + 1], v[k + 2], v[k + 3]
        for q in range(m):
            found[q] += (columns[k, q] * a + columns[k + 1, q] * b) + (columns[k + 2, q] * c + columns[k + 3, q] * e)
    for k in range(whole, d):
        a = v[k]
        for q in range(m):
            found[q] += columns[k, q] * a


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


@inlined
def enter(inverse: Any, products: Any, dual: Any, basis: Any, entering: int) -> tuple[float, int]:  # pragma: no cover
    """A step of the dual simplex method: how long it is, and in whose place of the basis a row has come; -1 if in none.

    The place is that of the least ratio of multipliers, `dual` (d,), to `products` (d,): the row times the columns of
    the inverse. All three are those of the new basis afterwards; without a place they are as they were.
    """
    step, leaving = float("inf"), -1
    for i in range(len(dual)):
        if products[i] > TINY_PIVOT and dual[i] / products[i] < step:
            step = dual[i] / products[i]
            leaving = i
    if leaving >= 0:
        for i in range(len(dual)):
            if i != leaving:
                dual[i] = max(dual[i] - step * products[i], 0.0)
        dual[leaving] = step
        basis[leaving] = entering
        exchange(inverse, products, leaving)
    return step, leaving

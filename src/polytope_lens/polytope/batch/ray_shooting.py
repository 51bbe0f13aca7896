"""Facets that rays meet first.

Polytopes are seen from a point inside, ``h . v <= 1`` as in `redundancy`. The ray along v leaves row h at the
time ``1 / h . v``. If one row is surely met before all others, it is a facet: between that time and the next lies a
point that violates this row alone.
"""

from __future__ import annotations

from typing import Any

from polytope_lens._compiled.jit import inlined
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.lp.pivoting import times
from polytope_lens.polytope.batch.statuses import CONSTANT, FACET, OPEN


@inlined
def first_hit(columns: Any, known: Any, v: Any, speed: Any) -> Any:  # pragma: no cover - compiled
    """The row that the ray along v seems to meet first, or -1, and the speed towards the next; fills in all speeds."""
    m = columns.shape[1]
    times(columns, v, speed)
    best, second, hit = 0.0, 0.0, -1
    for q in range(m):
        if speed[q] > second and known[q] != CONSTANT:
            if speed[q] > best:
                second = best
                best = speed[q]
                hit = q
            else:
                second = speed[q]
    return hit, second


@inlined
def is_met_first(
    slack_bound: Any, length: Any, doubt: Any, known: Any, v: Any, speed: Any, hit: int, second: float
) -> Any:  # pragma: no cover - compiled
    """Whether it is proved that the ray along v meets row `hit` before all others, with speeds from `first_hit`.

    The proof is about the point ``t v``, in exact arithmetic, with t between the two times. `length` and `doubt` are
    the sums of the sizes and of the error bounds of each row.
    """
    d, m = v.shape[0], speed.shape[0]
    unit = (d + 8) * UNIT_ROUNDOFF
    t = 2.0 / (speed[hit] + second)
    far = 0.0
    for k in range(d):
        far = max(far, abs(v[k]))
    far *= t * BOUND_SLACK
    n_shown = 0
    # All rows, without a way out, which is quicker than to decide one by one.
    for q in range(m):
        gap = t * speed[q] - 1.0 if q == hit else 1.0 - t * speed[q]
        needed = ((doubt[q] + unit * length[q]) * far + slack_bound[q] + unit) * BOUND_SLACK + UNDERFLOW_GUARD
        n_shown += 1 if gap > needed or known[q] == CONSTANT else 0
    return n_shown == m


@inlined
def note(aims: Any, hit: int, v: Any, speed: Any, second: float) -> None:  # pragma: no cover - compiled
    """Keep the point between the facet and whatever the ray meets next, unless `aims` has no rows."""
    if aims.shape[0]:
        t = 2.0 / (speed[hit] + second)
        for k in range(v.shape[0]):
            aims[hit, k] = t * v[k]


@inlined
def shoot(
    columns: Any, slack_bound: Any, length: Any, doubt: Any, known: Any, aims: Any, v: Any, speed: Any
) -> Any:  # pragma: no cover - compiled
    """The open row that the ray along v is proved to meet first, marked and noted then; -1 if there is none."""
    hit, second = first_hit(columns, known, v, speed)
    if hit < 0 or known[hit] != OPEN or not is_met_first(slack_bound, length, doubt, known, v, speed, hit, second):
        return -1
    known[hit] = FACET
    note(aims, hit, v, speed, second)
    return hit

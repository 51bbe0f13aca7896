"""Which of many small polytopes are bounded, in floats, wherever floats can prove it.

The question is whether the cone ``{y : A @ y <= 0}`` holds more than 0. A linear program looks for the direction that
goes away from all rows most.

- If there is one that does so beyond all rounding, the polytope is unbounded.
- If there is none, the multipliers of the program make 0 of d + 1 rows. If they are proved to be positive, with the
  exact rows (Rump 2010, *Verification methods*, section 10), all of these rows vanish on the cone; and if the rows are
  proved to span the space, nothing else does.

Polytopes with lower-dimensional cones, such as strips, are left open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._compiled.jit import inlined, jit, pays
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.lp.float_simplex import maximize

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens._types import Floats, Ints


OPEN, BOUNDED, UNBOUNDED = 0, 1, 2
# What a rational program takes for each number of its rows and coordinate, in seconds; roughly.
RATIONAL_NUMBER = 5e-6


class ConeWork(NamedTuple):
    """Room for one program: the direction and how fast it leaves the rows, in a box; then the rows."""

    normal: Floats  # (2 d + 2 + m, d + 1)
    offset: Floats
    error: Floats  # per row: sum of the bounds on the errors of its entries
    objective: Floats
    basis: Ints
    dual: Floats
    inverse: Floats
    point: Floats
    alpha: Floats


def prove_bounded(rows: Floats, error: Floats) -> NDArray[np.int8]:
    """BOUNDED, UNBOUNDED or OPEN for each of n nonempty polytopes.

    Parameters
    ----------
    rows, error : (n, m, d) arrays
        Normals of the inequalities ``a . x <= b``, and bounds on the errors of their entries.
    """
    n, m, d = rows.shape
    most = 2 * (d + 1) + m
    work = ConeWork(
        np.vstack([np.eye(d + 1), -np.eye(d + 1), np.zeros((m, d + 1))]),
        np.concatenate([np.ones(2 * (d + 1)), np.zeros(m)]),
        np.zeros(most),
        np.append(np.zeros(d), 1.0),
        np.zeros(d + 1, np.int64),
        np.zeros(d + 1),
        np.zeros((d + 1, d + 1)),
        np.zeros(d + 1),
        np.zeros(d + 1),
    )
    status = np.zeros(n, np.int8)
    _prove(np.ascontiguousarray(rows), np.ascontiguousarray(error), work, status)
    return status


def pays_to_ask(m: int, d: int) -> bool:
    """Whether to ask about m rows in d coordinates, which rational arithmetic could tell, see `jit.pays`."""
    return pays((_prove,), RATIONAL_NUMBER * m * d * d)


@jit
def _prove(rows: Floats, error: Floats, work: ConeWork, status: Any) -> None:  # pragma: no cover - compiled
    n, m, d = rows.shape
    for r in range(n):
        count, all_known = 2 * (d + 1), True
        for i in range(m):
            largest, total = 0.0, 0.0
            for k in range(d):
                largest = max(largest, abs(rows[r, i, k]))
                total += error[r, i, k]
            if not 0.0 < largest < np.inf:
                # A row of exact zeros says nothing.
                all_known = all_known and largest == 0.0 and total == 0.0
                continue
            for k in range(d):
                work.normal[count, k] = rows[r, i, k] / largest
            work.normal[count, d] = 1.0
            work.error[count] = (total / largest + d * UNIT_ROUNDOFF) * BOUND_SLACK + UNDERFLOW_GUARD
            count += 1
        for k in range(d + 1):
            work.basis[k] = k
            work.dual[k] = work.objective[k]
            for i in range(d + 1):
                work.inverse[k, i] = 0.0
        solved = maximize(
            work.objective, work.normal[:count], work.offset[:count], work.basis, work.dual, work.inverse, work.point,
            work.alpha,
        )  # fmt: skip
        if not solved:
            continue
        if all_known and _leaves(work, count):
            status[r] = UNBOUNDED
        elif _is_spanned(work):
            status[r] = BOUNDED


@inlined
def _leaves(work: ConeWork, count: int) -> bool:  # pragma: no cover - compiled
    """Whether the direction at hand leaves all rows."""
    d = work.point.shape[0] - 1
    for q in range(2 * (d + 1), count):
        value, size, largest = 0.0, 0.0, 0.0
        for k in range(d):
            term = work.normal[q, k] * work.point[k]
            value += term
            size += abs(term)
            largest = max(largest, abs(work.point[k]))
        if not value < -(work.error[q] * largest + (d + 4) * UNIT_ROUNDOFF * size) * BOUND_SLACK - UNDERFLOW_GUARD:
            return False
    return True


@inlined
def _is_spanned(work: ConeWork) -> bool:  # pragma: no cover - compiled
    """Whether the multipliers at hand, exact ones close to them, are positive, and their rows span the space."""
    n = work.point.shape[0]
    unit = (n + 4) * UNIT_ROUNDOFF
    left, doubt = 0.0, 0.0
    least = np.inf
    for i in range(n):
        if work.basis[i] < 2 * n or not work.dual[i] > 0.0:
            return False
        least = min(least, work.dual[i])
    for k in range(n):
        rest, size = 1.0 if k == n - 1 else 0.0, 1.0
        for i in range(n):
            term = work.dual[i] * work.normal[work.basis[i], k]
            rest -= term
            size += abs(term)
        left += abs(rest) + unit * size
    for i in range(n):
        left += work.dual[i] * work.error[work.basis[i]]
    left *= BOUND_SLACK
    if not left < np.inf:
        return False
    for i in range(n):
        far, row_sum = 0.0, 0.0
        for k in range(n):
            far = max(far, abs(work.inverse[k, i]))
        for j in range(n):
            entry, size = 1.0 if i == j else 0.0, 1.0
            for k in range(n):
                term = work.inverse[k, i] * work.normal[work.basis[j], k]
                entry -= term
                size += abs(term)
            row_sum += abs(entry) + unit * size + far * work.error[work.basis[j]]
        work.alpha[i] = far * left
        doubt = max(doubt, work.alpha[i])
        if not row_sum < 0.5:
            return False
    # |d| <= |V^T r| + q max |d| with q < 1/2, so no multiplier moves by more than twice the greatest |V^T r|.
    return bool(least > 2.0 * doubt * BOUND_SLACK)

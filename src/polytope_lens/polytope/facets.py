"""Which inequalities of a polytope are facets."""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq, fmpz, fmpz_mat

from polytope_lens.exact.rational import integer_rows
from polytope_lens.exact.signs import UNIT_ROUNDOFF
from polytope_lens.lp.exact import Halfspace, maximize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

ZERO, ONE = fmpq(0), fmpq(1)


def facet_mask(A: Floats, b: Floats) -> Bools:
    """Which rows of a polytope with interior define a facet, (m,) bool; exact.

    Rows that define the same facet, up to a positive factor, are all marked. Rows of zeros are not.
    """
    if rows_are_independent(A):
        return np.ones(len(A), dtype=bool)
    return exact_facet_mask(integer_rows(np.column_stack([A, -b])))


def rows_are_independent(A: Floats) -> bool:
    """Whether the rows of `A` (m, d) are proved linearly independent; False means "not proved", not "dependent".

    Where they are independent, every row is a facet and no linear program is needed: a point can violate any one of
    them and satisfy the others. Rows are scaled to unit length; the computed singular values of an (m, d) matrix are
    within a modest multiple of u ||A||_F of the true ones (Golub and Van Loan 2013, section 8.6), for which m d u ||A||_F
    is generous.
    """
    m, d = A.shape
    if m > d:
        return False
    norms = np.sqrt(np.einsum("ij,ij->i", A, A))
    if not (norms > 0).all() or not np.isfinite(norms).all():
        return False
    gram_root = np.linalg.svd(A / norms[:, None], compute_uv=False)
    return bool(gram_root[-1] > 4 * m * d * UNIT_ROUNDOFF * np.sqrt(m))


def primitive(row: Sequence[fmpz]) -> tuple[int, ...]:
    """The integers of a row divided by their greatest common divisor: equal for rows of one halfspace."""
    entries = [int(v) for v in row]
    divisor = gcd(*entries)
    return tuple(v // divisor for v in entries)


def exact_facet_mask(rows: Sequence[Sequence[fmpz]], order: Sequence[int] | None = None) -> Bools:
    """Which rows ``[a, c]`` of ``{x : a . x + c <= 0}``, a set with interior, define a facet; exact.

    A row is a facet iff some point of the cone ``{(y, t) : t >= 0}`` of the other rows violates it, which one bounded
    linear program decides. `order` lists the rows so that likely facets come first; it changes the cost, not the
    answer. Cost: at most m linear programs with d + 1 variables.
    """
    m = len(rows)
    mask = np.zeros(m, dtype=bool)
    groups: dict[tuple[int, ...], list[int]] = {}
    for q in range(m) if order is None else order:
        if any(rows[q][:-1]):
            groups.setdefault(primitive(rows[q]), []).append(q)
    if not groups:
        return mask
    d = len(rows[0]) - 1
    if len(groups) <= d and fmpz_mat([list(key[:-1]) for key in groups]).rank() == len(groups):
        mask[[q for members in groups.values() for q in members]] = True
        return mask
    kept = [Halfspace([fmpq(v) for v in key], ZERO) for key in groups]
    lower, upper = [-ONE] * d + [ZERO], [ONE] * (d + 1)
    alive = [True] * len(kept)
    for q, members in enumerate(groups.values()):
        others = [row for i, row in enumerate(kept) if i != q and alive[i]]
        best = maximize(kept[q].normal, others, lower, upper)
        is_facet = best is not None and best.value > 0
        alive[q] = is_facet
        mask[members] = is_facet
    return mask

"""Which inequalities of a polytope are facets."""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq, fmpq_mat, fmpz, fmpz_mat

from polytope_lens._kept import kept
from polytope_lens.arithmetic.rational import integers, nearest_float, rationals, sign
from polytope_lens.arithmetic.signs import UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.errors import DomainError
from polytope_lens.lp.highs import propose_maximum
from polytope_lens.lp.interior_point import inside as inside_point
from polytope_lens.lp.rational_simplex import Halfspace, maximize
from polytope_lens.polytope.batch.redundancy import pays_to_walk, prove_redundancy
from polytope_lens.polytope.batch.statuses import FACET, REDUNDANT
from polytope_lens.polytope.halfspaces import exact_rows
from polytope_lens.polytope.planar_facets import planar_facets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Floats
    from polytope_lens.polytope.polytope import Polytope


ZERO, ONE = fmpq(0), fmpq(1)
# Up to this many variables, rational linear programs are faster than calling a solver and proving its answer.
EXACT_DIMENSION = 6
# With no more numbers in a polytope's normals, rationals decide as fast as floats; with more in the plane, where they
# need no linear programs.
TINY, TINY_IN_PLANE = 24, 48


def is_tiny(n_rows: int, dim: int) -> bool:
    """Whether rationals are soon done with the facets of so many rows."""
    return n_rows * dim <= (TINY_IN_PLANE if dim == 2 else TINY)


@kept
def facet_mask(poly: Polytope) -> Bools:
    """Which rows of a polytope with interior define a facet, (m,) bool; exact.

    Rows that define the same facet, up to a positive factor, are all marked. Rows of zeros are not.

    Raises
    ------
    DomainError
        A polytope without interior.
    """
    if rows_are_independent(poly.A):
        return np.ones(len(poly.owners), dtype=bool)
    groups = distinct(exact_rows(poly).rows)
    rows = [[fmpz(v) for v in key] for key in groups]
    mask = np.zeros(len(poly.owners), dtype=bool)
    for index in _decided(rows, poly):
        mask[list(groups.values())[index]] = True
    return mask


def _decided(rows: list[list[fmpz]], poly: Polytope) -> set[int]:
    """Which of a polytope's distinct rows are facets: by floats from exact rows, then in rationals."""
    m, d = len(rows), poly.dim
    if is_tiny(m, d) or not pays_to_walk(m, d):
        return facets_of_distinct(rows)
    inside = None if poly._hint is None else homogeneous(poly._hint)
    if inside is None or any(v >= 0 for v in (fmpz_mat(rows) * fmpz_mat([[v] for v in inside])).entries()):
        inside = _interior(rows)
    known = proved_statuses(rows, inside, np.full(d, np.inf), np.zeros(m, dtype=np.int8))
    left = np.flatnonzero(known != REDUNDANT).tolist()
    found = facets_of_distinct([rows[q] for q in left], inside, (known[left] == FACET).tolist())
    return {left[i] for i in found}


def homogeneous(point: Floats) -> list[fmpz] | None:
    """Integer coordinates ``[y, t]``, t > 0, of a point, or None for one that is beyond the range of floats."""
    return integers([*rationals(point), ONE]) if np.isfinite(point).all() else None


def rows_are_independent(A: Floats) -> bool:
    """Whether the rows of `A` (m, d) are proved linearly independent; False means "not proved", not "dependent".

    Where they are independent, every row is a facet and no linear program is needed: a point can violate any one of
    them and satisfy the others. Rows are scaled to unit length; the computed singular values of an (m, d) matrix are
    within a modest multiple of u ||A||_F of the true ones (Golub and Van Loan 2013, section 8.6), for which
    4 m d u ||A||_F is generous.
    """
    m, d = A.shape
    if m == 0 or m > d:
        return bool(m == 0)
    norms = np.sqrt(np.einsum("ij,ij->i", A, A))
    if not (norms > 0).all() or not np.isfinite(norms).all():
        return False
    gram_root = np.linalg.svd(A / norms[:, None], compute_uv=False)
    return bool(gram_root[-1] > 4 * m * d * UNIT_ROUNDOFF * np.sqrt(m))


def primitive(row: Sequence[fmpz | int]) -> tuple[int, ...]:
    """The integers of a row divided by their greatest common divisor: equal for rows of one halfspace."""
    entries = [int(v) for v in row]
    divisor = gcd(*entries)
    return tuple(v // divisor for v in entries)


def exact_facet_mask(
    rows: Sequence[Sequence[fmpz]], inside: Sequence[fmpz] | None = None, known: Sequence[int] | None = None
) -> Bools:
    """Which rows ``[a, c]`` of ``{x : a . x + c <= 0}``, a set with interior, define a facet; exact.

    Parameters
    ----------
    rows : m integer rows of d + 1 entries
    inside : homogeneous integer coordinates ``[y, t]``, t > 0, of a point of the set
        If it is strictly inside, it saves finding one.
    known : m numbers, optional
        What is known of each row already: FACET or REDUNDANT, else OPEN.

    Notes
    -----
    Clarkson's method (1994, *More output-sensitive geometric algorithms*, section 3): a row is tested against the
    facets found so far; if they do not imply it, a ray from the interior point towards a point that violates it hits a
    new facet first. Tests are linear programs in rational arithmetic up to EXACT_DIMENSION; beyond it HiGHS proposes
    multipliers and rays, which are then proved. Cost: at most m + (number of facets) programs with a row per facet.
    """
    mask = np.zeros(len(rows), dtype=bool)
    groups = distinct(rows)
    if known is not None:
        groups = {key: members for key, members in groups.items() if all(known[q] != REDUNDANT for q in members)}
    sure = [known is not None and any(known[q] == FACET for q in members) for members in groups.values()]
    members = list(groups.values())
    for index in facets_of_distinct([[fmpz(v) for v in key] for key in groups], inside, sure):
        mask[members[index]] = True
    return mask


def distinct(rows: Sequence[Sequence[fmpz]]) -> dict[tuple[int, ...], list[int]]:
    """The halfspaces of rows ``[a, c]`` that depend on x, as primitive rows, and which rows say so, in order; exact."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for q, row in enumerate(rows):
        if any(row[:-1]):
            groups.setdefault(primitive(row), []).append(q)
    return groups


def facets_of_distinct(
    rows: Sequence[Sequence[fmpz]], inside: Sequence[fmpz] | None = None, sure: Sequence[bool] = ()
) -> set[int]:
    """The same for rows of different halfspaces, as their numbers; `sure` says which are known to be facets."""
    known = {q for q, is_sure in enumerate(sure) if is_sure}
    if len(known) == len(rows):
        return known
    if len(rows) < len(rows[0]) and fmpz_mat([row[:-1] for row in rows]).rank() == len(rows):
        return set(range(len(rows)))
    inside, slack = _from_inside(rows, inside)
    return known | planar_facets(rows, slack) if len(rows[0]) == 3 else _Clarkson(rows, inside, slack).facets(known)


def proved_statuses(
    rows: Sequence[Sequence[fmpz]],
    inside: Sequence[fmpz],
    extent: Floats,
    known: NDArray[np.int8],
    *,
    hasty: bool = False,
) -> NDArray[np.int8]:
    """What floats can prove of distinct rows ``[a, c]`` of ``{x : a . x + c <= 0}``: FACET or REDUNDANT, else OPEN.

    Parameters
    ----------
    rows : m integer rows of d + 1 entries
    inside : homogeneous integer coordinates ``[y, t]``, t > 0, of a point
        Where it is not strictly inside, nothing is proved.
    extent : (d,) array
        Bound on ``|x_k - y_k / t|`` in the set; infinite where there is none.
    known : (m,) int8 array
        What is known already.
    hasty : bool
        As for `prove_redundancy`.

    Notes
    -----
    The rows are rounded once, after the point has been moved to the origin in integer arithmetic. So the floats are as
    good as they can be, however small the set and however large the numbers.
    """
    slack = slacks(rows, inside)
    status = known.copy()
    if any(v <= 0 for v in slack):
        return status
    polar = np.array(
        [[nearest_float(fmpq(v * inside[-1], s)) for v in row[:-1]] for row, s in zip(rows, slack, strict=True)]
    )
    # Zeros are known to be zero.
    present = np.array([[bool(v) for v in row[:-1]] for row in rows])
    error = UNIT_ROUNDOFF * np.abs(polar) + np.where(present, UNDERFLOW_GUARD, 0.0)
    central = np.array([not row[-1] for row in rows])
    right = np.zeros((1, len(rows)))
    prove_redundancy(polar[None], error[None], right, extent[None], central[None], status[None], hasty=hasty)
    return status


class _Clarkson:
    """Facets of ``{x : a . x + c <= 0}`` for distinct rows, seen from a point strictly inside."""

    def __init__(self, rows: Sequence[Sequence[fmpz]], inside: Sequence[fmpz], slack: Sequence[fmpz]) -> None:
        self._rows = rows
        self._matrix = fmpz_mat(list(rows))
        self._dim = len(rows[0]) - 1
        self._inside, self._slack = inside, slack
        # Rows of the polar: the set is {x : polar @ (x - inside) <= 1}. Proposals only, so floats do.
        self._polar = np.array(
            [[nearest_float(fmpq(v * inside[-1], s)) for v in row[:-1]] for row, s in zip(rows, slack, strict=True)]
        )

    def facets(self, known: set[int]) -> set[int]:
        """Indices of the rows that are facets; some may be known."""
        with np.errstate(over="ignore"):
            nearest_first = np.argsort(-np.linalg.norm(self._polar, axis=1), kind="stable").tolist()
        nearest_first = [q for q in nearest_first if q not in known]
        found = set(known)
        for q in nearest_first:
            hit = self._first_hit(self._rows[q][:-1])
            if hit is not None:
                found.add(hit)
        for q in nearest_first:
            while q not in found:
                direction = self._escape(q, sorted(found))
                if direction is None:
                    break
                hit = self._first_hit(direction)
                if hit is None or hit in found:
                    if self._escape_exactly(q, [i for i in range(len(self._rows)) if i != q]) is not None:
                        found.add(q)
                    break
                found.add(hit)
        return found

    def _first_hit(self, direction: Sequence[fmpz]) -> int | None:
        """The one row that a ray from the interior point meets first: a facet. None if it meets several, or none."""
        column = fmpz_mat([[v] for v in (*direction, fmpz(0))])
        speeds = (self._matrix * column).entries()
        best, unique = None, False
        for i, (speed, slack) in enumerate(zip(speeds, self._slack, strict=True)):
            if speed <= 0:
                continue
            gain = 1 if best is None else sign(speed * self._slack[best] - speeds[best] * slack)
            if gain > 0:
                best, unique = i, True
            elif gain == 0:
                unique = False
        return best if unique else None

    def _escape(self, q: int, others: list[int]) -> list[fmpz] | None:
        """Direction of a ray that leaves row q before the other rows, or None if they imply row q."""
        if self._dim <= EXACT_DIMENSION or not others:
            return self._escape_exactly(q, others)
        rows = np.vstack([self._polar[others], self._polar[q]])
        proposal = propose_maximum(self._polar[q], rows, np.append(np.ones(len(others)), 2.0))
        if proposal is not None:
            y, multipliers = proposal
            if self._implied(q, [i for i, v in zip(others, multipliers, strict=False) if v > 0]):
                return None
            if float(self._polar[q] @ y) > 1.0:
                return integers(rationals(y))
        return self._escape_exactly(q, others)

    def _implied(self, q: int, support: list[int]) -> bool:
        """Whether row q is proved to be a nonnegative combination of the support, up to a looser offset."""
        if not support or len(support) > self._dim:
            return False
        normals = fmpq_mat([self._rows[i][:-1] for i in support])
        target = fmpq_mat([[v] for v in self._rows[q][:-1]])
        gram = normals * normals.transpose()
        if gram.det() == 0:
            return False
        weights = gram.solve(normals * target)
        if any(v < 0 for v in weights.entries()) or fmpq_mat(normals.transpose()) * weights != fmpq_mat(target):
            return False
        offset = sum((w * self._rows[i][-1] for w, i in zip(weights.entries(), support, strict=True)), ZERO)
        return bool(offset >= self._rows[q][-1])

    def _escape_exactly(self, q: int, others: list[int]) -> list[fmpz] | None:
        """The same as `_escape` by a linear program over the cone ``{(y, t) : a . y + c t <= 0, t >= 0}``."""
        d = self._dim
        cone = [Halfspace([fmpq(v) for v in self._rows[i]], ZERO) for i in others]
        best = maximize([fmpq(v) for v in self._rows[q]], cone, [-ONE] * d + [ZERO], [ONE] * (d + 1))
        if best is None or best.value <= 0:
            return None
        *y, t = best.point
        scale = fmpq(self._inside[-1])
        return integers([v * scale - t * x for v, x in zip(y, self._inside[:-1], strict=True)])


def _from_inside(
    rows: Sequence[Sequence[fmpz]], proposed: Sequence[fmpz] | None
) -> tuple[Sequence[fmpz], Sequence[fmpz]]:
    """A point strictly inside, the proposed one if it is, and the slack of each row there, times its last entry."""
    if proposed is not None:
        slack = slacks(rows, proposed)
        if all(v > 0 for v in slack):
            return proposed, slack
    inside = _interior(rows)
    return inside, slacks(rows, inside)


def slacks(rows: Sequence[Sequence[fmpz]], point: Sequence[fmpz]) -> list[fmpz]:
    """Slack of each row at a point in homogeneous coordinates, times the last of these."""
    return [-v for v in (fmpz_mat(list(rows)) * fmpz_mat([[v] for v in point])).entries()]


def _interior(rows: Sequence[Sequence[fmpz]]) -> list[fmpz]:
    """Homogeneous integer coordinates of a point strictly inside ``{x : a . x + c <= 0}``."""
    found = inside_point(rows, len(rows[0]) - 1)
    if found is None:
        raise DomainError(
            "the facets of a polytope without interior were asked for; only full-dimensional ones have any."
        )
    return integers(found)

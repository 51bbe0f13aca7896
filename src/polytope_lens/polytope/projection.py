"""The point of a polytope that is nearest to another point, and how far away it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import numpy as np
from flint import fmpq, fmpq_mat

from polytope_lens.errors import DomainError, OptionError
from polytope_lens.exact.rational import dot, nearest_float
from polytope_lens.lp.exact import Halfspace, maximize
from polytope_lens.polytope.extent import nearest_root
from polytope_lens.polytope.nearest import nearest_points

if TYPE_CHECKING:
    from polytope_lens.polytope.body import Body

    Vector = list[fmpq]

ZERO, ONE = fmpq(0), fmpq(1)
NORMS = (1, 2, np.inf)


@dataclass(frozen=True, slots=True)
class Nearest:
    """A nearest point, exact: the point, and its distance, squared if it is the Euclidean one."""

    point: Vector
    size: fmpq
    norm: float

    @property
    def distance(self) -> float:
        """The float nearest to the distance."""
        return nearest_root(self.size) if self.norm == 2 else nearest_float(self.size)


def check_norm(norm: float) -> float:
    """Return `norm` if it is 1, 2 or infinity."""
    if norm not in NORMS:
        raise OptionError(f"norm should be 1, 2 or infinity (`numpy.inf`), but received {norm!r}.")
    return norm


def nearest_point(body: Body, x: Vector, norm: float = 2) -> Nearest:
    """The point of a polytope nearest to x: the one there is for the Euclidean norm, one of them for others; exact.

    Raises
    ------
    DomainError
        An empty polytope.
    OptionError

    Notes
    -----
    The Euclidean one: floats propose rows that hold the point. It is then the point of these rows' flat that is
    nearest, solved in rational arithmetic, and proved by its multipliers, which must not be negative, and by all other
    rows (Boyd and Vandenberghe 2004, *Convex Optimization*, section 5.5.3). Where floats fail, the method that they
    follow (Goldfarb and Idnani 1983) is carried out in fractions. Norms 1 and infinity: a linear program in fractions.
    Cost: a quadratic program in floats and some products of m rows with a vector; in fractions milliseconds for few
    coordinates.
    """
    check_norm(norm)
    if body.is_contradicted:
        _raise_empty()
    if body.contain(x):
        return Nearest(list(x), ZERO, norm)
    euclidean = _proposed(body, x) or _dual_method(body, x)
    if norm == 2:
        return Nearest(euclidean, sum(((u - v) ** 2 for u, v in zip(euclidean, x, strict=True)), ZERO), norm)
    return _by_linear_program(body, x, [u - v for u, v in zip(euclidean, x, strict=True)], norm)


def _rows_at(body: Body, x: Vector) -> tuple[list[Vector], Vector]:
    """Rows ``a . v <= s`` seen from x, divided by their greatest entries."""
    rows, slack = [], []
    for row in body.proper:
        size = fmpq(max(map(abs, row[:-1])))
        rows.append([fmpq(v) / size for v in row[:-1]])
        slack.append(-(dot(row[:-1], x) + row[-1]) / size)
    return rows, slack


def _proposed(body: Body, x: Vector) -> Vector | None:
    """The point nearest to one outside, if the rows that floats take for active are proved to be so; else None."""
    rows, slack = _rows_at(body, x)
    scale = -min(slack)
    normals = np.array([[nearest_float(v) for v in row] for row in rows])
    offsets = np.clip([nearest_float(s / scale) for s in slack], -1.0, 1e300)
    _, multipliers = nearest_points(normals[None], offsets[None])
    active = np.flatnonzero(multipliers[0] > 0).tolist()
    if not active or len(active) > body.dim:
        return None
    A = fmpq_mat([rows[i] for i in active])
    try:
        weights = (A * A.transpose()).solve(fmpq_mat([[-slack[i]] for i in active])).entries()
    except ZeroDivisionError:
        return None
    if any(w < 0 for w in weights):
        return None
    way = (A.transpose() * fmpq_mat([[-w] for w in weights])).entries()
    if any(dot(row, way) > s for row, s in zip(rows, slack, strict=True)):
        return None
    return [u + v for u, v in zip(x, way, strict=True)]


def _dual_method(body: Body, x: Vector) -> Vector:
    """The point nearest to one outside by Goldfarb and Idnani's method in fractions.

    Violated rows are taken in one by one, those whose multipliers would turn negative are let go. The distance grows
    with each row that is taken in, so that no set of rows comes back and the method ends.
    """
    rows, slack = _rows_at(body, x)
    way = [ZERO] * body.dim
    active: list[int] = []
    weights: list[fmpq] = []
    while True:
        excess = [dot(row, way) - s for row, s in zip(rows, slack, strict=True)]
        entering = max(range(len(rows)), key=lambda q: excess[q])
        if excess[entering] <= 0:
            return [u + v for u, v in zip(x, way, strict=True)]
        normal, gained = rows[entering], ZERO
        while True:
            shares = _shares([rows[i] for i in active], normal)
            rest = list(normal)
            for share, i in zip(shares, active, strict=True):
                rest = [u - share * v for u, v in zip(rest, rows[i], strict=True)]
            limits = [(w / share, k) for k, (w, share) in enumerate(zip(weights, shares, strict=True)) if share > 0]
            step, leaving = min(limits, default=(None, -1))
            square = dot(rest, rest)
            if square > 0:
                full = (dot(normal, way) - slack[entering]) / square
                if step is None or full <= step:
                    step, leaving = full, -1
            if step is None:
                _raise_empty()
            way = [u - step * v for u, v in zip(way, rest, strict=True)]
            weights = [w - step * share for w, share in zip(weights, shares, strict=True)]
            gained += step
            if leaving < 0:
                break
            del active[leaving], weights[leaving]
        active.append(entering)
        weights.append(gained)


def _shares(rows: list[Vector], normal: Vector) -> Vector:
    """The combination of independent rows that is nearest to a vector."""
    if not rows:
        return []
    A = fmpq_mat(rows)
    shares: Vector = (A * A.transpose()).solve(A * fmpq_mat([[v] for v in normal])).entries()
    return shares


def _by_linear_program(body: Body, x: Vector, way: Vector, norm: float) -> Nearest:
    """The nearest point for norm 1 or infinity, no farther away than along a known way."""
    rows, slack = _rows_at(body, x)
    d = body.dim
    if norm == 1:
        # The way is a difference of two nonnegative vectors.
        reach = sum((abs(v) for v in way), ZERO)
        program = [Halfspace([*row, *(-v for v in row)], s) for row, s in zip(rows, slack, strict=True)]
        best = maximize([-ONE] * (2 * d), program, [ZERO] * (2 * d), [reach] * (2 * d))
        assert best is not None
        step = [best.point[k] - best.point[d + k] for k in range(d)]
    else:
        reach = max(abs(v) for v in way)
        program = [Halfspace([*row, ZERO], s) for row, s in zip(rows, slack, strict=True)]
        for k in range(d):
            for turn in (ONE, -ONE):
                program.append(Halfspace([*(turn if i == k else ZERO for i in range(d)), -ONE], ZERO))
        best = maximize([ZERO] * d + [-ONE], program, [-reach] * d + [ZERO], [reach] * (d + 1))
        assert best is not None
        step = best.point[:d]
    return Nearest([u + v for u, v in zip(x, step, strict=True)], -best.value, norm)


def _raise_empty() -> NoReturn:
    raise DomainError("the point of an empty polytope nearest to another one was asked for; it has none.")

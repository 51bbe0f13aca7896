"""The largest ellipsoid inside a polytope, and the smallest around it, by cvxpy; containment is proved afterwards."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from math import gamma, pi
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from flint import fmpq, fmpq_mat, fmpz_mat

from polytope_lens._kept import kept
from polytope_lens.arithmetic.rational import dot, nearest_float, rationals
from polytope_lens.errors import ConsistencyError, DimensionError, DomainError, require
from polytope_lens.polytope.generators import bounded_generators
from polytope_lens.polytope.halfspaces import proper
from polytope_lens.polytope.metric.extent import nearest_root
from polytope_lens.polytope.metric.hit_and_run import Walkers

if TYPE_CHECKING:
    import cvxpy

    from polytope_lens._types import Floats
    from polytope_lens.polytope.polytope import Polytope


# A share by which ellipsoids are scaled so that the rounding of their entries cannot undo the proof at the first try.
MARGIN = 2.0**-50
TRIES = 30
ACCURACY = {"tol_gap_abs": 1e-10, "tol_gap_rel": 1e-10, "tol_feas": 1e-10}
SCALE_IT = "Move and scale the polytope first, so that it is about as long as wide, or ask for its `chebyshev_ball()`."


@dataclass(frozen=True, slots=True, eq=False)
class Ellipsoid:
    """``{center + matrix @ u : |u| <= 1}``.

    Parameters
    ----------
    center : (d,) array
    matrix : (d, d) array
        Its columns are the half axes, longest first. Floats, taken exactly as they are.
    """

    center: Floats
    matrix: Floats

    def __post_init__(self) -> None:
        self.center.flags.writeable = self.matrix.flags.writeable = False

    @property
    def volume(self) -> float:
        """Its volume; rounded."""
        d = len(self.center)
        return float(abs(np.linalg.det(self.matrix)) * pi ** (d / 2) / gamma(d / 2 + 1))

    @property
    def axes(self) -> Floats:
        """The half axes as rows, longest first, (d, d): vectors from the center, at right angles but for rounding."""
        return self.matrix.T

    def __repr__(self) -> str:
        return f"Ellipsoid(center={self.center.tolist()}, half axes {np.linalg.norm(self.axes, axis=1).tolist()})"


@kept
def max_volume_ellipsoid(poly: Polytope) -> Ellipsoid:
    """The ellipsoid of largest volume inside a bounded polytope with interior (its John ellipsoid).

    Raises
    ------
    UnboundedPolytopeError, DomainError
    MissingExtraError
        cvxpy is not installed.

    Notes
    -----
    Exactness: the ellipsoid of floats is proved to lie inside: ``|matrix.T @ a| <= b - a . center`` for each row, in
    rational arithmetic, after it was shrunk as much as this takes. That it is the largest holds up to the solver's
    accuracy, some 1e-8.
    Cost: a conic program with d (d + 1) / 2 variables and a cone for each row: some 50 milliseconds, and more.
    Source: Boyd and Vandenberghe 2004, *Convex Optimization*, section 8.4.2.
    """
    cvxpy = _cvxpy("max_volume_ellipsoid")
    # In these coordinates the polytope is about as long as wide, so that the program is well conditioned.
    walkers, d = Walkers(poly, np.random.default_rng(0)), poly.dim
    lengths = np.linalg.norm(walkers.normals, axis=1)
    normals, slack = walkers.normals / lengths[:, None], walkers.slack / lengths
    matrix, center = cvxpy.Variable((d, d), PSD=True), cvxpy.Variable(d)
    limits = [cvxpy.norm(normals @ matrix, axis=1) + normals @ center <= slack]
    _solve(cvxpy, cvxpy.Maximize(cvxpy.log_det(matrix)), limits)
    return _shrunk(poly, walkers.center + walkers.shape @ center.value, _half_axes(walkers.shape @ matrix.value))


@kept
def min_volume_ellipsoid(poly: Polytope) -> Ellipsoid:
    """The ellipsoid of least volume around a bounded polytope with interior (its Loewner ellipsoid).

    Raises
    ------
    UnboundedPolytopeError, DomainError
    MissingExtraError
        cvxpy is not installed.

    Notes
    -----
    Exactness: the ellipsoid of floats is proved to hold all vertices, hence the polytope, in rational arithmetic, after
    it was inflated as much as this takes. That it is the smallest holds up to the solver's accuracy, some 1e-8.
    Cost: that of the vertices, and a conic program with a cone for each.
    Source: Boyd and Vandenberghe 2004, *Convex Optimization*, section 8.4.1.
    """
    cvxpy = _cvxpy("min_volume_ellipsoid")
    found = bounded_generators(poly, "smallest ellipsoid")
    vertices = [[fmpq(v, point[-1]) for v in point[:-1]] for point in found.vertices]
    if fmpz_mat([list(point) for point in found.vertices]).rank() <= poly.dim:
        _raise_flat("min_volume_ellipsoid")
    d, middle = poly.dim, [sum(column, fmpq(0)) / len(vertices) for column in zip(*vertices, strict=True)]
    away = [[u - v for u, v in zip(point, middle, strict=True)] for point in vertices]
    size = max(max(map(abs, point)) for point in away)
    seen = np.array([[nearest_float(v / size) for v in point] for point in away])
    # In these coordinates the vertices have unit covariance, so that the program is well conditioned.
    shape = np.asarray(np.linalg.qr(seen / np.sqrt(len(seen)), mode="r")).T
    try:
        points = np.linalg.solve(shape, seen.T).T
    except np.linalg.LinAlgError as cause:
        raise DomainError(f"the polytope is too thin for an ellipsoid of floats around it. {SCALE_IT}") from cause
    matrix, offset = cvxpy.Variable((d, d), PSD=True), cvxpy.Variable(d)
    moved = points @ matrix + np.ones((len(points), 1)) @ cvxpy.reshape(offset, (1, d), order="C")
    limits = [cvxpy.norm(moved, axis=1) <= 1]
    _solve(cvxpy, cvxpy.Maximize(cvxpy.log_det(matrix)), limits)
    with np.errstate(over="ignore", invalid="ignore"):  # of a size beyond the largest float
        turned = nearest_float(size) * shape @ np.linalg.inv(matrix.value)
        center = np.array([nearest_float(v) for v in middle]) - turned @ offset.value
    if not (np.isfinite(center).all() and np.isfinite(turned).all()):
        raise DomainError("the smallest ellipsoid around the polytope is beyond the largest float. Scale it down.")
    return _inflated(vertices, center, _half_axes(turned))


def _half_axes(matrix: Floats) -> Floats:
    """A matrix that maps the unit ball to the same ellipsoid, with columns at right angles, longest first."""
    ways, lengths, _ = np.linalg.svd(matrix)
    return np.asarray(ways * lengths)


def constraints(poly: Polytope, x: cvxpy.Expression) -> list[cvxpy.Constraint]:
    """The inequalities of a polytope as constraints on a cvxpy variable or expression with d entries.

    Examples
    --------
    >>> import cvxpy
    >>> from polytope_lens import Polytope
    >>> x = cvxpy.Variable(2)
    >>> triangle = Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, 1])
    >>> problem = cvxpy.Problem(cvxpy.Maximize(x[0] + 2 * x[1]), triangle.cvxpy_constraints(x))
    >>> round(float(problem.solve(solver="CLARABEL")), 6)
    2.0
    """
    _cvxpy("cvxpy_constraints")
    if x.shape not in ((poly.dim,), (poly.dim, 1)):
        raise DimensionError(
            f"`cvxpy_constraints` needs a variable with {poly.dim} entries, the dimension of the polytope, but "
            f"received one of shape {x.shape}."
        )
    constraint: Any = poly.A @ x <= (poly.b if x.ndim == 1 else poly.b[:, None])
    return [constraint]


def _cvxpy(purpose: str) -> Any:
    return require("cvxpy", extra="convex", purpose=f"`{purpose}`")


def _raise_flat(purpose: str) -> NoReturn:
    raise DomainError(
        f"`{purpose}` needs a polytope with interior, but this one is flat: all its ellipsoids have volume 0."
    )


def _solve(cvxpy: Any, objective: Any, limits: list[Any]) -> None:
    problem = cvxpy.Problem(objective, limits)
    with warnings.catch_warnings():
        # Accuracy is not relied on.
        warnings.simplefilter("ignore")
        try:
            problem.solve(solver=cvxpy.CLARABEL, **ACCURACY)
        except cvxpy.error.SolverError as cause:
            raise DomainError(f"the convex solver found no ellipsoid: {cause}. {SCALE_IT}") from cause
    if problem.status not in (cvxpy.OPTIMAL, cvxpy.OPTIMAL_INACCURATE):
        raise DomainError(f"the convex solver found no ellipsoid: it ended with status {problem.status!r}. {SCALE_IT}")


def _shrunk(poly: Polytope, center: Floats, matrix: Floats) -> Ellipsoid:
    """The ellipsoid made smaller until it is proved to lie inside."""
    x = rationals(center)
    slacks = [-(dot(row[:-1], x) + row[-1]) for row in proper(poly)]
    for _ in range(TRIES):
        exact = fmpq_mat([rationals(row) for row in matrix])
        worst = fmpq(0)
        for row, slack in zip(proper(poly), slacks, strict=True):
            if slack <= 0:
                raise DomainError(
                    f"the convex solver's ellipsoid has its center outside: the polytope is too thin for it. {SCALE_IT}"
                )
            reach = (exact.transpose() * fmpq_mat([[v] for v in row[:-1]])).entries()
            worst = max(worst, dot(reach, reach) / (slack * slack))
        if worst <= 1:
            return Ellipsoid(center, matrix)
        matrix = matrix * ((1 - MARGIN) / nearest_root(worst))
    raise ConsistencyError("an ellipsoid could not be shrunk into its polytope. Please report the polytope.")


def _inflated(vertices: list[list[fmpq]], center: Floats, matrix: Floats) -> Ellipsoid:
    """The ellipsoid made larger until it is proved to hold all vertices."""
    x = rationals(center)
    columns = fmpq_mat([[u - v for u, v in zip(point, x, strict=True)] for point in vertices]).transpose()
    for _ in range(TRIES):
        seen = fmpq_mat([rationals(row) for row in matrix]).solve(columns).transpose().tolist()
        worst = max(dot(point, point) for point in seen)
        if worst <= 1:
            return Ellipsoid(center, matrix)
        matrix = matrix * (nearest_root(worst) * (1 + MARGIN))
    raise ConsistencyError("an ellipsoid could not be inflated around its polytope. Please report the polytope.")

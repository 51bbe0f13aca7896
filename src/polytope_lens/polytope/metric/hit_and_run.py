"""Points that walk at random in a polytope, in floats."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import numpy as np
from flint import fmpq

from polytope_lens.arithmetic.rational import dot, nearest_float, rationals
from polytope_lens.errors import DomainError, UnboundedPolytopeError
from polytope_lens.polytope.feasibility import box_around, recession_direction
from polytope_lens.polytope.halfspaces import proper
from polytope_lens.polytope.membership import float_rows
from polytope_lens.polytope.metric.ball import BallStatus, chebyshev_ball

if TYPE_CHECKING:
    from polytope_lens._types import Floats
    from polytope_lens.polytope.polytope import Polytope


# Points walk side by side, in groups that are compared for standard errors.
WALKERS, GROUPS = 64, 8
# Steps before points are used, for each coordinate; rounds in which the shape is learned.
WARM_UP, ROUNDS = 20, 4
# Added to covariances, as a share of their trace, which keeps them positive.
RIDGE = 2.0**-40
TOO_THIN = "the polytope is too thin for floats of this size to lie in it. Move and scale it first."
# Widths whose squares are floats.
LARGEST = 1e150


class Walkers:
    """Points that walk along random lines, in coordinates in which the polytope is about as long as wide.

    They are ``x = center + shape @ p``, where the polytope's rows are ``normals @ p <= slack``. All in floats, without
    proof: whoever uses points checks them.

    Raises
    ------
    UnboundedPolytopeError, DomainError
    """

    def __init__(self, poly: Polytope, rng: np.random.Generator) -> None:
        ball = chebyshev_ball(poly)
        if ball.status is BallStatus.FLAT:
            raise_flat()
        lower, upper = box_around(poly)
        ray = None if np.isfinite(upper - lower).all() else recession_direction(poly)
        if ray is not None:
            raise UnboundedPolytopeError(
                "points all over a polytope were asked for that contains the ray "
                f"{[nearest_float(v) for v in ray]}: no distribution is uniform there. Intersect it with a box."
            )
        with np.errstate(over="ignore"):
            width = upper - lower
        if not ((width < LARGEST) & (width > 1 / LARGEST)).all():
            raise DomainError(
                f"points all over a polytope are found by walks if it is between {1 / LARGEST:g} and {LARGEST:g} wide "
                f"in each coordinate, since squares are floats; the least width is {width.min():g}, the greatest "
                f"{width.max():g}. Scale it."
            )
        self._rng = rng
        self._dim = poly.dim
        self.center, self.shape = ball.center, np.diag(upper - lower)
        self._rows = proper(poly)
        self._float_rows = float_rows(poly)
        # A bound on how far points are from the center, in each coordinate.
        self._corner = np.maximum(upper - ball.center, ball.center - lower)
        self._rows_at_center()
        self.points = np.zeros((WALKERS, poly.dim))
        for _ in range(ROUNDS):
            self._learn()
        self.step(WARM_UP * poly.dim)

    @property
    def scale(self) -> float:
        """Volume of the unit cube of these coordinates."""
        return float(abs(np.linalg.det(self.shape)))

    def original(self, points: Floats) -> Floats:
        """Points in the coordinates of the polytope."""
        return np.asarray(self.center + points @ self.shape.T)

    def room(self) -> float:
        """Distance of the nearest row from the center."""
        return float((self.slack / np.linalg.norm(self.normals, axis=1)).min())

    def reach(self) -> float:
        """A distance from the center that no point exceeds."""
        inverse = np.abs(np.linalg.inv(self.shape))
        return float(np.linalg.norm(inverse @ self._corner))

    def step(self, count: int, radius: float = np.inf) -> None:
        """Let all points walk `count` steps, within a ball around the center."""
        for _ in range(count):
            way = self._rng.standard_normal(self.points.shape)
            way /= np.linalg.norm(way, axis=1, keepdims=True)
            speed = way @ self.normals.T
            room = self.slack - self.points @ self.normals.T
            with np.errstate(divide="ignore", invalid="ignore"):
                time = room / speed
            ahead = np.where(speed > 0, time, np.inf).min(axis=1)
            back = np.where(speed < 0, time, -np.inf).max(axis=1)
            if radius < np.inf:
                along = np.einsum("nd,nd->n", self.points, way)
                square = np.einsum("nd,nd->n", self.points, self.points)
                half = np.sqrt(np.maximum(along**2 + radius**2 - square, 0.0))
                ahead, back = np.minimum(ahead, half - along), np.maximum(back, -half - along)
            ahead, back = np.maximum(ahead, 0.0), np.minimum(back, 0.0)
            self.points += (back + self._rng.random(len(way)) * (ahead - back))[:, None] * way

    def _learn(self) -> None:
        """Change to coordinates in which a sample has its mean at the center and about unit covariance."""
        parts = []
        for _ in range(WARM_UP):
            self.step(self._dim)
            parts.append(self.points.copy())
        walked = np.concatenate(parts)
        mean, covariance = walked.mean(axis=0), np.cov(walked.T).reshape(self._dim, self._dim)
        root = np.linalg.cholesky(covariance + np.eye(self._dim) * RIDGE * np.trace(covariance))
        center = self.center + self.shape @ mean
        self._corner += np.abs(center - self.center)
        self.center, self.shape = center, self.shape @ root
        self.points = np.linalg.solve(root, (self.points - mean).T).T
        self._rows_at_center()

    def _rows_at_center(self) -> None:
        """Rows ``normals @ point <= slack`` in the coordinates at hand."""
        x = rationals(self.center)
        sizes = [fmpq(max(map(abs, row[:-1]))) for row in self._rows]
        slack = [-(dot(row[:-1], x) + row[-1]) / size for row, size in zip(self._rows, sizes, strict=True)]
        self.slack = np.array([nearest_float(v) for v in slack])
        self.normals = self._float_rows[:, :-1] @ self.shape
        if not (self.slack > 0).all():
            raise DomainError(TOO_THIN)


def raise_flat() -> NoReturn:
    """Refuse polytopes without interior."""
    raise DomainError(
        "points all over a polytope without interior were asked for; few floats, if any, lie in a flat one. In a flat "
        "box ask the region itself, `region.sample(n)`; corners and a centroid flat polytopes have, too."
    )

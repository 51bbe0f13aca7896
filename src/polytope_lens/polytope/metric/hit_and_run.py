"""Points that walk at random in a polytope, in floats."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import numpy as np
from flint import fmpq

from polytope_lens.arithmetic.rational import dot, nearest_float, rationals
from polytope_lens.errors import DomainError, IntractableError, UnboundedPolytopeError
from polytope_lens.polytope.feasibility import box_around, box_of_sides, line_of, recession_direction
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
# Steps after which the room around points is computed anew.
FRESH = 64
# Added to covariances, as a share of their trace, which keeps them positive.
RIDGE = 2.0**-40
TOO_THIN = "the polytope is too thin for floats of this size to lie in it. Move and scale it first."
# Widths whose squares are floats.
LARGEST = 1e150
# In more coordinates than this, the box around a polytope is that of its rows, and walks go along one at a time.
MOST_EXACT = 24


class Walkers:
    """Points that walk along random lines, in coordinates in which the polytope is about as long as wide.

    They are ``x = center + shape @ p``, where the polytope's rows are ``normals @ p <= slack``. All in floats, without
    proof: whoever uses points checks them.

    Raises
    ------
    UnboundedPolytopeError, DomainError, IntractableError
    """

    def __init__(self, poly: Polytope, rng: np.random.Generator) -> None:
        ball = chebyshev_ball(poly)
        if ball.status is BallStatus.FLAT:
            raise_flat()
        is_small = poly.dim <= MOST_EXACT
        lower, upper = box_around(poly) if is_small else box_of_sides(poly)
        if not np.isfinite(upper - lower).all():
            ray = recession_direction(poly) if is_small else line_of(poly)
            if ray is not None:
                raise UnboundedPolytopeError(
                    "points all over a polytope were asked for that contains the ray "
                    f"{[nearest_float(v) for v in ray]}: no distribution is uniform there. Intersect it with a box."
                )
        if not is_small and not (np.isfinite(lower).all() and np.isfinite(upper).all()):
            raise IntractableError(
                f"points all over a polytope in R^{poly.dim} are found by walks from a box around it, which in more "
                f"than {MOST_EXACT} coordinates has to be among its rows. Intersect it with a box."
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
        self.wander(WARM_UP)

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

    def step(self, count: int, radius: float = np.inf, *, along_axes: bool = False) -> None:
        """Let all points walk `count` steps, within a ball around the center."""
        for start in range(0, count, FRESH):
            room = self.slack - self.points @ self.normals.T
            for _ in range(min(FRESH, count - start)):
                room -= self._step(room, radius, along_axes=along_axes)

    def wander(self, times: int) -> None:
        """Let all points walk so many steps for each coordinate: along one at a time where there are many.

        A product of a direction with all rows is dear there, and the coordinates are those of a round polytope.
        """
        self.step(times * self._dim, along_axes=self._dim > MOST_EXACT)

    def _step(self, room: Floats, radius: float, *, along_axes: bool) -> Floats:
        """Let each point go one step; what that takes of its room to each row."""
        walkers = np.arange(len(self.points))
        if along_axes:
            axis = self._rng.integers(self._dim, size=len(walkers))
            way, speed = None, self._columns[axis]
            along = self.points[walkers, axis]
        else:
            way = self._rng.standard_normal(self.points.shape)
            way /= np.linalg.norm(way, axis=1, keepdims=True)
            speed = way @ self.normals.T
            along = np.einsum("nd,nd->n", self.points, way)
        with np.errstate(divide="ignore", invalid="ignore"):
            time = room / speed
        ahead = np.where(speed > 0, time, np.inf).min(axis=1)
        back = np.where(speed < 0, time, -np.inf).max(axis=1)
        if radius < np.inf:
            square = np.einsum("nd,nd->n", self.points, self.points)
            half = np.sqrt(np.maximum(along**2 + radius**2 - square, 0.0))
            ahead, back = np.minimum(ahead, half - along), np.maximum(back, -half - along)
        ahead, back = np.maximum(ahead, 0.0), np.minimum(back, 0.0)
        length = back + self._rng.random(len(walkers)) * (ahead - back)
        if way is None:
            self.points[walkers, axis] += length
        else:
            self.points += length[:, None] * way
        return np.asarray(speed * length[:, None])

    def _learn(self) -> None:
        """Change to coordinates in which a sample has its mean at the center and about unit covariance."""
        parts = []
        for _ in range(WARM_UP):
            self.wander(1)
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
        self._columns = np.ascontiguousarray(self.normals.T)
        if not (self.slack > 0).all():
            raise DomainError(TOO_THIN)


def raise_flat() -> NoReturn:
    """Refuse polytopes without interior."""
    raise DomainError(
        "points all over a polytope without interior were asked for; few floats, if any, lie in a flat one. In a flat "
        "box ask the region itself, `region.sample(n)`; corners and a centroid flat polytopes have, too."
    )

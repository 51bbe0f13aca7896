"""What can be asked of anything that is an intersection of halfspaces: polytopes and regions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Literal, overload

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens.arithmetic.rational import fraction, nearest_float, rationals
from polytope_lens.polytope import (
    ball,
    ellipsoid,
    extent,
    generators,
    membership,
    projection,
    volume,
)
from polytope_lens.polytope import (
    feasibility as shape,
)
from polytope_lens.polytope import (
    sampling as sample,
)

if TYPE_CHECKING:
    from fractions import Fraction

    from flint import fmpq
    from numpy.typing import ArrayLike

    from polytope_lens._types import Bools, Floats
    from polytope_lens.polytope.body import Body


# Vertices, above which listing them would take minutes.
MOST = 100_000


class Questions(ABC):
    """Questions about ``{x : a . x + c <= 0 for all rows [a, c]}``, whose rows a subclass gives as integers.

    Answers are about these rows exactly: those of a polytope are the floats that it was made of, those of a region are
    the network's, which floats need not hold.
    """

    __slots__ = ()

    @abstractmethod
    def body(self) -> Body:
        """The rows in integers; nothing is rounded."""

    def contains(self, X: ArrayLike) -> Bools:
        """Whether each row of `X` (n, d) lies in the closed set, (n,); exact, see :func:`.membership.inside_mask`."""
        body = self.body()
        return membership.inside_mask(body, validate.points(X, body.dim, what="`contains`"))

    @overload
    def vertices(self, *, exact: Literal[False] = False, max_vertices: int | None = MOST) -> Floats: ...
    @overload
    def vertices(self, *, exact: Literal[True], max_vertices: int | None = MOST) -> list[tuple[Fraction, ...]]: ...
    def vertices(self, *, exact: bool = False, max_vertices: int | None = MOST) -> Floats | list[tuple[Fraction, ...]]:
        """Corners, (n, d), each coordinate rounded once; with `exact`, tuples of fractions; see :func:`.generators`.

        In the plane counter-clockwise, else in ascending order of coordinates. Unbounded sets have vertices, too, next
        to their ``rays()``; one that contains a line has none. Flat ones are fine. More than `max_vertices`, also on
        the way to them, raise an :class:`.IntractableError`; None sets no limit.
        """
        body = self.body()
        found = generators.generators(body, most=max_vertices)
        return found.fractions() if exact else found.rounded(body.dim)

    def incidences(self) -> Bools:
        """Which rows hold each vertex, (n, m) bool, both in their order; exact, see :func:`.generators`."""
        return generators.generators(self.body()).tight

    def bounding_box(self) -> tuple[Floats, Floats]:
        """Least and greatest value of each coordinate, rounded outward; see :func:`.feasibility.box_around`.

        Infinite where the set goes on forever.
        """
        return shape.box_around(self.body())

    def chebyshev_ball(self) -> ball.Ball:
        """The largest ball inside, its radius rounded down and proved; see :func:`.ball.chebyshev_ball`."""
        return ball.chebyshev_ball(self.body())

    @overload
    def volume(self, *, exact: Literal[False] = False) -> float: ...
    @overload
    def volume(self, *, exact: Literal[True]) -> Fraction: ...
    def volume(self, *, exact: bool = False) -> float | Fraction:
        """Volume, computed exactly and rounded once; 0 for flat sets; see :func:`.volume.volume`.

        With `exact`, a fraction, in any dimension and however long it takes. Without, an :class:`.IntractableError`
        says when that would be too long; :meth:`estimate_volume` may do then.
        """
        value = volume.volume(self.body(), insist=exact)
        return fraction(value) if exact else nearest_float(value)

    def estimate_volume(self, n: int = 2000, seed: int = 0) -> sample.Estimate:
        """Volume by sampling, with a standard error and without proof; see :func:`.sampling.estimate_volume`."""
        n = validate.count(n, name="the number of points for each ball")
        return sample.estimate_volume(self.body(), n, np.random.default_rng(seed))

    @overload
    def centroid(self, *, exact: Literal[False] = False) -> Floats: ...
    @overload
    def centroid(self, *, exact: Literal[True]) -> tuple[Fraction, ...]: ...
    def centroid(self, *, exact: bool = False) -> Floats | tuple[Fraction, ...]:
        """Center of mass, (d,), computed exactly and rounded once; with `exact`, fractions; see :func:`.centroid`."""
        return _answer(volume.centroid(self.body(), insist=exact), exact)

    def diameter(self) -> float:
        """Largest distance between two points; the float nearest to it, see :func:`.extent.diameter`."""
        return extent.diameter(self.body())

    def width(self) -> extent.Width:
        """Least distance between two parallel hyperplanes around it; see :func:`.extent.width`.

        Exact up to three dimensions (``float(P.width())``), proved bounds beyond.
        """
        return extent.width(self.body())

    @overload
    def project(self, x: ArrayLike, *, exact: Literal[False] = False) -> Floats: ...
    @overload
    def project(self, x: ArrayLike, *, exact: Literal[True]) -> tuple[Fraction, ...]: ...
    def project(self, x: ArrayLike, *, exact: bool = False) -> Floats | tuple[Fraction, ...]:
        """The nearest point, (d,), for the Euclidean norm; see :func:`.projection.nearest_point`.

        Computed exactly and rounded once, so that it may lie beside the set by as much as floats are apart; with
        `exact`, fractions. Rows of a 2-D array are projected one by one, without `exact`.
        """
        body = self.body()
        if np.ndim(x) == 2 and not exact:
            rows = [self._nearest(body, row, "`project`").point for row in np.asarray(x)]
            return np.array([[nearest_float(v) for v in row] for row in rows]).reshape(len(rows), body.dim)
        return _answer(self._nearest(body, x, "`project`").point, exact)

    def distance(self, x: ArrayLike, *, norm: float = 2) -> float | Floats:
        """Distance of a point, 0 inside; norm 1, 2 or infinity; rounded once; see :func:`.projection.nearest_point`.

        For the rows of a 2-D array (n, d), an array (n,).
        """
        body = self.body()
        if np.ndim(x) == 2:
            return np.array([self._nearest(body, row, "`distance`", norm).distance for row in np.asarray(x)])
        return self._nearest(body, x, "`distance`", norm).distance

    def _nearest(self, body: Body, x: ArrayLike, what: str, norm: float = 2) -> projection.Nearest:
        return projection.nearest_point(body, rationals(validate.point(x, body.dim, what=what)), norm)

    def max_volume_ellipsoid(self) -> ellipsoid.Ellipsoid:
        """The largest ellipsoid inside, proved to be inside; see :func:`.ellipsoid.max_volume_ellipsoid`."""
        return ellipsoid.max_volume_ellipsoid(self.body())

    def min_volume_ellipsoid(self) -> ellipsoid.Ellipsoid:
        """The smallest ellipsoid around, proved to be around; see :func:`.ellipsoid.min_volume_ellipsoid`."""
        return ellipsoid.min_volume_ellipsoid(self.body())

    def sample(self, n: int, seed: int = 0) -> Floats:
        """Points uniformly distributed inside, (n, d), each proved to be inside; see :func:`.sampling.sample`."""
        n = validate.count(n, name="the number of points", least=0)
        return sample.sample(self.body(), n, np.random.default_rng(seed))


def _answer(point: list[fmpq], exact: bool) -> Floats | tuple[Fraction, ...]:
    return tuple(map(fraction, point)) if exact else np.array([nearest_float(v) for v in point])

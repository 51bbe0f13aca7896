"""The type; each question is answered by a function of its own module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, overload

from polytope_lens._arrays import validate
from polytope_lens.errors import DimensionError
from polytope_lens.io import json, wkt
from polytope_lens.io.exports import Exports
from polytope_lens.io.halfspaces import Halfspaces, exactly
from polytope_lens.polytope import ellipsoid, facets, recession
from polytope_lens.polytope import feasibility as shape
from polytope_lens.polytope import polygon as planar
from polytope_lens.polytope.body import Body, of_floats
from polytope_lens.polytope.questions import Questions

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from shapely import Polygon

    from polytope_lens._types import Bools, Floats


@dataclass(init=False, frozen=True, slots=True, eq=False)
class Polytope(Exports, Questions):
    """``{x : A @ x <= b}``, bounded or not.

    Parameters
    ----------
    A : (m, d) array
    b : (m,) array

    The numbers are taken exactly as they are. Every yes or no below is exact.

    Examples
    --------
    >>> triangle = Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, 1])
    >>> triangle.contains([[0.25, 0.25], [1, 1]])
    array([ True, False])
    >>> triangle.is_bounded, triangle.is_empty
    (True, False)
    """

    A: Floats
    b: Floats

    def __init__(self, A: ArrayLike, b: ArrayLike) -> None:
        A = validate.float_array(A, name="the normals A of a polytope", ndim=2)
        b = validate.float_array(b, name="the offsets b of a polytope", ndim=1)
        if A.shape[0] != b.shape[0]:
            raise DimensionError(
                f"a polytope with A of shape {A.shape} needs b of shape ({A.shape[0]},), but received {b.shape}."
            )
        object.__setattr__(self, "A", A)
        object.__setattr__(self, "b", b)

    @property
    def dim(self) -> int:
        """Number of coordinates, d."""
        return int(self.A.shape[1])

    def body(self) -> Body:
        """The rows in integers, each times its own power of two; nothing is rounded."""
        return of_floats(self.A, self.b)

    def contains(self, X: ArrayLike) -> Bools:
        """Whether each row of `X` (n, d) lies in the closed polytope; see :func:`.feasibility.contains`."""
        return shape.contains(self, validate.points(X, self.dim, what="`contains`"))

    @property
    def is_empty(self) -> bool:
        """Whether no point satisfies all inequalities; see :func:`.feasibility.is_empty`."""
        return shape.is_empty(self.body())

    @property
    def has_interior(self) -> bool:
        """Whether some point satisfies all inequalities strictly; see :func:`.feasibility.has_interior`."""
        return shape.has_interior(self.body())

    @property
    def is_bounded(self) -> bool:
        """Whether the polytope contains no ray; see :func:`.feasibility.is_bounded`."""
        return shape.is_bounded(self.body())

    @overload
    def rays(self, *, exact: Literal[False] = False) -> recession.RecessionCone: ...
    @overload
    def rays(self, *, exact: Literal[True]) -> recession.ExactRecessionCone: ...
    def rays(self, *, exact: bool = False) -> recession.RecessionCone | recession.ExactRecessionCone:
        """Where the polytope goes on forever: extreme rays and lines; see :func:`.recession.recession_cone`.

        Directions are floats of unit length, with `exact` tuples of integers.

        Examples
        --------
        >>> Polytope([[-1, 0], [0, -1]], [0, 0]).rays(exact=True)  # a quadrant
        ExactRecessionCone(rays=[(1, 0), (0, 1)], lines=[])
        >>> Polytope([[-1, 1]], [0]).rays(exact=True)  # a half-plane
        ExactRecessionCone(rays=[(1, -1)], lines=[(1, 1)])
        """
        cone = recession.recession_cone(self)
        return cone if exact else cone.rounded(self.dim)

    def facets(self) -> Bools:
        """Which rows are facets, (m,) bool; see :func:`.facets.facet_mask`."""
        return facets.facet_mask(self.A, self.b)

    def to_shapely(self) -> Polygon:
        """The polygon as a shapely geometry, its corners rounded to float64."""
        return planar.to_shapely(self)

    def halfspaces(self) -> Halfspaces:
        """The rows as fractions, as they are; see :class:`.Halfspaces`."""
        return exactly(self.A, self.b)

    def to_wkt(self) -> str:
        """A bounded polygon as well-known text, its corners rounded to float64; see :func:`.wkt.to_wkt`."""
        return wkt.to_wkt(planar.vertices(self))

    @classmethod
    def from_json(cls, text: str) -> Polytope:
        """Read what `to_json` wrote: a polytope as it was, a region rounded as in :meth:`.Halfspaces.rounded`.

        :func:`.json.read_json` reads the fractions.

        Examples
        --------
        >>> Polytope.from_json(Polytope([[0.1, 1]], [2]).to_json()).A
        array([[0.1, 1. ]])
        """
        return cls(*json.read_json(text).rounded())

    def cvxpy_constraints(self, x: Any) -> list[Any]:
        """The inequalities as constraints on a cvxpy variable; see :func:`.ellipsoid.constraints`."""
        return ellipsoid.constraints(self, x)

    def __repr__(self) -> str:
        return f"Polytope({self.A.shape[0]} inequalities in R^{self.dim})"

"""The one type; each question is answered by a function of its own module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

import numpy as np
from flint import fmpz

from polytope_lens._arrays import validate
from polytope_lens._kept import Keeper, answers
from polytope_lens.arithmetic.rational import fraction, nearest_float, rationals
from polytope_lens.errors import DimensionError
from polytope_lens.io.export import Export, write
from polytope_lens.io.ine import read_ine
from polytope_lens.io.json import read_json
from polytope_lens.polytope import (
    canonical,
    facets,
    feasibility,
    generators,
    halfspaces,
    membership,
    polygon,
    recession,
)
from polytope_lens.polytope.halfspaces import IntegerRows
from polytope_lens.polytope.metric import ball, ellipsoid, extent, projection, sampling, volume

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction
    from os import PathLike

    from flint import fmpq
    from numpy.typing import ArrayLike, NDArray
    from shapely import Polygon

    from polytope_lens._types import Bools, Floats

    Owner: TypeAlias = tuple[int, int]
    Owners: TypeAlias = tuple[tuple[Owner, ...], ...]

# Vertices, above which listing them would take minutes.
MOST = 100_000


@dataclass(init=False, frozen=True, eq=False, repr=False)
class Polytope(Keeper):
    """``{x : A @ x <= b}``, exact: in any dimension, bounded or not, flat or empty.

    Parameters
    ----------
    A : (m, d) array of floats, integers or fractions
    b : (m,) array of the same
        Nothing is rounded: the numbers are taken exactly as they are.
    owners : m tuples of pairs (layer, neuron), optional
        The neurons whose hyperplane bounds each halfspace, as in :class:`.Inequalities`: layer -1 is the domain, and
        the neuron then the number of the domain's row. Empty for a polytope of its own.

    Notes
    -----
    All answers are about the exact rows. They are what is given, or what a network defines, and floats need not hold
    them: `A` and `b` are each number rounded once, and for a polytope made of floats these floats themselves.
    :meth:`fractions` has the exact numbers, :attr:`rows` the same as integers.

    Two polytopes are equal if they are the same set, whatever the order and scaling of their rows and however many of
    them are redundant; their hashes are equal then. The first comparison of different rows costs what the facets do.
    What is costly is found once and kept with the object: facets, vertices, emptiness, the canonical form.

    Examples
    --------
    >>> triangle = Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, 1])
    >>> triangle.contains([[0.25, 0.25], [1, 1]])
    array([ True, False])
    >>> triangle.is_bounded, triangle.is_empty
    (True, False)
    >>> triangle == Polytope([[3, 3], [0, -2], [-1, 0], [1, 0]], [3, 0, 0, 5])
    True
    >>> from fractions import Fraction
    >>> Polytope([[3], [-1]], [Fraction(1, 10), 0]).vertices(exact=True)
    [(Fraction(0, 1),), (Fraction(1, 30),)]
    """

    dim: int
    owners: Owners
    hint: Floats | None
    _floats: tuple[Floats, Floats] | None
    _integers: IntegerRows | None

    def __init__(self, A: ArrayLike, b: ArrayLike, *, owners: Iterable[Iterable[Owner]] | None = None) -> None:
        found = halfspaces.given(A, b)
        if isinstance(found, IntegerRows):
            dim = len(found.rows[0]) - 1 if found.rows else np.shape(A)[1]
            self._fill(dim, len(found.rows), owners, None, found)
        else:
            self._fill(found[0].shape[1], len(found[1]), owners, found, None)

    def _fill(
        self,
        dim: int,
        n_rows: int,
        owners: Iterable[Iterable[Owner]] | None,
        floats: tuple[Floats, Floats] | None,
        integers: IntegerRows | None,
        hint: Floats | None = None,
    ) -> None:
        named = ((),) * n_rows if owners is None else tuple(tuple((p, q) for p, q in row) for row in owners)
        if len(named) != n_rows:
            raise DimensionError(f"a polytope with {n_rows} rows needs owners for each, but received {len(named)}.")
        values = {"dim": dim, "owners": named, "hint": hint, "_floats": floats, "_integers": integers}
        for name, value in values.items():
            object.__setattr__(self, name, value)

    # ------------------------------------------------------------------------------------------------------- the rows

    @property
    def A(self) -> Floats:
        """Normals, (m, d); see :func:`.halfspaces.rounded`."""
        return halfspaces.rounded(self)[0]

    @property
    def b(self) -> Floats:
        """Offsets, (m,); see :func:`.halfspaces.rounded`."""
        return halfspaces.rounded(self)[1]

    @property
    def rows(self) -> list[list[fmpz]]:
        """The halfspaces as integers ``[a, c]`` of ``a . x + c <= 0``; exact, each up to a positive factor."""
        return halfspaces.exact_rows(self).rows

    def fractions(self) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
        """``A`` and ``b`` as arrays of :class:`fractions.Fraction`, (m, d) and (m,); nothing is rounded.

        Examples
        --------
        >>> Polytope([[0.5, 3]], [1]).fractions()[0]
        array([[Fraction(1, 2), Fraction(3, 1)]], dtype=object)
        """
        return halfspaces.fractions(self)

    # --------------------------------------------------------------------------------------------------- yes or no

    def contains(self, X: ArrayLike) -> Bools:
        """Whether each row of `X` (n, d) lies in the closed polytope, (n,); exact, see :func:`.inside_mask`."""
        return membership.inside_mask(self, validate.points(X, self.dim, what="`contains`"))

    @property
    def is_empty(self) -> bool:
        """Whether no point satisfies all inequalities; see :func:`.feasibility.is_empty`."""
        return feasibility.is_empty(self)

    @property
    def has_interior(self) -> bool:
        """Whether some point satisfies all inequalities strictly; see :func:`.feasibility.has_interior`."""
        return feasibility.has_interior(self)

    @property
    def is_bounded(self) -> bool:
        """Whether the polytope contains no ray; see :func:`.feasibility.is_bounded`."""
        return feasibility.is_bounded(self)

    def facets(self) -> Bools:
        """Which rows are facets, (m,) bool; exact, see :func:`.facets.facet_mask`."""
        return facets.facet_mask(self)

    def __eq__(self, other: object) -> bool:
        return canonical.is_same_set(self, other) if isinstance(other, Polytope) else NotImplemented

    def __hash__(self) -> int:
        return hash(canonical.canonical(self))

    # ---------------------------------------------------------------------------------------------- what it is made of

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
        found = generators.generators(self, most=max_vertices)
        return found.fractions() if exact else found.rounded(self.dim)

    def incidences(self) -> Bools:
        """Which rows hold each vertex, (n, m) bool, both in their order; exact, see :func:`.generators`."""
        return generators.generators(self).tight.copy()

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

    # ---------------------------------------------------------------------------------------------------- its extent

    def bounding_box(self) -> tuple[Floats, Floats]:
        """Least and greatest value of each coordinate, rounded outward; see :func:`.feasibility.box_around`.

        Infinite where the set goes on forever.
        """
        lower, upper = feasibility.box_around(self)
        return lower.copy(), upper.copy()

    def chebyshev_ball(self) -> ball.Ball:
        """The largest ball inside, its radius rounded down and proved; see :func:`.ball.chebyshev_ball`."""
        return ball.chebyshev_ball(self)

    @overload
    def volume(self, *, exact: Literal[False] = False) -> float: ...
    @overload
    def volume(self, *, exact: Literal[True]) -> Fraction: ...
    def volume(self, *, exact: bool = False) -> float | Fraction:
        """Volume, computed exactly and rounded once; 0 for flat sets; see :func:`.volume.volume`.

        With `exact`, a fraction, in any dimension and however long it takes. Without, an :class:`.IntractableError`
        says when that would be too long; :meth:`estimate_volume` may do then.
        """
        value = volume.volume(self, insist=exact)
        return fraction(value) if exact else nearest_float(value)

    def estimate_volume(self, n: int = 2000, seed: int = 0) -> sampling.Estimate:
        """Volume by sampling, with a standard error and without proof; see :func:`.sampling.estimate_volume`."""
        n = validate.count(n, name="the number of points for each ball")
        return sampling.estimate_volume(self, n, np.random.default_rng(seed))

    @overload
    def centroid(self, *, exact: Literal[False] = False) -> Floats: ...
    @overload
    def centroid(self, *, exact: Literal[True]) -> tuple[Fraction, ...]: ...
    def centroid(self, *, exact: bool = False) -> Floats | tuple[Fraction, ...]:
        """Center of mass, (d,), computed exactly and rounded once; with `exact`, fractions; see :func:`.centroid`."""
        return _answer(volume.centroid(self, insist=exact), exact)

    def diameter(self) -> float:
        """Largest distance between two points; the float nearest to it, see :func:`.extent.diameter`."""
        return extent.diameter(self)

    def width(self) -> extent.Width:
        """Least distance between two parallel hyperplanes around it; see :func:`.extent.width`.

        Exact up to three dimensions (``float(P.width())``), proved bounds beyond.
        """
        return extent.width(self)

    # --------------------------------------------------------------------------------------------- points and programs

    @overload
    def project(self, x: ArrayLike, *, exact: Literal[False] = False) -> Floats: ...
    @overload
    def project(self, x: ArrayLike, *, exact: Literal[True]) -> tuple[Fraction, ...]: ...
    def project(self, x: ArrayLike, *, exact: bool = False) -> Floats | tuple[Fraction, ...]:
        """The nearest point, (d,), for the Euclidean norm; see :func:`.projection.nearest_point`.

        Computed exactly and rounded once, so that it may lie beside the set by as much as floats are apart; with
        `exact`, fractions. Rows of a 2-D array are projected one by one, without `exact`.
        """
        if np.ndim(x) == 2 and not exact:
            rows = [self._nearest(row, "`project`").point for row in np.asarray(x)]
            return np.array([[nearest_float(v) for v in row] for row in rows]).reshape(len(rows), self.dim)
        return _answer(self._nearest(x, "`project`").point, exact)

    def distance(self, x: ArrayLike, *, norm: float = 2) -> float | Floats:
        """Distance of a point, 0 inside; norm 1, 2 or infinity; rounded once; see :func:`.projection.nearest_point`.

        For the rows of a 2-D array (n, d), an array (n,).
        """
        if np.ndim(x) == 2:
            return np.array([self._nearest(row, "`distance`", norm).distance for row in np.asarray(x)])
        return self._nearest(x, "`distance`", norm).distance

    def _nearest(self, x: ArrayLike, what: str, norm: float = 2) -> projection.Nearest:
        return projection.nearest_point(self, rationals(validate.point(x, self.dim, what=what)), norm)

    def sample(self, n: int, seed: int = 0) -> Floats:
        """Points uniformly distributed inside, (n, d), each proved to be inside; see :func:`.sampling.sample`."""
        n = validate.count(n, name="the number of points", least=0)
        return sampling.sample(self, n, np.random.default_rng(seed))

    def max_volume_ellipsoid(self) -> ellipsoid.Ellipsoid:
        """The largest ellipsoid inside, proved to be inside; see :func:`.ellipsoid.max_volume_ellipsoid`."""
        return ellipsoid.max_volume_ellipsoid(self)

    def min_volume_ellipsoid(self) -> ellipsoid.Ellipsoid:
        """The smallest ellipsoid around, proved to be around; see :func:`.ellipsoid.min_volume_ellipsoid`."""
        return ellipsoid.min_volume_ellipsoid(self)

    def cvxpy_constraints(self, x: Any) -> list[Any]:
        """The inequalities as constraints on a cvxpy variable, rounded; see :func:`.ellipsoid.constraints`."""
        return ellipsoid.constraints(self, x)

    # --------------------------------------------------------------------------------------------- in other programs

    @property
    def export(self) -> Export:
        """The formats of other programs: ``polytope.export.smtlib()`` and others; see :class:`.Export`."""
        return Export(lambda: self)

    def write(self, path: str | PathLike[str], format: str | None = None) -> None:
        """Write a file in one of these formats; see :func:`.export.write`."""
        write(self.export, path, format)

    def to_shapely(self) -> Polygon:
        """The polygon as a shapely geometry, its corners rounded to float64."""
        return polygon.to_shapely(self)

    @classmethod
    def from_json(cls, text: str) -> Polytope:
        """Read what ``export.json()`` wrote, owners included; nothing is rounded, see :func:`.json.read_json`.

        Examples
        --------
        >>> Polytope.from_json(Polytope([[0.1, 1]], [2]).export.json()).A
        array([[0.1, 1. ]])
        """
        A, b, owners = read_json(text)
        return cls(A, b, owners=owners)

    @classmethod
    def from_ine(cls, text: str) -> Polytope:
        """Read an H-representation in the format of cddlib and lrs; nothing is rounded, see :func:`.ine.read_ine`.

        Examples
        --------
        >>> Polytope.from_ine(Polytope([[0.1, 1]], [2]).export.ine()) == Polytope([[0.1, 1]], [2])
        True
        """
        return cls(*read_ine(text))

    def __repr__(self) -> str:
        return f"Polytope({len(self.owners)} inequalities in R^{self.dim})"


def of_integers(
    rows: list[list[fmpz]],
    dim: int,
    *,
    scales: list[fmpz] | None = None,
    owners: Iterable[Iterable[Owner]] | None = None,
    hint: Floats | None = None,
    are_facets: bool = False,
) -> Polytope:
    """The polytope of rows ``[a, c]`` of whole numbers, ``a . x + c <= 0``.

    Parameters
    ----------
    rows : m rows of dim + 1 integers
    scales : m positive integers, optional
        The numbers meant are the rows divided by these.
    hint : (dim,) array, optional
        A point that is likely to be inside. Where it is, answers come sooner; they are the same without.
    are_facets : bool
        The caller knows that each row is a facet, no two of them the same one, of a set with interior.
    """
    exact = IntegerRows(rows, [fmpz(1)] * len(rows) if scales is None else scales)
    poly = Polytope.__new__(Polytope)
    poly._fill(dim, len(rows), owners, None, exact, hint)
    if are_facets:
        answers(poly)[facets.facet_mask] = np.ones(len(rows), dtype=bool)
        answers(poly)[facets.facet_mask].flags.writeable = False
        answers(poly)[feasibility.is_empty] = False
        answers(poly)[feasibility.has_interior] = True
    return poly


def _answer(point: list[fmpq], exact: bool) -> Floats | tuple[Fraction, ...]:
    return tuple(map(fraction, point)) if exact else np.array([nearest_float(v) for v in point])

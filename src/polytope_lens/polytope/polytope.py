"""The one type; each question is answered by a function of its own module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, overload

import numpy as np
from flint import fmpz

from polytope_lens._arrays import validate
from polytope_lens._arrays.gate import checked
from polytope_lens._docstrings import documented_by
from polytope_lens._kept import Keeper, answers
from polytope_lens.arithmetic.rational import fraction, fractions, nearest_float
from polytope_lens.displays.sketch import alone
from polytope_lens.errors import DimensionError, OptionError
from polytope_lens.io.export import Export
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
    polytope_card,
    recession,
)
from polytope_lens.polytope.halfspaces import IntegerRows
from polytope_lens.polytope.metric import ball, ellipsoid, extent, projection, sampling
from polytope_lens.polytope.metric import volume as volumes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction

    import cvxpy
    from flint import fmpq
    from numpy.typing import ArrayLike
    from shapely import Polygon

    from polytope_lens._types import Bools, Floats, Fractions, Point, Points

    Owner: TypeAlias = tuple[int, int]
    Owners: TypeAlias = tuple[tuple[Owner, ...], ...]

# Vertices, above which listing them would take minutes.
MOST = 100_000


@checked
@dataclass(init=False, frozen=True, eq=False, repr=False)
class Polytope(Keeper):
    """``{x : A @ x <= b}``, exact: in any dimension, bounded or not, flat or empty.

    Parameters
    ----------
    A : (m, d) array of floats, integers or fractions
    b : (m,) array of the same
        Nothing is rounded: the numbers are taken exactly as they are.
    owners : m tuples of pairs (layer, neuron), optional
        The neurons whose hyperplane bounds each halfspace, as in `Inequalities`: layer -1 is the domain, and
        the neuron then the number of the domain's row. Empty for a polytope of its own.

    Notes
    -----
    All answers are about the exact rows. They are what is given, or what a network defines, and floats need not hold
    them: `A` and `b` are each number rounded once, and for a polytope made of floats these floats themselves.
    `fractions` has the exact numbers, `rows` the same as integers.

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
    array([[Fraction(0, 1)],
           [Fraction(1, 30)]], dtype=object)
    """

    dim: int
    owners: Owners
    _hint: Floats | None
    _floats: tuple[Floats, Floats] | None
    _integers: IntegerRows | None

    def __init__(self, A: ArrayLike, b: ArrayLike, *, owners: Iterable[Iterable[Owner]] | None = None) -> None:
        if owners is not None:
            owners = [_given_owners(row) for row in validate.sequence(owners, name="`owners`")]
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
        named = ((),) * n_rows if owners is None else tuple(map(tuple, owners))
        if len(named) != n_rows:
            raise DimensionError(f"a polytope with {n_rows} rows needs owners for each, but received {len(named)}.")
        values = {"dim": dim, "owners": named, "_hint": hint, "_floats": floats, "_integers": integers}
        for name, value in values.items():
            object.__setattr__(self, name, value)

    # ------------------------------------------------------------------------------------------------------- the rows

    @property
    def A(self) -> Floats:
        """Normals, (m, d): the floats that were given, or each exact number rounded once; found once."""
        return halfspaces.rounded(self)[0]

    @property
    def b(self) -> Floats:
        """Offsets, (m,): the floats that were given, or each exact number rounded once; found once."""
        return halfspaces.rounded(self)[1]

    @property
    def rows(self) -> list[list[fmpz]]:
        """The halfspaces as integers ``[a, c]`` of ``a . x + c <= 0``; exact, each up to a positive factor."""
        return [list(row) for row in halfspaces.exact_rows(self).rows]

    def fractions(self) -> tuple[Fractions, Fractions]:
        """``A`` and ``b`` as arrays of `fractions.Fraction`, (m, d) and (m,); nothing is rounded.

        Examples
        --------
        >>> Polytope([[0.5, 3]], [1]).fractions()[0]
        array([[Fraction(1, 2), Fraction(3, 1)]], dtype=object)
        """
        return halfspaces.fractions(self)

    # --------------------------------------------------------------------------------------------------- yes or no

    @documented_by(membership.inside_mask)
    def contains(self, X: ArrayLike) -> Bools:
        """Whether each point lies in the closed polytope, (n, d) -> (n,) bool; exact.

        Parameters
        ----------
        X : (n, d) array
            Floats, or fractions, as ``vertices(exact=True)`` has them.
        """
        return membership.inside_mask(self, membership.given_points(X, self.dim, what="`contains`"))

    @property
    @documented_by(feasibility.is_empty)
    def is_empty(self) -> bool:
        """Whether no point satisfies all inequalities; exact, one linear program at most, found once."""
        return feasibility.is_empty(self)

    @property
    @documented_by(feasibility.has_interior)
    def has_interior(self) -> bool:
        """Whether some point satisfies all inequalities strictly, rows ``0 <= 0`` apart; exact, one linear program."""
        return feasibility.has_interior(self)

    @property
    @documented_by(feasibility.is_bounded)
    def is_bounded(self) -> bool:
        """Whether the polytope contains no ray, as the empty one; exact, at most 2 d linear programs, found once."""
        return feasibility.is_bounded(self)

    @documented_by(facets.facet_mask)
    def facets(self) -> Bools:
        return facets.facet_mask(self)

    def __eq__(self, other: object) -> bool:
        return canonical.is_same_set(self, other) if isinstance(other, Polytope) else NotImplemented

    def __hash__(self) -> int:
        return hash(canonical.canonical(self))

    # ---------------------------------------------------------------------------------------------- what it is made of

    @overload
    def vertices(self, *, exact: Literal[False] = False, max_vertices: int | None = MOST) -> Floats: ...
    @overload
    def vertices(self, *, exact: Literal[True], max_vertices: int | None = MOST) -> Fractions: ...
    @documented_by(generators.generators)
    def vertices(self, *, exact: bool = False, max_vertices: int | None = MOST) -> Floats | Fractions:
        """Corners, (n, d), each coordinate rounded once.

        In the plane counter-clockwise, else in ascending order of coordinates. Unbounded sets have vertices, too, next
        to their ``rays()``; one that contains a line has none.

        Parameters
        ----------
        exact : bool
            Fractions instead of floats.
        max_vertices : int, optional
            More vertices and rays, also on the way to them, are refused; None sets no limit.

        Raises
        ------
        DomainError
            An empty polytope.
        IntractableError
            More than `max_vertices`.
        """
        most = None if max_vertices is None else validate.count(max_vertices, name="`max_vertices`")
        found = generators.generators(self, most=most)
        return found.fractions(self.dim) if exact else found.rounded(self.dim)

    def incidences(self) -> Bools:
        """Which rows hold each vertex, (n, m) bool, both in their order; exact, at the cost of the vertices."""
        return generators.generators(self).tight.copy()

    @documented_by(recession.recession_cone)
    def rays(self, *, exact: bool = False, max_rays: int | None = MOST) -> recession.RecessionCone:
        """Where the polytope goes on forever: extreme rays and lines.

        Parameters
        ----------
        exact : bool
            Directions as whole numbers instead of floats of unit length.
        max_rays : int, optional
            More rays, also on the way to them, are refused; None sets no limit.

        Examples
        --------
        >>> Polytope([[-1, 0], [0, -1]], [0, 0]).rays().rays  # a quadrant
        array([[1., 0.],
               [0., 1.]])
        >>> half_plane = Polytope([[-1, 1]], [0]).rays(exact=True)
        >>> half_plane.rays, half_plane.lines
        (array([[1, -1]], dtype=object), array([[1, 1]], dtype=object))
        """
        most = None if max_rays is None else validate.count(max_rays, name="`max_rays`")
        return recession.recession_cone(self, most).cone(self.dim, exact=exact)

    # ---------------------------------------------------------------------------------------------------- its extent

    @documented_by(feasibility.box_around)
    def bounding_box(self) -> tuple[Floats, Floats]:
        """Least and greatest value of each coordinate, (d,) and (d,), infinite where there is none."""
        lower, upper = feasibility.box_around(self)
        return lower.copy(), upper.copy()

    @documented_by(ball.chebyshev_ball)
    def chebyshev_ball(self) -> ball.Ball:
        """The largest ball inside, bounded or not; its radius is rounded down and proved."""
        return ball.chebyshev_ball(self)

    @overload
    def volume(self, *, exact: Literal[False] = False) -> float: ...
    @overload
    def volume(self, *, exact: Literal[True]) -> Fraction: ...
    @documented_by(volumes.volume)
    def volume(self, *, exact: bool = False) -> float | Fraction:
        """Volume of a bounded polytope, computed exactly and rounded once; 0 for a flat one.

        Parameters
        ----------
        exact : bool
            As a fraction, in any dimension and however long it takes.
        """
        return fraction(volumes.volume(self, insist=True)) if exact else volumes.rounded_volume(self)

    @documented_by(sampling.estimate_volume)
    def estimate_volume(self, n: int = 2000, seed: int = 0) -> sampling.Estimate:
        """Volume of a bounded polytope by sampling, in any dimension; with a standard error and without proof.

        Parameters
        ----------
        n : int
            Points for each ball.
        seed : int
        """
        n = validate.count(n, name="the number of points for each ball")
        return sampling.estimate_volume(self, n, np.random.default_rng(validate.seed(seed)))

    @overload
    def centroid(self, *, exact: Literal[False] = False) -> Floats: ...
    @overload
    def centroid(self, *, exact: Literal[True]) -> Fractions: ...
    @documented_by(volumes.centroid)
    def centroid(self, *, exact: bool = False) -> Floats | Fractions:
        """Center of mass of a bounded polytope, (d,), of a flat one within its flat; computed exactly and rounded once.

        Parameters
        ----------
        exact : bool
            Fractions instead of floats, however long it takes.
        """
        return _answer(volumes.centroid(self, insist=exact), exact)

    @documented_by(extent.diameter)
    def diameter(self) -> float:
        return extent.diameter(self)

    @documented_by(extent.width)
    def width(self) -> extent.Width:
        """Least distance between two parallel hyperplanes that hold a bounded polytope; ``float(P.width())``."""
        return extent.width(self)

    # --------------------------------------------------------------------------------------------- points and programs

    @overload
    def project(self, x: ArrayLike, *, exact: Literal[False] = False) -> Floats: ...
    @overload
    def project(self, x: ArrayLike, *, exact: Literal[True]) -> Fractions: ...
    @documented_by(projection.nearest_point)
    def project(self, x: ArrayLike, *, exact: bool = False) -> Floats | Fractions:
        """The nearest point for the Euclidean norm, computed exactly and rounded once.

        So it may lie beside the set by as much as floats are apart.

        Parameters
        ----------
        x : (d,) or (n, d) array
            A point, or rows that are projected one by one; of floats or fractions.
        exact : bool
            Fractions instead of floats.

        Raises
        ------
        DomainError
            An empty polytope.
        """
        if validate.is_one(x):
            return _answer(self._nearest(x, "`project`").point, exact)
        rows = [self._nearest(row, "`project`").point for row in validate.as_array(x)]
        return _answer([v for row in rows for v in row], exact).reshape(len(rows), self.dim)

    @overload
    def distance(self, x: Point, *, norm: float = 2) -> float: ...
    @overload
    def distance(self, x: Points, *, norm: float = 2) -> Floats: ...
    @overload
    def distance(self, x: ArrayLike, *, norm: float = 2) -> float | Floats: ...
    @documented_by(projection.nearest_point)
    def distance(self, x: ArrayLike, *, norm: float = 2) -> float | Floats:
        """Distance of a point, 0 inside; computed exactly and rounded once.

        Parameters
        ----------
        x : (d,) or (n, d) array
            A point, or rows whose distances are an array (n,); of floats or fractions.
        norm : 1, 2 or infinity
        """
        if not validate.is_one(x):
            return np.array([self._nearest(row, "`distance`", norm).distance for row in validate.as_array(x)])
        return self._nearest(x, "`distance`", norm).distance

    def _nearest(self, x: ArrayLike, what: str, norm: float = 2) -> projection.Nearest:
        return projection.nearest_point(self, membership.given_point(x, self.dim, what=what), norm)

    @documented_by(sampling.sample)
    def sample(self, n: int, seed: int = 0) -> Floats:
        """Points uniformly distributed in a bounded polytope with interior, (n, d); each is proved to lie in it.

        Parameters
        ----------
        n : int
        seed : int
        """
        n = validate.size(n, name="the number of points", each=self.dim, least=0)
        return sampling.sample(self, n, np.random.default_rng(validate.seed(seed)))

    @documented_by(ellipsoid.max_volume_ellipsoid)
    def max_volume_ellipsoid(self) -> ellipsoid.Ellipsoid:
        return ellipsoid.max_volume_ellipsoid(self)

    @documented_by(ellipsoid.min_volume_ellipsoid)
    def min_volume_ellipsoid(self) -> ellipsoid.Ellipsoid:
        return ellipsoid.min_volume_ellipsoid(self)

    @documented_by(ellipsoid.constraints)
    def cvxpy_constraints(self, x: cvxpy.Expression) -> list[cvxpy.Constraint]:
        """The inequalities as constraints on a cvxpy variable or expression, rounded.

        Parameters
        ----------
        x : cvxpy.Variable or expression
            With d entries.
        """
        return ellipsoid.constraints(self, x)

    # --------------------------------------------------------------------------------------------- in other programs

    @property
    def export(self) -> Export:
        """The formats of other programs: ``polytope.export.smtlib()`` and others; see `Export`."""
        return Export(lambda: self)

    def to_shapely(self) -> Polygon:
        """The polygon as a shapely geometry, its corners rounded to float64."""
        return polygon.to_shapely(self)

    @classmethod
    @documented_by(read_json)
    def from_json(cls, text: str) -> Polytope:
        """Read what ``export.json()`` wrote, owners included; nothing is rounded.

        Parameters
        ----------
        text : str

        Examples
        --------
        >>> Polytope.from_json(Polytope([[0.1, 1]], [2]).export.json()).A
        array([[0.1, 1. ]])
        """
        A, b, owners = read_json(validate.text(text, name="what `from_json` reads"))
        return cls(A, b, owners=owners)

    @classmethod
    @documented_by(read_ine)
    def from_ine(cls, text: str) -> Polytope:
        """Read an H-representation of cddlib or lrs: integers, fractions or decimals; nothing is rounded.

        Parameters
        ----------
        text : str

        Examples
        --------
        >>> Polytope.from_ine(Polytope([[0.1, 1]], [2]).export.ine()) == Polytope([[0.1, 1]], [2])
        True
        """
        return cls(*read_ine(validate.text(text, name="what `from_ine` reads")))

    def _repr_html_(self) -> str:
        return polytope_card.polytope_card(self)

    def _repr_svg_(self) -> str | None:
        return alone(polytope_card.polytope_drawing(self)) or None

    def _repr_latex_(self) -> str | None:
        return polytope_card.polytope_formula(self)

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


def _answer(point: list[fmpq], exact: bool) -> Floats | Fractions:
    return fractions(point) if exact else np.array([nearest_float(v) for v in point], dtype=np.float64)


def _given_owners(row: Iterable[Owner]) -> tuple[Owner, ...]:
    """The owners of one row: pairs (layer, neuron)."""
    pairs = tuple(validate.sequence(owner, name="an owner") for owner in validate.sequence(row, name="owners of a row"))
    if not all(len(pair) == 2 and all(isinstance(n, int | np.integer) for n in pair) for pair in pairs):
        raise OptionError(
            f"owners of a row should be pairs (layer, neuron) of numbers, but received {validate.shown(row)}."
        )
    return tuple((int(layer), int(neuron)) for layer, neuron in pairs)

"""Where to look: a box, any polytope, or None for all of R^d."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._kept import Keeper, kept
from polytope_lens.errors import DimensionError, DomainError
from polytope_lens.polytope import Polytope
from polytope_lens.polytope.halfspaces import has_float_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from polytope_lens._types import Floats, Ints

Corner: TypeAlias = "tuple[Fraction, ...]"

# Coordinates of a corner that are printed.
MOST_NAMED = 12


@dataclass(init=False, frozen=True, eq=False)
class Box(Keeper):
    """``{x : lower <= x <= upper}``.

    Where both corners have the same number, that coordinate is fixed: the box is flat, as in properties to be verified
    where some inputs are given. As a domain it is then the slice that it is. Regions are those of the network as a
    function of its free inputs, facets and neighbours those within the flat; points have all d coordinates, the fixed
    ones bit for bit as they are given; volumes, integrals, slopes and radii are those of the flat.

    Parameters
    ----------
    lower, upper : (d,) arrays, ``lower <= upper`` in every coordinate
        Numbers that no float is may be given as fractions or decimals of Python, and are meant as they are: `lower` and
        `upper` are then the nearest floats, and `fractions` the bounds themselves. Properties take such boxes;
        regions are found in boxes of floats.

    Raises
    ------
    DomainError
        An empty box.

    Examples
    --------
    >>> Box([-1, -1], [1, 2])
    Box([-1.0, -1.0], [1.0, 2.0])

    Two lines in space, seen on the flat where the third input is 1/2:

    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1, 0, 2], [0, 1, -1]], [[1, 1]]], [[0, 0], [0]])
    >>> found = lens.partition(Box([-2, -2, 0.5], [2, 2, 0.5]))
    >>> found.counts_per_layer, found.volumes(), found.vertices(0)
    (array([4]), array([2.5, 1.5, 7.5, 4.5]), array([[-2. ,  0.5,  0.5],
           [-2. , -2. ,  0.5],
           [-1. , -2. ,  0.5],
           [-1. ,  0.5,  0.5]]))
    """

    lower: Floats
    upper: Floats
    _exact: tuple[Corner, Corner] | None

    def __init__(self, lower: ArrayLike, upper: ArrayLike) -> None:
        given = lower, upper
        exact = [_fractions(corner) for corner in given]
        lower, upper = (
            validate.float_array(
                corner if known is None else [float(v) for v in known],
                name=f"the {side} corner of a box",
                ndim=1,
                error=DomainError,
            )
            for corner, known, side in zip(given, exact, ("lower", "upper"), strict=True)
        )
        if lower.shape != upper.shape or not lower.size:
            raise DomainError(
                f"a box needs two corners with the same number of coordinates, at least one, but received shapes "
                f"{lower.shape} and {upper.shape}."
            )
        is_float = exact == [None, None]
        corners = None if is_float else (_as_fractions(lower, exact[0]), _as_fractions(upper, exact[1]))
        low, high = (lower, upper) if corners is None else (np.array(c, dtype=object) for c in corners)
        empty = np.flatnonzero(low > high)
        if empty.size:
            k = int(empty[0])
            raise DomainError(
                f"a box needs lower <= upper in every coordinate, but coordinate {k} runs from {low[k]} to {high[k]}: "
                "it is empty."
            )
        for name, value in (("lower", lower), ("upper", upper), ("_exact", corners)):
            object.__setattr__(self, name, value)

    @property
    def dim(self) -> int:
        """Number of coordinates, d."""
        return len(self.lower)

    @property
    def has_float_corners(self) -> bool:
        """Whether floats hold the bounds, so that `lower` and `upper` are these and not only near them."""
        return self._exact is None

    def fractions(self) -> tuple[Corner, Corner]:
        """The bounds as fractions, (d,) and (d,); exact."""
        return self._exact or (_as_fractions(self.lower, None), _as_fractions(self.upper, None))

    @property
    @kept
    def free(self) -> Ints:
        """The coordinates that are not fixed, (k,), ascending: all of them, unless the box is flat."""
        if self._exact is not None:
            return np.flatnonzero([low < high for low, high in zip(*self._exact, strict=True)])
        return np.flatnonzero(self.lower < self.upper)

    @property
    @kept
    def is_flat(self) -> bool:
        """Whether some coordinates are fixed, ``lower == upper``."""
        return len(self.free) < self.dim

    @property
    @kept
    def A(self) -> Floats:
        """Normals of the 2 d sides: upper ones, then lower ones."""
        return np.vstack([np.eye(self.dim), -np.eye(self.dim)])

    @property
    @kept
    def b(self) -> Floats:
        """Offsets of the 2 d sides."""
        return np.concatenate([self.upper, -self.lower])

    @property
    def volume(self) -> float:
        """Product of the sides, in a flat box that of the free ones; rounded."""
        return float(np.prod((self.upper - self.lower)[self.free]))

    def to_polytope(self) -> Polytope:
        """The same set as ``A @ x <= b``; made once."""
        return _to_polytope(self)

    def contains(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Whether each row of `X` lies in the closed box; exact."""
        if self._exact is not None:
            return self.to_polytope().contains(X)
        rows = validate.points(X, self.dim, what="`contains`")
        return np.asarray(((rows >= self.lower) & (rows <= self.upper)).all(axis=1))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Box):
            return NotImplemented
        if self._exact is not None or other._exact is not None:
            return self.fractions() == other.fractions()
        return np.array_equal(self.lower, other.lower) and np.array_equal(self.upper, other.upper)

    def __hash__(self) -> int:
        # Zero has two signs, and is equal to itself.
        return hash(((self.lower + 0.0).tobytes(), (self.upper + 0.0).tobytes()))

    def __repr__(self) -> str:
        if self._exact is not None:
            return f"Box({_named(self._exact[0])}, {_named(self._exact[1])})"
        return f"Box({_named(self.lower.tolist())}, {_named(self.upper.tolist())})"


@kept
def _to_polytope(box: Box) -> Polytope:
    if box.has_float_corners:
        return Polytope(box.A, box.b)
    lower, upper = box.fractions()
    return Polytope(box.A, np.array([*upper, *(-v for v in lower)], dtype=object))


def _fractions(corner: Any) -> Corner | None:
    """A corner some of whose numbers no float is, in fractions; None for others, and for what is no corner."""
    if not isinstance(corner, list | tuple | np.ndarray) or (isinstance(corner, np.ndarray) and corner.ndim != 1):
        return None
    if not any(isinstance(v, Fraction | Decimal) for v in corner):
        return None
    try:
        exact = tuple(Fraction(v) for v in corner)
        return None if all(Fraction(float(v)) == v for v in exact) else exact
    except (TypeError, ValueError, OverflowError):
        return None


def _as_fractions(corner: Floats, exact: Corner | None) -> Corner:
    return tuple(map(Fraction, corner.tolist())) if exact is None else exact


def _named(corner: Sequence[float | Fraction]) -> str:
    """All coordinates, unless they are many: ``[0.0] * 784``, or the first and last of them."""
    values = [v if isinstance(v, float) or Fraction(float(v)) != v else float(v) for v in corner]
    if len(values) <= MOST_NAMED:
        return str(values)
    if len(set(values)) == 1:
        return f"[{values[0]}] * {len(values)}"
    return f"[{values[0]}, {values[1]}, ..., {values[-1]}]"


Domain: TypeAlias = Box | Polytope | None


def check_domain(domain: Domain, dim: int) -> Domain:
    """Return `domain` if it has regions, lives in R^dim and has rows that floats hold.

    It is full-dimensional, or a flat box.

    Raises
    ------
    DomainError, DimensionError
    """
    if domain is None:
        return None
    if not isinstance(domain, Box | Polytope):
        raise DomainError(
            f"a domain is a Box, a Polytope, or None for the whole space, but received {type(domain).__name__}. "
            "Between bounds, say `Box(lower, upper)`, with a number for each coordinate."
        )
    if domain.dim != dim:
        raise DimensionError(
            f"the network has {dim} inputs, so its domain should live in R^{dim}, but received {domain!r} "
            f"in R^{domain.dim}."
        )
    if isinstance(domain, Box) and not domain.has_float_corners:
        raise DomainError(
            f"regions are found in boxes of floats, but some bounds of {domain!r} are fractions that none is. `check`, "
            "`maximum`, `minimum` and `is_equal` take it as it is. For regions round it yourself, `Box(box.lower, "
            "box.upper)`, so that it is clear which domain is meant."
        )
    if isinstance(domain, Box) and not domain.free.size:
        raise DomainError(
            f"the domain {domain!r} is a single point: it fixes every input, so that nothing is left to be cut into "
            "regions. For the region that holds the point, ask `lens.at(x)`."
        )
    if isinstance(domain, Polytope) and not domain.has_interior:
        raise DomainError(
            f"the domain {domain!r} is empty or flat: no point satisfies all its inequalities strictly, so it holds no "
            "region. For a flat piece of a space, fix inputs by a box with equal bounds, or restrict the network to "
            "any other flat, `lens.slice(p, q, r)`."
        )
    if isinstance(domain, Polytope) and not has_float_rows(domain):
        raise DomainError(
            f"a domain needs rows that floats hold, but some numbers of {domain!r} are fractions that none do, as "
            "those of regions are. Round it yourself, `Polytope(P.A, P.b)`, so that it is clear which domain is meant."
        )
    return domain


def is_bounded(domain: Domain) -> TypeGuard[Box | Polytope]:
    """Whether a domain lies in some box; exact."""
    return domain is not None and (isinstance(domain, Box) or domain.is_bounded)


def part_in_box(domain: Box | Polytope, box: Box) -> Box | Polytope | None:
    """The part of a bounded domain in a box, the box itself for a larger one; None if it has no interior.

    Examples
    --------
    >>> triangle = Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, 1])
    >>> part_in_box(triangle, Box([0.5, 0.5], [1, 1])), part_in_box(triangle, Box([0, 0], [1, 0.5]))
    (None, Polytope(7 inequalities in R^2))
    """
    if isinstance(domain, Box):
        return box
    part = Polytope(np.vstack([domain.A, box.A]), np.concatenate([domain.b, box.b]))
    return part if part.has_interior else None

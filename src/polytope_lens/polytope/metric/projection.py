"""The point of a polytope that is nearest to another point, and how far away it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import numpy as np
from flint import fmpq

from polytope_lens._arrays import validate
from polytope_lens.arithmetic.rational import dot, nearest_float
from polytope_lens.errors import DomainError
from polytope_lens.lp.nearest_in_norm import nearest_in_norm
from polytope_lens.lp.rational_nearest import exact_nearest
from polytope_lens.lp.rational_simplex import Halfspace
from polytope_lens.polytope.batch.nearest_points import nearest_points
from polytope_lens.polytope.fixed_coordinates import fixed_coordinates
from polytope_lens.polytope.halfspaces import holds, is_contradicted, proper
from polytope_lens.polytope.metric.extent import nearest_root

if TYPE_CHECKING:
    from polytope_lens._types import Floats
    from polytope_lens.polytope.fixed_coordinates import Fixed
    from polytope_lens.polytope.polytope import Polytope

    Vector = list[fmpq]

ZERO = fmpq(0)


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


def nearest_point(poly: Polytope, x: Vector, norm: float = 2) -> Nearest:
    """The point of a polytope nearest to x: the one there is for the Euclidean norm, one of them for others; exact.

    Raises
    ------
    DomainError
        An empty polytope.
    OptionError

    Notes
    -----
    Floats propose rows that hold the point; `exact_nearest` proves that in rational arithmetic, or finds the
    point itself. Cost: a program in floats and some products of m rows with a vector; in fractions milliseconds for few
    coordinates.
    """
    norm = validate.norm(norm)
    fixed = fixed_coordinates(poly)
    if fixed is not None:
        return _beside(fixed, x, nearest_point(fixed.rest, [x[k] for k in fixed.free], norm))
    if is_contradicted(poly):
        _raise_empty()
    if holds(poly, x):
        return Nearest(list(x), ZERO, norm)
    rows, slack = _rows_at(poly, x)
    found = exact_nearest(list(map(Halfspace, rows, slack)), poly.dim, norm, *_proposed(rows, slack, norm))
    if found is None:
        _raise_empty()
    return Nearest([u + v for u, v in zip(x, found.point, strict=True)], found.power, norm)


def _beside(fixed: Fixed, x: Vector, found: Nearest) -> Nearest:
    """The nearest point of a set that fixes some coordinates, from that in the others."""
    ways = [abs(x[k] - value) for k, value in fixed.values.items()]
    if found.norm == 2:
        size = sum((way * way for way in ways), found.size)
    else:
        size = sum(ways, found.size) if found.norm == 1 else max(found.size, *ways)
    return Nearest(fixed.embed(found.point), size, found.norm)


def _rows_at(poly: Polytope, x: Vector) -> tuple[list[Vector], Vector]:
    """Rows ``a . v <= s`` seen from x, divided by their greatest entries."""
    rows, slack = [], []
    for row in proper(poly):
        size = fmpq(max(map(abs, row[:-1])))
        rows.append([fmpq(v) / size for v in row[:-1]])
        slack.append(-(dot(row[:-1], x) + row[-1]) / size)
    return rows, slack


def _proposed(rows: list[Vector], slack: Vector, norm: float) -> tuple[Floats | None, Floats | None]:
    """Multipliers of the rows and the nearest point, as floats see them from the origin; None where they do not."""
    # In units of the greatest violation; what is much farther away is as good as anywhere.
    scale = -min(slack)
    normals = np.array([[nearest_float(v) for v in row] for row in rows])
    offsets = np.clip([nearest_float(s / scale) for s in slack], -1.0, 1e300)
    if norm == 2:
        _, multipliers = nearest_points(normals[None], offsets[None])
        return multipliers[0], -multipliers[0] @ normals
    found = nearest_in_norm(normals, offsets, norm)
    return (None, None) if found is None else (found[1], found[0])


def _raise_empty() -> NoReturn:
    raise DomainError("an empty polytope has no point nearest to another one: it has none at all.")

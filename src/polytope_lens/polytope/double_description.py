"""Vertices of polytopes in exact arithmetic, halfspace by halfspace."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import gcd
from typing import TYPE_CHECKING

from flint import fmpz, fmpz_mat

from polytope_lens.exact.rational import sign

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Vertex:
    """A vertex [x_1 ... x_d, t] in homogeneous integer coordinates, t > 0, and the rows that vanish there."""

    coordinates: tuple[fmpz, ...]
    tight: frozenset[int]


def vertices_in_box(sides: Sequence[Sequence[fmpz]], rows: Sequence[Sequence[fmpz]]) -> list[Vertex]:
    """Vertices of ``{x : a . x + c <= 0 for all sides and rows [a, c]}``; exact.

    Parameters
    ----------
    sides : 2 d integer rows
        Those of a box: the upper side of each axis, then the lower ones.
    rows : integer rows
        Further halfspaces; together they have interior.

    Returns
    -------
    list of Vertex
        `tight` counts the sides first, then the rows; rows without a normal never are.

    Notes
    -----
    The double description method (Motzkin et al. 1953): each halfspace keeps the vertices inside it and adds one for
    each edge that leaves it. Two vertices are the ends of an edge iff no third lies on all rows that both lie on
    (Fukuda and Prodon 1996, proposition 7). Cost: for each row, the cube of the number of vertices; meant for few.
    """
    d = len(sides) // 2
    corners = []
    for lower in product((False, True), repeat=d):
        chosen = [k + d * is_lower for k, is_lower in enumerate(lower)]
        # The side a x_k + c = 0 is at x_k = -c / a.
        common = fmpz(1)
        for q in chosen:
            common *= abs(sides[q][q % d])
        point = [-sides[q][-1] * common // sides[q][q % d] for q in chosen]
        corners.append(Vertex(_reduced([*point, common]), frozenset(chosen)))
    for index, row in enumerate(rows, start=2 * d):
        if any(row[:-1]):
            corners = _cut(corners, row, index, d)
    return corners


def _cut(vertices: list[Vertex], row: Sequence[fmpz], index: int, d: int) -> list[Vertex]:
    values = [value_at(row, vertex.coordinates) for vertex in vertices]
    kept = [
        Vertex(vertex.coordinates, vertex.tight | {index}) if value == 0 else vertex
        for vertex, value in zip(vertices, values, strict=True)
        if sign(value) <= 0
    ]
    for inside, below in zip(vertices, values, strict=True):
        for outside, above in zip(vertices, values, strict=True):
            if below < 0 < above and _are_joined(inside, outside, vertices, d):
                point = [above * p - below * q for p, q in zip(inside.coordinates, outside.coordinates, strict=True)]
                kept.append(Vertex(_reduced(point), (inside.tight & outside.tight) | {index}))
    return kept


def value_at(row: Sequence[fmpz], point: Sequence[fmpz]) -> fmpz:
    """``a . x + c t`` of a row [a, c] at a point [x, t]."""
    return sum((a * x for a, x in zip(row, point, strict=True)), fmpz(0))


def meeting_point(rows: Sequence[Sequence[fmpz]]) -> list[fmpz]:
    """Homogeneous integer coordinates [x, t], t > 0, of the one point where hyperplanes ``a . x + c t = 0`` meet."""
    basis, nullity = fmpz_mat([list(row) for row in rows]).nullspace()
    assert nullity == 1  # they meet in a vertex
    vertex = [basis[i, 0] for i in range(basis.nrows())]
    return vertex if vertex[-1] > 0 else [-v for v in vertex]


def _are_joined(p: Vertex, q: Vertex, vertices: list[Vertex], d: int) -> bool:
    common = p.tight & q.tight
    return len(common) >= d - 1 and not any(
        common <= other.tight for other in vertices if other is not p and other is not q
    )


def _reduced(point: Sequence[fmpz]) -> tuple[fmpz, ...]:
    divisor = gcd(*map(int, point))
    return tuple(v // divisor for v in point)

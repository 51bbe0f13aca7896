"""Facets in the plane: corners of the polar, which are those of a convex hull."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flint import fmpq, fmpz

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Point = tuple[fmpz, fmpz, fmpz, int]
"""Homogeneous coordinates, the last positive, and the number of a row."""


def planar_facets(rows: Sequence[Sequence[fmpz]], slack: Sequence[fmpz]) -> set[int]:
    """Which of distinct rows ``[a, c]`` of ``{x : a . x + c <= 0}`` are facets, by their slacks at a point inside.

    Notes
    -----
    Exact. Seen from a point at which all slacks s are positive, the rows say ``a . x <= s``: a row is implied by others
    iff ``a / s`` is in the convex hull of theirs and of the origin. Cost: m log m.
    Source: Andrew's monotone chain (1979).

    Examples
    --------
    >>> rows = [[fmpz(v) for v in row] for row in ([1, 0, -1], [-1, 0, -1], [0, 1, -1], [1, 1, -3])]
    >>> sorted(planar_facets(rows, [-row[-1] for row in rows]))
    [0, 1, 2]
    """
    points: list[Point] = [(a, b, s, i) for i, ((a, b, _), s) in enumerate(zip(rows, slack, strict=True)) if a or b]
    points.append((fmpz(0), fmpz(0), fmpz(1), -1))
    points.sort(key=lambda point: (fmpq(point[0], point[2]), fmpq(point[1], point[2])))
    return {point[3] for point in (*_chain(points), *_chain(reversed(points)))} - {-1}


def _chain(points: Iterable[Point]) -> list[Point]:
    """Corners of the hull on one side, of points from one end to the other."""
    corners: list[Point] = []
    for point in points:
        while len(corners) > 1 and not _turns_left(corners[-2], corners[-1], point):
            corners.pop()
        corners.append(point)
    return corners


def _turns_left(first: Point, second: Point, third: Point) -> bool:
    (a, b, c, _), (p, q, r, _), (x, y, z, _) = first, second, third
    return bool(a * (q * z - r * y) - b * (p * z - r * x) + c * (p * y - q * x) > 0)

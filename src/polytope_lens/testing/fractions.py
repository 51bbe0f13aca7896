"""Exact cells, volumes, corners and nearness, by roads that no engine takes."""

from __future__ import annotations

from math import gcd, isfinite
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq, fmpz

from polytope_lens.arithmetic.rational import nearest_float, rational
from polytope_lens.exact.owner_rows import integer_sides
from polytope_lens.exact.rows import ExactRows, cell_rows
from polytope_lens.polytope import Polytope
from polytope_lens.polytope.facets import exact_facet_mask
from polytope_lens.polytope.polygon import exact_vertices

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from polytope_lens._types import Floats
    from polytope_lens.domain import Domain
    from polytope_lens.partition.partition import Partition

    Row = tuple[int, ...]
    Corner = tuple[fmpq, fmpq]


def exact_volume(rows: Sequence[Sequence[int | fmpz]], dim: int) -> fmpq:
    """Volume of the bounded set ``{x : a . x + c <= 0}`` for integer rows ``[a, c]``; exact, 0 if it has no interior.

    Lasserre 1983, *An analytical expression and an algorithm for the volume of a convex polyhedron in R^n*: by the
    divergence theorem, the volume is a sum over the facets of offset times facet volume over d; a facet is projected
    along an axis, and the same formula measures it.

    Examples
    --------
    >>> exact_volume([[-1, 0, 0], [0, -1, 0], [1, 1, -1]], 2)
    1/2
    """
    cleaned = _clean(rows)
    if cleaned is None:
        return fmpq(0)
    if dim > 2:
        mask = exact_facet_mask([[fmpz(v) for v in row] for row in cleaned])
        cleaned = [row for row, is_facet in zip(cleaned, mask, strict=True) if is_facet]
    return _volume(cleaned, dim)


def _volume(rows: list[Row], dim: int) -> fmpq:
    if dim == 1:
        upper = [fmpq(-c, a) for a, c in rows if a > 0]
        lower = [fmpq(-c, a) for a, c in rows if a < 0]
        return max(min(upper) - max(lower), fmpq(0))
    total = fmpq(0)
    for row in rows:
        if row[-1] == 0:
            continue
        k = max(range(dim), key=lambda j: abs(row[j]))
        size, turn = abs(row[k]), 1 if row[k] > 0 else -1
        facet = _clean(
            [[size * q[j] - turn * q[k] * row[j] for j in range(dim + 1) if j != k] for q in rows if q is not row]
        )
        if facet is not None:
            total += fmpq(-row[-1], size) * _volume(facet, dim - 1)
    return total / dim


def _clean(rows: Sequence[Sequence[int | fmpz]]) -> list[Row] | None:
    """Primitive rows, each once, without ``0 <= 0``; None if one of them cannot hold or two leave no interior."""
    kept: dict[Row, None] = {}
    for row in rows:
        entries = [int(v) for v in row]
        if not any(entries[:-1]):
            if entries[-1] > 0:
                return None
            continue
        divisor = gcd(*entries)
        kept[tuple(v // divisor for v in entries)] = None
    return None if any(tuple(-v for v in row) in kept for row in kept) else list(kept)


def cone_volume(rows: Sequence[Sequence[int | fmpz]], dim: int) -> fmpq:
    """Volume of the part of the cone ``{(y, t) : a . y + c t <= 0, t >= 0}`` that lies in ``|y_k| <= 1, t <= 1``."""
    cone = [[*row, 0] for row in rows if any(row)]
    for k in range(dim + 1):
        for turn in (1, -1):
            limit = -1 if k < dim or turn > 0 else 0
            cone.append([*(turn * int(j == k) for j in range(dim + 1)), limit])
    return exact_volume(cone, dim + 1)


def polygon(domain: Domain, rows: Sequence[Sequence[fmpz]]) -> list[Corner]:
    """Corners of the part of a bounded planar domain on which ``a x + b y + c <= 0`` for all rows; exact."""
    assert domain is not None
    corners: list[Corner] = exact_vertices(Polytope(domain.A, domain.b))[1]
    for a, b, c in rows:
        values = [a * x + b * y + c for x, y in corners]
        cut: list[Corner] = []
        for i, (corner, value) in enumerate(zip(corners, values, strict=True)):
            (x, y), there = corners[(i + 1) % len(corners)], values[(i + 1) % len(corners)]
            if value <= 0:
                cut.append(corner)
            if value * there < 0:
                t = value / (value - there)
                cut.append((corner[0] + t * (x - corner[0]), corner[1] + t * (y - corner[1])))
        corners = cut
    return corners


def is_near(point: Floats, radius: float, corner: Sequence[fmpq]) -> bool:
    """Whether an exact corner is within a radius of a float point; a radius that is not finite claims nothing."""
    if not isfinite(radius):
        return True
    gap = [rational(p) - c for p, c in zip(point.tolist(), corner, strict=True)]
    return bool(sum((v * v for v in gap), fmpq(0)) <= rational(radius) ** 2)


def exact_cells(partition: Partition) -> Iterator[list[list[fmpz]]]:
    """For each region, integer rows ``[a, c]`` of all its inequalities ``a . x + c <= 0``, the domain's last."""
    network = partition.network
    source = ExactRows(network)
    sides = integer_sides(partition.domain)
    for bits in partition.patterns():
        yield cell_rows(network, source, bits) + sides


def exact_maps(partition: Partition) -> Iterator[Floats]:
    """The map ``[A, b]`` of each region, (out, d + 1), each number rounded once."""
    network = partition.network
    source = ExactRows(network)
    for bits in partition.patterns():
        rows, scale = source.scaled_rows(len(network.layers), bits)
        yield np.array([[nearest_float(fmpq(v, scale)) for v in row] for row in rows])

"""Regions of a bounded line or plane cut into simplices, on which integrals of polynomials have closed formulas."""

from __future__ import annotations

from fractions import Fraction
from math import factorial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens.errors import DimensionError
from polytope_lens.exact.rational import integer_matrix
from polytope_lens.exact.rows import ExactRows
from polytope_lens.query.vertices import exact_vertices, rounded_vertices

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from polytope_lens.partition import Partition

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


class Simplices(NamedTuple):
    """Simplices that fill the domain, each in one region; rounded.

    Parameters
    ----------
    points : (n, d + 1, d) array
        Corners.
    region : (n,) int array
    volumes : (n,) array
    values : (n, d + 1, out) array
        The network's outputs at the corners.
    """

    points: Floats
    region: Ints
    volumes: Floats
    values: Floats


class ExactSimplex(NamedTuple):
    """One of them in fractions: its region, its volume, its corners and the outputs there."""

    region: int
    volume: Fraction
    points: list[tuple[Fraction, ...]]
    values: list[list[Fraction]]


def simplices(partition: Partition, purpose: str) -> Simplices:
    """The intervals of a line, or the regions of a plane cut into triangles from their first corners.

    Raises
    ------
    DimensionError, UnboundedPolytopeError, PartialPartitionError
    """
    _require(partition, purpose)
    if partition.network.input_dim == 1:
        points = np.array([rounded_vertices(partition, i) for i in range(len(partition))])
        region = np.arange(len(partition))
        volumes = points[:, 1, 0] - points[:, 0, 0]
    else:
        mesh = partition.planar_mesh()
        sizes = np.diff(mesh.indptr)
        region = np.repeat(np.arange(len(partition)), sizes - 2)
        place = np.arange(len(region)) - np.repeat(np.cumsum(sizes - 2) - (sizes - 2), sizes - 2)
        start = mesh.indptr[region]
        points = mesh.points[mesh.corners[np.column_stack([start, start + place + 1, start + place + 2])]]
        sides = points[:, 1:] - points[:, :1]
        volumes = (sides[:, 0, 0] * sides[:, 1, 1] - sides[:, 0, 1] * sides[:, 1, 0]) / 2
    maps = partition.maps[region]
    values = np.einsum("nod,nvd->nvo", maps[:, :, :-1], points) + maps[:, None, :, -1]
    return Simplices(points, region, volumes, values)


def exact_simplices(partition: Partition, purpose: str) -> Iterator[ExactSimplex]:
    """The same in fractions, one by one; milliseconds for each region."""
    _require(partition, purpose)
    network, d = partition.network, partition.network.input_dim
    source = ExactRows(network, integer_matrix(np.eye(d + 1)))
    for index, bits in enumerate(partition.bits()):
        rows, scale = source.scaled_rows(len(network.layers), bits)
        affine = [[Fraction(int(v), int(scale)) for v in row] for row in rows]
        corners = exact_vertices(partition, index)
        outputs = [[_value(row, x) for row in affine] for x in corners]
        for k in range(1, len(corners) + 1 - d):
            chosen = [0, *range(k, k + d)]
            points = [corners[i] for i in chosen]
            yield ExactSimplex(index, _volume(points), points, [outputs[i] for i in chosen])


def _require(partition: Partition, purpose: str) -> None:
    partition.require_complete(purpose)
    if partition.network.input_dim > 2:
        raise DimensionError(
            f"{purpose} is an integral, for which regions are cut into simplices on the line and in the plane; this "
            f"network has {partition.network.input_dim} inputs. Look at a slice: `lens.slice(p, q, r)`."
        )


def _value(row: list[Fraction], x: tuple[Fraction, ...]) -> Fraction:
    return sum((a * v for a, v in zip(row, x, strict=False)), row[-1])


def _volume(points: list[tuple[Fraction, ...]]) -> Fraction:
    """Of a simplex on the line or in the plane, its corners ascending or counter-clockwise."""
    sides = [[v - w for v, w in zip(p, points[0], strict=True)] for p in points[1:]]
    determinant = sides[0][0] if len(sides) == 1 else sides[0][0] * sides[1][1] - sides[0][1] * sides[1][0]
    return determinant / factorial(len(sides))

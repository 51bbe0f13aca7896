"""Regions of a bounded line or plane cut into simplices, on which integrals of polynomials have closed formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens.errors import DimensionError
from polytope_lens.exact.rational import dot, fraction, integer_matrix
from polytope_lens.exact.rows import ExactRows
from polytope_lens.query.vertices import EdgeLines, rational_vertices, rounded_vertices

if TYPE_CHECKING:
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


class ExactSimplices(NamedTuple):
    """The same with flint's fractions, in arrays of objects."""

    points: NDArray[np.object_]
    region: Ints
    volumes: NDArray[np.object_]
    values: NDArray[np.object_]


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
    else:
        mesh = partition.planar_mesh()
        sizes = np.diff(mesh.indptr)
        region = np.repeat(np.arange(len(partition)), sizes - 2)
        place = np.arange(len(region)) - np.repeat(np.cumsum(sizes - 2) - (sizes - 2), sizes - 2)
        start = mesh.indptr[region]
        points = mesh.points[mesh.corners[np.column_stack([start, start + place + 1, start + place + 2])]]
    maps = partition.maps[region]
    values = np.einsum("nod,nvd->nvo", maps[:, :, :-1], points) + maps[:, None, :, -1]
    return Simplices(points, region, _volumes(points), values)


def exact_simplices(partition: Partition, purpose: str) -> ExactSimplices:
    """The same in fractions; a millisecond for each region, more where numbers are long."""
    _require(partition, purpose)
    network, d = partition.network, partition.network.input_dim
    source = ExactRows(network, integer_matrix(np.eye(d + 1)))
    points, regions, values = [], [], []
    lines = EdgeLines(partition) if d == 2 else None
    for index, bits in enumerate(partition.bits()):
        rows, scale = source.scaled_rows(len(network.layers), bits)
        corners = rational_vertices(partition, index) if lines is None else lines.corners(index)
        outputs = [[(dot(row[:-1], x) + row[-1]) / scale for row in rows] for x in corners]
        for k in range(1, len(corners) + 1 - d):
            chosen = [0, *range(k, k + d)]
            points.append([corners[i] for i in chosen])
            values.append([outputs[i] for i in chosen])
            regions.append(index)
    places = np.array(points, dtype=object)
    return ExactSimplices(places, np.array(regions), _volumes(places), np.array(values, dtype=object))


def balanced_sum(terms: NDArray[np.object_]) -> NDArray[np.object_]:
    """Sum of fractions along the first axis: in pairs, pairs of pairs and so on: so denominators stay short."""
    while len(terms) > 1:
        even = len(terms) // 2 * 2
        terms = np.concatenate([terms[:even:2] + terms[1:even:2], terms[even:]])
    return np.asarray(terms[0])


def fractions(values: NDArray[np.object_]) -> NDArray[np.object_]:
    """Flint's fractions as Python's."""
    return np.array([fraction(v) for v in values.ravel()], dtype=object).reshape(values.shape)


def _require(partition: Partition, purpose: str) -> None:
    partition.require_complete(purpose)
    if partition.network.input_dim > 2:
        raise DimensionError(
            f"{purpose} is an integral, for which regions are cut into simplices on the line and in the plane; this "
            f"network has {partition.network.input_dim} inputs. Look at a slice: `lens.slice(p, q, r)`."
        )


def _volumes(points: NDArray[Any]) -> NDArray[Any]:
    """Of simplices on the line or in the plane, their corners ascending or counter-clockwise."""
    sides = points[:, 1:] - points[:, :1]
    if points.shape[2] == 1:
        return np.asarray(sides[:, 0, 0])
    return np.asarray(sides[:, 0, 0] * sides[:, 1, 1] - sides[:, 0, 1] * sides[:, 1, 0]) / 2

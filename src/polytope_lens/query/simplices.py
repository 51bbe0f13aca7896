"""Regions in up to three dimensions cut into simplices, on which integrals of polynomials have closed formulas."""

from __future__ import annotations

from fractions import Fraction
from math import factorial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from flint import fmpq, fmpq_mat

from polytope_lens._ragged import entries, list_of, starts
from polytope_lens.errors import DimensionError
from polytope_lens.exact.rational import fraction, integer_matrix
from polytope_lens.exact.rows import ExactRows
from polytope_lens.mesh import PlanarMesh, fan
from polytope_lens.query.vertices import exact_vertices, rounded_vertices

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from polytope_lens.partition import Partition
    from polytope_lens.polyhedral_mesh import PolyhedralMesh

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
    """The intervals of a line; the regions of a plane or of space cut into simplices from their first corners.

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
        region, corners = _simplices_of(partition.require_mesh())
        points = partition.require_mesh().points[corners]
        volumes = np.abs(np.linalg.det(points[:, 1:] - points[:, :1])) / factorial(points.shape[2])
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
        for chosen in _places(partition, index, len(corners)):
            points = [corners[i] for i in chosen]
            yield ExactSimplex(index, _volume(points), points, [outputs[i] for i in chosen])


def _simplices_of(mesh: PlanarMesh | PolyhedralMesh) -> tuple[Ints, Ints]:
    """Regions cut into simplices, (n,) and their corners, (n, d + 1), as points of the mesh.

    Polygons fan out from their first corners; polyhedra, from the first corners of their first faces, over the
    triangles of the faces that do not hold it.
    """
    if isinstance(mesh, PlanarMesh):
        ring, first, second, third = fan(mesh.indptr)
        return ring, mesh.corners[np.column_stack([first, second, third])]
    indptr = starts(np.diff(mesh.corner_indptr)[mesh.faces])
    corners = mesh.corners[entries(mesh.corner_indptr, mesh.faces.astype(np.int64))].astype(np.int64)
    face, *places = fan(indptr)
    region = list_of(mesh.face_indptr)[face]
    apex = corners[indptr[mesh.face_indptr[:-1]]]
    apex_of_face = apex[list_of(mesh.face_indptr)]
    holds_apex = np.maximum.reduceat(corners == np.repeat(apex_of_face, np.diff(indptr)), indptr[:-1])
    kept = ~holds_apex[face]
    triangles = np.column_stack([corners[place] for place in places])[kept]
    return region[kept], np.column_stack([apex[region[kept]], triangles])


def _places(partition: Partition, index: int, n_corners: int) -> list[list[int]]:
    """The simplices of one region by their places in the list of its corners."""
    d = partition.network.input_dim
    if d < 3:
        return [[0, *range(k, k + d)] for k in range(1, n_corners + 1 - d)]
    mesh = partition.polyhedral_mesh()
    faces = [mesh.corners_of(face).tolist() for face in mesh.faces_of(index).tolist()]
    place = {point: k for k, point in enumerate(mesh.points_of(index).tolist())}
    apex = faces[0][0]
    away = [ring for ring in faces if apex not in ring]
    return [[place[p] for p in (apex, ring[0], ring[k], ring[k + 1])] for ring in away for k in range(1, len(ring) - 1)]


def _require(partition: Partition, purpose: str) -> None:
    partition.require_complete(purpose)
    if partition.network.input_dim > 3:
        raise DimensionError(
            f"{purpose} is an integral, for which regions are cut into simplices in up to three dimensions; this "
            f"network has {partition.network.input_dim} inputs. Look at a slice: `lens.slice(p, q, r)`."
        )


def _value(row: list[Fraction], x: tuple[Fraction, ...]) -> Fraction:
    return sum((a * v for a, v in zip(row, x, strict=False)), row[-1])


def _volume(points: list[tuple[Fraction, ...]]) -> Fraction:
    """Of a simplex, by a determinant."""
    sides = [[fmpq(*(v - w).as_integer_ratio()) for v, w in zip(p, points[0], strict=True)] for p in points[1:]]
    return abs(fraction(fmpq_mat(sides).det())) / factorial(len(sides))

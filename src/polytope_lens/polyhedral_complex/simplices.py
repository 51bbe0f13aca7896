"""Regions in up to three dimensions cut into simplices, on which integrals of polynomials have closed formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._arrays.ragged import entries, fan, list_of, starts
from polytope_lens.arithmetic.rational import dot
from polytope_lens.errors import DimensionError
from polytope_lens.exact.rows import ExactRows
from polytope_lens.mesh.planar_mesh import PlanarMesh
from polytope_lens.polyhedral_complex.mesh_vertices import rational_corners, rounded_vertices
from polytope_lens.polyhedral_complex.requirements import require_complete, require_mesh, require_polyhedral_mesh

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens._types import Floats, Ints
    from polytope_lens.mesh.polyhedral_mesh import PolyhedralMesh
    from polytope_lens.partition.partition import Partition


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
    """The intervals of a line; the regions of a plane or of space cut into simplices from their first corners.

    Raises
    ------
    DimensionError, UnboundedPolytopeError, PartialPartitionError
    """
    _require(partition, purpose)
    if partition.network.input_dim == 1:
        points = np.array([rounded_vertices(partition, i) for i in range(len(partition))])
        region = np.arange(len(partition))
    else:
        mesh = require_mesh(partition)
        region, corners = simplices_of(mesh)
        points = mesh.points[corners]
    maps = partition.maps[region]
    values = np.einsum("nod,nvd->nvo", maps[:, :, :-1], points) + maps[:, None, :, -1]
    return Simplices(points, region, simplex_volumes(points), values)


def exact_simplices(partition: Partition, purpose: str) -> ExactSimplices:
    """The same in fractions; a millisecond for each region, more where numbers are long."""
    _require(partition, purpose)
    network = partition.network
    source = ExactRows(network)
    points, regions, values = [], [], []
    corners_of = rational_corners(partition)
    for index, bits in enumerate(partition.patterns()):
        rows, scale = source.scaled_rows(len(network.layers), bits)
        corners = corners_of(index)
        outputs = [[(dot(row[:-1], x) + row[-1]) / scale for row in rows] for x in corners]
        for chosen in simplex_places(partition, index, len(corners)):
            points.append([corners[i] for i in chosen])
            values.append([outputs[i] for i in chosen])
            regions.append(index)
    places = np.array(points, dtype=object)
    return ExactSimplices(places, np.array(regions), simplex_volumes(places), np.array(values, dtype=object))


def balanced_sum(terms: NDArray[np.object_]) -> NDArray[np.object_]:
    """Sum of fractions along the first axis: in pairs, pairs of pairs and so on: so denominators stay short."""
    while len(terms) > 1:
        even = len(terms) // 2 * 2
        terms = np.concatenate([terms[:even:2] + terms[1:even:2], terms[even:]])
    return np.asarray(terms[0])


def simplices_of(mesh: PlanarMesh | PolyhedralMesh) -> tuple[Ints, Ints]:
    """Regions cut into simplices, (n,) and their corners, (n, d + 1), as points of the mesh.

    Polygons fan out from their first corners; polyhedra, from the first corners of their first faces, over the
    triangles of the faces that do not hold it.
    """
    if isinstance(mesh, PlanarMesh):
        ring, first, second, third = fan(mesh.indptr)
        return ring, mesh.corners[np.column_stack([first, second, third])]
    indptr = starts(np.diff(mesh.corner_indptr)[mesh.faces])
    corners = mesh.corners[entries(mesh.corner_indptr, mesh.faces.astype(np.int64))].astype(np.int64)
    face, *at = fan(indptr)
    region = list_of(mesh.face_indptr)[face]
    apex = corners[indptr[mesh.face_indptr[:-1]]]
    apex_of_face = apex[list_of(mesh.face_indptr)]
    holds_apex = np.maximum.reduceat(corners == np.repeat(apex_of_face, np.diff(indptr)), indptr[:-1])
    kept = ~holds_apex[face]
    triangles = np.column_stack([corners[entry] for entry in at])[kept]
    return region[kept], np.column_stack([apex[region[kept]], triangles])


def simplex_places(partition: Partition, index: int, n_corners: int) -> list[list[int]]:
    """The simplices of one region by their places in the list of its corners."""
    d = partition.network.input_dim
    if d < 3:
        return [[0, *range(k, k + d)] for k in range(1, n_corners + 1 - d)]
    mesh = require_polyhedral_mesh(partition)
    faces = [mesh.corners_of(face).tolist() for face in mesh.faces_of(index).tolist()]
    place = {point: k for k, point in enumerate(mesh.points_of(index).tolist())}
    apex = faces[0][0]
    away = [ring for ring in faces if apex not in ring]
    return [[place[p] for p in (apex, ring[0], ring[k], ring[k + 1])] for ring in away for k in range(1, len(ring) - 1)]


def _require(partition: Partition, purpose: str) -> None:
    require_complete(partition, purpose)
    if partition.network.input_dim > 3:
        raise DimensionError(
            f"{purpose} is an integral, for which regions are cut into simplices in up to three dimensions; this "
            f"network has {partition.network.input_dim} inputs. Look at a slice: `lens.slice(p, q, r)`."
        )


def simplex_volumes(points: NDArray[Any]) -> NDArray[Any]:
    """Of simplices in up to three dimensions."""
    sides = points[:, 1:] - points[:, :1]
    if points.shape[2] == 1:
        return np.asarray(np.abs(sides[:, 0, 0]))
    a, b = sides[:, 0], sides[:, 1]
    if points.shape[2] == 2:
        return np.asarray(np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])) / 2
    c = sides[:, 2]
    across = (b[:, (1, 2, 0)] * c[:, (2, 0, 1)] - b[:, (2, 0, 1)] * c[:, (1, 2, 0)]) * a
    return np.asarray(np.abs(across[:, 0] + across[:, 1] + across[:, 2])) / 6

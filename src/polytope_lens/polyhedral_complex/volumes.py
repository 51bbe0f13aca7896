"""How large the regions of a partition are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.arithmetic.rational import nearest_float
from polytope_lens.flat_domain import asked_on_flat
from polytope_lens.mesh import planar_mesh, polyhedral_mesh
from polytope_lens.polyhedral_complex.mesh_vertices import rational_vertices
from polytope_lens.polyhedral_complex.requirements import require_planar_mesh, require_polyhedral_mesh
from polytope_lens.polyhedral_complex.volume_bounds import exact_volumes, mesh_bounds, volumes_one_by_one

if TYPE_CHECKING:
    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.mesh.planar_mesh import PlanarMesh
    from polytope_lens.mesh.polyhedral_mesh import PolyhedralMesh
    from polytope_lens.partition.partition import Partition


# Roundings of coordinates and of products, as a share of a side's length.
ROUNDINGS = 2.0**-48
# An exact volume takes as long as bounds on so many.
WORTH_BOUNDS = 256


@asked_on_flat
def volumes(partition: Partition) -> Floats:
    """Length of each region on the line, area in the plane, volume in space and beyond, (n_regions,); rounded.

    Parameters
    ----------
    partition : Partition

    Raises
    ------
    UnboundedPolytopeError, PartialPartitionError
    IntractableError
        A region of so many dimensions or corners that its volume would take minutes.

    Notes
    -----
    From rounded corners in bounded domains of the plane and of space, with one pass over the mesh; where these do not
    prove that it is positive, as in slivers thinner than the corners are known, it is computed exactly and rounded
    once, in milliseconds. Elsewhere each is; that takes a fraction of a millisecond for each region on the line, and
    milliseconds to seconds in four dimensions and more.
    """
    dim = partition.network.input_dim
    if dim == 1:
        ends = (rational_vertices(partition, i) for i in range(len(partition)))
        return np.array([nearest_float(upper - lower) for (lower,), (upper,) in ends])
    if dim > 3:
        return volumes_one_by_one(partition)
    if dim == 3:
        solid = require_polyhedral_mesh(partition)
        # Each face of n corners is cut into fewer triangles.
        n_corners = np.add.reduceat(np.diff(solid.corner_indptr)[solid.faces], solid.face_indptr[:-1])
        return _made_sure(partition, solid, polyhedral_mesh.volumes(solid), n_corners, *polyhedral_mesh.spreads(solid))
    mesh = require_planar_mesh(partition)
    length, error = _sizes(mesh)
    return _made_sure(partition, mesh, planar_mesh.areas(mesh), np.diff(mesh.indptr), length, error)


def areas_in_doubt(mesh: PlanarMesh) -> tuple[Floats, Bools]:
    """Area of each polygon, and which ones floats do not prove to be positive; each by itself."""
    length, error = _sizes(mesh)
    found = planar_mesh.areas(mesh)
    return found, _doubtful(found, np.diff(mesh.indptr), length, error, 2)


def _sizes(mesh: PlanarMesh) -> tuple[Floats, Floats]:
    """Bounds on how far corners of a region are apart, and on their errors."""
    points, first = mesh.points[mesh.corners], mesh.indptr[:-1]
    with np.errstate(over="ignore", invalid="ignore"):
        length = (np.maximum.reduceat(points, first) - np.minimum.reduceat(points, first)).sum(axis=1)
    return length, np.maximum.reduceat(mesh.error[mesh.corners], first)


def _made_sure(
    partition: Partition, mesh: PlanarMesh | PolyhedralMesh, found: Floats, sizes: Ints, length: Floats, error: Floats
) -> Floats:
    """The same volumes, those of which floats do not prove that they are positive computed exactly.

    Where many are in doubt, the bounds of `mesh_bounds` are asked first.
    """
    doubtful = _doubtful(found, sizes, length, error, mesh.points.shape[1])
    if WORTH_BOUNDS * doubtful.sum() > len(found):
        doubtful &= ~(mesh_bounds(mesh)[0] > 0)
    if doubtful.any():
        exact = exact_volumes(partition)
        for region in np.flatnonzero(doubtful).tolist():
            found[region] = nearest_float(exact(region))
    return found


def _doubtful(found: Floats, sizes: Ints, length: Floats, error: Floats, dim: int) -> Bools:
    """Which volumes may not be positive.

    With errors of at most e, corners at most L apart, and at most n simplices, volumes in space err by n e (L + 2 e)^2
    at most, and areas by 2 n e (L + 2 e); roundings are some more errors of 2^-48 L each.
    """
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        error = error + ROUNDINGS * length
        doubtful: Bools = ~(found > sizes * 2 * error * (length + 2 * error) ** (dim - 1))
    return doubtful

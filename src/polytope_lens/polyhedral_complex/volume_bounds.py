"""Volumes of regions for comparing them: floats with proved bounds, and fractions where those are not enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.arithmetic.signs import UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.flat_domain import asked_on_flat
from polytope_lens.mesh.planar_mesh import PlanarMesh
from polytope_lens.polyhedral_complex.mesh_vertices import rational_corners, rounded_vertices
from polytope_lens.polyhedral_complex.requirements import require_complete, require_mesh
from polytope_lens.polyhedral_complex.simplices import simplex_places, simplex_volumes, simplices_of
from polytope_lens.polytope.metric.volume import volume

if TYPE_CHECKING:
    from collections.abc import Callable

    from flint import fmpq

    from polytope_lens._types import Floats
    from polytope_lens.mesh.polyhedral_mesh import PolyhedralMesh
    from polytope_lens.partition.partition import Partition


# Bounds are themselves rounded sums of a few positive terms.
ROUNDED_UP = 1 + 2.0**-20


@asked_on_flat
def volume_bounds(partition: Partition) -> tuple[Floats, Floats]:
    """Two numbers for each region of a bounded domain between which its exact volume lies, (n_regions,) each.

    Raises
    ------
    UnboundedPolytopeError, PartialPartitionError
    IntractableError
        See `volumes.volumes`.

    Notes
    -----
    Proved. In the plane and in space from the mesh, whose points carry bounds on their errors; where those are
    infinite, the upper bound is, too. Elsewhere one or two units in the last place around the rounded numbers. A region
    is cut into simplices whose sides are u_1 ... u_d, with errors of at most e_1 ... e_d: as a determinant is linear
    in each of them, and at most the product of their lengths (Hadamard), it errs by at most the sum over k of
    |u_1| ... |u_(k-1)| e_k (|u_(k+1)| + e_(k+1)) ... (|u_d| + e_d), and by the rounding of d! products. Cost: one pass.
    """
    dim = partition.network.input_dim
    if dim == 1:
        ends = np.array([rounded_vertices(partition, i)[:, 0] for i in range(len(partition))])
        inner, outer = (np.nextafter(ends, [[-s, s]]) for s in (-np.inf, np.inf))
        return around(inner[:, 1] - inner[:, 0], outer[:, 1] - outer[:, 0])
    if dim > 3:
        found = volumes_one_by_one(partition)
        return around(found, found)
    return mesh_bounds(require_mesh(partition))


def mesh_bounds(mesh: PlanarMesh | PolyhedralMesh) -> tuple[Floats, Floats]:
    """The same of the regions of a mesh."""
    dim, n = mesh.points.shape[1], (len(mesh.indptr) if isinstance(mesh, PlanarMesh) else len(mesh.face_indptr)) - 1
    region, corners = simplices_of(mesh)
    points, error = mesh.points[corners], mesh.error[corners]
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        length = np.linalg.norm(points[:, 1:] - points[:, :1], axis=2)
        moved = error[:, 1:] + error[:, :1]
        longer = length + moved
        bound = 32 * UNIT_ROUNDOFF * longer.prod(axis=1)
        for k in range(dim):
            bound += length[:, :k].prod(axis=1) * moved[:, k] * longer[:, k + 1 :].prod(axis=1)
        total = np.bincount(region, weights=simplex_volumes(points), minlength=n)
        terms = np.bincount(region, minlength=n) + 2
        gap = np.bincount(region, weights=bound, minlength=n) + terms * UNIT_ROUNDOFF * total
        gap = gap * ROUNDED_UP + UNDERFLOW_GUARD
        lower, upper = total - gap, total + gap
    return np.fmax(lower, 0.0), np.where(np.isnan(upper), np.inf, upper)


def volumes_one_by_one(partition: Partition) -> Floats:
    """Volumes of regions in more than three dimensions, each rounded once.

    Raises
    ------
    UnboundedPolytopeError, PartialPartitionError, IntractableError
    """
    require_complete(partition, "`volumes`")
    return np.array([region.volume() for region in partition])


@asked_on_flat
def exact_volumes(partition: Partition) -> Callable[[int], fmpq]:
    """A function that gives the volume of any region of a bounded domain as a fraction.

    Milliseconds for each, more where numbers are long.

    Raises
    ------
    UnboundedPolytopeError, PartialPartitionError
    """
    if partition.network.input_dim > 3:
        return lambda index: volume(partition[index].polytope, insist=True)
    corners_of = rational_corners(partition)

    def of(index: int) -> fmpq:
        corners = corners_of(index)
        parts = [[corners[k] for k in chosen] for chosen in simplex_places(partition, index, len(corners))]
        total: fmpq = simplex_volumes(np.array(parts, dtype=object)).sum()
        return total

    return of


def around(lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
    """Numbers that were rounded to the nearest, moved outwards by as much."""
    return np.maximum(np.nextafter(lower, -np.inf), 0.0), np.nextafter(upper, np.inf)

"""The largest balls inside the regions of a partition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays.batches import batches
from polytope_lens._arrays.ragged import following, list_of, places
from polytope_lens.arithmetic.rational import nearest_float, rationals
from polytope_lens.arithmetic.signs import UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.cells.chebyshev_balls import Balls, ball_by_itself, ball_from_exact_rows, balls_from_rows
from polytope_lens.flat_domain import asked_on_flat
from polytope_lens.mesh.planar_mesh import PlanarMesh
from polytope_lens.polyhedral_complex.mesh_vertices import rational_corners
from polytope_lens.polytope.batch import inscribed_balls as kernel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flint import fmpq

    from polytope_lens._types import Floats, Ints
    from polytope_lens.partition.partition import Partition


# The share of a radius that bounds on the errors of corners may take; and what pays for the rounding of these bounds.
LOSS, SLACK = 2.0**-26, 1 + 2.0**-40
# Regions whose corners are looked at together.
REGIONS_AT_ONCE = 2**10


@asked_on_flat
def chebyshev_balls(partition: Partition) -> Balls:
    """The largest ball inside each region, in any dimension, of bounded regions and others.

    Parameters
    ----------
    partition : Partition

    Notes
    -----
    Exactness: balls are proved to lie inside, with the exact rows, from floats that carry bounds on their error (those
    of the corners in bounded domains of the plane, or those of the rows of all neurons); where these bounds are too
    wide (deep networks, slivers) with exact corners or rows, rounded once; and at last in rational arithmetic. That no
    ball is larger is not proved here: a linear program in floats says so. Where the numbers in a row differ by factors
    of more than 10^6, and floats may miss the largest ball, the region is asked by itself;
    ``partition[i].chebyshev_ball()`` always proves a bound.
    Cost: some microseconds for each region of few inputs, and where there is no mesh, the rows of all neurons; some
    milliseconds for each that is asked by itself.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
    >>> found = lens.partition(Box([-1, -1], [1, 3])).chebyshev_balls()
    >>> found.radii.round(12)
    array([0.5, 0.5, 0.5, 0.5])
    """
    n, d = len(partition), partition.network.input_dim
    in_plane = isinstance(partition.mesh, PlanarMesh)
    if isinstance(partition.mesh, PlanarMesh):
        centers, radii = _from_edges(partition.mesh, partition.witnesses)
    else:
        centers, radii = np.empty((n, d)), np.zeros(n)
    rest = np.flatnonzero(radii == 0)
    centers[rest], radii[rest], doubtful, lost = balls_from_rows(partition, rest)
    by_itself = rest[doubtful]
    if in_plane:
        # Corners as fractions are better than such rows, and take longer than others.
        rest = rest[doubtful | ~(lost <= LOSS * radii[rest])]
        centers[rest], radii[rest] = _from_exact_corners(partition, rest)
        by_itself = by_itself[radii[by_itself] == 0]
    for i in np.flatnonzero(radii == 0).tolist():
        centers[i], radii[i] = ball_from_exact_rows(partition, i)
    for i in by_itself.tolist():
        centers[i], radii[i] = ball_by_itself(partition[i])
    return Balls(centers, radii)


def _from_edges(mesh: PlanarMesh, points: Floats) -> tuple[Floats, Floats]:
    """Centers and radii in polygons whose corners tell their edges well enough; a radius of 0 elsewhere.

    Seen from the witness, the edge from p to q is the row ``[q_1 - p_1, p_0 - q_0]`` and the constant that makes it 0
    at p. Its errors are those of the corners, which are known, and a few roundings.
    """
    sizes, region, after = np.diff(mesh.indptr), list_of(mesh.indptr), following(mesh.indptr)
    place = places(sizes)
    p = mesh.points[mesh.corners] - points[region]
    doubt = mesh.error[mesh.corners] + 2 * UNIT_ROUNDOFF * np.abs(p).sum(axis=1)
    way = p[after] - p
    normal = np.column_stack([way[:, 1], -way[:, 0]])
    size = np.abs(p).sum(axis=1)
    with np.errstate(invalid="ignore"):
        spread = (doubt + doubt[after] + 2 * UNIT_ROUNDOFF * np.abs(way).sum(axis=1)) * SLACK
        constant = normal[:, 0] * p[:, 0] + normal[:, 1] * p[:, 1]
        of_place = np.abs(normal).max(axis=1) * (2 * doubt + 4 * UNIT_ROUNDOFF * size)
        away = (spread * (size + 2 * doubt) + of_place) * SLACK
    shape = (len(sizes), int(sizes.max(initial=0)), 3)
    rows, error = np.zeros(shape), np.zeros(shape)
    rows[region, place] = np.column_stack([normal, -constant])
    error[region, place] = np.column_stack([spread, spread, away]) + UNDERFLOW_GUARD
    moved, radii = kernel.chebyshev_balls(rows, error, np.zeros(points.shape))
    centers, rounding = _moved(points, moved)
    # What may have been lost: edges that are turned by their errors, times how far they reach.
    with np.errstate(all="ignore"):
        turned = spread / np.abs(way).sum(axis=1)
        lost = np.zeros(len(sizes))
        np.maximum.at(lost, region, np.where(np.isfinite(turned), turned, np.inf))
        reach = np.zeros(len(sizes))
        np.maximum.at(reach, region, size)
        well_known = lost * reach + rounding <= LOSS * radii
    return centers, np.where(well_known, _less(radii, rounding), 0.0)


def _moved(points: Floats, moved: Floats) -> tuple[Floats, Floats]:
    """Points that are not where they began, rounded, and bounds on that rounding."""
    centers = points + moved
    return centers, 2 * UNIT_ROUNDOFF * np.abs(centers).sum(axis=1)


def _less(radii: Floats, rounding: Floats) -> Floats:
    """Radii that are as much smaller as centers may be off; one float less pays for the rounding of the difference."""
    return np.where(rounding > 0, np.nextafter(radii - 2 * rounding, 0.0), radii)


def _from_exact_corners(partition: Partition, wanted: Ints) -> tuple[Floats, Floats]:
    """The same in some regions of the plane, from corners as fractions: edges seen from the witness, rounded once."""
    corners_of = rational_corners(partition)
    centers, radii = partition.witnesses[wanted], np.zeros(len(wanted))
    for some in batches(len(wanted), 1, REGIONS_AT_ONCE):
        found = [_edges(corners_of(i), rationals(partition.witnesses[i])) for i in wanted[some].tolist()]
        rows = np.zeros((len(found), max(map(len, found)), 3))
        for one, edges in zip(rows, found, strict=True):
            one[: len(edges)] = edges
        error = np.where(rows.any(axis=2, keepdims=True), UNIT_ROUNDOFF * np.abs(rows) + UNDERFLOW_GUARD, 0.0)
        moved, near = kernel.chebyshev_balls(rows, error, np.zeros((len(rows), 2)))
        centers[some], rounding = _moved(centers[some], moved)
        radii[some] = np.where(rounding <= LOSS * near, _less(near, rounding), 0.0)
    return centers, radii


def _edges(corners: Sequence[tuple[fmpq, ...]], x: Sequence[fmpq]) -> list[list[float]]:
    """Rows ``[a, c]`` with ``a . y + c <= 0`` where x + y is in a polygon, the largest number 1; each rounded once."""
    seen = [[v - w for v, w in zip(corner, x, strict=True)] for corner in corners]
    rows = []
    for p, q in zip(seen, [*seen[1:], seen[0]], strict=True):
        row = [q[1] - p[1], p[0] - q[0], p[1] * q[0] - p[0] * q[1]]
        size = max(map(abs, row))
        rows.append([nearest_float(v / size) for v in row])
    return rows

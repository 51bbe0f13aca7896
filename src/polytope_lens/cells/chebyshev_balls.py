"""The largest balls inside the regions of a partition."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, overload

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._arrays.batches import batches
from polytope_lens._arrays.ragged import following, list_of, places
from polytope_lens._places import POINTS
from polytope_lens.arithmetic.signs import UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.cells.inequalities import exact_system
from polytope_lens.cells.region_facets import domain_sides, region_rows
from polytope_lens.flat_domain import asked_on_flat
from polytope_lens.mesh.planar_mesh import PlanarMesh
from polytope_lens.network.pattern import unpack
from polytope_lens.polytope.batch import inscribed_balls as kernel
from polytope_lens.polytope.halfspaces import rounded
from polytope_lens.polytope.metric.ball import Ball, BallStatus, chebyshev_ball

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.partition.partition import Partition
    from polytope_lens.region import Region


# Numbers in each array of one batch: they stay in the processor's cache, and matrix products in one thread, since
# starting others takes longer.
IN_CACHE = 2**14
# The share of a radius that bounds on the errors of corners may take; and what pays for the rounding of these bounds.
LOSS, SLACK = 2.0**-26, 1 + 2.0**-40
# Where the numbers of a row differ by more than this factor, programs in floats may miss the largest ball.
SPREAD = 1e6


@dataclass(frozen=True, slots=True, eq=False)
class Balls:
    """A ball in each region of a partition.

    Parameters
    ----------
    centers : (n_regions, d) array
        Floats, taken exactly as they are.
    radii : (n_regions,) array
        Rounded down: each closed ball is proved to lie in its region. Infinite where balls of any size are proved to;
        0 where there is no room around the floats nearest to the middle.
    """

    centers: Floats = field(metadata=POINTS)
    radii: Floats

    def __len__(self) -> int:
        return len(self.radii)

    @overload
    def __getitem__(self, index: int) -> Ball: ...
    @overload
    def __getitem__(self, index: slice | Ints | Bools) -> Balls: ...
    def __getitem__(self, index: int | slice | Ints | Bools) -> Ball | Balls:
        """The ball of a region, with an infinite `bound`, since nothing is proved of larger ones; of several, Balls."""
        chosen = validate.picked(index, len(self), told=f"there are balls of {len(self)} regions", part="region")
        if not isinstance(chosen, int):
            return Balls(self.centers[chosen], self.radii[chosen])
        radius = float(self.radii[chosen])
        status = BallStatus.LARGEST if 0 < radius < np.inf else BallStatus.UNBOUNDED if radius else BallStatus.TOO_THIN
        return Ball(self.centers[chosen].copy(), radius, np.inf, status)

    def __iter__(self) -> Iterator[Ball]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        least, most = (self.radii.min(), self.radii.max()) if len(self) else (np.nan, np.nan)
        return f"Balls({len(self)} balls, radii from {least:.3g} to {most:.3g})"


@asked_on_flat
def chebyshev_balls(partition: Partition) -> Balls:
    """The largest ball inside each region, in any dimension, of bounded regions and others.

    Parameters
    ----------
    partition : Partition

    Notes
    -----
    Exactness: balls are proved to lie inside, with the exact rows, from floats that carry bounds on their error (those
    of the corners in bounded domains of the plane, else those of the rows of all neurons); where these bounds are too
    wide (deep networks, slivers) with exact rows, rounded once; and at last in rational arithmetic. That no ball is
    larger is not proved here: a linear program in floats says so. Where the numbers in a row differ by factors of more
    than 10^6, and floats may miss the largest ball, the region is asked by itself; ``partition[i].chebyshev_ball()``
    always proves a bound.
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
    if isinstance(partition.mesh, PlanarMesh):
        centers, radii = _from_edges(partition.mesh, partition.witnesses)
    else:
        centers, radii = np.empty((n, d)), np.zeros(n)
    rest = np.flatnonzero(radii == 0)
    centers[rest], radii[rest], doubtful = _from_rows(partition, rest)
    for i in np.flatnonzero(radii == 0).tolist():
        centers[i], radii[i] = _from_exact_rows(partition, i)
    for i in rest[doubtful].tolist():
        centers[i], radii[i] = _by_itself(partition[i])
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
    centers = points + moved
    rounding = 2 * UNIT_ROUNDOFF * np.abs(centers).sum(axis=1)
    # What may have been lost: edges that are turned by their errors, times how far they reach.
    with np.errstate(all="ignore"):
        turned = spread / np.abs(way).sum(axis=1)
        lost = np.zeros(len(sizes))
        np.maximum.at(lost, region, np.where(np.isfinite(turned), turned, np.inf))
        reach = np.zeros(len(sizes))
        np.maximum.at(reach, region, size)
        well_known = lost * reach + rounding <= LOSS * radii
    # One float less pays for the rounding of the difference.
    radii = np.where(rounding > 0, np.nextafter(radii - 2 * rounding, 0.0), radii)
    return centers, np.where(well_known, radii, 0.0)


def _from_rows(partition: Partition, wanted: Ints) -> tuple[Floats, Floats, Bools]:
    """Centers and radii in some regions, from the rows of all neurons; and which have rows that floats may misjudge."""
    network = partition.network
    around = domain_sides(partition.domain, network.input_dim)
    centers, radii = np.empty((len(wanted), network.input_dim)), np.empty(len(wanted))
    doubtful = np.empty(len(wanted), dtype=bool)
    numbers = (network.n_neurons + len(around.exact) + 1) * (network.input_dim + 1)
    for some in batches(len(wanted), numbers, IN_CACHE):
        bits = unpack(partition.packed_patterns[wanted[some]], network.n_neurons)
        rows, error = region_rows(network, around, bits)
        centers[some], radii[some] = kernel.chebyshev_balls(rows, error, partition.witnesses[wanted[some]])
        size = np.abs(rows[:, :, :-1])
        least = np.where(size > error[:, :, :-1], size, np.inf).min(axis=2)
        doubtful[some] = (size.max(axis=2) > SPREAD * least).any(axis=1)
    return centers, radii, doubtful


def _from_exact_rows(partition: Partition, index: int) -> tuple[Floats, float]:
    region = partition[index]
    system = exact_system(region)
    A, b = rounded(system)
    rows = np.column_stack([A, -b])
    # Floats of 0 may have underflowed.
    given = np.array([[v != 0 for v in row] for row in system.rows], dtype=bool).reshape(rows.shape)
    error = UNIT_ROUNDOFF * np.abs(rows) + np.where(given, UNDERFLOW_GUARD, 0.0)
    centers, radii = kernel.chebyshev_balls(rows[None], error[None], region.point[None])
    if radii[0] > 0:
        return centers[0], float(radii[0])
    return _by_itself(region)


def _by_itself(region: Region) -> tuple[Floats, float]:
    ball = chebyshev_ball(region.polytope)
    return ball.center, ball.radius

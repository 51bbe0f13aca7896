"""The corners of a planar partition, each stored once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._jit import jit
from polytope_lens.errors import ConsistencyError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class PlanarMesh:
    """Corners of the regions of a bounded planar domain.

    Parameters
    ----------
    points : (n_points, 2) array
        Rounded.
    error : (n_points,) array
        A proved bound on the distance of each point from the exact corner; infinite where floats prove nothing. The
        exact corners themselves are :meth:`.Partition.vertices` with ``exact=True``.
    indptr : (n_regions + 1,) int array
        Region i owns entries ``indptr[i]:indptr[i + 1]`` of the two arrays below.
    corners : int array
        Indices into `points`, counter-clockwise.
    owners : int array
        Owner of the edge that starts at each corner: the bit of a neuron, or ``-1 - row`` for a side of the domain.
    crowded : bool array
        Whether other neurons than the owner vanish on that edge, but not on the whole region.
    """

    points: Floats
    error: Floats
    indptr: Ints
    corners: Ints
    owners: Ints
    crowded: Bools

    def __post_init__(self) -> None:
        for name in self.__slots__:
            getattr(self, name).flags.writeable = False

    def entries(self, region: int) -> slice:
        """Where a region's entries are in `corners` and `owners`."""
        return slice(int(self.indptr[region]), int(self.indptr[region + 1]))

    def __repr__(self) -> str:
        return f"PlanarMesh({len(self.indptr) - 1} polygons, {len(self.points)} points)"


def from_keyed_corners(
    xy: Floats, error: Floats, keys: NDArray[np.uint64], indptr: Ints, owners: Ints, crowded: Bools
) -> PlanarMesh:
    """Join corners that are the same point of the complex.

    Parameters
    ----------
    xy : (n_corners, 2) array, corners of all regions one after the other
    error : (n_corners,) array, bound on the distance from the exact corner
    keys : (n_corners,) array, equal for equal points: a hash of the signs of all neurons and sides there

    Notes
    -----
    A point of the complex is known by the signs of all neurons at it, which is how regions that meet there agree on
    it without comparing coordinates. Points are numbered in the order in which the regions mention them, and each takes
    the coordinates with the least error bound. Two floats for one point must then agree within their bounds; if not,
    :class:`ConsistencyError` is raised (this would take a hash collision, or a wrong sign). Cost: two passes with a
    hash table.
    """
    n = len(keys)
    table = np.full(1 << max(4, (2 * n).bit_length()), -1, dtype=np.int64)
    first, best, corners = (np.empty(n, dtype=np.int64) for _ in range(3))
    n_points = _join(keys, error, table, first, best, corners)
    best = best[:n_points]
    points, bounds = xy[best], error[best]
    if not _agree(xy, error, points, bounds, corners):
        raise ConsistencyError(
            "two regions disagree about a corner that they share by more than the error bounds allow. This is a defect "
            "of polytope_lens: please report the network and the domain."
        )
    return PlanarMesh(points, bounds, indptr, corners, owners, crowded)


@jit
def _join(
    keys: NDArray[np.uint64], error: Floats, table: Ints, first: Ints, best: Ints, corners: Ints
) -> int:  # pragma: no cover - compiled
    """Number equal keys, first come first served; `best` is the entry with the least error (the first of several)."""
    mask = np.uint64(table.shape[0] - 1)
    n_points = 0
    for i in range(keys.shape[0]):
        slot = keys[i] & mask
        while True:
            point = table[slot]
            if point < 0:
                table[slot] = n_points
                first[n_points] = i
                best[n_points] = i
                corners[i] = n_points
                n_points += 1
                break
            if keys[first[point]] == keys[i]:
                corners[i] = point
                if error[i] < error[best[point]]:
                    best[point] = i
                break
            slot = (slot + np.uint64(1)) & mask
    return n_points


@jit
def _agree(xy: Floats, error: Floats, points: Floats, bounds: Floats, corners: Ints) -> bool:  # pragma: no cover
    """Whether each corner is within the two error bounds, and a thousandth for rounding, of its point."""
    for i in range(corners.shape[0]):
        p = corners[i]
        gap = np.hypot(xy[i, 0] - points[p, 0], xy[i, 1] - points[p, 1])
        if gap > (error[i] + bounds[p]) * 1.001:
            return False
    return True


def polygons(mesh: PlanarMesh) -> NDArray[np.object_]:
    """The regions as shapely polygons, (n_regions,), a valid coverage: neighbours share corners to the last bit."""
    import shapely

    sizes = np.diff(mesh.indptr)
    closing = mesh.corners[mesh.indptr[:-1]]
    rings = np.insert(mesh.corners, mesh.indptr[1:], closing)
    starts = np.concatenate([[0], np.cumsum(sizes + 1)])
    made: NDArray[np.object_] = shapely.from_ragged_array(
        shapely.GeometryType.POLYGON, mesh.points[rings], (starts, np.arange(len(sizes) + 1))
    )
    return made


def areas(mesh: PlanarMesh) -> Floats:
    """Area of each region, (n_regions,), from the rounded corners by the shoelace formula about the first corner."""
    n = len(mesh.indptr) - 1
    region = np.repeat(np.arange(n), np.diff(mesh.indptr))
    origin = mesh.points[mesh.corners[mesh.indptr[:-1]]][region]
    here = mesh.points[mesh.corners] - origin
    there = mesh.points[mesh.corners[following(mesh.indptr)]] - origin
    twice = here[:, 0] * there[:, 1] - here[:, 1] * there[:, 0]
    return np.asarray(np.bincount(region, weights=twice, minlength=n) / 2)


def following(indptr: Ints) -> Ints:
    """For each entry of a ragged array of cycles, the index of the next entry of its cycle."""
    index = np.arange(1, indptr[-1] + 1)
    index[indptr[1:] - 1] = indptr[:-1]
    return index

"""The corners of a planar partition, each stored once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays.growing import GrowingArray
from polytope_lens._arrays.key_table import PointTable
from polytope_lens._arrays.ragged import following, list_of, starts
from polytope_lens.errors import DomainError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class PlanarMesh:
    """Corners of the regions of a bounded planar domain.

    Parameters
    ----------
    points : (n_points, 2) array
        Rounded.
    error : (n_points,) array
        A proved bound on the distance of each point from the exact corner, at most about 2^-16 of the mesh. The
        exact corners themselves are `Partition.vertices` with ``exact=True``.
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

    def incidences(self) -> tuple[Ints, Ints]:
        """Pairs of a region and a point that is a corner of it."""
        return list_of(self.indptr), self.corners

    def edge_lengths(self) -> Floats:
        """Length of the edge that starts at each entry of `corners`; rounded."""
        ends = self.points[self.corners], self.points[self.corners[following(self.indptr)]]
        return np.asarray(np.hypot(*(ends[1] - ends[0]).T))

    def __repr__(self) -> str:
        return f"PlanarMesh({len(self.indptr) - 1} polygons, {len(self.points)} points)"


@dataclass(frozen=True, slots=True, eq=False)
class Corners:
    """Corners of a batch of polygons.

    Parameters
    ----------
    point : (n_points, 3) array
        x, y, and a bound on the distance from the exact corner; each point of the batch once.
    key : (n_points,) array
        A hash of the signs of all neurons and sides there, by which other batches know the point.
    corner : (n,) array
        Indices into `point`.
    owner, crowded : (n,) arrays
        Of the edges that start there: whose they are, and whether not only the owner's; see `PlanarMesh`.
    indptr : (n_regions + 1,) int array
        Where each polygon starts.
    """

    point: Floats
    key: NDArray[np.uint64]
    corner: Ints
    owner: Ints
    crowded: Bools
    indptr: Ints


class MeshBuilder:
    """Joins corners that are the same point of the complex, batch by batch; see `PointTable`.

    Points are numbered in the order in which the regions mention them. Cost: one pass with a hash table. Memory: that
    of the mesh, and of the table.
    """

    def __init__(self) -> None:
        self._table = PointTable(2)
        self._sizes: GrowingArray[np.int64] = GrowingArray()
        self._corners: GrowingArray[np.int64] = GrowingArray()
        self._owners: GrowingArray[np.int64] = GrowingArray()
        self._crowded: GrowingArray[np.bool_] = GrowingArray()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was added."""
        return not len(self._sizes)

    def add(self, new: Corners) -> None:
        """Add the polygons of a batch."""
        self._sizes.append(np.diff(new.indptr))
        self._corners.append(self._table.number(new.key, new.point)[new.corner])
        self._owners.append(new.owner)
        self._crowded.append(new.crowded)

    def mesh(self) -> PlanarMesh:
        """All that was added."""
        points = self._table.points()
        return PlanarMesh(
            points[:, :2].copy(),
            points[:, 2].copy(),
            starts(self._sizes.array()),
            self._corners.array(),
            self._owners.array(),
            self._crowded.array(),
        )


def polygons(mesh: PlanarMesh) -> NDArray[np.object_]:
    """The regions as shapely polygons, (n_regions,), a valid coverage: neighbours share corners to the last bit."""
    import shapely

    if not np.isfinite(mesh.points).all():
        raise DomainError("some corners of the regions are beyond the largest float. Choose a smaller domain.")
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
    region = list_of(mesh.indptr)
    origin = mesh.points[mesh.corners[mesh.indptr[:-1]]][region]
    here = mesh.points[mesh.corners] - origin
    there = mesh.points[mesh.corners[following(mesh.indptr)]] - origin
    twice = here[:, 0] * there[:, 1] - here[:, 1] * there[:, 0]
    return np.asarray(np.bincount(region, weights=twice, minlength=n) / 2)

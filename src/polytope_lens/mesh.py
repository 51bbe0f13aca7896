"""The corners of a planar partition, each stored once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._growing import GrowingArray
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
    corner : (n, 3) array
        x, y, and a bound on the distance from the exact corner.
    key : (n,) array
        Equal for equal points: a hash of the signs of all neurons and sides there.
    owner, crowded : (n,) arrays
        Of the edges that start there: whose they are, and whether not only the owner's; see :class:`PlanarMesh`.
    indptr : (n_regions + 1,) int array
        Where each polygon starts.
    """

    corner: Floats
    key: NDArray[np.uint64]
    owner: Ints
    crowded: Bools
    indptr: Ints


class MeshBuilder:
    """Joins corners that are the same point of the complex, batch by batch.

    A point of the complex is known by the signs of all neurons at it, which is how regions that meet there agree on
    it without comparing coordinates. Points are numbered in the order in which the regions mention them, and each takes
    the coordinates with the least error bound. Two floats for one point must agree within their bounds; if not,
    :class:`ConsistencyError` is raised (this would take a hash collision, or a wrong sign). Cost: one pass with a hash
    table. Memory: that of the mesh, and of the table.
    """

    def __init__(self) -> None:
        self._n_points = 0
        self._table = np.full(64, -1, dtype=np.int32)
        self._keys = np.empty(16, dtype=np.uint64)
        self._points = np.empty((16, 3))
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
        most = self._n_points + len(new.key)
        if 2 * most > len(self._table):
            self._table = np.full(1 << (2 * most).bit_length(), -1, dtype=np.int32)
            _rehash(self._keys[: self._n_points], self._table)
        if most > len(self._keys):
            self._keys.resize(most + most // 4, refcheck=False)
            self._points.resize((most + most // 4, 3), refcheck=False)
        corners = np.empty(len(new.key), dtype=np.int64)
        self._n_points = _join(new.key, new.corner, self._n_points, self._table, self._keys, self._points, corners)
        if self._n_points < 0:
            raise ConsistencyError(
                "two regions disagree about a corner that they share by more than the error bounds allow. This is a "
                "defect of polytope_lens: please report the network and the domain."
            )
        self._sizes.append(np.diff(new.indptr))
        self._corners.append(corners)
        self._owners.append(new.owner)
        self._crowded.append(new.crowded)

    def mesh(self) -> PlanarMesh:
        """All that was added."""
        indptr = np.concatenate([np.zeros(1, dtype=np.int64), self._sizes.array()])
        np.cumsum(indptr, out=indptr)
        points = self._points[: self._n_points]
        return PlanarMesh(
            points[:, :2].copy(),
            points[:, 2].copy(),
            indptr,
            self._corners.array(),
            self._owners.array(),
            self._crowded.array(),
        )


@jit
def _rehash(keys: NDArray[np.uint64], table: NDArray[np.int32]) -> None:  # pragma: no cover - compiled
    mask = np.uint64(table.shape[0] - 1)
    for i in range(keys.shape[0]):
        slot = keys[i] & mask
        while table[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        table[slot] = i


@jit
def _join(
    keys: NDArray[np.uint64],
    corner: Floats,
    n_points: int,
    table: NDArray[np.int32],
    point_keys: NDArray[np.uint64],
    points: Floats,
    corners: Ints,
) -> int:  # pragma: no cover - compiled
    """Number equal keys, first come first served; returns how many there are, or -1 if floats for one disagree."""
    mask = np.uint64(table.shape[0] - 1)
    for i in range(keys.shape[0]):
        slot = keys[i] & mask
        while True:
            p = table[slot]
            if p < 0:
                p = n_points
                n_points += 1
                table[slot] = p
                point_keys[p] = keys[i]
                for k in range(3):
                    points[p, k] = corner[i, k]
                break
            if point_keys[p] == keys[i]:
                # The two bounds, and a thousandth for rounding
                gap = np.hypot(corner[i, 0] - points[p, 0], corner[i, 1] - points[p, 1])
                if gap > (corner[i, 2] + points[p, 2]) * 1.001:
                    return -1
                if corner[i, 2] < points[p, 2]:
                    for k in range(3):
                        points[p, k] = corner[i, k]
                break
            slot = (slot + np.uint64(1)) & mask
        corners[i] = p
    return n_points


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

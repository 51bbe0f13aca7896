"""The vertices and faces of a partition in space, each stored once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens._arrays.growing import GrowingArray
from polytope_lens._arrays.key_table import KeyTable, PointTable, joined
from polytope_lens._arrays.ragged import entries, following, list_of, starts
from polytope_lens._compiled.jit import jit
from polytope_lens.errors import REPORT, ConsistencyError

if TYPE_CHECKING:
    from polytope_lens._types import Bools, Floats, Indices, Ints, Words


# No region: what is beyond the domain.
NONE = -1


@dataclass(frozen=True, slots=True, eq=False)
class PolyhedralMesh:
    """Vertices and faces of the regions of a bounded domain in space.

    Regions that meet in a face share it, with all its corners: no vertex lies inside an edge or a face.

    Parameters
    ----------
    points : (n_points, 3) array
        Rounded.
    error : (n_points,) array
        A proved bound on the distance of each point from the exact vertex, at most about 2^-16 of the mesh. The
        exact vertices themselves are `Partition.vertices` with ``exact=True``.
    regions : (n_faces, 2) int array
        The regions on the two sides of each face, the smaller index first; -1 outside the domain.
    owners : (n_faces,) int array
        Whose a face is: the bit of a neuron, or ``-1 - row`` for a side of the domain.
    crowded : (n_faces,) bool array
        Whether other neurons than the owner vanish on that face, but not on the whole of a region beside it.
    corner_indptr : (n_faces + 1,) int array
        Face j has the corners ``corner_indptr[j]:corner_indptr[j + 1]``.
    corners : int array
        Indices into `points`, counter-clockwise as seen from outside of the first region.
    face_indptr : (n_regions + 1,) int array
        Region i has the faces ``face_indptr[i]:face_indptr[i + 1]``.
    faces : int array
        Indices of faces.
    """

    points: Floats
    error: Floats
    regions: Indices
    owners: Indices
    crowded: Bools
    corner_indptr: Ints
    corners: Indices
    face_indptr: Ints
    faces: Indices

    def __post_init__(self) -> None:
        for name in self.__slots__:
            getattr(self, name).flags.writeable = False

    def faces_of(self, region: int) -> Indices:
        """The faces of a region."""
        return self.faces[self.face_indptr[region] : self.face_indptr[region + 1]]

    def corners_of(self, face: int) -> Indices:
        """The corners of a face."""
        return self.corners[self.corner_indptr[face] : self.corner_indptr[face + 1]]

    def points_of(self, region: int) -> Ints:
        """The vertices of a region, ascending."""
        faces = self.faces_of(region).astype(np.int64)
        return np.unique(self.corners[entries(self.corner_indptr, faces)]).astype(np.int64)

    def incidences(self) -> tuple[Ints, Ints]:
        """Pairs of a region and a point that is a corner of it, once for each face that both share."""
        beside = self.regions[list_of(self.corner_indptr)].T.ravel().astype(np.int64)
        corners = np.tile(self.corners, 2).astype(np.int64)
        return beside[beside >= 0], corners[beside >= 0]

    def rings(self) -> tuple[Ints, Ints]:
        """The faces of all regions, one after the other as in `faces`, counter-clockwise from outside of the region.

        Returns starts, (len(faces) + 1,), and corners: indices into `points`.
        """
        face = self.faces.astype(np.int64)
        indptr = starts(np.diff(self.corner_indptr)[face])
        at, ring = entries(self.corner_indptr, face), list_of(indptr)
        # Seen from their second region, faces turn the other way.
        is_second = self.regions[face, 1] == list_of(self.face_indptr)
        here = np.arange(len(at))
        back = indptr[ring] + indptr[ring + 1] - 1 - here
        return indptr, self.corners[at[np.where(is_second[ring], back, here)]].astype(np.int64)

    def __repr__(self) -> str:
        n = len(self.face_indptr) - 1
        return f"PolyhedralMesh({n} polyhedra, {len(self.owners)} faces, {len(self.points)} points)"


class _FaceTable:
    """Faces that are known by a key, each with the two regions beside it."""

    def __init__(self) -> None:
        self.count = 0
        self._keys = KeyTable()
        self.regions = np.empty((16, 2), dtype=np.int32)
        self.owners, self.crowded = np.empty(16, dtype=np.int32), np.empty(16, dtype=bool)
        self.corner_indptr, self.corners = np.zeros(17, dtype=np.int64), np.empty(64, dtype=np.int32)

    def number(self, new: MeshFaces, first_region: int, point: Ints) -> Indices:
        """Numbers of faces, (n,), whose regions are counted from `first_region`, and corners numbered by `point`."""
        numbers, before = self._keys.number(new.keys).astype(np.int32), self.count
        self.count = n = self._keys.count
        if n > len(self.owners):
            room = n + n // 4
            for array in (self.regions, self.owners, self.crowded):
                array.resize((room, *array.shape[1:]), refcheck=False)
            self.corner_indptr.resize(room + 1, refcheck=False)
        most = int(self.corner_indptr[before] + new.corner_indptr[-1])
        if most > len(self.corners):
            self.corners.resize(most + most // 4, refcheck=False)
        fits = _enter(
            numbers, before, first_region, point, new.regions, new.owners, new.crowded, new.corner_indptr, new.corners,
            self.regions, self.owners, self.crowded, self.corner_indptr, self.corners,
        )  # fmt: skip
        if not fits:
            raise ConsistencyError(f"regions disagree about a face that they share. {REPORT}")
        return numbers

    def faces(self) -> MeshFaces:
        """All faces; gives the arrays away, so nothing can be added any more."""
        n = self.count
        for array, size in (
            (self.regions, (n, 2)),
            (self.owners, n),
            (self.crowded, n),
            (self.corners, self.corner_indptr[n]),
            (self.corner_indptr, n + 1),
        ):
            array.resize(size, refcheck=False)
        return MeshFaces(self._keys.keys(), self.regions, self.owners, self.crowded, self.corner_indptr, self.corners)


class MeshFaces(NamedTuple):
    """Faces as `PolyhedralMesh` has them, each with a hash of the keys of its corners."""

    keys: Words
    regions: Indices
    owners: Indices
    crowded: Bools
    corner_indptr: Ints
    corners: Indices


@dataclass(frozen=True, slots=True, eq=False)
class Polyhedra:
    """The vertices and faces of a batch of regions, each once in the batch.

    Parameters
    ----------
    points : (n_points, 4) array
        x, y, z, and a bound on the distance from the exact vertex.
    keys : (n_points,) array
        A hash of the signs of all neurons and sides there, by which other batches know the point.
    faces : Faces
        Regions and points of the batch are counted from 0.
    face_indptr, face : arrays
        The faces of each region.
    """

    points: Floats
    keys: Words
    faces: MeshFaces
    face_indptr: Ints
    face: Indices


def polyhedra(
    vertices: Floats,
    keys: Words,
    face_keys: Words,
    face_owners: Indices,
    crowded: Bools,
    corner_indptr: Ints,
    corners: Indices,
    face_indptr: Ints,
) -> Polyhedra:
    """A batch from vertices and faces that are listed once for each region."""
    points, keys, number = joined(keys, vertices)
    table = _FaceTable()
    regions = np.full((len(face_keys), 2), NONE, dtype=np.int32)
    regions[:, 0] = list_of(face_indptr)
    listed = MeshFaces(face_keys, regions, face_owners, crowded, corner_indptr, corners)
    face = table.number(listed, 0, number)
    return Polyhedra(points, keys, table.faces(), face_indptr, face)


class PolyhedralMeshBuilder:
    """Joins vertices and faces that regions share, batch by batch; see `PointTable`.

    Points and faces are numbered in the order in which the regions mention them. Cost: one pass with two hash tables.
    Memory: that of the mesh, and of the tables.
    """

    def __init__(self) -> None:
        self._points, self._faces = PointTable(3), _FaceTable()
        self._sizes: GrowingArray[np.int64] = GrowingArray()
        self._face: GrowingArray[np.int32] = GrowingArray()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was added."""
        return not len(self._sizes)

    def add(self, new: Polyhedra) -> None:
        """Add the polyhedra of a batch."""
        point = self._points.number(new.keys, new.points)
        number = self._faces.number(new.faces, len(self._sizes), point)
        self._sizes.append(np.diff(new.face_indptr))
        self._face.append(number[new.face])

    def mesh(self) -> PolyhedralMesh:
        """All that was added; every inner face has to have come twice."""
        points, faces = self._points.points(), self._faces.faces()
        if ((faces.regions[:, 1] == NONE) & (faces.owners >= 0)).any():
            raise ConsistencyError(
                f"a face of the mesh does not join two regions, and is not the domain's either. {REPORT}"
            )
        return PolyhedralMesh(
            points[:, :3].copy(), points[:, 3].copy(), *faces[1:], starts(self._sizes.array()), self._face.array()
        )


@jit
def _enter(
    numbers: Indices, count: int, first_region: int, point: Ints,
    new_regions: Indices, new_owners: Indices, new_crowded: Bools, new_corner_indptr: Ints, new_corners: Indices,
    regions: Indices, face_owners: Indices, crowded: Bools, corner_indptr: Ints, corners: Indices,
) -> bool:  # pragma: no cover - compiled  # fmt: skip
    """Write faces that are new, and the second region of those that come again; False if something does not fit."""
    for i in range(numbers.shape[0]):
        j = numbers[i]
        start, stop = new_corner_indptr[i], new_corner_indptr[i + 1]
        if j == count:
            count += 1
            at = corner_indptr[j]
            for k in range(stop - start):
                corners[at + k] = point[new_corners[start + k]]
            corner_indptr[count] = at + stop - start
            face_owners[j] = new_owners[i]
            crowded[j] = new_crowded[i]
            for k in range(2):
                regions[j, k] = new_regions[i, k] + first_region if new_regions[i, k] >= 0 else NONE
            continue
        if regions[j, 1] != NONE or new_regions[i, 1] != NONE or face_owners[j] < 0:
            return False
        if corner_indptr[j + 1] - corner_indptr[j] != stop - start:
            return False
        regions[j, 1] = new_regions[i, 0] + first_region
        crowded[j] |= new_crowded[i]
        if face_owners[j] != new_owners[i] and not crowded[j]:
            return False
    return True


def numbered_edges(indptr: Ints, corners: Ints) -> tuple[Ints, Ints]:
    """The edges of rings, each once: pairs of points, (n, 2), ascending; and which one starts at each entry."""
    ends = np.sort(np.column_stack([corners, corners[following(indptr)]]), axis=1)
    # One number for each pair: sorting these is faster than sorting pairs.
    factor = int(corners.max(initial=0)) + 1
    keys, number = np.unique(ends @ np.array([factor, 1]), return_inverse=True)
    return np.column_stack(np.divmod(keys, factor)), number.reshape(-1)


def volumes(mesh: PolyhedralMesh) -> Floats:
    """Volume of each region, (n_regions,), from the rounded vertices: that of pyramids over its faces."""
    found = np.empty(len(mesh.face_indptr) - 1)
    scratch = np.empty((3, 3))
    _volumes(mesh.points, mesh.corner_indptr, mesh.corners, mesh.face_indptr, mesh.faces, scratch, found)
    return found


@jit
def _volumes(
    points: Floats,
    corner_indptr: Ints,
    corners: Indices,
    face_indptr: Ints,
    faces: Indices,
    scratch: Floats,
    found: Floats,
) -> None:  # pragma: no cover - compiled
    u, v, w = scratch
    for r in range(found.shape[0]):
        apex = corners[corner_indptr[faces[face_indptr[r]]]]
        total = 0.0
        for j in range(face_indptr[r], face_indptr[r + 1]):
            start, stop = corner_indptr[faces[j]], corner_indptr[faces[j] + 1]
            for i in range(start + 1, stop - 1):
                for k in range(3):
                    u[k] = points[corners[start], k] - points[apex, k]
                    v[k] = points[corners[i], k] - points[apex, k]
                    w[k] = points[corners[i + 1], k] - points[apex, k]
                total += abs(
                    u[0] * (v[1] * w[2] - v[2] * w[1])
                    + u[1] * (v[2] * w[0] - v[0] * w[2])
                    + u[2] * (v[0] * w[1] - v[1] * w[0])
                )
        found[r] = total / 6


def spreads(mesh: PolyhedralMesh) -> tuple[Floats, Floats]:
    """How far the vertices of each region are apart, coordinates added up, and their largest error, (n,) each."""
    length, error = np.zeros((2, len(mesh.face_indptr) - 1))
    _spreads(mesh.points, mesh.error, mesh.corner_indptr, mesh.corners, mesh.face_indptr, mesh.faces, length, error)
    return length, error


@jit
def _spreads(
    points: Floats,
    doubt: Floats,
    corner_indptr: Ints,
    corners: Indices,
    face_indptr: Ints,
    faces: Indices,
    length: Floats,
    error: Floats,
) -> None:  # pragma: no cover - compiled
    for r in range(length.shape[0]):
        for k in range(points.shape[1]):
            least, most = np.inf, -np.inf
            for j in range(face_indptr[r], face_indptr[r + 1]):
                for i in range(corner_indptr[faces[j]], corner_indptr[faces[j] + 1]):
                    value = points[corners[i], k]
                    least = min(least, value)
                    most = max(most, value)
                    if k == 0:
                        error[r] = max(error[r], doubt[corners[i]])
            length[r] += most - least


def face_areas(mesh: PolyhedralMesh) -> Floats:
    """Area of each face, (n_faces,), from the rounded corners."""
    return polygon_areas(mesh.points, mesh.corner_indptr, mesh.corners)


def surfaces(mesh: PolyhedralMesh) -> Floats:
    """Area of each region's surface, (n_regions,), from the rounded corners."""
    return np.asarray(np.add.reduceat(face_areas(mesh)[mesh.faces], mesh.face_indptr[:-1]))


def diameters(mesh: PolyhedralMesh) -> Floats:
    """Largest distance between two points of each region, (n_regions,), from the rounded vertices."""
    indptr, corners = mesh.rings()
    found = np.zeros(len(mesh.face_indptr) - 1)
    _diameters(mesh.points, corners, indptr[mesh.face_indptr], found)
    return found


@jit
def _diameters(points: Floats, corners: Ints, indptr: Ints, found: Floats) -> None:  # pragma: no cover - compiled
    for r in range(found.shape[0]):
        largest = 0.0
        for i in range(indptr[r], indptr[r + 1]):
            for j in range(indptr[r], i):
                square = 0.0
                for k in range(points.shape[1]):
                    gap = points[corners[i], k] - points[corners[j], k]
                    square += gap * gap
                largest = max(largest, square)
        found[r] = largest**0.5


def polygon_areas(points: Floats, indptr: Ints, corners: Ints | Indices) -> Floats:
    """Areas of flat polygons in space, (n,): half the lengths of their vector areas."""
    polygon = list_of(indptr)
    origin = points[corners[indptr[:-1]]][polygon]
    across = np.cross(points[corners] - origin, points[corners[following(indptr)]] - origin)
    n = len(indptr) - 1
    normal = np.column_stack([np.bincount(polygon, weights=column, minlength=n) for column in across.T])
    return np.asarray(np.linalg.norm(normal, axis=1) / 2)

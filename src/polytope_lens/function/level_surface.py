"""Where a function of the network takes a value: surfaces in space."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._arrays.ragged import following, list_of, starts
from polytope_lens._places import AXES, POINTS
from polytope_lens.arithmetic.rational import fraction
from polytope_lens.displays.markup import card, facts
from polytope_lens.exact.rows import ExactRows
from polytope_lens.function.corner_signs import corner_signs, exact_corners, zeros_between
from polytope_lens.mesh.polyhedral_mesh import numbered_edges, polygon_areas
from polytope_lens.polyhedral_complex.requirements import require_polyhedral_mesh

if TYPE_CHECKING:
    from flint import fmpq
    from matplotlib.axes import Axes
    from mpl_toolkits.mplot3d import Axes3D
    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Floats, Ints, Signs
    from polytope_lens.function.corner_signs import CornerSigns
    from polytope_lens.mesh.polyhedral_mesh import PolyhedralMesh
    from polytope_lens.network.network import Network
    from polytope_lens.partition.partition import Partition


@dataclass(frozen=True, slots=True, eq=False)
class LevelSurface:
    """All points of a domain in space where a function takes a value: flat polygons, and what is thicker.

    Parameters
    ----------
    points : (n, 3) array
        Corners, each once; floats, or fractions if it was asked for ``exact=True``.
    indptr : (k + 1,) int array
        Polygon i has the corners ``corners[indptr[i]:indptr[i + 1]]``.
    corners : int array
        Indices into `points`; counter-clockwise as seen from where the function is greater.
    regions : (k,) int array
        The region that each polygon runs through; for one that is a face of the mesh, the first of those beside it.
    flat_regions : (f,) int array
        Regions on which the function takes the value everywhere. Faces between two of them are no polygons here, faces
        between one of them and another region are.
    axes : three ints
        The coordinates that are not fixed: (0, 1, 2) but in a flat box, where points have all the others, too.

    Notes
    -----
    Which polygons there are, their corners' order and which corners they share is exact. Coordinates are rounded,
    unless they are fractions. Lines and points where the function takes the value, and nowhere near, are left out.
    """

    points: NDArray[Any] = field(metadata=POINTS)
    indptr: Ints
    corners: Ints
    regions: Ints
    flat_regions: Ints
    axes: tuple[int, ...] = field(default=(0, 1, 2), metadata=AXES)

    def __post_init__(self) -> None:
        for name in self.__slots__[:-1]:
            getattr(self, name).flags.writeable = False

    def __len__(self) -> int:
        return len(self.regions)

    def __getitem__(self, index: int) -> NDArray[Any]:
        """The corners of a polygon, (n_i, 3)."""
        index = range(len(self))[index]
        return self.points[self.corners[self.indptr[index] : self.indptr[index + 1]]]

    def areas(self) -> Floats:
        """Area of each polygon, (k,); rounded."""
        return polygon_areas(self.points[:, list(self.axes)].astype(np.float64), self.indptr, self.corners)

    @property
    def area(self) -> float:
        """Total area; rounded."""
        return float(self.areas().sum())

    def plot(self, ax: Axes | None = None, **polygons: object) -> Axes3D:
        """Draw the polygons, shaded like paper under a lamp.

        Parameters
        ----------
        ax : Axes3D, optional
            Where to draw; a new figure by default. ``partition.plot(level=...)`` draws regions around them.
        **polygons
            For matplotlib's ``Poly3DCollection``: ``facecolor``, ``edgecolor``, ``alpha``.

        Returns
        -------
        Axes3D
        """
        from polytope_lens.drawing.curves import draw_polygons

        inputs = list(self.axes)
        return draw_polygons([self[i][:, inputs].astype(np.float64) for i in range(len(self))], inputs, ax, **polygons)

    def _repr_html_(self) -> str:
        told = [
            ("polygons", len(self)), ("corners", len(self.points)), ("area", f"{self.area:.6g}"),
            ("flat regions", len(self.flat_regions)),
        ]  # fmt: skip
        return card("LevelSurface", facts(told))

    def __repr__(self) -> str:
        more = f", {len(self.flat_regions)} flat regions" if len(self.flat_regions) else ""
        return f"LevelSurface({len(self)} polygons, {len(self.points)} corners, area {self.area:.6g}{more})"


def zero_surface(
    partition: Partition, function: Network, zero: Bools | None = None, *, exact: bool = False
) -> LevelSurface:
    """Where a function is zero that is affine on each region of a partition in space.

    See `corner_signs` for the form of the function and for `zero`.

    Notes
    -----
    On a region that has corners on both sides, the polygon's sides run through its faces, from where the signs turn
    from positive to negative to where they turn back. They end on edges or at corners, by which they are joined.
    Cost: that of `corner_signs`, and one pass over the mesh; with `exact`, milliseconds for each corner.
    """
    mesh = require_polyhedral_mesh(partition)
    found = corner_signs(partition, function, zero)
    rings = _Rings.of(mesh)
    side = _sides(mesh, rings, found.signs)
    nodes, indptr, regions = _polygons(rings, found.signs, len(mesh.points))
    flat_nodes, flat_indptr, flat_regions = _flat_faces(mesh, found.signs, side)
    nodes = np.concatenate([nodes, flat_nodes])
    used, corners = np.unique(nodes, return_inverse=True)
    place = _exact_places if exact else _rounded_places
    return LevelSurface(
        place(partition, function, found, used, rings),
        np.concatenate([indptr, indptr[-1] + flat_indptr[1:]]),
        corners.reshape(-1),
        np.concatenate([regions, flat_regions]),
        np.flatnonzero(side == 0),
    )


class _Rings(NamedTuple):
    """The faces of all regions as rings, counter-clockwise from outside; numbers of edges for their sides."""

    region: Ints  # of each ring
    indptr: Ints
    corner: Ints
    following: Ints  # the entry after each entry
    edge: Ints  # from each corner to the following one
    ends: Ints  # (n_edges, 2): of each edge

    @classmethod
    def of(cls, mesh: PolyhedralMesh) -> _Rings:
        indptr, corner = mesh.rings()
        ends, edge = numbered_edges(indptr, corner)
        return cls(list_of(mesh.face_indptr), indptr, corner, following(indptr), edge, ends)


def _sides(mesh: PolyhedralMesh, rings: _Rings, signs: Signs) -> Ints:
    """1 where a region has a positive corner, else -1 where it has a negative one, else 0: it is flat."""
    here, first = signs[rings.corner], rings.indptr[mesh.face_indptr[:-1]]
    highest, lowest = np.maximum.reduceat(here, first), np.minimum.reduceat(here, first)
    return np.where(highest > 0, 1, np.where(lowest < 0, -1, 0))


def _polygons(rings: _Rings, signs: Signs, n_points: int) -> tuple[Ints, Ints, Ints]:
    """Polygons through regions with corners on both sides: nodes, starts, regions.

    A node is a point of the mesh, or `n_points` and the number of an edge.
    """
    ring = list_of(rings.indptr)
    region = rings.region[ring]
    here, there = signs[rings.corner], signs[rings.corner[rings.following]]
    positive, negative = (np.bincount(region, weights=here * s > 0) > 0 for s in (1, -1))
    crossed = (positive & negative)[region]
    highest, lowest = (f.reduceat(here, rings.indptr[:-1])[ring] for f in (np.maximum, np.minimum))
    node = np.where(there == 0, rings.corner[rings.following], n_points + rings.edge)
    through = crossed & (highest > 0) & (lowest < 0)
    down, up = (np.flatnonzero(through & (here * s > 0) & (there * s <= 0)) for s in (1, -1))
    # A side along an edge of the region, seen from the face on one side of it, and from the other once more.
    along = np.flatnonzero(crossed & ~through & (here == 0) & (there == 0))
    ends = np.column_stack([rings.corner[along], rings.corner[rings.following[along]]])
    ends = np.where((highest[along] > 0)[:, None], ends, ends[:, ::-1])
    return _cycles(
        np.unique(
            np.column_stack(
                [
                    region[np.concatenate([down, along])],
                    np.concatenate([np.column_stack([node[down], node[up]]), ends]),
                ]
            ),
            axis=0,
        )
    )


def _cycles(table: Ints) -> tuple[Ints, Ints, Ints]:
    """Rows (region, from, to), ascending, that form one cycle for each region: nodes in order, starts, regions."""
    regions, first, sizes = np.unique(table[:, 0], return_index=True, return_counts=True)
    nodes = []
    start, stop = table[:, 1].tolist(), table[:, 2].tolist()
    for begin, size in zip(first.tolist(), sizes.tolist(), strict=True):
        following = dict(zip(start[begin : begin + size], stop[begin : begin + size], strict=True))
        node = start[begin]
        for _ in range(size):
            nodes.append(node)
            node = following[node]
    return np.array(nodes, dtype=np.int64), starts(sizes), regions


def _flat_faces(mesh: PolyhedralMesh, signs: Signs, side: Ints) -> tuple[Ints, Ints, Ints]:
    """Faces of the mesh on which the function is zero, but not on both sides: corners, starts, regions."""
    indptr = mesh.corner_indptr
    is_zero = np.maximum.reduceat(np.abs(signs[mesh.corners]), indptr[:-1]) == 0
    one, other = mesh.regions.T.astype(np.int64)
    before = side[one]
    behind = np.where(other >= 0, side[other], -before)
    face = np.flatnonzero(is_zero & ((before != 0) | (behind != 0)))
    corners = [mesh.corners_of(j).astype(np.int64) for j in face.tolist()]
    # They turn as seen from outside of the first region, hence from where the function is greater unless it is there.
    turned = [
        ring[::-1] if is_first else ring for ring, is_first in zip(corners, before[face] > behind[face], strict=True)
    ]
    return np.concatenate([np.zeros(0, dtype=np.int64), *turned]), starts(np.diff(indptr)[face]), one[face]


def _rounded_places(partition: Partition, function: Network, found: CornerSigns, nodes: Ints, rings: _Rings) -> Floats:
    """Coordinates of nodes; on edges by linear interpolation between the ends."""
    mesh = require_polyhedral_mesh(partition)
    on_edge = nodes >= len(mesh.points)
    points = mesh.points[np.where(on_edge, 0, nodes)]
    start, end = rings.ends[nodes[on_edge] - len(mesh.points)].T
    points[on_edge] = zeros_between(mesh.points, found.values, start, end)
    return points


def _exact_places(
    partition: Partition, function: Network, found: CornerSigns, nodes: Ints, rings: _Rings
) -> NDArray[np.object_]:
    mesh = require_polyhedral_mesh(partition)
    corner_of, source = exact_corners(partition), ExactRows(function)
    bits = partition.patterns()
    ring = list_of(rings.indptr)
    first_entry = np.zeros(len(rings.ends), dtype=np.int64)
    first_entry[rings.edge[::-1]] = np.arange(len(rings.edge))[::-1]
    points = np.empty((len(nodes), 3), dtype=object)
    for i, node in enumerate(nodes.tolist()):
        if node < len(mesh.points):
            place: list[fmpq] = list(corner_of(node))
        else:
            edge = node - len(mesh.points)
            region = int(rings.region[ring[first_entry[edge]]])
            start, end = (corner_of(int(p)) for p in rings.ends[edge])
            *a, c = source.rows(len(function.layers), bits[region])[0]
            here, there = (sum((v * x for v, x in zip(a, p, strict=True)), c) for p in (start, end))
            place = [(there * p - here * q) / (there - here) for p, q in zip(start, end, strict=True)]
        points[i] = [fraction(v) for v in place]
    return points

"""On which side of zero a function is at the corners of a partition in the plane or in space."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens._jit import jit
from polytope_lens.exact.rational import dot, integer_matrix, integer_rows, sign
from polytope_lens.exact.rows import ExactRows
from polytope_lens.exact.values import affine_values, bounded_gradients, bounded_values
from polytope_lens.mesh import PlanarMesh
from polytope_lens.network import bit_places
from polytope_lens.pattern import unpack
from polytope_lens.polytope.planar import crossing
from polytope_lens.query.vertices import rational_vertices

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flint import fmpq, fmpz
    from numpy.typing import NDArray

    from polytope_lens.network import Network
    from polytope_lens.partition import Partition
    from polytope_lens.polyhedral_mesh import PolyhedralMesh

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]
    Signs = NDArray[np.int8]


class CornerSigns(NamedTuple):
    """Signs of a function at the corners of a mesh, (n_points,) int8, exact; and its values there, rounded."""

    signs: Signs
    values: Floats


def corner_signs(partition: Partition, function: Network, zero: Bools | None = None) -> CornerSigns:
    """Sign of a continuous function at each corner of a mesh; exact.

    Parameters
    ----------
    partition : Partition
        With a mesh.
    function : Network
        One output; affine on every region, as the functions of :mod:`.scalar` are: its layers begin with those of the
        partition's network up to some layer, and further ones only pass values on.
    zero : (n_points,) bool array, optional
        Corners where it is known to be zero.

    Notes
    -----
    A float pass whose bounds include the corners' own errors decides nearly all. The others, in deep networks all, are
    seen from one region each, where the function is affine with a row known in double-double, or in integers.
    Cost: two matrix products for each layer; milliseconds for each region with a corner that is zero, or too close.
    """
    mesh = partition.require_mesh()
    values, bounds = bounded_values(function, mesh.points, mesh.error)
    signs, doubtful = _decided(values[:, 0], bounds[:, 0])
    if zero is not None:
        signs[zero], doubtful[zero] = 0, False
    again = np.flatnonzero(doubtful)
    if again.size:
        near, bounds = bounded_values(function, mesh.points[again], mesh.error[again], zeros=True)
        signs[again], doubtful[again] = _decided(near[:, 0], bounds[:, 0])
        again = again[doubtful[again]]
    if again.size:
        regions = few_regions(mesh, doubtful)[again]
        chosen, index = np.unique(regions, return_inverse=True)
        bits = unpack(partition.patterns[chosen], partition.network.n_neurons)
        rows, error = bounded_gradients(function, bits[:, : function.n_neurons])
        near, bound = affine_values(rows[index], error[index], mesh.points[again], mesh.error[again])
        signs[again], doubtful[again] = _decided(near, bound)
        values[again, 0] = near
        is_open = doubtful[again]
        if is_open.any():
            signs[again[is_open]] = _exact_signs(partition, function, again[is_open], regions[is_open])
    return CornerSigns(signs, values[:, 0])


def _exact_signs(partition: Partition, function: Network, points: Ints, regions: Ints) -> list[int]:
    """Signs at some points of the mesh, each seen from a region around it, in integers."""
    source, bits = ExactRows(function, integer_matrix(np.eye(partition.network.input_dim + 1))), partition.bits()
    corner_of = exact_corners(partition)
    signs = []
    for point, region in zip(points.tolist(), regions.tolist(), strict=True):
        *a, c = source.rows(len(function.layers), bits[region])[0]
        signs.append(sign(dot(a, corner_of(point)) + c))
    return signs


def exact_corners(partition: Partition) -> Callable[[int], tuple[fmpq, ...]]:
    """A function that gives the exact coordinates of points of the mesh, by their numbers; milliseconds for each."""
    mesh = partition.require_mesh()
    region_of = _region_of_points(mesh)
    known: dict[int, tuple[fmpq, ...]] = {}

    def corner(point: int) -> tuple[fmpq, ...]:
        if point not in known:
            region = int(region_of[point])
            numbers = mesh.corners[mesh.entries(region)] if isinstance(mesh, PlanarMesh) else mesh.points_of(region)
            known.update(zip(numbers.tolist(), rational_vertices(partition, region), strict=True))
        return known[point]

    return corner


class ExactLines:
    """The lines on which a function is zero, region by region, and those of the edges of a mesh, in integers."""

    def __init__(self, partition: Partition, function: Network) -> None:
        identity = integer_matrix(np.eye(3))
        self._edges, self._function = ExactRows(partition.network, identity), ExactRows(function, identity)
        self._output = len(function.layers)
        self._mesh, self._bits = partition.planar_mesh(), partition.bits()
        self._places = bit_places(partition.network)
        domain = partition.domain
        assert domain is not None  # meshes are of bounded domains
        self._sides = integer_rows(np.column_stack([domain.A, -domain.b]))

    def corner(self, entry: int) -> tuple[fmpq, fmpq]:
        """Where the edge of an entry of the mesh starts."""
        return crossing(self.edge(self._before(entry)), self.edge(entry))

    def zero_on(self, entry: int) -> tuple[fmpq, fmpq]:
        """Where the function is zero on the line of an edge, on which it is not constant."""
        return crossing(self.edge(entry), self._row(entry))

    def edge(self, entry: int) -> Sequence[fmpz]:
        """The line of an edge."""
        owner = int(self._mesh.owners[entry])
        if owner < 0:
            return self._sides[-1 - owner]
        layer, neuron = self._places[owner]
        return self._edges.rows(layer, self._bits[self._region(entry)])[neuron]

    def _row(self, entry: int) -> Sequence[fmpz]:
        return self._function.rows(self._output, self._bits[self._region(entry)])[0]

    def _region(self, entry: int) -> int:
        return int(_region_of(self._mesh, np.array([entry]))[0])

    def _before(self, entry: int) -> int:
        at = self._mesh.entries(self._region(entry))
        return entry - 1 if entry > at.start else at.stop - 1


def _decided(values: Floats, bounds: Floats) -> tuple[Signs, Bools]:
    """Signs that the bounds prove, and which are open."""
    positive, negative = values > bounds, values < -bounds
    return positive.astype(np.int8) - negative.astype(np.int8), ~(positive | negative | (bounds == 0))


def few_regions(mesh: PlanarMesh | PolyhedralMesh, wanted: Bools) -> Ints:
    """For each wanted point a region around it, all of them few; -1 for other points, (n_points,).

    Regions are taken that have many wanted points to themselves, then such that have fewer.
    """
    region, point = mesh.incidences()
    kept = wanted[point]
    pairs = np.unique(region[kept] * len(wanted) + point[kept])
    region, point = np.divmod(pairs, len(wanted))
    chosen, missing = np.full(len(wanted), -1), wanted.copy()
    starts = np.flatnonzero(np.diff(region, prepend=-1, append=-1))
    least = int(np.diff(starts).max(initial=1))
    while missing.any():
        _take_regions(starts, region, point, least, missing, chosen)
        least = min(least - 1, 6)
    return chosen


@jit
def _take_regions(
    starts: Ints, region: Ints, point: Ints, least: int, missing: Bools, chosen: Ints
) -> None:  # pragma: no cover - compiled
    """Take each region with at least so many missing points; pairs of a region and a point begin at `starts`."""
    for i in range(starts.shape[0] - 1):
        count = 0
        for k in range(starts[i], starts[i + 1]):
            count += missing[point[k]]
        if count >= least:
            for k in range(starts[i], starts[i + 1]):
                if missing[point[k]]:
                    missing[point[k]] = False
                    chosen[point[k]] = region[k]


def _region_of_points(mesh: PlanarMesh | PolyhedralMesh) -> Ints:
    """A region around each point."""
    region, point = mesh.incidences()
    found = np.empty(len(mesh.points), dtype=np.int64)
    found[point[::-1]] = region[::-1]
    return found


def _region_of(mesh: PlanarMesh, entries: Ints) -> Ints:
    return np.asarray(np.searchsorted(mesh.indptr, entries, side="right") - 1)

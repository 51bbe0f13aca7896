"""On which side of zero a function is at the corners of a partition in the plane or in space."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens._compiled.jit import jit
from polytope_lens.arithmetic.rational import dot, sign
from polytope_lens.exact.rows import ExactRows
from polytope_lens.exact.values import affine_values, bounded_gradients, bounded_values, roughly_bounded_values
from polytope_lens.mesh.planar_mesh import PlanarMesh
from polytope_lens.network.pattern import unpack
from polytope_lens.polyhedral_complex.mesh_vertices import EdgeLines, point_numbers, rational_corners
from polytope_lens.polyhedral_complex.requirements import require_mesh
from polytope_lens.polytope.polygon import crossing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flint import fmpq, fmpz

    from polytope_lens._types import Bools, Floats, Ints, Signs
    from polytope_lens.mesh.polyhedral_mesh import PolyhedralMesh
    from polytope_lens.network.network import Network
    from polytope_lens.partition.partition import Partition


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
        One output; affine on every region, as the functions of `scalar` are: its layers begin with those of the
        partition's network up to some layer, and further ones only pass values on.
    zero : (n_points,) bool array, optional
        Corners where it is known to be zero.

    Notes
    -----
    A float pass whose bounds include the corners' own errors decides nearly all: first with one bound for all, then,
    where that leaves something open, with one for each. The others, in deep networks all, are seen from one region
    each, where the function is affine with a row known in double-double, or in integers.
    Cost: a matrix product for each layer, two more in deep networks; milliseconds for each region with a corner that is
    zero, or too close.
    """
    mesh = require_mesh(partition)
    values, bounds = roughly_bounded_values(function, mesh.points, mesh.error)
    signs, doubtful = _decided(values[:, 0], bounds[:, 0])
    again = np.flatnonzero(doubtful)
    values[again], bounds = bounded_values(function, mesh.points[again], mesh.error[again])
    signs[again], doubtful[again] = _decided(values[again, 0], bounds[:, 0])
    if zero is not None:
        signs[zero], doubtful[zero] = 0, False
    again = np.flatnonzero(doubtful)
    if again.size:
        regions, index = np.unique(few_regions(mesh, doubtful)[again], return_inverse=True)
        bits = unpack(partition.packed_patterns[regions], partition.network.n_neurons)
        rows, error = bounded_gradients(function, bits[:, : function.n_neurons])
        near, bound = affine_values(rows[index], error[index], mesh.points[again], mesh.error[again])
        signs[again], doubtful[again] = _decided(near, bound)
        values[again, 0] = near
        is_open = doubtful[again]
        if is_open.any():
            signs[again[is_open]] = _exact_signs(partition, function, again[is_open], regions[index][is_open])
    return CornerSigns(signs, values[:, 0])


def zeros_between(points: Floats, values: Floats, start: Ints, end: Ints) -> Floats:
    """Where a function is zero on edges, from its values at their ends, which have different signs; rounded."""
    here, there = np.abs(values[start]), np.abs(values[end])
    total = here + there
    t = np.divide(here, total, out=np.full(len(total), 0.5), where=total > 0)[:, None]
    return np.asarray((1 - t) * points[start] + t * points[end])


def _exact_signs(partition: Partition, function: Network, points: Ints, regions: Ints) -> list[int]:
    """Signs at some points of the mesh, each seen from a region around it, in integers."""
    source, bits = ExactRows(function), partition.patterns()
    corner_of = exact_corners(partition)
    signs = []
    for point, region in zip(points.tolist(), regions.tolist(), strict=True):
        *a, c = source.rows(len(function.layers), bits[region])[0]
        signs.append(sign(dot(a, corner_of(point)) + c))
    return signs


def exact_corners(partition: Partition) -> Callable[[int], tuple[fmpq, ...]]:
    """A function that gives the exact coordinates of points of the mesh, by their numbers; milliseconds for each."""
    mesh = require_mesh(partition)
    region_of, corners_of = few_regions(mesh, np.ones(len(mesh.points), dtype=bool)), rational_corners(partition)
    known: dict[int, tuple[fmpq, ...]] = {}

    def corner(point: int) -> tuple[fmpq, ...]:
        if point not in known:
            region = int(region_of[point])
            known.update(zip(point_numbers(mesh, region).tolist(), corners_of(region), strict=True))
        return known[point]

    return corner


class ExactLines:
    """The lines on which a function is zero, region by region, and those of the edges of a mesh, in integers."""

    def __init__(self, partition: Partition, function: Network) -> None:
        self._edges = EdgeLines(partition)
        self._source, self._output = ExactRows(function), len(function.layers)

    def corner(self, entry: int) -> tuple[fmpq, fmpq]:
        """Where the edge of an entry of the mesh starts."""
        return self._edges.corner(entry)

    def zero_on(self, entry: int) -> tuple[fmpq, fmpq]:
        """Where the function is zero on the line of an edge, on which it is not constant."""
        return crossing(self._edges.line(entry), self._row(entry))

    def _row(self, entry: int) -> Sequence[fmpz]:
        return self._source.rows(self._output, self._edges.bits(entry))[0]


def _decided(values: Floats, bounds: Floats) -> tuple[Signs, Bools]:
    """Signs that the bounds prove, and which are open."""
    positive, negative = values > bounds, values < -bounds
    return positive.astype(np.int8) - negative.astype(np.int8), ~(positive | negative | (bounds == 0))


def few_regions(mesh: PlanarMesh | PolyhedralMesh, wanted: Bools) -> Ints:
    """For each wanted point a region around it, all of them few; -1 for other points.

    Regions are taken that have many wanted points to themselves, then such that have fewer.
    """
    if isinstance(mesh, PlanarMesh):
        indptr, corners = mesh.indptr, mesh.corners
    else:
        ring_indptr, corners = mesh.rings()
        indptr = ring_indptr[mesh.face_indptr]
    region_of = np.full(len(mesh.points), -1)
    missing = wanted.copy()
    least = int(np.diff(indptr).max())
    while missing.any():
        _take_regions(indptr, corners, least, missing, region_of)
        least = min(least - 1, 6)
    return region_of


@jit
def _take_regions(
    indptr: Ints, corners: Ints, least: int, missing: Bools, region_of: Ints
) -> None:  # pragma: no cover - compiled
    for region in range(indptr.shape[0] - 1):
        count = 0
        for entry in range(indptr[region], indptr[region + 1]):
            count += missing[corners[entry]]
        if count >= least:
            for entry in range(indptr[region], indptr[region + 1]):
                if missing[corners[entry]]:
                    missing[corners[entry]] = False
                    region_of[corners[entry]] = region

"""On which side of zero a function is at the corners of a planar partition."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens._jit import jit
from polytope_lens.exact.rational import integer_matrix, sign
from polytope_lens.exact.rows import ExactRows
from polytope_lens.exact.values import affine_values, bounded_gradients, bounded_values
from polytope_lens.pattern import unpack
from polytope_lens.polytope.planar import crossing
from polytope_lens.query.vertices import EdgeLines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flint import fmpq, fmpz
    from numpy.typing import NDArray

    from polytope_lens.mesh import PlanarMesh
    from polytope_lens.network import Network
    from polytope_lens.partition import Partition

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]
    Signs = NDArray[np.int8]


class CornerSigns(NamedTuple):
    """Signs of a function at the corners of a mesh, (n_points,) int8, exact; and its values there, rounded."""

    signs: Signs
    values: Floats


def corner_signs(partition: Partition, function: Network, zero: Bools | None = None) -> CornerSigns:
    """Sign of a continuous function at each corner of a planar mesh; exact.

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
    mesh = partition.planar_mesh()
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
        entries = _few_regions(mesh, doubtful)[again]
        at = np.searchsorted(mesh.indptr, entries, side="right") - 1
        regions, index = np.unique(at, return_inverse=True)
        bits = unpack(partition.patterns[regions], partition.network.n_neurons)
        rows, error = bounded_gradients(function, bits[:, : function.n_neurons])
        near, bound = affine_values(rows[index], error[index], mesh.points[again], mesh.error[again])
        signs[again], doubtful[again] = _decided(near, bound)
        values[again, 0] = near
        lines = ExactLines(partition, function)
        for point, entry in zip(again.tolist(), entries.tolist(), strict=True):
            if doubtful[point]:
                signs[point] = lines.sign_at(entry)
    return CornerSigns(signs, values[:, 0])


class ExactLines:
    """The lines on which a function is zero, region by region, and those of the edges of a mesh, in integers."""

    def __init__(self, partition: Partition, function: Network) -> None:
        self._edges = EdgeLines(partition)
        self._source, self._output = ExactRows(function, integer_matrix(np.eye(3))), len(function.layers)

    def corner(self, entry: int) -> tuple[fmpq, fmpq]:
        """Where the edge of an entry of the mesh starts."""
        return self._edges.corner(entry)

    def zero_on(self, entry: int) -> tuple[fmpq, fmpq]:
        """Where the function is zero on the line of an edge, on which it is not constant."""
        return crossing(self._edges.line(entry), self._row(entry))

    def sign_at(self, entry: int) -> int:
        """Sign of the function where the edge of an entry starts."""
        x, y = self.corner(entry)
        a, b, c = self._row(entry)
        return sign(a * x + b * y + c)

    def _row(self, entry: int) -> Sequence[fmpz]:
        return self._source.rows(self._output, self._edges.bits(entry))[0]


def _decided(values: Floats, bounds: Floats) -> tuple[Signs, Bools]:
    """Signs that the bounds prove, and which are open."""
    positive, negative = values > bounds, values < -bounds
    return positive.astype(np.int8) - negative.astype(np.int8), ~(positive | negative | (bounds == 0))


def _few_regions(mesh: PlanarMesh, wanted: Bools) -> Ints:
    """For each wanted point an entry of the mesh that mentions it, all in regions that are few; -1 for others.

    Regions are taken that have many wanted points to themselves, then such that have fewer.
    """
    entry_of = np.full(len(mesh.points), -1)
    missing = wanted.copy()
    least = int(np.diff(mesh.indptr).max())
    while missing.any():
        _take_regions(mesh.indptr, mesh.corners, least, missing, entry_of)
        least = min(least - 1, 6)
    return entry_of


@jit
def _take_regions(
    indptr: Ints, corners: Ints, least: int, missing: Bools, entry_of: Ints
) -> None:  # pragma: no cover - compiled
    for region in range(indptr.shape[0] - 1):
        count = 0
        for entry in range(indptr[region], indptr[region + 1]):
            count += missing[corners[entry]]
        if count >= least:
            for entry in range(indptr[region], indptr[region + 1]):
                if missing[corners[entry]]:
                    missing[corners[entry]] = False
                    entry_of[corners[entry]] = entry

"""Corners of the regions of a partition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq

from polytope_lens.errors import UnboundedPolytopeError
from polytope_lens.exact.rational import fraction, integer_matrix, integer_rows
from polytope_lens.exact.rows import ExactRows
from polytope_lens.network import bit_places
from polytope_lens.pattern import unpack
from polytope_lens.polytope.planar import crossing
from polytope_lens.query.inequalities import exact_system

if TYPE_CHECKING:
    from fractions import Fraction

    from flint import fmpz
    from numpy.typing import NDArray

    from polytope_lens.partition import Partition
    from polytope_lens.region import Region

    Floats = NDArray[np.float64]


def exact_vertices(partition: Partition, index: int) -> list[tuple[Fraction, ...]]:
    """Corners of a region on the line or in the plane, in the order of :meth:`.Partition.vertices`; exact.

    Notes
    -----
    In the plane a corner is where the lines of two neurons (or sides of the domain) cross, whose owners the mesh names.
    Cost: an integer matrix product per layer.

    Raises
    ------
    DimensionError, UnboundedPolytopeError
    """
    return [tuple(fraction(v) for v in corner) for corner in rational_vertices(partition, index)]


def rational_vertices(partition: Partition, index: int) -> list[tuple[fmpq, ...]]:
    """The same corners as flint's fractions."""
    return _ends(partition[index]) if partition.network.input_dim == 1 else list(EdgeLines(partition).corners(index))


class EdgeLines:
    """The lines of the edges of a mesh in integers, and where they meet; entries are those of :class:`.PlanarMesh`."""

    def __init__(self, partition: Partition) -> None:
        self._mesh, self._patterns = partition.planar_mesh(), partition.patterns
        self._source = ExactRows(partition.network, integer_matrix(np.eye(3)))
        self._places, self._n_neurons = bit_places(partition.network), partition.network.n_neurons
        domain = partition.domain
        assert domain is not None  # meshes are of bounded domains
        self._sides = integer_rows(np.column_stack([domain.A, -domain.b]))

    def bits(self, entry: int) -> NDArray[np.bool_]:
        """Pattern of the region of an entry."""
        region = self._region(entry)
        return np.asarray(unpack(self._patterns[region : region + 1], self._n_neurons)[0])

    def line(self, entry: int) -> list[fmpz]:
        """The line ``a x + b y + c = 0`` of an edge."""
        owner = int(self._mesh.owners[entry])
        if owner < 0:
            return self._sides[-1 - owner]
        layer, neuron = self._places[owner]
        return self._source.rows(layer, self.bits(entry))[neuron]

    def corner(self, entry: int) -> tuple[fmpq, fmpq]:
        """Where an edge starts."""
        at = self._mesh.entries(self._region(entry))
        return crossing(self.line(entry - 1 if entry > at.start else at.stop - 1), self.line(entry))

    def corners(self, region: int) -> list[tuple[fmpq, fmpq]]:
        """Corners of a region."""
        at = self._mesh.entries(region)
        lines = [self.line(entry) for entry in range(at.start, at.stop)]
        return [crossing(lines[k - 1], line) for k, line in enumerate(lines)]

    def _region(self, entry: int) -> int:
        return int(np.searchsorted(self._mesh.indptr, entry, side="right")) - 1


def rounded_vertices(partition: Partition, index: int) -> Floats:
    """The same corners as floats, (n, d): in the plane those of the mesh, on the line each rounded once."""
    if partition.network.input_dim == 1:
        return np.array(exact_vertices(partition, index), dtype=np.float64)
    mesh = partition.planar_mesh()
    return mesh.points[mesh.corners[mesh.entries(index)]]


def _ends(region: Region) -> list[tuple[fmpq, ...]]:
    """Lower and upper end of a region on the line."""
    rows = exact_system(region).rows
    upper = [fmpq(-c, a) for a, c in rows if a > 0]
    lower = [fmpq(-c, a) for a, c in rows if a < 0]
    if not (upper and lower):
        raise UnboundedPolytopeError(
            "the region is a ray or the whole line and has no two ends. Choose a bounded domain, for example "
            "`Box([-1], [1])`."
        )
    return [(max(lower),), (min(upper),)]

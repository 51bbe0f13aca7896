"""The greatest value of a function that is affine on each region of a mesh: one of those at its corners."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from flint import fmpq

from polytope_lens._arrays.batches import batches
from polytope_lens.arithmetic.rational import dot, rational
from polytope_lens.exact.rows import ExactRows
from polytope_lens.exact.values import affine_values, bounded_gradients, constant_outputs, rounded_gradients
from polytope_lens.network.pattern import unpack
from polytope_lens.polyhedral_complex.mesh_vertices import point_numbers, rational_corners
from polytope_lens.polyhedral_complex.requirements import require_mesh

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.network.network import Network
    from polytope_lens.partition.partition import Partition


# So many corners are decided in rationals at once; where more are open, their regions are looked at before.
FEW = 4
# Numbers in each array of one batch: they stay in the processor's cache.
AT_ONCE = 2**16


class Greatest(NamedTuple):
    """The greatest value of a function, a point where it is taken, and a region that has this point; exact."""

    value: fmpq
    point: Sequence[fmpq]
    region: int


class _Open(NamedTuple):
    """Corners that may be the best: their numbers, and values within bounds, (n,) each."""

    points: Ints
    values: Floats
    bounds: Floats

    def part(self, chosen: Bools | Ints) -> _Open:
        """Some of them."""
        return _Open(self.points[chosen], self.values[chosen], self.bounds[chosen])

    def contenders(self) -> _Open:
        """Those that the others do not surely exceed."""
        with np.errstate(over="ignore", invalid="ignore"):
            # Rounding is monotone, so that the bounds of the one that is best are not in the wrong order.
            return self.part(~(self.values + self.bounds < (self.values - self.bounds).max()))

    def most(self) -> Floats:
        """Upper bounds."""
        with np.errstate(over="ignore"):
            return np.nextafter(self.values + self.bounds, np.inf)


def extremes(partition: Partition, function: Network) -> tuple[Greatest, Greatest]:
    """The greatest values of minus a function and of the function itself, over all corners of a mesh; exact.

    Parameters
    ----------
    partition : Partition
        With a mesh.
    function : Network
        One output, affine on every region: its layers are those of the partition's network.

    Notes
    -----
    Each corner is seen from one region, whose row is known within a bound for all regions. That leaves few corners that
    may be the best. Where it leaves many, which happens in deep networks and where the function is constant on regions,
    these are seen from rows in double-double, and at last in integers, those with the greatest bounds first.
    Cost: a product of a vector and a matrix for each layer and region; a millisecond for each corner that stays open.
    """
    return _Corners(partition, function).extremes()


class _Corners:
    """The corners of a mesh, and what a function is there."""

    def __init__(self, partition: Partition, function: Network) -> None:
        self._partition, self._function, self._mesh = partition, function, require_mesh(partition)
        self._source, self._corners_of = ExactRows(function), rational_corners(partition)
        self._pairs = self._mesh.incidences()
        regions, corners = self._pairs
        self._region_of = np.zeros(len(self._mesh.points), dtype=np.int64)
        self._region_of[corners] = regions

    def extremes(self) -> tuple[Greatest, Greatest]:
        """Of minus the function, and of the function."""
        n, n_neurons = len(self._partition), self._partition.network.n_neurons
        rows = np.empty((n, self._function.input_dim + 1))
        for at in batches(n, max(1, *self._function.widths, 1), AT_ONCE):
            rows[at], error = rounded_gradients(self._function, unpack(self._partition.packed_patterns[at], n_neurons))
        points = np.arange(len(self._region_of))
        found = self._seen(points, rows[self._region_of], np.broadcast_to(error, (len(points), len(error))))
        return self._greatest(-1, found._replace(values=-found.values)), self._greatest(1, found)

    def _seen(self, points: Ints, rows: Floats, error: Floats) -> _Open:
        """Values at corners, each seen from a region."""
        values, bounds = affine_values(rows, error, self._mesh.points[points], self._mesh.error[points])
        known = np.isfinite(values) & (bounds >= 0)
        return _Open(points, np.where(known, values, 0.0), np.where(known, bounds, np.inf))

    def _greatest(self, side: int, found: _Open) -> Greatest:
        """The greatest of the function times `side`, given its values within bounds."""
        left, best = found.contenders(), None
        if len(left.points) > FEW:
            best, is_known = self._constant(side, left.points)
            left = left.part(~is_known)
        if len(left.points) > FEW:
            rows, error = bounded_gradients(self._function, self._bits(self._region_of[left.points]))
            closer = self._seen(left.points, side * rows, error)
            better = closer.bounds < left.bounds
            values = np.where(better, closer.values, left.values)
            left = _Open(left.points, values, np.where(better, closer.bounds, left.bounds)).contenders()
        most = left.most()
        for i in np.argsort(-most, kind="stable").tolist():
            if best is not None and np.isfinite(most[i]) and rational(float(most[i])) <= best.value:
                break
            here = self._at(side, int(left.points[i]))
            if best is None or here.value > best.value:
                best = here
        assert best is not None  # some corner is the best
        return best

    def _constant(self, side: int, points: Ints) -> tuple[Greatest | None, Bools]:
        """The best of the regions at some corners on which floats know that the function is constant.

        Also which of these corners are theirs, (n,).
        """
        wanted = np.zeros(len(self._region_of), dtype=bool)
        wanted[points] = True
        of_region, corner = (array[wanted[self._pairs[1]]] for array in self._pairs)
        regions = np.unique(of_region)
        is_constant, values = constant_outputs(self._function, self._bits(regions))
        if not is_constant.any():
            return None, np.zeros(len(points), dtype=bool)
        regions, values = regions[is_constant], values[is_constant]
        wanted[corner[np.isin(of_region, regions)]] = False
        first = int(np.argmax(side * values))
        region = int(regions[first])
        best = Greatest(rational(side * float(values[first])), self._corners_of(region)[0], region)
        return best, ~wanted[points]

    def _at(self, side: int, point: int) -> Greatest:
        """The function times `side` at a corner; exact."""
        region = int(self._region_of[point])
        place = int(np.flatnonzero(point_numbers(self._mesh, region) == point)[0])
        corner = self._corners_of(region)[place]
        rows, scale = self._source.scaled_rows(len(self._function.layers), self._bits(np.array([region]))[0])
        *a, c = rows[0]
        return Greatest(fmpq(side) * (dot(a, corner) + c) / scale, corner, region)

    def _bits(self, regions: Ints) -> Bools:
        return unpack(self._partition.packed_patterns[regions], self._partition.network.n_neurons)

"""The corners of a bounded partition in the order of a function's values, which are compared exactly."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from flint import fmpq, fmpz

from polytope_lens.arithmetic.rational import dot, nearest_float
from polytope_lens.domain import is_bounded
from polytope_lens.errors import UnboundedPolytopeError
from polytope_lens.exact.rows import ExactRows
from polytope_lens.exact.values import affine_values, bounded_gradients, bounded_values, roughly_bounded_values
from polytope_lens.function.corner_signs import exact_corners, few_regions
from polytope_lens.network.pattern import unpack
from polytope_lens.network.scalar import check_output, single_output
from polytope_lens.polyhedral_complex.cell_complex import exact_cells, mesh_cells
from polytope_lens.polyhedral_complex.requirements import require_complete, require_mesh

if TYPE_CHECKING:
    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.network.network import Network
    from polytope_lens.partition.partition import Partition
    from polytope_lens.polyhedral_complex.cell_complex import CellComplex


class OrderedCells(NamedTuple):
    """The cells of a bounded partition, and its corners in the order of an output.

    Parameters
    ----------
    cells : CellComplex
    ranks : (n_points,) int array
        Equal where values are equal, and ascending with them; exact.
    values : (n_points,) array
        Rounded.
    points : (n_points, d) array
        Rounded.
    """

    cells: CellComplex
    ranks: Ints
    values: Floats
    points: Floats

    def highest(self) -> list[Ints]:
        """For each dimension of cells, the rank of the highest corner of each."""
        found = [self.ranks]
        for one in self.cells.sides:
            found.append(one.highest(found[-1]))
        return found


def ordered_cells(partition: Partition, output: int, *, max_regions: int, purpose: str) -> OrderedCells:
    """The cells of a partition of a bounded domain, with its corners in the order of an output; exact.

    Raises
    ------
    UnboundedPolytopeError, PartialPartitionError, OptionError

    Notes
    -----
    Where floats with bounds on their errors, or double-doubles, leave open which of two values is greater, both are
    computed as fractions.
    Cost: a few matrix products for each layer, milliseconds for each corner whose value others have, too.
    """
    output = check_output(partition.network, output, name="`output`")
    require_complete(partition, purpose)
    if not is_bounded(partition.domain):
        raise UnboundedPolytopeError(
            f"{purpose} orders the corners of a bounded domain by an output, but this domain is unbounded. Choose a "
            "bounded one, for example a `Box`; `betti` answers for all of R^d."
        )
    function = single_output(partition.network, output)
    if partition.mesh is not None:
        ranks, values = _corner_ranks(partition, function)
        return OrderedCells(mesh_cells(partition), ranks, values, partition.mesh.points)
    cells, corners = exact_cells(partition, max_regions=max_regions, purpose=purpose)
    source, bits = ExactRows(function), partition.patterns()
    exact: list[Any] = [None] * cells.n_points
    for i in np.argsort(corners.regions, kind="stable").tolist():
        rows, scale = source.scaled_rows(len(function.layers), bits[corners.regions[i]])
        vector = corners.vectors[i]
        exact[i] = fmpq(sum((a * v for a, v in zip(rows[0], vector, strict=True)), fmpz(0)), scale * vector[-1])
    points = [[nearest_float(fmpq(v, vector[-1])) for v in vector[:-1]] for vector in corners.vectors]
    values = np.array([nearest_float(value) for value in exact])
    return OrderedCells(cells, _ranked(exact), values, np.array(points).reshape(len(exact), -1))


def _ranked(exact: list[Any]) -> Ints:
    """Ranks of fractions."""
    order = sorted(range(len(exact)), key=exact.__getitem__)
    ranks, rank = np.zeros(len(exact), dtype=np.int64), 0
    for before, here in pairwise(order):
        rank += exact[here] != exact[before]
        ranks[here] = rank
    return ranks


def _corner_ranks(partition: Partition, function: Network) -> tuple[Ints, Floats]:
    mesh = require_mesh(partition)
    value, bound = (array[:, 0] for array in roughly_bounded_values(function, mesh.points, mesh.error))
    again = np.flatnonzero(_is_open(value, bound))
    if again.size:
        near, closer = bounded_values(function, mesh.points[again], mesh.error[again])
        value[again], bound[again] = near[:, 0], closer[:, 0]
        again = np.flatnonzero(_is_open(value, bound))
    if again.size:
        wanted = np.zeros(len(value), dtype=bool)
        wanted[again] = True
        regions, index = np.unique(few_regions(mesh, wanted)[again], return_inverse=True)
        bits = unpack(partition.packed_patterns[regions], partition.network.n_neurons)
        rows, error = bounded_gradients(function, bits)
        near, closer = affine_values(rows[index], error[index], mesh.points[again], mesh.error[again])
        better = closer < bound[again]
        value[again[better]], bound[again[better]] = near[better], closer[better]
        again = np.flatnonzero(_is_open(value, bound))
    order = np.lexsort((bound, value))
    rank = np.zeros(len(value), dtype=np.int64)
    if not again.size:
        rank[order[1:]] = np.cumsum(np.diff(value[order]) > 0)
        return rank, value
    # What is open are groups, each within an interval that holds no other value.
    group, exact = _groups(value, bound), _exact_values(partition, function, again)
    inner = np.zeros(len(value), dtype=np.int64)
    members: dict[int, list[int]] = {}
    for point in again.tolist():
        members.setdefault(int(group[point]), []).append(point)
    for points in members.values():
        inner[points] = _ranked([exact[point] for point in points])
        value[points] = [nearest_float(exact[point]) for point in points]
    return np.unique(np.column_stack([group, inner]), axis=0, return_inverse=True)[1].reshape(-1), value


def _groups(value: Floats, bound: Floats) -> Ints:
    """Values whose intervals overlap, directly or through others, have one number; numbers ascend with the values."""
    with np.errstate(invalid="ignore"):
        low, high = value - bound, value + bound
    unknown = ~(np.isfinite(low) & np.isfinite(high))
    low[unknown], high[unknown] = -np.inf, np.inf
    order = np.argsort(low, kind="stable")
    reach = np.maximum.accumulate(high[order])
    group = np.zeros(len(value), dtype=np.int64)
    group[order[1:]] = np.cumsum(low[order[1:]] > reach[:-1])
    return group


def _is_open(value: Floats, bound: Floats) -> Bools:
    """Which values may be equal to others, or in any order with them, for all that their bounds say."""
    group = _groups(value, bound)
    # A group of exactly known values is one value.
    is_vague = np.bincount(group, weights=bound != 0) > 0
    return np.asarray(((np.bincount(group) > 1) & is_vague)[group])


def _exact_values(partition: Partition, function: Network, points: Ints) -> dict[int, fmpq]:
    mesh = require_mesh(partition)
    wanted = np.zeros(len(mesh.points), dtype=bool)
    wanted[points] = True
    region_of, corner_of = few_regions(mesh, wanted), exact_corners(partition)
    source, bits = ExactRows(function), partition.patterns()
    found = {}
    for point in points[np.argsort(region_of[points], kind="stable")].tolist():
        rows, scale = source.scaled_rows(len(function.layers), bits[region_of[point]])
        *a, c = rows[0]
        found[point] = (dot(a, corner_of(point)) + c) / scale
    return found

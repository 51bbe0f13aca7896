"""The least and the greatest value of an output on a bounded domain, in any number of dimensions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from flint import fmpq

from polytope_lens._arrays.batches import batches
from polytope_lens._places import PARTS, POINTS
from polytope_lens.arithmetic.rational import fraction, nearest_float, rational, rationals
from polytope_lens.arithmetic.signs import UNDERFLOW_GUARD, summation_bound
from polytope_lens.cells.region_facets import domain_sides, region_rows
from polytope_lens.domain import is_bounded
from polytope_lens.errors import ConsistencyError, UnboundedPolytopeError
from polytope_lens.exact.bounded_rows import bounded_rows
from polytope_lens.exact.rows import ExactRows, cell_rows
from polytope_lens.flat_domain import asked_on_flat
from polytope_lens.lp.float_simplex import propose_multipliers
from polytope_lens.lp.rational_simplex import Halfspace, maximize
from polytope_lens.network.pattern import unpack
from polytope_lens.network.scalar import check_output, stacked_outputs
from polytope_lens.polyhedral_complex.requirements import require_complete

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray

    from polytope_lens._types import Floats, Ints
    from polytope_lens.cells.region_facets import DomainSides
    from polytope_lens.partition.partition import Partition


@dataclass(frozen=True, slots=True, eq=False)
class Extremum:
    """The greatest (or least) value of an output, and where it is taken.

    Parameters
    ----------
    value : float or Fraction
    point : (d,) array
        Where: a vertex of a region.
    region : int
        Which region; others may share the point, or take the value elsewhere.
    """

    value: float | Fraction
    point: NDArray[Any] = field(metadata=POINTS)
    region: int

    def __repr__(self) -> str:
        return f"Extremum({float(self.value):.6g} at {self.point.astype(np.float64).tolist()}, region {self.region})"


@dataclass(frozen=True, slots=True, eq=False)
class Extrema:
    """Least and greatest value of an output on a domain."""

    minimum: Extremum = field(metadata=PARTS)
    maximum: Extremum = field(metadata=PARTS)


@asked_on_flat
def extrema(partition: Partition, output: int = 0, *, exact: bool = False) -> Extrema:
    """Least and greatest value of an output on a bounded domain, in any number of dimensions.

    Parameters
    ----------
    partition : Partition
    output : int
        Which one; negative ones count from the last.
    exact : bool
        Fractions instead of floats.

    Raises
    ------
    UnboundedPolytopeError, PartialPartitionError, OptionError

    Notes
    -----
    Exact values; without `exact` each number is rounded once. A linear program in floats for each region proposes
    multipliers that bound the output there (weak duality, with the errors of rows and of the sum accounted for).
    Regions whose bound exceeds what others attain are solved in rational arithmetic, the greatest bounds first.
    Cost: some tens of microseconds for each region, and milliseconds for each that may hold the extremum, which are
    many where the output is constant there.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 0, 0], [0, 1, 1]], [[1, -2]]], [[0, 0], [0.5]])
    >>> lens.partition(Box([-1, -1, -1], [1, 1, 2])).extrema().minimum.value
    -5.5
    """
    output = check_output(partition.network, output, name="`output`")
    require_complete(partition, "`extrema`")
    if not is_bounded(partition.domain):
        raise UnboundedPolytopeError(
            "the extrema of an output were asked for on an unbounded domain, where it may have none. Choose a bounded "
            "one, for example a `Box`."
        )
    low, high = (_greatest(partition, output, side, exact) for side in (-1, 1))
    return Extrema(low, high)


def _greatest(partition: Partition, output: int, side: int, exact: bool) -> Extremum:
    """The greatest value of the output times `side`, as that of the output."""
    network, d = partition.network, partition.network.input_dim
    around = domain_sides(partition.domain, d)
    proposals = _upper_bounds(partition, output, side, around)
    source = ExactRows(network)
    lower, upper = rationals(around.lower), rationals(around.upper)
    best: tuple[fmpq, list[fmpq], int] | None = None
    for region in np.argsort(-proposals.bound, kind="stable").tolist():
        bound = proposals.bound[region]
        if best is not None and np.isfinite(bound) and rational(bound) <= best[0]:
            break
        bits = unpack(partition.packed_patterns[region : region + 1], network.n_neurons)[0]
        rows = [*cell_rows(network, source, bits), *around.exact]
        halfspaces = [Halfspace([fmpq(v) for v in row[:-1]], fmpq(-row[-1])) for row in rows]
        outputs, scale = source.scaled_rows(len(network.layers), bits)
        objective = [fmpq(side * v, scale) for v in outputs[output]]
        start = proposals.basis[region].tolist() if np.isfinite(bound) else None
        found = maximize(objective[:-1], halfspaces, lower, upper, start=start)
        if found is None:
            raise ConsistencyError(f"region {region} has no points. This is a defect of polytope_lens: please report.")
        value = found.value + objective[-1]
        if best is None or value > best[0]:
            best = value, found.point, region
    assert best is not None  # partitions have regions
    value, point, region = best[0] * side, best[1], best[2]
    if exact:
        return Extremum(fraction(value), np.array([fraction(v) for v in point], dtype=object), region)
    return Extremum(nearest_float(value), np.array([nearest_float(v) for v in point]), region)


class _Proposals(NamedTuple):
    """Proved upper bounds on a function on each region, (n,), and the rows they come from, (n, d); infinite: none."""

    bound: Floats
    basis: Ints


def _upper_bounds(partition: Partition, output: int, side: int, around: DomainSides) -> _Proposals:
    """Bounds by multipliers of rows: box sides first, upper then lower ones, then neurons, then walls."""
    network, d, n = partition.network, partition.network.input_dim, len(partition)
    function = stacked_outputs(network)
    bound, basis = np.full(n, np.inf), np.zeros((n, d), dtype=np.int64)
    box = np.vstack([np.column_stack([np.eye(d), -around.upper]), np.column_stack([-np.eye(d), around.lower])])
    for at in batches(n, (network.n_neurons + len(around.exact) + 2 * d) * (d + 1)):
        bits = unpack(partition.packed_patterns[at], network.n_neurons)
        *_, (outputs, output_error) = bounded_rows(function, bits)
        rows, error = region_rows(network, around, bits)
        rows = np.concatenate([np.broadcast_to(box, (len(bits), *box.shape)), rows], axis=1)
        error = np.concatenate([np.zeros((len(bits), *box.shape)), error], axis=1)
        bound[at], basis[at] = _bounds(side * outputs[output], output_error[output], rows, error, around)
    return _Proposals(bound, basis)


def _bounds(goal: Floats, goal_error: Floats, rows: Floats, error: Floats, around: DomainSides) -> tuple[Floats, Ints]:
    """Upper bounds on ``[a, c]`` where ``rows . [x, 1] <= 0``, for n regions: (n, d + 1), (n, m, d + 1) and errors.

    For y >= 0 and any x in the region, ``a . x + c <= c - y . offsets + |a - y . normals| . |x|``.
    """
    n, d = len(goal), goal.shape[1] - 1
    basis, multipliers = np.zeros((n, d), dtype=np.int64), np.full((n, d), np.nan)
    with np.errstate(all="ignore"):
        length = np.linalg.norm(rows[:, :, :-1], axis=2)
        plain = (length > 0) & np.isfinite(length)
        scaled = np.where(plain[:, :, None], rows / np.where(plain, length, 1.0)[:, :, None], 0.0)
        offsets = np.where(plain, -scaled[:, :, -1], 1.0)
        size = np.linalg.norm(goal[:, :-1], axis=1)
    for i in np.flatnonzero(np.isfinite(scaled).all(axis=(1, 2)) & np.isfinite(size)).tolist():
        objective = goal[i, :-1] / size[i] if size[i] else goal[i, :-1]
        found = propose_multipliers(objective, np.ascontiguousarray(scaled[i, :, :-1]), offsets[i])
        if found is not None:
            basis[i], multipliers[i] = found[0], found[1] * size[i] / length[i, found[0]]
    taken, taken_error = (np.take_along_axis(array, basis[:, :, None], axis=1) for array in (rows, error))
    reach = np.append(np.maximum(np.abs(around.lower), np.abs(around.upper)), 1.0)
    unit = summation_bound(d + 2)
    with np.errstate(all="ignore"):
        rest = goal - np.einsum("ni,nik->nk", multipliers, taken)
        spread = goal_error + np.einsum("ni,nik->nk", multipliers, taken_error)
        spread += unit * (np.abs(goal) + np.einsum("ni,nik->nk", multipliers, np.abs(taken)))
        slack = spread @ reach + np.abs(rest[:, :-1]) @ reach[:-1]
        bound = rest[:, -1] + slack * (1 + 4 * summation_bound(d + 4)) + UNDERFLOW_GUARD
        # One more rounding, of the sum of the two.
        bound += summation_bound(2) * np.abs(bound)
    return np.where((multipliers >= 0).all(axis=1) & np.isfinite(bound), bound, np.inf), basis

"""The greatest value of a function that is affine on each region, where no corners are known: by linear programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from flint import fmpq

from polytope_lens._arrays.batches import batch_size
from polytope_lens._compiled.jit import pays
from polytope_lens.arithmetic.rational import dot, nearest_float, rational, rationals
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, summation_bound
from polytope_lens.cells.region_facets import domain_sides
from polytope_lens.domain import Box
from polytope_lens.errors import REPORT, ConsistencyError
from polytope_lens.exact.bounded_rows import bounded_rows
from polytope_lens.exact.forward import quiet
from polytope_lens.exact.rows import ExactRows, cell_rows
from polytope_lens.function.corner_maxima import Greatest
from polytope_lens.function.upper_bounds_kernels import BoxAround, CellRows, LastLayer, ProgramWork, bound_above
from polytope_lens.lp.rational_simplex import Halfspace, maximize
from polytope_lens.network.network import bit_starts
from polytope_lens.network.pattern import unpack
from polytope_lens.network.scalar import single_output, stacked_outputs

if TYPE_CHECKING:
    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.partition.partition import Partition


# Numbers in each array of one batch: they stay in the processor's cache.
AT_ONCE = 2**17
# Regions that are looked at first, so that others are compared with what is nearly the best.
FIRST = 16
# Seconds that rational arithmetic takes for both extremes of a region.
RATIONAL = 0.004


class _Proposals(NamedTuple):
    """Proved upper bounds on minus a function and on the function in each region, (n, 2), and where they come from.

    These are rows, (n, 2, d): upper sides of the box, then lower ones, then neurons, then walls. Infinite: none.
    """

    bound: Floats
    basis: Ints


class _Vertex(NamedTuple):
    """The best vertex of a region: what is best there, and which rows meet in it, numbered as in a basis."""

    greatest: Greatest
    meets: Bools


def extremes(partition: Partition, output: int) -> tuple[Greatest, Greatest]:
    """The greatest values of minus an output and of the output itself, over all regions; exact.

    Parameters
    ----------
    partition : Partition
        Of a bounded domain.
    output : int

    Notes
    -----
    Linear programs in floats propose bounds, which are proved (`upper_bounds_kernels`). Regions whose bound
    exceeds what others attain are solved in rational arithmetic, the greatest bounds first, unless a vertex found
    before is proved to be their best one, too.
    Cost: one to three microseconds for each region, and milliseconds for each that is solved; these are many where the
    function is constant but floats do not know it.
    """
    search = _Regions(partition, output)
    found = search.proposals()
    low, high = (search.greatest(i, found.bound[:, i], found.basis[:, i]) for i in range(2))
    return low, high


class _Regions:
    """The regions of a partition, and the greatest values that an output has there."""

    def __init__(self, partition: Partition, output: int) -> None:
        self._partition, self._output = partition, output
        # One layer at least
        self._function = single_output(partition.network, output)
        around = domain_sides(partition.domain, partition.network.input_dim)
        # The sides of a box are rows already.
        is_box = isinstance(partition.domain, Box)
        self._walls = around.floats[:0] if is_box else around.floats
        self._exact_walls = [] if is_box else around.exact
        self._box = BoxAround(around.lower, around.upper, np.maximum(np.abs(around.lower), np.abs(around.upper)))
        self._exact_box = rationals(around.lower), rationals(around.upper)
        self._source = ExactRows(self._function)

    def proposals(self) -> _Proposals:
        """Bounds on both, by floats."""
        n, d = len(self._partition), self._function.input_dim
        found = _Proposals(np.full((n, 2), np.inf), np.zeros((n, 2, d), dtype=np.int64))
        if not pays((bound_above,), n * RATIONAL):
            return found
        enough = np.full(2, -np.inf)
        if n > 4 * FIRST:
            maps = self._partition.maps[:, self._output]
            with quiet():
                rough = np.einsum("nk,nk->n", maps[:, :-1], self._partition.witnesses) + maps[:, -1]
            order = np.argsort(rough)
            for some in (order[:FIRST], order[-FIRST:]):
                self._bound(np.sort(some), enough, found)
        self._bound(np.arange(n), enough, found)
        return found

    def _bound(self, regions: Ints, enough: Floats, found: _Proposals) -> None:
        """Bounds on some regions in ascending order, as low as they have to be to leave no more than `enough`."""
        function, (k, d) = self._function, self._walls.shape
        d, m = d - 1, function.n_neurons + k
        last = function.layers[-1]
        start = int(bit_starts(function)[-2])
        bits = self._bits(regions)
        is_new = np.append(True, (bits[1:, :start] != bits[:-1, :start]).any(axis=1))
        firsts, cell = np.flatnonzero(is_new), np.cumsum(is_new) - 1
        ends = np.append(firsts, len(regions))
        place = np.where(last.cuts, start - 1 + np.cumsum(last.cuts), -1)
        layer = LastLayer(
            last.negative_slope, last.positive_slope, place, function.dense_output_weight()[0], function.output_bias
        )
        goal, goal_doubt = np.zeros((2, d + 1))
        work = ProgramWork(goal, goal_doubt, np.zeros(d), np.zeros(d), np.zeros(d), np.zeros((d, d)), np.zeros(m))
        step = batch_size((m + last.width) * (d + 1), AT_ONCE)
        for i in range(0, len(firsts), step):
            j = min(i + step, len(firsts))
            at = slice(int(ends[i]), int(ends[j]))
            is_on = np.zeros((at.stop - at.start, m), dtype=bool)
            is_on[:, : function.n_neurons] = bits[at]
            bound, basis = np.full((len(is_on), 2), np.inf), np.zeros((len(is_on), 2, d), dtype=np.int64)
            bound_above(
                self._rows(bits[firsts[i:j]]), layer, self._box, cell[at] - i, is_on, enough, bound, basis, work
            )
            found.bound[regions[at]], found.basis[regions[at]] = bound, basis

    def _rows(self, bits: Bools) -> CellRows:
        """Rows of the cells of some regions."""
        function, (k, size) = self._function, self._walls.shape
        n, m, width = len(bits), function.n_neurons, function.layers[-1].width
        columns, doubt = np.zeros((2, n, size, m + k))
        last, last_doubt = np.empty((2, n, width, size))
        starts = bit_starts(function).tolist()
        for index, (rows, error) in enumerate(bounded_rows(function, bits)):
            of_layer, cuts = slice(*starts[index : index + 2]), function.layers[index].cuts
            columns[:, :, of_layer] = rows[cuts].transpose(1, 2, 0)
            doubt[:, :, of_layer] = error[cuts].transpose(1, 2, 0)
        last[:], last_doubt[:] = rows.transpose(1, 0, 2), error.transpose(1, 0, 2)
        columns[:, :, m:] = self._walls.T
        with np.errstate(all="ignore"):
            scale = 1.0 / np.sqrt(np.einsum("nkm,nkm->nm", columns[:, :-1], columns[:, :-1]))
        return CellRows(columns, doubt, np.where(np.isfinite(scale), scale, 0.0), last, last_doubt)

    def greatest(self, side: int, bound: Floats, basis: Ints) -> Greatest:
        """The greatest of minus the output (side 0), or of the output (1)."""
        best: Greatest | None = None
        is_open = np.ones(len(bound), dtype=bool)
        for region in np.argsort(-bound, kind="stable").tolist():
            if best is not None and np.isfinite(bound[region]) and rational(float(bound[region])) <= best.value:
                break
            if not is_open[region]:
                continue
            is_open[region] = False
            found = self._solved(side, region, basis[region].tolist() if np.isfinite(bound[region]) else None, best)
            if found is None:
                continue
            if best is None or found.greatest.value > best.value:
                best = found.greatest
            left = np.flatnonzero(is_open & np.isfinite(bound) & (bound >= nearest_float(best.value)))
            if left.size:
                is_open[left[self._agree(side, left, basis[left], region, found.meets)]] = False
        assert best is not None  # partitions have regions
        return best

    def _solved(self, side: int, region: int, start: list[int] | None, best: Greatest | None) -> _Vertex | None:
        """The best vertex of a region, exact; None where the output is constant and no better than the best one."""
        network, bits = self._function, self._bits(np.array([region]))[0]
        outputs, scale = self._source.scaled_rows(len(network.layers), bits)
        *objective, constant = (fmpq(v if side else -v, scale) for v in outputs[0])
        if best is not None and not any(objective) and constant <= best.value:
            return None
        rows = [*cell_rows(network, self._source, bits), *self._exact_walls]
        lower, upper = self._exact_box
        halfspaces = [Halfspace([fmpq(v) for v in row[:-1]], fmpq(-row[-1])) for row in rows]
        found = maximize(objective, halfspaces, lower, upper, start=start)
        if found is None:
            raise ConsistencyError(f"region {region} has no points. {REPORT}")
        point = found.point
        meets = [v == bound for side in (upper, lower) for v, bound in zip(point, side, strict=True)]
        meets += [dot(row.normal, point) == row.offset for row in halfspaces]
        return _Vertex(Greatest(found.value + constant, point, region), np.array(meets))

    def _agree(self, side: int, regions: Ints, basis: Ints, other: int, meets: Bools) -> Bools:
        """Which regions are proved to have the best vertex of another one as theirs, too, where these rows meet.

        If patterns differ only in neurons that are zero there, all affine functions of the network have the same values
        there on both regions; so it is a point of both, and the same rows meet in it. It is the best one if the
        gradient is a combination of these with positive multipliers. The exact ones are within ``|r| / (1 - c)`` of
        those found, where r is what these leave over, times the inverse, and c bounds the sums of columns of
        ``I - B @ inverse``.
        """
        d, n_bits = basis.shape[1], self._function.n_neurons
        bits = self._bits(np.append(regions, other))
        differs = (bits[:-1] != bits[-1]) & ~meets[2 * d : 2 * d + n_bits]
        chosen = np.flatnonzero(~differs.any(axis=1) & meets[basis].all(axis=1))[: batch_size(n_bits * (d + 1))]
        answer = np.zeros(len(regions), dtype=bool)
        if not chosen.size:
            return answer
        normals, doubt, goal, goal_doubt = self._programs(side, bits[chosen], basis[chosen])
        with quiet():
            try:
                inverse = np.linalg.inv(normals)
            except np.linalg.LinAlgError:
                return answer
            multipliers = np.einsum("nk,nki->ni", goal, inverse)
            unit = summation_bound(d + 2)
            size = np.abs(goal) + np.einsum("ni,nik->nk", np.abs(multipliers), np.abs(normals))
            left = np.abs(goal - np.einsum("ni,nik->nk", multipliers, normals)) + unit * size + goal_doubt
            left += np.einsum("ni,nik->nk", np.abs(multipliers), doubt) + UNDERFLOW_GUARD
            product = np.einsum("nik,nkj->nij", normals, inverse)
            off = np.abs(np.eye(d) - product) + np.einsum(
                "nik,nkj->nij", unit * (np.abs(normals) + 1) + doubt, np.abs(inverse)
            )
            off += unit
            contraction = off.sum(axis=1).max(axis=1) * BOUND_SLACK
            distance = np.einsum("nk,nki->ni", left, np.abs(inverse)).max(axis=1) * BOUND_SLACK / (1 - contraction)
            distance = distance * BOUND_SLACK + UNDERFLOW_GUARD
            answer[chosen] = (contraction < 0.5) & (multipliers.min(axis=1) > distance)
        return answer

    def _programs(self, side: int, bits: Bools, basis: Ints) -> tuple[Floats, Floats, Floats, Floats]:
        """Normals of the rows in bases, (n, d, d), and gradients, (n, d); after each of them, bounds on the errors."""
        d, n = basis.shape[1], len(bits)
        rows = self._rows(bits)
        signs = np.ones((n, rows.columns.shape[2]))
        signs[:, : bits.shape[1]] = np.where(bits, -1.0, 1.0)
        box = np.vstack([np.eye(d), -np.eye(d)])
        normals = np.concatenate(
            [np.broadcast_to(box, (n, 2 * d, d)), (rows.columns[:, :-1] * signs[:, None]).transpose(0, 2, 1)], axis=1
        )
        doubt = np.concatenate([np.zeros((n, 2 * d, d)), rows.doubt[:, :-1].transpose(0, 2, 1)], axis=1)
        *_, (goal, goal_doubt) = bounded_rows(stacked_outputs(self._function), bits)
        return (
            np.take_along_axis(normals, basis[:, :, None], axis=1),
            np.take_along_axis(doubt, basis[:, :, None], axis=1),
            (goal[0] if side else -goal[0])[:, :-1],
            goal_doubt[0][:, :-1],
        )

    def _bits(self, regions: Ints) -> Bools:
        return unpack(self._partition.packed_patterns[regions], self._partition.network.n_neurons)

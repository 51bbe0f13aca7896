"""Engine for any number of inputs: cells are halfspaces, and linear programs tell which neurons cut one."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from flint import fmpq, fmpz, fmpz_mat

from polytope_lens._compiled.simd import LANES, padded
from polytope_lens.arithmetic.rational import dot, integer_matrix, nearest_float, rationals, scaled_quotient, sign
from polytope_lens.engines._kernels import bottleneck, outcomes, refine, relaxations, spans, thinning
from polytope_lens.engines._kernels import split as kernel
from polytope_lens.engines._kernels.split_state import (
    ChartFacts,
    EdgeWalk,
    HalfspaceStack,
    Halves,
    SplitFrames,
    SplitLayers,
    SplitOutput,
    SplitState,
)
from polytope_lens.engines.chunks import (
    Chunk,
    first_rows,
    input_maps,
    input_points,
    others,
    trimmed,
    unit_rows,
)
from polytope_lens.engines.driver import Problem, Storage, walk_of
from polytope_lens.engines.kept_networks import kept_packed
from polytope_lens.engines.kept_rooms import taken
from polytope_lens.engines.kernel import with_larger_stack
from polytope_lens.engines.whole_rows import scales_of_layers, side_scales
from polytope_lens.exact.owner_rows import OwnerRows, float_sides, integer_sides
from polytope_lens.exact.sparse import rows_on
from polytope_lens.lp.float_simplex import propose_multipliers
from polytope_lens.lp.interior_point import float_inside, inside_box, is_inside
from polytope_lens.lp.rational_simplex import Halfspace, Optimum, maximize
from polytope_lens.network.affine import affine_maps
from polytope_lens.network.pattern import n_words, unpack
from polytope_lens.network.span import number_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from polytope_lens._types import Floats
    from polytope_lens.domain import Box
    from polytope_lens.engines._kernels.packed_network import PackedNetwork
    from polytope_lens.engines.charts import Chart
    from polytope_lens.engines.kept_rooms import Room
    from polytope_lens.network.network import Network


# Floats in the rows of all cells on the stack at first: 256 MB.
MOST_NUMBERS = 2**25


def set_up(
    network: Network, chart: Chart, *, want_output: bool, want_mesh: bool = False
) -> tuple[Problem[SplitState, SplitOutput], SplitState]:
    """What there is to walk in a chart, and a state whose only cell is all of it.

    Exact: what floats cannot prove is decided by linear programs in rational arithmetic. The loops are compiled; memory
    is that of one batch and of the stack, whose depth is at most the number of neurons.
    """
    reach = np.maximum(np.abs(chart.box.lower), np.abs(chart.box.upper))
    decisions = _CellDecisions if chart.is_bounded else _ConeDecisions
    net = kept_packed(network, chart.matrix, reach, want_maps=want_output and chart.has_all_coordinates)
    room, state = _start(network, chart, net, decisions(network, chart))
    d = chart.box.dim

    def oracle() -> Callable[[SplitState], None]:
        return decisions(network, chart).answer

    def output(n_regions: int) -> SplitOutput:
        return SplitOutput(
            np.empty((n_regions, len(state.bits)), np.uint64),
            np.empty((n_regions, net.width[-1], d + 1)),
            np.empty((n_regions, d)),
        )

    def pack(out: SplitOutput, n: int, _: int) -> Chunk:
        witnesses = input_points(chart, trimmed(out.witnesses, n))
        # The kernel proves them in the chart's coordinates, where it finds any; elsewhere they are rounded once more.
        proved = np.asarray(np.isfinite(witnesses).all(axis=1) & chart.is_input_space)
        patterns = trimmed(out.patterns, n)
        maps = input_maps(chart, trimmed(out.maps, n)) if chart.has_all_coordinates else affine_maps(network, patterns)
        return Chunk(n, patterns, maps, witnesses, proved, None)

    storage = Storage(output, pack) if want_output else None
    measure = "search tree", _weight
    return Problem(kernel, "split", net, oracle, storage, *measure, _lowest, with_larger_stack, room), state


walk = walk_of(set_up)


class SplitSizes(NamedTuple):
    """What says how much room a state needs: see `SplitState`."""

    n_bits: int
    n_hidden: int
    widest: int
    dim: int
    n_sides: int


def _empty(sizes: SplitSizes, network: Network, box: Box) -> SplitState:
    """A state without cells, in which nothing is there of the network and the box."""
    n_bits, n_hidden, widest, d, n_sides = sizes
    frames, most = min(n_bits + 2, max(4, MOST_NUMBERS // ((d + 2) * widest))), n_sides + n_bits + 1
    ints, floats = np.int64, np.float64
    return SplitState(
        scalars=np.zeros(outcomes.N_SCALARS, ints),
        layer_counts=np.zeros(n_hidden + 1, ints),
        bits=np.zeros(n_words(n_bits), np.uint64),
        span=spans.unbounded(n_words(n_bits), n_hidden + 1),
        thinning=thinning.unthinned(n_bits, n_words(n_bits)),
        chart=ChartFacts(unit=1.0, is_bounded=True, n_central=0),
        frames=SplitFrames(
            layer=np.full(frames, -1, ints),
            position=np.zeros(frames, ints),
            split_bit=np.full(frames, -1, ints),
            split_value=np.zeros(frames, ints),
            split_row=np.full(frames, -1, ints),
            n_rows=np.zeros(frames, ints),
            vertex=np.zeros((frames, d), floats),
            basis=np.zeros((frames, d), ints),
            inverse=np.zeros((frames, d, padded(d)), floats),
            witness=np.zeros((frames, d), floats),
            rows=np.zeros((frames, d + 1, widest), floats),
            error=np.zeros((frames, widest), floats),
        ),
        halfspaces=HalfspaceStack(
            normal=np.zeros((d, padded(most)), floats),
            offset=np.zeros(padded(most), floats),
            error=np.zeros(padded(most), floats),
            turned=np.zeros(most, ints),
            owner=np.zeros(most, ints),
            central=np.zeros(most, ints),
            exact=np.full((most, d + 1), np.nan),
            scale=np.zeros(most, floats),
        ),
        layers=SplitLayers(
            rows=np.zeros((n_hidden + 1, d + 1, widest), floats),
            sure=np.zeros((n_hidden + 1, widest), floats),
            candidates=np.zeros((n_hidden + 1, widest), ints),
            n_candidates=np.zeros(n_hidden + 1, ints),
            scale=np.zeros((n_hidden + 1, widest), floats),
        ),
        walk=EdgeWalk(
            vertex=np.zeros(d, floats),
            basis=np.zeros(d, ints),
            inverse=np.zeros((d, padded(d)), floats),
            growth=np.zeros(padded(d), floats),
            after=np.zeros(d, floats),
            gradient=np.zeros(d, floats),
            multiplier=np.zeros(d, floats),
            far=np.zeros(d, floats),
            doubt=np.zeros(d, floats),
            middle=np.zeros(d, floats),
            left=np.zeros(2 * d, ints),
            tableau=np.zeros((d, 2 * d), floats),
            entering=np.zeros(d, floats),
            octet=np.zeros(LANES, floats),
        ),
        halves=Halves(points=np.zeros((2, d), floats), bases=np.zeros((2, d), ints)),
        refined=refine.start(np.zeros((d + 1, 0)), n_hidden + 1, widest),
        bottleneck=bottleneck.start(n_hidden + 1, d, widest, most),
        relaxed=relaxations.start(network, box, widest, is_used=False),
    )


def _start(
    network: Network, chart: Chart, net: PackedNetwork, decisions: _CellDecisions
) -> tuple[Room[SplitState], SplitState]:
    """A state whose only cell is the chart's polytope, before the first layer, and the room that it has."""
    width, n_hidden, d, box = net.width, len(network.layers), chart.box.dim, chart.box
    widest = padded(int(max(width.max(), 1)))
    around, own = float_sides(box if chart.is_bounded else None, d), float_sides(chart, d)
    kept = others(own, around)
    sides = np.concatenate([around, own[kept]])
    owners = [-1 - q for q in (*range(len(own), len(own) + len(around)), *kept)]
    n_sides, first = len(sides), first_rows(network, chart)[: width[0]].T
    sizes = SplitSizes(network.n_neurons, n_hidden, widest, d, n_sides)
    room = taken(("split", sizes), partial(_empty, sizes, network, box))
    state = room.state._replace(
        chart=ChartFacts(
            unit=float(np.abs(box.upper).max()),
            is_bounded=chart.is_bounded,
            n_central=_layers_without_biases(network) if chart.is_input_space else 0,
        )
    )
    # Of two layers that cut, nothing can be proved beforehand.
    if (net.n_cut > 0).sum() > 2 and chart.is_bounded and chart.is_input_space:
        state = state._replace(relaxed=relaxations.start(network, box, widest, is_used=True))
    state.layers.scale[:] = scales_of_layers(network, widest)
    state.frames.rows[0, :, : width[0]] = state.refined.high[0, :, : width[0]] = first
    halfspaces = state.halfspaces
    scaled, halfspaces.error[:n_sides] = unit_rows(sides, np.maximum(np.abs(box.lower), np.abs(box.upper)))
    halfspaces.normal[:, :n_sides], halfspaces.offset[:n_sides] = scaled[:, :-1].T, -scaled[:, -1]
    halfspaces.owner[:n_sides] = owners
    halfspaces.central[:n_sides] = sides[:, -1] == 0.0
    halfspaces.exact[:n_sides], halfspaces.scale[:n_sides] = sides, side_scales(sides)
    state.scalars[outcomes.TOP] = 1
    state.frames.n_rows[0] = n_sides
    state.frames.basis[0], state.frames.vertex[0], state.frames.witness[0] = decisions.beginning(kept)
    return room, state


def _weight(state: SplitState, f: int) -> float:
    """Share of a cell on the stack in the search tree, in which a cut halves its cell's; as much as floats can tell."""
    return float(np.ldexp(1.0, -int(state.frames.n_rows[f])))


def _lowest(net: PackedNetwork, state: SplitState, f: int) -> int:
    """The half of a cut where it is on has the bits of its sibling before that one."""
    bit, n_bits = int(state.frames.split_bit[f]), len(net.neuron_of)
    return 0 if bit < 0 else (number_of(state.bits, n_bits) >> (n_bits - bit) << 1 | 1) << (n_bits - bit - 1)


def _layers_without_biases(network: Network) -> int:
    biased = [bool(layer.bias.any()) for layer in network.layers]
    return biased.index(True) if True in biased else len(biased)


class PendingDecision(NamedTuple):
    """What a stopped walk asks: has this neuron one sign on the cell of this frame? ``bits`` are the ones so far."""

    frame: int
    layer: int
    neuron: int
    bits: NDArray[np.bool_]


def question(state: SplitState, n_bits: int) -> PendingDecision:
    """The question that a kernel's state stopped at."""
    frame = int(state.scalars[outcomes.TOP]) - 1
    layer = int(state.frames.layer[frame])
    neuron = int(state.layers.candidates[layer, state.frames.position[frame]])
    return PendingDecision(frame, layer, neuron, unpack(state.bits[None], n_bits)[0])


class _CellDecisions:
    """Whether a neuron cuts a cell, by linear programs in rational arithmetic."""

    def __init__(self, network: Network, chart: Chart) -> None:
        self._network, self._chart = network, chart
        self._n_bits = network.n_neurons

    @cached_property
    def _lower(self) -> list[fmpq]:
        return rationals(self._chart.box.lower)

    @cached_property
    def _upper(self) -> list[fmpq]:
        return rationals(self._chart.box.upper)

    @cached_property
    def _owners(self) -> OwnerRows:
        """Most walks never ask for it, and of tiny networks it takes longer than they do."""
        chart, network = self._chart, self._network
        sides = integer_sides(chart) + integer_sides(chart.box if chart.is_bounded else None)
        return OwnerRows(network, rows_on(network, integer_matrix(chart.matrix)), sides)

    def beginning(self, kept: Sequence[int]) -> tuple[list[int], Floats, list[float]]:
        """Basis of a vertex of the chart, whose halfspaces are the box and the sides in `kept`; near it; and inside."""
        chart, d = self._chart, self._chart.box.dim
        middle = (chart.box.lower + chart.box.upper) / 2
        if not kept and ((chart.box.lower < middle) & (middle < chart.box.upper)).all():
            return list(range(d)), chart.box.upper, middle.tolist()
        cell = [self._halfspace(-1 - q, np.zeros(0, bool)) for q in kept]
        corner = maximize([fmpq(1)] * d, cell, self._lower, self._upper)
        assert corner is not None  # charts have interior
        return corner.basis, chart.box.upper, self.float_inside(cell)

    def answer(self, state: SplitState) -> None:
        """Decide the neuron that the kernel stopped at; where it cuts, find points of either half."""
        asked = question(state, self._n_bits)
        row = self._owners.source.rows(asked.layer, asked.bits)[asked.neuron]
        if any(row[:-1]):
            # The witness has a sign unless there is none; then only the other side is in question.
            known = self._sign_at(state.frames.witness[asked.frame], row)
            state.scalars[outcomes.ANSWER] = self._decide(state, asked, row, known)
        else:
            state.scalars[outcomes.ANSWER] = (kernel.OFF, kernel.VANISHES, kernel.ON)[sign(row[-1]) + 1]

    def _decide(self, state: SplitState, asked: PendingDecision, row: Sequence[fmpz], known: int) -> int:
        """OFF, ON or CUTS; a vertex and a point of either half are then written down."""
        f, layer, neuron, bits = asked
        frames, halfspaces, rounded = state.frames, state.halfspaces, state.layers.rows[layer, :, neuron]
        n_rows, d = int(frames.n_rows[f]), len(row) - 1
        owners = halfspaces.owner[:n_rows].tolist()
        proposals: dict[int, list[int]] = {}
        for side in (-1, 1):
            if side != known:
                normals = np.ascontiguousarray(halfspaces.normal[:, :n_rows].T)
                found = propose_multipliers(side * rounded[:d], normals, halfspaces.offset[:n_rows])
                proposals[side] = state.walk.basis.tolist() if found is None else found[0].tolist()
                if self._is_bounded(side, row, proposals[side], owners, bits):
                    return kernel.OFF if side > 0 else kernel.ON
        cell = [self._halfspace(owner, bits) for owner in owners[2 * d :]]
        reached: dict[int, Optimum] = {}
        for side, proposal in proposals.items():
            reached[side] = self._reach(row, side, cell, proposal)
            if reached[side].value + side * row[-1] <= 0:
                return kernel.OFF if side > 0 else kernel.ON
        for place, side in ((0, -1), (1, 1)):
            half = [*cell, Halfspace([fmpq(-side * v) for v in row[:-1]], fmpq(side * row[-1]))]
            if side != known:
                state.halves.bases[place] = reached[side].basis
                witness = frames.witness[f] if known else None
                state.halves.points[place] = self._between(half, row, reached[side].point, witness)
                continue
            state.halves.points[place] = frames.witness[f]
            # The frame's own vertex, if it is not in the other half as far as floats tell: bases only steer.
            with np.errstate(over="ignore", invalid="ignore"):
                at_vertex = bool(side * (rounded[:d] @ frames.vertex[f] + rounded[d]) >= 0)
            start = state.walk.basis.tolist()
            state.halves.bases[place] = frames.basis[f] if at_vertex else self._reach(row, side, cell, start).basis
        return kernel.CUTS

    def _sign_at(self, point: NDArray[np.float64], row: Sequence[fmpz]) -> int:
        """Sign of a row at a point, or 0 where the point is NaN."""
        return sign(dot(row, [*rationals(point), fmpq(1)])) if np.isfinite(point).all() else 0

    def _is_bounded(
        self, side: int, row: Sequence[fmpz], basis: Sequence[int], owners: Sequence[int], bits: NDArray[np.bool_]
    ) -> bool:
        """Whether the multipliers of a basis are nonnegative and prove that a row takes no sign `side` in a cell."""
        if max(basis) >= len(owners):
            return False
        rows = [self._owners.halfspace(owners[q], bits) for q in basis]
        try:
            normals = fmpz_mat(rows).transpose()
            multipliers = fmpz_mat(normals.tolist()[:-1]).solve(fmpz_mat([[side * v] for v in row[:-1]])).entries()
        except ZeroDivisionError:
            return False
        if any(y < 0 for y in multipliers):
            return False
        bound = sum((y * half[-1] for y, half in zip(multipliers, rows, strict=True)), fmpq(0))
        return bool(side * row[-1] <= bound)

    def _reach(self, row: Sequence[fmpz], side: int, cell: Sequence[Halfspace], proposal: Sequence[int]) -> Optimum:
        """Where in a cell a row takes a sign most."""
        objective = [fmpq(side * v) for v in row[:-1]]
        best = maximize(objective, cell, self._lower, self._upper, start=proposal)
        assert best is not None  # the cell has interior
        return best

    def _between(
        self, half: Sequence[Halfspace], row: Sequence[fmpz], reached: Sequence[fmpq], witness: Floats | None
    ) -> list[float]:
        """A point of half a cell: on the way from a point of its closure to one in the other half, or its middle."""
        if witness is not None:
            inside = rationals(witness)
            gain, loss = abs(dot(row, [*reached, fmpq(1)])), abs(dot(row, [*inside, fmpq(1)]))
            total = 2 * loss + gain
            exact = [(2 * loss * p + gain * q) / total for p, q in zip(reached, inside, strict=True)]
            point = [nearest_float(v) for v in exact]
            if self._is_inside(half, point):
                return point
        return self.float_inside(half)

    def _halfspace(self, owner: int, bits: NDArray[np.bool_]) -> Halfspace:
        row = self._owners.halfspace(owner, bits)
        return Halfspace([fmpq(v) for v in row[:-1]], fmpq(-row[-1]))

    def float_inside(self, rows: Sequence[Halfspace]) -> list[float]:
        """A float point strictly inside, or NaN where the deepest point of the cell rounds out of it.

        NaN proves nothing to the kernel, which then asks about every neuron in that cell.
        """
        point = inside_box(rows, self._lower, self._upper)
        assert point is not None  # cells have interior
        rounded = [nearest_float(v) for v in point]
        return rounded if self._is_inside(rows, rounded) else [float("nan")] * len(rounded)

    def _is_inside(self, rows: Sequence[Halfspace], point: list[float]) -> bool:
        """Whether a float point is strictly inside the rows and the box."""
        exact = rationals(point)
        in_box = all(lo < v < hi for lo, v, hi in zip(self._lower, exact, self._upper, strict=True))
        return in_box and all(dot(q.normal, exact) < q.offset for q in rows if any(q.normal))


class _ConeDecisions(_CellDecisions):
    """The same in an unbounded domain: cells as cones ``a . x + c t <= 0``, cut off at |x_k| <= 1 and t <= 1."""

    def beginning(self, kept: Sequence[int]) -> tuple[list[int], Floats, list[float]]:
        """Coordinates in place of halfspaces, through a point inside; through one off most symmetries in R^d."""
        d = self._chart.box.dim
        sides = self._owners.sides if len(self._chart.b) else []
        if sides:
            point = self._middle_of(sides)
        else:
            point = (self._chart.box.upper * (np.arange(1, d + 1) * 0.618 % 1.0 - 0.5)).tolist()
        return self._free, np.array(point), self._if_inside(sides, point)

    def _decide(self, state: SplitState, asked: PendingDecision, row: Sequence[fmpz], known: int) -> int:
        """OFF, ON or CUTS; a point of either half is then written down."""
        f, bits, witness = asked.frame, asked.bits, state.frames.witness[asked.frame]
        owners = state.halfspaces.owner[: state.frames.n_rows[f]].tolist()
        cell = [self._owners.halfspace(owner, bits) for owner in owners]
        reached: dict[int, list[fmpq]] = {}
        for side in (-1, 1):
            if side != known:
                best = self._farthest(row, side, cell)
                if best.value <= 0:
                    return kernel.OFF if side > 0 else kernel.ON
                reached[side] = best.point
        for place, side in ((0, -1), (1, 1)):
            half = [*cell, [-side * v for v in row]]
            if side == known:
                point = witness.tolist()
            else:
                point = self._beside(half, reached[side], witness) if known else self._middle_of(half)
            state.halves.points[place] = self._if_inside(half, point)
            state.halves.bases[place] = self._free
        return kernel.CUTS

    @property
    def _free(self) -> list[int]:
        return [-1 - k for k in range(self._chart.box.dim)]

    def _farthest(self, row: Sequence[fmpz], side: int, cell: Sequence[Sequence[fmpz]]) -> Optimum:
        """Where a row takes a sign most in a cell, if anywhere; then it does so inside, too, where t > 0."""
        d, one = len(row) - 1, fmpq(1)
        normals = np.vstack([np.eye(d + 1), -np.eye(d + 1), *(_scaled(half) for half in cell)])
        offsets = np.concatenate([np.ones(2 * d + 1), np.zeros(1 + len(cell))])
        proposed = propose_multipliers(side * _scaled(row), normals, offsets)
        best = maximize(
            [fmpq(side * v) for v in row],
            [Halfspace([fmpq(v) for v in half], fmpq(0)) for half in cell],
            [-one] * d + [fmpq(0)],
            [one] * (d + 1),
            start=None if proposed is None else proposed[0].tolist(),
        )
        assert best is not None  # the origin is in the cone
        return best

    def _middle_of(self, rows: Sequence[Sequence[fmpz]]) -> list[float]:
        point = float_inside(rows, len(self._lower))
        assert point is not None  # cells have interior
        return point

    def _if_inside(self, rows: Sequence[Sequence[fmpz]], point: list[float]) -> list[float]:
        return point if is_inside(rows, point) else [float("nan")] * len(point)

    def _beside(self, half: Sequence[Sequence[fmpz]], reached: Sequence[fmpq], witness: Floats) -> list[float]:
        """A point of half a cell on the way from a point of the other half to one of the closed cone."""
        inside = [*rationals(witness), fmpq(1)]
        gain, loss = -dot(half[-1], reached), dot(half[-1], inside)
        *x, t = [2 * loss * p + gain * q for p, q in zip(reached, inside, strict=True)]
        point = [nearest_float(v / t) for v in x]
        return point if np.isfinite(point).all() and is_inside(half, point) else self._middle_of(half)


def _scaled(row: Sequence[fmpz]) -> Floats:
    """The integers of a row divided by the greatest, rounded."""
    return scaled_quotient(row, max(map(abs, row)) or fmpz(1))

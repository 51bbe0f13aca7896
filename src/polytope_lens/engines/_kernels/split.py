"""Cell traversal in any dimension: cells are halfspaces, and linear programs tell which neurons cut one.

The programs of one cell share their feasible set: each walks on from a vertex that an earlier one left, along edges,
until the neuron changes sign or cannot fall further. These walks are plain floats and decide nothing. What decides:

- "it does not cut": nonnegative multipliers of the cell's halfspaces give a lower bound on ``|z|`` over the cell (weak
  duality), computed with all rounding and row errors subtracted. Whatever the sum of rows leaves over is charged at the
  size of the box (Neumaier and Shcherbina 2004, *Safe bounds in linear and mixed-integer linear programming*), or taken
  from the multipliers where there is no box.
- or the same in the coordinates of a narrow layer, where the cell reaches infinity (`bottleneck`), or in
  integers, where the rows are small ones (`whole_rows`).
- "it cuts": two float points that lie strictly inside the cell and on either side, beyond all error bounds.

Where neither can be proved, the walk stops, and the caller answers in rational arithmetic and calls again.
Each cell keeps such a proved interior point, its witness, and passes one to each of its halves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._compiled.jit import jit, walk_kernel
from polytope_lens._compiled.simd import LANES, load, store
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.engines._kernels.bottleneck import surely_keeps_sign
from polytope_lens.engines._kernels.outcomes import (
    ALONG,
    ANSWER,
    CRAMPED,
    DONE,
    DOUBLE_DECISIONS,
    FLOAT_DECISIONS,
    FLOOR,
    FULL,
    N_REGIONS,
    RATIONAL_DECISIONS,
    SHARE,
    STOP_IT,
    TOP,
    UNDECIDED,
    WANTED,
    is_to_stop,
    note_decisions,
)
from polytope_lens.engines._kernels.packed_network import (
    PackedNetwork,
    accumulate_neuron,
    close_layer,
    length,
    set_bit,
    start_layer,
)
from polytope_lens.engines._kernels.refine import begin, close_refined, is_refined
from polytope_lens.engines._kernels.relaxations import hand_down, known_sign
from polytope_lens.engines._kernels.simplex import (
    CROSSED,
    OPTIMAL,
    descend,
    nearest_row,
    refactor,
    spread,
    start_walk,
    surely_inside,
    surely_misses,
    value_at,
)
from polytope_lens.engines._kernels.spans import is_outside, mark, trim
from polytope_lens.engines._kernels.split_state import SplitOutput
from polytope_lens.engines._kernels.whole_rows import keep_exact, keeps_sign_exactly
from polytope_lens.engines._kernels.witnesses import deepen, find_witness, step_aside

if TYPE_CHECKING:
    from polytope_lens.engines._kernels.split_state import SplitState


# A value this much smaller than its terms may be nothing but rounding: steers walks and decides nothing.
ROUNDED_AWAY = 2.0**-40
# Answers to an undecided question
NONE, OFF, ON, VANISHES, CUTS = 0, 1, 2, 3, 4


NO_OUTPUT = SplitOutput(np.empty((0, 1), np.uint64), np.empty((0, 0, 1)), np.empty((0, 1)))


@walk_kernel
def walk(net: PackedNetwork, s: SplitState, out: SplitOutput, limit: int, want_output: bool) -> int:  # pragma: no cover
    """Go on until `limit` regions are in the output, or done, a question is open, or room is short; returns which."""
    while s.scalars[TOP] > s.scalars[FLOOR]:
        f = s.scalars[TOP] - 1
        if s.scalars[WANTED] != 0 and is_to_stop(s.scalars):
            return FULL if s.scalars[WANTED] == STOP_IT else SHARE
        if s.scalars[TOP] == s.frames.layer.shape[0]:
            return CRAMPED
        layer = s.frames.layer[f]
        if s.frames.split_bit[f] >= 0:
            set_bit(s.bits, s.frames.split_bit[f], s.frames.split_value[f] == 1)
        if s.frames.split_row[f] >= 0:
            _turn(s, s.frames.split_row[f], s.frames.split_value[f])
        if s.scalars[ALONG] != 0:
            mark(s)
        if layer >= 0:
            outcome = _try_candidates(net, s, f, layer)
            if outcome == UNDECIDED:
                return UNDECIDED
            if s.scalars[ALONG] != 0:
                if outcome == 1:
                    trim(s, s.frames.split_bit[f])
                elif is_outside(s, net.bit_start[layer + 1]):
                    continue
            if outcome == 1:
                continue
        if layer == net.n_hidden - 1:
            if layer >= 0:
                s.layer_counts[layer] += 1
            if want_output:
                _emit(s, f, out)
            note_decisions(s.scalars)
            s.scalars[N_REGIONS] += 1
            s.scalars[TOP] -= 1
            if s.scalars[N_REGIONS] >= limit and s.scalars[TOP] > s.scalars[FLOOR]:
                return FULL
            continue
        if layer >= 0:
            s.layer_counts[layer] += 1
        else:
            refactor(s, f)  # the first cell comes with a basis alone
        _begin_layer(net, s, f, layer + 1)
    return DONE


@jit
def _turn(s: SplitState, row: int, value: int) -> None:  # pragma: no cover - compiled
    if s.halfspaces.turned[row] != value:
        for k in range(s.halfspaces.normal.shape[0]):
            s.halfspaces.normal[k, row] = -s.halfspaces.normal[k, row]
        s.halfspaces.offset[row] = -s.halfspaces.offset[row]
        s.halfspaces.turned[row] = value


@jit
def _side(s: SplitState, f: int, row: Any, j: int) -> float:  # pragma: no cover - compiled
    """The sign of a row at the vertex at hand; at the witness, if rounding may be all that is left at the vertex."""
    k = s.walk.vertex.shape[0]
    value = row[k, j]
    size = abs(value)
    for i in range(k):
        term = row[i, j] * s.walk.vertex[i]
        value += term
        size += abs(term)
    if abs(value) <= ROUNDED_AWAY * size:
        value = value_at(row, j, s.frames.witness[f])
    return 1.0 if value > 0.0 else -1.0


@jit
def _try_candidates(net: PackedNetwork, s: SplitState, f: int, layer: int) -> int:  # pragma: no cover - compiled
    """Decide the remaining candidates; returns 1 if the cell was split, 0 if none is left, or UNDECIDED."""
    n_next = net.width[layer + 1]
    row, sures = s.layers.rows[layer], s.layers.sure[layer]
    rung = DOUBLE_DECISIONS if layer > 0 and is_refined(s.refined, layer) else FLOAT_DECISIONS
    while s.frames.position[f] < s.layers.n_candidates[layer]:
        j = s.layers.candidates[layer, s.frames.position[f]]
        answer = s.scalars[ANSWER]
        if answer == NONE:
            answer, is_whole = _decide(net, s, f, layer, row, j, sures[j])
            if answer == NONE:
                return UNDECIDED
            s.scalars[RATIONAL_DECISIONS if is_whole else rung] += 1
        else:
            s.scalars[ANSWER] = NONE
            s.scalars[RATIONAL_DECISIONS] += 1
            if answer == CUTS:
                _take_bases(net, s, f, layer, row, j, sures[j])
                return 1
        neuron = net.neuron_start[layer] + j
        if answer == CUTS:
            _split(net, s, f, layer, row, j, sures[j])
            return 1
        set_bit(s.bits, net.bit[neuron], answer == ON)
        if n_next > 0 and answer != VANISHES:
            slope = net.positive[neuron] if answer == ON else net.negative[neuron]
            accumulate_neuron(net, layer + 1, j, slope, row, sures[j], s.frames.rows, s.frames.error, f)
        s.frames.position[f] += 1
    return 0


@jit
def _decide(
    net: PackedNetwork, s: SplitState, f: int, layer: int, row: Any, j: int, sure: float
) -> tuple[int, bool]:  # pragma: no cover - compiled
    """OFF, ON or CUTS if proved, else NONE; and whether integers proved it.

    After CUTS, the walk at hand stands on the hyperplane.
    """
    k = s.walk.vertex.shape[0]
    norm = length(row, j, k)
    if not norm > 0.0:
        if s.layers.scale[layer, j] > 0.0:
            return VANISHES if row[k, j] == 0.0 else ON if row[k, j] > 0.0 else OFF, True
        if abs(row[k, j]) > sure and _is_constant(net, s.chart.is_bounded, layer, j):
            return ON if row[k, j] > 0.0 else OFF, False
        return int(_behind_narrow_layer(net, s, f, layer, row, j, sure)), False
    offset = row[k, j] / norm
    beyond, outcome = 0.0, OPTIMAL
    for attempt in range(3):
        if attempt == 1:
            # Where a neuron vanishes at a corner, rounding may tell of a crossing there: look for a real one.
            refactor(s, f)
            beyond = abs(offset)
            for i in range(k):
                beyond += abs(s.walk.gradient[i]) * net.reach[i]
            beyond *= ROUNDED_AWAY
        elif attempt == 2:
            # It was, but there is no witness on one side of it.
            if outcome != CROSSED:
                break
            step_aside(net, s, f, row, j, sure)
            deepen(net, s, f)
        for i in range(k):
            s.walk.gradient[i] = row[i, j] / norm
        start_walk(s, f)
        side = _side(s, f, row, j)
        outcome = descend(s, s.frames.n_rows[f], offset, side, True, beyond)
        if outcome == OPTIMAL:
            if surely_misses(net, s, row, j, sure, side, _is_central(s, layer, row[k, j])):
                return ON if side > 0.0 else OFF, False
            if keeps_sign_exactly(s, s.frames.n_rows[f], layer, row, j, side):
                return ON if side > 0.0 else OFF, True
        if outcome == CROSSED:
            first, second = (1, 0) if side > 0.0 else (0, 1)
            if find_witness(net, s, f, row, j, sure, side, s.frames.vertex[f], s.halves.points[first]) and find_witness(
                net, s, f, row, j, sure, -side, s.walk.after, s.halves.points[second]
            ):
                return CUTS, False
        if attempt == 0:
            answer = int(_behind_narrow_layer(net, s, f, layer, row, j, sure))
            if answer != NONE:
                return answer, False
    return NONE, False


@jit
def _is_constant(net: PackedNetwork, is_bounded: bool, layer: int, j: int) -> Any:  # pragma: no cover - compiled
    """Whether errors in a row whose gradient rounds to zero are those of a constant, or bounded at least."""
    if not is_bounded and layer > 0:
        start, stride, at = net.weight_start[layer], net.stride[layer], net.sparse_at[layer]
        for q in range(net.width[layer - 1]):
            if at < 0:
                if net.weights[start + q * stride + j] != 0.0:
                    return False
                continue
            for i in range(net.sparse_start[at + q], net.sparse_start[at + q + 1]):
                if net.sparse_rows[i] == j:
                    return False
    return True


@jit
def _is_central(s: SplitState, layer: int, constant: float) -> Any:  # pragma: no cover - compiled
    """Whether a neuron's exact hyperplane in a cell passes through the origin."""
    return layer < s.chart.n_central or (layer == 0 and constant == 0.0)


@jit
def _behind_narrow_layer(
    net: PackedNetwork, s: SplitState, f: int, layer: int, row: Any, j: int, sure: float
) -> int:  # pragma: no cover - compiled
    """OFF or ON if proved in the coordinates of a narrow layer, else NONE."""
    if layer > 0:
        value, central, current = value_at(row, j, s.frames.witness[f]), layer < s.chart.n_central, s.refined.current
        # Without biases it might be zero on the whole cell.
        if central and not abs(value) > sure * spread(net, s.frames.witness[f]):
            return NONE
        side = 1.0 if value > 0.0 else -1.0
        if surely_keeps_sign(
            net, s.bottleneck, current, s.bits, s.halfspaces.owner, s.frames.n_rows[f], layer, j, side, central
        ):
            return ON if side > 0.0 else OFF
    return NONE


@jit
def _push_row(
    net: PackedNetwork, s: SplitState, at: int, layer: int, row: Any, j: int, sure: float, bit: int
) -> None:  # pragma: no cover - compiled
    """Store the halfspace on which a neuron is off."""
    k = s.walk.vertex.shape[0]
    norm = length(row, j, k)
    size = 0.0
    for i in range(k):
        s.halfspaces.normal[i, at] = row[i, j] / norm
        size += abs(s.halfspaces.normal[i, at]) * net.reach[i]
    s.halfspaces.offset[at] = -row[k, j] / norm
    s.halfspaces.error[at] = (
        sure / norm * BOUND_SLACK + 4 * UNIT_ROUNDOFF * (size + abs(s.halfspaces.offset[at])) + UNDERFLOW_GUARD
    )
    s.halfspaces.turned[at] = 0
    s.halfspaces.owner[at] = bit
    s.halfspaces.central[at] = 1 if _is_central(s, layer, row[k, j]) else 0
    keep_exact(s, at, layer, row, j)


@jit
def _branch(
    net: PackedNetwork, s: SplitState, f: int, layer: int, row: Any, j: int, sure: float
) -> None:  # pragma: no cover
    """Bookkeeping of a cut: frame f becomes the half where the neuron is on, f + 1 on top the other."""
    g = f + 1
    at = s.frames.n_rows[f]
    bit = net.bit[net.neuron_start[layer] + j]
    _push_row(net, s, at, layer, row, j, sure, bit)
    s.frames.n_rows[f] = at + 1
    s.frames.n_rows[g] = at + 1
    s.frames.layer[g] = layer
    s.frames.position[f] += 1
    s.frames.position[g] = s.frames.position[f]
    s.frames.split_bit[f] = bit
    s.frames.split_bit[g] = bit
    s.frames.split_row[f] = at
    s.frames.split_row[g] = at
    s.frames.split_value[f] = 1
    s.frames.split_value[g] = 0
    for i in range(s.walk.vertex.shape[0]):
        s.frames.witness[f, i] = s.halves.points[1, i]
        s.frames.witness[g, i] = s.halves.points[0, i]
    n_next = net.width[layer + 1]
    if n_next > 0:
        for at in range(0, n_next, LANES):
            for i in range(s.frames.rows.shape[1]):
                store(s.frames.rows, (g, i, at), load(s.frames.rows, (f, i, at)))
            store(s.frames.error, (g, at), load(s.frames.error, (f, at)))
        neuron = net.neuron_start[layer] + j
        on, off = net.positive[neuron], net.negative[neuron]
        accumulate_neuron(net, layer + 1, j, on, row, sure, s.frames.rows, s.frames.error, f)
        accumulate_neuron(net, layer + 1, j, off, row, sure, s.frames.rows, s.frames.error, g)
    s.scalars[TOP] += 1


@jit
def _split(
    net: PackedNetwork, s: SplitState, f: int, layer: int, row: Any, j: int, sure: float
) -> None:  # pragma: no cover
    """Replace the top cell by its two halves; both start from the point where the walk at hand crossed over."""
    g = f + 1
    at = s.frames.n_rows[f]
    _branch(net, s, f, layer, row, j, sure)
    for i in range(s.walk.vertex.shape[0]):
        s.frames.vertex[f, i] = s.walk.vertex[i]
        s.frames.vertex[g, i] = s.walk.vertex[i]
        s.frames.basis[f, i] = s.walk.basis[i]
        s.frames.basis[g, i] = s.walk.basis[i]
        for place in range(0, s.walk.inverse.shape[1], LANES):
            octet = load(s.walk.inverse, (i, place))
            store(s.frames.inverse, (f, i, place), octet)
            store(s.frames.inverse, (g, i, place), octet)
    for i in range(s.walk.vertex.shape[0]):
        if s.walk.basis[i] == at:
            for q in range(s.walk.vertex.shape[0]):
                s.frames.inverse[f, q, i] = -s.frames.inverse[f, q, i]


@jit
def _take_bases(
    net: PackedNetwork, s: SplitState, f: int, layer: int, row: Any, j: int, sure: float
) -> None:  # pragma: no cover - compiled
    """Replace the top cell by its two halves, starting from vertices, or points, that the caller found."""
    g = f + 1
    _branch(net, s, f, layer, row, j, sure)
    for i in range(s.walk.vertex.shape[0]):
        s.frames.basis[f, i] = s.halves.bases[1, i]
        s.frames.basis[g, i] = s.halves.bases[0, i]
        s.frames.vertex[f, i] = s.halves.points[1, i]
        s.frames.vertex[g, i] = s.halves.points[0, i]
    refactor(s, f)
    refactor(s, g)


@jit
def _begin_layer(net: PackedNetwork, s: SplitState, f: int, layer: int) -> None:  # pragma: no cover - compiled
    """Sort the neurons of a layer into those that surely miss the cell and those that may cut it."""
    n, k = net.width[layer], s.walk.vertex.shape[0]
    row, sures = s.layers.rows[layer], s.layers.sure[layer]
    n_next = net.width[layer + 1]
    begin(s.refined, layer)
    if close_layer(net.reach, n, s.frames.rows, s.frames.error, f, row, sures):
        close_refined(net, s.refined, s.bits, layer, row, sures)
    rung = DOUBLE_DECISIONS if layer > 0 and is_refined(s.refined, layer) else FLOAT_DECISIONS
    if n_next > 0:
        start_layer(net.bias, net.tau, net.neuron_start[layer + 1], n_next, s.frames.rows, s.frames.error, f)
    for i in range(k):
        s.walk.middle[i] = s.frames.witness[f, i]
    visited = 1
    is_tried = s.relaxed.sign.shape[0] > 0 and hand_down(net, s, f, layer)
    start_walk(s, f)
    count = 0
    first = net.neuron_start[layer]
    for j in range(n):
        bit = net.bit[first + j]
        on = False
        sign = known_sign(s, layer, j)
        if bit >= 0 and sign != 0:
            on = sign > 0
            set_bit(s.bits, bit, on)
        elif bit >= 0:
            side = _side(s, f, row, j)
            misses, is_whole = False, False
            if not is_tried and side * value_at(row, j, s.frames.witness[f]) >= 0.0:
                norm = length(row, j, k)
                if norm > 0.0:
                    for i in range(k):
                        s.walk.gradient[i] = row[i, j] / norm
                    outcome = descend(s, s.frames.n_rows[f], row[k, j] / norm, side, False, 0.0)
                    if outcome == OPTIMAL:
                        misses = surely_misses(net, s, row, j, sures[j], side, _is_central(s, layer, row[k, j]))
                        is_whole = not misses and keeps_sign_exactly(s, s.frames.n_rows[f], layer, row, j, side)
                    for i in range(k):
                        s.walk.middle[i] += s.walk.vertex[i]
                    visited += 1
                else:
                    misses = side * row[k, j] > sures[j] and _is_constant(net, s.chart.is_bounded, layer, j)
            if not misses and not is_whole:
                s.layers.candidates[layer, count] = j
                count += 1
                continue
            on = side > 0.0
            s.scalars[RATIONAL_DECISIONS if is_whole else rung] += 1
            set_bit(s.bits, bit, on)
        if n_next > 0:
            slope = net.positive[first + j] if on or bit < 0 else net.negative[first + j]
            accumulate_neuron(net, layer + 1, j, slope, row, sures[j], s.frames.rows, s.frames.error, f)
    s.layers.n_candidates[layer] = count
    s.frames.layer[f] = layer
    s.frames.position[f] = 0
    s.frames.split_bit[f] = -1
    for i in range(k):
        s.walk.middle[i] /= visited
    n_rows = s.frames.n_rows[f]
    is_deeper = nearest_row(s, n_rows, s.walk.middle)[0] > nearest_row(s, n_rows, s.frames.witness[f])[0]
    if is_deeper and surely_inside(net, s, n_rows, s.walk.middle):
        for i in range(k):
            s.frames.witness[f, i] = s.walk.middle[i]


@jit
def _emit(s: SplitState, f: int, out: SplitOutput) -> None:  # pragma: no cover - compiled
    """Write a finished region."""
    r = s.scalars[N_REGIONS]
    for i in range(s.bits.shape[0]):
        out.patterns[r, i] = s.bits[i]
    for q in range(out.maps.shape[1]):
        for i in range(s.frames.rows.shape[1]):
            out.maps[r, q, i] = s.frames.rows[f, i, q]
    for i in range(s.walk.vertex.shape[0]):
        out.witnesses[r, i] = s.frames.witness[f, i]

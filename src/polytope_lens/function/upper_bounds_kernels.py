"""Upper bounds on an affine function in each of many regions, by linear programs that end when the bound is low enough.

A program starts from the best corner of a box around the domain, whose value bounds the function from above, and each
pivot lowers the bound: a dual simplex method, as in `float_simplex`. It ends as soon as the bound is below what
some region is known to attain, which is mostly after none or a few. Floats propose; whatever bound is written down is
proved, by weak duality: for y >= 0 and any x in the region ``{x : B x + c <= 0}``,
``a . x + e <= e - y . c + |a - y B| . |x|``, with the errors of all numbers and of the sums accounted for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from polytope_lens._compiled.jit import inlined, jit
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.exact.forward import SMALLEST
from polytope_lens.lp.pivoting import EXHAUSTED, VIOLATED, enter

if TYPE_CHECKING:
    from polytope_lens._types import Bools, Floats, Ints


# What others have to exceed is this many times less than an optimum as its proved bound is more.
CLEAR = 4.0


class CellRows(NamedTuple):
    """Rows of cells, each of which has some regions: they agree in all bits but those of the last layer.

    Parameters
    ----------
    columns, doubt : (n_cells, d + 1, m) arrays
        Pre-activations ``a . x + c`` of the neurons that cut, then walls, column by column; bounds on their errors.
    scale : (n_cells, m) array
        One over the length of each normal, or 0 where that is out of range.
    last, last_doubt : (n_cells, width, d + 1) arrays
        Pre-activations of all neurons of the last layer, and bounds on their errors.
    """

    columns: Floats
    doubt: Floats
    scale: Floats
    last: Floats
    last_doubt: Floats


class LastLayer(NamedTuple):
    """How the function is made of the last layer: ``weight . (slope * pre-activation) + bias``.

    `place` (width,) says which bit each neuron has, -1 for none; `bias` is (1,).
    """

    negative: Floats
    positive: Floats
    place: Ints
    weight: Floats
    bias: Floats


class BoxAround(NamedTuple):
    """A box around the domain, and the greatest size of each coordinate in it, (d,) each."""

    lower: Floats
    upper: Floats
    reach: Floats


class ProgramWork(NamedTuple):
    """Room for one program in d coordinates with m rows besides the box: (d + 1,) twice, (d,) thrice, (d, d), (m,)."""

    goal: Floats
    goal_doubt: Floats
    dual: Floats
    alpha: Floats
    point: Floats
    inverse: Floats
    excess: Floats


@jit
def bound_above(
    rows: CellRows,
    layer: LastLayer,
    box: BoxAround,
    cell: Ints,
    is_on: Bools,
    enough: Floats,
    bound: Floats,
    basis: Ints,
    work: ProgramWork,
) -> None:  # pragma: no cover - compiled
    """Bounds on minus the function, and on the function, in n regions, (n, 2), and bases that they come from.

    `cell` (n,) says which cell each region is in, `is_on` (n, m) which of its rows have the other sign. Bounds below
    `enough` (2,), which grows, are as good as any. Bases (n, 2, d) number the upper sides of the box, then lower ones,
    then rows.
    """
    for r in range(cell.shape[0]):
        _write_goal(rows, layer, cell[r], is_on[r], bound[r], work)
        for side in range(2):
            if side == 1:
                for k in range(work.goal.shape[0]):
                    work.goal[k] = -work.goal[k]
            # First minus the function.
            _bound(rows, box, cell[r], is_on[r], enough, side, bound[r], basis[r, side], work)


@inlined
def _write_goal(
    rows: CellRows, layer: LastLayer, cell: int, is_on: Any, bound: Any, work: ProgramWork
) -> None:  # pragma: no cover - compiled
    """Minus the function on a region, and bounds on the errors of its coefficients, 0 if nothing is passed on.

    Neurons keep their signs on a region. Where no term of the function can be positive there, it is at most the bias,
    without an error; and at least, where none can be negative.
    """
    size = work.goal.shape[0]
    width = layer.weight.shape[0]
    unit = (width + 4) * UNIT_ROUNDOFF
    passed, rises, falls = False, False, False
    for k in range(size):
        work.goal[k] = 0.0
        work.goal_doubt[k] = 0.0
    work.goal[size - 1] = -layer.bias[0]
    work.goal_doubt[size - 1] = unit * abs(layer.bias[0])
    for j in range(width):
        slope = layer.positive[j]
        if layer.place[j] >= 0 and not is_on[layer.place[j]]:
            slope = layer.negative[j]
        if slope == 0.0 or layer.weight[j] == 0.0:
            continue
        factor = slope * layer.weight[j]
        passed = True
        if layer.place[j] < 0:
            rises, falls = True, True
        elif ((slope > 0.0) == (layer.weight[j] > 0.0)) == is_on[layer.place[j]]:
            rises = True
        else:
            falls = True
        for k in range(size):
            entry, doubt = rows.last[cell, j, k], rows.last_doubt[cell, j, k]
            work.goal[k] -= factor * entry
            # What underflows in the factor is multiplied by the entry.
            work.goal_doubt[k] += (unit * abs(factor) + SMALLEST) * (abs(entry) + doubt) + abs(factor) * doubt
    for k in range(size):
        work.goal_doubt[k] = work.goal_doubt[k] * BOUND_SLACK + UNDERFLOW_GUARD if passed else 0.0
    bound[0] = float("inf") if falls else -layer.bias[0]
    bound[1] = float("inf") if rises else layer.bias[0]


@inlined
def _bound(
    rows: CellRows,
    box: BoxAround,
    cell: int,
    is_on: Any,
    enough: Any,
    side: int,
    bound: Any,
    basis: Any,
    work: ProgramWork,
) -> None:  # pragma: no cover - compiled
    d = box.lower.shape[0]
    m = rows.scale.shape[1]
    goal, dual, alpha, point, inverse, excess = (
        work.goal, work.dual, work.alpha, work.point, work.inverse, work.excess
    )  # fmt: skip
    value, known, span = goal[d], work.goal_doubt[d] == 0.0, 0.0
    for k in range(d):
        upwards = goal[k] >= 0.0
        basis[k] = k if upwards else d + k
        dual[k] = abs(goal[k])
        point[k] = box.upper[k] if upwards else box.lower[k]
        for i in range(d):
            inverse[k, i] = 0.0
        inverse[k, k] = 1.0 if upwards else -1.0
        value += goal[k] * point[k]
        span = max(span, box.reach[k])
        known = known and goal[k] == 0.0 and work.goal_doubt[k] == 0.0
    if known:
        bound[side] = goal[d]
        enough[side] = max(enough[side], goal[d])
        return
    if bound[side] <= enough[side]:
        return
    for _ in range(EXHAUSTED):
        if value <= enough[side]:
            bound[side] = min(bound[side], _proved(rows, box, cell, is_on, basis, work))
            if bound[side] <= enough[side]:
                return
        for q in range(m):
            excess[q] = rows.columns[cell, d, q]
        for k in range(d):
            for q in range(m):
                excess[q] += rows.columns[cell, k, q] * point[k]
        farthest, entering = 0.0, -1
        for q in range(m):
            beyond = excess[q] * rows.scale[cell, q]
            if is_on[q]:
                beyond = -beyond
            size = span + abs(rows.columns[cell, d, q]) * rows.scale[cell, q]
            if beyond > farthest and beyond > VIOLATED * size:
                farthest = beyond
                entering = 2 * d + q
        for k in range(d):
            for i in range(2):
                beyond = point[k] - box.upper[k] if i == 0 else box.lower[k] - point[k]
                if beyond > farthest and beyond > VIOLATED * box.reach[k]:
                    farthest = beyond
                    entering = k + i * d
        if entering < 0:
            proved = _proved(rows, box, cell, is_on, basis, work)
            bound[side] = min(bound[side], proved)
            clear = value - CLEAR * (proved - value)
            if clear > enough[side] and proved < float("inf"):
                enough[side] = clear
            return
        for i in range(d):
            if entering < d:
                alpha[i] = inverse[entering, i]
            elif entering < 2 * d:
                alpha[i] = -inverse[entering - d, i]
            else:
                total = 0.0
                for k in range(d):
                    total += rows.columns[cell, k, entering - 2 * d] * inverse[k, i]
                total *= rows.scale[cell, entering - 2 * d]
                alpha[i] = -total if is_on[entering - 2 * d] else total
        step, leaving = enter(inverse, alpha, dual, basis, entering)
        if leaving < 0:
            break
        for k in range(d):
            point[k] -= farthest * inverse[k, leaving]
        value -= farthest * step
    bound[side] = min(bound[side], _proved(rows, box, cell, is_on, basis, work))


@inlined
def _proved(
    rows: CellRows, box: BoxAround, cell: int, is_on: Any, basis: Any, work: ProgramWork
) -> Any:  # pragma: no cover - compiled
    """The bound that the multipliers at hand prove; infinite if it is out of range."""
    d = box.lower.shape[0]
    unit = (2 * d + 6) * UNIT_ROUNDOFF
    total, doubt = work.goal[d], work.goal_doubt[d] + unit * abs(work.goal[d])
    for i in range(d):
        multiplier, q = work.dual[i], basis[i]
        if q < 2 * d:
            term = multiplier * (box.upper[q] if q < d else -box.lower[q - d])
            total += term
            doubt += unit * abs(term)
        else:
            multiplier *= rows.scale[cell, q - 2 * d]
            term = multiplier * rows.columns[cell, d, q - 2 * d]
            total += term if is_on[q - 2 * d] else -term
            doubt += unit * abs(term) + multiplier * rows.doubt[cell, d, q - 2 * d]
    for k in range(d):
        rest, spread = work.goal[k], work.goal_doubt[k] + unit * abs(work.goal[k])
        for i in range(d):
            multiplier, q = work.dual[i], basis[i]
            if q == k or q == k + d:
                rest += multiplier if q == k + d else -multiplier
                spread += unit * multiplier
            elif q >= 2 * d:
                multiplier *= rows.scale[cell, q - 2 * d]
                term = multiplier * rows.columns[cell, k, q - 2 * d]
                rest += term if is_on[q - 2 * d] else -term
                spread += unit * abs(term) + multiplier * rows.doubt[cell, k, q - 2 * d]
        doubt += (abs(rest) + spread) * box.reach[k]
    total += doubt * BOUND_SLACK + UNDERFLOW_GUARD
    total += 4.0 * UNIT_ROUNDOFF * abs(total)
    return total if abs(total) < float("inf") else float("inf")

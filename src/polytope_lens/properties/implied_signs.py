"""Signs that neurons have in a cell because others have theirs, by linear programs in rational arithmetic.

Bounds in floats come from single neurons that have signs, and are never exactly 0. So where many neurons vanish at one
point, or a function touches its bound everywhere, they see no end of cells that are points or lines. Here all signs
count together: a neuron whose greatest value in the cell is at most 0 is off, and the multipliers of the program prove
it. What is left open then changes its sign inside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
from flint import fmpq

from polytope_lens.arithmetic.rational import dot, integers
from polytope_lens.exact.forward import quiet
from polytope_lens.lp.rational_simplex import Halfspace, maximize
from polytope_lens.network.network import activate
from polytope_lens.properties.touching_cells import affine_layers, most_slack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Floats
    from polytope_lens.network.network import Network
    from polytope_lens.properties.cell_bounds import CellBounds, ProofCells
    from polytope_lens.properties.property import ExactBox


# At how many points of a box it is tried whether it touches the target; what is 0 in floats, in shares of its terms;
# and how many more neurons than inputs have signs where it is not asked whether they meet.
N_SAMPLES, SMALL, MANY = 8, 2.0**-30, 2


class ImpliedSign(NamedTuple):
    """A neuron's sign, and multiples of neurons that have signs which prove it, together with the box."""

    neuron: int
    sign: int
    multiples: dict[int, fmpq]


def in_first_layer(bounds: CellBounds, is_open: Bools) -> Bools:
    """Those of open neurons (N,) that are in the first layer that has any: others have no signs to split by yet."""
    here = bounds.at[bounds.place(int(is_open.argmax()))[0]] if is_open.any() else slice(0)
    found = np.zeros_like(is_open)
    found[here] = is_open[here]
    return found


def touches(network: Network, cells: ProofCells, sums: Floats) -> bool:
    """Whether one of some sums (k, M + d + 1) is 0 at all points of a box that are tried, in floats: a guess."""
    lower, upper = cells.lower[0], cells.upper[0]
    x = np.random.default_rng(0).uniform(lower, upper, (N_SAMPLES, len(lower)))
    values, ones, weight = x, np.ones((N_SAMPLES, 1)), network.output_weight
    with quiet():
        for layer in network.layers:
            values = activate(layer, values @ layer.weight.T + layer.bias)
        total = np.hstack([values @ weight.T + network.output_bias, x, ones]) @ sums.T
        sizes = np.abs(values) @ abs(cast("Floats", weight)).T + np.abs(network.output_bias)
        near = SMALL * (np.hstack([sizes, np.abs(x), ones]) @ np.abs(sums.T))
    return bool(np.any(np.all(np.abs(total) <= near, axis=0)))


def meets(network: Network, cells: ProofCells, is_open: Bools) -> bool:
    """Whether neurons meet in a cell, more of them than have to, in floats: a guess.

    That is whether those that have signs vanish at one point, or these and all that are open in the first layer that
    has any. Where many have signs, it is not asked.
    """
    signs, d = cells.signs[0], cells.lower.shape[1]
    if np.count_nonzero(signs) > d + MANY:
        return True
    given: list[Floats] = []
    values, start = np.eye(d + 1)[:d], 0
    with quiet():
        for layer in network.layers:
            here = slice(start, start + layer.width)
            values = np.asarray(layer.weight @ values) + layer.bias[:, None] * np.eye(d + 1)[d]
            given.append(values[signs[here] != 0])
            if is_open[here].any():
                rows = np.concatenate(given)
                return _vanish(rows) or _vanish(np.concatenate([rows, values[is_open[here]]]))
            values = np.where(cells.low[0, here] >= 0, layer.positive_slope, layer.negative_slope)[:, None] * values
            start = here.stop
    return False


def _vanish(rows: Floats) -> bool:
    """Whether affine functions (m, d + 1), more than are independent, are 0 at one point, in floats."""
    if len(rows) < 2 or not np.isfinite(rows).all():
        return False
    try:
        point, _, rank, _ = np.linalg.lstsq(rows[:, :-1], -rows[:, -1])
    except np.linalg.LinAlgError:  # numbers near the ends of floats
        return False
    size: Floats = np.abs(rows) @ [*np.abs(point), 1.0]
    return bool(rank < len(rows) and np.all(np.abs(rows @ [*point, 1.0]) <= SMALL * size))


def with_implied_signs(
    bounds: CellBounds, network: Network, box: ExactBox, cells: ProofCells
) -> tuple[ProofCells, list[str]]:
    """One cell with signs that neurons have because others have theirs, and the lines of a log that prove these."""
    low, high, lines = cells.low.copy(), cells.high.copy(), list[str]()
    for j, sign, multiples in implied_signs(network, box, cells.signs[0], cells.low[0] >= 0, bounds.is_open(cells)[0]):
        (low if sign > 0 else high)[0, j] = 0.0
        layer, place = bounds.place(j)
        bits = int(cells.bits[0, layer])
        times, *over = map(int, integers([fmpq(1), *(y * 2**bits for y in multiples.values())]))
        words = [f"{bounds.named(k)} {v:x}" for k, v in zip(multiples, over, strict=True)]
        lines.append(" ".join(["below" if sign > 0 else "above", f"{layer} {bits} {place} 0 {times:x}", *words]))
    return cells._replace(low=low, high=high), lines


def implied_signs(
    network: Network, box: ExactBox, signs: NDArray[np.int8], on: Bools, is_open: Bools
) -> list[ImpliedSign]:
    """Those of open neurons in the first layer that has any, and if they all are, in the next one; exact.

    Parameters
    ----------
    network, box
    signs : (N,) array
        1 where a neuron is at least 0 in the cell, -1 where at most.
    on, is_open : (N,) arrays
        Which neurons are on, if they are not open, in the first layers.
    """
    on, found = on.copy(), list[ImpliedSign]()
    given = list[int]()
    rows = list[list[fmpq]]()  # at most 0 in the cell
    for layer in affine_layers(network, len(box.lower), on):
        for j in layer.of(signs):
            given.append(j)
            rows.append([-int(signs[j]) * v for v in layer.row(j - layer.start)])
        asked = layer.of(is_open)
        own = _implied({j: layer.row(j - layer.start) for j in asked}, given, rows, box) if asked else []
        found += own
        if len(own) < len(asked):
            break
        for one in own:
            on[one.neuron] = one.sign > 0
    return found


def _implied(
    asked: dict[int, list[fmpq]], given: Sequence[int], rows: Sequence[Sequence[fmpq]], box: ExactBox
) -> list[ImpliedSign]:
    """Which of some affine functions have one sign where rows are at most 0."""
    inside = most_slack(rows, [True] * len(rows), box)
    if inside is None or inside.value < 0:
        return []
    lower, upper = ([fmpq(*v.as_integer_ratio()) for v in side] for side in box)
    halfspaces = [Halfspace(row[:-1], -row[-1]) for row in rows]
    points, found = [inside.point[:-1]], list[ImpliedSign]()
    for j, row in asked.items():
        for sign in (1, -1):
            if any(sign * (dot(row[:-1], x) + row[-1]) < 0 for x in points):
                continue
            best = maximize([-sign * v for v in row[:-1]], halfspaces, lower, upper)
            assert best is not None  # there is a point inside
            if best.value - sign * row[-1] > 0:
                points.append(best.point)
                continue
            pairs = zip(best.basis, best.multipliers, strict=True)
            used = {given[q - 2 * len(lower)]: y for q, y in pairs if y > 0 and q >= 2 * len(lower)}
            found.append(ImpliedSign(j, sign, used))
            break
    return found

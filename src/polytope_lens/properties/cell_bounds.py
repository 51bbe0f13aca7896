"""What floats say about cells of a property's proof: boxes at whose points some neurons have given signs.

The reader of the log computes the same bounds from the same lines, exactly (`polytope_lens.proof.checker`). So
lines are drawn here as there, between bounds that are multiples of a power of two, and claims have some room to spare.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens.bounds.linear_bounds import highest_in_box, rows_above, rows_around
from polytope_lens.bounds.relaxation import Relaxation
from polytope_lens.exact.forward import quiet
from polytope_lens.lp.float_simplex import propose_multipliers
from polytope_lens.network.network import Network, pass_through_layer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.network.network import Layer
    from polytope_lens.properties.property import Constraint

# Chords have slopes of so many bits, as in the checker.
SLOPE_BITS = 12
# Bounds are multiples of the widest interval of the layer over this power of two, and moved outward by a share of that.
GRID_BITS, SPARE = 12, 2.0**-8
# A neuron that stays open gets new bounds where they are nearer to each other than this share of the old ones.
NARROWER = 0.8
# Room that a proof needs beside rounding, in shares of the numbers in it.
ROOM = 2.0**-20
# Multipliers have so many bits.
MULTIPLIER_BITS = 16
# How much more the lines of a neuron count than those of one in the next layer: its sign also narrows what is behind.
EARLIER = 2.0


class ProofCells(NamedTuple):
    """Some cells, n of them, with what is known of the N neurons of all hidden layers, one after the other."""

    lower: Floats  # (n, d), rounded outward
    upper: Floats
    low: Floats  # (n, N)
    high: Floats
    signs: NDArray[np.int8]  # (n, N): 1 where at least 0, -1 where at most, 0 where not given
    bits: Ints  # (n, L): bounds on a layer's neurons are multiples of 2 ** -bits

    def at(self, index: Ints | Bools) -> ProofCells:
        """Some of them."""
        return ProofCells._make(array[index] for array in self)


class CaseRows(NamedTuple):
    """The constraints of a case, rounded: ``inputs @ x + outputs @ y + constant`` at most 0.

    Without those that only bound one input, which hold in its box; `places` (r,) are the numbers of the others.
    """

    places: list[int]
    inputs: Floats  # (r, d)
    outputs: Floats  # (r, M)
    constant: Floats  # (r,)

    @property
    def unit(self) -> Floats:
        """The size of each row's greatest coefficient."""
        largest = np.maximum(np.abs(self.inputs).max(axis=1), np.abs(self.outputs).max(axis=1))
        return np.where(largest > 0, largest, 1.0)

    @classmethod
    def of(cls, case: Sequence[Constraint], d: int, m: int) -> CaseRows:
        """Those of a case."""
        places = [i for i, constraint in enumerate(case) if constraint.side is None or constraint.strict]
        r = len(places)
        rows = cls(places, np.zeros((r, d)), np.zeros((r, m)), np.zeros(r))
        for i, constraint in enumerate(case[place] for place in places):
            for given, row in ((constraint.inputs, rows.inputs[i]), (constraint.outputs, rows.outputs[i])):
                for k, value in given:
                    row[k] = float(value)
            rows.constant[i] = -float(constraint.bound)
        return rows


class Claim(NamedTuple):
    """Multipliers for a case in a cell, whole numbers: of its constraints, and of neurons with signs."""

    rows: dict[int, int]
    neurons: dict[int, int]


class Closing(NamedTuple):
    """What came of the k cases of some cells, n of them."""

    claims: list[list[Claim]]
    is_closed: Bools  # (n, k)
    height: Floats  # (n, k): how far floats are from closing them
    reliance: Floats  # (n, N): how much the lines of neurons cost, 0 where no line is used


def neurons_of(layers: Sequence[Layer]) -> list[slice]:
    """Where the neurons of each layer are among all."""
    stops = np.cumsum([layer.width for layer in layers]).tolist()
    return [slice(stop - layer.width, stop) for layer, stop in zip(layers, stops, strict=True)]


def lines_between(layer: Layer, low: Floats, high: Floats) -> Relaxation:
    """Lines around the activations of a layer, as the checker draws them."""
    p, q = layer.negative_slope, layer.positive_slope
    with quiet(), np.errstate(divide="ignore"):
        known = (low >= 0) | (high <= 0) | (p == q)
        own = np.where(low >= 0, q, np.where(high <= 0, p, q))
        share = np.floor(high / (high - low) * 2.0**SLOPE_BITS) / 2.0**SLOPE_BITS
        is_bounded = np.isfinite(low) & np.isfinite(high)
        chord = p + (q - p) * np.where(is_bounded, share, 0.0)
        through = np.where(high > -low, q, p)
        above = np.where(known, own, np.where(p < q, chord, through))
        below = np.where(known, own, np.where(p < q, through, chord))
        top = np.maximum(0.0, np.maximum((p - above) * low, (q - above) * high))
        bottom = np.minimum(0.0, np.minimum((p - below) * low, (q - below) * high))
        top = np.where(known, 0.0, np.where(is_bounded, top, np.inf))
        bottom = np.where(known, 0.0, np.where(is_bounded, bottom, -np.inf))
    steepest = np.where(known, np.abs(own), np.maximum(np.abs(p), np.abs(q)))
    return Relaxation(below, bottom, above, top, steepest)


class CellBounds:
    """Bounds on the cells of one network, whose outputs are one more layer."""

    def __init__(self, network: Network, cases: Sequence[Sequence[Constraint]]) -> None:
        m = network.output_dim
        self.stages = (*network.layers, pass_through_layer(network.output_weight, network.output_bias))
        self.network = Network(self.stages, np.zeros((1, m)), np.zeros(1))
        self.cases = [CaseRows.of(case, network.input_dim, m) for case in cases]
        self.hidden = network.layers
        self.at = neurons_of(self.hidden)
        self.cuts = np.concatenate([np.zeros(0, dtype=bool), *(layer.cuts for layer in self.hidden)])

    def named(self, j: int) -> str:
        """The layer of a neuron, and its place there."""
        index = next(index for index, here in enumerate(self.at) if j < here.stop)
        return f"{index} {j - self.at[index].start}"

    def lines(self, cells: ProofCells) -> list[Relaxation]:
        """Lines around all activations."""
        pairs = zip(self.hidden, self.at, strict=True)
        return [lines_between(layer, cells.low[:, here], cells.high[:, here]) for layer, here in pairs]

    def told(self, before: ProofCells, after: ProofCells, i: int) -> list[str]:
        """The lines of the log that say which bounds of a cell are new."""
        found = []
        for index, here in enumerate(self.at):
            bits = int(after.bits[i, index])
            low, high = ((old[i, here], new[i, here]) for old, new in zip(before[2:4], after[2:4], strict=True))
            words = []
            for j in np.flatnonzero((low[0] != low[1]) | (high[0] != high[1])).tolist():
                ends = [f"{int(new[j] * 2.0**bits):x}" if old[j] != new[j] else "*" for old, new in (low, high)]
                words += [str(j), *ends]
            if words or bits != before.bits[i, index]:
                found.append(" ".join(["bounds", str(index), str(bits), *words]))
        return found

    def whole(self, lower: Floats, upper: Floats) -> ProofCells:
        """A box, about which nothing is known yet."""
        n, shape = len(self.cuts), (1, len(self.hidden))
        known = np.full((1, n), -np.inf), np.full((1, n), np.inf), np.zeros((1, n), np.int8)
        return ProofCells(lower[None], upper[None], *known, np.zeros(shape, np.int64))

    def is_open(self, cells: ProofCells) -> Bools:
        """Which neurons may change their sign, (n, N)."""
        return np.asarray((cells.low < 0) & (cells.high > 0) & self.cuts)

    def narrowed(self, cells: ProofCells) -> tuple[ProofCells, list[Relaxation]]:
        """The same cells with better bounds, and lines between them."""
        cells = cells._replace(low=cells.low.copy(), high=cells.high.copy(), bits=cells.bits.copy())
        lines: list[Relaxation] = []
        for index, (layer, here) in enumerate(zip(self.hidden, self.at, strict=True)):
            low, high = cells.low[:, here], cells.high[:, here]
            was_open = (low < 0) & (high > 0) & layer.cuts
            asked = np.flatnonzero(was_open.any(axis=0))
            if len(asked):
                above, doubt = rows_around(self.network, index, asked, lines, len(low))
                top = highest_in_box(above, doubt, cells.lower, cells.upper)
                new_high, new_low = np.full(low.shape, np.inf), np.full(low.shape, -np.inf)
                new_high[:, asked], new_low[:, asked] = top[:, : len(asked)], -top[:, len(asked) :]
                self._take(index, cells, was_open, new_low, new_high)
            lines.append(lines_between(layer, low, high))
        return cells, lines

    def _take(self, index: int, cells: ProofCells, was_open: Bools, new_low: Floats, new_high: Floats) -> None:
        """Take bounds that say more than those known, moved outward to few digits."""
        low, high = cells.low[:, self.at[index]], cells.high[:, self.at[index]]
        is_finite = was_open & np.isfinite(new_low) & np.isfinite(new_high)
        with quiet():
            width = np.where(is_finite, np.minimum(new_high, high) - np.maximum(new_low, low), 0.0).max(axis=1)
            wanted = GRID_BITS - np.frexp(np.where(width > 0, width, 1.0))[1]
            bits = np.clip(np.maximum(wanted, cells.bits[:, index]), 0, 1000)
            cells.bits[:, index] = np.where(is_finite.any(axis=1), bits, cells.bits[:, index])
            unit = np.exp2(-cells.bits[:, index].astype(np.float64))[:, None]
            new_low = np.floor(new_low / unit - SPARE) * unit
            new_high = np.ceil(new_high / unit + SPARE) * unit
            on, off = is_finite & (new_low >= 0), is_finite & (new_high <= 0)
            off &= ~on
            narrower = np.minimum(new_high, high) - np.maximum(new_low, low) < NARROWER * (high - low)
            both = is_finite & ~on & ~off & narrower
            low[:] = np.where(on | (both & (new_low > low)), new_low, low)
            high[:] = np.where(off | (both & (new_high < high)), new_high, high)

    def closing(self, cells: ProofCells, lines: Sequence[Relaxation], is_asked: Bools) -> Closing:
        """Whether cases are closed by multipliers; `is_asked` (n, k) says which are to be looked at."""
        n, k = is_asked.shape
        signed = np.flatnonzero((cells.signs != 0).any(axis=0))
        below = self._rows_of_signs(cells, lines, signed)
        claims = [[Claim({}, {}) for _ in range(k)] for _ in range(n)]
        coefficients = np.zeros((n, k, self.stages[-1].width))
        units = np.ones((n, k))
        x, constant = np.zeros((n, k, cells.lower.shape[1])), np.zeros((n, k))
        more = np.zeros((n, k, len(self.cuts)))
        for c, rows in enumerate(self.cases):
            if not is_asked[:, c].any():
                continue
            given = np.broadcast_to(-rows.outputs, (n, *rows.outputs.shape))
            own, _ = rows_above(self.network, len(self.hidden), given, lines)
            own = -own + np.concatenate([rows.inputs, rows.constant[:, None]], axis=1)
            for i in np.flatnonzero(is_asked[:, c]).tolist():
                which = np.flatnonzero(cells.signs[i, signed])
                claim = _multipliers(own[i], rows.unit, below[i, which], cells.lower[i], cells.upper[i])
                v, w = claim[: len(own[i])], claim[len(own[i]) :]
                places = signed[which]
                claims[i][c] = Claim(_whole(rows.places, v), _whole(places.tolist(), w))
                units[i, c] = v @ rows.unit
                coefficients[i, c] = -(v @ rows.outputs)
                x[i, c], constant[i, c] = -(v @ rows.inputs), -(v @ rows.constant)
                more[i, c, places] = w * cells.signs[i, places]
        spent: list[Floats] = []
        added = [more[:, :, here] for here in self.at]
        above, doubt = rows_above(self.network, len(self.hidden), coefficients, lines, added, spent)
        above = above + np.concatenate([x, constant[:, :, None]], axis=2)
        size = np.abs(x).max(axis=2, initial=0.0) + np.abs(constant) + np.abs(coefficients).max(axis=2)
        top = highest_in_box(above, doubt, cells.lower, cells.upper) + ROOM * size
        loss = np.zeros((n, len(self.cuts)))
        weight = is_asked & (top >= 0)
        for index, (layer, here, shares) in enumerate(zip(self.hidden, self.at, reversed(spent), strict=True)):
            gap = _gaps(layer, cells.low[:, here], cells.high[:, here])
            with quiet():
                cost = np.where(shares == 0, 0.0, np.abs(shares) * gap[:, None])
                loss[:, here] = (cost * weight[:, :, None]).sum(axis=1) * EARLIER ** (len(self.hidden) - index)
        return Closing(
            claims, is_asked & (top < 0), np.where(is_asked, np.maximum(top, 0.0) / np.maximum(units, 1.0), 0.0), loss
        )

    def _rows_of_signs(self, cells: ProofCells, lines: Sequence[Relaxation], signed: Ints) -> Floats:
        """CaseRows (n, m, d + 1) below what is at most 0 where neurons have their signs."""
        found = np.zeros((len(cells.low), len(signed), cells.lower.shape[1] + 1))
        for index, here in enumerate(self.at):
            which = np.flatnonzero((signed >= here.start) & (signed < here.stop))
            if len(which):
                above, _ = rows_around(self.network, index, signed[which] - here.start, lines, len(cells.low))
                m = len(which)
                off = (cells.signs[:, signed[which]] < 0)[:, :, None]
                # z <= 0, of which -(-z) is below; or -z <= 0
                found[:, which] = np.where(off, -above[:, m:], -above[:, :m])
        return found

    def reach(self, cells: ProofCells) -> Floats:
        """How much the outputs of one cell may change along each coordinate, at most: a guess."""
        lines = self.lines(cells)
        sums = np.ones(self.stages[-1].width)
        with quiet():
            for at in range(len(self.stages) - 1, -1, -1):
                weight: Any = abs(self.stages[at].weight)
                sums = sums @ weight
                if at:
                    sums = sums * lines[at - 1].steepest[0]
            width = cells.upper[0] - cells.lower[0]
            reach = np.where(np.isfinite(sums), sums, 0.0) * width
        return np.asarray(reach if reach.any() else width)


def _gaps(layer: Layer, low: Floats, high: Floats) -> Floats:
    """How far apart the lines around activations are: nothing where a sign is known or nothing bends."""
    bend = layer.positive_slope - layer.negative_slope
    with quiet(), np.errstate(divide="ignore"):
        gap = np.abs(bend) * high * -low / (high - low)
    return np.where((low >= 0) | (high <= 0) | (bend == 0), 0.0, np.where(np.isfinite(gap), gap, np.inf))


def _whole(places: Sequence[int], values: Floats) -> dict[int, int]:
    """Whole numbers in floats by their places, without zeros."""
    return {place: int(v) for place, v in zip(places, values.tolist(), strict=True) if v}


def _multipliers(rows: Floats, unit: Floats, others: Floats, lower: Floats, upper: Floats) -> Floats:
    """Whole numbers for rows and others that are at most 0, whose combination is greatest where it is least in a box.

    By a linear program in floats over the inputs, a point u of [-1, 1]^d, and the greatest row in its unit, which is to
    be least. Where there is none, since no point has all signs, the greatest of all takes its place.
    """
    r, d = len(rows), len(lower)
    every = np.concatenate([rows, others])
    first = np.zeros(len(every))
    first[0] = 1.0
    if len(every) == 1:
        return np.asarray(first * 2.0**MULTIPLIER_BITS)
    with quiet():
        normal = every[:, :-1] * ((upper - lower) / 2)
        offset = every[:, -1] + every[:, :-1] @ ((lower + upper) / 2)
        size = np.abs(normal).sum(axis=1) + np.abs(offset)
        is_used = np.isfinite(size) & (size > 0)
        size = np.where(is_used, size, 1.0)
        normal, offset = (np.where(is_used[:, None], normal, 0.0).T / size).T, np.where(is_used, offset, -1.0) / size
    reach = 2.0 * float((size[:r] / unit).max())
    box = np.concatenate([np.eye(d + 1), -np.eye(d + 1)])
    hard = np.concatenate([unit * reach / size[:r], np.zeros(len(others))])
    for level in (hard, np.full(len(every), 2.0)):
        given = np.concatenate([normal, -level[:, None]], axis=1)
        found = propose_multipliers(
            np.eye(d + 1)[-1] * -1.0, np.concatenate([box, given]), np.concatenate([np.ones(2 * d + 2), -offset])
        )
        if found is not None:
            weights = np.zeros(len(every))
            for q, y in zip(*(part.tolist() for part in found), strict=True):
                i = q - 2 * (d + 1)
                if i >= 0 and is_used[i]:
                    weights[i] = max(y, 0.0) / size[i]
            if weights.any():
                first = weights
                break
    return np.asarray(np.round(first / first.max() * 2.0**MULTIPLIER_BITS))

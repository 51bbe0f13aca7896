"""What floats say about cells of a property's proof: boxes at whose points some neurons have given signs.

The reader of the log computes the same bounds from the same lines, exactly (`polytope_lens.proof.checker`). So
lines are drawn here as there, between bounds that are multiples of a power of two, and claims have some room to spare.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._arrays.batches import batches
from polytope_lens.bounds.linear_bounds import highest_in_box, rows_above
from polytope_lens.bounds.relaxation import Relaxation
from polytope_lens.exact.forward import quiet
from polytope_lens.network.network import Network, pass_through_layer
from polytope_lens.network.twins import NO_FANS
from polytope_lens.properties import cell_lines
from polytope_lens.properties.best_combination import best_combination
from polytope_lens.properties.cell_lines import SLOPE_BITS, BoxSums, lines_between, may_bend
from polytope_lens.properties.sign_multipliers import SignMultiples, SignRows, best_multiples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.network.network import Layer
    from polytope_lens.network.twins import Fans
    from polytope_lens.properties.property import Constraint

# Bounds are multiples of the widest interval of the layer over this power of two, and moved outward by a share of that.
GRID_BITS, SPARE = 12, 2.0**-8
# Where there are fans, of the widest of these, if it is not less than this share.
FINEST = 2.0**-30
# A neuron that stays open gets new bounds where they are nearer to each other than this share of the old ones.
NARROWER = 0.9
# Room that a proof needs beside rounding, in shares of the numbers in it.
ROOM = 2.0**-20
# Bounds in units of their layer are smaller.
LARGEST = 2.0**1000
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

    def within(self, lower: Floats, upper: Floats) -> ProofCells:
        """The part in a box, (d,) each, of which the same is known."""
        return self._replace(lower=lower[None], upper=upper[None])

    def half(self, j: int, sign: int) -> ProofCells:
        """The half of one cell in which a neuron is at least 0, or at most 0."""
        half = ProofCells._make(array.copy() for array in self)
        half.signs[0, j] = sign
        (half.high if sign < 0 else half.low)[0, j] = 0.0
        return half


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
    """Multipliers for a case in a cell, whole numbers: of its constraints, and of neurons with signs.

    And slopes of lines through 0, by neurons, in parts of the way between the slopes of the activation.
    """

    rows: dict[int, int]
    neurons: dict[int, int]
    leans: dict[int, int]


class Closing(NamedTuple):
    """What came of the k cases of some cells, n of them."""

    claims: list[list[Claim]]
    is_closed: Bools  # (n, k)
    sums: Floats  # (n, k, M + d + 1): of outputs, inputs and 1, with those multipliers; one at most 0 closes a case
    reliance: Floats  # (n, N): how much the lines of neurons cost, 0 where no line is used


class SumsOfRows(NamedTuple):
    """Sums whose greatest values in boxes are asked, m of them: of terms as in `BoxSums`, and constants."""

    outputs: Floats  # (m, M)
    hidden: Floats  # (m, N)
    inputs: Floats  # (m, d)
    constant: Floats  # (m,)
    lower: Floats  # (m, d)
    upper: Floats
    unit: Floats  # (m,): the size of the rows in them

    @property
    def rows(self) -> Floats:
        """Coefficients (m, M + d + 1) of outputs, inputs and 1, in units of the rows."""
        whole = np.concatenate([self.outputs, self.inputs, self.constant[:, None]], axis=1)
        return np.asarray(whole / np.maximum(self.unit, 1.0)[:, None])

    def at(self, index: Ints) -> SumsOfRows:
        """Some of them."""
        return SumsOfRows._make(array[index] for array in self)


class Reasons(NamedTuple):
    """With which multiple over / under of a neuron that has a sign each bound is proved, the lower ones first."""

    place: Ints  # (2, n, width)
    over: Floats  # (2, n, width); 0 where none is needed
    under: Floats

    @classmethod
    def none(cls, n: int, width: int) -> Reasons:
        """Where none is needed."""
        return cls(np.zeros((2, n, width), np.int64), np.zeros((2, n, width)), np.ones((2, n, width)))

    def take(self, at: tuple[Ints, Ints], is_better: Bools, found: SignMultiples) -> None:
        """Note multiples for upper bounds on neurons (cells, places) and on their negatives, where these are better."""
        for side in (0, 1):
            here = is_better[:, 1 - side]
            for mine, other in zip(self, found[1:], strict=True):
                mine[side][at[0][here], at[1][here]] = other[here, 1 - side]


class Narrowed(NamedTuple):
    """Cells with better bounds, n of them, with what made these."""

    cells: ProofCells
    lines: list[Relaxation]  # around the activations of each layer
    reasons: list[Reasons]  # for each layer, what bounds need beside lines
    rows: NDArray[np.float32]  # (2, n, N, d + 1): below and above pre-activations, rounded; NaN where none is known


class Leaning(NamedTuple):
    """What better lines give for one case in each of m of some cells: claims, and upper bounds."""

    which: Ints  # (m,)
    claims: list[Claim]
    top: Floats  # (m,)


def neurons_of(layers: Sequence[Layer]) -> list[slice]:
    """Where the neurons of each layer are among all."""
    stops = np.cumsum([layer.width for layer in layers]).tolist()
    return [slice(stop - layer.width, stop) for layer, stop in zip(layers, stops, strict=True)]


class CellBounds:
    """Bounds on the cells of one network, whose outputs are one more layer; in its hidden ones there may be fans."""

    def __init__(
        self, network: Network, cases: Sequence[Sequence[Constraint]], fans: Sequence[Fans] | None = None
    ) -> None:
        m = network.output_dim
        self.stages = (*network.layers, pass_through_layer(network.output_weight, network.output_bias))
        self.network = Network(self.stages, np.zeros((1, m)), np.zeros(1))
        self.cases = [CaseRows.of(case, network.input_dim, m) for case in cases]
        self.hidden = network.layers
        self.at = neurons_of(self.hidden)
        self.cuts = np.concatenate([np.zeros(0, dtype=bool), *(layer.cuts for layer in self.hidden)])
        self.fans = [NO_FANS] * len(self.hidden) if fans is None else fans
        for here, some in zip(self.at, self.fans, strict=True):
            self.cuts[here][some.place] = False  # no cell is cut by the sign of a difference

    def place(self, j: int) -> tuple[int, int]:
        """The layer of a neuron, and its place there."""
        index = next(index for index, here in enumerate(self.at) if j < here.stop)
        return index, j - self.at[index].start

    def named(self, j: int) -> str:
        """The same in words."""
        return " ".join(map(str, self.place(j)))

    def lines(self, cells: ProofCells) -> list[Relaxation]:
        """Lines around all activations."""
        return [self._lines(index, cells.low[:, here], cells.high[:, here]) for index, here in enumerate(self.at)]

    def _lines(self, index: int, low: Floats, high: Floats, lean: Floats | None = None) -> Relaxation:
        """Lines around the activations of one layer."""
        return lines_between(self.hidden[index], low, high, lean, self.fans[index])

    def _is_wanted(self, index: int, low: Floats, high: Floats) -> Bools:
        """Which neurons of a layer better bounds are of use for."""
        wanted = np.asarray((low < 0) & (high > 0) & self.cuts[self.at[index]])
        fans = self.fans[index]
        if len(fans.place):
            on, off = cell_lines.is_one_slope(low, high, fans)
            bends = self.hidden[index].negative_slope != self.hidden[index].positive_slope
            wanted[:, fans.place] = ~(on | off) & bends[fans.place]
        return wanted

    def told(self, before: ProofCells, after: ProofCells, reasons: Sequence[Reasons], i: int) -> list[str]:
        """The lines of the log that say which bounds of a cell are new."""
        found = []
        for index, (here, by) in enumerate(zip(self.at, reasons, strict=True)):
            bits = int(after.bits[i, index])
            low, high = ((old[i, here], new[i, here]) for old, new in zip(before[2:4], after[2:4], strict=True))
            words, apart = [], []
            for j in np.flatnonzero((low[0] != low[1]) | (high[0] != high[1])).tolist():
                ends = ["*", "*"]
                for side, (old, new) in enumerate((low, high)):
                    if old[j] == new[j]:
                        continue
                    end, over = f"{int(new[j] * 2.0**bits):x}", int(by.over[side, i, j])
                    if not over:
                        ends[side] = end
                        continue
                    times = Fraction(over << bits, int(by.under[side, i, j]))
                    claim = "below" if side == 0 else "above", str(index), str(bits), str(j), end
                    named = f"{times.denominator:x} {self.named(int(by.place[side, i, j]))} {times.numerator:x}"
                    apart.append(" ".join([*claim, named]))
                if ends != ["*", "*"]:
                    words += [str(j), *ends]
            if words or bits != before.bits[i, index]:
                found.append(" ".join(["bounds", str(index), str(bits), *words]))
            found += apart
        return found

    def leaning(self, leans: Floats, claim: Claim) -> list[str]:
        """What the log says of slopes of lines through 0 for a claim; `leans` (N,) are those before, and changed."""
        found = []
        for index, here in enumerate(self.at):
            words = []
            for j, lean in claim.leans.items():
                if here.start <= j < here.stop and leans[j] != lean:
                    leans[j] = lean
                    words += [str(j - here.start), f"{lean:x}"]
            if words:
                found.append(" ".join(["slopes", str(index), *words]))
        return found

    def whole(self, lower: Floats, upper: Floats) -> ProofCells:
        """A box, about which nothing is known yet."""
        n, shape = len(self.cuts), (1, len(self.hidden))
        known = np.full((1, n), -np.inf), np.full((1, n), np.inf), np.zeros((1, n), np.int8)
        return ProofCells(lower[None], upper[None], *known, np.zeros(shape, np.int64))

    def is_open(self, cells: ProofCells) -> Bools:
        """Which neurons may change their sign, (n, N)."""
        return np.asarray((cells.low < 0) & (cells.high > 0) & self.cuts)

    def narrowed(self, cells: ProofCells) -> Narrowed:
        """The same cells with better bounds."""
        cells = cells._replace(low=cells.low.copy(), high=cells.high.copy(), bits=cells.bits.copy())
        lines, reasons, given = list[Relaxation](), list[Reasons](), list[SignRows]()
        rows = np.full((2, *cells.low.shape, cells.lower.shape[1] + 1), np.nan, dtype=np.float32)
        for index, (layer, here) in enumerate(zip(self.hidden, self.at, strict=True)):
            low, high = cells.low[:, here], cells.high[:, here]
            was_open = self._is_wanted(index, low, high)
            which, asked = np.nonzero(was_open)
            reasons.append(Reasons.none(*low.shape))
            given += self._signs(index, cells, lines)
            if len(which):
                sides = np.zeros((len(which), 2, layer.width))
                sides[np.arange(len(which)), :, asked] = 1.0, -1.0
                above, doubt = self._above(index, which, sides, lines)
                lower, upper = cells.lower[which], cells.upper[which]
                top = highest_in_box(above, doubt, lower, upper)
                with quiet():
                    rows[1][which, here.start + asked], rows[0][which, here.start + asked] = above[:, 0], -above[:, 1]
                if given:
                    own = [part._replace(rows=part.rows[which], is_given=part.is_given[which]) for part in given]
                    multiples = best_multiples(above, own, lower, upper)
                    better = self._with_multiples(index, which, sides, top, multiples, cells, lines)
                    reasons[-1].take((which, asked), better < top, multiples)
                    top = np.minimum(top, better)
                new_high, new_low = np.full(low.shape, np.inf), np.full(low.shape, -np.inf)
                new_high[which, asked], new_low[which, asked] = top[:, 0], -top[:, 1]
                self._take(index, cells, was_open, new_low, new_high)
            lines.append(self._lines(index, low, high))
        return Narrowed(cells, lines, reasons, rows)

    def _above(
        self, index: int, which: Ints, coefficients: Floats, lines: Sequence[Relaxation],
        added: Sequence[Floats] | None = None,
    ) -> tuple[Floats, Floats]:  # fmt: skip
        """Rows above sums of a layer's pre-activations (p, k, width) in p cells, as `rows_above` finds them."""
        found = []
        for some in batches(len(which), coefficients[:1].size):
            more = None if added is None else [part[some] for part in added]
            found.append(rows_above(self.network, index, coefficients[some], lines[:index], more, which=which[some]))
        rows, error = zip(*found, strict=True)
        return np.concatenate(rows), np.concatenate(error)

    def _signs(self, index: int, cells: ProofCells, lines: Sequence[Relaxation]) -> list[SignRows]:
        """Rows above what is at least 0 where neurons of a layer have signs, if any have."""
        signs = cells.signs[:, self.at[index]]
        signed, (which, asked) = np.flatnonzero(signs.any(axis=0)), np.nonzero(signs)
        if not len(signed):
            return []
        sums = np.zeros((len(which), 1, signs.shape[1]))
        sums[np.arange(len(which)), 0, asked] = signs[which, asked]
        rows = np.zeros((len(signs), len(signed), cells.lower.shape[1] + 1))
        rows[which, np.searchsorted(signed, asked)] = self._above(index, which, sums, lines)[0][:, 0]
        return [SignRows(signed + self.at[index].start, rows, signs[:, signed] != 0)]

    def _with_multiples(
        self, index: int, which: Ints, sides: Floats, top: Floats, multiples: SignMultiples, cells: ProofCells,
        lines: Sequence[Relaxation],
    ) -> Floats:  # fmt: skip
        """Upper bounds (p, 2) with multiples of neurons, where that promises much; infinite elsewhere."""
        with quiet():
            width = top.sum(axis=1, keepdims=True)
            is_better = (multiples.top < top - (1 - NARROWER) * width) | ((multiples.top < 0) & (top > 0))
        found = np.full(top.shape, np.inf)
        at, side = np.nonzero(is_better)
        if len(at):
            some, own = which[at], np.arange(len(at))
            places = multiples.place[at, side]
            factor = multiples.over[at, side] / multiples.under[at, side] * cells.signs[some, places]
            every = np.zeros((len(at), 1, self.at[index].stop))
            every[own, 0, places] = factor
            added = [every[:, :, here] for here in self.at[: index + 1]]
            added[index] += sides[at, side][:, None]
            rows, doubt = self._above(index, some, added[index], lines, added)
            found[at, side] = highest_in_box(rows, doubt, cells.lower[some], cells.upper[some])[:, 0]
        return found

    def _take(self, index: int, cells: ProofCells, was_open: Bools, new_low: Floats, new_high: Floats) -> None:
        """Take bounds that say more than those known, moved outward to few digits."""
        low, high = cells.low[:, self.at[index]], cells.high[:, self.at[index]]
        is_finite = was_open & np.isfinite(new_low) & np.isfinite(new_high)
        with quiet():
            # In an empty cell bounds may contradict each other by much.
            apart = np.abs(np.minimum(new_high, high) - np.maximum(new_low, low))
            apart = np.where(is_finite, apart, 0.0)
            width, narrow = apart.max(axis=1), apart[:, self.fans[index].place].max(axis=1, initial=0.0)
            width = np.where(narrow > 0, np.maximum(narrow, width * FINEST), width)
            wanted = GRID_BITS - np.frexp(np.where(width > 0, width, 1.0))[1]
            bits = np.clip(np.maximum(wanted, cells.bits[:, index]), 0, 1000)
            cells.bits[:, index] = np.where(is_finite.any(axis=1), bits, cells.bits[:, index])
            unit = np.exp2(-cells.bits[:, index].astype(np.float64))[:, None]
            is_finite &= np.maximum(np.abs(new_low), np.abs(new_high)) < unit * LARGEST
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
        which, cases = np.nonzero(is_asked)
        some, own = cells.at(which), [_at(line, which) for line in lines]
        claims, sums = self._proposed(some, own, cases)
        top, spent = self._top(sums, own)
        weak = np.flatnonzero(top >= 0)
        if len(weak):
            better = self._with_leans(some.at(weak), sums.at(weak), cases[weak])
            for at, i in enumerate(weak[better.which].tolist()):
                if better.top[at] < top[i]:
                    top[i], claims[i] = better.top[at], better.claims[at]
        found = [[Claim({}, {}, {}) for _ in row] for row in is_asked]
        made, loss = np.zeros((*is_asked.shape, sums.rows.shape[1])), np.zeros(cells.low.shape)
        for i, c, claim in zip(which.tolist(), cases.tolist(), claims, strict=True):
            found[i][c] = claim
        made[which, cases] = sums.rows
        for index, (layer, here, shares) in enumerate(zip(self.hidden, self.at, reversed(spent), strict=True)):
            gap = np.where(self.cuts[here], cell_lines.gaps(layer, some.low[:, here], some.high[:, here]), 0.0)
            with quiet():
                cost = np.where((shares == 0) | (top < 0)[:, None], 0.0, np.abs(shares) * gap)
                np.add.at(loss[:, here], which, cost * EARLIER ** (len(self.hidden) - index))
        is_closed = np.zeros(is_asked.shape, dtype=bool)
        is_closed[which, cases] = top < 0
        return Closing(found, is_closed, made, loss)

    def _proposed(self, cells: ProofCells, lines: Sequence[Relaxation], cases: Ints) -> tuple[list[Claim], SumsOfRows]:
        """Multipliers for one case in each cell, and the sums that they make, of which upper bounds are asked."""
        m, d = cells.lower.shape
        signed = np.flatnonzero((cells.signs != 0).any(axis=0))
        below = self._rows_of_signs(cells, lines, signed)
        claims = [Claim({}, {}, {}) for _ in range(m)]
        outputs, inputs, constant = np.zeros((m, self.stages[-1].width)), np.zeros((m, d)), np.zeros(m)
        hidden, unit = np.zeros((m, len(self.cuts))), np.ones(m)
        for c, rows in enumerate(self.cases):
            some = np.flatnonzero(cases == c)
            if not len(some):
                continue
            given = np.broadcast_to(-rows.outputs, (len(some), *rows.outputs.shape))
            own, _ = rows_above(self.network, len(self.hidden), given, [_at(line, some) for line in lines])
            own, size = -own + np.concatenate([rows.inputs, rows.constant[:, None]], axis=1), rows.unit
            for at, i in enumerate(some.tolist()):
                which = np.flatnonzero(cells.signs[i, signed])
                claim = best_combination(own[at], size, below[i, which], cells.lower[i], cells.upper[i])
                v, w = claim[: len(size)], claim[len(size) :]
                places = signed[which]
                claims[i] = Claim(_whole(rows.places, v), _whole(places.tolist(), w), {})
                unit[i] = v @ size
                outputs[i], inputs[i], constant[i] = -(v @ rows.outputs), -(v @ rows.inputs), -(v @ rows.constant)
                hidden[i, places] = w * cells.signs[i, places]
        return claims, SumsOfRows(outputs, hidden, inputs, constant, cells.lower, cells.upper, unit)

    def _top(self, sums: SumsOfRows, lines: Sequence[Relaxation]) -> tuple[Floats, list[Floats]]:
        """Upper bounds on sums, with room to spare, and what coefficients activations have on the way."""
        shares: list[Floats] = []
        added = [sums.hidden[:, None, here] for here in self.at]
        above, doubt = rows_above(self.network, len(self.hidden), sums.outputs[:, None], lines, added, shares)
        above = above + np.concatenate([sums.inputs, sums.constant[:, None]], axis=1)[:, None]
        size = np.abs(sums.inputs).max(axis=1, initial=0.0) + np.abs(sums.constant) + np.abs(sums.outputs).max(axis=1)
        top = highest_in_box(above, doubt, sums.lower, sums.upper)[:, 0] + ROOM * size
        return top, [share[:, 0] for share in shares]

    def _with_leans(self, cells: ProofCells, sums: SumsOfRows, cases: Ints) -> Leaning:
        """Upper bounds with better lines through 0, and multipliers for these."""
        low, high = ([ends[:, here] for here in self.at] for ends in (cells.low, cells.high))
        hidden = [sums.hidden[:, here] for here in self.at]
        asked = BoxSums(sums.outputs, hidden, sums.inputs, sums.constant, sums.lower, sums.upper)
        leans, is_near = cell_lines.better_leans(self.stages, asked, low, high, self.fans)
        which = np.flatnonzero(is_near)
        if not len(which):
            return Leaning(which, [], np.zeros(0))
        cells, low, high, leans = cells.at(which), *([part[which] for part in parts] for parts in (low, high, leans))
        cases = cases[which]
        lines = [self._lines(index, *given) for index, given in enumerate(zip(low, high, leans, strict=True))]
        claims, sums = self._proposed(cells, lines, cases)
        top, shares = self._top(sums, lines)
        for index, (layer, here) in enumerate(zip(self.hidden, self.at, strict=True)):
            rise = layer.positive_slope - layer.negative_slope
            is_used = may_bend(layer, low[index], high[index], self.fans[index]) & (shares[-1 - index] * rise < 0)
            for i, j in np.argwhere(is_used).tolist():
                claims[i].leans[here.start + j] = int(leans[index][i, j] * 2.0**SLOPE_BITS)
        return Leaning(which, claims, top)

    def _rows_of_signs(self, cells: ProofCells, lines: Sequence[Relaxation], signed: Ints) -> Floats:
        """Rows (n, m, d + 1) below what is at most 0 where neurons have their signs."""
        found = np.zeros((len(cells.low), len(signed), cells.lower.shape[1] + 1))
        for index in range(len(self.at)):
            for some in self._signs(index, cells, lines):
                found[:, np.searchsorted(signed, some.places)] = -some.rows
        return found

    def reach(self, cells: ProofCells) -> Floats:
        """How much the outputs of cells may change along each coordinate, (n, d), at most: a guess."""
        lines = self.lines(cells)
        sums = np.ones((len(cells.lower), self.stages[-1].width))
        with quiet():
            for at in range(len(self.stages) - 1, -1, -1):
                weight: Any = abs(self.stages[at].weight)
                sums = np.asarray(sums @ weight)
                if at:
                    sums = sums * lines[at - 1].steepest
            width = cells.upper - cells.lower
            reach = np.where(np.isfinite(sums), sums, 0.0) * width
        return np.where(reach.any(axis=1, keepdims=True), reach, width)


def _at(line: Relaxation, index: Ints) -> Relaxation:
    return Relaxation._make(array[index] for array in line)


def _whole(places: Sequence[int], values: Floats) -> dict[int, int]:
    """Whole numbers in floats by their places, without zeros."""
    return {place: int(v) for place, v in zip(places, values.tolist(), strict=True) if v}

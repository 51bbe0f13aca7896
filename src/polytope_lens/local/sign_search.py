"""The nearest point of a decision boundary, by cases: which neurons are on there.

A part is the set of inputs of a ball at which a margin is not negative and some neurons have given signs. All of its
inputs are enclosed at once. Bounds on the pre-activations of one layer after the other (`linear_bounds`) make
signs known, so that fewer lines are needed behind; and the row above the margin, those above the neurons with given
signs and the sides of the domain make a polytope that holds the part. Its distance is a lower bound on that of the
boundary there; multipliers prove it, and their combination of rows is one that leaves only a cap of the ball, for the
bounds that come next. Parts with the least bound are split first, by the sign of the neuron whose lines lose most. The
ball is as large as the distance of the nearest point found so far. Where all signs are known, the part lies in one
region.

Source of the splitting, and of adding multiples of given signs before going back through the layers: Wang, Zhang, Xu,
Lin, Jana, Hsieh and Kolter 2021, *Beta-CROWN: efficient bound propagation with per-neuron split constraints for neural
network robustness verification*.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens._arrays.batches import batch_size
from polytope_lens._arrays.ragged import starts
from polytope_lens._progress import interruptible
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, summation_bound
from polytope_lens.bounds.linear_bounds import highest_in_box, rows_above, rows_around
from polytope_lens.bounds.relaxation import Relaxation, relax
from polytope_lens.cells.interior_proposals import are_constant
from polytope_lens.cells.region_facets import region_rows
from polytope_lens.cells.search_space import highest_in_ball, nearest, shown_by_row, start_slacks
from polytope_lens.errors import Status
from polytope_lens.exact.bounded_rows import bounded_rows
from polytope_lens.exact.forward import quiet

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.cells.search_space import SearchSpace
    from polytope_lens.local.boundary_search import BoundarySearch

    Report = Callable[[int, int], None]

# Parts looked at together: at most this many, and at most this share of those done, since the boundary that is found in
# some of them may show others to be too far away.
TOGETHER, SHARE = 32, 4
# How much more a neuron's lines count than those of the next layer: its sign also narrows what is behind it.
EARLIER = 2.0
# Descents to the boundary from the nearest points of parts looked at together.
DESCENTS = 2


class Parts(NamedTuple):
    """Some parts of the ball; N neurons of all hidden layers, one after the other, and k coordinates.

    `margin` (n,), given `signs` (n, N), bounds `low` and `high` on pre-activations (n, N), a proved lower `bound` (n,)
    on the distance, and a row `cut` (n, k + 1) that is not negative on the part, known up to `cut_error`.
    """

    margin: Ints
    signs: NDArray[np.int8]
    low: Floats
    high: Floats
    bound: Floats
    cut: Floats
    cut_error: Floats

    def at(self, index: Ints | int) -> Parts:
        """Some of them."""
        return Parts._make(array[index] for array in self)


class Enclosure(NamedTuple):
    """What is proved on n parts: lines around activations, and rows that are not negative.

    The rows (n, m, k + 1) are a part's own cut, those above neurons with given signs, which `owners` (m - 1,) names,
    and last the one above the margin.
    """

    lines: list[Relaxation]
    rows: Floats
    error: Floats
    owners: Ints


class Outcome(NamedTuple):
    """How a search ended; proved is that outside regions looked at no point of the boundary is nearer than `clear`."""

    clear: float
    n_parts: int
    status: Status


@dataclass(frozen=True, slots=True, eq=False)
class SignSearch:
    """A search among the signs of a network's neurons; `first` (L + 1,) says where the neurons of each layer begin."""

    boundary: BoundarySearch
    first: Ints
    cuts: Bools

    @property
    def space(self) -> SearchSpace:
        """Where it takes place."""
        return self.boundary.space


def search_signs(boundary: BoundarySearch, bits: Bools, most_parts: int | None, report: Report) -> Outcome:
    """Find the nearest boundary around x, whose region has the pattern `bits`.

    `report` is told now and then how many parts were looked at and how many are waiting.
    """
    space = boundary.space
    hidden = space.network.layers[:-1]
    search = SignSearch(
        boundary,
        starts(np.array([layer.width for layer in hidden], dtype=np.int64)),
        np.concatenate([layer.cuts for layer in hidden]),
    )
    home = _around_home(space, bits)
    boundary.descend(space.x)
    waiting = [(0.0, j, part) for j, part in enumerate(_everything(search))]
    done, count = 1, len(waiting)
    step = min(TOGETHER, batch_size(4 * max(space.network.widths) * (space.network.input_dim + 1)))
    with interruptible() as stop:
        while waiting:
            clear = max(home, waiting[0][0])
            if clear >= boundary.upper:
                return Outcome(clear, done, Status.COMPLETE)
            if stop.is_set():
                return Outcome(clear, done, Status.INTERRUPTED)
            size = min(step, max(1, done // SHARE))
            size = size if most_parts is None else min(size, most_parts - done)
            if size <= 0:
                return Outcome(clear, done, Status.BUDGET_REACHED)
            some = [heapq.heappop(waiting)[2] for _ in range(min(size, len(waiting)))]
            for part in _split(search, Parts._make(map(np.array, zip(*some, strict=True)))):
                heapq.heappush(waiting, (float(part.bound), count, part))
                count += 1
            done += len(some)
            report(done, len(waiting))
    return Outcome(np.inf, done, Status.COMPLETE)


def _around_home(space: SearchSpace, bits: Bools) -> float:
    """A proved distance from x up to which all is in its own region, and no margin reaches 0."""
    *_, (margins, doubt) = bounded_rows(space.network, bits[None])
    rows, error = region_rows(space.network, space.around, bits[None])
    rows = np.concatenate([rows[:, : len(bits)], margins.transpose(1, 0, 2)], axis=1)
    error = np.concatenate([error[:, : len(bits)], doubt.transpose(1, 0, 2)], axis=1)
    slack, slack_error = start_slacks(space, rows, error)
    shown = shown_by_row(space, slack[0], slack_error[0], rows[0, :, :-1], error[0, :, :-1])
    # A neuron whose row does not depend on x has no boundary here.
    shown[: len(bits)][are_constant(rows, error)[0, : len(bits)]] = np.inf
    return float(shown.min())


def _everything(search: SignSearch) -> list[Parts]:
    """For each margin the part in which no sign is given."""
    network, n = search.space.network, int(search.first[-1])
    nothing = np.zeros(network.input_dim + 1)
    return [
        Parts(
            np.array(j), np.zeros(n, np.int8), np.full(n, -np.inf), np.full(n, np.inf), np.zeros(()), nothing, nothing
        )
        for j in range(network.layers[-1].width)
    ]


def _split(search: SignSearch, parts: Parts) -> list[Parts]:
    """Look at parts, note the regions that some of them are, and split those that may hold a nearer boundary."""
    boundary = search.boundary
    parts, enclosure = _enclosed(search, parts)
    if not parts.margin.size:
        return []
    parts, points, loss = _nearest_in(search, parts, enclosure)
    for i in np.argsort(parts.bound, kind="stable")[:DESCENTS]:
        if np.isfinite(points[i]).all():
            boundary.descend(points[i])
    open_signs = (parts.low < 0) & (parts.high > 0) & search.cuts
    left = parts.bound < boundary.upper
    known = np.flatnonzero(left & ~open_signs.any(axis=1))
    if known.size:
        boundary.look(parts.low[known][:, search.cuts] >= 0, parts.margin[known])
    loss = np.where(open_signs, loss, -1.0)
    halves = []
    for i in np.flatnonzero(left & open_signs.any(axis=1)).tolist():
        part = parts.at(i)
        for sign in (1, -1):
            signs = part.signs.copy()
            signs[loss[i].argmax()] = sign
            halves.append(part._replace(signs=signs))
    return halves


def _enclosed(search: SignSearch, parts: Parts) -> tuple[Parts, Enclosure]:
    """The parts that are not proved to be empty with bounds on their pre-activations, and what is proved on them."""
    space, radius = search.space, search.boundary.upper
    network = space.network
    low, high, signs = parts.low.copy(), parts.high.copy(), parts.signs
    rows, error = parts.cut[:, None], parts.cut_error[:, None]
    lines: list[Relaxation] = []
    owners: list[int] = []
    for index, layer in enumerate(network.layers[:-1]):
        here = slice(search.first[index], search.first[index + 1])
        asked = (((low[:, here] < 0) & (high[:, here] > 0)) | (signs[:, here] != 0)).any(axis=0) & layer.cuts
        asked = np.flatnonzero(asked)
        if asked.size:
            above, doubt = rows_around(network, index, asked, lines, len(low))
            place = asked + search.first[index]
            given, given_error = _of_signs(above, doubt, signs[:, place])
            is_given = (signs[:, place] != 0).any(axis=0)
            owners += place[is_given].tolist()
            rows = np.concatenate([rows, given[:, is_given]], axis=1)
            error = np.concatenate([error, given_error[:, is_given]], axis=1)
            top = _highest(space, above, doubt, radius, rows, error)
            high[:, place] = np.minimum(high[:, place], top[:, : len(asked)])
            low[:, place] = np.maximum(low[:, place], -top[:, len(asked) :])
            low[:, place] = np.where(signs[:, place] > 0, np.maximum(low[:, place], 0.0), low[:, place])
            high[:, place] = np.where(signs[:, place] < 0, np.minimum(high[:, place], 0.0), high[:, place])
        lines.append(relax(layer, low[:, here], high[:, here]))
    margin = np.eye(network.layers[-1].width)[parts.margin][:, None]
    above, doubt = rows_above(network, len(network.layers) - 1, margin, lines)
    is_left = (low <= high).all(axis=1) & (_highest(space, above, doubt, radius, rows, error)[:, 0] >= 0)
    left = np.flatnonzero(is_left)
    rows, error = np.concatenate([rows, above], axis=1)[left], np.concatenate([error, doubt], axis=1)[left]
    lines = [Relaxation(*(array[left] for array in each)) for each in lines]
    found = parts._replace(low=low, high=high).at(left)
    return found, Enclosure(lines, *_usable(rows, error), np.array(owners, dtype=np.int64))


def _of_signs(above: Floats, doubt: Floats, signs: NDArray[np.int8]) -> tuple[Floats, Floats]:
    """Of rows above m neurons and above their negatives those that given signs (n, m) make nonnegative, or zeros."""
    m = signs.shape[1]
    which = np.where(signs > 0, np.arange(m), np.arange(m) + m)[:, :, None]
    given = (signs != 0)[:, :, None]
    found = (np.where(given, np.take_along_axis(array, which, axis=1), 0.0) for array in (above, doubt))
    return _usable(*found)


def _usable(rows: Floats, error: Floats) -> tuple[Floats, Floats]:
    """The same rows, with those of which nothing is known replaced by zeros, which say nothing."""
    is_finite = (np.isfinite(rows) & np.isfinite(error)).all(axis=2, keepdims=True)
    return np.where(is_finite, rows, 0.0), np.where(is_finite, error, 0.0)


def _highest(space: SearchSpace, above: Floats, doubt: Floats, radius: float, rows: Floats, error: Floats) -> Floats:
    """Bounds on rows in the ball, in its part where no other row is negative, and in the box around the domain."""
    top = highest_in_ball(space, above, doubt, radius, rows, error)
    if not (np.isfinite(space.around.lower).any() or np.isfinite(space.around.upper).any()):
        return top
    sides = (np.broadcast_to(side, (len(above), len(side))) for side in (space.around.lower, space.around.upper))
    return np.minimum(top, highest_in_box(above, doubt, *sides))


def _nearest_in(search: SignSearch, parts: Parts, enclosure: Enclosure) -> tuple[Parts, Floats, Floats]:
    """The parts with what is proved of their distances and the cut of that proof, nearest points, and lines' losses.

    Twice: the second time with a row above the whole combination of margin and neurons that proved the first distance,
    with lines that touch at its nearest point.
    """
    space = search.space
    network, first = space.network, search.first
    n, m = enclosure.rows.shape[:2]
    walls = np.broadcast_to(space.around.floats, (n, *space.around.floats.shape))
    rows = np.concatenate([-enclosure.rows, walls], axis=1)
    error = np.concatenate([enclosure.error, np.zeros(walls.shape)], axis=1)
    multipliers, points, parts = _proved(search, parts, rows, error, m - 1)
    weight = multipliers[:, m - 1]
    with quiet(), np.errstate(divide="ignore"):
        share = np.where(weight > 0, 1.0 / weight, 0.0)[:, None]
        added = np.zeros(parts.signs.shape)
        added[:, enclosure.owners] = parts.signs[:, enclosure.owners] * multipliers[:, 1 : m - 1] * share
    added = np.where(np.isfinite(added), added, 0.0)
    layers = [slice(start, stop) for start, stop in pairwise(first)]
    lean = _signs_at(space, points)
    lines = [
        relax(layer, parts.low[:, here], parts.high[:, here], on)
        for layer, here, on in zip(network.layers[:-1], layers, lean, strict=True)
    ]
    margin = np.eye(network.layers[-1].width)[parts.margin][:, None]
    reliance: list[Floats] = []
    above, doubt = rows_above(
        network, len(network.layers) - 1, margin, lines, [added[:, None, here] for here in layers], reliance
    )
    above, doubt = _usable(above, doubt)
    rows, error = np.concatenate([rows, -above], axis=1), np.concatenate([error, doubt], axis=1)
    _, points, parts = _proved(search, parts, rows, error, m - 1)
    with quiet():
        loss = np.concatenate(
            [
                _loss(layer.positive_slope - layer.negative_slope, parts.low[:, here], parts.high[:, here])
                * np.abs(coefficients[:, 0])
                * EARLIER ** (len(layers) - index)
                for index, (layer, here, coefficients) in enumerate(
                    zip(network.layers[:-1], layers, reversed(reliance), strict=True)
                )
            ],
            axis=1,
        )
    # Without bounds nothing is known of what is behind, so layers come in their order.
    unbounded = ~np.isfinite(loss)
    return parts, points, np.where(unbounded.any(axis=1, keepdims=True), np.where(unbounded, 1.0, 0.0), loss)


def _proved(search: SignSearch, parts: Parts, rows: Floats, error: Floats, margin: int) -> tuple[Floats, Floats, Parts]:
    """Multipliers of rows, nearest points of their polytopes, and the parts with what these prove.

    `margin` is the number of the row above the margin, which cuts off something where no combination does.
    """
    space = search.space
    _, shown, multipliers, points = nearest(space, rows, error, search.boundary.upper, hasty=True)
    alone = ~(multipliers > 0).any(axis=1)
    weights = multipliers.copy()
    weights[alone, margin] = 1.0
    unit = summation_bound(rows.shape[1] + 1)
    with quiet():
        cut = -np.einsum("nm,nmk->nk", weights, rows)
        doubt = np.einsum("nm,nmk->nk", weights, error + unit * np.abs(rows)) * BOUND_SLACK + UNDERFLOW_GUARD
    better = ((shown > parts.bound) | alone) & np.isfinite(cut).all(axis=1) & np.isfinite(doubt).all(axis=1)
    return (
        multipliers,
        points,
        parts._replace(
            bound=np.maximum(parts.bound, shown),
            cut=np.where(better[:, None], cut, parts.cut),
            cut_error=np.where(better[:, None], doubt, parts.cut_error),
        ),
    )


def _signs_at(space: SearchSpace, points: Floats) -> list[Floats]:
    """Which neurons are on at inputs (n, d), layer by layer, about: 1 for those on and 0 for the others."""
    with quiet():
        value = points if space.weight is None or space.bias is None else points @ space.weight.T + space.bias
        found = []
        for layer in space.network.layers[:-1]:
            value = value @ layer.factor().T + layer.bias
            on = value > 0
            found.append(on.astype(np.float64))
            value = np.where(on, layer.positive_slope, layer.negative_slope) * value
    return found


def _loss(bend: Floats, low: Floats, high: Floats) -> Floats:
    """How far apart the lines around activations are at 0: nothing where a sign is known or nothing bends."""
    with np.errstate(all="ignore"):
        gap = np.abs(bend) * high * -low / (high - low)
    return np.where((low >= 0) | (high <= 0) | (bend == 0), 0.0, np.where(np.isfinite(gap), gap, np.inf))

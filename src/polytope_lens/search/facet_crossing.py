"""Facet-crossing search: from the region of a point through its facets to the neighbours, and on from there.

Named after what mostly happens, that one bit flips; but what lies across a facet is never taken for granted. Where a
point violates one neuron's row alone and all other rows are satisfied strictly, and no neuron vanishes on the region,
that neuron's bit is all that changes there. Elsewhere the pattern across is computed in integer arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens._arrays.batches import batch_size
from polytope_lens._progress import interruptible
from polytope_lens.arithmetic.signs import UNDERFLOW_GUARD
from polytope_lens.cells.neighbors import enter, numbers_each
from polytope_lens.cells.region_facets import Cells, exit_points, prove_rows, region_rows, rounded_rows
from polytope_lens.cells.search_space import (
    about_nearest,
    distances_across,
    nearest,
    point_distances,
    shown_by_row,
    start_slacks,
)
from polytope_lens.errors import Status
from polytope_lens.network.network import layer_of_bit
from polytope_lens.network.pattern import n_words, pack, unpack
from polytope_lens.polytope.batch.redundancy import LARGE
from polytope_lens.polytope.batch.statuses import FACET, NOT_ASKED, OPEN
from polytope_lens.search.region_set import BEYOND, DONE, MET, PLACED, RegionSet

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from polytope_lens._types import Bools, Floats, Ints, Statuses, Words
    from polytope_lens.cells.search_space import SearchSpace

    Report = Callable[[int, int], None]
    Look = Callable[["SearchState", Ints], float]

# Regions looked at together: at most this many, and in a search by distance at most this share of those done, since
# what is found in the batch may be nearer than its last ones.
TOGETHER, SHARE = 256, 4
# Distances are found of so many times as many: that is quick.
CHEAPER = 4
# Rows are asked a little beyond the distance at which enough regions are known to begin, so that none waits in vain.
FARTHER = 1 + 2.0**-30
# As long as fewer are known, they are asked farther each time by this factor.
AGAIN = 1.25


@dataclass(frozen=True, slots=True)
class Limits:
    """Where to stop: after so many regions, so many crossings, or at a distance; None for no limit."""

    regions: int | None = None
    crossings: int | None = None
    radius: float | None = None


class FacetCrossings(NamedTuple):
    """Facets of a batch of regions, in the order of these.

    Which one's, the pattern across, where the way there crosses, about how far what lies across is at least, and what
    of this is proved.
    """

    at: Ints
    across: Words
    entry: Floats
    lower: Floats
    bound: Floats


@dataclass(frozen=True, slots=True, eq=False)
class SearchResult:
    """What a search has found.

    `listed` are the numbers of its regions in order of discovery, `n_uncrossed` counts the facets of these that are
    known to lead to others, `n_unseen` those of them whose facets were not looked at. All points nearer than `clear`
    are in regions that were looked at; it is proved, but 0 where nobody looks.
    """

    found: RegionSet
    listed: Ints
    status: Status
    n_uncrossed: int
    n_unseen: int
    float64: int
    rational: int
    clear: float


@dataclass(slots=True, eq=False)
class SearchState:
    """A search at work: where it takes place, what was found there, facets crossed so far, decisions by rung.

    `guess` is how far rows are asked at first.
    """

    space: SearchSpace
    found: RegionSet
    by_distance: bool
    radius: float | None
    exact: Cells
    inner: list[Ints] = field(default_factory=list)
    across: list[Ints] = field(default_factory=list)
    float64: int = 0
    rational: int = 0
    guess: float = np.inf

    @property
    def step(self) -> int:
        """How many regions fit into one batch."""
        return min(TOGETHER, batch_size(numbers_each(self.space)))


def search(
    space: SearchSpace, bits: Bools, *, by_distance: bool, limits: Limits, report: Report, look: Look | None = None
) -> SearchResult:
    """Find regions from the one with pattern `bits`, whose closure holds the place's start.

    Nearest first with `by_distance`, else in order of the number of crossings. `report` is told now and then how many
    regions are found and how many are waiting. In a search by distance, `look` is told which regions come next, and
    says within which radius to go on.
    """
    network = space.network
    found = RegionSet(n_words(network.n_neurons), network.input_dim)
    state = SearchState(space, found, by_distance, limits.radius, Cells(network, space.around))
    found.add(pack(bits[None]), space.start[None], np.array([-1]), np.zeros(1), np.zeros(1))
    with interruptible() as stop:
        if by_distance:
            listed, status = _nearest_first(state, limits, report, stop, look)
        else:
            listed, status = _breadth_first(state, limits, report, stop)
        clear = 0.0 if look is None else _clear(state)
    return SearchResult(found, listed, status, *_open_ends(state, listed), state.float64, state.rational, clear)


def _nearest_first(
    state: SearchState, limits: Limits, report: Report, stop: threading.Event, look: Look | None
) -> tuple[Ints, Status]:
    """Regions in order of their distance from the start, and of their patterns.

    A region waits with a lower bound on its distance, that of the hyperplane it was entered through, until this is
    among the least; then its distance is computed, and it waits again. Regions that meet an open ball around the start
    are connected through facets that do, so no region is nearer than all that wait, and one that is nearer than those
    it was met from so far will be met again from one that is not farther.
    """
    found, wanted = state.found, limits.regions
    if wanted is not None:
        state.guess = _guess(state, wanted)
    while True:
        if state.radius is not None:
            found.state[(found.state <= PLACED) & (found.bound >= state.radius)] = BEYOND
        done, beyond = np.flatnonzero(found.state == DONE), bool((found.state == BEYOND).any())
        due = np.where(found.state == MET, np.maximum(found.key, found.via), found.key)
        due = np.where(found.state <= PLACED, due, np.where(found.state == DONE, found.rest, np.inf))
        if beyond and state.radius is not None:
            due[(found.state == DONE) & (found.rest_bound >= state.radius)] = np.inf
        waiting = np.flatnonzero((found.state <= PLACED) | (due < np.inf))
        report(len(done), int((found.state <= PLACED).sum()))
        if stop.is_set():
            return _nearest(found, done)[:wanted], Status.INTERRUPTED
        if not waiting.size and (wanted is None or len(done) <= wanted):
            return _nearest(found, done), Status.RADIUS_REACHED if beyond else Status.COMPLETE
        if wanted is not None and len(done) >= wanted:
            last = np.partition(found.key[done], wanted - 1)[wanted - 1]
            # Whether there are more has to be known, too.
            more = len(done) > wanted or bool((found.state != DONE).any())
            if more and due[waiting].min(initial=np.inf) >= last:
                return _nearest(found, done)[:wanted], Status.BUDGET_REACHED
        size, enough = min(state.step, max(1, len(done) // SHARE)), _enough(found, wanted)
        soon = waiting[due[waiting] <= enough]
        waiting, enough = (soon, enough) if soon.size else (waiting, np.inf)
        waiting = _first(waiting, due, CHEAPER * size)
        is_met = found.state[waiting] == MET
        _measure(state, waiting[is_met], enough)
        crossed = _first(waiting[~is_met], due, size)
        placed = crossed[found.state[crossed] == PLACED]
        if look is not None and placed.size:
            state.radius = look(state, placed)
        if crossed.size:
            _cross(state, crossed, _far_enough(state, enough, float(due[crossed].max())))


def _first(index: Ints, due: Floats, size: int) -> Ints:
    """Those of some regions that are due first, at most `size`, in the same order."""
    if len(index) <= size:
        return index
    return np.asarray(np.sort(index[np.argpartition(due[index], size - 1)[:size]]))


def _guess(state: SearchState, wanted: int) -> float:
    """A distance at which many of the wanted regions may begin: that of some hyperplanes of the first region."""
    network = state.space.network
    rows, error = region_rows(network, state.space.around, unpack(state.found.words[:1], network.n_neurons))
    lower, _ = _leads(state, rows, error)
    nearest_first = np.sort(lower[0])
    place = wanted.bit_length()
    return float(nearest_first[place]) if place < len(nearest_first) else np.inf


def _enough(found: RegionSet, wanted: int | None) -> float:
    """About the distance before which as many regions as wanted begin that are known by now; infinite if fewer do."""
    if wanted is None or found.count < wanted:
        return np.inf
    return float(np.partition(found.near, wanted - 1)[wanted - 1]) * FARTHER + UNDERFLOW_GUARD


def _far_enough(state: SearchState, enough: float, due: float) -> float:
    """The distance before which rows are asked now, of regions that are due at `due` at the latest.

    It is guessed, as those that are known at first may begin far out. What is farther is asked when it is due.
    """
    guess = max(state.guess, AGAIN * due)
    return max(min(enough, guess), due) * FARTHER + UNDERFLOW_GUARD


def _nearest(found: RegionSet, index: Ints) -> Ints:
    """The same regions, nearest first: the start's, and those at one distance by their patterns, whoever came first."""
    return index[np.lexsort((*found.words[index].T[::-1], index > 0, found.key[index]))]


def _breadth_first(state: SearchState, limits: Limits, report: Report, stop: threading.Event) -> tuple[Ints, Status]:
    """Regions in order of the number of facets crossed.

    Facets of the last ones are looked at only until there is one that leads to a region that may not be listed.
    """
    found, at, peek = state.found, 0, 1
    listed, status = None, Status.COMPLETE
    while listed is None and at < found.count:
        report(found.count, found.count - at)
        before, crossings = found.count, int(found.crossings[at])
        if stop.is_set():
            listed, status = before, Status.INTERRUPTED
            break
        last = limits.crossings is not None and crossings >= limits.crossings
        size = state.step
        if last or before == limits.regions:
            size, peek = min(size, peek), 2 * peek
        end = min(at + size, int(np.searchsorted(found.crossings, crossings, side="right")))
        fresh = _cross(state, np.arange(at, end))
        at = end
        if last and fresh.size:
            listed, status = before, Status.FLIPS_REACHED
        elif limits.regions is not None and found.count > limits.regions:
            listed, status = limits.regions, Status.BUDGET_REACHED
    index = np.arange(found.count if listed is None else listed)
    for start in range(0, len(index), state.step):
        part = index[start : start + state.step]
        part = part[~found.entered[part]]
        if part.size:
            bits = unpack(found.words[part], state.space.network.n_neurons)
            _enter(state, part, bits, *region_rows(state.space.network, state.space.around, bits))
    return index, status


def _open_ends(state: SearchState, listed: Ints) -> tuple[int, int]:
    """How many facets of listed regions are known to lead to others, and how many of them have not been looked at."""
    found = state.found
    is_listed = np.zeros(found.count, dtype=bool)
    is_listed[listed] = True
    inner, across = (np.concatenate([np.empty(0, np.int64), *ends]) for ends in (state.inner, state.across))
    # A facet may have been found twice, and two regions share one at most.
    pairs = np.sort((inner * found.count + across)[is_listed[inner] & ~is_listed[across]])
    uncrossed = int((pairs[1:] != pairs[:-1]).sum()) + min(len(pairs), 1)
    return uncrossed, int(((found.state[listed] != DONE) | (found.rest[listed] < np.inf)).sum())


def _clear(state: SearchState) -> float:
    """The least distance, proved, of regions that wait or were left out; those that wait get one of their own."""
    found = state.found
    while True:
        bound = np.where(found.state == DONE, found.rest_bound, found.bound)
        nearest_first = np.argsort(bound, kind="stable")
        met = nearest_first[: state.step][found.state[nearest_first[: state.step]] == MET]
        if found.state[nearest_first[0]] != MET:
            return float(bound[nearest_first[0]])
        _measure(state, met)


def _measure(state: SearchState, index: Ints, enough: float = np.inf) -> None:
    """Find the distances of regions that were met; of those beyond `enough`, only that they are."""
    space, found = state.space, state.found
    limit = np.inf if state.radius is None else state.radius
    for start in range(0, len(index), state.step):
        part = index[start : start + state.step]
        bits = unpack(found.words[part], space.network.n_neurons)
        if state.radius is None:
            found.key[part] = about_nearest(space, rounded_rows(space.network, space.around, bits), enough)
            part = part[~(found.key[part] > enough)]
        else:
            found.key[part], shown, _, _ = nearest(space, *region_rows(space.network, space.around, bits), limit)
            found.bound[part] = np.maximum(found.bound[part], shown)
        found.near[part] = found.key[part]
        found.state[part] = np.where(found.bound[part] >= limit, BEYOND, PLACED)


def _enter(state: SearchState, index: Ints, bits: Bools, rows: Floats, error: Floats) -> None:
    """Find a point inside each of some regions that were met."""
    found, parent = state.found, state.found.parent[index]
    ways = np.where(parent[:, None] < 0, 0.0, found.point[index] - found.point[parent])
    found.point[index], found.inside[index] = enter(
        state.space, state.exact, bits, rows, error, found.point[index], ways
    )
    found.entered[index] = True


def _cross(state: SearchState, index: Ints, far: float = np.inf) -> Ints:
    """Ask the rows of some regions that may lead to others nearer than `far`; returns the regions that are new."""
    if not index.size:
        return index
    space, found = state.space, state.found
    network, around = space.network, space.around
    n_bits = network.n_neurons
    bits = unpack(found.words[index], n_bits)
    rows, error = region_rows(network, around, bits)
    if (new := np.flatnonzero(~found.entered[index])).size:
        _enter(state, index[new], bits[new], rows[new], error[new])
    points = found.point[index]
    lower, bound = _leads(state, rows, error)
    before = unpack(found.asked[index], n_bits)
    asked = ~before & (lower < far)
    if state.radius is not None:
        asked &= (bound < state.radius) | (found.state[index] == DONE)[:, None]
    given = np.full(rows.shape[:2], NOT_ASKED, dtype=np.int8)
    given[:, :n_bits][asked] = OPEN
    if rows.shape[1] * network.input_dim >= LARGE:
        given[...] = OPEN
    aims = np.zeros((*rows.shape[:2], rows.shape[2] - 1))
    status, vanishes = prove_rows(network, around, bits, points, rows, error, aims, given=given)
    unsure = np.flatnonzero((status == OPEN).any(axis=1) | vanishes.any(axis=1))
    if unsure.size:
        # What is open is decided among all rows.
        again = unsure[(status[unsure] == NOT_ASKED).any(axis=1)]
        if again.size:
            given, beyond = np.where(status[again] == NOT_ASKED, OPEN, status[again]), aims[again]
            of_all = bits[again], points[again], rows[again], error[again]
            status[again], _ = prove_rows(network, around, *of_all, beyond, given=given)
            aims[again] = beyond
    is_open = status == OPEN
    state.rational += int(is_open.sum())
    state.float64 += int((~is_open & (status != NOT_ASKED)).sum())
    at, owner = np.nonzero(status[:, :n_bits] == FACET)
    across = found.words[index[at]] ^ pack(np.eye(n_bits, dtype=bool))[owner]
    # Where the way to the point beyond each facet crosses it.
    entry = exit_points(rows[at, owner], points[at], aims[at, owner])
    facets = FacetCrossings(at, across, entry, lower[at, owner], bound[at, owner])
    if unsure.size:
        facets = _decided(state, facets, owner, unsure, bits, points, status, vanishes)
    numbers, fresh = found.add(facets.across, facets.entry, index[facets.at], facets.lower, facets.bound)
    found.near[fresh] = point_distances(space, found.point[fresh])
    asked = before | (status != NOT_ASKED)[:, :n_bits]
    found.asked[index], found.state[index] = pack(asked), DONE
    found.rest[index] = np.where(asked, np.inf, lower).min(axis=1, initial=np.inf)
    found.rest_bound[index] = np.where(asked, np.inf, bound).min(axis=1, initial=np.inf)
    state.inner.append(index[facets.at])
    state.across.append(numbers)
    return fresh


def _leads(state: SearchState, rows: Floats, error: Floats) -> tuple[Floats, Floats]:
    """How far what lies across the neurons' rows of some regions is from the start, (n, n_neurons).

    About, and at least, as is proved; only where it is needed, in searches by distance, and with a radius.
    """
    space, n_bits = state.space, state.space.network.n_neurons
    lower, bound = np.zeros((2, len(rows), n_bits))
    if state.by_distance:
        layer = np.append(layer_of_bit(space.network), np.full(rows.shape[1] - n_bits, -1))
        lower = distances_across(space, rows, layer)[:, :n_bits]
    if state.radius is not None:
        slack, slack_error = (part[:, :n_bits].ravel() for part in start_slacks(space, rows, error))
        normal, doubt = (part[:, :n_bits].reshape(len(slack), rows.shape[2])[:, :-1] for part in (rows, error))
        bound = shown_by_row(space, slack, slack_error, normal, doubt).reshape(bound.shape)
    return lower, bound


def _decided(
    state: SearchState,
    sure: FacetCrossings,
    owner: Ints,
    unsure: Ints,
    bits: Bools,
    points: Floats,
    status: Statuses,
    vanishes: Bools,
) -> FacetCrossings:
    """The same facets with those of some regions decided exactly; new ones are entered at an unknown point."""
    here = np.flatnonzero(np.isin(sure.at, unsure))
    index_of = {(i, q): f for f, i, q in zip(here.tolist(), sure.at[here].tolist(), owner[here].tolist(), strict=True)}
    at: list[int] = []
    across: list[Bools] = []
    known: list[int] = []
    for i in unsure.tolist():
        for pattern, owners in state.exact.facets(bits[i], points[i], status[i], vanishes[i]):
            if pattern is not None:
                at.append(i)
                across.append(pattern)
                known.append(index_of.get((i, owners[0]), -1) if len(owners) == 1 else -1)
    kept = FacetCrossings._make(np.delete(array, here, axis=0) for array in sure)
    if not at:
        return kept
    number, regions = np.array(known), np.array(at)
    is_known = number >= 0
    entry = np.full((len(at), points.shape[1]), np.nan)
    entry[is_known] = sure.entry[number[is_known]]
    lower, bound = np.zeros((2, len(at)))
    lower[is_known] = sure.lower[number[is_known]]
    bound[is_known] = sure.bound[number[is_known]]
    decided = FacetCrossings(regions, pack(np.array(across)), entry, lower, bound)
    order = np.argsort(np.concatenate([kept.at, regions]), kind="stable")
    return FacetCrossings._make(np.concatenate(pair)[order] for pair in zip(kept, decided, strict=True))

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
from polytope_lens.cells.neighbors import enter, numbers_each
from polytope_lens.cells.region_facets import Cells, exit_points, prove_rows, region_rows
from polytope_lens.cells.search_space import dual_norms, nearest, shown_by_row, start_slacks
from polytope_lens.errors import Status
from polytope_lens.network.pattern import n_words, pack, unpack
from polytope_lens.polytope.batch.statuses import FACET, OPEN
from polytope_lens.search.region_set import BEYOND, DONE, MET, PLACED, RegionSet

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from polytope_lens._types import Bools, Floats, Ints, Statuses
    from polytope_lens.cells.search_space import SearchSpace

    Report = Callable[[int, int], None]
    Look = Callable[["SearchState", Ints], float]

# Regions looked at together: at most this many, and in a search by distance at most this share of those done, since
# what is found in the batch may be nearer than its last ones.
TOGETHER, SHARE = 256, 8


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
    across: Bools
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
    """A search at work: where it takes place, what was found there, facets crossed so far, decisions by rung."""

    space: SearchSpace
    found: RegionSet
    by_distance: bool
    radius: float | None
    exact: Cells
    inner: list[Ints] = field(default_factory=list)
    across: list[Ints] = field(default_factory=list)
    float64: int = 0
    rational: int = 0

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
    """Regions in order of their distance from the start; ties in order of discovery.

    A region waits with a lower bound on its distance, that of the hyperplane it was entered through, until this is
    among the least; then its distance is computed, and it waits again. Regions that meet an open ball around the start
    are connected through facets that do, so no region is nearer than all that wait.
    """
    found, wanted = state.found, limits.regions
    while True:
        if state.radius is not None:
            found.state[(found.state <= PLACED) & (found.bound >= state.radius)] = BEYOND
        done, waiting = np.flatnonzero(found.state == DONE), np.flatnonzero(found.state <= PLACED)
        report(len(done), len(waiting))
        if stop.is_set():
            return _nearest(found, done)[:wanted], Status.INTERRUPTED
        if not waiting.size and (wanted is None or len(done) <= wanted):
            beyond = bool((found.state == BEYOND).any())
            return _nearest(found, done), Status.RADIUS_REACHED if beyond else Status.COMPLETE
        if wanted is not None and len(done) >= wanted:
            last = np.partition(found.key[done], wanted - 1)[wanted - 1]
            if found.key[waiting].min(initial=np.inf) >= last:
                return _nearest(found, done)[:wanted], Status.BUDGET_REACHED
        size = min(state.step, max(1, len(done) // SHARE))
        if len(waiting) > size:
            waiting = np.sort(waiting[np.argpartition(found.key[waiting], size - 1)[:size]])
        met = found.state[waiting] == MET
        _settle(state, waiting[met])
        if look is not None and not met.all():
            state.radius = look(state, waiting[~met])
        _cross(state, waiting[~met])


def _nearest(found: RegionSet, index: Ints) -> Ints:
    """The same regions, nearest first."""
    return index[np.argsort(found.key[index], kind="stable")]


def _breadth_first(state: SearchState, limits: Limits, report: Report, stop: threading.Event) -> tuple[Ints, Status]:
    """Regions in order of the number of facets crossed.

    Facets of the last ones are looked at only until there is one that leads to a region that may not be listed.
    """
    found, at, peek = state.found, 0, 1
    _settle(state, np.zeros(1, dtype=np.int64))
    while at < found.count:
        report(found.count, found.count - at)
        if stop.is_set():
            return np.arange(found.count), Status.INTERRUPTED
        before, crossings = found.count, int(found.crossings[at])
        last = limits.crossings is not None and crossings >= limits.crossings
        size = state.step
        if last or before == limits.regions:
            size, peek = min(size, peek), 2 * peek
        end = min(at + size, int(np.searchsorted(found.crossings, crossings, side="right")))
        fresh = _cross(state, np.arange(at, end))
        at = end
        if last and fresh.size:
            return np.arange(before), Status.FLIPS_REACHED
        if limits.regions is not None and found.count > limits.regions:
            _settle(state, fresh[fresh < limits.regions])
            return np.arange(limits.regions), Status.BUDGET_REACHED
        _settle(state, fresh)
    return np.arange(found.count), Status.COMPLETE


def _open_ends(state: SearchState, listed: Ints) -> tuple[int, int]:
    """How many facets of listed regions are known to lead to others, and how many of them have not been looked at."""
    found = state.found
    is_listed = np.zeros(found.count, dtype=bool)
    is_listed[listed] = True
    uncrossed = sum(
        int((is_listed[inner] & ~is_listed[across]).sum())
        for inner, across in zip(state.inner, state.across, strict=True)
    )
    return uncrossed, int((found.state[listed] != DONE).sum())


def _clear(state: SearchState) -> float:
    """The least distance, proved, of regions that wait or were left out; those that wait get one of their own."""
    found = state.found
    while True:
        left = np.flatnonzero(found.state != DONE)
        if not left.size:
            return float("inf")
        nearest_first = left[np.argsort(found.bound[left], kind="stable")]
        met = nearest_first[: state.step][found.state[nearest_first[: state.step]] == MET]
        if found.state[nearest_first[0]] != MET:
            return float(found.bound[nearest_first[0]])
        _settle(state, met)


def _settle(state: SearchState, index: Ints) -> None:
    """Find a point inside each region that was met, and its distance."""
    space, found = state.space, state.found
    for start in range(0, len(index), state.step):
        part = index[start : start + state.step]
        bits = unpack(found.words[part], space.network.n_neurons)
        rows, error = region_rows(space.network, space.around, bits)
        if state.by_distance:
            limit = np.inf if state.radius is None else state.radius
            found.key[part], shown, _, _ = nearest(space, rows, error, limit)
            found.bound[part] = np.maximum(found.bound[part], shown)
            beyond = found.bound[part] >= limit
            found.state[part[beyond]] = BEYOND
            part, bits, rows, error = part[~beyond], bits[~beyond], rows[~beyond], error[~beyond]
        parent = found.parent[part]
        ways = np.where(parent[:, None] < 0, 0.0, found.point[part] - found.point[parent])
        entries = found.point[part]
        found.point[part], found.inside[part] = enter(space, state.exact, bits, rows, error, entries, ways)
        found.state[part] = PLACED


def _cross(state: SearchState, index: Ints) -> Ints:
    """Look at all facets of some regions and enter what lies across; returns the regions that are new."""
    if not index.size:
        return index
    space, found = state.space, state.found
    network, around = space.network, space.around
    n_bits = network.n_neurons
    bits, points = unpack(found.words[index], n_bits), found.point[index]
    rows, error = region_rows(network, around, bits)
    aims = np.zeros((*rows.shape[:2], rows.shape[2] - 1))
    status, vanishes = prove_rows(network, around, bits, points, rows, error, aims)
    is_open = status == OPEN
    state.rational += int(is_open.sum())
    state.float64 += int((~is_open).sum())
    at, owner = np.nonzero(status[:, :n_bits] == FACET)
    across = bits[at]
    across[np.arange(len(at)), owner] ^= True
    # Where the way to the point beyond each facet crosses it, and how far its hyperplane is from the start.
    normal, aim = rows[at, owner, :-1], aims[at, owner]
    entry = exit_points(rows[at, owner], points[at], aim)
    with np.errstate(all="ignore"):
        slack, slack_error = (part[at, owner] for part in start_slacks(space, rows, error))
        lower = np.nan_to_num(slack / dual_norms(space, normal), posinf=0.0)
        bound = shown_by_row(space, slack, slack_error, normal, error[at, owner, :-1])
    facets = FacetCrossings(at, across, entry, np.maximum(lower, found.key[index[at]]), bound)
    unsure = np.flatnonzero(is_open.any(axis=1) | vanishes.any(axis=1))
    if unsure.size:
        facets = _decided(state, facets, owner, unsure, found.key[index], bits, points, status, vanishes)
    numbers, fresh = found.add(pack(facets.across), facets.entry, index[facets.at], facets.lower, facets.bound)
    found.state[index] = DONE
    state.inner.append(index[facets.at])
    state.across.append(numbers)
    return fresh


def _decided(
    state: SearchState,
    sure: FacetCrossings,
    owner: Ints,
    unsure: Ints,
    keys: Floats,
    bits: Bools,
    points: Floats,
    status: Statuses,
    vanishes: Bools,
) -> FacetCrossings:
    """The same facets with those of some regions decided exactly; new ones are entered at an unknown point."""
    index_of = {(i, q): f for f, (i, q) in enumerate(zip(sure.at.tolist(), owner.tolist(), strict=True))}
    at: list[int] = []
    across: list[Bools] = []
    known: list[int] = []
    for i in unsure.tolist():
        for pattern, owners in state.exact.facets(bits[i], points[i], status[i], vanishes[i]):
            if pattern is not None:
                at.append(i)
                across.append(pattern)
                known.append(index_of.get((i, owners[0]), -1) if len(owners) == 1 else -1)
    kept = FacetCrossings._make(array[~np.isin(sure.at, unsure)] for array in sure)
    if not at:
        return kept
    number, regions = np.array(known), np.array(at)
    is_known = number >= 0
    entry = np.full((len(at), points.shape[1]), np.nan)
    entry[is_known] = sure.entry[number[is_known]]
    lower, bound = keys[regions], np.zeros(len(at))
    lower[is_known] = sure.lower[number[is_known]]
    bound[is_known] = sure.bound[number[is_known]]
    decided = FacetCrossings(regions, np.array(across), entry, lower, bound)
    order = np.argsort(np.concatenate([kept.at, regions]), kind="stable")
    return FacetCrossings._make(np.concatenate(pair)[order] for pair in zip(kept, decided, strict=True))

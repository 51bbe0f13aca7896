"""Running a compiled walk: batch by batch, on several threads, answering the questions it cannot decide.

A walk's stack is its list of things to do, and its lowest frames are the largest. To share the work, the state is
copied, and the copy takes the lowest frame. What the copy finds comes after all that the original finds, so putting the
pieces back in this order gives the same regions in the same order, however the work was shared.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._compiled.jit import Arguments
from polytope_lens.engines._kernels import outcomes, spans
from polytope_lens.engines.chunks import counted
from polytope_lens.engines.kept_starts import left, taken
from polytope_lens.engines.kernel import Kernel, Output, State, copy_with_frame, n_bytes
from polytope_lens.network.span import whole, words_of
from polytope_lens.partition.provenance import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from polytope_lens._types import Words
    from polytope_lens.engines._kernels.packed_network import PackedNetwork
    from polytope_lens.engines.charts import Chart
    from polytope_lens.engines.chunks import Chunk, Record
    from polytope_lens.engines.kept_rooms import Room
    from polytope_lens.network.network import Network
    from polytope_lens.network.span import Span

# The first batch is small, so that the first region is there at once.
FIRST_BATCH, BATCH = 256, 2048
# Batches that a walk may be ahead of the one that is handed on next.
AHEAD = 64
# The same where regions are only counted. A batch is a few numbers then, of up to so many regions, but no more than one
# in 64 that its walk has found, and while it takes less than so many seconds: Ctrl-C and budgets wait for it.
AHEAD_COUNTED, MOST_COUNTED, SHARE_COUNTED, COUNTED_SECONDS = 1024, 2**14, 64, 0.05
# Walks for each thread that there may be at a time, as each that is ahead holds its stack and what it has found; and
# fewer, but at least so many, where their states would take more memory than that together.
MOST_WALKS, FEWEST_WALKS, MOST_BYTES = 16, 3, 2**28
# A walk is shared again only after so many more regions: what it gives away should be worth copying.
WORTH_SHARING = 512
PATIENCE_SECONDS = 1.0
# Engines that have run on several threads before, with the form of networks that they are compiled for.
_READY: set[tuple[str, tuple[bool, ...]]] = set()


class Storage(NamedTuple, Generic[Output]):
    """Where a kernel writes regions.

    ``room(n)`` makes an output for n of them; ``pack(output, n_regions, n_corners)`` makes a chunk of what is written
    there, on the thread that found it.
    """

    room: Callable[[int], Output]
    pack: Callable[[Output, int, int], Chunk]


class Problem(NamedTuple, Generic[State, Output]):
    """What to walk, and with what.

    ``oracle()`` makes a function that answers a state's open question;
    ``storage`` is None if regions are only to be counted; ``size(state, frame)`` is a measure of a cell on the stack by
    which progress is told, of which cells have as much as their parts together, and `of` is what it measures;
    ``lowest(net, state, frame)`` is a pattern, as a number, that is above all of the cells before one on the stack, and
    not above any in it; ``enlarge(state)`` is the same state with more room for cells; `room` is what the state began
    in, to be left to others, or None.
    """

    kernel: Kernel[Output]
    engine: str
    net: PackedNetwork
    oracle: Callable[[], Callable[[State], None]]
    storage: Storage[Output] | None
    of: str
    size: Callable[[State, int], float]
    lowest: Callable[[PackedNetwork, State, int], int]
    enlarge: Callable[[State], State]
    room: Room[State] | None

    @property
    def n_bits(self) -> int:
        """Neurons that cut."""
        return len(self.net.neuron_of)


class Walk(Protocol):
    """The regions of a network in one chart, in canonical order, batch by batch; exact.

    Without `want_output` regions are only counted. `want_mesh` asks for the faces of cells: engines that have none, or
    have them anyway, pay no attention. With a span, only what lies in it is found and counted. The record is complete
    when the last batch has been taken.
    """

    def __call__(
        self,
        network: Network,
        chart: Chart,
        record: Record,
        *,
        want_output: bool,
        want_mesh: bool = False,
        workers: int = 1,
        span: Span | None = None,
    ) -> Iterator[Chunk]:
        """Start to walk."""


class SetUp(Protocol):
    """What there is to walk in a chart, and a state whose only cell is all of it."""

    def __call__(
        self, network: Network, chart: Chart, *, want_output: bool, want_mesh: bool = False
    ) -> tuple[Problem[Any, Any], Any]:
        """Make both."""


def walk_of(set_up: SetUp) -> Walk:
    """The walk that begins with what an engine sets up."""

    def walk(
        network: Network,
        chart: Chart,
        record: Record,
        *,
        want_output: bool,
        want_mesh: bool = False,
        workers: int = 1,
        span: Span | None = None,
    ) -> Iterator[Chunk]:
        key = (set_up, chart.key, want_output, want_mesh)
        make = partial(set_up, network, chart, want_output=want_output, want_mesh=want_mesh)
        start = taken(network, key, make)
        record.of = start.problem.of

        def found() -> Iterator[Chunk]:
            yield from batches(start.problem, start.state, record, start.arguments, workers=workers, span=span)
            left(network, key, start)

        return found()

    return walk


class _Walk(Generic[State, Output]):
    """A walk over some frames of the stack, and what it has found but not yet handed on."""

    def __init__(
        self, problem: Problem[State, Output], state: State, batch: int, arguments: Arguments | None = None
    ) -> None:
        self.problem = problem
        self.state = state
        self.arguments = arguments or Arguments.of(problem.net, state)
        self.batch = batch
        self.ahead = AHEAD_COUNTED if problem.storage is None else AHEAD
        self.answer: Callable[[State], None] | None = None
        self.found: deque[Chunk] = deque()
        self._told = Tally.nothing(problem.net.n_hidden)
        self.is_running = False
        self.is_done = False

    def advance(self, give: Callable[[_Walk[State, Output]], None] | None = None) -> None:
        """Find one batch more; `give` is called when the walk stops because somebody wants to share its work."""
        scalars, since = self.state.scalars, time.perf_counter()
        storage = self.problem.storage
        out = None if storage is None else storage.room(self.batch)
        scalars[outcomes.N_REGIONS] = scalars[outcomes.N_CORNERS] = scalars[outcomes.SHARE_AT] = 0
        given = self.problem.kernel.NO_OUTPUT if out is None else out
        go_on = self._prepared(given, out is not None)
        code = go_on()
        while code in (outcomes.UNDECIDED, outcomes.SHARE, outcomes.CRAMPED):
            if code == outcomes.CRAMPED:
                self.state = self.problem.enlarge(self.state)
                self.arguments = Arguments.of(self.problem.net, self.state)
                go_on = self._prepared(given, out is not None)
            elif code == outcomes.UNDECIDED:
                if self.answer is None:
                    self.answer = self.problem.oracle()
                self.answer(self.state)
            elif give is not None:
                give(self)
            code = go_on()
        n, n_corners = int(scalars[outcomes.N_REGIONS]), int(scalars[outcomes.N_CORNERS])
        chunk = counted(n) if storage is None or out is None else storage.pack(out, n, n_corners)
        last = None if not n else self.state.bits.copy() if storage is None else chunk.patterns[-1]
        tally = self._tally(None if code == outcomes.DONE else last)
        self.found.append(replace(chunk, last=last, tally=tally.minus(self._told)))
        self._told = tally
        self.is_done = code == outcomes.DONE  # not before the batch is there: whoever sees it done looks no more
        is_quick = storage is None and time.perf_counter() - since < COUNTED_SECONDS
        n_found = int(tally.per_layer[-1:].sum())  # none of a network without hidden layers
        self.batch = min(max(BATCH, n_found // SHARE_COUNTED), MOST_COUNTED) if is_quick else BATCH

    def _tally(self, last: Words | None) -> Tally:
        """What has been counted up to the last region found; at the end, or if there is none, all.

        Where the output had no room for the next region, what was counted on the way to it comes with the next batch.
        """
        scalars, net = self.state.scalars, self.problem.net
        per_layer = self.state.layer_counts[: net.n_hidden].copy()
        if last is None:
            decided = scalars[outcomes.FLOAT_DECISIONS : outcomes.FLOAT_DECISIONS + outcomes.N_RUNGS]
        else:
            decided = scalars[outcomes.DECIDED : outcomes.DECIDED + outcomes.N_RUNGS]
            if (changed := np.flatnonzero(last ^ self.state.bits)).size:
                word = int(changed[0])
                bit = 64 * (word + 1) - int(last[word] ^ self.state.bits[word]).bit_length()
                per_layer[:-1] -= net.bit_start[1 : net.n_hidden] > bit
        return Tally(per_layer, *decided.tolist())

    def _prepared(self, out: Output, want_output: bool) -> Callable[[], int]:
        return self.problem.kernel.walk.prepared(out, self.batch, want_output, first=self.arguments)

    def share(self) -> _Walk[State, Output]:
        """Give the lowest frame to a new walk, whose regions come after all of this one's."""
        scalars = self.state.scalars
        floor = int(scalars[outcomes.FLOOR])
        other = copy_with_frame(self.state, floor)
        other.scalars[outcomes.TOP] = floor + 1
        # An answer that waits is about this walk's top frame.
        other.scalars[[outcomes.FLOAT_DECISIONS, outcomes.DOUBLE_DECISIONS, outcomes.RATIONAL_DECISIONS]] = 0
        other.scalars[[outcomes.WANTED, outcomes.ANSWER]] = 0
        other.layer_counts[:] = 0
        # The lowest frame is the one that may reach beyond the end of a span, the top one that before its beginning.
        other.scalars[outcomes.ALONG] &= spans.END
        scalars[outcomes.ALONG] &= spans.FIRST
        scalars[outcomes.FLOOR] = floor + 1
        scalars[outcomes.SHARE_AT] = scalars[outcomes.N_REGIONS] + WORTH_SHARING
        return _Walk(self.problem, other, BATCH)


class _Team(Generic[State, Output]):
    """The thread that wants the batches, and others to help it. `walks` are in the order of what they find."""

    def __init__(self, walks: list[_Walk[State, Output]], n_helpers: int) -> None:
        self.walks = walks
        self._news = threading.Condition()
        self._idle = 0
        self._stopped = False
        self._error: BaseException | None = None
        self._n_helpers = n_helpers
        affordable = MOST_BYTES // (n_bytes(walks[0].state) * (n_helpers + 1))
        self._most_walks = min(MOST_WALKS, max(FEWEST_WALKS, affordable)) * (n_helpers + 1)

    def batches(self) -> Iterator[Chunk]:
        """What the walks find, in order."""
        helpers = [_threads().submit(self._help) for _ in range(self._n_helpers)]
        patience = None
        try:
            while self.walks:
                if self.walks[0].found:
                    yield self.walks[0].found.popleft()
                elif self.walks[0].is_done:
                    with self._news:
                        self.walks.pop(0)
                        self._news.notify_all()
                else:
                    self._work(self._has_something_to_hand_on)
                    if self._error is not None:
                        raise self._error
        except BaseException:
            patience = PATIENCE_SECONDS  # of whoever interrupts, or waits for what went wrong
            raise
        finally:
            with self._news:
                self._stopped = True
                self._ask()
                self._news.notify_all()
            wait([helper for helper in helpers if not helper.cancel()], patience)

    def _has_something_to_hand_on(self) -> bool:
        return bool(self.walks[0].found) or self.walks[0].is_done

    def _is_over(self) -> bool:
        return self._stopped or not self.walks

    def _help(self) -> None:
        try:
            while not self._is_over():
                self._work(self._is_over)
        except BaseException as error:  # raised again in the thread that wants the batches
            self._error = error
            with self._news:
                self._news.notify_all()

    def _work(self, is_enough: Callable[[], bool]) -> None:
        """Go on with a walk that nobody is at; if there is none, ask for a share of another and wait for news."""
        with self._news:
            if is_enough() or self._error is not None:
                return
            walk = next(filter(self._is_ready, self.walks), None)
            if walk is None:
                self._idle += 1
                self._ask()
                self._news.wait()
                self._idle -= 1
                return
            walk.is_running = True
        try:
            walk.advance(self._give)
        finally:
            with self._news:
                walk.is_running = False
                self._news.notify_all()

    def _is_ready(self, walk: _Walk[State, Output]) -> bool:
        """Whether a walk can go on: nobody is at it, and it is not too far ahead of the one that is wanted next."""
        return not (walk.is_running or walk.is_done or (len(walk.found) >= walk.ahead and walk is not self.walks[0]))

    def _ask(self) -> None:
        """Tell running walks whether somebody wants to share their work, or whether they should stop."""
        wanted = outcomes.STOP_IT if self._stopped else int(self._is_short_of_work())
        for walk in self.walks:
            walk.state.scalars[outcomes.WANTED] = wanted

    def _is_short_of_work(self) -> bool:
        """Whether there are more idle threads than walks that they could go on with, and few enough walks."""
        return len(self.walks) < self._most_walks and self._idle > sum(map(self._is_ready, self.walks))

    def _give(self, walk: _Walk[State, Output]) -> None:
        """A walk has stopped in the middle of a batch because somebody wants to share its work."""
        with self._news:
            if self._is_short_of_work() and not self._stopped:
                self.walks.insert(self.walks.index(walk) + 1, walk.share())
                self._news.notify_all()
            self._ask()


def batches(
    problem: Problem[State, Output],
    state: State,
    record: Record,
    arguments: Arguments | None = None,
    *,
    workers: int,
    span: Span | None = None,
) -> Iterator[Chunk]:
    """Walk to the end on `workers` threads; yields batches of regions in canonical order, the same for any number.

    Those of a span only, if one is given. The record tells of all batches taken so far. `arguments` are the network and
    the state, if they have been taken apart before.
    """
    if span is not None:
        _confine(state, span, problem.n_bits)
    tally = Tally.nothing(problem.net.n_hidden)
    for chunk in _batches(_Walk(problem, state, FIRST_BATCH, arguments), record, workers):
        assert chunk.tally is not None
        tally = tally.plus(chunk.tally)
        record.fill(tally)
        yield chunk


def _confine(state: State, span: Span, n_bits: int) -> None:
    """Let a walk that has not begun find the regions of a span only."""
    everything = whole(n_bits)
    first, end = max(span.first, everything.first), min(span.end, everything.end)
    if first >= end:
        state.scalars[outcomes.TOP] = state.scalars[outcomes.FLOOR]
        return
    along = 0
    if first > everything.first:
        along |= spans.FIRST
        state.span.first[:] = words_of(first, n_bits, len(state.span.first))
    if end < everything.end:
        along |= spans.END
        state.span.end[:] = words_of(end, n_bits, len(state.span.end))
        # n bits with the lowest 1 at place k from the right
        state.scalars[outcomes.LAST] = n_bits - (end & -end).bit_length()
    state.scalars[outcomes.ALONG] = along


def _batches(first: _Walk[Any, Any], record: Record, workers: int) -> Iterator[Chunk]:
    problem, walks = first.problem, [first]
    if record.is_watched:
        size = problem.size(first.state, 0)
        record.closed = lambda: _closed(problem, [walk.state for walk in [*walks]], size)
        record.waiting = lambda: _waiting(problem, first.state, size)
    if workers == 1:
        while not first.is_done:
            first.advance()
            yield first.found.popleft()
        return
    if (ready := (problem.engine, problem.net.form)) not in _READY:
        first.advance()  # here, where Ctrl-C acts while it is compiled
        _READY.add(ready)
    if first.is_done:
        yield first.found.popleft()
    else:
        yield from _Team(walks, workers - 1).batches()


def _closed(problem: Problem[State, Any], states: list[State], whole: float) -> float:
    """Share of the whole that no cell of any walk stands for any more.

    Walks go on meanwhile, so it is a guess where one has just changed its stack.
    """
    frames = [(state, f) for state in states for f in range(*state.scalars[[outcomes.FLOOR, outcomes.TOP]].tolist())]
    return min(max(1.0 - sum(problem.size(state, f) for state, f in frames) / whole, 0.0), 1.0)


def _waiting(problem: Problem[State, Any], state: State, whole: float) -> list[tuple[int, float]]:
    """For each cell on the stack, the top one first, a pattern that none in it is below, and its share of the whole."""
    frames = range(int(state.scalars[outcomes.TOP]) - 1, int(state.scalars[outcomes.FLOOR]) - 1, -1)
    return [(problem.lowest(problem.net, state, f), problem.size(state, f) / whole) for f in frames]


@cache
def _threads() -> ThreadPoolExecutor:
    """Threads that are kept for the next run: starting them takes longer than many runs do."""
    return ThreadPoolExecutor(validate.MOST_WORKERS, thread_name_prefix="polytope_lens")

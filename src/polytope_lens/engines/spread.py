"""Runs that are spread over the workers of an executor: spans as tasks, which give back what they do not finish.

A task walks its spans for some seconds and returns what it has found and the cells that still wait, as spans. These
are tasks in their turn, so work goes where there is none, however uneven the tree is (Avis and Jordan 2018, *mplrs: a
scalable parallel vertex/facet enumeration code*). Tasks are short while there are fewer than workers could do, and
then take a portion of what is left for each worker, so that few are needed. The largest span is next, by a guess from
its share and the pace of the task that left it; small ones go together. What was found does not depend on any of it.

An executor is anything with the interface of `concurrent.futures.Executor`, or a ``dask.distributed.Client``.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import closing
from heapq import heappop, heappush
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from polytope_lens._arrays import validate
from polytope_lens.engines.chunks import Record
from polytope_lens.engines.pace import Pace
from polytope_lens.errors import OptionError, RunError, Status
from polytope_lens.network.span import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from polytope_lens.engines.budget import Meter
    from polytope_lens.engines.chunks import Chunk
    from polytope_lens.engines.task import Job, Sink
    from polytope_lens.partition.store import Part

# Seconds of a task, at least and at most; and at least so many for each that is running, so that whoever hands them out
# can do it in half of the time.
SHORT, LONG, TURN = 0.1, 10.0, 0.002
# Spans for each worker that are enough, and tasks into which what is left for each is divided.
ENOUGH, PORTIONS = 2, 4
# Spans that a walk gives back at most, and small ones that share a task.
MOST_SPANS, MOST_TOGETHER = 4, 64
# Tasks, for each worker, that may be lost with their workers before one is finished again.
MOST_LOST = 20
# How long to wait for some worker to be there.
WORKER_SECONDS = 60


class TaskExecutor(Protocol):
    """What spreads tasks: an executor of `concurrent.futures`, or of other libraries, or a client of dask."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Start a task."""


class WaitingSpan(NamedTuple):
    """A span that waits, its share of the whole, and about how many seconds it takes."""

    span: Span
    share: float
    seconds: float


class Found(NamedTuple):
    """What a task has done: parts, with batches where they are sent back, and what it leaves."""

    parts: list[tuple[Part, list[Chunk] | None]]
    rest: list[WaitingSpan]


def work(job: Job, pieces: list[WaitingSpan], seconds: float) -> Found:
    """One task: walk spans for some seconds, or to their end. It runs wherever the executor wants it to."""
    found, until = Found([], []), time.monotonic() + seconds
    sink = job.sink(lambda part, chunks: found.parts.append((part, chunks)))
    for i, piece in enumerate(pieces):
        if i and time.monotonic() > until:
            found.rest.extend(pieces[i:])
            break
        found.rest.extend(_walked(job, piece, sink, until))
    return found


def _walked(job: Job, piece: WaitingSpan, sink: Sink, until: float) -> list[WaitingSpan]:
    """Walk a span until some time; what is left of it."""
    walked, span = job.task, piece.span
    record, began = Record(is_watched=True), time.monotonic()
    at = behind = span.first
    with closing(walked.walk(span, record, workers=1, **sink.wanted)) as chunks:
        for chunk in chunks:
            sink.take(chunk)
            behind = walked.behind(chunk, span, behind)
            if behind == at:
                continue
            if (now := time.monotonic()) > until:
                waiting = [(max(first, behind), share) for first, share in record.waiting() if first < span.end]
                behind = waiting[0][0] if waiting else span.end
                sink.flush(Span(at, behind))
                return guessed(_merged(waiting, span.end), piece, now - began)
            if sink.is_full:
                sink.flush(Span(at, behind))
                at = behind
    sink.flush(Span(at, span.end))
    return []


def _merged(waiting: list[tuple[int, float]], end: int) -> list[tuple[Span, float]]:
    """What waits as spans with their shares: the last cells, which are the largest, each by itself."""
    if not waiting:
        return []
    few = max(len(waiting) - MOST_SPANS + 1, 1)
    firsts = [waiting[0][0], *(first for first, _ in waiting[few:])]
    shares = [sum(share for _, share in waiting[:few]), *(share for _, share in waiting[few:])]
    spans = [Span(*bounds) for bounds in pairwise([*firsts, end])]
    return [(span, share) for span, share in zip(spans, shares, strict=True) if not span.is_empty]


def guessed(rest: list[tuple[Span, float]], piece: WaitingSpan, seconds: float) -> list[WaitingSpan]:
    """What is left of a piece after some seconds: at the pace at which its share went."""
    done = piece.share - sum(share for _, share in rest)
    pace = seconds / done if done > 0 else 0.0
    return [WaitingSpan(span, share, share * pace or piece.seconds) for span, share in rest]


class Plan:
    """What waits, and what tasks are made of."""

    def __init__(self, spans: list[Span], n_workers: int) -> None:
        self.n_workers = n_workers
        self.waiting: list[tuple[float, Span, WaitingSpan]] = []
        self._left = 0.0
        self.add([WaitingSpan(span, 1.0 / len(spans), LONG) for span in spans])

    def add(self, pieces: list[WaitingSpan]) -> None:
        """Let pieces wait."""
        for piece in pieces:
            heappush(self.waiting, (-piece.seconds, piece.span, piece))
            self._left += piece.seconds

    def done(self, pieces: list[WaitingSpan]) -> None:
        """A task has come back, whatever came of it."""
        self._left -= sum(piece.seconds for piece in pieces)

    def task(self, n_running: int) -> tuple[list[WaitingSpan], float]:
        """The pieces of the next task, and its seconds, while so many tasks are running."""
        seconds = max(SHORT, n_running * TURN)
        if len(self.waiting) + n_running >= ENOUGH * self.n_workers:
            seconds = max(seconds, min(self._left / self.n_workers / PORTIONS, LONG))
        pieces = [heappop(self.waiting)[-1]]
        size = pieces[0].seconds
        while size < seconds and self.n_workers <= len(self.waiting) and len(pieces) < MOST_TOGETHER:
            pieces.append(heappop(self.waiting)[-1])
            size += pieces[-1].seconds
        return pieces, seconds


class Pool:
    """An executor, and how many tasks it does at a time."""

    def __init__(self, executor: TaskExecutor) -> None:
        self.size: int
        self._client: Any
        self._executor: Any
        if hasattr(executor, "get_executor") and hasattr(executor, "scatter"):
            self._client, self._executor = executor, executor.get_executor(pure=False)
            self.size = max(1, sum(self._client.nthreads().values()))
        elif isinstance(executor, Executor) or callable(getattr(executor, "submit", None)):
            self._client, self._executor = None, executor
            self.size = int(getattr(executor, "_max_workers", None) or os.cpu_count() or 1)
        else:
            raise OptionError(
                "`executor` should have the interface of concurrent.futures.Executor, or be a dask.distributed.Client, "
                f"but received {validate.shown(executor)}."
            )
        self._job: Any = None

    def submit(self, job: Job, pieces: list[WaitingSpan], seconds: float) -> Future[Found]:
        """Start a task; dask is sent the job only once."""
        if self._client is not None and self._job is None:
            self._job = self._client.scatter(job, broadcast=True, hash=False, timeout=WORKER_SECONDS)
        future: Future[Found] = self._executor.submit(work, job if self._job is None else self._job, pieces, seconds)
        return future

    def forget_job(self) -> None:
        """Send it again: it may have been lost with the workers that held it."""
        self._job = None


def _is_loss(error: BaseException) -> bool:
    """Whether a task ended because its worker did, so that it may be done again."""
    return isinstance(error, CancelledError) or type(error).__name__ in ("KilledWorker", "FutureCancelledError")


def spread(
    job: Job,
    spans: Iterable[Span],
    executor: TaskExecutor,
    commit: Callable[[Part, list[Chunk] | None], None],
    meter: Meter,
    shown: Any,
    *,
    of: str,
) -> Status:
    """Do what is left of a run, `of` which shares are told, with an executor, until it or the budget is at its end.

    Returns which.

    Raises
    ------
    RunError
        The executor broke down. What was committed before is safe.
    """
    pool, status, pace = Pool(executor), Status.COMPLETE, Pace()
    plan = Plan(list(spans), pool.size)
    running: dict[Future[Found], list[WaitingSpan]] = {}
    n_lost = 0
    try:
        while running or (plan.waiting and status is Status.COMPLETE):
            while plan.waiting and status is Status.COMPLETE and len(running) < 2 * pool.size:
                pieces, seconds = plan.task(len(running))
                running[pool.submit(job, pieces, seconds)] = pieces
            for future in wait(running, timeout=0.5, return_when=FIRST_COMPLETED).done:
                pieces = running.pop(future)
                plan.done(pieces)
                if (error := _error(future)) is None:
                    found, n_lost = future.result(), 0
                    for part, chunks in found.parts:
                        commit(part, chunks)
                        meter.n_regions += part.n_regions
                        shown.update(part.n_regions)
                    plan.add(found.rest)
                elif _is_loss(error) and n_lost < MOST_LOST * pool.size:
                    n_lost += 1
                    pool.forget_job()
                    plan.add(pieces)
                else:
                    raise error
            status = meter.status() if status is Status.COMPLETE else status
            if not shown.disable:
                left = chain((piece for *_, piece in plan.waiting), *running.values())
                closed = max(1.0 - sum(piece.share for piece in left), 0.0)
                shown.set_postfix_str(f"{pace.far(closed, of)}, {len(running)} tasks", refresh=False)
    except (BrokenExecutor, CancelledError, TimeoutError) as error:
        raise RunError(
            f"the executor broke down: {error or type(error).__name__}. What was found before is kept where there is a "
            "`store`; go on with `resume=True` and a new executor."
        ) from error
    finally:
        for future in running:
            future.cancel()
    return status


def _error(future: Future[Found]) -> BaseException | None:
    try:
        return future.exception()
    except CancelledError as error:
        return error

"""Runs that are spread over the workers of an executor: spans as tasks, which give back what they do not finish.

A task walks its span for some seconds and returns what it has found and the cells that still wait, as spans. These are
tasks in their turn, so work goes where there is none, however uneven the tree is (Avis and Jordan 2018, *mplrs: a
scalable parallel vertex/facet enumeration code*). Tasks are short while there are fewer than workers could do, and
long, so that few are needed, once there are enough. What was found does not depend on any of it.

An executor is anything with the interface of `concurrent.futures.Executor`, or a ``dask.distributed.Client``.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import closing
from itertools import pairwise
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
    from polytope_lens.engines.task import Job
    from polytope_lens.partition.store import Part

# Seconds of a task while there are few for each worker, and later.
SHORT, LONG = 0.25, 10.0
# Tasks for each worker that are enough.
ENOUGH = 4
# Spans that a task gives back at most.
MOST_SPANS = 12
# Tasks, for each worker, that may be lost with their workers before one is finished again.
MOST_LOST = 20
# How long to wait for some worker to be there.
WORKER_SECONDS = 60


class TaskExecutor(Protocol):
    """What spreads tasks: an executor of `concurrent.futures`, or of other libraries, or a client of dask."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Start a task."""


class Found(NamedTuple):
    """What a task has done: parts, with batches where they are sent back, and what it leaves, with its share."""

    parts: list[tuple[Part, list[Chunk] | None]]
    rest: list[tuple[Span, float]]


def work(job: Job, span: Span, seconds: float) -> Found:
    """One task: walk a span for some seconds, or to its end. It runs wherever the executor wants it to."""
    walked, found = job.task, Found([], [])
    sink = job.sink(lambda part, chunks: found.parts.append((part, chunks)))
    record, began = Record(is_watched=True), time.monotonic()
    at = behind = span.first
    with closing(walked.walk(span, record, workers=1, **sink.wanted)) as chunks:
        for chunk in chunks:
            sink.take(chunk)
            behind = walked.behind(chunk, span, behind)
            if behind == at:
                continue
            if time.monotonic() - began > seconds:
                waiting = [(max(first, behind), share) for first, share in record.waiting() if first < span.end]
                behind = waiting[0][0] if waiting else span.end
                found.rest.extend(_merged(waiting, span.end))
                sink.flush(Span(at, behind))
                return found
            if sink.is_full:
                sink.flush(Span(at, behind))
                at = behind
    sink.flush(Span(at, span.end))
    return found


def _merged(waiting: list[tuple[int, float]], end: int) -> list[tuple[Span, float]]:
    """What waits as spans with their shares: the last cells, which are the largest, each by itself."""
    if not waiting:
        return []
    few = max(len(waiting) - MOST_SPANS + 1, 1)
    firsts = [waiting[0][0], *(first for first, _ in waiting[few:])]
    shares = [sum(share for _, share in waiting[:few]), *(share for _, share in waiting[few:])]
    spans = [Span(*bounds) for bounds in pairwise([*firsts, end])]
    return [(span, share) for span, share in zip(spans, shares, strict=True) if not span.is_empty]


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

    def submit(self, job: Job, span: Span, seconds: float) -> Future[Found]:
        """Start a task; dask is sent the job only once."""
        if self._client is not None and self._job is None:
            self._job = self._client.scatter(job, broadcast=True, hash=False, timeout=WORKER_SECONDS)
        future: Future[Found] = self._executor.submit(work, job if self._job is None else self._job, span, seconds)
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
    spans = list(spans)
    queue = [(span, 1.0 / len(spans)) for span in reversed(spans)]
    running: dict[Future[Found], tuple[Span, float]] = {}
    n_lost = 0
    try:
        while running or (queue and status is Status.COMPLETE):
            while queue and status is Status.COMPLETE and len(running) < 2 * pool.size:
                is_short = len(queue) + len(running) < ENOUGH * pool.size
                future = pool.submit(job, queue[-1][0], SHORT if is_short else LONG)
                running[future] = queue.pop()
            for future in wait(running, timeout=0.5, return_when=FIRST_COMPLETED).done:
                span, share = running.pop(future)
                if (error := _error(future)) is None:
                    found, n_lost = future.result(), 0
                    for part, chunks in found.parts:
                        commit(part, chunks)
                        meter.n_regions += part.n_regions
                        shown.update(part.n_regions)
                    queue.extend(reversed(found.rest))
                elif _is_loss(error) and n_lost < MOST_LOST * pool.size:
                    n_lost += 1
                    pool.forget_job()
                    queue.append((span, share))
                else:
                    raise error
            status = meter.status() if status is Status.COMPLETE else status
            closed = max(1.0 - sum(share for _, share in [*queue, *running.values()]), 0.0)
            if not shown.disable:
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

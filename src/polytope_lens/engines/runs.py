"""Runs that can be taken up again: span by span, into a folder or not, as far as a budget goes."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

from polytope_lens._progress import bar
from polytope_lens.engines.budget import metered
from polytope_lens.engines.chunks import Record
from polytope_lens.engines.forecast import SOON, look_ahead
from polytope_lens.engines.kept_regions import Columnist
from polytope_lens.engines.pace import Pace
from polytope_lens.engines.spread import spread
from polytope_lens.engines.task import Job, Task, task
from polytope_lens.errors import Status
from polytope_lens.network.span import Span
from polytope_lens.partition.parts import kept
from polytope_lens.partition.provenance import RegionCounts, Tally
from polytope_lens.partition.store import Part, Subject, Writer, engine_of
from polytope_lens.partition.stored import stored

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable

    from polytope_lens.domain import Domain
    from polytope_lens.engines.budget import Budget, Meter
    from polytope_lens.engines.chunks import Chunk
    from polytope_lens.engines.spread import TaskExecutor
    from polytope_lens.engines.table import EngineName
    from polytope_lens.engines.task import Sink
    from polytope_lens.network.network import Network
    from polytope_lens.partition.stored import StoredPartition

# A part is written after so many seconds.
PART_SECONDS = 10.0


class Way(NamedTuple):
    """How a run goes on: with threads of this process, or with an executor; and how far."""

    workers: int
    executor: TaskExecutor | None
    progress: bool | None
    limits: Budget


def run(task: Task, spans: Iterable[Span], sink: Sink, meter: Meter, *, workers: int, shown: Any) -> Status:
    """Walk what is left of a run, until it or the budget is at its end; says which.

    A part ends wherever a batch does: after some seconds, when there is much to hold back, and at the end.
    """
    todo, pace = list(spans), Pace()
    # Runs that are taken up again have said it before, and those of a few seconds will not take longer.
    is_new = todo == [task.span] and meter.is_patient and not shown.disable
    due = time.monotonic() + SOON if is_new else float("inf")
    for i, span in enumerate(todo):
        record, at = Record(), span.first
        record.is_watched = not shown.disable
        behind, since = at, time.monotonic()
        with closing(task.walk(span, record, workers=workers, **sink.wanted)) as chunks:
            for chunk in chunks:
                sink.take(chunk)
                meter.n_regions += chunk.n_regions
                behind = task.behind(chunk, span, behind)
                status, now = meter.status(), time.monotonic()
                if status is not Status.COMPLETE and next(chunks, None) is not None:
                    if behind > at:
                        sink.flush(Span(at, behind))
                    return status
                if behind > at and (now - since > PART_SECONDS or sink.is_full):
                    sink.flush(Span(at, behind))
                    at, since = behind, now
                if now > due:
                    due = float("inf")
                    look_ahead(shown, task.network, task.domain, engine=task.engine, workers=workers)
                if shown.update(chunk.n_regions):
                    # What is behind the walk is all of the whole that is done, but in gaps that damage left.
                    gap = "" if i == len(todo) - 1 else f"gap {i + 1} of {len(todo)}"
                    shown.set_postfix_str(gap or pace.far(record.closed(), record.of), refresh=False)
        if at < span.end:
            sink.flush(Span(at, span.end))
    return Status.COMPLETE


def count(
    network: Network,
    domain: Domain,
    way: Way,
    *,
    engine: str,
    store: str | os.PathLike[str] | None,
    resume: bool,
) -> RegionCounts:
    """Number of regions, as `enumerate.count` tells it, in a run that may be limited, stored and resumed."""
    parts: list[Part] = []
    walked = task(network, domain, _engine(engine, store, resume=resume))
    job = Job(walked, (network, domain))
    if store is None:
        status = _go(job, [walked.span], 0, way, lambda part, _: parts.append(part))
    else:
        with Writer(store, Subject(network, domain, walked.engine, None), resume=resume) as writer:
            before = writer.store
            status = _go(job, before.rest, before.n_regions, way, lambda part, _: writer.commit(part))
            parts.extend(writer.store.parts)
    tally = _total(walked, parts)
    total = sum(part.n_regions for part in parts)
    return RegionCounts(total, tally.per_layer, tally.certificate, status, store is not None)


def partition(
    network: Network,
    domain: Domain,
    way: Way,
    *,
    engine: str,
    store: str | os.PathLike[str],
    resume: bool,
    keep: Iterable[str],
) -> StoredPartition:
    """Every region, as `enumerate.partition` tells it, in a folder."""
    walked = task(network, domain, _engine(engine, store, resume=resume))
    about = Subject(network, domain, walked.engine, kept(keep))
    Columnist(network, domain, about.keep or ())  # refuses what cannot be kept before there is a folder
    with Writer(store, about, resume=resume) as writer:
        before = writer.store
        job = Job(walked, (network, domain), about.keep, str(writer.path.resolve()))
        ended = _go(job, before.rest, before.n_regions, way, lambda part, _: writer.commit(part))
        return stored(writer.store, ended)


def sent_back(
    network: Network, domain: Domain, way: Way, *, engine: str, want_mesh: bool
) -> tuple[EngineName, list[Chunk], Record, Status]:
    """The engine, and all batches in order, found by an executor; what they come to, and what ended it."""
    walked = task(network, domain, engine)
    found: list[tuple[Part, Any]] = []
    job = Job(walked, (network, domain), want_mesh=want_mesh)
    status = _go(job, [walked.span], 0, way, lambda part, chunks: found.append((part, chunks)))
    found.sort(key=lambda pair: pair[0].span)
    record = Record()
    record.fill(_total(walked, [part for part, _ in found]))
    return walked.engine, [chunk for _, chunks in found for chunk in chunks], record, status


def _go(job: Job, spans: list[Span], n_before: int, way: Way, add: Callable[[Part, Any], None]) -> Status:
    """Do what is left of a run."""
    shown = bar(way.progress, desc="regions", unit=" regions", unit_scale=True, initial=n_before)
    with metered(way.limits) as meter, shown:
        if way.executor is not None:
            of = "rest" if n_before else "search tree"
            return spread(job, spans, way.executor, add, meter, shown, of=of)
        return run(job.task, spans, job.sink(add), meter, workers=way.workers, shown=shown)


def _total(walked: Task, parts: list[Part]) -> Tally:
    return Tally.total((part.tally for part in parts), len(walked.network.layers) - walked.n_before)


def _engine(engine: str, store: str | os.PathLike[str] | None, *, resume: bool) -> str:
    """The engine that was asked for; "auto" goes on with the one that a run was begun with."""
    return (engine_of(store) or engine) if engine == "auto" and store is not None and resume else engine

"""Runs that can be taken up again: span by span, into a folder or not, as far as a budget goes."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from polytope_lens._progress import bar
from polytope_lens.domain import is_bounded
from polytope_lens.engines.budget import metered
from polytope_lens.engines.charts import whole as whole_chart
from polytope_lens.engines.chunks import Record
from polytope_lens.engines.kept_regions import Columnist, joined, n_numbers
from polytope_lens.engines.table import ENGINES, choose_engine
from polytope_lens.errors import OptionError, Status
from polytope_lens.flat_domain import flat_domain
from polytope_lens.network.span import Span, number_of
from polytope_lens.network.span import whole as whole_span
from polytope_lens.partition.parts import content, kept, nothing
from polytope_lens.partition.provenance import RegionCounts, Tally
from polytope_lens.partition.store import Part, Run, Writer, engine_of
from polytope_lens.partition.stored import stored

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Generator, Iterable

    from polytope_lens.domain import Domain
    from polytope_lens.engines.budget import Budget, Meter
    from polytope_lens.engines.chunks import Chunk
    from polytope_lens.engines.table import EngineName
    from polytope_lens.network.network import Network
    from polytope_lens.partition.parts import Columns
    from polytope_lens.partition.stored import StoredPartition

# A part is written after so many seconds, or when there are so many numbers in it.
PART_SECONDS, PART_NUMBERS = 10.0, 2**23


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What is walked: a network on a domain, both on the flat if the domain is one. Can be sent to other processes."""

    network: Network
    domain: Domain
    engine: EngineName
    n_before: int = 0  # layers in front of those of the whole network, which users know nothing of

    @property
    def span(self) -> Span:
        """All of it."""
        return whole_span(self.network.n_neurons)

    def walk(self, span: Span, record: Record, **options: Any) -> Generator[Chunk, None, None]:
        """The regions of a span, batch by batch; `options` as for :class:`.Walk`."""
        chart = whole_chart(self.network, self.domain)
        yield from ENGINES[self.engine].walk(self.network, chart, record, span=span, **options)

    def nothing(self) -> Tally:
        """What is counted before anything is."""
        return Tally(np.zeros(len(self.network.layers), np.int64), 0, 0, 0)

    def told(self, tally: Tally) -> Tally:
        """What was counted, without the layers that users know nothing of."""
        return tally._replace(per_layer=tally.per_layer[self.n_before :])


def task(network: Network, domain: Domain, engine: str) -> Task:
    """What is walked for a network on a domain.

    Raises
    ------
    OptionError
        An engine that cannot be stopped and taken up again here.
    """
    n_layers = len(network.layers)
    if (flat := flat_domain(network, domain)) is not None:
        network, domain = flat.network, flat.domain
    name = choose_engine(engine, network, domain)
    if not (is_bounded(domain) or ENGINES[name].in_one_piece) or name == "brute":
        if engine != "auto":
            raise OptionError(
                "a run that is stored, shared by an executor, or limited goes through the domain in one order, which "
                f"the engine '{engine}' does not do{'' if name == 'brute' else ' in unbounded domains'}. Use 'split'."
            )
        name = "split"
    return Task(network, domain, name, len(network.layers) - n_layers)


class Sink(Protocol):
    """Where what a run finds goes."""

    @property
    def wanted(self) -> dict[str, bool]:
        """What it needs of a walk."""

    @property
    def is_full(self) -> bool:
        """Whether much is held back."""

    def take(self, chunk: Chunk) -> None:
        """Hold a batch back."""

    def flush(self, span: Span) -> None:
        """All regions of a span have come: let them be a part."""


def run(task: Task, spans: Iterable[Span], sink: Sink, meter: Meter, *, workers: int, shown: Any) -> Status:
    """Walk what is left of a run, until it or the budget is at its end; says which.

    A part ends wherever a batch does: after some seconds, when there is much to hold back, and at the end.
    """
    for span in spans:
        record, at = Record(), span.first
        record.is_watched = not shown.disable
        behind, since = at, time.monotonic()
        with closing(task.walk(span, record, workers=workers, **sink.wanted)) as chunks:
            for chunk in chunks:
                sink.take(chunk)
                meter.n_regions += chunk.n_regions
                if chunk.last is not None:
                    behind = min(number_of(chunk.last, task.network.n_neurons) + 1, span.end)
                status, now = meter.status(), time.monotonic()
                if status is not Status.COMPLETE and next(chunks, None) is not None:
                    if behind > at:
                        sink.flush(Span(at, behind))
                    return status
                if behind > at and (now - since > PART_SECONDS or sink.is_full):
                    sink.flush(Span(at, behind))
                    at, since = behind, now
                if shown.update(chunk.n_regions):
                    shown.set_postfix_str(f"{record.closed():.1%} of the {record.of} done", refresh=False)
        if at < span.end:
            sink.flush(Span(at, span.end))
    return Status.COMPLETE


class CountSink:
    """Counts, and hands on what a part comes to."""

    wanted = {"want_output": False}  # noqa: RUF012 - nobody changes it
    is_full = False

    def __init__(self, task: Task, add: Callable[[Part], None]) -> None:
        self._task, self._add = task, add
        self._n, self._tally = 0, task.nothing()

    def take(self, chunk: Chunk) -> None:
        """Count a batch."""
        assert chunk.tally is not None
        self._n += chunk.n_regions
        self._tally = self._tally.plus(chunk.tally)

    def flush(self, span: Span) -> None:
        """Hand on the numbers."""
        self._add(Part(span, self._n, self._task.told(self._tally)))
        self._n, self._tally = 0, self._task.nothing()


class RegionSink:
    """Collects columns of regions, and hands them on as parts."""

    def __init__(self, task: Task, columnist: Columnist, add: Callable[[Part, Columns], None]) -> None:
        self._task, self._columnist, self._add = task, columnist, add
        self.wanted = {"want_output": True, "want_mesh": columnist.needs_outlines}
        self._begin()

    def _begin(self) -> None:
        self._pieces: list[Columns] = []
        self._n_numbers, self._tally = 0, self._task.nothing()

    @property
    def is_full(self) -> bool:
        """Whether the columns have many numbers."""
        return self._n_numbers > PART_NUMBERS

    def take(self, chunk: Chunk) -> None:
        """Keep what is wanted of a batch."""
        assert chunk.tally is not None
        self._tally = self._tally.plus(chunk.tally)
        if chunk.n_regions:
            self._pieces.append(self._columnist.columns(chunk))
            self._n_numbers += n_numbers(self._pieces[-1])

    def flush(self, span: Span) -> None:
        """Hand on all columns."""
        columns = joined(self._pieces) if self._pieces else nothing(self._columnist.network, self._columnist.keep)
        self._add(Part(span, len(columns["patterns"]), self._task.told(self._tally)), columns)
        self._begin()


def count(
    network: Network,
    domain: Domain,
    *,
    engine: str,
    workers: int,
    progress: bool | None,
    store: str | os.PathLike[str] | None,
    resume: bool,
    limits: Budget,
) -> RegionCounts:
    """Number of regions, as :func:`.enumerate.count` tells it, in a run that may be limited, stored and resumed."""
    parts: list[Part] = []
    walked = task(network, domain, _engine(engine, store, resume=resume))
    if store is None:
        with metered(limits) as meter:
            status = _shown_run(walked, [walked.span], CountSink(walked, parts.append), meter, workers, progress, 0)
    else:
        with (
            Writer(store, Run(network, domain, walked.engine, None), resume=resume) as writer,
            metered(limits) as meter,
        ):
            before = writer.store
            sink = CountSink(walked, writer.add)
            status = _shown_run(walked, before.rest, sink, meter, workers, progress, before.n_regions)
            parts.extend(writer.store.parts)
    tally = walked.told(walked.nothing())
    for part in parts:
        tally = tally.plus(part.tally)
    total = sum(part.n_regions for part in parts)
    return RegionCounts(total, tally.per_layer, tally.certificate, status)


def _shown_run(
    walked: Task, spans: list[Span], sink: Sink, meter: Meter, workers: int, progress: bool | None, n_before: int
) -> Status:
    with bar(progress, desc="regions", unit=" regions", unit_scale=True, initial=n_before) as shown:
        return run(walked, spans, sink, meter, workers=workers, shown=shown)


def _engine(engine: str, store: str | os.PathLike[str] | None, *, resume: bool) -> str:
    """The engine that was asked for; "auto" goes on with the one that a run was begun with."""
    return (engine_of(store) or engine) if engine == "auto" and store is not None and resume else engine


def partition(
    network: Network,
    domain: Domain,
    *,
    engine: str,
    workers: int,
    progress: bool | None,
    store: str | os.PathLike[str],
    resume: bool,
    keep: Iterable[str],
    limits: Budget,
) -> StoredPartition:
    """Every region, as :func:`.enumerate.partition` tells it, in a folder."""
    walked = task(network, domain, _engine(engine, store, resume=resume))
    about = Run(network, domain, walked.engine, kept(keep))
    columnist = Columnist(network, domain, about.keep or ())
    with Writer(store, about, resume=resume) as writer, metered(limits) as meter:

        def add(part: Part, columns: Columns) -> None:
            writer.add(part, content(network, columns) if part.n_regions else None)

        before = writer.store
        sink = RegionSink(walked, columnist, add)
        ended = _shown_run(walked, before.rest, sink, meter, workers, progress, before.n_regions)
        return stored(writer.store, ended)

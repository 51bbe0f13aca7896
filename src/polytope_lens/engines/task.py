"""What is walked in a run that is stored, limited or spread, and what is made of the batches that it finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from polytope_lens.domain import is_bounded
from polytope_lens.engines.charts import whole as whole_chart
from polytope_lens.engines.kept_regions import Columnist, joined, n_numbers
from polytope_lens.engines.table import ENGINES, choose_engine
from polytope_lens.errors import OptionError
from polytope_lens.flat_domain import flat_domain
from polytope_lens.network.span import Span
from polytope_lens.network.span import whole as whole_span
from polytope_lens.partition.parts import nothing
from polytope_lens.partition.provenance import Tally
from polytope_lens.partition.store import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from polytope_lens.domain import Domain
    from polytope_lens.engines.chunks import Chunk, Record
    from polytope_lens.engines.table import EngineName
    from polytope_lens.network.network import Network
    from polytope_lens.partition.parts import Columns

# A part is written when there are so many numbers in it, or after some seconds.
PART_NUMBERS = 2**22


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


class ChunkSink:
    """Keeps batches as they are, and hands them on."""

    is_full = False

    def __init__(self, task: Task, add: Callable[[Part, list[Chunk]], None], *, want_mesh: bool) -> None:
        self._task, self._add = task, add
        self.wanted = {"want_output": True, "want_mesh": want_mesh}
        self._begin()

    def _begin(self) -> None:
        self._chunks: list[Chunk] = []
        self._tally = self._task.nothing()

    def take(self, chunk: Chunk) -> None:
        """Keep a batch."""
        assert chunk.tally is not None
        self._tally = self._tally.plus(chunk.tally)
        self._chunks.append(chunk)

    def flush(self, span: Span) -> None:
        """Hand on all batches."""
        n = sum(chunk.n_regions for chunk in self._chunks)
        self._add(Part(span, n, self._task.told(self._tally)), self._chunks)
        self._begin()


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

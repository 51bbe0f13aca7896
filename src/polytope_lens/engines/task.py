"""What is walked in a run that is stored, limited or spread, and what is made of the batches that it finds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from polytope_lens.domain import is_bounded
from polytope_lens.engines.charts import whole as whole_chart
from polytope_lens.engines.kept_regions import Columnist, joined, n_numbers
from polytope_lens.engines.table import ENGINES, choose_engine
from polytope_lens.errors import OptionError
from polytope_lens.flat_domain import flat_domain
from polytope_lens.network.span import Span, number_of
from polytope_lens.network.span import whole as whole_span
from polytope_lens.partition.parts import content, nothing
from polytope_lens.partition.provenance import Tally
from polytope_lens.partition.store import Part, written

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from polytope_lens.domain import Domain
    from polytope_lens.engines.chunks import Chunk, Record
    from polytope_lens.engines.table import EngineName
    from polytope_lens.network.network import Network
    from polytope_lens.partition.parts import Columns

# A part is written when there are so many numbers in it.
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
        """The regions of a span, batch by batch; `options` as for `Walk`."""
        chart = whole_chart(self.network, self.domain)
        yield from ENGINES[self.engine].walk(self.network, chart, record, span=span, **options)

    def behind(self, chunk: Chunk, span: Span, before: int) -> int:
        """The pattern below which all regions of a span have come with a batch; `before` it, so many had."""
        return before if chunk.last is None else min(number_of(chunk.last, self.network.n_neurons) + 1, span.end)

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


class _Held:
    """What all sinks hold back: how many regions came, and what was counted."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._begin()

    @property
    def is_full(self) -> bool:
        """Whether much is held back."""
        return False

    def _begin(self) -> None:
        self._n_regions, self._tally = 0, Tally.nothing(len(self._task.network.layers))

    def take(self, chunk: Chunk) -> None:
        """Hold a batch back."""
        assert chunk.tally is not None
        self._n_regions += chunk.n_regions
        self._tally = self._tally.plus(chunk.tally)

    def _part(self, span: Span) -> Part:
        return Part(span, self._n_regions, self._task.told(self._tally))


class CountSink(_Held):
    """Counts, and hands on what a part comes to."""

    def __init__(self, task: Task, add: Callable[[Part], None]) -> None:
        super().__init__(task)
        self._add, self.wanted = add, {"want_output": False}

    def flush(self, span: Span) -> None:
        """Hand on the numbers."""
        self._add(self._part(span))
        self._begin()


class ChunkSink(_Held):
    """Keeps batches as they are, and hands them on."""

    def __init__(self, task: Task, add: Callable[[Part, list[Chunk]], None], *, want_mesh: bool) -> None:
        super().__init__(task)
        self._add, self.wanted = add, {"want_output": True, "want_mesh": want_mesh}

    def _begin(self) -> None:
        super()._begin()
        self._chunks: list[Chunk] = []

    def take(self, chunk: Chunk) -> None:
        """Keep a batch."""
        super().take(chunk)
        self._chunks.append(chunk)

    def flush(self, span: Span) -> None:
        """Hand on all batches."""
        self._add(self._part(span), self._chunks)
        self._begin()


class RegionSink(_Held):
    """Collects columns of regions, and hands them on as parts."""

    def __init__(self, task: Task, columnist: Columnist, add: Callable[[Part, Columns], None]) -> None:
        super().__init__(task)
        self._columnist, self._add = columnist, add
        self.wanted = {"want_output": True, "want_mesh": columnist.needs_outlines}

    def _begin(self) -> None:
        super()._begin()
        self._pieces: list[Columns] = []
        self._n_numbers = 0

    @property
    def is_full(self) -> bool:
        """Whether the columns have many numbers."""
        return self._n_numbers > PART_NUMBERS

    def take(self, chunk: Chunk) -> None:
        """Keep what is wanted of a batch."""
        super().take(chunk)
        if chunk.n_regions:
            self._pieces.append(self._columnist.columns(chunk))
            self._n_numbers += n_numbers(self._pieces[-1])

    def flush(self, span: Span) -> None:
        """Hand on all columns."""
        columns = joined(self._pieces) if self._pieces else nothing(self._columnist.network, self._columnist.keep)
        self._add(self._part(span), columns)
        self._begin()


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """What all pieces of a run have in common, wherever they are walked.

    Parameters
    ----------
    about : network and domain
        As users know them.
    keep : tuple of str, or None
        What is kept of each region in the files of parts; None to count them.
    folder : str, optional
        The folder of the run, to which these are written.
    want_mesh : bool, optional
        Hand batches on instead, with meshes or without.
    """

    task: Task
    about: tuple[Network, Domain]
    keep: tuple[str, ...] | None = None
    folder: str | None = None
    want_mesh: bool | None = None

    def sink(self, add: Callable[[Part, list[Chunk] | None], None]) -> Sink:
        """Where batches go: `add` gets the parts, whose files are on the disk, or their batches if these are wanted."""
        if self.want_mesh is not None:
            return ChunkSink(self.task, add, want_mesh=self.want_mesh)
        if self.keep is None or self.folder is None:
            return CountSink(self.task, lambda part: add(part, None))
        (network, domain), folder = self.about, Path(self.folder)

        def write(part: Part, columns: Columns) -> None:
            if part.n_regions:
                part = written(folder, part, content(network, columns), network.n_neurons)
            add(part, None)

        return RegionSink(self.task, Columnist(network, domain, self.keep), write)

"""From a network and a domain to its regions, with whichever engine."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._arrays.growing import GrowingArray
from polytope_lens._docstrings import documented_by
from polytope_lens._progress import bar
from polytope_lens.domain import Box, check_domain, is_bounded
from polytope_lens.engines import runs
from polytope_lens.engines.budget import budget, metered
from polytope_lens.engines.charts import Chart, central_size, charts, whole
from polytope_lens.engines.chunks import Chunk, Record
from polytope_lens.engines.forecast import forecast
from polytope_lens.engines.overlap import count_union, reaches_border
from polytope_lens.engines.pace import Pace
from polytope_lens.engines.table import ENGINES, choose_engine, engine_for
from polytope_lens.engines.witnesses import certify_witnesses
from polytope_lens.errors import REPORT, ConsistencyError, OptionError, Status
from polytope_lens.flat_domain import flat_domain
from polytope_lens.mesh.planar_mesh import MeshBuilder
from polytope_lens.mesh.polyhedral_mesh import PolyhedralMeshBuilder
from polytope_lens.network.network import bit_starts
from polytope_lens.network.pattern import distinct, distinct_beginnings
from polytope_lens.partition.partition import Partition, embedded
from polytope_lens.partition.provenance import Certificate, RegionCounts
from polytope_lens.polyhedral_complex import facets_on_sides
from polytope_lens.polyhedral_complex.mesh_vertices import with_known_corners
from polytope_lens.region import Region, of_packed_pattern
from polytope_lens.region import embedded as embedded_region

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator

    from polytope_lens._types import Bools, Floats, Words
    from polytope_lens.domain import Domain
    from polytope_lens.engines.budget import Budget, Meter
    from polytope_lens.engines.spread import TaskExecutor
    from polytope_lens.engines.table import EngineChoice, EngineName
    from polytope_lens.mesh.planar_mesh import PlanarMesh
    from polytope_lens.mesh.polyhedral_mesh import PolyhedralMesh
    from polytope_lens.network.network import Network
    from polytope_lens.partition.parts import KeptColumn


# What is kept of each region
COLUMNS = ("patterns", "maps", "witnesses", "proved")


def partition(
    network: Network,
    domain: Domain,
    *,
    engine: EngineChoice = "auto",
    workers: int = 1,
    progress: bool | None = None,
    mesh: bool = True,
    store: str | os.PathLike[str] | None = None,
    resume: bool = False,
    keep: Iterable[KeptColumn] = ("witnesses",),
    executor: TaskExecutor | None = None,
    max_regions: int | None = None,
    max_seconds: float | None = None,
    max_memory: float | None = None,
) -> Partition:
    """Every region of a domain.

    Parameters
    ----------
    network : Network
    domain : Box, Polytope or None
        None is all of R^d. A flat `Box` is the slice that it is.
    engine : "auto", "subdivide", "polyhedra", "split" or "brute"
        "auto" is "subdivide" for two inputs, "polyhedra" for three in a bounded domain or with more than two hidden
        layers, and "split" otherwise. All find the same regions; docs/engines.md says what each can do.
    workers : int
        Threads to share the work, 64 at most; the result is the same for any number.
    progress : bool, optional
        A bar on standard error; by default on terminals and in notebooks, for runs of more than a second. Where nobody
        watches, True is a line every minute, for logs.
    mesh : bool
        Whether to keep corners, edges and faces, in bounded domains of the plane and of space. Without them a partition
        of space takes half the time and memory, but has no volumes and no picture, and facets take longer to find.
    store : path, optional
        A folder to which regions are written while they are found, in constant memory; the partition then stays on the
        disk, without a mesh. See `StoredPartition`, and docs/scale.md for what is in the folder.
    resume : bool
        Go on with the run in `store`, which may have ended in any way, on any number of workers; a new one begins where
        there is none. The regions and all their numbers are those of a run that was not interrupted.
    keep : list of "witnesses", "maps", "volumes", "vertices"
        What is stored of each region besides its pattern. Volumes take milliseconds each from three inputs on, vertices
        from four.
    executor : optional
        Find the regions with its workers, in other processes or on other machines: anything with the interface of
        ``concurrent.futures.Executor``, or a ``dask.distributed.Client``. Without a store they are sent back; with one,
        workers write to the folder, which all have to see. The answer is the same. See docs/scale.md.
    max_regions, max_seconds, max_memory : optional
        End with the batch of some 2000 regions in which so many have been found, so many seconds have gone by, or the
        process takes so many bytes. The `status` then is ``Status.BUDGET_REACHED``. So does Ctrl-C, pressed once, where
        there is a limit or a store, with ``Status.INTERRUPTED``.

    Raises
    ------
    DomainError, DimensionError, OptionError
    FileAccessError, FileFormatError, MissingExtraError
        About the store.

    Notes
    -----
    Exact: every region with interior is found, none twice, also in degenerate networks. Memory is that of the result.
    Cost: 1 to 10 microseconds for each region of a generic network of moderate depth; milliseconds for each decision
    that float64 cannot make, which the certificate counts.
    """
    domain = check_domain(domain, network.input_dim)
    limits, resume = budget(max_regions, max_seconds, max_memory), _resumes(resume, store)
    way = _way(workers, executor, progress, limits)
    if store is not None:
        return runs.partition(network, domain, way, engine=engine, store=store, resume=resume, keep=keep)
    if (flat := flat_domain(network, domain)) is not None:
        options: dict[str, Any] = {"engine": engine, "workers": workers, "progress": progress, "mesh": mesh}
        options |= {"max_regions": max_regions, "max_seconds": max_seconds, "max_memory": max_memory}
        options |= {"executor": executor}
        return embedded(network, domain, partition(flat.network, flat.domain, **options))
    name = choose_engine(engine, network, domain)
    builder = _mesh_builder(network.input_dim) if mesh and is_bounded(domain) else None
    if executor is not None:
        want_mesh = builder is not None
        name, chunks, record, status = runs.sent_back(network, domain, way, engine=engine, want_mesh=want_mesh)
        all_of_them, records = _Listed(builder), [record]
        for chunk in chunks:
            all_of_them.add(chunk)
        found = all_of_them.all()
    else:
        with metered(limits) if limits.is_set else nullcontext() as meter:
            found, records, status = _walk(network, domain, name, way.workers, progress, builder, meter)
    if status is not Status.COMPLETE:
        builder = None
    patterns, first = (found.patterns, slice(None)) if len(records) == 1 else distinct(found.patterns)
    maps, witnesses, proved = found.maps[first], found.witnesses[first], found.proved[first]
    del found
    witnesses = certify_witnesses(network, domain, patterns, witnesses, proved)
    per_layer = distinct_beginnings(patterns, bit_starts(network)[1:])
    if len(records) == 1 and status is Status.COMPLETE and records[0].layer_counts != per_layer.tolist():
        raise ConsistencyError(
            f"the {name} engine counted {records[0].layer_counts} regions per layer, but its patterns say "
            f"{per_layer.tolist()}. {REPORT}"
        )
    for array in (patterns, maps, witnesses, per_layer):
        array.flags.writeable = False
    listed = Partition(
        network,
        domain,
        name,
        patterns,
        maps,
        witnesses,
        per_layer,
        None if builder is None else _checked_mesh(network, domain, builder, patterns),
        status,
        _certificate(records),
    )
    listed = with_known_corners(listed)
    if listed.mesh is None and listed.is_complete and isinstance(domain, Box) and ENGINES[name].in_one_piece:
        facets_on_sides.let_list(listed, partial(_patterns_in, network, name))
    return listed


def _resumes(resume: bool, store: str | os.PathLike[str] | None) -> bool:
    if validate.flag(resume, name="`resume`") and store is None:
        raise OptionError("`resume=True` goes on with the run in a folder, but no `store` was given. Say which it is.")
    return resume


def _way(workers: int, executor: TaskExecutor | None, progress: bool | None, limits: Budget) -> runs.Way:
    """How a run goes on that is stored, spread or limited."""
    workers = validate.workers(workers)
    if executor is not None and workers > 1:
        raise OptionError(
            f"`executor` has workers of its own, but workers={workers} was given, too. Leave out one of the two."
        )
    return runs.Way(workers, executor, progress, limits)


def _patterns_in(network: Network, name: EngineName, side: Box) -> Words:
    """Patterns of the regions in a flat box, packed."""
    flat = flat_domain(network, side)
    assert flat is not None
    found, *_ = _walk(flat.network, flat.domain, name, 1, False)
    return found.patterns


@documented_by(partition)
def count(
    network: Network,
    domain: Domain,
    *,
    engine: EngineChoice = "auto",
    workers: int = 1,
    progress: bool | None = None,
    store: str | os.PathLike[str] | None = None,
    resume: bool = False,
    executor: TaskExecutor | None = None,
    max_regions: int | None = None,
    max_seconds: float | None = None,
    max_memory: float | None = None,
) -> RegionCounts:
    """Number of regions of a domain, in total and after each layer, without storing them.

    Notes
    -----
    Exact. Cost: that of `partition`, or less. Memory is constant but in unbounded domains that are walked in
    several pieces: "subdivide" keeps the patterns of regions at their borders, "polyhedra" all, to tell repeated ones.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
    >>> lens.count(Box([-1, -1], [1, 1]))
    RegionCounts(total=4, per_layer=[4])
    """
    domain = check_domain(domain, network.input_dim)
    limits, resume = budget(max_regions, max_seconds, max_memory), _resumes(resume, store)
    if store is not None or executor is not None or limits.is_set:
        way = _way(workers, executor, progress, limits)
        return runs.count(network, domain, way, engine=engine, store=store, resume=resume)
    if (flat := flat_domain(network, domain)) is not None:
        found = count(flat.network, flat.domain, engine=engine, workers=workers, progress=progress)
        return RegionCounts(found.total, found.per_layer[1:], found.certificate)
    name = choose_engine(engine, network, domain)
    workers = validate.workers(workers)
    records: list[Record] = []

    def start(piece: Chart, want_output: bool) -> tuple[Iterator[Chunk], Callable[[], list[int]]]:
        records.append(record := Record())
        walk = engine_for(piece, name).walk(network, piece, record, want_output=want_output, workers=workers)
        looked_at = partial(forecast, network=network, domain=domain, engine=name, workers=workers, keeps=False)
        return _with_bar(walk, record, progress, looked_at), lambda: record.layer_counts

    total, *per_layer = count_union(network, problems(name, network, domain), start).tolist()
    return RegionCounts(total, np.array(per_layer, dtype=np.int64), _certificate(records))


@documented_by(partition)
def regions(network: Network, domain: Domain, *, engine: EngineChoice = "auto", workers: int = 1) -> Iterator[Region]:
    """The regions of a domain one by one, as they are found.

    Yields
    ------
    Region

    Notes
    -----
    Exact. Wrong parameters are refused at once. Regions come in canonical order and in constant memory. Only in
    unbounded domains with the engines "subdivide" and "polyhedra", which walk several pieces, they come piece by piece,
    and patterns are kept: of those at the border of a piece, or of all.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
    >>> [str(region.pattern) for region in lens.regions(Box([-1, -1], [1, 1]))]
    ['00', '01', '10', '11']
    """
    domain = check_domain(domain, network.input_dim)
    if (flat := flat_domain(network, domain)) is not None:
        on_flat = regions(flat.network, flat.domain, engine=engine, workers=workers)
        return (embedded_region(network, domain, region) for region in on_flat)
    name = choose_engine(engine, network, domain)
    workers = validate.workers(workers)
    pieces = problems(name, network, domain)
    seen: set[bytes] | None = set() if len(pieces) > 1 else None

    def found() -> Iterator[Region]:
        for chart in pieces:
            for chunk in engine_for(chart, name).walk(network, chart, Record(), want_output=True, workers=workers):
                witnesses = certify_witnesses(network, domain, chunk.patterns, chunk.witnesses, chunk.proved)
                new: Iterable[tuple[Words, Floats]] = zip(chunk.patterns, witnesses, strict=True)
                if seen is not None:
                    new = _not_seen(new, reaches_border(chunk), seen)
                for words, witness in new:
                    yield of_packed_pattern(network, words, domain, witness)

    return found()


def _not_seen(
    found: Iterable[tuple[Words, Floats]], may_come_again: Bools, seen: set[bytes]
) -> Iterator[tuple[Words, Floats]]:
    """What is found for the first time, of regions some of which may be found in several charts."""
    for (words, witness), again in zip(found, may_come_again.tolist(), strict=True):
        if again:
            if (key := words.tobytes()) in seen:
                continue
            seen.add(key)
        yield words, witness


def problems(name: EngineName, network: Network, domain: Domain) -> list[Chart]:
    """What an engine has to walk: the domain in one piece, or, where it is unbounded, in several that may overlap."""
    if ENGINES[name].in_one_piece:
        return [whole(network, domain)]
    return charts(domain, network.input_dim, 1.0 if isinstance(domain, Box) else central_size(network))


def _walk(
    network: Network,
    domain: Domain,
    name: EngineName,
    workers: int,
    progress: bool | None,
    builder: MeshBuilder | PolyhedralMeshBuilder | None = None,
    meter: Meter | None = None,
) -> tuple[Chunk, list[Record], Status]:
    """What the engine finds in all charts of the domain, and a record for each chart; the builder takes the mesh.

    A meter may end it before, and counts what comes.
    """
    status, listed, records = Status.COMPLETE, _Listed(builder), []
    looked_at = partial(forecast, network=network, domain=domain, engine=name, workers=workers, keeps=True)
    for chart in problems(name, network, domain):
        record, walk = Record(), engine_for(chart, name).walk
        found = walk(network, chart, record, want_output=True, want_mesh=builder is not None, workers=workers)
        for chunk in _with_bar(found, record, progress, looked_at):
            listed.add(chunk)
            if meter is not None:
                meter.n_regions += chunk.n_regions
                status = meter.status()
                if status is not Status.COMPLETE:
                    break
        records.append(record)
        if status is not Status.COMPLETE:
            break
    return listed.all(), records, status


class _Listed:
    """All batches as one; the builder, if any, takes the mesh."""

    def __init__(self, builder: MeshBuilder | PolyhedralMeshBuilder | None) -> None:
        self._columns: list[GrowingArray[Any]] = [GrowingArray() for _ in COLUMNS]
        self._builder = builder

    def add(self, chunk: Chunk) -> None:
        for part, column in zip(COLUMNS, self._columns, strict=True):
            column.append(getattr(chunk, part))
        if chunk.corners is not None and isinstance(self._builder, MeshBuilder):
            self._builder.add(chunk.corners)
        if chunk.solids is not None and isinstance(self._builder, PolyhedralMeshBuilder):
            self._builder.add(chunk.solids)

    def all(self) -> Chunk:
        patterns, maps, witnesses, proved = (column.array() for column in self._columns)
        return Chunk(len(patterns), patterns, maps, witnesses, proved, None)


def _mesh_builder(dim: int) -> MeshBuilder | PolyhedralMeshBuilder | None:
    return MeshBuilder() if dim == 2 else PolyhedralMeshBuilder() if dim == 3 else None


def mesh_of(network: Network, domain: Domain, patterns: Words) -> PlanarMesh | PolyhedralMesh | None:
    """The mesh of all regions of a bounded domain in the plane or in space, whose patterns are known."""
    builder = _mesh_builder(network.input_dim) if is_bounded(domain) else None
    return None if builder is None else _checked_mesh(network, domain, builder, patterns)


def _checked_mesh(
    network: Network, domain: Domain, builder: MeshBuilder | PolyhedralMeshBuilder, patterns: Words
) -> PlanarMesh | PolyhedralMesh:
    """The mesh that came with a partition, or else that of the engine that makes one."""
    if not builder.is_empty:
        return builder.mesh()
    name = next(engine.name for engine in ENGINES.values() if engine.has_mesh and engine.takes(network.input_dim))
    found, *_ = _walk(network, domain, name, 1, False, builder)
    if not np.array_equal(found.patterns, patterns):
        raise ConsistencyError(f"two engines found different regions. {REPORT}")
    return builder.mesh()


def _certificate(records: list[Record]) -> Certificate:
    return Certificate(
        sum(record.float64 for record in records),
        sum(record.double_double for record in records),
        sum(record.rational for record in records),
    )


def _with_bar(
    chunks: Iterator[Chunk],
    record: Record,
    progress: bool | None,
    looked_at: Callable[[Iterator[Chunk], Any], Iterator[Chunk]],
) -> Iterator[Chunk]:
    """Pass chunks on, with a bar of the regions found and the share of the whole that is behind them."""
    pace = Pace()
    with bar(progress, desc="regions", unit=" regions", unit_scale=True) as shown:
        record.is_watched = not shown.disable
        for chunk in looked_at(chunks, shown):
            if shown.update(chunk.n_regions):
                shown.set_postfix_str(pace.far(record.closed(), record.of), refresh=False)
            yield chunk

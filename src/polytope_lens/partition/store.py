"""Runs as folders, of which any state is a valid checkpoint.

::

    run/
      run.json            what the run is about: format, version, engine, what is kept of each region, a digest of:
      network.npz         the network and the domain
      journal             a line for each part that is done
      parts/*.parquet     the regions of each part, where they are kept and not only counted

A part is a `Span` of patterns, all regions in it, and what was counted on the way. It is done when its line is
in the journal (`journal`). Its file is complete on the disk before that, under a name that ends with
``.unfinished``, and gets its own after. So what is called ``.parquet`` is in the journal, and whatever fails between
two steps is set right by whoever opens the folder next. A line tells the digest of its file. A part whose file is
missing, or is not what its line says, has not been done. Of lines about overlapping spans, the last one counts. So any
lines of a journal are a valid checkpoint. Lines name the digest of run.json, which tells that of the network: none of
the files can be another run's.

What is written goes through functions of `os` that are called here and in the journal, so tests can let each fail.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from bisect import bisect_left
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens import __version__
from polytope_lens._arrays import validate
from polytope_lens.errors import FileAccessError, FileFormatError, OptionError
from polytope_lens.importers.npz import arrays_of, network_of
from polytope_lens.io.array_archive import digest, load_arrays, save_arrays
from polytope_lens.io.arrays import ArrayReader
from polytope_lens.io.files import LEFTOVER, lock, named, read_bytes, sync_folder, write_text
from polytope_lens.io.journal import Journal, read_journal, write_at
from polytope_lens.network.span import Span, rest, whole
from polytope_lens.partition.archive import domain_arrays, domain_of
from polytope_lens.partition.provenance import Tally

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from polytope_lens.domain import Domain
    from polytope_lens.network.network import Network

FORMAT, VERSION = "polytope_lens run", 1
FACTS, NETWORK, JOURNAL, PARTS, LOCK = "run.json", "network.npz", "journal", "parts", "lock"
SEAL = "sha256"
SUFFIX, UNFINISHED = ".parquet", ".unfinished"


# Locks of this process, which processes that are forked from it must not hold when it has died.
_LOCKS: set[int] = set()


def _let_go() -> None:
    while _LOCKS:
        os.close(_LOCKS.pop())


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_let_go)


class Part(NamedTuple):
    """A span of patterns that is done, and the file with its regions; no name if they were only counted."""

    span: Span
    n_regions: int
    tally: Tally
    file: str = ""
    digest: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """What a run is about.

    Parameters
    ----------
    keep : tuple of str, or None
        Which columns there are of each region besides its pattern; None where regions are only counted.
    """

    network: Network
    domain: Domain
    engine: str
    keep: tuple[str, ...] | None

    @property
    def is_count(self) -> bool:
        """Whether regions are counted and not kept."""
        return self.keep is None


@dataclass(frozen=True, slots=True, eq=False)
class Store:
    """A run's folder as it is: what the run is about, and the parts that are done, in order."""

    path: Path
    run: Subject
    parts: tuple[Part, ...]

    @property
    def rest(self) -> list[Span]:
        """What is still to be done."""
        return rest(whole(self.run.network.n_neurons), [part.span for part in self.parts])

    @property
    def is_complete(self) -> bool:
        """Whether all is done."""
        return not self.rest

    @property
    def n_regions(self) -> int:
        """Regions found so far."""
        return sum(part.n_regions for part in self.parts)

    @property
    def tally(self) -> Tally:
        """What was counted so far; regions after each layer are lower bounds while something is still to be done."""
        return Tally.total((part.tally for part in self.parts), len(self.run.network.layers))

    def place(self, part: Part) -> Path:
        """Where a part's file is."""
        path = self.path / PARTS / part.file
        unfinished = path.with_name(part.file + UNFINISHED)
        return unfinished if _size(path) < 0 <= _size(unfinished) else path

    def content(self, part: Part) -> bytes:
        """What a part's file holds.

        Raises
        ------
        FileFormatError
            It is not what was written.
        """
        found = read_bytes(self.place(part))
        if hashlib.sha256(found).hexdigest() != part.digest:
            raise FileFormatError(
                f"{self.place(part)} is not as it was written. Run again with `resume=True`, which finds its regions "
                "anew."
            )
        return found


def is_store(path: str | os.PathLike[str]) -> bool:
    """Whether this is a folder, as runs are."""
    folder = validate.path(path, name="a run")
    return _is_there(folder) and folder.is_dir()


def engine_of(path: str | os.PathLike[str]) -> str | None:
    """The engine of the run in a folder, None if there is none."""
    folder = validate.path(path, name="`store`")
    return _read_run(folder)[0].engine if _is_there(folder / FACTS) else None


def open_store(path: str | os.PathLike[str]) -> Store:
    """A run's folder, whether or not somebody writes to it.

    Raises
    ------
    MissingFileError, FileAccessError
    FileFormatError
        It holds no run, one of a newer release, or one that is damaged.
    """
    folder = validate.path(path, name="a run")
    run, about = _read_run(folder)
    _check_journal(folder)
    begun = folder / JOURNAL
    entries = read_journal(begun, about).entries if _is_there(begun) else []
    parts = _valid(_told(begun, entries, run.network))
    store = Store(folder, run, parts)
    lost = [part for part in parts if part.file and _size(store.place(part)) != part.size]
    if lost:
        raise FileFormatError(
            f"{folder} is damaged: of its {len(parts)} parts, {len(lost)} are missing or not as they were written; the "
            f"first is {lost[0].file}. Run it again with `resume=True`, which finds these parts anew."
        )
    return store


class Writer:
    """A run's folder that is written to, by one process at a time."""

    def __init__(self, path: str | os.PathLike[str], run: Subject, *, resume: bool) -> None:
        """Begin a run, or go on with one.

        Raises
        ------
        OptionError
            There is a run already, or another one than this.
        FileAccessError, FileFormatError
        """
        self.path, self.run = validate.path(path, name="`store`"), run
        if (is_there := _is_there(self.path)) and not self.path.is_dir():
            raise FileAccessError(f"{self.path} is a file, but `store` should be a folder. Choose a new one.")
        with named(self.path, "written"):
            if not is_there:
                os.mkdir(self.path)
                sync_folder(self.path.absolute().parent)
            self._lock = os.open(self.path / LOCK, os.O_CREAT | os.O_RDWR, 0o666)
        _LOCKS.add(self._lock)
        try:
            if not lock(self._lock):
                raise FileAccessError(
                    f"{self.path} is written to by another run. Wait for its end, or choose another folder."
                )
            if _is_there(self.path / FACTS):
                if not resume:
                    raise OptionError(
                        f"{self.path} holds a run already. Go on with it with `resume=True`, or choose another folder."
                    )
                known, about = _read_run(self.path)
                self.run = _same(self.path, known, run)
                _check_journal(self.path)
            else:
                about = self._begin()
            with named(self.path / JOURNAL, "written"):
                self._journal = Journal(self.path / JOURNAL, about)
            try:
                self._parts = self._settled()
            except BaseException:
                self._journal.close()
                raise
        except BaseException:
            self._unlock()
            raise

    def _unlock(self) -> None:
        if self._lock in _LOCKS:
            _LOCKS.remove(self._lock)
            os.close(self._lock)

    def _begin(self) -> str:
        """Write what the run is about; `run.json` comes last, when all else is on the disk."""
        ours = {LOCK, NETWORK, PARTS}
        with named(self.path, "read"):
            others = sorted(entry.name for entry in self.path.iterdir() if entry.name not in ours)
        others = [name for name in others if not name.startswith(LEFTOVER[0])]
        if others:
            raise OptionError(
                f"{self.path} is not empty and holds no run: there is {others[0]}. Choose a new folder for `store`."
            )
        run, arrays = self.run, _arrays(self.run)
        save_arrays(self.path / NETWORK, arrays)
        with named(self.path, "written"):
            sync_folder(self.path)
        facts: dict[str, Any] = {
            "format": FORMAT,
            "version": VERSION,
            "engine": run.engine,
            "keep": run.keep,
            "inputs": run.network.input_dim,
            "widths": run.network.widths,
            "domain": repr(run.domain),
            "digest": digest(arrays),
            "written_by": {"polytope_lens": __version__, "numpy": np.__version__},
        }
        facts[SEAL] = about = _seal(facts)
        write_text(self.path / FACTS, json.dumps(facts, indent=1) + "\n")
        with named(self.path, "written"):
            sync_folder(self.path)
        return about

    def _settled(self) -> list[Part]:
        """The parts that are done, each with its file under its own name, and no other file beside them."""
        parts, folder = [], self.path / PARTS
        valid = _valid(_told(self.path / JOURNAL, self._journal.entries, self.run.network))
        if self.run.is_count:
            return list(valid)
        with named(folder, "written"):
            if not folder.exists():
                os.mkdir(folder)
                sync_folder(self.path)
            for part in valid:
                path = folder / part.file
                if part.file and not _holds(path, part):
                    unfinished = path.with_name(part.file + UNFINISHED)
                    if not _holds(unfinished, part):
                        continue
                    os.replace(unfinished, path)
                parts.append(part)
            names = {part.file for part in parts}
            for path in folder.iterdir():
                if path.name not in names and path.name.endswith((SUFFIX, UNFINISHED)):
                    os.unlink(path)
        return parts

    @property
    def store(self) -> Store:
        """The folder as it is now."""
        return Store(self.path, self.run, _valid(self._parts))

    def commit(self, part: Part) -> None:
        """Let a part be done, whose unfinished file, if it has one, is on the disk already.

        Raises
        ------
        FileAccessError
            No room, or no permission; the folder is as if this had not been asked.
        """
        try:
            with named(self.path / JOURNAL, "written"):
                self._journal.add(_entry(part))
        except BaseException:
            if part.file:
                with suppress(OSError):
                    os.unlink(self.path / PARTS / (part.file + UNFINISHED))
            raise
        self._parts.append(part)
        if part.file:
            path = self.path / PARTS / part.file
            with named(path, "written"):
                os.replace(path.with_name(part.file + UNFINISHED), path)

    def close(self) -> None:
        """Let others write."""
        self._journal.close()
        self._unlock()

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def written(folder: Path, part: Part, content: bytes, n_bits: int) -> Part:
    """A part with its file, which is on the disk but not in the journal; also in another process than the run's.

    Names begin with the first bits of the span, so they sort as parts do, unless these begin alike.
    """
    found = hashlib.sha256(content).hexdigest()
    start = part.span.first >> max(n_bits - 64, 0) << max(64 - n_bits, 0)
    name = f"{start:016x}-{found[:16]}{SUFFIX}"
    path = folder / PARTS / (name + UNFINISHED)
    with named(path, "written"):
        descriptor = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o666)
        try:
            write_at(descriptor, content)
            os.fsync(descriptor)
        except BaseException:
            os.close(descriptor)
            with suppress(OSError):
                os.unlink(path)
            raise
        os.close(descriptor)
        sync_folder(path.parent)
    return part._replace(file=name, digest=found, size=len(content))


def _arrays(run: Subject) -> dict[str, Any]:
    return arrays_of(run.network) | domain_arrays(run.domain)


def _seal(facts: dict[str, Any]) -> str:
    """Digest of what run.json says."""
    text = json.dumps({name: value for name, value in facts.items() if name != SEAL}, sort_keys=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _read_run(folder: Path) -> tuple[Subject, str]:
    """What a folder's run is about, and its digest."""
    if not _is_there(folder / FACTS) and folder.is_dir():
        raise FileFormatError(
            f"{folder} holds no run: it has no {FACTS}. Runs are made by `lens.partition(domain, store=...)` and "
            "`lens.count(domain, store=...)`."
        )
    try:
        facts = json.loads(read_bytes(folder / FACTS))
        if facts["format"] != FORMAT:
            raise FileFormatError(f"{folder / FACTS} is of the format {facts['format']!r}, but expected {FORMAT!r}.")
        if facts["version"] != VERSION:
            raise FileFormatError(
                f"{folder} is of version {facts['version']}, but this release reads version {VERSION}. Read it with "
                "the release that wrote it, or a newer one."
            )
        if facts[SEAL] != _seal(facts):
            raise KeyError(SEAL)
        arrays = load_arrays(folder / NETWORK)
        if digest(arrays) != facts["digest"]:
            raise FileFormatError(
                f"{folder / NETWORK} is not what the run began with. Put the file back that was there, or choose "
                "another folder."
            )
        network = network_of(arrays)
        keep = facts["keep"]
        domain = domain_of(ArrayReader(arrays), arrays, network.input_dim)
        run = Subject(network, domain, facts["engine"], None if keep is None else tuple(keep))
        return run, facts[SEAL]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, FileFormatError):
            raise
        raise FileFormatError(f"{folder / FACTS} is damaged. Put it back as it was, or begin another run.") from error


def _check_journal(folder: Path) -> None:
    """Refuse parts without a journal, all of which would have to be found anew."""
    parts = folder / PARTS
    with named(parts, "read"):
        is_lost = not _is_there(folder / JOURNAL) and parts.is_dir() and any(parts.iterdir())
    if is_lost:
        raise FileFormatError(
            f"{folder} has lost its journal, which tells what its parts are. Put it back, or begin a run in another "
            "folder."
        )


def _same(folder: Path, known: Subject, wanted: Subject) -> Subject:
    """The run of a folder, if it is the one that is wanted."""
    if digest(_arrays(known)) != digest(_arrays(wanted)):
        what = "network" if digest(arrays_of(known.network)) != digest(arrays_of(wanted.network)) else "domain"
        raise OptionError(f"{folder} holds a run about another {what}. Choose another folder for `store`.")
    if known.keep != wanted.keep:
        told = ["only counts" if run.keep is None else f"keeps {list(run.keep)}" for run in (known, wanted)]
        raise OptionError(
            f"{folder} holds a run that {told[0]}, but this one {told[1]}. Go on as it was begun, or choose another "
            "folder."
        )
    if known.engine != wanted.engine:
        raise OptionError(
            f"{folder} holds a run of the engine '{known.engine}', but this is one of '{wanted.engine}'. Go on with "
            f"`engine='{known.engine}'`, or choose another folder."
        )
    return known


def _entry(part: Part) -> dict[str, Any]:
    tally = part.tally
    entry: dict[str, Any] = {
        "first": hex(part.span.first),
        "end": hex(part.span.end),
        "regions": part.n_regions,
        "per_layer": tally.per_layer.tolist(),
        "decided": [tally.float64, tally.double_double, tally.rational],
    }
    return entry | ({"file": part.file, "sha256": part.digest, "bytes": part.size} if part.file else {})


def _told(journal: Path, entries: Sequence[dict[str, Any]], network: Network) -> list[Part]:
    """The parts that a journal tells of."""
    try:
        return [_part(entry, network) for entry in entries]
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise FileFormatError(
            f"{journal} has lines that are not such as this release writes. Read it with the release that wrote it, or "
            "begin a run in another folder."
        ) from error


def _part(entry: dict[str, Any], network: Network) -> Part:
    span = Span(int(entry["first"], 16), int(entry["end"], 16))
    numbers = np.array([*entry["per_layer"], *entry["decided"]], dtype=np.int64)
    tally = Tally(numbers[:-3], *numbers[-3:].tolist())
    part = Part(span, entry["regions"], tally, entry.get("file", ""), entry.get("sha256", ""), entry.get("bytes", 0))
    outer, n_layers = whole(network.n_neurons), len(network.layers)
    is_in = outer.first <= span.first <= span.end <= outer.end
    is_name = part.file == os.path.basename(part.file)
    if not (is_in and is_name and len(tally.per_layer) == n_layers and isinstance(part.n_regions, int)):
        raise ValueError(entry)
    return part


def _valid(parts: Sequence[Part]) -> tuple[Part, ...]:
    """In order; of parts that overlap, the last ones."""
    chosen: list[Part] = []
    for part in reversed(parts):
        place = bisect_left(chosen, part.span, key=lambda other: other.span)
        is_free = place == len(chosen) or chosen[place].span.first >= part.span.end
        if is_free and (not place or chosen[place - 1].span.end <= part.span.first):
            chosen.insert(place, part)
    return tuple(chosen)


def _is_there(path: Path) -> bool:
    """Whether there is such a file or folder; if nobody may look, that is told."""
    with named(path, "read"):
        try:
            path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
    return True


def _size(path: Path) -> int:
    """Bytes of a file, -1 where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _holds(path: Path, part: Part) -> bool:
    """Whether a file holds a part as it was written."""
    if _size(path) != part.size:
        return False
    return hashlib.sha256(read_bytes(path)).hexdigest() == part.digest

"""Partitions that stay on the disk."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._arrays.gate import checked
from polytope_lens._kept import found_later
from polytope_lens.cells.pattern_witnesses import pattern_witnesses
from polytope_lens.errors import FileFormatError, OptionError, Status, require
from polytope_lens.flat_domain import flat_domain
from polytope_lens.network.affine import affine_maps
from polytope_lens.network.pattern import find, pack
from polytope_lens.network.span import number_of
from polytope_lens.partition import parts
from polytope_lens.partition.partition import Partition
from polytope_lens.partition.provenance import ENDED
from polytope_lens.polyhedral_complex.locate import all_listed, region_patterns
from polytope_lens.region import of_packed_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow.dataset
    from numpy.typing import ArrayLike, NDArray

    from polytope_lens._types import Floats, Ints, Words
    from polytope_lens.partition.parts import KeptColumn, StoredColumn, StoredPiece
    from polytope_lens.partition.store import Store
    from polytope_lens.region import Region

# Files that are kept in memory once they have been read.
MOST_FILES = 8


def _all(name: str) -> Any:
    """Finds a column of all regions, in memory."""
    return lambda partition: partition.column(name)


def _on_flat(partition: StoredPartition) -> Partition | None:
    """In a flat box, the same regions as those of a network of the free inputs, in memory."""
    flat = flat_domain(partition.network, partition.domain)
    if flat is None:
        return None
    unknown, per_layer = cast("Any", None), partition.counts_per_layer
    return Partition(
        flat.network, flat.domain, partition.engine, partition.packed_patterns, unknown,
        partition.witnesses[:, flat.free], np.concatenate([[min(len(partition), 1)], per_layer]), None,
        partition.status, partition.certificate,
    )  # fmt: skip


@checked
@found_later(
    on_flat=_on_flat,
    packed_patterns=_all("patterns"),
    maps=lambda partition: partition.column("maps"),
    witnesses=lambda partition: partition.column("witnesses"),
)
@dataclass(frozen=True, eq=False, repr=False)
class StoredPartition(Partition):
    """The regions of a run, read from its folder when they are asked for.

    It answers whatever a `Partition` without corners does. Its length, its counts, single regions, `locate` and
    `pieces` need memory for a few parts only; anything else reads the columns that it needs of all regions.

    Parameters
    ----------
    store : Store
        The folder, and which parts are done.
    """

    store: Store = field(kw_only=True)

    def __len__(self) -> int:
        return self.store.n_regions

    def _region(self, index: int) -> Region:
        number = int(np.searchsorted(_ends(self.store), index, side="right"))
        group, row = divmod(index - _start(self.store, number), parts.GROUP)
        columns = _columns(self.store, number, group, self._kept("witnesses"))
        words = columns["patterns"][row]
        inside = columns["witnesses"][row] if "witnesses" in columns else self._inside(words[None])[0]
        return of_packed_pattern(self.network, words, self.domain, inside)

    def _kept(self, *names: str) -> tuple[KeptColumn, ...]:
        return tuple(name for name in parts.KEPT if name in names and name in (self.store.run.keep or ()))

    def _inside(self, words: Words) -> Floats:
        """A point inside each region, as witnesses are."""
        if (flat := flat_domain(self.network, self.domain)) is not None:
            embedded: Floats = flat.embed(pattern_witnesses(flat.network, flat.domain, words))
            return embedded
        return pattern_witnesses(self.network, self.domain, words)

    def pieces(self, *names: KeptColumn) -> Iterator[StoredPiece]:
        """The regions in canonical order, some ten thousand at a time.

        Parameters
        ----------
        names : "witnesses", "maps", "volumes", "vertices"
            Which of the columns that were kept; patterns come always.

        Yields
        ------
        dict
            ``"patterns"`` (n, n_words), packed, and by their names arrays whose first axis is the region; of vertices a
            pair: where each region's begin, (n + 1,), and all of them, (m, d).

        Raises
        ------
        OptionError
            A column that was not kept.
        FileFormatError
        """
        missing = [name for name in parts.kept(names) if name not in (self.store.run.keep or ())]
        if missing:
            raise OptionError(
                f"{self.store.path} keeps {list(self.store.run.keep or ())} of each region, but {missing[0]} were "
                "asked for. Run again with them in `keep`."
            )
        numbers = (number for number, part in enumerate(self.store.parts) if part.file)
        groups = ((number, group) for number in numbers for group in range(_file(self.store, number).n_groups))
        return (_columns(self.store, number, group, names) for number, group in groups)

    def column(self, name: StoredColumn) -> NDArray[Any]:
        """A column of all regions in memory: patterns, packed, or what was kept; else it is found from the patterns.

        Parameters
        ----------
        name : "patterns", "witnesses", "maps" or "volumes"
        """
        if name == "patterns" or self._kept(name):
            found = [piece[name] for piece in self.pieces(*self._kept(name))]
            return np.concatenate([parts.nothing(self.network, self._kept(name))[name], *found])
        if name == "witnesses":
            found = [self._inside(piece["patterns"]) for piece in self.pieces()]
            return np.concatenate([parts.nothing(self.network, [name])[name], *found])
        if name == "maps":
            return affine_maps(self.network, self.packed_patterns)
        return np.array([region.volume() for region in self])

    def volumes(self) -> Floats:
        """Length, area or volume of each region, (n_regions,); rounded. As they were kept, or found now, one by one."""
        return cast("Floats", self.column("volumes"))

    def locate(self, X: ArrayLike) -> Ints:
        """Index of the region that holds each point, (n, d) -> (n,); exact. See `locate.locate`.

        Raises
        ------
        OutsideDomainError, DimensionError
        PartialPartitionError
            The run is not complete, and a point lies in a region that has not been found.

        Notes
        -----
        Cost: a forward pass for each point, and reading the parts that hold some.
        """
        rows = validate.points(X, self.network.input_dim, what="`locate`")
        wanted = pack(region_patterns(self.network, rows, self.domain))
        index = np.full(len(wanted), -1, dtype=np.int64)
        places = [self._place(words) for words in wanted]
        for place in sorted({place for place in places if place is not None}):
            some = np.array([i for i, other in enumerate(places) if other == place])
            number, group = place
            found = find(_columns(self.store, number, group, ())["patterns"], wanted[some])
            index[some] = np.where(found < 0, -1, found + _start(self.store, number) + group * parts.GROUP)
        return all_listed(self, rows, index)

    def _place(self, words: Words) -> tuple[int, int] | None:
        """The part that may hold a pattern, and the group in it."""
        wanted = number_of(words, self.network.n_neurons)
        number = bisect_right(self.store.parts, wanted, key=lambda part: part.span.first) - 1
        if number < 0 or wanted >= self.store.parts[number].span.end or not self.store.parts[number].file:
            return None
        octets = parts.octets(words[None], self.network).tobytes()
        return number, max(bisect_right(_file(self.store, number).firsts, octets) - 1, 0)

    @property
    def dataset(self) -> pyarrow.dataset.Dataset:
        """The folder as a ``pyarrow.dataset.Dataset``, for filters, scans and joins in constant memory."""
        datasets: Any = require("pyarrow.dataset", extra="data", purpose="`dataset`")
        return datasets.dataset([str(self.store.place(part)) for part in self.store.parts if part.file])

    def verify(self) -> None:
        """Read all parts and compare each with its digest.

        Raises
        ------
        FileFormatError
            Names the first part that is not as it was written.
        """
        for part in self.store.parts:
            if part.file:
                self.store.content(part)

    def explain(self) -> str:
        """The status in one or two sentences: whether the run is complete, and how to go on with it."""
        return super().explain() if self.is_complete else f"{self.status!r}: {ENDED}"

    def __repr__(self) -> str:
        return f"{super().__repr__()[:-1]}, in {self.store.path})".replace("Partition(", "StoredPartition(", 1)


@lru_cache(maxsize=MOST_FILES)
def _columns(store: Store, number: int, group: int, names: tuple[KeptColumn, ...]) -> StoredPiece:
    return cast("StoredPiece", _file(store, number).read(group, names))


@lru_cache(maxsize=MOST_FILES)
def _file(store: Store, number: int) -> parts.PartFile:
    part = store.parts[number]
    return parts.PartFile(store.place(part), store.content(part), store.run.network)


@lru_cache(maxsize=MOST_FILES)
def _ends(store: Store) -> Ints:
    return np.cumsum([part.n_regions for part in store.parts], dtype=np.int64)


def _start(store: Store, number: int) -> int:
    """The first region of a part."""
    return int(_ends(store)[number - 1]) if number else 0


def stored(store: Store, ended: Status = Status.UNFINISHED) -> StoredPartition:
    """The partition of a run that keeps regions; `ended` is why, where it is not complete.

    Raises
    ------
    FileFormatError
        The run only counts.
    """
    if store.run.is_count:
        raise FileFormatError(
            f"{store.path} holds the numbers of a count, and no regions. Ask `lens.count` for them, with this `store` "
            "and `resume=True`."
        )
    run, tally = store.run, store.tally
    status = Status.COMPLETE if store.is_complete else ended
    unknown = cast("Any", None)
    return StoredPartition(
        run.network, run.domain, run.engine, unknown, unknown, unknown, tally.per_layer, None, status,
        tally.certificate, store=store,
    )  # fmt: skip

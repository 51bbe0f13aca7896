"""Partitions that stay on the disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._arrays.gate import checked
from polytope_lens._kept import found_later
from polytope_lens.errors import FileFormatError, OptionError, Status, require
from polytope_lens.exact.owner_rows import integer_sides
from polytope_lens.exact.rows import ExactRows, cell_rows
from polytope_lens.lp.interior_point import float_inside
from polytope_lens.network.affine import affine_maps
from polytope_lens.network.pattern import find, pack, unpack
from polytope_lens.network.span import number_of
from polytope_lens.partition import parts
from polytope_lens.partition.partition import Partition
from polytope_lens.polyhedral_complex.locate import all_listed, region_patterns
from polytope_lens.region import of_packed_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike

    from polytope_lens._types import Floats, Ints, Words
    from polytope_lens.partition.store import Store
    from polytope_lens.region import Region

# Files that are kept in memory once they have been read.
MOST_FILES = 8


def _all(name: str) -> Any:
    """Finds a column of all regions, in memory."""
    return lambda partition: partition.column(name)


@checked
@found_later(
    packed_patterns=_all("patterns"),
    maps=lambda partition: partition.column("maps"),
    witnesses=lambda partition: partition.column("witnesses"),
)
@dataclass(frozen=True, eq=False, repr=False)
class StoredPartition(Partition):
    """The regions of a run, read from its folder when they are asked for.

    It answers whatever a :class:`.Partition` without corners does. Its length, its counts, single regions, `locate` and
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
        number = int(np.searchsorted(self._ends, index, side="right"))
        columns = self._read(number, self._kept("witnesses"))
        row = index - (int(self._ends[number - 1]) if number else 0)
        words = columns["patterns"][row]
        inside = columns["witnesses"][row] if "witnesses" in columns else self._inside(words[None])[0]
        return of_packed_pattern(self.network, words, self.domain, inside)

    @property
    def _ends(self) -> Ints:
        return np.cumsum([part.n_regions for part in self.store.parts])

    def _kept(self, *names: str) -> tuple[str, ...]:
        return tuple(name for name in names if name in (self.store.run.keep or ()))

    def _read(self, number: int, names: tuple[str, ...]) -> dict[str, Any]:
        return _columns(self.store, number, names)

    def _inside(self, words: Words) -> Floats:
        """A point inside each region; exact linear programs."""
        source, sides = ExactRows(self.network), integer_sides(self.domain)
        rows = (cell_rows(self.network, source, bits) for bits in unpack(words, self.network.n_neurons))
        return np.array([float_inside(cell + sides, self.network.input_dim) for cell in rows])

    def pieces(self, *names: str) -> Iterator[dict[str, Any]]:
        """The regions part by part, in canonical order, in the memory of one part.

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
        return (self._read(number, names) for number in range(len(self.store.parts)))

    def column(self, name: str) -> Any:
        """A column of all regions in memory: patterns, packed, or what was kept; else it is found from the patterns.

        Parameters
        ----------
        name : "patterns", "witnesses", "maps" or "volumes"
        """
        if name == "patterns" or self._kept(name):
            found = [piece[name] for piece in self.pieces(*self._kept(name))]
            return np.concatenate(found) if found else np.zeros((0, 1), np.uint64)
        if name == "witnesses":
            return self._inside(self.packed_patterns)
        if name == "maps":
            return affine_maps(self.network, self.packed_patterns)
        return super().volumes()

    def volumes(self) -> Floats:
        """Length, area or volume of each region, (n_regions,); rounded. As they were kept, or found now, one by one."""
        return cast("Floats", self.column("volumes"))

    def locate(self, X: ArrayLike) -> Ints:
        """Index of the region that holds each point, (n, d) -> (n,); exact. See :func:`.locate.locate`.

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
        starts = [part.span.first for part in self.store.parts]
        numbers = [number_of(words, self.network.n_neurons) for words in wanted]
        holding = np.searchsorted(np.array(starts, dtype=object), np.array(numbers, dtype=object), side="right") - 1
        for number in np.unique(holding[holding >= 0]).tolist():
            some = np.flatnonzero(holding == number)
            found = find(self._read(number, ())["patterns"], wanted[some])
            before = int(self._ends[number - 1]) if number else 0
            index[some] = np.where(found < 0, -1, found + before)
        return all_listed(self, rows, index)

    @property
    def dataset(self) -> Any:
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
            if not self.store.is_intact(part):
                raise FileFormatError(
                    f"{self.store.place(part)} is not as it was written. Run again with `resume=True`, which finds its "
                    "regions anew."
                )

    def __repr__(self) -> str:
        return f"{super().__repr__()[:-1]}, in {self.store.path})".replace("Partition(", "StoredPartition(", 1)


@lru_cache(maxsize=MOST_FILES)
def _columns(store: Store, number: int, names: tuple[str, ...]) -> dict[str, Any]:
    part, network = store.parts[number], store.run.network
    return parts.read(store.place(part), network, names) if part.file else parts.nothing(network, names)


def stored(store: Store) -> StoredPartition:
    """The partition of a run that keeps regions.

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
    status = Status.COMPLETE if store.is_complete else Status.UNFINISHED
    unknown = cast("Any", None)
    return StoredPartition(
        run.network, run.domain, run.engine, unknown, unknown, unknown, tally.per_layer, None, status,
        tally.certificate, store=store,
    )  # fmt: skip

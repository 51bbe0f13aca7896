"""Regions of a run as Parquet: what is kept of each, and how it is found again.

Columns, one row for each region, in canonical order:

``pattern``
    The activation pattern as bytes, first bit highest, filled up with zeros: bytes compare as patterns do.
``witness`` [d], ``map`` [out (d + 1)], ``volume``
    As in `Partition`, where they are kept; maps row by row.
``vertices`` [n][d]
    Corners, a list for each region.

Other programs read them as they are: see docs/scale.md.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, Required, TypedDict, get_args

import numpy as np

from polytope_lens.errors import FileFormatError, OptionError, require
from polytope_lens.network.pattern import n_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from polytope_lens._types import Floats, Ints, Words
    from polytope_lens.network.network import Network

KeptColumn = Literal["witnesses", "maps", "volumes", "vertices"]
StoredColumn = Literal["patterns", "witnesses", "maps", "volumes"]
KEPT: dict[KeptColumn, str] = dict(zip(get_args(KeptColumn), ("witness", "map", "volume", "vertices"), strict=True))
"""What may be kept besides patterns, and the names of its columns."""
Columns = dict[str, Any]


class StoredPiece(TypedDict, total=False):
    """Columns of some regions, those that were asked for; patterns are packed."""

    patterns: Required[Words]
    witnesses: Floats
    maps: Floats
    volumes: Floats
    vertices: tuple[Ints, Floats]


GROUP = 2**16
"""Regions of a file that are read together."""


def kept(names: Iterable[str]) -> tuple[KeptColumn, ...]:
    """What is to be kept, in the order of `KEPT`.

    Raises
    ------
    OptionError
    """
    if isinstance(names, str) or not set(names) <= set(KEPT):
        raise OptionError(f"`keep` should be a list of names among {', '.join(KEPT)}, but received {names!r}.")
    return tuple(name for name in KEPT if name in set(names))


def content(network: Network, columns: Columns) -> bytes:
    """Regions as a file.

    Parameters
    ----------
    columns : dict
        ``"patterns"`` (n, n_words), and by the names of `KEPT` arrays, first axes being the region; of vertices,
        a pair: where each region's begin, (n + 1,), and all of them, (m, d).
    """
    pa, pq = _arrow()
    patterns = np.ascontiguousarray(octets(columns["patterns"], network))
    n, size = patterns.shape
    table = {"pattern": pa.FixedSizeBinaryArray.from_buffers(pa.binary(size), n, [None, pa.py_buffer(patterns)])}
    for name, column in KEPT.items():
        if name in columns:
            table[column] = _lists(pa, *columns[name]) if name == "vertices" else _fixed(pa, columns[name])
    compressed, split = _packing(table)
    file = pa.BufferOutputStream()
    pq.write_table(
        pa.table(table),
        file,
        compression=compressed,
        compression_level={"pattern": 3},
        column_encoding=split,
        use_dictionary=False,
        write_statistics=["pattern", "volume"],
        write_page_checksum=True,
        row_group_size=GROUP,
    )
    return bytes(file.getvalue())


class PartFile:
    """A file, of which groups of `GROUP` regions are read as they are asked for.

    Parameters
    ----------
    path : Path
    held : buffer
        What the file holds.
    network : Network
    """

    def __init__(self, path: Path, held: Any, network: Network) -> None:
        pa, pq = _arrow()
        self._path, self._network = path, network
        with self._told():
            self._file = pq.ParquetFile(pa.BufferReader(held), page_checksum_verification=True)

    @property
    def n_groups(self) -> int:
        """How many groups of regions there are."""
        return int(self._file.num_row_groups)

    @property
    def firsts(self) -> list[bytes]:
        """The first pattern of each group."""
        described = self._file.metadata
        return [described.row_group(i).column(0).statistics.min for i in range(self.n_groups)]

    def read(self, group: int, names: Iterable[KeptColumn] = ()) -> Columns:
        """Columns of a group, as `content` takes them, and patterns.

        Raises
        ------
        FileFormatError
        """
        with self._told():
            table = self._file.read_row_group(group, columns=["pattern", *(KEPT[name] for name in names)])
            found: Columns = {"patterns": _patterns(table["pattern"], self._network)}
            d, n_outputs = self._network.input_dim, self._network.output_dim
            for name in names:
                column = table[KEPT[name]].combine_chunks()
                if name == "vertices":
                    starts = column.offsets.to_numpy().astype(np.int64)
                    found[name] = starts - starts[0], column.flatten().flatten().to_numpy().reshape(-1, d)
                elif name == "volumes":
                    found[name] = column.to_numpy()
                else:
                    shape = (d,) if name == "witnesses" else (n_outputs, d + 1)
                    found[name] = column.flatten().to_numpy().reshape(len(table), *shape)
        return found

    @contextmanager
    def _told(self) -> Iterator[None]:
        pa, _ = _arrow()
        try:
            yield
        except (pa.ArrowException, OSError, KeyError, ValueError) as error:
            raise FileFormatError(
                f"{self._path} is damaged. Run again with `resume=True`, which finds its regions anew."
            ) from error


def octets(packed: Words, network: Network) -> NDArray[np.uint8]:
    """Packed patterns (n, n_words) as they stand in files, (n, n_bytes): in whose order they are, too."""
    size = max(1, -(-network.n_neurons // 8))
    return np.ascontiguousarray(packed.astype(">u8")).view(np.uint8).reshape(len(packed), -1)[:, :size]


def nothing(network: Network, names: Iterable[str] = ()) -> Columns:
    """The columns of a part without regions."""
    d, none = network.input_dim, np.zeros(0)
    empty: Columns = {
        "witnesses": none.reshape(0, d),
        "maps": none.reshape(0, network.output_dim, d + 1),
        "volumes": none,
        "vertices": (np.zeros(1, np.int64), none.reshape(0, d)),
    }
    patterns = np.zeros((0, n_words(network.n_neurons)), np.uint64)
    return {"patterns": patterns, **{name: empty[name] for name in names}}


def _packing(names: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Compression and encoding of columns, by their names within a file.

    Patterns begin as their neighbours do, and corners are shared with them: zstd finds what is alike. Digits of other
    floats are as good as random but for the first ones: with first bytes together, and so on, lz4 finds these.
    """
    alike, random = {"pattern": "pattern", "vertices": "vertices.list.element.list.element"}, {"volume": "volume"}
    random |= {name: f"{name}.list.element" for name in ("witness", "map")}
    compressed = {alike[name]: "zstd" for name in names if name in alike}
    mixed = [random[name] for name in names if name in random]
    return compressed | dict.fromkeys(mixed, "lz4"), dict.fromkeys(mixed, "BYTE_STREAM_SPLIT")


def _patterns(column: Any, network: Network) -> Words:
    chunk = column.combine_chunks()
    size, n = chunk.type.byte_width, len(chunk)
    held = np.frombuffer(chunk.buffers()[1], np.uint8, n * size, chunk.offset * size).reshape(n, size)
    filled = np.zeros((n, 8 * n_words(network.n_neurons)), np.uint8)
    filled[:, :size] = held
    words: Words = filled.view(">u8").astype(np.uint64)
    return words


def _fixed(pa: Any, values: Floats) -> Any:
    if values.ndim == 1:
        return pa.array(values)
    rows = values.reshape(len(values), -1)
    return pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), rows.shape[1])


def _lists(pa: Any, starts: Ints, points: Floats) -> Any:
    corners = pa.FixedSizeListArray.from_arrays(pa.array(points.ravel()), points.shape[1])
    return pa.ListArray.from_arrays(pa.array(starts.astype(np.int32)), corners)


def _arrow() -> tuple[Any, Any]:
    pa: Any = require("pyarrow", extra="data", purpose="`store` of regions")
    pq: Any = require("pyarrow.parquet", extra="data", purpose="`store` of regions")
    return pa, pq

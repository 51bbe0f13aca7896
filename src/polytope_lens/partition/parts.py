"""Regions of a run as Parquet: what is kept of each, and how it is found again.

Columns, one row for each region, in canonical order:

``pattern``
    The activation pattern as bytes, first bit highest, filled up with zeros: bytes compare as patterns do.
``witness`` [d], ``map`` [out (d + 1)], ``volume``
    As in :class:`.Partition`, where they are kept; maps row by row.
``vertices`` [n][d]
    Corners, a list for each region.

Other programs read them as they are: see docs/scale.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens.errors import FileFormatError, OptionError, require
from polytope_lens.io.files import read_bytes
from polytope_lens.network.pattern import n_words

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from polytope_lens._types import Floats, Ints, Words
    from polytope_lens.network.network import Network

KEPT = {"witnesses": "witness", "maps": "map", "volumes": "volume", "vertices": "vertices"}
"""What may be kept besides patterns, and the names of its columns."""
Columns = dict[str, Any]


def kept(names: Iterable[str]) -> tuple[str, ...]:
    """What is to be kept, in the order of :data:`KEPT`.

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
        ``"patterns"`` (n, n_words), and by the names of :data:`KEPT` arrays, first axes being the region; of vertices,
        a pair: where each region's begin, (n + 1,), and all of them, (m, d).
    """
    pa, pq = _arrow()
    patterns = columns["patterns"]
    n = len(patterns)
    octets = np.ascontiguousarray(patterns.astype(">u8")).view(np.uint8).reshape(n, -1)[:, : _n_bytes(network)]
    table = {
        "pattern": pa.FixedSizeBinaryArray.from_buffers(pa.binary(octets.shape[1]), n, [None, _buffer(pa, octets)])
    }
    for name, column in KEPT.items():
        if name in columns:
            table[column] = _lists(pa, *columns[name]) if name == "vertices" else _fixed(pa, columns[name])
    file = pa.BufferOutputStream()
    pq.write_table(
        pa.table(table), file, compression="zstd", use_dictionary=False, write_page_checksum=True, store_schema=True
    )
    return bytes(file.getvalue())


def read(path: Path, network: Network, names: Iterable[str] = ()) -> Columns:
    """Columns of a file, as :func:`content` takes them, and patterns.

    Raises
    ------
    FileFormatError
    """
    pa, pq = _arrow()
    try:
        wanted = ["pattern", *(KEPT[name] for name in names)]
        table = pq.read_table(
            pa.BufferReader(read_bytes(path)), columns=wanted, page_checksum_verification=True
        ).combine_chunks()
        found: Columns = {"patterns": _patterns(table["pattern"], network)}
        d = network.input_dim
        for name in names:
            column = table[KEPT[name]].combine_chunks()
            if name == "vertices":
                starts = column.offsets.to_numpy().astype(np.int64)
                found[name] = starts - starts[0], column.flatten().flatten().to_numpy().reshape(-1, d)
            elif name == "volumes":
                found[name] = column.to_numpy()
            else:
                shape = (d,) if name == "witnesses" else (network.output_dim, d + 1)
                found[name] = column.flatten().to_numpy().reshape(len(table), *shape)
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise FileFormatError(
            f"{path} is damaged. Run again with `resume=True`, which finds its regions anew."
        ) from error
    return found


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


def _patterns(column: Any, network: Network) -> Words:
    chunk = column.combine_chunks()
    size, n = _n_bytes(network), len(chunk)
    octets = np.frombuffer(chunk.buffers()[1], np.uint8, n * size, chunk.offset * size).reshape(n, size)
    filled = np.zeros((n, 8 * n_words(network.n_neurons)), np.uint8)
    filled[:, :size] = octets
    words: Words = filled.view(">u8").astype(np.uint64)
    return words


def _n_bytes(network: Network) -> int:
    return max(1, -(-network.n_neurons // 8))


def _fixed(pa: Any, values: Floats) -> Any:
    if values.ndim == 1:
        return pa.array(values)
    rows = values.reshape(len(values), -1)
    return pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), rows.shape[1])


def _lists(pa: Any, starts: Ints, points: Floats) -> Any:
    corners = pa.FixedSizeListArray.from_arrays(pa.array(points.ravel()), points.shape[1])
    return pa.ListArray.from_arrays(pa.array(starts.astype(np.int32)), corners)


def _buffer(pa: Any, octets: NDArray[np.uint8]) -> Any:
    return pa.py_buffer(np.ascontiguousarray(octets))


def _arrow() -> tuple[Any, Any]:
    pa: Any = require("pyarrow", extra="data", purpose="`store` of regions")
    pq: Any = require("pyarrow.parquet", extra="data", purpose="`store` of regions")
    return pa, pq

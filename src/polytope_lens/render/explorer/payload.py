"""Arrays as text that a page carries along, and reads without a library.

A payload is base64 of gzip of: the length of a header, 4 bytes, little-endian; the header, JSON, with what the arrays
are about under ``told`` and a list of ``[name, type, shape, is_summed]`` under ``arrays``; and the arrays. Each goes
byte by byte: the first bytes of all its numbers, then the second ones, which compress better that way. Whole numbers
are differences from the number before (``is_summed``).
"""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

# As the page knows them.
TYPES = {"u1": np.uint8, "i4": np.int32, "f4": np.float32, "f8": np.float64}


def packed(told: Mapping[str, object], arrays: Mapping[str, NDArray[Any]]) -> str:
    """Arrays of the types above, and what can be written as JSON, as text.

    Equal content gives equal text, on every day.
    """
    described, parts = [], []
    for name, array in arrays.items():
        kind = array.dtype.newbyteorder("<")
        code = kind.str[1:]
        if code not in TYPES:
            raise TypeError(f"the page knows no numbers of type {array.dtype}")
        is_summed = code == "i4"
        flat = np.ascontiguousarray(array, dtype=kind).ravel()
        if is_summed:
            flat = np.diff(flat, prepend=np.zeros(1, dtype=kind)).astype(kind)
        described.append([name, code, list(array.shape), is_summed])
        parts.append(flat.view(np.uint8).reshape(-1, kind.itemsize).T.tobytes())
    header = json.dumps({"told": told, "arrays": described}, allow_nan=False, separators=(",", ":")).encode("ascii")
    content = b"".join([len(header).to_bytes(4, "little"), header, *parts])
    return base64.b64encode(gzip.compress(content, 6, mtime=0)).decode("ascii")


def unpacked(text: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """What `packed` was given: the page's own reading of it is ``page/payload.js``."""
    content = gzip.decompress(base64.b64decode(text))
    length = int.from_bytes(content[:4], "little")
    header = json.loads(content[4 : 4 + length])
    arrays, start = {}, 4 + length
    for name, code, shape, is_summed in header["arrays"]:
        kind = np.dtype(TYPES[code]).newbyteorder("<")
        size = int(np.prod(shape, dtype=np.int64))
        stop = start + size * kind.itemsize
        raw = np.frombuffer(content[start:stop], dtype=np.uint8).reshape(kind.itemsize, size)
        numbers = np.ascontiguousarray(raw.T).view(kind).ravel()
        arrays[name] = (np.cumsum(numbers, dtype=kind) if is_summed else numbers).reshape(shape)
        start = stop
    return header["told"], arrays

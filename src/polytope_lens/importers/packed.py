"""Files that may be packed by gzip."""

from __future__ import annotations

import gzip
import io
import zlib
from typing import TYPE_CHECKING

from polytope_lens.errors import FileFormatError

if TYPE_CHECKING:
    from pathlib import Path

# Largest file that is unpacked: no ONNX model is larger, since protobuf has no larger messages.
MOST_BYTES = 2**31


def content(path: Path) -> bytes:
    """What a file holds, unpacked if it is packed.

    Raises
    ------
    FileFormatError
        It cannot be read, is damaged, or holds more than 2 GB.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileFormatError(f"{path} cannot be read: {error.strerror or error}.") from error
    if data[:2] != b"\x1f\x8b":
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            found = stream.read(MOST_BYTES)
            more = bool(stream.read(1))
    except (OSError, EOFError, zlib.error) as error:
        raise FileFormatError(f"{path} is damaged: it cannot be unpacked ({error}).") from error
    if more:
        raise FileFormatError(f"{path} holds more than {MOST_BYTES} bytes when it is unpacked, too many for a model.")
    return found

"""Files that may be packed by gzip."""

from __future__ import annotations

import gzip
import io
import zlib
from typing import TYPE_CHECKING

from polytope_lens.errors import FileFormatError
from polytope_lens.io.files import read_bytes

if TYPE_CHECKING:
    from pathlib import Path

# Largest file that is unpacked: no ONNX model is larger, since protobuf has no larger messages.
MOST_BYTES = 2**31
# Room is asked for so much at a time, and not for all that there might be.
PIECE = 2**20


def content(path: Path) -> bytes:
    """What a file holds, unpacked if it is packed.

    Raises
    ------
    MissingFileError, FileAccessError
    FileFormatError
        It is damaged, or holds more than 2 GB.
    """
    data = read_bytes(path)
    if data[:2] != b"\x1f\x8b":
        return data
    found = io.BytesIO()
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            while found.tell() <= MOST_BYTES and (piece := stream.read(PIECE)):
                found.write(piece)
    except (OSError, EOFError, zlib.error) as error:
        raise FileFormatError(f"{path} is damaged: it cannot be unpacked ({error}).") from error
    if found.tell() > MOST_BYTES:
        raise FileFormatError(f"{path} holds more than {MOST_BYTES} bytes when it is unpacked, too many for a model.")
    return found.getvalue()

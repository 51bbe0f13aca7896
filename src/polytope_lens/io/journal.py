"""Files that only grow, a line for each thing that was done, of which any beginning is valid.

Each line is a JSON object, a tab, and the first half of the SHA-256 of all that is before it in the file. So a line
that was cut off, changed, moved or left out ends what counts. Lines are on the disk before :meth:`Journal.add` returns.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from polytope_lens.io.files import read_bytes

if TYPE_CHECKING:
    from pathlib import Path

    Entry = dict[str, Any]

DIGITS = 32


class Beginning(NamedTuple):
    """What counts of a journal: its entries, how many bytes they take, and whether something follows that does not."""

    entries: list[Entry]
    size: int
    is_whole: bool
    digest: Any


def read_journal(path: Path) -> Beginning:
    """The entries up to the first line that is not as it was written.

    Raises
    ------
    MissingFileError, FileAccessError
    """
    content = read_bytes(path)
    digest, entries, size = hashlib.sha256(), [], 0
    for line in content.splitlines(keepends=True):
        text, _, seal = line.partition(b"\t")
        if seal != _seal(digest, text):
            break
        digest.update(line)
        entries.append(json.loads(text))
        size += len(line)
    return Beginning(entries, size, size == len(content), digest)


class Journal:
    """A journal that is written to, by one process at a time."""

    def __init__(self, path: Path) -> None:
        """Go on with a journal, or begin one; what does not count is cut off."""
        self._descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o666)
        try:
            self.entries, self._size, is_whole, self._digest = read_journal(path)
            if not is_whole:
                os.ftruncate(self._descriptor, self._size)
                os.fsync(self._descriptor)
        except BaseException:
            os.close(self._descriptor)
            raise

    def add(self, entry: Entry) -> None:
        """Write a line; when this returns, it outlives a loss of power. If it fails, the journal is as it was."""
        text = json.dumps(entry, separators=(",", ":")).encode("ascii")
        line = text + b"\t" + _seal(self._digest, text)
        try:
            write_at(self._descriptor, line, self._size)
            os.fsync(self._descriptor)
        except BaseException:
            os.ftruncate(self._descriptor, self._size)
            raise
        self._digest.update(line)
        self._size += len(line)
        self.entries.append(entry)

    def close(self) -> None:
        """Write no more."""
        os.close(self._descriptor)


def _seal(before: Any, text: bytes) -> bytes:
    """What ends a line."""
    digest = before.copy()
    digest.update(text)
    return bytes(digest.hexdigest()[:DIGITS].encode("ascii")) + b"\n"


def write_at(descriptor: int, data: bytes, place: int = 0) -> None:
    """Write all of some bytes at a place of a file."""
    os.lseek(descriptor, place, os.SEEK_SET)
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]

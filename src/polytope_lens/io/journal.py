"""Files that only grow, a line for each thing that was done, of which any lines are valid.

Each line is a JSON object, a tab, and the first half of the SHA-256 of that object. So a line that was cut off or
changed does not count, and costs the others nothing. The object names what the journal is about, so lines of another
one are told from damaged ones. Lines are on the disk before `Journal.add` returns.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from polytope_lens.errors import FileFormatError
from polytope_lens.io.files import read_bytes, sync_folder

if TYPE_CHECKING:
    from pathlib import Path

    Entry = dict[str, Any]

DIGITS = 32
ABOUT = "run"


class Lines(NamedTuple):
    """What counts of a journal, and how many bytes its lines take; what follows them was cut off."""

    entries: list[Entry]
    size: int
    is_whole: bool


def read_journal(path: Path, about: str) -> Lines:
    """The entries of all lines that are as they were written.

    Raises
    ------
    MissingFileError, FileAccessError
    FileFormatError
        A line of a journal about something else.
    """
    content = read_bytes(path)
    size = content.rfind(b"\n") + 1
    entries = []
    for line in content[:size].split(b"\n"):
        text, _, seal = line.partition(b"\t")
        if seal != _seal(text):
            continue
        entry = json.loads(text)
        if entry.pop(ABOUT, None) != about:
            raise FileFormatError(
                f"{path} has lines of another run than that of its folder. Put the journal back that was there."
            )
        entries.append(entry)
    return Lines(entries, size, size == len(content))


class Journal:
    """A journal that is written to, by one process at a time."""

    def __init__(self, path: Path, about: str) -> None:
        """Go on with a journal, or begin one; a line that was cut off goes."""
        self._about = about
        self._descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o666)
        try:
            sync_folder(path.parent)
            self.entries, self._size, is_whole = read_journal(path, about)
            if not is_whole:
                os.ftruncate(self._descriptor, self._size)
                os.fsync(self._descriptor)
        except BaseException:
            os.close(self._descriptor)
            raise

    def add(self, entry: Entry) -> None:
        """Write a line; when this returns, it outlives a loss of power. If it fails, the journal is as it was."""
        text = json.dumps({ABOUT: self._about, **entry}, separators=(",", ":")).encode("ascii")
        line = text + b"\t" + _seal(text) + b"\n"
        try:
            write_at(self._descriptor, line, self._size)
            os.fsync(self._descriptor)
        except BaseException:
            with suppress(OSError):  # what is left of it does not count, or is true
                os.ftruncate(self._descriptor, self._size)
            raise
        self._size += len(line)
        self.entries.append(entry)

    def close(self) -> None:
        """Write no more."""
        os.close(self._descriptor)


def _seal(text: bytes) -> bytes:
    """What ends a line."""
    return hashlib.sha256(text).hexdigest()[:DIGITS].encode("ascii")


def write_at(descriptor: int, data: bytes, place: int = 0) -> None:
    """Write all of some bytes at a place of a file."""
    os.lseek(descriptor, place, os.SEEK_SET)
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]

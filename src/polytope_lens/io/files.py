"""Files that are read or refused in one sentence, and that are complete or not there.

Every file that this library writes is written here: beside its place, under a name that no other program uses, and then
moved. What a process that was killed left behind goes when the next file is written into the same folder. A process
keeps its file locked, so nobody takes what another one is about to write for a leftover.
"""

from __future__ import annotations

import os
import shutil
import sys
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from polytope_lens._arrays import validate
from polytope_lens.errors import FileAccessError, MissingFileError

if TYPE_CHECKING:
    from collections.abc import Iterator

if sys.platform != "win32":
    import fcntl

FREE_BYTES, MOST_GROWTH = 2**28, 100
"""What an archive unpacks to may take so many bytes, or so many times its own."""
LEFTOVER = (".polytope-lens-", ".tmp")
"""How the names of unfinished files begin and end."""


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """All that a file holds.

    Raises
    ------
    MissingFileError, FileAccessError
    """
    with open_to_read(path) as file:
        return file.read()


@contextmanager
def open_to_read(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A file, open to be read; what the system says against it is raised with the name of the file.

    Raises
    ------
    MissingFileError, FileAccessError
    """
    path = validate.path(path, name="a file to be read")
    with named(path, "read"), path.open("rb") as file:
        yield file


def most_unpacked(size: int) -> int:
    """How many bytes an archive of so many may claim to hold, before memory is asked for."""
    return max(FREE_BYTES, MOST_GROWTH * size)


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A file that appears at `path` when it is complete, and not before.

    An existing file is replaced at once, or kept if anything fails; so are its permissions. What is no ordinary file,
    such as ``/dev/stdout``, is written to as it is.

    Raises
    ------
    MissingFileError
        There is no folder to write it in.
    FileAccessError
        No room, no permission, or a folder of that name.
    """
    path = validate.path(path, name="a file to be written")
    with named(path, "written"):
        is_other = path.exists() and not path.is_file()
    if is_other:
        with named(path, "written"), path.open("wb") as file:
            yield file
        return
    with whole_path(path) as temporary, named(path, "written"), opened(temporary) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def whole_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """The place of an empty file that others write, and that is moved to `path` when they are done.

    Raises
    ------
    MissingFileError, FileAccessError
        As of `whole_file`.
    """
    path = Path(path)
    with named(path, "written"):
        path = Path(os.path.realpath(path))  # what a link points to is written, not the link
        clear_leftovers(path.parent)
        temporary, descriptor = _new_file(path.parent)
    try:
        if path.exists():
            with suppress(OSError):
                shutil.copymode(path, temporary)
        yield temporary
        with named(path, "written"):
            temporary.replace(path)
    finally:
        with suppress(OSError):  # of a name that is not there any more, most of the time
            temporary.unlink(missing_ok=True)
        os.close(descriptor)


@contextmanager
def whole_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A folder that others fill, and that is moved to `path`, where none should be, when they are done.

    Raises
    ------
    MissingFileError, FileAccessError
        As of `whole_file`.
    """
    path = Path(path)
    with named(path, "written"):
        clear_leftovers(path.parent)
        temporary = path.parent / leftover_name()
        temporary.mkdir()
        descriptor = os.open(temporary, os.O_RDONLY) if sys.platform != "win32" else None
    try:
        if descriptor is not None:
            lock(descriptor)
        with named(path, "written"):
            yield temporary
            temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        if descriptor is not None:
            os.close(descriptor)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a text as UTF-8, all of it or nothing."""
    with whole_file(path) as file:
        file.write(text.encode("utf-8"))


def opened(path: Path) -> BinaryIO:
    """The unfinished file; tests put one here that fails."""
    return path.open("wb")


def leftover_name() -> str:
    """A name that nobody else takes for an unfinished file or folder."""
    return uuid.uuid4().hex.join(LEFTOVER)


def clear_leftovers(folder: Path) -> None:
    """Delete the unfinished files and folders of processes that are no more."""
    with os.scandir(folder) as entries:
        unfinished = [Path(entry) for entry in entries if entry.name.startswith(LEFTOVER[0])]
    for path in unfinished:
        if path.name.endswith(LEFTOVER[1]) and not path.is_symlink():
            with suppress(OSError):  # of another user, or just cleared by somebody else
                _clear(path)


def _clear(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if not lock(descriptor):
            return
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    finally:
        os.close(descriptor)


def _new_file(folder: Path) -> tuple[Path, int]:
    """A new empty file with a lock on it, which ends with this process at the latest."""
    while True:
        path = folder / leftover_name()
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)
        if lock(descriptor) and path.exists():  # nobody took it for a leftover before it was locked
            return path, descriptor
        os.close(descriptor)


def lock(descriptor: int) -> bool:
    """Lock a file if nobody has; where there are no such locks, open files cannot be deleted anyway."""
    if sys.platform != "win32":
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def sync_folder(path: Path) -> None:
    """Let the names in a folder outlive a loss of power, where a system can promise that."""
    if sys.platform != "win32":
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def named(path: Path, done: str) -> Iterator[None]:
    """Give what the system raises the name of the file, and what was to be done with it."""
    try:
        yield
    except (MissingFileError, FileAccessError):
        raise
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        kind = MissingFileError if missing else FileAccessError
        if missing and done == "read":
            why = "there is no such file. Look for a slip in its name."
        elif missing:
            why = f"there is no folder {path.parent}. Make it first."
        else:
            why = f"{error.strerror or error}."
        named = kind(f"{path} cannot be {done}: {why}")
        named.errno = error.errno
        raise named from error

"""Machine code kept on disk: where, and that nothing that can happen to it keeps a program from working.

A file holds what one function is for arguments of one look. Its name says for which, from which sources, and for which
processor and compiler; so what is stale is not found, and goes when its like is written anew. It stands beside the
sources or in the user's cache; where neither can be written to, a folder for temporary files serves, and at last none.
A file that cannot be written, for want of room, is done without. One that is not what was written, as after a loss of
power, is compiled anew and replaced: each ends with its SHA-256. What comes with a wheel (`families`) is
looked for where nothing was kept.
"""

from __future__ import annotations

import atexit
import os
import shutil
import stat
import sys
import tempfile
import warnings
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from polytope_lens._compiled.families import SHIPPED, fitting, label
from polytope_lens._compiled.sources import PACKAGE, digest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FunctionType

SIZE = sha256().digest_size
SUFFIX = ".machine"
FOLDER = "NUMBA_CACHE_DIR"
"""The variable that names a folder for machine code: numba's, because who sets it means it for all."""
told: list[str] = []
"""What users have been told in this process."""
takes_shipped = [True]
"""Whether code for a family of processors will do."""


class KeptCode:
    """The files of one function."""

    __slots__ = ("_name", "_sources", "module")

    def __init__(self, function: FunctionType) -> None:
        self.module = Path(function.__code__.co_filename)
        self._name = f"{_dotted(self.module)}.{function.__qualname__}"
        self._sources = ""

    def exists(self) -> bool:
        """Whether there is any from these sources."""
        pattern = f"{self._name}-*{SUFFIX}"
        found = (path.name for folder, _ in self._folders("") for path in folder.glob(pattern))
        return any(name.startswith(self._beginning()) for name in found)

    def read(self, look: str, host: str) -> bytes | None:
        """What was kept; None if there is nothing, or it is damaged."""
        paths = (folder / self._file(look, one) for folder, hosts in self._folders(host) for one in hosts)
        for path in paths:
            with suppress(OSError):
                data = path.read_bytes()
                if sha256(data[:-SIZE]).digest() == data[-SIZE:]:
                    return data[:-SIZE]
        return None

    def write(self, look: str, host: str, data: bytes) -> Path | None:
        """Keep it where that is possible, and let go of what is stale there; the file, if there is one now."""
        folder = folder_to_write(self.module)
        if folder is None:
            return None
        path = folder / self._file(look, host)
        unfinished = path.with_suffix(f".{os.getpid()}")
        try:
            unfinished.write_bytes(data + sha256(data).digest())
            unfinished.replace(path)
            for other in folder.glob(f"{self._name}-*{SUFFIX}"):
                if not other.name.startswith(self._beginning()):
                    other.unlink(missing_ok=True)
        except OSError as error:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
            say_once(f"machine code cannot be kept in {folder}: {error.strerror or error}.")
            return None
        return path

    def _folders(self, host: str) -> Iterator[tuple[Path, tuple[str, ...]]]:
        """Where it may be, and for which hosts: also where it could not be written, as in an image of another user's.

        A folder to write to is looked for last, and only if it is not elsewhere.
        """
        for folder in places(self.module):
            yield folder, (host,)
        if families := fitting() if takes_shipped[0] else ():
            yield SHIPPED, tuple(map(label, families))
        if (last := folder_to_write(self.module)) is not None:
            yield last, (host,)

    def _beginning(self) -> str:
        self._sources = self._sources or digest(self.module)[:16]
        return f"{self._name}-{self._sources}"

    def _file(self, look: str, host: str) -> str:
        key = sha256(f"{look}\n{host}".encode()).hexdigest()[:16]
        return f"{self._beginning()}-{key}{SUFFIX}"


def _dotted(module: Path) -> str:
    """What stands for a module in names of files."""
    try:
        return ".".join(module.relative_to(PACKAGE).with_suffix("").parts)
    except ValueError:
        return f"{module.stem}-{sha256(str(module).encode()).hexdigest()[:8]}"


@cache
def places(module: Path) -> tuple[Path, ...]:
    """Where machine code of a module may be, the best place first; if a folder was named, there alone."""
    if given := os.environ.get(FOLDER):
        return (Path(given).absolute() / "polytope_lens",)
    beside = module.absolute().parent / "__pycache__"
    with suppress(RuntimeError):  # this user has no home
        return (beside, _users_cache() / "polytope_lens")
    return (beside,)


@cache
def folder_to_write(module: Path) -> Path | None:
    """The first place that can be written to."""
    return next(filter(_can_be_written_to, places(module)), None) or temporary_folder()


def _users_cache() -> Path:
    """The folder that a system has for such files."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home() / "AppData" / "Local")))
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _can_be_written_to(folder: Path) -> bool:
    """Whether a file can be made there; room for it is another matter."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


@cache
def temporary_folder() -> Path | None:
    """A folder that nobody else can write to, the same for all processes of this user where possible."""
    folder: Path | None
    try:
        user = os.getuid() if hasattr(os, "getuid") else 0
        folder = Path(tempfile.gettempdir()) / f"polytope-lens-{user}"
        folder.mkdir(mode=0o700, exist_ok=True)
        if not _is_private(folder):
            folder = Path(tempfile.mkdtemp(prefix="polytope-lens-"))
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        folder = None
    where = "is compiled anew by each process" if folder is None else f"is kept in {folder}"
    say_once(f"neither the folder of the package nor the user's cache can be written to: machine code {where}.")
    return folder


def _is_private(folder: Path) -> bool:
    """Whether it is a folder of this user to which nobody else can write; what is read from there is trusted."""
    found = folder.lstat()
    is_own = not hasattr(os, "getuid") or (found.st_uid == os.getuid() and not found.st_mode & 0o077)
    return stat.S_ISDIR(found.st_mode) and is_own


def say_once(text: str) -> None:
    """Warn of what makes programs slow to start; the first such thing is enough."""
    if not told:
        told.append(text)
        warnings.warn(f"{text} Set {FOLDER} to a folder that can be written to.", stacklevel=2)

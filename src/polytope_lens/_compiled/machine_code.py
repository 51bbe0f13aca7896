"""Machine code kept on disk: where, and that nothing that can happen to it keeps a program from working.

numba looks for a place beside the sources, then in the user's cache; where neither can be written to, a folder for
temporary files serves, and at last none. A file that cannot be written, for want of room, is done without. One that is
not what was written, as after a loss of power, is compiled anew and replaced: each ends with its SHA-256, which numba's
reader does not see, since it stands behind the end of what was pickled.
"""

from __future__ import annotations

import atexit
import os
import pickle
import shutil
import stat
import tempfile
import warnings
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numba
from numba.core import caching as numba_caching

# numba is not typed.
caching: Any = numba_caching
SIZE = sha256().digest_size
told: list[str] = []
"""What users have been told in this process."""


class SealedFiles(caching.IndexDataCacheFile):  # type: ignore[misc]
    """The files of one function, each of which ends with its digest."""

    def _dump(self, obj: Any) -> bytes:
        data: bytes = super()._dump(obj)
        return data + sha256(data).digest()

    def _load_index(self) -> dict[Any, str]:
        """Which file holds which overload; none, if that is not known any more."""
        try:
            with Path(self._index_path).open("rb") as file:
                pickle.load(file)  # numba's version, which the digest is not about
                data = file.read()
            found: dict[Any, str] = super()._load_index() if _is_whole(data) else {}
        except Exception:  # no file, or a damaged one, which makes pickle raise nearly anything
            return {}
        return found

    def _load_data(self, name: str) -> Any:
        path = Path(self._data_path(name))
        if not _is_whole(path.read_bytes()):
            raise OSError(f"{path} is damaged")  # which numba takes for one that is not there
        return super()._load_data(name)


def _is_whole(data: bytes) -> bool:
    return sha256(data[:-SIZE]).digest() == data[-SIZE:]


class KeptCode(caching.FunctionCache):  # type: ignore[misc]
    """The machine code of one function on disk; a failure to read or write it is none of the program."""

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        stamp = self._impl.locator.get_source_stamp()
        self._cache_file: Any = SealedFiles(self._cache_path, self._impl.filename_base, stamp)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The code for a signature, or None."""
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # it is what was written, but not by the same releases of what it needs
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the code for a signature, if possible."""
        try:
            super().save_overload(sig, data)
        except OSError as error:
            say_once(f"machine code cannot be kept in {self.cache_path}: {error.strerror or error}.")


def kept_code(function: Any) -> KeptCode | None:
    """Where the code of a function is kept; None if nowhere."""
    try:
        return KeptCode(function)
    except (RuntimeError, OSError):  # numba has no place for it
        folder = temporary_folder()
    if folder is None:
        return None
    names = [name for name in ("CACHE_DIR", "CACHE_LOCATOR_CLASSES") if hasattr(numba.config, name)]
    before = [getattr(numba.config, name) for name in names]
    try:
        for name, value in zip(names, (str(folder), ""), strict=False):
            setattr(numba.config, name, value)
        return KeptCode(function)
    except (RuntimeError, OSError):
        return None
    finally:
        for name, value in zip(names, before, strict=True):
            setattr(numba.config, name, value)


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
        warnings.warn(f"{text} Set NUMBA_CACHE_DIR to a folder that can be written to.", stacklevel=2)

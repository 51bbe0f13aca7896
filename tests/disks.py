"""Disks that fail: calls of the system about one folder, any of which goes wrong, and what is left of the folder when
the power goes.

A :class:`Disk` stands between the library and the system while it is entered. It counts calls that change something,
and lets the one of a given number fail in a given way. It keeps as well what a disk may lose: of a file, what was
written since it was last synced, or any end of that; of a folder, each name that was made, changed or deleted since.
"""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path

import pytest

from polytope_lens.io import files

CALLS = ("open", "write", "fsync", "replace", "unlink", "ftruncate", "mkdir")
REAL = {name: getattr(os, name) for name in (*CALLS, "close")}
FAULTS = ("no room", "broken", "half", "crash", "half and crash")


class CrashError(BaseException):
    """The process is dead: nothing more is written."""


class _File(io.RawIOBase):
    """A file whose writes are calls of the system that can be seen."""

    def __init__(self, path):
        self._descriptor = None  # what could not be opened is closed, too
        self._descriptor = os.open(path, os.O_RDWR | os.O_TRUNC)

    def fileno(self):
        return self._descriptor

    def writable(self):
        return True

    def seekable(self):
        return True

    def seek(self, place, whence=0):
        return os.lseek(self._descriptor, place, whence)

    def write(self, data):
        return os.write(self._descriptor, bytes(data))

    def close(self):
        if not self.closed:
            super().close()
            if self._descriptor is not None:
                REAL["close"](self._descriptor)


class _Inode:
    def __init__(self, content=b""):
        self.durable, self.pending = content, []


class _Folder:
    def __init__(self):
        self.durable, self.current, self.pending = {}, {}, []

    def do(self, change):
        change(self.current)
        self.pending.append(change)


class Disk:
    """The folder `root`, whose call number `at` fails."""

    def __init__(self, root, at=-1, fault="crash"):
        self.root, self.at, self.fault = Path(root), at, fault
        self.n_calls, self.is_dead = 0, False
        self._things = {}
        self.tree = _Folder()
        self._folders = {self.root: self.tree}
        for folder in [self.root, *sorted(path for path in self.root.rglob("*") if path.is_dir())]:
            if folder != self.root:
                self._folders[folder] = _Folder()
                self._folders[folder.parent].do(_linked(folder.name, self._folders[folder]))
            for path in folder.iterdir():
                if path.is_file():
                    self._folders[folder].do(_linked(path.name, _Inode(path.read_bytes())))
        for folder in self._folders.values():
            folder.durable, folder.pending = dict(folder.current), []

    def __enter__(self):
        self._patch = pytest.MonkeyPatch()
        for name in CALLS:
            self._patch.setattr(os, name, getattr(self, f"_{name}"))
        self._patch.setattr(os, "close", self._close)
        self._patch.setattr(files, "opened", lambda path: io.BufferedWriter(_File(path)))
        return self

    def __exit__(self, *error):
        self._patch.undo()

    def _fails(self):
        """Whether this is the call that fails; raises where that is all it does."""
        if self.is_dead:
            raise CrashError
        self.n_calls += 1
        if self.n_calls - 1 != self.at:
            return False
        self.is_dead = "crash" in self.fault
        if not self.fault.startswith("half"):
            self._raise()
        return True

    def _raise(self):
        if self.is_dead:
            raise CrashError
        raise OSError(errno.ENOSPC if self.fault == "no room" else errno.EIO, "of a test")

    def _called(self):
        if self._fails():
            self._raise()

    def _of(self, path):
        path = Path(path)
        return self._folders.get(path.parent)

    def _open(self, path, flags, mode=0o777, **options):
        folder = self._of(path) if isinstance(path, str | os.PathLike) else None
        if folder is None and not (isinstance(path, str | os.PathLike) and Path(path) in self._folders):
            return REAL["open"](path, flags, mode, **options)
        name = Path(path).name
        if flags & (os.O_CREAT | os.O_TRUNC):
            self._called()
        descriptor = REAL["open"](path, flags, mode, **options)
        if Path(path) in self._folders:
            self._things[descriptor] = self._folders[Path(path)]
            return descriptor
        if name not in folder.current:
            folder.do(_linked(name, _Inode()))
        inode = folder.current[name]
        if flags & os.O_TRUNC:
            inode.pending.append(("truncate", 0, b""))
        self._things[descriptor] = inode
        return descriptor

    def _close(self, descriptor):
        self._things.pop(descriptor, None)
        REAL["close"](descriptor)

    def _write(self, descriptor, data):
        inode = self._things.get(descriptor)
        if inode is None:
            return REAL["write"](descriptor, data)
        place, data = os.lseek(descriptor, 0, os.SEEK_CUR), bytes(data)
        is_wrong = self._fails()
        if is_wrong:
            data = data[: len(data) // 2]
        REAL["write"](descriptor, data)
        inode.pending.append(("write", place, data))
        if is_wrong:
            self._raise()
        return len(data)

    def _ftruncate(self, descriptor, size):
        inode = self._things.get(descriptor)
        if inode is not None:
            self._called()
            inode.pending.append(("truncate", size, b""))
        REAL["ftruncate"](descriptor, size)

    def _fsync(self, descriptor):
        known = self._things.get(descriptor)
        if known is None:
            return REAL["fsync"](descriptor)
        self._called()
        if isinstance(known, _Folder):
            known.durable = dict(known.current)
        else:
            known.durable = _content(known.durable, known.pending)
        known.pending = []
        return None

    def _replace(self, source, target, **options):
        folder = self._of(source)
        if folder is not None:
            self._called()
            folder.do(_renamed(Path(source).name, Path(target).name))
        REAL["replace"](source, target, **options)

    def _unlink(self, path, **options):
        folder = self._of(path)
        if folder is not None:
            if not self.is_dead and not Path(path).exists():
                raise FileNotFoundError(path)
            self._called()
            folder.do(_unlinked(Path(path).name))
        REAL["unlink"](path, **options)

    def _mkdir(self, path, mode=0o777, **options):
        folder = self._of(path)
        if folder is None:
            return REAL["mkdir"](path, mode, **options)
        self._called()
        REAL["mkdir"](path, mode, **options)
        self._folders[Path(path)] = _Folder()
        folder.do(_linked(Path(path).name, self._folders[Path(path)]))
        return None

    def after_power_loss(self, target, rng):
        """Write what may be left into a new folder."""
        _materialise(self.tree, Path(target), rng)


def _linked(name, thing):
    return lambda entries: entries.__setitem__(name, thing)


def _unlinked(name):
    return lambda entries: entries.pop(name, None)


def _renamed(source, target):
    def change(entries):
        if source in entries:
            entries[target] = entries.pop(source)

    return change


def _content(durable, changes):
    content = bytearray(durable)
    for kind, place, data in changes:
        if kind == "truncate":
            del content[place:]
        else:
            content.extend(bytes(max(place - len(content), 0)))
            content[place : place + len(data)] = data
    return bytes(content)


def _materialise(folder, target, rng):
    target.mkdir()
    entries = dict(folder.durable)
    for change in folder.pending:
        if rng.random() < 0.5:
            change(entries)
    for name, thing in entries.items():
        if isinstance(thing, _Folder):
            _materialise(thing, target / name, rng)
            continue
        kept = thing.pending[: int(rng.integers(len(thing.pending) + 1))]
        if kept and kept[-1][0] == "write":
            kind, place, data = kept[-1]
            kept = [*kept[:-1], (kind, place, data[: int(rng.integers(len(data) + 1))])]
        (target / name).write_bytes(_content(thing.durable, kept))

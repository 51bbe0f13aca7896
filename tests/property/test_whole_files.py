"""Files are whole or not there: each writer is killed at every write, and finds a full disk at every write."""

from __future__ import annotations

import errno
import io
import os
import resource
import signal
from itertools import count

import numpy as np
import pytest

from families import generic
from polytope_lens import Box, Lens
from polytope_lens.errors import FileAccessError, FilmError
from polytope_lens.importers.npz import save_npz
from polytope_lens.io import files
from polytope_lens.io.files import LEFTOVER, write_text
from polytope_lens.render.encoders import save_film
from polytope_lens.render.matplotlib import save_figure
from polytope_lens.training import Recording
from processes import forked

SQUARE = Box([-1, -1], [1, 1])
LENS = Lens(generic(4, 2))
PARTITION = Lens(generic(2, 3)).partition(Box([-1] * 3, [1] * 3))
OLD = b"what was there before"


def picture(path):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1, 1))
    figure.add_subplot()
    save_figure(figure, path, 50)


def film(path):
    frames = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3)).astype(np.uint8)
    save_film(frames, path)


WRITERS = {
    "text.txt": lambda path: write_text(path, "text"),
    "network.npz": lambda path: save_npz(LENS.network, path, SQUARE),
    "partition.npz": PARTITION.save,
    "recording.npz": lambda path: Recording([0, 7], (LENS.network, None)).save(path),
    "run.proof": lambda path: LENS.count(SQUARE, proof=path),
    "cell.ine": lambda path: LENS.at([0, 0]).export.write(path),
    "cells.ply": PARTITION.export.write,
    "picture.png": picture,
    "picture.svg": picture,
    "picture.pdf": picture,
    "film.gif": film,
    "film.webp": film,
    "film.mp4": film,
}  # fmt: skip
LONG = ("partition.npz", "recording.npz")  # as long as there are arrays
BY_PATH = ("film.gif", "film.webp", "film.mp4")  # other programs write these, given a path


class Counted(io.FileIO):
    """A file without a buffer that fails at one write, each of which it counts."""

    def __init__(self, path, at, fail):
        super().__init__(path, "wb")
        self.left, self.fail = at, fail

    def write(self, data):
        if self.left == 0:
            self.fail()
        self.left -= 1
        return super().write(data)


def killed():
    os.kill(os.getpid(), signal.SIGKILL)


def no_room():
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def in_a_process(write, prepare):
    """How a process ends that writes: "whole", "refused" by an error of this library, or minus the signal."""

    def run():
        prepare()
        try:
            write()
        except (FileAccessError, FilmError):
            return "refused"
        return "whole"

    code, told = forked(run)
    return told or code


def leftovers(folder):
    return [name for name in os.listdir(folder) if name.startswith(LEFTOVER[0])]


@pytest.fixture(params=[pytest.param(name, marks=[pytest.mark.long] * (name in LONG)) for name in WRITERS])
def target(request, tmp_path):
    """A file that is there, and a function that writes another in its place."""
    path = tmp_path / request.param
    WRITERS[request.param](path)  # so that what this loads is loaded before any process is forked
    assert os.listdir(tmp_path) == [path.name]
    path.write_bytes(OLD)
    return path, lambda: WRITERS[request.param](path)


@pytest.mark.parametrize("fail", [killed, no_room])
def test_a_writer_that_fails_at_any_write_changes_nothing(target, fail, monkeypatch):
    path, write = target
    if path.name in BY_PATH:
        pytest.skip("Python does not see these writes; sizes are limited instead")
    for at in count():
        monkeypatch.setattr(files, "opened", lambda temporary, at=at: Counted(temporary, at, fail))
        code = in_a_process(write, lambda: None)
        if code == "whole":
            break
        assert code == (-signal.SIGKILL if fail is killed else "refused"), f"at write {at}"
        assert path.read_bytes() == OLD
        assert len(leftovers(path.parent)) == (fail is killed)
    assert at > 0
    assert path.read_bytes() != OLD
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("action", [signal.SIG_DFL, signal.SIG_IGN], ids=["killed", "refused"])
def test_a_file_that_may_not_grow_changes_nothing(target, action):
    """As above by the system, whoever writes."""
    path, write = target
    before = len(leftovers(path.parent))
    for size in (0, 1, 30, 100, 300):

        def prepare(size=size):
            signal.signal(signal.SIGXFSZ, action)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

        code = in_a_process(write, prepare)
        if code == "whole":
            assert 0 < path.stat().st_size <= size
            path.write_bytes(OLD)
        else:
            assert code == (-signal.SIGXFSZ if action == signal.SIG_DFL else "refused")
            assert path.read_bytes() == OLD
            assert len(leftovers(path.parent)) <= (action == signal.SIG_DFL)
    write()
    assert before == 0
    assert os.listdir(path.parent) == [path.name]
    assert path.read_bytes() != OLD

"""Machine code on disk: damaged, without room, without a place; programs work, and say so once."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from polytope_lens._compiled import machine_code

KERNEL = """
import sys
from polytope_lens._compiled.jit import compiled, jit
from polytope_lens._compiled.machine_code import folder_to_write


@jit
def twice(x):
    return 2 * x


@jit
def fourfold(x):
    return 2 * twice(x)


if __name__ == "__main__":
    from pathlib import Path

    print(fourfold(3), len(compiled), folder_to_write(Path(__file__)))
"""


@pytest.fixture
def kernel(tmp_path):
    """A module with kernels, in a folder of its own."""
    folder = tmp_path / "kernels"
    folder.mkdir()
    (folder / "kernel.py").write_text(KERNEL)
    return folder / "kernel.py"


def run(kernel, *, prepare=None, **environment):
    """What a process prints that asks the kernel, and what it warns of."""
    environment = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "default", **environment}
    left = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    done = subprocess.run(
        [sys.executable, str(kernel)], capture_output=True, text=True, env=left | environment, preexec_fn=prepare
    )
    assert done.returncode == 0, done.stderr
    found, n_compiled, *folder = done.stdout.split(maxsplit=2)
    assert found == "12"
    return int(n_compiled), "".join(folder).strip(), done.stderr


def files(kernel):
    return sorted(path for path in (kernel.parent / "__pycache__").iterdir() if path.suffix == ".machine")


DAMAGES = {
    "empty": lambda data: b"",
    "zeros": lambda data: bytes(len(data)),
    "half": lambda data: data[: len(data) // 2],
    "a bit": lambda data: data[:9] + bytes([data[9] ^ 1]) + data[10:],
    "text": lambda data: b"nonsense",
    "a pickle of another": lambda data: b"N.",
    "without its digest": lambda data: data[: -machine_code.SIZE],
}


def function():
    """What the code in these tests is about."""


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_files_are_as_if_there_were_none(tmp_path, damage, monkeypatch):
    monkeypatch.setattr(machine_code, "places", lambda _: (tmp_path,))
    machine_code.folder_to_write.cache_clear()
    kept = machine_code.KeptCode(function)
    assert kept.read("look", "host") is None and not kept.exists()
    for value in (b"code" * 100, b"other"):
        path = kept.write("look", "host", value)
        assert kept.exists() and machine_code.KeptCode(function).read("look", "host") == value
        assert kept.read("another look", "host") is None and kept.read("look", "another host") is None
        path.write_bytes(DAMAGES[damage](path.read_bytes()))
        assert kept.read("look", "host") is None
    machine_code.folder_to_write.cache_clear()


def test_what_is_stale_goes_and_what_others_need_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(machine_code, "places", lambda _: (tmp_path,))
    machine_code.folder_to_write.cache_clear()
    monkeypatch.setattr(machine_code, "digest", lambda _: "a" * 64)
    machine_code.KeptCode(function).write("look", "host", b"old")
    other = machine_code.KeptCode(test_what_is_stale_goes_and_what_others_need_stays).write("look", "host", b"other")
    monkeypatch.setattr(machine_code, "digest", lambda _: "b" * 64)
    new = machine_code.KeptCode(function)
    assert not new.exists() and new.read("look", "host") is None
    found = {new.write("look", host, b"new") for host in ("this", "that")}
    assert set(tmp_path.iterdir()) == found | {other}
    machine_code.folder_to_write.cache_clear()


def test_what_another_user_has_put_into_an_image_is_read(tmp_path, monkeypatch):
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    theirs.mkdir()
    monkeypatch.setattr(machine_code, "places", lambda _: (theirs, ours))
    machine_code.folder_to_write.cache_clear()
    machine_code.KeptCode(function).write("look", "host", b"code")
    machine_code.folder_to_write.cache_clear()
    monkeypatch.setattr(machine_code, "_can_be_written_to", lambda folder: folder == ours)
    assert machine_code.KeptCode(function).read("look", "host") == b"code"
    assert machine_code.KeptCode(function).exists()
    machine_code.folder_to_write.cache_clear()


def test_damaged_code_is_compiled_anew_and_replaced(kernel):
    """The power went, or the disk is failing: a raw UnpicklingError at each run until somebody deleted the file."""
    assert run(kernel)[0] == 1
    for path in files(kernel):
        path.write_bytes(bytes(path.stat().st_size))
    for n_compiled in (1, 0):
        again, _, said = run(kernel)
        assert again == n_compiled and "Warning" not in said


def test_without_room_nothing_is_kept_and_programs_work(kernel):
    def prepare():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    n_compiled, _, said = run(kernel, prepare=prepare)
    assert n_compiled == 1
    assert said.count("UserWarning: machine code cannot be kept in") == 1
    assert not [path for path in (kernel.parent / "__pycache__").iterdir() if path.suffix != ".pyc"]
    assert run(kernel)[0] == 1
    assert run(kernel)[0] == 0


def test_without_a_place_a_temporary_one_serves(kernel, tmp_path):
    (kernel.parent / "__pycache__").touch()  # where a folder should be
    nowhere = {
        "HOME": "/proc/none",
        "XDG_CACHE_HOME": "/proc/none",
    }
    n_compiled, folder, said = run(kernel, TMPDIR=str(tmp_path), **nowhere)
    assert Path(folder).is_relative_to(tmp_path / f"polytope-lens-{os.getuid()}")
    assert (tmp_path / f"polytope-lens-{os.getuid()}").stat().st_mode & 0o777 == 0o700
    assert (n_compiled, said.count("UserWarning: neither the folder")) == (1, 1)
    assert run(kernel, TMPDIR=str(tmp_path), **nowhere)[0] == 0
    # What others could write to is not read.
    (tmp_path / f"polytope-lens-{os.getuid()}").chmod(0o777)
    n_compiled, folder, said = run(kernel, TMPDIR=str(tmp_path), **nowhere)
    assert (n_compiled, Path(folder).is_relative_to(tmp_path / f"polytope-lens-{os.getuid()}")) == (1, False)
    assert not Path(folder).exists()


def test_without_any_place_each_process_compiles(kernel, monkeypatch):
    monkeypatch.setattr(machine_code, "told", [])
    monkeypatch.setattr(machine_code.tempfile, "gettempdir", lambda: "/proc/none")
    machine_code.temporary_folder.cache_clear()
    with pytest.warns(UserWarning, match="is compiled anew by each process"):
        assert machine_code.temporary_folder() is None
    machine_code.temporary_folder.cache_clear()


def test_what_is_said_is_said_once(monkeypatch):
    monkeypatch.setattr(machine_code, "told", [])
    with pytest.warns(UserWarning, match=r"no room\. Set NUMBA_CACHE_DIR to a folder"):
        machine_code.say_once("no room.")
    machine_code.say_once("no place.")

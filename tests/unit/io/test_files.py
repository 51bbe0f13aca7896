"""Files that are complete or not there."""

from __future__ import annotations

import errno
import os

import pytest

from polytope_lens.errors import FileAccessError, MissingFileError, OptionError
from polytope_lens.io.files import leftover_name, read_bytes, whole_file, whole_folder, write_text


def test_a_file_appears_when_it_is_complete(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(b"old")
    with whole_file(path) as file:
        file.write(b"new, and much longer")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new, and much longer"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("is_there", [True, False])
def test_a_failure_changes_nothing(tmp_path, error, is_there):
    path = tmp_path / "text"
    if is_there:
        path.write_bytes(b"old")

    def fail():
        with whole_file(path) as file:
            file.write(b"half of it")
            raise error

    with pytest.raises(error):
        fail()
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [b"old"] * is_there


def test_texts_are_utf_8_with_the_ends_of_lines_that_they_have(tmp_path):
    for name in ("a", str(tmp_path / "b")):
        path = tmp_path / name
        write_text(path, "ξ ≤ 1\nη\r\n")
        assert path.read_bytes() == "ξ ≤ 1\nη\r\n".encode()


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"text cannot be written: there is no folder .*nowhere\. Make it first"
    ):
        write_text(tmp_path / "nowhere" / "text", "")


def test_what_others_are_writing_is_no_leftover(tmp_path):
    path = tmp_path / "text"
    with whole_file(path) as file, whole_folder(tmp_path / "folder") as folder:
        file.write(b"first")
        (folder / "one").touch()
        write_text(path, "second")
        write_text(tmp_path / "other", "third")
    assert path.read_text() == "first"
    assert (tmp_path / "folder" / "one").exists()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["folder", "other", "text"]


def test_what_nobody_writes_any_more_is_cleared_and_nothing_else(tmp_path):
    (tmp_path / leftover_name()).touch()
    (tmp_path / leftover_name()).mkdir()
    others = {".text.123.tmp", ".polytope-lens-notes", "mine.tmp"}
    for name in others:
        (tmp_path / name).touch()
    outside = tmp_path / "outside"
    outside.touch()
    (tmp_path / leftover_name()).symlink_to(outside)
    write_text(tmp_path / "text", "")
    left = {entry.name for entry in tmp_path.iterdir() if not entry.is_symlink()}
    assert left == others | {"outside", "text"}


def test_permissions_and_links_stay(tmp_path):
    path, link = tmp_path / "text", tmp_path / "link"
    path.touch()
    path.chmod(0o640)
    link.symlink_to(path)
    write_text(link, "new")
    assert path.read_text() == "new"
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    previous = os.umask(0o027)
    try:
        write_text(tmp_path / "fresh", "")
    finally:
        os.umask(previous)
    assert (tmp_path / "fresh").stat().st_mode & 0o777 == 0o640


def test_what_is_no_ordinary_file_is_written_to(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_text(pipe, "text")
    assert os.read(reader, 10) == b"text"
    os.close(reader)
    assert [entry.name for entry in tmp_path.iterdir()] == ["pipe"]
    with pytest.raises(FileAccessError, match=r"cannot be written: Is a directory\."):
        write_text(tmp_path, "text")


def test_the_longest_names_can_be_written(tmp_path):
    write_text(tmp_path / ("a" * 255), "text")
    with pytest.raises(FileAccessError, match=r"cannot be written: File name too long\."):
        write_text(tmp_path / ("a" * 256), "text")


def test_a_folder_is_whole_or_not_there(tmp_path):
    def fail():
        with whole_folder(tmp_path / "folder") as folder:
            (folder / "one").touch()
            raise ValueError("half-way")

    with pytest.raises(ValueError, match="half-way"):
        fail()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", ["", "a\0b", None, 3])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(OptionError, match="a file to be written should be a path"):
        write_text(path, "")
    with pytest.raises(OptionError, match="a file to be read should be a path"):
        read_bytes(path)


def test_files_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(MissingFileError, match=r"nothing cannot be read: there is no such file") as missing:
        read_bytes(tmp_path / "nothing")
    assert isinstance(missing.value, FileNotFoundError)
    assert missing.value.errno == errno.ENOENT
    with pytest.raises(FileAccessError, match="cannot be read: Is a directory"):
        read_bytes(tmp_path)
    (tmp_path / "text").write_bytes(b"text")
    assert read_bytes(tmp_path / "text") == b"text"

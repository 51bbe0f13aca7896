"""Files that are complete or not there."""

from __future__ import annotations

import pytest

from polytope_lens.io.files import whole_file, write_text


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
    with pytest.raises(FileNotFoundError, match="nowhere"):
        write_text(tmp_path / "nowhere" / "text", "")

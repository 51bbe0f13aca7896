"""Files packed by gzip."""

from __future__ import annotations

import gzip

import pytest

from polytope_lens.errors import FileFormatError, MissingFileError
from polytope_lens.importers import packed


def test_packed_or_not_the_content_is_the_same(tmp_path):
    (tmp_path / "plain").write_bytes(b"content")
    (tmp_path / "packed").write_bytes(gzip.compress(b"content"))
    assert packed.content(tmp_path / "plain") == packed.content(tmp_path / "packed") == b"content"


def test_damaged_missing_and_huge_files_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "packed"
    whole = gzip.compress(bytes(range(256)))
    for n in range(2, len(whole)):
        path.write_bytes(whole[:n])
        with pytest.raises(FileFormatError, match="cannot be unpacked"):
            packed.content(path)
    with pytest.raises(MissingFileError, match="cannot be read: there is no such file"):
        packed.content(tmp_path / "missing")
    monkeypatch.setattr(packed, "MOST_BYTES", 255)
    path.write_bytes(whole)
    with pytest.raises(FileFormatError, match="holds more than 255 bytes"):
        packed.content(path)

"""Files that grow by lines, any of which count."""

from __future__ import annotations

import json

import numpy as np
import pytest

from polytope_lens.errors import FileFormatError
from polytope_lens.io.journal import Journal, read_journal

ENTRIES = [{"first": "0x0", "n": 3}, {"text": "ξ\n\t", "list": [1.5, None]}, {}]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal"


def written(path, entries=ENTRIES, about="mine"):
    journal = Journal(path, about)
    for entry in entries:
        journal.add(entry)
    journal.close()
    return path.read_bytes()


def test_entries_come_back(path):
    content = written(path)
    assert read_journal(path, "mine") == (ENTRIES, len(content), True)
    assert content.count(b"\n") == len(ENTRIES)
    assert json.loads(content.partition(b"\t")[0]) == {"run": "mine", **ENTRIES[0]}


def test_any_beginning_is_a_journal_that_can_be_gone_on_with(path):
    content = written(path)
    for size in range(len(content) + 1):
        path.write_bytes(content[:size])
        n = content[:size].count(b"\n")
        assert read_journal(path, "mine").entries == ENTRIES[:n]
        journal = Journal(path, "mine")
        assert journal.entries == ENTRIES[:n]
        journal.add({"more": 1})
        journal.close()
        assert read_journal(path, "mine").entries == [*ENTRIES[:n], {"more": 1}]


def test_damage_never_makes_another_entry(path):
    content, rng = written(path), np.random.default_rng(0)
    for i in range(len(content)):
        broken = bytearray(content)
        broken[i] ^= 1 << int(rng.integers(8))
        path.write_bytes(broken)
        entries = read_journal(path, "mine").entries
        assert len(entries) in (1, 2)
        assert [entry for entry in ENTRIES if entry in entries] == entries


def test_lines_about_something_else_are_told_from_damaged_ones(path):
    written(path, about="other")
    with pytest.raises(FileFormatError, match="lines of another run"):
        Journal(path, "mine")
    assert len(read_journal(path, "other").entries) == 3

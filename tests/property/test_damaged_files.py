"""Readers answer mutated inputs or refuse them in one sentence: no crash, hang, other error or other answer."""

from __future__ import annotations

import pytest

import fuzzing
from polytope_lens.importers import check
from processes import forked

SLOW = ("partition_members", "recording_members", "torch", "torch_members")
pytestmark = pytest.mark.filterwarnings("ignore")


def check_reader(name, n, seed):
    fuzzing.READERS[name]()  # what it imports is shared by all processes
    code, found = forked(lambda: "\n".join(fuzzing.faults(name, n, seed)[:20]))
    assert (code, found) == (0, "")


@pytest.mark.parametrize("name", fuzzing.READERS)
def test_mutated_inputs_are_answered_or_refused(name, monkeypatch):
    monkeypatch.setattr(check, "MOST_POINTS", 64)
    check_reader(name, 300 if name in SLOW else 2000, 0)


@pytest.mark.long
@pytest.mark.parametrize("name", fuzzing.READERS)
def test_very_many_mutated_inputs_are_answered_or_refused(name):
    check_reader(name, 100_000, 1)


def test_faults_are_found(monkeypatch):
    """A reader that takes anything, one that raises anything, and one that takes all memory."""

    def write(path):
        path.write_text("100")

    readers = {
        "accepts": (fuzzing.of_bytes, lambda path: path.read_bytes(), True),
        "raises": (lambda data, rng: b"x", lambda path: int(path.read_text()), False),
        "takes": (lambda data, rng: b"9" * 10, lambda path: bytes(int(path.read_text())), False),
    }
    for name, reader in readers.items():
        monkeypatch.setitem(fuzzing.READERS, name, lambda reader=reader: ("x", write, *reader))
        code, found = forked(lambda name=name: "\n".join(fuzzing.faults(name, 20, 0)))
        assert code == 0 and found.count("input") >= 10

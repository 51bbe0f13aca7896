"""Bars, and what stands for one that nobody would see."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from polytope_lens._progress import bar


@pytest.mark.parametrize("progress", [None, False, True])
def test_things_pass_through_and_are_counted(progress):
    with bar(progress, [3, 5], desc="things") as shown:
        assert list(shown) == [3, 5]
    with bar(progress, desc="things", total=4) as shown:
        shown.update(3)
        shown.set_postfix(done="no", refresh=False)
        shown.set_postfix_str("no", refresh=False)
        assert shown.n == 3
        assert shown.disable is not (progress is True)


def test_none_is_seen_before_a_second_has_passed(capsys):
    with bar(True, desc="things") as shown:
        shown.update(3)
    assert capsys.readouterr().err == ""


def test_on_terminals_there_is_one(monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert not bar(None).disable
    assert bar(False).disable


def test_in_notebooks_there_is_one(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipykernel", ModuleType("ipykernel"))
    with bar(None, total=2) as shown:
        assert not shown.disable
    assert bar(False).disable


def test_without_a_standard_error_there_is_none(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert bar(None).disable

"""Bars, and what stands for one that nobody would see."""

from __future__ import annotations

import re
import signal
import sys
import threading
from pathlib import Path
from types import ModuleType

import pytest

from polytope_lens import _progress
from polytope_lens._progress import bar, interruptible


@pytest.mark.parametrize("progress", [None, False, True])
def test_things_pass_through_and_are_counted(progress):
    with bar(progress, [3, 5], desc="things") as shown:
        assert list(shown) == [3, 5]
    with bar(progress, desc="things", total=4) as shown:
        shown.update(3)
        shown.set_postfix(done="no", refresh=False)
        shown.set_postfix_str("no", refresh=False)
        shown.write("a line of its own", file=sys.stderr)
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


def test_ctrl_c_is_noted_once_and_then_interrupts():
    before = signal.getsignal(signal.SIGINT)
    with interruptible() as stop:
        assert not stop.is_set()
        signal.raise_signal(signal.SIGINT)
        assert stop.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_leave_signals_alone():
    before, seen = signal.getsignal(signal.SIGINT), []

    def work():
        with interruptible() as stop:
            seen.append((signal.getsignal(signal.SIGINT) is before, stop.is_set()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(True, False)]


def test_in_notebooks_there_is_one(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipykernel", ModuleType("ipykernel"))
    with bar(None, total=2) as shown:
        assert not shown.disable
    assert bar(False).disable


def test_without_a_standard_error_there_is_none(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert bar(None).disable


def test_logs_have_lines(monkeypatch, capsys):
    monkeypatch.setattr(_progress, "LINE_SECONDS", 0.0)
    with bar(True, desc="regions", initial=1000, unit=" regions") as shown:
        assert shown.update(3000)
        shown.set_postfix_str("5.0% of the domain done", refresh=False)
    with bar(True, desc="pairs", total=2) as shown:
        shown.update()
        shown.update()
        shown.set_postfix(loss=0.5)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert re.fullmatch(r"[-\d]+ [:\d]+ regions: 4,000, [\d,]+/s, 5\.0% of the domain done", lines[0])
    assert re.fullmatch(r"[-\d]+ [:\d]+ pairs: 2 of 2, [\d,]+/s, loss=0\.5", lines[2])


def test_no_module_makes_bars_of_its_own():
    package = Path(_progress.__file__).parent
    made = {path.name for path in package.rglob("*.py") if re.search(r"(import|from) tqdm", path.read_text())}
    assert not made


def test_lines_come_every_so_often(capsys):
    with bar(True, range(1000), desc="things") as shown:
        assert sum(1 for _ in shown) == 1000
        assert shown.n == 1000
    assert capsys.readouterr().err == ""

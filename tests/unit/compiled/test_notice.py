"""What is said while kernels are compiled, and that nothing is said of what takes no time."""

from __future__ import annotations

import re
import sys
import threading
import time
from types import ModuleType, SimpleNamespace

import pytest

from polytope_lens import _progress
from polytope_lens._compiled import jit, notice


@pytest.fixture
def impatient(monkeypatch):
    for module in (notice, _progress):
        monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.0)


def shown(n_done=3):
    with notice.told("the new engine", 4) as is_done:
        for _ in range(n_done):
            time.sleep(0.11)  # bars are drawn ten times a second at most
            is_done()


def test_a_pipe_gets_one_line_that_says_what_and_how_long(impatient, capsys):
    shown()
    line = r"polytope_lens: compiling the new engine, once for this installation \(some \d+ seconds\)\.\.\.\n"
    assert re.fullmatch(line, capsys.readouterr().err)


@pytest.mark.parametrize(("n_done", "seconds"), [(0, 64), (1, 64), (5, 13), (100, 2)])
def test_the_line_tells_the_seconds_from_the_functions_that_are_done(monkeypatch, capsys, n_done, seconds):
    """One of 40 functions a second: 40 seconds, and LLVM goes over all of them after that."""
    clock, said = iter([0.0, 1.0]), threading.Event()
    monkeypatch.setattr(notice, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(notice, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    monkeypatch.setattr(notice, "_write", lambda line: (print(line), said.set()))
    with notice.told("the new engine", 40) as is_done:
        for _ in range(n_done):
            is_done()
        assert said.wait(10)
    assert f"(some {seconds} seconds)" in capsys.readouterr().out


def test_what_is_soon_done_is_not_mentioned(capsys):
    shown()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("where", ["terminal", "notebook"])
def test_people_get_a_bar_that_grows_and_says_how_long(impatient, monkeypatch, capsys, where):
    if where == "terminal":
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    else:
        monkeypatch.setitem(sys.modules, "ipykernel", ModuleType("ipykernel"))
    shown(n_done=6)  # more functions than were expected
    said = capsys.readouterr().err
    assert "compiling the new engine, once:  50%" in said or "compiling the new engine, once: 50%" in said
    assert "100%" in said and "to go" in said


def test_without_a_standard_error_nothing_is_said(impatient, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    shown()


@jit.inlined
def part(x):
    return x + 1


@jit.jit
def step(x):
    return part(part(x))


def test_how_much_there_is_to_compile_is_known_before():
    assert step.parts() == {step, part}
    assert step.title == "a step of test_notice"


def test_the_functions_of_a_kernel_are_counted_as_they_are_done(monkeypatch):
    from polytope_lens._compiled import compiler

    done = []
    compiler.object_code(compiler.dispatcher(step.py_func, {}), (3.5,), lambda: done.append(1))
    assert len(done) == len(step.parts())

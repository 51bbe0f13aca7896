"""Work shared among processes: the same results in the same order, whatever goes wrong."""

from __future__ import annotations

import operator
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from polytope_lens.errors import OptionError
from polytope_lens.training.workers import in_order


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_order(workers):
    function = partial(operator.mul, 3)
    assert list(in_order(function, range(40), workers=workers, worth=-1)) == [3 * k for k in range(40)]
    assert list(in_order(function, [], workers=workers, worth=-1)) == []


def test_what_a_process_raises_is_raised_here():
    results = in_order(partial(operator.truediv, 6), [1, 2, 3, 0, 5], workers=2, worth=-1)
    assert [next(results) for _ in range(3)] == [6, 3, 2]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_short_work_starts_no_process(monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a process for nothing"))
    assert list(in_order(operator.neg, range(5), workers=2)) == [0, -1, -2, -3, -4]
    with pytest.raises(OptionError, match="`workers` should be a whole number"):
        list(in_order(operator.neg, range(5), workers=0))


def test_scripts_need_no_main_guard(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import operator\n"
        "from polytope_lens.training.workers import in_order\n"
        "print('once', list(in_order(operator.neg, range(6), workers=2, worth=-1)))\n"
    )
    source = Path(__file__).parents[3] / "src"
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        check=True,
        env={**__import__("os").environ, "PYTHONPATH": str(source)},
    )
    assert done.stdout == "once [0, -1, -2, -3, -4, -5]\n"


def test_a_process_that_dies_is_told():
    with pytest.raises(RuntimeError, match="ended with code 3"):
        list(in_order(eval, ["0", "1", "__import__('os')._exit(3)"], workers=2, worth=-1))


ORPHANS = """
import os, signal, time
from functools import partial
from polytope_lens.training.workers import in_order

def first():
    items = ["1", "__import__('os').getpid()", *["__import__('time').sleep(60)"] * 4]
    yield from in_order(eval, items, workers=2, worth=-1)

results = first()
next(results)
print(next(results), flush=True)
time.sleep(60)
"""


def test_processes_end_with_the_one_that_started_them():
    """Killed, a film's parent left its workers drawing."""
    source = Path(__file__).parents[3] / "src"
    environment = {**os.environ, "PYTHONPATH": str(source)}
    with subprocess.Popen(
        [sys.executable, "-c", ORPHANS], stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        worker = int(parent.stdout.readline())
        os.kill(worker, 0)
        parent.kill()
    for _ in range(40):
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    raise AssertionError("the worker still runs")


def test_a_senseless_number_of_processes_starts_as_many_as_there_is_work():
    assert list(in_order(operator.neg, range(3), workers=10**12, worth=-1)) == [0, -1, -2]

"""Work shared among processes: the same results in the same order, whatever goes wrong."""

from __future__ import annotations

import operator
import subprocess
import sys
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

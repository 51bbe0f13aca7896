"""Examples run where they are written, and `pytest --quick` leaves out what takes long.

Functions in `tests/slow.txt` took more than `SLOW` seconds of a processor, with all their parameters and the processes
that they started. `pytest --write-slow`, a run of everything in one process, writes that list anew; run the tests
once before, so that kernels are compiled. What else a machine has to do does not matter much.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections import Counter
from operator import attrgetter
from pathlib import Path

import pytest

SLOW = 0.3
LIST = Path(__file__).parent / "tests" / "slow.txt"
COST: Counter[str] = Counter()


def pytest_addoption(parser):
    """Options of this project."""
    parser.addoption("--quick", action="store_true", help="leave out the functions in tests/slow.txt")
    parser.addoption("--write-slow", action="store_true", help="write tests/slow.txt from what this run took")


def pytest_configure(config):
    """Only a process that runs all tests can tell what they take."""
    if config.getoption("--write-slow") and (config.getoption("--quick") or config.getoption("numprocesses", None)):
        raise pytest.UsageError("--write-slow measures all tests in one process: leave out --quick and -n.")


def pytest_collection_modifyitems(config, items):
    """Leave out examples that a method took over, and with `--quick` what takes long."""
    items[:] = [item for item in items if not _is_taken_over(item)]
    if config.getoption("--quick"):
        slow = set(LIST.read_text(encoding="utf-8").split())
        left_out = [item for item in items if _function(item.nodeid) in slow]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if _function(item.nodeid) not in slow]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Add up what each function takes."""
    before = _seconds()
    result = yield
    COST[_function(item.nodeid)] += _seconds() - before
    return result


def pytest_sessionfinish(session):
    """Write the list of what takes long."""
    if session.config.getoption("--write-slow"):
        slow = sorted(name for name, seconds in COST.items() if seconds > SLOW)
        LIST.write_text("".join(f"{name}\n" for name in slow), encoding="utf-8")


def _seconds():
    """What this process and those that it has seen end have taken of a processor."""
    return sum(os.times()[:4])


def _function(nodeid):
    """The test without its parameters."""
    return nodeid.partition("[")[0]


def _is_taken_over(item):
    test = getattr(item, "dtest", None)
    if test is None or test.globs.get("__name__") not in sys.modules:
        return False
    module = sys.modules[test.globs["__name__"]]
    path = test.name.removeprefix(f"{module.__name__}.")
    try:
        found = inspect.unwrap(attrgetter(path)(module))
    except AttributeError:
        return False
    return getattr(getattr(found, "fget", found), "__has_borrowed_examples__", False)

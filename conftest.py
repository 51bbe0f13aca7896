"""Examples run where they are written, and `pytest --quick` leaves out what takes long.

Functions in `tests/slow.txt` took longer than `SLOW` seconds, with all their parameters, on one core that did nothing
else. `pytest --write-slow`, a run of everything, writes that list anew.
"""

from __future__ import annotations

import inspect
import sys
from collections import Counter
from operator import attrgetter
from pathlib import Path

SLOW = 0.3
LIST = Path(__file__).parent / "tests" / "slow.txt"
DURATIONS: Counter[str] = Counter()


def pytest_addoption(parser):
    """Options of this project."""
    parser.addoption("--quick", action="store_true", help="leave out the functions in tests/slow.txt")
    parser.addoption("--write-slow", action="store_true", help="write tests/slow.txt from what this run took")


def pytest_collection_modifyitems(config, items):
    """Leave out examples that a method took over, and with `--quick` what takes long."""
    items[:] = [item for item in items if not _is_taken_over(item)]
    if config.getoption("--quick"):
        slow = set(LIST.read_text(encoding="utf-8").split())
        left_out = [item for item in items if _function(item.nodeid) in slow]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if _function(item.nodeid) not in slow]


def pytest_runtest_logreport(report):
    """Add up what each function takes."""
    DURATIONS[_function(report.nodeid)] += report.duration


def pytest_sessionfinish(session):
    """Write the list of what takes long."""
    config = session.config
    if config.getoption("--write-slow") and not hasattr(config, "workerinput"):
        slow = sorted(name for name, seconds in DURATIONS.items() if seconds > SLOW)
        LIST.write_text("".join(f"{name}\n" for name in slow), encoding="utf-8")


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

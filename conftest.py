"""Examples of a docstring run where they are written, and not again in methods that took it over."""

from __future__ import annotations

import inspect
import sys
from operator import attrgetter


def pytest_collection_modifyitems(items):
    """Leave out examples that a method took over."""
    items[:] = [item for item in items if not _is_taken_over(item)]


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

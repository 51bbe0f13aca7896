"""What people see while kernels are compiled: a bar on terminals and in notebooks, a line in pipes, after a second."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from polytope_lens._progress import PATIENCE_SECONDS, bar, is_watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BAR = "{desc}: {percentage:.0f}%|{bar}| {elapsed}, {remaining} to go"
# Seconds that a function takes, on the slower of the machines that we know; for the line in pipes.
SECONDS_EACH = 0.25


@contextmanager
def told(what: str, n_functions: int) -> Iterator[Callable[[], object]]:
    """Tell what is compiled and how long it takes; gives what to call after each function.

    Parameters
    ----------
    what : str
    n_functions : int
        How many functions there are to compile, about.
    """
    if is_watched():
        with bar(True, total=n_functions, desc=f"compiling {what}, once", unit=" functions", bar_format=BAR) as shown:
            yield lambda: shown.update(shown.n < shown.total)
        return
    line = f"polytope_lens: compiling {what}, once for this installation (some {_seconds(n_functions)} seconds)..."
    timer = threading.Timer(PATIENCE_SECONDS, _write, [line])
    timer.daemon = True
    timer.start()
    try:
        yield _nothing
    finally:
        timer.cancel()


def _seconds(n_functions: int) -> int:
    return max(round(SECONDS_EACH * n_functions), 2)


def _write(line: str) -> None:
    if sys.stderr is not None:
        print(line, file=sys.stderr, flush=True)


def _nothing() -> None:
    """A line says all at once."""

"""What people see while kernels are compiled: a bar on terminals and in notebooks, a line in pipes, after a second."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from polytope_lens._progress import PATIENCE_SECONDS, bar, is_watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BAR = "{desc}: {percentage:.0f}%|{bar}| {elapsed}, {remaining} to go"
# How many times as long all takes as the functions one by one: at the end LLVM goes over all of them together.
WITH_THE_END = 1.6


@contextmanager
def told(what: str, n_functions: int) -> Iterator[Callable[[], object]]:
    """Tell what is compiled and how long it takes; gives what to call after each function.

    A line in a pipe says all at once, as the first functions were.

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
    started, n_done = time.perf_counter(), 0

    def count() -> None:
        nonlocal n_done
        n_done += 1

    def tell() -> None:
        each = (time.perf_counter() - started) / max(n_done, 1)
        seconds = max(round(each * n_functions * WITH_THE_END), 2)
        _write(f"polytope_lens: compiling {what}, once for this installation (some {seconds} seconds)...")

    timer = threading.Timer(PATIENCE_SECONDS, tell)
    timer.daemon = True
    timer.start()
    try:
        yield count
    finally:
        timer.cancel()


def _write(line: str) -> None:
    if sys.stderr is not None:
        print(line, file=sys.stderr, flush=True)

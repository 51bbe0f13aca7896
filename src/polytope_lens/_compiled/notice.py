"""What people see while kernels are compiled: a bar on terminals and in notebooks, a line in pipes, after a second."""

from __future__ import annotations

import sys
import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE_SECONDS = 1.0
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
    if sys.stderr is not None and (sys.stderr.isatty() or "ipykernel" in sys.modules):
        with _bar(what, n_functions) as bar:
            yield lambda: bar.update(bar.n < bar.total)
        return
    line = f"polytope_lens: compiling {what}, once for this installation (some {_seconds(n_functions)} seconds)..."
    timer = threading.Timer(PATIENCE_SECONDS, _write, [line])
    timer.daemon = True
    timer.start()
    try:
        yield _nothing
    finally:
        timer.cancel()


def _bar(what: str, n_functions: int) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a notebook without widgets has bars of text
        from tqdm.auto import tqdm
    return tqdm(
        total=n_functions,
        desc=f"compiling {what}, once",
        unit=" functions",
        delay=PATIENCE_SECONDS,
        leave=False,
        bar_format="{desc}: {percentage:.0f}%|{bar}| {elapsed}, {remaining} to go",
    )


def _seconds(n_functions: int) -> int:
    return max(round(SECONDS_EACH * n_functions), 2)


def _write(line: str) -> None:
    if sys.stderr is not None:
        print(line, file=sys.stderr, flush=True)


def _nothing() -> None:
    """A line says all at once."""

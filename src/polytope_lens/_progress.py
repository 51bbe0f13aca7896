"""Long work: bars that tell how far it has got, where somebody looks at them, and Ctrl-C that leaves what was found.

tqdm is imported only where a bar is shown.
"""

from __future__ import annotations

import signal
import sys
import threading
import warnings
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import FrameType


class NoBar:
    """What is there in place of a bar that nobody would see."""

    disable = True

    def __init__(self, things: Iterable[Any] = ()) -> None:
        self.n = 0
        self._things = things

    def __iter__(self) -> Iterator[Any]:
        return iter(self._things)

    def __enter__(self) -> NoBar:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing to take away."""

    def update(self, n: int = 1) -> None:
        """Count."""
        self.n += n

    def set_postfix(self, *_: object, **__: object) -> None:
        """Nowhere to write it."""

    set_postfix_str = set_postfix


# Shorter work shows no bar.
PATIENCE_SECONDS = 1.0


def bar(progress: bool | None, things: Iterable[Any] | None = None, **options: Any) -> Any:
    """A bar for things, or to be updated; it comes after a second, and goes when the work is done.

    Parameters
    ----------
    progress : bool, optional
        Whether to show it; by default on terminals and in notebooks.
    """
    if not (is_watched() if progress is None else progress):
        return NoBar(things or ())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a notebook without widgets has bars of text
        made: Any = import_module("tqdm.auto" if in_notebook() else "tqdm")
    return made.tqdm(things, delay=PATIENCE_SECONDS, leave=False, **options)


@contextmanager
def interruptible() -> Iterator[threading.Event]:
    """An event that Ctrl-C sets, once, so that what was found can be handed over; the second time it interrupts."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def note(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = signal.signal(signal.SIGINT, note)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def is_watched() -> bool:
    """Whether somebody looks at standard error while it is written."""
    return sys.stderr is not None and (sys.stderr.isatty() or in_notebook())


def in_notebook() -> bool:
    """Whether this is a notebook's kernel."""
    return "ipykernel" in sys.modules

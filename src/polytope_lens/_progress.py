"""Long work: bars that tell how far it has got, where somebody looks at them, and Ctrl-C that leaves what was found.

tqdm is imported only where a bar is shown.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
import warnings
from collections.abc import Sized
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

    def update(self, n: int = 1) -> bool:
        """Count."""
        self.n += n
        return False

    def write(self, text: str, **_: object) -> None:
        """Nowhere to write it."""

    def set_postfix(self, **_: object) -> None:
        """Nowhere to write it."""

    def set_postfix_str(self, text: str = "", **_: object) -> None:
        """Nowhere to write it."""


class LineBar(NoBar):
    """What is there in place of a bar in logs: a line on standard error every minute."""

    disable = False

    def __init__(
        self, things: Iterable[Any] = (), *, desc: str = "", initial: int = 0, total: int | None = None, **_: object
    ) -> None:
        super().__init__(things)
        self.n = self._initial = initial
        n_things = len(things) if isinstance(things, Sized) else 0
        self._desc, self._total, self._postfix = desc, total or n_things or None, ""
        self._began = self._written = time.monotonic()
        self._is_due = False

    def __iter__(self) -> Iterator[Any]:
        for thing in self._things:
            yield thing
            self.update()

    def update(self, n: int = 1) -> bool:
        """Count; says whether there is to be a line, which the next postfix writes, or else the next update."""
        if self._is_due:
            self._write()
        self.n += n
        self._is_due = time.monotonic() - self._written >= LINE_SECONDS
        return self._is_due

    def set_postfix_str(self, text: str = "", **_: object) -> None:
        """What is told besides."""
        self._postfix = text
        if self._is_due:
            self._write()

    def set_postfix(self, **facts: object) -> None:
        """What is told besides, by name."""
        facts.pop("refresh", None)
        self.set_postfix_str(", ".join(f"{name}={value}" for name, value in facts.items()))

    def write(self, text: str, **_: object) -> None:
        """A line of its own."""
        print(text, file=sys.stderr, flush=True)

    def _write(self) -> None:
        self._written, self._is_due = time.monotonic(), False
        of = "" if self._total is None else f" of {self._total:,}"
        rate = (self.n - self._initial) / (self._written - self._began)
        told = [f"{self._desc}: {self.n:,}{of}", f"{rate:,.0f}/s", self._postfix]
        print(time.strftime("%Y-%m-%d %H:%M:%S"), ", ".join(filter(None, told)), file=sys.stderr, flush=True)


# Where nobody watches, progress is a line after so many seconds.
LINE_SECONDS = 60.0
# Shorter work shows no bar.
PATIENCE_SECONDS = 1.0


def bar(progress: bool | None, things: Iterable[Any] | None = None, **options: Any) -> Any:
    """A bar for things, or to be updated; it comes after a second, and goes when the work is done.

    Parameters
    ----------
    progress : bool, optional
        Whether to show it; by default on terminals and in notebooks. Elsewhere it is a line every minute.
    """
    if not (is_watched() if progress is None else progress):
        return NoBar(things or ())
    if not is_watched():
        return LineBar(things or (), **options)
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

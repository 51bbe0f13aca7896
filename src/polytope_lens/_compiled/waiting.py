"""Waiting for what takes long in compiled code, so that Ctrl-C and alarms act meanwhile.

Python's signal handlers run in the main thread, between two of its instructions: not while it is in a compiler or a
kernel. So these run in a thread of their own, and the main one waits.
"""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

STACK = 2**26
"""Bytes of stack of such a thread: some systems give a thread too few for a compiler."""


def waited_for(function: Callable[..., T], *arguments: Any) -> T:
    """The value of a function, or what it raises.

    Where waiting is interrupted, the thread goes on by itself, and what it finds is lost; so the function should change
    nothing but what it returns, or caches.
    """
    if threading.current_thread() is not threading.main_thread():
        return function(*arguments)
    outcome: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()

    def run() -> None:
        try:
            outcome.put((function(*arguments), None))
        except BaseException as error:
            outcome.put((None, error))

    before = threading.stack_size(STACK)
    try:
        threading.Thread(target=run, name="polytope_lens", daemon=True).start()
    finally:
        threading.stack_size(before)
    value: T
    value, error = outcome.get()
    if error is not None:
        raise error
    return value

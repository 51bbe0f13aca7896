"""Answers that are found once and stay with the object that was asked.

An object that never changes has one answer to each question. Free functions find it; those that cost something are
marked with :func:`kept`, and the second call is a look-up. Answers go where the object goes in memory and are dropped
when it is copied, pickled or sent to another process: they can be found again there.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
R = TypeVar("R")

NAME = "_answers"


class Keeper:
    """An object that never changes, and keeps what it was asked."""

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != NAME}


def answers(this: object) -> dict[object, Any]:
    """What is known of an object, by the function that finds it."""
    known: dict[object, Any] = this.__dict__.setdefault(NAME, {})
    return known


def kept(function: Callable[[T], R]) -> Callable[[T], R]:
    """Let a function of one object find its answer once, an array made read-only; errors are raised anew.

    Examples
    --------
    >>> @kept
    ... def size(this):
    ...     print("counting")
    ...     return 3
    >>> one = Keeper()
    >>> size(one), size(one)
    counting
    (3, 3)
    """

    @wraps(function)
    def ask(this: T) -> R:
        known = answers(this)
        if ask not in known:
            known[ask] = function(this)
            if isinstance(known[ask], np.ndarray):
                known[ask].flags.writeable = False
        answer: R = known[ask]
        return answer

    return ask

"""Answers that are found once and stay with the object that was asked.

An object that never changes has one answer to each question. Free functions find it; those that cost something are
marked with `kept`, and the second call is a look-up. Answers go where the object goes in memory and are dropped
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


class FoundLater:
    """A field of a dataclass that is found when it is first asked for if it was left out, as None."""

    def __init__(self, name: str, find: Callable[[Any], Any]) -> None:
        self._name, self._find = name, find

    def __get__(self, owner: Any, kind: type | None = None) -> Any:
        if owner is None:
            return self
        if owner.__dict__[self._name] is None:
            found = self._find(owner)
            if isinstance(found, np.ndarray):
                found.flags.writeable = False
            owner.__dict__[self._name] = found
        return owner.__dict__[self._name]

    def __set__(self, owner: Any, value: Any) -> None:
        owner.__dict__[self._name] = value


def found_later(**finders: Callable[[Any], Any]) -> Callable[[type[T]], type[T]]:
    """Make fields of a dataclass a `FoundLater`, each with the function that finds it.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @found_later(squares=lambda this: np.arange(this.n) ** 2)
    ... @dataclass(frozen=True)
    ... class Table:
    ...     n: int
    ...     squares: object
    >>> Table(4, None).squares, Table(4, "as given").squares
    (array([0, 1, 4, 9]), 'as given')
    """

    def change(kind: type[T]) -> type[T]:
        for name, find in finders.items():
            setattr(kind, name, FoundLater(name, find))
        return kind

    return change

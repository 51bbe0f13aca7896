"""Functions by the names of the operations that they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Table(dict[str, "Callable[..., Any]"]):
    """A dictionary that is filled by decorators: ``@table("add", "sub")``."""

    def __call__(self, *names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Register a function under names."""

        def register(function: Callable[..., Any]) -> Callable[..., Any]:
            self.update(dict.fromkeys(names, function))
            return function

        return register


def words(text: str) -> frozenset[str]:
    """Names in a text."""
    return frozenset(text.split())

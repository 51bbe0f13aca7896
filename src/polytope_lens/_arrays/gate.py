"""One gate for arguments: flags and paths of public callables are checked before anything is done with them.

The annotations say which they are. Other arguments are checked where they are used, by `validate`, for what they
have to be beyond their kind: positive, one of four, points of so many coordinates.
"""

from __future__ import annotations

import inspect
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from polytope_lens._arrays import validate

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

MOST = 2**31
"""More arguments than any call has by their places."""
KINDS: dict[str, Callable[..., object]] = {
    "bool": validate.flag,
    "str | PathLike[str]": validate.path,
    "str | os.PathLike[str]": validate.path,
}
"""What checks arguments of a kind, by its annotation."""


def checked(what: T) -> T:
    """Let a function, or all public methods of a class, check the kinds of their arguments.

    Examples
    --------
    >>> @checked
    ... def twice(n: int, loud: bool = False) -> int:
    ...     return 2 * n
    >>> twice(2, loud="no")
    Traceback (most recent call last):
    ...
    polytope_lens.errors.OptionError: `loud` should be True or False, but received 'no'.
    """
    if not isinstance(what, type):
        return cast("T", _checked_function(cast("Any", what)))
    for name, member in list(vars(what).items()):
        if name.startswith("_") and name != "__call__":
            continue
        if isinstance(member, classmethod | staticmethod):
            setattr(what, name, type(member)(_checked_function(member.__func__)))
        elif inspect.isfunction(member):
            setattr(what, name, _checked_function(member))
    return what


def _checked_function(function: Callable[..., Any]) -> Callable[..., Any]:
    checks = _checks(function)
    if not checks:
        return function

    @wraps(function)
    def ask(*args: Any, **kwargs: Any) -> Any:
        for place, name, told, check in checks:
            if place < len(args):
                check(args[place], name=told)
            elif name in kwargs:
                check(kwargs[name], name=told)
        return function(*args, **kwargs)

    return ask


def _checks(function: Callable[..., Any]) -> list[tuple[int, str, str, Callable[..., object]]]:
    """For each parameter of a known kind its place, its name, how it is told, and its check."""
    found = []
    for place, (name, parameter) in enumerate(inspect.signature(function).parameters.items()):
        annotation = str(parameter.annotation)
        kind = annotation.removesuffix(" | None")
        if kind in KINDS:
            check = KINDS[kind] if kind == annotation else partial(_unless_none, KINDS[kind])
            by_place = parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
            found.append((place if by_place else MOST, name, f"`{name}`", check))
    return found


def _unless_none(check: Callable[..., object], value: Any, *, name: str) -> None:
    if value is not None:
        check(value, name=name)

"""Methods that say what the function says that they forward to.

``help(Lens.partition)`` should tell everything, and no text should stand in two places. So a method that forwards takes
its docstring from the function when its class is made: the summary, and the sections of numpydoc, with the parameters
that the method has.
"""

from __future__ import annotations

import inspect
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Method = TypeVar("Method", bound=Callable[..., Any])
    Sections = dict[str, list[str]]

PACKAGE = Path(__file__).parent
SOURCES = "__documented_by__"
"""The attribute of a method that names where its text is from."""
BORROWED = "__has_borrowed_examples__"
"""The attribute that says whether its examples run elsewhere."""


def documented_by(*sources: Callable[..., Any] | str) -> Callable[[Method], Method]:
    """Give a method the docstring of the function that it forwards to.

    Parameters
    ----------
    *sources : functions, or texts
        The function, and others that describe parameters which it does not describe. ``"render.surface:surface"`` names
        one whose module should not be imported yet: its docstring is read from the source.

    Returns
    -------
    decorator
        Of a method whose own docstring, if any, goes first: its summary stands for the function's, what else it says
        follows; its entries under Parameters, and its other sections, stand for those of the function. Signature and
        type stay the method's.

    Notes
    -----
    Parameters that the method does not have are left out, as is a heading without any left; ``**options`` stand for
    all but the function's first. Nothing is done where Python was told to drop docstrings (-OO).
    """

    def decorate(method: Method) -> Method:
        own = split(method.__doc__ or "")
        texts = [_docstring(source) for source in sources]
        if texts[0] is not None:
            theirs = [split(text) for text in texts if text is not None]
            method.__doc__ = composed(own, theirs, _parameters(method, theirs[-1]))
        setattr(method, SOURCES, tuple(map(_name, sources)))
        setattr(method, BORROWED, "Examples" not in own)
        return method

    return decorate


def composed(mine: Sections, theirs: list[Sections], names: list[str]) -> str:
    """The docstring of a method with these parameters, by its own one and those of functions."""
    prose = [*(mine[""][:1] or theirs[0][""][:1]), *theirs[0][""][1:], *mine[""][1:]]
    entries = [entry for sections in (mine, *theirs) for entry in _entries(sections.get("Parameters", []))]
    told = {name: next((entry for entry in entries if name in _names(entry)), None) for name in names}
    described = list(dict.fromkeys(_for(entry, told) for entry in told.values() if entry is not None))
    sections = {**{name: body for name, body in theirs[0].items() if name}, **{n: b for n, b in mine.items() if n}}
    sections = {"Parameters": described, **{name: body for name, body in sections.items() if name != "Parameters"}}
    parts = ["\n\n".join(prose)]
    for name, body in sections.items():
        if body:
            parts.append(f"{name}\n{'-' * len(name)}\n" + ("\n" if name == "Parameters" else "\n\n").join(body))
    return "\n\n".join(parts) + "\n"


def _parameters(method: Callable[..., Any], theirs: Sections) -> list[str]:
    """The parameters that a method has, by name or, in ``**options``, because a function has them."""
    names: list[str] = []
    for name, parameter in inspect.signature(method).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            described = [told for entry in _entries(theirs.get("Parameters", [])) for told in _names(entry)]
            names += [told for told in described[1:] if told not in names]
        elif name not in ("self", "cls"):
            names.append(name)
    return names


def split(text: str) -> Sections:
    """Paragraphs of a docstring by their sections; those before the first heading are under ''."""
    sections: Sections = {"": []}
    pieces = re.split(r"(?:^|\n)([A-Z][A-Za-z ]+)\n-{3,}\n", inspect.cleandoc(text))
    for name, body in zip(["", *pieces[1::2]], pieces[0::2], strict=True):
        sections[name] = [part.strip("\n") for part in re.split(r"\n\s*\n", body) if part.strip()]
    return sections


def _entries(paragraphs: list[str]) -> list[str]:
    """Entries of a section Parameters: a line that names some, and what is indented below it."""
    return [entry.rstrip() for entry in re.split(r"\n(?=\S)", "\n\n".join(paragraphs)) if entry]


def _names(entry: str) -> list[str]:
    """The parameters that an entry is about: ``*points : arrays``, ``output, value : int``."""
    listed = entry.partition("\n")[0].partition(" : ")[0]
    return [name.strip().lstrip("*") for name in listed.split(",")]


def _for(entry: str, told: Mapping[str, str | None]) -> str:
    """An entry that several parameters share, for those of them that it tells about."""
    line, newline, rest = entry.partition("\n")
    listed, colon, kind = line.partition(" : ")
    kept = [name.strip() for name in listed.split(",") if told.get(name.strip().lstrip("*")) == entry]
    return ", ".join(kept) + colon + kind + newline + rest


def _name(source: Callable[..., Any] | str) -> str:
    return source if isinstance(source, str) else f"{source.__module__}:{source.__qualname__}"


def _docstring(source: Callable[..., Any] | str) -> str | None:
    return _read(source) if isinstance(source, str) else source.__doc__


@cache
def _read(name: str) -> str | None:
    """The docstring of a function whose module is not imported; None where there is no source."""
    module, _, function = name.partition(":")
    path = PACKAGE.joinpath(*module.split(".")).with_suffix(".py")
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:  # a package that was made without sources
        return None
    found = re.search(rf'^def {function}\(.*?^    r?"""(.*?)"""', text, flags=re.MULTILINE | re.DOTALL)
    if found is None:
        raise LookupError(f"{path} has no function {function} with a docstring.")
    return found[1]

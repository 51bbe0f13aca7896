"""Pages of the reference, one for each public name: found in the package, so that none is missing and none is stale.

Public is what ``polytope_lens`` and its public modules list, and every type that a public method returns.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import polytope_lens
import polytope_lens.errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Classes = dict[str, type]

MODULES = ("training", "experiments", "testing")
"""Public modules beside the package itself."""

OBJECTS = ("Lens", "Box", "Network", "Region", "Polytope", "Inequalities", "Partition", "Path", "Recorder", "Recording")
"""Classes whose methods have a page each; those of others stand on the page of the class."""

SPACES = ("PartitionPlot", "PartitionFunction", "PartitionComplex", "PartitionExport", "Export")


def pages(gallery: bool) -> dict[str, str]:
    """The pages, by their names in the folder of the reference; with links to examples if there is a gallery."""
    objects = [*OBJECTS, *SPACES]
    answers = sorted(name for name in public_classes() if name not in objects)
    classes = public_classes()
    errors = [name for name, value in vars(polytope_lens.errors).items() if _is_error(value)]
    made: dict[str, str] = {}
    for name in [*objects, *answers]:
        made |= dict(_class_pages(name, classes[name], single=name in objects, gallery=gallery))
    functions = [name for name in polytope_lens.__all__ if inspect.isfunction(getattr(polytope_lens, name))]
    made |= {name: _page(name, "polytope_lens", "autofunction", gallery) for name in functions}
    made |= {name: _page(name, "polytope_lens.errors", "autoclass", gallery) for name in errors if name not in made}
    sections = [
        ("Objects", "Each is plain data that never changes; :doc:`/objects` is the way in.", OBJECTS),
        ("Questions by subject", "Behind ``partition.plot``, ``.function``, ``.complex`` and ``.export``.", SPACES),
        ("Functions", "", functions),
        ("Answers", "What methods return.", [name for name in answers if name not in errors]),
        ("Errors and outcomes", "", errors),
    ]
    for name in MODULES:
        module = importlib.import_module(f"polytope_lens.{name}")
        members = [member for member in module.__all__ if member not in made]
        for member in members:
            made[member] = _page(member, module.__name__, _directive(getattr(module, member)), gallery)
        sections.append((module.__name__, _first_paragraph(module), members))
    return {"index": _index(sections), **made}


@cache
def public_classes() -> Classes:
    """The classes that users meet: those that modules list, what their methods and fields are, and kinds of these."""
    classes = {found.__name__: found for found in _all_classes()}
    homes = [polytope_lens, *(importlib.import_module(f"polytope_lens.{name}") for name in MODULES)]
    waiting = [getattr(home, name) for home in homes for name in home.__all__ if _is_class(getattr(home, name))]
    found: Classes = {}
    while waiting:
        one = waiting.pop()
        if one.__name__ not in found:
            found[one.__name__] = one
            waiting += [classes[word] for word in _types_of_answers(one) if word in classes]
            waiting += [kind for kind in classes.values() if one in kind.__bases__]
    return found


def home_of(name: str) -> str:
    """The module to import a public thing from."""
    for home in (polytope_lens, *(importlib.import_module(f"polytope_lens.{module}") for module in MODULES)):
        if name in home.__all__:
            return home.__name__
    return "polytope_lens.errors" if hasattr(polytope_lens.errors, name) else public_classes()[name].__module__


def members_of(found: type) -> list[str]:
    """Public methods and properties with words of their own, in the order of the source."""
    members = {}
    for base in reversed(found.__mro__):
        if base.__module__.startswith("polytope_lens"):
            members |= {name: value for name, value in vars(base).items() if _is_told(name, value)}
    return list(members)


def _is_told(name: str, value: Any) -> bool:
    function = getattr(value, "fget", None) or getattr(value, "__func__", value)
    return (name == "__call__" or not name.startswith("_")) and inspect.isroutine(function) and bool(function.__doc__)


def _types_of_answers(found: type) -> Iterator[str]:
    told = [*getattr(found, "__annotations__", {}).items()]
    for name in members_of(found):
        value = inspect.getattr_static(found, name)
        function = inspect.unwrap(getattr(value, "fget", None) or getattr(value, "__func__", value))
        told.append((name, getattr(function, "__annotations__", {}).get("return", "")))
    for name, annotation in told:
        if not name.startswith("_"):
            yield from re.findall(r"\b[A-Z]\w+", str(annotation))


def _all_classes() -> Iterator[type]:
    for module in pkgutil.walk_packages(polytope_lens.__path__, "polytope_lens."):
        if not module.name.endswith(("__main__", "proof.checker")):
            for value in vars(importlib.import_module(module.name)).values():
                if _is_class(value) and value.__module__ == module.name:
                    yield value


def _is_class(value: Any) -> bool:
    return inspect.isclass(value) and not value.__name__.startswith("_")


def _is_error(value: Any) -> bool:
    return _is_class(value) and value.__module__ == "polytope_lens.errors"


# --------------------------------------------------------------------------------------------------- as text


def _class_pages(name: str, found: type, *, single: bool, gallery: bool) -> Iterator[tuple[str, str]]:
    """The page of a class, and, if single, one for each of its methods."""
    home, members = home_of(name), members_of(found)
    if not single:
        yield name, _page(name, home, "autoclass", gallery, [f"   :members: {', '.join(members)}"] if members else [])
        return
    asked = [member for member in members if member != "__call__"]
    lines = _body(name, home, "autoclass")
    if "__call__" in members:
        lines += ["", f".. automethod:: {name}.__call__"]
    if asked:
        told = {member: _first_sentence(getattr(found, member)) for member in asked}
        lines += ["", ".. rubric:: Members", "", *_table((f"{home}.{name}.{member}", told[member]) for member in asked)]
        lines += _toctree(f"{name}.{member}" for member in asked)
    yield name, _text(lines, f"{home}.{name}", gallery)
    for member in asked:
        value = inspect.getattr_static(found, member)
        directive = "autoproperty" if isinstance(value, property) else "automethod"
        yield f"{name}.{member}", _page(f"{name}.{member}", home, directive, gallery)


def _page(name: str, home: str, directive: str, gallery: bool, options: Iterable[str] = ()) -> str:
    return _text([*_body(name, home, directive), *options], f"{home}.{name}", gallery)


def _body(name: str, home: str, directive: str) -> list[str]:
    return [name, "=" * len(name), "", f".. currentmodule:: {home}", "", f".. {directive}:: {name}"]


def _text(lines: list[str], full_name: str, gallery: bool) -> str:
    examples = ["", f".. minigallery:: {full_name}", "   :add-heading: In the gallery"] if gallery else []
    return "\n".join([*lines, *examples, ""])


def _index(sections: Iterable[tuple[str, str, Iterable[str]]]) -> str:
    lines = [
        "Reference",
        "=========",
        "",
        "Every public thing. Shapes, what is exact, what is raised and what it costs:",
    ]
    lines += ["each page tells. The same texts are in ``help(...)``.", ""]
    for title, words, names in sections:
        names = list(names)
        homes = {name: home_of(name) for name in names}
        told = {name: _first_sentence(getattr(importlib.import_module(homes[name]), name)) for name in names}
        lines += [
            title,
            "-" * len(title),
            "",
            words,
            "",
            *_table((f"{homes[name]}.{name}", told[name]) for name in names),
        ]
        lines += _toctree(names)
    return "\n".join([*lines, ""])


def _table(rows: Iterable[tuple[str, str]]) -> list[str]:
    """Names with what they are about."""
    lines = [".. list-table::", "   :widths: 30 70", ""]
    for name, told in rows:
        lines += [f"   * - :py:obj:`~{name}`", f"     - {told}"]
    return [*lines, ""]


def _first_sentence(found: Any) -> str:
    """The first paragraph of a docstring, without its last full stop; data have none."""
    if not (callable(found) or isinstance(found, property)):
        return "Data."
    return " ".join((inspect.getdoc(found) or "").partition("\n\n")[0].split()).removesuffix(".")


def _toctree(names: Iterable[str]) -> list[str]:
    return [".. toctree::", "   :hidden:", "", *(f"   {name}" for name in names), ""]


def _directive(found: Any) -> str:
    return "autoclass" if inspect.isclass(found) else "autofunction" if callable(found) else "autodata"


def _first_paragraph(module: Any) -> str:
    return (module.__doc__ or "").partition("\n\n")[0].replace("\n", " ")

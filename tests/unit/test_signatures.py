"""Public signatures say what they take and give: `Any` switches a caller's type checker off."""

from __future__ import annotations

import importlib
import inspect
import re
import typing

import pytest

import polytope_lens
import reference_pages
from polytope_lens.training import events, measures, recording_page
from polytope_lens.training.films import film

HOMES = [polytope_lens, *(importlib.import_module(f"polytope_lens.{name}") for name in reference_pages.MODULES)]
SPECIAL = ("__init__", "__call__", "__getitem__", "__iter__")
# Of an array whose kind of numbers is open, and of what a callback returns, any type is the right one.
IS_OPEN = re.compile(r"NDArray\[Any\]|np\.(dtype|number)\[Any\]|csr_array\[Any, |Callable\[(\[[^]]*\]|\.\.\.), Any\]")


def signatures():
    """Annotations of what users call and of the fields that they read, by name."""
    for name, found in reference_pages.public_classes().items():
        for owner in found.__mro__:
            if owner.__module__.startswith("polytope_lens"):
                fields = vars(owner).get("__annotations__", {})
                yield name, {field: told for field, told in fields.items() if not field.startswith("_")}
                for member, value in vars(owner).items():
                    function = inspect.unwrap(getattr(value, "fget", None) or getattr(value, "__func__", value))
                    if inspect.isfunction(function) and (member in SPECIAL or not member.startswith("_")):
                        yield f"{name}.{member}", function.__annotations__
    for home in HOMES:
        for name in home.__all__:
            if inspect.isfunction(function := inspect.unwrap(getattr(home, name))):
                yield name, function.__annotations__


def is_anything(annotation):
    """Whether a type is `Any`, or has it as a part."""
    return re.search(r"\bAny\b", IS_OPEN.sub("", str(annotation))) is not None


def test_no_public_signature_takes_or_gives_anything():
    found = list(signatures())
    assert len(found) > 500
    assert not [f"{name}, {part}: {told}" for name, parts in found for part, told in parts.items() if is_anything(told)]


@pytest.mark.parametrize(
    ("told", "answer"),
    [
        ("Any", True), ("list[Any]", True), ("dict[str, Any] | None", True), ("Callable[[Any], int]", True),
        ("NDArray[Any]", False), ("Callable[..., Any]", False), ("Anything", False), ("Floats", False),
    ],
)  # fmt: skip
def test_what_counts_as_anything(told, answer):
    assert is_anything(told) is answer


@pytest.mark.parametrize(
    ("options", "function", "first"),
    [
        (film.FilmOptions, film.film, 2),
        (measures.MeasureOptions, measures.measure, 1),
        (events.EventOptions, events.events, 1),
        (recording_page.PageOptions, recording_page.explorer, 2),
    ],
)
def test_the_options_of_methods_are_those_of_their_functions(options, function, first):
    parameters = list(inspect.signature(function).parameters.values())[first:]
    assert {name: str(told.__forward_arg__) for name, told in options.__annotations__.items()} == {
        parameter.name: parameter.annotation for parameter in parameters
    }


def test_answers_that_depend_on_arguments_are_overloaded():
    """A union is left only where no type of an argument tells which it will be: in the plane or in space, say."""
    left = set()
    for name, found in reference_pages.public_classes().items():
        for member, value in vars(found).items():
            function = getattr(value, "__func__", value)
            if inspect.isfunction(function) and (member in SPECIAL[:-1] or not member.startswith("_")):
                told = str(inspect.unwrap(function).__annotations__.get("return", ""))
                if "|" in told.replace("| None", "") and not typing.get_overloads(inspect.unwrap(function)):
                    left.add(f"{name}.{member}")
    assert left == {"Partition.level_set", "Partition.boundary", "PartitionComplex.bent_hyperplane"}

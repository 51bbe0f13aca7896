"""Methods carry the docstring of the function that they forward to."""

from __future__ import annotations

import importlib
import inspect
import pathlib
import pkgutil
import re
import subprocess
import sys

import pytest

import polytope_lens
from polytope_lens import Lens, Partition, Path, Polytope, Region, _docstrings
from polytope_lens._docstrings import documented_by
from polytope_lens.partition.namespaces import PartitionFunction, PartitionPlot
from polytope_lens.training import Recorder, Recording


def area(shape, width, height, *, unit="cm"):
    """The area of a shape.

    It is found without a ruler.

    Parameters
    ----------
    shape : Shape
    width, height : float
        Of its box.

        Both positive.
    unit : str

    Raises
    ------
    ValueError
        No shape.

    Notes
    -----
    Rounded.

    Examples
    --------
    >>> 1 + 1
    2

    Another one.

    >>> 2 + 2
    4
    """


def colour(ink, *, paper="white"):
    """Colours.

    Parameters
    ----------
    ink : str
    paper : str
        What is written on.
    """


def test_a_method_without_words_says_what_the_function_says():
    class Shape:
        @documented_by(area)
        def area(self, width, height, *, unit="cm"): ...

    expected = inspect.cleandoc(area.__doc__).replace("shape : Shape\n", "")
    assert inspect.getdoc(Shape.area) == expected
    assert Shape.area.__doc__ == expected + "\n"
    assert Shape().area.__doc__ == Shape.area.__doc__


def test_own_words_go_first_and_only_parameters_that_are_there_are_told():
    class Square:
        @classmethod
        @documented_by(area, colour)
        def area(cls, width, *points, unit, paper):
            """The area of a square.

            Squares are shapes.

            Parameters
            ----------
            *points : arrays
                Corners.
            unit : "cm" or "m"

            Notes
            -----
            Exact.
            """

    assert inspect.getdoc(Square.area) == inspect.cleandoc("""
        The area of a square.

        It is found without a ruler.

        Squares are shapes.

        Parameters
        ----------
        width : float
            Of its box.

            Both positive.
        *points : arrays
            Corners.
        unit : "cm" or "m"
        paper : str
            What is written on.

        Raises
        ------
        ValueError
            No shape.

        Notes
        -----
        Exact.

        Examples
        --------
        >>> 1 + 1
        2

        Another one.

        >>> 2 + 2
        4
    """)


def test_options_stand_for_all_that_the_function_has():
    class Shape:
        @documented_by(area)
        def area(self, width, **options):
            """Area."""

        @documented_by(colour)
        def nothing(self):
            """Nothing."""

    text = inspect.getdoc(Shape.area)
    assert "width, height : float" in text
    assert "unit : str" in text
    assert "shape :" not in text
    assert inspect.getdoc(Shape.nothing) == "Nothing."


def test_properties_and_types_stay():
    class Shape:
        @property
        @documented_by(colour)
        def colour(self) -> str:
            return "red"

    assert Shape.colour.__doc__ == "Colours.\n"
    assert Shape().colour == "red"
    assert list(inspect.signature(Lens.path).parameters) == ["self", "x", "y", "more"]
    assert Lens.path.__module__ == "polytope_lens.lens"
    assert Lens.path.__documented_by__ == ("polytope_lens.path.path:path",)


def test_a_function_is_read_without_importing_its_module():
    program = "import sys\nfrom polytope_lens import _docstrings\n"
    program += (
        "print(_docstrings._read('render.matplotlib:plot')); assert not {'matplotlib', 'numpy'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    from polytope_lens.render.matplotlib import plot

    assert inspect.cleandoc(done.stdout) == inspect.getdoc(plot)
    with pytest.raises(LookupError, match="no function plod"):
        _docstrings._read("render.matplotlib:plod")
    assert _docstrings._read("no.such.module:plot") is None


def test_without_docstrings_nothing_breaks():
    program = (
        "from polytope_lens import Lens\nassert Lens.path.__doc__ is None\nprint(Lens.from_arrays([[[1.0]]], [[0]]))"
    )
    done = subprocess.run([sys.executable, "-OO", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Lens(Network(1 -> 1")


# ----------------------------------------------------------------------------------------- in the library


def classes():
    for module in pkgutil.walk_packages(polytope_lens.__path__, "polytope_lens."):
        if module.name.endswith("__main__"):
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if inspect.isclass(value) and value.__module__ == module.name and not value.__name__.startswith("_"):
                yield value


def methods():
    """Public methods and properties of all classes, by the names of class and method."""
    for owner in classes():
        for name, value in vars(owner).items():
            function = inspect.unwrap(getattr(value, "fget", None) or getattr(value, "__func__", value))
            if (name == "__call__" or not name.startswith("_")) and inspect.isfunction(function):
                yield f"{owner.__name__}.{name}", function


METHODS = dict(methods())
DOCUMENTED = {name: method for name, method in METHODS.items() if hasattr(method, "__documented_by__")}


def test_the_objects_that_users_meet_are_documented_so():
    for owner, least in (("Lens", 12), ("Partition", 20), ("Region", 12), ("Polytope", 18), ("Export", 7)):
        assert len([name for name in DOCUMENTED if name.startswith(f"{owner}.")]) >= least
    explained = (
        Lens.partition, Lens.explore, Path.exact_breakpoints, Recording.film, Recorder.film, Partition.level_set,
        Region.inequalities, Region.volume, Polytope.volume, Polytope.project, PartitionFunction.norms,
        PartitionPlot.surface,
    )  # fmt: skip
    for method in explained:
        assert "\nNotes\n-----\n" in method.__doc__


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_parameter_is_told_and_no_other(name):
    method = DOCUMENTED[name]
    told = _docstrings.split(method.__doc__).get("Parameters", [])
    listed = [word for entry in _docstrings._entries(told) for word in _docstrings._names(entry)]
    parameters = {name for name, p in inspect.signature(method).parameters.items() if p.kind is not p.VAR_KEYWORD} - {
        "self",
        "cls",
    }
    assert parameters <= set(listed)
    assert parameters == set(listed) or "options" in inspect.signature(method).parameters


@pytest.mark.parametrize("name", DOCUMENTED)
def test_texts_that_are_read_from_the_source_are_those_of_the_functions(name):
    for source in DOCUMENTED[name].__documented_by__:
        module, _, function = source.removeprefix("polytope_lens.").partition(":")
        found = importlib.import_module(f"polytope_lens.{module}")
        for part in function.split("."):
            found = getattr(found, part)
        assert callable(found)
        if "." not in function and not hasattr(found, "__documented_by__"):
            assert inspect.cleandoc(_docstrings._read(f"{module}:{function}")) == inspect.cleandoc(found.__doc__)


def test_no_method_sends_its_reader_elsewhere():
    pointing = {
        name
        for name, method in METHODS.items()
        if re.search(r"see `[a-z_.]+`", inspect.getdoc(method) or "") and name not in DOCUMENTED
    }
    assert not pointing, "give these methods the docstring of their function: `documented_by(function)`"


def test_names_stand_in_backticks_alone():
    """``help`` shows docstrings as they are, so there are no roles in them; the site finds what a name is."""
    role = re.compile(r":[a-z]+(:[a-z]+)?:`")
    sources = pathlib.Path(polytope_lens.__file__).parent.rglob("*.py")
    assert not [str(path) for path in sources if role.search(path.read_text(encoding="utf-8"))]


def test_examples_run_once():
    root = pathlib.Path(__file__).parents[2]
    names = [f"src/polytope_lens/{name}.py" for name in ("lens", "path/path", "training/recording")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-p", "no:cacheprovider", *names],
        capture_output=True, text=True, cwd=root, check=True,
    )  # fmt: skip
    collected = [line.partition("::")[2] for line in done.stdout.splitlines() if "::" in line]
    assert "polytope_lens.lens.Lens.slice" in collected
    assert "polytope_lens.lens.Lens.partition" in collected  # an example of its own beside the words of a function
    assert "polytope_lens.path.path.path" in collected
    assert "polytope_lens.lens.Lens.path" not in collected
    assert "polytope_lens.lens.Lens.at" not in collected
    assert "polytope_lens.training.recording.Recording.events" not in collected

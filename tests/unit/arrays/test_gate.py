"""Flags and paths are checked by their annotations, whichever way they are given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from polytope_lens._arrays.gate import checked
from polytope_lens.errors import OptionError
from refusals import NO_PATHS, refuses


@checked
def written(path: str | Path, n: int = 1, *, exact: bool = False, bar: bool | None = None) -> tuple[object, ...]:
    """What was given."""
    return path, n, exact, bar


@checked
def saved(path: str | PathLike[str]) -> object:  # noqa: F821 - annotations are read as they are written
    return path


@checked
class Asked:
    """Members of all kinds."""

    def method(self, loud: bool) -> bool:
        return loud

    @classmethod
    def made(cls, loud: bool = False) -> bool:
        return loud

    @staticmethod
    def alone(loud: bool) -> bool:
        return loud

    def __call__(self, loud: bool) -> bool:
        return loud


@pytest.mark.parametrize("flag", [True, False, np.bool_(True)])
def test_flags_go_through_as_they_are(flag):
    assert written("a", exact=flag) == ("a", 1, flag, None)
    assert written("a", bar=flag)[-1] is flag


@pytest.mark.parametrize("value", [0, 1, None, "yes", [], np.zeros(2), object()])
def test_what_is_no_flag_is_refused(value):
    with pytest.raises(OptionError, match="`exact` should be True or False, but received"):
        written("a", exact=value)
    asked = Asked()
    for call in (asked.method, asked.made, asked.alone, asked):
        for arguments, named in (((value,), {}), ((), {"loud": value})):
            with pytest.raises(OptionError, match="`loud` should be True or False"):
                call(*arguments, **named)


def test_paths():
    assert saved(Path("a")) == Path("a")
    refuses(saved, "path", (*NO_PATHS, "a\0b", None), "`path` should be a path")


def test_names_and_texts_stay():
    assert written.__doc__ == "What was given."
    assert written.__name__ == "written"

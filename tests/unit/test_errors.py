from __future__ import annotations

import re
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest

import polytope_lens
from polytope_lens import errors
from polytope_lens._arrays.validate import option
from polytope_lens.errors import MissingExtraError, OptionError, PolytopeLensError, Status, require


def test_a_missing_extra_names_the_pip_line():
    with pytest.raises(MissingExtraError, match=r'plots needs no_such_module, .*: pip install "polytope-lens\[art\]"'):
        require("no_such_module", extra="art", purpose="plots")
    assert require("math", extra="art", purpose="plots").__name__ == "math"


def test_all_errors_are_ours_and_of_a_builtin_kind():
    kinds = [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, PolytopeLensError)]
    assert len(kinds) > 10
    for kind in kinds:
        if kind is not PolytopeLensError:
            assert issubclass(kind, ValueError | TypeError | ImportError | IndexError | RuntimeError | OSError), kind


def test_options_are_checked_against_a_closed_list():
    assert option("a", name="`x`", allowed=["a", "b"]) == "a"
    with pytest.raises(OptionError, match="`x` should be one of 'a', 'b', but received 'c'"):
        option("c", name="`x`", allowed=["a", "b"])


def test_a_status_says_what_it_means():
    assert repr(Status.COMPLETE) == "Status.COMPLETE"
    assert Status.COMPLETE.value == "every region of the domain is here"


@pytest.mark.parametrize("kind", [errors.FileFormatError, errors.MissingFileError, errors.UnsupportedLayerError])
def test_messages_are_one_line_whatever_they_quote(kind):
    assert str(kind("node 'a\n b\tc\x1b[31m' (\x00ξ) is none.")) == r"node 'a b c\x1b[31m' (\x00ξ) is none."
    assert kind("as it is,  with two spaces").args == ("as it is,  with two spaces",)


def required():
    """What the package's modules need beyond the core, as they say it: module and extra."""
    calls = re.compile(r'require\(\s*"(\w+)[\w.]*",\s*extra="(\w+)"')
    sources = Path(polytope_lens.__file__).parent.rglob("*.py")
    return sorted({pair for source in sources for pair in calls.findall(source.read_text(encoding="utf-8"))})


@pytest.mark.parametrize(("module", "extra"), required())
def test_the_extra_that_is_advised_brings_the_module(module, extra):
    lines = requires("polytope-lens") or []
    extras = [re.split(r"[<>=~!; \[]", line)[0] for line in lines if f'extra == "{extra}"' in line.replace("'", '"')]
    brought = packages_distributions().get(module)
    if brought is None:
        pytest.skip(f"no {module} here")
    assert {name.lower() for name in brought} & {name.lower() for name in extras}


def test_all_modules_that_are_required_are_found():
    assert len(required()) > 8

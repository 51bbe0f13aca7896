"""Libraries that are imported when they are first asked for something."""

from __future__ import annotations

import sys

import pytest

from polytope_lens._deferred import Deferred


def test_a_module_comes_with_the_first_question(monkeypatch):
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    module = Deferred("colorsys")
    assert "colorsys" not in sys.modules
    assert module.rgb_to_hsv(1, 0, 0) == (0, 1, 1)
    assert vars(module).keys() == {"_name", "rgb_to_hsv"}


def test_what_a_module_does_not_have_is_missed_as_ever():
    with pytest.raises(AttributeError, match="module 'colorsys' has no attribute 'rgb'"):
        Deferred("colorsys").rgb  # noqa: B018
    with pytest.raises(ModuleNotFoundError):
        Deferred("there_is_none").rgb  # noqa: B018

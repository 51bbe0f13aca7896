"""The page about points: its examples run, and print what it says."""

from __future__ import annotations

import doctest
from pathlib import Path


def test_the_examples_of_the_page():
    page = Path(__file__).parents[3] / "docs" / "points.md"
    failed, tried = doctest.testfile(str(page), module_relative=False)
    assert tried > 15
    assert not failed

"""Regions as JSON."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest

from polytope_lens import Box, Lens
from polytope_lens.cli.output import as_plain, print_json, regions_as_json
from polytope_lens.errors import Status


@pytest.fixture(scope="module")
def found():
    return Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]]).partition(Box([-1, -1], [1, 1]))


def test_regions_come_in_the_order_asked_for_with_a_number_of_each(found):
    told = regions_as_json(found, [3, 0], {"distance": [0.0, 1.0, 2.0, 3.0]})
    assert [region["distance"] for region in told] == [3.0, 0.0]
    assert [region["pattern"] for region in told] == [found[3].pattern.hex, found[0].pattern.hex]
    assert told[0]["map"] == [[1.0, 1.0, 0.0]]
    assert set(regions_as_json(found, [1])[0]) == {"pattern", "witness", "map"}


def test_what_json_has_no_word_for():
    assert as_plain(np.array([[0.5, np.inf], [np.nan, 1]])) == [[0.5, None], [None, 1]]
    assert as_plain(np.array([Fraction(1, 3), Fraction(2)], dtype=object)) == ["1/3", "2"]
    assert (as_plain(Status.COMPLETE), as_plain("both"), as_plain(True), as_plain(None)) == (
        "COMPLETE",
        "both",
        True,
        None,
    )


def test_json_has_neither_infinity_nor_nan(capsys):
    print_json({"a": [1.5, float("inf")], "b": {"c": (float("nan"), 2)}})
    assert capsys.readouterr().out == '{"a": [1.5, null], "b": {"c": [null, 2]}}\n'


def test_json_is_one_line(capsys, found):
    print_json({"regions": regions_as_json(found, range(4))})
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert len(json.loads(printed)["regions"]) == 4

"""JSON: read back without loss, and what is none."""

from __future__ import annotations

import json

import numpy as np
import pytest

from polytope_lens import Lens, Polytope
from polytope_lens.errors import FileFormatError
from polytope_lens.io.json import read_json, to_json
from written import CLIPPED, polytope_of, same


def test_json_is_read_back(cell):
    text, given = cell.export.json(), polytope_of(cell)
    told, poly = json.loads(text), Polytope.from_json(text)
    assert same(poly, given) and poly.owners == given.owners and poly == given
    assert to_json(poly) == text
    assert np.array_equal(poly.A, given.A) and np.array_equal(poly.b, given.b)
    assert told["A_float"] == given.A.tolist() and told["b_float"] == given.b.tolist()


def test_json_of_the_whole_space():
    nothing = Lens.from_arrays([[[0, 0]], [[1]]], [[1], [0]]).at([1, 2])
    assert Polytope.from_json(nothing.export.json()).A.shape == (0, 2)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda told: told.update(format="other"), "holds something else"),
        (lambda told: told.update(version=2), "holds something else"),
        (lambda told: told.pop("A"), "should hold"),
        (lambda told: told["A"].pop(), "should hold"),
        (lambda told: told["A"][0].append("1"), "should hold"),
        (lambda told: told["b"].__setitem__(0, "one"), "should hold"),
        (lambda told: told["b"].__setitem__(0, "1/0"), "should hold"),
        (lambda told: told["b"].__setitem__(0, float("nan")), "should hold"),
        (lambda told: told["b"].__setitem__(0, "1e999999999"), "should hold"),
        (lambda told: told["owners"].pop(), "should hold"),
        (lambda told: told.update(dim=-1), "should hold"),
        (lambda told: told.update(dim=10**30), "should hold"),
        (lambda told: told.update(dim=10**30, A=[], b=[], owners=[]), "should hold"),
        (lambda told: told.update(A=3), "should hold"),
        (lambda told: told.update(dim=-1, A=[], b=[], owners=[]), "should hold"),
        (lambda told: told["owners"][0][0].append(1), "should hold"),
        (lambda told: told["owners"][0][0].__setitem__(0, float("inf")), "should hold"),
        (lambda told: told["owners"][0][0].__setitem__(0, 0.5), "should hold"),
        (lambda told: told.update(dim=2.5), "should hold"),
        (lambda told: told.update(dim="2"), "should hold"),
    ],
)
def test_other_json_is_refused(change, says):
    told = json.loads(CLIPPED.export.json())
    change(told)
    with pytest.raises(FileFormatError, match=says):
        Polytope.from_json(json.dumps(told))


@pytest.mark.parametrize("text", ["", "[1, 2]", "{", "[" * 100_000])
def test_other_texts_are_no_json(text):
    with pytest.raises(FileFormatError):
        read_json(text)

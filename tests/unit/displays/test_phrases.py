"""Words for owners and rows."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.displays.phrases import linear_form, many, owner_name, owner_names


def test_owners_have_names():
    assert (owner_name(-1, 3), owner_name(1, 2)) == ("domain, row 3", "layer 1, neuron 2")
    assert owner_names([(0, 1), (-1, 2)]) == "layer 0, neuron 1, and domain, row 2"
    assert owner_names([]) == ""


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ([0.0, 0.0], "0"),
        ([0.0, -2.0], "-2 x1"),
        ([1.0, -2.0, 0.125, 4.0], "1 x0 - 2 x1 + 0.125 x2 + 4 x3"),
        ([1.0, -2.0, 0.125, 4.0, -8.0, 0.0], "-8 x4 + 4 x3 - 2 x1 + 1 x0 + (1 more)"),
    ],
)
def test_long_rows_show_their_largest_terms(row, text):
    assert linear_form(np.array(row)) == text


def test_things_are_counted():
    assert (many(0, "row"), many(1, "row"), many(2, "row")) == ("0 rows", "1 row", "2 rows")

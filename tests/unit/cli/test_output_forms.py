"""Outputs as they are written on the command line."""

from __future__ import annotations

from fractions import Fraction

import pytest

from polytope_lens.cli.output_forms import combination, target_of
from polytope_lens.errors import OptionError


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("y0", [1, 0, 0]),
        ("-Y_2", [0, 0, -1]),
        ("2y0-y1", [2, -1, 0]),
        (" + 2 * y0 - 1/3 y1 + .5e1y2", [2, Fraction(-1, 3), 5]),
        ("0.1 y1 + y1", [0, Fraction(11, 10), 0]),
    ],
)
def test_combinations(text, row):
    assert combination(text, 3) == row


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "'' is not understood in ''"),
        ("y0 y1", "'y1' is not understood in 'y0 y1'"),
        ("2 (y0 - y1)", "'(y0 - y1)' is not understood"),
        ("y0 * y1", "'* y1' is not understood"),
        ("x0", "'x0' is not understood"),
        ("y0 -", "'-' is not understood in 'y0 -'"),
        ("1/0 y0", "is not understood"),
        ("1e9999 y0", "is not understood"),
        ("y0 + 1", "'y0 + 1' adds the number 1"),
        ("y0 - y0", "has no output in it"),
        ("y3", "there is no output 3: the network has 3 outputs, y0 to y2"),
    ],
)
def test_what_is_no_combination(text, says):
    with pytest.raises(OptionError) as refused:
        combination(text, 3)
    assert says in str(refused.value)


def test_targets():
    assert target_of([["2"]], 3) == [2]
    assert target_of([["y0 <= 0.1", "y1>=y0 + 1"]], 2) == [([[1, 0], [1, -1]], [Fraction(1, 10), -1])]
    assert target_of([["0 <= y0 <= 1"], ["y0 = 3/2"]], 1) == [([[-1], [1]], [0, 1]), ([[1], [-1]], [1.5, -1.5])]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["3"], "there is no output 3"),
        (["1", "y0 <= 1"], "'1' is no inequality"),
        (["y0"], "shells take < and > for themselves"),
        (["y0 < 1"], "'y0 < 1' is strict"),
        (["y0 <= "], "is not understood in 'y0 <= '"),
        (["0 <= 1"], "no output is bounded by '0 <= 1'"),
        (["y0 <= x1"], "'x1' is not understood in 'y0 <= x1'"),
    ],
)
def test_what_is_no_target(words, says):
    with pytest.raises(OptionError) as refused:
        target_of([words], 3)
    assert says in str(refused.value)

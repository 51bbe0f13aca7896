"""Names and words for rows."""

from __future__ import annotations

from polytope_lens import Polytope
from polytope_lens.io.row_text import row_comments, row_names, row_terms
from written import CLIPPED, DOUBLED, ODD


def test_rows_are_named_after_their_owners():
    assert row_names(ODD) == ["row_0", "row_1", "row_2", "row_3"] and row_comments(ODD) == [""] * 4
    assert row_names(DOUBLED.polytope) == ["layer_0_neuron_2", "layer_0_neuron_0"]
    assert row_comments(DOUBLED.polytope)[1] == "layer 0, neuron 0, and layer 0, neuron 1"
    assert "domain_row_0" in row_names(CLIPPED.polytope)


def test_names_that_come_twice_are_none():
    twice = Polytope([[1], [2]], [1, 1], owners=[[(0, 1)], [(0, 1)]])
    assert row_names(twice) == ["row_0", "row_1"]


def test_terms_leave_out_zeros():
    assert list(row_terms(Polytope([[0, 0.5], [0, 0]], [1, 2]))) == [([(0.5, 1)], 1), ([], 2)]

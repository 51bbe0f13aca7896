"""Polytopes in notebooks."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from polytope_lens import Polytope
from polytope_lens.polytope.polytope_card import MOST_NAMED, polytope_formula
from shown_cards import rows, words


@pytest.mark.parametrize(
    ("poly", "n_sides"),
    [
        (Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, 1]), 3),
        (Polytope([[-1, 0], [0, -1]], [0, 0]), 2),
        (Polytope([[-1, 0], [1, 0]], [0, 1]), 2),
        (Polytope([[0, 2]], [1]), 1),
        (Polytope([[0, 2], [0, 1]], [1, 5]), 1),
        (Polytope([[1e-9, 1], [1e-9, -1], [-1, 0]], [1e9, 1, 1e9]), 3),
        (Polytope([[1e-250, 0], [0, 0], [0, -1e250]], [1e-250, 1, 1e250]), 2),
        (Polytope([[0, 0]], [1]), 0),
    ],
)
def test_polygons_are_drawn_with_their_sides(poly, n_sides):
    drawing = ElementTree.fromstring(poly._repr_svg_())
    area, sides = drawing.iter("{http://www.w3.org/2000/svg}path")
    assert area.get("d").count("L") >= 2 and sides.get("d").count("M") == n_sides


@pytest.mark.parametrize(
    ("poly", "told"),
    [
        (Polytope([[1, 0], [-1, 0]], [1, -1]), "no interior"),
        (Polytope([[1, 0], [-1, 0]], [1, -2]), "no interior"),
        (Polytope(np.zeros((0, 2)), []), "0 inequalities"),
        (Polytope([[1, 1, 1]], [1]), "R^3"),
        (Polytope([[1]], [1]), "R^1"),
    ],
)
def test_what_cannot_be_drawn_is_told(poly, told):
    assert poly._repr_svg_() is None
    assert told in words(poly)


def test_rows_with_and_without_owners():
    poly = Polytope([[1, 0], [0, 1]], [1, 1], owners=[[], [(0, 3), (-1, 2)]])
    assert [row[2] for row in rows(poly)[1:]] == ["", "layer 0, neuron 3, and domain, row 2"]


def test_polygons_with_many_sides_have_no_numbers():
    angles = np.linspace(0, 6, 30)
    poly = Polytope(np.column_stack([np.cos(angles), np.sin(angles)]), np.ones(30))
    assert len(poly.owners) > MOST_NAMED and "<text" not in poly._repr_svg_()
    assert "and 10 more" in words(poly)


def test_formulas_are_those_of_exports_and_long_ones_are_left_out():
    triangle = Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, 1])
    assert polytope_formula(triangle) == f"$$\n{triangle.export.latex()}\n$$" == triangle._repr_latex_()
    assert polytope_formula(Polytope(np.ones((30, 30)), np.ones(30))) is None
    assert polytope_formula(Polytope(np.zeros((0, 2)), [])) is None

"""Regions in notebooks: no facets are looked for where that takes long."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens import Lens
from polytope_lens._kept import answers
from polytope_lens.cells.inequalities import facet_mask
from polytope_lens.displays.cards import FEW
from polytope_lens.displays.phrases import owner_names
from polytope_lens.network.network import from_arrays
from shown_cards import LENS, MANY, dense, rows, words


def test_a_region_shows_its_facets_nearest_first_with_all_owners():
    region = LENS.at([0.3, 0.4])
    shown = rows(region)[1:]
    assert [row[2] for row in shown] == [owner_names(owners) for owners in region.polytope.owners]
    distances = [float(row[3]) for row in shown]
    assert distances == sorted(distances)
    assert distances[0] == pytest.approx(region.nearest_boundary().distance, rel=1e-2)
    y = LENS([0.3, 0.4])
    assert "y0 = " in words(region) and region.affine_map([0.3, 0.4]) == pytest.approx(y)


def test_many_inputs_are_not_searched_for_facets():
    region = MANY.at(np.linspace(-1, 1, 784))
    assert len(rows(region)) == 1 + FEW and "and 108 more, farther away" in words(region)
    assert region._repr_svg_() is None and region._repr_latex_() is None
    assert facet_mask not in answers(region)
    assert "800 rows" in words(dense(784, 400, 400, 10).at(np.zeros(784)))


def test_wide_layers_are_not_searched_either_but_what_is_known_is_shown():
    region = dense(2, 300, 300, 1).at([0.3, 0.4])
    assert region._repr_svg_() is None and "which of them are facets was not asked" in words(region)
    assert facet_mask not in answers(region)
    n_facets = len(region.polytope.owners)
    assert len(rows(region)) == 1 + min(n_facets, FEW) and region._repr_svg_() is not None


def test_numbers_of_any_size():
    large = from_arrays([np.full((2, 2), 1e200), np.full((2, 2), 1e200), [[1, 1]]], [[0, 1], [1, 0], [0]])
    region = Lens(large).at([0.5, 0.5])
    assert "too large for floats" in words(region)
    assert region._repr_latex_() is not None

"""Numbers of facets and simplices of the study of Fan and others, on small networks."""

from __future__ import annotations

import numpy as np
import pytest

from fan import SETTINGS, Setting, arrangement, facet_numbers, numbers, of_kind, row, simplex_numbers
from polytope_lens import Box, Lens

PLANE = Setting(dim=2, width=5, depth=2)
SQUARE = Box([-1, -1], [1, 1])


@pytest.mark.parametrize("seed", range(3))
def test_polygons(seed):
    lens = PLANE.lens(seed)
    partition = lens.partition(SQUARE)
    inner, outer = facet_numbers(partition)
    assert (inner + outer).tolist() == [len(partition.vertices(i)) for i in range(len(partition))]
    # A polygon of k sides is k - 2 triangles, whoever cuts it; and four sides are the mean where nothing is closed.
    corner, delaunay = simplex_numbers(partition)
    assert (corner == inner + outer - 2).all() and (delaunay == corner).all()
    assert (facet_numbers(lens.partition())[0].mean()) <= 4


def test_a_chessboard_with_and_without_its_border():
    lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
    found = numbers(lens)
    assert {name: values.tolist() for name, values in found.items()} == {
        "space": [2] * 4, "cube": [4] * 4, "cube, its own left out": [2] * 4, "simplices": [2] * 4,
    }  # fmt: skip
    told = row(PLANE, "cube", found["cube"], 1, "")
    assert (told["mean"], told["mode"], told["share_4"], told["at_most_2d"]) == (4, 4, 1, 1)


@pytest.mark.parametrize("setting", [Setting(width=5, depth=2), Setting(width=5, depth=2, init="orthogonal")])
def test_the_mean_is_at_most_twice_the_dimension(setting):
    rows = of_kind(setting, [setting.lens(0), arrangement(setting, 0)], "")
    by_place = {row["where"]: row for row in rows}
    assert by_place["space"]["mean"] <= 6
    assert by_place["cube"]["mean"] > by_place["cube, its own left out"]["mean"]


def test_the_scale_of_all_biases_moves_polytopes_and_changes_none():
    histograms = [numbers(Setting(width=5, depth=2, bias=bias).lens(0))["space"] for bias in (0.25, 1.0, 4.0)]
    assert all(np.array_equal(np.sort(one), np.sort(histograms[0])) for one in histograms)


def test_every_setting_is_there_once_in_its_panel():
    assert all(len(set(kinds)) == len(kinds) for kinds in SETTINGS.values())

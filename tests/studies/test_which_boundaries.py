"""The study's numbers on a small network whose answers are known, and that its runs leave pages."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens import Lens
from report import kept
from which_boundaries import Problem, along_lines, digits, measured, partition_of, study, top_tenth, trained


def test_a_pyramid_uses_four_two_or_one_of_its_sides():
    """|x| + |y| has a range of 2: two neighbours are half of it off a plane, all four as much as it rises."""
    lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]], negative_slope=-1.0)
    rows, told = measured(partition_of(lens), (0.24, 0.26, 0.51))
    assert [(row["regions"], row["pieces"], row["at_least"]) for row in rows] == [(4, 4, 4), (4, 2, 2), (4, 1, 1)]
    assert [row["forgotten"] for row in rows] == [0, 0.5, 1]
    assert (told["boundaries"], told["median_to_greatest"]) == (4, pytest.approx(1))


def test_the_greatest_tenth():
    assert top_tenth(np.array([1.0] * 9 + [11.0])) == 0.55


def test_training_makes_a_network_use_more_of_its_regions(tmp_path):
    """What the page says, on a smaller ring: within 3 % an untrained network needs fewer pieces than a trained one."""
    problem = Problem("ring", (10, 10), 2, 300)
    study(problem, 1, tmp_path)
    rows = kept("which_boundaries", tmp_path).set_index(["state", "share"])
    assert (rows.at_least <= rows.pieces).all() and (rows.pieces <= rows.regions).all()
    assert rows.loc[("initial", 0.03), "pieces"] < rows.loc[("trained", 0.03), "at_least"]
    assert set(kept("which_boundaries_jumps", tmp_path).state) == {"initial", "trained"}


def test_the_same_seed_is_the_same_network():
    problem = Problem("wave", (4,), 2, 3)
    one, other = trained(problem, 3)[1], trained(problem, 3)[1]
    assert one.network == other.network


def test_lines_between_digits_need_fewer_pieces_than_regions():
    initial, final, images, accuracy = digits(0, steps=60)
    assert accuracy > 0.9
    rows = along_lines((initial, final), images, 5, (0.001, 0.03, 1.0))
    for row in rows:
        assert row["lines"] <= row["pieces"] <= row["regions"]
    assert [row["pieces"] == row["lines"] for row in rows] == [False, False, True] * 2
    assert rows[1]["pieces"] < rows[1]["regions"] / 3

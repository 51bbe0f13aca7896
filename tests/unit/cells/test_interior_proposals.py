from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.cells.interior_proposals import are_constant, propose_centers, step_in, surely_inside

# The square |x| <= 1, a row that says nothing, and one that is always true.
SQUARE = np.array([[[1, 0, -1], [-1, 0, -1], [0, 1, -1], [0, -1, -1], [0, 0, 0], [0, 0, -2]]], dtype=float)
EXACT = np.zeros(SQUARE.shape)


def test_constant_rows_are_those_without_any_number_or_doubt():
    assert are_constant(SQUARE, EXACT).tolist() == [[False] * 4 + [True] * 2]
    doubt = EXACT.copy()
    doubt[0, 4, 1] = doubt[0, 5, 2] = 5e-324
    assert are_constant(SQUARE, doubt).tolist() == [[False] * 5 + [True]]
    tiny = np.array([[[5e-324, -5e-324, 1.0], [np.nan, 0.0, 1.0], [np.inf, 0.0, 1.0], [1e308, 1e308, 0.0]]])
    assert not are_constant(tiny, np.zeros(tiny.shape)).any()


def test_a_way_in_ends_well_inside():
    entry = np.array([[-1.0, 0.9]])
    assert not surely_inside(SQUARE, EXACT, entry)[0]
    inside = step_in(SQUARE, entry, np.array([[1.0, 0.0]]))
    assert surely_inside(SQUARE, EXACT, inside)[0]
    assert np.abs(inside).max() < 0.5


def test_a_way_without_end_goes_as_far_again():
    half_plane = np.array([[[-1.0, 0.0, 0.0]]])
    assert step_in(half_plane, np.zeros((1, 2)), np.array([[3.0, 1.0]])).tolist() == [[3.0, 1.0]]
    assert step_in(np.zeros((1, 0, 3)), np.zeros((1, 2)), np.array([[3.0, 1.0]])).tolist() == [[3.0, 1.0]]


def test_points_on_the_boundary_and_within_the_error_are_not_inside():
    points = np.array([[1.0, 0.0]])
    assert not surely_inside(SQUARE, EXACT, points)[0]
    assert surely_inside(SQUARE, EXACT, points - 0.5)[0]
    assert not surely_inside(SQUARE, EXACT + 0.6, points - 0.5)[0]
    assert not surely_inside(SQUARE, EXACT, np.array([[np.nan, 0.0]]))[0]


@pytest.mark.parametrize(
    "rows",
    [
        SQUARE[0],
        # A half-plane, a sliver, and a half-plane that begins far out.
        [[-1.0, 0.0, 3.0]],
        [[1.0, 0.5, 0.0], [-1.0, -0.5, -1e-9], [0.0, 1.0, -1.0], [0.0, -1.0, -1.0]],
        [[1e-25, -2e-25, 0.2], [-1.0, 0.0, -1.0]],
    ],
)
def test_centers_are_proposed(rows):
    rows = np.array(rows)
    for near in ([np.nan, np.nan], [5.0, 2.0]):
        proposals = list(propose_centers(rows, np.array(near)))
        assert any(surely_inside(rows[None], np.zeros((1, *rows.shape)), one[None])[0] for one in proposals)

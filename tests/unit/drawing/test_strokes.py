"""Lines and dots, many at once."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from polytope_lens.drawing import strokes

SEGMENTS = np.array([[[0.0, 0], [1, 1]], [[0, 1], [1, 0]]])


@pytest.fixture
def ax():
    """Axes of 200 x 100 points."""
    return Figure(figsize=(200 / 72, 100 / 72)).add_axes((0, 0, 1, 1))


def test_widths_follow_the_axes_or_are_as_told(ax):
    following = strokes.draw_segments(ax, SEGMENTS, color="red", width=0.02, relative=True)
    fixed = strokes.draw_segments(ax, SEGMENTS, color="red", width=3.0)
    for factor in (1, 2):
        ax.figure.set_size_inches(200 * factor / 72, 100 * factor / 72)
        FigureCanvasAgg(ax.figure).draw()
        assert following.get_linewidth() == pytest.approx(2.0 * factor)
        assert fixed.get_linewidth() == 3.0
    assert following.get_path().codes.tolist() == [1, 2, 1, 2]


def test_the_first_of_many_layers_is_twice_as_thick_as_the_last():
    widths = strokes.relative_widths(1000, 50)
    assert widths[0] / widths[-1] == pytest.approx(2, rel=0.02) and (np.diff(widths) < 0).all()
    assert strokes.relative_widths(10, 1)[0] >= strokes.relative_widths(10_000, 1)[0] > 0
    assert strokes.relative_widths(1, 0).shape == (0,)


def test_dots_shrink_with_their_number_and_the_picture():
    sizes = [strokes.dot_size(n, 430) for n in (1, 100, 1000, 10**6)]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] < 5 and sizes[-1] > 1
    assert strokes.dot_size(100, 215) == pytest.approx(strokes.dot_size(100, 430) / 2)
    assert strokes.dot_size(0, 430) == sizes[0]

"""Axes in the plane, their scales and legends; that panels do not overlap is tested with the pictures."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import AsinhNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from polytope_lens.drawing import plane_axes
from polytope_lens.drawing.picture_style import PLAIN, PictureStyle
from polytope_lens.errors import OptionError


@pytest.fixture
def ax():
    return Figure(figsize=(4, 4)).add_axes((0.2, 0.2, 0.6, 0.6))


def labels(bar):
    bar.figure.canvas.draw()
    return [text.get_text() for text in bar.get_yticklabels()]


def test_axes_are_those_given_or_new(ax):
    assert plane_axes.plane_axes(ax, PLAIN) is ax
    new = plane_axes.plane_axes(None, PictureStyle(figsize=(3, 2)))
    assert new.figure.get_size_inches().tolist() == [3, 2]
    pyplot.close(new.figure)
    with pytest.raises(OptionError, match="`ax` should be a Axes"):
        plane_axes.plane_axes(3, PLAIN)
    with pytest.raises(OptionError, match="axes in the plane"):
        plane_axes.plane_axes(Figure().add_subplot(projection="3d"), PLAIN)


def test_both_ends_of_a_scale_are_labelled(ax):
    plane_axes.draw_scale(ax, ScalarMappable(Normalize(-0.2971, 1.2374)), "value")
    (bar,) = ax.child_axes
    found = labels(bar)
    assert found[0] == "\N{MINUS SIGN}0.3" and found[-1] == "1.24" and "0.4" in found
    assert bar.get_ylabel() == "value"


def test_ticks_of_small_scales_stand_apart():
    heights = []
    for side in (1, 8):
        ax = Figure(figsize=(side, side)).add_axes((0.2, 0.2, 0.6, 0.6))
        plane_axes.draw_scale(ax, ScalarMappable(AsinhNorm(1, 0, 1000)), "", between=np.arange(1.0, 1000, 50))
        ticks = ax.child_axes[0].get_yticks()
        assert ticks[0] == 0 and ticks[-1] == 1000
        heights.append(len(ticks))
    assert heights[0] < 5 < heights[1]


@pytest.mark.parametrize(
    ("ends", "value", "text"),
    [
        ((0, 1), 0.25, "0.25"), ((0, 1), -1e-7, "0"), ((-2, 2), -2, "\N{MINUS SIGN}2"), ((0, 1e5), 12345, "12,345"),
        ((0, 1e-9), 5e-10, "5e\N{MINUS SIGN}10"), ((0, 1e300), 1e299, "1e+299"), ((0, 0.003), 0.0015, "0.0015"),
        ((1, 1), 1, "1"),
    ],
)  # fmt: skip
def test_numbers_are_written_to_three_digits_of_the_scale(ends, value, text):
    assert plane_axes.ShortNumbers(*ends)(value) == text


def test_a_legend_is_below_the_names_of_the_axes_and_reads_by_rows(ax):
    ax.set(xlabel="input 0")
    handles = [Patch(label=str(k)) for k in range(5)]
    plane_axes.legend(ax, handles, columns=2)
    FigureCanvasAgg(ax.figure).draw()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["0", "2", "4", "1", "3"]
    assert ax.get_legend().get_window_extent().y1 < ax.xaxis.label.get_window_extent().y0
    plane_axes.legend(ax, [Patch(label="a long name of a layer")] * 4)
    assert ax.get_legend()._ncols < 4
    ax.get_legend().remove()
    plane_axes.legend(ax, [])
    assert ax.get_legend() is None


def test_axes_without_ticks_stay_without(ax):
    """Panels of frames have none: the numbers lay over their neighbours."""
    plane_axes.fit(ax, (-1, 1, -1, 1))
    assert len(ax.get_xticks()) > 2
    ax.set(xticks=[], yticks=[])
    plane_axes.fit(ax, (-1, 1, -1, 1))
    assert len(ax.get_xticks()) == len(ax.get_yticks()) == 0

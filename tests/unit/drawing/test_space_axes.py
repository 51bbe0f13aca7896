"""Axes in space."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from polytope_lens.drawing import space_axes
from polytope_lens.drawing.picture_style import PLAIN, PictureStyle
from polytope_lens.errors import OptionError


@pytest.fixture
def ax():
    return Figure(figsize=(4, 4)).add_subplot(projection="3d")


def test_axes_are_those_given_or_new(ax):
    assert space_axes.axes_in_space(ax, PLAIN, "it") is ax
    new = space_axes.axes_in_space(None, PictureStyle(figsize=(3, 2)), "it")
    assert new.figure.get_size_inches().tolist() == [3, 2]
    pyplot.close(new.figure)
    with pytest.raises(OptionError, match="it needs axes in space"):
        space_axes.axes_in_space(Figure().add_subplot(), PLAIN, "it")


def test_the_ends_of_each_axis_are_labelled(ax):
    space_axes.fit_space(ax, np.array([-1, 0, 0.3]), np.array([1, 10, 0.7]), ["a", "b", "c"])
    for axis, low, high in ((ax.xaxis, -1, 1), (ax.yaxis, 0, 10), (ax.zaxis, 0.3, 0.7)):
        ticks = axis.get_ticklocs()
        assert (ticks[0], ticks[-1]) == (low, high) and 3 <= len(ticks) <= 5
    assert ax.get_zlabel() == "c"


@pytest.mark.parametrize("kind", ["persp", "ortho"])
def test_the_eye_has_no_image(ax, kind):
    ax.set_proj_type(kind)
    space_axes.fit_space(ax, -np.ones(3), np.ones(3), ["a", "b", "c"])
    matrix = np.asarray(ax.get_proj())
    eye = space_axes.eye_of(matrix)
    assert eye[3] == (kind == "persp")
    np.testing.assert_allclose((matrix @ eye)[[0, 1, 3]], 0, atol=1e-9 * np.abs(eye).max())
    assert eye[:3] @ [np.cos(np.deg2rad(-60)), np.sin(np.deg2rad(-60)), 0.6] > 0  # it is where the view is from


def test_a_legend_stands_in_a_corner(ax):
    space_axes.legend_beside(ax, [Patch(label="one"), Patch(label="two")])
    assert ax.get_legend()._ncols == 1

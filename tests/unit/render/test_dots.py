"""Points of a data set and their colours."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from polytope_lens.errors import DimensionError, OptionError
from polytope_lens.render import scene
from polytope_lens.render.dots import dots_of, draw_in_plane

POINTS = np.array([[0.5, 0.5], [-0.5, 0.25], [0.0, 0.0]])


def test_labels_are_classes_in_the_colours_of_classes(lines):
    dots = dots_of(lines, POINTS, ["b", "a", "b"])
    assert dots.names == ["a", "b"]
    np.testing.assert_allclose(dots.colors[:, :3], scene.class_hues(2)[[1, 0, 1]])


def test_colours_are_those_of_matplotlib(lines):
    assert dots_of(lines, POINTS).colors.tolist() == [[0, 0, 0, 1]]
    assert tuple(dots_of(lines, POINTS, None, "crimson").colors[0]) == to_rgba("crimson")
    each = ["red", "#0072b2", (0.1, 0.2, 0.3)]
    assert dots_of(lines, POINTS, None, each).colors.tolist() == [list(to_rgba(color)) for color in each]


def test_each_colour_is_one_artist_and_many_points_are_small(lines):
    ax = Figure(figsize=(4, 4)).add_axes((0, 0, 1, 1))
    draw_in_plane(ax, dots_of(lines, POINTS, None, ["red", "blue", "red"]))
    red, blue = sorted(ax.lines, key=lambda line: -len(line.get_xdata()))
    assert red.get_color() == to_rgba("red") and blue.get_color() == to_rgba("blue")
    assert red.get_xdata().tolist() == [0.5, 0.0]
    many = dots_of(lines, np.zeros((2000, 2)))
    assert many.size_in(ax) < dots_of(lines, POINTS).size_in(ax)
    assert dots_of(lines, POINTS, size=7.5).size_in(ax) == 7.5


def test_what_cannot_be_drawn_is_refused_in_one_sentence(lines):
    assert dots_of(lines, None) is None
    for name in ("labels", "color", "size"):
        with pytest.raises(OptionError, match="no `points` were given"):
            dots_of(lines, None, **{name: [1]})
    with pytest.raises(OptionError, match="leave `points_color` out"):
        dots_of(lines, POINTS, [0, 1, 0], "red")
    with pytest.raises(DimensionError, match="one for each of the 3 points, but received 2"):
        dots_of(lines, POINTS, None, ["red", "blue"])
    for wrong in ("reddish", 3, ["red", "?", "blue"], object(), [[0, 0]], {"a": 1}, np.nan):
        with pytest.raises(OptionError, match="`points_color` should be a colour"):
            dots_of(lines, POINTS, None, wrong)
    for classes in ([0, 1, 2], np.array([0, 1, 2])):
        with pytest.raises(OptionError, match=r"Numbers of classes are `labels`\.$"):
            dots_of(lines, POINTS, None, classes)
    with pytest.raises(OptionError, match="`points_size` should be a positive number"):
        dots_of(lines, POINTS, size=0)
